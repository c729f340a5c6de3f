/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * meta.json is read in the initramfs, from a disk that an attacker may have
 * written: hence no allocation (nodes are the caller's), a limit of depth and
 * no tolerance.
 *
 * Nodes are in the order of the text, a container before what is in it.  A
 * node's next is the index behind all that belongs to it.
 */
#include "base/json.h"

#include <ctype.h>
#include <string.h>

#include "base/text.h"

struct parser {
	struct cfs_bytes text;
	size_t pos;
	struct cfs_json_node *nodes;
	unsigned n, max;
	struct cfs_err *err;
};

int cfs_json_bad(struct cfs_bytes text, size_t at, const char *what,
		 struct cfs_err *err)
{
	unsigned line = 1, column = 1;

	for (size_t i = 0; i < at && i < text.len; i++) {
		line += text.data[i] == '\n';
		column = text.data[i] == '\n' ? 1 : column + 1;
	}
	return cfs_fail(err, EINVAL, "JSON line %u, column %u: %s", line,
			column, what);
}

static int bad(const struct parser *p, const char *what)
{
	return cfs_json_bad(p->text, p->pos, what, p->err);
}

/* Returns the next byte without consuming it, or -1 at the end. */
static int peek(const struct parser *p)
{
	return p->pos < p->text.len ? p->text.data[p->pos] : -1;
}

static bool take(struct parser *p, char c)
{
	bool is_next = peek(p) == (uint8_t)c;

	p->pos += is_next;
	return is_next;
}

static void skip_space(struct parser *p)
{
	while (take(p, ' ') || take(p, '\t') || take(p, '\n') || take(p, '\r'))
		;
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Returns the value of the four hex digits that @s begins with, or -1. */
static long hex4(struct cfs_bytes s)
{
	char hex[5] = "";

	for (size_t i = 0; i < 4; i++) {
		if (i >= s.len || !isxdigit(s.data[i]))
			return -1;
		hex[i] = (char)s.data[i];
	}
	return strtol(hex, NULL, 16);
}

/*
 * Consumes what follows "\u" and writes its UTF-8 to @out: four digits, or a
 * surrogate pair of two escapes.  Returns the length, or 0 if it is malformed.
 */
static size_t unicode_escape(struct cfs_bytes *s, uint8_t out[4])
{
	long c = hex4(*s), low = -1;

	/* NUL would truncate C strings; a low surrogate must not come first. */
	if (c <= 0 || (c >= 0xdc00 && c <= 0xdfff))
		return 0;
	(void)cfs_bytes_cut(s, 4);
	if (c < 0xd800 || c > 0xdbff)
		return cfs_utf8_put((uint32_t)c, out);
	if (cfs_bytes_eat(s, "\\u"))
		low = hex4(*s);
	if (low < 0xdc00 || low > 0xdfff)
		return 0;
	(void)cfs_bytes_cut(s, 4);
	return cfs_utf8_put(0x10000 + (uint32_t)((c - 0xd800) << 10) +
				    (uint32_t)(low - 0xdc00),
			    out);
}

/*
 * Consumes one character, which may be an escape, of a string's raw text and
 * writes its UTF-8 to @out.  Returns the length, or 0 if the character is
 * malformed or nothing is left.
 */
static size_t next_char(struct cfs_bytes *s, uint8_t out[4])
{
	static const char plain[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
	uint32_t c;
	size_t len = cfs_utf8_get(*s, &c);
	const char *escape;

	if (len == 0 || s->data[0] < 0x20)
		return 0;
	if (s->data[0] != '\\') {
		memcpy(out, s->data, len);
		(void)cfs_bytes_cut(s, len);
		return len;
	}
	if (s->len < 2)
		return 0;
	if (s->data[1] == 'u') {
		(void)cfs_bytes_cut(s, 2);
		return unicode_escape(s, out);
	}
	escape = memchr(plain, s->data[1], sizeof(plain) - 1);
	if (!escape)
		return 0;
	out[0] = (uint8_t)meant[escape - plain];
	(void)cfs_bytes_cut(s, 2);
	return 1;
}

/* Compares decoded text.  If "a" and "\u0061" were two names, one reader could
 * take the first and another the second as the value. */
static bool same_string(struct cfs_bytes a, struct cfs_bytes b)
{
	while (a.len > 0 && b.len > 0) {
		uint8_t ca[4], cb[4];
		size_t n = next_char(&a, ca);

		if (n != next_char(&b, cb) || memcmp(ca, cb, n) != 0)
			return false;
	}
	return a.len == b.len;
}

/* Adds a node that is written from @start to before @end. */
static int add_node(struct parser *p, enum cfs_json_kind kind, size_t start,
		    size_t end)
{
	if (p->n >= (p->max & ~CFS_JSON_MANY))
		return cfs_fail(p->err, E2BIG, "JSON has more than %u values",
				p->max & ~CFS_JSON_MANY);
	p->nodes[p->n] = (struct cfs_json_node){
		.kind = kind,
		.next = p->n + 1,
		.raw = { p->text.data + start, end - start },
	};
	p->n++;
	return 0;
}

static int parse_string(struct parser *p)
{
	size_t start = ++p->pos;

	while (!take(p, '"')) {
		struct cfs_bytes rest = { p->text.data + p->pos,
					  p->text.len - p->pos };
		uint8_t c[4];

		if (rest.len == 0)
			return bad(p, "string without end");
		if (next_char(&rest, c) == 0)
			return bad(p, "bad character or escape in a string");
		p->pos = p->text.len - rest.len;
	}
	return add_node(p, CFS_JSON_STRING, start, p->pos - 1);
}

static bool take_digits(struct parser *p)
{
	size_t start = p->pos;

	while (is_digit(peek(p)))
		p->pos++;
	return p->pos > start;
}

static int parse_number(struct parser *p)
{
	size_t start = p->pos;
	bool good;

	(void)take(p, '-');
	/* A number does not begin with further zeros. */
	good = take(p, '0') || take_digits(p);
	if (good && take(p, '.'))
		good = take_digits(p);
	if (good && (take(p, 'e') || take(p, 'E'))) {
		if (!take(p, '+'))
			(void)take(p, '-');
		good = take_digits(p);
	}
	if (!good || is_digit(peek(p)))
		return bad(p, "malformed number");
	return add_node(p, CFS_JSON_NUMBER, start, p->pos);
}

static int parse_word(struct parser *p)
{
	static const struct {
		const char *word;
		enum cfs_json_kind kind;
	} words[] = { { "null", CFS_JSON_NULL },
		      { "false", CFS_JSON_FALSE },
		      { "true", CFS_JSON_TRUE } };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i].word);
		struct cfs_bytes got;

		if (!cfs_bytes_slice(p->text, p->pos, len, &got) ||
		    memcmp(got.data, words[i].word, len) != 0)
			continue;
		p->pos += len;
		return add_node(p, words[i].kind, p->pos - len, p->pos);
	}
	return bad(p, peek(p) < 0 ? "value expected at the end"
				  : "value expected");
}

static int parse_value(struct parser *p, unsigned depth);

static int parse_name(struct parser *p, unsigned object)
{
	unsigned name = p->n;
	int r;

	if (peek(p) != '"')
		return bad(p, "member name expected");
	r = parse_string(p);
	if (r < 0)
		return r;
	/* Behind a name is its value, and behind that the next name. */
	for (unsigned i = object + 1; !(p->max & CFS_JSON_MANY) && i < name;) {
		if (same_string(p->nodes[i].raw, p->nodes[name].raw))
			return bad(p, "member name used twice");
		i = p->nodes[p->nodes[i].next].next;
	}
	skip_space(p);
	return take(p, ':') ? 0 : bad(p, "':' expected");
}

/* Parses an array or object from its opening to its closing bracket. */
static int parse_container(struct parser *p, bool object, unsigned depth)
{
	char end = object ? '}' : ']';
	size_t start = p->pos;
	unsigned node = p->n;
	int r = add_node(p, object ? CFS_JSON_OBJECT : CFS_JSON_ARRAY, start,
			 start);

	if (r < 0)
		return r;
	if (depth >= CFS_JSON_DEPTH_MAX)
		return bad(p, "nested too deeply");
	p->pos++;
	skip_space(p);
	for (bool first = true; !take(p, end); first = false) {
		if (!first && !take(p, ','))
			return bad(p, object ? "',' or '}' expected"
					     : "',' or ']' expected");
		skip_space(p);
		r = object ? parse_name(p, node) : 0;
		if (r == 0)
			r = parse_value(p, depth + 1);
		if (r < 0)
			return r;
	}
	p->nodes[node].next = p->n;
	p->nodes[node].raw.len = p->pos - start;
	return 0;
}

/* Recursion is bounded by CFS_JSON_DEPTH_MAX. */
static int parse_value(struct parser *p, unsigned depth)
{
	int r, c;

	skip_space(p);
	c = peek(p);
	if (c == '{' || c == '[')
		r = parse_container(p, c == '{', depth);
	else if (c == '"')
		r = parse_string(p);
	else if (c == '-' || is_digit(c))
		r = parse_number(p);
	else
		r = parse_word(p);
	if (r == 0)
		skip_space(p);
	return r;
}

int cfs_json_parse(struct cfs_bytes text, struct cfs_json_node *nodes,
		   unsigned max, struct cfs_json *ret, struct cfs_err *err)
{
	struct parser p = {
		.text = text, .nodes = nodes, .max = max, .err = err
	};
	int r = parse_value(&p, 0);

	if (r < 0)
		return r;
	if (p.pos < text.len)
		return bad(&p, "more text after the document");
	*ret = (struct cfs_json){ nodes, p.n };
	return 0;
}

const struct cfs_json_node *cfs_json_first(const struct cfs_json *doc,
					   const struct cfs_json_node *node)
{
	if (!node ||
	    (node->kind != CFS_JSON_ARRAY && node->kind != CFS_JSON_OBJECT))
		return NULL;
	return node + 1 < doc->nodes + node->next ? node + 1 : NULL;
}

const struct cfs_json_node *cfs_json_next(const struct cfs_json *doc,
					  const struct cfs_json_node *node,
					  const struct cfs_json_node *item)
{
	return item->next < node->next ? &doc->nodes[item->next] : NULL;
}

const struct cfs_json_node *cfs_json_get(const struct cfs_json *doc,
					 const struct cfs_json_node *node,
					 const char *name)
{
	const struct cfs_json_node *item, *value;

	if (!node || node->kind != CFS_JSON_OBJECT)
		return NULL;
	for (item = cfs_json_first(doc, node); item;
	     item = cfs_json_next(doc, node, value)) {
		value = &doc->nodes[item->next];
		if (cfs_json_is(item, name))
			return value;
	}
	return NULL;
}

bool cfs_json_string(const struct cfs_json_node *node, char *out, size_t size)
{
	struct cfs_bytes s;
	size_t need = 0;
	uint8_t c[4];

	if (!node || node->kind != CFS_JSON_STRING)
		return false;
	/* Measured first: nothing is written unless all of it fits. */
	for (s = node->raw; s.len > 0;)
		need += next_char(&s, c);
	if (need >= size)
		return false;
	for (s = node->raw; s.len > 0;) {
		size_t n = next_char(&s, c);

		memcpy(out, c, n);
		out += n;
	}
	*out = '\0';
	return true;
}

/* Texts that are asked for have nothing to escape, so the raw text suffices. */
bool cfs_json_is(const struct cfs_json_node *node, const char *text)
{
	return node && node->kind == CFS_JSON_STRING &&
	       cfs_bytes_is(node->raw, text);
}

bool cfs_json_u64(const struct cfs_json_node *node, uint64_t *ret)
{
	uint64_t value = 0;

	if (!node || node->kind != CFS_JSON_NUMBER)
		return false;
	for (size_t i = 0; i < node->raw.len; i++) {
		int c = node->raw.data[i];

		if (!is_digit(c) || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, c - '0', &value))
			return false;
	}
	*ret = value;
	return true;
}

static void add_ascii(struct cfs_buf *buf, char c)
{
	if (c == '"' || c == '\\')
		cfs_buf_addc(buf, '\\');
	if (c == '\n')
		cfs_buf_adds(buf, "\\n");
	else if ((uint8_t)c < 0x20 || c == 0x7f)
		cfs_buf_addf(buf, "\\u%04x", (unsigned)c);
	else
		cfs_buf_addc(buf, c);
}

void cfs_json_add_string(struct cfs_buf *buf, const char *text)
{
	struct cfs_bytes s = { (const uint8_t *)text, strlen(text) };

	cfs_buf_addc(buf, '"');
	while (s.len > 0) {
		uint32_t c;
		size_t n = cfs_utf8_get(s, &c);

		/*
		 * Bytes that are not UTF-8 become U+FFFD, since JSON has to be
		 * UTF-8.  Characters that would act on a terminal are escaped.
		 */
		if (n == 1)
			add_ascii(buf, (char)c);
		else if (n == 0)
			cfs_buf_adds(buf, "\xef\xbf\xbd");
		else if (!cfs_text_is_shown(c))
			cfs_buf_addf(buf, "\\u%04x", c);
		else
			cfs_buf_add(buf, s.data, n);
		(void)cfs_bytes_cut(&s, n ? n : 1);
	}
	cfs_buf_addc(buf, '"');
}
