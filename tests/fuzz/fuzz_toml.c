/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was read is written back, one "key = value" a line, and read again: it
 * must be accepted and be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "setup-root/toml.h"
#include "tests/fuzz/fuzz.h"

static void add_string(struct cfs_buf *buf, const char *s)
{
	cfs_buf_addc(buf, '"');
	for (; *s; s++) {
		static const char odd[] = "\b\t\n\f\r\"\\",
				  names[] = "btnfr\"\\";
		const char *found = strchr(odd, *s);

		if (found)
			cfs_buf_addc(buf, '\\');
		cfs_buf_addc(buf, found ? names[found - odd] : *s);
	}
	cfs_buf_addc(buf, '"');
}

static int write_back(void *ctx, const char *key,
		      const struct cfs_toml_value *value, struct cfs_err *err)
{
	struct cfs_buf *buf = ctx;

	(void)err;
	if (value->line < 1 || value->column < 1 || value->n > CFS_TOML_LIST ||
	    strlen(key) >= CFS_TOML_STR)
		abort();
	/* A path with odd parts is text here, so its own escapes are kept. */
	add_string(buf, key);
	cfs_buf_adds(buf, " = ");
	if (value->kind == CFS_TOML_BOOLEAN)
		cfs_buf_adds(buf, value->boolean ? "true" : "false");
	if (value->kind == CFS_TOML_INTEGER)
		cfs_buf_addf(buf, "%lld", (long long)value->integer);
	if (value->kind == CFS_TOML_STRINGS)
		cfs_buf_addc(buf, '[');
	for (unsigned i = 0; i < value->n; i++) {
		add_string(buf, value->v[i]);
		if (value->kind == CFS_TOML_STRINGS)
			cfs_buf_addc(buf, ',');
	}
	if (value->kind == CFS_TOML_STRINGS)
		cfs_buf_addc(buf, ']');
	cfs_buf_addc(buf, '\n');
	return 0;
}

static int write_values(void *ctx, const char *key,
			const struct cfs_toml_value *value, struct cfs_err *err)
{
	return write_back(ctx, "k", value, err) + 0 * (int)strlen(key);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOBUF struct cfs_buf once = { 0 }, values = { 0 }, again = { 0 };
	struct cfs_bytes text = { data, size };
	struct cfs_err err = { 0 };
	int r = cfs_toml_parse(text, write_back, &once, &err);

	if (r < 0) {
		if (!strstr(err.msg, "line ") || err.code != -r)
			abort();
		return 0;
	}
	if (cfs_toml_parse(text, write_values, &values, &err) < 0)
		abort();
	/* Quoted once more, a long key may pass the limit. */
	r = cfs_toml_parse(cfs_buf_bytes(&once), write_values, &again, &err);
	if (r == -E2BIG)
		return 0;
	if (r < 0 || again.len != values.len ||
	    (again.len && memcmp(again.data, values.data, again.len) != 0))
		abort();
	return 0;
}
