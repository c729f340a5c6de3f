/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/export/format.h"

#include <inttypes.h>

bool cfs_export_place_fits(const struct cfs_export_place *place, uint64_t size)
{
	if (place->stored == 0 ||
	    (place->zstd ? place->stored >= size : place->stored != size))
		return false;
	if (place->pack == CFS_EXPORT_NO_PACK)
		return place->offset == 0;
	return place->pack <= CFS_EXPORT_PACKS_MAX &&
	       size <= CFS_EXPORT_SMALL &&
	       place->offset <= CFS_EXPORT_PACK_MAX - CFS_EXPORT_SMALL;
}

void cfs_export_image_path(const struct cfs_digest *id, const char *suffix,
			   char path[static CFS_EXPORT_PATH_MAX])
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	snprintf(path, CFS_EXPORT_PATH_MAX, "images/%s%s", hex, suffix);
}

void cfs_export_patch_path(const struct cfs_digest *id,
			   const struct cfs_digest *old,
			   char path[static CFS_EXPORT_PATH_MAX])
{
	char hex[CFS_DIGEST_HEX_MAX], suffix[sizeof(".from-.zst") + 16];

	cfs_digest_to_hex(old, hex);
	snprintf(suffix, sizeof(suffix), ".from-%.16s.zst", hex);
	cfs_export_image_path(id, suffix, path);
}

void cfs_export_object_path(const struct cfs_digest *id, const char *suffix,
			    char path[static CFS_EXPORT_PATH_MAX])
{
	char object[CFS_OBJECT_PATH_MAX];

	cfs_digest_to_path(id, object);
	snprintf(path, CFS_EXPORT_PATH_MAX, "objects/%s%s", object, suffix);
}

void cfs_export_pack_path(uint32_t pack, const char *suffix,
			  char path[static CFS_EXPORT_PATH_MAX])
{
	snprintf(path, CFS_EXPORT_PATH_MAX, "packs/%08" PRIu32 "%s", pack,
		 suffix);
}
