/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/plan.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "disk/ext4.h"
#include "disk/walk.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"

/* Longest target that fits into the inode itself, without its NUL.
 * Source: ext2fs/ext2_fs.h, sizeof(i_block). */
#define FAST_LINK_MAX 59

void cfs_plan_free(struct cfs_plan *plan)
{
	for (unsigned i = 0; i < plan->n; i++) {
		free(plan->v[i].name);
		free(plan->v[i].from);
	}
	cfs_vec_free(plan);
	cfs_sigpacks_free(&plan->packs);
}

int cfs_plan_entry(struct cfs_plan *plan, const struct cfs_plan_entry *what,
		   unsigned *ret, struct cfs_err *err)
{
	CFS_AUTOFREE char *name = strdup(what->name);
	CFS_AUTOFREE char *from = what->from ? strdup(what->from) : NULL;
	struct cfs_plan_entry *e;

	if (plan->n == UINT_MAX) /* they are numbered by it */
		return cfs_fail(err, E2BIG, "more than %u files", UINT_MAX);
	if (!name || (what->from && !from) || !cfs_vec_reserve(plan, 1))
		return cfs_no_memory(err);
	e = &plan->v[plan->n];
	*e = *what;
	e->name = cfs_steal_ptr(&name);
	e->from = cfs_steal_ptr(&from);
	if (e->kind == CFS_PLAN_FILE)
		e->blocks = cfs_ext4_file_blocks(e->size, plan->alg, -1);
	/* Objects and meta.json come with theirs: they have fs-verity. */
	if (e->kind == CFS_PLAN_LINK)
		e->blocks = strlen(e->from) > FAST_LINK_MAX;
	if (ret)
		*ret = (unsigned)plan->n;
	plan->n++;
	return 0;
}

void cfs_plan_drop_last(struct cfs_plan *plan)
{
	/* Only the last one can go: indexes are what entries know their parents
	 * by. */
	struct cfs_plan_entry *e = &plan->v[--plan->n];

	free(e->name);
	free(e->from);
}

/* The entry @name of directory @parent: 1 with *@ret, or 0. */
static int lookup(const struct cfs_plan *plan, unsigned parent,
		  const char *name, unsigned *ret)
{
	/* From the end: what is looked for was added by the same caller. */
	for (unsigned i = (unsigned)plan->n; i-- > 1;)
		if (plan->v[i].parent == parent &&
		    strcmp(plan->v[i].name, name) == 0) {
			*ret = i;
			return 1;
		}
	return 0;
}

int cfs_plan_vacant(const struct cfs_plan *plan, unsigned parent,
		    const char *name, struct cfs_err *err)
{
	unsigned there;

	if (!lookup(plan, parent, name, &there))
		return 0;
	return cfs_fail(err, EEXIST, "%s is in the image already", name);
}

int cfs_plan_dir(struct cfs_plan *plan, unsigned parent, const char *name,
		 mode_t mode, unsigned *ret, struct cfs_err *err)
{
	struct cfs_plan_entry dir = { .kind = CFS_PLAN_DIR,
				      .parent = parent,
				      .mode = mode,
				      .blocks = 1 };
	CFS_AUTOFREE char *copy = NULL;

	if (lookup(plan, parent, name, ret)) {
		if (plan->v[*ret].kind == CFS_PLAN_DIR)
			return 0;
		return cfs_fail(err, EEXIST,
				"%s is in the image already and no directory",
				name);
	}
	copy = strdup(name);
	if (!copy)
		return cfs_no_memory(err);
	dir.name = copy;
	return cfs_plan_entry(plan, &dir, ret, err);
}

int cfs_plan_start(struct cfs_plan *plan, struct cfs_err *err)
{
	char none[] = "";
	struct cfs_plan_entry root = {
		.name = none, .kind = CFS_PLAN_DIR, .mode = 0755, .blocks = 1
	};

	return plan->n ? 0 : cfs_plan_entry(plan, &root, NULL, err);
}

int cfs_plan_state(struct cfs_plan *plan, const struct cfs_digest *id,
		   mode_t etc_mode, mode_t var_mode, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	unsigned dir, etc, ignored;
	int r = cfs_plan_start(plan, err);

	/* The layout that composefs-setup-root looks for: an overlay's two
	 * directories for /etc, and /var as it is. */
	cfs_digest_to_hex(id, hex);
	if (r == 0)
		r = cfs_plan_dir(plan, 0, "state", 0755, &dir, err);
	if (r == 0)
		r = cfs_plan_dir(plan, dir, "deploy", 0755, &dir, err);
	if (r == 0)
		r = cfs_plan_vacant(plan, dir, hex, err);
	if (r == 0)
		r = cfs_plan_dir(plan, dir, hex, 0755, &dir, err);
	if (r == 0)
		r = cfs_plan_dir(plan, dir, "etc", 0755, &etc, err);
	if (r == 0)
		r = cfs_plan_dir(plan, etc, "upper", etc_mode, &ignored, err);
	if (r == 0)
		r = cfs_plan_dir(plan, etc, "work", 0700, &ignored, err);
	if (r == 0)
		r = cfs_plan_dir(plan, dir, "var", var_mode, &ignored, err);
	return r;
}

uint64_t cfs_plan_blocks(const struct cfs_plan *plan)
{
	uint64_t blocks = 0, names = 0;

	for (unsigned i = 0; i < plan->n; i++) {
		blocks += plan->v[i].blocks;
		/* A head of 8 bytes, and the name padded to 4 bytes. */
		names += strlen(plan->v[i].name) + 12;
	}
	/* Directory blocks are left with a gap; extent trees of the largest
	 * files and of a free space in pieces take blocks too. */
	return blocks + names * 5 / 4 / CFS_EXT4_BLOCK + blocks / 4096 + 64;
}

/* Appends a line with all that the identity of the image depends on.  The name
 * of an object is its digest, so that its contents need not be read.  Names end
 * with a NUL, which none contains: no two plans give the same bytes. */
static void describe(const struct cfs_plan_entry *e, struct cfs_buf *buf)
{
	char hex[CFS_DIGEST_HEX_MAX] = "";

	if (e->kind == CFS_PLAN_FILE || e->in_pack)
		cfs_digest_to_hex(&e->digest, hex);
	cfs_buf_addf(buf, "%d %u %o %d %" PRIu64 " %s", (int)e->kind, e->parent,
		     e->mode, e->has_signature, e->size, hex);
	cfs_buf_add(buf, e->name, strlen(e->name) + 1);
	if (e->kind == CFS_PLAN_LINK)
		cfs_buf_add(buf, e->from, strlen(e->from) + 1);
}

int cfs_plan_uuid(const struct cfs_plan *plan, const char *salt,
		  uint8_t ret[static 16], struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_digest digest;
	int r;

	cfs_buf_add(&buf, salt, strlen(salt) + 1);
	for (unsigned i = 0; i < plan->n; i++)
		describe(&plan->v[i], &buf);
	r = cfs_buf_check(&buf, err);
	if (r == 0)
		r = cfs_verity_digest_bytes(CFS_ALG_SHA256, cfs_buf_bytes(&buf),
					    &digest, err);
	if (r < 0)
		return r;
	memcpy(ret, digest.bytes, 16);
	/* RFC 9562: version 8 (custom), variant 10. */
	ret[6] = (uint8_t)((ret[6] & 0x0f) | 0x80);
	ret[8] = (uint8_t)((ret[8] & 0x3f) | 0x80);
	return 0;
}
