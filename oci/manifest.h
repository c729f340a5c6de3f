/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What describes an image: indexes, manifests and configurations, of OCI and
 * of Docker's older forms.  Pure: text in, structs out.
 *
 * Source: OCI image specification, descriptor.md, image-index.md, manifest.md,
 * config.md; Docker's image manifest version 2, schema 2.
 */
#ifndef CFS_OCI_MANIFEST_H
#define CFS_OCI_MANIFEST_H

#include "base/bytes.h"
#include "base/json_write.h"
#include "base/vec.h"
#include "fsverity/digest.h"
#include "oci/id.h"
#include "oci/platform.h"

#define CFS_OCI_MEDIA_MAX 256 /* bytes of a media type with its NUL */
#define CFS_OCI_TAG_MAX	  256
/* Layers of an image; what tree/tar/merge.h takes. */
#define CFS_OCI_LAYERS_MAX 4096
#define CFS_OCI_INDEX_MAX  8192 /* manifests of an index */

enum cfs_oci_kind {
	CFS_OCI_OTHER,
	CFS_OCI_INDEX,	  /* or Docker's manifest list */
	CFS_OCI_MANIFEST, /* or Docker's */
	CFS_OCI_CONFIG,	  /* of a container image, or Docker's */
	CFS_OCI_LAYER,	  /* a tar archive, compressed or not */
};

/* The kind of content that a media type stands for. */
enum cfs_oci_kind cfs_oci_kind_of(const char *media_type) CFS_NONNULL;

struct cfs_oci_descriptor {
	char media_type[CFS_OCI_MEDIA_MAX];
	char artifact_type[CFS_OCI_MEDIA_MAX];
	char tag[CFS_OCI_TAG_MAX]; /* org.opencontainers.image.ref.name */
	struct cfs_oci_id id;
	uint64_t size;
	bool has_platform;
	struct cfs_oci_platform platform;
};

struct cfs_oci_descriptors {
	CFS_VEC(struct cfs_oci_descriptor);
};

void cfs_oci_descriptors_free(struct cfs_oci_descriptors *list);

/* Writes the members mediaType, digest and size of @d, and artifactType if it
 * has one, into the object that is open in @w. */
void cfs_oci_descriptor_write(const struct cfs_oci_descriptor *d,
			      struct cfs_json_writer *w) CFS_NONNULL;

/*
 * Is @text an index or a manifest, by what it has in it?  A document without a
 * descriptor that says so is asked.
 * Returns CFS_OCI_INDEX or CFS_OCI_MANIFEST.
 * Errors: -EINVAL (no JSON, or neither), -EOPNOTSUPP (Docker's schema 1),
 * -EFBIG, -ENOMEM.
 */
int cfs_oci_document_kind(struct cfs_bytes text,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Called for each entry of an index, in order: with @d, or with NULL and the
 * reason if the entry is malformed.  A result other than 0 ends the walk.
 */
typedef int cfs_oci_entry_fn(void *ctx, const struct cfs_oci_descriptor *d,
			     const struct cfs_err *why, struct cfs_err *err);

/*
 * Reads an index (index.json of a layout, too) entry by entry.  One that says
 * with another media type, or with members of a manifest, that it may be read
 * as a manifest as well is refused.
 * Errors: -EINVAL, -EFBIG, -ENOMEM, what @fn returns.
 */
int cfs_oci_index_each(struct cfs_bytes text, cfs_oci_entry_fn *fn, void *ctx,
		       struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 4)));

/* Reads an index; one malformed entry makes it fail.
 * Errors: -EINVAL, -EOPNOTSUPP, -EFBIG, -ENOMEM. */
int cfs_oci_index_parse(struct cfs_bytes text, struct cfs_oci_descriptors *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_oci_manifest {
	char media_type[CFS_OCI_MEDIA_MAX]; /* "" when it does not say */
	char artifact_type[CFS_OCI_MEDIA_MAX];
	struct cfs_oci_descriptor config;
	struct cfs_oci_descriptors layers;
	bool has_subject;
	struct cfs_oci_descriptor subject;
};

void cfs_oci_manifest_free(struct cfs_oci_manifest *manifest);

#define CFS_AUTOMANIFEST __attribute__((cleanup(cfs_oci_manifest_free)))

/* Reads a manifest; see cfs_oci_index_each() for what is refused.
 * Errors: -EINVAL, -EOPNOTSUPP, -EFBIG, -ENOMEM. */
int cfs_oci_manifest_parse(struct cfs_bytes text, struct cfs_oci_manifest *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Is it the manifest of a container image, and not of some other artifact? */
static inline bool cfs_oci_manifest_is_container(
	const struct cfs_oci_manifest *manifest)
{
	return cfs_oci_kind_of(manifest->config.media_type) == CFS_OCI_CONFIG;
}

/*
 * The label of a configuration that asks for images in which executables of any
 * size are objects, as the kernel's IPE needs them: any value but "", "0" and
 * "false" does.  It is part of what the image's digests follow from, and so of
 * what is signed.  composefs-rs knows no such label, and makes other images.
 */
#define CFS_OCI_IPE_LABEL "containers.composefs.ipe"

struct cfs_oci_config {
	struct cfs_oci_platform platform;
	char created[CFS_OCI_WORD_MAX]; /* as it is written; "" */
	/* The label "containers.composefs.fsverity", by which images sealed
	 * with composefs-rs name their EROFS image; "": none. */
	char sealed[CFS_DIGEST_HEX_MAX];
	/* Small executables are to be objects: CFS_OCI_IPE_LABEL. */
	bool program_objects;
	struct cfs_oci_id *diff_ids; /* owned; lowest layer first */
	size_t n_diff_ids;
};

void cfs_oci_config_free(struct cfs_oci_config *config);

#define CFS_AUTOCONFIG __attribute__((cleanup(cfs_oci_config_free)))

/* Errors: -EINVAL, -EFBIG, -ENOMEM. */
int cfs_oci_config_parse(struct cfs_bytes text, struct cfs_oci_config *ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
