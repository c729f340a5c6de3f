/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Findings of a garbage collection, kept and printed. */
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/gc.h"

void cmd_gc_findings_free(struct cfs_gc_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->v[i].where);
		free(findings->v[i].reason);
	}
	cfs_vec_free(findings);
}

void cmd_gc_finding_add(void *arg, const struct cfs_gc_finding *finding)
{
	struct cfs_gc_findings *to = arg;
	struct cfs_gc_kept_finding kept = { .code = finding->code,
					    .stops = finding->stops,
					    .where = strdup(finding->where),
					    .reason = strdup(finding->reason) };

	if (cfs_vec_add(to, kept))
		return;
	free(kept.where);
	free(kept.reason);
}

static const char *text(const char *text)
{
	return text ? text : "(out of memory)";
}

void cmd_gc_findings_print(const struct cfs_gc_findings *findings)
{
	const struct cfs_gc_kept_finding *v = findings->v;

	for (size_t i = 0; i < findings->n; i++)
		cmd_line(stderr, "%s: %s: %s", v[i].stops ? "error" : "warning",
			 text(v[i].where), text(v[i].reason));
}

void cmd_gc_findings_json(const struct cfs_gc_findings *findings,
			  struct cfs_json_writer *w)
{
	const struct cfs_gc_kept_finding *v = findings->v;

	cfs_json_write_array(w, "findings", CFS_JSON_LINES);
	for (size_t i = 0; i < findings->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "code", cfs_gc_code_name(v[i].code));
		cfs_json_write_bool(w, "stops", v[i].stops);
		cfs_json_write_text(w, "where", text(v[i].where));
		cfs_json_write_text(w, "reason", text(v[i].reason));
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}
