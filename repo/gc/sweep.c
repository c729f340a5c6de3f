/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Removes what is not needed: names, then objects, then what interrupted
 * programs left.  Names are gone from the disk before objects go: a power cut
 * leaves objects without a name, and never a name without its objects. */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/dir.h"
#include "repo/gc/run.h"
#include "repo/link.h"
#include "repo/sigpacks.h"
#include "repo/temp.h"

/* Temporary links of composefs-rs, in the repository's directory. */
#define FOREIGN_TEMP_PREFIX ".symlink-"

#define REFS "streams/refs"

struct sweep {
	struct cfs_gc *gc;
	enum cfs_gc_how how;
	struct cfs_gc_result count;
};

static bool is_temporary(const char *name)
{
	return strncmp(name, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0;
}

/* Removes the file @name in @dir, which is @where, unless files are only
 * counted. */
static int remove_file(const struct sweep *s, int dir, const char *where,
		       const char *name, struct cfs_err *err)
{
	if (s->how == CFS_GC_COUNT || unlinkat(dir, name, 0) == 0 ||
	    errno == ENOENT)
		return 0;
	return cfs_fail_errno(err, "remove %s/%s", where, name);
}

/* Called with each entry of a directory. */
typedef int entry_fn(struct sweep *s, int dir, const char *where,
		     const char *name, struct cfs_err *err);

/*
 * Calls @fn with the entries of @where below the repository, in no order; they
 * may be removed meanwhile.  A directory that does not exist is empty.
 */
static int each_entry(struct sweep *s, int parent, const char *name,
		      const char *where, entry_fn *fn, struct cfs_err *err)
{
	CFS_AUTODIR DIR *dir = NULL;
	int fd = cfs_dir_open(parent, name), r = 0;
	struct dirent *entry;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", where, strerror(-fd));
	dir = fdopendir(fd);
	if (!dir) {
		cfs_closep(&fd);
		return cfs_no_memory(err);
	}
	while (r == 0) {
		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return errno ? cfs_fail_errno(err, "read %s", where)
				     : 0;
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = fn(s, fd, where, entry->d_name, err);
	}
	return r;
}

static int remove_temporary(struct sweep *s, int dir, const char *where,
			    const char *name, struct cfs_err *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    S_ISDIR(st.st_mode))
		return 0;
	s->count.temporary++;
	return remove_file(s, dir, where, name, err);
}

/* A name about a stream that is not kept, and directories that it leaves
 * empty. */
static int remove_referrer(struct sweep *s,
			   const struct cfs_gc_referrer *referrer,
			   struct cfs_err *err)
{
	CFS_AUTOFREE char *path = NULL;

	s->count.streams_pruned++;
	if (s->how == CFS_GC_COUNT)
		return 0;
	if (asprintf(&path, REFS "/%s", referrer->ref) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	for (int flags = 0; strcmp(path, REFS) != 0; flags = AT_REMOVEDIR) {
		char *slash = strrchr(path, '/');
		CFS_AUTOFD int dir = -EBADF;
		int r = 0;

		*slash = '\0';
		dir = cfs_dir_open(s->gc->repo->fd, path);
		if (dir < 0 || unlinkat(dir, slash + 1, flags) < 0)
			r = dir < 0 ? dir : -errno;
		/* A directory may have other names in it. */
		if (r < 0 && flags)
			break;
		if (r < 0)
			return cfs_fail(err, -r, "remove %s/%s: %s", path,
					slash + 1, strerror(-r));
	}
	return 0;
}

static int remove_referrers(struct sweep *s, struct cfs_err *err)
{
	const struct cfs_gc_referrer *all = s->gc->referrers.v;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->gc->referrers.n; i++)
		if (!cfs_gc_referrer_is_kept(s->gc, &all[i]))
			r = remove_referrer(s, &all[i], err);
	return r;
}

/* Is the link @name, which leads to @target, needed?  An image is also needed
 * by the digest that it is called. */
static bool link_is_needed(const struct sweep *s, const char *name,
			   const struct cfs_digest *target)
{
	struct cfs_digest named;
	struct cfs_err ignored;

	return cfs_gc_needs(s->gc, target) ||
	       (cfs_digest_from_hex(name, strlen(name), &named, &ignored) ==
			0 &&
		cfs_gc_needs(s->gc, &named));
}

/* An entry of images/ or streams/. */
static int remove_link(struct sweep *s, int dir, const char *where,
		       const char *name, struct cfs_err *err)
{
	CFS_AUTOFREE char *path = NULL;
	struct cfs_digest id;
	int r;

	if (is_temporary(name) || strcmp(name, "refs") == 0)
		return 0;
	r = cfs_link_object(dir, name, &id);
	if (r > 0) {
		if (link_is_needed(s, name, &id))
			return 0;
		if (strcmp(where, "images") == 0)
			s->count.images_pruned++;
		else
			s->count.streams_pruned++;
		return remove_file(s, dir, where, name, err);
	}
	if (r < 0)
		return r == -ENOENT ? 0
				    : cfs_fail(err, -r, "read %s/%s: %s", where,
					       name, strerror(-r));
	if (asprintf(&path, "%s/%s", where, name) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	cfs_gc_found(s->gc, CFS_GC_UNKNOWN_FILE, path,
		     "it is not a link to an object");
	return 0;
}

/* The signatures of an image and of its objects go with it. */
static int remove_signature(struct sweep *s, int dir, const char *where,
			    const char *name, struct cfs_err *err)
{
	char image[sizeof("images/") + CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;

	if (cfs_signature_file_of(name, &id) == CFS_SIGNATURE_FILE_OTHER)
		return 0;
	strcpy(image, "images/");
	cfs_digest_to_hex(&id, image + strlen(image));
	if (cfs_gc_needs(s->gc, &id) ||
	    (s->how != CFS_GC_COUNT &&
	     cfs_name_exists(s->gc->repo->fd, image) != 0))
		return 0;
	s->count.signatures_pruned++;
	return remove_file(s, dir, where, name, err);
}

/* Adds the size of an object that only one root needs to that root. */
static void count_owned(struct sweep *s, uint32_t object, int dir,
			const char *name)
{
	uint32_t owner = cfs_gc_owner(&s->gc->graph, object);
	uint64_t size = cfs_gc_size(&s->gc->graph, object);
	struct cfs_gc_root *root;
	struct stat st;

	if (owner == CFS_GC_NONE || owner == CFS_GC_SHARED)
		return;
	/* Asking for the size of each object would be half of the work: only if
	 * no image has told it. */
	if (size == CFS_GC_NO_SIZE) {
		if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			return;
		size = (uint64_t)st.st_size;
	}
	root = &s->gc->roots.v[owner];
	root->objects++;
	root->bytes += size;
}

static int remove_unneeded(struct sweep *s, int dir, const char *where,
			   const char *name, struct cfs_err *err)
{
	struct stat st;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT
			       ? 0
			       : cfs_fail_errno(err, "stat %s/%s", where, name);
	s->count.objects_removed++;
	s->count.objects_bytes += (uint64_t)st.st_size;
	return remove_file(s, dir, where, name, err);
}

static int unknown_object(struct sweep *s, const char *where, const char *name,
			  struct cfs_err *err)
{
	CFS_AUTOFREE char *path = NULL;

	if (asprintf(&path, "%s/%s", where, name) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	cfs_gc_found(s->gc, CFS_GC_UNKNOWN_FILE, path,
		     "it is no object, and none is in it");
	return 0;
}

/* An entry of objects/xx. */
static int visit_object(struct sweep *s, int dir, const char *where,
			const char *name, struct cfs_err *err)
{
	size_t digits = 2 * cfs_alg_size(s->gc->graph.ids.alg) - 2, object;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;
	struct cfs_digest id;

	if (is_temporary(name))
		return remove_temporary(s, dir, where, name, err);
	memcpy(hex, where + strlen("objects/"), 2);
	if (strlen(name) != digits)
		return unknown_object(s, where, name, err);
	memcpy(hex + 2, name, digits);
	if (cfs_digest_from_hex(hex, digits + 2, &id, &ignored) < 0)
		return unknown_object(s, where, name, err);
	if (!cfs_ids_find(&s->gc->graph.ids, id.bytes, &object))
		return remove_unneeded(s, dir, where, name, err);
	s->count.objects_kept++;
	if (s->how == CFS_GC_COUNT)
		count_owned(s, (uint32_t)object, dir, name);
	return 0;
}

/* An entry of objects. */
static int visit_shard(struct sweep *s, int dir, const char *where,
		       const char *name, struct cfs_err *err)
{
	char path[sizeof("objects/xx")];
	int r;

	if (is_temporary(name))
		return remove_temporary(s, dir, where, name, err);
	if (strlen(name) != 2 || strspn(name, "0123456789abcdef") != 2)
		return unknown_object(s, where, name, err);
	snprintf(path, sizeof(path), "%s/%s", where, name);
	r = each_entry(s, dir, name, path, visit_object, err);
	/* It is no directory, or a link to one. */
	return r == -ENOTDIR || r == -ELOOP
		       ? unknown_object(s, where, name, err)
		       : r;
}

static int sweep_names(struct sweep *s, struct cfs_err *err)
{
	int fd = s->gc->repo->fd;
	int r = remove_referrers(s, err);

	if (r == 0)
		r = each_entry(s, fd, "streams", "streams", remove_link, err);
	if (r == 0)
		r = each_entry(s, fd, "images", "images", remove_link, err);
	if (r == 0)
		r = each_entry(s, fd, "signatures", "signatures",
			       remove_signature, err);
	/* On the disk before an object is removed. */
	if (r == 0 && s->how == CFS_GC_REMOVE &&
	    s->count.images_pruned + s->count.streams_pruned > 0 &&
	    syncfs(fd) < 0)
		return cfs_fail_errno(err, "write names to the disk");
	return r;
}

static int visit_top(struct sweep *s, int dir, const char *where,
		     const char *name, struct cfs_err *err)
{
	if (!is_temporary(name) &&
	    strncmp(name, FOREIGN_TEMP_PREFIX, strlen(FOREIGN_TEMP_PREFIX)))
		return 0;
	return remove_temporary(s, dir, where, name, err);
}

/* Temporary links stand beside the names that they are to replace. */
static int sweep_temporary(struct sweep *s, int parent, const char *name,
			   unsigned depth, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = cfs_dir_open(parent, name);
	int r;

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return cfs_fail(err, -dir, "open %s: %s", name, strerror(-dir));
	r = cfs_dir_list(dir, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		const char *below = names.v[i].name;
		struct stat st;

		if (is_temporary(below))
			r = remove_temporary(s, dir, name, below, err);
		else if (depth < CFS_DIR_DEPTH_MAX &&
			 fstatat(dir, below, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			 S_ISDIR(st.st_mode))
			r = sweep_temporary(s, dir, below, depth + 1, err);
	}
	return r;
}

static int sweep_all(struct sweep *s, struct cfs_err *err)
{
	static const char *const with_names[] = { "streams", "images",
						  "signatures" };
	int fd = s->gc->repo->fd;
	int r = sweep_names(s, err);

	if (r == 0)
		r = each_entry(s, fd, "objects", "objects", visit_shard, err);
	if (r == 0)
		r = each_entry(s, fd, ".", ".", visit_top, err);
	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(with_names); i++)
		r = sweep_temporary(s, fd, with_names[i], 0, err);
	return r;
}

int cfs_gc_sweep(struct cfs_gc *gc, enum cfs_gc_how how,
		 struct cfs_gc_result *ret, struct cfs_err *err)
{
	struct sweep s = { .gc = gc, .how = how };
	int r;

	if (gc->stops > 0)
		return cfs_fail(err, EBADMSG,
				"nothing was removed, because what is needed "
				"is not known");
	for (size_t i = 0; i < gc->roots.n; i++)
		gc->roots.v[i].objects = gc->roots.v[i].bytes = 0;
	r = sweep_all(&s, err);
	if (r == 0)
		*ret = s.count;
	return r;
}
