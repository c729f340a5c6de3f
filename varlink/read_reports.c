/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/read_reports.h"

#include <string.h>

#include "base/json_copy.h"

uint64_t cfs_varlink_number(const struct cfs_json *doc,
			    const struct cfs_json_node *from, const char *name)
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, name);
	uint64_t n = 0;

	return node && cfs_json_u64(node, &n) ? n : 0;
}

bool cfs_varlink_flag(const struct cfs_json *doc,
		      const struct cfs_json_node *from, const char *name)
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, name);

	return node && node->kind == CFS_JSON_TRUE;
}

char *cfs_varlink_text(const struct cfs_json *doc,
		       const struct cfs_json_node *from, const char *name,
		       bool *ret_failed)
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, name);
	char *copy;

	if (!node || node->kind != CFS_JSON_STRING)
		return NULL;
	copy = cfs_json_copy(node);
	*ret_failed |= !copy;
	return copy;
}

bool cfs_varlink_digest(const struct cfs_json *doc,
			const struct cfs_json_node *from, const char *name,
			struct cfs_digest *ret)
{
	const struct cfs_json_node *node = cfs_json_get(doc, from, name);
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;

	return node && cfs_json_string(node, hex, sizeof(hex)) &&
	       cfs_digest_from_hex(hex, strlen(hex), ret, &ignored) == 0;
}

/* A finding and what it points to. */
struct finding {
	struct cfs_finding of;
	struct cfs_digest object, measured;
	char *where, *reason, *files[CFS_FINDING_FILES]; /* owned */
	bool failed;					 /* no memory */
};

static void finding_free(struct finding *f)
{
	free(f->where);
	free(f->reason);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(f->files); i++)
		free(f->files[i]);
}

static bool read_code(const struct cfs_json_node *node, enum cfs_fsck_code *ret)
{
	for (unsigned i = 0; i < CFS_FSCK_CODES; i++) {
		*ret = (enum cfs_fsck_code)i;
		if (node && cfs_json_is(node, cfs_fsck_code_name(*ret)))
			return true;
	}
	return false;
}

static void read_files(const struct cfs_json *doc,
		       const struct cfs_json_node *from, struct finding *f)
{
	const struct cfs_json_node *list = cfs_json_get(doc, from, "files");
	const struct cfs_json_node *item;

	if (!list || list->kind != CFS_JSON_ARRAY)
		return;
	for (item = cfs_json_first(doc, list);
	     item && f->of.n_files < CFS_FINDING_FILES;
	     item = cfs_json_next(doc, list, item)) {
		if (item->kind != CFS_JSON_STRING)
			continue;
		f->files[f->of.n_files] = cfs_json_copy(item);
		f->of.files[f->of.n_files] = f->files[f->of.n_files];
		f->failed |= !f->files[f->of.n_files++];
	}
}

/* Notes the names of the image that the finding is about. */
static void read_names(const struct cfs_json *doc,
		       const struct cfs_json_node *from,
		       const struct finding *f, struct cfs_findings *to)
{
	const struct cfs_json_node *list = cfs_json_get(doc, from, "names");
	const struct cfs_json_node *item;
	const char *hex = f->where + strlen("images/");
	struct cfs_image_name name;
	struct cfs_err ignored;

	if (!list || list->kind != CFS_JSON_ARRAY ||
	    strncmp(f->where, "images/", strlen("images/")) != 0 ||
	    cfs_digest_from_hex(hex, strlen(hex), &name.id, &ignored) < 0)
		return;
	for (item = cfs_json_first(doc, list); item;
	     item = cfs_json_next(doc, list, item)) {
		if (item->kind != CFS_JSON_STRING)
			continue;
		name.name = cfs_json_copy(item);
		if (!name.name || !cfs_vec_add(&to->names, name))
			free(name.name);
	}
}

/* Are there names of the image @where already? */
static bool has_names(const struct cfs_findings *to, const struct finding *f)
{
	size_t at = 0;

	return cfs_findings_next_name(to, &f->of, &at);
}

static int read_finding(const struct cfs_json *doc,
			const struct cfs_json_node *from, struct finding *f,
			struct cfs_err *err)
{
	if (!read_code(cfs_json_get(doc, from, "code"), &f->of.code))
		return cfs_fail(err, EBADMSG,
				"the service has a finding that this program "
				"does not know: use a newer one");
	f->where = cfs_varlink_text(doc, from, "path", &f->failed);
	f->reason = cfs_varlink_text(doc, from, "reason", &f->failed);
	if (cfs_varlink_digest(doc, from, "object", &f->object))
		f->of.object = &f->object;
	if (cfs_varlink_digest(doc, from, "measured", &f->measured))
		f->of.measured = &f->measured;
	read_files(doc, from, f);
	if (f->failed)
		return cfs_no_memory(err);
	if (!f->where)
		return cfs_varlink_wrong_member("path", err);
	f->of.where = f->where;
	f->of.reason = f->reason;
	f->of.files_total = cfs_varlink_number(doc, from, "files_total");
	/* Files are those of an object. */
	if (!f->of.object || f->of.files_total < f->of.n_files)
		f->of.files_total = f->of.n_files = 0;
	return 0;
}

static int add_finding(const struct cfs_json *doc,
		       const struct cfs_json_node *from,
		       struct cfs_check_result *to, struct cfs_err *err)
{
	__attribute__((cleanup(finding_free))) struct finding f = { 0 };
	int r = read_finding(doc, from, &f, err);

	if (r < 0)
		return r;
	if (!has_names(&to->findings, &f))
		read_names(doc, from, &f, &to->findings);
	cfs_findings_add(&to->findings, &f.of);
	if (cfs_fsck_is_warning(f.of.code))
		to->count.warnings++;
	else
		to->count.findings++;
	return 0;
}

/* The member @name, an array. */
static int read_array(const struct cfs_varlink_answer *answer, const char *name,
		      const struct cfs_json_node **ret, struct cfs_err *err)
{
	*ret = cfs_json_get(&answer->doc, answer->parameters, name);
	return *ret && (*ret)->kind == CFS_JSON_ARRAY
		       ? 0
		       : cfs_varlink_wrong_member(name, err);
}

/* No part is larger than its whole. */
static uint64_t at_most(uint64_t n, uint64_t max)
{
	return n < max ? n : max;
}

static void read_counts(const struct cfs_json *doc,
			const struct cfs_json_node *from, struct cfs_fsck *ret)
{
	ret->objects_checked = cfs_varlink_number(doc, from, "objects_checked");
	ret->objects_corrupted =
		at_most(cfs_varlink_number(doc, from, "objects_corrupted"),
			ret->objects_checked);
	ret->streams_checked = cfs_varlink_number(doc, from, "streams_checked");
	ret->streams_corrupted =
		at_most(cfs_varlink_number(doc, from, "streams_corrupted"),
			ret->streams_checked);
	ret->images_checked = cfs_varlink_number(doc, from, "images_checked");
	ret->images_corrupted =
		at_most(cfs_varlink_number(doc, from, "images_corrupted"),
			ret->images_checked);
	ret->broken_links = cfs_varlink_number(doc, from, "broken_links");
	ret->missing_objects = cfs_varlink_number(doc, from, "missing_objects");
}

int cfs_varlink_read_check(const struct cfs_varlink_answer *answer,
			   struct cfs_check_result *ret, struct cfs_err *err)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *list, *item;
	int r = read_array(answer, "findings", &list, err);

	if (r < 0)
		return r;
	read_counts(doc, answer->parameters, &ret->count);
	ret->has_meta =
		cfs_varlink_flag(doc, answer->parameters, "has_metadata");
	for (item = cfs_json_first(doc, list); r == 0 && item;
	     item = cfs_json_next(doc, list, item))
		r = add_finding(doc, item, ret, err);
	if (r == 0)
		r = cfs_findings_check(&ret->findings, err);
	/* Nothing but "ok" says that all is well. */
	if (r == 0 && ret->count.findings == 0 &&
	    !cfs_varlink_flag(doc, answer->parameters, "ok"))
		r = cfs_varlink_wrong_member("ok", err);
	return r;
}

int cfs_varlink_read_collected(const struct cfs_varlink_answer *answer,
			       struct cfs_gc_result *ret, struct cfs_err *err)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *from =
		cfs_json_get(doc, answer->parameters, "result");

	if (!from || from->kind != CFS_JSON_OBJECT)
		return cfs_varlink_wrong_member("result", err);
	*ret = (struct cfs_gc_result){
		.objects_removed =
			cfs_varlink_number(doc, from, "objects_removed"),
		.objects_bytes = cfs_varlink_number(doc, from, "objects_bytes"),
		.objects_kept = cfs_varlink_number(doc, from, "objects_kept"),
		.images_pruned = cfs_varlink_number(doc, from, "images_pruned"),
		.streams_pruned =
			cfs_varlink_number(doc, from, "streams_pruned"),
		.signatures_pruned =
			cfs_varlink_number(doc, from, "signatures_pruned"),
		.temporary = cfs_varlink_number(doc, from, "temporary_files"),
	};
	return 0;
}

static bool read_gc_code(const struct cfs_json_node *node,
			 enum cfs_gc_code *ret)
{
	for (unsigned i = 0; i <= CFS_GC_UNREADABLE; i++) {
		*ret = (enum cfs_gc_code)i;
		if (node && cfs_json_is(node, cfs_gc_code_name(*ret)))
			return true;
	}
	return false;
}

static int read_gc_finding(const struct cfs_json *doc,
			   const struct cfs_json_node *from,
			   void (*found)(void *arg,
					 const struct cfs_gc_finding *finding),
			   void *arg, struct cfs_err *err)
{
	CFS_AUTOFREE char *where = NULL, *reason = NULL;
	struct cfs_gc_finding finding;
	bool failed = false;

	if (!read_gc_code(cfs_json_get(doc, from, "code"), &finding.code))
		return cfs_varlink_wrong_member("code", err);
	where = cfs_varlink_text(doc, from, "path", &failed);
	reason = cfs_varlink_text(doc, from, "reason", &failed);
	if (failed)
		return cfs_no_memory(err);
	if (!where || !reason)
		return cfs_varlink_wrong_member("path", err);
	finding.where = where;
	finding.reason = reason;
	finding.stops = cfs_varlink_flag(doc, from, "stops");
	found(arg, &finding);
	return 0;
}

int cfs_varlink_read_gc_findings(
	const struct cfs_varlink_answer *answer,
	void (*found)(void *arg, const struct cfs_gc_finding *finding),
	void *arg, struct cfs_err *err)
{
	const struct cfs_json *doc = &answer->doc;
	const struct cfs_json_node *list, *item;
	int r = read_array(answer, "findings", &list, err);

	if (r < 0)
		return r;
	for (item = cfs_json_first(doc, list); r == 0 && item;
	     item = cfs_json_next(doc, list, item))
		r = read_gc_finding(doc, item, found, arg, err);
	return r;
}
