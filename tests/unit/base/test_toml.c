/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Valid and invalid documents are those of https://toml.io/en/v1.0.0 where
 * they are not our own. */
#include "base/toml.h"

#include <fcntl.h>
#include <ftw.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static char seen[131072];

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
	if (value->kind == CFS_TOML_OTHER)
		snprintf(seen + len, sizeof(seen) - len, "other");
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

static int ignore(void *ctx, const char *key,
		  const struct cfs_toml_value *value, struct cfs_err *e)
{
	(void)ctx;
	(void)value;
	(void)e;
	CHECK(strlen(key) < CFS_TOML_STR);
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
	CHECK(gives("[[a]]\nx=1\n[a.b]\ny=2\n[[a]]\nx=3\n[a.b]\ny=4",
		    "a[].x=1;a[].b.y=2;a[].x=3;a[].b.y=4;"));
}

TEST(quoted_keys_never_pass_for_paths)
{
	CHECK(gives("\"etc.mount\" = 'bind'", "\"etc.mount\"=<bind>;"));
	CHECK(gives("'etc' . \"mount\" = 'bind'", "etc.mount=<bind>;"));
	CHECK(gives("\"\" = 1", "\"\"=1;"));
	CHECK(gives("\"etc[]\" = 1", "\"etc[]\"=1;"));
}

TEST(strings_are_unescaped_or_taken_literally)
{
	CHECK(gives("a=\"x\\t\\\"\\\\\xc3\xa9\"", "a=<x\t\"\\\xc3\xa9>;"));
	CHECK(gives("a='C:\\x\\n'", "a=<C:\\x\\n>;"));
	CHECK(gives("a=\"\"\nb=''", "a=<>;b=<>;"));
	CHECK(gives("a=\"# no comment\"", "a=<# no comment>;"));
	CHECK(gives("a=\"\\u0041\\U0001F600\"", "a=<A\xf0\x9f\x98\x80>;"));
	CHECK(refused("a=\"\\ud800\"", "number of a character"));
	CHECK(refused("a=\"\\U00110000\"", "number of a character"));
	CHECK(refused("a=\"\\u12\"", "number of a character"));
}

TEST(integers_are_read_to_their_limits)
{
	CHECK(gives("a=0\nb=-0\nc=+7\ne=-17", "a=0;b=0;c=7;e=-17;"));
	CHECK(gives("a=9223372036854775807\nb=-9223372036854775808",
		    "a=9223372036854775807;b=-9223372036854775808;"));
	CHECK(refused("a=9223372036854775808", "64 bits"));
	CHECK(refused("a=-9223372036854775809", "64 bits"));
	CHECK(refused("a=99999999999999999999999", "64 bits"));
	CHECK(refused("a=01", "not a value"));
	CHECK(refused("a=-01", "not a value"));
	CHECK(refused("a=+0x1", "not a value"));
	CHECK(gives("a=1_000\nb=0xFf\nc=0o17\nd=0b1_1",
		    "a=1000;b=255;c=15;d=3;"));
	CHECK(refused("a=0x8000000000000000", "64 bits"));
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
	CHECK(refused("a=['x' 'y']", "',' or ']'"));
	CHECK(refused("a=['x'", "',' or ']'"));
	CHECK(refused("a=['x',,]", "not a value"));
	CHECK(gives("a=['','','','','','','','','','','','','','','','']",
		    "a=<><><><><><><><><><><><><><><><>;"));
	CHECK(gives("a=['','','','','','','','','','','','','','','','','']",
		    "a=other;"));
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
	CHECK(refused("a={b=1}\na.c=2", "no table that keys can be added"));
	CHECK(refused("a={b=1}\n[a]", "defined already"));
	CHECK(refused("a={b=1,b=2}", "defined already"));
}

TEST(values_of_other_types_are_handed_over_as_such)
{
	CHECK(gives("a=1.5\nb=-1e5\nc=inf\nd=+nan\ne=6.26e-3_4",
		    "a=other;b=other;c=other;d=other;e=other;"));
	CHECK(gives("a=1979-05-27\nb=07:32:00.5\nc=1979-05-27 07:32:00\n"
		    "d=1979-05-27T07:32:00-07:00",
		    "a=other;b=other;c=other;d=other;"));
	CHECK(gives("a=[1]\nb=[[]]\nc=[{x='y',z=[{}]},'s']\nd=2",
		    "a=other;b=other;c=other;d=2;"));
	CHECK(refused("a=True", "a string needs quotes"));
	CHECK(refused("a=yes", "a string needs quotes"));
	CHECK(refused("a=1979-02-30", "not a value"));
	CHECK(refused("a=1979-05-27 25:00:00", "not a value"));
}

TEST(strings_of_several_lines_are_strings)
{
	CHECK(gives("a=\"\"\"\nx\r\n\ty\"\"\"", "a=<x\n\ty>;"));
	CHECK(gives("a=\"\"\"x \\  \n\n  y\"\"\"", "a=<x y>;"));
	CHECK(gives("a='''x\\'''\nb=''''x'''''", "a=<x\\>;b=<'x''>;"));
	CHECK(gives("a=\"\"\"\"\"\"", "a=<>;"));
	CHECK(refused("a=\"\"\"x\"\"", "does not end"));
	CHECK(refused("a=\"\"\"x\"\"\"\"\"\"", "end of the line"));
	CHECK(refused("'''a''' = 1", "'=' is expected"));
	CHECK(refused("a=\"x\\\ny\"", "unknown escape"));
}

TEST(a_name_is_defined_once)
{
	CHECK(refused("a=1\na=2", "line 2, column 2: this name is defined "
				  "already"));
	CHECK(refused("a=1\n\"\\u0061\"=2", "defined already"));
	CHECK(refused("[a]\n[a]", "defined already"));
	CHECK(refused("[a]\nb=1\n[a.b]", "defined already"));
	CHECK(refused("a.b=1\n[a]", "defined already"));
	CHECK(refused("a=[]\n[[a]]", "defined already"));
	CHECK(refused("[[a]]\n[a]", "defined already"));
	CHECK(refused("[a]\n[[a]]", "defined already"));
	CHECK(refused("a=1\na.b=2", "no table"));
	CHECK(refused("[a.b.c]\nz=9\n[a]\nb.c.t=1", "no table"));
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
	CHECK(refused("a=\"\001\"", "control character"));
	CHECK(refused("# \177", "control character"));
	CHECK(refused("a=1\r", "end of the line"));
	CHECK(refused("a='\xff'", "not UTF-8"));
	CHECK(refused("a=1\nb='\xc3'", "line 2, column 4"));
}

TEST(a_byte_order_mark_is_passed_over)
{
	CHECK(gives("\xef\xbb\xbf"
		    "a=1",
		    "a=1;"));
	CHECK(refused("a=1\n\xef\xbb\xbf", "a key is expected"));
}

TEST(a_nul_byte_ends_nothing)
{
	static const uint8_t text[] = "a=1\0b=2";

	seen[0] = '\0';
	CHECK_EQ(
		cfs_toml_parse((struct cfs_bytes){ text, 7 }, note, NULL, &err),
		-EINVAL);
	CHECK_EQ(
		cfs_toml_parse((struct cfs_bytes){ text, 3 }, note, NULL, &err),
		0);
}

TEST(what_does_not_fit_is_of_another_kind)
{
	char text[16384];
	size_t n;

	n = (size_t)sprintf(text, "a='");
	memset(text + n, 'x', 256);
	strcpy(text + n + 256, "'");
	CHECK(gives(text, "a=other;"));
	strcpy(text + n + 255, "'");
	CHECK_EQ(parse(text), 0);
	CHECK_EQ(strlen(seen), 2 + 255 + 3);
	CHECK(gives("a=\"x\\u0000\"", "a=other;"));
	/* A path that is cut off is that of no key that fits. */
	memset(text, 'k', sizeof(text));
	strcpy(text + 1000, "=1\nb=2");
	CHECK_EQ(parse(text), 0);
	CHECK(strstr(seen, "kkk=1;b=2;"));
	CHECK_EQ(strlen(seen), CFS_TOML_STR - 1 + 3 + 4);
}

TEST(limits_are_errors)
{
	static char text[65536];
	size_t n = 2, at = 0;

	memset(text, '[', n + CFS_TOML_DEPTH);
	memcpy(text, "a=", 2);
	memset(text + n + CFS_TOML_DEPTH, ']', CFS_TOML_DEPTH);
	CHECK_EQ(parse(text), 0);
	memset(text + n, '[', CFS_TOML_DEPTH + 1);
	CHECK_EQ(parse(text), -E2BIG);
	CHECK(strstr(err.msg, "nested too deep"));
	memset(text + n, '[', sizeof(text) - n - 1);
	CHECK_EQ(parse(text), -E2BIG);

	for (n = 0; n < CFS_TOML_NAMES - 1; n++)
		at += (size_t)sprintf(text + at, "%zx=1\n", n);
	CHECK_EQ(parse(text), 0);
	strcat(text, "x=1");
	CHECK_EQ(parse(text), -E2BIG);
	CHECK(strstr(err.msg, "more than 4095"));
}

static unsigned files;
static bool want_valid;

static int try_file(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	(void)st;
	(void)ftw;
	if (type != FTW_F)
		return 0;
	CHECK_EQ(cfs_read_file(AT_FDCWD, path, 65536, &text, &err), 1);
	r = cfs_toml_parse(cfs_buf_bytes(&text), ignore, NULL, &err);
	if ((r == 0) != want_valid)
		printf("# %s: %d %s\n", path, r, r ? err.msg : "");
	CHECK_EQ((r == 0), want_valid);
	files++;
	return 0;
}

/* Source: github.com/toml-lang/toml-test v1.6.0, tests/files-toml-1.0.0; its
 * licence is tests/data/toml-test/COPYING. */
TEST(the_public_test_suite_is_answered_right)
{
	const char *top = getenv("CFS_SRC");
	char path[4096];

	for (int valid = 0; valid < 2; valid++) {
		snprintf(path, sizeof(path), "%s/tests/data/toml-test/%s",
			 top ? top : ".", valid ? "valid" : "invalid");
		want_valid = valid;
		files = 0;
		CHECK_EQ(nftw(path, try_file, 16, FTW_PHYS), 0);
		CHECK_EQ(files, (valid ? 185 : 371));
	}
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

	CHECK_EQ(
		cfs_toml_parse((struct cfs_bytes){ text, 9 }, deny, NULL, &err),
		-EPERM);
	CHECK_STR(err.msg, "line 2, column 8: a.b is not wanted");
}
