/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image that the one to be pulled is like. */
#include <string.h>

#include "oci/pulling.h"
#include "oci/tag.h"

/* The length of the part before the last colon, which all tags of one image
 * share. */
static size_t name_len(const char *tag)
{
	const char *colon = strrchr(tag, ':');

	return colon ? (size_t)(colon - tag) : strlen(tag);
}

/* Of the tags of one image the last in order is taken for the newest. */
static int look_at_tag(const char *tag, const struct cfs_oci_id *id, void *arg,
		       struct cfs_err *err)
{
	struct cfs_pulling *p = arg;
	const char *mine = p->pull->tag;

	(void)err;
	if (id && name_len(tag) == name_len(mine) &&
	    strncmp(tag, mine, name_len(mine)) == 0)
		p->older = *id;
	return 0;
}

/* Finds an image whose files may be equal to those to come: that of the tag, or
 * of another tag of the same name.  Without one the pull takes longer. */
void cfs_pulling_find_twins(struct cfs_pulling *p)
{
	const struct cfs_repo *repo = &p->store->repo;
	const struct cfs_oci_tree_options options = { .as_is = true };
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err ignored;

	if (!p->pull->tag || !p->store->trusts_names)
		return;
	if (cfs_oci_tag_get(repo, p->pull->tag, &p->older, &ignored) <= 0 &&
	    (cfs_oci_tag_each(repo, look_at_tag, p, &ignored) < 0 ||
	     !p->older.text[0]))
		return;
	if (cfs_oci_image_open(repo, &p->older, &image, &ignored) <= 0 ||
	    cfs_oci_image_tree(repo, &image, &options, &tree, &ignored) < 0 ||
	    cfs_twins_new(tree, &p->twins, &ignored) < 0)
		return;
}
