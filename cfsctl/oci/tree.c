/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdlib.h>

#include "cfsctl/oci/oci.h"
#include "oci/origin.h"
#include "oci/tag.h"
#include "oci/unstored.h"

unsigned cmd_oci_formats(const struct cfs_globals *g,
			 const struct cfs_meta *meta)
{
	if (g->erofs_version >= 0)
		return 1u << g->erofs_version;
	return 1u << meta->erofs_default | meta->erofs_extra;
}

int cmd_oci_layer_number(const char *text, void *to, struct cfs_err *err)
{
	struct cfs_oci_tree_choice *choice = to;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < 0 || n >= CFS_OCI_LAYERS_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"'%s' is not the number of a layer, 0 to %d",
				text, CFS_OCI_LAYERS_MAX - 1);
	choice->one_layer = true;
	choice->layer = (size_t)n;
	return 0;
}

int cmd_oci_tree_check(const struct cfs_oci_tree_choice *choice,
		       struct cfs_err *err)
{
	if (choice->one_layer && choice->bootable)
		return cfs_fail(err, CFS_EUSAGE,
				"--layer and --bootable exclude each other");
	return 0;
}

static unsigned format_of(const struct cfs_globals *g, unsigned otherwise)
{
	return g->erofs_version >= 0 ? (unsigned)g->erofs_version : otherwise;
}

static struct cfs_oci_tree_options options_of(
	const struct cfs_oci_tree_choice *choice)
{
	return (struct cfs_oci_tree_options){
		.create_parents = choice->create_parents,
		.as_is = choice->as_is,
		.bootable = choice->bootable,
		.one_layer = choice->one_layer,
		.layer = choice->layer,
		.filter = choice->filter,
	};
}

/* Opens the repository and finds the image in it.  @stream: see
 * struct cfs_oci_tree_choice. */
static int open_stored(const struct cfs_globals *g, const char *name,
		       const char *stream, struct cfs_repo *repo,
		       struct cfs_oci_image *image, struct cfs_err *err)
{
	int r;

	if (g->no_repo)
		return cfs_fail(err, CFS_EUSAGE,
				"--no-repo, but '%s' would be an image in a "
				"repository: oci:PATH is one outside",
				name);
	r = cmd_open_repo(g, repo, err);
	if (r == 0)
		r = cfs_oci_image_find(repo, name, image, err);
	if (r >= 0 && stream)
		r = cfs_oci_image_check_stream(image, stream, err);
	return r < 0 ? r : 0;
}

static int read_stored(const struct cfs_globals *g, const struct cfs_repo *repo,
		       const struct cfs_oci_image *image,
		       const struct cfs_oci_tree_choice *choice,
		       struct cfs_oci_made *ret, struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = options_of(choice);
	int r = cfs_oci_image_tree(repo, image, &options, &ret->tree, err);

	if (r < 0)
		return r;
	ret->alg = repo->meta.alg;
	ret->format = format_of(g, repo->meta.erofs_default);
	return 0;
}

int cmd_oci_stored_tree(const struct cfs_globals *g, const char *name,
			const struct cfs_oci_tree_choice *choice,
			struct cfs_oci_made *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err ignored;
	int r;

	*ret = (struct cfs_oci_made){ 0 };
	if (open_stored(g, name, NULL, &repo, &image, &ignored) < 0)
		return 0;
	r = read_stored(g, &repo, &image, choice, ret, err);
	return r < 0 ? r : 1;
}

/* Is @reference to be read where it leads?  Not if it is the tag of an image in
 * the repository.  Takes algorithm and format from that, if there is one. */
static bool is_elsewhere(const struct cfs_globals *g, const char *reference,
			 struct cfs_oci_made *ret)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_oci_id id;
	struct cfs_err ignored;

	ret->alg = g->has_alg ? g->alg : CFS_ALG_SHA512;
	ret->format = format_of(g, 1);
	if (!cfs_origin_is_reference(reference))
		return false;
	if (g->no_repo || !cfs_access_try(g->repo, &repo))
		return true;
	if (cfs_oci_tag_get(&repo, reference, &id, &ignored) > 0)
		return false;
	if (!g->has_alg)
		ret->alg = repo.meta.alg;
	ret->format = format_of(g, repo.meta.erofs_default);
	return true;
}

bool cmd_oci_is_elsewhere(const struct cfs_globals *g, const char *name)
{
	struct cfs_oci_made ignored;

	return is_elsewhere(g, name, &ignored);
}

static int unstored_tree(const char *reference,
			 const struct cfs_oci_tree_choice *choice,
			 struct cfs_oci_made *ret, struct cfs_err *err)
{
	const struct cfs_oci_tree_options options = options_of(choice);
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice image = { 0 };
	int r = cfs_origin_open(reference, &origin, err);

	if (r == 0)
		r = cfs_origin_choose(origin, NULL, &image, err);
	return r < 0 ? r
		     : cfs_oci_unstored_tree(origin, &image, ret->alg, &options,
					     &ret->tree, err);
}

int cmd_oci_tree(const struct cfs_globals *g, const char *name,
		 const struct cfs_oci_tree_choice *choice,
		 struct cfs_oci_made *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	*ret = (struct cfs_oci_made){ 0 };
	if (!is_elsewhere(g, name, ret)) {
		r = open_stored(g, name, choice->stream, &repo, &image, err);
		return r < 0 ? r
			     : read_stored(g, &repo, &image, choice, ret, err);
	}
	if (choice->stream)
		return cfs_fail(err, CFS_EUSAGE,
				"%s is not in the repository, and has no "
				"stream there: leave out %s",
				name, choice->stream);
	r = unstored_tree(name, choice, ret, err);
	return r < 0 ? cfs_ctx(err, "%s", name) : 0;
}
