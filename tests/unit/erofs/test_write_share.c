/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_attrs.h"
#include "tests/unit/erofs/planned.h"

static size_t shared(const struct cfs_erofs_plan *plan)
{
	return plan->shared.n;
}

TEST(what_two_inodes_have_is_shared_and_no_more)
{
	const struct cfs_erofs_list *list;
	struct planned p;

	plan_share(&p, 2,
		   ROOT "\n/a" FILE " user.both=x user.one=y"
			"\n/b" FILE " user.both=x user.one=z\n");
	CHECK_EQ(shared(&p.plan), 1);
	list = cfs_erofs_list(&p.plan, inode_at(&p, "/a")->list);
	CHECK_EQ(p.plan.pairs[list->pairs[0]].shared, 1);
	CHECK_EQ(p.plan.pairs[list->pairs[1]].shared, 0);
	plan_end(&p);
}

TEST(links_are_one_inode_and_share_nothing_with_themselves)
{
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/a 9 100644 2 0 0 0 0.0 " OBJ_A " user.k=v"
			"\n/b 0 @100644 2 0 0 0 0.0 /a - -\n");
	CHECK_EQ(shared(&p.plan), 0);
	plan_end(&p);
}

TEST(files_of_one_digest_share_digest_and_path)
{
	const struct cfs_erofs_inode *a, *b, *c;
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
			"\n/b 9 100644 1 0 0 0 0.0 " OBJ_B
			"\n/c 9 100644 1 0 0 0 0.0 " OBJ_A "\n");
	a = inode_at(&p, "/a");
	b = inode_at(&p, "/b");
	c = inode_at(&p, "/c");
	CHECK_EQ(shared(&p.plan), 2);
	CHECK(!p.plan.has_custom_paths);
	CHECK(a->overlay[CFS_EROFS_METACOPY]);
	CHECK_EQ(a->overlay[CFS_EROFS_METACOPY],
		 c->overlay[CFS_EROFS_METACOPY]);
	CHECK(a->overlay[CFS_EROFS_REDIRECT]);
	CHECK_EQ(a->overlay[CFS_EROFS_REDIRECT],
		 c->overlay[CFS_EROFS_REDIRECT]);
	CHECK(!b->overlay[CFS_EROFS_METACOPY] &&
	      !b->overlay[CFS_EROFS_REDIRECT]);
	plan_end(&p);
}

TEST(digest_and_path_are_shared_apart_where_paths_are_spelled)
{
	const struct cfs_erofs_inode *a, *b, *c, *d;
	struct planned p;

	/* b has a's digest and d's path; c the path of a's digest. */
	plan_share(&p, 1,
		   ROOT "\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
			"\n/b 9 100644 1 0 0 0 0.0 x/y - 0a" HEX62
			"\n/c 9 100644 1 0 0 0 0.0 0a/" HEX62 " - -"
			"\n/d 9 100644 1 0 0 0 0.0 x/y - 0b" HEX62 "\n");
	a = inode_at(&p, "/a");
	b = inode_at(&p, "/b");
	c = inode_at(&p, "/c");
	d = inode_at(&p, "/d");
	CHECK(a->overlay[CFS_EROFS_METACOPY]);
	CHECK_EQ(a->overlay[CFS_EROFS_METACOPY],
		 b->overlay[CFS_EROFS_METACOPY]);
	CHECK(!c->overlay[CFS_EROFS_METACOPY] &&
	      !d->overlay[CFS_EROFS_METACOPY]);
	CHECK(a->overlay[CFS_EROFS_REDIRECT]);
	CHECK_EQ(a->overlay[CFS_EROFS_REDIRECT],
		 c->overlay[CFS_EROFS_REDIRECT]);
	CHECK(b->overlay[CFS_EROFS_REDIRECT]);
	CHECK_EQ(b->overlay[CFS_EROFS_REDIRECT],
		 d->overlay[CFS_EROFS_REDIRECT]);
	CHECK(a->overlay[CFS_EROFS_REDIRECT] != b->overlay[CFS_EROFS_REDIRECT]);
	CHECK_EQ(shared(&p.plan), 3);
	plan_end(&p);
}

TEST(files_without_a_digest_share_the_empty_one)
{
	const struct cfs_erofs_shared *table;
	const struct cfs_erofs_inode *a, *b;
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/a 9 100644 1 0 0 0 0.0 - - -"
			"\n/b 9 100644 1 0 0 0 0.0 x/y - -\n");
	a = inode_at(&p, "/a");
	b = inode_at(&p, "/b");
	table = p.plan.shared.v;
	CHECK(a->overlay[CFS_EROFS_METACOPY]);
	CHECK_EQ(a->overlay[CFS_EROFS_METACOPY],
		 b->overlay[CFS_EROFS_METACOPY]);
	CHECK(!b->overlay[CFS_EROFS_REDIRECT]);
	CHECK_EQ(table[a->overlay[CFS_EROFS_METACOPY] - 1].value.len, 0);
	plan_end(&p);
}

TEST(thousands_of_digests_meet_only_their_likes)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char path[16];
	struct planned p;

	cfs_buf_adds(&text, ROOT "\n");
	for (unsigned i = 0; i < 5000; i++) {
		/* Every third is one that comes again. */
		unsigned id = i % 3 ? i : i / 3 % 100;

		cfs_buf_addf(&text,
			     "/f%04u 9 100644 1 0 0 0 0.0 00/%062x - "
			     "00%062x\n",
			     i, id, id);
	}
	plan_share(&p, 1, cfs_buf_text(&text));
	for (unsigned i = 300; i < 5000; i++) {
		struct cfs_erofs_inode *first, *inode;

		snprintf(path, sizeof(path), "/f%04u", i);
		inode = inode_at(&p, path);
		if (i % 3) {
			CHECK(!inode->overlay[0] && !inode->overlay[1]);
			continue;
		}
		snprintf(path, sizeof(path), "/f%04u", i / 3 % 100 * 3);
		first = inode_at(&p, path);
		for (unsigned k = 0; k < CFS_EROFS_OVERLAYS; k++) {
			CHECK(inode->overlay[k]);
			CHECK_EQ(inode->overlay[k], first->overlay[k]);
		}
	}
	plan_end(&p);
}

TEST(an_acl_is_said_in_the_header_of_versions_0_and_1)
{
	static const char text[] = ROOT " system.posix_acl_access=x\n/f" FILE
					"\n";
	struct planned p;

	plan_share(&p, 1, text);
	CHECK(p.plan.has_acl);
	plan_end(&p);
	plan_share(&p, 2, text);
	CHECK(!p.plan.has_acl);
	plan_end(&p);
	plan_share(&p, 1, ROOT " user.posix_acl_access=x\n");
	CHECK(!p.plan.has_acl);
	plan_end(&p);
}
