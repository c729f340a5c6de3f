/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/trust.h"

#include <stdio.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/enrol.h"
#include "cfsctl/signing.h"

static int bad_cert(struct cfs_err *err)
{
	err->code = CFS_ESTATUS(CFS_STATUS_CERT);
	return -err->code;
}

int cmd_trust_open(const struct cfs_trust_options *o, struct cfs_trust *ret,
		   struct cfs_err *err)
{
	if (o->require && !o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--require-signature requires --trust-cert");
	if (!o->require && o->certs.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--trust-cert is for --require-signature");
	if (cmd_read_certs(&o->certs, &ret->certs, err) < 0)
		return bad_cert(err);
	ret->require = o->require;
	return cfs_trust_read_policy(ret, o->policy, err);
}

int cmd_trust_check(const struct cfs_trust *trust,
		    const struct cfs_trust_subject *subject,
		    struct cfs_proof *ret, struct cfs_err *err)
{
	static const enum cfs_trust_status status[] = {
		[CFS_REFUSED_UNSIGNED] = CFS_STATUS_REQUIRED,
		[CFS_REFUSED_FAILED] = CFS_STATUS_FAILED,
		[CFS_REFUSED_CERT] = CFS_STATUS_CERT,
	};
	int r = cfs_trust_check(trust, subject, ret, err);

	if (r >= 0 || !ret->refusal)
		return r;
	err->code = CFS_ESTATUS(status[ret->refusal]);
	return -err->code;
}

/* Nothing was verified, and so there is nothing for the kernel. */
static int enrol_nothing(const struct cfs_demand *d, struct cfs_err *err)
{
	if (!d->store || d->kernel != CFS_KERNEL_YES)
		return 0;
	return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_KERNEL),
			"--kernel-signatures=yes needs signatures that were "
			"verified: demand them by --require-signature "
			"--trust-cert PEM or by the policy");
}

int cmd_trust_accept(void *demand, const struct cfs_repo *repo,
		     const struct cfs_oci_image *image, struct cfs_err *err)
{
	CFS_AUTOENROLMENT struct cfs_enrolment enrolment = { 0 };
	struct cfs_demand *d = demand;
	const struct cfs_trust_subject subject = {
		.repo = repo,
		.image = image,
		.name = d->name,
		.role = d->role,
		.enrolment = d->store ? &enrolment : NULL,
	};
	int r = cmd_trust_check(d->trust, &subject, &d->proof, err);

	if (r == 0)
		return enrol_nothing(d, err);
	if (r > 0 && d->store)
		r = cmd_enrol(d->store, &enrolment, d->kernel, err);
	return r < 0 ? r : 0;
}

void cmd_trust_print(const struct cfs_proof *proof)
{
	if (proof->n > 0)
		cmd_line(stdout,
			 "Signature verification passed (%u signatures "
			 "verified)",
			 proof->n);
}
