/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that are signed: tests/cli/oci_trust.sh. */
#include "ops/trust.h"

#include "tests/unit/oci/stored.h"

/* Checks an image that nobody has signed, by the policy @rules. */
static int check(const char *rules, const char *called, struct cfs_proof *ret)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };
	CFS_AUTOFREE char *policy = NULL;
	const struct cfs_trust_subject subject = {
		.repo = &store.repo,
		.image = &image,
		.name = called,
		.role = CFS_SEAL_MERGED,
	};

	start(&store);
	make(&store, &image, true, ABC);
	name(&store, &image);
	put(root, "policy.toml", rules);
	policy = below(root, "policy.toml");
	CHECK_EQ(cfs_trust_read_policy(&trust, policy, &err), 0);
	return cfs_trust_check(&trust, &subject, ret, &err);
}

TEST(what_no_table_is_about_is_accepted)
{
	struct cfs_proof proof;

	CHECK_EQ(check("", "x:1", &proof), 0);
	CHECK_EQ(check("[images.\"y\"]\naccept = \"nothing\"\n", "x:1", &proof),
		 0);
	CHECK_EQ(
		check("[images.\"x\"]\naccept = \"anything\"\n", "x:1", &proof),
		0);
	CHECK(proof.n == 0 && proof.refusal == CFS_REFUSED_NOT);
}

TEST(a_name_that_is_accepted_for_nothing_is_refused)
{
	struct cfs_proof proof;

	CHECK(check("[images.\"x\"]\naccept = \"nothing\"\n", "x:1", &proof) <
	      0);
	CHECK_EQ(proof.refusal, CFS_REFUSED_UNSIGNED);
	CHECK(strstr(err.msg, "policy.toml: [images.\"x\"]: x:1: "));
}

TEST(the_rules_of_all_tags_hold_for_a_digest)
{
	struct cfs_proof proof;

	CHECK(check("[images.\"x\"]\naccept = \"nothing\"\n", NULL, &proof) <
	      0);
	CHECK_EQ(proof.refusal, CFS_REFUSED_UNSIGNED);
}

TEST(a_certificate_that_cannot_be_read_refuses_the_image)
{
	struct cfs_proof proof;

	CHECK(check("[images.\"x\"]\ncertificates = [\"none.pem\"]\n", "x:1",
		    &proof) < 0);
	CHECK_EQ(proof.refusal, CFS_REFUSED_CERT);
}

TEST(a_policy_that_is_named_has_to_exist)
{
	CFS_AUTOTRUST struct cfs_trust trust = { 0 };

	CHECK_EQ(cfs_trust_read_policy(&trust, "/nonexistent/policy", &err),
		 -ENOENT);
}
