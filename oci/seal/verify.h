/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Verifies an image of a repository: computes its digests from its layers,
 * reads the artifacts about it and the annotations in its manifest, and judges
 * them (oci/seal/judge.h).
 */
#ifndef CFS_OCI_SEAL_VERIFY_H
#define CFS_OCI_SEAL_VERIFY_H

#include "oci/image.h"
#include "oci/seal/facts.h"
#include "oci/seal/judge.h"
#include "oci/seal/keep.h"

struct cfs_seal_verification {
	/* Digests of the image; not set if there is no artifact. */
	struct cfs_seal_facts facts;
	struct cfs_seal_sources sources;
	struct cfs_seal_verdict *verdicts; /* owned; one for each source */
	enum cfs_seal_answer answer;
	size_t which; /* the source that has the answer, if there are any */
};

void cfs_seal_verification_free(struct cfs_seal_verification *v);

#define CFS_AUTOVERIFICATION \
	__attribute__((cleanup(cfs_seal_verification_free)))

/*
 * Verifies @image.  The metadata does not say how xattrs were filtered: both
 * ways are tried, and with the answer CFS_SEAL_VERIFIED the digests in
 * ret->facts are those that were signed.
 * Digests that were computed before, and signatures that were found right, are
 * taken from the memory (oci/seal/memory.h) where fs-verity has the streams of
 * all layers, unless the policy forbids it.
 * Whatever the artifacts hold, the result is 0 and an answer.  *@ret is to be
 * freed, also after an error.
 * Errors: of computing digests and of reading the list of artifacts.
 */
int cfs_seal_verify(const struct cfs_repo *repo,
		    const struct cfs_oci_image *image,
		    const struct cfs_seal_policy *policy,
		    struct cfs_seal_verification *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Does the same with the digests @facts of the image, computed before with one
 * way to filter xattrs, and computes nothing.
 * Errors: of reading the list of artifacts.
 */
int cfs_seal_verify_known(const struct cfs_repo *repo,
			  const struct cfs_oci_image *image,
			  const struct cfs_seal_policy *policy,
			  const struct cfs_seal_facts *facts,
			  struct cfs_seal_verification *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* cfs_seal_judge() of an artifact as it was read; one that could not be is no
 * good. */
int cfs_seal_judge_source(const struct cfs_seal_facts *facts,
			  const struct cfs_seal_policy *policy,
			  const struct cfs_seal_source *source,
			  struct cfs_seal_verdict *ret,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the number of signatures that were verified in the artifact which
 * has the answer. */
unsigned cfs_seal_count_good(const struct cfs_seal_verification *v) CFS_NONNULL;

/*
 * Words the reason why an image called @name was not verified.
 * Returns -ENODATA if there is nothing to verify or nothing is signed, else
 * -EKEYREJECTED; with the answer CFS_SEAL_VERIFIED 0, and @err is not
 * changed.
 */
int cfs_seal_refusal(const struct cfs_seal_verification *v, const char *name,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
