/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures that are demanded of OCI images before anything is done with
 * them: by the caller, and by the policy of this machine.
 */
#ifndef CFS_OPS_TRUST_H
#define CFS_OPS_TRUST_H

#include "oci/image.h"
#include "oci/seal/rules.h"
#include "oci/seal/verify.h"
#include "ops/enrol_image.h"

/* The policy that holds without --policy, if it exists. */
#define CFS_POLICY_FILE "/etc/composefs/policy.toml"

/* Zero-initialise. */
struct cfs_trust {
	bool require;		/* one of these has to have signed: */
	struct cfs_certs certs; /* owned */
	const char *file;	/* the policy, borrowed; NULL: there is none */
	struct cfs_rules rules;
};

void cfs_trust_free(struct cfs_trust *trust);

#define CFS_AUTOTRUST __attribute__((cleanup(cfs_trust_free)))

/*
 * Reads the policy @named, which is borrowed; NULL: CFS_POLICY_FILE, if that
 * exists.
 * Errors: -ENOENT there is no file @named; of cfs_rules_parse().
 */
int cfs_trust_read_policy(struct cfs_trust *trust, const char *named,
			  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* An image, and the use that is to be made of it. */
struct cfs_trust_subject {
	const struct cfs_repo *repo;
	const struct cfs_oci_image *image;
	/* Its tag, or the tag it is about to get.  For a digest or NULL, the
	 * rules of all its tags apply, or that of "" if it has none. */
	const char *name;
	/* The EROFS image that is used: CFS_SEAL_MERGED or
	 * CFS_SEAL_BOOTABLE. */
	enum cfs_seal_role role;
	/* Its configuration is used, too: command, environment, user.  It has
	 * to be signed then wherever the EROFS image has to be. */
	bool config_used;
	/* Gets the signatures that passed; or NULL. */
	struct cfs_enrolment *enrolment;
};

/* Why an image is refused. */
enum cfs_refusal {
	CFS_REFUSED_NOT,
	CFS_REFUSED_UNSIGNED, /* nothing is signed, and it has to be; or its
				 name is accepted for nothing */
	CFS_REFUSED_FAILED,   /* signatures or digests are not right */
	CFS_REFUSED_CERT,     /* a certificate of the policy cannot be used */
};

/* The result of a check. */
struct cfs_proof {
	enum cfs_refusal refusal; /* also set if the check fails */
	unsigned n; /* signatures verified; 0: none was required */
	struct cfs_digest digest; /* if n > 0: of the EROFS image to be used */
};

/*
 * Makes sure that an image satisfies what is demanded of it: by
 * @trust->require, and by the rules of the policy.  All of it is to be signed,
 * and the EROFS image that is used.
 *
 * Returns 1 with *@ret if signatures were demanded and exist, 0 if nothing was
 * demanded.
 * Errors, worded with what demands a signature: if ret->refusal is set, the
 * image is refused; otherwise those of cfs_seal_verify() and
 * cfs_enrolment_add().
 */
int cfs_trust_check(const struct cfs_trust *trust,
		    const struct cfs_trust_subject *subject,
		    struct cfs_proof *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
