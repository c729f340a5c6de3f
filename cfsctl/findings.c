/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "varlink/repository_reports.h"

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

static void add_names(const struct cfs_findings *f,
		      const struct cfs_finding *finding, struct cfs_buf *line)
{
	const char *separator = " (", *name;
	size_t i = 0;

	while ((name = cfs_findings_next_name(f, finding, &i))) {
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
	add_names(f, finding, line);
}

static void print_findings(const struct cfs_findings *f, bool warnings)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cfs_findings_get(f, i);
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
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "code", cfs_fsck_code_name(finding->code));
	cfs_json_write_bool(w, "warning", cfs_fsck_is_warning(finding->code));
	cfs_json_write_text(w, "path", finding->where);
	cfs_json_write_text(w, "reason", finding->reason);
	json_digest(w, "object", finding->object);
	json_digest(w, "measured", finding->measured);
	cfs_varlink_write_users(f, finding, w);
	cfs_json_write_text(w, "cure", cures[cure_of(finding)]);
	cfs_json_write_end(w);
}

void cmd_findings_json(const struct cfs_findings *f, struct cfs_json_writer *w)
{
	cfs_json_write_array(w, "errors", CFS_JSON_LINES);
	for (size_t i = 0; i < f->n; i++) {
		const struct cfs_finding *finding = cfs_findings_get(f, i);
		CFS_AUTOBUF struct cfs_buf line = { 0 };

		if (cfs_fsck_is_warning(finding->code))
			continue;
		word(f, finding, &line);
		cfs_json_write_buf(w, NULL, &line);
	}
	cfs_json_write_end(w);
	cfs_json_write_array(w, "findings", CFS_JSON_LINES);
	for (size_t i = 0; i < f->n; i++)
		json_finding(f, cfs_findings_get(f, i), w);
	cfs_json_write_end(w);
}

void cmd_findings_print_cures(const struct cfs_findings *f)
{
	unsigned named = 0;

	for (size_t i = 0; i < f->n; i++)
		named |= 1U << cure_of(cfs_findings_get(f, i));
	if (named)
		puts("what can be done:");
	for (unsigned i = 0; i < CURES; i++)
		if (named & 1U << i)
			printf("  - %s\n", cures[i]);
}
