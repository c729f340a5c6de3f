/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/kargs.h"

#include <stdio.h>
#include <string.h>

static bool is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Removes the quotes around @text.  Like the kernel, accepts that the closing
 * one is missing. */
static struct cfs_bytes unquote(struct cfs_bytes text)
{
	if (cfs_bytes_eat(&text, "\"") && text.len > 0 &&
	    text.data[text.len - 1] == '"')
		text.len--;
	return text;
}

/* Quotes may stand anywhere in a word, and blanks inside them do not end it: as
 * next_arg() of the kernel.  A reader with other rules could be made to see
 * another argument than the kernel does. */
static struct cfs_bytes cut_word(struct cfs_bytes *rest)
{
	bool quoted = false;
	size_t i = 0;

	while (rest->len && is_blank(rest->data[0]))
		(void)cfs_bytes_cut(rest, 1);
	for (; i < rest->len && (quoted || !is_blank(rest->data[i])); i++)
		if (rest->data[i] == '"')
			quoted = !quoted;
	return cfs_bytes_cut(rest, i);
}

bool cfs_cmdline_next(struct cfs_bytes *rest, struct cfs_word *ret)
{
	struct cfs_bytes word = rest->len ? cut_word(rest) : *rest;
	const uint8_t *eq;

	if (word.len == 0)
		return false;
	word = unquote(word);
	*ret = (struct cfs_word){ .name = word };
	eq = word.len ? memchr(word.data, '=', word.len) : NULL;
	if (!eq)
		return true;
	ret->name = cfs_bytes_cut(&word, (size_t)(eq - word.data));
	(void)cfs_bytes_cut(&word, 1);
	ret->value = unquote(word);
	return true;
}

bool cfs_cmdline_find(struct cfs_bytes cmdline, const char *name,
		      struct cfs_bytes *ret)
{
	struct cfs_word word;
	bool found = false;

	while (cfs_cmdline_next(&cmdline, &word)) {
		if (!cfs_bytes_is(word.name, name))
			continue;
		*ret = word.value;
		found = true;
	}
	return found;
}

/* Cuts a run of letters and digits and the character @end behind it off *@text,
 * and sets *@ret to the run. */
static bool eat_name(struct cfs_bytes *text, char end, struct cfs_bytes *ret)
{
	const uint8_t *stop = text->len ? memchr(text->data, end, text->len)
					: NULL;
	size_t len = stop ? (size_t)(stop - text->data) : 0;

	if (len == 0)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = text->data[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z')))
			return false;
	}
	*ret = cfs_bytes_cut(text, len);
	(void)cfs_bytes_cut(text, 1);
	return true;
}

static int parse_hex(struct cfs_bytes text, struct cfs_karg *karg,
		     struct cfs_err *err)
{
	const char *hex = text.len ? (const char *)text.data : "";
	int r = cfs_digest_from_hex(hex, text.len, &karg->digest, err);

	if (r < 0)
		snprintf(err->found, sizeof(err->found), "%.*s", (int)text.len,
			 hex);
	return r;
}

/* Parses "v1-sha256-12:<hex>".  Returns 1, or 0 if it names a format, hash or
 * block size that only a newer version knows: one command line may serve old
 * and new programs. */
static int parse_descriptor(struct cfs_bytes text, struct cfs_karg *karg,
			    struct cfs_err *err)
{
	struct cfs_bytes version, hash, block;
	int r;

	if (!eat_name(&text, '-', &version) || !eat_name(&text, '-', &hash) ||
	    !eat_name(&text, ':', &block) || version.data[0] != 'v')
		return cfs_fail(err, EINVAL,
				"not of the form v1-sha256-12:<hex>");
	if ((!cfs_bytes_is(version, "v1") && !cfs_bytes_is(version, "v2")) ||
	    (!cfs_bytes_is(hash, "sha256") && !cfs_bytes_is(hash, "sha512")) ||
	    !cfs_bytes_is(block, "12"))
		return 0;
	karg->version = cfs_bytes_is(version, "v1") ? 1 : 2;
	r = parse_hex(text, karg, err);
	if (r < 0)
		return r;
	/* The digest's length is what counts later, so the name must agree. */
	if (!cfs_bytes_is(hash, cfs_alg_name(karg->digest.alg)))
		return cfs_fail(err, EINVAL, "%zu hex digits for %.*s",
				text.len, (int)hash.len, hash.data);
	return 1;
}

enum kind {
	NOT_OURS,
	KNOWN,
	FUTURE
};

/* Returns enum kind, with *@ret set for KNOWN. */
static int parse_word(const struct cfs_word *word, struct cfs_karg *ret,
		      struct cfs_err *err)
{
	bool legacy = cfs_bytes_is(word->name, "composefs");
	/* The legacy argument has no version: it means 2. */
	struct cfs_karg karg = { .version = 2 };
	struct cfs_bytes value = word->value;
	int r;

	if (!value.data ||
	    (!legacy && !cfs_bytes_is(word->name, "composefs.digest")))
		return NOT_OURS;
	karg.insecure = cfs_bytes_eat(&value, "?");
	r = legacy ? parse_hex(value, &karg, err)
		   : parse_descriptor(value, &karg, err);
	if (r < 0)
		return cfs_ctx(err, "kernel argument '%.*s=%.*s'",
			       (int)word->name.len, word->name.data,
			       (int)word->value.len, word->value.data);
	if (!legacy && r == 0)
		return FUTURE;
	*ret = karg;
	return KNOWN;
}

static int add_karg(struct cfs_kargs *kargs, const struct cfs_karg *karg,
		    struct cfs_err *err)
{
	for (size_t i = 0; i < kargs->n; i++) {
		struct cfs_karg *old = &kargs->v[i];

		if (!cfs_digest_equal(&old->digest, &karg->digest))
			continue;
		/* With and without "?": the stricter one holds, since anything
		 * else would let an added argument weaken a required one. */
		if (old->insecure != karg->insecure) {
			kargs->conflict = true;
			old->insecure = false;
		}
		return 0;
	}
	if (kargs->n == CFS_KARGS_MAX)
		return cfs_fail(err, E2BIG,
				"more than %d composefs kernel arguments",
				CFS_KARGS_MAX);
	kargs->v[kargs->n++] = *karg;
	return 0;
}

int cfs_kargs_parse(struct cfs_bytes cmdline, struct cfs_kargs *ret,
		    struct cfs_err *err)
{
	struct cfs_kargs found = { 0 };
	struct cfs_karg karg;
	struct cfs_word word;

	while (cfs_cmdline_next(&cmdline, &word)) {
		int r = parse_word(&word, &karg, err);

		if (r == FUTURE && found.n_skipped < CFS_KARGS_MAX)
			found.skipped[found.n_skipped++] = word.value;
		if (r == KNOWN)
			r = add_karg(&found, &karg, err);
		if (r < 0)
			return r;
	}
	*ret = found;
	return 0;
}

void cfs_karg_format(const struct cfs_karg *karg,
		     char text[static CFS_KARG_TEXT_MAX])
{
	const char *mark = karg->insecure ? "?" : "";
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&karg->digest, hex);
	if (karg->version == 2)
		snprintf(text, CFS_KARG_TEXT_MAX, "composefs=%s%s", mark, hex);
	else
		snprintf(text, CFS_KARG_TEXT_MAX,
			 "composefs.digest=%sv1-%s-12:%s", mark,
			 cfs_alg_name(karg->digest.alg), hex);
}
