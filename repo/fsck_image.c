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

/* composefs-rs reads from the target which object the image is. */
static bool leads_to_object(const struct cfs_fsck_subject *image)
{
	char want[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	char target[PATH_MAX];
	ssize_t n = readlinkat(image->run->repo->fd, image->where, target,
			       sizeof(target));
	size_t len;

	cfs_digest_to_path(&image->id, want + strlen(want));
	len = strlen(want);
	return n >= (ssize_t)len && n < (ssize_t)sizeof(target) &&
	       memcmp(target + n - len, want, len) == 0;
}

/* Is the file @fd the object of that name, which was read and is good? */
static bool is_good(const struct cfs_fsck_subject *image, int fd)
{
	char path[CFS_OBJECT_PATH_MAX];
	struct stat object, st;
	uint64_t size;

	cfs_digest_to_path(&image->id, path);
	return cfs_fsck_is_good(image->run, &image->id, &size) &&
	       fstatat(image->run->objects, path, &object,
		       AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &st) == 0 && cfs_is_same_file(&object, &st);
}

/* Is the file @fd what the image's name says?  It is hashed before it is read
 * into memory: what is damaged by chance is not parsed. */
static int check_digest(const struct cfs_fsck_subject *image, int fd,
			struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest have;
	int r;

	if (is_good(image, fd))
		return 0;
	r = cfs_verity_measure(fd, &have, err);
	if (r == 0 && image->run->params->secure)
		return cfs_fail(err, EBADMSG,
				"it has no fs-verity, which the repository "
				"demands");
	if (r == 0)
		r = cfs_verity_digest_fd(image->id.alg, fd, &have, NULL, err);
	if (r < 0 || cfs_digest_equal(&have, &image->id))
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
static int check_content(const struct cfs_fsck_subject *image,
			 struct cfs_bytes bytes, struct cfs_err *err)
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
			       : cfs_fsck_wrong(image, CFS_FSCK_IMAGE_INVALID,
						why.msg);
	r = cfs_fsck_needs(image->run, image->where, tree, &sane, err);
	return r < 0 ? r : sane;
}

static int check_file(const struct cfs_fsck_subject *image, int fd,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_err why;
	struct stat st;
	int r;

	if (fstat(fd, &st) == 0 && (uint64_t)st.st_size > CFS_EROFS_IMAGE_MAX)
		return cfs_fsck_wrong(image, CFS_FSCK_IMAGE_INVALID,
				      "it is longer than an image can be");
	if (check_digest(image, fd, &why) < 0)
		return cfs_fsck_wrong(image, CFS_FSCK_IMAGE_OPEN_FAILED,
				      why.msg);
	r = read_image(fd, &buf, &why);
	if (r == -ENOMEM)
		*err = why;
	if (r < 0)
		return r == -ENOMEM ? r
				    : cfs_fsck_wrong(image,
						     CFS_FSCK_IMAGE_READ_FAILED,
						     why.msg);
	return check_content(image, cfs_buf_bytes(&buf), err);
}

static int check_link(struct cfs_fsck_subject *image, const char *name,
		      struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char hex[CFS_DIGEST_HEX_MAX], reason[64];
	struct cfs_err why;
	int r;

	snprintf(reason, sizeof(reason), "its name is not a %s digest",
		 cfs_alg_name(image->run->repo->meta.alg));
	r = cfs_digest_from_hex(name, strlen(name), &image->id, &why);
	if (r == 0)
		cfs_digest_to_hex(&image->id, hex);
	/* In lower case, as every reader looks it up. */
	if (r < 0 || image->id.alg != image->run->repo->meta.alg ||
	    strcmp(hex, name) != 0) {
		cfs_fsck_found(image->run, CFS_FSCK_IMAGE_OPEN_FAILED,
			       image->where, reason);
		return 0;
	}
	r = cfs_repo_open_image(image->run->repo, &image->id, &fd, &why);
	if (r == CFS_IMAGE_DANGLING) {
		image->run->count.broken_links++;
		return cfs_fsck_wrong(image, CFS_FSCK_BROKEN_SYMLINK,
				      "its object is missing");
	}
	if (r == CFS_IMAGE_ABSENT)
		return cfs_fsck_wrong(image, CFS_FSCK_IMAGE_OPEN_FAILED,
				      "there is no such image");
	if (r < 0)
		return cfs_fsck_wrong(image, CFS_FSCK_IMAGE_OPEN_FAILED,
				      why.msg);
	if (!leads_to_object(image))
		return cfs_fsck_wrong(image, CFS_FSCK_IMAGE_OPEN_FAILED,
				      "it does not lead to its object");
	return check_file(image, fd, err);
}

int cfs_fsck_image(struct cfs_fsck_run *run, const char *where,
		   const char *name, struct cfs_err *err)
{
	struct cfs_fsck_subject image = { .run = run, .where = where };
	int r = check_link(&image, name, err);

	run->count.images_checked++;
	run->count.images_corrupted += r == 0;
	return r < 0 ? r : 0;
}
