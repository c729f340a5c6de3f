/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/root.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "setup-root/boot.h"
#include "tests/fake/mount.h"
#include "tests/test.h"
#include "tests/unit/setup-root/boot.h"

#define A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static struct cfs_err err;
static struct cfs_boot boot;
static char base[3072], erofs[4096], overlay[4096], memory[4096], scratch[4096];

static void path_of(char *to, const char *name)
{
	snprintf(to, 4096, "%s/%s", base, name);
}

/* A kernel whose images, overlays and memory are three directories. */
static void fresh(void)
{
	CHECK(getenv("TMPDIR"));
	snprintf(base, sizeof(base), "%s/root.XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(base));
	path_of(erofs, "erofs");
	path_of(overlay, "overlay");
	path_of(memory, "memory");
	path_of(scratch, "scratch");
	CHECK_EQ(mkdir(erofs, 0555), 0);
	CHECK_EQ(mkdir(overlay, 0755), 0);
	CHECK_EQ(mkdir(memory, 0755), 0);
	end_boot(&boot);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	cfs_config_init(&boot.config);
	boot.choice.fd = memfd_create("image", MFD_CLOEXEC);
	boot.choice.verity = true;
	boot.objects_fd = open(base, O_PATH | O_CLOEXEC);
	boot.scratch_dir = scratch;
	CHECK(boot.choice.fd >= 0 && boot.objects_fd >= 0);
	memset(boot.candidates[0].hex, 'a', 64);
	fake_mount_reset();
	fake_mount_is("erofs", erofs);
	fake_mount_is("overlay", overlay);
	fake_mount_is("tmpfs", memory);
	fake_name(boot.choice.fd, "image");
	fake_name(boot.objects_fd, "objects");
	err = (struct cfs_err){ 0 };
}

TEST(an_ordinary_root_is_one_read_only_overlay)
{
	fresh();
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	CHECK_EQ(boot.root.kind, CFS_ROOT_IMAGE);
	CHECK(boot.root.tmpfs_fd < 0);
	CHECK(!strcmp(fake_calls(),
		      "fsopen erofs\n"
		      "fsconfig erofs SET_STRING source=<image>\n"
		      "fsconfig erofs CREATE\n"
		      "fsmount erofs \n"
		      "fsopen overlay\n"
		      "fsconfig overlay SET_STRING source=composefs:" A32 A32
		      "\n"
		      "fsconfig overlay SET_STRING metacopy=on\n"
		      "fsconfig overlay SET_STRING verity=require\n"
		      "fsconfig overlay SET_FD lowerdir+=<erofs>\n"
		      "fsconfig overlay SET_FD datadir+=<objects>\n"
		      "fsconfig overlay CREATE\n"
		      "fsmount overlay RDONLY\n"));
	cfs_root_close(&boot.root);
}

TEST(D4_a_transient_root_is_one_overlay_too)
{
	fresh();
	boot.config.root.transient = true;
	snprintf(boot.config.root.tmpfs_size,
		 sizeof(boot.config.root.tmpfs_size), "9%%");
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	CHECK_EQ(boot.root.kind, CFS_ROOT_TRANSIENT);
	CHECK(boot.root.tmpfs_fd >= 0);
	CHECK_EQ(fake_called("fsopen overlay"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING source=transient:"
			     "composefs=" A32 A32),
		 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity=require"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING index=off"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=*"), 1);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD workdir=*"), 1);
	CHECK_EQ(fake_called("fsconfig * userxattr*"), 0);
	CHECK_EQ(fake_called("fsmount overlay "), 1);
	CHECK_EQ(fake_called("fsconfig tmpfs SET_STRING mode=0755"), 1);
	CHECK_EQ(fake_called("fsconfig tmpfs SET_STRING size=9%"), 1);
	cfs_root_close(&boot.root);
}

TEST(a_transient_root_looks_like_the_image)
{
	char upper[4200];
	struct stat st;

	fresh();
	boot.config.root.transient = true;
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	snprintf(upper, sizeof(upper), "%s/root/upper", memory);
	CHECK_EQ(stat(upper, &st), 0);
	CHECK_EQ((st.st_mode & 07777), 0555);
	cfs_root_close(&boot.root);
}

TEST(a_transient_ro_root_is_writable_memory_mounted_read_only)
{
	fresh();
	boot.config.root.transient_ro = true;
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	CHECK_EQ(boot.root.kind, CFS_ROOT_TRANSIENT_RO);
	CHECK_EQ(fake_called("fsconfig overlay SET_FD upperdir=*"), 1);
	CHECK_EQ(fake_called("fsmount overlay RDONLY"), 1);
	cfs_root_close(&boot.root);
}

TEST(an_unverified_root_has_no_verity_option)
{
	fresh();
	boot.choice.verity = false;
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING verity*"), 0);
	cfs_root_close(&boot.root);
}

TEST(a_directory_of_the_callers_is_cloned)
{
	fresh();
	boot.root_fs_fd = fake_name(open(overlay, O_PATH | O_CLOEXEC), "given");
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	CHECK(!strcmp(fake_calls(), "open_tree <given> CLONE\n"
				    "mount_setattr <given> set= clear= "
				    "propagation=0x40000\n"));
	(void)close(boot.root_fs_fd);
	cfs_root_close(&boot.root);
}

TEST(a_failure_leaves_nothing_behind)
{
	static const char *const at[] = { "fsopen overlay", "fsmount overlay*",
					  "fsconfig overlay CREATE",
					  "fsconfig tmpfs CREATE",
					  "fsmount erofs*" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(at); i++) {
		fresh();
		int before = fake_open_fds();

		boot.config.root.transient = true;
		fake_when(at[i], -ENOSPC, FAKE_ALWAYS);
		CHECK_EQ(cfs_root_make(&boot, &err), -ENOSPC);
		cfs_root_close(&boot.root);
		CHECK_EQ(fake_open_fds(), before);
		CHECK_EQ(fake_attached(), 0);
		CHECK(access(scratch, F_OK) < 0);
	}
}

TEST(memory_is_made_once_with_a_directory_for_each)
{
	struct stat st;
	char path[4200];
	int a, b;

	(void)fresh();
	a = cfs_root_memory(&boot.root, &boot.config, "etc", &err);
	b = cfs_root_memory(&boot.root, &boot.config, "var", &err);
	CHECK(a >= 0);
	CHECK(b >= 0);
	CHECK_EQ(fake_called("fsopen tmpfs"), 1);
	snprintf(path, sizeof(path), "%s/var", memory);
	CHECK_EQ(stat(path, &st), 0);
	CHECK_EQ((st.st_mode & 07777), 0700);
	(void)close(a);
	(void)close(b);
	cfs_root_close(&boot.root);
}

/* A made root, with a mount to put into it. */
static int made(void)
{
	int child;

	fresh();
	CHECK_EQ(cfs_root_make(&boot, &err), 0);
	child = open("/dev/null", O_PATH | O_CLOEXEC);
	CHECK(child >= 0);
	return fake_name(child, "child");
}

TEST(a_child_is_put_onto_the_tree_that_nobody_sees)
{
	int child = made();

	CHECK_EQ(mkdirat(boot.root.fd, "etc", 0755), 0);
	CHECK_EQ(cfs_root_put(&boot.root, child, "etc", &err), 1);
	CHECK_EQ(fake_called("move_mount <child> *"), 1);
	CHECK(fcntl(child, F_GETFD) < 0);
	CHECK(access(scratch, F_OK) < 0);
	cfs_root_close(&boot.root);
}

TEST(where_that_is_impossible_the_root_is_attached_at_a_private_place_first)
{
	int child = made();
	const char *calls, *first, *attach, *again;

	CHECK_EQ(mkdirat(boot.root.fd, "etc", 0755), 0);
	fake_when("move_mount <child> *", -EINVAL, 1);
	CHECK_EQ(cfs_root_put(&boot.root, child, "etc", &err), 1);
	calls = fake_calls();
	first = strstr(calls, "move_mount <child>");
	attach = strstr(calls, "move_mount <overlay> ");
	again = first ? strstr(first + 1, "move_mount <child>") : NULL;
	CHECK(first && attach && again && first < attach && attach < again);
	CHECK(strstr(attach, scratch));
	CHECK_EQ(fake_called("mount_setattr <*> set= clear= "
			     "propagation=0x40000"),
		 1);
	cfs_root_close(&boot.root);
	CHECK_EQ(fake_called("detach *"), 1);
}

TEST(an_image_without_the_directory_gets_no_child)
{
	int child = made();

	CHECK_EQ(cfs_root_put(&boot.root, child, "etc", &err), 0);
	CHECK_EQ(fake_called("move_mount <child> *"), 0);
	CHECK(fcntl(child, F_GETFD) < 0);
	cfs_root_close(&boot.root);
}

TEST(a_link_of_the_image_leads_to_no_mount_point)
{
	int child = made();

	CHECK_EQ(symlinkat("/", boot.root.fd, "run"), 0);
	CHECK_EQ(cfs_root_put(&boot.root, child, "run/etc", &err), -ELOOP);
	CHECK_EQ(fake_called("move_mount <child> *"), 0);
	cfs_root_close(&boot.root);
}

/* The calls of attaching alone. */
static const char *attach(bool replace, int want)
{
	size_t before = strlen(fake_calls());

	CHECK_EQ(cfs_root_attach(&boot.root, "/sysroot", replace, &err), want);
	cfs_root_close(&boot.root);
	return fake_calls() + before;
}

TEST(the_old_mount_is_taken_from_above_the_new_one)
{
	(void)close(made());
	CHECK(!strcmp(attach(true, 0), "move_mount <overlay> /sysroot BENEATH\n"
				       "detach /sysroot\n"));
}

TEST(where_that_is_impossible_it_is_taken_away_before)
{
	(void)close(made());
	fake_when("move_mount * BENEATH", -EINVAL, 1);
	CHECK(!strcmp(attach(true, 0),
		      "move_mount <overlay> /sysroot BENEATH -> -EINVAL\n"
		      "detach /sysroot\n"
		      "move_mount <overlay> /sysroot\n"));
}

TEST(D14_elsewhere_nothing_is_taken_away)
{
	(void)close(made());
	CHECK(!strcmp(attach(false, 0), "move_mount <overlay> /sysroot\n"));
}

TEST(a_root_that_cannot_be_attached_is_an_error)
{
	(void)close(made());
	fake_when("move_mount *", -EBUSY, FAKE_ALWAYS);
	(void)attach(false, -EBUSY);
	CHECK(strstr(err.msg, "/sysroot"));
}

TEST(notices_beyond_the_last_are_dropped)
{
	(void)fresh();
	for (int i = 0; i < CFS_ROOT_NOTICES + 3; i++)
		cfs_root_notice(&boot.root, "notice %d", i);
	CHECK_EQ(boot.root.n_notices, CFS_ROOT_NOTICES);
	CHECK(!strcmp(boot.root.notices[CFS_ROOT_NOTICES - 1], "notice 7"));
}
