/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures that are demanded of OCI images before anything is done with
 * them: by --require-signature, and by the policy of this machine.
 */
#ifndef CFS_CFSCTL_TRUST_H
#define CFS_CFSCTL_TRUST_H

#include "cfsctl/cfsctl.h"
#include "oci/image.h"
#include "oci/seal/rules.h"
#include "oci/seal/verify.h"
#include "ops/enrol_image.h"

/* The policy that holds without --policy, if it exists. */
#define CFS_POLICY_FILE "/etc/composefs/policy.toml"

/* Exit statuses, beside 1 for everything else. */
enum cfs_trust_status {
	CFS_STATUS_NOTHING = 3,	 /* verify: nothing is signed */
	CFS_STATUS_FAILED = 4,	 /* signatures or digests are not right */
	CFS_STATUS_REQUIRED = 5, /* nothing is signed, and it has to be */
	CFS_STATUS_CERT = 6,	 /* a certificate cannot be used */
	CFS_STATUS_KERNEL = 7,	 /* the kernel lacks or refuses a signature */
};

struct cfs_trust_options {
	bool require;
	struct cfs_opt_list certs;
	const char *policy; /* --policy, or NULL */
};

/* Rows of options that set the member @trust of @type. */
#define CFS_TRUST_OPTIONS(type, trust)                                       \
	{ .name = "require-signature",                                       \
	  .help = "refuse the image unless one of --trust-cert signed it",   \
	  CFS_OPT_SETS(type, trust.require) },                               \
		{ .name = "trust-cert",                                      \
		  .value = "PEM",                                            \
		  .help = "a file of signers' own certificates; repeatable", \
		  .takes = CFS_TAKES_FILE,                                   \
		  CFS_OPT_SETS(type, trust.certs) },                         \
	{                                                                    \
		.name = "policy", .value = "FILE",                           \
		.help = "which images have to be signed, and by whom "       \
			"(default: " CFS_POLICY_FILE ", if it exists)",      \
		.takes = CFS_TAKES_FILE, CFS_OPT_SETS(type, trust.policy)    \
	}

/* Zero-initialise. */
struct cfs_trust {
	bool require;
	struct cfs_certs certs; /* of --trust-cert */
	const char *file;	/* the policy, borrowed; NULL: there is none */
	struct cfs_rules rules;
};

/*
 * Checks the options, and reads certificates and policy.
 * Errors: -CFS_EUSAGE, CFS_ESTATUS(CFS_STATUS_CERT), of cfs_rules_parse(),
 * -ENOENT there is no file --policy.
 */
int cmd_trust_open(const struct cfs_trust_options *o, struct cfs_trust *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cmd_trust_close(struct cfs_trust *trust);

#define CFS_AUTOTRUST __attribute__((cleanup(cmd_trust_close)))

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
	/* Gets the signatures that passed; or NULL. */
	struct cfs_enrolment *enrolment;
};

/* The result of a check. */
struct cfs_proof {
	unsigned n; /* signatures verified; 0: none was required */
	struct cfs_digest digest; /* if n > 0: of the EROFS image to be used */
};

/*
 * Makes sure that an image satisfies what is demanded of it: by the options,
 * and by the rules of the policy.  All of it is to be signed, and the EROFS
 * image that is used.
 *
 * Returns 1 with *@ret if signatures were demanded and are there, 0 if nothing
 * was demanded.
 * Errors: CFS_ESTATUS(CFS_STATUS_REQUIRED), CFS_ESTATUS(CFS_STATUS_FAILED),
 * CFS_ESTATUS(CFS_STATUS_CERT), worded with what demands it; those of
 * cfs_seal_verify().
 */
int cmd_trust_check(const struct cfs_trust *trust,
		    const struct cfs_trust_subject *subject,
		    struct cfs_proof *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* A check to be made of an image once it has been pulled, and its result. */
struct cfs_demand {
	const struct cfs_trust *trust;
	const char *name; /* as in struct cfs_trust_subject */
	enum cfs_seal_role role;
	/* Where the signatures that passed are kept, and handed to the kernel;
	 * NULL: they are not. */
	struct cfs_store *store;
	enum cfs_kernel_signatures kernel;
	struct cfs_proof proof;
};

/*
 * cmd_trust_check() as the member accept of struct cfs_oci_pull; @demand is a
 * struct cfs_demand.  What passed is then kept in the repository, and handed to
 * the kernel.
 * Errors: those of cmd_enrol(), too.
 */
int cmd_trust_accept(void *demand, const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints how many signatures were verified, if any were demanded. */
void cmd_trust_print(const struct cfs_proof *proof) CFS_NONNULL;

#endif
