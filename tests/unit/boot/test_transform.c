/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/transform.h"

#include "tests/unit/tree/dumps.h"

static struct cfs_err err;
static int reads;

static int read_content(void *ctx, const struct cfs_tree *tree,
			const struct cfs_node *node, struct cfs_buf *ret,
			struct cfs_err *e)
{
	(void)tree;
	(void)node;
	(void)e;
	reads++;
	cfs_buf_adds(ret, ctx);
	return 0;
}

#define BOOTABLE                                                 \
	"/ 0 40755 5 0 0 0 0.0 - - - security.selinux=old\n"     \
	"/boot 0 40755 2 0 0 0 1.1 - - - security.selinux=old\n" \
	"/boot/vmlinuz 1 100644 1 0 0 0 0.0 - x -\n"             \
	"/etc 0 40755 3 0 0 0 0.0 - - - user.k=1 "               \
	"security.selinux=old\n"                                 \
	"/sysroot 0 40755 2 0 0 0 2.2 - - -\n"                   \
	"/usr 0 40755 2 0 0 0 9.9 - - -\n"

TEST(boot_and_sysroot_are_emptied_and_labels_go_without_a_policy)
{
	static const struct cfs_content content = { read_content, NULL };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = parse(BOOTABLE);

	CHECK_EQ(cfs_transform_boot(tree, &content, &err), 0);
	CHECK(gives(tree, "/ 0 40755 6 0 0 0 0.0 - - -\n"
			  "/boot 0 40755 2 0 0 0 9.9 - - -\n"
			  "/etc 0 40755 2 0 0 0 0.0 - - - user.k=1\n"
			  "/sysroot 0 40755 2 0 0 0 9.9 - - -\n"
			  "/usr 0 40755 2 0 0 0 9.9 - - -\n"));
}

TEST(missing_mount_points_are_made)
{
	static const struct cfs_content content = { read_content, NULL };
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse("/ 0 40700 5 7 7 0 0.0 - - -\n"
				      "/etc 0 40750 2 1 1 0 3.3 - - -\n"
				      "/proc 0 40555 2 1 1 0 3.3 - - -\n"
				      "/usr 0 40755 2 1 1 0 9.9 - - -\n"
				      "/var 3 120777 1 0 0 0 4.4 usr - -\n");

	CHECK_EQ(cfs_transform_mountpoints(tree, &err), 0);
	CHECK_EQ(cfs_transform_boot(tree, &content, &err), 0);
	CHECK(gives(tree, "/ 0 40700 10 7 7 0 0.0 - - -\n"
			  "/boot 0 40755 2 0 0 0 9.9 - - -\n"
			  "/dev 0 40755 2 0 0 0 9.9 - - -\n"
			  "/etc 0 40750 2 1 1 0 3.3 - - -\n"
			  "/proc 0 40555 2 1 1 0 3.3 - - -\n"
			  "/run 0 40755 2 0 0 0 9.9 - - -\n"
			  "/sys 0 40755 2 0 0 0 9.9 - - -\n"
			  "/sysroot 0 40755 2 0 0 0 9.9 - - -\n"
			  "/usr 0 40755 2 1 1 0 9.9 - - -\n"
			  "/var 3 120777 1 0 0 0 4.4 usr - -\n"));
}

TEST(a_tree_without_boot_or_sysroot_is_refused)
{
	static const struct cfs_content content = { read_content, NULL };
	CFS_AUTO(cfs_tree_free)
	struct cfs_tree *tree = parse("/ 0 40755 5 0 0 0 0.0 - - -\n"
				      "/boot 0 40755 5 0 0 0 0.0 - - -\n"
				      "/usr 0 40755 5 0 0 0 0.0 - - -\n");

	CHECK_EQ(cfs_transform_boot(tree, &content, &err), -ENOENT);
	CHECK(strstr(err.msg, "needs the directories /usr, /boot"));
	CHECK(strstr(err.msg, "/sysroot"));
}

#define POLICY(config)                                                   \
	BOOTABLE "/etc/selinux 0 40755 2 0 0 0 0.0 - - -\n"              \
		 "/etc/selinux/config 99 100644 1 0 0 0 0.0 aa/aaaaaa"   \
		 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" \
		 "aaa - -\n"

TEST(a_config_without_a_type_is_no_policy)
{
	static char config[] = "# SELINUXTYPE=x\nSELINUX=enforcing\n";
	static const struct cfs_content content = { read_content, config };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = parse(POLICY());

	reads = 0;
	CHECK_EQ(cfs_transform_boot(tree, &content, &err), 0);
	CHECK_EQ(reads, 1);
	CHECK(!tree->root->xattrs);
}

TEST(a_policy_that_is_not_there_is_not_passed_over)
{
	static char config[] = "SELINUX=enforcing\n selinuxtype = targeted \n";
	static const struct cfs_content content = { read_content, config };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = parse(POLICY());

	CHECK_EQ(cfs_transform_boot(tree, &content, &err), -ENOENT);
	CHECK(strstr(err.msg,
		     "/etc/selinux/targeted/contexts/files/file_contexts"));
}
