/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An OCI image in a repository: its manifest and configuration as they came,
 * the streams of its layers, and the EROFS images that were made of it.
 *
 *   oci-manifest-<digest>   the manifest; named refs lead to the next ones
 *   oci-config-<digest>     the configuration; named refs lead to layers and
 *                           to EROFS images
 *   oci-layer-<diff_id>     a layer's archive; of artifacts, <digest> and blob
 *
 * Source: composefs-rs crates/composefs-oci/src/oci_image.rs.
 */
#ifndef CFS_OCI_IMAGE_H
#define CFS_OCI_IMAGE_H

#include "base/buf.h"
#include "base/vec.h"
#include "oci/manifest.h"
#include "repo/store.h"
#include "repo/stream/reader.h"
#include "tree/transform.h"

/*
 * The names under which EROFS images stand in a configuration's refs:
 * "composefs.image", "composefs.image.v1", "composefs.image.boot" and
 * "composefs.image.boot.v1", the latter with ".xattrs=keep-user-xattrs" when
 * that is how xattrs were filtered.  Format 2 is the one without ".v1".
 * "composefs.image.layer<N>.v1" is that of the layer number N alone.
 */
struct cfs_oci_erofs {
	bool bootable;
	bool one_layer;
	unsigned layer; /* the one, from 0 */
	bool v1;	/* format 0 or 1 */
	enum cfs_xattr_filter filter;
};

#define CFS_OCI_EROFS_NAME_MAX 64
/* EROFS images that an image refers to: one of each layer, in any way. */
#define CFS_OCI_EROFS_MAX 8192
void cfs_oci_erofs_name(const struct cfs_oci_erofs *erofs,
			char ret[static CFS_OCI_EROFS_NAME_MAX]) CFS_NONNULL;

/* Is @name one of them?  Names with the right beginning and another end are
 * taken, as the nearest of ours. */
bool cfs_oci_erofs_is(const char *name, struct cfs_oci_erofs *ret) CFS_NONNULL;

/* A named ref of a configuration that is an EROFS image. */
struct cfs_oci_erofs_ref {
	char name[CFS_OCI_EROFS_NAME_MAX];
	struct cfs_digest id;
};

struct cfs_oci_image {
	struct cfs_oci_id id; /* of the manifest */
	struct cfs_buf manifest_text, config_text;
	struct cfs_oci_manifest manifest;
	bool is_container;
	struct cfs_oci_config config; /* of a container */
	/* Streams: of manifest and configuration, and of each layer, in the
	 * order of the manifest's. */
	struct cfs_digest manifest_stream, config_stream;
	struct cfs_digest *layers; /* owned */
	CFS_VEC(struct cfs_oci_erofs_ref) erofs;
};

void cfs_oci_image_free(struct cfs_oci_image *image);

#define CFS_AUTOIMAGE __attribute__((cleanup(cfs_oci_image_free)))

/* Returns the id in the name of the stream of layer @n: its diff_id or, in an
 * artifact, its digest. */
const struct cfs_oci_id *cfs_oci_image_layer_id(
	const struct cfs_oci_image *image, size_t n) CFS_NONNULL;

/*
 * Opens the image of the manifest @id: every document is what its digest says.
 * Returns 1, or 0 when the repository has no such manifest.
 * Errors: -EBADMSG a document or stream is damaged, -ENOENT the configuration
 * or the stream of a layer is missing, ...
 */
int cfs_oci_image_open(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		       struct cfs_oci_image *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Opens what a command line means: a tag, "@DIGEST" or "DIGEST" of a
 * manifest or of the configuration of a tagged image.
 * Errors: -ENOENT there is none, and err->path is @name; those of
 * cfs_oci_image_open() and cfs_oci_tag_get().
 */
int cfs_oci_image_find(const struct cfs_repo *repo, const char *name,
		       struct cfs_oci_image *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Is @hex the digest of the stream of the manifest or of the configuration?
 * Errors: -EINVAL it is no digest, -EBADMSG it is another one.
 */
int cfs_oci_image_check_stream(const struct cfs_oci_image *image,
			       const char *hex,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The EROFS image that the configuration has for @erofs.  1 with *@ret, or
 * 0. */
int cfs_oci_image_erofs(const struct cfs_oci_image *image,
			const struct cfs_oci_erofs *erofs,
			struct cfs_digest *ret) CFS_NONNULL;

/* Does the configuration refer to an image to boot, of whatever format? */
bool cfs_oci_image_is_bootable(const struct cfs_oci_image *image) CFS_NONNULL;

/* Sets that ref, which cfs_oci_image_write() then writes.  Errors: -ENOMEM. */
int cfs_oci_image_set_erofs(struct cfs_oci_image *image,
			    const struct cfs_oci_erofs *erofs,
			    const struct cfs_digest *id,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds the EROFS images that @stream, of a configuration, refers to.
 * Errors: -EFBIG over CFS_OCI_EROFS_MAX, -ENOMEM. */
int cfs_oci_image_take_erofs(struct cfs_oci_image *image,
			     const struct cfs_stream *stream,
			     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The stream of the configuration @id that the stream @manifest refers to.
 * Returns false when it has no such ref. */
bool cfs_oci_config_ref(const struct cfs_stream *manifest,
			const struct cfs_oci_id *id,
			struct cfs_digest *ret) CFS_NONNULL;

/* Fails with -EBADMSG if manifest and configuration of a container differ in
 * the number of layers. */
int cfs_oci_image_check_counts(const struct cfs_oci_image *image,
			       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Writes the streams of configuration and manifest, with all refs, and names
 * them.  @image has texts, what was parsed of them, and layers.  The ids of
 * the streams are set.
 * Order of refs: of a configuration layers as in it, then EROFS images of the
 * whole tree, then those to boot, then those of single layers, each by name; of
 * a manifest the configuration, then layers, then, as "blob:<digest>", the
 * blobs of layers that are kept.
 */
int cfs_oci_image_write(struct cfs_store *store, struct cfs_oci_image *image,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
