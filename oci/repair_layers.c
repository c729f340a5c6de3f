/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The layers of an image under repair. */
#include <pthread.h>

#include "oci/pulling.h"
#include "oci/repairing.h"
#include "oci/tag.h"

/* Is @stream the layer @n, and whole?  @strictly: is all of it read and
 * compared with its digest? */
static int is_good(struct cfs_repairing *rp, size_t n,
		   const struct cfs_digest *stream, bool strictly,
		   struct cfs_err *err)
{
	struct cfs_oci_fsck_params params = *rp->run.params;
	const struct cfs_oci_fsck_params *before = rp->run.params;
	int r;

	params.read_data |= strictly;
	rp->run.params = &params;
	r = cfs_oci_fsck_layer(&rp->run, cfs_oci_image_layer_id(&rp->image, n),
			       stream, rp->image.is_container, err);
	rp->run.params = before;
	return r;
}

/* Pulls layer @n from @origin. */
static int take_layer(struct cfs_repairing *rp, struct cfs_origin *origin,
		      size_t n, struct cfs_err *err)
{
	const struct cfs_oci_pull pull = { .origin = origin,
					   .threads = rp->repair->threads };
	struct cfs_digest before = rp->image.layers[n];
	struct cfs_pulling p = { .store = rp->store,
				 .pull = &pull,
				 .image = &rp->image,
				 .todo = &n,
				 .n_todo = 1,
				 .lock = PTHREAD_MUTEX_INITIALIZER };
	int r;

	/* It counts as missing, or it would not be split again. */
	rp->image.layers[n].alg = 0;
	r = cfs_pulling_layers(&p, err);
	if (r < 0)
		rp->image.layers[n] = before;
	return r;
}

/* Splits layer @n from its compressed blob, if that one is kept.  Returns 1, or
 * 0 if it is not, or is no good. */
static int take_kept(struct cfs_repairing *rp, size_t n, struct cfs_err *err)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(&rp->image, n);
	const struct cfs_oci_pull pull = { .threads = rp->repair->threads };
	struct cfs_digest before = rp->image.layers[n], blob;
	struct cfs_pulling p = { .store = rp->store,
				 .pull = &pull,
				 .image = &rp->image,
				 .lock = PTHREAD_MUTEX_INITIALIZER };
	char name[CFS_OCI_NAME_MAX];
	struct cfs_err why;
	int r;

	cfs_oci_blob_name(&rp->image.manifest.layers.v[n].id, name);
	r = rp->image.is_container ? cfs_repairing_lookup(rp, name, &blob, err)
				   : 0;
	if (r <= 0)
		return r;
	r = cfs_pulling_from_kept(&p, n, &blob, &why);
	if (r == 0) {
		cfs_repairing_tell(rp, CFS_OCI_MENDED,
				   "layer %s: from its kept blob", id->text);
		return 1;
	}
	rp->image.layers[n] = before;
	return cfs_repairing_pass(r, &why, err);
}

/* Looks for a good stream of layer @n: the one that the documents refer to, or
 * the one that has the layer's name.  Returns 1, or 0 with the former, if
 * known, in image.layers[@n]. */
static int find_layer(struct cfs_repairing *rp,
		      const struct cfs_repairing_streams *s, size_t n,
		      struct cfs_err *err)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(&rp->image, n);
	struct cfs_digest *to = &rp->image.layers[n], named;
	char name[CFS_OCI_NAME_MAX];
	bool has_ref = s->has_manifest &&
		       cfs_stream_find(s->manifest.file.stream, id->text, to);
	int r;

	has_ref = has_ref ||
		  (s->has_config &&
		   cfs_stream_find(s->config.file.stream, id->text, to));
	r = has_ref ? is_good(rp, n, to, false, err) : 0;
	if (r != 0)
		return r;
	cfs_oci_layer_name(id, name);
	r = cfs_repairing_lookup(rp, name, &named, err);
	/* Nobody vouches for what has only the name. */
	if (r > 0)
		r = is_good(rp, n, &named, true, err);
	if (r > 0)
		*to = named;
	return r;
}

static int refetch_layer(struct cfs_repairing *rp, size_t n,
			 struct cfs_err *err)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(&rp->image, n);
	const struct cfs_repairing_part part = { "layer", id, n, take_layer };
	int r = take_kept(rp, n, err);

	if (r == 0)
		r = cfs_repairing_take(rp, &part, err);
	if (r <= 0)
		return r;
	r = cfs_oci_fsck_remember(&rp->run, id, &rp->image.layers[n], err);
	return r < 0 ? r : 1;
}

/* Makes the layer's name lead to the good stream, unless it leads to one. */
static int name_layer(struct cfs_repairing *rp, size_t n, struct cfs_err *err)
{
	const struct cfs_oci_id *id = cfs_oci_image_layer_id(&rp->image, n);
	const struct cfs_digest *stream = &rp->image.layers[n];
	char name[CFS_OCI_NAME_MAX];
	struct cfs_digest named;
	int r;

	cfs_oci_layer_name(id, name);
	r = cfs_repairing_lookup(rp, name, &named, err);
	if (r > 0 && !cfs_digest_equal(&named, stream))
		r = is_good(rp, n, &named, false, err);
	if (r != 0)
		return r < 0 ? r : 0;
	cfs_repairing_tell(rp, CFS_OCI_MENDED, "layer %s: its name", id->text);
	return cfs_stream_link(rp->store, name, stream, err);
}

/* Does the document's stream, if there is one, refer to layer @n? */
static bool refers(const struct cfs_repairing *rp, bool has,
		   const struct cfs_oci_document *doc, size_t n)
{
	struct cfs_digest have;

	return has &&
	       cfs_stream_find(doc->file.stream,
			       cfs_oci_image_layer_id(&rp->image, n)->text,
			       &have) &&
	       cfs_digest_equal(&have, &rp->image.layers[n]);
}

/* Returns 1, or 0 when the layer is not good in the end. */
static int mend_layer(struct cfs_repairing *rp,
		      const struct cfs_repairing_streams *s, size_t n,
		      struct cfs_err *err)
{
	int r = find_layer(rp, s, n, err);

	if (r == 0)
		r = refetch_layer(rp, n, err);
	if (r <= 0)
		return r;
	if (!refers(rp, s->has_manifest, &s->manifest, n) ||
	    !refers(rp, s->has_config, &s->config, n))
		rp->changed = true;
	r = name_layer(rp, n, err);
	return r < 0 ? r : 1;
}

int cfs_repairing_layers(struct cfs_repairing *rp,
			 const struct cfs_repairing_streams *s,
			 struct cfs_err *err)
{
	size_t n = rp->image.manifest.layers.n;
	int good = 1;

	/* One more than there are: calloc(0) might return NULL. */
	rp->image.layers = calloc(n + 1, sizeof(*rp->image.layers));
	if (!rp->image.layers)
		return cfs_no_memory(err);
	for (size_t i = 0; i < n; i++) {
		int r = mend_layer(rp, s, i, err);

		if (r < 0)
			return r;
		good &= r;
	}
	return good;
}
