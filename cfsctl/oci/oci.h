/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands of `cfsctl oci`. */
#ifndef CFS_CFSCTL_OCI_OCI_H
#define CFS_CFSCTL_OCI_OCI_H

#include "cfsctl/cfsctl.h"
#include "cfsctl/signers.h"
#include "oci/image.h"
#include "oci/origin.h"
#include "oci/seal/make.h"
#include "oci/tree.h"

/* Options about the tree of an image, and their rows. */
struct cfs_oci_tree_choice {
	bool bootable;
	bool create_parents;
	bool as_is; /* no transform; no option for it here */
	bool one_layer;
	size_t layer; /* the one */
	/* The digest of its stream, which an operand gives; or NULL. */
	const char *stream;
	enum cfs_xattr_filter filter;
};

#define CFS_OCI_TREE_OPTIONS(type, tree)                                   \
	{ .name = "bootable",                                              \
	  .help = "the tree to boot: empty /boot and /sysroot, label all " \
		  "files by the SELinux policy in the image",              \
	  CFS_OPT_SETS(type, tree.bootable) },                             \
		CFS_OCI_MERGE_OPTIONS(type, tree)
#define CFS_OCI_MERGE_OPTIONS(type, tree)                                    \
	{ .name = "create-parents",                                          \
	  .help = "make directories that no layer describes 0755, owned by " \
		  "root, of time 0",                                         \
	  CFS_OPT_SETS(type, tree.create_parents) },                         \
	{                                                                    \
		.name = "xattrs", .value = "MODE",                           \
		.help = "allowlist-only (default) or keep-user-xattrs",      \
		.choices = cmd_source_xattrs,                                \
		CFS_OPT_PARSES(type, tree.filter, cmd_source_filter)         \
	}

#define CFS_OCI_STREAM_OPERAND             \
	{                                  \
		"STREAM", .optional = true \
	}

/* Rows of options for registries, a struct cfs_origin_options. */
#define CFS_OCI_REGISTRY_OPTIONS(type, registry)                              \
	{ .name = "authfile",                                                 \
	  .value = "FILE",                                                    \
	  .help = "credentials for registries (default: those of skopeo)",    \
	  .takes = CFS_TAKES_FILE,                                            \
	  CFS_OPT_SETS(type, registry.authfile) },                            \
		{ .name = "cert-dir",                                         \
		  .value = "DIR",                                             \
		  .help = "certificates of the registry, and of ours for it", \
		  .takes = CFS_TAKES_DIR,                                     \
		  CFS_OPT_SETS(type, registry.cert_dir) },                    \
	{                                                                     \
		.name = "no-tls-verify",                                      \
		.help = "take any certificate of the registry, and plain "    \
			"HTTP",                                               \
		CFS_OPT_SETS(type, registry.no_tls_verify)                    \
	}

/* The row of --layer, which sets @tree, of the type struct cfs_oci_tree_choice;
 * and its refusal beside options that are about a whole image: -CFS_EUSAGE. */
#define CFS_OCI_LAYER_OPTION(type, tree)                                     \
	{                                                                    \
		.name = "layer", .value = "N",                               \
		.help = "one layer alone, counted from 0, as it is in the "  \
			"archive: not transformed, and with all its xattrs", \
		CFS_OPT_PARSES(type, tree, cmd_oci_layer_number)             \
	}
int cmd_oci_layer_number(const char *text, void *to, struct cfs_err *err);
int cmd_oci_tree_check(const struct cfs_oci_tree_choice *choice,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* EROFS formats, 1 << N: those of the repository, or that of
 * --erofs-version. */
unsigned cmd_oci_formats(const struct cfs_globals *g,
			 const struct cfs_meta *meta) CFS_NONNULL;

/* The tree made of the image that an operand names. */
struct cfs_oci_made {
	struct cfs_tree *tree; /* owned */
	enum cfs_alg alg;
	unsigned format;
};

/*
 * The tree, as @choice has it, of the image that the operand @name means: of
 * one in the repository, or, where no such tag is, of one that a reference such
 * as oci:PATH leads to.  That one is stored nowhere.  Algorithm and format are
 * those of the repository and the options; without a repository SHA-512 and 1.
 */
int cmd_oci_tree(const struct cfs_globals *g, const char *name,
		 const struct cfs_oci_tree_choice *choice,
		 struct cfs_oci_made *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * As cmd_oci_tree(), of an image in the repository alone.  Returns 1, or 0 when
 * there is no such image, or no repository.
 */
int cmd_oci_stored_tree(const struct cfs_globals *g, const char *name,
			const struct cfs_oci_tree_choice *choice,
			struct cfs_oci_made *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Does cmd_oci_tree() read @name where it leads to, and not in the
 * repository? */
bool cmd_oci_is_elsewhere(const struct cfs_globals *g,
			  const char *name) CFS_NONNULL;

/*
 * Adds signatures of the digests in @facts to @blobs, in which each role may
 * have some: by the keys, or those in the directory of --attach.
 * Returns 1, or 0 if all of these signers had signed before.
 * Errors: those of cmd_attach_p7() and cfs_seal_sign().
 */
int cmd_oci_sign_facts(const struct cfs_signing_keys *keys,
		       const struct cfs_seal_facts *facts,
		       struct cfs_seal_blobs *blobs,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Signs the digests in the manifest of the image that @name means, all of which
 * have to be those that are computed here, and stores the image with the
 * signatures; see cmd_oci_edit().  *@ret: its digest.
 * Errors: -ENODATA there are no such digests; -EBADMSG one is not that of the
 * image; those of signing and storing.
 */
int cmd_oci_sign_inline(struct cfs_store *store, const char *name,
			const struct cfs_signing_keys *keys,
			struct cfs_oci_id *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

extern const struct cfs_cmd cmd_oci_pull;
extern const struct cfs_cmd cmd_oci_images;
extern const struct cfs_cmd cmd_oci_inspect;
extern const struct cfs_cmd cmd_oci_tag;
extern const struct cfs_cmd cmd_oci_untag;
extern const struct cfs_cmd cmd_oci_layer;
extern const struct cfs_cmd cmd_oci_import_layer;
extern const struct cfs_cmd cmd_oci_linked_erofs_images;
extern const struct cfs_cmd cmd_oci_copy;
extern const struct cfs_cmd cmd_oci_export;
extern const struct cfs_cmd cmd_oci_seal;
extern const struct cfs_cmd cmd_oci_sign;
extern const struct cfs_cmd cmd_oci_verify;
extern const struct cfs_cmd cmd_oci_diff;
extern const struct cfs_cmd cmd_oci_mount;
extern const struct cfs_cmd cmd_oci_run;
extern const struct cfs_cmd cmd_oci_runtime_spec;
extern const struct cfs_cmd cmd_oci_fsck;
extern const struct cfs_cmd cmd_oci_dump;
extern const struct cfs_cmd cmd_oci_compute_id;
extern const struct cfs_cmd cmd_oci_digest_karg;
extern const struct cfs_cmd cmd_oci_prepare_boot;
extern const struct cfs_cmd cmd_oci_deploy;
extern const struct cfs_cmd cmd_oci_uki;

#endif
