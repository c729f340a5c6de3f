/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/findings.h"
#include "cfsctl/mend.h"

struct options {
	bool json, metadata_only, read_data, repair;
	struct cfs_opt_list from;
	unsigned threads;
};

static const struct cfs_opt options[] = {
	{ .name = "json",
	  .help = "print JSON, and succeed whatever is found",
	  CFS_OPT_SETS(struct options, json) },
	{ .name = "metadata-only",
	  .help = "skip the objects",
	  CFS_OPT_SETS(struct options, metadata_only) },
	{ .name = "read-data",
	  .help = "read also what the kernel vouches for",
	  CFS_OPT_SETS(struct options, read_data) },
	{ .name = "repair",
	  .help = "replace missing and damaged objects (requires --from)",
	  CFS_OPT_SETS(struct options, repair) },
	{ .name = "from",
	  .value = "PATH",
	  .help = "a directory or repository to take good objects from; "
		  "repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, from) },
	CFS_OPT_THREADS(struct options, threads),
	{ 0 },
};

/* Checks after which something was mended, at most: an image first, then what
 * it needs. */
#define ROUNDS_MAX 8

struct report {
	struct cfs_findings findings;
	struct cfs_mended mended;
	struct cfs_fsck count;
	bool has_meta, meta_broken, metadata_only, repair;
};

/* "N/M ok", or that nothing was looked at: never "ok" of what was not. */
static void print_count(const char *what, uint64_t checked, uint64_t corrupted)
{
	printf("%s: %" PRIu64 "/%" PRIu64 " ok\n", what, checked - corrupted,
	       checked);
}

static void print_counts(const struct report *report)
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

static void print_text(struct report *report)
{
	const struct cfs_findings *f = &report->findings;
	const struct cfs_fsck *n = &report->count;

	print_counts(report);
	if (report->repair)
		cmd_mended_print(&report->mended);
	if (n->warnings) {
		printf("warnings: %" PRIu64 "\n", n->warnings);
		cmd_findings_print(f, true);
	}
	if (n->findings == 0)
		puts("status: ok");
	else
		printf("status: %" PRIu64 " error(s)\n", n->findings);
	cmd_findings_print(f, false);
	cmd_findings_print_cures(f);
}

static int print_json(struct report *report, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	const struct cfs_fsck *n = &report->count;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_bool(&w, "ok", n->findings == 0);
	cfs_json_write_bool(&w, "has_metadata", report->has_meta);
	cfs_json_write_u64(&w, "objects_checked", n->objects_checked);
	cfs_json_write_u64(&w, "objects_corrupted", n->objects_corrupted);
	cfs_json_write_u64(&w, "streams_checked", n->streams_checked);
	cfs_json_write_u64(&w, "streams_corrupted", n->streams_corrupted);
	cfs_json_write_u64(&w, "images_checked", n->images_checked);
	cfs_json_write_u64(&w, "images_corrupted", n->images_corrupted);
	cfs_json_write_u64(&w, "broken_links", n->broken_links);
	cfs_json_write_u64(&w, "missing_objects", n->missing_objects);
	if (report->repair)
		cmd_mended_json(&report->mended, &w);
	cmd_findings_json(&report->findings, &w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int check(const struct cfs_globals *g, struct report *report,
		 struct cfs_fsck_params *params, struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	char objects[sizeof(g->repo) + sizeof("/objects")];
	struct cfs_err why;
	int r = cmd_open_damaged(g, &repo, &why, err);

	if (r == 0)
		r = cmd_demands_verity(g, &repo, err);
	if (r < 0)
		return r;
	params->secure = r > 0;
	params->meta_error = why.code ? why.msg : NULL;
	report->has_meta = repo.has_meta;
	report->meta_broken = why.code;
	report->metadata_only = params->metadata_only;
	cmd_findings_names(&report->findings, &repo);
	snprintf(objects, sizeof(objects), "%s/objects", g->repo);
	if (!params->metadata_only)
		cmd_progress_start(&progress, "checked", 0, objects);
	params->done = cmd_progress_counter(&progress);
	r = cfs_repo_fsck(&repo, params, &report->count, err);
	return r < 0 ? r : cmd_findings_check(&report->findings, err);
}

/* Checks, and mends until there is nothing left that can be. */
static int check_and_mend(const struct cfs_globals *g, const struct options *o,
			  struct report *report, struct cfs_fsck_params *params,
			  struct cfs_err *err)
{
	int r = check(g, report, params, err);

	for (int i = 0; r == 0 && o->repair && i < ROUNDS_MAX; i++) {
		r = cmd_mend(g, &report->findings, &o->from, o->threads,
			     &report->mended, err);
		if (r <= 0)
			break;
		cmd_findings_free(&report->findings);
		report->count = (struct cfs_fsck){ 0 };
		r = check(g, report, params, err);
	}
	return r;
}

static int fsck(const struct cfs_globals *g, const struct options *o,
		struct cfs_err *err)
{
	struct report report = { .repair = o->repair };
	struct cfs_fsck_params params = {
		.metadata_only = o->metadata_only,
		.read_data = o->read_data,
		.threads = o->threads,
		.found = cmd_findings_add,
		.arg = &report.findings,
	};
	int r = check_and_mend(g, o, &report, &params, err);

	if (r == 0 && o->json)
		r = print_json(&report, err);
	else if (r == 0)
		print_text(&report);
	if (r == 0 && !o->json && report.count.findings > 0)
		r = cfs_fail(err, EBADMSG, "repository integrity check failed");
	cmd_findings_free(&report.findings);
	cmd_mended_free(&report.mended);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;

	if (o->read_data && o->metadata_only)
		return cfs_fail(err, CFS_EUSAGE,
				"--read-data and --metadata-only exclude each "
				"other");
	if (o->repair != (o->from.n > 0))
		return cfs_fail(err, CFS_EUSAGE,
				"--repair and --from go together");
	return fsck(call->g, o, err);
}

const struct cfs_cmd cmd_fsck = {
	.name = "fsck",
	.help = "verify all objects, streams, images and names",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
