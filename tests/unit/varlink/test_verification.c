/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/verification.h"

#include "tests/test.h"

#define HEX "0100000000000000000000000000000000000000000000000000000000000000"
#define ID  "sha256:" HEX

static struct cfs_err err;
static struct cfs_json_node nodes[1000];
static struct cfs_varlink_answer answer;
static struct cfs_buf text;
static struct cfs_oci_id manifest;

static struct cfs_oci_id id_of(const char *id)
{
	struct cfs_oci_id ret;

	CHECK_EQ(cfs_oci_id_parse(
			 (struct cfs_bytes){ (const uint8_t *)id, strlen(id) },
			 &ret, &err),
		 0);
	return ret;
}

/* Takes the text for the parameters of a reply. */
static void parse(void)
{
	CHECK_EQ(cfs_json_parse(cfs_buf_bytes(&text), nodes,
				CFS_ARRAY_SIZE(nodes), &answer.doc, &err),
		 0);
	answer.parameters = answer.doc.nodes;
}

static int read_it(unsigned n_certs, struct cfs_seal_verification *ret)
{
	return cfs_varlink_read_verification(&answer, n_certs, ret, &manifest,
					     &err);
}

/* An image with two sources; the second one is verified by certificate 1. */
static void make(struct cfs_seal_verification *v)
{
	v->verdicts = calloc(2, sizeof(*v->verdicts));
	for (size_t i = 0; i < 2; i++) {
		v->sources.v[i] = calloc(1, sizeof(*v->sources.v[i]));
		CHECK(v->verdicts && v->sources.v[i]);
		v->sources.v[i]->id = id_of(ID);
		v->sources.n++;
	}
	v->sources.v[0]->is_inline = true;
	v->sources.n_left = 3;
	v->verdicts[0].answer = CFS_SEAL_UNSIGNED;
	strcpy(v->verdicts[0].why, "it is not signed");
	v->verdicts[1].answer = CFS_SEAL_VERIFIED;
	v->verdicts[1].odd_size = true;
	v->verdicts[1].n = 2;
	v->verdicts[1].v[0] = (struct cfs_seal_finding){
		.role = CFS_SEAL_LAYER,
		.layer = 4,
		.match = CFS_SEAL_NOT_KNOWN,
		.why = "not compared",
	};
	v->verdicts[1].v[1] = (struct cfs_seal_finding){
		.role = CFS_SEAL_MERGED,
		.match = CFS_SEAL_EQUAL,
		.sig = CFS_SEAL_GOOD,
		.cert = 1,
	};
	v->answer = cfs_seal_sum(v->verdicts, 2, &v->which);
	v->facts.role[CFS_SEAL_MERGED].digest =
		(struct cfs_digest){ .alg = CFS_ALG_SHA256, .bytes = { 1 } };
	v->facts.recalled = true;
}

static void write_it(const struct cfs_seal_verification *v)
{
	struct cfs_json_writer w = { .buf = &text };
	struct cfs_oci_id id = id_of(ID);

	cfs_buf_free(&text);
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_varlink_write_verification(v, &id, &w);
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
}

/* Replaces @from, which is there once, by @to, and reads the result. */
static int read_changed(const char *from, const char *to)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 },
							  got = { 0 };
	CFS_AUTOFREE char *before = NULL;
	char *at;

	make(&v);
	write_it(&v);
	before = strdup(cfs_buf_text(&text));
	CHECK(before);
	at = strstr(before, from);
	CHECK(at && !strstr(at + 1, from));
	cfs_buf_free(&text);
	cfs_buf_add(&text, before, (size_t)(at - before));
	cfs_buf_adds(&text, to);
	cfs_buf_adds(&text, at + strlen(from));
	parse();
	return read_it(2, &got);
}

TEST(a_verification_comes_back_as_it_was)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 },
							  got = { 0 };
	const struct cfs_seal_verdict *verdict;

	make(&v);
	write_it(&v);
	parse();
	CHECK_EQ(read_it(2, &got), 0);
	CHECK_STR(manifest.text, ID);
	CHECK_EQ(got.answer, CFS_SEAL_VERIFIED);
	CHECK_EQ(got.which, 1);
	CHECK_EQ(got.sources.n, 2);
	CHECK_EQ(got.sources.n_left, 3);
	CHECK(got.sources.v[0]->is_inline && !got.sources.v[1]->is_inline);
	CHECK_STR(got.sources.v[1]->id.text, ID);
	CHECK_STR(got.verdicts[0].why, "it is not signed");
	verdict = &got.verdicts[1];
	CHECK(verdict->odd_size);
	CHECK_EQ(verdict->n, 2);
	CHECK_EQ(verdict->v[0].role, CFS_SEAL_LAYER);
	CHECK_EQ(verdict->v[0].layer, 4);
	CHECK_STR(verdict->v[0].why, "not compared");
	CHECK_EQ(verdict->v[1].match, CFS_SEAL_EQUAL);
	CHECK_EQ(verdict->v[1].sig, CFS_SEAL_GOOD);
	CHECK_EQ(verdict->v[1].cert, 1);
	CHECK_EQ(cfs_seal_count_good(&got), 1);
	CHECK(cfs_digest_equal(&got.facts.role[CFS_SEAL_MERGED].digest,
			       &v.facts.role[CFS_SEAL_MERGED].digest));
	CHECK(got.facts.recalled);
}

TEST(nothing_to_verify_comes_back)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 },
							  got = { 0 };

	write_it(&v);
	parse();
	CHECK_EQ(read_it(0, &got), 0);
	CHECK_EQ(got.answer, CFS_SEAL_NOTHING);
	CHECK_EQ(got.sources.n, 0);
	CHECK(!got.facts.recalled);
}

TEST(certificates_are_those_that_were_given)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification v = { 0 },
							  got = { 0 };

	make(&v);
	write_it(&v);
	parse();
	CHECK_EQ(read_it(1, &got), -EBADMSG);
}

TEST(an_answer_has_to_follow_from_what_is_shown)
{
	CHECK_EQ(read_changed("\"which\": 1", "\"which\": 0"), -EBADMSG);
	CHECK_EQ(read_changed("\"certificate\": 1", "\"certificate\": null"),
		 -EBADMSG);
	CHECK_EQ(read_changed("\"merged\": \"" HEX "\"", "\"merged\": null"),
		 -EBADMSG);
	CHECK_EQ(read_changed("\"answer\": \"no-signature\"",
			      "\"answer\": \"digests-match\""),
		 0);
	CHECK_EQ(read_changed("\"verified\", \"which\"",
			      "\"digests-match\", \"which\""),
		 -EBADMSG);
	CHECK_EQ(read_changed("\"verified\", \"which\"",
			      "\"no-signature\", \"which\""),
		 -EBADMSG);
}

TEST(what_is_malformed_is_refused)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification got = { 0 };

	CHECK_EQ(read_changed("\"layer\", \"layer\"", "\"roof\", \"layer\""),
		 -EBADMSG);
	CHECK_EQ(read_changed("\"artifacts\"", "\"others\""), -EBADMSG);
	CHECK_EQ(read_changed("\"manifest_digest\": \"sha256:01",
			      "\"manifest_digest\": \"sha256:x1"),
		 -EBADMSG);
	cfs_buf_free(&text);
	cfs_buf_adds(&text, "{}");
	parse();
	CHECK_EQ(read_it(0, &got), -EBADMSG);
}
