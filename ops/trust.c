/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/trust.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "oci/seal/layers.h"
#include "oci/tag.h"

void cfs_trust_free(struct cfs_trust *trust)
{
	cfs_certs_free(&trust->certs);
	cfs_rules_free(&trust->rules);
}

/* A policy that is named must exist; the default one need not. */
int cfs_trust_read_policy(struct cfs_trust *trust, const char *named,
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
	/* Without a tag, only a rule for all names holds. */
	if (tags.n == 0)
		add_rule(c, "");
	return r;
}

/* Two demands may be satisfied by artifacts that filter xattrs differently, and
 * so are about different EROFS images. */
static int note(struct check *c, const struct cfs_seal_verification *v,
		struct cfs_err *err)
{
	const struct cfs_digest *digest = &v->facts.role[c->about->role].digest;
	struct cfs_proof *proof = c->proof;

	if (proof->n > 0 && !cfs_digest_equal(&proof->digest, digest)) {
		proof->refusal = CFS_REFUSED_FAILED;
		return cfs_fail(err, EKEYREJECTED,
				"%s: signers that are demanded signed "
				"different images of it",
				c->called);
	}
	proof->digest = *digest;
	proof->n += cfs_seal_count_good(v);
	return 0;
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
		c->proof->refusal = r == -ENODATA ? CFS_REFUSED_UNSIGNED
						  : CFS_REFUSED_FAILED;
	if (r == 0 && c->about->enrolment)
		r = cfs_enrolment_add(c->about->enrolment, c->about->repo, &v,
				      policy->certs, err);
	return r;
}

/* A relative path of a certificate begins at the directory of the policy. */
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

/* The EROFS image that was verified is of the layers in the repository.  Are
 * they those that the configuration names? */
static int check_layers(struct check *c, struct cfs_err *err)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	int r;

	cfs_seal_memory_open(&memory);
	r = cfs_seal_layers_check(c->about->repo, c->about->image, &memory,
				  err);
	if (r < 0)
		c->proof->refusal = CFS_REFUSED_FAILED;
	return r < 0 ? cfs_ctx(err, "%s", c->called) : 0;
}

static int satisfy_rule(struct check *c, const struct cfs_rule *rule,
			struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { .n = 0 };
	bool more = rule->merged_only && c->about->config_used;
	const struct cfs_seal_policy policy = {
		.certs = &certs,
		.bootable = rule->bootable ||
			    c->about->role == CFS_SEAL_BOOTABLE,
		.merged_only = rule->merged_only && !more,
		.manifest = rule->no_manifest || more ? CFS_SEAL_NEED_NEVER
						      : CFS_SEAL_NEED_ALWAYS,
	};
	int r;

	if (rule->accept == CFS_ACCEPT_ANYTHING)
		return 0;
	if (rule->accept == CFS_ACCEPT_NOTHING) {
		c->proof->refusal = CFS_REFUSED_UNSIGNED;
		return cfs_fail(err, EKEYREJECTED,
				"%s: nothing of this name is accepted",
				c->called);
	}
	for (unsigned i = 0; i < rule->n_certs; i++) {
		r = read_cert(c->trust, rule->certs[i], &certs, err);
		if (r < 0) {
			c->proof->refusal = CFS_REFUSED_CERT;
			return r;
		}
	}
	r = satisfy(c, &policy, err);
	if (r == 0 && rule->read_data)
		return check_layers(c, err);
	if (r < 0 && more)
		return cfs_ctx(err, "command, environment and user come from "
				    "the configuration, which has to be "
				    "signed, too");
	return r;
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

int cfs_trust_check(const struct cfs_trust *trust,
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
