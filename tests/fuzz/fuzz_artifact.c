/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of sealing artifacts.  What is read obeys the rules of the header,
 * and what is written of it reads back as the same entries and is then written
 * as the same bytes.  Nothing is verified whose digests are not the image's, or
 * that has no signatures, whatever the artifact says.
 */
#include <assert.h>
#include <string.h>

#include "fsverity/signature.h"
#include "oci/seal/artifact.h"
#include "oci/seal/judge.h"
#include "tests/fuzz/fuzz.h"

static void check_rules(const struct cfs_seal_artifact *a)
{
	unsigned merged = 0;
	size_t layers = 0;

	assert(a->n >= 1 && a->n + a->n_skipped <= CFS_SEAL_ENTRIES_MAX);
	for (unsigned i = 0; i < a->n; i++) {
		const struct cfs_seal_entry *e = &a->v[i];

		assert(e->digest.alg == a->alg);
		assert(e->size <= CFS_SIGNATURE_MAX);
		assert(!e->is_signed || e->size > 0);
		merged += e->role == CFS_SEAL_MERGED;
		if (e->role == CFS_SEAL_LAYER)
			assert(e->layer == layers++);
		else if (i > 0)
			assert(e->role > a->v[i - 1].role);
	}
	assert(merged == 1);
}

static void check_same(const struct cfs_seal_artifact *a,
		       const struct cfs_seal_artifact *b)
{
	assert(b->form == CFS_SEAL_METADATA && a->alg == b->alg);
	assert(a->n == b->n && b->n_skipped == 0);
	assert(cfs_oci_id_equal(&a->subject.id, &b->subject.id));
	assert(a->subject.size == b->subject.size);
	for (unsigned i = 0; i < a->n; i++) {
		const struct cfs_seal_entry *x = &a->v[i], *y = &b->v[i];

		assert(x->role == y->role && x->layer == y->layer);
		assert(cfs_digest_equal(&x->digest, &y->digest));
		assert(x->is_signed == y->is_signed);
		if (x->is_signed)
			assert(x->size == y->size &&
			       cfs_oci_id_equal(&x->blob, &y->blob));
	}
}

static void round_trip(const struct cfs_seal_artifact *a)
{
	CFS_AUTOBUF struct cfs_buf once = { 0 };
	CFS_AUTOBUF struct cfs_buf twice = { 0 };
	struct cfs_seal_artifact back;
	struct cfs_err err;

	assert(cfs_seal_artifact_write(a, &once, &err) == 0);
	assert(cfs_seal_artifact_read(cfs_buf_bytes(&once), &back, &err) == 1);
	check_same(a, &back);
	assert(cfs_seal_artifact_write(&back, &twice, &err) == 0);
	assert(once.len == twice.len &&
	       memcmp(once.data, twice.data, once.len) == 0);
}

/* An image whose digests are all zero, and no signature at hand. */
static void judge(const struct cfs_seal_artifact *a)
{
	static const struct cfs_bytes none[CFS_SEAL_ENTRIES_MAX];
	struct cfs_certs certs = { .n = 0 };
	struct cfs_seal_policy policy = { .certs = &certs };
	struct cfs_seal_facts facts = { .alg = a->alg,
					.subject = a->subject,
					.n_layers = 1 };
	struct cfs_digest zero = { .alg = a->alg };
	struct cfs_seal_verdict v;
	struct cfs_err err;

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		if (i != CFS_SEAL_LAYER)
			cfs_seal_facts_set(&facts, (enum cfs_seal_role)i,
					   &zero);
	assert(cfs_seal_judge(&facts, &policy, a, none, &v, &err) == 0);
	for (unsigned i = 0; i < v.n; i++)
		if (!cfs_digest_equal(&a->v[i].digest, &zero))
			assert(v.answer < CFS_SEAL_DIGESTS ||
			       a->v[i].role == CFS_SEAL_LAYER);
	certs.n = 1;
	assert(cfs_seal_judge(&facts, &policy, a, none, &v, &err) == 0);
	assert(v.answer < CFS_SEAL_DIGESTS && *v.why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct cfs_seal_artifact a;
	struct cfs_err err = { 0 };
	int r = cfs_seal_artifact_read((struct cfs_bytes){ data, size }, &a,
				       &err);

	if (r < 0) {
		assert(r == -EINVAL || r == -EOPNOTSUPP || r == -EFBIG);
		assert(*err.msg);
	}
	if (r <= 0)
		return 0;
	check_rules(&a);
	round_trip(&a);
	judge(&a);
	return 0;
}
