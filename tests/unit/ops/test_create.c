/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/create.h"

#include "ops/compute.h"
#include "ops/whole.h"
#include "tests/unit/ops/image.h"
#include "tests/unit/ops/notes.h"

static struct cfs_store store = CFS_STORE_INIT;

static int create(const struct cfs_create *params, struct cfs_digest *ret)
{
	int r;

	cfs_store_close(&store);
	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	notes_clear();
	r = cfs_create_image(&store, params, ret, &err);
	return r;
}

static bool is_whole(const struct cfs_digest *id)
{
	return cfs_require_whole(&store.repo, id, "it", &err) == 0;
}

/* A directory with a file that is long enough to be an object. */
static const char *make_root(void)
{
	CFS_AUTOFREE char *text =
		strndup((const char *)content_of('a').data, LONG_FILE);
	const char *dir = fresh_dir();

	make_dir(dir, "usr");
	put(dir, "usr/a", text);
	return dir;
}

TEST(an_image_is_stored_with_what_it_needs_and_named)
{
	struct cfs_tree_source source = { .threads = 1 };
	const struct cfs_create params = { .source = &source,
					   .name = "name",
					   .format = CFS_CREATE_AS_REPO };
	struct cfs_digest id;

	start_empty();
	source.path = make_root();
	CHECK(create(&params, &id) == 0);
	CHECK(is_whole(&id) && store.stats.added == 2);
	CHECK(count(root, "images/refs", "name") == 1);
	/* Again, and everything is there. */
	CHECK(create(&params, &id) == 0);
	CHECK(store.stats.added == 0);
}

TEST(its_digest_is_the_one_that_is_computed_without_a_repository)
{
	struct cfs_tree_source source = { .threads = 1 };
	struct cfs_create params = { .source = &source };
	struct cfs_compute compute = { .source = &source,
				       .alg = CFS_ALG_SHA256 };

	start_empty();
	source.path = make_root();
	for (int format = 0; format <= CFS_META_FORMAT_MAX; format++) {
		CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
		struct cfs_digest id, computed;

		params.format = format;
		compute.format = (unsigned)format;
		CHECK(create(&params, &id) == 0);
		CHECK(cfs_compute_image(&compute, &tree, &computed, &err) == 0);
		CHECK(tree && cfs_digest_equal(&id, &computed));
		CHECK(cfs_compute_image(&compute, NULL, &computed, &err) == 0);
	}
	CHECK(count(root, "images", "refs") == 0);
}

TEST(a_dumpfile_needs_its_objects_in_the_repository)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const char *dir = NULL;
	CFS_AUTOFREE char *file = NULL;
	struct cfs_tree_source source = { .as_is = true, .threads = 1 };
	const struct cfs_create params = { .source = &source,
					   .format = CFS_CREATE_AS_REPO };
	struct cfs_digest id;

	start_empty();
	(void)add_image("a", "a");
	CHECK(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of('a'), &id,
				      &err) == 0);
	cfs_buf_adds(&text, "/ 4096 40755 2 0 0 0 1.0 - - -\n");
	add_line(&text, 'a', &id);
	dir = fresh_dir();
	put(dir, "dump", cfs_buf_text(&text));
	file = below(dir, "dump");
	source.dumpfile = file;
	CHECK(create(&params, &id) == 0);
	lose('a');
	CHECK(create(&params, &id) == -ENOENT);
	CHECK(strstr(err.msg, "is not in the repository"));
}
