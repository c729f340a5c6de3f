/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A service answers with any bytes: each reply is refused or read, by
 * everything that reads replies.  What is read of a check or a verification
 * says the same when it is written and read again.
 */
#include <assert.h>
#include <string.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "varlink/read_reports.h"
#include "varlink/repository_reports.h"
#include "varlink/verification.h"

#define SENT_MAX 65536 /* fits into the socket */

static struct cfs_err err;

static void found(void *arg, const struct cfs_gc_finding *finding)
{
	(void)arg;
	assert(finding->where && finding->reason);
}

/* Parses the text that was written. */
static void take(struct cfs_json_writer *w, struct cfs_varlink_answer *ret)
{
	static struct cfs_json_node nodes[1u << 17];

	cfs_json_write_end(w);
	assert(cfs_json_write_finish(w, &err) == 0);
	assert(cfs_json_parse(cfs_buf_bytes(w->buf), nodes,
			      CFS_ARRAY_SIZE(nodes), &ret->doc, &err) == 0);
	ret->parameters = ret->doc.nodes;
}

static void check_report(const struct cfs_varlink_answer *answer)
{
	CFS_AUTOCHECKRESULT struct cfs_check_result one = { 0 }, two = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	struct cfs_varlink_answer again = { 0 };

	if (cfs_varlink_read_check(answer, &one, &err) < 0)
		return;
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_varlink_write_check(&one, &w);
	take(&w, &again);
	assert(cfs_varlink_read_check(&again, &two, &err) == 0);
	assert(memcmp(&one.count, &two.count, sizeof(one.count)) == 0);
	assert(one.findings.n == two.findings.n);
}

static void check_verification(const struct cfs_varlink_answer *answer)
{
	CFS_AUTOVERIFICATION struct cfs_seal_verification one = { 0 },
							  two = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	struct cfs_varlink_answer again = { 0 };
	struct cfs_oci_id id, id_again;

	if (cfs_varlink_read_verification(answer, 2, &one, &id, &err) < 0)
		return;
	cfs_json_write_object(&w, NULL, CFS_JSON_ONE_LINE);
	cfs_varlink_write_verification(&one, &id, &w);
	take(&w, &again);
	assert(cfs_varlink_read_verification(&again, 2, &two, &id_again,
					     &err) == 0);
	assert(cfs_oci_id_equal(&id, &id_again));
	assert(one.answer == two.answer && one.which == two.which);
	for (size_t i = 0; i < one.sources.n; i++)
		assert(one.verdicts[i].n == two.verdicts[i].n);
}

static void read_all(const struct cfs_varlink_answer *answer)
{
	struct cfs_gc_result result;

	if (answer->is_error)
		assert(cfs_varlink_answer_fail(answer, &err) < 0);
	check_report(answer);
	check_verification(answer);
	(void)!cfs_varlink_read_collected(answer, &result, &err);
	(void)!cfs_varlink_read_gc_findings(answer, found, NULL, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	struct cfs_varlink_answer answer;
	int pair[2];
	int r;

	if (size == 0 || size > SENT_MAX)
		return 0;
	assert(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	client.wire.fd = pair[0];
	assert(send(pair[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
	close(pair[1]);
	while ((r = cfs_varlink_next_answer(&client, &answer, &err)) == 0)
		read_all(&answer);
	assert(r == -EBADMSG || r == -E2BIG);
	return 0;
}
