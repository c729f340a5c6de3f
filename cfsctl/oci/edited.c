/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/edited.h"

#include "cfsctl/cli/line.h"
#include "oci/seal/image.h"
#include "oci/tag.h"
#include "repo/ref.h"

static int count(const char *ref, const char *content_id, void *arg,
		 struct cfs_err *err)
{
	(void)ref;
	(void)content_id;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

/* Artifacts are about one manifest, and do not follow a tag. */
static int note_artifacts(const struct cfs_repo *repo,
			  const struct cfs_oci_id *old, struct cfs_err *err)
{
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];
	size_t n = 0;
	int r;

	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", old->text);
	r = cfs_stream_ref_each(repo, dir, count, &n, err);
	if (r == 0 && n > 0)
		cmd_line(stderr,
			 "note: %zu artifacts stay with the image before, %s: "
			 "none of their signatures is about the new one",
			 n, old->text);
	return r;
}

static int note(struct cfs_store *store, const struct cmd_edit *edit,
		const struct cfs_oci_image *new, struct cfs_err *err)
{
	int r = 0;

	if (cfs_oci_is_tag(edit->name))
		r = cfs_oci_tag_set(store, edit->name, &new->id, err);
	else
		cmd_line(stderr,
			 "note: no tag leads to the new image, and gc removes "
			 "it: `cfsctl oci tag %s NAME` keeps it",
			 new->id.text);
	return r < 0 ? r : note_artifacts(&store->repo, &edit->from->id, err);
}

int cmd_oci_edit(struct cfs_store *store, const struct cmd_edit *edit,
		 struct cfs_oci_image *ret, struct cfs_err *err)
{
	int r = cfs_seal_store_edited(store, edit->from, edit->manifest,
				      edit->config, ret, err);

	if (r < 0 || cfs_oci_id_equal(&ret->id, &edit->from->id))
		return r;
	return note(store, edit, ret, err);
}
