/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"
#include "tests/unit/boot/stub.h"

static struct cfs_err err;
static char dir[4096], bin[4200], signed_path[4200];

static void put_tool(const char *name, const char *script)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char path[8192];

	cfs_buf_addf(&text, "#!/bin/sh\n%s\n", script);
	snprintf(path, sizeof(path), "%s/%s", bin, name);
	(void)unlink(path);
	stub_save(path, &text);
}

/* No signing tools, and a signed program at $SIGNED for those that are put. */
static void begin(void)
{
	static int n;
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	const char *top = getenv("TMPDIR");

	CHECK(top);
	snprintf(dir, sizeof(dir), "%s/sign%d", top, n++);
	snprintf(bin, sizeof(bin), "%s/bin", dir);
	snprintf(signed_path, sizeof(signed_path), "%s/signed", dir);
	CHECK(mkdir(dir, 0755) == 0 && mkdir(bin, 0755) == 0);
	test_stub(CFS_PE_X64, &file);
	stub_set(&file, STUB_OPTIONAL + CFS_PE_DIRS_AT_64 + 4 + 4 * 8, 4096, 4);
	stub_save(signed_path, &file);
	CHECK(setenv("SIGNED", signed_path, 1) == 0 &&
	      setenv("SIGN_DIR", dir, 1) == 0);
	CHECK_EQ(setenv("PATH", bin, 1), 0);
}

static int sign(const char *key, enum cfs_sign_tool tool)
{
	const struct cfs_program_signer signer = { "cert.pem", key, tool };
	CFS_AUTOFD int from = memfd_create("from", MFD_CLOEXEC);
	CFS_AUTOFD int to = memfd_create("to", MFD_CLOEXEC);

	CHECK_EQ(cfs_write_full(from, "program", 7), 0);
	return cfs_sign_program(&signer, from, to, &err);
}

/* What the tool was called with. */
static void check_call(const char *want)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char path[8192];

	snprintf(path, sizeof(path), "%s/call", dir);
	CHECK_EQ(cfs_read_file(AT_FDCWD, path, 10000, &text, &err), 1);
	CHECK_STR(cfs_buf_text(&text), want);
}

#define SBSIGN                                \
	"echo \"$*\" > $SIGN_DIR/call\n"      \
	"read -r text < /proc/self/fd/3\n"    \
	"[ \"$text\" = program ] || exit 9\n" \
	"/bin/cat $SIGNED > /proc/self/fd/1"

TEST(sbsign_gets_the_program_and_writes_what_it_signs)
{
	begin();
	put_tool("sbsign", SBSIGN);
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), 0);
	check_call("--key key.pem --cert cert.pem --output /proc/self/fd/1 "
		   "/proc/self/fd/3\n");
}

TEST(a_key_in_a_token_takes_the_engine)
{
	begin();
	put_tool("sbsign", SBSIGN);
	CHECK_EQ(sign("pkcs11:token=a;object=b", CFS_SIGN_ANY), 0);
	check_call("--key pkcs11:token=a;object=b --cert cert.pem --output "
		   "/proc/self/fd/1 /proc/self/fd/3 --engine pkcs11\n");
	begin();
	put_tool("osslsigncode", "exit 1");
	CHECK_EQ(sign("pkcs11:token=a", CFS_SIGN_ANY), -EINVAL);
	CHECK(strstr(err.msg, "keys in tokens take sbsign"));
}

TEST(osslsigncode_is_taken_where_sbsign_is_missing_or_not_wanted)
{
	static const char script[] =
		"while [ \"$1\" != -out ]; do shift; done\n"
		"echo \"$2\" > $SIGN_DIR/call\n"
		"/bin/cat $SIGNED > \"$2\"";
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char path[8192];
	struct stat st;

	begin();
	put_tool("osslsigncode", script);
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), 0);
	snprintf(path, sizeof(path), "%s/call", dir);
	CHECK_EQ(cfs_read_file(AT_FDCWD, path, 8000, &text, &err), 1);
	/* Nothing is left of the directory that the tool wrote to. */
	snprintf(path, sizeof(path), "%s", cfs_buf_text(&text));
	*strrchr(path, '/') = '\0';
	CHECK(strncmp(path, getenv("TMPDIR"), strlen(getenv("TMPDIR"))) == 0);
	CHECK(stat(path, &st) < 0 && errno == ENOENT);
	put_tool("sbsign", "exit 1");
	CHECK_EQ(sign("key.pem", CFS_SIGN_OSSLSIGNCODE), 0);
	CHECK_EQ(sign("key.pem", CFS_SIGN_SBSIGN), -EIO);
}

TEST(a_tool_that_is_missing_is_named)
{
	begin();
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), -ENOPKG);
	CHECK(strstr(err.msg, "sbsigntool") && strstr(err.msg, "osslsigncode"));
	CHECK_EQ(sign("key.pem", CFS_SIGN_SBSIGN), -ENOPKG);
	CHECK(!strstr(err.msg, "osslsigncode"));
	CHECK_EQ(sign("key.pem", CFS_SIGN_OSSLSIGNCODE), -ENOPKG);
	CHECK(!strstr(err.msg, "sbsign"));
}

TEST(a_tool_that_fails_is_heard)
{
	begin();
	put_tool("sbsign", "echo one >&2; echo two >&2; exit 3");
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), -EIO);
	CHECK(strstr(err.msg, "sbsign failed (status 3): one two"));
	begin();
	put_tool("osslsigncode", "exit 0");
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), -EIO);
	CHECK(strstr(err.msg, "open what osslsigncode wrote"));
}

TEST(what_is_not_signed_is_not_taken)
{
	begin();
	put_tool("sbsign", "exit 0");
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), -EBADMSG);
	put_tool("sbsign", "/bin/cat /proc/self/fd/3 > /proc/self/fd/1");
	CHECK_EQ(sign("key.pem", CFS_SIGN_ANY), -EBADMSG);
	CHECK(strstr(err.msg, "wrote no signed program"));
}
