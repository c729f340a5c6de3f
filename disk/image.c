/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/image.h"

#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "base/io.h"
#include "disk/ext4.h"
#include "disk/walk.h"
#include "repo/signature.h"

#define MIB (UINT64_C(1) << 20)

/* What `auto` leaves free: an eighth of the contents and 32 MiB, and as many
 * inodes as a file system of mke2fs' own choice would have for it. */
#define ROOM_PART   8
#define ROOM_BLOCKS (32 * MIB / CFS_EXT4_BLOCK)
#define INODE_RATIO 16384 /* bytes of the image for an inode */
/* Inodes beside those of the plan: ext4 numbers its own from 1 to 10, the next
 * is lost+found, and the rest are to spare. */
#define INODES_OWN 64

struct writer {
	const struct cfs_plan *plan;
	const struct cfs_repo *repo;
	const struct cfs_disk_params *params;
	struct cfs_ext4 *fs;
	uint32_t *inos; /* of the plan's directories, by index */
};

static const char *parent_name(const struct writer *w,
			       const struct cfs_plan_entry *e)
{
	return w->plan->v[e->parent].name;
}

/* Reads the signature that goes with the object @id, if it has one. */
static int read_signature(const struct writer *w,
			  const struct cfs_plan_entry *e,
			  const struct cfs_digest *id, struct cfs_buf *buf,
			  struct cfs_err *err)
{
	char path[CFS_SIGNATURE_PATH_MAX];
	struct cfs_bytes der;
	int r;

	if (e->in_pack && cfs_sigpacks_find(&w->plan->packs, id, &der))
		cfs_buf_add(buf, der.data, der.len);
	if (!e->has_signature)
		return cfs_buf_check(buf, err);
	cfs_signature_path(id, path);
	r = cfs_signature_read(w->repo, id, buf, err);
	if (r == 0)
		return cfs_fail(err, ESTALE, "%s has vanished", path);
	return r < 0 ? r : 0;
}

static int open_source(const struct writer *w, const struct cfs_plan_entry *e,
		       const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;

	fd = e->kind != CFS_PLAN_FILE || e->from_repo
		     ? cfs_plan_open_repo(w->repo->fd, path, &st, err)
		     : cfs_plan_open_local(path, &st, err);
	if (fd < 0)
		return fd;
	/* The size of the image was computed from that of the file. */
	if ((uint64_t)st.st_size != e->size)
		return cfs_fail(err, ESTALE,
				"%s has changed in the meantime: try again",
				path);
	return cfs_steal_fd(&fd);
}

static struct cfs_ext4_new new_file(const struct writer *w,
				    const struct cfs_plan_entry *e, int fd)
{
	return (struct cfs_ext4_new){ w->inos[e->parent], e->name, e->mode,
				      fd };
}

/*
 * An object, or (@want NULL) a file that nothing tells the digest of.  A
 * damaged object would get fs-verity for whatever its bytes are, and every open
 * of it on the booted machine would fail: it is found here, while it is copied.
 */
static int add_verity(struct writer *w, const struct cfs_plan_entry *e,
		      const char *path, const struct cfs_digest *want,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf signature = { 0 };
	CFS_AUTOFD int fd = open_source(w, e, path, err);
	struct cfs_ext4_verity verity;
	struct cfs_ext4_new what;
	struct cfs_digest got;
	int r = fd < 0 ? fd : 0;

	if (r == 0 && want)
		r = read_signature(w, e, want, &signature, err);
	if (r < 0)
		return r;
	what = new_file(w, e, fd);
	verity = (struct cfs_ext4_verity){ w->plan->alg,
					   cfs_buf_bytes(&signature), want };
	r = cfs_ext4_add_verity(w->fs, &what, &verity, &got, err);
	if (r == -EBADMSG)
		return cfs_ctx(err, "%s is damaged; see `cfsctl fsck`", path);
	return r;
}

static int add_object(struct writer *w, const struct cfs_plan_entry *e,
		      struct cfs_err *err)
{
	char hex[2 * CFS_DIGEST_HEX_MAX], path[3 * CFS_DIGEST_HEX_MAX];
	struct cfs_digest want;
	int r;

	/* objects/xx/yyyy stands in the plan as two names. */
	snprintf(hex, sizeof(hex), "%s%s", parent_name(w, e), e->name);
	snprintf(path, sizeof(path), "objects/%s/%s", parent_name(w, e),
		 e->name);
	r = cfs_digest_from_hex(hex, strlen(hex), &want, err);
	return r < 0 ? r : add_verity(w, e, path, &want, err);
}

static int add_file(struct writer *w, const struct cfs_plan_entry *e,
		    struct cfs_err *err)
{
	CFS_AUTOFD int fd = open_source(w, e, e->from, err);
	struct cfs_ext4_new what = new_file(w, e, fd);

	return fd < 0 ? fd : cfs_ext4_add_file(w->fs, &what, err);
}

static int add(struct writer *w, unsigned i, struct cfs_err *err)
{
	const struct cfs_plan_entry *e = &w->plan->v[i];
	uint32_t parent = w->inos[e->parent];

	switch (e->kind) {
	case CFS_PLAN_DIR:
		return cfs_ext4_mkdir(w->fs, parent, e->name, e->mode,
				      &w->inos[i], err);
	case CFS_PLAN_LINK:
		return cfs_ext4_symlink(w->fs, parent, e->name, e->from, err);
	case CFS_PLAN_FILE:
		return add_file(w, e, err);
	case CFS_PLAN_META:
		return add_verity(w, e, e->name, NULL, err);
	case CFS_PLAN_OBJECT:
		return add_object(w, e, err);
	}
	return cfs_fail(err, EINVAL, "entry of unknown kind %d", (int)e->kind);
}

static int add_all(struct writer *w, struct cfs_err *err)
{
	CFS_AUTOFREE uint32_t *inos = calloc(w->plan->n, sizeof(*inos));
	int r = 0;

	if (!inos)
		return cfs_no_memory(err);
	w->inos = inos;
	/* A directory stands before its entries in the plan. */
	inos[0] = CFS_EXT4_ROOT;
	for (unsigned i = 1; r == 0 && i < w->plan->n; i++) {
		r = add(w, i, err);
		if (r == 0 && w->params->progress)
			w->params->progress(w->params->progress_arg,
					    w->plan->v[i].size);
	}
	return r;
}

/* Decides size and inodes, or says what would be needed.  A size that was asked
 * for is kept to the byte: it may be that of a partition. */
static int choose(const struct cfs_plan *plan, uint64_t asked,
		  struct cfs_ext4_params *ret, struct cfs_err *err)
{
	uint64_t blocks = cfs_plan_blocks(plan);
	uint64_t inodes = plan->n + INODES_OWN, more;
	uint64_t least = cfs_ext4_size_for(blocks, inodes);

	if (asked == 0 && least) {
		blocks += blocks / ROOM_PART + ROOM_BLOCKS;
		inodes += blocks * CFS_EXT4_BLOCK / INODE_RATIO;
		asked = cfs_ext4_size_for(blocks, inodes);
	} else if (asked && least) {
		/* Inodes for what may be added later, if they fit. */
		more = inodes + asked / INODE_RATIO;
		if (cfs_ext4_size_for(blocks, more) <= asked)
			inodes = more;
	}
	if (!asked || !least)
		return cfs_fail(err, EFBIG,
				"the contents do not fit into one file system");
	if (asked < least)
		return cfs_fail(err, ENOSPC,
				"an image of %" PRIu64 " MiB is too small: the "
				"contents need %" PRIu64 " MiB (--size %" PRIu64
				"M or more, or --size auto)",
				asked / MIB, least / MIB, least / MIB);
	ret->size = asked;
	ret->inodes = inodes;
	return 0;
}

/* Sets the UUID.  It depends on everything that the image does, so that equal
 * images have the same and different ones can be told apart. */
static int identify(const struct cfs_plan *plan,
		    const struct cfs_disk_params *params,
		    struct cfs_ext4_params *ret, struct cfs_err *err)
{
	char salt[128];

	if (params->uuid) {
		memcpy(ret->uuid, params->uuid, sizeof(ret->uuid));
		return 0;
	}
	snprintf(salt, sizeof(salt), "%" PRIu64 " %" PRId64 " %s", ret->size,
		 params->time, params->label ? params->label : "");
	return cfs_plan_uuid(plan, salt, ret->uuid, err);
}

int cfs_disk_write(const struct cfs_plan *plan, const struct cfs_repo *repo,
		   const struct cfs_disk_params *params, int fd,
		   struct cfs_disk_result *ret, struct cfs_err *err)
{
	CFS_AUTO(cfs_ext4_free) struct cfs_ext4 *fs = NULL;
	struct cfs_ext4_params ext4 = { .label = params->label,
					.time = params->time };
	struct writer w = { .plan = plan, .repo = repo, .params = params };
	int r = choose(plan, params->size, &ext4, err);

	if (r == 0)
		r = identify(plan, params, &ext4, err);
	if (r == 0)
		r = cfs_ext4_create(fd, &ext4, &fs, err);
	if (r < 0)
		return r;
	w.fs = fs;
	r = add_all(&w, err);
	if (r == 0)
		r = cfs_ext4_finish(fs, err);
	if (r < 0)
		return r;
	/* Blocks that do not fit on the disk may not have been noticed yet. */
	if (fsync(fd) < 0)
		return cfs_fail_errno(err, "write the image to the disk");
	ret->size = ext4.size;
	memcpy(ret->uuid, ext4.uuid, sizeof(ret->uuid));
	return 0;
}

int cfs_disk_parse_size(const char *text, uint64_t *ret, struct cfs_err *err)
{
	static const char units[] = "KMGT";
	uint64_t n = 0;
	const char *at = text, *unit;

	if (strcmp(text, "auto") == 0) {
		*ret = 0;
		return 0;
	}
	/* An overflow sticks: UINT64_MAX stays itself, and is refused below. */
	for (; isdigit((unsigned char)*at); at++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, *at - '0', &n))
			n = UINT64_MAX; /* not a multiple of a block */
	unit = *at ? strchr(units, toupper((unsigned char)*at)) : NULL;
	for (const char *u = units; unit && u <= unit; u++)
		if (__builtin_mul_overflow(n, 1024, &n))
			n = UINT64_MAX;
	if (at == text || (*at && (!unit || at[1])) || n == 0)
		return cfs_fail(err, EINVAL,
				"size %s: a number with K, M, G or T, or auto",
				text);
	if (n % CFS_EXT4_BLOCK)
		return cfs_fail(err, EINVAL,
				"size %s is not a multiple of %d bytes", text,
				CFS_EXT4_BLOCK);
	*ret = n;
	return 0;
}

int cfs_disk_parse_uuid(const char *text, uint8_t ret[static 16],
			struct cfs_err *err)
{
	char hex[33];
	size_t n = 0;

	/* RFC 9562: 32 digits in groups of 8, 4, 4, 4 and 12. */
	for (size_t i = 0; i < 36 && text[i]; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if ((text[i] == '-') != dash)
			break;
		if (!dash)
			hex[n++] = text[i];
	}
	hex[n] = '\0';
	if (n != 32 || text[36] || strspn(hex, "0123456789abcdefABCDEF") != 32)
		return cfs_fail(err, EINVAL, "%s is not an UUID", text);
	for (n = 0; n < 16; n++)
		(void)sscanf(hex + 2 * n, "%2hhx", &ret[n]);
	return 0;
}
