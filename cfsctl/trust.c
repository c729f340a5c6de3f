/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/enrol.h"
#include "cfsctl/signing.h"
#include "oci/tag.h"

void cmd_trust_close(struct cfs_trust *trust)
{
	cfs_certs_free(&trust->certs);
	cfs_rules_free(&trust->rules);
}

static int bad_cert(struct cfs_err *err)
{
	err->code = CFS_ESTATUS(CFS_STATUS_CERT);
	return -err->code;
}

/* A policy that is named must exist; the default one need not. */
static int read_policy(const char *named, struct cfs_trust *trust,
		       struct cfs_err *err)
{
	const char *path = named ? named : CFS_POLICY_FILE;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_read_file(AT_FDCWD, path, CFS_RULES_TEXT_MAX, &text, err);

	if (r == 0 && named)
		return cfs_fail(err, ENOENT, "there is no policy %s", path);
	if (r <= 0)
		return r;
	r = cfs_rules_parse(cfs_buf_bytes(&text), &trust->rules, err);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	trust->file = path;
	return 0;
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
	return read_policy(o->policy, ret, err);
}

/* A question that is being answered. */
struct check {
	const struct cfs_trust *trust;
	const struct cfs_trust_subject *about;
	const char *called; /* the image, in messages */
	struct cfs_proof *proof;
	/* Rules of the policy that hold, each once. */
	const struct cfs_rule *rules[CFS_RULES_MAX];
	unsigned n;
};

static void add_rule(struct check *c, const char *tag)
{
	const struct cfs_rule *rule = cfs_rules_find(&c->trust->rules, tag);

	for (unsigned i = 0; rule && i < c->n; i++)
		if (c->rules[i] == rule)
			return;
	if (rule)
		c->rules[c->n++] = rule;
}

/* The tags of an image that is called by its digest. */
struct tags {
	struct check *check;
	unsigned n;
};

static int add_tag(const char *tag, const struct cfs_oci_id *id, void *arg,
		   struct cfs_err *err)
{
	struct tags *tags = arg;

	(void)err;
	if (!id || !cfs_oci_id_equal(id, &tags->check->about->image->id))
		return 0;
	add_rule(tags->check, tag);
	tags->n++;
	return 0;
}

static int find_rules(struct check *c, struct cfs_err *err)
{
	struct tags tags = { .check = c };
	int r;

	if (c->about->name && cfs_oci_is_tag(c->about->name)) {
		add_rule(c, c->about->name);
		return 0;
	}
	r = cfs_oci_tag_each(c->about->repo, add_tag, &tags, err);
	if (tags.n == 0)
		add_rule(c, "");
	return r;
}

/* Two demands may be satisfied by artifacts that filter xattrs differently. */
static int note(struct check *c, const struct cfs_seal_verification *v,
		struct cfs_err *err)
{
	const struct cfs_digest *digest = &v->facts.role[c->about->role].digest;
	struct cfs_proof *proof = c->proof;

	if (proof->n > 0 && !cfs_digest_equal(&proof->digest, digest))
		return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_FAILED),
				"%s: signers that are demanded signed "
				"different images of it",
				c->called);
	proof->digest = *digest;
	proof->n += cfs_seal_count_good(v);
	return 0;
}

static int not_satisfied(int r, struct cfs_err *err)
{
	err->code = CFS_ESTATUS(r == -ENODATA ? CFS_STATUS_REQUIRED
					      : CFS_STATUS_FAILED);
	return -err->code;
}

static int satisfy(struct check *c, const struct cfs_seal_policy *policy,
		   struct cfs_err *err)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 };
	int r = cfs_seal_verify(c->about->repo, c->about->image, policy, &v,
				err);

	if (r < 0)
		return r;
	r = cfs_seal_refusal(&v, c->called, err);
	if (r == 0)
		r = note(c, &v, err);
	else
		r = not_satisfied(r, err);
	if (r == 0 && c->about->enrolment)
		r = cfs_enrolment_add(c->about->enrolment, c->about->repo, &v,
				      policy->certs, err);
	return r;
}

/* A certificate's path is one below the folder of the policy. */
static int read_cert(const struct cfs_trust *trust, const char *path,
		     struct cfs_certs *certs, struct cfs_err *err)
{
	const char *slash = strrchr(trust->file, '/');
	CFS_AUTOFREE char *full = NULL;
	int len = slash && *path != '/' ? (int)(slash + 1 - trust->file) : 0;

	if (asprintf(&full, "%.*s%s", len, trust->file, path) < 0) {
		full = NULL;
		return cfs_no_memory(err);
	}
	return cfs_certs_add_file(certs, full, err);
}

static int satisfy_rule(struct check *c, const struct cfs_rule *rule,
			struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { .n = 0 };
	const struct cfs_seal_policy policy = {
		.certs = &certs,
		.bootable = rule->bootable ||
			    c->about->role == CFS_SEAL_BOOTABLE,
		.merged_only = rule->merged_only,
		.manifest = rule->no_manifest ? CFS_SEAL_NEED_NEVER
					      : CFS_SEAL_NEED_ALWAYS,
	};

	if (rule->accept == CFS_ACCEPT_ANYTHING)
		return 0;
	if (rule->accept == CFS_ACCEPT_NOTHING)
		return cfs_fail(err, CFS_ESTATUS(CFS_STATUS_REQUIRED),
				"%s: nothing of this name is accepted",
				c->called);
	for (unsigned i = 0; i < rule->n_certs; i++)
		if (read_cert(c->trust, rule->certs[i], &certs, err) < 0)
			return bad_cert(err);
	return satisfy(c, &policy, err);
}

static int satisfy_options(struct check *c, struct cfs_err *err)
{
	const struct cfs_seal_policy policy = {
		.certs = &c->trust->certs,
		.bootable = c->about->role == CFS_SEAL_BOOTABLE,
	};
	int r = c->trust->require ? satisfy(c, &policy, err) : 0;

	return r < 0 ? cfs_ctx(err, "--require-signature") : 0;
}

int cmd_trust_check(const struct cfs_trust *trust,
		    const struct cfs_trust_subject *subject,
		    struct cfs_proof *ret, struct cfs_err *err)
{
	struct check c = {
		.trust = trust,
		.about = subject,
		.called = subject->name ? subject->name
					: subject->image->id.text,
		.proof = ret,
	};
	int r;

	*ret = (struct cfs_proof){ 0 };
	r = satisfy_options(&c, err);
	if (r == 0 && trust->file)
		r = find_rules(&c, err);
	for (unsigned i = 0; r == 0 && i < c.n; i++) {
		r = satisfy_rule(&c, c.rules[i], err);
		if (r < 0)
			(void)cfs_ctx(err, "%s: [images.\"%s\"]", trust->file,
				      c.rules[i]->prefix);
	}
	return r < 0 ? r : ret->n > 0;
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
