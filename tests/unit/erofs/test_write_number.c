/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_dir.h"
#include "tests/unit/erofs/planned.h"

/* The names of the plan's inodes but for stubs, in their order. */
static const char *names(const struct cfs_erofs_plan *plan)
{
	static char buf[256];
	size_t n = 0;

	buf[0] = '\0';
	for (uint32_t i = 1; i < plan->n; i++) {
		const struct cfs_node *node = plan->inodes[i].node;

		if (node->parent)
			n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %s",
					      node->name);
	}
	return buf;
}

#define TREE                                                           \
	ROOT "\n/a" DIR "\n/a/x" FILE "\n/a/y" DIR "\n/a/y/deep" FILE  \
	     "\n/b" FILE "\n/c 0 @100644 1 0 0 0 0.0 /a/x - -\n/d" DIR \
	     "\n/d/z" FILE "\n"

TEST(versions_0_and_1_go_level_by_level_and_2_by_depth)
{
	struct planned p;

	plan_order(&p, 1, TREE);
	CHECK_STR(names(&p.plan), " a b d x y z deep");
	CHECK_EQ(p.plan.n, 1 + 7 + 256);
	CHECK(p.plan.inodes[0].flags & CFS_EROFS_I_OPAQUE);
	plan_end(&p);
	plan_order(&p, 2, TREE);
	CHECK_STR(names(&p.plan), " a x y deep b d z");
	CHECK_EQ(p.plan.n, 1 + 7);
	CHECK_EQ(p.plan.inodes[0].flags, 0);
	plan_end(&p);
}

TEST(version_2_counts_names_and_the_others_believe_the_count)
{
	struct planned p;

	plan_order(&p, 2, TREE);
	CHECK_EQ(inode_at(&p, "/a/x")->nlink, 2);
	plan_end(&p);
	plan_order(&p, 1, TREE);
	CHECK_EQ(inode_at(&p, "/a/x")->nlink, 1);
	plan_end(&p);
}

/* The entries of @dir with the numbers they lead to. */
static const char *entries(const struct cfs_erofs_plan *plan,
			   const struct cfs_node *dir, unsigned max)
{
	struct cfs_erofs_dir_iter it = cfs_erofs_dir_start(plan, dir);
	const struct cfs_node *entry;
	static char buf[256];
	size_t n = 0;

	while (max-- && (entry = cfs_erofs_dir_next(&it)))
		n += (size_t)snprintf(buf + n, sizeof(buf) - n, " %s:%u",
				      entry->name,
				      cfs_erofs_ino(plan, dir, entry));
	return buf;
}

TEST(dots_and_stubs_stand_in_their_places_among_entries)
{
	struct planned p;

	plan_order(&p, 1,
		   ROOT "\n/!" FILE "\n/-" DIR "\n/-/+" FILE "\n/-/..." FILE
			"\n/-/l 0 @100644 1 0 0 0 0.0 /! - -"
			"\n/01" FILE "\n");
	CHECK_STR(entries(&p.plan, p.tree->root, 7),
		  " !:1 -:2 .:0 ..:0 00:3 01:4 02:5");
	CHECK_STR(entries(&p.plan, inode_at(&p, "/-")->node, 9),
		  " +:259 .:2 ..:0 ...:260 l:1");
	/* 01 is there, and no stub. */
	CHECK_EQ(p.plan.n, 1 + 5 + 255);
	plan_end(&p);
}

TEST(stubs_have_the_owner_time_and_label_of_root)
{
	const struct cfs_node *stub;
	struct planned p;

	plan_order(&p, 0,
		   "/ 0 40755 2 7 8 0 5.6 - - - security.selinux=l "
		   "user.a=b\n");
	stub = p.plan.inodes[1].node;
	CHECK_STR(stub->name, "00");
	CHECK_EQ(stub->mode, (S_IFCHR | 0644));
	CHECK_EQ(stub->uid, 7);
	CHECK_EQ(stub->gid, 8);
	CHECK_EQ(stub->nlink, 1);
	CHECK_EQ(stub->mtime_sec, 5);
	CHECK_EQ(stub->mtime_nsec, 6);
	CHECK_EQ(stub->xattrs->n, 1);
	CHECK_STR(stub->xattrs->v[0]->key, "security.selinux");
	plan_end(&p);
}

TEST(a_whiteout_marks_its_directory_and_raises_the_version)
{
	static const char text[] = ROOT "\n/d" DIR
					"\n/d/w 0 20000 1 0 0 0 0.0 - - -\n";
	struct planned p;

	plan_start(&p, 0, CFS_EROFS_BUMP, text);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), 0);
	CHECK_EQ(p.plan.rules->version, 1);
	CHECK_EQ(inode_at(&p, "/d/w")->flags, CFS_EROFS_I_WHITEOUT);
	CHECK_EQ(inode_at(&p, "/d/w")->type, CFS_EROFS_FT_REG);
	CHECK_EQ(inode_at(&p, "/d")->flags, CFS_EROFS_I_MARKED);
	plan_end(&p);
	plan_order(&p, 0, text);
	CHECK_EQ(p.plan.rules->version, 0);
	plan_end(&p);
	/* Stubs are none, and without one nothing is raised. */
	plan_start(&p, 0, CFS_EROFS_BUMP, ROOT "\n");
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), 0);
	CHECK_EQ(p.plan.rules->version, 0);
	plan_end(&p);
}

TEST(whiteouts_of_version_2_have_one_name)
{
	static const char text[] = ROOT "\n/w 0 20000 3 0 0 0 0.0 - - -\n";
	static const char two[] = ROOT "\n/w 0 20000 3 0 0 0 0.0 - - -\n"
				       "/x 0 @20000 - - - - 0.0 /w - -\n";
	struct planned p;

	plan_order(&p, 2, text);
	CHECK_EQ(inode_at(&p, "/w")->nlink, 1);
	plan_end(&p);
	plan_start(&p, 2, 0, two);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), -EINVAL);
	CHECK(strstr(err.msg, "/w: version 2 has no whiteouts with more"));
	plan_end(&p);
}

TEST(times_before_1970_are_early_only_if_asked)
{
	static const char text[] = "/ 0 40755 2 0 0 0 9.0 - - -\n"
				   "/a 0 100644 1 0 0 0 -3.0 - - -\n"
				   "/b 0 100644 1 0 0 0 4.7 - - -\n"
				   "/c 0 100644 1 0 0 0 4.6 - - -\n";
	struct planned p;

	plan_start(&p, 1, CFS_EROFS_SIGNED_TIME, text);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), 0);
	CHECK_EQ(p.plan.mtime_sec, -3);
	CHECK_EQ(p.plan.mtime_nsec, 0);
	plan_end(&p);
	plan_order(&p, 1, text);
	CHECK_EQ(p.plan.mtime_sec, 4);
	CHECK_EQ(p.plan.mtime_nsec, 6);
	plan_end(&p);
}

TEST(files_elsewhere_are_told_by_digest_or_path)
{
	static const char text[] = ROOT
		"\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
		"\n/b 9 100644 1 0 0 0 0.0 some/path - 0a" HEX62
		"\n/c 9 100644 1 0 0 0 0.0 some/path - -"
		"\n/d 9 100644 1 0 0 0 0.0 - - -\n";
	const uint8_t own = CFS_EROFS_I_METACOPY;
	const uint8_t both = own | CFS_EROFS_I_REDIRECT;
	const uint8_t object = both | CFS_EROFS_I_BY_DIGEST;
	struct planned p;

	plan_order(&p, 1, text);
	CHECK_EQ(inode_at(&p, "/a")->flags, object);
	CHECK_EQ(inode_at(&p, "/b")->flags, both);
	CHECK_EQ(inode_at(&p, "/c")->flags, both);
	CHECK_EQ(inode_at(&p, "/d")->flags, own);
	CHECK_EQ(p.plan.n_digests, 2);
	CHECK(p.plan.has_custom_paths);
	plan_end(&p);
	plan_order(&p, 2, text);
	CHECK_EQ(inode_at(&p, "/b")->flags, object);
	plan_end(&p);
}

static void refused(unsigned version, const char *text, int code,
		    const char *message)
{
	struct planned p;

	plan_start(&p, version, 0, text);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), -code);
	CHECK_STR(err.msg, message);
	plan_end(&p);
}

TEST(what_the_version_cannot_hold_is_refused_with_its_name)
{
	refused(1, ROOT "\n/f 9007199254740993 100644 1 0 0 0 0.0 " OBJ_A "\n",
		EFBIG,
		"/f: file size 9007199254740993 exceeds the maximum of 9007199254740992");
	refused(2, ROOT "\n/f 8796093022209 100644 1 0 0 0 0.0 " OBJ_A "\n",
		EFBIG,
		"/f: file size 8796093022209 exceeds the maximum of 8796093022208");
}
