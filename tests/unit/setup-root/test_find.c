/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/find.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/fake/kernel.h"
#include "tests/test.h"
#include "tests/unit/setup-root/boot.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B32 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define A64 A32 A32
#define B64 B32 B32

static struct cfs_err err;
static struct cfs_boot boot;
static char base[2048], said[8192];
static int log_fd = -EBADF;

/* An empty physical root and the kernel command line @cmdline. */
static void fresh(const char *cmdline)
{
	end_boot(&boot);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	fake = (struct fake_kernel){ .signature_result = -ENODATA };
	snprintf(base, sizeof(base), "%s/find.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(base));
	cfs_closep(&log_fd);
	log_fd = open(base, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	CHECK(log_fd >= 0);
	cfs_config_init(&boot.config);
	boot.config.keys.dirs.n = 0;
	boot.config.etc.mount = boot.config.var.mount = CFS_DIR_NONE;
	cfs_log_init(&boot.log, log_fd, false);
	boot.options.sysroot = base;
	boot.options.config = "/nonexistent";
	boot.options.cmdline = cmdline;
	cfs_buf_adds(&boot.cmdline, cmdline);
	err = (struct cfs_err){ 0 };
}

static const char *log_text(void)
{
	ssize_t n = pread(log_fd, said, sizeof(said) - 1, 0);

	CHECK(n >= 0);
	said[n] = '\0';
	return said;
}

static void make(const char *path)
{
	CFS_AUTOFD int top = open(base, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int made = cfs_make_dirs(top, path, 0755);

	CHECK(made >= 0);
}

/* The physical root has a repository, whose only image is @hex. */
static void make_image(const char *hex)
{
	char link[4096];

	make("composefs/objects");
	make("composefs/images");
	snprintf(link, sizeof(link), "%s/composefs/images/%s", base, hex);
	CHECK(symlink("../objects/image", link) == 0);
	snprintf(link, sizeof(link), "%s/composefs/objects/image", base);
	CHECK(close(open(link, O_CREAT | O_WRONLY | O_CLOEXEC, 0644)) == 0 &&
	      truncate(link, 4096) == 0);
}

/* Goes as far as the image. */
static int find(void)
{
	CHECK(cfs_boot_read_kargs(&boot, &err) == 1);
	CHECK(cfs_boot_open_sysroot(&boot, &err) == 1);
	return cfs_boot_find_image(&boot, &err);
}

TEST(candidates_are_the_images_of_the_command_line_in_order)
{
	fresh("rw composefs.digest=v1-sha256-12:" A64 " composefs=?" B64);
	CHECK(cfs_boot_read_kargs(&boot, &err) == 1);
	CHECK(boot.n_candidates == 2);
	CHECK(boot.candidates[0].karg.version == 1);
	CHECK(!boot.candidates[0].karg.insecure);
	CHECK(boot.candidates[1].karg.insecure);
	CHECK(boot.candidates[1].karg.digest.bytes[0] == 0xbb);
	CHECK(boot.candidates[1].result == CFS_RESULT_UNTRIED);
	fresh("rw quiet");
	CHECK(cfs_boot_read_kargs(&boot, &err) == 0 && boot.n_candidates == 0);
}

TEST(a_malformed_or_forbidden_argument_leaves_no_candidates)
{
	fresh("composefs=" A64 " composefs=x");
	CHECK(cfs_boot_read_kargs(&boot, &err) == -EINVAL);
	CHECK(boot.step == CFS_EXIT_BAD_KARG && boot.n_candidates == 0);
	fresh("composefs=" A64 " composefs=?" B64);
	boot.config.boot.allow_insecure = false;
	CHECK(cfs_boot_read_kargs(&boot, &err) == -EPERM);
	CHECK(boot.step == CFS_EXIT_BAD_KARG && boot.n_candidates == 0);
	CHECK(strstr(err.msg, "composefs=?" B64));
	fresh("composefs.digest=v9-sha256-12:" A64);
	CHECK(cfs_boot_read_kargs(&boot, &err) == -EOPNOTSUPP);
	CHECK(boot.step == CFS_EXIT_BAD_KARG && strstr(err.msg, "v9-sha256"));
}

TEST(that_no_image_is_named_is_worded_with_what_was_perhaps_meant)
{
	fresh("composefs.digset=" A64);
	CHECK(cfs_boot_no_image(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_NO_KARG);
	CHECK(strstr(err.msg, "did you mean composefs.digest?"));
}

TEST(an_unreadable_configuration_still_takes_the_failure_action)
{
	fresh("composefs.onfail=poweroff");
	boot.cmdline.len = 0;
	boot.options.config = "/";
	CHECK(cfs_boot_read_config(&boot, &err) == -EINVAL);
	CHECK(boot.config.failure.action == CFS_FAIL_POWEROFF);
}

TEST(only_a_repository_without_a_system_needs_an_image)
{
	fresh("");
	CHECK(!cfs_boot_needs_image(&boot));
	make("composefs/objects");
	CHECK(cfs_boot_needs_image(&boot));
	make("usr/lib/os-release");
	CHECK(!cfs_boot_needs_image(&boot));
	boot.options.sysroot = "/nonexistent";
	CHECK(!cfs_boot_needs_image(&boot));
}

TEST(a_physical_root_that_is_missing_fails_the_repository)
{
	fresh("composefs=" A64);
	boot.options.sysroot = "/nonexistent";
	CHECK(cfs_boot_open_sysroot(&boot, &err) == -ENOENT);
	CHECK(boot.step == CFS_EXIT_REPO && boot.sysroot_fd < 0);
}

TEST(a_physical_root_without_a_repository_fails_the_repository)
{
	fresh("composefs=" A64);
	CHECK(find() == -ENOENT && boot.step == CFS_EXIT_REPO);
	CHECK(strstr(err.msg, "no composefs repository") && err.cure);
	CHECK(!boot.sysroot.mounted &&
	      strstr(log_text(), "is not a mount point"));
}

TEST(required_certificates_that_are_missing_fail_the_certificates)
{
	fresh("composefs=" A64);
	make_image(A64);
	boot.config.keys.require = true;
	CHECK(find() == -ENOENT && boot.step == CFS_EXIT_CERTS);
}

TEST(images_that_are_not_there_fail_the_selection)
{
	fresh("composefs=" A64);
	make("composefs/objects");
	CHECK(find() == -ENOENT && boot.step == CFS_EXIT_ABSENT);
	CHECK(strstr(err.msg, "the image is not in"));
	fresh("composefs=" A64 " composefs=" B64);
	make("composefs/objects");
	CHECK(find() == -ENOENT && boot.step == CFS_EXIT_ABSENT);
	CHECK(strstr(err.msg, "none of the 2 images"));
}

TEST(an_image_that_the_kernel_vouches_for_is_found)
{
	fresh("composefs=" A64 " composefs=" B64);
	make_image(B64);
	fake.alg = CFS_ALG_SHA256;
	fake.fill = 0xbb;
	CHECK(find() == 0);
	CHECK(cfs_boot_chosen(&boot) == &boot.candidates[1]);
	CHECK(boot.choice.fd >= 0 && boot.choice.verity);
}

TEST(an_image_of_another_digest_or_none_fails_the_verification)
{
	fresh("composefs=" A64);
	make_image(A64);
	fake.alg = CFS_ALG_SHA256;
	fake.fill = 0xbb;
	CHECK(find() == -EBADMSG && boot.step == CFS_EXIT_VERITY);
	CHECK(!strcmp(err.expected, A64) && !strcmp(err.found, B64));
	fresh("composefs=" A64);
	make_image(A64);
	fake.measure_result = -ENODATA;
	CHECK(find() == -EBADMSG && boot.step == CFS_EXIT_VERITY);
}

TEST(a_directory_in_place_of_the_image_is_not_looked_for)
{
	fresh("composefs=" A64);
	boot.options.root_fs = "/";
	CHECK(cfs_boot_find_image(&boot, &err) == 0 && boot.repo.fd < 0);
}
