/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "repo/fsck_run.h"
#include "repo/init.h"
#include "repo/temp.h"

const char *cfs_fsck_code_name(enum cfs_fsck_code code)
{
	static const char *const names[CFS_FSCK_CODES] = {
		[CFS_FSCK_METADATA_PARSE_FAILED] = "metadata-parse-failed",
		[CFS_FSCK_OPEN_TO_OTHERS] = "open-to-others",
		[CFS_FSCK_OBJECT_INVALID_NAME] = "object-invalid-name",
		[CFS_FSCK_OBJECT_OPEN_FAILED] = "object-open-failed",
		[CFS_FSCK_OBJECT_DIGEST_MISMATCH] = "object-digest-mismatch",
		[CFS_FSCK_OBJECT_VERITY_FAILED] = "object-verity-failed",
		[CFS_FSCK_OBJECT_VERITY_MISSING] = "object-verity-missing",
		[CFS_FSCK_ENTRY_NOT_SYMLINK] = "entry-not-symlink",
		[CFS_FSCK_BROKEN_SYMLINK] = "broken-symlink",
		[CFS_FSCK_UNEXPECTED_FILE_TYPE] = "unexpected-file-type",
		[CFS_FSCK_STAT_FAILED] = "stat-failed",
		[CFS_FSCK_NESTED_TOO_DEEPLY] = "nested-too-deeply",
		[CFS_FSCK_STREAM_OPEN_FAILED] = "stream-open-failed",
		[CFS_FSCK_STREAM_READ_FAILED] = "stream-read-failed",
		[CFS_FSCK_MISSING_OBJECT_REF] = "missing-object-ref",
		[CFS_FSCK_MISSING_NAMED_REF] = "missing-named-ref",
		[CFS_FSCK_OBJECT_CHECK_FAILED] = "object-check-failed",
		[CFS_FSCK_IMAGE_OPEN_FAILED] = "image-open-failed",
		[CFS_FSCK_IMAGE_READ_FAILED] = "image-read-failed",
		[CFS_FSCK_IMAGE_INVALID] = "image-invalid",
		[CFS_FSCK_IMAGE_MISSING_OBJECT] = "image-missing-object",
		[CFS_FSCK_IMAGE_DAMAGED_OBJECT] = "image-damaged-object",
		[CFS_FSCK_SIGNATURE_INVALID] = "signature-invalid",
	};

	return names[code];
}

bool cfs_fsck_is_warning(enum cfs_fsck_code code)
{
	return code == CFS_FSCK_OPEN_TO_OTHERS;
}

void cfs_fsck_report(struct cfs_fsck_run *run,
		     const struct cfs_finding *finding)
{
	if (cfs_fsck_is_warning(finding->code))
		run->count.warnings++;
	else
		run->count.findings++;
	run->params->found(run->params->arg, finding);
}

void cfs_fsck_found(struct cfs_fsck_run *run, enum cfs_fsck_code code,
		    const char *where, const char *reason)
{
	const struct cfs_finding finding = { .code = code,
					     .where = where,
					     .reason = reason };

	cfs_fsck_report(run, &finding);
}

int cfs_fsck_wrong(const struct cfs_fsck_subject *subject,
		   enum cfs_fsck_code code, const char *reason)
{
	const struct cfs_finding finding = { .code = code,
					     .where = subject->where,
					     .object = &subject->id,
					     .reason = reason };

	cfs_fsck_report(subject->run, &finding);
	return 0;
}

bool cfs_fsck_is_good(const struct cfs_fsck_run *run,
		      const struct cfs_digest *id, uint64_t *ret)
{
	return run->good && cfs_good_size(run->good, id, ret);
}

bool cfs_fsck_is_temporary(const char *name)
{
	return strncmp(name, CFS_TEMP_PREFIX, strlen(CFS_TEMP_PREFIX)) == 0;
}

int cfs_fsck_list(struct cfs_fsck_run *run, int dirfd, const char *name,
		  const char *where, struct cfs_dir_names *ret,
		  struct cfs_err *err)
{
	struct cfs_err why;
	int r = cfs_dir_list(dirfd, name, ret, &why);

	if (r == -ENOMEM) {
		*err = why;
		return r;
	}
	if (r == -ENOTDIR || r == -ELOOP)
		cfs_fsck_found(run, CFS_FSCK_UNEXPECTED_FILE_TYPE, where,
			       "it is no directory");
	else if (r < 0)
		cfs_fsck_found(run, CFS_FSCK_STAT_FAILED, where, strerror(-r));
	return 0;
}

int cfs_fsck_open(const char *path, struct cfs_repo *ret, struct cfs_err *why,
		  struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_repo_open(AT_FDCWD, path, ret, err);

	why->code = 0;
	/* A newer format, no repository or no memory are no findings. */
	if (r >= 0 || r == -EOPNOTSUPP || r == -ENOENT || r == -ENOMEM)
		return r;
	repo.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* The fault is not in meta.json: it is an error and not a finding. */
	if (repo.fd < 0 || cfs_name_exists(repo.fd, "meta.json") != 1)
		return r;
	*why = *err;
	*ret = repo;
	repo.fd = -EBADF;
	return 1;
}

static int check_mode(struct cfs_fsck_run *run)
{
	struct cfs_err why;
	int r = cfs_repo_open_to_others(run->repo, &why);

	if (r > 0)
		cfs_fsck_found(run, CFS_FSCK_OPEN_TO_OTHERS, ".",
			       "other users may enter the repository and read "
			       "every object");
	else if (r < 0)
		cfs_fsck_found(run, CFS_FSCK_STAT_FAILED, ".", why.msg);
	return 0;
}

/* Without objects/ every object is missing, which the images tell. */
static int open_objects(const struct cfs_repo *repo)
{
	int fd = cfs_dir_open(repo->fd, "objects");

	return fd < 0 ? -EBADF : fd;
}

int cfs_repo_fsck(const struct cfs_repo *repo,
		  const struct cfs_fsck_params *params, struct cfs_fsck *ret,
		  struct cfs_err *err)
{
	CFS_AUTOFD int objects = open_objects(repo);
	CFS_AUTOGOOD struct cfs_good own = { 0 };
	struct cfs_fsck_run run = { .repo = repo,
				    .params = params,
				    .objects = objects,
				    .good = params->good ? params->good
							 : &own };
	int r = check_mode(&run);

	if (params->meta_error)
		cfs_fsck_found(&run, CFS_FSCK_METADATA_PARSE_FAILED,
			       "meta.json", params->meta_error);
	if (r == 0 && !params->metadata_only)
		r = cfs_fsck_objects(&run, err);
	if (r == 0)
		r = cfs_fsck_links(&run, err);
	cfs_digest_set_free(&run.damaged);
	if (r == 0)
		*ret = run.count;
	return r;
}

int cfs_repo_fsck_image(const struct cfs_repo *repo,
			const struct cfs_digest *id,
			const struct cfs_fsck_params *params,
			struct cfs_fsck *ret, struct cfs_err *err)
{
	char where[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	char *hex = where + strlen(where);
	CFS_AUTOFD int objects = open_objects(repo);
	struct cfs_fsck_run run = { .repo = repo,
				    .params = params,
				    .one_image = true,
				    .objects = objects };
	int r;

	cfs_digest_to_hex(id, hex);
	r = cfs_fsck_image(&run, where, hex, err);
	if (r == 0)
		*ret = run.count;
	return r;
}
