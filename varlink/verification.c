/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/verification.h"

#include <stdio.h>
#include <string.h>

#include "varlink/read_reports.h"
#include "varlink/repository_reports.h"

static void write_entry(const struct cfs_seal_finding *f,
			struct cfs_json_writer *w)
{
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "role", cfs_seal_role_name(f->role));
	cfs_json_write_u64(w, "layer", f->layer);
	cfs_json_write_bool(w, "digest_ok", f->match == CFS_SEAL_EQUAL);
	if (f->sig == CFS_SEAL_GOOD)
		cfs_json_write_u64(w, "certificate", f->cert);
	else
		cfs_json_write_null(w, "certificate");
	cfs_json_write_text(w, "reason", *f->why ? f->why : NULL);
	cfs_json_write_end(w);
}

static void write_source(const struct cfs_seal_source *source,
			 const struct cfs_seal_verdict *verdict,
			 struct cfs_json_writer *w)
{
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "digest", source->id.text);
	cfs_json_write_bool(w, "inline", source->is_inline);
	cfs_json_write_text(w, "answer", cfs_seal_answer_name(verdict->answer));
	cfs_json_write_text(w, "reason", *verdict->why ? verdict->why : NULL);
	cfs_json_write_bool(w, "odd_size", verdict->odd_size);
	cfs_json_write_array(w, "entries", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < verdict->n; i++)
		write_entry(&verdict->v[i], w);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

/* The digest of @role, where it is known. */
static void write_fact(const struct cfs_seal_verification *v,
		       enum cfs_seal_role role, const char *name,
		       struct cfs_json_writer *w)
{
	const struct cfs_digest *id = &v->facts.role[role].digest;

	cfs_varlink_write_digest(
		w, name, v->answer >= CFS_SEAL_DIGESTS && id->alg ? id : NULL);
}

void cfs_varlink_write_verification(const struct cfs_seal_verification *v,
				    const struct cfs_oci_id *manifest,
				    struct cfs_json_writer *w)
{
	cfs_json_write_object(w, "verification", CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "manifest_digest", manifest->text);
	cfs_json_write_text(w, "answer", cfs_seal_answer_name(v->answer));
	cfs_json_write_u64(w, "which", v->which);
	write_fact(v, CFS_SEAL_MERGED, "merged", w);
	write_fact(v, CFS_SEAL_BOOTABLE, "bootable", w);
	cfs_json_write_bool(w, "recalled", v->facts.recalled);
	cfs_json_write_u64(w, "artifacts_left", v->sources.n_left);
	cfs_json_write_array(w, "artifacts", CFS_JSON_ONE_LINE);
	for (size_t i = 0; i < v->sources.n; i++)
		write_source(v->sources.v[i], &v->verdicts[i], w);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

static int wrong(struct cfs_err *err)
{
	return cfs_varlink_wrong_member("verification", err);
}

static bool read_answer_name(const struct cfs_json_node *node,
			     enum cfs_seal_answer *ret)
{
	for (unsigned i = 0; i <= CFS_SEAL_VERIFIED; i++) {
		*ret = (enum cfs_seal_answer)i;
		if (node && cfs_json_is(node, cfs_seal_answer_name(*ret)))
			return true;
	}
	return false;
}

static bool read_role(const struct cfs_json_node *node, enum cfs_seal_role *ret)
{
	return node && node->kind == CFS_JSON_STRING &&
	       cfs_seal_role_find(node->raw, ret);
}

/* Reads the reason of @from; it stays "" if there is none.  Returns false if it
 * is too long. */
static bool read_why(const struct cfs_json *doc,
		     const struct cfs_json_node *from, char why[static 320])
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, "reason");

	return !node || node->kind == CFS_JSON_NULL ||
	       cfs_json_string(node, why, 320);
}

static bool read_id(const struct cfs_json *doc,
		    const struct cfs_json_node *from, const char *name,
		    struct cfs_oci_id *ret)
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, name);
	char text[CFS_OCI_ID_MAX];
	struct cfs_err ignored;

	return node && cfs_json_string(node, text, sizeof(text)) &&
	       cfs_oci_id_parse((struct cfs_bytes){ (const uint8_t *)text,
						    strlen(text) },
				ret, &ignored) == 0;
}

static bool read_entry(const struct cfs_json *doc,
		       const struct cfs_json_node *from, unsigned n_certs,
		       struct cfs_seal_finding *ret)
{
	const struct cfs_json_node *cert =
		cfs_json_get(doc, from, "certificate");
	uint64_t n;

	if (!read_role(cfs_json_get(doc, from, "role"), &ret->role) ||
	    !read_why(doc, from, ret->why))
		return false;
	ret->layer = (size_t)cfs_varlink_number(doc, from, "layer");
	ret->match = cfs_varlink_flag(doc, from, "digest_ok")
			     ? CFS_SEAL_EQUAL
			     : CFS_SEAL_DIFFERS;
	if (!cert || cert->kind == CFS_JSON_NULL)
		return true;
	if (!cfs_json_u64(cert, &n) || n >= n_certs)
		return false;
	ret->sig = CFS_SEAL_GOOD;
	ret->cert = (unsigned)n;
	return true;
}

static int read_entries(const struct cfs_json *doc,
			const struct cfs_json_node *from, unsigned n_certs,
			struct cfs_seal_verdict *ret, struct cfs_err *err)
{
	const struct cfs_json_node *list = cfs_json_get(doc, from, "entries");
	const struct cfs_json_node *item;

	if (!list || list->kind != CFS_JSON_ARRAY)
		return wrong(err);
	for (item = cfs_json_first(doc, list); item;
	     item = cfs_json_next(doc, list, item))
		if (ret->n == CFS_SEAL_ENTRIES_MAX ||
		    !read_entry(doc, item, n_certs, &ret->v[ret->n++]))
			return wrong(err);
	return 0;
}

/* Adds the artifact in @from, for which there is room. */
static int add_source(const struct cfs_json *doc,
		      const struct cfs_json_node *from, unsigned n_certs,
		      struct cfs_seal_verification *to, struct cfs_err *err)
{
	struct cfs_seal_verdict *verdict = &to->verdicts[to->sources.n];
	struct cfs_seal_source *source = calloc(1, sizeof(*source));

	if (!source)
		return cfs_no_memory(err);
	to->sources.v[to->sources.n++] = source;
	source->is_inline = cfs_varlink_flag(doc, from, "inline");
	verdict->odd_size = cfs_varlink_flag(doc, from, "odd_size");
	if (!read_id(doc, from, "digest", &source->id) ||
	    !read_answer_name(cfs_json_get(doc, from, "answer"),
			      &verdict->answer) ||
	    !read_why(doc, from, verdict->why))
		return wrong(err);
	return read_entries(doc, from, n_certs, verdict, err);
}

static int read_sources(const struct cfs_json *doc,
			const struct cfs_json_node *from, unsigned n_certs,
			struct cfs_seal_verification *ret, struct cfs_err *err)
{
	const struct cfs_json_node *list = cfs_json_get(doc, from, "artifacts");
	const struct cfs_json_node *item;
	int r = 0;

	if (!list || list->kind != CFS_JSON_ARRAY)
		return wrong(err);
	ret->verdicts =
		calloc(CFS_SEAL_SOURCES_MAX + 1, sizeof(*ret->verdicts));
	if (!ret->verdicts)
		return cfs_no_memory(err);
	for (item = cfs_json_first(doc, list); r == 0 && item;
	     item = cfs_json_next(doc, list, item))
		r = ret->sources.n > CFS_SEAL_SOURCES_MAX
			    ? wrong(err)
			    : add_source(doc, item, n_certs, ret, err);
	return r;
}

/* Does the answer follow from the verdicts, as it does here? */
static bool is_sound(const struct cfs_seal_verification *v, unsigned n_certs)
{
	size_t which;

	if (v->answer != cfs_seal_sum(v->verdicts, v->sources.n, &which) ||
	    v->which != which)
		return false;
	if (v->answer < CFS_SEAL_DIGESTS)
		return true;
	return v->facts.role[CFS_SEAL_MERGED].digest.alg &&
	       (v->answer == CFS_SEAL_DIGESTS ||
		(n_certs > 0 && cfs_seal_count_good(v) > 0));
}

int cfs_varlink_read_verification(const struct cfs_varlink_answer *answer,
				  unsigned n_certs,
				  struct cfs_seal_verification *ret,
				  struct cfs_oci_id *ret_manifest,
				  struct cfs_err *err)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *from =
		cfs_json_get(doc, answer->parameters, "verification");
	int r;

	if (!from || !read_id(doc, from, "manifest_digest", ret_manifest) ||
	    !read_answer_name(cfs_json_get(doc, from, "answer"), &ret->answer))
		return wrong(err);
	ret->which = (size_t)cfs_varlink_number(doc, from, "which");
	ret->sources.n_left =
		(size_t)cfs_varlink_number(doc, from, "artifacts_left");
	(void)!cfs_varlink_digest(doc, from, "merged",
				  &ret->facts.role[CFS_SEAL_MERGED].digest);
	(void)!cfs_varlink_digest(doc, from, "bootable",
				  &ret->facts.role[CFS_SEAL_BOOTABLE].digest);
	ret->facts.recalled = cfs_varlink_flag(doc, from, "recalled");
	r = read_sources(doc, from, n_certs, ret, err);
	return r == 0 && !is_sound(ret, n_certs) ? wrong(err) : r;
}
