/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/verify.h"

#include "oci/seal/lookup.h"

/* A verification and what it is of. */
struct run {
	const struct cfs_repo *repo;
	const struct cfs_oci_image *image;
	const struct cfs_seal_policy *policy;
	struct cfs_seal_verification *v;
};

void cfs_seal_verification_free(struct cfs_seal_verification *v)
{
	cfs_seal_sources_free(&v->sources);
	free(v->verdicts);
	v->verdicts = NULL;
}

int cfs_seal_judge_source(const struct cfs_seal_facts *facts,
			  const struct cfs_seal_policy *policy,
			  const struct cfs_seal_source *source,
			  struct cfs_seal_verdict *ret, struct cfs_err *err)
{
	struct cfs_bytes blobs[CFS_SEAL_ENTRIES_MAX];

	if (!source->readable) {
		cfs_seal_judge_unread(source->why, ret);
		return 0;
	}
	for (unsigned k = 0; k < source->artifact.n; k++)
		blobs[k] = cfs_buf_bytes(&source->blobs[k]);
	return cfs_seal_judge(facts, policy, &source->artifact, blobs, ret,
			      err);
}

static int judge_all(const struct run *run, struct cfs_err *err)
{
	struct cfs_seal_verification *v = run->v;
	int r = 0;

	for (size_t i = 0; r == 0 && i < v->sources.n; i++)
		r = cfs_seal_judge_source(&v->facts, run->policy,
					  v->sources.v[i], &v->verdicts[i],
					  err);
	v->answer = cfs_seal_sum(v->verdicts, v->sources.n, &v->which);
	return r;
}

/* Does an artifact claim to know the image to boot? */
static bool claims_bootable(const struct cfs_seal_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		const struct cfs_seal_artifact *a = &sources->v[i]->artifact;

		for (unsigned k = 0; k < a->n; k++)
			if (a->v[k].role == CFS_SEAL_BOOTABLE)
				return true;
	}
	return false;
}

/* If the image to boot was not asked for, it does not matter that none can be
 * made. */
static int compute(const struct run *run, enum cfs_xattr_filter filter,
		   struct cfs_err *err)
{
	struct cfs_seal_verification *v = run->v;
	bool wanted = run->policy->bootable;
	struct cfs_seal_lookup how = {
		.bootable = wanted || claims_bootable(&v->sources),
		.filter = filter,
		.recompute = run->policy->recompute,
	};
	int r = cfs_seal_look_up(run->repo, run->image, &how, &v->facts, err);

	if (r == 0 || !how.bootable || wanted)
		return r;
	how.bootable = false;
	return cfs_seal_look_up(run->repo, run->image, &how, &v->facts, err);
}

static int judge_filtered(const struct run *run, enum cfs_xattr_filter filter,
			  struct cfs_err *err)
{
	int r = compute(run, filter, err);

	return r < 0 ? r : judge_all(run, err);
}

/* The metadata does not say how xattrs were filtered: both ways are tried, and
 * what was wrong is said of the usual one.  Its digests are not computed again,
 * which takes as long as all the rest. */
static int verify_both_ways(const struct run *run, struct cfs_err *err)
{
	struct cfs_seal_verification *v = run->v;
	struct cfs_seal_facts usual;
	int r = judge_filtered(run, CFS_XATTRS_ALLOWLIST, err);

	if (r < 0 || v->answer != CFS_SEAL_MISMATCH)
		return r;
	usual = v->facts;
	r = judge_filtered(run, CFS_XATTRS_KEEP_USER, err);
	if (r < 0 || v->answer >= CFS_SEAL_DIGESTS)
		return r;
	v->facts = usual;
	return judge_all(run, err);
}

static int read_sources(const struct run *run, struct cfs_err *err)
{
	struct cfs_seal_verification *v = run->v;
	int r;

	*v = (struct cfs_seal_verification){ 0 };
	r = cfs_seal_sources_read(run->repo, &run->image->id, &v->sources, err);
	if (r == 0)
		r = cfs_seal_sources_add_inline(run->image, run->repo->meta.alg,
						&v->sources, err);
	if (r < 0)
		return r;
	/* One more than there are: calloc(0) might return NULL. */
	v->verdicts = calloc(v->sources.n + 1, sizeof(*v->verdicts));
	return v->verdicts ? 0 : cfs_no_memory(err);
}

int cfs_seal_verify(const struct cfs_repo *repo,
		    const struct cfs_oci_image *image,
		    const struct cfs_seal_policy *policy,
		    struct cfs_seal_verification *ret, struct cfs_err *err)
{
	const struct run run = { repo, image, policy, ret };
	int r = read_sources(&run, err);

	if (r < 0)
		return r;
	return ret->sources.n > 0 ? verify_both_ways(&run, err) : 0;
}

int cfs_seal_verify_known(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_seal_policy *policy,
			  const struct cfs_seal_facts *facts,
			  struct cfs_seal_verification *ret,
			  struct cfs_err *err)
{
	const struct run run = { repo, image, policy, ret };
	int r = read_sources(&run, err);

	if (r < 0)
		return r;
	ret->facts = *facts;
	return judge_all(&run, err);
}

unsigned cfs_seal_count_good(const struct cfs_seal_verification *v)
{
	const struct cfs_seal_verdict *verdict = &v->verdicts[v->which];
	unsigned n = 0;

	for (unsigned i = 0; i < verdict->n; i++)
		n += verdict->v[i].sig == CFS_SEAL_GOOD;
	return n;
}

int cfs_seal_refusal(const struct cfs_seal_verification *v, const char *name,
		     struct cfs_err *err)
{
	int code = v->answer <= CFS_SEAL_UNSIGNED ||
				   v->answer == CFS_SEAL_DIGESTS
			   ? ENODATA
			   : EKEYREJECTED;

	if (v->answer == CFS_SEAL_VERIFIED)
		return 0;
	if (v->sources.n == 0)
		return cfs_fail(err, code,
				"no signature artifacts found for %s", name);
	return cfs_fail(err, code, "%s: %s: %s %s: %s", name,
			cfs_seal_answer_name(v->answer),
			v->sources.v[v->which]->is_inline ? "annotations of"
							  : "artifact",
			v->sources.v[v->which]->id.text,
			v->verdicts[v->which].why);
}
