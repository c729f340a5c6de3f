/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/lookup.h"

#include "oci/seal/image.h"

static bool recall(const struct cfs_seal_memory *memory,
		   struct cfs_seal_recipe recipe, enum cfs_seal_role role,
		   struct cfs_seal_facts *facts)
{
	struct cfs_digest id;

	recipe.bootable = role == CFS_SEAL_BOOTABLE;
	if (!cfs_seal_recall(memory, &recipe, &id))
		return false;
	cfs_seal_facts_set(facts, role, &id);
	return true;
}

static void remember(const struct cfs_seal_memory *memory,
		     struct cfs_seal_recipe recipe, enum cfs_seal_role role,
		     const struct cfs_seal_facts *facts)
{
	recipe.bootable = role == CFS_SEAL_BOOTABLE;
	if (facts->role[role].known)
		cfs_seal_remember(memory, &recipe, &facts->role[role].digest);
}

int cfs_seal_look_up(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image,
		     const struct cfs_seal_lookup *how,
		     struct cfs_seal_facts *ret, struct cfs_err *err)
{
	const struct cfs_seal_memory *memory = how->memory;
	const struct cfs_seal_recipe recipe = {
		.alg = repo->meta.alg,
		.format = CFS_SEAL_EROFS_FORMAT,
		.filter = how->filter,
		.program_objects = image->config.program_objects,
		.layers = image->layers,
		.n_layers = image->manifest.layers.n,
	};
	struct cfs_seal_facts facts;
	int r;

	if (memory->fd < 0)
		return cfs_seal_compute(repo, image, how->bootable, how->filter,
					ret, err);
	r = cfs_seal_facts_begin(&image->id,
				 cfs_buf_bytes(&image->manifest_text),
				 cfs_buf_bytes(&image->config_text),
				 repo->meta.alg, &facts, err);
	if (r < 0)
		return r;
	facts.recalled = recall(memory, recipe, CFS_SEAL_MERGED, &facts) &&
			 (!how->bootable ||
			  recall(memory, recipe, CFS_SEAL_BOOTABLE, &facts));
	if (!facts.recalled)
		r = cfs_seal_compute(repo, image, how->bootable, how->filter,
				     &facts, err);
	if (r < 0)
		return r;
	/* A stream may have been replaced since it was measured: by one that
	 * was hashed, and was written to after that. */
	if (!facts.recalled && facts.measured) {
		remember(memory, recipe, CFS_SEAL_MERGED, &facts);
		remember(memory, recipe, CFS_SEAL_BOOTABLE, &facts);
	}
	*ret = facts;
	return 0;
}
