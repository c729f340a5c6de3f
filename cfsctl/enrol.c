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

static bool same_result(const struct cfs_enrolment_role *a,
			const struct cfs_enrolment_role *b)
{
	return a->enrolled == b->enrolled &&
	       (a->enrolled || strcmp(a->why_not.msg, b->why_not.msg) == 0);
}

/* Prints a line for @role and those after it that have the same result. */
static void print(const struct cfs_enrolment *e, unsigned role)
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
	if (!cfs_buf_text(&roles))
		return;
	if (first->enrolled)
		cmd_line(stderr, "note: kernel: %s: enrolled%s",
			 (char *)roles.data,
			 first->enrolled == CFS_ENROL_ALREADY ? " before" : "");
	else
		cmd_line(stderr, "note: kernel: %s: not enrolled: %s",
			 (char *)roles.data, first->why_not.msg);
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
	unsigned lacking = cfs_enrolment_run(e, store);

	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		if (e->v[i].wanted)
			print(e, i);
	return lacking > 0 && kernel == CFS_KERNEL_YES ? refuse(e, err) : 0;
}
