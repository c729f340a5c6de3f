/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl gc: removes what nothing needs. */
#include "cfsctl/gc.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/socket.h"
#include "ops/collect.h"
#include "varlink/read_reports.h"

static const struct cfs_opt options[] = {
	{ .name = "dry-run",
	  .letter = 'n',
	  .help = "remove nothing; print what would be removed, and what "
		  "would be freed without each name",
	  CFS_OPT_SETS(struct cfs_gc_options, dry_run) },
	{ .name = "root",
	  .letter = 'r',
	  .value = "NAME",
	  .help = "keep this image or stream, too; repeatable",
	  .takes = CFS_TAKES_IMAGE,
	  CFS_OPT_SETS(struct cfs_gc_options, root) },
	{ .name = "roots-from-boot",
	  .value = "DIR",
	  .help = "keep what the boot partition mounted there can boot, too; "
		  "repeatable",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct cfs_gc_options, roots_from_boot) },
	{ .name = "ignore-broken-entries",
	  .help = "go on if a boot entry, or the list of deployments, cannot "
		  "be read, which may remove the image that it boots",
	  CFS_OPT_SETS(struct cfs_gc_options, ignore_broken_entries) },
	{ .name = "why",
	  .value = "OBJECT",
	  .help = "explain what this object is kept for, and remove nothing; "
		  "repeatable",
	  CFS_OPT_SETS(struct cfs_gc_options, why) },
	CFS_OPT_JSON(struct cfs_gc_options, json),
	{ 0 },
};

/* A collection and what came of it. */
struct job {
	const struct cfs_globals *g;
	const struct cfs_gc_options *o;
	const struct cfs_repo *repo;
	struct cfs_gc *gc; /* NULL: a service collects */
	struct cfs_gc_result result;
	struct cfs_gc_findings findings;
	bool dry_run;
	unsigned stops; /* findings that stopped it */
};

static void print_extra(const char *what, uint64_t n)
{
	if (n)
		printf("%s: %" PRIu64 " removed\n", what, n);
}

static int print_text(struct job *job, struct cfs_err *err)
{
	const struct cfs_gc_result *n = &job->result;
	int r = 0;

	cmd_gc_findings_print(&job->findings);
	if (job->stops)
		return 0;
	if (job->dry_run)
		puts("Dry run (no files deleted):");
	printf("Objects: %" PRIu64 " removed (%" PRIu64 " bytes)\n",
	       n->objects_removed, n->objects_bytes);
	if (n->images_pruned + n->streams_pruned)
		printf("Pruned symlinks: %" PRIu64 " images, %" PRIu64
		       " streams\n",
		       n->images_pruned, n->streams_pruned);
	print_extra("Signatures", n->signatures_pruned);
	print_extra("Temporary files", n->temporary);
	if (!job->gc)
		return 0;
	if (job->dry_run)
		r = cmd_gc_names_print(job->gc, err);
	return r < 0 ? r
		     : cmd_gc_why(job->repo, job->gc, &job->o->why, NULL, err);
}

static int print_json(struct job *job, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	const struct cfs_gc_result *n = &job->result;
	int r = 0;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_object(&w, "result", CFS_JSON_LINES);
	cfs_json_write_u64(&w, "objects_removed", n->objects_removed);
	cfs_json_write_u64(&w, "objects_bytes", n->objects_bytes);
	cfs_json_write_u64(&w, "images_pruned", n->images_pruned);
	cfs_json_write_u64(&w, "streams_pruned", n->streams_pruned);
	cfs_json_write_u64(&w, "signatures_pruned", n->signatures_pruned);
	cfs_json_write_u64(&w, "temporary_files", n->temporary);
	cfs_json_write_u64(&w, "objects_kept", n->objects_kept);
	cfs_json_write_end(&w);
	cfs_json_write_bool(&w, "dry_run", job->dry_run);
	cfs_json_write_bool(&w, "stopped", job->stops > 0);
	if (job->gc && job->dry_run && !job->stops)
		cmd_gc_roots_json(job->gc, &w);
	if (job->gc && job->o->why.n > 0 && !job->stops)
		r = cmd_gc_why(job->repo, job->gc, &job->o->why, &w, err);
	if (r < 0)
		return r;
	cmd_gc_findings_json(&job->findings, &w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int report(struct job *job, struct cfs_err *err)
{
	int r = job->o->json ? print_json(job, err) : print_text(job, err);

	if (r == 0 && job->stops)
		return cfs_fail(
			err, EBADMSG,
			"nothing was removed: the errors above leave unknown "
			"what is still needed; repair the repository (`cfsctl "
			"fsck --repair`), or remove the names that lead there, "
			"or pass over boot entries and deployments "
			"(--ignore-broken-entries)");
	return r;
}

static int gc(struct job *job, struct cfs_err *err)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	const struct cfs_gc_options *o = job->o;
	const struct cfs_collect params = {
		.path = job->g->repo,
		.how = job->dry_run	 ? CFS_GC_COUNT
		       : job->g->no_sync ? CFS_GC_REMOVE_NO_SYNC
					 : CFS_GC_REMOVE,
		.roots = o->root.v,
		.n_roots = o->root.n,
		.boot = o->roots_from_boot.v,
		.n_boot = o->roots_from_boot.n,
		.ignore_broken = o->ignore_broken_entries,
		.waiting = cmd_waiting,
		.found = cmd_gc_finding_add,
		.arg = &job->findings,
	};
	int r = cfs_collect_garbage(job->repo, &params, &gc, &job->result, err);

	if (r < 0 && !o->json)
		cmd_gc_findings_print(&job->findings);
	if (r < 0)
		return r;
	job->gc = gc;
	job->stops = cfs_gc_stops(gc);
	return report(job, err);
}

/* Keeps a finding of the service. */
static void add_asked(void *arg, const struct cfs_gc_finding *finding)
{
	struct job *job = arg;

	job->stops += finding->stops;
	cmd_gc_finding_add(&job->findings, finding);
}

static int read_answer(struct job *job, const struct cfs_varlink_answer *answer,
		       struct cfs_err *err)
{
	bool stopped = answer->is_error &&
		       strcmp(answer->error,
			      "org.composefs.Repository.GcStopped") == 0;
	int r;

	if (answer->is_error && !stopped)
		return cfs_varlink_answer_fail(answer, err);
	r = cfs_varlink_read_gc_findings(answer, add_asked, job, err);
	if (r == 0 && !stopped)
		r = cfs_varlink_read_collected(answer, &job->result, err);
	if (r == 0 && stopped && job->stops == 0)
		r = cfs_varlink_answer_fail(answer, err);
	return r;
}

static const char *not_asked_for(const struct cfs_gc_options *o)
{
	return o->why.n > 0		  ? "--why"
	       : o->roots_from_boot.n > 0 ? "--roots-from-boot"
	       : o->ignore_broken_entries ? "--ignore-broken-entries"
					  : NULL;
}

/* Has the service collect. */
static int ask(struct job *job, struct cfs_err *err)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	const char *lacks = not_asked_for(job->o);
	struct cfs_varlink_answer answer;
	struct cfs_json_writer *w;
	int r;

	if (lacks)
		return cmd_socket_lacks(lacks, err);
	r = cmd_socket_open(job->g, &client, err);
	if (r < 0)
		return r;
	w = cmd_socket_call(&client, "Repository.Gc");
	cfs_json_write_bool(w, "dry_run", job->dry_run);
	cfs_json_write_array(w, "roots", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < job->o->root.n; i++)
		cfs_json_write_text(w, NULL, job->o->root.v[i]);
	cfs_json_write_end(w);
	r = cfs_varlink_ask(&client, &answer, err);
	if (r == 0)
		r = read_answer(job, &answer, err);
	return r < 0 ? r : report(job, err);
}

/* Collects here. */
static int collect(struct job *job, struct cfs_repo *repo, struct cfs_err *err)
{
	int r = job->dry_run ? 0 : cfs_access_make_writable(job->g->repo, err);

	if (r == 0)
		r = cmd_open_repo(job->g, repo, err);
	return r < 0 ? r : gc(job, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct job job = { .g = call->g, .o = call->options, .repo = &repo };
	int r;

	r = cmd_gc_why_check(&job.o->why, err);
	if (r < 0)
		return r;
	job.dry_run = job.o->dry_run || job.o->why.n > 0;
	r = call->g->socket ? ask(&job, err) : collect(&job, &repo, err);
	cmd_gc_findings_free(&job.findings);
	return r;
}

const struct cfs_cmd cmd_gc = {
	.name = "gc",
	.help = "remove objects that no image, stream or name needs",
	.options = options,
	.size = sizeof(struct cfs_gc_options),
	.allows_socket = true,
	.run = run,
};
