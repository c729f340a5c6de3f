/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/verify.h"

#include "oci/seal/layers.h"
#include "oci/seal/lookup.h"

/* Digests that this verification has computed. */
struct known {
	struct cfs_seal_facts facts;
	bool is, bootable; /* are known, that of the image to boot as well */
};

/* A verification and what it is of. */
struct run {
	const struct cfs_repo *repo;
	const struct cfs_oci_image *image;
	struct cfs_seal_policy policy; /* with the memory */
	struct cfs_seal_list *list;    /* of the artifacts about the image */
	struct cfs_seal_verification *v;
	struct known *known; /* by the way to filter xattrs */
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
		r = cfs_seal_judge_source(&v->facts, &run->policy,
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
static int look_up(const struct run *run, struct cfs_seal_lookup how,
		   struct cfs_seal_facts *ret, struct cfs_err *err)
{
	int r = cfs_seal_look_up(run->repo, run->image, &how, ret, err);

	if (r == 0 || !how.bootable || run->policy.bootable)
		return r;
	how.bootable = false;
	return cfs_seal_look_up(run->repo, run->image, &how, ret, err);
}

static int compute(const struct run *run, enum cfs_xattr_filter filter,
		   struct cfs_err *err)
{
	const struct cfs_seal_lookup how = {
		.bootable = run->policy.bootable ||
			    claims_bootable(&run->v->sources),
		.filter = filter,
		.memory = run->policy.memory,
	};
	struct known *known = &run->known[filter];
	int r = 0;

	if (!known->is || (how.bootable && !known->bootable))
		r = look_up(run, how, &known->facts, err);
	if (r < 0)
		return r;
	known->is = true;
	known->bootable |= how.bootable;
	run->v->facts = known->facts;
	return 0;
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
	bool first = run->list->at == 0;
	int r;

	*v = (struct cfs_seal_verification){ 0 };
	r = cfs_seal_sources_next(run->repo, run->list, &v->sources, err);
	if (r == 0 && first)
		r = cfs_seal_sources_add_inline(run->image, run->repo->meta.alg,
						&v->sources, err);
	if (r < 0)
		return r;
	/* One more than there are: calloc(0) might return NULL. */
	v->verdicts = calloc(v->sources.n + 1, sizeof(*v->verdicts));
	return v->verdicts ? 0 : cfs_no_memory(err);
}

typedef int judge_fn(const struct run *run, struct cfs_err *err);

static int judge_known(const struct run *run, struct cfs_err *err)
{
	run->v->facts = run->known->facts;
	return judge_all(run, err);
}

static int judge_some(const struct run *run, judge_fn *judge,
		      struct cfs_err *err)
{
	int r = read_sources(run, err);

	return r < 0 || run->v->sources.n == 0 ? r : judge(run, err);
}

/* Frees what of both is the worse answer; *@v has the better one. */
static void keep_better(struct cfs_seal_verification *v,
			struct cfs_seal_verification *other)
{
	if (other->answer > v->answer) {
		struct cfs_seal_verification worse = *v;

		*v = *other;
		*other = worse;
	}
	cfs_seal_verification_free(other);
}

/*
 * Judges artifacts until one is good.  Everyone whose artifacts are pulled can
 * add some, and choose digests that come before those of others: however many
 * there are, they must not hide a good one.
 */
static int judge_until_good(struct run run, judge_fn *judge,
			    struct cfs_err *err)
{
	CFS_AUTOSEALLIST struct cfs_seal_list list = { 0 };
	struct cfs_seal_verification more, *ret = run.v;
	int r = cfs_seal_list_read(run.repo, &run.image->id, &list, err);

	*ret = (struct cfs_seal_verification){ 0 };
	run.list = &list;
	if (r == 0)
		r = judge_some(&run, judge, err);
	run.v = &more;
	while (r == 0 && !cfs_seal_list_ends(&list) &&
	       ret->answer < CFS_SEAL_DIGESTS) {
		r = judge_some(&run, judge, err);
		keep_better(ret, &more);
	}
	return r;
}

/* Opens the memory, where it may be used: what is in a repository that has no
 * fs-verity is looked at each time. */
static void open_memory(const struct run *run, struct cfs_seal_memory *memory)
{
	if (!run->policy.recompute &&
	    cfs_seal_all_measured(run->repo, run->image))
		cfs_seal_memory_open(memory);
}

static int judge_with_memory(struct run *run, judge_fn *judge,
			     struct cfs_err *err)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;

	open_memory(run, &memory);
	run->policy.memory = &memory;
	return judge_until_good(*run, judge, err);
}

int cfs_seal_verify(const struct cfs_repo *repo,
		    const struct cfs_oci_image *image,
		    const struct cfs_seal_policy *policy,
		    struct cfs_seal_verification *ret, struct cfs_err *err)
{
	struct known known[CFS_XATTRS_KEEP_USER + 1] = { 0 };
	struct run run = { repo, image, *policy, NULL, ret, known };

	return judge_with_memory(&run, verify_both_ways, err);
}

int cfs_seal_verify_known(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_seal_policy *policy,
			  const struct cfs_seal_facts *facts,
			  struct cfs_seal_verification *ret,
			  struct cfs_err *err)
{
	struct known known = { .facts = *facts };
	struct run run = { repo, image, *policy, NULL, ret, &known };
	int r = judge_with_memory(&run, judge_known, err);

	ret->facts = *facts;
	return r;
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
