/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/findings.h"

#include "tests/unit/ops/image.h"

static struct cfs_findings findings;

static void clear(void)
{
	cfs_findings_free(&findings);
	findings = (struct cfs_findings){ 0 };
}

TEST(a_finding_is_kept_with_all_it_points_to)
{
	char where[] = "images/x", reason[] = "reason", file[] = "/file";
	struct cfs_digest object = { .alg = CFS_ALG_SHA256, .bytes = { 1 } };
	struct cfs_digest measured = { .alg = CFS_ALG_SHA256, .bytes = { 2 } };
	const struct cfs_finding *kept;

	clear();
	cfs_findings_add(&findings,
			 &(struct cfs_finding){ .code = CFS_FSCK_IMAGE_INVALID,
						.where = where,
						.reason = reason,
						.object = &object,
						.measured = &measured,
						.files_total = 5,
						.n_files = 1,
						.files = { file } });
	memset(where, 'z', sizeof(where) - 1);
	memset(reason, 'z', sizeof(reason) - 1);
	memset(file, 'z', sizeof(file) - 1);
	object.bytes[0] = measured.bytes[0] = 0;
	CHECK(cfs_findings_check(&findings, &err) == 0 && findings.n == 1);
	kept = cfs_findings_get(&findings, 0);
	CHECK(kept->code == CFS_FSCK_IMAGE_INVALID && kept->files_total == 5);
	CHECK(strcmp(kept->where, "images/x") == 0);
	CHECK(strcmp(kept->reason, "reason") == 0);
	CHECK(kept->n_files == 1 && strcmp(kept->files[0], "/file") == 0);
	CHECK(kept->object->bytes[0] == 1 && kept->measured->bytes[0] == 2);
}

TEST(what_a_finding_lacks_stays_absent)
{
	const struct cfs_finding *kept;

	clear();
	cfs_findings_add(&findings,
			 &(struct cfs_finding){ .code = CFS_FSCK_STAT_FAILED,
						.where = "." });
	kept = cfs_findings_get(&findings, 0);
	CHECK(!kept->reason && !kept->object && !kept->measured);
	CHECK(kept->n_files == 0);
}

TEST(many_findings_keep_their_order)
{
	char where[16];

	clear();
	for (int i = 0; i < 1000; i++) {
		snprintf(where, sizeof(where), "%d", i);
		cfs_findings_add(&findings,
				 &(struct cfs_finding){ .where = where });
	}
	CHECK(findings.n == 1000);
	for (int i = 0; i < 1000; i++)
		CHECK(atoi(cfs_findings_get(&findings, (size_t)i)->where) == i);
}

TEST(only_images_have_names)
{
	char where[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_finding finding = { .where = where };
	struct cfs_digest id;
	size_t at = 0;

	clear();
	start_empty();
	id = add_image("one", "a");
	(void)add_image("two", "a");
	CHECK(cfs_access_read(&access_of_root, &repo, &err) == 0);
	cfs_findings_names(&findings, &repo);
	cfs_digest_to_hex(&id, where + strlen(where));
	CHECK(strcmp(cfs_findings_next_name(&findings, &finding, &at), "one") ==
	      0);
	CHECK(strcmp(cfs_findings_next_name(&findings, &finding, &at), "two") ==
	      0);
	CHECK(!cfs_findings_next_name(&findings, &finding, &at));
	at = 0;
	finding.where = "images/refs/one";
	CHECK(!cfs_findings_next_name(&findings, &finding, &at));
	finding.where = "meta.json";
	CHECK(!cfs_findings_next_name(&findings, &finding, &at));
}
