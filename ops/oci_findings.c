/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/oci_findings.h"

#include <string.h>

struct cfs_kept_oci_finding {
	enum cfs_oci_fsck_code code;
	char *tag, *reason; /* owned */
	struct cfs_oci_id id;
	struct cfs_digest object;
	bool has_id, has_object;
};

void cfs_oci_findings_free(struct cfs_oci_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->v[i].tag);
		free(findings->v[i].reason);
	}
	cfs_vec_free(findings);
}

void cfs_oci_findings_add(void *arg, const struct cfs_oci_finding *finding)
{
	struct cfs_oci_findings *findings = arg;
	struct cfs_kept_oci_finding *k = cfs_vec_new(findings);

	if (!k)
		return;
	k->code = finding->code;
	k->tag = strdup(finding->tag);
	k->reason = strdup(finding->reason);
	findings->failed |= !k->tag || !k->reason;
	k->has_id = finding->id;
	k->has_object = finding->object;
	if (finding->id)
		k->id = *finding->id;
	if (finding->object)
		k->object = *finding->object;
}

struct cfs_oci_finding cfs_oci_findings_get(
	const struct cfs_oci_findings *findings, size_t i)
{
	const struct cfs_kept_oci_finding *k = &findings->v[i];

	return (struct cfs_oci_finding){
		.code = k->code,
		.tag = k->tag,
		.reason = k->reason,
		.id = k->has_id ? &k->id : NULL,
		.object = k->has_object ? &k->object : NULL,
	};
}

int cfs_oci_findings_check(const struct cfs_oci_findings *findings,
			   struct cfs_err *err)
{
	return cfs_vec_check(findings, err);
}

void cfs_oci_findings_write_lines(const struct cfs_oci_findings *findings,
				  struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "errors", CFS_JSON_LINES);
	for (size_t i = 0; i < findings->n; i++) {
		const struct cfs_oci_finding f =
			cfs_oci_findings_get(findings, i);
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		cfs_oci_finding_word(&f, &line);
		cfs_json_write_buf(w, NULL, &line);
	}
	cfs_json_write_end(w);
}
