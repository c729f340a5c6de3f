/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Chooses the manifest that a reference means, among those that its indexes
 * lead to (oci/origin/leaves.h): the image that fits the platform best.  If
 * none fits and no platform was asked for, the only image will do, and where
 * there is no image, the only artifact.
 */
#include <string.h>

#include "oci/origin/leaves.h"
#include "oci/origin/origin_ops.h"

/* Bytes of a list of names in a message. */
#define NAMES_MAX 600

struct names {
	char text[NAMES_MAX];
	size_t len;
	bool is_full;
};

void cfs_oci_choice_free(struct cfs_oci_choice *choice)
{
	cfs_buf_free(&choice->manifest);
}

/* Appends @name to the list if it is not in it yet. */
static void add_name(struct names *names, const char *name)
{
	size_t len = strlen(name);
	const char *at = names->text;

	for (; (at = strstr(at, name)); at += len)
		if ((at == names->text || at[-1] == ' ') &&
		    (at[len] == '\0' || at[len] == ','))
			return;
	if (names->is_full)
		return;
	/* Room for ", ..." stays. */
	if (names->len + len + 8 > sizeof(names->text)) {
		names->is_full = true;
		names->len += (size_t)sprintf(names->text + names->len, "%s...",
					      names->len ? ", " : "");
		return;
	}
	names->len += (size_t)sprintf(names->text + names->len, "%s%s",
				      names->len ? ", " : "", name);
}

static int add_tag(void *ctx, const struct cfs_oci_descriptor *d,
		   const struct cfs_err *why, struct cfs_err *err)
{
	(void)why;
	(void)err;
	if (d && *d->tag)
		add_name(ctx, d->tag);
	return 0;
}

static int no_tag(struct cfs_origin *origin, const struct cfs_oci_leaves *all,
		  struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct names names = { "" };
	int r = origin->ops->first(origin, &text, err);

	if (r == 0)
		r = cfs_oci_index_each(cfs_buf_bytes(&text), add_tag, &names,
				       err);
	if (r < 0)
		return r;
	if (origin->tag && names.len > 0)
		return cfs_fail(err, ENOENT, "no tag '%s' in %s; there are: %s",
				origin->tag, origin->place, names.text);
	if (origin->tag)
		return cfs_fail(err, ENOENT,
				"no tag '%s' in %s, which has no tags at all",
				origin->tag, origin->place);
	/* With nothing to choose from, tell why the first entry was passed
	 * over. */
	if (all->passed_over.code != 0) {
		*err = all->passed_over;
		return -err->code;
	}
	return cfs_fail(err, ENOENT, "%s has no images", origin->place);
}

/* Returns how well @leaf fits @want: 0 if it does not, else more is better. */
static int rank(const struct cfs_oci_leaf *leaf,
		const struct cfs_oci_platform *want)
{
	if (!leaf->is_image || !cfs_oci_platform_fits(&leaf->d.platform, want))
		return 0;
	/* A tag counts for more than the variant. */
	return 1 + 2 * (*leaf->d.tag != '\0') +
	       (strcmp(leaf->d.platform.variant, want->variant) == 0);
}

/* A reference without a tag is ambiguous if images for the platform have
 * different tags. */
static int check_unique(const struct cfs_origin *origin,
			const struct cfs_oci_leaves *all,
			const struct cfs_oci_leaf *best,
			const struct cfs_oci_platform *want,
			struct cfs_err *err)
{
	char platform[CFS_OCI_PLATFORM_MAX];
	struct names names = { "" };
	bool is_unique = true;

	for (size_t i = 0; i < all->n; i++) {
		const struct cfs_oci_leaf *leaf = &all->v[i];

		if (rank(leaf, want) == 0 || !*leaf->d.tag)
			continue;
		add_name(&names, leaf->d.tag);
		is_unique &= strcmp(leaf->d.tag, best->d.tag) == 0;
	}
	if (is_unique || !*best->d.tag)
		return 0;
	return cfs_fail(err, ENOTUNIQ,
			"%s has images for %s under several tags (%s): name "
			"one, such as %s:%s",
			origin->place, cfs_oci_platform_text(want, platform),
			names.text, origin->place, best->d.tag);
}

static const struct cfs_oci_leaf *best_of(const struct cfs_oci_leaves *all,
					  const struct cfs_oci_platform *want)
{
	const struct cfs_oci_leaf *best = NULL;
	int best_rank = 0;

	for (size_t i = 0; i < all->n; i++) {
		int r = rank(&all->v[i], want);

		if (r > best_rank) {
			best = &all->v[i];
			best_rank = r;
		}
	}
	return best;
}

/* Returns the only image, or the only artifact if @images is false; NULL if
 * there are several. */
static const struct cfs_oci_leaf *only_one(const struct cfs_oci_leaves *all,
					   bool images)
{
	const struct cfs_oci_leaf *found = NULL;

	for (size_t i = 0; i < all->n; i++) {
		if (!all->v[i].is_readable || all->v[i].is_image != images)
			continue;
		if (found)
			return NULL;
		found = &all->v[i];
	}
	return found;
}

static bool has_image(const struct cfs_oci_leaves *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].is_image)
			return true;
	return false;
}

static int none_fits(struct cfs_origin *origin,
		     const struct cfs_oci_leaves *all,
		     const struct cfs_oci_platform *want, struct cfs_err *err)
{
	char platform[CFS_OCI_PLATFORM_MAX];
	struct names names = { "" };

	if (!has_image(all) && all->passed_over.code != 0) {
		*err = all->passed_over;
		return -err->code;
	}
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].is_image)
			add_name(&names,
				 cfs_oci_platform_text(&all->v[i].d.platform,
						       platform));
		else if (all->v[i].is_readable)
			add_name(&names, all->v[i].d.id.text);
	(void)cfs_oci_platform_text(want, platform);
	if (names.len == 0)
		return cfs_fail(err, ENOENT, "%s has no images", origin->place);
	return cfs_fail(err, ENOENT, "no image for %s in %s; there are: %s%s%s",
			platform, origin->place, names.text,
			all->passed_over.code ? "; passed over: " : "",
			all->passed_over.code ? all->passed_over.msg : "");
}

/* @want: NULL for this machine's platform. */
static int pick(struct cfs_origin *origin, const struct cfs_oci_leaves *all,
		const struct cfs_oci_platform *want,
		const struct cfs_oci_leaf **ret, struct cfs_err *err)
{
	const struct cfs_oci_leaf *best;
	struct cfs_oci_platform here;
	bool is_asked = want != NULL;

	cfs_oci_platform_here(&here);
	if (!is_asked)
		want = &here;
	best = best_of(all, want);
	if (best && origin->ops->has_index && !origin->tag && !origin->has_id) {
		int r = check_unique(origin, all, best, want, err);

		if (r < 0)
			return r;
	}
	/* If no platform was asked for, one image for another platform will
	 * do. */
	if (!best && !is_asked)
		best = only_one(all, true);
	if (!best && !has_image(all))
		best = only_one(all, false);
	if (!best)
		return none_fits(origin, all, want, err);
	*ret = best;
	return 0;
}

static int take(struct cfs_origin *origin, const struct cfs_oci_leaves *all,
		const struct cfs_oci_leaf *leaf, struct cfs_oci_choice *ret,
		struct cfs_err *err)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { .id = leaf->d.id };
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	struct cfs_oci_platform here;
	int r = cfs_oci_leaf_read(origin, all, leaf, &choice.manifest, err);

	if (r == 0)
		r = cfs_oci_manifest_parse(cfs_buf_bytes(&choice.manifest), &m,
					   err);
	if (r < 0)
		return cfs_ctx(err, "manifest %s", leaf->d.id.text);
	r = cfs_origin_use(origin, &leaf->d.id, err);
	if (r < 0)
		return r;
	if (leaf->is_image) {
		cfs_oci_platform_here(&here);
		(void)cfs_oci_platform_text(&leaf->d.platform, choice.platform);
		choice.any_platform =
			!cfs_oci_platform_fits(&leaf->d.platform, &here);
	}
	*ret = choice;
	choice = (struct cfs_oci_choice){ 0 };
	return 0;
}

int cfs_origin_choose(struct cfs_origin *origin,
		      const struct cfs_oci_platform *want,
		      struct cfs_oci_choice *ret, struct cfs_err *err)
{
	CFS_AUTOLEAVES struct cfs_oci_leaves all = { 0 };
	const struct cfs_oci_leaf *leaf = NULL;
	int r = cfs_oci_leaves_find(origin, &all, err);

	if (r < 0)
		return r;
	if (origin->ops->has_index && !origin->has_id && all.n_entries == 0)
		return no_tag(origin, &all, err);
	r = pick(origin, &all, want, &leaf, err);
	if (r == 0)
		r = take(origin, &all, leaf, ret, err);
	if (r == 0 && want)
		ret->any_platform = false;
	return r;
}
