/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/fsck_report.h"
#include "cfsctl/oci/oci.h"

struct options {
	struct cfs_fsck_options check;
};

static const struct cfs_opt options[] = {
	CFS_FSCK_OPTIONS(
		struct options, check,
		"also hash every layer, and read what the kernel vouches for"),
	{ 0 },
};

/* A copy of a struct cfs_oci_finding. */
struct kept {
	enum cfs_oci_fsck_code code;
	char *tag, *reason; /* owned */
	struct cfs_oci_id id;
	struct cfs_digest object;
	bool has_id, has_object;
};

struct report {
	struct cfs_fsck_report repo;
	struct cfs_oci_fsck count;
	struct cfs_buf kept; /* struct kept */
	bool no_memory;
};

static size_t n_kept(const struct report *report)
{
	return report->kept.len / sizeof(struct kept);
}

static struct kept *kept_at(const struct report *report, size_t i)
{
	return (struct kept *)(void *)report->kept.data + i;
}

static void report_free(struct report *report)
{
	for (size_t i = 0; i < n_kept(report); i++) {
		free(kept_at(report, i)->tag);
		free(kept_at(report, i)->reason);
	}
	cfs_buf_free(&report->kept);
	cmd_fsck_report_free(&report->repo);
}

static void keep(void *arg, const struct cfs_oci_finding *finding)
{
	struct report *report = arg;
	struct kept k = { .code = finding->code,
			  .tag = strdup(finding->tag),
			  .reason = strdup(finding->reason),
			  .has_id = finding->id,
			  .has_object = finding->object };

	if (finding->id)
		k.id = *finding->id;
	if (finding->object)
		k.object = *finding->object;
	if (k.tag && k.reason)
		cfs_buf_add(&report->kept, &k, sizeof(k));
	if (k.tag && k.reason && !report->kept.failed)
		return;
	free(k.tag);
	free(k.reason);
	report->no_memory = true;
}

static void word(const struct kept *k, struct cfs_buf *line)
{
	const struct cfs_oci_finding finding = { .code = k->code,
						 .tag = k->tag,
						 .reason = k->reason };

	cfs_oci_finding_word(&finding, line);
}

static void print_text(struct report *report)
{
	const struct cfs_oci_fsck *n = &report->count;

	cmd_fsck_report_print(&report->repo);
	printf("oci images: %" PRIu64 "/%" PRIu64 " ok\n",
	       n->images_checked - n->images_corrupted, n->images_checked);
	if (n->findings)
		printf("oci errors: %" PRIu64 "\n", n->findings);
	for (size_t i = 0; i < n_kept(report); i++) {
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		word(kept_at(report, i), &line);
		if (cfs_buf_text(&line))
			cmd_line(stdout, "  - %s", (char *)line.data);
	}
}

static void write_finding(struct cfs_json_writer *w, const struct kept *k)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "code", cfs_oci_fsck_code_name(k->code));
	cfs_json_write_text(w, "name", k->tag);
	cfs_json_write_text(w, "reason", k->reason);
	cfs_json_write_text(w, "digest", k->has_id ? k->id.text : NULL);
	if (k->has_object)
		cmd_json_digest(w, "object", &k->object);
	else
		cfs_json_write_null(w, "object");
	cfs_json_write_end(w);
}

static void write_findings(struct cfs_json_writer *w,
			   const struct report *report)
{
	cfs_json_write_array(w, "errors", CFS_JSON_LINES);
	for (size_t i = 0; i < n_kept(report); i++) {
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		word(kept_at(report, i), &line);
		cfs_json_write_buf(w, NULL, &line);
	}
	cfs_json_write_end(w);
	cfs_json_write_array(w, "findings", CFS_JSON_LINES);
	for (size_t i = 0; i < n_kept(report); i++)
		write_finding(w, kept_at(report, i));
	cfs_json_write_end(w);
}

static bool is_ok(const struct report *report)
{
	return report->repo.checked.count.findings == 0 &&
	       report->count.findings == 0;
}

static int print_json(struct report *report, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	const struct cfs_oci_fsck *n = &report->count;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_bool(&w, "ok", is_ok(report));
	cfs_json_write_u64(&w, "images_checked", n->images_checked);
	cfs_json_write_u64(&w, "images_corrupted", n->images_corrupted);
	write_findings(&w, report);
	cfs_json_write_object(&w, "repo", CFS_JSON_LINES);
	cmd_fsck_report_json(&report->repo, &w);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int check_images(const struct cfs_globals *g, const struct options *o,
			const char *name, struct report *report,
			struct cfs_err *err)
{
	const struct cfs_oci_fsck_params params = {
		.name = name,
		.read_data = o->check.read_data,
		.found = keep,
		.arg = report,
	};
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_err why;
	int r = cmd_open_damaged(g, &repo, &why, err);

	if (r == 0)
		r = cfs_oci_fsck(&repo, &params, &report->count, err);
	if (r == 0 && report->no_memory)
		r = cfs_no_memory(err);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(report_free))) struct report report = { 0 };
	const struct options *o = call->options;
	int r = cmd_fsck_options_check(&o->check, err);

	if (r == 0)
		r = cmd_fsck_report_check(call->g, &o->check, NULL,
					  &report.repo, err);
	if (r == 0)
		r = check_images(call->g, o, call->operand[0], &report, err);
	if (r == 0 && o->check.json)
		return print_json(&report, err);
	if (r == 0)
		print_text(&report);
	if (r == 0 && !is_ok(&report))
		r = cfs_fail(err, EBADMSG, "OCI integrity check failed");
	return r;
}

const struct cfs_cmd cmd_oci_fsck = {
	.name = "fsck",
	.help = "verify the repository and its OCI images",
	.operands = { { "IMAGE", .optional = true } },
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
