/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A policy: which names may be given to which images.
 *
 *   [images."registry.example/os"]
 *   certificates = ["os.pem"]
 *   roles = ["manifest", "config", "merged", "merged.bootable"]
 *
 *   [images."localhost"]
 *   accept = "anything"
 *
 *   [images.""]
 *   accept = "nothing"
 *
 * A table is about the tags that are its name, or begin with it up to a "/",
 * ":" or "@"; the table with the longest such name holds.  That of the name ""
 * is about all tags.  What no table is about is accepted.
 */
#ifndef CFS_OCI_SEAL_RULES_H
#define CFS_OCI_SEAL_RULES_H

#include "base/toml.h"
#include "base/vec.h"

#define CFS_RULES_MAX	   256	     /* tables */
#define CFS_RULES_TEXT_MAX (1 << 20) /* bytes of a policy */

enum cfs_accept {
	CFS_ACCEPT_SIGNED, /* "signed", the default: by the certificates */
	CFS_ACCEPT_ANYTHING,
	CFS_ACCEPT_NOTHING,
};

struct cfs_rule {
	char prefix[CFS_TOML_STR];
	unsigned line; /* of the policy, where the rule begins */
	enum cfs_accept accept;
	bool bootable;	  /* the image to boot has to be signed */
	bool merged_only; /* manifest and configuration need not be */
	bool no_manifest; /* the manifest need not be */
	bool read_data;	  /* layers are read and compared with diff_ids */
	unsigned n_certs;
	char certs[CFS_TOML_LIST][CFS_TOML_STR]; /* paths, as given */
};

/* Zero-initialise. */
struct cfs_rules {
	CFS_VEC(struct cfs_rule); /* in the policy's order */
};

void cfs_rules_free(struct cfs_rules *rules);

#define CFS_AUTORULES __attribute__((cleanup(cfs_rules_free)))

/*
 * Reads the policy @text.  What is not understood is refused, because what was
 * meant to protect must not be passed over.
 *
 * Keys of a table: "accept", "signed" (default), "anything" or "nothing";
 * "certificates", file names, at least one for "signed" and none otherwise;
 * "roles", those that have to be signed: manifest, config and merged (the
 * default), and merged.bootable; config and merged, for images that are sealed
 * by annotations; or merged alone, as in drafts of the format; "read-data",
 * true if layers have to be read, too, which is for "signed".
 *
 * Errors, with line and column: -EINVAL, -E2BIG more than CFS_RULES_MAX, of
 * cfs_toml_parse().
 */
int cfs_rules_parse(struct cfs_bytes text, struct cfs_rules *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds the rule for @tag, or NULL.  "docker://" before a tag, as an image has
 * it that was pulled without giving a name, is not looked at. */
const struct cfs_rule *cfs_rules_find(const struct cfs_rules *rules,
				      const char *tag) CFS_NONNULL;

#endif
