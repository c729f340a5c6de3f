/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where images come from: places that hold blobs, and a first document that
 * leads to them.
 *
 *   oci:PATH[:TAG]           an OCI layout in a directory
 *   oci-archive:FILE[:TAG]   an OCI layout in a tar archive; through skopeo if
 *                            that is compressed
 *   dir:PATH                 the directory format of skopeo: one manifest
 *                            and its blobs
 *   docker://NAME[:TAG]      a registry, through skopeo
 *   containers-storage:..., docker-archive:..., docker-daemon:...
 *                            stores of other programs, through skopeo
 *
 * "@sha256:HEX" in place of a tag asks for the document with that digest.
 *
 * No origin is trusted.  Names are resolved below it, only regular files are
 * opened, and every document is checked against the digest and size that led
 * to it.  Blobs are handed out unchecked: their reader hashes them anyway.
 *
 * Source: OCI image specification, image-layout.md; containers/image,
 * docs/containers-transports.5.md.
 */
#ifndef CFS_OCI_ORIGIN_H
#define CFS_OCI_ORIGIN_H

#include "base/buf.h"
#include "base/own.h"
#include "base/source.h"
#include "oci/manifest.h"
#include "repo/open.h"

/* Indexes below one another.  Real images have one or two. */
#define CFS_ORIGIN_DEPTH_MAX 4
/* Documents that are read to make one choice, or to find referrers. */
#define CFS_ORIGIN_DOCUMENTS_MAX 1000

struct cfs_origin;
struct cfs_oci_image;

/* Settings for skopeo to reach a registry.  All zero: skopeo's defaults. */
struct cfs_origin_options {
	const char *authfile; /* file with credentials; NULL: skopeo's */
	const char *cert_dir; /* certificates of the registry, of ours; NULL */
	bool no_tls_verify;   /* takes any certificate, and plain HTTP */
};

/* Does @text begin as one of these references does? */
bool cfs_origin_is_reference(const char *text) CFS_NONNULL;

/*
 * Opens the origin that @reference names.  @options may be NULL; it is not
 * used after the call.
 *
 * The tag follows the last ':' after the last '/'.  When nothing has the path
 * before it, a path with the whole name is taken, then one that ends at an
 * earlier ':' (a tag may look like "example.org/image:1").  A path that ends in
 * '/' is never split.
 *
 * For a registry nothing is done yet beyond looking for skopeo.
 *
 * Errors: -EINVAL (no known transport, no layout), -EMEDIUMTYPE (a compressed
 * archive, and skopeo, which unpacks it, is not installed), -ENOENT, -ENOTDIR,
 * -EISDIR, ... of the path; -ENOPKG (skopeo is not installed).
 */
int cfs_origin_open_with(const char *reference,
			 const struct cfs_origin_options *options,
			 struct cfs_origin **ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

static inline CFS_MUST_CHECK int cfs_origin_open(const char *reference,
						 struct cfs_origin **ret,
						 struct cfs_err *err)
{
	return cfs_origin_open_with(reference, NULL, ret, err);
}

/*
 * Opens @image of another repository.  Both are borrowed until
 * cfs_origin_free().  Its layers are unpacked: cfs_origin_has_plain_layers().
 * Errors: -ENOMEM.
 */
int cfs_origin_open_repo(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image,
			 struct cfs_origin **ret,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Closes it; blobs that are open must be closed before. */
void cfs_origin_free(struct cfs_origin *origin);
CFS_DEFINE_AUTO(struct cfs_origin, cfs_origin_free);

/*
 * The bytes of a blob: of a file, of a member of an archive, of a stream in a
 * repository, or sent by skopeo.  One thread at a time reads it.
 */
struct cfs_oci_blob {
	int fd;				/* owned */
	uint64_t at, end;		/* next byte, and where the blob ends */
	struct cfs_skopeo_proxy *proxy; /* the sender; NULL: @fd is a file */
	struct cfs_stream_blob *stream; /* owned; not NULL: in place of @fd */
};

#define CFS_OCI_BLOB_INIT    \
	{                    \
		.fd = -EBADF \
	}

/* Closes it, read to the end or not; may be called twice. */
void cfs_oci_blob_close(struct cfs_oci_blob *blob);

#define CFS_AUTOBLOB __attribute__((cleanup(cfs_oci_blob_close)))

/* The bytes of @blob from the first that was not read yet.  Once it ends, all
 * bytes from at to end were read.  Errors of reading: -EIO, of the sender. */
struct cfs_source cfs_oci_blob_source(struct cfs_oci_blob *blob) CFS_NONNULL;

/*
 * Opens the blob @id, which its descriptor says has @size bytes.  Any thread
 * may call it, and blobs are read side by side.
 *
 * Returns 1 with *@ret, or 0 when the origin has no such blob.
 * Errors: -EBADMSG (another size), -EINVAL (not a regular file), -EXDEV (a link
 * out of the origin), -EIO (of skopeo), ...
 */
int cfs_origin_blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, struct cfs_oci_blob *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Does the origin keep layers only unpacked?  Then a layer is to be asked for
 * by its diff_id and CFS_OCI_SIZE_ANY, and what comes is the archive itself;
 * there is no blob of the digest and size in the manifest.  So it is with
 * containers-storage, and with repositories.
 */
bool cfs_origin_has_plain_layers(const struct cfs_origin *origin) CFS_NONNULL;

/* A manifest that was chosen. */
struct cfs_oci_choice {
	struct cfs_oci_id id;
	struct cfs_buf manifest; /* owned; its bytes, unchanged */
	bool any_platform;	 /* the image is for another platform than this
				    machine, but it is the only one, and no
				    platform was asked for */
	char platform[CFS_OCI_PLATFORM_MAX]; /* "os/arch[/variant]"; "" for what
						is no container image */
};

void cfs_oci_choice_free(struct cfs_oci_choice *choice);

#define CFS_AUTOCHOICE __attribute__((cleanup(cfs_oci_choice_free)))

/*
 * Chooses the manifest that the reference means, for the platform @want (NULL:
 * that of this machine).
 *
 * Indexes are followed, CFS_ORIGIN_DEPTH_MAX below one another.  Of several
 * images for the platform the first one is taken, but one without a variant,
 * or with the very variant of @want, goes before others.  A reference that
 * leads to one image alone means that one, if @want is NULL.  Entries for
 * unknown/unknown (attestations) are passed over.  The configuration says
 * which platform an entry without one is for.  Artifacts that are no container
 * images count only where there is no image, and have no platform.
 *
 * A layout without a tag in the reference: all its entries count, and images
 * under several tags are an error.  An entry that cannot be read is passed over
 * as long as there is another one to choose.
 *
 * Errors: -ENOENT (no such tag, or no image for the platform, worded with the
 * tags or platforms that there are; a document is missing), -ENOTUNIQ (several
 * tags), -EBADMSG (a document is not what its descriptor says), -EFBIG (limits
 * above), those of parsing, -EIO (of skopeo).
 */
int cfs_origin_choose(struct cfs_origin *origin,
		      const struct cfs_oci_platform *want,
		      struct cfs_oci_choice *ret,
		      struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4)));

/*
 * From now on blobs are those of the image with the manifest @id, which
 * registries want to know.  cfs_origin_choose() does it for its choice.
 * Errors: -ENOMEM.
 */
int cfs_origin_use(struct cfs_origin *origin, const struct cfs_oci_id *id,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the blob @id of @size bytes to @ret, and checks both.
 * Errors: -ENOENT (missing), -EBADMSG (another size or digest), -EFBIG (over
 * @max), those of cfs_origin_blob().
 */
int cfs_origin_read(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, size_t max, struct cfs_buf *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the manifest or index @id of @size bytes to @ret, and checks both.
 * Registries keep these apart from blobs: cfs_origin_read() finds none there.
 * Errors: those of cfs_origin_read(), for CFS_OCI_JSON_MAX.
 */
int cfs_origin_manifest(struct cfs_origin *origin, const struct cfs_oci_id *id,
			uint64_t size, struct cfs_buf *ret,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
