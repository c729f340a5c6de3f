/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * OCI layouts: oci-layout, index.json and blobs/ALGORITHM/HEX.
 * Source: OCI image specification, image-layout.md.
 */
#include <string.h>
#include <sys/stat.h>

#include "oci/json_doc.h"
#include "oci/layout.h"
#include "oci/origin/files_origin.h"
#include "oci/origin/reference.h"

#define MARKER	   "oci-layout"
#define MARKER_MAX 4096

static int layout_first(struct cfs_origin *origin, struct cfs_buf *ret,
			struct cfs_err *err)
{
	return cfs_files_origin_document(origin, "index.json", ret, err);
}

static int layout_manifest(struct cfs_origin *origin,
			   const struct cfs_oci_id *id, struct cfs_buf *ret,
			   struct cfs_err *err)
{
	char name[CFS_LAYOUT_BLOB_PATH_MAX];

	cfs_layout_blob_path(id, name);
	return cfs_files_read(cfs_files_origin_files(origin), name,
			      CFS_OCI_JSON_MAX, ret, err);
}

static int layout_blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		       uint64_t size, struct cfs_oci_blob *ret,
		       struct cfs_err *err)
{
	char name[CFS_LAYOUT_BLOB_PATH_MAX];

	(void)size;
	cfs_layout_blob_path(id, name);
	return cfs_files_get(cfs_files_origin_files(origin), name, ret, err);
}

static const struct cfs_origin_ops layout_ops = {
	.first = layout_first,
	.manifest = layout_manifest,
	.blob = layout_blob,
	.free = cfs_files_origin_free,
	.has_index = true,
};

/* Version 1 is the only one; a minor version adds what may be ignored. */
static int parse_marker(struct cfs_bytes text, struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	char version[64];
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = cfs_json_doc_text(&doc, cfs_json_doc_root(&doc),
				      "imageLayoutVersion", version,
				      sizeof(version), err);
	if (r == 0 && strncmp(version, "1.", 2) != 0)
		r = cfs_fail(err, EOPNOTSUPP,
			     "unknown version '%s' of the layout (supported: "
			     "1)",
			     version);
	return r < 0 ? cfs_ctx(err, MARKER) : 0;
}

static bool has_file(const struct cfs_files *files, const char *name)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_err ignored;

	return cfs_files_get(files, name, &blob, &ignored) > 0;
}

static int no_marker(const struct cfs_files *files, const char *path,
		     struct cfs_err *err)
{
	if (!files->archive && has_file(files, "manifest.json"))
		return cfs_fail(
			err, EINVAL,
			"%s is not an OCI layout: it has no file " MARKER
			", but manifest.json: try dir:%s",
			path, path);
	if (files->archive)
		return cfs_fail(
			err, EINVAL,
			"%s is not an OCI layout: it has no file " MARKER
			"; for what 'docker save' wrote before "
			"version 25 try docker-archive:%s",
			path, path);
	return cfs_fail(err, EINVAL,
			"%s is not an OCI layout: it has no file " MARKER,
			path);
}

static int check_marker(const struct cfs_files *files, const char *path,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_files_read(files, MARKER, MARKER_MAX, &text, err);

	if (r == 0)
		return no_marker(files, path, err);
	if (r > 0)
		r = parse_marker(cfs_buf_bytes(&text), err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

static int open_dir(const char *path, struct cfs_files *ret,
		    struct cfs_err *err)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode))
		return cfs_fail(err, ENOTDIR,
				"%s is a file: write oci-archive:%s for a "
				"layout in an archive",
				path, path);
	return cfs_files_open_dir(path, ret, err);
}

/* @open_files: opens the path of the reference @rest. */
static int open_layout(const char *rest,
		       int (*open_files)(const char *path,
					 struct cfs_files *ret,
					 struct cfs_err *err),
		       struct cfs_origin **ret, struct cfs_err *err)
{
	CFS_AUTOREFERENCE struct cfs_oci_reference ref = { 0 };
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	struct cfs_files_origin *o;
	int r = cfs_oci_reference_split(rest, &ref, err);

	if (r == 0)
		r = open_files(ref.path, &files, err);
	if (r == 0)
		r = check_marker(&files, ref.path, err);
	if (r == 0)
		r = cfs_files_origin_new(&layout_ops, &files, ref.path, &o,
					 err);
	if (r < 0)
		return r;
	o->origin.tag = cfs_steal_ptr(&ref.tag);
	o->origin.has_id = ref.has_id;
	o->origin.id = ref.id;
	*ret = &o->origin;
	return 0;
}

int cfs_origin_open_layout(const char *rest, struct cfs_origin **ret,
			   struct cfs_err *err)
{
	return open_layout(rest, open_dir, ret, err);
}

int cfs_origin_open_archive(const char *rest, struct cfs_origin **ret,
			    struct cfs_err *err)
{
	return open_layout(rest, cfs_files_open_archive, ret, err);
}
