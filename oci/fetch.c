/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fetch.h"

#include <string.h>

#include "oci/json_doc.h"

/* The configuration of most artifacts, which layouts may leave out.
 * Source: OCI image specification, manifest.md, "Guidance for an Empty
 * Descriptor". */
static bool is_empty_object(const struct cfs_oci_descriptor *d)
{
	return d->size == 2 &&
	       strcmp(d->id.text, "sha256:44136fa355b3678a1146ad16f7e8649e"
				  "94fb4fc21fe77e8310c060f61caaff8a") == 0;
}

int cfs_oci_fetch_config(struct cfs_origin *origin, struct cfs_oci_image *image,
			 struct cfs_err *err)
{
	const struct cfs_oci_descriptor *config = &image->manifest.config;
	int r;

	if (is_empty_object(config)) {
		cfs_buf_adds(&image->config_text, "{}");
		return cfs_buf_check(&image->config_text, err);
	}
	r = cfs_origin_read(origin, &config->id, config->size, CFS_OCI_JSON_MAX,
			    &image->config_text, err);
	if (r == 0 && image->is_container)
		r = cfs_oci_config_parse(cfs_buf_bytes(&image->config_text),
					 &image->config, err);
	return r < 0 ? cfs_ctx(err, "config %s", config->id.text) : 0;
}

static int read_documents(struct cfs_origin *origin,
			  const struct cfs_oci_choice *choice,
			  struct cfs_oci_image *image, struct cfs_err *err)
{
	int r;

	image->id = choice->id;
	cfs_buf_add(&image->manifest_text, choice->manifest.data,
		    choice->manifest.len);
	r = cfs_buf_check(&image->manifest_text, err);
	if (r == 0)
		r = cfs_oci_manifest_parse(cfs_buf_bytes(&image->manifest_text),
					   &image->manifest, err);
	if (r < 0)
		return cfs_ctx(err, "manifest %s", image->id.text);
	image->is_container = cfs_oci_manifest_is_container(&image->manifest);
	return cfs_oci_fetch_config(origin, image, err);
}

int cfs_oci_check_layers(const struct cfs_oci_image *image, struct cfs_err *err)
{
	const struct cfs_oci_descriptors *layers = &image->manifest.layers;

	if (!image->is_container)
		return 0;
	if (image->config.n_diff_ids != layers->n)
		return cfs_fail(err, EBADMSG,
				"manifest %s has %zu layers, its config %s %zu "
				"diff_ids",
				image->id.text, layers->n,
				image->manifest.config.id.text,
				image->config.n_diff_ids);
	for (size_t i = 0; i < layers->n; i++)
		if (cfs_oci_kind_of(layers->v[i].media_type) != CFS_OCI_LAYER)
			return cfs_fail(err, EOPNOTSUPP,
					"layer %zu (%s): media type '%s' is "
					"not that of an archive",
					i, layers->v[i].id.text,
					layers->v[i].media_type);
	return 0;
}

int cfs_oci_fetch_documents(struct cfs_origin *origin,
			    const struct cfs_oci_choice *choice,
			    struct cfs_oci_image *ret, struct cfs_err *err)
{
	int r = read_documents(origin, choice, ret, err);

	return r < 0 ? r : cfs_oci_check_layers(ret, err);
}

int cfs_oci_fetch_layer(struct cfs_origin *origin,
			const struct cfs_oci_image *image, size_t n,
			struct cfs_oci_blob *ret, struct cfs_err *err)
{
	const struct cfs_oci_descriptor *d = &image->manifest.layers.v[n];
	int r;

	if (image->is_container && cfs_origin_has_plain_layers(origin))
		r = cfs_origin_blob(origin, cfs_oci_image_layer_id(image, n),
				    CFS_OCI_SIZE_ANY, ret, err);
	else
		r = cfs_origin_blob(origin, &d->id, d->size, ret, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "the blob is missing");
	return r < 0 ? r : 0;
}

void cfs_oci_fetch_expect(const struct cfs_origin *origin,
			  const struct cfs_oci_image *image, size_t n,
			  struct cfs_oci_layer *ret)
{
	const struct cfs_oci_descriptor *d = &image->manifest.layers.v[n];
	bool plain = origin && cfs_origin_has_plain_layers(origin);

	*ret = (struct cfs_oci_layer){
		.size = plain ? CFS_OCI_SIZE_ANY : d->size,
		.id = plain ? image->config.diff_ids[n] : d->id,
		.diff_id = image->config.diff_ids[n],
	};
}
