/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/run/config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_copy.h"
#include "oci/json_doc.h"

typedef int add_fn(struct cfs_texts *list, const char *text,
		   struct cfs_err *err);

void cfs_run_config_free(struct cfs_run_config *config)
{
	cfs_texts_free(&config->entrypoint);
	cfs_texts_free(&config->cmd);
	cfs_texts_free(&config->env);
	cfs_texts_free(&config->labels);
}

static int too_many(const char *name, struct cfs_err *err)
{
	return cfs_fail(err, EFBIG, "%s has more than %d elements", name,
			CFS_RUN_LIST_MAX);
}

static int get_string(const struct cfs_json_node *node, const char *name,
		      char **ret, struct cfs_err *err)
{
	if (node->kind != CFS_JSON_STRING)
		return cfs_fail(err, EINVAL,
				"%s has an element that is no string", name);
	*ret = cfs_json_copy(node);
	return *ret ? 0 : cfs_no_memory(err);
}

static int parse_list(const struct cfs_json_doc *doc,
		      const struct cfs_json_node *in, const char *name,
		      add_fn *add, struct cfs_texts *to, struct cfs_err *err)
{
	const struct cfs_json_node *list, *node;
	size_t n = 0;
	int r = cfs_json_doc_get(doc, in, name, CFS_JSON_ARRAY, &list, err);

	if (r <= 0)
		return r;
	for (node = cfs_json_first(&doc->json, list); node;
	     node = cfs_json_next(&doc->json, list, node)) {
		CFS_AUTOFREE char *text = NULL;

		if (n++ == CFS_RUN_LIST_MAX)
			return too_many(name, err);
		r = get_string(node, name, &text, err);
		if (r == 0 && add(to, text, err) < 0)
			r = cfs_ctx(err, "%s", name);
		if (r < 0)
			return r;
	}
	return 0;
}

static int add_label(struct cfs_texts *to, const struct cfs_json_node *name,
		     const struct cfs_json_node *value, struct cfs_err *err)
{
	CFS_AUTOFREE char *key = NULL;
	CFS_AUTOFREE char *text = NULL;
	CFS_AUTOFREE char *both = NULL;
	int r = get_string(name, "Labels", &key, err);

	if (r == 0)
		r = get_string(value, "Labels", &text, err);
	/* The list has KEY=VALUE: a key that has '=' could not be told from its
	 * value. */
	if (r < 0 || *key == '\0' || strchr(key, '='))
		return r;
	if (asprintf(&both, "%s=%s", key, text) < 0) {
		both = NULL;
		return cfs_no_memory(err);
	}
	return cfs_texts_set(to, both, err);
}

static int parse_labels(const struct cfs_json_doc *doc,
			const struct cfs_json_node *in, struct cfs_texts *to,
			struct cfs_err *err)
{
	const struct cfs_json_node *labels, *name, *value;
	size_t n = 0;
	int r = cfs_json_doc_get(doc, in, "Labels", CFS_JSON_OBJECT, &labels,
				 err);

	if (r <= 0)
		return r;
	for (name = cfs_json_first(&doc->json, labels); r >= 0 && name;
	     name = cfs_json_next(&doc->json, labels, value)) {
		if (n++ == CFS_RUN_LIST_MAX)
			return too_many("Labels", err);
		value = cfs_json_next(&doc->json, labels, name);
		r = add_label(to, name, value, err);
	}
	return r < 0 ? r : 0;
}

static int parse_words(const struct cfs_json_doc *doc,
		       const struct cfs_json_node *in, struct cfs_run_config *c,
		       struct cfs_err *err)
{
	int r = cfs_json_doc_text(doc, in, "User", c->user, sizeof(c->user),
				  err);

	if (r == 0)
		r = cfs_json_doc_text(doc, in, "WorkingDir", c->cwd,
				      sizeof(c->cwd), err);
	if (r == 0)
		r = cfs_json_doc_text(doc, in, "StopSignal", c->stop_signal,
				      sizeof(c->stop_signal), err);
	if (r == 0 && *c->cwd == '\0')
		strcpy(c->cwd, "/");
	if (r == 0 && *c->cwd != '/')
		r = cfs_fail(err, EINVAL,
			     "WorkingDir '%.100s' is not an absolute path",
			     c->cwd);
	return r;
}

static int parse(const struct cfs_json_doc *doc, const struct cfs_json_node *in,
		 struct cfs_run_config *c, struct cfs_err *err)
{
	int r = parse_words(doc, in, c, err);

	if (r == 0)
		r = parse_list(doc, in, "Entrypoint", cfs_texts_add,
			       &c->entrypoint, err);
	if (r == 0)
		r = parse_list(doc, in, "Cmd", cfs_texts_add, &c->cmd, err);
	if (r == 0)
		/* A later variable takes the place of an earlier one of the
		 * same name. */
		r = parse_list(doc, in, "Env", cfs_texts_set, &c->env, err);
	return r == 0 ? parse_labels(doc, in, &c->labels, err) : r;
}

int cfs_run_config_parse(struct cfs_bytes text, struct cfs_run_config *ret,
			 struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { 0 };
	CFS_AUTORUNCONFIG struct cfs_run_config c = { .cwd = "/" };
	const struct cfs_json_node *in;
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = cfs_json_doc_get(&doc, cfs_json_doc_root(&doc), "config",
				     CFS_JSON_OBJECT, &in, err);
	if (r > 0)
		r = parse(&doc, in, &c, err);
	if (r < 0)
		return cfs_ctx(err, "the image's configuration");
	*ret = c;
	c = (struct cfs_run_config){ 0 };
	return 0;
}
