/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/enrol_image.h"

#include "fsverity/signature.h"
#include "keys/sign.h"
#include "repo/object.h"
#include "repo/signature.h"

void cfs_enrolment_free(struct cfs_enrolment *e)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		cfs_buf_free(&e->v[i].der);
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

/* Adds those signers of @more to the blob of @role for whom @certs vouches. */
static int merge(struct cfs_enrolment_role *role, struct cfs_bytes more,
		 const struct cfs_certs *certs, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	struct cfs_buf old = role->der;
	int r = cfs_signature_attach(more, &role->digest, certs,
				     cfs_buf_bytes(&role->der), &next, err);

	if (r < 0)
		return r;
	role->der = next;
	next = old;
	return 0;
}

/* Starts the blob of @role with the signers that the object has. */
static int begin(struct cfs_enrolment_role *role, const struct cfs_repo *repo,
		 const struct cfs_certs *certs, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf kept = { 0 };
	struct cfs_err ignored = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	int r = open_object(repo, &role->digest, &fd, err);

	if (r == 0)
		r = add_builtin(fd, &role->der, err);
	if (r < 0)
		return r;
	/* Anyone may have written what is kept: a bad one is not for us. */
	if (cfs_signature_read(repo, &role->digest, &kept, &ignored) > 0)
		(void)!merge(role, cfs_buf_bytes(&kept), certs, &ignored);
	return 0;
}

static int take(struct cfs_enrolment_role *role, const struct cfs_repo *repo,
		const struct cfs_digest *digest, struct cfs_bytes der,
		const struct cfs_certs *certs)
{
	struct cfs_err *why = &role->why_not;

	if (!role->wanted) {
		role->wanted = true;
		role->digest = *digest;
		(void)!begin(role, repo, certs, why);
	}
	if (!why->code)
		(void)!merge(role, der, certs, why);
	return -why->code;
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
	for (size_t i = 0; i < v->sources.n; i++) {
		const struct cfs_seal_source *source = v->sources.v[i];
		const struct cfs_seal_verdict *verdict = &v->verdicts[i];

		if (verdict->answer != CFS_SEAL_VERIFIED)
			continue;
		for (unsigned k = 0; k < verdict->n; k++) {
			const struct cfs_seal_finding *f = &verdict->v[k];

			if (passed(f) && take(&e->v[f->role], repo,
					      &source->artifact.v[k].digest,
					      cfs_buf_bytes(&source->blobs[k]),
					      certs) == -ENOMEM)
				return cfs_no_memory(err);
		}
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
