/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/enrol.h"

#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/trust.h"

const char *const cmd_kernel_names[] = { "auto", "yes", "no", NULL };

int cmd_parse_kernel(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_kernel_signatures *ret = to;

	(void)err;
	for (unsigned i = 0; cmd_kernel_names[i]; i++)
		if (strcmp(text, cmd_kernel_names[i]) == 0)
			*ret = (enum cfs_kernel_signatures)i;
	return 0;
}

int cmd_enrol_check(enum cfs_kernel_signatures kernel, const char *emit,
		    struct cfs_err *err)
{
	if (!emit || kernel != CFS_KERNEL_YES)
		return 0;
	return cfs_fail(err, CFS_EUSAGE,
			"--kernel-signatures=yes is for signing, and "
			"--emit-tbs signs nothing");
}

static bool same_result(const struct cfs_enrolment_role *a,
			const struct cfs_enrolment_role *b)
{
	return a->enrolled == b->enrolled && a->had_leaving == b->had_leaving &&
	       (a->enrolled || strcmp(a->why_not.msg, b->why_not.msg) == 0);
}

static void print_result(const struct cfs_enrolment_role *role,
			 const char *roles)
{
	if (role->enrolled)
		cmd_line(stderr, "note: kernel: %s: enrolled%s", roles,
			 role->enrolled == CFS_ENROL_ALREADY ? " before" : "");
	else if (role->why_not.code)
		cmd_line(stderr, "note: kernel: %s: not enrolled: %s", roles,
			 role->why_not.msg);
	if (role->had_leaving && !role->enrolled)
		cmd_line(stderr,
			 "note: kernel: %s: the signature of the signer that "
			 "is replaced stays until another one is enrolled",
			 roles);
}

/* Prints lines for @role and those after it that have the same result. */
static void print_like(const struct cfs_enrolment *e, unsigned role)
{
	const struct cfs_enrolment_role *first = &e->v[role];
	CFS_AUTOBUF struct cfs_buf roles = { 0 };

	for (unsigned i = 0; i < role; i++)
		if (e->v[i].wanted && same_result(&e->v[i], first))
			return;
	for (unsigned i = role; i < CFS_SEAL_ROLES; i++)
		if (e->v[i].wanted && same_result(&e->v[i], first))
			cfs_buf_addf(&roles, "%s%s", i == role ? "" : ", ",
				     cfs_seal_role_name((enum cfs_seal_role)i));
	if (cfs_buf_text(&roles))
		print_result(first, (char *)roles.data);
}

/* Where nothing was to be enrolled, only what that leaves behind is said. */
static void print(const struct cfs_enrolment *e, bool only_leaving)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		if (e->v[i].wanted && (!only_leaving || e->v[i].had_leaving))
			print_like(e, i);
}

static int refuse(const struct cfs_enrolment *e, struct cfs_err *err)
{
	unsigned i = 0;

	while (!e->v[i].wanted || e->v[i].enrolled)
		i++;
	return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_KERNEL),
			"hand the signature of role %s to the kernel: %s",
			cfs_seal_role_name((enum cfs_seal_role)i),
			e->v[i].why_not.msg);
}

int cmd_enrol(struct cfs_store *store, struct cfs_enrolment *e,
	      enum cfs_kernel_signatures kernel, struct cfs_err *err)
{
	unsigned lacking;
	int r = cfs_enrolment_keep(e, store, err);

	if (r < 0)
		return r;
	lacking = kernel == CFS_KERNEL_NO ? 0 : cfs_enrolment_run(e, store);
	print(e, kernel == CFS_KERNEL_NO);
	return lacking > 0 && kernel == CFS_KERNEL_YES ? refuse(e, err) : 0;
}
