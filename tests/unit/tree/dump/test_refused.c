/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is no dumpfile, with the words it is refused with: the line, the field
 * and the rule.  Each row is read both ways, as cfsctl does and leniently as
 * mkcomposefs.
 *
 * Source: composefs mkcomposefs --from-file (1.0.8) refuses what stands under
 * "both", but for what says (15.1: n) or (15.2): there it crashes, loops or
 * wraps.  composefs-rs cfsctl (0.9.0) also refuses what stands under "strict".
 */
#include "tests/test.h"
#include "tree/dump/dump.h"

#define ROOT	"/ 0 40755 2 0 0 0 0.0 - - -\n"
#define DIR	"/d 0 40755 2 0 0 0 0.0 - - -\n"
#define FILE	"/f 0 100644 1 0 0 0 0.0 - - -\n"
#define X63HEX	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEX	"a" X63HEX
#define PATH	"aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TWO(s)	s s
#define FOUR(s) s s s s
#define X128	FOUR(FOUR("xxxxxxxx"))
#define X256	TWO(X128)
#define X512	FOUR(X128)
#define X4096	FOUR(TWO(X512))
#define X32768	FOUR(TWO(X4096))
#define X65536	TWO(X32768)

/* Of string literals: NUL bytes may be among them. */
#define TEXT(s)                                     \
	{                                           \
		(const uint8_t *)(s), sizeof(s) - 1 \
	}

struct refusal {
	const char *rule;
	struct cfs_bytes dump;
	const char *strict, *lenient; /* lenient "": taken */
};

#define SAME NULL

static const struct refusal both[] = {
	{ "a NUL", TEXT(ROOT "/f\0 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: NUL at position 2", SAME },
	{ "a blank line", TEXT(ROOT "\n"), "dumpfile line 2: path: empty path",
	  SAME },
	{ "no path", TEXT(ROOT " 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: path: empty path", SAME },
	{ "a number: nothing", TEXT(ROOT "/f  100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: no size", SAME },
	{ "a number: letters", TEXT(ROOT "/f x 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: size is not a number of base 10", SAME },
	{ "a number: letters behind it",
	  TEXT(ROOT "/f 0 100644 1x 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: nlink is not a number of base 10", SAME },
	{ "a number: negative", TEXT(ROOT "/f -5 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: size is not a number of base 10", SAME },
	{ "a number: over 64 bits",
	  TEXT(ROOT "/f 18446744073709551616 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: size is over 18446744073709551615", SAME },
	{ "nlink over 32 bits",
	  TEXT(ROOT "/f 0 100644 4294967296 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: nlink is over 4294967295", SAME },
	{ "uid over 32 bits",
	  TEXT(ROOT "/f 0 100644 1 4294967296 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: uid is over 4294967295", SAME },
	{ "uid negative", TEXT(ROOT "/f 0 100644 1 -1 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: uid is not a number of base 10", SAME },
	{ "gid over 32 bits",
	  TEXT(ROOT "/f 0 100644 1 0 4294967296 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: gid is over 4294967295", SAME },
	{ "gid of letters (15.1: 6)",
	  TEXT(ROOT "/f 0 100644 1 1 x 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: gid is not a number of base 10", SAME },
	{ "rdev over 32 bits (15.1: 8)",
	  TEXT(ROOT "/f 0 20644 1 0 0 4294967296 0.0 - - -\n"),
	  "dumpfile line 2: /f: rdev is over 4294967295", SAME },
	{ "rdev of letters (15.1: 6)",
	  TEXT(ROOT "/f 0 20644 1 1 0 x 0.0 - - -\n"),
	  "dumpfile line 2: /f: rdev is not a number of base 10", SAME },
	{ "a time that is missing", TEXT(ROOT "/f 0 100644 1 0 0\n"),
	  "dumpfile line 2: /f: 6 fields, 11 are needed",
	  "dumpfile line 2: /f: no rdev" },
	{ "a time that is missing, alone", TEXT(ROOT "/f 0 100644 1 0 0 0\n"),
	  "dumpfile line 2: /f: 7 fields, 11 are needed",
	  "dumpfile line 2: /f: no mtime" },
	{ "a time without nanoseconds",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 7 - - -\n"),
	  "dumpfile line 2: /f: mtime without a dot", SAME },
	{ "a time without seconds", TEXT(ROOT "/f 0 100644 1 0 0 0 .7 - - -\n"),
	  "dumpfile line 2: /f: no mtime", SAME },
	{ "a time without end", TEXT(ROOT "/f 0 100644 1 0 0 0 7. - - -\n"),
	  "dumpfile line 2: /f: no mtime nsec", SAME },
	{ "a time of a second's nanoseconds",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 7.1000000000 - - -\n"),
	  "dumpfile line 2: /f: mtime nsec is over 999999999", SAME },
	{ "a time over 63 bits",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 9223372036854775808.0 - - -\n"),
	  "dumpfile line 2: /f: mtime is over 9223372036854775807", SAME },
	{ "mode: no octal number", TEXT(ROOT "/f 0 100648 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: mode is not a number of base 8", SAME },
	{ "mode: no type", TEXT(ROOT "/f 0 644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: mode 644 has no known file type", SAME },
	{ "mode: a type that is not",
	  TEXT(ROOT "/f 0 70644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: mode 70644 has no known file type", SAME },
	{ "mode: @0", TEXT(ROOT "/f 0 @0 1 0 0 0 0.0 /x - -\n"),
	  "dumpfile line 2: /f: mode 0 has no known file type", SAME },
	{ "escape: nothing behind it",
	  TEXT(ROOT "/f\\ 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f\\: path: no character after escape", SAME },
	{ "escape: unknown", TEXT(ROOT "/f 2 100644 1 0 0 0 0.0 - a\\q -\n"),
	  "dumpfile line 2: /f: content: unsupported escape type q", SAME },
	{ "escape: cut", TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 a\\x4 - " HEX "\n"),
	  "dumpfile line 2: /f: payload: \\x is not followed by two hex digits",
	  SAME },
	{ "escape: no hex digits",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1 b=\\x4g\n"),
	  "dumpfile line 2: /f: xattr 2: \\x is not followed by two hex digits",
	  SAME },
	{ "escape: in a symlink",
	  TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 \\y - -\n"),
	  "dumpfile line 2: /l: payload: unsupported escape type y", SAME },
	{ "escape: in a hardlink",
	  TEXT(ROOT FILE "/l 0 @100644 1 0 0 0 0.0 /f\\ - -\n"),
	  "dumpfile line 3: /l: payload: no character after escape", SAME },
	{ "the root is no directory", TEXT("/ 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 1: /: mode: the root is no directory", SAME },
	{ "a second root", TEXT(ROOT ROOT),
	  "dumpfile line 2: /: path: a second root", SAME },
	{ "no root", TEXT(FILE),
	  "dumpfile line 1: /f: path: the first entry must be /", SAME },
	{ "no input", TEXT(""), "the dumpfile has no lines", SAME },
	{ "no parent", TEXT(ROOT "/a/f 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /a/f: path: no line before it makes its directory",
	  SAME },
	{ "a parent that comes later",
	  TEXT(ROOT "/d/f 0 100644 1 0 0 0 0.0 - - -\n" DIR),
	  "dumpfile line 2: /d/f: path: no line before it makes its directory",
	  SAME },
	{ "a parent that is a file",
	  TEXT(ROOT FILE "/f/g 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 3: /f/g: path: its parent is not a directory", SAME },
	{ "a parent that is a hardlink",
	  TEXT(ROOT FILE
	       "/l 0 @100644 1 0 0 0 0.0 /f - -\n/l/g 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 4: /l/g: path: its parent is not a directory", SAME },
	{ "a name .", TEXT(ROOT "/. 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /.: path: file name . or ..", SAME },
	{ "a name ..", TEXT(ROOT DIR "/d/.. 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 3: /d/..: path: file name . or ..", SAME },
	{ "a name twice", TEXT(ROOT FILE DIR FILE),
	  "dumpfile line 4: /f occurs twice", SAME },
	{ "a name twice, not in order",
	  TEXT(ROOT DIR FILE "/a 0 100644 1 0 0 0 0.0 - - -\n" DIR),
	  "dumpfile line 5: /d occurs twice", SAME },
	{ "an empty name at the end",
	  TEXT(ROOT DIR "/d/ 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 3: /d/: path: empty file name", SAME },
	{ "an empty name alone", TEXT(ROOT "// 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: //: path: it has an empty name",
	  "dumpfile line 2: //: path: a second root" },
	{ "a name of 256 bytes",
	  TEXT(ROOT "/" X256 " 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: path: file name is 256 bytes; the maximum is 255",
	  SAME },
	{ "a hardlink of a directory",
	  TEXT(ROOT DIR "/e 0 @40755 1 0 0 0 0.0 /d - -\n"),
	  "dumpfile line 3: /e: mode: a directory cannot be hardlinked", SAME },
	{ "a hardlink to nothing",
	  TEXT(ROOT "/l 0 @100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /l: payload: hardlink without a target", SAME },
	{ "a hardlink to what is not there",
	  TEXT(ROOT "/l 0 @100644 1 0 0 0 0.0 /x - -\n"),
	  "dumpfile line 2: /l: payload: /x: there is no hardlink target",
	  SAME },
	{ "a hardlink to itself",
	  TEXT(ROOT "/l 0 @100644 1 0 0 0 0.0 /l - -\n"),
	  "dumpfile line 2: /l: payload: /l: a hardlink to itself", SAME },
	{ "a hardlink to a directory (15.1: 1)",
	  TEXT(ROOT DIR "/l 0 @100644 1 0 0 0 0.0 /d - -\n"),
	  "dumpfile line 3: /l: payload: /d: a hardlink to a directory", SAME },
	{ "a hardlink to the root (15.1: 1)",
	  TEXT(ROOT "/l 0 @100644 1 0 0 0 0.0 / - -\n"),
	  "dumpfile line 2: /l: payload: /: a hardlink to a directory", SAME },
	{ "a hardlink to NUL",
	  TEXT(ROOT FILE "/l 0 @100644 1 0 0 0 0.0 /f\\x00 - -\n"),
	  "dumpfile line 3: /l: payload: NUL in a hardlink target", SAME },
	{ "a circle of hardlinks",
	  TEXT(ROOT
	       "/a 0 @100644 1 0 0 0 0.0 /b - -\n/b 0 @100644 1 0 0 0 0.0 /a - -\n"),
	  "dumpfile line 2: /a: payload: /b: the hardlink's target stands behind it",
	  "dumpfile line 2: /a: payload: /b: hardlinks form a circle" },
	{ "a way into a circle (15.1: 2)",
	  TEXT(ROOT
	       "/0 0 @100644 1 0 0 0 0.0 /a - -\n/a 0 @100644 1 0 0 0 0.0 /b - -\n/b 0 @100644 1 0 0 0 0.0 /a - -\n"),
	  "dumpfile line 2: /0: payload: /a: the hardlink's target stands behind it",
	  "dumpfile line 2: /0: payload: /a: hardlinks form a circle" },
	{ "content of another length",
	  TEXT(ROOT "/f 2 100644 1 0 0 0 0.0 - abc -\n"),
	  "dumpfile line 2: /f: content of 3 bytes and a size of 2", SAME },
	{ "content of 513 bytes",
	  TEXT(ROOT "/f 513 100644 1 0 0 0 0.0 - " X512 "x -\n"),
	  "dumpfile line 2: /f: inline content is 513 bytes; the maximum is 512",
	  "" },
	{ "content of 5001 bytes",
	  TEXT(ROOT "/f 5001 100644 1 0 0 0 0.0 - " X4096 X512 X256 X128
		    "xxxxxxxxx -\n"),
	  "dumpfile line 2: /f: inline content is 5001 bytes; the maximum is 512",
	  "dumpfile line 2: /f: inline content is 5001 bytes; the maximum is 5000" },
	{ "a symlink to nothing", TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /l: symlink without a target", SAME },
	{ "a symlink with NUL",
	  TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 a\\x00b - -\n"),
	  "dumpfile line 2: /l: NUL in a symlink target", SAME },
	{ "a symlink of 1025 bytes",
	  TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 " X512 X512 "x - -\n"),
	  "dumpfile line 2: /l: symlink target is 1025 bytes; the maximum is 1024",
	  "" },
	{ "a symlink of 4096 bytes",
	  TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 " X4096 " - -\n"),
	  "dumpfile line 2: /l: symlink target is 4096 bytes; the maximum is 1024",
	  "dumpfile line 2: /l: symlink target is 4096 bytes; the maximum is 4095" },
	{ "a backing path of 4096 bytes",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 " X4096 " - " HEX "\n"), "",
	  "dumpfile line 2: /f: backing path is 4096 bytes; the maximum is 4095" },
	{ "a backing path with NUL",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 a\\x00b - " HEX "\n"),
	  "dumpfile line 2: /f: payload: NUL in a backing path", SAME },
	{ "a digest that is too short (15.1: 7)",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 a/b - abcd\n"),
	  "dumpfile line 2: /f: digest must have 64 or 128 hex digits, not 4",
	  SAME },
	{ "a digest of other letters (15.1: 7)",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 a/b - g" X63HEX "\n"),
	  "dumpfile line 2: /f: digest is not hex", SAME },
	{ "digests of both algorithms",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 a/b - " HEX
		    "\n/g 9 100644 1 0 0 0 0.0 a/b - " HEX HEX "\n"),
	  "dumpfile line 3: /g: a sha512 digest among sha256 digests: all files of a tree need the same algorithm",
	  SAME },
	{ "an xattr without =",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1 x\n"),
	  "dumpfile line 2: /f: xattr 2: without =", SAME },
	{ "two spaces", TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1  b=2\n"),
	  "dumpfile line 2: /f: xattr 2: without =", SAME },
	{ "an xattr without a name",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - =1\n"),
	  "dumpfile line 2: /f: xattr 1: xattr with an empty name", SAME },
	{ "NUL in an xattr's name",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a\\x00=1\n"),
	  "dumpfile line 2: /f: xattr 1: NUL in the name of an xattr", SAME },
	{ "an xattr's name of 256 bytes",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1 " X256 "=1\n"),
	  "dumpfile line 2: /f: xattr 2: xattr name is 256 bytes; the maximum is 255",
	  SAME },
	{ "an xattr of 65536 bytes",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=" X65536 "\n"),
	  "dumpfile line 2: /f: xattr 1: xattr value is 65536 bytes; the maximum is 65535",
	  "dumpfile line 2: /f: the text of all xattrs is 65538 bytes; the maximum is 65535" },
	{ "xattrs of 32768 bytes",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=" X32768 "\n"), "",
	  "dumpfile line 2: /f: xattr 1: xattrs exceed the maximum of 32767 bytes in all" },
};

static const struct refusal strict[] = {
	{ "no newline at the end", TEXT("/ 0 40755 2 0 0 0 0.0 - - -"),
	  "dumpfile line 1: no newline at the end", "" },
	{ "a space at the end", TEXT("/ 0 40755 2 0 0 0 0.0 - - - \n"),
	  "dumpfile line 1: /: xattr 1: without =", "" },
	{ "a plus", TEXT("/ 0 40755 +2 0 0 0 0.0 - - -\n"),
	  "dumpfile line 1: /: nlink is not a number of base 10", "" },
	{ "fields that are missing", TEXT("/ 0 40755 2 0 0 0 0.0\n"),
	  "dumpfile line 1: /: 8 fields, 11 are needed", "" },
	{ "a path without a slash", TEXT(ROOT "f 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: f: path: it does not start with /", "" },
	{ "a path of more slashes",
	  TEXT(ROOT "//f 0 100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: //f: path: it has an empty name", "" },
	{ "mode: more bits", TEXT(ROOT "/f 0 1100644 1 0 0 0 0.0 - - -\n"),
	  "dumpfile line 2: /f: mode 1100644 has unknown bits", "" },
	{ "a hardlink to what comes later",
	  TEXT(ROOT "/e 0 @100644 1 0 0 0 0.0 /f - -\n" FILE),
	  "dumpfile line 2: /e: payload: /f: the hardlink's target stands behind it",
	  "" },
	{ "a hardlink without a slash",
	  TEXT(ROOT FILE "/l 0 @100644 1 0 0 0 0.0 f - -\n"),
	  "dumpfile line 3: /l: payload: it does not start with /", "" },
	{ "a hardlink to a hardlink",
	  TEXT(ROOT FILE
	       "/l 0 @100644 1 0 0 0 0.0 /f - -\n/m 0 @100644 1 0 0 0 0.0 /l - -\n"),
	  "dumpfile line 4: /m: payload: /l: the hardlink's target is a hardlink",
	  "" },
	{ "a backing path that is no object's",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 some/where - -\n"),
	  "dumpfile line 2: /f: a backing path that is no object path (xx/ and the rest of the digest), and no digest",
	  "" },
	{ "a digest without a backing path",
	  TEXT(ROOT "/f 9 100644 1 0 0 0 0.0 - - " HEX "\n"),
	  "dumpfile line 2: /f: a digest without a backing path", "" },
	{ "an xattr twice",
	  TEXT(ROOT "/f 0 100644 1 0 0 0 0.0 - - - a=1 a=2\n"),
	  "dumpfile line 2: /f: xattr a occurs twice", "" },
	{ "a device number of a file",
	  TEXT(ROOT "/f 0 100644 1 0 0 5 0.0 - - -\n"),
	  "dumpfile line 2: /f: device number of what is no device", "" },
	{ "content of a FIFO", TEXT(ROOT "/f 0 10644 1 0 0 0 0.0 - y -\n"),
	  "dumpfile line 2: /f: content or digest of what is no regular file",
	  "" },
	{ "a digest of a FIFO", TEXT(ROOT "/f 0 10644 1 0 0 0 0.0 - - y\n"),
	  "dumpfile line 2: /f: content or digest of what is no regular file",
	  "" },
	{ "a payload of a FIFO", TEXT(ROOT "/f 0 10644 1 0 0 0 0.0 x - -\n"),
	  "dumpfile line 2: /f: payload of what is neither file nor symlink",
	  "" },
	{ "content of a symlink", TEXT(ROOT "/l 0 120777 1 0 0 0 0.0 x y -\n"),
	  "dumpfile line 2: /l: content or digest of what is no regular file",
	  "" },
	{ "content and a backing path",
	  TEXT(ROOT "/f 3 100644 1 0 0 0 0.0 " PATH " abc -\n"),
	  "dumpfile line 2: /f: inline content and a backing file", "" },
};

static bool run(const struct refusal *row, unsigned flags, const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err err = { 0 };
	int r = cfs_dump_read(row->dump, flags, &tree, &err);

	if (*want ? r < 0 && !tree && strcmp(err.msg, want) == 0 : r == 0)
		return true;
	printf("# %s%s\n#   got  %s\n#   want %s\n", row->rule,
	       flags ? ", lenient" : "", r == 0 ? "(taken)" : err.msg, want);
	return false;
}

static void refused(const struct refusal *rows, size_t n)
{
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		const struct refusal *row = &rows[i];

		good &= run(row, 0, row->strict);
		good &= run(row, CFS_DUMP_LENIENT,
			    row->lenient ? row->lenient : row->strict);
	}
	CHECK(good);
}

TEST(what_is_no_dumpfile_is_refused_by_line_field_and_rule)
{
	refused(both, CFS_ARRAY_SIZE(both));
}

TEST(what_only_mkcomposefs_takes_is_refused_by_line_field_and_rule)
{
	refused(strict, CFS_ARRAY_SIZE(strict));
}
