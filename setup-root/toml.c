/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/toml.h"

#include <stdio.h>
#include <string.h>

struct parser {
	struct cfs_bytes text;
	size_t pos;
	size_t line_start;
	unsigned line;
	char table[CFS_TOML_STR]; /* path of the last header */
	cfs_toml_fn fn;
	void *ctx;
	struct cfs_err *err;
};

static unsigned column(const struct parser *p)
{
	return (unsigned)(p->pos - p->line_start) + 1;
}

static int at(const struct parser *p, unsigned line, unsigned col)
{
	return cfs_ctx(p->err, "line %u, column %u", line, col);
}

static int bad(struct parser *p, const char *what)
{
	(void)cfs_fail(p->err, EINVAL, "%s", what);
	return at(p, p->line, column(p));
}

static int too_big(struct parser *p, const char *what)
{
	(void)cfs_fail(p->err, E2BIG, "%s", what);
	return at(p, p->line, column(p));
}

/* The next byte, or -1 at the end. */
static int peek(const struct parser *p)
{
	return p->pos < p->text.len ? p->text.data[p->pos] : -1;
}

static bool take(struct parser *p, char c)
{
	if (peek(p) != (unsigned char)c)
		return false;
	p->pos++;
	return true;
}

/* Takes @word when it is next, whatever follows it. */
static bool take_word(struct parser *p, const char *word)
{
	struct cfs_bytes next;

	if (!cfs_bytes_slice(p->text, p->pos, strlen(word), &next) ||
	    memcmp(next.data, word, next.len) != 0)
		return false;
	p->pos += next.len;
	return true;
}

static void skip_blanks(struct parser *p)
{
	while (peek(p) == ' ' || peek(p) == '\t')
		p->pos++;
}

static bool take_newline(struct parser *p)
{
	if (!take_word(p, "\r\n") && !take(p, '\n'))
		return false;
	p->line++;
	p->line_start = p->pos;
	return true;
}

static bool is_control(int c)
{
	return (c >= 0 && c < ' ' && c != '\t') || c == 0x7f;
}

/* Blanks and a comment, up to the newline or the end. */
static int skip_rest(struct parser *p)
{
	skip_blanks(p);
	if (!take(p, '#'))
		return 0;
	while (peek(p) >= 0 && peek(p) != '\n' && peek(p) != '\r') {
		if (is_control(peek(p)))
			return bad(p, "control character in a comment");
		p->pos++;
	}
	return 0;
}

/* Blanks, comments and newlines, as they may stand between array elements. */
static int skip_lines(struct parser *p)
{
	do {
		int r = skip_rest(p);

		if (r < 0)
			return r;
	} while (take_newline(p));
	return 0;
}

static int add_byte(struct parser *p, char *out, size_t *len, int c)
{
	if (*len + 1 >= CFS_TOML_STR)
		return too_big(p, "longer than 255 bytes");
	out[(*len)++] = (char)c;
	out[*len] = '\0';
	return 0;
}

/* After the backslash. */
static int parse_escape(struct parser *p, char *out, size_t *len)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	int c = peek(p);
	const char *found = c > 0 ? strchr(names, c) : NULL;

	if (!found)
		return bad(p, "an escape that is not supported");
	p->pos++;
	return add_byte(p, out, len, values[found - names]);
}

/* A string, at its opening quote. */
static int parse_string(struct parser *p, char out[static CFS_TOML_STR])
{
	char quote = (char)peek(p);
	size_t len = 0;
	int r = 0;

	out[0] = '\0';
	if (take_word(p, "\"\"\"") || take_word(p, "'''"))
		return bad(p, "multi-line strings are not supported");
	p->pos++;
	while (!take(p, quote)) {
		int c = peek(p);

		if (c < 0 || c == '\n' || c == '\r')
			return bad(p, "string does not end on its line");
		if (is_control(c))
			return bad(p, "control character in a string");
		p->pos++;
		if (c == '\\' && quote == '"')
			r = parse_escape(p, out, &len);
		else
			r = add_byte(p, out, &len, c);
		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_bare(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* One part of a key, appended to @path as the header of this file has it. */
static int parse_key_part(struct parser *p, char path[static CFS_TOML_STR])
{
	char part[CFS_TOML_STR] = "";
	size_t len = strlen(path), n = 0;
	bool quoted = peek(p) == '"' || peek(p) == '\'';
	bool bare = true;
	int r;

	if (quoted) {
		r = parse_string(p, part);
		if (r < 0)
			return r;
		n = strlen(part);
	} else {
		for (; is_bare(peek(p)); p->pos++) {
			r = add_byte(p, part, &n, peek(p));
			if (r < 0)
				return r;
		}
		if (n == 0)
			return bad(p, "a key is expected here");
	}
	for (size_t i = 0; i < n; i++)
		bare = bare && is_bare((unsigned char)part[i]);
	if (len + n + 4 > CFS_TOML_STR)
		return too_big(p, "key is longer than 255 bytes");
	snprintf(path + len, CFS_TOML_STR - len,
		 bare && n ? "%s%s" : "%s\"%s\"", len ? "." : "", part);
	return 0;
}

/* A dotted key, appended to @path. */
static int parse_key(struct parser *p, char path[static CFS_TOML_STR])
{
	for (;;) {
		int r = parse_key_part(p, path);

		if (r < 0)
			return r;
		skip_blanks(p);
		if (!take(p, '.'))
			return 0;
		skip_blanks(p);
	}
}

static int parse_integer(struct parser *p, struct cfs_toml_value *value)
{
	bool minus = peek(p) == '-';
	uint64_t n = 0, limit = (uint64_t)INT64_MAX + minus;
	size_t start;

	if (peek(p) == '-' || peek(p) == '+')
		p->pos++;
	for (start = p->pos; peek(p) >= '0' && peek(p) <= '9'; p->pos++) {
		unsigned digit = (unsigned)peek(p) - '0';

		if (p->pos == start + 1 && n == 0)
			return bad(p, "integer with a leading zero");
		if (n > (limit - digit) / 10)
			return bad(p, "integer does not fit in 64 bits");
		n = n * 10 + digit;
	}
	if (p->pos == start || is_bare(peek(p)) || peek(p) == '.' ||
	    peek(p) == ':' || peek(p) == '+')
		return bad(p, "not a value this file can have: a string in "
			      "quotes, true, false, a decimal integer, an "
			      "array of strings or an inline table");
	value->kind = CFS_TOML_INTEGER;
	value->integer = minus ? (int64_t)(0 - n) : (int64_t)n;
	return 0;
}

/* After the '['. */
static int parse_strings(struct parser *p, struct cfs_toml_value *value)
{
	value->kind = CFS_TOML_STRINGS;
	for (;;) {
		int r = skip_lines(p);

		if (r < 0)
			return r;
		if (take(p, ']'))
			return 0;
		if (peek(p) != '"' && peek(p) != '\'')
			return bad(p, "arrays hold strings only");
		if (value->n == CFS_TOML_LIST)
			return too_big(p, "array of more than 16 strings");
		r = parse_string(p, value->v[value->n++]);
		if (r == 0)
			r = skip_lines(p);
		if (r < 0)
			return r;
		if (!take(p, ',') && peek(p) != ']')
			return bad(p, "',' or ']' is expected here");
	}
}

static int parse_scalar(struct parser *p, const char *path)
{
	struct cfs_toml_value value = { .line = p->line, .column = column(p) };
	int c = peek(p), r = 0;

	if (c == '"' || c == '\'') {
		value.kind = CFS_TOML_STRING;
		value.n = 1;
		r = parse_string(p, value.v[0]);
	} else if (take_word(p, "true")) {
		value.kind = CFS_TOML_BOOLEAN;
		value.boolean = true;
	} else if (take_word(p, "false")) {
		value.kind = CFS_TOML_BOOLEAN;
	} else if (take(p, '[')) {
		r = parse_strings(p, &value);
	} else {
		r = parse_integer(p, &value);
	}
	if (r < 0)
		return r;
	r = p->fn(p->ctx, path, &value, p->err);
	return r < 0 ? at(p, value.line, value.column) : 0;
}

static int parse_pair(struct parser *p, const char *table, unsigned depth);

/* After the '{'. */
static int parse_inline(struct parser *p, const char *path, unsigned depth)
{
	if (depth == CFS_TOML_DEPTH)
		return too_big(p, "inline tables nested too deep");
	skip_blanks(p);
	if (take(p, '}'))
		return 0;
	for (;;) {
		int r = parse_pair(p, path, depth + 1);

		if (r < 0)
			return r;
		skip_blanks(p);
		if (take(p, '}'))
			return 0;
		if (!take(p, ','))
			return bad(p, "',' or '}' is expected here");
		skip_blanks(p);
	}
}

/* key = value, in the table @table ("" is the top). */
static int parse_pair(struct parser *p, const char *table, unsigned depth)
{
	char path[CFS_TOML_STR];
	int r;

	memcpy(path, table, strlen(table) + 1);
	r = parse_key(p, path);
	if (r < 0)
		return r;
	if (!take(p, '='))
		return bad(p, "'=' is expected after a key");
	skip_blanks(p);
	return take(p, '{') ? parse_inline(p, path, depth)
			    : parse_scalar(p, path);
}

/* After the '['. */
static int parse_header(struct parser *p)
{
	int r;

	if (peek(p) == '[')
		return bad(p, "arrays of tables are not supported");
	p->table[0] = '\0';
	skip_blanks(p);
	r = parse_key(p, p->table);
	if (r < 0)
		return r;
	return take(p, ']') ? 0 : bad(p, "']' is expected here");
}

static int parse_document(struct parser *p)
{
	for (;;) {
		int r = skip_lines(p);

		if (r < 0 || peek(p) < 0)
			return r;
		r = take(p, '[') ? parse_header(p) : parse_pair(p, p->table, 0);
		if (r == 0)
			r = skip_rest(p);
		if (r < 0)
			return r;
		if (peek(p) >= 0 && !take_newline(p))
			return bad(p, "end of the line is expected here");
	}
}

int cfs_toml_parse(struct cfs_bytes text, cfs_toml_fn fn, void *ctx,
		   struct cfs_err *err)
{
	struct parser p = {
		.text = text, .line = 1, .fn = fn, .ctx = ctx, .err = err
	};

	return parse_document(&p);
}
