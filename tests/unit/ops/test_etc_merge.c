/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/etc_merge.h"

#include "tests/unit/ops/etc.h"

static const char *const letters[] = { [CFS_ETC_BOTH_CHANGED] = "both",
				       [CFS_ETC_IMAGE_REMOVED] = "image",
				       [CFS_ETC_USER_REMOVED] = "user" };

/* Merges trees of words; the result is words, and for each conflict
 * "|PATH:WHO". */
static void check_merge(enum cfs_etc_layout layout, const char *const sides[3],
			const char *want)
{
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *old = tree_of("/etc", sides[0]);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *users = tree_of("", sides[1]);
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *new = tree_of("/etc", sides[2]);
	const struct cfs_etc_merge in = { layout, old,	       users,
					  new,	  etc_of(old), etc_of(new) };
	CFS_AUTOETC struct cfs_etc_merged merged = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	if (cfs_etc_merge(&in, &merged, &err) < 0)
		CHECK_STR(err.msg, "");
	add_words(&text, merged.tree->root, "");
	for (size_t i = 0; i < merged.conflicts.n; i++)
		cfs_buf_addf(&text, "|%s:%s", merged.conflicts.v[i].path,
			     letters[merged.conflicts.v[i].clash]);
	CHECK_STR(cfs_buf_text(&text), want);
}

#define LAYER(old, users, new, want)                                         \
	check_merge(CFS_ETC_LAYER, (const char *const[]){ old, users, new }, \
		    want)
#define WHOLE(old, users, new, want)                                         \
	check_merge(CFS_ETC_WHOLE, (const char *const[]){ old, users, new }, \
		    want)

TEST(changes_of_users_stay_and_those_of_the_image_show_through)
{
	LAYER("a=1 b=1", "a=2", "a=1 b=2 c=1", "a=2");
	LAYER("a=1", "x=1 d/ d/y=1", "a=2", "d/ d/y=1 x=1");
	LAYER("a=1", "a!", "a=1", "a!");
	LAYER("l>a", "l>b", "l>a", "l>b");
	WHOLE("a=1 b=1", "a=2 b=1", "a=1 b=2 c=1", "a=2 b=2 c=1");
	WHOLE("a=1 b=1", "b=1", "a=1 b=1", "b=1");
	WHOLE("d/ d/a=1", "d/ d/a=1 x=1", "d/ d/a=2 e/ e/b=1",
	      "d/ d/a=2 e/ e/b=1 x=1");
}

TEST(a_copy_without_a_change_is_no_change)
{
	LAYER("a=1 d/ d/b=1", "a=1 d/ d/b=1", "a=2 d/ d/b=2", "");
	LAYER("a=1", "a=2", "a=2", "");
	LAYER("a=1", "a!", "", "");
	LAYER("a=1", "@600:a=1", "a=1", "@600:a=1");
	LAYER("a=1", "a=1,user.x=1", "a=1", "a=1");
	LAYER("a=1,security.selinux=x", "a=1,trusted.overlay.origin=x", "a=2",
	      "");
}

TEST(where_both_changed_users_win_and_it_is_a_conflict)
{
	LAYER("a=1", "a=2", "a=3", "a=2|/etc/a:both");
	LAYER("", "a=2", "a=3", "a=2|/etc/a:both");
	LAYER("a=1", "a=2", "", "a=2|/etc/a:image");
	LAYER("a=1", "a!", "a=2", "a!|/etc/a:user");
	LAYER("a=1", "@600:a=1", "a=2", "@600:a=1|/etc/a:both");
	LAYER("d/ d/a=1", "d/ d/a=2", "d/ d/a=3", "d/ d/a=2|/etc/d/a:both");
	WHOLE("a=1 b=1 c=1", "a=2 c=2", "a=3 b=2",
	      "a=2 c=2|/etc/a:both|/etc/b:user|/etc/c:image");
}

TEST(directories_have_attributes_of_their_own)
{
	LAYER("d/", "@700:d/", "d/", "@700:d/");
	LAYER("d/", "@700:d/", "@711:d/", "@700:d/|/etc/d:both");
	LAYER("d/ d/a=1", "d/ d/a=2", "@711:d/ d/a=1", "@711:d/ d/a=2");
	LAYER("d/", "@700:d/", "@700:d/", "");
	LAYER("d/", "@700:d/", "", "@700:d/|/etc/d:image");
}

TEST(a_directory_that_the_image_lost_keeps_what_users_have_in_it)
{
	LAYER("d/ d/a=1 d/b=1", "d/ d/x=1", "", "d/ d/x=1");
	LAYER("d/ d/a=1", "d/ d/a=2", "", "d/ d/a=2|/etc/d/a:image");
	LAYER("d/ d/a=1", "d/ d/a=1", "", "");
	LAYER("d/ d/a=1", "d/ d/a!", "", "");
	WHOLE("d/ d/a=1 d/b=1", "d/ d/a=1 d/b=1 d/x=1", "", "d/ d/x=1");
	WHOLE("d/ d/a=1", "d/ d/a=1", "", "");
}

TEST(types_may_change)
{
	LAYER("d/ d/a=1", "d/ d/x=1", "d=1", "d/ d/x=1|/etc/d:both");
	LAYER("d/ d/a=1", "d/ d/a=1", "d=1", "");
	WHOLE("d/ d/a=1", "d/ d/a=1", "d=1", "d=1");
	LAYER("d/ d/a=1", "d=1", "d/ d/a=1", "d=1");
	LAYER("d/ d/a=1", "d=1", "d/ d/a=2", "d=1|/etc/d:both");
	LAYER("a=1", "a/ a/x=1", "a=1", "a/ a/x=1|/etc/a:both");
	LAYER("a=1", "l>x a>x", "a=2", "a>x l>x|/etc/a:both");
}

TEST(a_directory_that_users_removed_stays_away)
{
	LAYER("d/ d/a=1", "d!", "d/ d/a=1", "d!");
	LAYER("d/ d/a=1", "d!", "d/ d/a=1 d/b=1", "d!|/etc/d:user");
	WHOLE("d/ d/a=1", "", "d/ d/a=1 d/b=1", "|/etc/d:user");
}

TEST(an_opaque_directory_hides_what_was_there_and_not_what_is_new)
{
	LAYER("d/ d/a=1 d/b=1", "d/,trusted.overlay.opaque=y d/x=1",
	      "d/ d/a=1 d/b=2 d/c=1", "d/ d/a! d/b! d/x=1|/etc/d/b:user");
	LAYER("", "d/,trusted.overlay.opaque=y d/x=1", "d/ d/c=1", "d/ d/x=1");
}

TEST(what_overlayfs_only_refers_to_is_followed)
{
	/* A directory that was renamed, and a file whose mode was changed. */
	LAYER("d/ d/a=1 d/b=1", "d! e/,trusted.overlay.redirect=/d e/b=2",
	      "d/ d/a=1 d/b=1", "d! e/ e/a=1 e/b=2");
	LAYER("p/ p/d/ p/d/a=1", "p/ p/d! p/e/,trusted.overlay.redirect=d",
	      "p/ p/d/ p/d/a=1", "p/ p/d! p/e/ p/e/a=1");
	LAYER("a=1", "@600:a=0,trusted.overlay.metacopy=", "a=1", "@600:a=1");
	LAYER("a=1", "@600:a=0,trusted.overlay.metacopy=", "a=2",
	      "@600:a=1|/etc/a:both");
	LAYER("a=1", "a=0,trusted.overlay.metacopy=", "a=2", "");
	LAYER("a=1",
	      "a! b=0,trusted.overlay.metacopy=,trusted.overlay.redirect=/a",
	      "a=1", "a! b=1");
}

TEST(names_of_one_file_stay_so)
{
	LAYER("", "a=1 d/ d/b@a", "", "a=1 d/ d/b@a");
	LAYER("a=1 b@a", "a=2 b@a", "a=1 b@a", "a=2 b@a");
	WHOLE("", "x=1", "a=1 d/ d/b@a", "a=1 d/ d/b@a x=1");
}

TEST(the_stamp_of_the_last_update_does_not_come_over)
{
	LAYER("a=1", ".updated=1 a=2", "a=1", "a=2");
	LAYER("", ".updated=1", ".updated=2", ".updated!");
	WHOLE("", ".updated=1 a=2", ".updated=2", "a=2");
	LAYER("", "d/ d/.updated=1", "", "d/ d/.updated=1");
}

static int refuse(const char *old, const char *users)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *a = tree_of("/etc", old);
	CFS_AUTO(cfs_tree_free) struct cfs_tree *b = tree_of("", users);
	const struct cfs_etc_merge in = { CFS_ETC_LAYER, a,	   b, a,
					  etc_of(a),	 etc_of(a) };
	CFS_AUTOETC struct cfs_etc_merged merged = { 0 };

	return cfs_etc_merge(&in, &merged, &err);
}

TEST(references_to_nothing_are_refused)
{
	CHECK_EQ(refuse("", "a=0,trusted.overlay.metacopy="), -EINVAL);
	CHECK(strstr(err.msg, "etc/upper/a"));
	CHECK_EQ(refuse("a/", "a=0,trusted.overlay.metacopy="), -EINVAL);
	CHECK_EQ(refuse("d/", "e/,trusted.overlay.redirect=/x"), -EINVAL);
	CHECK_EQ(refuse("d/", "e/,trusted.overlay.redirect=/../d"), -EINVAL);
	CHECK_EQ(refuse("d/", "e/,trusted.overlay.redirect=x"), -EINVAL);
}

TEST(depth_is_limited)
{
	CFS_AUTOBUF struct cfs_buf words = { 0 };

	for (int i = 1; i <= CFS_ETC_DEPTH_MAX + 1; i++) {
		for (int k = 0; k < i; k++)
			cfs_buf_adds(&words, k ? "/d" : "d");
		cfs_buf_adds(&words, "/ ");
	}
	CHECK_EQ(refuse("", cfs_buf_text(&words)), -ELOOP);
	CHECK(strstr(err.msg, "more than 128 directories"));
}

TEST(an_image_without_etc_is_one_where_it_is_empty)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *old = tree_of("", "usr/");
	CFS_AUTO(cfs_tree_free) struct cfs_tree *users = tree_of("", "a=1");
	const struct cfs_etc_merge in = { CFS_ETC_WHOLE, old,  users,
					  old,		 NULL, NULL };
	CFS_AUTOETC struct cfs_etc_merged merged = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	CHECK_EQ(cfs_etc_merge(&in, &merged, &err), 0);
	add_words(&text, merged.tree->root, "");
	CHECK_STR(cfs_buf_text(&text), "a=1");
	CHECK_EQ(merged.users, 2);
}

/* It takes minutes where time grows with the square of their number. */
TEST(many_directories_that_the_new_image_lost_take_no_longer_than_others)
{
	enum {
		MANY = 150000
	};
	CFS_AUTOBUF struct cfs_buf lost = { 0 }, fresh = { 0 };
	CFS_AUTOETC struct cfs_etc_merged merged = { 0 };

	for (unsigned i = 0; i < MANY; i++) {
		cfs_buf_addf(&lost, "d%06u/ ", i);
		cfs_buf_addf(&fresh, "d%06u.new= ", i);
	}
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *old = tree_of("/etc", cfs_buf_text(&lost));
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *users = tree_of("", cfs_buf_text(&lost));
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *new = tree_of("/etc", cfs_buf_text(&fresh));
	const struct cfs_etc_merge in = { CFS_ETC_WHOLE, old,	     users, new,
					  etc_of(old),	 etc_of(new) };

	CHECK_EQ(cfs_etc_merge(&in, &merged, &err), 0);
	CHECK_EQ(merged.conflicts.n, 0);
}
