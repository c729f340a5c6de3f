/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/prepare_boot.h"

#include "boot/kargs.h"
#include "tests/unit/ops/image.h"

#define DIR(path)  path " 0 40755 2 0 0 0 1.0 - - -\n"
#define FILE(path) path " 1 100644 1 0 0 0 1.0 - x -\n"
#define USR	   DIR("/") DIR("/usr") DIR("/usr/lib")
#define KERNEL	   USR DIR("/usr/lib/modules") DIR("/usr/lib/modules/6.1")

static char boot[4096];

/* The image to boot.  Tests share the directory of state, $TMPDIR/state, so
 * each that looks there has its own @letters. */
static struct cfs_digest begin(const char *letters)
{
	start_empty();
	snprintf(boot, sizeof(boot), "%s", fresh_dir());
	return add_image("name", letters);
}

/* Prepares @id to be booted with the entry in the tree @dump. */
static int prepare(const char *dump, const struct cfs_digest *id,
		   struct cfs_prepare_boot params,
		   struct cfs_prepared_boot *ret)
{
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	params.name = "name";
	params.images = (struct cfs_uki_images){ 1, id };
	params.karg = "composefs=00";
	params.tree = tree;
	params.boot_dir = boot;
	return cfs_prepare_boot(&repo, &params, ret, &err);
}

static bool has_state(const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX], path[8192];
	struct stat st;

	cfs_digest_to_hex(id, hex);
	snprintf(path, sizeof(path), "%s/../state/deploy/%s/etc/upper", root,
		 hex);
	return stat(path, &st) == 0 && (st.st_mode & 07777) == 0755;
}

TEST(a_kernel_gets_an_entry_and_its_image_state)
{
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ 0 }, &prepared),
		 0);
	CHECK_EQ(prepared.kind, CFS_BOOT_KERNEL);
	CHECK_STR(prepared.entry, "loader/entries/6.1.conf");
	CHECK(cfs_digest_equal(&prepared.id, &id));
	CHECK_EQ(count(boot, "loader/entries", ""), 1);
	CHECK_EQ(count(boot, "6.1", ""), 1);
	CHECK(has_state(&id));
}

TEST(an_entry_can_have_another_name)
{
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .entry_id = "my+3" },
			 &prepared),
		 0);
	CHECK_STR(prepared.entry, "loader/entries/my+3.conf");
	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .entry_id = "../my" },
			 &prepared),
		 -EINVAL);
}

TEST(an_entry_on_trial_has_a_counter_and_may_have_a_serial)
{
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .tries = 3, .serial = 2 },
			 &prepared),
		 0);
	CHECK_STR(prepared.entry, "loader/entries/6.1_2+3.conf");
	CHECK_EQ(count(boot, "6.1", ""), 1);
	CHECK_EQ(
		prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			(struct cfs_prepare_boot){ .tries = CFS_TRIES_MAX + 1 },
			&prepared),
		-EINVAL);
}

/* Notes the call, and fails. */
static int no_state(void *arg, int parent, const struct cfs_digest *id,
		    struct cfs_err *e)
{
	struct cfs_digest *ret = arg;

	CHECK(parent >= 0);
	*ret = *id;
	return cfs_fail(e, EDQUOT, "no state");
}

TEST(state_may_be_made_by_the_caller_before_anything_is_written)
{
	struct cfs_digest id = begin("ab"), seen = { 0 };
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .make_state = no_state,
						    .arg = &seen },
			 &prepared),
		 -EDQUOT);
	CHECK(cfs_digest_equal(&seen, &id));
	CHECK_EQ(count(boot, ".", ""), 0);
}

/* Notes the call. */
static int note_state(void *arg, int parent, const struct cfs_digest *id,
		      struct cfs_err *e)
{
	struct cfs_digest *ret = arg;

	(void)parent;
	(void)e;
	*ret = *id;
	return 0;
}

TEST(a_check_says_which_entry_there_would_be)
{
	struct cfs_digest id = begin("ab"), seen = { 0 };
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .make_state = note_state,
						    .arg = &seen,
						    .check = true },
			 &prepared),
		 0);
	CHECK_STR(prepared.entry, "loader/entries/6.1.conf");
	CHECK(cfs_digest_equal(&seen, &id));
	CHECK_EQ(count(boot, ".", ""), 0);
}

TEST(an_image_that_lacks_objects_is_not_to_boot)
{
	struct cfs_digest id = begin("cd");
	struct cfs_prepared_boot prepared;

	lose('d');
	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ 0 }, &prepared),
		 -ENOENT);
	CHECK_EQ(count(boot, ".", ""), 0);
	CHECK(!has_state(&id));
}

TEST(an_image_without_a_kernel_is_refused)
{
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(
		prepare(KERNEL, &id, (struct cfs_prepare_boot){ 0 }, &prepared),
		-ENOENT);
}

TEST(arguments_are_checked_before_anything_is_written)
{
	static const char *const args[] = { "a", "composefs=1" };
	static const char *const many[CFS_ENTRY_EXTRA_MAX + 1];
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){ .n_args = 2, .args = args },
			 &prepared),
		 -EINVAL);
	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/vmlinuz"), &id,
			 (struct cfs_prepare_boot){
				 .n_args = CFS_ENTRY_EXTRA_MAX + 1,
				 .args = many },
			 &prepared),
		 -E2BIG);
	CHECK_EQ(count(boot, ".", ""), 0);
}

TEST(a_kernel_image_takes_no_arguments)
{
	static const char *const args[] = { "a" };
	struct cfs_digest id = begin("ab");
	struct cfs_prepared_boot prepared;

	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/x.efi"), &id,
			 (struct cfs_prepare_boot){ .n_args = 1, .args = args },
			 &prepared),
		 -EINVAL);
	CHECK(strstr(err.msg, "cannot be added here"));
	CHECK_EQ(prepare(KERNEL FILE("/usr/lib/modules/6.1/x.efi"), &id,
			 (struct cfs_prepare_boot){ 0 }, &prepared),
		 -EINVAL);
	CHECK(strstr(err.msg, "not an EFI program"));
	CHECK_EQ(count(boot, ".", ""), 0);
}
