/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures that are demanded of OCI images before anything is done with
 * them: by --require-signature, and by the policy of this machine.
 */
#ifndef CFS_CFSCTL_TRUST_H
#define CFS_CFSCTL_TRUST_H

#include "cfsctl/cfsctl.h"
#include "ops/trust.h"

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

/*
 * Checks the options, and reads certificates and policy.
 * Errors: -CFS_EUSAGE, CFS_ESTATUS(CFS_STATUS_CERT), those of
 * cfs_trust_read_policy().
 */
int cmd_trust_open(const struct cfs_trust_options *o, struct cfs_trust *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
/*
 * cfs_trust_check(), where a refusal is CFS_ESTATUS(CFS_STATUS_REQUIRED),
 * CFS_ESTATUS(CFS_STATUS_FAILED) or CFS_ESTATUS(CFS_STATUS_CERT).
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
