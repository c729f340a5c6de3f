/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/modules.h"

#include <libkmod.h>
#include <string.h>

static int probe(struct kmod_list *list)
{
	struct kmod_list *item;
	int r = -ENOENT;

	kmod_list_foreach(item, list)
	{
		struct kmod_module *module = kmod_module_get_module(item);

		/* Positive answers are "blacklisted": not loaded. */
		r = kmod_module_probe_insert_module(module, 0, NULL, NULL, NULL,
						    NULL);
		kmod_module_unref(module);
		if (r > 0)
			r = -ENOENT;
		if (r < 0)
			break;
	}
	return r;
}

int cfs_modules_load(const char *name, struct cfs_err *err)
{
	struct kmod_list *list = NULL;
	struct kmod_ctx *ctx = kmod_new(NULL, NULL);
	int r;

	if (!ctx)
		return cfs_no_memory(err);
	kmod_set_log_priority(ctx, 0);
	r = kmod_module_new_from_lookup(ctx, name, &list);
	if (r >= 0)
		r = probe(list);
	kmod_module_unref_list(list);
	kmod_unref(ctx);
	if (r == -ENOENT || r == -ENOSYS)
		return cfs_fail(err, ENOENT,
				"kernel module %s is not in this initramfs: "
				"build it with the composefs dracut module (or "
				"hook)",
				name);
	if (r < 0)
		return cfs_fail_code(err, r, "load kernel module %s", name);
	return 0;
}

int cfs_modules_load_mount(struct cfs_err *err)
{
	static const char *const names[] = { "erofs", "overlay", "loop" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		int r = cfs_modules_load(names[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
