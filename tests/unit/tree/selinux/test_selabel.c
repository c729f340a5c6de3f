/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/selinux/selabel.h"

#include "tests/test.h"

static struct cfs_err err;

static struct cfs_bytes bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static struct cfs_selabel *policy_of(const char *contexts)
{
	struct cfs_selabel *policy = NULL;

	CHECK_EQ(cfs_selabel_new(&policy, &err), 0);
	CHECK_EQ(cfs_selabel_add(policy, "contexts", bytes(contexts), &err), 0);
	return policy;
}

/* Does @key get @label, from all rules and from those for @prefix alone? */
static bool labels(struct cfs_selabel *policy, const char *prefix,
		   const char *key, const char *label)
{
	struct cfs_selabel_scope all = { 0 }, some = { 0 };
	const char *a = NULL, *b = NULL;
	bool good;

	CHECK_EQ(cfs_selabel_all(policy, &all, &err), 0);
	CHECK_EQ(cfs_selabel_narrow(policy, &all, bytes(prefix), &some, &err),
		 0);
	CHECK(cfs_selabel_find(policy, &all, bytes(key), &a, &err) >= 0);
	CHECK(cfs_selabel_find(policy, &some, bytes(key), &b, &err) >= 0);
	good = label ? a && b && strcmp(a, label) == 0 && strcmp(b, label) == 0
		     : !a && !b;
	cfs_selabel_scope_free(&all);
	cfs_selabel_scope_free(&some);
	return good;
}

TEST(the_last_line_that_matches_counts)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("# comment\n\n"
					       "/usr(/.*)? usr\n"
					       "  /usr/bin(/.*)?\tbin \r\n"
					       "/usr/bin/old <<none>>\n");

	CHECK(labels(policy, "/", "/usrd", "usr"));
	CHECK(labels(policy, "/usr/", "/usr/lib/x-", "usr"));
	CHECK(labels(policy, "/usr/bin/", "/usr/bin/x-", "bin"));
	CHECK(labels(policy, "/usr/bin/", "/usr/bin/old-", NULL));
	CHECK(labels(policy, "/opt/", "/opt/x-", NULL));
}

TEST(a_type_restricts_a_line_to_it)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/a -- file\n/a -d dir\n"
					       "/a -l link\n/a -s sock\n"
					       "/a -p fifo\n/a -b blk\n"
					       "/a -c chr\n");

	CHECK(labels(policy, "/", "/a-", "file"));
	CHECK(labels(policy, "/", "/ad", "dir"));
	CHECK(labels(policy, "/", "/al", "link"));
	CHECK(labels(policy, "/", "/as", "sock"));
	CHECK(labels(policy, "/", "/ap", "fifo"));
	CHECK(labels(policy, "/", "/ab", "blk"));
	CHECK(labels(policy, "/", "/ac", "chr"));
}

TEST(an_expression_has_to_match_the_whole_path)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/a x\n.*/b y\n/c|/d z\n");

	CHECK(labels(policy, "/", "/aa-", NULL));
	CHECK(labels(policy, "/q/", "/q/a-", NULL));
	CHECK(labels(policy, "/q/", "/q/b-", "y"));
	CHECK(labels(policy, "/q/", "/q\n/b-", "y"));
	CHECK(labels(policy, "/", "/d-", "z"));
	CHECK(labels(policy, "/", "/cd-", NULL));
	CHECK(labels(policy, "/", "/a\n-", NULL));
}

TEST(looking_ahead_survives_the_narrowing)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy =
		policy_of("/usr/(?!bin/).* not\n/usr/.*(?<=y)[-] tail\n");

	CHECK(labels(policy, "/usr/", "/usr/lib/x-", "not"));
	CHECK(labels(policy, "/usr/bin/", "/usr/bin/x-", NULL));
}

TEST(later_files_add_to_earlier_ones)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/a first\n");

	CHECK_EQ(cfs_selabel_add(policy, "contexts", bytes("/a second"), &err),
		 0);
	CHECK(labels(policy, "/", "/a-", "second"));
}

TEST(a_line_that_is_not_understood_is_named)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "/a x\n/b\n", "contexts: line 2: expected an expression" },
		{ "/a -- x y\n", "contexts: line 1: expected" },
		{ "/a x y\n", "contexts: line 1: expected" },
		{ "/a --\n", "contexts: line 1: expected" },
		{ "/a -q x\n", "contexts: line 1: -q is no type" },
		{ "/a - x\n", "contexts: line 1: - is no type" },
		{ "\n\n/a( x\n",
		  "contexts: line 3: expression /a(: missing closing" },
		{ "/a\\C x\n", "contexts: line 1: expression" },
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;

		CHECK_EQ(cfs_selabel_new(&policy, &err), 0);
		CHECK_EQ(cfs_selabel_add(policy, "contexts", bytes(bad[i].text),
					 &err),
			 -EINVAL);
		if (!strstr(err.msg, bad[i].says))
			printf("# %s\n", err.msg);
		CHECK(strstr(err.msg, bad[i].says));
	}
}

TEST(an_expression_over_the_limit_is_refused)
{
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;
	char line[CFS_SELABEL_REGEX_MAX + 20];

	memset(line, 'a', sizeof(line));
	strcpy(line + CFS_SELABEL_REGEX_MAX, " x\n");
	CHECK_EQ(cfs_selabel_new(&policy, &err), 0);
	CHECK_EQ(cfs_selabel_add(policy, "contexts", bytes(line), &err),
		 -E2BIG);
}

/* A line of 43 bytes takes 50 KB. */
TEST(expressions_that_grow_to_much_memory_are_refused)
{
	static const char line[] =
		"/((abcdefghijklmnopqrstuvwxyz){40}){20} x\n";
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (unsigned i = 0; i < 10000; i++)
		cfs_buf_adds(&text, line);
	CHECK_EQ(cfs_selabel_new(&policy, &err), 0);
	CHECK_EQ(
		cfs_selabel_add(policy, "contexts", cfs_buf_bytes(&text), &err),
		-E2BIG);
	CHECK(strstr(err.msg, "of memory"));
}

TEST(an_expression_that_takes_for_ever_is_an_error)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/(a+)+(a+)+(a+)+b x\n");
	struct cfs_selabel_scope all = { 0 };
	const char *label;

	CHECK_EQ(cfs_selabel_all(policy, &all, &err), 0);
	CHECK_EQ(cfs_selabel_find(
			 policy, &all,
			 bytes("/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			       "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaabb-"),
			 &label, &err),
		 -EINVAL);
	CHECK_STR(err.msg, "contexts: line 1: expression "
			   "/(a+)+(a+)+(a+)+b takes too long");
	cfs_selabel_scope_free(&all);
}

/* Looks up /aaaaaaaaaNb in @policy until that fails.  Returns how often. */
static unsigned lookups(struct cfs_selabel *policy, unsigned max)
{
	struct cfs_selabel_scope all = { 0 };
	const char *label;
	unsigned i = 0;
	int r;

	CHECK_EQ(cfs_selabel_all(policy, &all, &err), 0);
	do {
		char key[64];

		snprintf(key, sizeof(key), "/aaaaaaaaa%ub-", i);
		r = cfs_selabel_find(policy, &all, bytes(key), &label, &err);
	} while (r >= 0 && ++i < max);
	cfs_selabel_scope_free(&all);
	return i;
}

TEST(expressions_that_take_long_together_are_an_error)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/usr(/.*)? x\n"
					       "/(a|a|a)*b y\n"
					       "/etc(/.*)? z\n");

	/* Each match alone is within the limit, some 30000 steps. */
	CHECK(lookups(policy, 5000) < 1000);
	CHECK_EQ(err.code, E2BIG);
	CHECK(strstr(err.msg, "too long, most of it for contexts: line 2: "
			      "expression /(a|a|a)*b"));
}

TEST(more_files_may_take_longer)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *few = policy_of("/(a|a|a)*b y\n");
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *many = policy_of("/(a|a|a)*b y\n");
	unsigned n = lookups(few, 5000);

	cfs_selabel_allow(many, 10000);
	CHECK(n < 5000 && lookups(many, 5000) > 2 * n);
}

TEST(a_policy_of_many_rules_may_try_each_for_every_file)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;

	for (int i = 0; i < 6500; i++)
		cfs_buf_addf(&text, "/usr/(.*/)?lib%d(/.*)? --\tl\n", i);
	CHECK(cfs_buf_text(&text));
	policy = policy_of((char *)text.data);
	cfs_selabel_allow(policy, 200);
	CHECK_EQ(lookups(policy, 200), 200);
}

TEST(many_tries_do_not_change_what_an_expression_matches)
{
	CFS_AUTO(cfs_selabel_free)
	struct cfs_selabel *policy = policy_of("/usr/(.*/)?lib(64)?/.* lib\n");

	for (int i = 0; i < 200; i++) {
		CHECK(labels(policy, "/usr/x/", "/usr/x/lib64/y-", "lib"));
		CHECK(labels(policy, "/usr/x/", "/usr/x/lib32/y-", NULL));
	}
}

TEST(aliases_are_whole_paths_and_the_last_one_counts)
{
	CFS_AUTO(cfs_selabel_free) struct cfs_selabel *policy = NULL;

	CHECK_EQ(cfs_selabel_new(&policy, &err), 0);
	CHECK_EQ(cfs_selabel_add_aliases(policy, "subs",
					 bytes("# x\n/lib64 /usr/lib\n/a /b\n"),
					 &err),
		 0);
	CHECK_EQ(
		cfs_selabel_add_aliases(policy, "subs", bytes("/a /c\n"), &err),
		0);
	CHECK_STR(cfs_selabel_alias(policy, bytes("/lib64")), "/usr/lib");
	CHECK_STR(cfs_selabel_alias(policy, bytes("/a")), "/c");
	CHECK(!cfs_selabel_alias(policy, bytes("/lib64/x")));
	CHECK_EQ(cfs_selabel_add_aliases(policy, "subs", bytes("/a\n"), &err),
		 -EINVAL);
	CHECK(strstr(err.msg, "subs: line 1: expected two paths"));
	CHECK_EQ(cfs_selabel_add_aliases(policy, "subs", bytes("/a /b /c\n"),
					 &err),
		 -EINVAL);
}
