/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/fsck.h"

#include <inttypes.h>
#include <stdio.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/fsck_report.h"
#include "cfsctl/oci/oci.h"
#include "cfsctl/oci/repair.h"
#include "ops/oci_findings.h"

struct options {
	struct cfs_fsck_options check;
	bool repair;
	struct cfs_opt_list from;
};

static const struct cfs_opt options[] = {
	CFS_FSCK_OPTIONS(
		struct options, check,
		"also hash every layer, and read what the kernel vouches for"),
	{ .name = "repair",
	  .help = "mend what is broken, and nothing else",
	  CFS_OPT_SETS(struct options, repair) },
	{ .name = "from",
	  .value = "FROM",
	  .help = "take what is lost from an image, as pull does, from a "
		  "repository or a directory; repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, from) },
	{ 0 },
};

struct report {
	struct cfs_fsck_report repo;
	struct cfs_oci_fsck count;
	struct cfs_oci_findings findings;
	struct cfs_oci_told told; /* printed with repo.repair */
};

static void report_free(struct report *report)
{
	cfs_oci_findings_free(&report->findings);
	cmd_oci_told_free(&report->told);
	cmd_fsck_report_free(&report->repo);
}

static void print_text(struct report *report)
{
	const struct cfs_oci_fsck *n = &report->count;

	cmd_fsck_report_print(&report->repo);
	if (report->repo.repair)
		cmd_oci_told_print(&report->told);
	printf("oci images: %" PRIu64 "/%" PRIu64 " ok\n",
	       n->images_checked - n->images_corrupted, n->images_checked);
	if (n->findings)
		printf("oci errors: %" PRIu64 "\n", n->findings);
	for (size_t i = 0; i < report->findings.n; i++) {
		const struct cfs_oci_finding f =
			cfs_oci_findings_get(&report->findings, i);
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		cfs_oci_finding_word(&f, &line);
		if (cfs_buf_text(&line))
			cmd_line(stdout, "  - %s", (char *)line.data);
	}
}

static void write_finding(struct cfs_json_writer *w,
			  const struct cfs_oci_finding *f)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "code", cfs_oci_fsck_code_name(f->code));
	cfs_json_write_text(w, "name", f->tag);
	cfs_json_write_text(w, "reason", f->reason);
	cfs_json_write_text(w, "digest", f->id ? f->id->text : NULL);
	if (f->object)
		cmd_json_digest(w, "object", f->object);
	else
		cfs_json_write_null(w, "object");
	cfs_json_write_end(w);
}

static void write_findings(struct cfs_json_writer *w,
			   const struct cfs_oci_findings *findings)
{
	cfs_oci_findings_write_lines(findings, w);
	cfs_json_write_array(w, "findings", CFS_JSON_LINES);
	for (size_t i = 0; i < findings->n; i++) {
		const struct cfs_oci_finding f =
			cfs_oci_findings_get(findings, i);

		write_finding(w, &f);
	}
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
	if (report->repo.repair)
		cmd_oci_told_json(&report->told, &w);
	write_findings(&w, &report->findings);
	cfs_json_write_object(&w, "repo", CFS_JSON_LINES);
	cmd_fsck_report_json(&report->repo, &w);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

/* Checks the images in @repo, which was checked for @report. */
static int check_images(const struct cfs_repo *repo, const struct options *o,
			const char *name, struct report *report,
			struct cfs_err *err)
{
	const struct cfs_oci_fsck_params params = {
		.name = name,
		.read_data = o->check.read_data,
		.good = &report->repo.checked.good,
		.found = cfs_oci_findings_add,
		.arg = &report->findings,
	};
	int r = cfs_oci_fsck(repo, &params, &report->count, err);

	return r < 0 ? r : cfs_oci_findings_check(&report->findings, err);
}

/* Checks the repository, and repairs it object by object if that is wanted. */
static int check_repo(const struct cfs_call *call, struct cfs_repo *ret_repo,
		      struct report *report, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_opt_list paths;
	int r = o->repair ? cmd_oci_repair_paths(call->g, &o->from, &paths, err)
			  : 0;

	return r < 0 ? r
		     : cmd_fsck_report_check(call->g, &o->check,
					     o->repair ? &paths : NULL,
					     ret_repo, &report->repo, err);
}

/* Mends what is wrong with images, and checks the repository again.  @repo is
 * closed meanwhile: a repair removes temporary files that were left behind,
 * unless another process holds the lock. */
static int mend(const struct cfs_call *call, struct cfs_repo *repo,
		struct report *report, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_oci_repair_choice choice = {
		.from = &o->from,
		.name = call->operand[0],
		.read_data = o->check.read_data,
		.threads = o->check.threads,
	};
	int r;

	cfs_repo_close(repo);
	cfs_oci_findings_free(&report->findings);
	r = cmd_oci_repair(call->g, &choice, &report->repo, &report->told, err);
	return r < 0 ? r
		     : cmd_fsck_report_again(call->g, &o->check, repo,
					     &report->repo, err);
}

/* Checks, and, if something is left that is to be mended, mends it and checks
 * once more. */
static int check(const struct cfs_call *call, struct report *report,
		 struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *name = call->operand[0];
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = check_repo(call, &repo, report, err);

	if (r == 0)
		r = check_images(&repo, o, name, report, err);
	if (r < 0 || !o->repair || is_ok(report))
		return r;
	r = mend(call, &repo, report, err);
	return r < 0 ? r : check_images(&repo, o, name, report, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	__attribute__((cleanup(report_free))) struct report report = { 0 };
	int r = cmd_fsck_options_check(&o->check, err);

	if (r == 0 && o->from.n > 0 && !o->repair)
		r = cfs_fail(err, CFS_EUSAGE, "--from needs --repair");
	if (r == 0)
		r = check(call, &report, err);
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
