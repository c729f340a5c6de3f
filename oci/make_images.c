/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "oci/pull.h"
#include "repo/image_store.h"
#include "repo/meta_formats.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tree/small_objects.h"

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

/* Is the executable @inode one that is run from an object, which exists? */
static bool has_program(const struct cfs_store *store,
			const struct cfs_node *inode)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id = { .alg = store->repo.meta.alg };
	struct cfs_err ignored;

	if (cfs_inode_is_small_program(inode))
		return false;
	/* Those of larger ones are a layer's. */
	if (inode->size == 0 || inode->size > CFS_INLINE_FROM_DISK)
		return true;
	if (!inode->file.digest)
		return false;
	memcpy(id.bytes, inode->file.digest, cfs_alg_size(id.alg));
	return cfs_object_open(store->objects, &id, &fd, &ignored) > 0;
}

/* Is @fd an image in which each executable is an object?  Programs that do not
 * know the label make another one. */
static bool has_programs(const struct cfs_store *store, int fd)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	struct cfs_node *node = NULL;
	struct cfs_err ignored;

	if (cfs_read_all(fd, CFS_EROFS_IMAGE_MAX, &bytes) < 0 ||
	    cfs_erofs_read(cfs_buf_bytes(&bytes), 0, &tree, NULL, &ignored) < 0)
		return false;
	while ((node = cfs_node_walk(tree->root, node)))
		if (!(node->flags & CFS_NODE_LINK) && S_ISREG(node->mode) &&
		    node->mode & 0111 && !has_program(store, node))
			return false;
	return true;
}

static bool has(const struct cfs_store *store,
		const struct cfs_oci_image *image,
		const struct cfs_oci_erofs *erofs)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	struct cfs_err ignored;

	return cfs_oci_image_erofs(image, erofs, &id) &&
	       cfs_image_open(&store->repo, &id, false, &fd, &ignored) >= 0 &&
	       (!image->config.program_objects || has_programs(store, fd));
}

/* Are all of them there already? */
static bool has_all(const struct cfs_store *store,
		    const struct cfs_oci_image *image, unsigned formats,
		    bool bootable, enum cfs_xattr_filter filter)
{
	for (unsigned format = 0; format <= CFS_META_FORMAT_MAX; format++) {
		struct cfs_oci_erofs erofs = { .v1 = format < 2,
					       .filter = filter };

		if (!(formats & 1u << format))
			continue;
		/* The ref does not tell formats 0 and 1 apart. */
		if (format == 0 || !has(store, image, &erofs))
			return false;
		erofs.bootable = true;
		if (bootable && !has(store, image, &erofs))
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
	 * there. */
	if (!options->create_parents &&
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
