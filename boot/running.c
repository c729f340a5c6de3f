/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/running.h"

#include <limits.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"
#include "boot/kargs.h"

#define MARKER_MAX	 65536 /* bytes */
#define MARKER_NODES_MAX 1024
#define MOUNTINFO_MAX	 (64u << 20) /* bytes; 100,000 mounts are 20 MB */

/* Reads @path if it exists.  Returns 1, or 0 if it does not exist or was
 * reported as broken. */
static int read_text(int rootfd, const char *path, size_t max,
		     const struct cfs_boot_visitor *visitor,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_err why;
	int r = cfs_read_file(rootfd, path, max, ret, &why);

	return r < 0 ? cfs_boot_broken(visitor, path, &why, err) : r;
}

static int visit_cmdline(int rootfd, const struct cfs_boot_visitor *visitor,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = read_text(rootfd, "proc/cmdline", CFS_CMDLINE_MAX, visitor,
			  &text, err);

	return r <= 0 ? r
		      : cfs_boot_words(visitor, "proc/cmdline",
				       cfs_buf_bytes(&text), err);
}

/* The digest in the marker @text. */
static int parse_marker(struct cfs_bytes text, struct cfs_digest *ret,
			struct cfs_err *err)
{
	struct cfs_json_node nodes[MARKER_NODES_MAX];
	const struct cfs_json_node *digest;
	struct cfs_json doc;
	int r = cfs_json_parse(text, nodes, CFS_ARRAY_SIZE(nodes), &doc, err);

	if (r < 0)
		return r;
	digest = cfs_json_get(&doc, doc.nodes, "digest");
	if (!digest || digest->kind != CFS_JSON_STRING)
		return cfs_fail(err, EINVAL, "it has no digest");
	return cfs_digest_from_hex((const char *)digest->raw.data,
				   digest->raw.len, ret, err);
}

static int visit_marker(int rootfd, const struct cfs_boot_visitor *visitor,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_digest id;
	struct cfs_err why;
	int r = read_text(rootfd, CFS_BOOT_MARKER, MARKER_MAX, visitor, &text,
			  err);

	if (r <= 0)
		return r;
	if (parse_marker(cfs_buf_bytes(&text), &id, &why) < 0)
		return cfs_boot_broken(visitor, CFS_BOOT_MARKER, &why, err);
	return visitor->found(visitor->arg, CFS_BOOT_MARKER, &id, err);
}

/* Cuts a word off *@line; the words of a line have one blank between them. */
static char *cut(char **line)
{
	char *word = *line, *blank = strchr(word, ' ');

	*line = blank ? blank + 1 : word + strlen(word);
	if (blank)
		*blank = '\0';
	return word;
}

/* The digest in the source of a mount, if that is a composefs:
 * composefs-setup-root and composefs-rs both name the image there. */
static bool id_of_source(const char *source, struct cfs_digest *ret)
{
	static const char *const before[] = { "composefs:",
					      "transient:composefs=" };
	struct cfs_err ignored;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(before); i++) {
		size_t n = strlen(before[i]);

		if (strncmp(source, before[i], n) == 0)
			return cfs_digest_from_hex(source + n,
						   strlen(source + n), ret,
						   &ignored) == 0;
	}
	return false;
}

/* A line: ID PARENT MAJOR:MINOR ROOT MOUNT-POINT OPTIONS [TAG...] - TYPE SOURCE
 * SUPER-OPTIONS */
static int visit_mount(char *line, const struct cfs_boot_visitor *visitor,
		       struct cfs_err *err)
{
	struct cfs_digest id;
	char *where, *end;

	/* Blanks in names are written as \040.  The number of tags varies, so
	 * only " - " tells where they end. */
	for (int i = 0; i < 4; i++)
		(void)cut(&line);
	where = cut(&line);
	end = strstr(line, " - ");
	if (!end)
		return 0;
	end += strlen(" - ");
	(void)cut(&end);
	if (!id_of_source(cut(&end), &id))
		return 0;
	return visitor->found(visitor->arg, where, &id, err);
}

static int visit_mounts(int rootfd, const struct cfs_boot_visitor *visitor,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char *rest, *line;
	int r = read_text(rootfd, "proc/self/mountinfo", MOUNTINFO_MAX, visitor,
			  &text, err);

	if (r <= 0)
		return r;
	rest = cfs_buf_text(&text);
	if (!rest)
		return cfs_buf_check(&text, err);
	for (r = 0; r == 0 && (line = strsep(&rest, "\n"));)
		r = visit_mount(line, visitor, err);
	return r;
}

/* Each source knows of images that the others do not: the command line, of one
 * that was passed over at boot; the marker, of the one that was booted, however
 * it was chosen; the mounts, of those that were mounted since. */
int cfs_boot_running(int rootfd, const struct cfs_boot_visitor *visitor,
		     struct cfs_err *err)
{
	int r = visit_cmdline(rootfd, visitor, err);

	if (r == 0)
		r = visit_marker(rootfd, visitor, err);
	return r < 0 ? r : visit_mounts(rootfd, visitor, err);
}
