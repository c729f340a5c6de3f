/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include "repo/object.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static char root[4096];
static char said[65536];

static void note(void *arg, const struct cfs_finding *f)
{
	size_t len = strlen(said);

	(void)arg;
	snprintf(said + len, sizeof(said) - len, "%s: %s%s%s\n",
		 cfs_fsck_code_name(f->code), f->where, f->reason ? ": " : "",
		 f->reason ? f->reason : "");
}

/* Opens a fresh repository for writing. */
static void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
}

static struct cfs_fsck look(const struct cfs_store *store, bool metadata_only)
{
	const struct cfs_fsck_params params = { .metadata_only = metadata_only,
						.found = note };
	struct cfs_fsck count = { 0 };

	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck(&store->repo, &params, &count, &err), 0);
	return count;
}

static struct cfs_digest add_object(struct cfs_store *store, const char *text)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_object_add_bytes(store,
				      (struct cfs_bytes){ (const uint8_t *)text,
							  strlen(text) },
				      &id, &err),
		 0);
	return id;
}

/*
 * Stores a stream "a": "head", the object "content", said to have @size bytes,
 * and the named ref "other" to an object "other".
 */
static struct cfs_digest add_stream(struct cfs_store *store, uint64_t size)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest content = add_object(store, "content");
	struct cfs_digest other = add_object(store, "other"), id;
	struct cfs_sink sink;

	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "head", 4, &err), 0);
	CHECK_EQ(cfs_stream_external(w, size, &content, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, "other", &other, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(cfs_stream_link(store, "a", &id, &err), 0);
	return id;
}

/* The path of an object below objects/. */
static const char *path_of(const struct cfs_digest *id)
{
	static char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, path);
	return path;
}

static void spoil(struct cfs_store *store, const struct cfs_digest *id,
		  const char *text)
{
	const char *path = path_of(id);

	CHECK_EQ(unlinkat(store->objects, path, 0), 0);
	if (text) {
		CFS_AUTOFREE char *name = NULL;

		CHECK(asprintf(&name, "objects/%s", path) > 0);
		put(root, name, text);
	}
}

TEST(a_whole_stream_has_no_findings)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_fsck count;

	start(&store);
	add_stream(&store, 7);
	CHECK_EQ(cfs_stream_ref_set(&store, "x/y", "a", &err), 0);
	count = look(&store, false);
	CHECK_EQ(count.findings, 0);
	CHECK_EQ(count.streams_checked, 1);
	CHECK_EQ(count.streams_corrupted, 0);
	CHECK_EQ(look(&store, true).findings, 0);
}

TEST(what_a_stream_refers_to_is_looked_up)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest content, other;
	struct cfs_fsck count;

	start(&store);
	add_stream(&store, 7);
	content = add_object(&store, "content");
	other = add_object(&store, "other");
	spoil(&store, &content, NULL);
	spoil(&store, &other, NULL);
	count = look(&store, false);
	CHECK_EQ(count.findings, 2);
	CHECK_EQ(count.missing_objects, 2);
	CHECK_EQ(count.streams_corrupted, 0);
	CHECK(strstr(said, "missing-object-ref: streams/a: "));
	CHECK(strstr(said, "missing-named-ref: streams/a: ref other: "));
	CHECK_EQ(look(&store, true).findings, 2);
}

TEST(good_objects_are_handed_to_the_caller)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOGOOD struct cfs_good good = { 0 };
	struct cfs_fsck_params params = { .found = note, .good = &good };
	struct cfs_digest content, other;
	struct cfs_fsck count;
	uint64_t size;

	start(&store);
	add_stream(&store, 7);
	content = add_object(&store, "content");
	other = add_object(&store, "other");
	spoil(&store, &other, "OTHER");
	CHECK_EQ(cfs_repo_fsck(&store.repo, &params, &count, &err), 0);
	CHECK(cfs_good_size(&good, &content, &size));
	CHECK_EQ(size, 7);
	CHECK(!cfs_good_size(&good, &other, &size));
	cfs_good_free(&good);
	params.metadata_only = true;
	CHECK_EQ(cfs_repo_fsck(&store.repo, &params, &count, &err), 0);
	CHECK(!cfs_good_size(&good, &content, &size));
}

TEST(a_damaged_object_is_a_finding_of_its_stream_too)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest content;
	struct cfs_fsck count;

	start(&store);
	add_stream(&store, 7);
	content = add_object(&store, "content");
	spoil(&store, &content, "CONTENT");
	count = look(&store, false);
	CHECK_EQ(count.findings, 2);
	CHECK_EQ(count.objects_corrupted, 1);
	CHECK(strstr(said, "object-check-failed: streams/a: "));
	CHECK(strstr(said, ": it is damaged\n"));
}

TEST(a_stream_of_another_length_than_it_claims_is_corrupted)
{
	static const uint64_t claims[] = { 6, 8, 1000 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(claims); i++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		struct cfs_fsck count;

		start(&store);
		add_stream(&store, claims[i]);
		count = look(&store, false);
		CHECK_EQ(count.findings, 1);
		CHECK_EQ(count.streams_corrupted, 1);
		CHECK(strstr(said, "stream-read-failed: streams/a: it "));
	}
}

TEST(an_object_that_is_no_stream_is_no_stream)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest content;
	struct cfs_fsck count;

	start(&store);
	content = add_object(&store, "content");
	CHECK_EQ(cfs_stream_link(&store, "a", &content, &err), 0);
	count = look(&store, false);
	CHECK_EQ(count.findings, 1);
	CHECK_EQ(count.streams_corrupted, 1);
	CHECK(strstr(said, "stream-open-failed: streams/a: "));
}

TEST(a_link_to_a_stream_that_is_gone_is_broken)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;
	struct cfs_fsck count;

	start(&store);
	id = add_stream(&store, 7);
	CHECK_EQ(cfs_stream_ref_set(&store, "x", "a", &err), 0);
	spoil(&store, &id, NULL);
	count = look(&store, false);
	CHECK_EQ(count.broken_links, 2);
	CHECK_EQ(count.streams_corrupted, 1);
	CHECK(strstr(said, "broken-symlink: streams/a: "));
}

TEST(links_that_lead_elsewhere_are_findings)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;
	char target[300], hidden[300];

	start(&store);
	id = add_stream(&store, 7);
	/* A copy of the object below another directory. */
	snprintf(target, sizeof(target), "objects/%s", path_of(&id));
	snprintf(hidden, sizeof(hidden), "../x/%s", path_of(&id));
	make_dir(root, "x");
	snprintf(target, sizeof(target), "x/%.2s", path_of(&id));
	make_dir(root, target);
	snprintf(target, sizeof(target), "x/%s", path_of(&id));
	put(root, target, "another file");
	make_link(root, "streams/b", hidden);
	snprintf(target, sizeof(target), "../../objects/%s", path_of(&id));
	make_dir(root, "streams/refs");
	make_link(root, "streams/refs/y", target);
	CHECK_EQ(look(&store, false).findings, 2);
	CHECK(strstr(said, "stream-open-failed: streams/b: it leads to another "
			   "file"));
	CHECK(strstr(said,
		     "broken-symlink: streams/refs/y: it does not lead to "
		     "a stream"));
}
