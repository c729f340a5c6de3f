/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/write_attrs.h"
#include "tests/unit/erofs/planned.h"

/* The keys of an inode's attributes as they are written. */
static const char *keys(const struct cfs_erofs_plan *plan,
			const struct cfs_erofs_inode *inode)
{
	static char buf[1024];
	size_t n = 0;

	buf[0] = '\0';
	for (uint32_t i = 0; i < cfs_erofs_attrs(plan, inode); i++)
		n += (size_t)snprintf(
			buf + n, sizeof(buf) - n, " %s",
			cfs_erofs_attr_at(plan, inode, i).pair->key);
	return buf;
}

#define O "trusted.overlay."

TEST(overlays_own_stand_where_their_keys_belong)
{
	static const char text[] = ROOT
		"\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
		" security.a=1 trusted.overlay.n=2 user.z=3"
		"\n/b 9 100644 1 0 0 0 0.0 " OBJ_B
		"\n/c 9 100644 1 0 0 0 0.0 - - - user.z=3\n";
	struct planned p;

	plan_share(&p, 1, text);
	CHECK_STR(keys(&p.plan, inode_at(&p, "/a")),
		  " security.a " O "metacopy " O "overlay.n " O
		  "redirect user.z");
	CHECK_STR(keys(&p.plan, inode_at(&p, "/b")),
		  " " O "metacopy " O "redirect");
	CHECK_STR(keys(&p.plan, inode_at(&p, "/c")), " " O "metacopy user.z");
	plan_end(&p);
	plan_share(&p, 2, text);
	CHECK_STR(keys(&p.plan, inode_at(&p, "/a")),
		  " " O "metacopy " O "redirect security.a " O
		  "overlay.n user.z");
	plan_end(&p);
}

TEST(marks_take_the_place_of_attributes_of_their_names)
{
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/d" DIR " trusted.overlay.opaque=y user.a=b"
			"\n/d/w 0 20000 1 0 0 0 0.0 - - -"
			"\n/e" DIR " trusted.overlay.opaque=y user.a=b"
			"\n/e/w 0 20000 1 0 0 0 0.0 - - -\n");
	CHECK_STR(keys(&p.plan, &p.plan.inodes[0]), " " O "opaque");
	CHECK_STR(keys(&p.plan, inode_at(&p, "/d/w")),
		  " " O "overlay.whiteout user.overlay.whiteout");
	CHECK_STR(keys(&p.plan, inode_at(&p, "/d")),
		  " " O "overlay.opaque " O
		  "overlay.whiteouts user.a user.overlay.opaque "
		  "user.overlay.whiteouts");
	/* One list serves all that ask for the same. */
	CHECK_EQ(inode_at(&p, "/d")->list, inode_at(&p, "/e")->list);
	CHECK_EQ(inode_at(&p, "/d/w")->list, inode_at(&p, "/e/w")->list);
	CHECK_EQ(cfs_erofs_list(&p.plan, inode_at(&p, "/d")->list)->uses, 2);
	plan_end(&p);
}

TEST(version_0_marks_whiteouts_and_not_their_directory_as_opaque)
{
	struct planned p;

	plan_share(&p, 0, ROOT "\n/d" DIR "\n/d/w 0 20000 1 0 0 0 0.0 - - -\n");
	CHECK_STR(keys(&p.plan, inode_at(&p, "/d")),
		  " " O "overlay.whiteouts user.overlay.whiteouts");
	plan_end(&p);
}

TEST(a_list_is_summed_up)
{
	const struct cfs_erofs_list *list;
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/a" FILE " user.one=x user.two=y"
			"\n/b" FILE " user.two=y\n");
	list = cfs_erofs_list(&p.plan, inode_at(&p, "/a")->list);
	CHECK_EQ(list->n, 2);
	CHECK_EQ(list->uses, 1);
	CHECK_EQ(list->shared, 1);
	/* A reference; a header, "one" and "x". */
	CHECK_EQ(list->bytes, 4 + 8);
	CHECK_EQ(__builtin_popcount(list->filter), 2);
	list = cfs_erofs_list(&p.plan, 0);
	CHECK_EQ(list->n, 0);
	CHECK_EQ(list->bytes, 0);
	CHECK_EQ(list->filter, 0);
	plan_end(&p);
}

TEST(values_of_overlays_own_are_made)
{
	uint8_t metacopy[4 + CFS_DIGEST_MAX], redirect[256];
	const struct cfs_erofs_inode *inode;
	struct planned p;

	plan_share(&p, 1,
		   ROOT "\n/a 9 100644 1 0 0 0 0.0 " OBJ_A
			"\n/b 9 100644 1 0 0 0 0.0 some/path - -\n");
	inode = inode_at(&p, "/a");
	CHECK_EQ(cfs_erofs_put_overlay(&p.plan, inode, CFS_EROFS_METACOPY,
				       metacopy),
		 metacopy + 36);
	CHECK_MEM(metacopy, "\0\x24\0\1\x0a\x34\x56", 7);
	CHECK_EQ(cfs_erofs_put_overlay(&p.plan, inode, CFS_EROFS_REDIRECT,
				       redirect),
		 redirect + 66);
	CHECK_MEM(redirect, "/0a/" HEX62, 66);
	inode = inode_at(&p, "/b");
	CHECK_EQ(cfs_erofs_put_overlay(&p.plan, inode, CFS_EROFS_METACOPY,
				       metacopy),
		 metacopy);
	CHECK_EQ(cfs_erofs_put_overlay(&p.plan, inode, CFS_EROFS_REDIRECT,
				       redirect),
		 redirect + 10);
	CHECK_MEM(redirect, "/some/path", 10);
	plan_end(&p);
}

TEST(the_longest_name_can_be_escaped)
{
	char text[400] = ROOT " trusted.overlay.", name[256];
	struct planned p;

	memset(name, 'n', 239);
	name[239] = '\0';
	strcat(text, name);
	strcat(text, "=v\n");
	plan_start(&p, 1, 0, text);
	CHECK_EQ(cfs_erofs_order(&p.plan, &err), 0);
	CHECK_EQ(cfs_erofs_list_all(&p.plan, &err), 0);
	plan_end(&p);
}
