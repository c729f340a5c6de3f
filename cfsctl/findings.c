/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"

#define ROOM_FIRST 16

enum cure {
	CURE_META,
	CURE_MODE,
	CURE_FOREIGN,
	CURE_OBJECTS,
	CURE_BLOCKS,
	CURE_VERITY,
	CURE_IMAGES,
	CURE_STREAMS,
	CURE_SIGNATURES,
	CURES
};

static const char *const cures[CURES] = {
	[CURE_META] =
		"meta.json: remove it and run `cfsctl init --ensure`, which "
		"makes it anew from the objects and images",
	[CURE_MODE] = "mode: run chmod 700 on the repository",
	[CURE_FOREIGN] = "what is no part of a repository can be moved away",
	[CURE_OBJECTS] =
		"objects: `cfsctl create-image` of the same tree replaces those "
		"that are missing or damaged; `cfsctl fsck --repair --from "
		"PATH` takes them from a directory or another repository",
	[CURE_BLOCKS] =
		"objects that cannot be read: `cfsctl fsck --repair --from "
		"PATH` replaces them; `cfsctl create-image` does once they "
		"are removed",
	[CURE_VERITY] = "fs-verity: `cfsctl enable-verity` turns it on",
	[CURE_IMAGES] =
		"images: `cfsctl create-image PATH NAME` makes the image and its "
		"name anew; `cfsctl fsck --repair --from PATH` takes it from "
		"another repository; a name that is not wanted any more can be "
		"removed",
	[CURE_STREAMS] =
		"streams: `cfsctl fsck --repair --from PATH` takes objects that "
		"are missing or damaged from another repository; a link below "
		"streams/ that is not wanted any more can be removed",
	[CURE_SIGNATURES] =
		"signatures: remove the file and run `cfsctl sign` again",
};

static bool is_stream(const struct cfs_finding *finding)
{
	return strncmp(finding->where, "streams/", strlen("streams/")) == 0;
}

static enum cure cure_of(const struct cfs_finding *finding)
{
	switch (finding->code) {
	case CFS_FSCK_METADATA_PARSE_FAILED:
		return CURE_META;
	case CFS_FSCK_OPEN_TO_OTHERS:
		return CURE_MODE;
	case CFS_FSCK_OBJECT_INVALID_NAME:
	case CFS_FSCK_ENTRY_NOT_SYMLINK:
	case CFS_FSCK_UNEXPECTED_FILE_TYPE:
	case CFS_FSCK_STAT_FAILED:
	case CFS_FSCK_NESTED_TOO_DEEPLY:
		return CURE_FOREIGN;
	case CFS_FSCK_OBJECT_VERITY_FAILED:
		return CURE_BLOCKS;
	case CFS_FSCK_OBJECT_VERITY_MISSING:
		return CURE_VERITY;
	case CFS_FSCK_STREAM_OPEN_FAILED:
	case CFS_FSCK_STREAM_READ_FAILED:
	case CFS_FSCK_MISSING_OBJECT_REF:
	case CFS_FSCK_MISSING_NAMED_REF:
	case CFS_FSCK_OBJECT_CHECK_FAILED:
		return CURE_STREAMS;
	case CFS_FSCK_BROKEN_SYMLINK:
		return is_stream(finding) ? CURE_STREAMS : CURE_IMAGES;
	case CFS_FSCK_IMAGE_OPEN_FAILED:
	case CFS_FSCK_IMAGE_READ_FAILED:
	case CFS_FSCK_IMAGE_INVALID:
		return CURE_IMAGES;
	case CFS_FSCK_SIGNATURE_INVALID:
		return CURE_SIGNATURES;
	default:
		return CURE_OBJECTS;
	}
}

struct cfs_kept_finding {
	struct cfs_finding finding; /* points to what follows */
	struct cfs_digest object, measured;
	char *text[2 + CFS_FINDING_FILES]; /* owned */
};

void cmd_findings_free(struct cfs_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < CFS_ARRAY_SIZE(f->v[i].text); k++)
			free(f->v[i].text[k]);
	cfs_image_names_free(&f->names);
	free(f->v);
	*f = (struct cfs_findings){ 0 };
}

static bool make_room(struct cfs_findings *f)
{
	size_t room = f->room ? 2 * f->room : ROOM_FIRST;
	struct cfs_kept_finding *v;

	if (f->n < f->room)
		return true;
	v = reallocarray(f->v, room, sizeof(*v));
	if (!v)
		return false;
	f->v = v;
	f->room = room;
	return true;
}

void cmd_findings_names(struct cfs_findings *f, const struct cfs_repo *repo)
{
	struct cfs_err ignored;

	(void)!cfs_image_names_read(&f->names, repo, &ignored);
}

static char *keep(struct cfs_findings *f, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	f->no_memory |= text && !copy;
	return copy;
}

void cmd_findings_add(void *arg, const struct cfs_finding *finding)
{
	struct cfs_findings *f = arg;
	struct cfs_kept_finding *k;

	if (!make_room(f)) {
		f->no_memory = true;
		return;
	}
	k = &f->v[f->n++];
	*k = (struct cfs_kept_finding){ .finding = *finding };
	if (finding->object)
		k->object = *finding->object;
	if (finding->measured)
		k->measured = *finding->measured;
	k->text[0] = keep(f, finding->where);
	k->text[1] = keep(f, finding->reason);
	for (unsigned i = 0; i < finding->n_files; i++)
		k->text[2 + i] = keep(f, finding->files[i]);
}

const struct cfs_finding *cmd_findings_get(const struct cfs_findings *f,
					   size_t i)
{
	struct cfs_kept_finding *k = &f->v[i];

	/* Elements move when the array grows. */
	k->finding.where = k->text[0];
	k->finding.reason = k->text[1];
	for (unsigned n = 0; n < k->finding.n_files; n++)
		k->finding.files[n] = k->text[2 + n];
	if (k->finding.object)
		k->finding.object = &k->object;
	if (k->finding.measured)
		k->finding.measured = &k->measured;
	return &k->finding;
}

int cmd_findings_check(const struct cfs_findings *f, struct cfs_err *err)
{
	return f->no_memory ? cfs_no_memory(err) : 0;
}

/* The next name, from *@i on, of the image that @where (images/HEX) is. */
static const char *next_name(const struct cfs_findings *f, const char *where,
			     size_t *i)
{
	const char *hex = where + strlen("images/");
	struct cfs_err ignored;
	struct cfs_digest id;

	if (strncmp(where, "images/", strlen("images/")) != 0 ||
	    cfs_digest_from_hex(hex, strlen(hex), &id, &ignored) < 0)
		return NULL;
	return cfs_image_names_next(&f->names, &id, i);
}

static void add_names(const struct cfs_findings *f, const char *where,
		      struct cfs_buf *line)
{
	const char *separator = " (", *name;
	size_t i = 0;

	while ((name = next_name(f, where, &i))) {
		cfs_buf_addf(line, "%s%s", separator, name);
		separator = ", ";
	}
	if (separator[0] == ',')
		cfs_buf_addc(line, ')');
}

static void add_files(const struct cfs_finding *finding, struct cfs_buf *line)
{
	uint64_t more = finding->files_total - finding->n_files;

	for (unsigned i = 0; i < finding->n_files; i++)
		cfs_buf_addf(line, "%s%s", i ? ", " : ": ", finding->files[i]);
	if (more)
		cfs_buf_addf(line, " and %" PRIu64 " more file%s", more,
			     more == 1 ? "" : "s");
}

static void add_hex(const char *before, const struct cfs_digest *id,
		    struct cfs_buf *line)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	cfs_buf_addf(line, "%s%s", before, hex);
}

/* The beginning is composefs-rs', which scripts look for. */
static void word(const struct cfs_findings *f,
		 const struct cfs_finding *finding, struct cfs_buf *line)
{
	cfs_buf_addf(line, "fsck: %s: %s", cfs_fsck_code_name(finding->code),
		     finding->where);
	if (finding->measured)
		add_hex(": measured ", finding->measured, line);
	if (finding->files_total > 0)
		add_hex(": ", finding->object, line);
	if (finding->reason)
		cfs_buf_addf(line, ": %s", finding->reason);
	add_files(finding, line);
	add_names(f, finding->where, line);
}

static void print_findings(const struct cfs_findings *f, bool warnings)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cmd_findings_get(f, i);
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		if (cfs_fsck_is_warning(finding->code) != warnings)
			continue;
		word(f, finding, &line);
		if (cfs_buf_text(&line))
			cmd_line(stdout, "  - %s", (char *)line.data);
	}
}

void cmd_findings_print_errors(const struct cfs_findings *f)
{
	print_findings(f, false);
}

void cmd_findings_print_warnings(const struct cfs_findings *f)
{
	print_findings(f, true);
}

static void json_digest(struct cfs_json_writer *w, const char *name,
			const struct cfs_digest *id)
{
	if (id)
		cmd_json_digest(w, name, id);
	else
		cfs_json_write_null(w, name);
}

static void json_finding(const struct cfs_findings *f,
			 const struct cfs_finding *finding,
			 struct cfs_json_writer *w)
{
	const char *name;
	size_t at = 0;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "code", cfs_fsck_code_name(finding->code));
	cfs_json_write_bool(w, "warning", cfs_fsck_is_warning(finding->code));
	cfs_json_write_text(w, "path", finding->where);
	cfs_json_write_text(w, "reason", finding->reason);
	json_digest(w, "object", finding->object);
	json_digest(w, "measured", finding->measured);
	cfs_json_write_array(w, "names", CFS_JSON_ONE_LINE);
	while ((name = next_name(f, finding->where, &at)))
		cfs_json_write_text(w, NULL, name);
	cfs_json_write_end(w);
	cfs_json_write_array(w, "files", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < finding->n_files; i++)
		cfs_json_write_text(w, NULL, finding->files[i]);
	cfs_json_write_end(w);
	cfs_json_write_u64(w, "files_total", finding->files_total);
	cfs_json_write_text(w, "cure", cures[cure_of(finding)]);
	cfs_json_write_end(w);
}

void cmd_findings_json(const struct cfs_findings *f, struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "errors", CFS_JSON_LINES);
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cmd_findings_get(f, i);
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		if (cfs_fsck_is_warning(finding->code))
			continue;
		word(f, finding, &line);
		cfs_json_write_buf(w, NULL, &line);
	}
	cfs_json_write_end(w);
	cfs_json_write_array(w, "findings", CFS_JSON_LINES);
	for (size_t i = 0; i < f->n; i++)
		json_finding(f, cmd_findings_get(f, i), w);
	cfs_json_write_end(w);
}

void cmd_findings_print_cures(const struct cfs_findings *f)
{
	unsigned named = 0;

	for (size_t i = 0; i < f->n; i++)
		named |= 1U << cure_of(cmd_findings_get(f, i));
	if (named)
		puts("what can be done:");
	for (unsigned i = 0; i < CURES; i++)
		if (named & 1U << i)
			printf("  - %s\n", cures[i]);
}
