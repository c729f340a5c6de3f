/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/tree_source.h"
#include "oci/linked.h"

static void write_one(struct cfs_json_writer *w,
		      const struct cfs_oci_erofs_ref *ref, bool bootable)
{
	struct cfs_oci_erofs erofs;
	char hex[CFS_DIGEST_HEX_MAX];
	bool has_mode;

	if (!cfs_oci_erofs_is(ref->name, &erofs) ||
	    erofs.bootable != bootable || erofs.one_layer)
		return;
	cfs_digest_to_hex(&ref->id, hex);
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "id", hex);
	cfs_json_write_bool(w, "bootable", erofs.bootable);
	cfs_json_write_u64(w, "version", erofs.v1 ? 1 : 2);
	/* composefs-rs knows no other mode of merged images, and has null. */
	has_mode = erofs.bootable || erofs.filter != CFS_XATTRS_ALLOWLIST;
	cfs_json_write_text(w, "xattrMode",
			    has_mode ? cmd_source_xattrs[erofs.filter] : NULL);
	cfs_json_write_end(w);
}

static int print(const struct cfs_oci_image *image, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };

	cfs_json_write_array(&w, NULL, CFS_JSON_LINES);
	for (size_t i = 0; i < image->erofs.n; i++)
		write_one(&w, &image->erofs.v[i], false);
	for (size_t i = 0; i < image->erofs.n; i++)
		write_one(&w, &image->erofs.v[i], true);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const char *hex = call->operand[0];
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;
	int r = cfs_digest_from_hex(hex, strlen(hex), &id, err);

	if (r == 0)
		r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = cfs_oci_image_of_erofs(&repo, &id, &image, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "image not found: %s", hex);
	return r < 0 ? r : print(&image, err);
}

const struct cfs_cmd cmd_oci_linked_erofs_images = {
	.name = "linked-erofs-images",
	.help = "list the EROFS images of the OCI image that one belongs to",
	.operands = { { "DIGEST" } },
	.run = run,
};
