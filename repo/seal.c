/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/seal.h"

#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/enable.h"
#include "fsverity/measure.h"
#include "repo/dir.h"
#include "repo/enrol.h"
#include "repo/signature.h"
#include "repo/sigpacks.h"

#define HEX "0123456789abcdef"

struct sealing {
	struct cfs_store *store;
	const struct cfs_seal_params *params;
	struct cfs_seal_stats *stats;
	struct cfs_sigpacks packs;
};

/* One object at work. */
struct object {
	struct cfs_digest id;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_buf signature; /* empty for none */
	int fd;
};

static void object_end(struct object *o)
{
	cfs_buf_free(&o->signature);
	cfs_closep(&o->fd);
}

/* Are these hex digits, and so many? */
static bool is_hex(const char *name, size_t len)
{
	return strlen(name) == len && strspn(name, HEX) == len;
}

static int is_image(const struct cfs_repo *repo, const char *hex,
		    struct cfs_err *err)
{
	char path[sizeof("images/") + CFS_DIGEST_HEX_MAX];
	int r;

	snprintf(path, sizeof(path), "images/%s", hex);
	r = cfs_name_exists(repo->fd, path);
	return r < 0 ? cfs_fail(err, -r, "%s: %s", path, strerror(-r)) : r;
}

/* Reads the signature that is kept for the object: as an image, or in a
 * pack. */
static int read_signature(const struct sealing *s, struct object *o,
			  struct cfs_err *err)
{
	struct cfs_bytes der;
	int r;

	if (s->params->no_signatures)
		return 0;
	r = cfs_signature_read(&s->store->repo, &o->id, &o->signature, err);
	if (r != 0 || !cfs_sigpacks_find(&s->packs, &o->id, &der))
		return r < 0 ? r : 0;
	cfs_buf_add(&o->signature, der.data, der.len);
	return cfs_buf_check(&o->signature, err);
}

static int no_support(struct cfs_err *err)
{
	return cfs_fail(err, EOPNOTSUPP,
			"this file system or kernel has no fs-verity (ext4: "
			"tune2fs -O verity; Linux: CONFIG_FS_VERITY)");
}

/* Gives fs-verity to an object that has no signature. */
static int enable(struct sealing *s, struct object *o, struct cfs_err *err)
{
	int r = cfs_verity_enable(o->fd, o->id.alg,
				  cfs_buf_bytes(&o->signature), err);

	if (r < 0)
		return r;
	if (r == CFS_ENABLE_UNSUPPORTED)
		return no_support(err);
	r = cfs_verity_require(o->fd, &o->id, err);
	if (r == 0)
		s->stats->enabled++;
	return r;
}

static int enrol(struct sealing *s, struct object *o, bool has_verity,
		 struct cfs_err *err)
{
	int r = cfs_store_enrol(s->store, &o->id, o->fd,
				cfs_buf_bytes(&o->signature), err);

	if (r < 0)
		return r;
	if (r == CFS_ENROL_UNSUPPORTED)
		return no_support(err);
	if (r == CFS_ENROL_ALREADY)
		s->stats->already++;
	else if (has_verity)
		s->stats->replaced++;
	else
		s->stats->enabled++;
	return 0;
}

static int seal_open_object(struct sealing *s, struct object *o,
			    struct cfs_err *err)
{
	struct cfs_digest have;
	int r = read_signature(s, o, err);

	if (r < 0)
		return r;
	r = cfs_verity_measure(o->fd, &have, err);
	if (r < 0 || (r == 0 && o->signature.len == 0))
		return r < 0 ? r : enable(s, o, err);
	if (r > 0 && cfs_verity_require(o->fd, &o->id, err) < 0)
		return -err->code;
	if (o->signature.len)
		return enrol(s, o, r > 0, err);
	s->stats->already++;
	return 0;
}

/* Seals objects/xx/@rest, with the hex digits @hex in all. */
static int seal_object(struct sealing *s, int shard, const char *hex,
		       struct cfs_err *err)
{
	__attribute__((cleanup(object_end))) struct object o = { .fd = -EBADF };
	struct stat st;
	int r;

	snprintf(o.hex, sizeof(o.hex), "%s", hex);
	r = cfs_digest_from_hex(hex, strlen(hex), &o.id, err);
	if (r < 0)
		return r;
	o.fd = cfs_open_regular(shard, hex + 2, &st);
	if (o.fd < 0)
		r = cfs_fail(err, -o.fd, "open it: %s%s", strerror(-o.fd),
			     o.fd == -ENOKEY
				     ? " (its signer's certificate is not in "
				       "the kernel's .fs-verity keyring)"
				     : "");
	else
		r = seal_open_object(s, &o, err);
	if (r < 0)
		return cfs_ctx(err, "object %s", hex);
	if (s->params->progress)
		s->params->progress(s->params->progress_arg,
				    (uint64_t)st.st_size);
	return 0;
}

enum pass {
	OTHERS,
	IMAGES,
};

static int visit(struct sealing *s, enum pass pass, int shard, const char *hex,
		 struct cfs_err *err)
{
	int r = is_image(&s->store->repo, hex, err);

	if (r < 0 || r != (pass == IMAGES))
		return r < 0 ? r : 0;
	return seal_object(s, shard, hex, err);
}

static int visit_shard(struct sealing *s, enum pass pass, const char *xx,
		       struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int shard = cfs_dir_open(s->store->objects, xx);
	size_t rest = 2 * cfs_alg_size(s->store->repo.meta.alg) - 2;
	int r;

	if (shard < 0)
		return cfs_fail(err, -shard, "open objects/%s: %s", xx,
				strerror(-shard));
	r = cfs_dir_list(shard, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		char hex[CFS_DIGEST_HEX_MAX];

		if (!is_hex(names.v[i].name, rest))
			continue;
		snprintf(hex, sizeof(hex), "%.2s%.126s", xx, names.v[i].name);
		r = visit(s, pass, shard, hex, err);
	}
	return r;
}

static int visit_all(struct sealing *s, enum pass pass, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(s->store->objects, ".", &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++)
		if (is_hex(names.v[i].name, 2))
			r = visit_shard(s, pass, names.v[i].name, err);
	return r;
}

static int seal_objects(struct sealing *s, struct cfs_err *err)
{
	int r = 0;

	if (!s->params->no_signatures)
		r = cfs_sigpacks_read(&s->store->repo, NULL, &s->packs, err);
	if (r == 0)
		r = visit_all(s, OTHERS, err);
	return r < 0 ? r : visit_all(s, IMAGES, err);
}

/* Comes last: fs-verity of meta.json says that all objects have it. */
static int seal_meta(const struct cfs_repo *repo, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_regular(repo->fd, "meta.json", NULL);
	struct cfs_bytes none = { NULL, 0 };
	int r;

	if (fd < 0)
		return cfs_fail(err, -fd, "open meta.json: %s", strerror(-fd));
	r = cfs_verity_enable(fd, repo->meta.alg, none, err);
	if (r < 0)
		return cfs_ctx(err, "meta.json");
	if (r == CFS_ENABLE_UNSUPPORTED)
		return no_support(err);
	if (fsync(fd) < 0)
		return cfs_fail_errno(err, "write meta.json to the disk");
	return 0;
}

int cfs_store_seal(struct cfs_store *store,
		   const struct cfs_seal_params *params,
		   struct cfs_seal_stats *ret, struct cfs_err *err)
{
	struct sealing s = { .store = store, .params = params, .stats = ret };
	int r;

	*ret = (struct cfs_seal_stats){ 0 };
	r = seal_objects(&s, err);
	cfs_sigpacks_free(&s.packs);
	if (r < 0)
		return r;
	/* This includes what an earlier run did that may have been killed. */
	if (syncfs(store->repo.fd) < 0)
		return cfs_fail_errno(err, "write the repository to the disk");
	return seal_meta(&store->repo, err);
}
