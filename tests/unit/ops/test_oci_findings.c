/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/oci_findings.h"

#include <string.h>

#include "tests/test.h"

static struct cfs_err err;

TEST(a_finding_is_kept_with_all_it_points_to)
{
	CFS_AUTOOCIFINDINGS struct cfs_oci_findings kept = { 0 };
	char tag[] = "os:1", reason[] = "gone";
	struct cfs_oci_id id = { .text = "sha256:1" };
	struct cfs_digest object = { .alg = CFS_ALG_SHA256, .bytes = { 1 } };
	struct cfs_oci_finding f;

	cfs_oci_findings_add(&kept,
			     &(struct cfs_oci_finding){
				     .code = CFS_OCI_FSCK_LAYER_STREAM_MISSING,
				     .tag = tag,
				     .reason = reason,
				     .id = &id,
				     .object = &object });
	memset(tag, 'z', sizeof(tag) - 1);
	memset(reason, 'z', sizeof(reason) - 1);
	id.text[0] = 'z';
	object.bytes[0] = 0;
	CHECK(cfs_oci_findings_check(&kept, &err) == 0 && kept.n == 1);
	f = cfs_oci_findings_get(&kept, 0);
	CHECK_EQ(f.code, CFS_OCI_FSCK_LAYER_STREAM_MISSING);
	CHECK_STR(f.tag, "os:1");
	CHECK_STR(f.reason, "gone");
	CHECK_STR(f.id->text, "sha256:1");
	CHECK_EQ(f.object->bytes[0], 1);
}

TEST(what_a_finding_lacks_stays_absent)
{
	CFS_AUTOOCIFINDINGS struct cfs_oci_findings kept = { 0 };
	struct cfs_oci_finding f;

	cfs_oci_findings_add(
		&kept, &(struct cfs_oci_finding){ .tag = "t", .reason = "r" });
	f = cfs_oci_findings_get(&kept, 0);
	CHECK(!f.id && !f.object);
}

TEST(lines_are_those_of_composefs_rs)
{
	CFS_AUTOOCIFINDINGS struct cfs_oci_findings kept = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };

	cfs_oci_findings_add(&kept,
			     &(struct cfs_oci_finding){
				     .code = CFS_OCI_FSCK_CONFIG_REF_MISSING,
				     .tag = "a",
				     .reason = "b \"c\"" });
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_oci_findings_write_lines(&kept, &w);
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	CHECK_STR(cfs_buf_text(&text),
		  "{\"errors\": [\"fsck: config-ref-missing: a: b "
		  "\\\"c\\\"\"]}\n");
}
