/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/json_write.h"

#include "base/json.h"

/* Returns whether the innermost open object or array is kept on one line. */
static bool in_line(const struct cfs_json_writer *w)
{
	return w->depth > 0 &&
	       w->open[w->depth - 1].layout == CFS_JSON_ONE_LINE;
}

static void new_line(struct cfs_json_writer *w)
{
	cfs_buf_addc(w->buf, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		cfs_buf_adds(w->buf, "  ");
}

/* Writes comma, line break and name before a value.  Returns false if the rules
 * allow no value here. */
static bool begin(struct cfs_json_writer *w, const char *name)
{
	bool object = w->depth > 0 && w->open[w->depth - 1].object;

	/* Misuse sticks and is reported by cfs_json_write_finish(), so that
	 * calls need no checks. */
	w->wrong |= w->complete || object != (name != NULL);
	if (w->wrong)
		return false;
	if (w->depth == 0) {
		w->complete = true;
		return true;
	}
	if (w->open[w->depth - 1].filled)
		cfs_buf_adds(w->buf, in_line(w) ? ", " : ",");
	w->open[w->depth - 1].filled = true;
	if (!in_line(w))
		new_line(w);
	if (name) {
		cfs_json_add_string(w->buf, name);
		cfs_buf_adds(w->buf, ": ");
	}
	return true;
}

static void open(struct cfs_json_writer *w, const char *name, bool object,
		 enum cfs_json_layout layout)
{
	if (in_line(w))
		layout = CFS_JSON_ONE_LINE;
	w->wrong |= w->depth == CFS_JSON_WRITE_DEPTH_MAX;
	if (!begin(w, name))
		return;
	/* begin() took it for a whole value; its end will complete it. */
	w->complete = false;
	cfs_buf_addc(w->buf, object ? '{' : '[');
	w->open[w->depth].object = object;
	w->open[w->depth].filled = false;
	w->open[w->depth++].layout = layout;
}

void cfs_json_write_object(struct cfs_json_writer *w, const char *name,
			   enum cfs_json_layout layout)
{
	open(w, name, true, layout);
}

void cfs_json_write_array(struct cfs_json_writer *w, const char *name,
			  enum cfs_json_layout layout)
{
	open(w, name, false, layout);
}

void cfs_json_write_end(struct cfs_json_writer *w)
{
	bool lines = !in_line(w);

	w->wrong |= w->depth == 0;
	if (w->wrong)
		return;
	w->depth--;
	if (lines && w->open[w->depth].filled)
		new_line(w);
	cfs_buf_addc(w->buf, w->open[w->depth].object ? '}' : ']');
	w->complete = w->depth == 0;
}

void cfs_json_write_text(struct cfs_json_writer *w, const char *name,
			 const char *text)
{
	if (!begin(w, name))
		return;
	if (text)
		cfs_json_add_string(w->buf, text);
	else
		cfs_buf_adds(w->buf, "null");
}

void cfs_json_write_buf(struct cfs_json_writer *w, const char *name,
			struct cfs_buf *text)
{
	const char *s = cfs_buf_text(text);

	if (s)
		cfs_json_write_text(w, name, s);
	else
		w->buf->failed = true;
}

void cfs_json_write_hex(struct cfs_json_writer *w, const char *name,
			struct cfs_bytes bytes)
{
	if (!begin(w, name))
		return;
	cfs_buf_addc(w->buf, '"');
	for (size_t i = 0; i < bytes.len; i++)
		cfs_buf_addf(w->buf, "%02x", bytes.data[i]);
	cfs_buf_addc(w->buf, '"');
}

void cfs_json_write_u64(struct cfs_json_writer *w, const char *name,
			uint64_t value)
{
	if (begin(w, name))
		cfs_buf_addf(w->buf, "%llu", (unsigned long long)value);
}

void cfs_json_write_bool(struct cfs_json_writer *w, const char *name,
			 bool value)
{
	if (begin(w, name))
		cfs_buf_adds(w->buf, value ? "true" : "false");
}

void cfs_json_write_null(struct cfs_json_writer *w, const char *name)
{
	cfs_json_write_text(w, name, NULL);
}

int cfs_json_write_finish(struct cfs_json_writer *w, struct cfs_err *err)
{
	if (w->wrong || !w->complete)
		return cfs_fail(err, EINVAL, "a JSON document is incomplete");
	cfs_buf_addc(w->buf, '\n');
	return cfs_buf_check(w->buf, err);
}
