/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tree/tar/entry.h"

#include <string.h>

#include "base/fields.h"
#include "tree/tar/pax.h"

#define XATTR_PREFIX  "SCHILY.xattr."
#define SPARSE_PREFIX "GNU.sparse."
/* Lists up to this long are sorted by insertion, which is faster. */
#define FEW 16

/* Header and records combined, not checked yet. */
struct facts {
	struct cfs_bytes path, link;
	struct cfs_tar_stat stat;
	uint32_t mtime_nsec;
	int64_t size;
};

int cfs_tar_entry_ctx(const struct cfs_tar_entry *entry, struct cfs_err *err)
{
	char shown[CFS_TAR_SHOWN_MAX];

	return cfs_ctx(err, "entry '%s' at offset %llu",
		       cfs_tar_shown(entry->path, shown),
		       (unsigned long long)entry->offset);
}

void cfs_tar_pending_free(struct cfs_tar_pending *pending)
{
	if (!pending)
		return;
	cfs_buf_free(&pending->pax);
	cfs_buf_free(&pending->name);
	cfs_buf_free(&pending->link);
	cfs_vec_free(&pending->xattrs);
	cfs_tar_sparse_free(&pending->sparse);
}

void cfs_tar_pending_reset(struct cfs_tar_pending *pending)
{
	pending->pax.len = pending->name.len = pending->link.len = 0;
	pending->xattrs.n = 0;
	pending->has_pax = pending->has_name = pending->has_link = false;
	if (pending->sparse.any)
		cfs_tar_sparse_reset(&pending->sparse);
}

bool cfs_tar_pending_any(const struct cfs_tar_pending *pending)
{
	return pending->has_pax || pending->has_name || pending->has_link;
}

static int take(bool *has, struct cfs_buf *data, struct cfs_buf **ret,
		const char *what, struct cfs_err *err)
{
	if (*has)
		return cfs_fail(err, EINVAL, "a second %s for one entry", what);
	*has = true;
	*ret = data;
	return 1;
}

int cfs_tar_pending_take(struct cfs_tar_pending *p,
			 const struct cfs_tar_header *header,
			 struct cfs_buf **ret, struct cfs_err *err)
{
	size_t have = p->pax.len + p->name.len + p->link.len;
	int r = 0;

	/* Extension headers came with ustar and GNU tar: in an older header
	 * these letters are types that are not known. */
	if (header->magic == CFS_TAR_V7)
		return 0;
	if (header->type == 'x')
		r = take(&p->has_pax, &p->pax, ret, "PAX header", err);
	else if (header->type == 'L')
		r = take(&p->has_name, &p->name, ret, "long name", err);
	else if (header->type == 'K')
		r = take(&p->has_link, &p->link, ret, "long link target", err);
	if (r <= 0)
		return r;
	if (header->size < 0)
		return cfs_fail(err, EINVAL, "its size is negative");
	if ((uint64_t)header->size > CFS_TAR_EXTENSION_MAX - have)
		return cfs_fail(err, E2BIG,
				"over %u bytes of extension headers for one "
				"entry",
				CFS_TAR_EXTENSION_MAX);
	return 1;
}

static bool starts(struct cfs_bytes key, const char *with)
{
	return key.len >= strlen(with) &&
	       memcmp(key.data, with, strlen(with)) == 0;
}

static int add_xattr(struct cfs_tar_pending *p, struct cfs_bytes key,
		     struct cfs_bytes value, struct cfs_err *err)
{
	struct cfs_tar_xattr x = { key, value };

	x.name.data += strlen(XATTR_PREFIX);
	x.name.len -= strlen(XATTR_PREFIX);
	if (x.name.len == 0)
		return cfs_fail(err, EINVAL, "an xattr without a name");
	if (memchr(x.name.data, '\0', x.name.len))
		return cfs_fail(err, EINVAL, "a NUL in the name of an xattr");
	if (x.name.len > CFS_XATTR_KEY_MAX)
		return cfs_fail(err, ERANGE,
				"the name of an xattr is %zu bytes long (at "
				"most %d)",
				x.name.len, CFS_XATTR_KEY_MAX);
	if (value.len > CFS_XATTR_VALUE_MAX)
		return cfs_fail(err, ERANGE,
				"an xattr is %zu bytes long (at most %d)",
				value.len, CFS_XATTR_VALUE_MAX);
	return cfs_vec_add(&p->xattrs, x) ? 0 : cfs_no_memory(err);
}

static int take_number(struct cfs_bytes value, int64_t *ret,
		       struct cfs_err *err)
{
	uint64_t v;
	int r = cfs_pax_number(value, INT64_MAX, &v, err);

	if (r == 0)
		*ret = (int64_t)v;
	return r;
}

static int take_record(struct cfs_tar_pending *p,
		       const struct cfs_pax_record *record, struct facts *f,
		       struct cfs_err *err)
{
	struct cfs_bytes key = record->key, value = record->value;

	if (starts(key, XATTR_PREFIX))
		return add_xattr(p, key, value, err);
	if (cfs_bytes_are(key, "mtime"))
		return cfs_pax_time(value, &f->stat.mtime, &f->mtime_nsec, err);
	if (cfs_bytes_are(key, "path"))
		f->path = value;
	else if (cfs_bytes_are(key, "linkpath"))
		f->link = value;
	else if (cfs_bytes_are(key, "size"))
		return take_number(value, &f->size, err);
	else if (cfs_bytes_are(key, "uid"))
		return take_number(value, &f->stat.uid, err);
	else if (cfs_bytes_are(key, "gid"))
		return take_number(value, &f->stat.gid, err);
	else if (starts(key, SPARSE_PREFIX))
		return cfs_tar_sparse_record(&p->sparse, record, err);
	return 0;
}

static int take_pax(struct cfs_tar_pending *p, struct facts *f,
		    struct cfs_err *err)
{
	struct cfs_bytes rest = cfs_buf_bytes(&p->pax);
	struct cfs_pax_record record;
	char shown[CFS_TAR_SHOWN_MAX];
	int r;

	while ((r = cfs_pax_next(&rest, &record, err)) > 0) {
		r = take_record(p, &record, f, err);
		if (r < 0)
			return cfs_ctx(err, "PAX record '%s'",
				       cfs_tar_shown(record.key, shown));
	}
	return r;
}

/* The data of an L or K header: the NULs at its end do not count. */
static struct cfs_bytes long_text(const struct cfs_buf *data)
{
	struct cfs_bytes text = cfs_buf_bytes(data);

	while (text.len > 0 && text.data[text.len - 1] == '\0')
		text.len--;
	return text;
}

static struct cfs_bytes header_path(struct cfs_tar_pending *p,
				    const struct cfs_tar_header *header)
{
	struct cfs_bytes prefix = header->prefix, name = header->name;

	if (prefix.len == 0)
		return name;
	memcpy(p->joined, prefix.data, prefix.len);
	p->joined[prefix.len] = '/';
	memcpy(p->joined + prefix.len + 1, name.data, name.len);
	return (struct cfs_bytes){ p->joined, prefix.len + 1 + name.len };
}

static int collect(struct cfs_tar_pending *p,
		   const struct cfs_tar_header *header, const uint8_t *block,
		   struct facts *f, struct cfs_err *err)
{
	int r = cfs_tar_header_stat(block, &f->stat, err);

	f->size = header->size;
	f->mtime_nsec = 0;
	f->path = p->has_name ? long_text(&p->name) : header_path(p, header);
	f->link = p->has_link ? long_text(&p->link) : header->link;
	if (r == 0 && p->has_pax)
		r = take_pax(p, f, err);
	/* The "path" of such a file is a made-up one, for tools that do not
	 * know sparse files. */
	if (p->sparse.name.len > 0)
		f->path = p->sparse.name;
	return r;
}

static int unknown_type(char type, struct cfs_err *err)
{
	if (type > ' ' && type < 0x7f)
		return cfs_fail(err, ENOTSUP, "unknown entry type '%c'", type);
	return cfs_fail(err, ENOTSUP, "unknown entry type 0x%02x",
			(unsigned char)type);
}

/* Returns 1 when more of the map of a sparse file follows. */
static int take_type(struct cfs_tar_pending *p,
		     const struct cfs_tar_header *header, const uint8_t *block,
		     const struct facts *f, struct cfs_tar_entry *e,
		     struct cfs_err *err)
{
	switch (header->type) {
	case '\0':
		/* Before there was a type for directories, a slash at the end
		 * of the name marked them. */
		if (f->path.len > 0 && f->path.data[f->path.len - 1] == '/')
			e->mode |= S_IFDIR;
		else
			e->mode |= S_IFREG;
		return 0;
	case '0':
	/* A contiguous file: POSIX has it read like a regular one. */
	case '7':
		e->mode |= S_IFREG;
		return 0;
	case '1':
		e->is_hardlink = true;
		return 0;
	case '2':
		e->mode |= S_IFLNK;
		return 0;
	case '3':
	case '4':
		e->mode |= header->type == '3' ? S_IFCHR : S_IFBLK;
		return cfs_tar_header_rdev(block, &e->rdev, err);
	case '5':
		e->mode |= S_IFDIR;
		return 0;
	case '6':
		e->mode |= S_IFIFO;
		return 0;
	case 'S':
		if (header->magic != CFS_TAR_GNU)
			return unknown_type(header->type, err);
		if (p->sparse.any)
			return cfs_fail(err, EINVAL,
					"two maps of one sparse file");
		e->mode |= S_IFREG;
		return cfs_tar_sparse_header(&p->sparse, block, err);
	default:
		return unknown_type(header->type, err);
	}
}

static int take_id(int64_t id, const char *what, uint32_t *ret,
		   struct cfs_err *err)
{
	if (id < 0 || id > UINT32_MAX)
		return cfs_fail(err, ERANGE, "%s %lld is out of range", what,
				(long long)id);
	*ret = (uint32_t)id;
	return 0;
}

/* A hard link's target is a path of the archive.  A symlink's is text that must
 * be kept as it is. */
static int take_link(struct cfs_tar_pending *p, struct cfs_bytes link,
		     struct cfs_tar_entry *e, struct cfs_err *err)
{
	int r;

	if (e->is_hardlink) {
		r = cfs_tar_path(link, p->target, &e->link, err);
	} else if (S_ISLNK(e->mode)) {
		r = cfs_tar_path_check(link, err);
		if (r == 0) {
			memcpy(p->target, link.data, link.len);
			e->link = (struct cfs_bytes){ p->target, link.len };
		}
	} else {
		return 0;
	}
	return r < 0 ? cfs_ctx(err, "link target") : 0;
}

static int by_name(const void *a, const void *b)
{
	const struct cfs_tar_xattr *x = a, *y = b;
	size_t len = x->name.len < y->name.len ? x->name.len : y->name.len;
	int r = memcmp(x->name.data, y->name.data, len);

	if (r != 0)
		return r;
	if (x->name.len != y->name.len)
		return x->name.len < y->name.len ? -1 : 1;
	/* Of one name, as they stand in the header. */
	return (x->name.data > y->name.data) - (x->name.data < y->name.data);
}

static void sort_xattrs(struct cfs_tar_xattr *x, size_t n)
{
	if (n > FEW) {
		qsort(x, n, sizeof(*x), by_name);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct cfs_tar_xattr one = x[i];
		size_t at = i;

		for (; at > 0 && by_name(&one, &x[at - 1]) < 0; at--)
			x[at] = x[at - 1];
		x[at] = one;
	}
}

static bool same_name(const struct cfs_tar_xattr *x,
		      const struct cfs_tar_xattr *y)
{
	return x->name.len == y->name.len &&
	       memcmp(x->name.data, y->name.data, x->name.len) == 0;
}

/* Sorts the xattrs and keeps the last of each name. */
static int finish_xattrs(struct cfs_tar_pending *p, struct cfs_tar_entry *e,
			 struct cfs_err *err)
{
	struct cfs_tar_xattr *x = p->xattrs.v;
	size_t n = p->xattrs.n, kept = 0, bytes = 0;

	sort_xattrs(x, n);
	for (size_t i = 0; i < n; i++) {
		if (i + 1 < n && same_name(&x[i], &x[i + 1]))
			continue;
		/* The size in EROFS: 4 bytes, name and value, rounded up to
		 * 4. */
		bytes += (4 + x[i].name.len + x[i].value.len + 3) & ~(size_t)3;
		x[kept++] = x[i];
	}
	if (bytes > CFS_TAR_XATTR_BYTES_MAX)
		return cfs_fail(err, E2BIG, "%zu bytes of xattrs (at most %d)",
				bytes, CFS_TAR_XATTR_BYTES_MAX);
	e->xattrs = x;
	e->n_xattrs = kept;
	return 0;
}

static int finish(struct cfs_tar_pending *p, const struct facts *f,
		  struct cfs_tar_entry *e, struct cfs_err *err)
{
	int r = cfs_tar_path(f->path, p->path, &e->path, err);

	if (r == 0)
		r = take_id(f->stat.uid, "uid", &e->uid, err);
	if (r == 0)
		r = take_id(f->stat.gid, "gid", &e->gid, err);
	if (r == 0 && f->size < 0)
		r = cfs_fail(err, EINVAL, "its size is negative");
	if (r == 0)
		r = take_link(p, f->link, e, err);
	if (r == 0 && p->xattrs.n > 0)
		r = finish_xattrs(p, e, err);
	if (r < 0)
		return r;
	e->size = (uint64_t)f->size;
	if (p->sparse.any && !S_ISREG(e->mode))
		return cfs_fail(err, EINVAL, "only regular files are sparse");
	if (p->sparse.any)
		e->sparse = &p->sparse;
	e->is_external = S_ISREG(e->mode) && e->size > CFS_INLINE_FROM_DISK;
	return 0;
}

int cfs_tar_entry_make(struct cfs_tar_pending *p,
		       const struct cfs_tar_header *header,
		       const uint8_t block[static CFS_TAR_BLOCK],
		       uint64_t offset, struct cfs_tar_entry *ret,
		       struct cfs_err *err)
{
	struct facts f;
	int more, r = collect(p, header, block, &f, err);

	*ret = (struct cfs_tar_entry){
		.offset = offset,
		.path = f.path,
	};
	if (r < 0)
		return r;
	ret->mode = f.stat.mode;
	ret->mtime_sec = f.stat.mtime;
	ret->mtime_nsec = f.mtime_nsec;
	more = take_type(p, header, block, &f, ret, err);
	if (more < 0)
		return more;
	r = finish(p, &f, ret, err);
	return r < 0 ? r : more;
}
