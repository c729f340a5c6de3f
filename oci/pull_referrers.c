/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The artifacts that come with an image. */
#include <stdio.h>
#include <string.h>

#include "oci/pulling.h"
#include "oci/seal/artifact.h"
#include "oci/tag.h"

struct taking {
	struct cfs_store *store;
	const struct cfs_oci_pull *pull;
	cfs_pull_one_fn *pull_one;
	struct cfs_oci_pulled *to;
};

static bool is_metadata(const struct cfs_oci_descriptor *d)
{
	return strcmp(d->artifact_type, CFS_SEAL_TYPE) == 0;
}

/* Signatures of ours go first when there are more artifacts than are taken; the
 * rest stays in the order that the image's maker listed it in. */
static void metadata_first(struct cfs_oci_descriptors *list)
{
	size_t to = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct cfs_oci_descriptor d = list->v[i];

		if (!is_metadata(&d))
			continue;
		memmove(&list->v[to + 1], &list->v[to],
			(i - to) * sizeof(*list->v));
		list->v[to++] = d;
	}
}

/* Is the failure about this machine, so that it would meet the next artifact as
 * well? */
static bool is_ours(int r)
{
	switch (-r) {
	case ENOSPC:
	case EDQUOT:
	case EROFS:
	case ENOMEM:
	case EMFILE:
	case ENFILE:
	case EACCES:
	case EPERM:
		return true;
	default:
		return false;
	}
}

static enum cfs_oci_skip reason_of(int r)
{
	switch (-r) {
	case ENOENT:
		return CFS_OCI_SKIP_MISSING;
	case EBADMSG:
		return CFS_OCI_SKIP_DIGEST;
	default:
		return CFS_OCI_SKIP_READ;
	}
}

/* Fails with the rule that the size of @m breaks. */
static int check_size(const struct cfs_oci_manifest *m, struct cfs_err *err)
{
	uint64_t left = CFS_PULL_ARTIFACT_MAX;

	if (m->layers.n > CFS_PULL_ARTIFACT_BLOBS_MAX)
		return cfs_fail(err, EFBIG, "%zu layers; the maximum is %d",
				m->layers.n, CFS_PULL_ARTIFACT_BLOBS_MAX);
	for (size_t i = 0; i < m->layers.n; i++) {
		uint64_t size = m->layers.v[i].size;

		if (size > left)
			return cfs_fail(err, EFBIG,
					"layer %zu has %llu bytes; the "
					"maximum of all is %d",
					i, (unsigned long long)size,
					CFS_PULL_ARTIFACT_MAX);
		left -= size;
	}
	return 0;
}

/* Returns why the artifact @text is not to be taken, worded in *@why, or -1 if
 * it is. */
static int reason_against(const struct taking *t, const struct cfs_buf *text,
			  struct cfs_err *why)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };

	if (cfs_oci_manifest_parse(cfs_buf_bytes(text), &m, why) < 0)
		return CFS_OCI_SKIP_CONTENT;
	if (!m.has_subject ||
	    !cfs_oci_id_equal(&m.subject.id, &t->to->image.id)) {
		(void)cfs_fail(why, EINVAL, "its subject is %s",
			       m.has_subject ? m.subject.id.text : "missing");
		return CFS_OCI_SKIP_SUBJECT;
	}
	if (cfs_oci_manifest_is_container(&m))
		return CFS_OCI_SKIP_KIND;
	return check_size(&m, why) < 0 ? CFS_OCI_SKIP_SIZE : -1;
}

static int take_choice(struct taking *t, const struct cfs_oci_choice *choice,
		       struct cfs_err *err)
{
	struct cfs_oci_pulled pulled = { 0 };
	const struct cfs_oci_pull artifact = {
		.origin = t->pull->origin,
		.choice = choice,
		.threads = 1,
	};
	int r = t->pull_one(t->store, &artifact, &pulled, err);

	t->to->inline_bytes += pulled.inline_bytes;
	cfs_oci_pulled_free(&pulled);
	return r;
}

/* Returns -1 once the artifact @d is in the repository, or why it is skipped,
 * which @err then words, or an error that ends the pull in *@ret_fatal. */
static int take(struct taking *t, const struct cfs_oci_descriptor *d,
		int *ret_fatal, struct cfs_err *err)
{
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { .id = d->id };
	int why, r = cfs_origin_manifest(t->pull->origin, &d->id, d->size,
					 &choice.manifest, err);

	if (r == 0) {
		why = reason_against(t, &choice.manifest, err);
		if (why >= 0)
			return why;
		r = take_choice(t, &choice, err);
	}
	if (r < 0 && is_ours(r))
		*ret_fatal = cfs_ctx(err, "artifact %s", d->id.text);
	return r < 0 ? (int)reason_of(r) : -1;
}

/* Is the artifact there, and listed, as an earlier pull left it? */
static bool is_there(const struct taking *t, const char *ref,
		     const struct cfs_oci_id *id)
{
	char have[CFS_CONTENT_ID_MAX], name[CFS_OCI_NAME_MAX];
	struct cfs_repo *repo = &t->store->repo;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_err ignored;

	cfs_oci_manifest_name(id, name);
	return cfs_stream_ref_get(repo, ref, have, &ignored) > 0 &&
	       strcmp(have, name) == 0 &&
	       cfs_oci_image_open(repo, id, &image, &ignored) > 0;
}

static int take_and_list(struct taking *t, const struct cfs_oci_descriptor *d,
			 int *ret_why, struct cfs_err *err)
{
	char ref[CFS_OCI_REFERRER_MAX], name[CFS_OCI_NAME_MAX];
	int fatal = 0;

	*ret_why = -1;
	cfs_oci_referrer_ref(&t->to->image.id, &d->id, ref);
	if (is_there(t, ref, &d->id))
		return 0;
	*ret_why = take(t, d, &fatal, err);
	if (fatal < 0 || *ret_why >= 0)
		return fatal;
	if (!cfs_vec_add(&t->to->referrers.listed, d->id))
		return cfs_no_memory(err);
	cfs_oci_manifest_name(&d->id, name);
	return cfs_stream_ref_set(t->store, ref, name, err);
}

static int take_all(struct taking *t, struct cfs_err *err)
{
	struct cfs_oci_referrers *list = &t->to->referrers;
	size_t n = list->found.n;

	/* The list is filtered where it is. */
	list->found.n = 0;
	for (size_t i = 0; i < n; i++) {
		const struct cfs_oci_descriptor d = list->found.v[i];
		int why = CFS_OCI_SKIP_LIMIT, r = 0;

		/* No detail, unless one is set below. */
		err->msg[0] = '\0';

		if (list->found.n < CFS_PULL_ARTIFACTS_MAX)
			r = take_and_list(t, &d, &why, err);
		if (r == 0 && why < 0)
			list->found.v[list->found.n++] = d;
		else if (r == 0)
			r = cfs_oci_referrers_skip(list, why, &d.id, err->msg,
						   err);
		if (r < 0)
			return r;
	}
	return 0;
}

int cfs_oci_pull_referrers(struct cfs_store *store,
			   const struct cfs_oci_pull *pull,
			   cfs_pull_one_fn *pull_one,
			   struct cfs_oci_pulled *ret, struct cfs_err *err)
{
	struct taking t = {
		.store = store, .pull = pull, .pull_one = pull_one, .to = ret
	};
	int r = cfs_origin_referrers(pull->origin, &ret->image.id,
				     &ret->referrers, err);

	if (r < 0)
		return cfs_ctx(err, "artifacts about %s", ret->image.id.text);
	metadata_first(&ret->referrers.found);
	return take_all(&t, err);
}

void cfs_oci_pull_unlist(struct cfs_store *store,
			 const struct cfs_oci_pulled *pulled)
{
	struct cfs_err ignored;
	char ref[CFS_OCI_REFERRER_MAX];

	for (size_t i = 0; i < pulled->referrers.listed.n; i++) {
		cfs_oci_referrer_ref(&pulled->image.id,
				     &pulled->referrers.listed.v[i], ref);
		(void)!cfs_stream_ref_remove(store, ref, &ignored);
	}
}
