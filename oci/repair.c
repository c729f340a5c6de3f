/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/repair.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "oci/fetch.h"
#include "oci/repairing.h"
#include "oci/tag.h"
#include "repo/stream/format.h"

void cfs_repairing_tell(struct cfs_repairing *rp, enum cfs_oci_mending what,
			const char *fmt, ...)
{
	char text[1400], line[sizeof(text) + CFS_OCI_TAG_TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	snprintf(line, sizeof(line), "%s: %s", rp->tag, text);
	rp->repair->told(rp->repair->arg, what, line);
}

bool cfs_repairing_is_fatal(int r)
{
	return r == -ENOMEM || r == -ELIBACC || r == -ENOSPC || r == -EDQUOT ||
	       r == -EROFS;
}

int cfs_repairing_pass(int r, const struct cfs_err *why, struct cfs_err *err)
{
	if (!cfs_repairing_is_fatal(r))
		return r > 0;
	*err = *why;
	return r;
}

static void streams_free(struct cfs_repairing_streams *s)
{
	cfs_oci_document_free(&s->manifest);
	cfs_oci_document_free(&s->config);
}

#define AUTOSTREAMS __attribute__((cleanup(streams_free)))
#define STREAMS_INIT                               \
	{                                          \
		.manifest = CFS_OCI_DOCUMENT_INIT, \
		.config = CFS_OCI_DOCUMENT_INIT,   \
	}

/* A source opened for the image at hand. */
struct opened {
	struct cfs_origin *origin; /* borrowed, or that of @image */
	struct cfs_origin *own;	   /* owned */
	struct cfs_oci_image image;
};

static void opened_close(struct opened *o)
{
	cfs_origin_free(o->own);
	cfs_oci_image_free(&o->image);
}

#define AUTOOPENED __attribute__((cleanup(opened_close)))

/* Returns 1, or 0 if another repository does not have the image. */
static int open_source(struct cfs_repairing *rp, size_t i, struct opened *ret,
		       struct cfs_err *err)
{
	const struct cfs_oci_repair_source *s = &rp->repair->sources[i];
	int r;

	if (s->origin) {
		ret->origin = s->origin;
		r = cfs_origin_use(s->origin, &rp->image.id, err);
		return r < 0 ? r : 1;
	}
	r = cfs_oci_image_open(s->repo, &rp->image.id, &ret->image, err);
	if (r <= 0)
		return r;
	r = cfs_origin_open_repo(s->repo, &ret->image, &ret->own, err);
	ret->origin = ret->own;
	return r < 0 ? r : 1;
}

/* Takes the part from source @i.  Returns 1, 0 after telling why not, or an
 * error that ends the repair. */
static int take_from(struct cfs_repairing *rp,
		     const struct cfs_repairing_part *part, size_t i,
		     struct cfs_err *err)
{
	const char *name = rp->repair->sources[i].name;
	AUTOOPENED struct opened o = { 0 };
	struct cfs_err why;
	int r = open_source(rp, i, &o, &why);

	if (r == 0)
		r = cfs_fail(&why, ENOENT, "it has no such image");
	if (r > 0)
		r = part->take(rp, o.origin, part->n, &why);
	if (cfs_repairing_pass(r, &why, err) < 0)
		return r;
	cfs_repairing_tell(rp, r == 0 ? CFS_OCI_MENDED : CFS_OCI_NOT_MENDED,
			   "%s %s: %s %s%s%s", part->kind, part->id->text,
			   r < 0 ? "cannot be taken from" : "from", name,
			   r < 0 ? ": " : "", r < 0 ? why.msg : "");
	return r == 0;
}

int cfs_repairing_take(struct cfs_repairing *rp,
		       const struct cfs_repairing_part *part,
		       struct cfs_err *err)
{
	int r = 0;

	if (rp->repair->n_sources == 0)
		cfs_repairing_tell(rp, CFS_OCI_NOT_MENDED,
				   "%s %s: to be taken from a copy of the "
				   "image: --from",
				   part->kind, part->id->text);
	for (size_t i = 0; r == 0 && i < rp->repair->n_sources; i++)
		r = take_from(rp, part, i, err);
	return r;
}

static int take_manifest(struct cfs_repairing *rp, struct cfs_origin *origin,
			 size_t n, struct cfs_err *err)
{
	(void)n;
	return cfs_origin_manifest(origin, &rp->image.id, CFS_OCI_SIZE_ANY,
				   &rp->image.manifest_text, err);
}

static int take_config(struct cfs_repairing *rp, struct cfs_origin *origin,
		       size_t n, struct cfs_err *err)
{
	(void)n;
	/* A source before this one may have left something here. */
	cfs_buf_free(&rp->image.config_text);
	cfs_oci_config_free(&rp->image.config);
	rp->image.config = (struct cfs_oci_config){ 0 };
	return cfs_oci_fetch_config(origin, &rp->image, err);
}

/* Loads the document @id.  Returns 1, or 0 if its stream @doc->stream is not
 * good. */
static int load(struct cfs_repairing *rp, const char *type,
		const struct cfs_oci_id *id, struct cfs_oci_document *doc,
		struct cfs_err *err)
{
	struct cfs_err why;
	int r = cfs_oci_document_load(&rp->store->repo, type, id, doc, &why);

	if (r == 0)
		return 1;
	cfs_oci_document_free(doc);
	return cfs_repairing_pass(r, &why, err);
}

int cfs_repairing_lookup(struct cfs_repairing *rp, const char *name,
			 struct cfs_digest *ret, struct cfs_err *err)
{
	struct cfs_err why;
	int r = cfs_stream_lookup(&rp->store->repo, name, ret, &why);

	return r >= 0 ? r : cfs_repairing_pass(r, &why, err);
}

static int copy_text(const struct cfs_oci_document *doc, struct cfs_buf *ret,
		     struct cfs_err *err)
{
	cfs_buf_add(ret, doc->text.data, doc->text.len);
	return cfs_buf_check(ret, err);
}

/* Parses the manifest.  Returns 1, or 0 after telling what is wrong with it. */
static int parse_manifest(struct cfs_repairing *rp, struct cfs_err *err)
{
	struct cfs_oci_image *image = &rp->image;
	struct cfs_err why;
	int r = cfs_oci_manifest_parse(cfs_buf_bytes(&image->manifest_text),
				       &image->manifest, &why);

	if (r < 0 && !cfs_repairing_is_fatal(r))
		cfs_repairing_tell(rp, CFS_OCI_NOT_MENDED, "manifest %s: %s",
				   image->id.text, why.msg);
	if (r < 0)
		return cfs_repairing_pass(r, &why, err);
	image->is_container = cfs_oci_manifest_is_container(&image->manifest);
	return 1;
}

static int mend_manifest(struct cfs_repairing *rp,
			 struct cfs_repairing_streams *s, struct cfs_err *err)
{
	const struct cfs_repairing_part part = { "manifest", &rp->image.id, 0,
						 take_manifest };
	char name[CFS_OCI_NAME_MAX];
	int r;

	cfs_oci_manifest_name(&rp->image.id, name);
	r = cfs_repairing_lookup(rp, name, &s->manifest.stream, err);
	if (r > 0)
		r = load(rp, CFS_STREAM_MANIFEST, &rp->image.id, &s->manifest,
			 err);
	s->has_manifest = r > 0;
	if (r > 0 && copy_text(&s->manifest, &rp->image.manifest_text, err) < 0)
		return -err->code;
	if (r == 0) {
		rp->changed = true;
		r = cfs_repairing_take(rp, &part, err);
	}
	return r <= 0 ? r : parse_manifest(rp, err);
}

/* Has a configuration, which exists, its name @name?  It gets that again when
 * the image is written.  Returns 1. */
static int find_config_name(struct cfs_repairing *rp, const char *name,
			    struct cfs_err *err)
{
	struct cfs_digest ignored;
	int r = cfs_repairing_lookup(rp, name, &ignored, err);

	rp->changed |= r == 0;
	return r < 0 ? r : 1;
}

/* Loads the configuration by the manifest's ref or else by its own name. */
static int find_config(struct cfs_repairing *rp,
		       struct cfs_repairing_streams *s, struct cfs_err *err)
{
	const struct cfs_oci_id *id = &rp->image.manifest.config.id;
	char name[CFS_OCI_NAME_MAX];
	int r = 0;

	cfs_oci_config_name(id, name);
	if (s->has_manifest &&
	    cfs_oci_config_ref(s->manifest.file.stream, id, &s->config.stream))
		r = load(rp, CFS_STREAM_CONFIG, id, &s->config, err);
	if (r > 0)
		return find_config_name(rp, name, err);
	if (r < 0)
		return r;
	rp->changed = true;
	r = cfs_repairing_lookup(rp, name, &s->config.stream, err);
	return r <= 0 ? r : load(rp, CFS_STREAM_CONFIG, id, &s->config, err);
}

static int read_config(struct cfs_repairing *rp,
		       struct cfs_repairing_streams *s, struct cfs_err *err)
{
	struct cfs_oci_image *image = &rp->image;
	int r = copy_text(&s->config, &image->config_text, err);

	if (r == 0 && image->is_container)
		r = cfs_oci_config_parse(cfs_buf_bytes(&image->config_text),
					 &image->config, err);
	return r < 0 ? r
		     : cfs_oci_image_take_erofs(image, s->config.file.stream,
						err);
}

static int mend_config(struct cfs_repairing *rp,
		       struct cfs_repairing_streams *s, struct cfs_err *err)
{
	const struct cfs_oci_id *id = &rp->image.manifest.config.id;
	const struct cfs_repairing_part part = { "configuration", id, 0,
						 take_config };
	struct cfs_err why;
	int r = find_config(rp, s, err);

	s->has_config = r > 0;
	rp->lost_config = r == 0;
	if (r == 0)
		r = cfs_repairing_take(rp, &part, err);
	if (r <= 0)
		return r;
	r = s->has_config ? read_config(rp, s, &why) : 0;
	if (r == 0)
		r = cfs_oci_image_check_counts(&rp->image, &why);
	if (r < 0 && !cfs_repairing_is_fatal(r))
		cfs_repairing_tell(rp, CFS_OCI_NOT_MENDED,
				   "configuration %s: %s", id->text, why.msg);
	return r < 0 ? cfs_repairing_pass(r, &why, err) : 1;
}

/* Is the stream of every layer known?  It need not be good. */
static bool knows_layers(const struct cfs_repairing *rp)
{
	for (size_t i = 0; i < rp->image.manifest.layers.n; i++)
		if (rp->image.layers[i].alg == 0)
			return false;
	return true;
}

int cfs_repairing_write(struct cfs_repairing *rp, struct cfs_err *err)
{
	if (cfs_oci_image_write(rp->store, &rp->image, err) < 0)
		return -err->code;
	cfs_repairing_tell(rp, CFS_OCI_MENDED,
			   "streams of manifest and configuration: written "
			   "anew");
	return 0;
}

static int mend(struct cfs_repairing *rp, struct cfs_err *err)
{
	AUTOSTREAMS struct cfs_repairing_streams s = STREAMS_INIT;
	int good, r = mend_manifest(rp, &s, err);
	bool is_complete;

	if (r > 0)
		r = mend_config(rp, &s, err);
	if (r <= 0)
		return r;
	good = cfs_repairing_layers(rp, &s, err);
	if (good < 0)
		return good;
	/* References to EROFS images that were lost with the configuration can
	 * be made again only with all layers: no configuration without them is
	 * written before. */
	is_complete = !rp->lost_config || !rp->image.is_container;
	if (rp->changed && is_complete && knows_layers(rp) &&
	    cfs_repairing_write(rp, err) < 0)
		return -err->code;
	return good && rp->image.is_container ? cfs_repairing_erofs(rp, err)
					      : 0;
}

static int mend_image(struct cfs_repairing *rp, const char *tag,
		      const struct cfs_oci_id *id, struct cfs_err *err)
{
	int r;

	rp->tag = tag;
	rp->changed = false;
	rp->image = (struct cfs_oci_image){ .id = *id };
	r = mend(rp, err);
	cfs_oci_image_free(&rp->image);
	return r < 0 ? cfs_ctx(err, "%s", tag) : 0;
}

static int mend_artifact(const char *ref, const char *content_id, void *arg,
			 struct cfs_err *err)
{
	struct cfs_oci_id id;

	(void)ref;
	if (!content_id || !cfs_oci_name_id(content_id, "oci-manifest-", &id))
		return 0;
	return mend_image(arg, id.text, &id, err);
}

/* Mends the image and the artifacts that refer to it. */
static int mend_all(const char *tag, const struct cfs_oci_id *id, void *arg,
		    struct cfs_err *err)
{
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];
	struct cfs_repairing *rp = arg;
	int r;

	if (!id || *tag == '@')
		return 0;
	r = mend_image(rp, tag, id, err);
	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", id->text);
	return r < 0 ? r
		     : cfs_stream_ref_each(&rp->store->repo, dir, mend_artifact,
					   rp, err);
}

static int mend_named(struct cfs_repairing *rp, const char *name,
		      struct cfs_err *err)
{
	struct cfs_oci_id id;
	struct cfs_err why;
	int r = cfs_oci_fsck_resolve(&rp->store->repo, name, &id, &why);

	return r <= 0 ? cfs_repairing_pass(r, &why, err)
		      : mend_all(name, &id, rp, err);
}

static void pass_over(void *arg, const struct cfs_oci_finding *finding)
{
	(void)arg;
	(void)finding;
}

int cfs_oci_repair(struct cfs_store *store, const struct cfs_oci_repair *repair,
		   struct cfs_err *err)
{
	const struct cfs_oci_fsck_params params = {
		.read_data = repair->read_data, .found = pass_over
	};
	struct cfs_repairing rp = { .store = store, .repair = repair };
	int r;

	rp.run = (struct cfs_oci_fsck_run){ .repo = &store->repo,
					    .params = &params,
					    .store = store,
					    .damaged = repair->damaged };
	cfs_store_reread(store);
	r = repair->name ? mend_named(&rp, repair->name, err)
			 : cfs_oci_tag_each(&store->repo, mend_all, &rp, err);
	cfs_vec_free(&rp.run.good);
	return r;
}
