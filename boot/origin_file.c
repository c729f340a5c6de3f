/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/origin_file.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"

#define ORIGIN_MAX 65536 /* bytes */

void cfs_origin_file_free(struct cfs_origin_file *origin)
{
	free(origin->image);
	free(origin->manifest);
	*origin = (struct cfs_origin_file){ 0 };
}

/* Takes blanks from both ends of @text, in place. */
static char *strip(char *text)
{
	size_t n;

	text += strspn(text, " \t\r");
	n = strlen(text);
	while (n > 0 && strchr(" \t\r", text[n - 1]))
		text[--n] = '\0';
	return text;
}

/* Where the value of @key in the section @section goes, or NULL. */
static char **member_of(struct cfs_origin_file *origin, const char *section,
			const char *key)
{
	if (strcmp(section, "[origin]") == 0 &&
	    strcmp(key, "container-image-reference") == 0)
		return &origin->image;
	if (strcmp(section, "[image]") == 0 &&
	    strcmp(key, "manifest_digest") == 0)
		return &origin->manifest;
	return NULL;
}

static int read_line(char *line, const char *section,
		     struct cfs_origin_file *origin, struct cfs_err *err)
{
	char *value = strchr(line, '=');
	char **to;

	if (!value || line[0] == '#' || line[0] == ';')
		return 0;
	*value++ = '\0';
	to = member_of(origin, section, strip(line));
	if (!to)
		return 0;
	free(*to);
	*to = strdup(strip(value));
	return *to ? 0 : cfs_no_memory(err);
}

static int parse(char *text, struct cfs_origin_file *origin,
		 struct cfs_err *err)
{
	const char *section = "";
	char *line;
	int r = 0;

	while (r == 0 && (line = strsep(&text, "\n"))) {
		line = strip(line);
		if (line[0] == '[')
			section = line;
		else
			r = read_line(line, section, origin, err);
	}
	return r;
}

int cfs_origin_file_read(int dirfd, const struct cfs_digest *id,
			 struct cfs_origin_file *ret, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	char path[2 * CFS_DIGEST_HEX_MAX + sizeof("/.origin")];
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOORIGINFILE struct cfs_origin_file origin = { 0 };
	int r;

	cfs_digest_to_hex(id, hex);
	snprintf(path, sizeof(path), "%s/%s.origin", hex, hex);
	r = cfs_read_file(dirfd, path, ORIGIN_MAX, &text, err);
	if (r < 0)
		return r;
	if (r > 0 && !cfs_buf_text(&text))
		return cfs_buf_check(&text, err);
	/* A key file has no NULs: whatever follows one is ignored. */
	if (r > 0)
		r = parse((char *)text.data, &origin, err);
	if (r < 0)
		return r;
	*ret = origin;
	origin = (struct cfs_origin_file){ 0 };
	return text.len > 0;
}

static void add_section(struct cfs_buf *ret, const char *section,
			const char *key, const char *value)
{
	if (!value)
		return;
	if (section)
		cfs_buf_addf(ret, "[%s]\n", section);
	cfs_buf_addf(ret, "%s=%s\n", key, value);
}

void cfs_origin_file_write(const struct cfs_origin_text *origin,
			   struct cfs_buf *ret)
{
	add_section(ret, "origin", "container-image-reference", origin->image);
	add_section(ret, "boot", "boot_type", origin->boot_type);
	add_section(ret, NULL, "digest", origin->boot_digest);
	add_section(ret, "image", "manifest_digest", origin->manifest);
}
