/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The documents of an image: no text is both an index and a manifest, what is
 * accepted lies in the ranges that oci/manifest.h promises, and the two readers
 * of an index agree.
 */
#include "oci/manifest.h"

#include <assert.h>
#include <string.h>

#include "oci/json_doc.h"
#include "tests/fuzz/fuzz.h"

static struct cfs_err err;

static void check_error(int r)
{
	assert(r == -EINVAL || r == -EOPNOTSUPP || r == -EFBIG);
}

static void check_text(const char *text, size_t room)
{
	assert(memchr(text, '\0', room));
}

/* An id reads back as itself. */
static void check_id(const struct cfs_oci_id *id)
{
	const struct cfs_bytes text = { (const uint8_t *)id->text,
					strlen(id->text) };
	struct cfs_oci_id again;

	assert(cfs_oci_id_parse(text, &again, &err) == 0);
	assert(cfs_oci_id_equal(&again, id) && again.alg == id->alg);
	assert(strlen(cfs_oci_id_hex(id)) ==
	       2 * cfs_content_hash_size(id->alg));
}

static void check_platform(const struct cfs_oci_platform *p)
{
	char text[CFS_OCI_PLATFORM_MAX];

	check_text(p->os, sizeof(p->os));
	check_text(p->arch, sizeof(p->arch));
	check_text(p->variant, sizeof(p->variant));
	cfs_oci_platform_text(p, text);
	check_text(text, sizeof(text));
	assert(cfs_oci_platform_fits(p, p));
}

static void check_descriptor(const struct cfs_oci_descriptor *d)
{
	check_text(d->media_type, sizeof(d->media_type));
	check_text(d->artifact_type, sizeof(d->artifact_type));
	check_text(d->tag, sizeof(d->tag));
	check_id(&d->id);
	if (d->has_platform)
		check_platform(&d->platform);
}

/* Entries of an index that were seen one by one. */
struct seen {
	size_t n, bad;
};

static int see(void *ctx, const struct cfs_oci_descriptor *d,
	       const struct cfs_err *why, struct cfs_err *e)
{
	struct seen *seen = ctx;

	(void)e;
	seen->n++;
	if (d)
		check_descriptor(d);
	else
		assert(why->code && *why->msg);
	seen->bad += !d;
	return 0;
}

static bool is_index(struct cfs_bytes text)
{
	struct cfs_oci_descriptors list = { 0 };
	struct seen seen = { 0 };
	int each = cfs_oci_index_each(text, see, &seen, &err);
	int r = cfs_oci_index_parse(text, &list, &err);

	if (each < 0)
		check_error(each);
	assert((r == 0) == (each == 0 && seen.bad == 0));
	assert(seen.n <= CFS_OCI_INDEX_MAX);
	if (r == 0)
		assert(list.n == seen.n);
	else
		check_error(r);
	cfs_oci_descriptors_free(&list);
	return each == 0;
}

static bool is_manifest(struct cfs_bytes text)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	int r = cfs_oci_manifest_parse(text, &m, &err);

	if (r < 0) {
		check_error(r);
		return false;
	}
	check_text(m.media_type, sizeof(m.media_type));
	check_text(m.artifact_type, sizeof(m.artifact_type));
	check_descriptor(&m.config);
	if (m.has_subject)
		check_descriptor(&m.subject);
	assert(m.layers.n <= CFS_OCI_LAYERS_MAX);
	for (size_t i = 0; i < m.layers.n; i++)
		check_descriptor(&m.layers.v[i]);
	return true;
}

static void try_config(struct cfs_bytes text)
{
	CFS_AUTOCONFIG struct cfs_oci_config c = { 0 };
	int r = cfs_oci_config_parse(text, &c, &err);

	if (r < 0) {
		check_error(r);
		return;
	}
	check_platform(&c.platform);
	check_text(c.created, sizeof(c.created));
	assert(c.n_diff_ids <= CFS_OCI_LAYERS_MAX);
	for (size_t i = 0; i < c.n_diff_ids; i++)
		check_id(&c.diff_ids[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfs_bytes text = { data, size };
	bool index = is_index(text), manifest = is_manifest(text);
	int kind = cfs_oci_document_kind(text, &err);

	assert(!index || !manifest);
	assert(!index || kind == CFS_OCI_INDEX);
	assert(!manifest || kind == CFS_OCI_MANIFEST);
	if (kind < 0)
		check_error(kind);
	try_config(text);
	return 0;
}
