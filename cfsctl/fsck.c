/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cfsctl/cfsctl.h"

struct report {
	struct cfs_buf text; /* "  - ..." lines */
	struct cfs_buf json; /* elements of a list */
	bool has_meta;
	struct cfs_fsck count;
};

static void note(void *arg, const char *finding)
{
	struct report *report = arg;

	cfs_buf_addf(&report->text, "  - %s\n", finding);
	cfs_buf_adds(&report->json, report->json.len ? ",\n    " : "\n    ");
	cfs_json_add_string(&report->json, finding);
}

static void print_text(struct report *report)
{
	const struct cfs_fsck *n = &report->count;

	printf("meta.json: %s\n", report->has_meta ? "ok" : "absent");
	printf("objects: %" PRIu64 "/%" PRIu64 " ok\n",
	       n->objects_checked - n->objects_corrupted, n->objects_checked);
	printf("streams: %" PRIu64 "/%" PRIu64 " ok\n",
	       n->streams_checked - n->streams_corrupted, n->streams_checked);
	printf("images: %" PRIu64 "/%" PRIu64 " ok\n",
	       n->images_checked - n->images_corrupted, n->images_checked);
	if (n->broken_links)
		printf("broken symlinks: %" PRIu64 "\n", n->broken_links);
	if (n->missing_objects)
		printf("missing objects: %" PRIu64 "\n", n->missing_objects);
	if (n->findings == 0)
		puts("status: ok");
	else
		printf("status: %" PRIu64 " error(s)\n%s", n->findings,
		       cfs_buf_text(&report->text));
}

static void print_json(struct report *report)
{
	const struct cfs_fsck *n = &report->count;

	printf("{\n  \"ok\": %s,\n  \"has_metadata\": %s,\n",
	       n->findings ? "false" : "true",
	       report->has_meta ? "true" : "false");
	printf("  \"objects_checked\": %" PRIu64 ",\n"
	       "  \"objects_corrupted\": %" PRIu64 ",\n"
	       "  \"streams_checked\": %" PRIu64 ",\n"
	       "  \"streams_corrupted\": %" PRIu64 ",\n",
	       n->objects_checked, n->objects_corrupted, n->streams_checked,
	       n->streams_corrupted);
	printf("  \"images_checked\": %" PRIu64 ",\n"
	       "  \"images_corrupted\": %" PRIu64 ",\n"
	       "  \"broken_links\": %" PRIu64 ",\n"
	       "  \"missing_objects\": %" PRIu64 ",\n",
	       n->images_checked, n->images_corrupted, n->broken_links,
	       n->missing_objects);
	printf("  \"errors\": [%s%s]\n}\n", cfs_buf_text(&report->json),
	       n->findings ? "\n  " : "");
}

static int fsck(const struct cfs_globals *g, struct report *report, bool json,
		struct cfs_fsck_params *params, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	r = cmd_open_repo(g, &repo, err);
	if (r == 0)
		r = cmd_demands_verity(g, &repo, err);
	if (r < 0)
		return r;
	params->secure = r > 0;
	report->has_meta = repo.has_meta;
	r = cfs_repo_fsck(&repo, params, &report->count, err);
	/* As a string each must end somewhere, also when it is empty. */
	if (r == 0 &&
	    (!cfs_buf_text(&report->text) || !cfs_buf_text(&report->json)))
		r = cfs_fail(err, ENOMEM, "out of memory");
	if (r < 0)
		return r;
	if (json) {
		print_json(report);
		return 0;
	}
	print_text(report);
	if (report->count.findings > 0)
		return cfs_fail(err, EBADMSG,
				"repository integrity check failed");
	return 0;
}

int cmd_fsck(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err)
{
	struct report report = { 0 };
	struct cfs_fsck_params params = { .found = note, .arg = &report };
	const char *threads = NULL;
	bool json = false;
	const struct cfs_opt opts[] = {
		{ .name = "json", .flag = &json },
		{ .name = "metadata-only", .flag = &params.metadata_only },
		{ .name = "read-data", .flag = &params.read_data },
		{ .name = "threads", .text = &threads },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 0, err);
	if (r == 0 && params.read_data && params.metadata_only)
		r = cfs_fail(err, CFS_EUSAGE,
			     "--read-data and --metadata-only exclude each "
			     "other");
	if (r == 0)
		r = cmd_parse_threads(threads, &params.threads, err);
	if (r == 0)
		r = fsck(g, &report, json, &params, err);
	cfs_buf_free(&report.text);
	cfs_buf_free(&report.json);
	return r;
}
