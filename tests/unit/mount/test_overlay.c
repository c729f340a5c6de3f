/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/overlay.h"

#include <linux/mount.h>
#include <unistd.h>

#include "tests/fake/mount.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_scratch scratch;
static enum cfs_layer_api api;
static char dir[4096];

enum {
	LOWER = 100,
	DATA,
	MORE,
	UPPER,
	WORK,
	TMPFS
};

static const int data[] = { DATA, MORE };

/* What a verified root asks for. */
static struct cfs_overlay_params reset(void)
{
	fake_mount_reset();
	fake_name(LOWER, "erofs");
	fake_name(DATA, "objects");
	fake_name(MORE, "more");
	fake_name(UPPER, "upper");
	fake_name(WORK, "work");
	fake_name(TMPFS, "memory");
	err = (struct cfs_err){ 0 };
	api = CFS_LAYERS_FD;
	snprintf(dir, sizeof(dir), "%s/overlay", getenv("TMPDIR"));
	cfs_scratch_close(&scratch);
	scratch = (struct cfs_scratch){ .dir = dir };
	return (struct cfs_overlay_params){
		.source = "composefs:ab",
		.lower_fd = LOWER,
		.data_fds = data,
		.n_data = 1,
		.upper_fd = -1,
		.work_fd = -1,
		.verity = true,
		.attr = MOUNT_ATTR_RDONLY,
		.mounts = { LOWER, -1 },
	};
}

/* Mounts and forgets; returns 0 or the error. */
static int mount_it(const struct cfs_overlay_params *p)
{
	CFS_AUTOFD int fd = cfs_overlay_mount(p, &scratch, &api, &err);

	return fd < 0 ? fd : 0;
}

/* Takes away the places that are really made on no file system at all. */
static void clean(void)
{
	char path[4200];

	for (int i = 0; i < CFS_SCRATCH_MAX; i++) {
		snprintf(path, sizeof(path), "%s/%d", dir, i);
		(void)rmdir(path);
	}
	cfs_scratch_close(&scratch);
	CHECK_EQ(fake_attached(), 0);
}

/* Linux before 6.15 in the order of its refusals. */
static void before_6_15(void)
{
	fake_when("fsconfig overlay SET_FD *", -EBADF, FAKE_ALWAYS);
}

static void before_6_7(void)
{
	fake_when("fsconfig overlay SET_FD *", -EINVAL, FAKE_ALWAYS);
	fake_when("fsconfig overlay SET_STRING lowerdir+=*", -EINVAL,
		  FAKE_ALWAYS);
}

TEST(a_verified_root_by_descriptors)
{
	struct cfs_overlay_params p = reset();

	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_FD);
	CHECK(!strcmp(fake_calls(),
		      "fsopen overlay\n"
		      "fsconfig overlay SET_STRING source=composefs:ab\n"
		      "fsconfig overlay SET_STRING metacopy=on\n"
		      "fsconfig overlay SET_STRING verity=require\n"
		      "fsconfig overlay SET_FD lowerdir+=<erofs>\n"
		      "fsconfig overlay SET_FD datadir+=<objects>\n"
		      "fsconfig overlay CREATE\n"
		      "fsmount overlay RDONLY\n"));
}

TEST(an_upper_layer_comes_before_the_lower_and_without_an_index)
{
	struct cfs_overlay_params p = reset();

	p.upper_fd = UPPER;
	p.work_fd = WORK;
	p.attr = 0;
	CHECK_EQ(mount_it(&p), 0);
	CHECK(!strcmp(fake_calls(),
		      "fsopen overlay\n"
		      "fsconfig overlay SET_STRING source=composefs:ab\n"
		      "fsconfig overlay SET_STRING metacopy=on\n"
		      "fsconfig overlay SET_STRING verity=require\n"
		      "fsconfig overlay SET_STRING index=off\n"
		      "fsconfig overlay SET_FD workdir=<work>\n"
		      "fsconfig overlay SET_FD upperdir=<upper>\n"
		      "fsconfig overlay SET_FD lowerdir+=<erofs>\n"
		      "fsconfig overlay SET_FD datadir+=<objects>\n"
		      "fsconfig overlay CREATE\n"
		      "fsmount overlay \n"));
}

TEST(without_a_data_layer_nothing_is_redirected)
{
	struct cfs_overlay_params p = reset();

	p.n_data = 0;
	p.verity = false;
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("*metacopy*"), 0);
	CHECK_EQ(fake_called("*verity*"), 0);
	CHECK_EQ(fake_called("*datadir*"), 0);
	CHECK_EQ(fake_called("*index*"), 0);
}

TEST(refused_descriptors_become_strings_of_attached_mounts)
{
	/* 6.12, 6.13 with O_PATH, 6.1. */
	static const int codes[] = { -EINVAL, -EBADF, -EOPNOTSUPP };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(codes); i++) {
		struct cfs_overlay_params p = reset();

		fake_when("fsconfig overlay SET_FD *", codes[i], FAKE_ALWAYS);
		CHECK_EQ(mount_it(&p), 0);
		CHECK_EQ(api, CFS_LAYERS_STRING);
		CHECK_EQ(fake_called("move_mount <erofs> */overlay/0"), 1);
		CHECK_EQ(fake_called("fsconfig overlay SET_STRING "
				     "lowerdir+=<erofs>"),
			 1);
		CHECK_EQ(fake_called("fsconfig overlay SET_STRING "
				     "datadir+=<objects>"),
			 1);
		/* Before it is used. */
		CHECK(strstr(fake_calls(), "move_mount <erofs>") <
		      strstr(fake_calls(), "SET_STRING lowerdir+"));
		CHECK_EQ(fake_attached(), 2);
		clean();
	}
}

TEST(the_mount_of_the_upper_layer_is_attached_too)
{
	struct cfs_overlay_params p = reset();

	p.upper_fd = UPPER;
	p.work_fd = WORK;
	p.mounts[1] = TMPFS;
	before_6_15();
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("move_mount <memory> */overlay/1"), 1);
	CHECK_EQ(fake_called("*SET_STRING upperdir=<upper>"), 1);
	CHECK_EQ(fake_called("*SET_STRING workdir=<work>"), 1);
	clean();
}

TEST(refused_strings_become_one_string)
{
	struct cfs_overlay_params p = reset();

	before_6_7();
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_LEGACY);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING "
			     "lowerdir=<erofs>::<objects>"),
		 1);
	/* Attached once, however many ways were tried. */
	CHECK_EQ(fake_called("move_mount <erofs> *"), 1);
	clean();

	p = reset();
	p.n_data = 0;
	before_6_7();
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("fsconfig overlay SET_STRING lowerdir=<erofs>"),
		 1);
	clean();
}

TEST(data_layers_keep_their_order_in_every_way)
{
	struct cfs_overlay_params p = reset();

	p.n_data = 2;
	CHECK_EQ(mount_it(&p), 0);
	CHECK(strstr(fake_calls(),
		     "SET_FD datadir+=<objects>\n"
		     "fsconfig overlay SET_FD datadir+=<more>\n"));

	p = reset();
	p.n_data = 2;
	before_6_15();
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_STRING);
	CHECK(strstr(fake_calls(),
		     "SET_STRING datadir+=<objects>\n"
		     "fsconfig overlay SET_STRING datadir+=<more>\n"));
	clean();

	p = reset();
	p.n_data = 2;
	before_6_7();
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("*lowerdir=<erofs>::<objects>::<more>"), 1);
	clean();
}

TEST(more_layers_than_one_string_can_name_are_refused)
{
	int many[13];
	struct cfs_overlay_params p = reset();

	for (size_t i = 0; i < CFS_ARRAY_SIZE(many); i++)
		many[i] = DATA;
	p.data_fds = many;
	/* 17 characters the lower layer, 19 each of the others. */
	p.n_data = 12;
	before_6_7();
	CHECK_EQ(mount_it(&p), 0);
	clean();

	p = reset();
	p.data_fds = many;
	p.n_data = 13;
	before_6_7();
	CHECK_EQ(mount_it(&p), -E2BIG);
	CHECK(strstr(err.msg, "set lowerdir"));
	CHECK_EQ(fake_called("*lowerdir=*"), 0);
	clean();
	/* Other interfaces have no such limit. */
	p = reset();
	p.data_fds = many;
	p.n_data = 13;
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("*datadir+=*"), 13);
}

TEST(before_data_layers_they_are_merged_if_asked_for)
{
	struct cfs_overlay_params p = reset();

	p.n_data = 2;
	p.merged = true;
	p.verity = false;
	api = CFS_LAYERS_LEGACY;
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(fake_called("*lowerdir=<erofs>:<objects>:<more>"), 1);
	CHECK(fake_called("*metacopy=on"));
	clean();

	/* A refusal is then no question of age. */
	p.merged = true;
	fake_mount_reset();
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EINVAL);
	clean();
}

TEST(what_an_earlier_overlay_found_out_is_not_tried_again)
{
	struct cfs_overlay_params p = reset();

	api = CFS_LAYERS_STRING;
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_STRING);
	CHECK_EQ(fake_called("*SET_FD*"), 0);
	CHECK_EQ(fake_called("fsopen *"), 2);
	clean();
}

TEST(a_parser_of_before_6_5_is_recognised)
{
	struct cfs_overlay_params p = reset();

	fake_when("fsconfig overlay SET_FD *", -EOPNOTSUPP, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "data-only layers and no verity=") &&
	      strstr(err.msg, "Linux 6.6 is needed"));
	clean();

	p = reset();
	p.verity = false;
	fake_when("fsconfig overlay SET_FD *", -EOPNOTSUPP, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "Linux 6.5 is needed") &&
	      !strstr(err.msg, "verity"));
	clean();
}

TEST(such_a_parser_gets_its_one_string)
{
	struct cfs_overlay_params p = reset();

	/* lowerdir+ is nonsense to it, which it says at the end only. */
	fake_when("fsconfig overlay SET_FD *", -EOPNOTSUPP, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, 1);
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_LEGACY);
	CHECK_EQ(fake_called("*lowerdir=<erofs>::<objects>"), 1);
	clean();
}

TEST(it_gets_it_without_a_data_layer_too)
{
	struct cfs_overlay_params p = reset();

	p.n_data = 0;
	p.verity = false;
	fake_when("fsconfig overlay SET_FD *", -EOPNOTSUPP, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, 1);
	CHECK_EQ(mount_it(&p), 0);
	CHECK_EQ(api, CFS_LAYERS_LEGACY);
	CHECK_EQ(fake_called("*lowerdir=<erofs>"), 1);
	clean();

	/* What it refuses then is nothing that age explains. */
	p = reset();
	p.n_data = 0;
	fake_when("fsconfig overlay SET_FD *", -EOPNOTSUPP, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EINVAL);
	clean();
}

TEST(a_kernel_without_verity_is_named_too_old)
{
	struct cfs_overlay_params p = reset();

	fake_when("fsconfig overlay SET_STRING verity=*", -EINVAL, FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "verity=") &&
	      strstr(err.msg, "Linux 6.6 is needed"));
	CHECK_EQ(fake_called("* CREATE"), 0);
	p.verity = false;
	CHECK_EQ(mount_it(&p), 0);
}

TEST(other_refusals_are_not_taken_for_age)
{
	static const struct {
		const char *call;
		int code;
	} rows[] = {
		{ "fsopen overlay", -ENODEV },
		{ "fsconfig overlay SET_STRING source=*", -EINVAL },
		{ "fsconfig overlay SET_STRING metacopy=*", -EINVAL },
		{ "fsconfig overlay SET_STRING verity=*", -ENOMEM },
		{ "fsconfig overlay SET_FD lowerdir+=*", -ENOMEM },
		{ "fsconfig overlay CREATE", -EROFS },
		{ "fsmount *", -EPERM },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++) {
		struct cfs_overlay_params p = reset();
		int before = fake_open_fds();

		fake_when(rows[i].call, rows[i].code, FAKE_ALWAYS);
		CHECK_EQ(mount_it(&p), rows[i].code);
		CHECK_EQ(api, CFS_LAYERS_FD);
		CHECK_EQ(err.code, -rows[i].code);
		CHECK_EQ(fake_called("fsopen *"), 1);
		CHECK_EQ(fake_open_fds(), before);
		CHECK_EQ(fake_attached(), 0);
	}
}

TEST(too_deep_a_stack_is_said_in_the_words_of_the_kernel)
{
	struct cfs_overlay_params p = reset();

	/* A parser that looks at its options, as that of 6.5 and later. */
	fake_when("*composefs_no_such_option*", -EINVAL, FAKE_ALWAYS);
	fake_when("fsconfig overlay CREATE", -EINVAL, FAKE_ALWAYS);
	fake_say("e overlay: maximum fs stacking depth exceeded");
	CHECK_EQ(mount_it(&p), -EINVAL);
	CHECK(strstr(err.msg, "maximum fs stacking depth exceeded"));
}

TEST(a_kernel_that_takes_no_layers_at_all)
{
	struct cfs_overlay_params p = reset();

	fake_when("*composefs_no_such_option*", -EINVAL, FAKE_ALWAYS);
	before_6_7();
	fake_when("fsconfig overlay SET_STRING lowerdir=*", -EINVAL,
		  FAKE_ALWAYS);
	CHECK_EQ(mount_it(&p), -EINVAL);
	CHECK(strstr(err.msg, "overlay: set lowerdir"));
	clean();
}

TEST(a_place_that_is_refused_ends_it)
{
	struct cfs_overlay_params p = reset();
	int before = fake_open_fds();

	before_6_15();
	fake_when("move_mount <erofs> *", -EPERM, 1);
	CHECK_EQ(mount_it(&p), -EPERM);
	CHECK_EQ(fake_called("* CREATE"), 1 /* of the place itself */);
	CHECK_EQ(fake_open_fds(), before);
	clean();
}

TEST(userxattr_is_never_asked_for)
{
	for (int i = 0; i < 8; i++) {
		struct cfs_overlay_params p = reset();

		p.verity = i & 1;
		p.n_data = i & 2 ? 1 : 0;
		p.upper_fd = i & 4 ? UPPER : -1;
		p.work_fd = i & 4 ? WORK : -1;
		CHECK_EQ(mount_it(&p), 0);
		CHECK_EQ(fake_called("*userxattr*"), 0);
	}
}

TEST(every_way_has_a_name)
{
	CHECK(!strcmp(cfs_layer_api_name(CFS_LAYERS_FD), "fd"));
	CHECK(!strcmp(cfs_layer_api_name(CFS_LAYERS_STRING), "string"));
	CHECK(!strcmp(cfs_layer_api_name(CFS_LAYERS_LEGACY), "legacy"));
}
