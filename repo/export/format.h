/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An export: images and their objects as files that any web server can serve.
 * `cfsctl publish` writes one, `cfsctl fetch` reads it over HTTP.
 *
 *   export.json               which images have names
 *   images/<hex>.image.zst    the EROFS image <hex>, one zstd frame
 *   images/<hex>.from-<16 digits of another>.zst
 *                             a patch that makes it of another image
 *                             (compress/zstd_patch.h)
 *   images/<hex>.index        where its objects are: below
 *   images/<hex>.p7           its signature, if the repository has one
 *   images/<hex>.sigpack.zst  the signatures of its objects, likewise
 *   packs/<8 digits>.pack     many small objects, one after another
 *   packs/<8 digits>.list     which ones, for the next publish: below
 *   objects/xx/yyyy...        a larger object as it is, or ...
 *   objects/xx/yyyy....zst    ... as one zstd frame, if that is smaller
 *
 * A pack is never changed.  Each publish writes the small objects that no pack
 * has yet to a new one, in the order of their digests, so that an update is
 * mostly one range of one file.
 *
 * export.json:
 *
 *	{
 *	  "version": 1,
 *	  "algorithm": "fsverity-sha512-12",
 *	  "images": { "NAME": "<hex>", ... },
 *	  "patches": { "<hex>": [ "<hex of another>", ... ], ... }
 *	}
 *
 * Most of an image is digests and does not compress, but an update changes few
 * of them: a patch is a hundredth of the image.
 *
 * The index of an image has no digests: the image says which objects it needs,
 * and the index has a record for each of them, in ascending order of the
 * digests.  All integers are little-endian.
 *
 *	offset  bytes
 *	0       8       magic, "CFSIDX" 0 1
 *	8       4       hash algorithm, FS_VERITY_HASH_ALG_*
 *	12      4       number of records; they follow:
 *
 *	0       4       number of the pack, or 0xffffffff: a file of its own
 *	4       4       bit 31: a zstd frame; the other bits: bytes in the pack,
 *			0 for a file of its own
 *	8       8       offset in the pack, or the size of the file
 *
 * The list of a pack:
 *
 *	0       8       magic, "CFSLST" 0 1
 *	8       4       hash algorithm
 *	12      4       number of objects; for each, in the order of the pack:
 *
 *	0       32, 64  digest
 *	..      4       as in the index: bit 31 and the bytes in the pack
 *
 * Nothing of it is trusted.  A record that is wrong leads to bytes that do not
 * have the digest of the object.
 */
#ifndef CFS_REPO_EXPORT_FORMAT_H
#define CFS_REPO_EXPORT_FORMAT_H

#include <stdbool.h>

#include "base/disk.h"
#include "fsverity/digest.h"

#define CFS_EXPORT_VERSION 1

/* Limits of what is read: bytes of export.json, names in it, objects of an
 * image and in a list, bytes of a pack. */
#define CFS_EXPORT_JSON_MAX    (1u << 20)
#define CFS_EXPORT_NAMES_MAX   4096
#define CFS_EXPORT_PATCHES_MAX 4 /* of an image */
#define CFS_EXPORT_OBJECTS_MAX (1u << 22)
#define CFS_EXPORT_PACK_MAX    (UINT64_C(1) << 40)

/* The maximum size of an object in a pack.  With twice as many bytes there are
 * hardly fewer requests; with half as many a Debian takes twice as many. */
#define CFS_EXPORT_SMALL (128u << 10)

/* A file is compressed if that saves at least this part of its size. */
#define CFS_EXPORT_SAVES 16

/* The window of zstd frames that are written, 1 MiB: a fetch of 16 objects at
 * once needs as much memory for each.  A larger one hardly saves bytes. */
#define CFS_EXPORT_WINDOW_LOG 20

/* The highest number of a pack, and what stands for none. */
#define CFS_EXPORT_PACKS_MAX 99999999u
#define CFS_EXPORT_NO_PACK   UINT32_MAX

#define CFS_EXPORT_ZSTD (UINT32_C(1) << 31)

#define CFS_EXPORT_INDEX_MAGIC "CFSIDX\0\1"
#define CFS_EXPORT_LIST_MAGIC  "CFSLST\0\1"

struct cfs_export_header {
	char magic[8];
	cfs_le32 alg, n;
};
_Static_assert(sizeof(struct cfs_export_header) == 16, "as above");

struct cfs_export_entry {
	cfs_le32 pack, stored;
	cfs_le64 at;
};
_Static_assert(sizeof(struct cfs_export_entry) == 16, "as above");

/* Where the bytes of an object are. */
struct cfs_export_place {
	uint32_t pack;	 /* or CFS_EXPORT_NO_PACK */
	bool zstd;	 /* they are a zstd frame */
	uint64_t offset; /* in the pack; 0 in a file of its own */
	uint64_t stored; /* bytes there */
};

/* May an object of @size bytes be at @place? */
bool cfs_export_place_fits(const struct cfs_export_place *place,
			   uint64_t size) CFS_NONNULL;

/* Room for every path below, with its NUL. */
#define CFS_EXPORT_PATH_MAX \
	(sizeof("images/.from-0123456789abcdef.zst") + CFS_DIGEST_HEX_MAX)

/* Writes "images/<hex><suffix>"; @suffix: ".index", ... */
void cfs_export_image_path(const struct cfs_digest *id, const char *suffix,
			   char path[static CFS_EXPORT_PATH_MAX]) CFS_NONNULL;

/* Writes the path of the patch that makes the image @id of the image @old. */
void cfs_export_patch_path(const struct cfs_digest *id,
			   const struct cfs_digest *old,
			   char path[static CFS_EXPORT_PATH_MAX]) CFS_NONNULL;

/* Writes "objects/xx/yyyy...<suffix>"; @suffix: "" or ".zst". */
void cfs_export_object_path(const struct cfs_digest *id, const char *suffix,
			    char path[static CFS_EXPORT_PATH_MAX]) CFS_NONNULL;

/* Writes "packs/<8 digits><suffix>"; @suffix: ".pack" or ".list". */
void cfs_export_pack_path(uint32_t pack, const char *suffix,
			  char path[static CFS_EXPORT_PATH_MAX]) CFS_NONNULL;

#endif
