/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <unistd.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/fsck_report.h"
#include "cfsctl/socket.h"
#include "varlink/read_reports.h"

struct options {
	struct cfs_fsck_options check;
	bool repair;
	struct cfs_opt_list from;
};

static const struct cfs_opt options[] = {
	CFS_FSCK_OPTIONS(struct options, check,
			 "read also what the kernel vouches for"),
	{ .name = "repair",
	  .help = "replace missing and damaged objects (requires --from)",
	  CFS_OPT_SETS(struct options, repair) },
	{ .name = "from",
	  .value = "PATH",
	  .help = "a directory or repository to take good objects from; "
		  "repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, from) },
	{ 0 },
};

static int print_json(const struct cfs_fsck_report *report, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cmd_fsck_report_json(report, &w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

/* Has the service check its repository. */
static int ask(const struct cfs_globals *g, const struct options *o,
	       struct cfs_fsck_report *report, struct cfs_err *err)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	struct cfs_varlink_answer answer;
	int r;

	if (o->repair || o->check.read_data || o->check.threads)
		return cmd_socket_lacks(o->repair	     ? "--repair"
					: o->check.read_data ? "--read-data"
							     : "--threads",
					err);
	r = cmd_socket_open(g, &client, err);
	if (r < 0)
		return r;
	report->metadata_only = o->check.metadata_only;
	cfs_json_write_bool(cmd_socket_call(&client, "Repository.Fsck"),
			    "metadata_only", o->check.metadata_only);
	r = cfs_varlink_ask_for(&client, &answer, err);
	return r < 0 ? r
		     : cfs_varlink_read_check(&answer, &report->checked, err);
}

static int fsck(const struct cfs_globals *g, const struct options *o,
		struct cfs_err *err)
{
	CFS_AUTOREPORT struct cfs_fsck_report report = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = g->socket ? ask(g, o, &report, err)
			  : cmd_fsck_report_check(g, &o->check, &o->from, &repo,
						  &report, err);

	/* A reader of the report must not keep others from the repository. */
	cfs_repo_close(&repo);
	if (r == 0 && o->check.json)
		r = print_json(&report, err);
	else if (r == 0)
		cmd_fsck_report_print(&report);
	if (r == 0 && !o->check.json && report.checked.count.findings > 0)
		r = cfs_fail(err, EBADMSG, "repository integrity check failed");
	return r;
}

/* A repository that needs nothing does not look for its sources. */
static int check_sources(const struct cfs_opt_list *from, struct cfs_err *err)
{
	for (unsigned i = 0; i < from->n; i++)
		if (access(from->v[i], F_OK) < 0)
			return cfs_fail_errno(err, "open %s", from->v[i]);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	int r = cmd_fsck_options_check(&o->check, err);

	if (r < 0)
		return r;
	if (o->repair != (o->from.n > 0))
		return cfs_fail(err, CFS_EUSAGE,
				"--repair and --from go together");
	r = check_sources(&o->from, err);
	return r < 0 ? r : fsck(call->g, o, err);
}

const struct cfs_cmd cmd_fsck = {
	.name = "fsck",
	.help = "verify all objects, streams, images and names",
	.options = options,
	.size = sizeof(struct options),
	.allows_socket = true,
	.run = run,
};
