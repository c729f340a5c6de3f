/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/setup-root/config.h"

#include <linux/mount.h>

static struct cfs_err err;
static struct cfs_config config;
static struct cfs_log logger;
static char said[4096];

static void open_log(void)
{
	int fd = open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	CHECK(fd >= 0);
	cfs_log_init(&logger, fd, false);
}

static void close_log(void)
{
	ssize_t n = pread(logger.fd, said, sizeof(said) - 1, 0);

	CHECK(n >= 0);
	said[n] = '\0';
	close(logger.fd);
}

static int parse(const char *text)
{
	int r;

	open_log();
	r = config_load(&config, text, &logger, &err);
	close_log();
	return r;
}

static bool refused(const char *text, const char *words)
{
	bool good = parse(text) == -EINVAL && strstr(err.msg, words);

	if (!good)
		printf("# %s\n# %s\n", text, err.msg);
	return good;
}

TEST(defaults_are_those_of_the_manual)
{
	CHECK_EQ(parse(""), 0);
	CHECK_EQ(said[0], '\0');
	CHECK(config.boot.allow_insecure && !config.root.transient);
	CHECK(!config.root.transient_ro);
	CHECK_STR(config.root.tmpfs_size, "25%");
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	CHECK_EQ(config.etc_stack, CFS_STACK_AUTO);
	CHECK_EQ(config.var.mount, CFS_DIR_BIND);
	CHECK_EQ(config.var_options, 0);
	CHECK(config.sysroot.readonly);
	CHECK_STR(config.sysroot.mountpoint, "sysroot");
	CHECK_EQ(config.state.missing, CFS_MISSING_FAIL);
	CHECK_EQ(config.keys.dirs.n, 2);
	CHECK(config.keys.restrict_ring);
	CHECK(!config.keys.require && !config.keys.require_signed);
	CHECK(config.probe.enable);
	CHECK_EQ(config.probe.paths.n, 0);
	CHECK_EQ(config.failure.action, CFS_FAIL_EMERGENCY);
	CHECK_EQ(config.failure.delay, 10);
}

TEST(every_key_can_be_set)
{
	CHECK_EQ(parse("[boot]\nallow-insecure = false\n"
		       "[root]\ntransient = true\ntmpfs-size = '512m'\n"
		       "[etc]\nmount = 'overlay'\nstack = 'flat'\n"
		       "[var]\nmount = 'none'\noptions = 'nosuid,noexec'\n"
		       "[sysroot]\nreadonly = false\nmountpoint = 'phys'\n"
		       "[state]\nmissing = 'transient'\n"
		       "[keys]\ndirs = ['/a', '/b', '/c']\nrestrict = false\n"
		       "require = true\nrequire-signed = true\n"
		       "[probe]\nenable = false\npaths = ['usr/bin/x']\n"
		       "[failure]\naction = 'reboot-if-counting'\ndelay = 0\n"),
		 0);
	CHECK_EQ(said[0], '\0');
	CHECK(!config.boot.allow_insecure && config.root.transient);
	CHECK_STR(config.root.tmpfs_size, "512m");
	CHECK_EQ(config.etc.mount, CFS_DIR_OVERLAY);
	CHECK_EQ(config.etc_stack, CFS_STACK_FLAT);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	CHECK_EQ(config.var_options, (MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC));
	CHECK(!config.sysroot.readonly);
	CHECK_STR(config.sysroot.mountpoint, "phys");
	CHECK_EQ(config.state.missing, CFS_MISSING_TRANSIENT);
	CHECK_EQ(config.keys.dirs.n, 3);
	CHECK(!config.keys.restrict_ring);
	CHECK_STR(config.keys.dirs.v[2], "/c");
	CHECK(config.keys.require && config.keys.require_signed);
	CHECK(!config.probe.enable);
	CHECK_EQ(config.probe.paths.n, 1);
	CHECK_EQ(config.failure.action, CFS_FAIL_REBOOT_IF_COUNTING);
	CHECK_EQ(config.failure.delay, 0);
	CHECK_EQ(parse("root.transient-ro = true"), 0);
	CHECK(config.root.transient_ro);
}

/* Source: composefs-rs crates/composefs-setup-root and bootc's fork. */
TEST(files_of_upstream_and_bootc_mean_the_same)
{
	CHECK_EQ(parse("[etc]\ntransient = true\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_TRANSIENT);
	CHECK_EQ(parse("[etc]\ntransient = true\nmount = 'bind'\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_BIND);
	CHECK_EQ(parse("[etc]\nmount = 'bind'\ntransient = true\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_BIND);
	CHECK_EQ(parse("[etc]\ntransient = false\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	CHECK_EQ(parse("var.transient = true\n"), 0);
	CHECK_EQ(config.var.mount, CFS_DIR_TRANSIENT);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	CHECK_EQ(parse("etc.mount = 'root'\nvar.mount = 'volatile'\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_NONE);
	CHECK_EQ(config.var.mount, CFS_DIR_TRANSIENT);
	CHECK_STR(cfs_dir_mode_name(config.etc.mount), "none");
	CHECK_STR(cfs_dir_mode_name(config.var.mount), "transient");
}

TEST(wrong_types_are_refused_where_they_stand)
{
	CHECK(refused("[root]\ntransient = 'yes'",
		      "conf: line 2, column 13: root.transient must be true "
		      "or false"));
	CHECK(refused("etc.mount = true", "must be a string"));
	CHECK(refused("keys.dirs = 'x'",
		      "must be an array of at most 16 strings"));
	CHECK(refused("keys.dirs = 1",
		      "must be an array of at most 16 strings"));
	CHECK(refused("failure.delay = '5'", "must be an integer"));
	CHECK(refused("etc.transient = 1", "must be true or false"));
	CHECK(refused("failure.delay = -1", "0 to 3600"));
	CHECK(refused("failure.delay = 3601", "0 to 3600"));
}

TEST(wrong_words_are_answered_with_the_right_ones)
{
	CHECK(refused("var.mount = 'tmpfs'",
		      "var.mount cannot be \"tmpfs\": choose one of auto, "
		      "none, bind, overlay, transient, root, volatile"));
	CHECK(refused("failure.action = 'next'", "emergency, reboot"));
	CHECK(refused("etc.stack = ''", "auto, nested, flat"));
	CHECK(refused("state.missing = 'ok'", "fail, transient"));
}

TEST(mount_options_of_var_are_words_apart_by_commas)
{
	CHECK_EQ(parse("var.options = 'nodev,,nodev'"), 0);
	CHECK_EQ(config.var_options, MOUNT_ATTR_NODEV);
	CHECK_EQ(parse("var.options = ''"), 0);
	CHECK_EQ(config.var_options, 0);
	CHECK(refused("var.options = 'nosuid,ro'",
		      "var.options cannot be \"ro\": choose one of nosuid, "
		      "nodev, noexec"));
	CHECK(refused("var.options = 'nosuid nodev'", "var.options"));
	CHECK(refused("var.options = ['nosuid']", "string"));
}

TEST(tmpfs_sizes_are_checked_before_the_kernel_sees_them)
{
	CHECK_EQ(parse("root.tmpfs-size = '1048576'"), 0);
	CHECK_EQ(parse("root.tmpfs-size = '50%'"), 0);
	CHECK_EQ(parse("root.tmpfs-size = '2G'"), 0);
	CHECK(refused("root.tmpfs-size = ''", "empty"));
	CHECK(refused("root.tmpfs-size = '25%%'", "percentage"));
	CHECK(refused("root.tmpfs-size = '1g,mode=777'", "percentage"));
	CHECK(refused("root.tmpfs-size = '-1'", "percentage"));
	CHECK(refused("root.tmpfs-size = '/25%'", "\"/25%\""));
	CHECK(refused("root.tmpfs-size = '99999999999999999999'",
		      "percentage"));
}

TEST(the_mountpoint_is_relative_to_the_new_root)
{
	CHECK_EQ(parse("sysroot.mountpoint = '/phys/root'"), 0);
	CHECK_STR(config.sysroot.mountpoint, "phys/root");
	CHECK(refused("sysroot.mountpoint = '/'", "\"/\": empty"));
}

TEST(transient_and_transient_ro_exclude_each_other)
{
	CHECK(refused("[root]\ntransient = true\ntransient-ro = true",
		      "exclude each other"));
}

TEST(files_that_other_programs_write_are_read_past)
{
	CHECK_EQ(parse("\xef\xbb\xbf[etc]\r\nmount = 'bind'\r\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_BIND);
	CHECK_EQ(parse("[mine]\na = 1.5\nb = 0x10\nc = 1979-05-27\n"
		       "d = [1, {x = 2}]\ne = \"\"\"\nx\n\"\"\"\n"
		       "[[others]]\nx = 1\n[[others]]\nx = 2\n"
		       "[etc]\nmount = 'none'\n"),
		 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_NONE);
	CHECK(strstr(said, "unknown key mine.a") &&
	      strstr(said, "unknown key others[].x"));
	/* Not the table that settings are read from. */
	CHECK_EQ(parse("[[etc]]\nmount = 'bind'\n"), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	CHECK(strstr(said, "etc[].mount"));
	CHECK(refused("failure.delay = 1.5", "must be an integer"));
	CHECK(refused("etc.mount = 1979-05-27", "must be a string"));
	CHECK(refused("keys.dirs = ['a', 1]", "must be an array"));
	CHECK_EQ(parse("failure.delay = 0x10"), 0);
	CHECK_EQ(config.failure.delay, 16);
}

TEST(a_key_is_set_once_in_a_file)
{
	CHECK(refused("etc.mount = 'bind'\n[etc]\nmount = 'none'",
		      "conf: line 2, column 5: this name is defined already"));
	CHECK(refused("var.transient = true\nvar.transient = true",
		      "defined already"));
}

TEST(unknown_keys_are_warned_of_with_the_likely_one)
{
	CHECK_EQ(parse("[etc]\nmuont = 'bind'\n"), 0);
	CHECK(strstr(said, "conf: line 2, column 9: unknown key etc.muont is "
			   "ignored (did you mean etc.mount?)"));
	CHECK_EQ(parse("colour = 'red'"), 0);
	CHECK(strstr(said, "unknown key colour") && !strstr(said, "mean"));
	CHECK_EQ(parse("[keys]\nrequire_signed = true"), 0);
	CHECK(strstr(said, "did you mean keys.require-signed?"));
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
}

static char dir[4096];

static void put(const char *name, const char *text)
{
	char path[8192];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

static int load(void)
{
	char path[8192];
	int r;

	snprintf(path, sizeof(path), "%s/conf.toml", dir);
	open_log();
	cfs_config_init(&config);
	r = cfs_config_load(&config, path, &logger, &err);
	close_log();
	return r;
}

static void make_dir(void)
{
	snprintf(dir, sizeof(dir), "%s/config-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
}

TEST(absent_files_leave_the_defaults)
{
	make_dir();
	CHECK_EQ(load(), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_AUTO);
	CHECK_EQ(said[0], '\0');
}

TEST(drop_ins_are_read_in_name_order_over_the_file)
{
	char path[8192];

	make_dir();
	snprintf(path, sizeof(path), "%s/conf.d", dir);
	CHECK_EQ(mkdir(path, 0755), 0);
	put("conf.toml", "[etc]\nmount = 'bind'\n[var]\nmount = 'none'\n");
	put("conf.d/20-b.toml", "etc.mount = 'none'\n");
	put("conf.d/10-a.toml", "etc.mount = 'overlay'\nkeys.dirs = []\n");
	put("conf.d/30-c.toml.bak", "etc.mount = 'transient'\n");
	put("conf.d/.hidden.toml", "etc.mount = 'transient'\n");
	CHECK_EQ(load(), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_NONE);
	CHECK_EQ(config.var.mount, CFS_DIR_NONE);
	CHECK_EQ(config.keys.dirs.n, 0);
	put("conf.d/40-d.toml", "etc.mount = \n");
	CHECK_EQ(load(), -EINVAL);
	CHECK(strstr(err.msg, "conf.d/40-d.toml: line 1, column 13"));
}

TEST(a_shorthand_in_a_drop_in_does_not_undo_a_mount)
{
	char path[8192];

	make_dir();
	snprintf(path, sizeof(path), "%s/conf.d", dir);
	CHECK_EQ(mkdir(path, 0755), 0);
	put("conf.toml", "etc.mount = 'bind'\n");
	put("conf.d/a.toml", "etc.transient = true\nvar.transient = true\n");
	CHECK_EQ(load(), 0);
	CHECK_EQ(config.etc.mount, CFS_DIR_BIND);
	CHECK_EQ(config.var.mount, CFS_DIR_TRANSIENT);
}

TEST(oversized_and_odd_files_are_refused)
{
	char path[8192];
	CFS_AUTOFREE char *big = malloc(CFS_CONFIG_MAX + 2);

	CHECK(big);
	memset(big, '\n', CFS_CONFIG_MAX + 1);
	big[CFS_CONFIG_MAX + 1] = '\0';
	make_dir();
	put("conf.toml", big);
	CHECK_EQ(load(), -EFBIG);
	snprintf(path, sizeof(path), "%s/conf.toml", dir);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkfifo(path, 0644), 0);
	CHECK_EQ(load(), -EINVAL);
}

TEST(actions_have_their_names)
{
	enum cfs_fail_action action = CFS_FAIL_EMERGENCY;

	CHECK(cfs_config_action("poweroff", &action));
	CHECK_EQ(action, CFS_FAIL_POWEROFF);
	CHECK(!cfs_config_action("next", &action));
	CHECK_EQ(action, CFS_FAIL_POWEROFF);
}
