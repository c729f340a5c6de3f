/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Checks layers and EROFS images.  A layer is good if its stream and all
 * objects of that are there.  Only where data is to be read is the archive put
 * together again and compared with its digest.
 */
#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "erofs/format.h"
#include "oci/fsck_run.h"
#include "oci/layer_digest.h"
#include "repo/image.h"
#include "repo/object.h"
#include "repo/repair.h"
#include "repo/stream/format.h"

/* Images share layers: each is checked once. */
static bool is_known_good(const struct cfs_oci_fsck_run *run,
			  const struct cfs_oci_id *id,
			  const struct cfs_digest *stream)
{
	const struct cfs_oci_good *v = run->good.v;

	for (size_t i = 0; i < run->good.n; i++)
		if (cfs_oci_id_equal(&v[i].id, id) &&
		    cfs_digest_equal(&v[i].stream, stream))
			return true;
	return false;
}

int cfs_oci_fsck_remember(struct cfs_oci_fsck_run *run,
			  const struct cfs_oci_id *id,
			  const struct cfs_digest *stream, struct cfs_err *err)
{
	const struct cfs_oci_good good = { *id, *stream };

	return cfs_vec_add(&run->good, good) ? 0 : cfs_no_memory(err);
}

bool cfs_oci_fsck_is_damaged(const struct cfs_oci_fsck_run *run,
			     const struct cfs_digest *id)
{
	return run->damaged && cfs_digest_set_has(run->damaged, id) &&
	       !cfs_repair_is_good(run->store, id);
}

/* Reads the whole layer and compares it with @id. */
static int check_data(struct cfs_oci_fsck_run *run, const struct cfs_oci_id *id,
		      struct cfs_stream *stream, struct cfs_err *err)
{
	struct cfs_oci_id have;
	struct cfs_err why;
	int r = cfs_oci_layer_digest(run->repo, stream, id->alg, &have, &why);

	if (r < 0 && cfs_oci_fsck_is_fatal(&why)) {
		*err = why;
		return r;
	}
	if (r < 0)
		return cfs_oci_fsck_report(run, CFS_OCI_FSCK_LAYER_CHECK_FAILED,
					   id, NULL, "%s: %s", id->text,
					   why.msg);
	if (cfs_oci_id_equal(&have, id))
		return 1;
	return cfs_oci_fsck_report(run, CFS_OCI_FSCK_LAYER_DIGEST_MISMATCH, id,
				   NULL, "expected %s, got %s", id->text,
				   have.text);
}

/* Did the check of the repository find the object @id, and that it is good? */
static bool was_good(const struct cfs_oci_fsck_run *run,
		     const struct cfs_digest *id)
{
	const struct cfs_good *good = run->params->good;
	uint64_t size;

	return good && cfs_good_size(good, id, &size);
}

/* Is the object @id there? */
static bool exists(const struct cfs_oci_fsck_run *run, int objects,
		   const struct cfs_digest *id)
{
	char path[CFS_OBJECT_PATH_MAX];
	struct stat st;

	if (was_good(run, id))
		return true;
	cfs_digest_to_path(id, path);
	return fstatat(objects, path, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(st.st_mode);
}

/* Are the objects of the stream there?  Each that is not is a finding. */
static int check_objects(struct cfs_oci_fsck_run *run,
			 const struct cfs_oci_id *id,
			 const struct cfs_stream *stream,
			 enum cfs_oci_fsck_code code, struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(run->repo, err);
	char hex[CFS_DIGEST_HEX_MAX];
	int good = 1;

	if (objects < 0)
		return objects;
	for (size_t i = 0; i < cfs_stream_n_objects(stream); i++) {
		const struct cfs_digest object = cfs_stream_object(stream, i);

		if (exists(run, objects, &object) &&
		    !cfs_oci_fsck_is_damaged(run, &object))
			continue;
		cfs_digest_to_hex(&object, hex);
		good = cfs_oci_fsck_report(run, code, id, &object, "%s: %s",
					   id->text, hex);
	}
	return good;
}

static int check_stream(struct cfs_oci_fsck_run *run,
			const struct cfs_oci_id *id, struct cfs_stream *stream,
			bool is_container, struct cfs_err *err)
{
	int r = check_objects(
		run, id, stream,
		is_container ? CFS_OCI_FSCK_LAYER_OBJECT_MISSING
			     : CFS_OCI_FSCK_ARTIFACT_LAYER_OBJECT_MISSING,
		err);

	if (r > 0 && run->params->read_data)
		r = check_data(run, id, stream, err);
	return r;
}

int cfs_oci_fsck_layer(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *id,
		       const struct cfs_digest *stream, bool is_container,
		       struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct cfs_err why;
	int r;

	if (is_known_good(run, id, stream))
		return 1;
	r = cfs_stream_load(run->repo, stream,
			    is_container ? CFS_STREAM_LAYER : NULL, &file,
			    &why);
	if (r < 0 && cfs_oci_fsck_is_fatal(&why)) {
		*err = why;
		return r;
	}
	if (r < 0)
		return cfs_oci_fsck_report(
			run,
			r == -ENOENT ? CFS_OCI_FSCK_LAYER_STREAM_MISSING
				     : CFS_OCI_FSCK_LAYER_CHECK_FAILED,
			id, stream, "%s: %s", id->text, why.msg);
	r = check_stream(run, id, file.stream, is_container, err);
	if (r <= 0)
		return r;
	r = cfs_oci_fsck_remember(run, id, stream, err);
	return r < 0 ? r : 1;
}

/* Returns 1 if the object @id is an EROFS image, 0 if it is missing. */
static int check_erofs(const struct cfs_oci_fsck_run *run,
		       const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(run->repo, err);
	CFS_AUTOFD int fd = -EBADF;
	cfs_le32 magic;
	int r = objects < 0 ? objects : cfs_object_open(objects, id, &fd, err);

	if (r > 0 && !was_good(run, id))
		r = cfs_object_check(fd, id, err) < 0 ? -err->code : 1;
	if (r > 0 && (cfs_pread_full(fd, &magic, sizeof(magic),
				     CFS_EROFS_SUPER_START) != sizeof(magic) ||
		      cfs_get32(magic) != CFS_EROFS_MAGIC))
		r = cfs_fail(err, EBADMSG, "it is no EROFS image");
	return r;
}

/* Does images/<hex> lead to an image? */
static bool is_named(const struct cfs_repo *repo, const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err ignored;

	return cfs_repo_open_image(repo, id, &fd, &ignored) ==
	       CFS_IMAGE_PRESENT;
}

int cfs_oci_fsck_erofs(struct cfs_oci_fsck_run *run,
		       const struct cfs_oci_id *config, const char *name,
		       const struct cfs_digest *id, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err why;
	int r = check_erofs(run, id, &why);

	cfs_digest_to_hex(id, hex);
	if (r < 0 && cfs_oci_fsck_is_fatal(&why)) {
		*err = why;
		return r;
	}
	if (r == 0)
		return cfs_oci_fsck_report(run,
					   CFS_OCI_FSCK_EROFS_IMAGE_MISSING,
					   config, id, "%s: %s", name, hex);
	if (r < 0)
		return cfs_oci_fsck_report(
			run, CFS_OCI_FSCK_EROFS_IMAGE_INVALID, config, id,
			"%s: %s: %s", name, hex, why.msg);
	if (!is_named(run->repo, id))
		return cfs_oci_fsck_report(
			run, CFS_OCI_FSCK_EROFS_IMAGE_MISSING, config, id,
			"%s: images/%s does not lead to it", name, hex);
	return 1;
}

int cfs_oci_fsck_seal(struct cfs_oci_fsck_run *run, const struct cfs_oci_id *id,
		      const char *seal, struct cfs_err *err)
{
	struct cfs_digest image;
	struct cfs_err why;
	int r;

	/* A seal of the other algorithm names no image of this repository. */
	if (cfs_digest_from_hex(seal, strlen(seal), &image, &why) < 0 ||
	    image.alg != run->repo->meta.alg)
		return 1;
	r = is_named(run->repo, &image) ? check_erofs(run, &image, &why) : 0;
	if (r < 0 && cfs_oci_fsck_is_fatal(&why)) {
		*err = why;
		return r;
	}
	if (r > 0)
		return 1;
	return cfs_oci_fsck_report(run, CFS_OCI_FSCK_SEAL_IMAGE_MISSING, id,
				   &image, "%s%s%s", seal, r < 0 ? ": " : "",
				   r < 0 ? why.msg : "");
}
