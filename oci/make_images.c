/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "oci/pull.h"
#include "repo/image_store.h"
#include "repo/meta.h"
#include "repo/ref.h"

/* Makes the image of @tree in each of @formats, commits it and refers to it. */
static int make(struct cfs_store *store, struct cfs_oci_image *image,
		const struct cfs_tree *tree, unsigned formats,
		struct cfs_oci_erofs erofs, struct cfs_err *err)
{
	for (unsigned format = 0; format <= CFS_META_FORMAT_MAX; format++) {
		struct cfs_digest id;
		int r;

		if (!(formats & 1u << format))
			continue;
		erofs.v1 = format < 2;
		r = cfs_image_store(store, tree, format, &id, err);
		if (r == 0)
			r = cfs_image_commit(store, &id, err);
		if (r == 0)
			r = cfs_oci_image_set_erofs(image, &erofs, &id, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Are all of them there already? */
static bool has_all(const struct cfs_store *store,
		    const struct cfs_oci_image *image, unsigned formats,
		    bool bootable, enum cfs_xattr_filter filter)
{
	for (unsigned format = 0; format <= CFS_META_FORMAT_MAX; format++) {
		struct cfs_oci_erofs erofs = { .v1 = format < 2,
					       .filter = filter };
		CFS_AUTOFD int fd = -EBADF, boot_fd = -EBADF;
		struct cfs_digest id;
		struct cfs_err ignored;

		if (!(formats & 1u << format))
			continue;
		/* The ref does not tell formats 0 and 1 apart. */
		if (format == 0 || !cfs_oci_image_erofs(image, &erofs, &id) ||
		    cfs_image_open(&store->repo, &id, false, &fd, &ignored) < 0)
			return false;
		erofs.bootable = true;
		if (bootable && (!cfs_oci_image_erofs(image, &erofs, &id) ||
				 cfs_image_open(&store->repo, &id, false,
						&boot_fd, &ignored) < 0))
			return false;
	}
	return true;
}

int cfs_oci_make_images(struct cfs_store *store, struct cfs_oci_image *image,
			unsigned formats, bool bootable,
			const struct cfs_oci_tree_options *options,
			struct cfs_err *err)
{
	struct cfs_oci_erofs erofs = { .filter = options->filter };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	int r;

	/* Parents that are made may give another image than the one that is
	 * there; and programs that do not know the label make one without
	 * objects. */
	if (!options->create_parents && !image->config.program_objects &&
	    has_all(store, image, formats, bootable, options->filter))
		return 0;
	r = cfs_oci_image_tree(&store->repo, image, options, &tree, err);
	if (r == 0)
		r = make(store, image, tree, formats, erofs, err);
	if (r == 0 && bootable)
		r = cfs_oci_tree_boot(&store->repo, tree, err);
	erofs.bootable = true;
	if (r == 0 && bootable)
		r = make(store, image, tree, formats, erofs, err);
	return r < 0 ? r : cfs_oci_image_write(store, image, err);
}
