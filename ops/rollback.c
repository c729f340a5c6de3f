/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/rollback.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "boot/bls.h"

#define TEMPORARY "loader/.loader.conf.cfsctl"

/* The list is in the order of the boot loader. */
static const struct cfs_deployment *choose(const struct cfs_deployments *list)
{
	const struct cfs_deployment *first = NULL;
	size_t ignored;

	for (size_t i = 0; i < list->n; i++) {
		const struct cfs_deployment *d = &list->v[i];

		if (d->next || !cfs_deployment_boots(list, d, &ignored))
			continue;
		if (d->booted)
			return d;
		first = first ? first : d;
	}
	return first;
}

/* Appends @text without the lines that set a default. */
static void drop_defaults(struct cfs_bytes text, struct cfs_buf *to)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t n = end ? (size_t)(end + 1 - text.data) : text.len;
		struct cfs_bytes rest = { text.data, n };
		struct cfs_bls_line line;

		if (!cfs_bls_next(&rest, &line) ||
		    !cfs_bls_is(&line, "default"))
			cfs_buf_add(to, text.data, n);
		text.data += n;
		text.len -= n;
	}
}

/* The first entry that is started with @pattern as the default (NULL: none) and
 * the firmware's variables as they are; @source is that of the rule which
 * decides that, or -1. */
static int first_entry(const struct cfs_deployments *list, char *pattern,
		       size_t *ret, int *ret_source, struct cfs_err *err)
{
	struct cfs_loader loader = { 0 };
	struct cfs_boot_order order = { 0 };
	int r;

	for (size_t i = 0; i < list->loader.n; i++)
		if (list->loader.v[i].source != CFS_LOADER_FILE)
			(void)!cfs_vec_add(&loader, list->loader.v[i]);
	if (pattern)
		(void)!cfs_vec_add(&loader, (struct cfs_loader_rule){
						    CFS_LOADER_FILE, pattern });
	r = cfs_vec_check(&loader, err);
	if (r == 0)
		r = cfs_loader_order(&loader, &list->entries, &order, err);
	*ret = order.n > 0 ? order.v[0] : SIZE_MAX;
	*ret_source = -1;
	for (size_t i = 0; r == 0 && i < loader.n && *ret_source < 0; i++)
		if (order.n > 0 && cfs_loader_match(loader.v[i].pattern,
						    list->entries.v[*ret].id))
			*ret_source = (int)loader.v[i].source;
	cfs_vec_free(&order);
	cfs_vec_free(&loader);
	return r;
}

/* A wildcard would name others, too, and a blank ends a value for some. */
static bool is_plain(const char *id)
{
	for (; *id; id++)
		if ((unsigned char)*id <= ' ' || (unsigned char)*id >= 0x7f ||
		    strchr("*?[]\\\"", *id))
			return false;
	return true;
}

static int refuse(const struct cfs_boot_entry *entry, int source,
		  struct cfs_err *err)
{
	if (source == CFS_LOADER_ONE_SHOT)
		return cfs_fail(err, EPERM,
				"the firmware's variable LoaderEntryOneShot "
				"decides what is booted next: `bootctl "
				"set-oneshot ''` clears it");
	if (source == CFS_LOADER_VARIABLE)
		return cfs_fail(err, EPERM,
				"the firmware's variable LoaderEntryDefault "
				"decides what is booted next: `bootctl "
				"set-default ''` clears it");
	return cfs_fail(err, EINVAL,
			"another entry has the id of %s: rename one of them",
			entry->path);
}

/* Which default starts the entry of @to?  Sets to->by_default. */
static int decide(const struct cfs_deployments *list,
		  struct cfs_rolled_back *to, struct cfs_err *err)
{
	const struct cfs_boot_entry *entry = &list->entries.v[to->entry];
	size_t first;
	int source, r = first_entry(list, NULL, &first, &source, err);

	to->by_default = first != to->entry;
	if (r < 0 || !to->by_default)
		return r;
	if (!is_plain(entry->id))
		return cfs_fail(err, EINVAL,
				"%s cannot be the default of the boot loader: "
				"its name has a blank or a wildcard",
				entry->path);
	r = first_entry(list, entry->id, &first, &source, err);
	if (r == 0 && first != to->entry)
		return refuse(entry, source, err);
	return r;
}

/* The whole text is on the disk before it gets the name.  On FAT the name is
 * that of the old file, whose clusters are free by now, until the new one is
 * synced: that comes first, before anything that syncs the table of
 * clusters. */
static int publish(int boot, int dir, bool sync, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_beneath(boot, TEMPORARY, O_RDONLY);

	if (fd < 0)
		return cfs_fail_code(err, fd, "open %s", TEMPORARY);
	if (sync && syncfs(dir) < 0)
		return cfs_fail_errno(err, "sync %s", TEMPORARY);
	if (renameat(boot, TEMPORARY, boot, CFS_LOADER_CONF) < 0)
		return cfs_fail_errno(err, "rename %s to %s", TEMPORARY,
				      CFS_LOADER_CONF);
	if (sync && fsync(fd) < 0)
		return cfs_fail_errno(err, "sync %s", CFS_LOADER_CONF);
	return 0;
}

static int replace(int boot, const char *text, bool sync, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	int r = cfs_replace_file(boot, TEMPORARY, text, strlen(text));

	if (r < 0)
		return cfs_fail_code(err, r, "write %s", TEMPORARY);
	dir = cfs_open_beneath(boot, "loader", O_RDONLY | O_DIRECTORY);
	r = dir < 0 ? cfs_fail_code(err, dir, "open loader")
		    : publish(boot, dir, sync, err);
	if (r < 0) {
		(void)unlinkat(boot, TEMPORARY, 0);
		return r;
	}
	if (sync && syncfs(dir) < 0)
		return cfs_fail_errno(err, "sync %s", CFS_LOADER_CONF);
	return 0;
}

static int write_default(int boot, const char *id, bool sync,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 }, text = { 0 };
	int r = cfs_read_file(boot, CFS_LOADER_CONF, CFS_LOADER_CONF_MAX, &old,
			      err);

	if (r < 0)
		return r;
	drop_defaults(cfs_buf_bytes(&old), &text);
	if (text.len > 0 && text.data[text.len - 1] != '\n')
		cfs_buf_addc(&text, '\n');
	if (id)
		cfs_buf_addf(&text, "default %s\n", id);
	if (!cfs_buf_text(&text))
		return cfs_buf_check(&text, err);
	if (memchr(text.data, '\0', text.len))
		return cfs_fail(err, EINVAL, "%s has NUL bytes: write it anew",
				CFS_LOADER_CONF);
	return replace(boot, (char *)text.data, sync, err);
}

int cfs_roll_back(const struct cfs_rollback *rollback,
		  const struct cfs_deployments *list,
		  struct cfs_rolled_back *ret, struct cfs_err *err)
{
	const struct cfs_deployment *target = choose(list);
	const char *dir = rollback->where->boot;
	CFS_AUTOFD int boot = -EBADF;
	struct cfs_rolled_back to;
	int r;

	if (list->here && !cfs_loader_is_systemd_boot(&list->loader))
		return cfs_fail(err, EOPNOTSUPP,
				"the running system was not started by "
				"systemd-boot (its variable LoaderInfo says "
				"%s), and other boot loaders do not read %s",
				list->loader.info ? list->loader.info
						  : "nothing",
				CFS_LOADER_CONF);
	if (!target || !cfs_deployment_boots(list, target, &to.entry))
		return cfs_fail(err, ENOENT,
				"no other deployment can be booted: it needs a "
				"boot entry with tries left, a whole image and "
				"a state directory (cfsctl deployments)");
	to.id = target->id;
	r = decide(list, &to, err);
	if (r < 0)
		return r;
	boot = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (boot < 0)
		return cfs_fail_errno(err, "open %s", dir);
	r = write_default(boot,
			  to.by_default ? list->entries.v[to.entry].id : NULL,
			  !rollback->no_sync, err);
	if (r < 0)
		return cfs_ctx(err, "%s", dir);
	*ret = to;
	return 0;
}

int cfs_start_first(const struct cfs_rollback *rollback,
		    const struct cfs_deployments *list, size_t entry,
		    struct cfs_err *err)
{
	const char *dir = rollback->where->boot;
	CFS_AUTOFD int boot = -EBADF;
	size_t first;
	int source, r;

	if (list->order.n > 0 && list->order.v[0] == entry)
		return 1;
	r = first_entry(list, NULL, &first, &source, err);
	if (r < 0 || first != entry)
		return r;
	boot = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (boot < 0)
		return cfs_fail_errno(err, "open %s", dir);
	r = write_default(boot, NULL, !rollback->no_sync, err);
	return r < 0 ? cfs_ctx(err, "%s", dir) : 1;
}
