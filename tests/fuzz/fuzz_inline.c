/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of sealing annotations and labels.  What is read obeys the rules
 * of the header.  What is written into a manifest is a manifest of the same
 * layers and configuration, reads back as what was written, and is the same
 * when it is written again.  A label is found where it was put.
 */
#include <assert.h>
#include <string.h>

#include "fsverity/signature.h"
#include "oci/seal/inline.h"
#include "tests/fuzz/fuzz.h"

static const struct cfs_oci_id id;

static void check_entries(const struct cfs_seal_artifact *a,
			  const struct cfs_seal_blobs *blobs)
{
	bool merged = false;

	assert(a->form == CFS_SEAL_INLINE && a->alg == CFS_ALG_SHA256);
	assert(a->n >= 1 && a->n <= 3);
	for (unsigned i = 0; i < a->n; i++) {
		const struct cfs_seal_entry *e = &a->v[i];

		assert(e->digest.alg == a->alg);
		assert(e->role != CFS_SEAL_MANIFEST &&
		       e->role != CFS_SEAL_LAYER);
		assert(i == 0 || e->role > a->v[i - 1].role);
		assert(e->size == blobs->v[e->role].len);
		assert(e->size <= CFS_SIGNATURE_MAX + 2);
		assert(e->is_signed == (e->size > 0));
		merged |= e->role == CFS_SEAL_MERGED;
	}
	assert(merged);
}

static void check_read(struct cfs_bytes text)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	static struct cfs_seal_artifact a;
	struct cfs_err err = { 0 };
	int r = cfs_seal_inline_read(&id, text, CFS_ALG_SHA256, &a, &blobs,
				     &err);

	if (r > 0)
		check_entries(&a, &blobs);
	else
		assert(r == 0 || *err.msg);
}

/* Is @b the manifest @a, but for annotations? */
static void check_same(struct cfs_bytes a, struct cfs_bytes b)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest x = { 0 };
	CFS_AUTOMANIFEST struct cfs_oci_manifest y = { 0 };
	struct cfs_err err;

	assert(cfs_oci_manifest_parse(a, &x, &err) == 0);
	/* It may have grown beyond a limit. */
	if (cfs_oci_manifest_parse(b, &y, &err) < 0) {
		assert(err.code == EFBIG || err.code == E2BIG);
		return;
	}
	assert(x.layers.n == y.layers.n);
	assert(cfs_oci_id_equal(&x.config.id, &y.config.id));
	for (size_t i = 0; i < x.layers.n; i++)
		assert(cfs_oci_id_equal(&x.layers.v[i].id, &y.layers.v[i].id));
}

static void check_write(struct cfs_bytes text)
{
	static const struct cfs_digest layer = { .alg = CFS_ALG_SHA256 };
	struct cfs_seal_facts facts = { .alg = CFS_ALG_SHA256,
					.layers = &layer,
					.n_layers = 1 };
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs back = { 0 };
	CFS_AUTOBUF struct cfs_buf once = { 0 };
	CFS_AUTOBUF struct cfs_buf twice = { 0 };
	static struct cfs_seal_artifact a;
	struct cfs_err err;
	int r;

	cfs_seal_facts_set(&facts, CFS_SEAL_CONFIG, &layer);
	cfs_seal_facts_set(&facts, CFS_SEAL_MERGED, &layer);
	cfs_buf_adds(&blobs.v[CFS_SEAL_MERGED], "\x80sig");
	if (cfs_seal_inline_write(text, &facts, &blobs, true, &once, &err) < 0)
		return;
	check_same(text, cfs_buf_bytes(&once));
	r = cfs_seal_inline_read(&id, cfs_buf_bytes(&once), CFS_ALG_SHA256, &a,
				 &back, &err);
	/* A role in a wrong place stays where it is, and is refused. */
	if (r <= 0)
		return;
	assert(a.n == 2 && a.v[1].is_signed && !a.v[0].is_signed);
	assert(back.v[CFS_SEAL_MERGED].len == 4);
	assert(cfs_seal_inline_write(cfs_buf_bytes(&once), &facts, &blobs, true,
				     &twice, &err) == 0);
	assert(once.len == twice.len &&
	       memcmp(once.data, twice.data, once.len) == 0);
}

/* Returns the configuration with the label @name, whose value is @value.  With
 * escapes in a key there may be two of the same name: then it cannot be
 * parsed, and the result is false. */
static bool label(struct cfs_bytes text, const char *name, const char *value,
		  struct cfs_oci_config *ret)
{
	const struct cfs_seal_label label = { name, value };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_err err;

	return cfs_seal_set_label(text, &label, &out, &err) == 0 &&
	       cfs_oci_config_parse(cfs_buf_bytes(&out), ret, &err) == 0;
}

static void check_label(struct cfs_bytes text)
{
	static const struct cfs_digest zero = { .alg = CFS_ALG_SHA256 };
	CFS_AUTOCONFIG struct cfs_oci_config before = { 0 };
	CFS_AUTOCONFIG struct cfs_oci_config sealed = { 0 };
	CFS_AUTOCONFIG struct cfs_oci_config ipe = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err err;

	cfs_digest_to_hex(&zero, hex);
	if (cfs_oci_config_parse(text, &before, &err) < 0)
		return;
	if (label(text, CFS_SEAL_LABEL, hex, &sealed)) {
		assert(strcmp(sealed.sealed, hex) == 0);
		assert(before.n_diff_ids == sealed.n_diff_ids);
		assert(before.program_objects == sealed.program_objects);
	}
	if (label(text, CFS_OCI_IPE_LABEL, "1", &ipe)) {
		assert(ipe.program_objects);
		assert(strcmp(before.sealed, ipe.sealed) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct cfs_bytes text = { data, size };

	check_read(text);
	check_write(text);
	check_label(text);
	return 0;
}
