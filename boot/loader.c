/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/loader.h"

#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "base/text.h"
#include "boot/bls.h"

/* Source: systemd, Boot Loader Interface. */
#define EFIVARS	     "sys/firmware/efi/efivars/"
#define VENDOR	     "-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"
#define SAVED	     "@saved" /* stands for what was booted last */
#define ATTRIBUTES   4	      /* bytes before the value of a variable */
#define VARIABLE_MAX 4096

/* The state of reading the rules of one machine. */
struct reader {
	int dirfd, rootfd;
	cfs_boot_broken_fn *broken;
	void *arg;
	struct cfs_loader *to;
};

void cfs_loader_free(struct cfs_loader *loader)
{
	for (size_t i = 0; i < loader->n; i++)
		free(loader->v[i].pattern);
	cfs_vec_free(loader);
	free(loader->info);
	loader->info = NULL;
}

bool cfs_loader_is_systemd_boot(const struct cfs_loader *loader)
{
	static const char name[] = "systemd-boot";

	return loader->info && strncmp(loader->info, name, strlen(name)) == 0;
}

/* Ends the match of "[...]" of the pattern @p at its "]"; NULL if there is
 * none.  A "]" right behind the "[" is one of the set. */
static const char *match_set(const char *p, char c, bool *ret)
{
	const char *first = ++p;

	*ret = false;
	for (; *p && (*p != ']' || p == first); p++) {
		char low = *p, high = *p;

		if (p[1] == '-' && p[2] && p[2] != ']') {
			high = p[2];
			p += 2;
		}
		*ret |= low <= c && c <= high;
	}
	return *p ? p : NULL;
}

/* Does @p begin with a wildcard for one character that @c is, or with @c?
 * Returns what follows it, or NULL. */
static const char *match_one(const char *p, char c)
{
	bool in_set;

	if (*p == '[') {
		p = match_set(p, c, &in_set);
		return p && in_set ? p + 1 : NULL;
	}
	if (*p == '?')
		return p + 1;
	if (*p == '\\' && p[1])
		p++;
	return *p == c ? p + 1 : NULL;
}

bool cfs_loader_match(const char *pattern, const char *id)
{
	const char *star = NULL, *retry = NULL;

	/* Only the last star has to be tried anew: what stands before it was
	 * matched as early as possible. */
	while (*id) {
		const char *next = NULL;

		if (*pattern == '*') {
			star = ++pattern;
			retry = id;
			continue;
		}
		if (*pattern)
			next = match_one(pattern, *id);
		if (next) {
			pattern = next;
			id++;
			continue;
		}
		if (!star)
			return false;
		pattern = star;
		id = ++retry;
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

static int add(const struct reader *r, enum cfs_loader_source source,
	       struct cfs_buf *pattern, struct cfs_err *err)
{
	char *text = cfs_buf_text(pattern);

	if (!text ||
	    !cfs_vec_add(r->to, (struct cfs_loader_rule){ source, text }))
		return cfs_no_memory(err);
	for (; *text; text++)
		if (*text >= 'A' && *text <= 'Z')
			*text = (char)(*text + 32);
	*pattern = (struct cfs_buf){ 0 };
	return 0;
}

/* Reports the failure @why to read @where, and returns 0; -ENOMEM is passed
 * on. */
static int broken(const struct reader *r, const char *where,
		  const struct cfs_err *why, struct cfs_err *err)
{
	if (why->code == ENOMEM)
		return cfs_no_memory(err);
	r->broken(r->arg, where, why->msg);
	return 0;
}

/* Text of UTF-16 as UTF-8, up to a NUL. */
static void add_utf16(struct cfs_bytes text, struct cfs_buf *to)
{
	for (size_t i = 0; i + 1 < text.len; i += 2) {
		uint32_t c = text.data[i] | (uint32_t)text.data[i + 1] << 8;
		uint8_t utf8[4];

		if (c == 0)
			return;
		/* Half of a surrogate pair.  No id of systemd-boot has one. */
		if (c >= 0xd800 && c <= 0xdfff)
			c = 0xfffd;
		cfs_buf_add(to, utf8, cfs_utf8_put(c, utf8));
	}
}

/* Returns 1 with the value of the variable @name appended to @ret, or 0. */
static int read_variable(const struct reader *r, const char *name,
			 struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf value = { 0 };
	char path[sizeof(EFIVARS VENDOR) + 64];
	struct cfs_bytes text;
	struct cfs_err why;
	int n;

	if (r->rootfd < 0)
		return 0;
	/* The kernel puts 4 bytes of attributes before the value of a
	 * variable. */
	snprintf(path, sizeof(path), EFIVARS "%s" VENDOR, name);
	n = cfs_read_file(r->rootfd, path, VARIABLE_MAX, &value, &why);
	if (n < 0)
		return broken(r, path, &why, err);
	if (n == 0 || !cfs_bytes_slice(cfs_buf_bytes(&value), ATTRIBUTES,
				       value.len - ATTRIBUTES, &text))
		return 0;
	add_utf16(text, ret);
	n = cfs_buf_check(ret, err);
	return n < 0 ? n : ret->len > 0;
}

/* The rule @pattern, or what "@saved" stands for in its place. */
static int add_rule(const struct reader *r, enum cfs_loader_source source,
		    struct cfs_buf *pattern, struct cfs_err *err)
{
	char *text = cfs_buf_text(pattern);
	CFS_AUTOBUF struct cfs_buf saved = { 0 };
	int n;

	if (!text)
		return cfs_no_memory(err);
	if (strcasecmp(text, SAVED) != 0)
		return add(r, source, pattern, err);
	n = read_variable(r, "LoaderEntryLastBooted", &saved, err);
	return n <= 0 ? n : add(r, source, &saved, err);
}

static int add_variable(const struct reader *r, enum cfs_loader_source source,
			const char *name, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf value = { 0 };
	int n = read_variable(r, name, &value, err);

	return n <= 0 ? n : add_rule(r, source, &value, err);
}

static int read_info(const struct reader *r, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf value = { 0 };
	int n = read_variable(r, "LoaderInfo", &value, err);

	if (n <= 0)
		return n;
	if (!cfs_buf_text(&value))
		return cfs_buf_check(&value, err);
	r->to->info = (char *)value.data;
	value = (struct cfs_buf){ 0 };
	return 0;
}

/* The last line with a default counts; a file may have it in quotes. */
static struct cfs_bytes find_default(struct cfs_bytes text)
{
	struct cfs_bytes value = { 0 };
	struct cfs_bls_line line;

	while (cfs_bls_next(&text, &line))
		if (cfs_bls_is(&line, "default"))
			value = line.value;
	if (value.len >= 2 && value.data[0] == '"' &&
	    value.data[value.len - 1] == '"') {
		value.data++;
		value.len -= 2;
	}
	return value;
}

static int add_default(const struct reader *r, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 }, pattern = { 0 };
	struct cfs_bytes value;
	struct cfs_err why;
	int n = cfs_read_file(r->dirfd, CFS_LOADER_CONF, CFS_LOADER_CONF_MAX,
			      &text, &why);

	if (n < 0)
		return broken(r, CFS_LOADER_CONF, &why, err);
	value = find_default(cfs_buf_bytes(&text));
	if (value.len == 0)
		return 0;
	cfs_buf_add(&pattern, value.data, value.len);
	return add_rule(r, CFS_LOADER_FILE, &pattern, err);
}

int cfs_loader_read(int dirfd, int rootfd, cfs_boot_broken_fn *report,
		    void *arg, struct cfs_loader *ret, struct cfs_err *err)
{
	/* The order in which systemd-boot obeys: an entry for the next boot
	 * only, the choice kept in the firmware, the configuration file. */
	const struct reader r = { dirfd, rootfd, report, arg, ret };
	int n = add_variable(&r, CFS_LOADER_ONE_SHOT, "LoaderEntryOneShot",
			     err);

	if (n == 0)
		n = add_variable(&r, CFS_LOADER_VARIABLE, "LoaderEntryDefault",
				 err);
	if (n == 0)
		n = read_info(&r, err);
	return n < 0 ? n : add_default(&r, err);
}

static bool has(const struct cfs_boot_order *order, size_t entry)
{
	for (size_t i = 0; i < order->n; i++)
		if (order->v[i] == entry)
			return true;
	return false;
}

static bool counts(const struct cfs_boot_entry *entry)
{
	return entry->offered && !entry->staged;
}

static void add_index(struct cfs_boot_order *to, size_t i)
{
	/* A failure sticks: cfs_loader_order() checks for it at the end. */
	if (!has(to, i))
		(void)!cfs_vec_add(to, i);
}

/* Adds the first entry that @pattern names. */
static void add_first(const char *pattern,
		      const struct cfs_boot_entries *entries,
		      struct cfs_boot_order *to)
{
	for (size_t i = 0; i < entries->n; i++) {
		if (counts(&entries->v[i]) &&
		    cfs_loader_match(pattern, entries->v[i].id)) {
			add_index(to, i);
			return;
		}
	}
}

int cfs_loader_order(const struct cfs_loader *loader,
		     const struct cfs_boot_entries *entries,
		     struct cfs_boot_order *ret, struct cfs_err *err)
{
	/* If the entry of a rule disappears, the next rule decides, and the
	 * menu's order in the end. */
	for (size_t i = 0; i < loader->n; i++)
		add_first(loader->v[i].pattern, entries, ret);
	for (size_t i = 0; i < entries->n; i++)
		if (counts(&entries->v[i]))
			add_index(ret, i);
	return cfs_vec_check(ret, err);
}
