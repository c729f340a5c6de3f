/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Whole images and artifacts: tests/cli/oci_sign.sh and oci_trust.sh. */
#include "oci/seal/verify.h"

#include "tests/unit/oci/seal/vectors.h"
#include "tests/unit/repo/store.h"

TEST(an_image_without_artifacts_is_not_computed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOVERIFICATION struct cfs_seal_verification v;
	const struct cfs_certs none = { .n = 0 };
	const struct cfs_seal_policy policy = { .certs = &none };
	struct cfs_oci_image image = { .id.alg = CFS_CONTENT_SHA256 };

	start(&store);
	snprintf(image.id.text, sizeof(image.id.text), "sha256:%064d", 1);
	CHECK(cfs_seal_verify(&store.repo, &image, &policy, &v, &err) == 0);
	CHECK(v.answer == CFS_SEAL_NOTHING && v.sources.n == 0);
	CHECK(cfs_seal_refusal(&v, "os:1", &err) == -ENODATA);
	CHECK(strstr(err.msg, "no signature artifacts found for os:1"));
}

/* Of two artifacts, the second one has the answer. */
static int refuse(enum cfs_seal_answer answer)
{
	struct cfs_seal_source first = { 0 }, second = { 0 };
	struct cfs_seal_verdict verdicts[2] = {
		{ .why = "first" },
		{ .answer = answer, .why = "second" },
	};
	struct cfs_seal_verification v = {
		.sources = { .v = { &first, &second }, .n = 2 },
		.verdicts = verdicts,
		.answer = answer,
		.which = 1,
	};

	snprintf(second.id.text, sizeof(second.id.text), "sha256:2");
	return cfs_seal_refusal(&v, "os:1", &err);
}

TEST(a_refusal_names_image_answer_artifact_and_reason)
{
	CHECK(refuse(CFS_SEAL_WRONG) == -EKEYREJECTED);
	CHECK(strcmp(err.msg,
		     "os:1: bad-signature: artifact sha256:2: second") == 0);
}

TEST(what_is_not_signed_is_told_from_what_is_signed_wrongly)
{
	CHECK(refuse(CFS_SEAL_VERIFIED) == 0);
	for (unsigned i = CFS_SEAL_NOTHING; i < CFS_SEAL_VERIFIED; i++) {
		bool nothing = i <= CFS_SEAL_UNSIGNED || i == CFS_SEAL_DIGESTS;

		CHECK(refuse((enum cfs_seal_answer)i) ==
		      (nothing ? -ENODATA : -EKEYREJECTED));
	}
}

TEST(only_verified_signatures_of_the_artifact_with_the_answer_count)
{
	struct cfs_seal_verdict verdicts[2] = {
		{ .n = 1, .v = { { .sig = CFS_SEAL_GOOD } } },
		{ .n = 4,
		  .v = { { .sig = CFS_SEAL_GOOD },
			 { .sig = CFS_SEAL_NO_SIGNATURE },
			 { .sig = CFS_SEAL_BY_STRANGERS },
			 { .sig = CFS_SEAL_GOOD } } },
	};
	const struct cfs_seal_verification v = { .verdicts = verdicts,
						 .which = 1 };

	CHECK(cfs_seal_count_good(&v) == 2);
}

TEST(digests_that_are_known_are_not_computed)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOVERIFICATION struct cfs_seal_verification v;
	const struct cfs_certs none = { .n = 0 };
	const struct cfs_seal_policy policy = { .certs = &none };
	struct cfs_oci_image image = { .id.alg = CFS_CONTENT_SHA256 };
	struct cfs_seal_facts facts = { .alg = CFS_ALG_SHA256, .n_layers = 3 };

	start(&store);
	snprintf(image.id.text, sizeof(image.id.text), "sha256:%064d", 1);
	CHECK(cfs_seal_verify_known(&store.repo, &image, &policy, &facts, &v,
				    &err) == 0);
	CHECK(v.answer == CFS_SEAL_NOTHING && v.facts.n_layers == 3);
}
