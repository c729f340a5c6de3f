/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/judge.h"

#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "keys/kernel_check.h"
#include "keys/verify.h"

static const char *const names[] = {
	[CFS_SEAL_NOTHING] = "nothing-to-verify",
	[CFS_SEAL_OTHER] = "other-image",
	[CFS_SEAL_OTHER_ALG] = "other-algorithm",
	[CFS_SEAL_UNSIGNED] = "no-signature",
	[CFS_SEAL_MALFORMED] = "malformed-signature",
	[CFS_SEAL_STRANGER] = "wrong-certificate",
	[CFS_SEAL_INCOMPLETE] = "incomplete",
	[CFS_SEAL_MISMATCH] = "digest-mismatch",
	[CFS_SEAL_WRONG] = "bad-signature",
	[CFS_SEAL_DIGESTS] = "digests-match",
	[CFS_SEAL_VERIFIED] = "verified",
};

const char *cfs_seal_answer_name(enum cfs_seal_answer answer)
{
	return names[answer];
}

/* Words fit to print, cut where they are too long. */
CFS_PRINTF(3, 4) static void word(char *to, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(to, size, fmt, args);
	va_end(args);
	cfs_text_clean(to);
}

#define WORD(to, ...) word(to, sizeof(to), __VA_ARGS__)

void cfs_seal_judge_unread(const char *why, struct cfs_seal_verdict *ret)
{
	*ret = (struct cfs_seal_verdict){ .answer = CFS_SEAL_NOTHING };
	WORD(ret->why, "%s", why);
}

/* The image's digest for @entry, or NULL if it is not known. */
static const struct cfs_digest *fact_of(const struct cfs_seal_facts *facts,
					const struct cfs_seal_entry *entry)
{
	if (entry->role == CFS_SEAL_LAYER)
		return facts->layers && entry->layer < facts->n_layers &&
				       facts->layers[entry->layer].alg
			       ? &facts->layers[entry->layer]
			       : NULL;
	return facts->role[entry->role].known ? &facts->role[entry->role].digest
					      : NULL;
}

static void compare(const struct cfs_seal_facts *facts,
		    const struct cfs_seal_entry *entry, enum cfs_seal_form form,
		    struct cfs_seal_finding *ret)
{
	const struct cfs_digest *fact = fact_of(facts, entry);
	char want[CFS_DIGEST_HEX_MAX], have[CFS_DIGEST_HEX_MAX];

	if (!fact) {
		ret->match = CFS_SEAL_NOT_KNOWN;
		WORD(ret->why, "the image's digest was not computed");
		return;
	}
	if (cfs_digest_equal(fact, &entry->digest)) {
		ret->match = CFS_SEAL_EQUAL;
		return;
	}
	ret->match = CFS_SEAL_DIFFERS;
	cfs_digest_to_hex(&entry->digest, want);
	cfs_digest_to_hex(fact, have);
	WORD(ret->why, "the digest is %s, that of the image is %s%s", want,
	     have,
	     form == CFS_SEAL_INLINE && entry->role == CFS_SEAL_CONFIG
		     ? " (drafts of composefs-rs digested another file)"
		     : "");
}

/* Returns the answer that @code of a signature check stands for, or -1 if the
 * check itself failed. */
static int sort_code(int code)
{
	switch (code) {
	case 0:
		return CFS_SEAL_GOOD;
	case -EKEYREJECTED:
		return CFS_SEAL_BAD;
	case -ENOKEY:
		return CFS_SEAL_BY_STRANGERS;
	case -ENODATA:
	case -EBADMSG:
	case -ENOPKG:
		return CFS_SEAL_UNREADABLE;
	default:
		return -1;
	}
}

/* Is @blob what the entry's descriptor says? */
static int check_blob(const struct cfs_seal_entry *entry, struct cfs_bytes blob,
		      struct cfs_err *err)
{
	struct cfs_oci_id have;
	int r;

	if (!blob.len)
		return cfs_fail(err, ENODATA, "the signature %s is missing",
				entry->blob.text);
	r = cfs_oci_id_of_bytes(entry->blob.alg, blob, &have, err);
	if (r == 0 &&
	    (blob.len != entry->size || !cfs_oci_id_equal(&have, &entry->blob)))
		return cfs_fail(err, EBADMSG,
				"the signature's digest is %s, expected %s",
				have.text, entry->blob.text);
	return r;
}

/* Verifies @blob, which is that of @entry. */
static int verify_blob(const struct cfs_seal_entry *entry,
		       struct cfs_bytes blob,
		       const struct cfs_seal_policy *policy, unsigned *ret_cert,
		       struct cfs_err *err)
{
	const struct cfs_seal_memory *memory = policy->memory;
	const struct cfs_seal_signature signature = { entry->blob,
						      entry->digest,
						      policy->certs };
	int r;

	if (memory && cfs_seal_recall_signature(memory, &signature, ret_cert))
		return 0;
	r = cfs_kernel_is_cheaper()
		    ? cfs_signature_confirm(blob, &entry->digest, policy->certs,
					    ret_cert, err)
		    : cfs_signature_verify(blob, &entry->digest, policy->certs,
					   ret_cert, err);
	if (r == 0 && memory)
		cfs_seal_remember_signature(memory, &signature, *ret_cert);
	return r;
}

static int check_signature(const struct cfs_seal_entry *entry,
			   struct cfs_bytes blob,
			   const struct cfs_seal_policy *policy,
			   struct cfs_seal_finding *ret, struct cfs_err *err)
{
	struct cfs_err why = { 0 };
	int r, sorted;

	ret->sig = CFS_SEAL_NO_SIGNATURE;
	if (!entry->is_signed || policy->certs->n == 0)
		return 0;
	r = check_blob(entry, blob, &why);
	if (r == 0)
		r = verify_blob(entry, blob, policy, &ret->cert, &why);
	sorted = sort_code(r);
	if (sorted < 0) {
		*err = why;
		return r;
	}
	ret->sig = (enum cfs_seal_signed)sorted;
	if (r < 0 && !*ret->why)
		WORD(ret->why, "%s", why.msg);
	return 0;
}

static bool needs_manifest(const struct cfs_seal_policy *policy,
			   enum cfs_seal_form form)
{
	if (policy->merged_only || policy->certs->n == 0)
		return false;
	return policy->manifest == CFS_SEAL_NEED_ALWAYS ||
	       (policy->manifest == CFS_SEAL_NEED_IF_POSSIBLE &&
		form != CFS_SEAL_INLINE);
}

/* Is an entry of @role needed for the policy to be satisfied? */
static bool is_needed(const struct cfs_seal_policy *policy,
		      enum cfs_seal_form form, enum cfs_seal_role role)
{
	switch (role) {
	case CFS_SEAL_MANIFEST:
		return needs_manifest(policy, form);
	case CFS_SEAL_CONFIG:
		return !policy->merged_only && policy->certs->n > 0;
	case CFS_SEAL_MERGED:
		return true;
	case CFS_SEAL_BOOTABLE:
		return policy->bootable;
	default:
		return false;
	}
}

/* The finding of @role, or NULL. */
static const struct cfs_seal_finding *find(const struct cfs_seal_verdict *v,
					   enum cfs_seal_role role)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->v[i].role == role)
			return &v->v[i];
	return NULL;
}

/* An entry is satisfied if its digest is the image's and, where there are
 * certificates, one of them signed it. */
static bool satisfied(const struct cfs_seal_policy *policy,
		      const struct cfs_seal_finding *f)
{
	return f && f->match == CFS_SEAL_EQUAL &&
	       (policy->certs->n == 0 || f->sig == CFS_SEAL_GOOD);
}

static void answer(struct cfs_seal_verdict *v, enum cfs_seal_answer answer,
		   const struct cfs_seal_finding *f)
{
	v->answer = answer;
	WORD(v->why, "%s: %s", cfs_seal_role_name(f->role), f->why);
}

/* The first finding with the signature @sig, or NULL. */
static const struct cfs_seal_finding *find_signed(
	const struct cfs_seal_verdict *v, enum cfs_seal_signed sig)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->v[i].sig == sig)
			return &v->v[i];
	return NULL;
}

static const struct cfs_seal_finding *find_different(
	const struct cfs_seal_verdict *v)
{
	for (unsigned i = 0; i < v->n; i++)
		if (v->v[i].match == CFS_SEAL_DIFFERS)
			return &v->v[i];
	return NULL;
}

/* The answer of an artifact that no trusted signer signed. */
static void answer_untrusted(struct cfs_seal_verdict *v)
{
	const struct cfs_seal_finding *f = find_signed(v, CFS_SEAL_UNREADABLE);

	if (find_signed(v, CFS_SEAL_BY_STRANGERS)) {
		/* Strangers may claim whatever digests they like. */
		v->answer = CFS_SEAL_STRANGER;
		WORD(v->why, "none of the given certificates signed it");
	} else if (f) {
		answer(v, CFS_SEAL_MALFORMED, f);
	} else if ((f = find_different(v))) {
		answer(v, CFS_SEAL_MISMATCH, f);
	} else {
		v->answer = CFS_SEAL_UNSIGNED;
		WORD(v->why, "it has digests only, no signatures");
	}
}

/* The first role that is needed and not satisfied.  Returns false if there is
 * none. */
static bool find_lack(const struct cfs_seal_policy *policy,
		      enum cfs_seal_form form, const struct cfs_seal_verdict *v,
		      enum cfs_seal_role *ret)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		*ret = (enum cfs_seal_role)i;
		if (is_needed(policy, form, *ret) &&
		    !satisfied(policy, find(v, *ret)))
			return true;
	}
	return false;
}

static void answer_incomplete(struct cfs_seal_verdict *v,
			      enum cfs_seal_form form, enum cfs_seal_role role)
{
	const struct cfs_seal_finding *f = find(v, role);

	v->answer = CFS_SEAL_INCOMPLETE;
	if (!f)
		WORD(v->why, "there is no entry of role %s%s",
		     cfs_seal_role_name(role),
		     form == CFS_SEAL_INLINE && role == CFS_SEAL_MANIFEST
			     ? ": annotations in a manifest cannot sign it"
			     : "");
	else
		WORD(v->why, "%s: %s", cfs_seal_role_name(role),
		     *f->why ? f->why : "it is not signed");
}

static void sum_up(const struct cfs_seal_policy *policy,
		   enum cfs_seal_form form, struct cfs_seal_verdict *v)
{
	const struct cfs_seal_finding *f = find_signed(v, CFS_SEAL_BAD);
	bool trusts = policy->certs->n > 0;
	enum cfs_seal_role lack;

	if (f)
		answer(v, CFS_SEAL_WRONG, f);
	else if (trusts && !find_signed(v, CFS_SEAL_GOOD))
		answer_untrusted(v);
	else if ((f = find_different(v)))
		answer(v, CFS_SEAL_MISMATCH, f);
	else if (find_lack(policy, form, v, &lack))
		answer_incomplete(v, form, lack);
	else
		v->answer = trusts ? CFS_SEAL_VERIFIED : CFS_SEAL_DIGESTS;
}

/* Is the artifact about this image at all?  If not, sets the answer. */
static bool is_about(const struct cfs_seal_facts *facts,
		     const struct cfs_seal_artifact *artifact,
		     struct cfs_seal_verdict *v)
{
	size_t layers = 0;

	for (unsigned i = 0; i < artifact->n; i++)
		layers += artifact->v[i].role == CFS_SEAL_LAYER;
	if (!cfs_oci_id_equal(&artifact->subject.id, &facts->subject.id)) {
		v->answer = CFS_SEAL_OTHER;
		WORD(v->why, "it is about the image %s",
		     artifact->subject.id.text);
	} else if (artifact->alg != facts->alg) {
		v->answer = CFS_SEAL_OTHER_ALG;
		WORD(v->why, "its digests are %s, the repository's %s",
		     cfs_alg_id(artifact->alg), cfs_alg_id(facts->alg));
	} else if (layers > 0 && layers != facts->n_layers) {
		WORD(v->why, "it has digests of %zu layers, the image has %zu",
		     layers, facts->n_layers);
	} else {
		return true;
	}
	return false;
}

static int judge_entries(const struct cfs_seal_facts *facts,
			 const struct cfs_seal_policy *policy,
			 const struct cfs_seal_artifact *artifact,
			 const struct cfs_bytes *blobs,
			 struct cfs_seal_verdict *ret, struct cfs_err *err)
{
	int r = 0;

	for (ret->n = 0; r == 0 && ret->n < artifact->n; ret->n++) {
		const struct cfs_seal_entry *entry = &artifact->v[ret->n];
		struct cfs_seal_finding *f = &ret->v[ret->n];

		f->role = entry->role;
		f->layer = entry->layer;
		compare(facts, entry, artifact->form, f);
		r = check_signature(entry, blobs[ret->n], policy, f, err);
	}
	return r;
}

int cfs_seal_judge(const struct cfs_seal_facts *facts,
		   const struct cfs_seal_policy *policy,
		   const struct cfs_seal_artifact *artifact,
		   const struct cfs_bytes *blobs, struct cfs_seal_verdict *ret,
		   struct cfs_err *err)
{
	int r;

	*ret = (struct cfs_seal_verdict){ .answer = CFS_SEAL_NOTHING };
	if (!is_about(facts, artifact, ret))
		return 0;
	ret->odd_size = artifact->subject.size != facts->subject.size;
	r = judge_entries(facts, policy, artifact, blobs, ret, err);
	cfs_kernel_forget(policy->certs);
	if (r == 0)
		sum_up(policy, artifact->form, ret);
	return r;
}

enum cfs_seal_answer cfs_seal_sum(const struct cfs_seal_verdict *verdicts,
				  size_t n, size_t *ret_which)
{
	enum cfs_seal_answer best = CFS_SEAL_NOTHING;

	*ret_which = 0;
	for (size_t i = 0; i < n; i++) {
		if (verdicts[i].answer <= best)
			continue;
		best = verdicts[i].answer;
		*ret_which = i;
	}
	return best;
}
