/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What mount.composefs asks of the kernel, and in which order. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cfsctl/cli/options.h"
#include "cfsctl/compat/programs.h"
#include "erofs/format.h"
#include "tests/fake/kernel.h"
#include "tests/fake/mount.h"
#include "tests/test.h"

#define AB32 "abababababababababababababababababababababababababababababababab"

static struct cfs_err err;
static char image[4200], dir[4200], options[9000];
static int fds; /* before */

/* An image of layout 1 with ACLs, as far as anybody looks here. */
static void write_image(void)
{
	const struct cfs_erofs_header h = {
		.magic = cfs_put32(CFS_EROFS_HEADER_MAGIC),
		.composefs_version = cfs_put32(1),
		.flags = cfs_put32(CFS_EROFS_HEADER_HAS_ACL),
	};
	CFS_AUTOFD int fd = open(image, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, &h, sizeof(h)), sizeof(h));
}

static void reset(void)
{
	static const char *const names[] = { "first", "second", "third",
					     "fourth" };
	int next;

	snprintf(image, sizeof(image), "%s/image", getenv("TMPDIR"));
	snprintf(dir, sizeof(dir), "%s/objects", getenv("TMPDIR"));
	(void)mkdir(dir, 0700);
	write_image();
	fake_mount_reset();
	fake = (struct fake_kernel){ .alg = CFS_ALG_SHA256, .fill = 0xab };
	err = (struct cfs_err){ 0 };
	fds = fake_open_fds();
	next = dup(0);
	CHECK(next >= 0);
	CHECK_EQ(close(next), 0);
	/* Names of descriptors that are opened, not given by the fake. */
	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		fake_name(next + (int)i, names[i]);
}

/* Runs it with basedir= and @more, and leaves no descriptor open. */
static int run(const char *more)
{
	static char name[] = "mount.composefs", o[] = "-o", where[] = "/mnt";
	char *argv[] = { name, o, options, image, where, NULL };
	int r;

	snprintf(options, sizeof(options), "basedir=%s%s", dir, more);
	r = cmd_mount_composefs(5, argv, &err);
	CHECK_EQ(fake_open_fds(), fds);
	CHECK_EQ((r < 0), (fake_attached() == 0));
	return r;
}

static bool before(const char *a, const char *b)
{
	const char *at = strstr(fake_calls(), a);

	return at && strstr(at, b);
}

TEST(an_image_is_mounted_from_its_descriptor_and_attached_last)
{
	reset();
	CHECK_EQ(run(""), 0);
	/* first: the name looked up, then the basedir in its place. */
	CHECK(!strcmp(fake_calls(),
		      "fsopen erofs\n"
		      "fsconfig erofs SET_STRING source=<second>\n"
		      "fsconfig erofs CREATE\n"
		      "fsmount erofs \n"
		      "fsopen overlay\n"
		      "fsconfig overlay SET_STRING source=composefs\n"
		      "fsconfig overlay SET_STRING metacopy=on\n"
		      "fsconfig overlay SET_FD lowerdir+=<erofs>\n"
		      "fsconfig overlay SET_FD datadir+=<first>\n"
		      "fsconfig overlay CREATE\n"
		      "fsmount overlay \n"
		      "move_mount <overlay> /mnt\n"));
}

TEST(flags_are_those_of_the_attached_mount)
{
	reset();
	CHECK_EQ(run(",ro,nosuid,nodev,noexec"), 0);
	CHECK_EQ(fake_called("fsmount overlay RDONLY|NOSUID|NODEV|NOEXEC"), 1);
	CHECK_EQ(fake_called("fsmount erofs "), 1);
}

TEST(several_basedirs_are_searched_in_turn)
{
	char more[4300];

	reset();
	snprintf(more, sizeof(more), ":%s", dir);
	CHECK_EQ(run(more), 0);
	CHECK(before("datadir+=<first>", "datadir+=<third>"));
}

TEST(an_upper_layer_comes_with_its_work_directory)
{
	char more[9000];

	reset();
	snprintf(more, sizeof(more), ",upperdir=%s,workdir=%s", dir, dir);
	CHECK_EQ(run(more), 0);
	CHECK(before("workdir=<fourth>", "upperdir=<third>"));
}

TEST(options_of_mount_reach_the_kernel)
{
	reset();
	CHECK_EQ(run(",user,nofail,x-systemd.automount,nodiratime,strictatime,"
		     "nosymfollow"),
		 0);
	CHECK_EQ(fake_called("fsmount overlay NOSUID|NODEV|NOEXEC|STRICTATIME|"
			     "NODIRATIME|NOSYMFOLLOW"),
		 1);
	CHECK_EQ(fake_called("*SET_FLAG sync"), 0);

	reset();
	CHECK_EQ(run(",sync"), 0);
	CHECK(before("fsconfig overlay SET_FLAG sync",
		     "fsconfig overlay CREATE"));
}

TEST(the_right_digest_makes_verity_required)
{
	reset();
	CHECK_EQ(run(",digest=" AB32), 0);
	CHECK_EQ(fake_called("*overlay SET_STRING verity=require"), 1);

	reset();
	fake.alg = CFS_ALG_SHA512;
	CHECK_EQ(run(",digest=" AB32 AB32), 0);
	CHECK_EQ(fake_called("*overlay SET_STRING verity=require"), 1);
}

TEST(another_image_is_refused_before_the_kernel_sees_it)
{
	static const struct {
		const char *more;
		int measured, alg;
		const char *words;
	} rows[] = {
		{ ",digest=" AB32, -ENOTTY, 1, "Image has no fs-verity" },
		{ ",digest=" AB32, -ENODATA, 1, "Image has no fs-verity" },
		{ ",tryverity,digest=" AB32, -ENODATA, 1, "has no fs-verity" },
		{ ",digest=" AB32 AB32, 0, 1, "Image has wrong fs-verity" },
		{ ",digest=" AB32, 0, 2, "Image has wrong fs-verity" },
		{ ",digest=" AB32, 0, 7, "unknown fs-verity algorithm 7" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		reset();
		fake.measure_result = rows[i].measured;
		fake.alg = (unsigned short)rows[i].alg;
		CHECK_EQ(run(rows[i].more), -EBADMSG);
		CHECK(strstr(err.msg, rows[i].words));
		CHECK(strstr(err.msg, "Failed to mount composefs"));
		CHECK(!*fake_calls());
	}
	reset();
	fake.fill = 0xac;
	CHECK_EQ(run(",digest=" AB32), -EBADMSG);
	CHECK(!*fake_calls());
	CHECK(strstr(err.msg, "wrong fs-verity: expected abab") &&
	      strstr(err.msg, "found acac"));
}

TEST(a_digest_has_all_its_digits)
{
	static const char *const digests[] = { "a", "zz", AB32 "ab",
					       AB32 AB32 AB32 };
	char more[300];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(digests); i++) {
		reset();
		snprintf(more, sizeof(more), ",digest=%s", digests[i]);
		CHECK_EQ(run(more), -EINVAL);
		CHECK(!*fake_calls());
		CHECK(strstr(err.msg, "64 or 128 hex digits"));
	}
	reset();
	CHECK_EQ(run(",digest="), -EINVAL);
	CHECK(!*fake_calls());
}

TEST(tryverity_does_without_where_the_kernel_is_too_old)
{
	reset();
	CHECK_EQ(run(",tryverity"), 0);
	CHECK_EQ(fake_called("*verity=require"), 1);

	reset();
	fake_when("*verity=require", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(run(",tryverity"), 0);
	CHECK_EQ(fake_called("fsopen overlay"), 2);
	CHECK_EQ(fake_called("fsopen erofs"), 1);
}

TEST(nothing_else_makes_it_do_without)
{
	static const char *const options_of_must[] = {
		",verity", ",verity,tryverity", ",digest=" AB32,
		",digest=" AB32 ",tryverity"
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(options_of_must); i++) {
		reset();
		fake_when("*verity=require", -EINVAL, FAKE_ALWAYS);
		CHECK_EQ(run(options_of_must[i]), -EOPNOTSUPP);
		CHECK(strstr(err.msg, "Linux 6.6 is needed"));
	}
	reset();
	fake_when("*verity=require", -ENOMEM, 1);
	CHECK_EQ(run(",tryverity"), -ENOMEM);
	reset();
	fake_when("fsconfig overlay CREATE", -EIO, 1);
	CHECK_EQ(run(",tryverity"), -EIO);
}

TEST(owners_are_mapped_between_the_two_mounts)
{
	char more[4300];

	reset();
	snprintf(more, sizeof(more), ",idmap=%s", image);
	CHECK_EQ(run(more), 0);
	CHECK(before("fsmount erofs",
		     "mount_setattr <erofs> set=IDMAP<first>") &&
	      before("mount_setattr <erofs> set=IDMAP<first>",
		     "fsopen overlay"));

	reset();
	fake_when("mount_setattr *", -EPERM, 1);
	CHECK_EQ(run(more), -EPERM);
	CHECK(strstr(err.msg, "map its owners"));
	CHECK_EQ(fake_called("fsopen overlay"), 0);
}

TEST(a_kernel_that_reads_no_files_gets_a_loop_device)
{
	reset();
	fake_when("fsconfig erofs CREATE", -ENOTBLK, 1);
	CHECK_EQ(run(""), 0);
	CHECK_EQ(fake_called("loop_configure /dev/loop0 <second> "
			     "READ_ONLY|AUTOCLEAR|DIRECT_IO *image"),
		 1);
	CHECK_EQ(fake_called("fsconfig erofs SET_STRING source=/dev/loop0"), 1);
}

TEST(whatever_fails_nothing_is_attached)
{
	static const char *const calls[] = {
		"fsopen erofs",
		"fsconfig erofs SET_STRING source=*",
		"fsconfig erofs CREATE",
		"fsmount erofs *",
		"fsopen overlay",
		"fsconfig overlay SET_STRING source=*",
		"fsconfig overlay SET_STRING metacopy=*",
		"fsconfig overlay SET_FD lowerdir+=*",
		"fsconfig overlay SET_FD datadir+=*",
		"fsconfig overlay CREATE",
		"fsmount overlay *",
		"move_mount *",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(calls); i++) {
		reset();
		fake_when(calls[i], -ENOMEM, FAKE_ALWAYS);
		CHECK_EQ(run(""), -ENOMEM);
		CHECK_EQ(fake_attached(), 0);
		CHECK(strstr(err.msg, "Failed to mount composefs"));
		CHECK(strstr(err.msg, "Cannot allocate memory"));
	}
}

TEST(what_is_no_image_is_refused_before_the_kernel_sees_it)
{
	reset();
	CHECK_EQ(truncate(image, 31), 0);
	CHECK_EQ(run(""), -EINVAL);
	CHECK(!*fake_calls());
	CHECK(strstr(err.msg, "it is no composefs image"));
}

/* Runs the words of @line. */
static int run_line(const char *line)
{
	char copy[256], *argv[16] = { NULL }, *save = NULL;
	int argc = 0;

	reset();
	snprintf(copy, sizeof(copy), "%s", line);
	for (char *w = strtok_r(copy, " ", &save); w;
	     w = strtok_r(NULL, " ", &save))
		argv[argc++] = w;
	return cmd_mount_composefs(argc, argv, &err);
}

TEST(a_fake_mount_asks_nothing_of_the_kernel)
{
	CHECK_EQ(run_line("m /none /mnt -f -v -s -n -o basedir=/none"), 0);
	CHECK(!*fake_calls());
}

TEST(sloppy_mounts_ignore_unknown_options)
{
	CHECK_EQ(run_line("m /none /mnt -f -o basedir=/none,odd=1"), -EINVAL);
	CHECK(strstr(err.msg, "Unsupported option odd"));
	CHECK_EQ(run_line("m /none /mnt -f -s -o basedir=/none,odd=1"), 0);
	CHECK_EQ(run_line("m /none /mnt -f -o basedir=/none,odd=1 -s"), 0);
}

TEST(wrong_arguments_are_told_from_wrong_work)
{
	static const struct {
		const char *line;
		int code;
		const char *words;
	} rows[] = {
		{ "m a b -t ext4", EINVAL, "Unsupported fs type 'ext4'" },
		{ "m a b -t composefs2", EINVAL,
		  "Unsupported fs type 'composefs2'" },
		{ "m -t composefs.x", CFS_EUSAGE, "No source path specified" },
		{ "m a", CFS_EUSAGE, "No mount path specified" },
		{ "m a b", CFS_EUSAGE, "No object dirs specified" },
		{ "m -o basedir=x a b -- c", CFS_EUSAGE, "Too many arguments" },
		{ "m -x", CFS_EUSAGE, "m: invalid option -- 'x'" },
		{ "m a b -o", CFS_EUSAGE,
		  "m: option requires an argument -- 'o'" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		CHECK_EQ(run_line(rows[i].line), -rows[i].code);
		CHECK(!strcmp(err.msg, rows[i].words) && !*fake_calls());
	}
}
