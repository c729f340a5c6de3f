/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/check.h"

#include <stdio.h>

#include "base/auto.h"
#include "repo/repair.h"

/* Rounds of checking and repairing, at most: an image first, then what it
 * needs. */
#define ROUNDS_MAX 8

void cfs_check_result_free(struct cfs_check_result *checked)
{
	cfs_findings_free(&checked->findings);
	cfs_good_free(&checked->good);
	cfs_digest_set_free(&checked->mended.objects);
	cfs_digest_set_free(&checked->mended.images);
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
			cfs_findings_get(findings, i);

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

/* Repairs what the last check found.  Returns 1, or 0 when nothing could be
 * done.  @repo is closed before: a repair removes temporary files that were
 * left behind, unless another process holds the lock. */
static int mend(const struct cfs_access *access, const struct cfs_check *params,
		struct cfs_repo *repo, struct cfs_check_result *checked,
		struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOREPAIR struct cfs_repair repair = { .threads =
							    params->threads };
	struct cfs_mended *mended = &checked->mended;
	int r = collect(&checked->findings, &repair, err);

	if (r < 0 || repair.wanted.n == 0)
		return r;
	cfs_repo_close(repo);
	r = cfs_access_write(access, &store, err);
	for (unsigned i = 0; r == 0 && i < params->n_from; i++)
		r = cfs_repair_from(&repair, &store, params->from[i], err);
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

/* Checks @repo; @meta_error: why its meta.json could not be used, or NULL. */
static int check_repo(const struct cfs_access *access,
		      const struct cfs_repo *repo,
		      const struct cfs_check *params, const char *meta_error,
		      struct cfs_check_result *ret, struct cfs_err *err)
{
	CFS_AUTOFREE char *objects = NULL;
	struct cfs_fsck_params fsck = {
		.metadata_only = params->metadata_only,
		.read_data = params->read_data,
		.threads = params->threads,
		.meta_error = meta_error,
		.found = cfs_findings_add,
		.good = &ret->good,
		.arg = &ret->findings,
	};
	int r = cfs_access_demands_verity(access, repo, err);

	if (r < 0)
		return r;
	if (asprintf(&objects, "%s/objects", access->path) < 0) {
		objects = NULL;
		return cfs_no_memory(err);
	}
	cfs_good_free(&ret->good);
	fsck.secure = r > 0;
	ret->has_meta = repo->has_meta;
	ret->meta_broken = meta_error;
	cfs_findings_names(&ret->findings, repo);
	if (!params->metadata_only)
		fsck.done = cfs_watch_begin(params->watch, objects);
	r = cfs_repo_fsck(repo, &fsck, &ret->count, err);
	if (!params->metadata_only)
		cfs_watch_end(params->watch);
	return r < 0 ? r : cfs_findings_check(&ret->findings, err);
}

int cfs_check_opened(const struct cfs_access *access,
		     const struct cfs_repo *repo,
		     const struct cfs_check *params,
		     struct cfs_check_result *ret, struct cfs_err *err)
{
	return check_repo(access, repo, params, NULL, ret, err);
}

/* Checks @repo, which is opened here: for each check, as a repair may have
 * mended what opening it depends upon. */
static int check_once(const struct cfs_access *access,
		      const struct cfs_check *params, struct cfs_repo *repo,
		      struct cfs_check_result *ret, struct cfs_err *err)
{
	struct cfs_err why;
	int r = cfs_access_damaged(access, repo, &why, err);

	if (r < 0)
		return r;
	return check_repo(access, repo, params, why.code ? why.msg : NULL, ret,
			  err);
}

/* Repairs, and checks again what was repaired; @repo is open before and after.
 * Returns 1, or 0 when nothing could be done. */
static int mend_and_check(const struct cfs_access *access,
			  const struct cfs_check *params, struct cfs_repo *repo,
			  struct cfs_check_result *ret, struct cfs_err *err)
{
	struct cfs_err why;
	int r = mend(access, params, repo, ret, err);

	if (r < 0 || (r == 0 && repo->fd >= 0))
		return r;
	if (r == 0)
		return cfs_access_damaged(access, repo, &why, err);
	cfs_findings_free(&ret->findings);
	ret->count = (struct cfs_fsck){ 0 };
	r = check_once(access, params, repo, ret, err);
	return r < 0 ? r : 1;
}

int cfs_check_repository(const struct cfs_access *access,
			 const struct cfs_check *params,
			 struct cfs_repo *ret_repo,
			 struct cfs_check_result *ret, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = check_once(access, params, &repo, ret, err);

	for (int i = 0; r >= 0 && params->n_from > 0 && i < ROUNDS_MAX; i++) {
		r = mend_and_check(access, params, &repo, ret, err);
		if (r == 0)
			break;
	}
	cfs_digest_set_sort(&ret->mended.objects);
	cfs_digest_set_sort(&ret->mended.images);
	if (r < 0)
		return r;
	*ret_repo = repo;
	repo.fd = -EBADF;
	return 0;
}
