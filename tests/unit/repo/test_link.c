/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/link.h"

#include "repo/lock.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

#define TOP "streams/refs"

static struct cfs_err err;
static char root[4096];

static void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
}

TEST(a_link_leads_up_as_far_as_its_name_is_deep)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char last[CFS_LINK_MAX];

	start(&store);
	CHECK_EQ(cfs_link_set(&store, TOP, "x", "stream:1", &err), 0);
	CHECK(is_link(root, TOP "/x", "../stream:1"));
	CHECK_EQ(cfs_link_set(&store, TOP, "oci/a%2Fb:c", "stream:2", &err), 0);
	CHECK(is_link(root, TOP "/oci/a%2Fb:c", "../../stream:2"));
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "oci/a%2Fb:c", last, &err), 1);
	CHECK_STR(last, "stream:2");
	CHECK_EQ(cfs_link_set(&store, TOP, "x", "stream:3", &err), 0);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "x", last, &err), 1);
	CHECK_STR(last, "stream:3");
}

TEST(what_is_not_there_is_an_answer_and_what_is_no_link_another)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char last[CFS_LINK_MAX], longest[300];

	start(&store);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "x", last, &err), 0);
	CHECK_EQ(cfs_link_set(&store, TOP, "d/x", "s", &err), 0);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "y", last, &err), 0);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "d", last, &err), 2);
	put(root, TOP "/file", "");
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "file", last, &err), 2);
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	make_link(root, TOP "/long", longest);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "long", last, &err), 2);
}

TEST(names_that_lead_elsewhere_are_refused)
{
	static const char *const names[] = { "",     "/x",  "../x",
					     "a//b", "a/.", ".tmp-x" };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char last[CFS_LINK_MAX];

	start(&store);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		CHECK_EQ(cfs_link_set(&store, TOP, names[i], "s", &err),
			 -EINVAL);
		CHECK_EQ(cfs_link_get(&store.repo, TOP, names[i], last, &err),
			 -EINVAL);
		CHECK_EQ(cfs_link_remove(&store, TOP, names[i], &err), -EINVAL);
	}
}

TEST(only_links_are_removed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char last[CFS_LINK_MAX];

	start(&store);
	CHECK_EQ(cfs_link_set(&store, TOP, "d/x", "s", &err), 0);
	CHECK_EQ(cfs_link_remove(&store, TOP, "d", &err), -EINVAL);
	CHECK_EQ(cfs_link_remove(&store, TOP, "d/x", &err), 1);
	CHECK_EQ(cfs_link_remove(&store, TOP, "d/x", &err), 0);
	CHECK_EQ(cfs_link_get(&store.repo, TOP, "d/x", last, &err), 0);
}

static int collect(const char *name, const char *last, void *arg,
		   struct cfs_err *e)
{
	(void)e;
	cfs_buf_addf(arg, "%s=%s ", name, last ? last : "?");
	return 0;
}

static int stop(const char *name, const char *last, void *arg,
		struct cfs_err *e)
{
	(void)name;
	(void)last;
	(void)e;
	return ++*(int *)arg == 2 ? 7 : 0;
}

TEST(all_names_are_visited_in_order)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf got = { 0 };
	int n = 0;

	start(&store);
	CHECK_EQ(cfs_link_each(&store.repo, TOP, collect, &got, &err), 0);
	CHECK_EQ(got.len, 0);
	CHECK_EQ(cfs_link_set(&store, TOP, "b", "1", &err), 0);
	CHECK_EQ(cfs_link_set(&store, TOP, "a/z", "2", &err), 0);
	CHECK_EQ(cfs_link_set(&store, TOP, "a/c", "3", &err), 0);
	put(root, TOP "/x", "");
	put(root, TOP "/.tmp-1", "");
	CHECK_EQ(cfs_link_each(&store.repo, TOP, collect, &got, &err), 0);
	CHECK_STR(cfs_buf_text(&got), "a/c=3 a/z=2 b=1 x=? ");
	CHECK_EQ(cfs_link_each(&store.repo, TOP, stop, &n, &err), 7);
	CHECK_EQ(n, 2);
}
