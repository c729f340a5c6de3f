/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whole images and artifacts: tests/uml/oci_kernel.sh. */
#include "ops/enrol_image.h"

#include "keys/verify.h"
#include "tests/fake/mount.h"
#include "tests/unit/ops/enrolled.h"

/* A verification of two artifacts, each of which has the merged image. */
struct two {
	struct cfs_seal_source sources[2];
	struct cfs_seal_verdict verdicts[2];
	struct cfs_seal_verification v;
	struct cfs_certs certs;
};

static void add_artifact(struct two *t, const struct cfs_signing *key)
{
	size_t i = t->v.sources.n++;
	struct cfs_seal_source *s = &t->sources[i];
	struct cfs_seal_verdict *verdict = &t->verdicts[i];

	s->artifact.n = verdict->n = 1;
	s->artifact.v[0].role = verdict->v[0].role = CFS_SEAL_MERGED;
	s->artifact.v[0].digest = image;
	sign_image_by(key, &s->blobs[0]);
	verdict->answer = CFS_SEAL_VERIFIED;
	verdict->v[0].match = CFS_SEAL_EQUAL;
	verdict->v[0].sig = CFS_SEAL_GOOD;
	t->v.sources.v[i] = s;
	t->v.verdicts = t->verdicts;
	t->certs.v[t->certs.n++] = *cfs_signing_cert(key);
}

static void two_free(struct two *t)
{
	for (size_t i = 0; i < t->v.sources.n; i++)
		cfs_buf_free(&t->sources[i].blobs[0]);
}

#define AUTOTWO __attribute__((cleanup(two_free)))

/* Adds what @t has verified to @e, and hands it to the kernel. */
static unsigned enrol_two(const struct two *t, struct cfs_enrolment *e)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	CHECK_EQ(cfs_enrolment_add(e, &store.repo, &t->v, &t->certs, &err), 0);
	CHECK_EQ(cfs_enrolment_keep(e, &store, &err), 0);
	return cfs_enrolment_run(e, &store);
}

static unsigned signers_of(const struct cfs_buf *der)
{
	struct cfs_pkcs7 p7;

	CHECK_EQ(cfs_pkcs7_parse(cfs_buf_bytes(der), &p7, &err), 0);
	return p7.n;
}

TEST(signatures_of_one_object_become_one)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };
	const struct cfs_certs first = cert_of(one), second = cert_of(two);
	int before;

	start_verity();
	add_artifact(&t, one);
	add_artifact(&t, two);
	before = fake_open_fds();
	CHECK_EQ(enrol_two(&t, &e), 0);
	/* The model keeps the file that it gave fs-verity open. */
	CHECK_EQ(fake_open_fds(), before + 1);
	CHECK_EQ(e.v[CFS_SEAL_MERGED].enrolled, CFS_ENROL_DONE);
	CHECK_EQ(signers_of(&e.v[CFS_SEAL_MERGED].der), 2);
	CHECK(!e.v[CFS_SEAL_CONFIG].wanted);
	CHECK_EQ(verify_enrolled(&first, NULL), 0);
	CHECK_EQ(verify_enrolled(&second, NULL), 0);
}

TEST(what_did_not_pass_is_left_out)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	start_verity();
	add_artifact(&t, one);
	add_artifact(&t, two);
	/* A good signature in an artifact that is no good, and a digest that is
	 * not signed in one that is. */
	t.verdicts[0].answer = CFS_SEAL_MISMATCH;
	t.verdicts[1].v[0].sig = CFS_SEAL_NO_SIGNATURE;
	CHECK_EQ(enrol_two(&t, &e), 0);
	CHECK(!e.v[CFS_SEAL_MERGED].wanted);
}

TEST(signers_that_the_kernel_has_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };
	const struct cfs_certs first = cert_of(one);

	start_verity();
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	add_artifact(&t, two);
	CHECK_EQ(enrol_two(&t, &e), 0);
	CHECK_EQ(signers_of(&e.v[CFS_SEAL_MERGED].der), 2);
	CHECK_EQ(verify_enrolled(&first, NULL), 0);
}

/* Signs the image in the repository alone.  Returns the signature's path. */
static const char *keep_signature_of(struct cfs_signing *key)
{
	const struct cfs_sign_params params = { .keys = &key,
						.n = 1,
						.kernel = CFS_KERNEL_NO };
	static struct cfs_sign_result kept;

	CHECK_EQ(sign(&params, &kept), 0);
	return kept.path;
}

TEST(signatures_that_are_kept_in_the_repository_join_if_they_are_right)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 }, bad = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	start_verity();
	keep_signature_of(one);
	add_artifact(&t, two);
	t.certs.v[t.certs.n++] = *cfs_signing_cert(one);
	CHECK_EQ(enrol_two(&t, &e), 0);
	CHECK_EQ(signers_of(&e.v[CFS_SEAL_MERGED].der), 2);
	start_verity();
	put(root, keep_signature_of(one), "no signature");
	CHECK_EQ(enrol_two(&t, &bad), 0);
	CHECK_EQ(signers_of(&bad.v[CFS_SEAL_MERGED].der), 1);
}

/* Reads the signature that is kept of the image. */
static void read_kept(struct cfs_buf *ret)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	CHECK_EQ(cfs_signature_read(&store.repo, &image, ret, &err), 1);
}

TEST(what_passed_is_kept_beside_what_was)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 }, again = { 0 };
	CFS_AUTOBUF struct cfs_buf kept = { 0 };
	CFS_AUTOBUF struct cfs_buf after = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	/* The signer of before is none of those that are trusted now. */
	start_verity();
	keep_signature_of(one);
	add_artifact(&t, two);
	CHECK_EQ(enrol_two(&t, &e), 0);
	CHECK_EQ(signers_of(&e.v[CFS_SEAL_MERGED].der), 1);
	read_kept(&kept);
	CHECK_EQ(signers_of(&kept), 2);
	CHECK_EQ(enrol_two(&t, &again), 0);
	read_kept(&after);
	CHECK_EQ(after.len, kept.len);
	CHECK(memcmp(after.data, kept.data, kept.len) == 0);
}

TEST(signers_who_are_leaving_go_from_the_repository_and_the_kernel)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs first = cert_of(one), second = cert_of(two);
	CFS_AUTOENROLMENT struct cfs_enrolment e = { .leaving = &first };
	CFS_AUTOBUF struct cfs_buf kept = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	start_verity();
	keep_signature_of(one);
	CHECK_EQ(enrol_by(one), CFS_ENROL_DONE);
	add_artifact(&t, two);
	CHECK_EQ(enrol_two(&t, &e), 0);
	CHECK(e.v[CFS_SEAL_MERGED].had_leaving);
	CHECK_EQ(verify_enrolled(&second, NULL), 0);
	CHECK_EQ(verify_enrolled(&first, NULL), -ENOKEY);
	read_kept(&kept);
	CHECK_EQ(signers_of(&kept), 1);
	CHECK_EQ(cfs_signature_verify(cfs_buf_bytes(&kept), &image, &second,
				      NULL, &err),
		 0);
}

TEST(an_object_that_is_missing_is_not_enrolled_with_the_reason)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	start_verity();
	memset(image.bytes, 1, sizeof(image.bytes));
	add_artifact(&t, one);
	CHECK_EQ(enrol_two(&t, &e), 1);
	CHECK(!e.v[CFS_SEAL_MERGED].enrolled);
	CHECK_EQ(e.v[CFS_SEAL_MERGED].why_not.code, ENOENT);
	CHECK(count(root, ".", "signatures") == 0);
}

TEST(a_refusal_of_the_kernel_is_kept)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTOENROLMENT struct cfs_enrolment e = { 0 };
	AUTOTWO struct two t = { .v.which = 0 };

	start_verity();
	add_artifact(&t, one);
	fake.fail_at = 1;
	fake.enable_result = -ENOKEY;
	CHECK_EQ(enrol_two(&t, &e), 1);
	CHECK_EQ(e.v[CFS_SEAL_MERGED].why_not.code, ENOKEY);
}
