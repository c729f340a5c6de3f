/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layer_dump.h"

#include <string.h>
#include <sys/stat.h>

#include "tree/dump/dump.h"

static void add_path(struct cfs_buf *out, struct cfs_bytes path)
{
	cfs_buf_addc(out, '/');
	cfs_dump_escape(out, path, 0);
}

/* Returns the size of the content: in headers of other types it means
 * nothing. */
static uint64_t size_of(const struct cfs_tar_entry *entry)
{
	if (S_ISLNK(entry->mode))
		return entry->link.len;
	if (!S_ISREG(entry->mode))
		return 0;
	return entry->sparse ? entry->sparse->size : entry->size;
}

/* Adds backing path or target, content, and digest. */
static void add_data(struct cfs_buf *out, const struct cfs_tar_entry *entry,
		     const struct cfs_digest *id)
{
	const struct cfs_bytes content = entry->content;
	char path[CFS_OBJECT_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	bool has_content = S_ISREG(entry->mode) && !entry->sparse;

	if (S_ISLNK(entry->mode)) {
		cfs_dump_optional(out, entry->link.data, entry->link.len);
		cfs_buf_adds(out, " - -");
	} else if (has_content && id) {
		cfs_digest_to_path(id, path);
		cfs_digest_to_hex(id, hex);
		cfs_buf_addf(out, " %s - %s", path, hex);
	} else {
		cfs_buf_adds(out, " -");
		cfs_dump_optional(
			out, has_content && content.len ? content.data : NULL,
			content.len);
		cfs_buf_adds(out, " -");
	}
}

static void add_xattr(struct cfs_buf *out, const struct cfs_tar_xattr *xattr)
{
	cfs_buf_addc(out, ' ');
	cfs_dump_escape(out, xattr->name, CFS_DUMP_ESCAPE_EQUALS);
	cfs_buf_addc(out, '=');
	cfs_dump_escape(out, xattr->value, CFS_DUMP_ESCAPE_EQUALS);
}

void cfs_oci_layer_dump(const struct cfs_tar_entry *entry,
			const struct cfs_digest *id, struct cfs_buf *out)
{
	add_path(out, entry->path);
	if (entry->is_hardlink) {
		cfs_buf_addf(out, " 0 @%o - - - - 0.0 ", (unsigned)S_IFLNK);
		add_path(out, entry->link);
		cfs_buf_adds(out, " - -\n");
		return;
	}
	cfs_buf_addf(out, " %llu %o 1 %u %u %u %lld.%u",
		     (unsigned long long)size_of(entry), entry->mode,
		     entry->uid, entry->gid, entry->rdev,
		     (long long)entry->mtime_sec, entry->mtime_nsec);
	add_data(out, entry, id);
	for (size_t i = 0; i < entry->n_xattrs; i++)
		add_xattr(out, &entry->xattrs[i]);
	cfs_buf_addc(out, '\n');
}
