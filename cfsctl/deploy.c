/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl deploy: an image is booted next, on trial. */
#include "cfsctl/deploy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "erofs/reader.h"
#include "ops/deploy.h"
#include "ops/try_root.h"

#define KEEP_MAX 10000

struct options {
	struct cfs_deploy_options deploy;
};

static const struct cfs_opt options[] = {
	CFS_DEPLOY_OPTIONS(struct options, deploy),
	{ 0 },
};

static const struct options defaults = { .deploy = CFS_DEPLOY_DEFAULTS };

static int parse_number(const char *text, unsigned min, unsigned max,
			unsigned *to, struct cfs_err *err)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end || errno || n < min ||
	    n > max)
		return cfs_fail(err, CFS_EUSAGE,
				"'%s' is not a number from %u to %u", text, min,
				max);
	*to = (unsigned)n;
	return 0;
}

int cmd_deploy_tries(const char *text, void *to, struct cfs_err *err)
{
	return parse_number(text, 0, CFS_TRIES_MAX, to, err);
}

int cmd_deploy_keep(const char *text, void *to, struct cfs_err *err)
{
	return parse_number(text, 1, KEEP_MAX, to, err);
}

static const char *words_of(enum cfs_etc_clash clash)
{
	static const char *const words[] = {
		[CFS_ETC_BOTH_CHANGED] = "changed here and in the image",
		[CFS_ETC_IMAGE_REMOVED] = "changed here, removed in the image",
		[CFS_ETC_USER_REMOVED] = "removed here, changed in the image",
	};

	return words[clash];
}

static void print_state(const struct cfs_deployed *deployed)
{
	const struct cfs_state_made *state = &deployed->state;
	char hex[CFS_DIGEST_HEX_MAX];

	if (state->kept) {
		puts("Its state existed and was left as it is");
		return;
	}
	for (size_t i = 0; i < state->conflicts.n; i++)
		cmd_line(stdout, "conflict: %s: %s; kept as it is here",
			 state->conflicts.v[i].path,
			 words_of(state->conflicts.v[i].clash));
	if (!deployed->has_from)
		return;
	cfs_digest_to_hex(&deployed->from, hex);
	cmd_line(stdout, "/etc: %zu changes taken over from %s:%s",
		 state->users, cfs_alg_name(deployed->from.alg), hex);
}

static void print_old(const struct cfs_deployed *deployed)
{
	for (size_t i = 0; i < deployed->old.n; i++) {
		const struct cfs_deploy_old *old = &deployed->old.v[i];
		char hex[CFS_DIGEST_HEX_MAX];

		cfs_digest_to_hex(&old->id, hex);
		if (old->why)
			cmd_line(stderr, "warning: not removed: %s", old->why);
		else
			cmd_line(stdout, "Removed the deployment of %s:%s",
				 cfs_alg_name(old->id.alg), hex);
	}
}

static void print(const struct cfs_globals *g, const struct cfs_karg *karg,
		  const struct cfs_deployed *deployed)
{
	cmd_boot_print(g, karg, &deployed->boot);
	print_state(deployed);
	print_old(deployed);
	if (!deployed->next)
		cmd_line(stderr,
			 "warning: the boot loader starts another entry before "
			 "%s (`cfsctl deployments` shows which): choose it in "
			 "the menu, or with `bootctl set-oneshot`",
			 deployed->boot.entry);
}

static void write_conflicts(struct cfs_json_writer *w,
			    const struct cfs_etc_conflicts *list)
{
	cfs_json_write_array(w, "conflicts", CFS_JSON_LINES);
	for (size_t i = 0; i < list->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "path", list->v[i].path);
		cfs_json_write_text(w, "reason", words_of(list->v[i].clash));
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static int print_json(const struct cfs_deployed *deployed,
		      struct cfs_tried_root *tried, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	const char *marker = cfs_buf_text(&tried->marker);
	const char *said = cfs_buf_text(&tried->said);

	if (!marker || !said)
		return cfs_no_memory(err);
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cmd_json_digest(&w, "image", &deployed->boot.id);
	cfs_json_write_text(&w, "entry", deployed->boot.entry);
	if (deployed->has_from)
		cmd_json_digest(&w, "from", &deployed->from);
	else
		cfs_json_write_text(&w, "from", NULL);
	cfs_json_write_bool(&w, "state_kept", deployed->state.kept);
	cfs_json_write_u64(&w, "changes", deployed->state.users);
	write_conflicts(&w, &deployed->state.conflicts);
	cfs_json_write_object(&w, "setup_root", CFS_JSON_LINES);
	cfs_json_write_u64(&w, "status", (uint64_t)tried->status);
	cfs_json_write_text(&w, "marker", tried->status == 0 ? marker : NULL);
	cfs_json_write_text(&w, "messages", said);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

/* Prints the lines of @text, which another program printed. */
static void print_lines(FILE *to, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n")))
		if (*line)
			cmd_line(to, "%s", line);
}

static int print_tried(struct cfs_tried_root *tried, struct cfs_err *err)
{
	char *said = cfs_buf_text(&tried->said);

	if (!said)
		return cfs_no_memory(err);
	print_lines(stderr, said);
	if (tried->status == 0)
		puts("composefs-setup-root: it would start");
	return 0;
}

static int fail_tried(const struct cfs_tried_root *tried, struct cfs_err *err)
{
	if (tried->status == 0)
		return 0;
	return cfs_fail(err,
			tried->status >= 3 ? CFS_ESTATUS(tried->status) : EIO,
			"composefs-setup-root would not start it (status %d)",
			tried->status);
}

/* Nothing was written: will it start? */
static int check(const struct cmd_deploy *d, const struct cfs_repo *repo,
		 const struct cfs_deployed *deployed, const char *karg,
		 struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOTRIED struct cfs_tried_root tried = { 0 };
	CFS_AUTOMAP struct cfs_image_map map = { 0 };
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	struct cfs_try_root params = { .objects = objects,
				       .karg = karg,
				       .sysroot = d->machine->sysroot };
	int r = objects < 0 ? objects
			    : cfs_image_map(&d->machine->access, repo,
					    &deployed->boot.id, &map, err);

	if (r == 0)
		r = cfs_erofs_read(map.bytes, 0, &tree, NULL, err);
	if (r < 0)
		return r;
	params.tree = tree;
	r = cfs_try_root(&params, &tried, err);
	if (r < 0)
		return r;
	if (d->o->json) {
		r = print_json(deployed, &tried, err);
	} else {
		cmd_line(stdout, "It would get the entry %s",
			 deployed->boot.entry);
		print_state(deployed);
		r = print_tried(&tried, err);
	}
	return r < 0 ? r : fail_tried(&tried, err);
}

int cmd_deploy_check(const struct cmd_deploy *d, struct cfs_err *err)
{
	if (d->o->json && !d->o->check)
		return cfs_fail(err, CFS_EUSAGE, "--json goes with --check");
	if (cmd_machine_require_boot(d->machine, err) < 0)
		return -err->code;
	return d->o->check ? 0
			   : cfs_access_make_writable(d->machine->sysroot, err);
}

int cmd_deploy_run(const void *arg, const struct cfs_repo *repo,
		   const struct cmd_boot_source *source, struct cfs_err *err)
{
	const struct cmd_deploy *d = arg;
	const struct cfs_deployments_params where =
		cmd_machine_params(d->machine, cmd_machine_warn, NULL);
	char text[CFS_KARG_TEXT_MAX];
	const struct cfs_prepare_boot boot = {
		.name = source->name,
		.images = source->images,
		.karg = text,
		.tree = source->tree,
		.n_args = d->o->args.n,
		.args = d->o->args.v,
		.tries = d->o->tries,
		.no_sync = d->g->no_sync,
	};
	const struct cfs_deploy how = { .where = &where,
					.access = &d->machine->access,
					.boot = &boot,
					.waiting = cmd_waiting,
					.from = d->o->from,
					.manifest = source->manifest,
					.keep = d->o->keep,
					.check = d->o->check };
	CFS_AUTODEPLOYED struct cfs_deployed deployed = { 0 };
	struct cfs_karg karg;
	int r = cmd_boot_karg(d->g, repo, &source->images.v[0], &karg, err);

	if (r < 0)
		return r;
	cfs_karg_format(&karg, text);
	r = cfs_deploy(repo, &how, &deployed, err);
	if (r == 0 && d->o->check)
		return check(d, repo, &deployed, text, err);
	if (r == 0)
		print(d->g, &karg, &deployed);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_machine machine;
	struct cmd_deploy deploy = { call->g, &machine, &o->deploy };
	int r = cmd_machine(call->g, &o->deploy.machine, &machine, err);

	if (r == 0)
		r = cmd_deploy_check(&deploy, err);
	if (r < 0)
		return r;
	r = cmd_boot_image(&machine.access, call->operand[0], cmd_deploy_run,
			   &deploy, err);
	return r < 0 ? cfs_ctx(err, "deploy %s", call->operand[0]) : 0;
}

const struct cfs_cmd cmd_deploy = {
	.name = "deploy",
	.help = "boot an image next, on trial, with the changes made to /etc",
	.options = options,
	.size = sizeof(struct options),
	.defaults = &defaults,
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
