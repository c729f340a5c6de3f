/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cfsctl/oci/oci.h"
#include "cfsctl/trust.h"
#include "ops/oci_erofs.h"
#include "ops/runtime_spec.h"

struct options {
	struct cfs_trust_options trust;
	const char *root, *name, *user;
	struct cfs_opt_list env, volumes;
	bool read_only, host_network, rootless;
};

static const char *const networks[] = { "none", "host", NULL };

static int parse_network(const char *text, void *to, struct cfs_err *err)
{
	(void)err;
	*(bool *)to = strcmp(text, "host") == 0;
	return 0;
}

static const struct cfs_opt options[] = {
	{ .name = "root",
	  .value = "DIR",
	  .help = "where the image is mounted (default: rootfs, beside "
		  "config.json)",
	  .takes = CFS_TAKES_DIR,
	  CFS_OPT_SETS(struct options, root) },
	{ .name = "name",
	  .value = "NAME",
	  .help = "host name (default: the first digits of the image's digest)",
	  CFS_OPT_SETS(struct options, name) },
	{ .name = "user",
	  .letter = 'u',
	  .value = "USER[:GROUP]",
	  .help = "names of the image, or numbers (default: the image's)",
	  CFS_OPT_SETS(struct options, user) },
	{ .name = "env",
	  .letter = 'e',
	  .value = "NAME[=VALUE]",
	  .help = "set a variable, or pass on the caller's; repeatable",
	  CFS_OPT_SETS(struct options, env) },
	{ .name = "volume",
	  .letter = 'v',
	  .value = "SOURCE:TARGET[:ro]",
	  .help = "a file or directory of this machine that the container "
		  "sees at TARGET; repeatable",
	  CFS_OPT_SETS(struct options, volumes) },
	{ .name = "read-only",
	  .help = "let nothing be written but in /run, /tmp and /var/tmp, which "
		  "are empty then",
	  CFS_OPT_SETS(struct options, read_only) },
	{ .name = "network",
	  .value = "MODE",
	  .help = "none (default) or host: that of this machine",
	  .choices = networks,
	  CFS_OPT_PARSES(struct options, host_network, parse_network) },
	{ .name = "rootless",
	  .help = "for a runtime that this user starts, in a user namespace",
	  CFS_OPT_SETS(struct options, rootless) },
	CFS_TRUST_OPTIONS(struct options, trust),
	{ 0 },
};

/* Fills in values of variables that are given without; those that this process
 * does not have either are left out. */
static int complete_env(const struct cfs_opt_list *given, struct cfs_texts *ret,
			struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; r == 0 && i < given->n; i++) {
		const char *name = given->v[i], *value = getenv(name);
		CFS_AUTOFREE char *text = NULL;

		if (strchr(name, '=')) {
			r = cfs_texts_add(ret, name, err);
			continue;
		}
		if (!value)
			continue;
		if (asprintf(&text, "%s=%s", name, value) < 0) {
			text = NULL;
			return cfs_no_memory(err);
		}
		r = cfs_texts_add(ret, text, err);
	}
	return r;
}

/* Finds the image that signatures allow, and its files. */
static int find(const struct cfs_call *call, const struct cfs_repo *repo,
		struct cfs_oci_image *image, struct cfs_digest *ret,
		struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	struct cfs_demand demand = { .trust = &trust,
				     .name = call->operand[0],
				     .role = CFS_SEAL_MERGED };
	const struct cfs_access access = cmd_access(call->g);
	int r = cmd_trust_open(&o->trust, &trust, err);

	if (r == 0)
		r = cfs_oci_image_find(repo, call->operand[0], image, err);
	if (r >= 0 && !image->is_container)
		r = cfs_fail(err, EINVAL,
			     "an artifact and no container image: it has "
			     "nothing to run");
	if (r >= 0)
		r = cmd_trust_accept(&demand, repo, image, err);
	if (r < 0)
		return r;
	if (demand.proof.n > 0)
		return cfs_oci_signed_erofs(&access, repo, &demand.proof, ret,
					    err);
	return cfs_oci_linked_erofs(repo, image, CFS_SEAL_MERGED, ret, err);
}

static int print(const struct cfs_call *call,
		 const struct cfs_run_params *params, struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(call->g);
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_digest id;
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = find(call, &repo, &image, &id, err);
	if (r == 0)
		r = cfs_runtime_spec(&(struct cfs_runnable){ .access = &access,
							     .repo = &repo,
							     .image = &image,
							     .erofs = &id },
				     params, &text, err);
	if (r < 0)
		return r;
	if (fwrite(text.data, 1, text.len, stdout) != text.len)
		return cfs_fail_errno(err, "write");
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOTEXTS struct cfs_texts env = { 0 };
	struct cfs_run_params params = {
		.user = o->user,
		.hostname = o->name,
		.root = o->root ? o->root : "rootfs",
		.args = (const char *const *)call->operand + 1,
		.n_args = (size_t)call->n - 1,
		.volumes = o->volumes.v,
		.n_volumes = o->volumes.n,
		.read_only = o->read_only,
		.host_network = o->host_network,
		.rootless = o->rootless,
		.uid = geteuid(),
		.gid = getegid(),
	};
	int r = complete_env(&o->env, &env, err);

	if (r < 0)
		return r;
	params.env = (const char *const *)env.v;
	params.n_env = env.n;
	r = print(call, &params, err);
	if (r < 0 && r != -CFS_EUSAGE)
		return cfs_ctx(err, "runtime-spec %s", call->operand[0]);
	return r;
}

const struct cfs_cmd cmd_oci_runtime_spec = {
	.name = "runtime-spec",
	.help = "print the config.json with which a runtime runs an image",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" },
		      { "ARGUMENT", .optional = true, .many = true } },
	.run = run,
};
