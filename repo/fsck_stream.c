/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Splitstreams: each is read to its end, and everything it refers to has to
 * exist.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#include "repo/fsck_run.h"
#include "repo/stream/names.h"

/* The size of an object that is missing or damaged. */
#define UNKNOWN UINT64_MAX

/* The stream that is being checked. */
struct look {
	struct cfs_fsck_subject of;
	struct cfs_stream *stream;
	uint64_t *sizes; /* of its objects, by index */
};

/* Reports a fault that was found by reading, unless there is no memory, or no
 * library, to read with. */
static int wrong_or_error(const struct look *look, enum cfs_fsck_code code,
			  const struct cfs_err *why, struct cfs_err *err)
{
	if (why->code != ENOMEM && why->code != ELIBACC)
		return cfs_fsck_wrong(&look->of, code, why->msg);
	*err = *why;
	return cfs_ctx(err, "%s", look->of.where);
}

/* Reports that the stream refers to @id, as @name or NULL, in vain. */
static void report_ref(const struct look *look, enum cfs_fsck_code code,
		       const char *name, const struct cfs_digest *id,
		       const char *why)
{
	char hex[CFS_DIGEST_HEX_MAX], reason[512];
	const struct cfs_finding finding = { .code = code,
					     .where = look->of.where,
					     .object = id,
					     .reason = reason };

	cfs_digest_to_hex(id, hex);
	snprintf(reason, sizeof(reason), "%s%.250s%s%s%s%s", name ? "ref " : "",
		 name ? name : "", name ? ": " : "", hex, why ? ": " : "",
		 why ? why : "");
	cfs_fsck_report(look->of.run, &finding);
}

/* Looks up the object @id and returns its size, or UNKNOWN after a report. */
static uint64_t look_up(const struct look *look, const char *name,
			const struct cfs_digest *id)
{
	struct cfs_fsck_run *run = look->of.run;
	char path[CFS_OBJECT_PATH_MAX];
	const char *why = NULL;
	struct stat st;
	uint64_t size;

	if (cfs_fsck_is_good(run, id, &size))
		return size;
	cfs_digest_to_path(id, path);
	if (cfs_digest_set_has(&run->damaged, id)) {
		report_ref(look, CFS_FSCK_OBJECT_CHECK_FAILED, name, id,
			   "it is damaged");
		return UNKNOWN;
	}
	if (run->objects < 0 ||
	    fstatat(run->objects, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		why = run->objects < 0 || errno == ENOENT ? NULL
							  : strerror(errno);
	else if (S_ISREG(st.st_mode))
		return (uint64_t)st.st_size;
	else
		why = "not a regular file";
	run->count.missing_objects++;
	report_ref(look,
		   name ? CFS_FSCK_MISSING_NAMED_REF
			: CFS_FSCK_MISSING_OBJECT_REF,
		   name, id, why);
	return UNKNOWN;
}

static int check_objects(struct look *look, struct cfs_err *err)
{
	size_t n = cfs_stream_n_objects(look->stream);

	look->sizes = calloc(n + 1, sizeof(*look->sizes));
	if (!look->sizes)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		const struct cfs_digest id = cfs_stream_object(look->stream, i);

		look->sizes[i] = look_up(look, NULL, &id);
	}
	return 0;
}

/* The other streams and images that the stream refers to, by name or not. */
static int check_refs(const struct look *look, struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set named = { 0 };
	struct cfs_stream *s = look->stream;
	struct cfs_digest id;
	int r = 0;

	for (size_t i = 0; r == 0 && i < cfs_stream_n_names(s); i++) {
		const char *name = cfs_stream_name(s, i, &id);

		(void)look_up(look, name, &id);
		r = cfs_digest_set_add(&named, &id, err);
	}
	for (size_t i = 0; r == 0 && i < cfs_stream_n_refs(s); i++) {
		id = cfs_stream_ref(s, i);
		if (!cfs_digest_set_has(&named, &id))
			(void)look_up(look, NULL, &id);
	}
	return r;
}

/* Reads the stream to its end.  Returns 1 if it is as long as it claims, as far
 * as that is known, or 0 after a report. */
static int check_chunks(const struct look *look, struct cfs_err *err)
{
	uint64_t claimed = cfs_stream_size(look->stream), sum = 0;
	struct cfs_stream_chunk chunk;
	bool known = true;
	char reason[128];
	struct cfs_err why;
	int r;

	while ((r = cfs_stream_next(look->stream, &chunk, &why)) > 0) {
		uint64_t n = chunk.is_object ? look->sizes[chunk.n] : chunk.n;

		known &= n != UNKNOWN;
		if (known && n > claimed - sum)
			return cfs_fsck_wrong(&look->of,
					      CFS_FSCK_STREAM_READ_FAILED,
					      "it is longer than it claims");
		sum += known ? n : 0;
	}
	if (r < 0)
		return wrong_or_error(look, CFS_FSCK_STREAM_READ_FAILED, &why,
				      err);
	if (!known || sum == claimed)
		return 1;
	snprintf(reason, sizeof(reason),
		 "it has %" PRIu64 " bytes instead of the %" PRIu64
		 " that it claims",
		 sum, claimed);
	return cfs_fsck_wrong(&look->of, CFS_FSCK_STREAM_READ_FAILED, reason);
}

static int check_stream(struct look *look, struct cfs_err *err)
{
	int r = check_objects(look, err);

	if (r == 0)
		r = check_refs(look, err);
	if (r == 0)
		r = check_chunks(look, err);
	free(look->sizes);
	return r;
}

int cfs_fsck_stream(struct cfs_fsck_run *run, const char *where,
		    const char *name, int link_fd, struct cfs_err *err)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	struct look look = { .of = { .run = run, .where = where } };
	struct cfs_err why;

	if (cfs_stream_lookup(run->repo, name, &look.of.id, &why) <= 0) {
		cfs_fsck_found(run, CFS_FSCK_STREAM_OPEN_FAILED, where,
			       "it does not lead to an object");
		return 0;
	}
	if (look.of.id.alg != run->repo->meta.alg)
		return cfs_fsck_wrong(
			&look.of, CFS_FSCK_STREAM_OPEN_FAILED,
			"its object has a digest of another algorithm");
	if (cfs_stream_load(run->repo, &look.of.id, NULL, &file, &why) < 0)
		return wrong_or_error(&look, CFS_FSCK_STREAM_OPEN_FAILED, &why,
				      err);
	if (!cfs_fsck_is_same(link_fd, file.fd))
		return cfs_fsck_wrong(
			&look.of, CFS_FSCK_STREAM_OPEN_FAILED,
			"it leads to another file than the object that "
			"it names");
	look.stream = file.stream;
	return check_stream(&look, err);
}
