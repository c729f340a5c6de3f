/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of the config.json made of an image's configuration: it is JSON,
 * of the kind that runtimes take, has each variable once, and no annotation but
 * those of the image specification.
 */
#include <assert.h>
#include <string.h>

#include "oci/json_doc.h"
#include "oci/run/spec.h"
#include "tests/fuzz/fuzz.h"

static void check_env(const struct cfs_texts *env)
{
	for (size_t i = 0; i < env->n; i++) {
		size_t len = strcspn(env->v[i], "=");

		assert(len > 0 && env->v[i][len] == '=');
		for (size_t k = 0; k < i; k++)
			assert(strncmp(env->v[i], env->v[k], len + 1) != 0);
	}
}

static void check_text(struct cfs_bytes text)
{
	static const char prefix[] = "org.opencontainers.image.";
	const struct cfs_json_node *all, *name;
	struct cfs_json_doc doc = { 0 };
	struct cfs_err err;

	/* It may have more values than the image's. */
	if (cfs_json_doc_parse(text, &doc, &err) < 0) {
		assert(err.code == EFBIG || err.code == E2BIG);
		return;
	}
	all = cfs_json_get(&doc.json, cfs_json_doc_root(&doc), "annotations");
	name = cfs_json_first(&doc.json, all);
	while (name) {
		assert(name->raw.len >= strlen(prefix));
		assert(memcmp(name->raw.data, prefix, strlen(prefix)) == 0);
		name = cfs_json_next(&doc.json, all, name);
		name = cfs_json_next(&doc.json, all, name);
	}
	cfs_json_doc_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const args[] = { "x" };
	const struct cfs_run_params params = { .root = "r",
					       .args = args,
					       .n_args = 1 };
	CFS_AUTORUNCONFIG struct cfs_run_config c = { 0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	const struct cfs_account account = { 0 };
	struct cfs_run_spec spec = { &params, &c, &account, "h", 0 };
	struct cfs_err err = { 0 };

	if (cfs_run_config_parse((struct cfs_bytes){ data, size }, &c, &err) <
	    0) {
		assert(*err.msg);
		return 0;
	}
	assert(*c.cwd == '/');
	check_env(&c.env);
	assert(cfs_run_spec_write(&spec, &w, &err) == 0);
	assert(cfs_json_write_finish(&w, &err) == 0);
	check_text(cfs_buf_bytes(&buf));
	return 0;
}
