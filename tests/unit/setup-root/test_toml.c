/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Valid and invalid documents are those of https://toml.io/en/v1.0.0 where
 * they are not our own. */
#include "setup-root/toml.h"

#include "tests/test.h"

static struct cfs_err err;
static char seen[8192];

/* Writes every value as "key=value;". */
static int note(void *ctx, const char *key, const struct cfs_toml_value *value,
		struct cfs_err *e)
{
	size_t len = strlen(seen);

	(void)e;
	(void)ctx;
	snprintf(seen + len, sizeof(seen) - len, "%s=", key);
	len = strlen(seen);
	if (value->kind == CFS_TOML_BOOLEAN)
		snprintf(seen + len, sizeof(seen) - len, "%s",
			 value->boolean ? "true" : "false");
	if (value->kind == CFS_TOML_INTEGER)
		snprintf(seen + len, sizeof(seen) - len, "%lld",
			 (long long)value->integer);
	for (unsigned i = 0; i < value->n; i++) {
		len = strlen(seen);
		snprintf(seen + len, sizeof(seen) - len, "<%s>", value->v[i]);
	}
	strcat(seen, ";");
	return 0;
}

static int parse(const char *text)
{
	seen[0] = '\0';
	return cfs_toml_parse(
		(struct cfs_bytes){ (const uint8_t *)text, strlen(text) }, note,
		NULL, &err);
}

static bool gives(const char *text, const char *want)
{
	bool good = parse(text) == 0 && strcmp(seen, want) == 0;

	if (!good)
		printf("# %s\n# gave %s\n# %s\n", text, seen, err.msg);
	return good;
}

static bool refused(const char *text, const char *words)
{
	bool good = parse(text) < 0 && strstr(err.msg, words);

	if (!good)
		printf("# %s\n# gave %s\n# %s\n", text, seen, err.msg);
	return good;
}

TEST(empty_documents_are_fine)
{
	CHECK(gives("", ""));
	CHECK(gives("\n\n", ""));
	CHECK(gives("# nothing but words", ""));
	CHECK(gives(" \t# words\r\n\r\n", ""));
}

TEST(keys_carry_the_path_of_their_table)
{
	CHECK(gives("a = true", "a=true;"));
	CHECK(gives("[etc]\nmount = 'bind'\n[var]\nmount = 'none'\n",
		    "etc.mount=<bind>;var.mount=<none>;"));
	CHECK(gives("etc.mount = \"transient\" # words",
		    "etc.mount=<transient>;"));
	CHECK(gives("[a . \"b\"]\n c\t.d=1", "a.b.c.d=1;"));
	CHECK(gives("[a]\n[a.b]\nx=1", "a.b.x=1;"));
	CHECK(gives("[a.b]\n[a]\nx=1", "a.x=1;"));
	CHECK(gives("1234 = 1\nbare-key_2 = 2", "1234=1;bare-key_2=2;"));
	CHECK(gives("a.b=1\na.c=2", "a.b=1;a.c=2;"));
	CHECK(gives("[fruit]\napple.color=1\n[fruit.apple.taste]\nsweet=true",
		    "fruit.apple.color=1;fruit.apple.taste.sweet=true;"));
}

TEST(quoted_keys_never_pass_for_paths)
{
	CHECK(gives("\"etc.mount\" = 'bind'", "\"etc.mount\"=<bind>;"));
	CHECK(gives("'etc' . \"mount\" = 'bind'", "etc.mount=<bind>;"));
	CHECK(gives("\"\" = 1", "\"\"=1;"));
}

TEST(strings_are_unescaped_or_taken_literally)
{
	CHECK(gives("a=\"x\\t\\\"\\\\\xc3\xa9\"", "a=<x\t\"\\\xc3\xa9>;"));
	CHECK(gives("a='C:\\x\\n'", "a=<C:\\x\\n>;"));
	CHECK(gives("a=\"\"\nb=''", "a=<>;b=<>;"));
	CHECK(gives("a=\"# no comment\"", "a=<# no comment>;"));
}

TEST(integers_are_read_to_their_limits)
{
	CHECK(gives("a=0\nb=-0\nc=+7\ne=-17", "a=0;b=0;c=7;e=-17;"));
	CHECK(gives("a=9223372036854775807\nb=-9223372036854775808",
		    "a=9223372036854775807;b=-9223372036854775808;"));
	CHECK(refused("a=9223372036854775808", "64 bits"));
	CHECK(refused("a=-9223372036854775809", "64 bits"));
	CHECK(refused("a=99999999999999999999999", "64 bits"));
	CHECK(refused("a=01", "leading zero"));
	CHECK(refused("a=-01", "leading zero"));
	CHECK(refused("a=1_000", "not a value"));
	CHECK(refused("a=1__2", "not a value"));
	CHECK(refused("a=1_", "not a value"));
	CHECK(refused("a=_1", "not a value"));
	CHECK(refused("a=+", "not a value"));
}

TEST(arrays_hold_strings_over_several_lines)
{
	CHECK(gives("a=[]", "a=;"));
	CHECK(gives("a = [ 'x', \"y\" , ]", "a=<x><y>;"));
	CHECK(gives("a = [ # one\n'x' # two\n,\r\n\n'y'\n]\nb=1",
		    "a=<x><y>;b=1;"));
	CHECK(refused("a=[1]", "strings only"));
	CHECK(refused("a=['x' 'y']", "',' or ']'"));
	CHECK(refused("a=['x'", "',' or ']'"));
	CHECK(refused("a=['x',,]", "strings only"));
	CHECK(refused("a=[[]]", "strings only"));
	CHECK(gives("a=['','','','','','','','','','','','','','','','']",
		    "a=<><><><><><><><><><><><><><><><>;"));
	CHECK(refused("a=['','','','','','','','','','','','','','','','','']",
		      "more than 16"));
}

TEST(inline_tables_are_tables)
{
	CHECK(gives("etc = { mount = 'bind', transient = false }",
		    "etc.mount=<bind>;etc.transient=false;"));
	CHECK(gives("a={}", ""));
	CHECK(gives("a={b.c=1,b.d=2}", "a.b.c=1;a.b.d=2;"));
	CHECK(gives("[t]\na={b={c=1}}", "t.a.b.c=1;"));
	CHECK(refused("a={b=1,}", "a key is expected"));
	CHECK(refused("a={b=1", "',' or '}'"));
	CHECK(refused("a={\nb=1}", "a key is expected"));
	CHECK(refused("a={a={a={a={a={a={a={a={a={a=1}}}}}}}}}}",
		      "nested too deep"));
}

TEST(what_is_not_supported_is_named)
{
	CHECK(refused("a=\"\"\"x\"\"\"", "multi-line"));
	CHECK(refused("a='''x'''", "multi-line"));
	CHECK(refused("[[a]]", "arrays of tables"));
	CHECK(refused("a=1.5", "not a value"));
	CHECK(refused("a=1e5", "not a value"));
	CHECK(refused("a=0x10", "not a value"));
	CHECK(refused("a=inf", "not a value"));
	CHECK(refused("a=1979-05-27", "not a value"));
	CHECK(refused("a=07:32:00", "leading zero"));
	CHECK(refused("a=True", "not a value"));
	CHECK(refused("a=yes", "not a value"));
}

TEST(syntax_errors_say_where)
{
	CHECK(refused("a", "line 1, column 2: '=' is expected"));
	CHECK(refused("\n\n  =1", "line 3, column 3: a key is expected"));
	CHECK(refused("a=", "line 1, column 3: not a value"));
	CHECK(refused("a=1 b=2", "line 1, column 5: end of the line"));
	CHECK(refused("a=truefalse", "end of the line"));
	CHECK(refused("[a", "']' is expected"));
	CHECK(refused("[]", "a key is expected"));
	CHECK(refused("[a.]", "a key is expected"));
	CHECK(refused("[a] b=1", "end of the line"));
	CHECK(refused(".a=1", "a key is expected"));
	CHECK(refused("a..b=1", "a key is expected"));
	CHECK(refused("a=\"x", "does not end"));
	CHECK(refused("a='x\n'", "does not end"));
	CHECK(refused("a=\"\\x41\"", "escape"));
	CHECK(refused("a=\"\\u0041\"", "escape"));
	CHECK(refused("a=\"\001\"", "control character"));
	CHECK(refused("# \177", "control character"));
	CHECK(refused("a=1\r", "end of the line"));
	CHECK(refused("\xef\xbb\xbf"
		      "a=1",
		      "a key is expected"));
}

TEST(a_nul_byte_ends_nothing)
{
	static const uint8_t text[] = "a=1\0b=2";

	seen[0] = '\0';
	CHECK(cfs_toml_parse((struct cfs_bytes){ text, 7 }, note, NULL, &err) ==
	      -EINVAL);
	CHECK(cfs_toml_parse((struct cfs_bytes){ text, 3 }, note, NULL, &err) ==
	      0);
}

TEST(limits_are_errors_not_truncations)
{
	char text[16384];
	size_t n;

	memset(text, 'k', sizeof(text));
	strcpy(text + 255, "=1");
	CHECK(refused(text, "key is longer") || refused(text, "longer than"));
	memset(text, 'k', sizeof(text));
	strcpy(text + 250, "=1");
	CHECK(parse(text) == 0);
	n = (size_t)sprintf(text, "a='");
	memset(text + n, 'x', 256);
	strcpy(text + n + 256, "'");
	CHECK(refused(text, "longer than 255") && err.code == E2BIG);
	strcpy(text + n + 255, "'");
	CHECK(parse(text) == 0);
}

static int deny(void *ctx, const char *key, const struct cfs_toml_value *value,
		struct cfs_err *e)
{
	(void)ctx;
	(void)value;
	return cfs_fail(e, EPERM, "%s is not wanted", key);
}

TEST(the_callers_refusal_gets_the_place_of_the_value)
{
	static const uint8_t text[] = "\na.b =  1";

	CHECK(cfs_toml_parse((struct cfs_bytes){ text, 9 }, deny, NULL, &err) ==
	      -EPERM);
	CHECK(strcmp(err.msg, "line 2, column 8: a.b is not wanted") == 0);
}
