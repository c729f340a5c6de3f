/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/enrol_image.h"

#include <string.h>

#include "fsverity/signature.h"
#include "keys/pkcs7.h"
#include "keys/sign.h"
#include "repo/object.h"
#include "repo/signature.h"

void cfs_enrolment_free(struct cfs_enrolment *e)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		cfs_buf_free(&e->v[i].kept);
		cfs_buf_free(&e->v[i].der);
	}
}

static int open_object(const struct cfs_repo *repo, const struct cfs_digest *id,
		       int *ret_fd, struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	int r = objects < 0 ? objects
			    : cfs_object_open(objects, id, ret_fd, err);

	if (r == 0)
		return cfs_fail(err, ENOENT,
				"it is not in the repository: `cfsctl oci "
				"seal` makes EROFS images");
	return r < 0 ? r : 0;
}

/* Appends the signature that the kernel keeps with @fd, if it tells. */
static int add_builtin(int fd, struct cfs_buf *to, struct cfs_err *err)
{
	int r;

	if (!cfs_buf_reserve(to, CFS_SIGNATURE_MAX))
		return cfs_buf_check(to, err);
	r = cfs_verity_read_signature(fd, to->data + to->len, err);
	if (r > 0)
		to->len += (size_t)r;
	return r < 0 && r != -ENOTTY ? r : 0;
}

/* Replaces *@blob. */
static void become(struct cfs_buf *blob, struct cfs_buf *next)
{
	cfs_buf_free(blob);
	*blob = *next;
	*next = (struct cfs_buf){ 0 };
}

/* Adds those signers of @more to *@blob, a signature of @id, for whom @certs
 * vouches. */
static int merge(struct cfs_buf *blob, const struct cfs_digest *id,
		 struct cfs_bytes more, const struct cfs_certs *certs,
		 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	int r = cfs_signature_attach(more, id, certs, cfs_buf_bytes(blob),
				     &next, err);

	if (r > 0)
		become(blob, &next);
	return r;
}

/* Takes the signers @leaving (or NULL) out of *@blob.  Returns how many. */
static int take_out(struct cfs_buf *blob, const struct cfs_certs *leaving,
		    struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	int r;

	if (!leaving || !blob->len)
		return 0;
	r = cfs_signature_without(cfs_buf_bytes(blob), leaving, &next, err);
	if (r > 0)
		become(blob, &next);
	return r;
}

/* Appends the signature that is kept of @id to @ret; a malformed one is
 * none. */
static int read_kept(const struct cfs_repo *repo, const struct cfs_digest *id,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_pkcs7 p7;
	struct cfs_err ignored;
	int r = cfs_signature_read(repo, id, ret, err);

	if (r > 0 && cfs_pkcs7_parse(cfs_buf_bytes(ret), &p7, &ignored) < 0)
		cfs_buf_free(ret);
	return r < 0 ? r : 0;
}

/* Signatures on their way into an enrolment. */
struct adding {
	struct cfs_enrolment *e;
	const struct cfs_repo *repo;
	const struct cfs_certs *certs;
};

/* Starts the kernel's blob of @role with the signers that the object has. */
static int begin(const struct adding *a, struct cfs_enrolment_role *role,
		 struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;
	int r = open_object(a->repo, &role->digest, &fd, err);

	if (r == 0)
		r = add_builtin(fd, &role->der, err);
	if (r == 0)
		r = take_out(&role->der, a->e->leaving, err);
	if (r < 0)
		return r;
	role->had_leaving = r > 0;
	/* Anyone may have written what is kept: a bad one is passed over. */
	if (role->kept.len)
		(void)!merge(&role->der, &role->digest,
			     cfs_buf_bytes(&role->kept), a->certs, &ignored);
	return 0;
}

static int take(const struct adding *a, enum cfs_seal_role which,
		const struct cfs_digest *digest, struct cfs_bytes der,
		struct cfs_err *err)
{
	struct cfs_enrolment_role *role = &a->e->v[which];
	struct cfs_err *why = &role->why_not;
	int r = 0;

	if (!role->wanted) {
		role->wanted = true;
		role->digest = *digest;
		r = read_kept(a->repo, digest, &role->kept, err);
		if (r == 0)
			r = take_out(&role->kept, a->e->leaving, err);
		if (r >= 0)
			/* What cannot be enrolled is kept all the same; @why
			 * tells. */
			(void)!begin(a, role, why);
	}
	if (r >= 0)
		r = merge(&role->kept, digest, der, a->certs, err);
	if (r < 0)
		return cfs_ctx(err, "keep the signature of role %s",
			       cfs_seal_role_name(which));
	if (!why->code)
		(void)!merge(&role->der, digest, der, a->certs, why);
	return 0;
}

static bool passed(const struct cfs_seal_finding *f)
{
	return f->role != CFS_SEAL_LAYER && f->match == CFS_SEAL_EQUAL &&
	       f->sig == CFS_SEAL_GOOD;
}

int cfs_enrolment_add(struct cfs_enrolment *e, const struct cfs_repo *repo,
		      const struct cfs_seal_verification *v,
		      const struct cfs_certs *certs, struct cfs_err *err)
{
	const struct adding a = { e, repo, certs };

	for (size_t i = 0; i < v->sources.n; i++) {
		const struct cfs_seal_source *source = v->sources.v[i];
		const struct cfs_seal_verdict *verdict = &v->verdicts[i];

		if (verdict->answer != CFS_SEAL_VERIFIED)
			continue;
		for (unsigned k = 0; k < verdict->n; k++) {
			const struct cfs_seal_finding *f = &verdict->v[k];

			if (passed(f) &&
			    take(&a, f->role, &source->artifact.v[k].digest,
				 cfs_buf_bytes(&source->blobs[k]), err) < 0)
				return -err->code;
		}
	}
	return 0;
}

static int keep(const struct cfs_enrolment_role *role, struct cfs_store *store,
		struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	char path[CFS_SIGNATURE_PATH_MAX];
	int r = cfs_signature_read(&store->repo, &role->digest, &old, err);

	/* Written only if it changed. */
	if (r < 0 || (old.len == role->kept.len && old.len &&
		      memcmp(old.data, role->kept.data, old.len) == 0))
		return r;
	cfs_signature_path(&role->digest, path);
	return cfs_store_write_file(store, path, cfs_buf_bytes(&role->kept),
				    err);
}

int cfs_enrolment_keep(const struct cfs_enrolment *e, struct cfs_store *store,
		       struct cfs_err *err)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		const struct cfs_enrolment_role *role = &e->v[i];

		/* Without the object, there is nothing to keep a signature
		 * of. */
		if (role->wanted && role->why_not.code != ENOENT &&
		    keep(role, store, err) < 0)
			return cfs_ctx(
				err, "keep the signature of role %s",
				cfs_seal_role_name((enum cfs_seal_role)i));
	}
	return 0;
}

static void run(struct cfs_enrolment_role *role, struct cfs_store *store)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = open_object(&store->repo, &role->digest, &fd, &role->why_not);

	if (r == 0)
		r = cfs_object_check(fd, &role->digest, &role->why_not);
	if (r >= 0)
		r = cfs_enrol(store, &role->digest, fd,
			      cfs_buf_bytes(&role->der), &role->why_not);
	if (r > 0)
		role->enrolled = (enum cfs_enrolled)r;
}

unsigned cfs_enrolment_run(struct cfs_enrolment *e, struct cfs_store *store)
{
	unsigned n = 0;

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		struct cfs_enrolment_role *role = &e->v[i];

		if (!role->wanted)
			continue;
		if (!role->why_not.code)
			run(role, store);
		n += !role->enrolled;
	}
	return n;
}
