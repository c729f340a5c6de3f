/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/run_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ops/oci_erofs.h"

const char *const cmd_run_networks[] = { "none", "host", NULL };

int cmd_run_parse_network(const char *text, void *to, struct cfs_err *err)
{
	(void)err;
	*(bool *)to = strcmp(text, "host") == 0;
	return 0;
}

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

int cmd_run_params(const struct cfs_call *call, const struct cmd_run_options *o,
		   struct cfs_texts *env, struct cfs_run_params *ret,
		   struct cfs_err *err)
{
	int r = complete_env(&o->env, env, err);

	*ret = (struct cfs_run_params){
		.user = o->user,
		.hostname = o->name,
		.args = (const char *const *)call->operand + 1,
		.n_args = (size_t)call->n - 1,
		.env = (const char *const *)env->v,
		.n_env = env->n,
		.volumes = o->volumes.v,
		.n_volumes = o->volumes.n,
		.read_only = o->read_only,
		.host_network = o->host_network,
		.uid = geteuid(),
		.gid = getegid(),
	};
	return r;
}

int cmd_run_image(const struct cfs_call *call, const struct cmd_run_options *o,
		  const struct cfs_repo *repo, struct cfs_oci_image *image,
		  struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	const struct cfs_trust_subject subject = { .repo = repo,
						   .image = image,
						   .name = call->operand[0],
						   .role = CFS_SEAL_MERGED,
						   .config_used = true };
	struct cfs_proof proof;
	const struct cfs_access access = cmd_access(call->g);
	int r = cmd_trust_open(&o->trust, &trust, err);

	if (r == 0)
		r = cfs_oci_image_find(repo, call->operand[0], image, err);
	if (r >= 0 && !image->is_container)
		r = cfs_fail(err, EINVAL,
			     "an artifact and no container image: it has "
			     "nothing to run");
	if (r >= 0)
		r = cmd_trust_check(&trust, &subject, &proof, err);
	return r < 0 ? r
		     : cfs_oci_used_erofs(&access, &subject, &proof, ret, err);
}
