/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/whole.h"

#include <inttypes.h>

#include "ops/findings.h"

#define FILES_NAMED 3

/* "/a, /b and 7 more" of the files that lack their objects; returns how many
 * objects that are.  *@damaged: one of them is there, but it is not right. */
static uint64_t list_files(const struct cfs_findings *f, struct cfs_buf *text,
			   bool *damaged)
{
	uint64_t objects = 0, files = 0;
	unsigned named = 0;

	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cfs_findings_get(f, i);

		*damaged |= finding->code == CFS_FSCK_IMAGE_DAMAGED_OBJECT;
		if (finding->code != CFS_FSCK_IMAGE_MISSING_OBJECT &&
		    finding->code != CFS_FSCK_IMAGE_DAMAGED_OBJECT)
			continue;
		objects++;
		files += finding->files_total;
		for (unsigned k = 0;
		     k < finding->n_files && named < FILES_NAMED; k++)
			cfs_buf_addf(text, "%s%s", named++ ? ", " : "",
				     finding->files[k]);
	}
	if (files > named)
		cfs_buf_addf(text, " and %" PRIu64 " more", files - named);
	return objects;
}

static int refuse(const struct cfs_findings *f, const char *name,
		  struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf files = { 0 };
	bool damaged = false;
	uint64_t objects = list_files(f, &files, &damaged);

	if (objects > 0 && cfs_buf_text(&files))
		return cfs_fail(err, ENOENT,
				"image %.200s is not whole: %" PRIu64
				" object%s %s, needed by %.500s; `cfsctl "
				"create-image` of the same tree stores them "
				"again, `cfsctl fsck --repair --from PATH` "
				"takes them from elsewhere",
				name, objects, objects == 1 ? " is" : "s are",
				damaged ? "missing or damaged" : "missing",
				(char *)files.data);
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cfs_findings_get(f, i);

		if (!cfs_fsck_is_warning(finding->code))
			return cfs_fail(
				err, EBADMSG, "image %s: %s", name,
				finding->reason
					? finding->reason
					: cfs_fsck_code_name(finding->code));
	}
	return 0;
}

int cfs_require_whole(const struct cfs_repo *repo, const struct cfs_digest *id,
		      const char *name, struct cfs_err *err)
{
	CFS_AUTOFINDINGS struct cfs_findings findings = { 0 };
	const struct cfs_fsck_params params = { .metadata_only = true,
						.found = cfs_findings_add,
						.arg = &findings };
	struct cfs_fsck count;
	int r = cfs_repo_fsck_image(repo, id, &params, &count, err);

	if (r == 0)
		r = cfs_findings_check(&findings, err);
	return r < 0 ? r : refuse(&findings, name, err);
}
