/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/read_reports.h"

#include "tests/test.h"
#include "varlink/repository_reports.h"

#define HEX "0100000000000000000000000000000000000000000000000000000000000000"

static struct cfs_err err;
static const struct cfs_digest id = { .alg = CFS_ALG_SHA256, .bytes = { 1 } };
static struct cfs_json_node nodes[1000];
static struct cfs_varlink_answer answer;
static struct cfs_buf text;

/* The reply with the parameters @json, ' for ". */
static void take(const char *json)
{
	cfs_buf_free(&text);
	cfs_buf_adds(&text, json);
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\'')
			text.data[i] = '"';
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(&text), nodes,
				CFS_ARRAY_SIZE(nodes), &answer.doc, &err),
		 0);
	answer.parameters = answer.doc.nodes;
}

/* Writes @checked as a service does, and reads it back. */
static void pass(const struct cfs_check_result *checked,
		 struct cfs_check_result *ret)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };

	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_varlink_write_check(checked, &w);
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	take(cfs_buf_text(&buf));
	CHECK_EQ(cfs_varlink_read_check(&answer, ret, &err), 0);
}

TEST(members_are_read_by_their_kind)
{
	struct cfs_digest got;
	bool failed = false;
	char *copy;

	take("{'n':5,'t':true,'s':'x\\ny','d':'" HEX "','z':null}");
	CHECK_EQ(cfs_varlink_number(&answer.doc, answer.parameters, "n"), 5);
	CHECK_EQ(cfs_varlink_number(&answer.doc, answer.parameters, "s"), 0);
	CHECK_EQ(cfs_varlink_number(&answer.doc, answer.parameters, "no"), 0);
	CHECK(cfs_varlink_flag(&answer.doc, answer.parameters, "t"));
	CHECK(!cfs_varlink_flag(&answer.doc, answer.parameters, "n"));
	copy = cfs_varlink_text(&answer.doc, answer.parameters, "s", &failed);
	CHECK_STR(copy, "x\ny");
	free(copy);
	CHECK(!cfs_varlink_text(&answer.doc, answer.parameters, "z", &failed));
	CHECK(!failed);
	CHECK(cfs_varlink_digest(&answer.doc, answer.parameters, "d", &got));
	CHECK(cfs_digest_equal(&got, &id));
	CHECK(!cfs_varlink_digest(&answer.doc, answer.parameters, "s", &got));
	CHECK(!cfs_varlink_digest(&answer.doc, answer.parameters, "n", &got));
}

TEST(a_report_comes_back_as_it_was)
{
	CFS_AUTOCHECKRESULT struct cfs_check_result sent = { 0 }, got = { 0 };
	const struct cfs_finding damaged = {
		.code = CFS_FSCK_IMAGE_DAMAGED_OBJECT,
		.where = "images/" HEX,
		.reason = "why",
		.object = &id,
		.measured = &id,
		.files_total = 5,
		.n_files = 2,
		.files = { "/a", "/b" },
	};
	const struct cfs_finding open_to_others = {
		.code = CFS_FSCK_OPEN_TO_OTHERS,
		.where = ".",
	};
	struct cfs_image_name name = { id, strdup("os/stable") };
	const struct cfs_finding *f;
	size_t at = 0;

	CHECK(cfs_vec_add(&sent.findings.names, name));
	cfs_findings_add(&sent.findings, &damaged);
	cfs_findings_add(&sent.findings, &damaged);
	cfs_findings_add(&sent.findings, &open_to_others);
	sent.count = (struct cfs_fsck){ .findings = 2,
					.warnings = 1,
					.objects_checked = 9,
					.objects_corrupted = 1,
					.images_checked = 3,
					.missing_objects = 4 };
	sent.has_meta = true;
	pass(&sent, &got);
	CHECK_EQ(memcmp(&got.count, &sent.count, sizeof(got.count)), 0);
	CHECK(got.has_meta);
	CHECK_EQ(got.findings.n, 3);
	f = cfs_findings_get(&got.findings, 0);
	CHECK_EQ(f->code, damaged.code);
	CHECK_STR(f->where, damaged.where);
	CHECK_STR(f->reason, "why");
	CHECK(f->object && cfs_digest_equal(f->object, &id));
	CHECK(f->measured && cfs_digest_equal(f->measured, &id));
	CHECK_EQ(f->files_total, 5);
	CHECK_EQ(f->n_files, 2);
	CHECK_STR(f->files[1], "/b");
	CHECK_STR(cfs_findings_next_name(&got.findings, f, &at), "os/stable");
	/* Each name once, although two findings have it. */
	CHECK(!cfs_findings_next_name(&got.findings, f, &at));
	f = cfs_findings_get(&got.findings, 2);
	CHECK(!f->object && !f->measured && !f->reason);
}

TEST(what_a_service_says_wrongly_is_refused)
{
	static const char *const bad[] = {
		"{}",
		"{'ok':true}",
		"{'ok':true,'findings':{}}",
		"{'ok':true,'findings':[1]}",
		"{'ok':true,'findings':[{'code':'new-kind','path':'x'}]}",
		"{'ok':true,'findings':[{'code':'broken-symlink'}]}",
		"{'ok':true,'findings':[{'code':'broken-symlink','path':1}]}",
		/* Nothing was found, and yet it is not well. */
		"{'ok':false,'findings':[]}",
		"{'findings':[]}",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		CFS_AUTOCHECKRESULT struct cfs_check_result got = { 0 };

		take(bad[i]);
		CHECK_EQ(cfs_varlink_read_check(&answer, &got, &err), -EBADMSG);
	}
}

TEST(numbers_that_contradict_each_other_do_no_harm)
{
	CFS_AUTOCHECKRESULT struct cfs_check_result got = { 0 };
	const struct cfs_finding *f;

	take("{'ok':true,'objects_checked':1,'objects_corrupted':2,'findings':["
	     "{'code':'image-damaged-object','path':'images/x',"
	     "'files':['a','b','c','d'],'files_total':1}]}");
	CHECK_EQ(cfs_varlink_read_check(&answer, &got, &err), 0);
	CHECK_EQ(got.count.objects_corrupted, 1);
	/* Without an object there are no files of it. */
	f = cfs_findings_get(&got.findings, 0);
	CHECK_EQ(f->files_total, 0);
	CHECK_EQ(f->n_files, 0);
}

static unsigned n_found;

static void found(void *arg, const struct cfs_gc_finding *finding)
{
	CHECK(arg == &n_found);
	n_found++;
	CHECK_EQ(finding->code, CFS_GC_UNREADABLE);
	CHECK_STR(finding->where, "images/x");
	CHECK_STR(finding->reason, "why");
	CHECK(finding->stops);
}

TEST(a_collection_comes_back)
{
	struct cfs_gc_result got;

	take("{'result':{'objects_removed':1,'objects_bytes':2,"
	     "'images_pruned':3,'streams_pruned':4,'signatures_pruned':5,"
	     "'temporary_files':6,'objects_kept':7},'findings':[{'code':"
	     "'unreadable','stops':true,'path':'images/x','reason':'why'}]}");
	CHECK_EQ(cfs_varlink_read_collected(&answer, &got, &err), 0);
	CHECK_EQ(got.objects_removed + 10 * got.objects_bytes, 21);
	CHECK_EQ(got.images_pruned + 10 * got.streams_pruned, 43);
	CHECK_EQ(got.signatures_pruned + 10 * got.temporary, 65);
	CHECK_EQ(got.objects_kept, 7);
	CHECK_EQ(cfs_varlink_read_gc_findings(&answer, found, &n_found, &err),
		 0);
	CHECK_EQ(n_found, 1);
	take("{'result':[],'findings':[{'code':'x'}]}");
	CHECK_EQ(cfs_varlink_read_collected(&answer, &got, &err), -EBADMSG);
	CHECK_EQ(cfs_varlink_read_gc_findings(&answer, found, &n_found, &err),
		 -EBADMSG);
	take("{'findings':[{'code':'unreadable'}]}");
	CHECK_EQ(cfs_varlink_read_gc_findings(&answer, found, &n_found, &err),
		 -EBADMSG);
	CHECK_EQ(n_found, 1);
}
