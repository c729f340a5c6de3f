/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The directory format of skopeo: manifest.json, blobs named by the hex digits
 * of their digests, HEX.manifest.json for the images of a list.
 * Source: containers/image, directory/directory_transport.go, "version" of
 * directory_dest.go.
 */
#include <string.h>

#include "oci/json_doc.h"
#include "oci/origin/files_origin.h"

#define NAME_SIZE   (sizeof("sha512-.manifest.json") + 2 * CFS_CONTENT_MAX)
#define VERSION	    "Directory Transport Version: 1."
#define VERSION_MAX 4096

static int dir_first(struct cfs_origin *origin, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	return cfs_files_origin_document(origin, "manifest.json", ret, err);
}

/* Newer versions put the algorithm before the digits where it is not
 * SHA-256. */
static const char *prefix(const struct cfs_oci_id *id, int try)
{
	return try > 0 && id->alg == CFS_CONTENT_SHA512 ? "sha512-" : "";
}

static int dir_manifest(struct cfs_origin *origin, const struct cfs_oci_id *id,
			struct cfs_buf *ret, struct cfs_err *err)
{
	char name[NAME_SIZE];
	int r = 0;

	for (int try = 0; r == 0 && try < 2; try++) {
		snprintf(name, sizeof(name), "%s%s.manifest.json",
			 prefix(id, try), cfs_oci_id_hex(id));
		r = cfs_files_read(cfs_files_origin_files(origin), name,
				   CFS_OCI_JSON_MAX, ret, err);
	}
	return r;
}

static int dir_blob(struct cfs_origin *origin, const struct cfs_oci_id *id,
		    uint64_t size, struct cfs_oci_blob *ret,
		    struct cfs_err *err)
{
	char name[NAME_SIZE];
	int r = 0;

	(void)size;
	for (int try = 0; r == 0 && try < 2; try++) {
		snprintf(name, sizeof(name), "%s%s", prefix(id, try),
			 cfs_oci_id_hex(id));
		r = cfs_files_get(cfs_files_origin_files(origin), name, ret,
				  err);
	}
	return r;
}

static const struct cfs_origin_ops dir_ops = {
	.first = dir_first,
	.manifest = dir_manifest,
	.blob = dir_blob,
	.free = cfs_files_origin_free,
};

/* Directories without a version are older than it. */
static int check_version(const struct cfs_files *files, const char *path,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_files_read(files, "version", VERSION_MAX, &text, err);

	if (r > 0 && (text.len < strlen(VERSION) ||
		      memcmp(text.data, VERSION, strlen(VERSION)) != 0))
		return cfs_fail(err, EOPNOTSUPP,
				"%s/version does not begin with '" VERSION
				"': not what skopeo writes, or something newer",
				path);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

int cfs_origin_open_dir(const char *rest, struct cfs_origin **ret,
			struct cfs_err *err)
{
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	struct cfs_files_origin *o;
	int r;

	if (!*rest)
		return cfs_fail(err, EINVAL, "the reference has no path");
	r = cfs_files_open_dir(rest, &files, err);
	if (r == 0)
		r = check_version(&files, rest, err);
	if (r == 0)
		r = cfs_files_origin_new(&dir_ops, &files, rest, &o, err);
	if (r == 0)
		*ret = &o->origin;
	return r;
}
