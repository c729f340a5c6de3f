/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/rules.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/test.h"

static struct cfs_rules rules;
static struct cfs_err err;

static int parse(const char *text)
{
	cfs_rules_free(&rules);
	err = (struct cfs_err){ 0 };
	return cfs_rules_parse(
		(struct cfs_bytes){ (const uint8_t *)text, strlen(text) },
		&rules, &err);
}

/* The prefix of the rule for @tag, or "-". */
static const char *find(const char *tag)
{
	const struct cfs_rule *rule = cfs_rules_find(&rules, tag);

	return rule ? rule->prefix : "-";
}

#define TABLE(prefix) "[images.\"" prefix "\"]\n"
#define ANY	      "accept = \"anything\"\n"

TEST(a_rule_has_certificates_and_all_roles_but_the_bootable_one)
{
	CHECK(parse(TABLE("r/os") "certificates = [\"a.pem\", \"/b\"]\n") == 0);
	CHECK(rules.n == 1 && rules.v[0].line == 2);
	CHECK(rules.v[0].accept == CFS_ACCEPT_SIGNED);
	CHECK(rules.v[0].n_certs == 2);
	CHECK(strcmp(rules.v[0].certs[1], "/b") == 0);
	CHECK(!rules.v[0].bootable && !rules.v[0].merged_only);
	cfs_rules_free(&rules);
}

TEST(roles_are_those_of_the_format)
{
	CHECK(parse("images.a.certificates = [\"a\"]\n"
		    "images.a.roles = [\"merged.bootable\", \"merged\", "
		    "\"config\", \"manifest\"]\n") == 0);
	CHECK(rules.v[0].bootable && !rules.v[0].merged_only);
	CHECK(parse("[images]\na = { certificates = [\"a\"], "
		    "roles = [\"merged\"] }\n") == 0);
	CHECK(!rules.v[0].bootable && rules.v[0].merged_only);
	CHECK(parse("images.a = { certificates = [\"a\"], "
		    "roles = [\"merged\", \"config\"] }\n") == 0);
	CHECK(!rules.v[0].merged_only && rules.v[0].no_manifest);
	CHECK(parse("images.a.roles = [\"merged\", \"manifest\"]") == -EINVAL);
	CHECK(parse("images.a.roles = [\"merged\", \"layer\"]") == -EINVAL);
	CHECK(parse("images.a.roles = [\"merged\", \"other\"]") == -EINVAL);
	CHECK(parse("images.a.roles = [\"merged.bootable\"]") == -EINVAL);
	CHECK(parse("images.a.roles = []") == -EINVAL);
	CHECK(parse("images.a.roles = \"merged\"") == -EINVAL);
	CHECK(strstr(err.msg, "line 1, column ") && strstr(err.msg, "roles"));
}

TEST(layers_are_read_if_the_rule_says_so)
{
	CHECK(parse(TABLE("a") "certificates = [\"a\"]\n"
			       "read-data = true\n") == 0);
	CHECK(rules.v[0].read_data);
	CHECK(parse(TABLE("a") "certificates = [\"a\"]\n"
			       "read-data = false\n") == 0);
	CHECK(!rules.v[0].read_data);
	CHECK(parse(TABLE("a") ANY "read-data = false\n") == 0);
	cfs_rules_free(&rules);
}

TEST(the_longest_prefix_that_ends_with_a_component_holds)
{
	CHECK(parse(TABLE("") ANY TABLE("r.example") ANY TABLE("r.example/os")
			    ANY TABLE("r.example/os:1") ANY TABLE("dir/")
				    ANY) == 0);
	CHECK(strcmp(find("r.example/os:1"), "r.example/os:1") == 0);
	CHECK(strcmp(find("r.example/os:12"), "r.example/os") == 0);
	CHECK(strcmp(find("r.example/os@sha256:1"), "r.example/os") == 0);
	CHECK(strcmp(find("r.example/os/debug:1"), "r.example/os") == 0);
	CHECK(strcmp(find("r.example/osx:1"), "r.example") == 0);
	CHECK(strcmp(find("r.example:5000/os"), "r.example") == 0);
	CHECK(strcmp(find("r.example.org/os"), "") == 0);
	CHECK(strcmp(find("dir/x"), "dir/") == 0);
	CHECK(strcmp(find("R.example/os:1"), "") == 0);
	CHECK(strcmp(find("docker://r.example/os:1"), "r.example/os:1") == 0);
	cfs_rules_free(&rules);
}

TEST(what_no_rule_is_about_has_none)
{
	CHECK(parse("") == 0 && rules.n == 0 && strcmp(find("a"), "-") == 0);
	CHECK(parse(TABLE("a") ANY) == 0 && strcmp(find("ab"), "-") == 0);
	cfs_rules_free(&rules);
}

TEST(what_is_not_understood_is_refused)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "accept = \"anything\"", "unknown key accept" },
		{ "[image.a]\n" ANY, "unknown key image.a.accept" },
		{ "[images.a.b]\n" ANY, "unknown key images.a.b.accept" },
		{ "[[images.a]]\n" ANY, "unknown key images.a[].accept" },
		{ "[[images]]\na.accept = \"anything\"", "unknown key" },
		{ "images.a.certificate = [\"x\"]", "unknown key" },
		{ "[images.\"a\\\"b\"]\n" ANY, "unknown key" },
		{ "[images.\"docker://a\"]\n" ANY, "leave out docker://" },
		{ "images.a.accept = \"any\"", "accept must be" },
		{ "images.a.accept = true", "accept must be" },
		{ "images.a.certificates = \"x\"", "certificates must be" },
		{ "images.a.certificates = []", "certificates must be" },
		{ "images.a.certificates = [\"\"]", "empty file name" },
		{ "images.a.certificates = [1]", "certificates must be" },
		{ "\nimages.a.accept = \"signed\"",
		  "line 2: [images.\"a\"] needs certificates" },
		{ "images.a.roles = [\"merged\"]", "needs certificates" },
		{ "images.a.read-data = 1", "read-data must be" },
		{ "images.a = { accept = \"anything\", read-data = true }",
		  "line 1: [images.\"a\"] has read-data" },
		{ "images.a = { accept = \"nothing\", "
		  "certificates = [\"x\"] }",
		  "has certificates" },
		{ "images.a.accept = \"anything\"\nimages.a.accept = \"nothing\"",
		  "line 2" },
		{ "[images", "line 1" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CHECK(parse(bad[i].text) == -EINVAL);
		CHECK(strstr(err.msg, bad[i].says));
		CHECK(rules.n == 0);
	}
}

TEST(tables_have_a_limit)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (unsigned i = 0; i <= CFS_RULES_MAX; i++)
		cfs_buf_addf(&text, "[images.r%u]\n" ANY, i);
	CHECK(cfs_rules_parse(cfs_buf_bytes(&text), &rules, &err) == -E2BIG);
	CHECK(strstr(err.msg, "more than 256 tables"));
}

TEST(a_path_that_was_cut_off_is_no_rule)
{
	char text[600];

	snprintf(text, sizeof(text), "[images.\"%0400d\"]\n" ANY, 0);
	CHECK(parse(text) == -EINVAL);
}
