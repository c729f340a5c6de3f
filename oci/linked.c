/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/linked.h"

#include "oci/tag.h"

struct search {
	const struct cfs_repo *repo;
	struct cfs_digest want;
	struct cfs_oci_image image; /* owned; the one that was found */
	bool found;
};

static bool has(const struct cfs_oci_image *image,
		const struct cfs_digest *want)
{
	for (size_t i = 0; i < image->erofs.n; i++)
		if (cfs_digest_equal(&image->erofs.v[i].id, want))
			return true;
	return false;
}

/* One that cannot be read is passed over: fsck reports it. */
static int look_at(const char *content_id, const struct cfs_digest *id,
		   void *arg, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct search *s = arg;
	struct cfs_oci_id manifest;
	struct cfs_err ignored;

	(void)err;
	if (!id || !cfs_oci_name_id(content_id, "oci-manifest-", &manifest) ||
	    cfs_oci_image_open(s->repo, &manifest, &image, &ignored) <= 0 ||
	    !has(&image, &s->want))
		return 0;
	s->image = image;
	image = (struct cfs_oci_image){ 0 };
	s->found = true;
	return 1;
}

int cfs_oci_image_of_erofs(const struct cfs_repo *repo,
			   const struct cfs_digest *id,
			   struct cfs_oci_image *ret, struct cfs_err *err)
{
	struct search s = { .repo = repo, .want = *id };
	int r = cfs_stream_each(repo, look_at, &s, err);

	if (r < 0 || !s.found) {
		cfs_oci_image_free(&s.image);
		return r < 0 ? r : 0;
	}
	*ret = s.image;
	return 1;
}
