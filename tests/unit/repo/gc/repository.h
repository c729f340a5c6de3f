/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A repository to collect garbage in, and what is said of it. */
#ifndef CFS_TESTS_UNIT_REPO_GC_REPOSITORY_H
#define CFS_TESTS_UNIT_REPO_GC_REPOSITORY_H

#include "repo/gc/gc.h"
#include "repo/image_store.h"
#include "repo/lock.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "repo/stream/format.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"
#include "tree/dump/dump.h"

static struct cfs_err err;
static char root[4096];
static struct cfs_buf said; /* "code where: reason\n", "!" before what stops */

static inline void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 1000000,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
	store->sync = false;
}

static inline struct cfs_digest add_object(struct cfs_store *store,
					   const char *text)
{
	struct cfs_bytes data = { (const uint8_t *)text, strlen(text) };
	struct cfs_digest id;

	CHECK_EQ(cfs_object_add_bytes(store, data, &id, &err), 0);
	return id;
}

/* An image with one file of @size bytes whose backing path is that of the
 * object @at, and whose digest is @id. */
static inline struct cfs_digest add_odd_image(struct cfs_store *store,
					      const struct cfs_digest *at,
					      const struct cfs_digest *id,
					      unsigned size)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	char hex[CFS_DIGEST_HEX_MAX], path[CFS_OBJECT_PATH_MAX];
	struct cfs_digest image;

	cfs_digest_to_hex(id, hex);
	cfs_digest_to_path(at, path);
	cfs_buf_addf(&dump,
		     "/ 4096 40755 2 0 0 0 0.0 - - -\n"
		     "/f %u 100644 1 0 0 0 0.0 %s - %s\n",
		     size, path, hex);
	CHECK_EQ(cfs_dump_read(cfs_buf_bytes(&dump), CFS_DUMP_LENIENT, &tree,
			       &err),
		 0);
	CHECK_EQ(cfs_image_store(store, tree, 1, &image, &err), 0);
	CHECK_EQ(cfs_image_commit(store, &image, &err), 0);
	return image;
}

/* An image with one file whose contents are the object @id of @size bytes. */
static inline struct cfs_digest add_image(struct cfs_store *store,
					  const struct cfs_digest *id,
					  unsigned size)
{
	return add_odd_image(store, id, id, size);
}

/* A stream, called @content_id if that is not NULL, of the object @part and
 * with a reference to the object @ref; either may be NULL. */
static inline struct cfs_digest add_stream(struct cfs_store *store,
					   const char *content_id,
					   const struct cfs_digest *part,
					   const struct cfs_digest *ref)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	/* Streams of the same parts are different ones. */
	if (content_id)
		CHECK_EQ(cfs_sink_write(&sink, content_id, strlen(content_id),
					&err),
			 0);
	if (part)
		CHECK_EQ(cfs_stream_external(w, 100, part, &err), 0);
	if (ref)
		CHECK_EQ(cfs_stream_add_name(w, "name", ref, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	if (content_id)
		CHECK_EQ(cfs_stream_link(store, content_id, &id, &err), 0);
	return id;
}

static inline bool has_object(const struct cfs_digest *id)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	CFS_AUTOFREE char *full = NULL;

	cfs_digest_to_path(id, path + strlen(path));
	full = below(root, path);
	return access(full, F_OK) == 0;
}

static inline bool has_path(const char *name)
{
	CFS_AUTOFREE char *path = below(root, name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static inline void remove_path(const char *name)
{
	CFS_AUTOFREE char *path = below(root, name);

	CHECK_EQ(unlink(path), 0);
}

static inline void remove_object(const struct cfs_digest *id)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";

	cfs_digest_to_path(id, path + strlen(path));
	remove_path(path);
}

static inline void note(void *arg, const struct cfs_gc_finding *f)
{
	(void)arg;
	cfs_buf_addf(&said, "%s%s %s: %s\n", f->stops ? "!" : "",
		     cfs_gc_code_name(f->code), f->where, f->reason);
}

/* Names below "about/SUBJECT/" are about the stream SUBJECT. */
static inline bool about(const char *ref, char ret[static CFS_CONTENT_ID_MAX])
{
	const char *slash;

	if (strncmp(ref, "about/", 6) != 0)
		return false;
	slash = strchr(ref + 6, '/');
	CHECK(slash && slash - ref < CFS_CONTENT_ID_MAX);
	memcpy(ret, ref + 6, (size_t)(slash - ref - 6));
	ret[slash - ref - 6] = '\0';
	return true;
}

static const struct cfs_gc_params params = { .found = note, .subject = about };

/* Was it said, among others? */
static inline bool was_said(const char *text)
{
	const char *all = cfs_buf_text(&said);

	return all && strstr(all, text);
}

static inline struct cfs_gc *mark(struct cfs_store *store)
{
	struct cfs_gc *gc;

	said.len = 0;
	CHECK_EQ(cfs_gc_new(&store->repo, &params, &gc, &err), 0);
	CHECK_EQ(cfs_gc_mark(gc, &err), 0);
	return gc;
}

/* Collects garbage. */
static inline struct cfs_gc_result collect(struct cfs_store *store)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = mark(store);
	struct cfs_gc_result counted, removed;

	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_COUNT, &counted, &err), 0);
	CHECK_EQ(cfs_gc_sweep(gc, CFS_GC_REMOVE, &removed, &err), 0);
	/* A dry run foretells what is done. */
	CHECK_MEM(&counted, &removed, sizeof(counted));
	return removed;
}

#endif
