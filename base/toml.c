/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Values are handed over one at a time with their path, so no document is kept
 * in memory.  Of names only as much is kept as finding duplicates takes
 * (base/toml_names.h).
 */
#include "base/toml.h"

#include <ctype.h>
#include <regex.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/toml_names.h"

struct parser {
	struct cfs_bytes text;
	size_t pos;
	size_t line_start;
	unsigned line;
	unsigned table; /* of the last header */
	unsigned depth; /* arrays and inline tables around */
	unsigned quiet; /* arrays around: their values have no path */
	struct cfs_toml_names *names;
	cfs_toml_fn fn;
	void *ctx;
	struct cfs_err *err;
};

static int at(const struct parser *p, unsigned line, unsigned column)
{
	return cfs_ctx(p->err, "line %u, column %u", line, column);
}

static int here(const struct parser *p)
{
	return at(p, p->line, (unsigned)(p->pos - p->line_start) + 1);
}

static int fail(struct parser *p, int code, const char *what)
{
	(void)cfs_fail(p->err, code, "%s", what);
	return here(p);
}

static int bad(struct parser *p, const char *what)
{
	return fail(p, EINVAL, what);
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

/* Skips blanks and a comment, up to the newline or the end. */
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

/* Skips blanks, comments and newlines, as they may stand between elements of an
 * array. */
static int skip_lines(struct parser *p)
{
	do {
		int r = skip_rest(p);

		if (r < 0)
			return r;
	} while (take_newline(p));
	return 0;
}

/* Reads the number of a character behind "\u" or "\U". */
static int parse_codepoint(struct parser *p, size_t digits, struct cfs_buf *out)
{
	char hex[9] = "";
	uint8_t utf8[4];
	uint32_t c;
	size_t n = 0;

	for (; n < digits && isxdigit(peek(p)); p->pos++)
		hex[n++] = (char)peek(p);
	c = (uint32_t)strtoul(hex, NULL, 16);
	n = n < digits || c > 0x10ffff ? 0 : cfs_utf8_put(c, utf8);
	/* Surrogates have numbers, but decoding refuses them. */
	if (n == 0 || cfs_utf8_get((struct cfs_bytes){ utf8, n }, &c) == 0)
		return bad(p, "not the number of a character");
	cfs_buf_add(out, utf8, n);
	return 0;
}

/* Reads an escape behind its backslash.  @lines: it may stand at the end of a
 * line, and then takes away all white space up to the next word. */
static int parse_escape(struct parser *p, bool lines, struct cfs_buf *out)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	size_t start = p->pos;
	int c = peek(p);
	const char *found = c > 0 ? strchr(names, c) : NULL;

	if (found || c == 'u' || c == 'U')
		p->pos++;
	if (c == 'u' || c == 'U')
		return parse_codepoint(p, c == 'u' ? 4 : 8, out);
	if (found) {
		cfs_buf_addc(out, values[found - names]);
		return 0;
	}
	skip_blanks(p);
	if (lines && take_newline(p)) {
		do
			skip_blanks(p);
		while (take_newline(p));
		return 0;
	}
	p->pos = start;
	return bad(p, "unknown escape");
}

/* Is the string over?  Two quotes may stand before the three that end it. */
static bool take_end(struct parser *p, const char *end, struct cfs_buf *out)
{
	if (!take_word(p, end))
		return false;
	for (int i = 0; end[1] && i < 2 && take(p, end[0]); i++)
		cfs_buf_addc(out, end[0]);
	return true;
}

/* A string, at its opening quote, appended to @out. */
static int parse_string(struct parser *p, bool may_be_long, struct cfs_buf *out)
{
	char end[4] = { (char)peek(p), (char)peek(p), (char)peek(p), '\0' };
	bool lines = may_be_long && take_word(p, end);
	int r = 0;

	if (lines) {
		(void)take_newline(p);
	} else {
		end[1] = '\0';
		p->pos++;
	}
	while (r == 0 && !take_end(p, end, out)) {
		int c = peek(p);

		if (c == '\\' && end[0] == '"') {
			p->pos++;
			r = parse_escape(p, lines, out);
		} else if (lines && take_newline(p)) {
			cfs_buf_addc(out, '\n');
		} else if (c < 0 || c == '\n') {
			return bad(p, "string does not end");
		} else if (is_control(c)) {
			return bad(p, "control character in a string");
		} else {
			cfs_buf_addc(out, (char)c);
			p->pos++;
		}
	}
	return r;
}

/* Reads one part of a key. */
static int parse_key_part(struct parser *p, struct cfs_buf *part)
{
	size_t start = p->pos;

	if (peek(p) == '"' || peek(p) == '\'')
		return parse_string(p, false, part);
	for (; cfs_toml_is_bare(peek(p)); p->pos++)
		cfs_buf_addc(part, (char)peek(p));
	return p->pos > start ? 0 : bad(p, "a key is expected here");
}

/* Reads a dotted key in the table @parent, which is defined as @state.
 * Returns its number, or an error. */
static int parse_key(struct parser *p, unsigned parent,
		     enum cfs_toml_state state)
{
	for (;;) {
		CFS_AUTOBUF struct cfs_buf part = { 0 };
		bool last;
		int r = parse_key_part(p, &part);

		if (r < 0)
			return r;
		skip_blanks(p);
		last = !take(p, '.');
		if (cfs_buf_check(&part, p->err) < 0)
			return here(p);
		r = cfs_toml_define(p->names, parent, cfs_buf_bytes(&part),
				    state, last, p->err);
		if (r < 0)
			return here(p);
		if (last)
			return r;
		parent = (unsigned)r;
		skip_blanks(p);
	}
}

/* Digits with single underscores between them.  Of the values below only
 * integers are used; the others only have to be valid. */
#define DIGITS "[0-9](_?[0-9])*"
#define WHOLE  "[+-]?(0|[1-9](_?[0-9])*)"
#define DATE                                                    \
	"([0-9]{4}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|" \
	"(0[469]|11)-(0[1-9]|[12][0-9]|30)|"                    \
	"02-(0[1-9]|1[0-9]|2[0-8]))|"                           \
	"([0-9]{2}(0[48]|[2468][048]|[13579][26])|"             \
	"([02468][048]|[13579][26])00)-02-29)" /* of leap years */
#define TIME "([01][0-9]|2[0-3]):[0-5][0-9]:([0-5][0-9]|60)([.][0-9]+)?"
#define ZONE "([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])?"

static const char integers[] = "^(" WHOLE "|0x[0-9A-Fa-f](_?[0-9A-Fa-f])*|"
			       "0o[0-7](_?[0-7])*|0b[01](_?[01])*)$";
static const char others[] = "^([+-]?(inf|nan)|" WHOLE "([.]" DIGITS ")?"
			     "([eE][+-]?" DIGITS ")?|" TIME "|" DATE
			     "([Tt ]" TIME ZONE ")?)$";

static bool matches(const char *text, const char *pattern)
{
	regex_t re;
	bool good;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	good = regexec(&re, text, 0, NULL, 0) == 0;
	regfree(&re);
	return good;
}

/* The value of @word, an integer in any spelling, which is cut to its digits.
 * Returns false when it does not fit. */
static bool to_integer(char *word, int64_t *ret)
{
	char letter = word[0] == '0' ? word[1] : '\0';
	int base = letter == 'x'   ? 16
		   : letter == 'o' ? 8
		   : letter == 'b' ? 2
				   : 10;
	char *out = word;

	for (const char *in = word + (base == 10 ? 0 : 2); *in; in++)
		if (*in != '_')
			*out++ = *in;
	*out = '\0';
	errno = 0;
	*ret = strtoll(word, NULL, base);
	return errno == 0;
}

/* The length of the word at the next byte, of which the first @from bytes
 * belong to it whatever they are. */
static size_t word_len(const struct parser *p, size_t from)
{
	size_t end = p->pos + from;

	while (end < p->text.len && (cfs_toml_is_bare(p->text.data[end]) ||
				     memchr("+.:", p->text.data[end], 3)))
		end++;
	return end - p->pos;
}

/* A number, a date or a time. */
static int parse_scalar(struct parser *p, struct cfs_toml_value *value)
{
	size_t len = word_len(p, 0), date = sizeof("1979-05-27") - 1;
	char word[CFS_TOML_STR] = "";
	struct cfs_bytes rest;

	/* A blank may stand between a date and its time. */
	if (len == date && cfs_bytes_slice(p->text, p->pos + date, 2, &rest) &&
	    rest.data[0] == ' ' && rest.data[1] >= '0' && rest.data[1] <= '9')
		len = word_len(p, date + 1);
	if (len < sizeof(word))
		memcpy(word, p->text.data + p->pos, len);
	if (matches(word, integers)) {
		if (!to_integer(word, &value->integer))
			return bad(p, "integer does not fit in 64 bits");
		value->kind = CFS_TOML_INTEGER;
	} else if (!matches(word, others)) {
		return bad(p, "not a value: a string needs quotes");
	}
	p->pos += len;
	return 0;
}

static int parse_value(struct parser *p, unsigned name,
		       struct cfs_toml_value *value);

static int go_deeper(struct parser *p)
{
	if (p->depth == CFS_TOML_DEPTH)
		return fail(p, E2BIG, "nested too deep");
	p->depth++;
	return 0;
}

static int parse_element(struct parser *p, struct cfs_toml_value *array,
			 bool *other)
{
	struct cfs_toml_value e = { .kind = CFS_TOML_OTHER };
	/* A name that is never found again, for an inline table to be in. */
	int r = cfs_toml_define(p->names, CFS_NAME_TOP, (struct cfs_bytes){ 0 },
				CFS_NAME_FORGOTTEN, true, p->err);

	if (r < 0)
		return here(p);
	r = parse_value(p, (unsigned)r, &e);
	if (r < 0)
		return r;
	if (e.kind == CFS_TOML_STRING && array->n < CFS_TOML_LIST)
		memcpy(array->v[array->n++], e.v[0], sizeof(e.v[0]));
	else
		*other = true;
	return 0;
}

/* Parses an array behind its '['.  One that has other elements than strings is
 * a value of another kind. */
static int parse_array(struct parser *p, struct cfs_toml_value *value)
{
	bool other = false;
	int r = go_deeper(p);

	p->quiet++;
	while (r == 0) {
		r = skip_lines(p);
		if (r < 0 || take(p, ']'))
			break;
		r = parse_element(p, value, &other);
		if (r == 0)
			r = skip_lines(p);
		if (r == 0 && !take(p, ',') && peek(p) != ']')
			return bad(p, "',' or ']' is expected here");
	}
	p->quiet--;
	p->depth--;
	if (!other)
		value->kind = CFS_TOML_STRINGS;
	else
		value->n = 0;
	return r;
}

static int parse_pair(struct parser *p, unsigned table);

/* Parses an inline table behind its '{'.  Returns 1: its keys were handed over
 * one by one. */
static int parse_inline(struct parser *p, unsigned table)
{
	int r = go_deeper(p);

	skip_blanks(p);
	if (r < 0 || take(p, '}')) {
		p->depth--;
		return r < 0 ? r : 1;
	}
	for (;;) {
		skip_blanks(p);
		r = parse_pair(p, table);
		if (r < 0)
			return r;
		skip_blanks(p);
		if (take(p, '}'))
			break;
		if (!take(p, ','))
			return bad(p, "',' or '}' is expected here");
	}
	p->depth--;
	return 1;
}

static int string_value(struct parser *p, struct cfs_toml_value *value)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = parse_string(p, true, &text);

	if (r == 0 && cfs_buf_check(&text, p->err) < 0)
		return here(p);
	/* Such a string stays CFS_TOML_OTHER, and is refused where a string is
	 * asked for. */
	if (r < 0 || text.len >= CFS_TOML_STR ||
	    (text.len && memchr(text.data, '\0', text.len)))
		return r;
	value->kind = CFS_TOML_STRING;
	value->n = 1;
	if (text.len)
		memcpy(value->v[0], text.data, text.len);
	value->v[0][text.len] = '\0';
	return 0;
}

/* Parses a value.  Returns 1 for a table, which is no value of its own. */
static int parse_value(struct parser *p, unsigned name,
		       struct cfs_toml_value *value)
{
	if (peek(p) == '"' || peek(p) == '\'')
		return string_value(p, value);
	if (take(p, '['))
		return parse_array(p, value);
	if (take(p, '{'))
		return parse_inline(p, name);
	value->boolean = take_word(p, "true");
	if (value->boolean || take_word(p, "false")) {
		value->kind = CFS_TOML_BOOLEAN;
		return 0;
	}
	return parse_scalar(p, value);
}

/* Parses key = value in @table. */
static int parse_pair(struct parser *p, unsigned table)
{
	struct cfs_toml_value value = { .kind = CFS_TOML_OTHER };
	int r = parse_key(p, table, CFS_NAME_CLOSED), name = r;
	char path[CFS_TOML_STR];

	if (r < 0)
		return r;
	if (!take(p, '='))
		return bad(p, "'=' is expected after a key");
	skip_blanks(p);
	value.line = p->line;
	value.column = (unsigned)(p->pos - p->line_start) + 1;
	r = parse_value(p, (unsigned)name, &value);
	if (r != 0 || p->quiet)
		return r < 0 ? r : 0;
	cfs_toml_path(p->names, (unsigned)name, path);
	r = p->fn(p->ctx, path, &value, p->err);
	return r < 0 ? at(p, value.line, value.column) : 0;
}

/* Parses a header behind its '['. */
static int parse_header(struct parser *p)
{
	bool array = take(p, '[');
	int r;

	skip_blanks(p);
	r = parse_key(p, CFS_NAME_TOP,
		      array ? CFS_NAME_ARRAY : CFS_NAME_HEADER);
	if (r < 0)
		return r;
	p->table = (unsigned)r;
	return take_word(p, array ? "]]" : "]")
		       ? 0
		       : bad(p, "']' is expected here");
}

static int parse_document(struct parser *p)
{
	(void)take_word(p, "\xef\xbb\xbf"); /* a byte order mark */
	for (;;) {
		int r = skip_lines(p);

		if (r < 0 || peek(p) < 0)
			return r;
		r = take(p, '[') ? parse_header(p) : parse_pair(p, p->table);
		if (r == 0)
			r = skip_rest(p);
		if (r < 0)
			return r;
		if (peek(p) >= 0 && !take_newline(p))
			return bad(p, "end of the line is expected here");
	}
}

static int check_utf8(struct parser *p)
{
	uint32_t c;

	while (p->pos < p->text.len) {
		size_t n =
			cfs_utf8_get((struct cfs_bytes){ p->text.data + p->pos,
							 p->text.len - p->pos },
				     &c);

		if (n == 0)
			return bad(p, "text that is not UTF-8");
		if (!take_newline(p))
			p->pos += n;
	}
	p->pos = p->line_start = 0;
	p->line = 1;
	return 0;
}

int cfs_toml_parse(struct cfs_bytes text, cfs_toml_fn fn, void *ctx,
		   struct cfs_err *err)
{
	CFS_AUTOFREE struct cfs_toml_names *names = malloc(sizeof(*names));
	struct parser p = { .text = text,
			    .line = 1,
			    .names = names,
			    .fn = fn,
			    .ctx = ctx,
			    .err = err };
	int r;

	if (!names)
		return cfs_no_memory(err);
	/* Not the rest, which would be most of this program's memory. */
	memset(names, 0, offsetof(struct cfs_toml_names, v[CFS_NAME_TOP + 1]));
	names->n = CFS_NAME_TOP + 1;
	r = check_utf8(&p);
	if (r == 0)
		r = parse_document(&p);
	cfs_buf_free(&names->text);
	return r;
}
