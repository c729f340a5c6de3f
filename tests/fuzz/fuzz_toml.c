/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was read is written back, one "key = value" a line, and read again: it
 * must be accepted and be the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/toml.h"
#include "tests/fuzz/fuzz.h"

struct copy {
	struct cfs_buf buf;
	unsigned n;
};

static void add_string(struct cfs_buf *buf, const char *s)
{
	cfs_buf_addc(buf, '"');
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f || *s == '"' ||
		    *s == '\\')
			cfs_buf_addf(buf, "\\u%04x", (unsigned)*s);
		else
			cfs_buf_addc(buf, *s);
	}
	cfs_buf_addc(buf, '"');
}

/* Keys are numbered: an array of tables has the same path many times. */
static int write_back(void *ctx, const char *key,
		      const struct cfs_toml_value *value, struct cfs_err *err)
{
	struct copy *copy = ctx;
	struct cfs_buf *buf = &copy->buf;

	(void)err;
	if (value->line < 1 || value->column < 1 || value->n > CFS_TOML_LIST ||
	    strlen(key) >= CFS_TOML_STR)
		abort();
	cfs_buf_addf(buf, "k%u = ", copy->n++);
	if (value->kind == CFS_TOML_BOOLEAN)
		cfs_buf_adds(buf, value->boolean ? "true" : "false");
	if (value->kind == CFS_TOML_INTEGER)
		cfs_buf_addf(buf, "%lld", (long long)value->integer);
	if (value->kind == CFS_TOML_OTHER)
		cfs_buf_adds(buf, "1979-05-27");
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct copy once = { 0 }, again = { 0 };
	struct cfs_err err = { 0 };
	int r = cfs_toml_parse((struct cfs_bytes){ data, size }, write_back,
			       &once, &err);

	if (r < 0 && (!strstr(err.msg, "line ") || err.code != -r))
		abort();
	if (r == 0) {
		r = cfs_toml_parse(cfs_buf_bytes(&once.buf), write_back, &again,
				   &err);
		if (r < 0 || again.buf.len != once.buf.len ||
		    (again.buf.len &&
		     memcmp(again.buf.data, once.buf.data, again.buf.len) != 0))
			abort();
	}
	cfs_buf_free(&once.buf);
	cfs_buf_free(&again.buf);
	return 0;
}
