/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Taking an image from an origin into a repository.
 *
 * Layers come in parallel, the largest first; those that are there already are
 * not read.  Objects first, then streams, then EROFS images, the tag last:
 * what has a tag is whole.  A pull that fails leaves what was good, and the
 * next one goes on from there.
 */
#ifndef CFS_OCI_PULL_H
#define CFS_OCI_PULL_H

#include "oci/image.h"
#include "oci/origin.h"
#include "oci/referrers.h"
#include "oci/tree.h"

/* Limits for the artifacts about an image: their number, and the blobs and
 * bytes of each.  A signature has a few hundred bytes, a bill of materials some
 * MiB. */
#define CFS_PULL_ARTIFACTS_MAX	    64
#define CFS_PULL_ARTIFACT_BLOBS_MAX 16
#define CFS_PULL_ARTIFACT_MAX	    (64 << 20)

/* Told of each layer, by the thread that has it; several at a time. */
struct cfs_oci_progress {
	/* Once for each layer that need not be read, before plan(); may be
	 * NULL. */
	void (*skip)(void *ctx, const struct cfs_oci_id *id);
	/* Once, before the first that is read: layers to come and bytes of
	 * their blobs. */
	void (*plan)(void *ctx, size_t layers, uint64_t bytes);
	void (*begin)(void *ctx, size_t layer, const struct cfs_oci_id *id,
		      uint64_t size);
	void (*read)(void *ctx, size_t layer, uint64_t bytes); /* more */
	/* @result: 0, or a negative errno. */
	void (*end)(void *ctx, size_t layer, int result);
	void *ctx;
};

struct cfs_oci_pull {
	struct cfs_origin *origin;
	const struct cfs_oci_choice *choice;
	const char *tag;  /* NULL: none */
	unsigned threads; /* 0: as many as may run at once */
	unsigned formats; /* EROFS formats, 1 << N */
	bool bootable;	  /* also the images to boot */
	bool keep_blobs;  /* keep layers as they came, too */
	bool referrers;	  /* also the artifacts about the image */
	struct cfs_oci_tree_options tree;
	/* The image to boot that must come of it, or nothing is named; NULL */
	const struct cfs_digest *expected;
	const struct cfs_oci_progress *progress; /* may be NULL */
	/* Asked about the image before it is tagged; what it returns below 0
	 * ends the pull.  May be NULL. */
	int (*accept)(void *ctx, const struct cfs_repo *repo,
		      const struct cfs_oci_image *image, struct cfs_err *err);
	void *accept_ctx;
};

/* How many ways to make an image to boot cfs_oci_expect() tries. */
#define CFS_OCI_WAYS (2u * (CFS_META_FORMAT_MAX + 1) * 2u)

/* A way to make an image to boot. */
struct cfs_oci_way {
	struct cfs_oci_erofs erofs;
	unsigned format;
	/* /boot and /sysroot keep the nanoseconds of their own times, as up to
	 * composefs-rs 0.9.0, and so in what bootc made with it. */
	bool own_nanoseconds;
};

struct cfs_oci_pulled {
	struct cfs_oci_image image;  /* as it is in the repository now */
	uint64_t inline_bytes;	     /* of archives, that are no objects */
	struct cfs_oci_way expected; /* how what was expected is made */
	size_t layers_todo;	     /* those that were not there */
	size_t layers_done;	     /* of these, those that are there now */
	/* Artifacts that are in the repository now, and those that are not. */
	struct cfs_oci_referrers referrers;
};

void cfs_oci_pulled_free(struct cfs_oci_pulled *pulled);

/*
 * Pulls.  *@ret is to be freed, also on failure: it says how far the pull came.
 * An artifact about the image that is not what it should be is skipped, and
 * the pull succeeds.  What is there already is read only if @store does not
 * trust names (cfs_store_trust_names()).
 *
 * Errors, worded with layer and digest: -EBADMSG something is not what its
 * digest says; -ENOSPC there is less space than the blobs take; those of
 * archives, of trees and of storing.
 */
int cfs_oci_pull(struct cfs_store *store, const struct cfs_oci_pull *pull,
		 struct cfs_oci_pulled *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the EROFS images of @image of the formats @formats, and the bootable
 * ones if @bootable, commits them and refers to them from the configuration,
 * which is written anew if there is a new one.
 */
int cfs_oci_make_images(struct cfs_store *store, struct cfs_oci_image *image,
			unsigned formats, bool bootable,
			const struct cfs_oci_tree_options *options,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Makes the EROFS image @want of @image anew, in the way that gives this
 * digest, and names it below images/.  @erofs: what its ref in the
 * configuration says.
 * Returns 1, or 0 when no way gives it, and nothing was stored.
 * Errors: those of trees and of storing.
 */
int cfs_oci_remake(struct cfs_store *store, const struct cfs_oci_image *image,
		   const struct cfs_oci_erofs *erofs,
		   const struct cfs_digest *want,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Looks for the way to make an image to boot that gives @want, first among
 * those there are; makes it, and refers to it from the configuration.  *@ret:
 * what way that is; of an image that was there, what its ref says.
 * Errors: -EKEYREJECTED none does; those of making it.
 */
int cfs_oci_expect(struct cfs_store *store, struct cfs_oci_image *image,
		   const struct cfs_oci_tree_options *options,
		   const struct cfs_digest *want, struct cfs_oci_way *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
