/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/repository_reports.h"

#include "tests/test.h"

#define HEX "0100000000000000000000000000000000000000000000000000000000000000"

static struct cfs_err err;
static const struct cfs_digest id = { .alg = CFS_ALG_SHA256, .bytes = { 1 } };
static struct cfs_buf text;
static struct cfs_json_writer w;

static void begin(void)
{
	cfs_buf_free(&text);
	w = (struct cfs_json_writer){ .buf = &text };
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
}

/* What was written, with ' for ". */
static const char *end(void)
{
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	CHECK(cfs_buf_text(&text));
	for (char *c = (char *)text.data; *c; c++)
		if (*c == '"')
			*c = '\'';
	return (char *)text.data;
}

/* The reply about @finding alone. */
static const char *report(const struct cfs_finding *finding)
{
	CFS_AUTOCHECKRESULT struct cfs_check_result checked = { 0 };

	cfs_findings_add(&checked.findings, finding);
	checked.count.findings = !cfs_fsck_is_warning(finding->code);
	begin();
	cfs_varlink_write_check(&checked, &w);
	return end();
}

TEST(a_digest_is_written_as_hex_and_none_as_null)
{
	begin();
	cfs_varlink_write_digest(&w, "a", &id);
	cfs_varlink_write_digest(&w, "b", NULL);
	CHECK_STR(end(), "{'a': '" HEX "', 'b': null}\n");
}

TEST(a_finding_is_a_line_and_a_record)
{
	const struct cfs_finding finding = {
		.code = CFS_FSCK_OBJECT_DIGEST_MISMATCH,
		.where = "objects/01/00",
		.object = &id,
		.measured = &id,
	};
	const char *reply = report(&finding);

	CHECK(strstr(reply, "'ok': false"));
	CHECK(strstr(reply, "'errors': ['fsck: object-digest-mismatch: "
			    "objects/01/00: measured " HEX "']"));
	CHECK(strstr(reply,
		     "'findings': [{'code': 'object-digest-mismatch', "
		     "'warning': false, 'path': 'objects/01/00', 'reason': "
		     "null, 'object': '" HEX "', 'measured': '" HEX "', "
		     "'names': [], 'files': [], 'files_total': 0}]"));
}

TEST(files_that_are_hit_are_listed_with_their_object)
{
	const struct cfs_finding finding = {
		.code = CFS_FSCK_IMAGE_MISSING_OBJECT,
		.where = "images/x",
		.reason = "because",
		.object = &id,
		.files_total = 9,
		.n_files = 2,
		.files = { "/a", "/b" },
	};
	const char *reply = report(&finding);

	CHECK(strstr(reply,
		     "'errors': ['fsck: image-missing-object: images/x: " HEX
		     ": because']"));
	CHECK(strstr(reply, "'files': ['/a', '/b'], 'files_total': 9"));
}

TEST(a_warning_is_no_error)
{
	const struct cfs_finding finding = { .code = CFS_FSCK_OPEN_TO_OTHERS,
					     .where = "." };
	const char *reply = report(&finding);

	CHECK(strstr(reply, "'ok': true"));
	CHECK(strstr(reply, "'errors': [], 'findings': [{'code': "));
	CHECK(strstr(reply, "'warning': true"));
}

TEST(findings_of_a_collection_are_kept)
{
	struct cfs_varlink_gc_findings findings = { 0 };
	char where[] = "images/x";
	const struct cfs_gc_finding finding = { .code = CFS_GC_UNREADABLE,
						.where = where,
						.reason = "why",
						.stops = true };

	cfs_varlink_gc_finding_add(&findings, &finding);
	where[0] = '?';
	begin();
	cfs_varlink_write_gc_findings(&findings, &w);
	CHECK_STR(end(), "{'findings': [{'code': 'unreadable', 'stops': true, "
			 "'path': 'images/x', 'reason': 'why'}]}\n");
	cfs_varlink_gc_findings_free(&findings);
	CHECK_EQ(findings.n, 0);
}

TEST(a_collection_is_counted)
{
	const struct cfs_gc_result result = { .objects_removed = 1,
					      .objects_bytes = 2,
					      .objects_kept = 3,
					      .images_pruned = 4,
					      .streams_pruned = 5 };

	begin();
	cfs_varlink_write_collected(&result, &w);
	CHECK_STR(end(), "{'result': {'objects_removed': 1, 'objects_bytes': "
			 "2, 'images_pruned': 4, 'streams_pruned': 5, "
			 "'signatures_pruned': 0, 'temporary_files': 0, "
			 "'objects_kept': 3}}\n");
	cfs_buf_free(&text);
}
