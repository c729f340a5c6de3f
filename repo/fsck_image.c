/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/fsck_run.h"
#include "repo/image.h"

/* An image that is looked at. */
struct look {
	struct cfs_fsck_run *run;
	const char *where;
	struct cfs_digest id;
};

/* Reports what is wrong; the image is no longer sane. */
static int wrong(const struct look *look, enum cfs_fsck_code code,
		 const char *reason)
{
	const struct cfs_finding finding = { .code = code,
					     .where = look->where,
					     .object = &look->id,
					     .reason = reason };

	cfs_fsck_report(look->run, &finding);
	return 0;
}

/* composefs-rs reads from the target which object the image is. */
static bool leads_to_object(const struct look *look)
{
	char want[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	char target[PATH_MAX];
	ssize_t n = readlinkat(look->run->repo->fd, look->where, target,
			       sizeof(target));
	size_t len;

	cfs_digest_to_path(&look->id, want + strlen(want));
	len = strlen(want);
	return n >= (ssize_t)len && n < (ssize_t)sizeof(target) &&
	       memcmp(target + n - len, want, len) == 0;
}

/* Is the file @fd, of @size bytes, what the image's name says?  It is hashed
 * before it is read into memory: only an image that somebody made on purpose
 * gets there. */
static int check_digest(const struct look *look, int fd, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r = cfs_verity_measure(fd, &have, err);

	if (r == 0 && look->run->params->secure)
		return cfs_fail(err, EBADMSG,
				"it has no fs-verity, which the repository "
				"demands");
	if (r == 0)
		r = cfs_verity_digest_fd(look->id.alg, fd, &have, NULL, err);
	if (r < 0 || cfs_digest_equal(&have, &look->id))
		return r < 0 ? r : 0;
	cfs_digest_to_hex(&have, hex);
	return cfs_fail(err, EBADMSG, "its digest is %s", hex);
}

/* Into memory and not mapped: a page of a mapping that turns out bad ends the
 * program. */
static int read_image(int fd, struct cfs_buf *buf, struct cfs_err *err)
{
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	r = cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, buf);
	return r < 0 ? cfs_fail(err, -r, "%s", strerror(-r)) : 0;
}

/* Whatever is wrong is reported; returns 1 for a sane image, else 0. */
static int check_content(const struct look *look, struct cfs_bytes bytes,
			 struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err why;
	bool sane = false;
	int r = cfs_erofs_read(bytes, 0, &tree, NULL, &why);

	if (r == -ENOMEM)
		*err = why;
	if (r < 0)
		return r == -ENOMEM
			       ? r
			       : wrong(look, CFS_FSCK_IMAGE_INVALID, why.msg);
	r = cfs_fsck_needs(look->run, look->where, tree, &sane, err);
	return r < 0 ? r : sane;
}

static int check_file(const struct look *look, int fd, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_err why;
	struct stat st;
	int r;

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > CFS_EROFS_IMAGE_MAX)
		return wrong(look, CFS_FSCK_IMAGE_INVALID,
			     "it is longer than an image can be");
	if (check_digest(look, fd, &why) < 0)
		return wrong(look, CFS_FSCK_IMAGE_OPEN_FAILED, why.msg);
	r = read_image(fd, &buf, &why);
	if (r == -ENOMEM)
		*err = why;
	if (r < 0)
		return r == -ENOMEM ? r
				    : wrong(look, CFS_FSCK_IMAGE_READ_FAILED,
					    why.msg);
	return check_content(look, cfs_buf_bytes(&buf), err);
}

static int check_link(struct look *look, const char *name, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char hex[CFS_DIGEST_HEX_MAX], reason[64];
	struct cfs_err why;
	int r;

	snprintf(reason, sizeof(reason), "its name is not a %s digest",
		 cfs_alg_name(look->run->repo->meta.alg));
	r = cfs_digest_from_hex(name, strlen(name), &look->id, &why);
	if (r == 0)
		cfs_digest_to_hex(&look->id, hex);
	if (r < 0 || look->id.alg != look->run->repo->meta.alg ||
	    strcmp(hex, name) != 0) {
		cfs_fsck_found(look->run, CFS_FSCK_IMAGE_OPEN_FAILED,
			       look->where, reason);
		return 0;
	}
	r = cfs_repo_open_image(look->run->repo, &look->id, &fd, &why);
	if (r == CFS_IMAGE_DANGLING) {
		look->run->count.broken_links++;
		return wrong(look, CFS_FSCK_BROKEN_SYMLINK,
			     "its object is missing");
	}
	if (r == CFS_IMAGE_ABSENT)
		return wrong(look, CFS_FSCK_IMAGE_OPEN_FAILED,
			     "there is no such image");
	if (r < 0)
		return wrong(look, CFS_FSCK_IMAGE_OPEN_FAILED, why.msg);
	if (!leads_to_object(look))
		return wrong(look, CFS_FSCK_IMAGE_OPEN_FAILED,
			     "it does not lead to its object");
	return check_file(look, fd, err);
}

int cfs_fsck_image(struct cfs_fsck_run *run, const char *where,
		   const char *name, struct cfs_err *err)
{
	struct look look = { .run = run, .where = where };
	int r = check_link(&look, name, err);

	run->count.images_checked++;
	run->count.images_corrupted += r == 0;
	return r < 0 ? r : 0;
}
