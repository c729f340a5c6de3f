/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/found.h"

#include <stdio.h>
#include <string.h>

static int bad_name(const struct cfs_node *node, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	return cfs_fail(err, EINVAL,
			"%s: the name is not allowed on a boot partition: "
			"letters, digits and +-_. are, up to %d of them, with "
			"a letter or digit first",
			cfs_node_name(node, name), CFS_ENTRY_NAME_MAX);
}

int cfs_boot_check_file(const struct cfs_node *node, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];

	if (!S_ISREG(node->mode))
		return cfs_fail(err, EINVAL, "%s is not a regular file",
				cfs_node_name(node, name));
	if (!cfs_entry_name_ok(node->name))
		return bad_name(node, err);
	return 0;
}

/* Does @name end with @end?  Boot loaders pass over names that begin with a
 * dot. */
static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return name[0] != '.' && len > n && strcmp(name + len - n, end) == 0;
}

/* Takes @file, of the name @node, as the entry that is called @node without
 * @suffix. */
static int take(struct cfs_boot_found *found, enum cfs_boot_kind kind,
		const struct cfs_node *node, const char *suffix,
		struct cfs_node *file, struct cfs_err *err)
{
	size_t len = strlen(node->name) - strlen(suffix);

	if (!cfs_entry_name_ok(node->name))
		return bad_name(node, err);
	*found = (struct cfs_boot_found){ .kind = kind, .file = file };
	memcpy(found->id, node->name, len);
	if (!cfs_entry_id_ok(found->id))
		return bad_name(node, err);
	return cfs_boot_check_file(file, err);
}

/* Counts an entry, and tells whether it is the first, which is the one to take:
 * like composefs-rs, prepare-boot writes one entry only. */
static bool is_first(unsigned *n)
{
	return (*n)++ == 0;
}

static int find_entries(struct cfs_tree *tree, struct cfs_boot_found *found,
			unsigned *n, struct cfs_err *err)
{
	struct cfs_node *dir, *node;
	int r = cfs_tree_lookup(tree, "/boot/loader/entries", &dir, err);

	if (r <= 0 || !cfs_node_is_dir(dir))
		return r < 0 ? r : 0;
	for (r = 0, node = dir->dir.first; r == 0 && node; node = node->next)
		if (ends_with(node->name, ".conf") && is_first(n))
			r = take(found, CFS_BOOT_ENTRY, node, ".conf", node,
				 err);
	return r;
}

static int find_ukis(struct cfs_node *dir, struct cfs_boot_found *found,
		     unsigned *n, struct cfs_err *err)
{
	char addons[CFS_NAME_MAX + sizeof(".extra.d")];
	int r = 0;

	for (struct cfs_node *node = dir->dir.first; r == 0 && node;
	     node = node->next) {
		if (cfs_node_is_dir(node) || !ends_with(node->name, ".efi") ||
		    !is_first(n))
			continue;
		r = take(found, CFS_BOOT_UKI, node, ".efi", node, err);
		if (r < 0)
			return r;
		snprintf(addons, sizeof(addons), "%s.extra.d", node->name);
		found->addons = cfs_node_child(dir, addons);
	}
	return r;
}

typedef int find_fn(struct cfs_node *dir, struct cfs_boot_found *found,
		    unsigned *n, struct cfs_err *err);

/* Calls @find for each kernel's directory of modules. */
static int each_kernel(struct cfs_tree *tree, find_fn *find,
		       struct cfs_boot_found *found, unsigned *n,
		       struct cfs_err *err)
{
	struct cfs_node *dir;
	int r = cfs_tree_lookup(tree, "/usr/lib/modules", &dir, err);

	if (r <= 0 || !cfs_node_is_dir(dir))
		return r < 0 ? r : 0;
	r = 0;
	for (struct cfs_node *node = dir->dir.first; r == 0 && node;
	     node = node->next)
		if (cfs_node_is_dir(node))
			r = find(node, found, n, err);
	return r;
}

static int find_all_ukis(struct cfs_tree *tree, struct cfs_boot_found *found,
			 unsigned *n, struct cfs_err *err)
{
	struct cfs_node *dir;
	int r = cfs_tree_lookup(tree, "/boot/EFI/Linux", &dir, err);

	if (r > 0 && cfs_node_is_dir(dir))
		r = find_ukis(dir, found, n, err);
	return r < 0 ? r : each_kernel(tree, find_ukis, found, n, err);
}

static int find_kernel(struct cfs_node *dir, struct cfs_boot_found *found,
		       unsigned *n, struct cfs_err *err)
{
	struct cfs_node *file = cfs_node_child(dir, "vmlinuz");
	int r;

	if (!file || !is_first(n))
		return 0;
	r = take(found, CFS_BOOT_KERNEL, dir, "", file, err);
	if (r < 0)
		return r;
	found->initrd = cfs_node_child(dir, "initramfs.img");
	return found->initrd ? cfs_boot_check_file(found->initrd, err) : 0;
}

int cfs_boot_find(struct cfs_tree *tree, struct cfs_boot_found *ret,
		  struct cfs_err *err)
{
	struct cfs_boot_found found = { 0 };
	unsigned n = 0;
	int r = find_entries(tree, &found, &n, err);

	if (r == 0)
		r = find_all_ukis(tree, &found, &n, err);
	if (r == 0)
		r = each_kernel(tree, find_kernel, &found, &n, err);
	if (r < 0)
		return r;
	if (n == 0)
		return 0;
	found.others = n - 1;
	*ret = found;
	return 1;
}

/* A search for the files of a kernel. */
struct search {
	struct cfs_tree *tree;
	struct cfs_node *boot; /* NULL: the image has no /boot */
};

/* Finds the file @name in @dir, unless *@ret is set; by the tree's index, as an
 * image may have any number of kernels and of files. */
static int find_in(const struct search *s, struct cfs_node *dir,
		   const char *name, struct cfs_node **ret, struct cfs_err *err)
{
	const struct cfs_bytes bytes = { (const uint8_t *)name, strlen(name) };
	int r = 0;

	if (!*ret && dir && cfs_node_is_dir(dir))
		r = cfs_node_find(s->tree, dir, bytes, ret, err);
	return r < 0 ? r : 0;
}

/* Fedora and others keep kernel and initrd beside the modules, Debian and older
 * systems in /boot. */
static int kernel_of(const struct search *s, struct cfs_node *dir,
		     struct cfs_boot_kernel *ret, struct cfs_err *err)
{
	struct cfs_boot_kernel kernel = { .version = dir->name };
	char name[CFS_NAME_MAX + 32];
	int r = find_in(s, dir, "vmlinuz", &kernel.file, err);

	snprintf(name, sizeof(name), "vmlinuz-%s", dir->name);
	if (r == 0)
		r = find_in(s, s->boot, name, &kernel.file, err);
	if (r == 0)
		r = find_in(s, dir, "initramfs.img", &kernel.initrd, err);
	snprintf(name, sizeof(name), "initrd.img-%s", dir->name);
	if (r == 0)
		r = find_in(s, s->boot, name, &kernel.initrd, err);
	snprintf(name, sizeof(name), "initramfs-%s.img", dir->name);
	if (r == 0)
		r = find_in(s, s->boot, name, &kernel.initrd, err);
	if (r == 0)
		*ret = kernel;
	return r;
}

static int only_kernel(const struct search *s, struct cfs_node *modules,
		       struct cfs_boot_kernel *ret, struct cfs_err *err)
{
	*ret = (struct cfs_boot_kernel){ 0 };
	for (struct cfs_node *n = modules->dir.first; n; n = n->next) {
		struct cfs_boot_kernel kernel = { 0 };

		if (cfs_node_is_dir(n) && kernel_of(s, n, &kernel, err) < 0)
			return -err->code;
		if (!kernel.file)
			continue;
		if (ret->file)
			return cfs_fail(err, ENOTUNIQ,
					"the image has several kernels, %s and "
					"%s among them",
					ret->version, kernel.version);
		*ret = kernel;
	}
	return 0;
}

static int find_version(struct cfs_tree *tree, const char *version,
			struct cfs_boot_kernel *ret, struct cfs_err *err)
{
	struct search s = { .tree = tree };
	struct cfs_node *modules = NULL, *dir;
	int r = cfs_tree_lookup(tree, "/usr/lib/modules", &modules, err);

	if (r > 0)
		r = cfs_tree_lookup(tree, "/boot", &s.boot, err);
	if (r < 0 || !modules || !cfs_node_is_dir(modules))
		return r < 0 ? r : 0;
	if (!version)
		return only_kernel(&s, modules, ret, err);
	dir = cfs_node_child(modules, version);
	return dir && cfs_node_is_dir(dir) ? kernel_of(&s, dir, ret, err) : 0;
}

int cfs_boot_find_kernel(struct cfs_tree *tree, const char *version,
			 struct cfs_boot_kernel *ret, struct cfs_err *err)
{
	struct cfs_boot_kernel kernel = { 0 };
	int r = find_version(tree, version, &kernel, err);

	if (r == 0 && kernel.file)
		r = cfs_boot_check_file(kernel.file, err);
	if (r == 0 && kernel.file && kernel.initrd)
		r = cfs_boot_check_file(kernel.initrd, err);
	if (r < 0 || !kernel.file)
		return r;
	*ret = kernel;
	return 1;
}

static int lookup(struct cfs_tree *tree, const char *top, struct cfs_bytes path,
		  struct cfs_node **ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	/* Paths of trees are strings. */
	if (memchr(path.data, '\0', path.len))
		return 0;
	cfs_buf_adds(&text, top);
	cfs_buf_add(&text, path.data, path.len);
	if (!cfs_buf_text(&text))
		return cfs_buf_check(&text, err);
	return cfs_tree_lookup(tree, (char *)text.data, ret, err);
}

int cfs_boot_find_file(struct cfs_tree *tree, struct cfs_bytes path,
		       struct cfs_node **ret, struct cfs_err *err)
{
	struct cfs_node *node = NULL;
	/* The specification has paths begin at the boot partition, composefs-rs
	 * at the image's root.  Entries of both kinds exist. */
	int r = lookup(tree, "/boot/", path, &node, err);

	if (r == 0)
		r = lookup(tree, "/", path, &node, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"the entry names %.*s, which the image lacks",
				(int)path.len, path.data);
	if (r > 0)
		r = cfs_boot_check_file(node, err);
	if (r < 0)
		return r;
	*ret = node;
	return 0;
}
