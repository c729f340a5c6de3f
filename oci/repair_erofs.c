/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The EROFS images of an image, made anew from its layers. */
#include <string.h>

#include "oci/pull.h"
#include "oci/repairing.h"
#include "repo/image.h"
#include "repo/image_store.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "repo/repair.h"
#include "tree/small_objects.h"

/* Ends the repair, or tells why the image @name is not mended. */
static int not_made(struct cfs_repairing *rp, const char *name, int r,
		    const struct cfs_err *why, struct cfs_err *err)
{
	if (cfs_repairing_pass(r, why, err) < 0)
		return r;
	cfs_repairing_tell(rp, CFS_OCI_NOT_MENDED, "EROFS image %s: %s", name,
			   why->msg);
	return 0;
}

/* Makes the image @id anew, or just its name, if the image is good. */
static int remake(struct cfs_repairing *rp, const char *name,
		  const struct cfs_oci_erofs *erofs,
		  const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err why;
	int r;

	cfs_digest_to_hex(id, hex);
	if (cfs_repair_is_good(rp->store, id))
		r = cfs_image_commit(rp->store, id, &why) < 0 ? -why.code : 1;
	else
		r = cfs_oci_remake(rp->store, &rp->image, erofs, id, &why);
	if (r == 0)
		r = cfs_fail(&why, EBADMSG,
			     "the layers do not give the digest %s", hex);
	if (r < 0)
		return not_made(rp, name, r, &why, err);
	cfs_repairing_tell(rp, CFS_OCI_MENDED, "EROFS image %s: %s", name, hex);
	return 1;
}

static int mend_ref(struct cfs_repairing *rp,
		    const struct cfs_oci_erofs_ref *ref, struct cfs_err *err)
{
	struct cfs_oci_erofs erofs;
	int r = cfs_oci_fsck_erofs(&rp->run, &rp->image.manifest.config.id,
				   ref->name, &ref->id, err);

	if (r > 0 && !cfs_oci_fsck_is_damaged(&rp->run, &ref->id))
		return 1;
	if (r < 0 || !cfs_oci_erofs_is(ref->name, &erofs))
		return r;
	return remake(rp, ref->name, &erofs, &ref->id, err);
}

/* The image that a label names is one of format 1, and mostly the one that a
 * ref names, too. */
static int mend_sealed(struct cfs_repairing *rp, struct cfs_err *err)
{
	static const struct cfs_oci_erofs erofs = { .v1 = true };
	const char *seal = rp->image.config.sealed;
	struct cfs_digest id, ignored;
	struct cfs_err why;
	int r = *seal ? cfs_oci_fsck_seal(&rp->run,
					  &rp->image.manifest.config.id, seal,
					  err)
		      : 1;

	if (r != 0 || cfs_digest_from_hex(seal, strlen(seal), &id, &why) < 0)
		return r < 0 ? r : 0;
	r = remake(rp, "of the label", &erofs, &id, err);
	if (r <= 0 || cfs_oci_image_erofs(&rp->image, &erofs, &ignored))
		return r < 0 ? r : 0;
	r = cfs_oci_image_set_erofs(&rp->image, &erofs, &id, err);
	return r < 0 ? r : cfs_oci_image_write(rp->store, &rp->image, err);
}

/* Is @id what the default mode of xattrs gives, too?  It mostly is. */
static bool is_default(const struct cfs_oci_image *image,
		       struct cfs_oci_erofs erofs, const struct cfs_digest *id)
{
	struct cfs_digest have;

	if (erofs.filter == CFS_XATTRS_ALLOWLIST)
		return false;
	erofs.filter = CFS_XATTRS_ALLOWLIST;
	return cfs_oci_image_erofs(image, &erofs, &have) &&
	       cfs_digest_equal(&have, id);
}

/* Did the repository have this image?  Then it has its name, even if the image
 * itself is gone. */
static int find_made(struct cfs_repairing *rp, const struct cfs_tree *tree,
		     struct cfs_oci_erofs erofs, struct cfs_err *err)
{
	const struct cfs_repo *repo = &rp->store->repo;
	int r = 0, found = 0;

	for (unsigned f = 0; r == 0 && f <= CFS_META_FORMAT_MAX; f++) {
		CFS_AUTOFD int fd = -EBADF;
		struct cfs_digest id;
		struct cfs_err ignored;

		erofs.v1 = f < 2;
		r = cfs_image_compute(tree, f, repo->meta.alg, &id, NULL, err);
		if (r < 0 || is_default(&rp->image, erofs, &id) ||
		    cfs_repo_open_image(repo, &id, &fd, &ignored) ==
			    CFS_IMAGE_ABSENT)
			continue;
		r = cfs_oci_image_set_erofs(&rp->image, &erofs, &id, err);
		found = 1;
	}
	return r < 0 ? r : found;
}

/* Looks for the images that the repository had of this one, of one mode of
 * xattrs.  Returns whether there is one to boot. */
static int find_all_made(struct cfs_repairing *rp,
			 const struct cfs_oci_tree_options *options,
			 struct cfs_err *err)
{
	struct cfs_oci_erofs erofs = { .filter = options->filter };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	const struct cfs_repo *repo = &rp->store->repo;
	int r = cfs_oci_image_tree(repo, &rp->image, options, &tree, err);

	if (r == 0)
		r = find_made(rp, tree, erofs, err);
	erofs.bootable = true;
	if (r >= 0)
		r = cfs_oci_tree_boot(repo, tree, err);
	return r < 0 ? r : find_made(rp, tree, erofs, err);
}

/* The refs were lost with the configuration: those to images that the
 * repository had are found again, those that it should have are made, and then
 * the documents are written. */
static int restore_refs(struct cfs_repairing *rp, struct cfs_err *err)
{
	static const enum cfs_xattr_filter filters[] = { CFS_XATTRS_ALLOWLIST,
							 CFS_XATTRS_KEEP_USER };
	struct cfs_oci_tree_options options = { 0 };
	bool bootable = false;
	struct cfs_err why;
	int r = 0;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(filters); i++) {
		options.filter = filters[i];
		r = find_all_made(rp, &options, &why);
		if (r == -ENOENT && !options.create_parents) {
			options.create_parents = true;
			r = find_all_made(rp, &options, &why);
		}
		/* An image without /boot has none to boot: that is no fault. */
		if (cfs_repairing_pass(r, &why, err) < 0)
			return r;
		bootable |= r > 0 && i == 0;
	}
	options.filter = CFS_XATTRS_ALLOWLIST;
	r = cfs_oci_make_images(rp->store, &rp->image, rp->repair->formats,
				bootable, &options, &why);
	if (r < 0 && not_made(rp, "of the image", r, &why, err) < 0)
		return -err->code;
	return cfs_repairing_write(rp, err);
}

static int mend_small_object(struct cfs_repairing *rp,
			     const struct cfs_small_object *object,
			     struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest ignored;
	int r;

	if (cfs_repair_is_good(rp->store, &object->id))
		return 0;
	r = cfs_object_add_bytes(rp->store, object->content, &ignored, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&object->id, hex);
	cfs_repairing_tell(rp, CFS_OCI_MENDED, "object of an executable: %s",
			   hex);
	return 0;
}

/* Objects of small executables are those of no layer. */
static int mend_small_objects(struct cfs_repairing *rp, struct cfs_err *err)
{
	struct cfs_oci_tree_options options = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err why;
	int r = cfs_oci_image_tree(&rp->store->repo, &rp->image, &options,
				   &tree, &why);

	options.create_parents = true;
	if (r == -ENOENT)
		r = cfs_oci_image_tree(&rp->store->repo, &rp->image, &options,
				       &tree, &why);
	if (r < 0)
		return not_made(rp, "of the image", r, &why, err);
	for (const struct cfs_small_object *object = tree->small; object;
	     object = object->next) {
		r = mend_small_object(rp, object, &why);
		if (r < 0)
			return not_made(rp, "of the image", r, &why, err);
	}
	return 0;
}

int cfs_repairing_erofs(struct cfs_repairing *rp, struct cfs_err *err)
{
	int r = rp->lost_config ? restore_refs(rp, err) : 0;

	if (r == 0 && rp->image.config.program_objects)
		r = mend_small_objects(rp, err);
	for (size_t i = 0; r >= 0 && i < rp->image.erofs.n; i++)
		r = mend_ref(rp, &rp->image.erofs.v[i], err);
	return r < 0 ? r : mend_sealed(rp, err);
}
