/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The image that an operand names, or what there is instead. */
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/suggest.h"
#include "oci/tag.h"
#include "ops/oci_erofs.h"
#include "repo/find.h"
#include "repo/ref.h"

/* Names that are listed when there is none of that name. */
#define LISTED_MAX 5

/* The nearest names so far, nearest first. */
struct nearest {
	const char *wanted;
	unsigned n; /* of all names */
	unsigned distance[LISTED_MAX];
	char *name[LISTED_MAX]; /* owned */
};

static void nearest_free(struct nearest *nearest)
{
	for (unsigned i = 0; i < LISTED_MAX; i++)
		free(nearest->name[i]);
}

static int add(const char *name, const struct cfs_digest *id, void *arg,
	       struct cfs_err *err)
{
	struct nearest *all = arg;
	unsigned distance = cmd_distance(all->wanted, name), i = LISTED_MAX - 1;

	(void)err;
	/* A link that leads to no image. */
	if (!id)
		return 0;
	all->n++;
	if (all->name[i] && all->distance[i] <= distance)
		return 0;
	free(all->name[i]);
	for (; i > 0 && (!all->name[i - 1] || all->distance[i - 1] > distance);
	     i--) {
		all->name[i] = all->name[i - 1];
		all->distance[i] = all->distance[i - 1];
	}
	all->name[i] = strdup(name);
	all->distance[i] = distance;
	return 0;
}

static bool is_oci(const struct cfs_repo *repo, const char *name)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_err ignored;

	return cfs_oci_image_find(repo, name, &image, &ignored) >= 0;
}

/* Words the error, with the names that there are. */
static int absent(const struct cfs_repo *repo, const char *name,
		  struct cfs_err *err)
{
	__attribute__((cleanup(nearest_free))) struct nearest all = {
		.wanted = name,
	};
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	struct cfs_err ignored;
	unsigned listed = 0;

	if (is_oci(repo, name))
		return cfs_fail(err, ENOENT,
				"image not found: %s (there is an OCI image of "
				"this name: see `cfsctl help oci`)",
				name);
	if (cfs_ref_each(repo, add, &all, &ignored) < 0 || all.n == 0)
		return cfs_fail(err, ENOENT,
				"image not found: %s (no image of this "
				"repository has a name; `cfsctl oci images` "
				"lists OCI images)",
				name);
	for (; listed < LISTED_MAX && all.name[listed]; listed++)
		cfs_buf_addf(&list, "%s%s", listed ? ", " : "",
			     all.name[listed]);
	if (listed < all.n)
		cfs_buf_addf(&list, " and %u more: `cfsctl images`",
			     all.n - listed);
	if (!cfs_buf_text(&list))
		return cfs_no_memory(err);
	return cfs_fail(err, ENOENT, "image not found: %s; there %s %s", name,
			all.n == 1 ? "is" : "are", (char *)list.data);
}

int cmd_find_image(const struct cfs_repo *repo, const char *name,
		   struct cfs_digest *ret, struct cfs_err *err)
{
	int r = cfs_image_find(repo, name, ret, err);

	return r == 0 ? absent(repo, name, err) : r < 0 ? r : 0;
}

/* Returns 1, or 0 when there is no OCI image of that name. */
static int find_made(const struct cfs_repo *repo, const char *name,
		     struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	int r = cfs_oci_image_find(repo, name, &image, err);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = cfs_oci_linked_erofs(repo, &image, CFS_SEAL_BOOTABLE, ret, err);
	if (r == -ENOENT)
		r = cfs_oci_linked_erofs(repo, &image, CFS_SEAL_MERGED, ret,
					 err);
	return r < 0 ? r : 1;
}

void cmd_note_choice(const struct cfs_repo *repo, const char *name,
		     const struct cfs_digest *taken)
{
	struct cfs_digest image, made;
	struct cfs_err ignored;
	struct cfs_oci_id id;

	if (cfs_image_find(repo, name, &image, &ignored) <= 0 ||
	    cfs_oci_tag_get(repo, name, &id, &ignored) <= 0)
		return;
	if (!cfs_digest_equal(&image, taken))
		cmd_line(stderr,
			 "note: %s is an image and an OCI image: the OCI image "
			 "is taken, since its signature is demanded; the image "
			 "is refs/%s",
			 name, name);
	/* It may be the one that was made of the OCI image. */
	else if (find_made(repo, name, &made, &ignored) <= 0 ||
		 !cfs_digest_equal(&image, &made))
		cmd_line(stderr,
			 "note: %s is an image and an OCI image: the image is "
			 "taken; the OCI image is @%s",
			 name, id.text);
}

int cmd_find_made(const struct cfs_repo *repo, const char *name,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	int r = cfs_image_find(repo, name, ret, err), made;
	struct cfs_err why;

	if (r > 0) {
		cmd_note_choice(repo, name, ret);
		return 0;
	}
	/* A digest of the other algorithm may be that of an OCI image. */
	made = r == 0 || r == -ENOENT ? find_made(repo, name, ret, &why) : 0;
	if (made < 0)
		*err = why;
	if (made != 0)
		return made;
	return r == 0 ? absent(repo, name, err) : r;
}

int cmd_image_map(const struct cfs_globals *g, const struct cfs_repo *repo,
		  const char *name, struct cfs_image_map *ret,
		  struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(g);
	struct cfs_digest id;
	int r = cmd_find_image(repo, name, &id, err);

	return r < 0 ? r : cfs_image_map(&access, repo, &id, ret, err);
}
