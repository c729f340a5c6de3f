/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/verify_kernel.h"

#include "cfsctl/cli/line.h"
#include "cfsctl/trust.h"
#include "ops/enrol.h"

void cmd_kernel_check(const struct cfs_repo *repo,
		      const struct cfs_seal_verification *v,
		      const struct cfs_certs *certs,
		      struct cmd_kernel_check *ret)
{
	const struct cfs_seal_verdict *verdict = &v->verdicts[v->which];

	ret->n = 0;
	for (unsigned i = 0; i < verdict->n; i++) {
		enum cfs_seal_role role = verdict->v[i].role;
		struct cmd_kernel_finding *f = &ret->v[ret->n];

		if (role == CFS_SEAL_LAYER ||
		    verdict->v[i].sig != CFS_SEAL_GOOD)
			continue;
		*f = (struct cmd_kernel_finding){ .role = role };
		(void)!cfs_enrol_verify(repo, &v->facts.role[role].digest,
					certs, NULL, &f->why_not);
		ret->n++;
	}
}

static const char *words_of(const struct cmd_kernel_finding *f)
{
	return f->why_not.code ? f->why_not.msg : "signature verified";
}

void cmd_kernel_print(const struct cmd_kernel_check *c)
{
	cmd_line(stdout, "Signatures that the kernel keeps");
	for (unsigned i = 0; i < c->n; i++)
		cmd_line(stdout, "  %s: %s", cfs_seal_role_name(c->v[i].role),
			 words_of(&c->v[i]));
}

void cmd_kernel_write(const struct cmd_kernel_check *c,
		      struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "kernel", CFS_JSON_LINES);
	for (unsigned i = 0; i < c->n; i++) {
		const struct cfs_err *why = &c->v[i].why_not;

		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "role",
				    cfs_seal_role_name(c->v[i].role));
		cfs_json_write_bool(w, "signature_verified", !why->code);
		cfs_json_write_text(w, "reason", why->code ? why->msg : NULL);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

int cmd_kernel_refusal(const struct cmd_kernel_check *c, const char *name,
		       struct cfs_err *err)
{
	for (unsigned i = 0; i < c->n; i++)
		if (c->v[i].why_not.code)
			return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_KERNEL),
					"%s: the kernel vouches for no "
					"signature of role %s: %s",
					name, cfs_seal_role_name(c->v[i].role),
					c->v[i].why_not.msg);
	return 0;
}
