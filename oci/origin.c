/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin.h"

#include <string.h>

#include "oci/json_doc.h"
#include "oci/origin/origin_ops.h"
#include "oci/origin/skopeo.h"

static const char *after(const char *text, const char *start)
{
	size_t len = strlen(start);

	return strncmp(text, start, len) == 0 ? text + len : NULL;
}

static bool is_for_skopeo(const char *reference)
{
	static const char *const transports[] = {
		"docker://",
		"containers-storage:", "docker-archive:", "docker-daemon:"
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(transports); i++)
		if (after(reference, transports[i]))
			return true;
	return false;
}

bool cfs_origin_is_reference(const char *text)
{
	return after(text, "oci:") || after(text, "oci-archive:") ||
	       after(text, "dir:") || is_for_skopeo(text);
}

static bool has_skopeo(void)
{
	static const char *const version[] = { "--version", NULL };
	const struct cfs_skopeo_options none = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_skopeo_args args;
	struct cfs_err ignored;

	cfs_skopeo_args_make(version, &none, NULL, &args);
	return cfs_skopeo_run(&args, 4096, &out, &ignored) == 0;
}

/* Opens an archive; one that is compressed by skopeo, if that is installed. */
static int open_archive(const char *reference, const char *rest,
			const struct cfs_origin_options *options,
			struct cfs_origin **ret, struct cfs_err *err)
{
	int r = cfs_origin_open_archive(rest, ret, err);

	return r == -EMEDIUMTYPE && has_skopeo()
		       ? cfs_origin_open_skopeo(reference, options, ret, err)
		       : r;
}

int cfs_origin_open_with(const char *reference,
			 const struct cfs_origin_options *options,
			 struct cfs_origin **ret, struct cfs_err *err)
{
	static const struct cfs_origin_options none = { 0 };
	const char *rest;

	options = options ? options : &none;
	if ((rest = after(reference, "oci:")))
		return cfs_origin_open_layout(rest, ret, err);
	if ((rest = after(reference, "oci-archive:")))
		return open_archive(reference, rest, options, ret, err);
	if ((rest = after(reference, "dir:")))
		return cfs_origin_open_dir(rest, ret, err);
	if (is_for_skopeo(reference))
		return cfs_origin_open_skopeo(reference, options, ret, err);
	return cfs_fail(err, EINVAL,
			"'%s' begins with none of oci:PATH, oci-archive:FILE, "
			"dir:PATH, docker://NAME, containers-storage:NAME, "
			"docker-archive:FILE, docker-daemon:NAME",
			reference);
}

void cfs_origin_clear(struct cfs_origin *origin)
{
	free(origin->place);
	free(origin->tag);
}

void cfs_origin_free(struct cfs_origin *origin)
{
	if (origin)
		origin->ops->free(origin);
}

bool cfs_origin_has_plain_layers(const struct cfs_origin *origin)
{
	return origin->ops->plain_layers;
}

int cfs_origin_use(struct cfs_origin *origin, const struct cfs_oci_id *id,
		   struct cfs_err *err)
{
	return origin->ops->use ? origin->ops->use(origin, id, err) : 0;
}

static int wrong_size(const struct cfs_oci_id *id, uint64_t have, uint64_t want,
		      struct cfs_err *err)
{
	return cfs_fail(err, EBADMSG,
			"blob %s has %llu bytes, but its descriptor says %llu",
			id->text, (unsigned long long)have,
			(unsigned long long)want);
}

int cfs_origin_check(const struct cfs_oci_id *id, uint64_t size,
		     struct cfs_bytes text, struct cfs_err *err)
{
	struct cfs_oci_id have;
	int r;

	if (size != CFS_OCI_SIZE_ANY && text.len != size)
		return wrong_size(id, text.len, size, err);
	r = cfs_oci_id_of_bytes(id->alg, text, &have, err);
	if (r < 0)
		return r;
	if (!cfs_oci_id_equal(id, &have))
		return cfs_fail(err, EBADMSG,
				"blob %s is damaged: its content has the "
				"digest %s",
				id->text, have.text);
	return 0;
}

int cfs_origin_blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, struct cfs_oci_blob *ret,
		    struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	int r = origin->ops->blob(origin, id, size, &blob, err);

	if (r <= 0)
		return r;
	/* How much a proxy sends is known only when it has been read. */
	if (!blob.proxy && size != CFS_OCI_SIZE_ANY &&
	    blob.end - blob.at != size)
		return wrong_size(id, blob.end - blob.at, size, err);
	*ret = blob;
	blob = (struct cfs_oci_blob)CFS_OCI_BLOB_INIT;
	return r;
}

static int missing(const struct cfs_origin *origin, const struct cfs_oci_id *id,
		   struct cfs_err *err)
{
	return cfs_fail(err, ENOENT, "blob %s is missing in %s", id->text,
			origin->place);
}

static int check_max(const struct cfs_oci_id *id, uint64_t size, size_t max,
		     struct cfs_err *err)
{
	if (size != CFS_OCI_SIZE_ANY && size > max)
		return cfs_fail(err, EFBIG,
				"blob %s has %llu bytes; the maximum is %zu",
				id->text, (unsigned long long)size, max);
	return 0;
}

/* Appends @more to @ret if it is what @id and @size say. */
static int add_checked(const struct cfs_oci_id *id, uint64_t size,
		       const struct cfs_buf *more, struct cfs_buf *ret,
		       struct cfs_err *err)
{
	int r = cfs_origin_check(id, size, cfs_buf_bytes(more), err);

	if (r < 0)
		return r;
	cfs_buf_add(ret, more->data, more->len);
	return cfs_buf_check(ret, err);
}

int cfs_origin_read(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, size_t max, struct cfs_buf *ret,
		    struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source = cfs_oci_blob_source(&blob);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = check_max(id, size, max, err);

	if (r == 0)
		r = cfs_origin_blob(origin, id, size, &blob, err);
	if (r <= 0)
		return r < 0 ? r : missing(origin, id, err);
	r = cfs_source_all(&source, max, &text, err);
	if (r < 0)
		return cfs_ctx(err, "blob %s", id->text);
	return add_checked(id, size, &text, ret, err);
}

int cfs_origin_manifest(struct cfs_origin *origin, const struct cfs_oci_id *id,
			uint64_t size, struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = check_max(id, size, CFS_OCI_JSON_MAX, err);

	if (r == 0)
		r = origin->ops->manifest(origin, id, &text, err);
	if (r <= 0)
		return r < 0 ? r : missing(origin, id, err);
	return add_checked(id, size, &text, ret, err);
}
