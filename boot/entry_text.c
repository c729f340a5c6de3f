/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/entry_text.h"

#include <string.h>
#include <strings.h>

#include "boot/kargs.h"

/* Names come from an image and end up on FAT, and in lines where blanks
 * separate paths: only characters that mean nothing to either are allowed. */
bool cfs_entry_name_ok(const char *name)
{
	static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"
				      "0123456789+-_.";
	size_t len = strlen(name);

	return len > 0 && len <= CFS_ENTRY_NAME_MAX &&
	       strspn(name, allowed) == len && name[0] != '-' &&
	       name[0] != '.' && name[len - 1] != '.';
}

bool cfs_entry_id_ok(const char *id)
{
	return cfs_entry_name_ok(id) && strcasecmp(id, "EFI") != 0 &&
	       strcasecmp(id, "loader") != 0;
}

bool cfs_entry_has_paths(const struct cfs_bls_line *line)
{
	static const char *const keys[] = {
		"linux", "initrd",     "efi",
		"uki",	 "devicetree", "devicetree-overlay"
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(keys); i++)
		if (cfs_bls_is(line, keys[i]))
			return true;
	return false;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static void skip(struct cfs_bytes *rest, size_t n)
{
	rest->data += n;
	rest->len -= n;
}

/* Unlike kernel arguments, paths in entries know no quotes. */
bool cfs_entry_next_path(struct cfs_bytes *rest, struct cfs_bytes *ret)
{
	size_t n = 0;

	while (rest->len > 0 && is_blank(rest->data[0]))
		skip(rest, 1);
	while (n < rest->len && !is_blank(rest->data[n]))
		n++;
	*ret = (struct cfs_bytes){ rest->data, n };
	skip(rest, n);
	return n > 0;
}

static bool is_word(struct cfs_bytes name, const char *text)
{
	return name.len == strlen(text) &&
	       memcmp(name.data, text, name.len) == 0;
}

/* Is @name the name of an argument that chooses the image to boot? */
static bool names_image(struct cfs_bytes name)
{
	return is_word(name, "composefs") || is_word(name, "composefs.digest");
}

static struct cfs_bytes text_bytes(const char *text)
{
	return (struct cfs_bytes){ (const uint8_t *)text, strlen(text) };
}

/* Words that are added after an open quotation would become part of it. */
static bool has_open_quote(struct cfs_bytes text)
{
	bool open = false;

	for (size_t i = 0; i < text.len; i++)
		open ^= text.data[i] == '"';
	return open;
}

static int check_printable(const char *text, struct cfs_err *err)
{
	for (const char *c = text; *c; c++)
		if (*c < ' ' || *c > '~')
			return cfs_fail(err, EINVAL,
					"'%s' is not a kernel argument: it has "
					"characters that are not printable "
					"ASCII",
					text);
	return 0;
}

static int check_word(const struct cfs_word *word, const char *text,
		      struct cfs_err *err)
{
	if (!names_image(word->name))
		return 0;
	return cfs_fail(err, EINVAL,
			"'%s' would name another image to boot: the argument "
			"for this one is added by itself",
			text);
}

/* An argument that named an image would have another one booted than the entry
 * is for, and an open quotation would swallow the arguments behind it. */
int cfs_entry_check_args(const char *text, struct cfs_err *err)
{
	struct cfs_bytes rest = text_bytes(text);
	struct cfs_word word;
	int r = check_printable(text, err);

	if (r == 0 && has_open_quote(rest))
		return cfs_fail(err, EINVAL,
				"'%s' has a quotation that does not end", text);
	while (r == 0 && cfs_cmdline_next(&rest, &word))
		r = check_word(&word, text, err);
	return r;
}

int cfs_entry_check_extra(const char *arg, struct cfs_err *err)
{
	struct cfs_bytes rest = text_bytes(arg);
	struct cfs_word word, more;
	int r = check_printable(arg, err);

	if (r < 0)
		return r;
	if (has_open_quote(rest) || !cfs_cmdline_next(&rest, &word) ||
	    cfs_cmdline_next(&rest, &more))
		return cfs_fail(err, EINVAL,
				"'%s' is not one kernel argument: give each in "
				"an option of its own, and a value with spaces "
				"in double quotes",
				arg);
	return check_word(&word, arg, err);
}

/* Cuts the next word off *@rest, as it is written. */
static bool next_raw(struct cfs_bytes *rest, struct cfs_word *word,
		     struct cfs_bytes *ret)
{
	while (rest->len > 0 &&
	       (is_blank(rest->data[0]) || rest->data[0] == '\n' ||
		rest->data[0] == '\r'))
		skip(rest, 1);
	*ret = *rest;
	if (!cfs_cmdline_next(rest, word))
		return false;
	ret->len = (size_t)(rest->data - ret->data);
	while (ret->len > 0 && is_blank(ret->data[ret->len - 1]))
		ret->len--;
	return true;
}

/* A command line that is being written. */
struct line {
	struct cfs_buf *to;
	const struct cfs_entry_args *args;
	uint64_t placed; /* bit i: the extra argument i is in it */
	bool has_karg, begun;
};
_Static_assert(CFS_ENTRY_EXTRA_MAX <= 64, "a bit for each argument");

static void add_word(struct line *line, struct cfs_bytes word)
{
	if (line->begun)
		cfs_buf_addc(line->to, ' ');
	line->begun = true;
	cfs_buf_add(line->to, word.data, word.len);
}

static void add_karg(struct line *line)
{
	if (!line->has_karg)
		add_word(line, text_bytes(line->args->karg));
	line->has_karg = true;
}

/* Adds the extra arguments called @name, or all if @name is NULL, unless they
 * are in the line already.  Returns whether there is one of this name. */
static bool add_extra(struct line *line, const struct cfs_bytes *name)
{
	bool found = false;

	for (size_t i = 0; i < line->args->n; i++) {
		struct cfs_bytes rest = text_bytes(line->args->extra[i]);
		struct cfs_bytes whole = rest;
		struct cfs_word word;

		if (!cfs_cmdline_next(&rest, &word) ||
		    (name &&
		     (word.name.len != name->len ||
		      memcmp(word.name.data, name->data, name->len) != 0)))
			continue;
		found = true;
		if (!(line->placed & UINT64_C(1) << i))
			add_word(line, whole);
		line->placed |= UINT64_C(1) << i;
	}
	return found;
}

/* Has @cmdline a word called @name? */
static bool has_word(struct cfs_bytes cmdline, struct cfs_bytes name)
{
	struct cfs_word word;

	while (cfs_cmdline_next(&cmdline, &word))
		if (word.name.len == name.len &&
		    memcmp(word.name.data, name.data, name.len) == 0)
			return true;
	return false;
}

static void add_carried(struct line *line, struct cfs_bytes cmdline)
{
	struct cfs_bytes rest = text_bytes(line->args->carried), raw;
	struct cfs_word word;

	/* Arguments of the machine, such as root= and console=, are carried
	 * from the entry before.  Where the image or the user sets one of the
	 * same name, that one holds. */
	while (next_raw(&rest, &word, &raw))
		if (!names_image(word.name) && !has_word(cmdline, word.name) &&
		    !add_extra(line, &word.name))
			add_word(line, raw);
}

void cfs_entry_cmdline(struct cfs_bytes cmdline,
		       const struct cfs_entry_args *args, struct cfs_buf *ret)
{
	struct line line = { .to = ret, .args = args };
	struct cfs_bytes whole = cmdline, raw;
	struct cfs_word word;

	/* All words that name images go, wherever they stand: the kernel
	 * argument of this image takes the place of the first. */
	while (next_raw(&cmdline, &word, &raw)) {
		if (names_image(word.name))
			add_karg(&line);
		else if (!add_extra(&line, &word.name))
			add_word(&line, raw);
	}
	add_karg(&line);
	add_extra(&line, NULL);
	/* An open quotation would make one word of what follows; such a line
	 * cannot be taken apart. */
	if (args->carried && !has_open_quote(text_bytes(args->carried)))
		add_carried(&line, whole);
}

/* The part of @path behind its last slash. */
static struct cfs_bytes base_name(struct cfs_bytes path)
{
	const uint8_t *slash = memrchr(path.data, '/', path.len);

	if (slash)
		skip(&path, (size_t)(slash + 1 - path.data));
	return path;
}

/* Cuts the next line off *@rest, without what ends it. */
static bool next_line(struct cfs_bytes *rest, struct cfs_bytes *ret)
{
	const uint8_t *end;

	if (rest->len == 0)
		return false;
	end = memchr(rest->data, '\n', rest->len);
	*ret = *rest;
	if (end)
		ret->len = (size_t)(end - rest->data);
	skip(rest, ret->len + (end != NULL));
	if (ret->len > 0 && ret->data[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

/* Is the byte @i of @text fit for an entry?  Lines may end as on Windows. */
static bool is_text(struct cfs_bytes text, size_t i)
{
	uint8_t c = text.data[i];

	if (c == '\r')
		return i + 1 < text.len && text.data[i + 1] == '\n';
	return (c >= ' ' && c != 0x7f) || c == '\t' || c == '\n';
}

static int check_text(struct cfs_bytes text, struct cfs_err *err)
{
	for (size_t i = 0; i < text.len; i++)
		if (!is_text(text, i))
			return cfs_fail(err, EINVAL,
					"control character %#x at byte %zu",
					text.data[i], i);
	return 0;
}

/* In an image, paths name where files are in its tree; on the boot partition
 * each entry has a directory of its own for them. */
static void add_paths(const struct cfs_bls_line *line, const char *dir,
		      struct cfs_buf *ret)
{
	struct cfs_bytes rest = line->value, path;

	cfs_buf_add(ret, line->key.data, line->key.len);
	while (cfs_entry_next_path(&rest, &path)) {
		path = base_name(path);
		cfs_buf_addf(ret, " /%s/", dir);
		cfs_buf_add(ret, path.data, path.len);
	}
}

static void add_options(struct cfs_bytes options,
			const struct cfs_entry_args *args, struct cfs_buf *ret)
{
	cfs_buf_adds(ret, "options ");
	cfs_entry_cmdline(options, args, ret);
	cfs_buf_addc(ret, '\n');
}

static void rewrite_lines(struct cfs_bytes text, const char *dir,
			  struct cfs_bytes options,
			  const struct cfs_entry_args *args,
			  struct cfs_buf *ret)
{
	bool has_options = false;
	struct cfs_bytes raw;

	while (next_line(&text, &raw)) {
		struct cfs_bytes rest = raw;
		struct cfs_bls_line line;
		bool is_line = cfs_bls_next(&rest, &line);

		if (is_line && cfs_bls_is(&line, "options")) {
			if (!has_options)
				add_options(options, args, ret);
			has_options = true;
			continue;
		}
		if (is_line && cfs_entry_has_paths(&line))
			add_paths(&line, dir, ret);
		else
			cfs_buf_add(ret, raw.data, raw.len);
		cfs_buf_addc(ret, '\n');
	}
	if (!has_options)
		add_options(options, args, ret);
}

int cfs_entry_rewrite(struct cfs_bytes text, const char *dir,
		      const struct cfs_entry_args *args, struct cfs_buf *ret,
		      struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf options = { 0 };
	/* The boot loader joins all lines of options; so do we, since an
	 * argument may have to be replaced in any of them. */
	struct cfs_bytes rest = text;
	struct cfs_bls_line line;
	int r = check_text(text, err);

	if (r < 0)
		return r;
	while (cfs_bls_next(&rest, &line)) {
		if (!cfs_bls_is(&line, "options"))
			continue;
		cfs_buf_add(&options, line.value.data, line.value.len);
		cfs_buf_addc(&options, ' ');
	}
	if (has_open_quote(cfs_buf_bytes(&options)))
		return cfs_fail(err, EINVAL,
				"a quotation in its options does "
				"not end");
	r = cfs_buf_check(&options, err);
	if (r < 0)
		return r;
	rewrite_lines(text, dir, cfs_buf_bytes(&options), args, ret);
	return cfs_buf_check(ret, err);
}

void cfs_entry_title(struct cfs_bytes os_release, struct cfs_buf *ret)
{
	static const char key[] = "PRETTY_NAME=";
	size_t before = ret->len, skipped = sizeof(key) - 1;
	struct cfs_bytes line;

	/* The title goes into a line of an entry, so quotes, backslashes and
	 * control characters are dropped and not interpreted. */
	while (ret->len == before && next_line(&os_release, &line)) {
		if (line.len < skipped || memcmp(line.data, key, skipped) != 0)
			continue;
		for (size_t i = skipped; i < line.len; i++)
			if (line.data[i] >= ' ' && line.data[i] != 0x7f &&
			    !memchr("\"'\\", line.data[i], 3))
				cfs_buf_addc(ret, (char)line.data[i]);
	}
	if (ret->len == before)
		cfs_buf_adds(ret, "Linux");
}
