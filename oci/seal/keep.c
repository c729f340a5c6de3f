/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/keep.h"

#include <string.h>

#include "base/io.h"
#include "fsverity/signature.h"
#include "keys/pkcs7.h"
#include "oci/blob.h"
#include "oci/seal/inline.h"
#include "oci/tag.h"

void cfs_seal_sources_free(struct cfs_seal_sources *sources)
{
	for (size_t i = 0; i < sources->n; i++) {
		for (unsigned k = 0; k < CFS_SEAL_ENTRIES_MAX; k++)
			cfs_buf_free(&sources->v[i]->blobs[k]);
		free(sources->v[i]);
	}
	sources->n = 0;
}

/* Returns the stream of the blob @id in @image, or NULL. */
static const struct cfs_digest *find_blob(const struct cfs_oci_image *image,
					  const struct cfs_oci_id *id)
{
	for (size_t i = 0; i < image->manifest.layers.n; i++)
		if (cfs_oci_id_equal(&image->manifest.layers.v[i].id, id))
			return &image->layers[i];
	return NULL;
}

/* A blob that cannot be read stays empty: the verdict says that it is
 * missing. */
static void read_blobs(const struct cfs_repo *repo,
		       const struct cfs_oci_image *image,
		       struct cfs_seal_source *to)
{
	for (unsigned i = 0; i < to->artifact.n; i++) {
		const struct cfs_seal_entry *entry = &to->artifact.v[i];
		const struct cfs_digest *stream =
			find_blob(image, &entry->blob);
		CFS_AUTOFD int fd = -EBADF;
		struct cfs_err ignored;

		if (!entry->is_signed || !stream ||
		    cfs_oci_blob_open(repo, stream, &fd, &ignored) < 0)
			continue;
		if (cfs_read_all(fd, CFS_SIGNATURE_MAX, &to->blobs[i]) < 0)
			to->blobs[i].len = 0;
	}
}

/* Returns 1, or 0 if the artifact is of another type. */
static int read_source(const struct cfs_repo *repo, struct cfs_seal_source *to)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_err why = { 0 };
	int r = cfs_oci_image_open(repo, &to->id, &image, &why);

	if (r == 0)
		r = cfs_fail(&why, ENOENT, "its manifest is missing");
	if (r > 0)
		r = cfs_seal_artifact_read(cfs_buf_bytes(&image.manifest_text),
					   &to->artifact, &why);
	if (r > 0)
		read_blobs(repo, &image, to);
	to->readable = r > 0;
	if (r < 0)
		snprintf(to->why, sizeof(to->why), "%.*s",
			 (int)sizeof(to->why) - 1, why.msg);
	return r < 0 ? 1 : r;
}

static int add_listed(const char *ref, const char *content_id, void *arg,
		      struct cfs_err *err)
{
	const struct cfs_bytes text = { (const uint8_t *)ref, strlen(ref) };
	struct cfs_seal_list *list = arg;
	struct cfs_oci_id id;
	struct cfs_err ignored;

	(void)content_id; /* the digest is the name, whatever it leads to */
	if (cfs_oci_id_parse(text, &id, &ignored) < 0)
		return 0;
	return cfs_vec_add(&list->ids, id) ? 0 : cfs_no_memory(err);
}

int cfs_seal_list_read(const struct cfs_repo *repo, const struct cfs_oci_id *id,
		       struct cfs_seal_list *ret, struct cfs_err *err)
{
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];

	*ret = (struct cfs_seal_list){ 0 };
	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", id->text);
	return cfs_stream_ref_each(repo, dir, add_listed, ret, err);
}

void cfs_seal_list_free(struct cfs_seal_list *list)
{
	cfs_vec_free(&list->ids);
}

int cfs_seal_sources_next(const struct cfs_repo *repo,
			  struct cfs_seal_list *list,
			  struct cfs_seal_sources *ret, struct cfs_err *err)
{
	size_t from = list->at;

	*ret = (struct cfs_seal_sources){ 0 };
	while (!cfs_seal_list_ends(list) && ret->n < CFS_SEAL_SOURCES_MAX) {
		struct cfs_seal_source *source = calloc(1, sizeof(*source));

		if (!source)
			return cfs_no_memory(err);
		source->id = list->ids.v[list->at++];
		if (read_source(repo, source))
			ret->v[ret->n++] = source;
		else
			free(source);
	}
	ret->n_left = list->ids.n - (list->at - from);
	return 0;
}

int cfs_seal_sources_read(const struct cfs_repo *repo,
			  const struct cfs_oci_id *id,
			  struct cfs_seal_sources *ret, struct cfs_err *err)
{
	CFS_AUTOSEALLIST struct cfs_seal_list list = { 0 };
	int r = cfs_seal_list_read(repo, id, &list, err);

	return r < 0 ? r : cfs_seal_sources_next(repo, &list, ret, err);
}

/* Returns 1, or 0 if there are none. */
static int read_inline(const struct cfs_oci_image *image, enum cfs_alg alg,
		       struct cfs_seal_source *to)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	struct cfs_err why = { 0 };
	int r = cfs_seal_inline_read(&image->id,
				     cfs_buf_bytes(&image->manifest_text), alg,
				     &to->artifact, &blobs, &why);

	to->readable = r > 0;
	if (r < 0)
		snprintf(to->why, sizeof(to->why), "%.*s",
			 (int)sizeof(to->why) - 1, why.msg);
	for (unsigned i = 0; r > 0 && i < to->artifact.n; i++) {
		struct cfs_buf *blob = &blobs.v[to->artifact.v[i].role];

		to->blobs[i] = *blob;
		*blob = (struct cfs_buf){ 0 };
	}
	return r < 0 ? 1 : r;
}

int cfs_seal_sources_add_inline(const struct cfs_oci_image *image,
				enum cfs_alg alg, struct cfs_seal_sources *to,
				struct cfs_err *err)
{
	struct cfs_seal_source *source = calloc(1, sizeof(*source));

	if (!source)
		return cfs_no_memory(err);
	source->id = image->id;
	source->is_inline = true;
	if (image->is_container && read_inline(image, alg, source))
		to->v[to->n++] = source;
	else
		free(source);
	return 0;
}

static int keep_blob(struct cfs_store *store, const struct cfs_oci_id *id,
		     struct cfs_bytes blob, struct cfs_digest *ret,
		     struct cfs_err *err)
{
	struct cfs_bytes rest = blob;
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	char name[CFS_OCI_NAME_MAX];
	int r = cfs_oci_blob_store(store, &source, blob.len, id, ret, err);

	cfs_oci_layer_name(id, name);
	return r < 0 ? r : cfs_stream_link(store, name, ret, err);
}

static int keep_blobs(struct cfs_store *store,
		      const struct cfs_seal_artifact *artifact,
		      const struct cfs_seal_blobs *blobs,
		      struct cfs_oci_image *image, struct cfs_err *err)
{
	int r = 0;

	image->layers = calloc(artifact->n, sizeof(*image->layers));
	if (!image->layers)
		return cfs_no_memory(err);
	for (unsigned i = 0; r == 0 && i < artifact->n; i++) {
		const struct cfs_seal_entry *entry = &artifact->v[i];

		r = keep_blob(store, &entry->blob,
			      cfs_buf_bytes(&blobs->v[entry->role]),
			      &image->layers[i], err);
	}
	return r;
}

static int list(struct cfs_store *store, const struct cfs_oci_id *subject,
		const struct cfs_oci_id *artifact, struct cfs_err *err)
{
	char ref[CFS_OCI_REFERRER_MAX], name[CFS_OCI_NAME_MAX];

	cfs_oci_referrer_ref(subject, artifact, ref);
	cfs_oci_manifest_name(artifact, name);
	return cfs_stream_ref_set(store, ref, name, err);
}

int cfs_seal_keep(struct cfs_store *store, const struct cfs_seal_facts *facts,
		  const struct cfs_seal_blobs *blobs, struct cfs_oci_id *ret,
		  struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_seal_artifact artifact;
	int r = cfs_seal_make(facts, blobs, &artifact, &image.manifest_text,
			      err);

	if (r == 0)
		r = cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
					cfs_buf_bytes(&image.manifest_text),
					&image.id, err);
	cfs_buf_adds(&image.config_text, CFS_SEAL_CONFIG_TEXT);
	if (r == 0)
		r = cfs_buf_check(&image.config_text, err);
	if (r == 0)
		r = cfs_oci_manifest_parse(cfs_buf_bytes(&image.manifest_text),
					   &image.manifest, err);
	if (r == 0)
		r = keep_blobs(store, &artifact, blobs, &image, err);
	if (r == 0)
		r = cfs_oci_image_write(store, &image, err);
	/* Comes last: what it leads to is stored. */
	if (r == 0)
		r = list(store, &facts->subject.id, &image.id, err);
	if (r == 0)
		*ret = image.id;
	return r;
}

int cfs_seal_unlist(struct cfs_store *store, const struct cfs_oci_id *image,
		    const struct cfs_oci_id *artifact, struct cfs_err *err)
{
	char ref[CFS_OCI_REFERRER_MAX];

	cfs_oci_referrer_ref(image, artifact, ref);
	return cfs_stream_ref_remove(store, ref, err);
}

static bool is_among(const struct cfs_signer *signer,
		     const struct cfs_certs *certs)
{
	for (unsigned i = 0; i < certs->n; i++)
		if (cfs_signer_is(signer, &certs->v[i]))
			return true;
	return false;
}

enum cfs_seal_share cfs_seal_share_of(const struct cfs_seal_source *source,
				      const struct cfs_certs *certs)
{
	unsigned theirs = 0, others = 0;

	for (unsigned i = 0; source->readable && i < source->artifact.n; i++) {
		struct cfs_pkcs7 p7 = { .n = 0 };
		struct cfs_err ignored;

		if (!source->artifact.v[i].is_signed)
			continue;
		/* A signature that cannot be parsed is not theirs. */
		if (cfs_pkcs7_parse(cfs_buf_bytes(&source->blobs[i]), &p7,
				    &ignored) < 0)
			others++;
		for (unsigned k = 0; k < p7.n; k++)
			*(is_among(&p7.v[k], certs) ? &theirs : &others) += 1;
	}
	return theirs == 0 ? CFS_SEAL_NONE
	       : others	   ? CFS_SEAL_SOME
			   : CFS_SEAL_ALL;
}
