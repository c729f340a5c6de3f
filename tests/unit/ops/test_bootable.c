/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/bootable.h"

#include "tests/unit/ops/notes.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;

static int check(const char *dir, enum cfs_lint lint, bool made)
{
	const struct cfs_root params = {
		.path = dir, .lint = lint, .made = made, .notes = &notes
	};
	CFS_AUTOFD int fd = open_dir(dir);

	notes_clear();
	return cfs_check_bootable(fd, &params, &err);
}

/* A directory with all without which no bootable image can be made. */
static const char *make_root(void)
{
	const char *dir = fresh_dir();

	make_dir(dir, "usr");
	make_dir(dir, "boot");
	make_dir(dir, "sysroot");
	return dir;
}

/* One that boots. */
static const char *make_system(void)
{
	static const char *const dirs[] = { "dev", "proc", "run",     "sys",
					    "etc", "var",  "usr/lib", "sbin" };
	const char *dir = make_root();
	CFS_AUTOFREE char *init = below(dir, "sbin/init");

	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		make_dir(dir, dirs[i]);
	put(dir, "usr/lib/os-release", "");
	put(dir, "sbin/init", "");
	CHECK(chmod(init, 0755) == 0);
	return dir;
}

TEST(the_root_of_a_system_is_fine)
{
	CHECK(check(make_system(), CFS_LINT_AUTO, false) == 0);
	CHECK(notes_seen == 0);
}

TEST(what_a_system_can_do_without_is_a_note_and_not_an_error)
{
	const char *dir = make_root();

	CHECK(check(dir, CFS_LINT_AUTO, false) == 0);
	CHECK(strstr(notes_what(CFS_NOTE_NO_STATE), "no /etc, no /var"));
	CHECK(strstr(notes_what(CFS_NOTE_NO_BOOT), "no /sbin/init"));
	CHECK(check(dir, CFS_LINT_OFF, false) == 0 && notes_seen == 0);
}

TEST(a_system_that_would_not_boot_is_refused_with_all_that_is_missing)
{
	const char *dir = make_system();
	CFS_AUTOFREE char *dev = below(dir, "dev");
	CFS_AUTOFREE char *proc = below(dir, "proc");

	CHECK(rmdir(dev) == 0 && rmdir(proc) == 0);
	CHECK(check(dir, CFS_LINT_AUTO, false) == -ENOENT);
	CHECK(strstr(err.msg, "no /dev, no /proc"));
	CHECK(strstr(err.msg, "mkdir dev proc"));
	CHECK(check(dir, CFS_LINT_WARN, false) == 0);
	CHECK(check(dir, CFS_LINT_AUTO, true) == 0);
}

TEST(without_what_an_image_needs_no_lint_helps)
{
	const char *dir = fresh_dir();

	make_dir(dir, "usr");
	CHECK(check(dir, CFS_LINT_OFF, false) == -ENOENT);
	CHECK(strstr(err.msg, "no /boot, no /sysroot"));
}

TEST(an_init_that_cannot_run_is_no_init)
{
	const char *dir = make_system();
	CFS_AUTOFREE char *init = below(dir, "sbin/init");

	CHECK(chmod(init, 0644) == 0);
	CHECK(check(dir, CFS_LINT_AUTO, false) == -ENOENT);
	CHECK(strstr(err.msg, "no program at /sbin/init"));
}

TEST(an_fstab_that_mounts_the_root_is_noted_with_its_line)
{
	const char *dir = make_system();

	put(dir, "etc/fstab", "# /dev/x / ext4\n/dev/x\t/ ext4\n");
	CHECK(check(dir, CFS_LINT_AUTO, false) == 0);
	CHECK(notes_n(CFS_NOTE_FSTAB) == 2);
}
