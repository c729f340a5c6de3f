/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/mend.h"

#include <stdio.h>

#include "repo/repair.h"

void cmd_mended_free(struct cfs_mended *mended)
{
	cfs_digest_set_free(&mended->objects);
	cfs_digest_set_free(&mended->images);
}

/* Does @finding say that an image is not what its link wants? */
static bool is_about_image(const struct cfs_finding *finding)
{
	return finding->code == CFS_FSCK_BROKEN_SYMLINK ||
	       finding->code == CFS_FSCK_IMAGE_OPEN_FAILED;
}

static int collect(const struct cfs_findings *findings,
		   struct cfs_repair *repair, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->n; i++) {
		const struct cfs_finding *finding =
			cmd_findings_get(findings, i);

		if (!finding->object)
			continue;
		r = cfs_digest_set_add(&repair->wanted, finding->object, err);
		if (r == 0 && is_about_image(finding))
			r = cfs_digest_set_add(&repair->images, finding->object,
					       err);
	}
	return r;
}

static int add_all(struct cfs_digest_set *to, const struct cfs_digest_set *from,
		   struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < from->n; i++)
		r = cfs_digest_set_add(to, &from->v[i], err);
	return r;
}

int cmd_mend(const struct cfs_globals *g, const struct cfs_findings *findings,
	     const struct cfs_opt_list *from, unsigned threads,
	     struct cfs_mended *mended, struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPAIR struct cfs_repair repair = { .threads = threads };
	int r = collect(findings, &repair, err);

	if (r < 0 || repair.wanted.n == 0)
		return r;
	r = cmd_open_store(g, &store, err);
	for (unsigned i = 0; r == 0 && i < from->n; i++)
		r = cfs_repair_from(&repair, &store, from->v[i], err);
	if (r == 0)
		r = cfs_repair_links(&repair, &store, err);
	if (r == 0)
		r = add_all(&mended->objects, &repair.objects_mended, err);
	if (r == 0)
		r = add_all(&mended->images, &repair.images_mended, err);
	if (r < 0)
		return r;
	return repair.objects_mended.n + repair.images_mended.n > 0;
}

void cmd_mended_print(struct cfs_mended *mended)
{
	char path[CFS_OBJECT_PATH_MAX];

	cfs_digest_set_sort(&mended->objects);
	cfs_digest_set_sort(&mended->images);
	printf("mended: %zu\n", mended->objects.n + mended->images.n);
	for (size_t i = 0; i < mended->objects.n; i++) {
		cfs_digest_to_path(&mended->objects.v[i], path);
		printf("  - objects/%s\n", path);
	}
	for (size_t i = 0; i < mended->images.n; i++) {
		cfs_digest_to_hex(&mended->images.v[i], path);
		printf("  - images/%s\n", path);
	}
}

void cmd_mended_json(struct cfs_mended *mended, struct cfs_json_writer *w)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX];
	char object[CFS_OBJECT_PATH_MAX];

	cfs_digest_set_sort(&mended->objects);
	cfs_digest_set_sort(&mended->images);
	cfs_json_write_array(w, "mended", CFS_JSON_LINES);
	for (size_t i = 0; i < mended->objects.n; i++) {
		cfs_digest_to_path(&mended->objects.v[i], object);
		snprintf(path, sizeof(path), "objects/%s", object);
		cfs_json_write_text(w, NULL, path);
	}
	for (size_t i = 0; i < mended->images.n; i++) {
		cfs_digest_to_hex(&mended->images.v[i], object);
		snprintf(path, sizeof(path), "images/%s", object);
		cfs_json_write_text(w, NULL, path);
	}
	cfs_json_write_end(w);
}
