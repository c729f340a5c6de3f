/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/found.h"

#include "tests/unit/tree/dumps.h"

#define DIR(path)  path " 0 40755 2 0 0 0 1.0 - - -\n"
#define FILE(path) path " 1 100644 1 0 0 0 1.0 - x -\n"
#define ROOT	   DIR("/") DIR("/boot")
#define ENTRIES	   DIR("/boot/loader") DIR("/boot/loader/entries")
#define UKIS	   DIR("/boot/EFI") DIR("/boot/EFI/Linux")
#define USR	   DIR("/usr") DIR("/usr/lib") DIR("/usr/lib/modules")
#define KERNEL(id)                                    \
	DIR("/usr/lib/modules/" id)                   \
	FILE("/usr/lib/modules/" id "/initramfs.img") \
	FILE("/usr/lib/modules/" id "/vmlinuz")

static struct cfs_err err;
static struct cfs_tree *tree; /* of the last check */

/* What cfs_boot_find() returns for this tree. */
static int find(const char *dump, struct cfs_boot_found *ret)
{
	cfs_tree_free(tree);
	tree = parse(dump);
	return cfs_boot_find(tree, ret, &err);
}

static void check(const char *dump, enum cfs_boot_kind kind, const char *id,
		  unsigned others)
{
	struct cfs_boot_found found;

	CHECK_EQ(find(dump, &found), 1);
	CHECK_EQ(found.kind, kind);
	CHECK_STR(found.id, id);
	CHECK_EQ(found.others, others);
}

TEST(an_image_without_entries_has_none)
{
	struct cfs_boot_found found;

	CHECK_EQ(find(ROOT, &found), 0);
	CHECK_EQ(find(ROOT ENTRIES FILE("/boot/loader/entries/.a.conf")
			      FILE("/boot/loader/entries/a.bak") UKIS DIR(
				      "/boot/EFI/Linux/a.efi")
				      FILE("/boot/EFI/Linux/.b.efi") USR DIR(
					      "/usr/lib/modules/1")
					      FILE("/usr/lib/modules/1/other"),
		      &found),
		 0);
	CHECK_EQ(find(ROOT FILE("/boot/loader") FILE("/usr"), &found), 0);
}

TEST(the_first_entry_is_taken_then_kernel_images_then_kernels)
{
	check(ROOT UKIS FILE("/boot/EFI/Linux/u.efi")
		      ENTRIES FILE("/boot/loader/entries/a.conf")
			      FILE("/boot/loader/entries/b.conf")
				      USR KERNEL("1"),
	      CFS_BOOT_ENTRY, "a", 3);
	check(ROOT UKIS FILE("/boot/EFI/Linux/u.efi") USR KERNEL("1")
		      FILE("/usr/lib/modules/1/v.efi"),
	      CFS_BOOT_UKI, "u", 2);
	check(ROOT USR KERNEL("1") FILE("/usr/lib/modules/1/v.efi"),
	      CFS_BOOT_UKI, "v", 1);
	check(ROOT USR KERNEL("1") KERNEL("2"), CFS_BOOT_KERNEL, "1", 1);
}

TEST(what_belongs_to_an_entry_is_found)
{
	struct cfs_boot_found found;

	CHECK_EQ(find(ROOT USR KERNEL("1"), &found), 1);
	CHECK_STR(found.file->name, "vmlinuz");
	CHECK_STR(found.initrd->name, "initramfs.img");
	CHECK_EQ(find(ROOT UKIS FILE("/boot/EFI/Linux/u.efi")
			      DIR("/boot/EFI/Linux/u.efi.extra.d")
				      DIR("/boot/EFI/Linux/v.efi.extra.d"),
		      &found),
		 1);
	CHECK_STR(found.addons->name, "u.efi.extra.d");
	CHECK(!found.initrd);
}

TEST(names_that_a_boot_partition_cannot_have_are_refused)
{
	struct cfs_boot_found found;

	CHECK_EQ(find(ROOT ENTRIES FILE("/boot/loader/entries/a\\x20b.conf"),
		      &found),
		 -EINVAL);
	CHECK_EQ(find(ROOT ENTRIES FILE("/boot/loader/entries/Efi.conf"),
		      &found),
		 -EINVAL);
	CHECK_EQ(find(ROOT ENTRIES FILE("/boot/loader/entries/-.conf"), &found),
		 -EINVAL);
	CHECK_EQ(find(ROOT UKIS FILE("/boot/EFI/Linux/a~.efi"), &found),
		 -EINVAL);
	CHECK_EQ(find(ROOT USR KERNEL("1~"), &found), -EINVAL);
}

TEST(links_are_not_followed)
{
	struct cfs_boot_found found;

	CHECK_EQ(find(ROOT ENTRIES "/boot/loader/entries/a.conf 3 120777 1 0 "
				   "0 0 1.0 /etc - -\n",
		      &found),
		 -EINVAL);
	CHECK_EQ(
		find(ROOT USR DIR("/usr/lib/modules/1") FILE(
			     "/usr/lib/modules/1/vmlinuz") "/usr/lib/modules/1/initramfs.img 3 120777 1 0 0 0 1.0 "
							   "/etc - -\n",
		     &found),
		-EINVAL);
}

static int find_file(const char *path, const struct cfs_node **ret)
{
	struct cfs_bytes bytes = { (const uint8_t *)path, strlen(path) };
	struct cfs_node *node = NULL;
	int r = cfs_boot_find_file(tree, bytes, &node, &err);

	*ret = node;
	return r;
}

TEST(paths_are_of_the_boot_partition_or_of_the_root)
{
	const struct cfs_node *node;

	cfs_tree_free(tree);
	tree = parse(ROOT FILE("/boot/a") FILE("/boot/b\\x7e") DIR("/boot/c")
			     DIR("/etc") FILE("/etc/a") FILE("/etc/e"));
	CHECK_EQ(find_file("/a", &node), 0);
	CHECK_STR(node->parent->name, "boot");
	CHECK_EQ(find_file("a", &node), 0);
	CHECK_EQ(find_file("/boot/a", &node), 0);
	CHECK_EQ(find_file("/etc/e", &node), 0);
	CHECK_EQ(find_file("/missing", &node), -ENOENT);
	CHECK_EQ(find_file("/../etc/e", &node), -ENOENT);
	CHECK_EQ(find_file("/c", &node), -EINVAL);
	CHECK_EQ(find_file("/b~", &node), -EINVAL);
	CHECK_EQ(find_file("", &node), -EINVAL);
}

static int find_kernel(const char *dump, const char *version,
		       struct cfs_boot_kernel *ret)
{
	*ret = (struct cfs_boot_kernel){ 0 };
	cfs_tree_free(tree);
	tree = parse(dump);
	return cfs_boot_find_kernel(tree, version, ret, &err);
}

TEST(the_only_kernel_is_found_with_its_initramfs)
{
	struct cfs_boot_kernel kernel;

	CHECK_EQ(find_kernel(ROOT USR DIR("/usr/lib/modules/0") KERNEL("1"),
			     NULL, &kernel),
		 1);
	CHECK_STR(kernel.version, "1");
	CHECK_STR(kernel.file->name, "vmlinuz");
	CHECK_STR(kernel.initrd->name, "initramfs.img");
}

TEST(of_several_kernels_one_is_chosen)
{
	struct cfs_boot_kernel kernel;

	CHECK_EQ(find_kernel(ROOT USR KERNEL("1") KERNEL("2"), NULL, &kernel),
		 -ENOTUNIQ);
	CHECK(strstr(err.msg, "1 and 2"));
	CHECK_EQ(find_kernel(ROOT USR KERNEL("1") KERNEL("2"), "2", &kernel),
		 1);
	CHECK_STR(kernel.version, "2");
	CHECK_EQ(find_kernel(ROOT USR KERNEL("1"), "2", &kernel), 0);
	CHECK_EQ(find_kernel(ROOT USR KERNEL("1"), "../modules/1", &kernel), 0);
	CHECK_EQ(find_kernel(ROOT USR KERNEL("1"), "", &kernel), 0);
}

TEST(kernels_may_be_in_boot)
{
	struct cfs_boot_kernel kernel;

	CHECK_EQ(find_kernel(ROOT FILE("/boot/initrd.img-1") FILE(
				     "/boot/vmlinuz-1") FILE("/boot/vmlinuz-2")
				     USR DIR("/usr/lib/modules/"
					     "1"),
			     NULL, &kernel),
		 1);
	CHECK_STR(kernel.file->name, "vmlinuz-1");
	CHECK_STR(kernel.initrd->name, "initrd.img-1");
	CHECK_EQ(find_kernel(ROOT FILE("/boot/initramfs-1.img")
				     USR DIR("/usr/lib/modules/1")
					     FILE("/usr/lib/modules/1/vmlinuz"),
			     "1", &kernel),
		 1);
	CHECK_STR(kernel.file->name, "vmlinuz");
	CHECK_STR(kernel.initrd->name, "initramfs-1.img");
}

/* It takes minutes where each of them is looked for in all of /boot. */
TEST(many_directories_of_modules_beside_many_files_are_no_kernels)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	struct cfs_boot_kernel kernel;

	cfs_buf_adds(&dump, ROOT);
	for (unsigned i = 0; i < 150000; i++)
		cfs_buf_addf(&dump, FILE("/boot/f%06u"), i);
	cfs_buf_adds(&dump, USR);
	for (unsigned i = 0; i < 150000; i++)
		cfs_buf_addf(&dump, DIR("/usr/lib/modules/%06u"), i);
	CHECK_EQ(find_kernel(cfs_buf_text(&dump), NULL, &kernel), 0);
}

TEST(an_image_without_kernels_has_none)
{
	struct cfs_boot_kernel kernel;

	CHECK_EQ(find_kernel(ROOT, NULL, &kernel), 0);
	CHECK_EQ(find_kernel(ROOT USR, NULL, &kernel), 0);
	CHECK_EQ(find_kernel(ROOT USR DIR("/usr/lib/modules/1"), "1", &kernel),
		 0);
	CHECK_EQ(find_kernel(DIR("/") DIR("/usr") DIR("/usr/lib")
				     FILE("/usr/lib/modules"),
			     NULL, &kernel),
		 0);
	CHECK_EQ(find_kernel(ROOT USR DIR("/usr/lib/modules/1")
				     DIR("/usr/lib/modules/1/vmlinuz"),
			     NULL, &kernel),
		 -EINVAL);
}

TEST(a_file_is_regular_and_has_a_name_that_is_allowed)
{
	struct cfs_node *node;

	cfs_tree_free(tree);
	tree = parse(ROOT FILE("/boot/a") FILE("/boot/b\\x7e"));
	CHECK_EQ(cfs_tree_lookup(tree, "/boot/a", &node, &err), 1);
	CHECK_EQ(cfs_boot_check_file(node, &err), 0);
	CHECK_EQ(cfs_tree_lookup(tree, "/boot/b~", &node, &err), 1);
	CHECK_EQ(cfs_boot_check_file(node, &err), -EINVAL);
	CHECK_EQ(cfs_tree_lookup(tree, "/boot", &node, &err), 1);
	CHECK_EQ(cfs_boot_check_file(node, &err), -EINVAL);
	cfs_tree_free(tree);
	tree = NULL;
}
