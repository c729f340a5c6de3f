/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/facts.h"

#include <assert.h>
#include <string.h>

#include "fsverity/merkle.h"

#define MANIFEST_TYPE "application/vnd.oci.image.manifest.v1+json"

/* Is @text what @id says? */
static int check(const char *what, struct cfs_bytes text,
		 const struct cfs_oci_id *id, struct cfs_err *err)
{
	struct cfs_oci_id have;
	int r = cfs_oci_id_of_bytes(id->alg, text, &have, err);

	if (r < 0 || cfs_oci_id_equal(&have, id))
		return r;
	return cfs_fail(err, EBADMSG, "the %s's digest is %s, expected %s",
			what, have.text, id->text);
}

static int set_text(struct cfs_seal_facts *facts, enum cfs_seal_role role,
		    struct cfs_bytes text, struct cfs_err *err)
{
	struct cfs_digest digest;
	int r = cfs_verity_digest_bytes(facts->alg, text, &digest, err);

	if (r == 0)
		cfs_seal_facts_set(facts, role, &digest);
	return r;
}

static void set_subject(struct cfs_seal_facts *facts,
			const struct cfs_oci_manifest *m,
			const struct cfs_oci_id *id, size_t size)
{
	const char *type = *m->media_type ? m->media_type : MANIFEST_TYPE;

	strcpy(facts->subject.media_type, type);
	facts->subject.id = *id;
	facts->subject.size = size;
	facts->n_layers = m->layers.n;
}

int cfs_seal_facts_begin(const struct cfs_oci_id *id, struct cfs_bytes manifest,
			 struct cfs_bytes config, enum cfs_alg alg,
			 struct cfs_seal_facts *ret, struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	struct cfs_seal_facts facts = { .alg = alg };
	int r = check("manifest", manifest, id, err);

	if (r == 0)
		r = cfs_oci_manifest_parse(manifest, &m, err);
	if (r == 0 && !cfs_oci_manifest_is_container(&m))
		return cfs_fail(err, EINVAL,
				"only container images have digests to seal; "
				"the configuration is of type '%s'",
				m.config.media_type);
	if (r == 0)
		r = check("configuration", config, &m.config.id, err);
	if (r == 0)
		r = set_text(&facts, CFS_SEAL_MANIFEST, manifest, err);
	if (r == 0)
		r = set_text(&facts, CFS_SEAL_CONFIG, config, err);
	if (r < 0)
		return r;
	set_subject(&facts, &m, id, manifest.len);
	*ret = facts;
	return 0;
}

void cfs_seal_facts_set(struct cfs_seal_facts *facts, enum cfs_seal_role role,
			const struct cfs_digest *digest)
{
	assert(role != CFS_SEAL_LAYER && digest->alg == facts->alg);
	facts->role[role].known = true;
	facts->role[role].digest = *digest;
}
