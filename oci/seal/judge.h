/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Judges what artifacts claim of an image.  Pure, but for what it remembers:
 * digests computed here (oci/seal/facts.h), artifacts, signatures and
 * certificates in, a verdict out.
 *
 * An image is verified if one artifact alone satisfies all of these:
 *   - its subject is the image's manifest;
 *   - every digest in it is that of the image for its role, as far as it is
 *     known here;
 *   - manifest, configuration, merged image and, if that is wanted, bootable
 *     image are among them, each signed by one of the certificates;
 *   - no signature in it that names one of the certificates is wrong.
 * Annotations in the image's own manifest are judged like an artifact without
 * an entry for the manifest, which they cannot have.
 *
 * A digest that is valid for one role never counts for another one, and one
 * artifact never adds to another one.  Artifacts that do not satisfy this are
 * passed over, whatever they hold: anyone may attach one to an image.
 */
#ifndef CFS_OCI_SEAL_JUDGE_H
#define CFS_OCI_SEAL_JUDGE_H

#include "keys/pem.h"
#include "oci/seal/artifact.h"
#include "oci/seal/facts.h"
#include "oci/seal/memory.h"

/* Does the manifest have to be signed? */
enum cfs_seal_need {
	CFS_SEAL_NEED_IF_POSSIBLE, /* by artifacts; annotations in it cannot */
	CFS_SEAL_NEED_ALWAYS,	   /* so that annotations do not suffice */
	CFS_SEAL_NEED_NEVER,
};

struct cfs_seal_policy {
	const struct cfs_certs *certs; /* trusted signers; none: only digests
					  are compared */
	bool bootable;		       /* the bootable image is needed */
	enum cfs_seal_need manifest;
	bool merged_only; /* manifest and configuration are not needed: drafts
			     did not sign them */
	bool recompute;	  /* what was computed before does not count */
	/* Where right signatures are remembered; cfs_seal_verify() sets it.
	 * NULL: nowhere. */
	const struct cfs_seal_memory *memory;
};

/*
 * The answer for an artifact or an image.  In this order: of several artifacts
 * that are no good, that of the last answer here is reported, because it says
 * most about a signer who is trusted.
 */
enum cfs_seal_answer {
	CFS_SEAL_NOTHING,    /* there is nothing to verify: no artifact, or none
			       that can be read */
	CFS_SEAL_OTHER,	     /* it is about another image */
	CFS_SEAL_OTHER_ALG,  /* its digests are of another algorithm */
	CFS_SEAL_UNSIGNED,   /* it is not signed */
	CFS_SEAL_MALFORMED,  /* its signatures cannot be read */
	CFS_SEAL_STRANGER,   /* no signer in it is trusted: wrong certificate */
	CFS_SEAL_INCOMPLETE, /* a role that is needed is missing, or not signed
				by a trusted signer */
	CFS_SEAL_MISMATCH,   /* a digest is not that of the image */
	CFS_SEAL_WRONG,	     /* a signature that names a certificate is wrong */
	CFS_SEAL_DIGESTS,    /* the digests are right; without certificates,
			      nothing more was asked */
	CFS_SEAL_VERIFIED,
};

/* Returns a word for machines: "nothing-to-verify", "other-image",
 * "other-algorithm", "no-signature", "malformed-signature",
 * "wrong-certificate", "incomplete", "digest-mismatch", "bad-signature",
 * "digests-match", "verified". */
const char *cfs_seal_answer_name(enum cfs_seal_answer answer);

/* The digest of one entry against the image. */
enum cfs_seal_match {
	CFS_SEAL_NOT_KNOWN, /* the image's was not computed */
	CFS_SEAL_DIFFERS,
	CFS_SEAL_EQUAL,
};

/* The signature of one entry, over the digest that the entry claims. */
enum cfs_seal_signed {
	CFS_SEAL_NO_SIGNATURE, /* there is none, or no certificate was given */
	CFS_SEAL_UNREADABLE,   /* malformed, missing, not the blob of its
				  descriptor, or of unsupported algorithms */
	CFS_SEAL_BY_STRANGERS,
	CFS_SEAL_BAD,
	CFS_SEAL_GOOD,
};

struct cfs_seal_finding {
	enum cfs_seal_role role;
	size_t layer;
	enum cfs_seal_match match;
	enum cfs_seal_signed sig;
	unsigned cert; /* CFS_SEAL_GOOD: index of the signer's certificate */
	char why[320]; /* in words; "" for an entry that is right */
};

struct cfs_seal_verdict {
	enum cfs_seal_answer answer;
	char why[320]; /* in words; "" for what is verified */
	bool odd_size; /* the subject's size is wrong; drafts had it so */
	unsigned n;
	struct cfs_seal_finding v[CFS_SEAL_ENTRIES_MAX]; /* as the entries */
};

/* The verdict about an artifact that could not be read, for the reason
 * @why. */
void cfs_seal_judge_unread(const char *why,
			   struct cfs_seal_verdict *ret) CFS_NONNULL;

/*
 * Judges @artifact.  @blobs: one signature for each entry, in their order; of
 * length 0 where the blob is missing.
 * Whatever the artifact holds, the result is 0 and a verdict.
 * Errors: -ENOMEM, -ELIBACC there is no libcrypto, ...
 */
int cfs_seal_judge(const struct cfs_seal_facts *facts,
		   const struct cfs_seal_policy *policy,
		   const struct cfs_seal_artifact *artifact,
		   const struct cfs_bytes *blobs, struct cfs_seal_verdict *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The answer for the image, of the @n verdicts about its artifacts.
 * *@ret_which: the first of these that has it; 0 if there are none.
 */
enum cfs_seal_answer cfs_seal_sum(const struct cfs_seal_verdict *verdicts,
				  size_t n, size_t *ret_which)
	__attribute__((nonnull(3)));

#endif
