/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/fsck_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cli/progress_watch.h"
#include "cfsctl/findings.h"
#include "varlink/repository_reports.h"

/* "N/M ok", or that nothing was looked at: never "ok" of what was not. */
static void print_count(const char *what, uint64_t checked, uint64_t corrupted)
{
	printf("%s: %" PRIu64 "/%" PRIu64 " ok\n", what, checked - corrupted,
	       checked);
}

static void print_counts(const struct cfs_fsck_report *report)
{
	const struct cfs_fsck *n = &report->checked.count;

	printf("meta.json: %s\n", report->checked.has_meta	? "ok"
				  : report->checked.meta_broken ? "error"
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

static void print_mended(const struct cfs_mended *mended)
{
	char path[CFS_OBJECT_PATH_MAX];

	printf("mended: %zu\n", mended->objects.n + mended->images.n);
	for (size_t i = 0; i < mended->objects.n; i++) {
		cfs_digest_to_path(&mended->objects.v[i], path);
		printf("  - objects/%s\n", path);
	}
	for (size_t i = 0; i < mended->images.n; i++) {
		cfs_digest_to_hex(&mended->images.v[i], path);
		printf("  - images/%s\n", path);
	}
}

void cmd_fsck_report_print(const struct cfs_fsck_report *report)
{
	const struct cfs_findings *f = &report->checked.findings;
	const struct cfs_fsck *n = &report->checked.count;

	print_counts(report);
	if (report->repair)
		print_mended(&report->checked.mended);
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

static void write_mended(const struct cfs_mended *mended,
			 struct cfs_json_writer *w)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX];
	char object[CFS_OBJECT_PATH_MAX];

	cfs_json_write_array(w, "mended", CFS_JSON_LINES);
	for (size_t i = 0; i < mended->objects.n; i++) {
		cfs_digest_to_path(&mended->objects.v[i], object);
		snprintf(path, sizeof(path), "objects/%s", object);
		cfs_json_write_text(w, NULL, path);
	}
	for (size_t i = 0; i < mended->images.n; i++) {
		cfs_digest_to_hex(&mended->images.v[i], object);
		snprintf(path, sizeof(path), "images/%s", object);
		cfs_json_write_text(w, NULL, path);
	}
	cfs_json_write_end(w);
}

void cmd_fsck_report_json(const struct cfs_fsck_report *report,
			  struct cfs_json_writer *w)
{
	cfs_varlink_write_counts(&report->checked, w);
	if (report->repair)
		write_mended(&report->checked.mended, w);
	cmd_findings_json(&report->checked.findings, w);
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
			  const struct cfs_opt_list *from,
			  struct cfs_repo *ret_repo,
			  struct cfs_fsck_report *report, struct cfs_err *err)
{
	CFS_AUTOPROGRESSWATCH struct cfs_progress_watch progress = {
		.what = "checked",
	};
	const struct cfs_watch watch = cmd_progress_watch(&progress);
	const struct cfs_access access = cmd_access(g);
	const struct cfs_check params = {
		.metadata_only = o->metadata_only,
		.read_data = o->read_data,
		.threads = o->threads,
		.from = from ? from->v : NULL,
		.n_from = from ? from->n : 0,
		.watch = &watch,
	};

	report->metadata_only = o->metadata_only;
	report->repair = params.n_from > 0;
	return cfs_check_repository(&access, &params, ret_repo,
				    &report->checked, err);
}

int cmd_fsck_report_again(const struct cfs_globals *g,
			  const struct cfs_fsck_options *o,
			  struct cfs_repo *ret_repo,
			  struct cfs_fsck_report *report, struct cfs_err *err)
{
	bool repair = report->repair;
	int r;

	cfs_findings_free(&report->checked.findings);
	report->checked.count = (struct cfs_fsck){ 0 };
	r = cmd_fsck_report_check(g, o, NULL, ret_repo, report, err);
	report->repair = repair;
	return r;
}

void cmd_fsck_report_free(struct cfs_fsck_report *report)
{
	cfs_check_result_free(&report->checked);
}
