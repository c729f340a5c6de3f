/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* `cfsctl --socket PATH oci pull`. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/oci/pulled.h"
#include "cfsctl/socket.h"
#include "cfsctl/trust.h"
#include "oci/image.h"
#include "varlink/read_reports.h"

#define OCI "org.composefs.Oci."

/* A layer on its way. */
struct part {
	char id[CFS_OCI_ID_MAX];
	uint64_t fetched;
};

struct pull {
	const struct cmd_pull_request *request;
	struct cfs_progress progress;
	struct cfs_progress_parts parts;
	struct part *part; /* CFS_OCI_LAYERS_MAX */
	size_t n;
};

/* The number of the layer that @of names; -1: there is none, or no more
 * room. */
static ssize_t part_of(struct pull *p, const struct cfs_json *doc,
		       const struct cfs_json_node *of, bool is_new)
{
	const struct cfs_json_node *node = cfs_json_get(doc, of, "id");
	struct part *next = &p->part[p->n];

	for (size_t i = 0; i < p->n; i++)
		if (node && cfs_json_is(node, p->part[i].id))
			return (ssize_t)i;
	if (!is_new || p->n == CFS_OCI_LAYERS_MAX || !node ||
	    !cfs_json_string(node, next->id, sizeof(next->id)))
		return -1;
	return (ssize_t)p->n++;
}

static void begin_part(struct pull *p, const struct cfs_json *doc,
		       const struct cfs_json_node *of)
{
	uint64_t total = cfs_varlink_number(doc, of, "total");
	ssize_t n = part_of(p, doc, of, true);
	const char *hex;
	char name[13];

	if (n < 0)
		return;
	hex = strchr(p->part[n].id, ':');
	snprintf(name, sizeof(name), "%.12s", hex ? hex + 1 : p->part[n].id);
	p->progress.total += total;
	cmd_progress_part_begin(&p->parts, (size_t)n, name, total);
}

static void move_part(struct pull *p, const struct cfs_json *doc,
		      const struct cfs_json_node *of, const char *member)
{
	uint64_t fetched = cfs_varlink_number(doc, of, member);
	ssize_t n = part_of(p, doc, of, false);

	if (n < 0 || fetched < p->part[n].fetched)
		return;
	cmd_progress_bytes(&p->progress, fetched - p->part[n].fetched);
	cmd_progress_part_bytes(&p->parts, (size_t)n,
				fetched - p->part[n].fetched);
	p->part[n].fetched = fetched;
}

static void end_part(struct pull *p, const struct cfs_json *doc,
		     const struct cfs_json_node *of)
{
	ssize_t n = part_of(p, doc, of, false);

	move_part(p, doc, of, "transferred");
	if (n >= 0)
		cmd_progress_part_end(&p->parts, (size_t)n);
}

/* Prints a line for people. */
static void note(struct pull *p, const struct cfs_varlink_answer *answer)
{
	bool failed = false;
	CFS_AUTOFREE char *text = cfs_varlink_text(
		&answer->doc, answer->parameters, "message", &failed);

	if (!text)
		return;
	cmd_progress_end(&p->progress);
	cmd_line(stderr, "note: %s", text);
}

/* Shows what a reply on the way has. */
static void show(struct pull *p, const struct cfs_varlink_answer *answer)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *from = answer->parameters, *of;

	if ((of = cfs_json_get(doc, from, "started")))
		begin_part(p, doc, of);
	if ((of = cfs_json_get(doc, from, "progress")))
		move_part(p, doc, of, "fetched");
	if ((of = cfs_json_get(doc, from, "done")))
		end_part(p, doc, of);
	note(p, answer);
}

/* The strings of the last reply. */
struct texts {
	char *manifest, *config, *verity, *boot, *mode, *format; /* owned */
};

static void texts_free(struct texts *t)
{
	free(t->manifest);
	free(t->config);
	free(t->verity);
	free(t->boot);
	free(t->mode);
	free(t->format);
}

static int print(const struct pull *p, const struct cfs_varlink_answer *answer,
		 struct cfs_err *err)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *of =
		cfs_json_get(doc, answer->parameters, "completed");
	const struct cfs_json_node *n = cfs_json_get(doc, of, "counts");
	bool no = false;
	__attribute__((cleanup(texts_free))) struct texts t = { 0 };
	struct cmd_pulled pulled = { .tag = p->request->tag };

	if (!of || !n)
		return cfs_varlink_wrong_member(of ? "counts" : "completed",
						err);
	pulled.manifest = t.manifest =
		cfs_varlink_text(doc, of, "manifest_digest", &no);
	pulled.config = t.config =
		cfs_varlink_text(doc, of, "config_digest", &no);
	pulled.verity = t.verity =
		cfs_varlink_text(doc, of, "manifest_verity", &no);
	pulled.boot = t.boot = cfs_varlink_text(doc, of, "boot_image", &no);
	if (p->request->expected) {
		t.mode = cfs_varlink_text(doc, of, "boot_image_mode", &no);
		t.format = cfs_varlink_text(doc, of,
					    "boot_image_format_version", &no);
		pulled.mode = t.format ? t.mode : NULL;
		pulled.format = t.format;
	}
	if (no)
		return cfs_no_memory(err);
	if (!t.manifest || !t.config || !t.verity)
		return cfs_varlink_wrong_member("completed", err);
	pulled.added = cfs_varlink_number(doc, n, "objects_new");
	pulled.present = cfs_varlink_number(doc, n, "objects_present");
	pulled.stored = cfs_varlink_number(doc, n, "bytes_stored");
	pulled.inlined = cfs_varlink_number(doc, n, "bytes_inlined");
	pulled.own_nanoseconds = cfs_varlink_flag(doc, n, "own_nanoseconds");
	pulled.signatures =
		(unsigned)cfs_varlink_number(doc, of, "signatures_verified");
	cmd_pulled_print(&pulled);
	return 0;
}

/* Words the error, with the exit status that `oci pull` has for it. */
static int failed(const struct cfs_varlink_answer *answer, struct cfs_err *err)
{
	static const struct {
		const char *error;
		int status;
	} refusals[] = {
		{ OCI "SignatureRequired", CFS_STATUS_REQUIRED },
		{ OCI "SignatureVerificationFailed", CFS_STATUS_FAILED },
		{ OCI "InvalidCertificate", CFS_STATUS_CERT },
	};
	int r = cfs_varlink_answer_fail(answer, err);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(refusals); i++)
		if (strcmp(answer->error, refusals[i].error) == 0)
			err->code = CFS_ESTATUS(refusals[i].status);
	/* It has the words that a pull here would have ended with. */
	if (strcmp(answer->error, OCI "InternalError") == 0)
		return r;
	return -err->code;
}

static void write_call(struct cfs_json_writer *w,
		       const struct cmd_pull_request *request)
{
	cfs_json_write_text(w, "image", request->from);
	cfs_json_write_text(w, "name", request->tag);
	cfs_json_write_text(w, "local_fetch", "disabled");
	cfs_json_write_bool(w, "bootable", request->bootable);
	if (request->xattrs)
		cfs_json_write_text(w, "xattrs", request->xattrs);
	if (request->expected)
		cfs_json_write_text(w, "expected_digest", request->expected);
}

static int pull(struct pull *p, struct cfs_varlink_client *client,
		struct cfs_err *err)
{
	struct cfs_varlink_answer answer;
	int r;

	write_call(cmd_socket_call(client, "Oci.Pull"), p->request);
	cfs_varlink_want_more(client);
	r = cfs_varlink_ask(client, &answer, err);
	while (r == 0 && answer.continues) {
		show(p, &answer);
		r = cfs_varlink_next_answer(client, &answer, err);
	}
	cmd_progress_end(&p->progress);
	if (r < 0)
		return r;
	return answer.is_error ? failed(&answer, err) : print(p, &answer, err);
}

int cmd_pull_asked(const struct cfs_globals *g,
		   const struct cmd_pull_request *request, struct cfs_err *err)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	struct pull p = { .request = request,
			  .parts = CFS_PROGRESS_PARTS_INIT };
	int r = cmd_socket_open(g, &client, err);

	if (r < 0)
		return r;
	p.part = calloc(CFS_OCI_LAYERS_MAX + 1, sizeof(*p.part));
	if (!p.part)
		return cfs_no_memory(err);
	cmd_progress_start_parts(&p.progress, "pulled", 0, &p.parts);
	r = pull(&p, &client, err);
	free(p.part);
	return r;
}
