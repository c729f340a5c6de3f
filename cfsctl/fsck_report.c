/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/fsck_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cli/progress.h"

/* "N/M ok", or that nothing was looked at: never "ok" of what was not. */
static void print_count(const char *what, uint64_t checked, uint64_t corrupted)
{
	printf("%s: %" PRIu64 "/%" PRIu64 " ok\n", what, checked - corrupted,
	       checked);
}

static void print_counts(const struct cfs_fsck_report *report)
{
	const struct cfs_fsck *n = &report->count;

	printf("meta.json: %s\n", report->has_meta	? "ok"
				  : report->meta_broken ? "error"
							: "absent");
	if (report->metadata_only)
		puts("objects: not checked");
	else
		print_count("objects", n->objects_checked,
			    n->objects_corrupted);
	print_count("streams", n->streams_checked, n->streams_corrupted);
	print_count("images", n->images_checked, n->images_corrupted);
	if (n->broken_links)
		printf("broken symlinks: %" PRIu64 "\n", n->broken_links);
	if (n->missing_objects)
		printf("missing objects: %" PRIu64 "\n", n->missing_objects);
}

void cmd_fsck_report_print(struct cfs_fsck_report *report)
{
	const struct cfs_findings *f = &report->findings;
	const struct cfs_fsck *n = &report->count;

	print_counts(report);
	if (report->repair)
		cmd_mended_print(&report->mended);
	if (n->warnings) {
		printf("warnings: %" PRIu64 "\n", n->warnings);
		cmd_findings_print_warnings(f);
	}
	if (n->findings == 0)
		puts("status: ok");
	else
		printf("status: %" PRIu64 " error(s)\n", n->findings);
	cmd_findings_print_errors(f);
	cmd_findings_print_cures(f);
}

void cmd_fsck_report_json(struct cfs_fsck_report *report,
			  struct cfs_json_writer *w)
{
	const struct cfs_fsck *n = &report->count;

	cfs_json_write_bool(w, "ok", n->findings == 0);
	cfs_json_write_bool(w, "has_metadata", report->has_meta);
	cfs_json_write_u64(w, "objects_checked", n->objects_checked);
	cfs_json_write_u64(w, "objects_corrupted", n->objects_corrupted);
	cfs_json_write_u64(w, "streams_checked", n->streams_checked);
	cfs_json_write_u64(w, "streams_corrupted", n->streams_corrupted);
	cfs_json_write_u64(w, "images_checked", n->images_checked);
	cfs_json_write_u64(w, "images_corrupted", n->images_corrupted);
	cfs_json_write_u64(w, "broken_links", n->broken_links);
	cfs_json_write_u64(w, "missing_objects", n->missing_objects);
	if (report->repair)
		cmd_mended_json(&report->mended, w);
	cmd_findings_json(&report->findings, w);
}

int cmd_fsck_options_check(const struct cfs_fsck_options *o,
			   struct cfs_err *err)
{
	if (o->read_data && o->metadata_only)
		return cfs_fail(err, CFS_EUSAGE,
				"--read-data and --metadata-only exclude each "
				"other");
	return 0;
}

int cmd_fsck_report_check(const struct cfs_globals *g,
			  const struct cfs_fsck_options *o,
			  struct cfs_fsck_report *report, struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = {
		.metadata_only = o->metadata_only,
		.read_data = o->read_data,
		.threads = o->threads,
		.found = cmd_findings_add,
		.arg = &report->findings,
	};
	char objects[sizeof(g->repo) + sizeof("/objects")];
	struct cfs_err why;
	int r = cmd_open_damaged(g, &repo, &why, err);

	if (r == 0)
		r = cmd_demands_verity(g, &repo, err);
	if (r < 0)
		return r;
	params.secure = r > 0;
	params.meta_error = why.code ? why.msg : NULL;
	report->has_meta = repo.has_meta;
	report->meta_broken = why.code;
	report->metadata_only = o->metadata_only;
	cmd_findings_names(&report->findings, &repo);
	snprintf(objects, sizeof(objects), "%s/objects", g->repo);
	if (!o->metadata_only)
		cmd_progress_start(&progress, "checked", 0, objects);
	params.done = cmd_progress_counter(&progress);
	r = cfs_repo_fsck(&repo, &params, &report->count, err);
	return r < 0 ? r : cmd_findings_check(&report->findings, err);
}

void cmd_fsck_report_free(struct cfs_fsck_report *report)
{
	cmd_findings_free(&report->findings);
	cmd_mended_free(&report->mended);
}
