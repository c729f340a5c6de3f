/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * streams/, images/ and signatures/: which entries there are, and where links
 * lead.  Directories are walked by descriptor, since names that other programs
 * made may nest to paths that are longer than a path can be.
 */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/signature.h"
#include "repo/fsck_run.h"
#include "repo/sigpacks.h"
#include "repo/stream/names.h"

/* An entry that is looked at. */
struct entry {
	int dirfd;
	const char *name;
	const char *where; /* below the repository */
};

typedef int check_fn(struct cfs_fsck_run *run, const struct entry *entry,
		     struct cfs_err *err);

static const char *type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFDIR:
		return "it is a directory";
	case S_IFREG:
		return "it is a regular file";
	case S_IFLNK:
		return "it is a symbolic link";
	case S_IFIFO:
		return "it is a FIFO";
	case S_IFSOCK:
		return "it is a socket";
	default:
		return "it is a device";
	}
}

static void report_broken(struct cfs_fsck_run *run, const struct entry *entry,
			  const char *reason, const struct cfs_digest *object)
{
	const struct cfs_finding finding = { .code = CFS_FSCK_BROKEN_SYMLINK,
					     .where = entry->where,
					     .reason = reason,
					     .object = object };

	cfs_fsck_report(run, &finding);
	run->count.broken_links++;
}

/* Returns the type of @entry, or 0 when that was reported. */
static mode_t entry_type(struct cfs_fsck_run *run, const struct entry *entry)
{
	struct stat st;

	if (fstatat(entry->dirfd, entry->name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return st.st_mode & S_IFMT;
	cfs_fsck_found(run, CFS_FSCK_STAT_FAILED, entry->where,
		       strerror(errno));
	return 0;
}

static bool is_link(struct cfs_fsck_run *run, const struct entry *entry)
{
	mode_t type = entry_type(run, entry);

	if (type && !S_ISLNK(type))
		cfs_fsck_found(run, CFS_FSCK_ENTRY_NOT_SYMLINK, entry->where,
			       type_of(type));
	return S_ISLNK(type);
}

/* Opens what the link leads to; -EBADF after a report that it leads nowhere, to
 * @object or to what is not known. */
static int follow(struct cfs_fsck_run *run, const struct entry *entry,
		  const struct cfs_digest *object)
{
	int fd = cfs_open_beneath(run->repo->fd, entry->where, O_PATH);

	if (fd >= 0)
		return fd;
	report_broken(run, entry,
		      fd == -EXDEV ? "it leads out of the repository"
				   : strerror(-fd),
		      object);
	return -EBADF;
}

static int check_stream(struct cfs_fsck_run *run, const struct entry *entry,
			struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	struct cfs_digest id;
	bool known;
	int r = 0;

	run->count.streams_checked++;
	if (is_link(run, entry)) {
		known = cfs_stream_lookup(run->repo, entry->name, &id,
					  &ignored) > 0;
		fd = follow(run, entry, known ? &id : NULL);
	}
	if (fd >= 0)
		r = cfs_fsck_stream(run, entry->where, entry->name, fd, err);
	run->count.streams_corrupted += r == 0;
	return r < 0 ? r : 0;
}

/* The last component of the link's target, in @room; NULL: there is none. */
static const char *last_of_target(const struct entry *entry,
				  char room[static PATH_MAX])
{
	ssize_t n = readlinkat(entry->dirfd, entry->name, room, PATH_MAX - 1);
	const char *slash;

	if (n < 0)
		return NULL;
	room[n] = '\0';
	slash = strrchr(room, '/');
	return slash ? slash + 1 : room;
}

bool cfs_fsck_is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 &&
	       cfs_is_same_file(&x, &y);
}

/* composefs-rs follows the link, cfs_stream_ref_get() reads its last
 * component: both must find the same stream. */
static int check_stream_ref(struct cfs_fsck_run *run, const struct entry *entry,
			    struct cfs_err *err)
{
	char target[PATH_MAX], path[sizeof("streams/") + PATH_MAX];
	CFS_AUTOFD int fd = -EBADF, stream = -EBADF;
	const char *name;

	(void)err;
	if (is_link(run, entry))
		fd = follow(run, entry, NULL);
	name = fd < 0 ? NULL : last_of_target(entry, target);
	if (!name)
		return 0;
	snprintf(path, sizeof(path), "streams/%s", name);
	stream = cfs_open_beneath(run->repo->fd, path, O_PATH);
	if (stream < 0 || !cfs_fsck_is_same(fd, stream))
		report_broken(run, entry, "it does not lead to a stream", NULL);
	return 0;
}

static int check_image(struct cfs_fsck_run *run, const struct entry *entry,
		       struct cfs_err *err)
{
	if (is_link(run, entry))
		return cfs_fsck_image(run, entry->where, entry->name, err);
	run->count.images_checked++;
	run->count.images_corrupted++;
	return 0;
}

/* The image that the link names by the last component of its target. */
static bool read_target(const struct entry *entry, struct cfs_digest *ret)
{
	char target[PATH_MAX];
	const char *last = last_of_target(entry, target);
	struct cfs_err ignored;

	return last &&
	       cfs_digest_from_hex(last, strlen(last), ret, &ignored) == 0;
}

/* composefs-rs follows the link, we read its last component: both must find
 * the same image. */
static int check_image_ref(struct cfs_fsck_run *run, const struct entry *entry,
			   struct cfs_err *err)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	CFS_AUTOFD int fd = -EBADF, image = -EBADF;
	struct cfs_digest id;

	(void)err;
	if (!is_link(run, entry))
		return 0;
	if (!read_target(entry, &id)) {
		report_broken(run, entry, "it does not name an image", NULL);
		return 0;
	}
	cfs_digest_to_hex(&id, path + strlen(path));
	if (cfs_name_exists(run->repo->fd, path) != 1) {
		report_broken(run, entry, "its image is missing", &id);
		return 0;
	}
	image = cfs_open_beneath(run->repo->fd, path, O_PATH);
	/* What is wrong with the image is reported of the image. */
	if (image < 0)
		return 0;
	fd = follow(run, entry, NULL);
	if (fd >= 0 && !cfs_fsck_is_same(fd, image))
		report_broken(run, entry,
			      "it leads to another file than the image that it "
			      "names",
			      &id);
	return 0;
}

/* Returns what is wrong with the pack of @image, or NULL; @why is room for
 * it. */
static const char *check_pack(struct cfs_fsck_run *run,
			      const struct cfs_digest *image,
			      struct cfs_err *why)
{
	CFS_AUTODIGESTSET struct cfs_digest_set only = { 0 };
	CFS_AUTOSIGPACKS struct cfs_sigpacks packs = { 0 };
	int r = cfs_digest_set_add(&only, image, why);

	if (r == 0)
		r = cfs_sigpacks_read(run->repo, &only, &packs, why);
	return r < 0 ? why->msg : NULL;
}

static const char *check_signature_file(struct cfs_fsck_run *run,
					const struct entry *entry,
					struct cfs_err *why)
{
	enum cfs_signature_file kind;
	struct cfs_digest image;
	struct stat st;

	if (fstatat(entry->dirfd, entry->name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return strerror(errno);
	if (!S_ISREG(st.st_mode))
		return type_of(st.st_mode);
	kind = cfs_signature_file_of(entry->name, &image);
	if (kind == CFS_SIGNATURE_FILE_OTHER ||
	    image.alg != run->repo->meta.alg)
		return "it is not named by the digest of an image";
	if (st.st_size == 0)
		return "it is empty";
	if (kind == CFS_SIGNATURE_FILE_PACK)
		return check_pack(run, &image, why);
	return st.st_size > CFS_SIGNATURE_MAX
		       ? "it is longer than a signature can be"
		       : NULL;
}

static int check_signature(struct cfs_fsck_run *run, const struct entry *entry,
			   struct cfs_err *err)
{
	struct cfs_err why = { 0 };
	const char *reason = check_signature_file(run, entry, &why);

	if (why.code == ENOMEM)
		return cfs_no_memory(err);
	if (reason)
		cfs_fsck_found(run, CFS_FSCK_SIGNATURE_INVALID, entry->where,
			       reason);
	return 0;
}

/* Calls @check for each entry of the directory @where but @skip. */
static int check_dir(struct cfs_fsck_run *run, const char *where,
		     const char *skip, check_fn *check, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dirfd = -EBADF;
	int r = cfs_fsck_list(run, run->repo->fd, where, where, &names, err);

	if (r < 0 || names.n == 0)
		return r;
	dirfd = cfs_dir_open(run->repo->fd, where);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		char path[NAME_MAX + 32];
		const struct entry entry = { dirfd, names.v[i].name, path };

		if (cfs_fsck_is_temporary(entry.name) ||
		    strcmp(entry.name, skip) == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", where, entry.name);
		r = check(run, &entry, err);
	}
	return r;
}

/* A walk of refs. */
struct refs {
	struct cfs_fsck_run *run;
	check_fn *check;
	struct cfs_buf where; /* of the directory at hand, without a NUL */
};

static int walk_refs(struct refs *refs, int parent, const char *name,
		     unsigned depth, struct cfs_err *err);

/* Looks at the entry that refs->where ends with. */
static int check_ref(struct refs *refs, int dirfd, const char *name,
		     unsigned depth, struct cfs_err *err)
{
	const struct entry entry = { dirfd, name, cfs_buf_text(&refs->where) };
	mode_t type;

	if (!entry.where)
		return cfs_no_memory(err);
	if (depth > CFS_DIR_DEPTH_MAX || refs->where.len >= PATH_MAX) {
		cfs_fsck_found(refs->run, CFS_FSCK_NESTED_TOO_DEEPLY,
			       entry.where,
			       "no name can be so deep; what is below is not "
			       "checked");
		return 0;
	}
	type = entry_type(refs->run, &entry);
	if (S_ISDIR(type))
		return walk_refs(refs, dirfd, name, depth, err);
	if (S_ISLNK(type))
		return refs->check(refs->run, &entry, err);
	if (type)
		cfs_fsck_found(refs->run, CFS_FSCK_UNEXPECTED_FILE_TYPE,
			       entry.where, type_of(type));
	return 0;
}

/* Walks the directory @name below @parent, which is refs->where. */
static int walk_refs(struct refs *refs, int parent, const char *name,
		     unsigned depth, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dirfd = -EBADF;
	size_t len = refs->where.len;
	int r;

	if (!cfs_buf_text(&refs->where))
		return cfs_no_memory(err);
	r = cfs_fsck_list(refs->run, parent, name, (char *)refs->where.data,
			  &names, err);
	if (r < 0 || names.n == 0)
		return r;
	dirfd = cfs_dir_open(parent, name);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		if (cfs_fsck_is_temporary(names.v[i].name))
			continue;
		cfs_buf_addf(&refs->where, "/%s", names.v[i].name);
		r = check_ref(refs, dirfd, names.v[i].name, depth + 1, err);
		refs->where.len = len;
	}
	return r;
}

static int check_refs(struct cfs_fsck_run *run, const char *dir,
		      check_fn *check, struct cfs_err *err)
{
	struct refs refs = { .run = run, .check = check };
	int r;

	cfs_buf_adds(&refs.where, dir);
	r = walk_refs(&refs, run->repo->fd, dir, 0, err);
	cfs_buf_free(&refs.where);
	return r;
}

int cfs_fsck_links(struct cfs_fsck_run *run, struct cfs_err *err)
{
	int r = check_dir(run, "streams", "refs", check_stream, err);

	if (r == 0)
		r = check_refs(run, "streams/refs", check_stream_ref, err);
	if (r == 0)
		r = check_dir(run, "images", "refs", check_image, err);
	if (r == 0)
		r = check_refs(run, "images/refs", check_image_ref, err);
	if (r == 0)
		r = check_dir(run, "signatures", "", check_signature, err);
	return r;
}
