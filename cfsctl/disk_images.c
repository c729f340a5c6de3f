/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/disk_images.h"

#include "oci/tag.h"

/* The image to boot that was made of @image, of format 1 if there are two. */
static int find_boot(const struct cfs_oci_image *image, struct cfs_digest *ret,
		     struct cfs_err *err)
{
	struct cfs_oci_erofs erofs = { .bootable = true, .v1 = true };

	if (cfs_oci_image_erofs(image, &erofs, ret))
		return 0;
	erofs.v1 = false;
	if (cfs_oci_image_erofs(image, &erofs, ret))
		return 0;
	return cfs_fail(err, ENOENT,
			"the OCI image %s has no image to boot: `cfsctl oci "
			"seal --bootable` makes it",
			image->id.text);
}

/* Of an OCI image nothing but what was signed, if anything has to be. */
static int find_oci(const struct cfs_trust *trust, const struct cfs_repo *repo,
		    const struct cfs_oci_image *image, const char *name,
		    struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_demand demand = { .trust = trust,
				     .name = name,
				     .role = CFS_SEAL_BOOTABLE };
	int r = cmd_trust_accept(&demand, repo, image, err);
	struct cfs_err ignored;

	if (r < 0)
		return r;
	if (demand.proof.n == 0)
		return cmd_find_image(repo, name, ret, &ignored) == 0
			       ? 0
			       : find_boot(image, ret, err);
	*ret = demand.proof.digest;
	return 0;
}

int cmd_disk_find(const struct cfs_trust *trust, const struct cfs_repo *repo,
		  const char *name, struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_err why;
	int r = cfs_oci_image_find(repo, name, &image, &why);

	if (r >= 0) {
		r = find_oci(trust, repo, &image, name, ret, err);
		return r < 0 ? cfs_ctx(err, "%s", name) : 0;
	}
	if (r == -ENOENT && !trust->require)
		return cmd_find_image(repo, name, ret, err);
	*err = why;
	return trust->require
		       ? cfs_ctx(err, "--require-signature is for OCI images")
		       : r;
}

struct checking {
	const struct cfs_trust *trust;
	const struct cfs_repo *repo;
};

static int check_tag(const char *tag, const struct cfs_oci_id *id, void *arg,
		     struct cfs_err *err)
{
	const struct checking *c = arg;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_demand demand = { .trust = c->trust,
				     .name = tag,
				     .role = CFS_SEAL_MERGED };
	int r;

	if (!id || !cfs_rules_find(&c->trust->rules, tag))
		return 0;
	r = cfs_oci_image_open(c->repo, id, &image, err);
	if (r > 0)
		r = cmd_trust_accept(&demand, c->repo, &image, err);
	return r < 0 ? cfs_ctx(err, "%s", tag) : 0;
}

int cmd_disk_check_all(const struct cfs_trust *trust,
		       const struct cfs_repo *repo, struct cfs_err *err)
{
	struct checking c = { trust, repo };

	return cfs_oci_tag_each(repo, check_tag, &c, err);
}
