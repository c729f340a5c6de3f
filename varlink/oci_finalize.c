/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* org.composefs.Oci.FinalizeImage: documents of an image whose layers are in
 * the repository become an image. */
#include <string.h>

#include "oci/assemble.h"
#include "oci/tag.h"
#include "varlink/oci.h"
#include "varlink/repository_reports.h"

const struct cfs_varlink_parameter cfs_varlink_finalize_parameters[] = {
	CFS_VARLINK_HANDLE,
	{ "manifest_json", CFS_VARLINK_STRING },
	{ "config_json", CFS_VARLINK_STRING },
	{ "layers", CFS_VARLINK_OBJECTS },
	{ "diff_id", CFS_VARLINK_STRING, .in = "layers" },
	{ "layer_verity", CFS_VARLINK_STRING, .in = "layers" },
	{ "name", CFS_VARLINK_STRING, .optional = true },
	{ 0 },
};

enum {
	MANIFEST = 1,
	CONFIG,
	LAYERS,
	DIFF_IDS,
	VERITY,
	NAME
};

static struct cfs_bytes bytes_of(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

static bool is_digest(const char *hex, const struct cfs_digest *id)
{
	struct cfs_err ignored;
	struct cfs_digest want;

	return cfs_digest_from_hex(hex, strlen(hex), &want, &ignored) == 0 &&
	       cfs_digest_equal(&want, id);
}

/* Is the list of layers that of the image?  Returns 1, or 0 if the reply is
 * written. */
static int compare_layers(struct cfs_varlink_call *call,
			  const struct cfs_oci_image *image)
{
	const struct cfs_varlink_value *v = call->value;
	size_t n = image->config.n_diff_ids;
	char text[200];

	if (v[DIFF_IDS].texts.n != n) {
		snprintf(text, sizeof(text),
			 "layers: %zu are given, and the image has %zu",
			 v[DIFF_IDS].texts.n, n);
		return cfs_varlink_invalid_request(call, text);
	}
	for (size_t i = 0; i < n; i++) {
		const char *id = image->config.diff_ids[i].text;

		if (strcmp(v[DIFF_IDS].texts.v[i], id) != 0)
			snprintf(text, sizeof(text),
				 "layers: number %zu of the image is %s", i,
				 id);
		else if (!is_digest(v[VERITY].texts.v[i], &image->layers[i]))
			snprintf(text, sizeof(text),
				 "layers: layer_verity of %.90s is another",
				 id);
		else
			continue;
		return cfs_varlink_invalid_request(call, text);
	}
	return 1;
}

/* Returns 1 with *@ret, or 0 if the reply is written. */
static int read_image(const struct cfs_repo *repo,
		      struct cfs_varlink_call *call, struct cfs_oci_image *ret,
		      struct cfs_err *err)
{
	const struct cfs_varlink_value *v = call->value;
	int r = cfs_oci_assemble_read(repo, bytes_of(v[MANIFEST].text),
				      bytes_of(v[CONFIG].text), ret, err);

	if (r == -ENOENT && err->path[0])
		return cfs_varlink_refuse_text(call, "NoSuchLayer", "diff_id",
					       err->path);
	if (r == -EINVAL || r == -EBADMSG || r == -EOPNOTSUPP || r == -EFBIG)
		return cfs_varlink_invalid_request(call, err->msg);
	return r < 0 ? r : compare_layers(call, ret);
}

/* Tags the image, if that is wanted and allowed.  Returns 1, or 0 if the reply
 * is written. */
static int name_image(struct cfs_store *store, struct cfs_varlink_call *call,
		      const struct cfs_oci_image *image, struct cfs_err *err)
{
	const char *name = call->value[NAME].text;
	const struct cfs_trust_subject subject = {
		.repo = &store->repo,
		.image = image,
		.name = name,
		.role = CFS_SEAL_MERGED,
	};
	struct cfs_proof proof;
	int r;

	if (!name)
		return 1;
	r = cfs_varlink_oci_accept(call, &subject, &proof, err);
	if (r <= 0)
		return r;
	r = cfs_oci_tag_set(store, name, &image->id, err);
	return r < 0 ? r : 1;
}

int cfs_varlink_finalize(const struct cfs_varlink_handle *handle,
			 struct cfs_store *store, struct cfs_varlink_call *call,
			 struct cfs_err *err)
{
	const struct cfs_meta *meta = &store->repo.meta;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_json_writer *w = &call->reply;
	int r;

	(void)handle;
	if (call->value[NAME].given &&
	    cfs_oci_tag_check(call->value[NAME].text, err) < 0)
		return cfs_varlink_invalid_request(call, err->msg);
	r = read_image(&store->repo, call, &image, err);
	if (r <= 0)
		return r;
	cfs_store_trust_names(store);
	r = cfs_oci_assemble_store(
		store, &image, 1u << meta->erofs_default | meta->erofs_extra,
		err);
	if (r == 0)
		r = name_image(store, call, &image, err);
	if (r <= 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_text(w, "manifest_digest", image.id.text);
	cfs_varlink_write_digest(w, "manifest_verity", &image.manifest_stream);
	cfs_json_write_text(w, "config_digest", image.manifest.config.id.text);
	cfs_varlink_write_digest(w, "config_verity", &image.config_stream);
	return 0;
}
