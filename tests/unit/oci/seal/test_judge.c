/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/judge.h"

#include "tests/unit/oci/seal/vectors.h"

static struct cfs_certs certs;
static struct cfs_seal_policy policy = { .certs = &certs };
static struct cfs_seal_verdict verdict;

static const char *cert_file(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), SEALING "keys/%s.cert.pem", name);
	return path;
}

static void trust(const char *name)
{
	cfs_certs_free(&certs);
	certs.n = 0;
	policy = (struct cfs_seal_policy){ .certs = &certs };
	if (name)
		CHECK_EQ(cfs_certs_add_file(&certs, cert_file(name), &err), 1);
}

static struct cfs_signing *open_key(const char *name)
{
	struct cfs_signing *signing = NULL;
	char key[128];

	snprintf(key, sizeof(key), SEALING "keys/%s.key.pem", name);
	CHECK_EQ(cfs_signing_open(cert_file(name), key, &signing, &err), 0);
	return signing;
}

static enum cfs_seal_answer judge(const struct vector *v)
{
	CHECK_EQ(cfs_seal_judge(&v->facts, &policy, &v->artifact, v->sigs,
				&verdict, &err),
		 0);
	CHECK_EQ((verdict.answer >= CFS_SEAL_DIGESTS), (*verdict.why == '\0'));
	return verdict.answer;
}

/* The entry of @role; every vector has one. */
static unsigned at(const struct vector *v, enum cfs_seal_role role)
{
	for (unsigned i = 0; i < v->artifact.n; i++)
		if (v->artifact.v[i].role == role)
			return i;
	CHECK(false);
	return 0;
}

static void drop(struct vector *v, enum cfs_seal_role role)
{
	unsigned i = at(v, role);

	for (v->artifact.n--; i < v->artifact.n; i++) {
		v->artifact.v[i] = v->artifact.v[i + 1];
		v->sigs[i] = v->sigs[i + 1];
	}
}

/* Puts the blob and digest of @from's role @role into the entry @as of @to. */
static void replay(const struct vector *from, enum cfs_seal_role role,
		   struct vector *to, enum cfs_seal_role as)
{
	unsigned s = at(from, role), t = at(to, as);

	to->artifact.v[t] = from->artifact.v[s];
	to->artifact.v[t].role = as;
	to->sigs[t] = from->sigs[s];
}

/* Makes the entry's descriptor that of the blob @sig. */
static void put_blob(struct vector *v, unsigned i, struct cfs_bytes sig)
{
	v->sigs[i] = sig;
	v->artifact.v[i].size = sig.len;
	v->artifact.v[i].is_signed = sig.len > 0;
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, sig,
				     &v->artifact.v[i].blob, &err),
		 0);
}

static void check_good(struct vector *v)
{
	trust("rsa");
	CHECK_EQ(judge(v), CFS_SEAL_VERIFIED);
	CHECK(!verdict.odd_size);
	CHECK_EQ(verdict.n, v->artifact.n);
	for (unsigned i = 0; i < verdict.n; i++)
		CHECK(verdict.v[i].match == CFS_SEAL_EQUAL &&
		      verdict.v[i].sig == CFS_SEAL_GOOD &&
		      verdict.v[i].cert == 0 && !*verdict.v[i].why);
	policy.bootable = true;
	CHECK_EQ(judge(v), (v->facts.role[CFS_SEAL_BOOTABLE].known
				    ? CFS_SEAL_VERIFIED
				    : CFS_SEAL_INCOMPLETE));
	trust("other");
	CHECK_EQ(judge(v), CFS_SEAL_STRANGER);
	trust(NULL);
	CHECK_EQ(judge(v), CFS_SEAL_DIGESTS);
}

TEST(every_vector_is_verified_by_its_own_certificate_alone)
{
	CHECK_EQ(vectors_each(check_good), 14);
}

TEST(a_signed_entry_of_another_image_does_not_pass_under_any_role)
{
	for (int as = 0; as < CFS_SEAL_ROLES; as++) {
		struct vector v, other;

		if (as == CFS_SEAL_LAYER || as == CFS_SEAL_BOOTABLE)
			continue;
		vector_read("single", CFS_ALG_SHA256, &v);
		vector_read("hardlinks", CFS_ALG_SHA256, &other);
		trust("rsa");
		replay(&other, CFS_SEAL_MERGED, &v, (enum cfs_seal_role)as);
		CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
		CHECK(strstr(verdict.why, "the digest is"));
		/* Nor when nothing else is in the artifact. */
		v.artifact.v[0] = v.artifact.v[at(&v, (enum cfs_seal_role)as)];
		v.sigs[0] = v.sigs[at(&other, CFS_SEAL_MERGED)];
		v.artifact.n = 1;
		put_blob(&v, 0, other.sigs[at(&other, CFS_SEAL_MERGED)]);
		CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
		vector_free(&v);
		vector_free(&other);
	}
}

TEST(a_digest_of_the_image_itself_does_not_count_for_another_role)
{
	struct vector v;

	vector_read("boot-plain", CFS_ALG_SHA256, &v);
	trust("rsa");
	replay(&v, CFS_SEAL_MERGED, &v, CFS_SEAL_CONFIG);
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	vector_free(&v);
	vector_read("boot-plain", CFS_ALG_SHA256, &v);
	replay(&v, CFS_SEAL_MERGED, &v, CFS_SEAL_BOOTABLE);
	policy.bootable = true;
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	vector_free(&v);
}

TEST(the_image_to_boot_needs_a_role_of_its_own)
{
	struct vector v;

	vector_read("boot-plain", CFS_ALG_SHA256, &v);
	trust("rsa");
	drop(&v, CFS_SEAL_BOOTABLE);
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	policy.bootable = true;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	CHECK(strstr(verdict.why, "no entry of role merged.bootable"));
	vector_free(&v);
}

TEST(an_artifact_of_another_subject_is_passed_over)
{
	struct vector v, other;

	vector_read("single", CFS_ALG_SHA256, &v);
	vector_read("hardlinks", CFS_ALG_SHA256, &other);
	trust("rsa");
	v.artifact.subject = other.artifact.subject;
	CHECK_EQ(judge(&v), CFS_SEAL_OTHER);
	CHECK_EQ(verdict.n, 0);
	/* A whole artifact of the signer, attached to another image. */
	CHECK_EQ(cfs_seal_judge(&v.facts, &policy, &other.artifact, other.sigs,
				&verdict, &err),
		 0);
	CHECK_EQ(verdict.answer, CFS_SEAL_OTHER);
	/* The same with the subject swapped. */
	other.artifact.subject.id = v.id;
	CHECK_EQ(cfs_seal_judge(&v.facts, &policy, &other.artifact, other.sigs,
				&verdict, &err),
		 0);
	CHECK_EQ(verdict.answer, CFS_SEAL_MISMATCH);
	vector_free(&v);
	vector_free(&other);
}

TEST(a_wrong_size_of_the_subject_is_a_note)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	v.artifact.subject.size++;
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	CHECK(verdict.odd_size);
	vector_free(&v);
}

TEST(an_artifact_of_another_hash_is_passed_over)
{
	struct vector v, other;

	vector_read("single", CFS_ALG_SHA256, &v);
	vector_read("single", CFS_ALG_SHA512, &other);
	trust("rsa");
	CHECK_EQ(cfs_seal_judge(&v.facts, &policy, &other.artifact, other.sigs,
				&verdict, &err),
		 0);
	CHECK_EQ(verdict.answer, CFS_SEAL_OTHER_ALG);
	CHECK(strstr(verdict.why, "sha512-12") &&
	      strstr(verdict.why, "sha256-12"));
	/* Its signatures, on the digests of the repository's hash. */
	for (unsigned i = 0; i < v.artifact.n; i++)
		put_blob(&v, i, other.sigs[i]);
	CHECK_EQ(judge(&v), CFS_SEAL_WRONG);
	vector_free(&v);
	vector_free(&other);
}

TEST(each_needed_role_is_missed)
{
	static const enum cfs_seal_role needed[] = { CFS_SEAL_MANIFEST,
						     CFS_SEAL_CONFIG,
						     CFS_SEAL_MERGED };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(needed); i++) {
		struct vector v;

		vector_read("single", CFS_ALG_SHA512, &v);
		trust("rsa");
		drop(&v, needed[i]);
		CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
		CHECK(strstr(verdict.why, cfs_seal_role_name(needed[i])));
		policy.merged_only = true;
		CHECK_EQ(judge(&v),
			 (needed[i] == CFS_SEAL_MERGED ? CFS_SEAL_INCOMPLETE
						       : CFS_SEAL_VERIFIED));
		vector_free(&v);
	}
}

TEST(each_needed_role_has_to_be_signed)
{
	struct cfs_bytes none = { NULL, 0 };

	for (unsigned i = 0; i < 3; i++) {
		struct vector v;

		vector_read("single", CFS_ALG_SHA256, &v);
		trust("rsa");
		put_blob(&v, i, none);
		CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
		CHECK(strstr(verdict.why, "it is not signed"));
		for (unsigned k = 0; k < 3; k++)
			put_blob(&v, k, none);
		CHECK_EQ(judge(&v), CFS_SEAL_UNSIGNED);
		vector_free(&v);
	}
}

TEST(a_changed_digest_is_a_mismatch_with_and_without_certificates)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	v.facts.role[CFS_SEAL_CONFIG].digest.bytes[31] ^= 1;
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	CHECK_EQ(strncmp(verdict.why, "config: ", 8), 0);
	trust(NULL);
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	vector_free(&v);
}

TEST(a_digest_that_is_not_known_never_counts)
{
	struct vector v;

	vector_read("boot-plain", CFS_ALG_SHA256, &v);
	trust("rsa");
	v.facts.role[CFS_SEAL_BOOTABLE].known = false;
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	policy.bootable = true;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	CHECK(strstr(verdict.why, "was not computed"));
	policy.bootable = false;
	v.facts.role[CFS_SEAL_MERGED].known = false;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	vector_free(&v);
}

TEST(a_signature_over_something_else_is_wrong)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	put_blob(&v, 0, v.sigs[1]);
	CHECK_EQ(judge(&v), CFS_SEAL_WRONG);
	CHECK_EQ(verdict.v[0].sig, CFS_SEAL_BAD);
	CHECK_EQ(strncmp(verdict.why, "manifest: ", 10), 0);
	vector_free(&v);
}

TEST(blobs_that_are_missing_or_changed_are_malformed)
{
	struct cfs_bytes junk = { (const uint8_t *)"junk", 4 };
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	/* A byte of the blob is not as its descriptor says. */
	v.blobs.v[CFS_SEAL_MERGED].data[400] ^= 1;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	CHECK_EQ(verdict.v[2].sig, CFS_SEAL_UNREADABLE);
	v.sigs[2].len = 0;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	CHECK(strstr(verdict.why, "is missing"));
	/* It is, but for its length. */
	put_blob(&v, 2, v.sigs[1]);
	v.artifact.v[2].size++;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	CHECK_EQ(verdict.v[2].sig, CFS_SEAL_UNREADABLE);
	for (unsigned i = 0; i < 3; i++)
		put_blob(&v, i, junk);
	CHECK_EQ(judge(&v), CFS_SEAL_MALFORMED);
	vector_free(&v);
}

TEST(one_of_several_signers_is_enough)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *other = NULL;
	struct vector v;

	vector_read("single", CFS_ALG_SHA512, &v);
	other = open_key("other");
	CHECK_EQ(cfs_seal_sign(&v.facts, other, &v.blobs, &err), 1);
	for (unsigned i = 0; i < v.artifact.n; i++)
		put_blob(&v, i,
			 cfs_buf_bytes(&v.blobs.v[v.artifact.v[i].role]));
	trust("rsa");
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	trust("other");
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	trust("ec");
	CHECK_EQ(judge(&v), CFS_SEAL_STRANGER);
	vector_free(&v);
}

TEST(digests_of_layers_are_compared_and_never_enough)
{
	struct cfs_digest layers[8] = { { 0 } };
	struct vector v;

	vector_read("multi-layer", CFS_ALG_SHA256, &v);
	CHECK(v.facts.n_layers > 1 && v.facts.n_layers < 8);
	trust("rsa");
	/* Instead of the merged image: the right number of layers. */
	drop(&v, CFS_SEAL_MERGED);
	for (size_t i = 0; i < v.facts.n_layers; i++) {
		struct cfs_seal_entry *entry = &v.artifact.v[v.artifact.n++];

		layers[i] = v.artifact.v[0].digest;
		*entry = v.artifact.v[0];
		entry->role = CFS_SEAL_LAYER;
		entry->layer = i;
		v.sigs[v.artifact.n - 1] = v.sigs[0];
	}
	v.facts.layers = layers;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	layers[1].bytes[0] ^= 1;
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	v.facts.layers = NULL;
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	v.artifact.n--;
	CHECK_EQ(judge(&v), CFS_SEAL_NOTHING);
	CHECK(strstr(verdict.why, "the image has"));
	vector_free(&v);
}

TEST(junk_beside_a_good_artifact_changes_nothing)
{
	struct cfs_seal_verdict all[4];
	struct vector v;
	size_t which;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	cfs_seal_judge_unread("it is\nmalformed", &all[0]);
	CHECK_STR(all[0].why, "it is?malformed");
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	all[2] = verdict;
	trust("other");
	(void)judge(&v);
	all[1] = verdict;
	trust("rsa");
	put_blob(&v, 0, v.sigs[1]);
	CHECK_EQ(judge(&v), CFS_SEAL_WRONG);
	all[3] = verdict;
	CHECK_EQ(cfs_seal_sum(all, 4, &which), CFS_SEAL_VERIFIED);
	CHECK_EQ(which, 2);
	all[2] = all[1];
	CHECK_EQ(cfs_seal_sum(all, 4, &which), CFS_SEAL_WRONG);
	CHECK_EQ(which, 3);
	CHECK_EQ(cfs_seal_sum(all, 3, &which), CFS_SEAL_STRANGER);
	CHECK_EQ(which, 1);
	CHECK_EQ(cfs_seal_sum(all, 1, &which), CFS_SEAL_NOTHING);
	CHECK_EQ(which, 0);
	CHECK_EQ(cfs_seal_sum(NULL, 0, &which), CFS_SEAL_NOTHING);
	vector_free(&v);
}

TEST(halves_of_two_artifacts_do_not_make_one)
{
	struct cfs_seal_verdict all[2];
	struct vector v;
	size_t which;

	vector_read("single", CFS_ALG_SHA256, &v);
	trust("rsa");
	drop(&v, CFS_SEAL_MERGED);
	(void)judge(&v);
	all[0] = verdict;
	vector_free(&v);
	vector_read("single", CFS_ALG_SHA256, &v);
	drop(&v, CFS_SEAL_MANIFEST);
	drop(&v, CFS_SEAL_CONFIG);
	(void)judge(&v);
	all[1] = verdict;
	CHECK_EQ(cfs_seal_sum(all, 2, &which), CFS_SEAL_INCOMPLETE);
	vector_free(&v);
}

TEST(a_stranger_may_claim_any_digest)
{
	CFS_AUTO(cfs_signing_free)
	struct cfs_signing *other = open_key("other");
	struct cfs_seal_blobs blobs = { 0 };
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	v.facts.role[CFS_SEAL_MERGED].digest.bytes[0] ^= 1;
	CHECK_EQ(cfs_seal_sign(&v.facts, other, &blobs, &err), 1);
	for (unsigned i = 0; i < v.artifact.n; i++) {
		v.artifact.v[i].digest =
			v.facts.role[v.artifact.v[i].role].digest;
		put_blob(&v, i, cfs_buf_bytes(&blobs.v[v.artifact.v[i].role]));
	}
	v.facts.role[CFS_SEAL_MERGED].digest.bytes[0] ^= 1;
	trust("rsa");
	CHECK_EQ(judge(&v), CFS_SEAL_STRANGER);
	trust("other");
	CHECK_EQ(judge(&v), CFS_SEAL_MISMATCH);
	cfs_seal_blobs_free(&blobs);
	vector_free(&v);
}

TEST(answers_have_words)
{
	for (int i = 0; i <= CFS_SEAL_VERIFIED; i++)
		CHECK(cfs_seal_answer_name((enum cfs_seal_answer)i) != NULL);
	CHECK_STR(cfs_seal_answer_name(CFS_SEAL_STRANGER), "wrong-certificate");
}

/* The artifact as annotations would have it: without an entry of the
 * manifest. */
static void check_inline(struct vector *v)
{
	drop(v, CFS_SEAL_MANIFEST);
	v->artifact.form = CFS_SEAL_INLINE;
	trust("rsa");
	CHECK_EQ(judge(v), CFS_SEAL_VERIFIED);
	policy.manifest = CFS_SEAL_NEED_ALWAYS;
	CHECK_EQ(judge(v), CFS_SEAL_INCOMPLETE);
	CHECK(strstr(verdict.why, "cannot sign it"));
	policy.manifest = CFS_SEAL_NEED_IF_POSSIBLE;
	v->artifact.v[at(v, CFS_SEAL_CONFIG)].is_signed = false;
	CHECK_EQ(judge(v), CFS_SEAL_INCOMPLETE);
	drop(v, CFS_SEAL_CONFIG);
	CHECK_EQ(judge(v), CFS_SEAL_INCOMPLETE);
	policy.merged_only = true;
	CHECK_EQ(judge(v), CFS_SEAL_VERIFIED);
}

TEST(annotations_need_all_roles_but_the_manifest)
{
	CHECK_EQ(vectors_each(check_inline), 14);
}

TEST(an_artifact_without_the_manifest_passes_only_where_that_is_agreed)
{
	struct vector v;

	vector_read("single", CFS_ALG_SHA256, &v);
	drop(&v, CFS_SEAL_MANIFEST);
	trust("rsa");
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	policy.manifest = CFS_SEAL_NEED_NEVER;
	CHECK_EQ(judge(&v), CFS_SEAL_VERIFIED);
	drop(&v, CFS_SEAL_CONFIG);
	CHECK_EQ(judge(&v), CFS_SEAL_INCOMPLETE);
	vector_free(&v);
	trust(NULL);
}
