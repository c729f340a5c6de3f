/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/state.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/stat.h>

#include "mount/upper.h"
#include "tests/fake/mount.h"
#include "tests/test.h"
#include "tests/unit/setup-root/boot.h"

#define A32    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define DEPLOY "state/deploy/" A32 A32

static struct cfs_err err;
static struct cfs_boot boot;
static char base[2048], memory[3072], overlay[3072], scratch[3072];

static void make(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	for (char *s = path + strlen(base) + 1; (s = strchr(s, '/')); s++) {
		*s = '\0';
		CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
		*s = '/';
	}
	CHECK(mkdir(path, 0755) == 0 || errno == EEXIST);
}

static void link_to(const char *target, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	(void)rmdir(path);
	CHECK_EQ(symlink(target, path), 0);
}

static bool is_there(const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", base, name);
	return access(path, F_OK) == 0;
}

static int open_at(const char *name, const char *shown)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", base, name);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fake_name(fd, shown);
}

/* The image that is booted has the digest of @fill bytes. */
static void name_image(int fill)
{
	boot.candidates[0].karg.digest.alg = CFS_ALG_SHA256;
	memset(boot.candidates[0].karg.digest.bytes, fill, 32);
	cfs_digest_to_hex(&boot.candidates[0].karg.digest,
			  boot.candidates[0].hex);
}

/* A root of one overlay over an image, and a disk with a state for it. */
static void fresh(void)
{
	static const char *const dirs[] = {
		"erofs/etc",
		"root/etc",
		"root/var",
		"root/sysroot",
		"disk/composefs/objects",
		"disk/" DEPLOY "/var",
		"memory",
		"overlay",
	};

	CHECK(getenv("TMPDIR"));
	snprintf(base, sizeof(base), "%s/state.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(base));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		make(dirs[i]);
	snprintf(memory, sizeof(memory), "%s/memory", base);
	snprintf(overlay, sizeof(overlay), "%s/overlay", base);
	snprintf(scratch, sizeof(scratch), "%s/scratch", base);
	end_boot(&boot);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	fake_mount_reset();
	fake_mount_is("tmpfs", memory);
	fake_mount_is("overlay", overlay);
	cfs_config_init(&boot.config);
	name_image(0xaa);
	boot.root.fd = open_at("root", "root");
	boot.root.image.fd = open_at("erofs", "image");
	boot.root.scratch.dir = scratch;
	boot.sysroot_fd = open_at("disk", "disk");
	boot.objects_fd = open_at("disk/composefs/objects", "objects");
	boot.choice.verity = true;
	err = (struct cfs_err){ 0 };
}

static int add(void)
{
	return cfs_root_add_state(&boot, &err);
}

static void expect(const char *etc, const char *var)
{
	CHECK_EQ(add(), 0);
	CHECK(!strcmp(cfs_dir_mode_name(boot.root.etc), etc) &&
	      !strcmp(cfs_dir_mode_name(boot.root.var), var));
	CHECK(fake_attached() > 0);
}

static bool told(const char *words)
{
	for (unsigned i = 0; i < boot.root.n_notices; i++)
		if (strstr(boot.root.notices[i], words))
			return true;
	return false;
}

TEST(the_physical_root_is_cloned_with_what_is_mounted_on_it_and_read_only)
{
	fresh();
	CHECK_EQ(add(), 0);
	CHECK(!strncmp(
		fake_calls(),
		"open_tree <disk> CLONE RECURSIVE\n"
		"mount_setattr <disk> RECURSIVE set=RDONLY|NOSUID|NODEV clear= "
		"propagation=0x40000\n"
		"move_mount <disk> ",
		strlen("open_tree <disk> CLONE RECURSIVE\n"
		       "mount_setattr <disk> RECURSIVE set=RDONLY|NOSUID|NODEV "
		       "clear= propagation=0x40000\n"
		       "move_mount <disk> ")));
	CHECK_EQ(boot.root.n_notices, 0);
}

TEST(it_is_writable_by_choice)
{
	fresh();
	boot.config.sysroot.readonly = false;
	CHECK_EQ(add(), 0);
	CHECK_EQ(fake_called("mount_setattr * set=RDONLY|* *"), 0);
}

TEST(a_copied_etc_is_bound)
{
	fresh();
	make("disk/" DEPLOY "/etc/ssh");
	expect("bind", "bind");
	CHECK_EQ(fake_called("fsopen overlay"), 0);
	CHECK_EQ(fake_called("open_tree *"), 3);
	CHECK(!is_there("disk/" DEPLOY "/etc/upper"));
	CHECK(!strcmp(boot.root.state_dir, DEPLOY));
}

TEST(an_etc_with_an_upper_directory_is_an_overlay)
{
	fresh();
	make("disk/" DEPLOY "/etc/upper");
	expect("overlay", "bind");
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING source=overlay"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING index=off"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD lowerdir+=*"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=*"), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING metacopy*"), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity*"), 0);
	CHECK_EQ(fake_called("fsmount overlay "), 1);
}

TEST(an_etc_that_happens_to_have_an_upper_directory_is_bound)
{
	fresh();
	make("disk/" DEPLOY "/etc/upper");
	make("disk/" DEPLOY "/etc/work");
	make("disk/" DEPLOY "/etc/" CFS_UPPER_UNFINISHED);
	expect("overlay", "bind");
	CHECK_EQ(boot.root.n_notices, 0);
	fresh();
	make("disk/" DEPLOY "/etc/upper");
	make("disk/" DEPLOY "/etc/work");
	make("disk/" DEPLOY "/etc/passwd.d");
	expect("bind", "bind");
	CHECK(told("has 'passwd.d' beside upper"));
	/* By the configuration it is what that says. */
	fresh();
	make("disk/" DEPLOY "/etc/upper");
	make("disk/" DEPLOY "/etc/passwd.d");
	boot.config.etc.mount = CFS_DIR_OVERLAY;
	expect("overlay", "bind");
	CHECK_EQ(boot.root.n_notices, 0);
}

TEST(an_etc_that_is_missing_empty_or_unfinished_is_an_overlay)
{
	fresh();
	expect("overlay", "bind");
	CHECK(is_there("disk/" DEPLOY "/etc/work"));
	fresh();
	make("disk/" DEPLOY "/etc");
	expect("overlay", "bind");
	fresh();
	make("disk/" DEPLOY "/etc/" CFS_UPPER_UNFINISHED);
	expect("overlay", "bind");
	CHECK(is_there("disk/" DEPLOY "/etc/upper"));
}

TEST(D4_a_transient_etc_is_stacked_flat)
{
	fresh();
	boot.config.etc.mount = CFS_DIR_TRANSIENT;
	expect("transient", "bind");
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING source=transient"),
		 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=<objects>"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING metacopy=on"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=require"), 1);
	CHECK(!is_there("disk/" DEPLOY "/etc"));
}

TEST(D3_over_a_transient_root_it_is_stacked_on_what_is_visible)
{
	fresh();
	boot.root.kind = CFS_ROOT_TRANSIENT;
	boot.config.etc.mount = CFS_DIR_TRANSIENT;
	boot.config.etc_stack = CFS_STACK_FLAT;
	expect("transient", "bind");
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=*"), 0);
}

TEST(stacks_are_chosen)
{
	fresh();
	boot.config.etc.mount = CFS_DIR_OVERLAY;
	boot.config.etc_stack = CFS_STACK_FLAT;
	expect("overlay", "bind");
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=<objects>"), 1);
	fresh();
	boot.config.etc.mount = CFS_DIR_TRANSIENT;
	boot.config.etc_stack = CFS_STACK_NESTED;
	expect("transient", "bind");
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=*"), 0);
}

TEST(where_two_overlays_are_too_many_etc_becomes_flat)
{
	fresh();
	fake_when("fsconfig overlay CREATE", -EINVAL, 1);
	/* Parsers that take anything are asked about before. */
	fake_when("fsconfig overlay SET_STRING composefs_no_such*", -EINVAL,
		  FAKE_ALWAYS);
	expect("overlay", "bind");
	CHECK_EQ(fake_called("fsconfig overlay CREATE"), 2);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD datadir+=<objects>"), 1);
}

TEST(etc_and_var_share_one_memory)
{
	fresh();
	boot.config.etc.mount = CFS_DIR_TRANSIENT;
	boot.config.var.mount = CFS_DIR_TRANSIENT;
	expect("transient", "transient");
	CHECK_EQ(fake_called("fsopen tmpfs"), 1);
	CHECK_EQ(fake_called("fsopen overlay"), 2);
	CHECK_EQ(boot.root.state_dir[0], '\0');
}

TEST(what_is_the_images_needs_no_state)
{
	fresh();
	boot.config.etc.mount = boot.config.var.mount = CFS_DIR_NONE;
	name_image(0xbb);
	CHECK_EQ(add(), 0);
	CHECK_EQ(boot.root.etc, CFS_DIR_NONE);
	CHECK_EQ(fake_called("move_mount *"), 1);
	CHECK_EQ(boot.root.state_dir[0], '\0');
}

TEST(a_missing_state_directory_is_an_error)
{
	fresh();
	name_image(0xbb);
	CHECK_EQ(add(), -ENOENT);
	CHECK(strstr(err.msg, "state/deploy/bbbb"));
	CHECK(strstr(err.msg, "missing = \"transient\""));
}

TEST(it_may_be_missing_by_configuration)
{
	fresh();
	name_image(0xbb);
	boot.config.state.missing = CFS_MISSING_TRANSIENT;
	expect("transient", "transient");
	CHECK(told("/etc is transient") && told("/var is transient"));
	CHECK_EQ(boot.root.state_dir[0], '\0');
	fresh();
	name_image(0xbb);
	boot.config.state.missing = CFS_MISSING_TRANSIENT;
	boot.config.var.mount = CFS_DIR_NONE;
	expect("transient", "none");
}

TEST(var_may_be_a_link_to_one_that_is_shared)
{
	fresh();
	make("disk/state/os/default/var");
	link_to("../../os/default/var", "disk/" DEPLOY "/var");
	expect("overlay", "bind");
}

TEST(no_link_leads_out_of_the_disk)
{
	static const char *const at[] = { "/var", "/etc", "" };
	char target[4096], name[256];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(at); i++) {
		fresh();
		make("outside/upper");
		snprintf(name, sizeof(name), "disk/" DEPLOY "%s", at[i]);
		snprintf(target, sizeof(target), "%s/outside", base);
		if (!at[i][0]) {
			snprintf(name, sizeof(name),
				 "disk/state/deploy/" A32
				 "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
			memset(boot.candidates[0].hex + 32, 'b', 32);
		}
		link_to(target, name);
		CHECK(add() < 0);
		CHECK_EQ(err.code, ENOENT);
		CHECK(!is_there("outside/work"));
	}
}

TEST(a_link_into_the_repository_or_to_what_holds_it_is_refused)
{
	static const char *const targets[] = {
		"/composefs",	    "/composefs/objects", "/",
		"../../../objects", "../../../alias",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(targets); i++) {
		fresh();
		link_to("composefs/objects", "disk/objects");
		link_to("/composefs", "disk/alias");
		link_to(targets[i], "disk/" DEPLOY "/var");
		CHECK_EQ(add(), -EXDEV);
		CHECK(strstr(err.msg, "repository"));
		fresh();
		link_to("composefs/objects", "disk/objects");
		link_to("/composefs", "disk/alias");
		link_to(targets[i], "disk/" DEPLOY "/etc");
		CHECK_EQ(add(), -EXDEV);
		CHECK(strstr(err.msg, "/etc"));
		CHECK(!is_there("disk/composefs/upper"));
	}
	/* The whole deployment, of which etc is yet to be made. */
	fresh();
	make("disk/composefs/hole/var");
	name_image(0xbb);
	link_to("../../composefs/hole",
		"disk/state/deploy/bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	CHECK_EQ(add(), -EXDEV);
	CHECK(!is_there("disk/composefs/hole/etc"));
}

TEST(a_repository_that_is_a_link_is_known_by_what_it_is)
{
	char path[4096];

	fresh();
	make("disk/state/os/repository");
	snprintf(path, sizeof(path), "%s/disk/composefs/objects", base);
	CHECK_EQ(rmdir(path), 0);
	link_to("state/os/repository", "disk/composefs");
	link_to("/state/os", "disk/" DEPLOY "/var");
	CHECK_EQ(add(), -EXDEV);
}

TEST(var_gets_the_options_that_the_configuration_has_for_it)
{
	static const enum cfs_dir_mode modes[] = { CFS_DIR_OVERLAY,
						   CFS_DIR_TRANSIENT };

	fresh();
	boot.config.var_options = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
	expect("overlay", "bind");
	CHECK_EQ(fake_called("mount_setattr <*> RECURSIVE set=NOSUID|NODEV "
			     "clear=RDONLY *"),
		 1);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(modes); i++) {
		fresh();
		boot.config.var_options = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
		boot.config.var.mount = modes[i];
		CHECK_EQ(add(), 0);
		CHECK_EQ(fake_called("fsmount overlay NOSUID|NODEV"), 1);
		CHECK_EQ(fake_called("fsmount overlay "), 1);
	}
	fresh();
	make("disk/var");
	boot.sysroot.var = true;
	boot.config.var_options = MOUNT_ATTR_NOSUID;
	expect("overlay", "mount");
	CHECK_EQ(fake_called("mount_setattr <*> RECURSIVE set=NOSUID clear= *"),
		 1);
}

/* Its flags are those that /sysroot got when it was booted. */
TEST(state_of_a_running_system_is_bound_without_the_flags_of_sysroot)
{
	fresh();
	boot.options.target = "/target";
	boot.config.etc.mount = CFS_DIR_BIND;
	make("disk/" DEPLOY "/etc");
	expect("bind", "bind");
	CHECK_EQ(fake_called("mount_setattr <*> RECURSIVE set= "
			     "clear=RDONLY|NOSUID|NODEV *"),
		 2);
	fresh();
	boot.options.target = "/target";
	boot.config.var_options = MOUNT_ATTR_NOSUID;
	expect("overlay", "bind");
	CHECK_EQ(fake_called("mount_setattr <*> RECURSIVE set=NOSUID "
			     "clear=RDONLY|NODEV *"),
		 1);
}

TEST(other_files_in_their_place_are_refused_at_once)
{
	static const char *const names[] = { "etc", "var" };
	char path[4096];

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		fresh();
		snprintf(path, sizeof(path), "%s/disk/" DEPLOY "/%s", base,
			 names[i]);
		(void)rmdir(path);
		CHECK_EQ(mkfifo(path, 0600), 0);
		CHECK_EQ(add(), -ENOTDIR);
		CHECK(strstr(err.msg, names[i]));
	}
}

TEST(a_var_that_is_mounted_already_is_carried_over)
{
	fresh();
	make("disk/var");
	boot.sysroot.var = true;
	expect("overlay", "mount");
	CHECK_EQ(fake_called("open_tree * CLONE RECURSIVE"), 2);
	fresh();
	boot.sysroot.var = true;
	boot.config.var.mount = CFS_DIR_NONE;
	expect("overlay", "none");
}

TEST(an_image_without_mount_points_is_told_of)
{
	fresh();
	make("empty");
	cfs_closep(&boot.root.fd);
	boot.root.fd = open_at("empty", "root");
	CHECK_EQ(add(), 0);
	CHECK_EQ(boot.root.n_notices, 3);
	CHECK_EQ(boot.root.etc, CFS_DIR_NONE);
	CHECK_EQ(boot.root.var, CFS_DIR_NONE);
	CHECK(!boot.root.state_dir[0]);
	CHECK(told("no directory /sysroot") && told("no directory /etc") &&
	      told("no directory /var"));
	CHECK_EQ(fake_called("move_mount *"), 0);
}

TEST(an_upper_directory_closed_to_users_is_told_of_once_it_differs)
{
	char path[4096];

	for (int closed = 0; closed < 2; closed++) {
		fresh();
		make("disk/" DEPLOY "/etc/upper");
		snprintf(path, sizeof(path), "%s/disk/" DEPLOY "/etc/upper",
			 base);
		CHECK_EQ(chmod(path, 0700), 0);
		snprintf(path, sizeof(path), "%s/root/etc", base);
		CHECK_EQ(chmod(path, closed ? 0700 : 0755), 0);
		CHECK_EQ(add(), 0);
		CHECK_EQ(told("mode 700"), !closed);
	}
}

TEST(failures_of_mounting_are_errors_that_name_the_place)
{
	static const struct {
		const char *call, *words;
	} at[] = {
		{ "open_tree <disk> *", "physical root" },
		{ "mount_setattr * set=RDONLY|* *", "physical root" },
		{ "fsconfig overlay CREATE", "/etc" },
		{ "move_mount <overlay> *", "/etc" },
		{ "move_mount <disk> *", "/sysroot" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(at); i++) {
		fresh();
		fake_when(at[i].call, -ENOMEM, FAKE_ALWAYS);
		CHECK_EQ(add(), -ENOMEM);
		CHECK(strstr(err.msg, at[i].words));
	}
}

TEST(no_descriptor_is_left_open)
{
	int before;

	fresh();
	before = fake_open_fds();
	CHECK_EQ(add(), 0);
	CHECK_EQ(fake_open_fds(), before);
	fresh();
	before = fake_open_fds();
	fake_when("move_mount <overlay> *", -EPERM, FAKE_ALWAYS);
	CHECK_EQ(add(), -EPERM);
	CHECK_EQ(fake_open_fds(), before);
}
