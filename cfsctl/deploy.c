/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl deploy: an image is booted next, on trial. */
#include "cfsctl/deploy.h"

#include <stdio.h>
#include <stdlib.h>

#include "cfsctl/cli/line.h"
#include "ops/deploy.h"

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

int cmd_deploy_run(void *arg, const struct cfs_repo *repo,
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
					.keep = d->o->keep };
	CFS_AUTODEPLOYED struct cfs_deployed deployed = { 0 };
	struct cfs_karg karg;
	int r = cmd_boot_karg(d->g, repo, &source->images.v[0], &karg, err);

	if (r < 0)
		return r;
	cfs_karg_format(&karg, text);
	r = cfs_deploy(repo, &how, &deployed, err);
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
		r = cmd_machine_require_boot(&machine, err);
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
