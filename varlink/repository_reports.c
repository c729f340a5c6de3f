/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/repository_reports.h"

#include <string.h>

void cfs_varlink_write_digest(struct cfs_json_writer *w, const char *name,
			      const struct cfs_digest *id)
{
	if (!id)
		cfs_json_write_null(w, name);
	else
		cfs_json_write_hex(
			w, name,
			(struct cfs_bytes){ id->bytes, cfs_alg_size(id->alg) });
}

/* One line about @finding.  Its beginning is that of composefs-rs, which
 * clients look for. */
static void write_line(const struct cfs_finding *finding,
		       struct cfs_json_writer *w)
{
	CFS_AUTOBUF struct cfs_buf line = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_buf_addf(&line, "fsck: %s: %s", cfs_fsck_code_name(finding->code),
		     finding->where);
	if (finding->measured) {
		cfs_digest_to_hex(finding->measured, hex);
		cfs_buf_addf(&line, ": measured %s", hex);
	} else if (finding->files_total > 0 && finding->object) {
		cfs_digest_to_hex(finding->object, hex);
		cfs_buf_addf(&line, ": %s", hex);
	}
	if (finding->reason)
		cfs_buf_addf(&line, ": %s", finding->reason);
	cfs_json_write_buf(w, NULL, &line);
}

static void write_errors(const struct cfs_findings *f,
			 struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "errors", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cfs_findings_get(f, i);

		if (!cfs_fsck_is_warning(finding->code))
			write_line(finding, w);
	}
	cfs_json_write_end(w);
}

void cfs_varlink_write_users(const struct cfs_findings *f,
			     const struct cfs_finding *finding,
			     struct cfs_json_writer *w)
{
	const char *name;
	size_t at = 0;

	cfs_json_write_array(w, "names", CFS_JSON_ONE_LINE);
	while ((name = cfs_findings_next_name(f, finding, &at)))
		cfs_json_write_text(w, NULL, name);
	cfs_json_write_end(w);
	cfs_json_write_array(w, "files", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < finding->n_files; i++)
		cfs_json_write_text(w, NULL, finding->files[i]);
	cfs_json_write_end(w);
	cfs_json_write_u64(w, "files_total", finding->files_total);
}

static void write_finding(const struct cfs_findings *f,
			  const struct cfs_finding *finding,
			  struct cfs_json_writer *w)
{
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "code", cfs_fsck_code_name(finding->code));
	cfs_json_write_bool(w, "warning", cfs_fsck_is_warning(finding->code));
	cfs_json_write_text(w, "path", finding->where);
	cfs_json_write_text(w, "reason", finding->reason);
	cfs_varlink_write_digest(w, "object", finding->object);
	cfs_varlink_write_digest(w, "measured", finding->measured);
	cfs_varlink_write_users(f, finding, w);
	cfs_json_write_end(w);
}

void cfs_varlink_write_counts(const struct cfs_check_result *checked,
			      struct cfs_json_writer *w)
{
	const struct cfs_fsck *n = &checked->count;

	cfs_json_write_bool(w, "ok", n->findings == 0);
	cfs_json_write_bool(w, "has_metadata", checked->has_meta);
	cfs_json_write_u64(w, "objects_checked", n->objects_checked);
	cfs_json_write_u64(w, "objects_corrupted", n->objects_corrupted);
	cfs_json_write_u64(w, "streams_checked", n->streams_checked);
	cfs_json_write_u64(w, "streams_corrupted", n->streams_corrupted);
	cfs_json_write_u64(w, "images_checked", n->images_checked);
	cfs_json_write_u64(w, "images_corrupted", n->images_corrupted);
	cfs_json_write_u64(w, "broken_links", n->broken_links);
	cfs_json_write_u64(w, "missing_objects", n->missing_objects);
}

void cfs_varlink_write_check(const struct cfs_check_result *checked,
			     struct cfs_json_writer *w)
{
	const struct cfs_findings *f = &checked->findings;

	cfs_varlink_write_counts(checked, w);
	write_errors(f, w);
	cfs_json_write_array(w, "findings", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < f->n; i++)
		write_finding(f, cfs_findings_get(f, i), w);
	cfs_json_write_end(w);
}

void cfs_varlink_gc_findings_free(struct cfs_varlink_gc_findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		free(findings->v[i].where);
		free(findings->v[i].reason);
	}
	cfs_vec_free(findings);
}

void cfs_varlink_gc_finding_add(void *arg, const struct cfs_gc_finding *finding)
{
	struct cfs_varlink_gc_findings *to = arg;
	struct cfs_varlink_gc_finding *kept = cfs_vec_new(to);

	if (!kept)
		return;
	kept->code = finding->code;
	kept->stops = finding->stops;
	kept->where = strdup(finding->where);
	kept->reason = strdup(finding->reason);
	to->failed |= !kept->where || !kept->reason;
}

void cfs_varlink_write_gc_findings(
	const struct cfs_varlink_gc_findings *findings,
	struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "findings", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < findings->n; i++) {
		const struct cfs_varlink_gc_finding *f = &findings->v[i];

		cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
		cfs_json_write_text(w, "code", cfs_gc_code_name(f->code));
		cfs_json_write_bool(w, "stops", f->stops);
		cfs_json_write_text(w, "path", f->where);
		cfs_json_write_text(w, "reason", f->reason);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

void cfs_varlink_write_collected(const struct cfs_gc_result *result,
				 struct cfs_json_writer *w)
{
	cfs_json_write_object(w, "result", CFS_JSON_ONE_LINE);
	cfs_json_write_u64(w, "objects_removed", result->objects_removed);
	cfs_json_write_u64(w, "objects_bytes", result->objects_bytes);
	cfs_json_write_u64(w, "images_pruned", result->images_pruned);
	cfs_json_write_u64(w, "streams_pruned", result->streams_pruned);
	cfs_json_write_u64(w, "signatures_pruned", result->signatures_pruned);
	cfs_json_write_u64(w, "temporary_files", result->temporary);
	cfs_json_write_u64(w, "objects_kept", result->objects_kept);
	cfs_json_write_end(w);
}
