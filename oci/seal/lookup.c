/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/lookup.h"

#include "oci/seal/image.h"
#include "oci/seal/memory.h"
#include "repo/object.h"

/* Does the kernel vouch for the stream @id?  Nothing of it is read. */
static bool is_measured(int objects, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest have;
	struct cfs_err ignored;

	return cfs_object_open(objects, id, &fd, &ignored) > 0 &&
	       cfs_object_measure(fd, &have, &ignored) > 0 &&
	       cfs_digest_equal(&have, id);
}

static bool all_measured(const struct cfs_repo *repo,
			 const struct cfs_oci_image *image)
{
	struct cfs_err ignored;
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, &ignored);
	bool all = objects >= 0;

	for (size_t i = 0; all && i < image->manifest.layers.n; i++)
		all = is_measured(objects, &image->layers[i]);
	return all;
}

static struct cfs_seal_recipe recipe_of(const struct cfs_repo *repo,
					const struct cfs_oci_image *image,
					enum cfs_xattr_filter filter,
					enum cfs_seal_role role)
{
	return (struct cfs_seal_recipe){
		.alg = repo->meta.alg,
		.format = CFS_SEAL_EROFS_FORMAT,
		.bootable = role == CFS_SEAL_BOOTABLE,
		.filter = filter,
		.layers = image->layers,
		.n_layers = image->manifest.layers.n,
	};
}

static const enum cfs_seal_role erofs_roles[] = { CFS_SEAL_MERGED,
						  CFS_SEAL_BOOTABLE };

static bool recall(const struct cfs_seal_memory *memory,
		   const struct cfs_repo *repo,
		   const struct cfs_oci_image *image,
		   const struct cfs_seal_lookup *how,
		   struct cfs_seal_facts *facts)
{
	size_t n = how->bootable ? 2 : 1;
	bool all = true;

	for (size_t i = 0; all && i < n; i++) {
		const struct cfs_seal_recipe recipe =
			recipe_of(repo, image, how->filter, erofs_roles[i]);
		struct cfs_digest id;

		all = cfs_seal_recall(memory, &recipe, &id);
		if (all)
			cfs_seal_facts_set(facts, erofs_roles[i], &id);
	}
	return all;
}

static void remember(const struct cfs_seal_memory *memory,
		     const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     const struct cfs_seal_lookup *how,
		     const struct cfs_seal_facts *facts)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(erofs_roles); i++) {
		const struct cfs_seal_recipe recipe =
			recipe_of(repo, image, how->filter, erofs_roles[i]);

		if (facts->role[erofs_roles[i]].known)
			cfs_seal_remember(memory, &recipe,
					  &facts->role[erofs_roles[i]].digest);
	}
}

int cfs_seal_look_up(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     const struct cfs_seal_lookup *how,
		     struct cfs_seal_facts *ret, struct cfs_err *err)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_facts facts;
	int r;

	if (how->recompute || !all_measured(repo, image))
		return cfs_seal_compute(repo, image, how->bootable, how->filter,
					ret, err);
	if (how->place)
		cfs_seal_memory_open_at(how->place, &memory);
	else
		cfs_seal_memory_open(&memory);
	r = cfs_seal_facts_begin(&image->id,
				 cfs_buf_bytes(&image->manifest_text),
				 cfs_buf_bytes(&image->config_text),
				 repo->meta.alg, &facts, err);
	if (r == 0 && recall(&memory, repo, image, how, &facts)) {
		facts.recalled = true;
	} else if (r == 0) {
		r = cfs_seal_compute(repo, image, how->bootable, how->filter,
				     &facts, err);
		/* A stream may have been replaced since it was measured: by
		 * one that was hashed, and was written to after that. */
		if (r == 0 && facts.measured)
			remember(&memory, repo, image, how, &facts);
	}
	if (r == 0)
		*ret = facts;
	return r;
}
