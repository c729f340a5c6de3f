/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/findings.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "cfsctl/cli/line.h"
#include "repo/ref.h"

enum cure {
	CURE_META,
	CURE_MODE,
	CURE_FOREIGN,
	CURE_OBJECTS,
	CURE_VERITY,
	CURE_NAMES,
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
		"that are missing or damaged",
	[CURE_VERITY] = "fs-verity: `cfsctl enable-verity` turns it on",
	[CURE_NAMES] =
		"names: `cfsctl create-image PATH NAME` makes the image and its "
		"name anew; a name that is not wanted any more can be removed",
	[CURE_SIGNATURES] =
		"signatures: remove the file and run `cfsctl sign` again",
};

static enum cure cure_of(enum cfs_fsck_code code)
{
	switch (code) {
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
	case CFS_FSCK_OBJECT_VERITY_MISSING:
		return CURE_VERITY;
	case CFS_FSCK_BROKEN_SYMLINK:
	case CFS_FSCK_IMAGE_OPEN_FAILED:
	case CFS_FSCK_IMAGE_READ_FAILED:
	case CFS_FSCK_IMAGE_INVALID:
		return CURE_NAMES;
	case CFS_FSCK_SIGNATURE_INVALID:
		return CURE_SIGNATURES;
	default:
		return CURE_OBJECTS;
	}
}

void cmd_findings_free(struct cfs_findings *f)
{
	struct cfs_image_name *names = (struct cfs_image_name *)f->names.data;

	for (size_t i = 0; i < f->names.len / sizeof(*names); i++)
		free(names[i].name);
	cfs_buf_free(&f->names);
	cfs_buf_free(&f->errors);
	cfs_buf_free(&f->warnings);
	cfs_buf_free(&f->strings);
	cfs_buf_free(&f->objects);
}

static int add_name(const char *name, const struct cfs_digest *id, void *arg,
		    struct cfs_err *err)
{
	struct cfs_findings *f = arg;
	struct cfs_image_name entry = { 0 };

	if (!id)
		return 0;
	entry.id = *id;
	entry.name = strdup(name);
	if (!entry.name || !cfs_buf_reserve(&f->names, sizeof(entry))) {
		free(entry.name);
		return cfs_fail(err, ENOMEM, "out of memory");
	}
	cfs_buf_add(&f->names, &entry, sizeof(entry));
	return 0;
}

void cmd_findings_names(struct cfs_findings *f, const struct cfs_repo *repo)
{
	struct cfs_err ignored;

	(void)!cfs_ref_each(repo, add_name, f, &ignored);
}

/* The next name, from *@i on, of the image that @where (images/HEX) is. */
static const char *next_name(const struct cfs_findings *f, const char *where,
			     size_t *i)
{
	const struct cfs_image_name *names =
		(const struct cfs_image_name *)f->names.data;
	const char *hex = where + strlen("images/");
	struct cfs_err ignored;
	struct cfs_digest id;

	if (strncmp(where, "images/", strlen("images/")) != 0 ||
	    cfs_digest_from_hex(hex, strlen(hex), &id, &ignored) < 0)
		return NULL;
	for (; *i < f->names.len / sizeof(*names); (*i)++)
		if (cfs_digest_equal(&names[*i].id, &id))
			return names[(*i)++].name;
	return NULL;
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

static void json_text(const char *key, const char *text, struct cfs_buf *json)
{
	cfs_buf_addf(json, ",\n      \"%s\": ", key);
	if (text)
		cfs_json_add_string(json, text);
	else
		cfs_buf_adds(json, "null");
}

static void json_digest(const char *key, const struct cfs_digest *id,
			struct cfs_buf *json)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (id)
		cfs_digest_to_hex(id, hex);
	json_text(key, id ? hex : NULL, json);
}

static void json_finding(const struct cfs_findings *f,
			 const struct cfs_finding *finding,
			 struct cfs_buf *json)
{
	const char *name, *separator = "";
	size_t at = 0;

	cfs_buf_addf(json, "%s\n    {\n      \"code\": \"%s\"",
		     json->len ? "," : "", cfs_fsck_code_name(finding->code));
	cfs_buf_addf(json, ",\n      \"warning\": %s",
		     cfs_fsck_is_warning(finding->code) ? "true" : "false");
	json_text("path", finding->where, json);
	json_text("reason", finding->reason, json);
	json_digest("object", finding->object, json);
	json_digest("measured", finding->measured, json);
	cfs_buf_adds(json, ",\n      \"names\": [");
	for (; (name = next_name(f, finding->where, &at)); separator = ", ") {
		cfs_buf_adds(json, separator);
		cfs_json_add_string(json, name);
	}
	cfs_buf_adds(json, "],\n      \"files\": [");
	for (unsigned i = 0; i < finding->n_files; i++) {
		cfs_buf_adds(json, i ? ", " : "");
		cfs_json_add_string(json, finding->files[i]);
	}
	cfs_buf_addf(json, "],\n      \"files_total\": %" PRIu64,
		     finding->files_total);
	json_text("cure", cures[cure_of(finding->code)], json);
	cfs_buf_adds(json, "\n    }");
}

void cmd_findings_add(void *arg, const struct cfs_finding *finding)
{
	struct cfs_findings *f = arg;
	CFS_AUTOBUF struct cfs_buf line = { 0 };
	bool warning = cfs_fsck_is_warning(finding->code);
	struct cfs_buf *lines = warning ? &f->warnings : &f->errors;
	const char *text;

	word(f, finding, &line);
	text = cfs_buf_text(&line);
	if (!text) {
		lines->failed = true;
		return;
	}
	cfs_buf_add(lines, text, line.len + 1);
	if (!warning) {
		cfs_buf_adds(&f->strings,
			     f->strings.len ? ",\n    " : "\n    ");
		cfs_json_add_string(&f->strings, text);
	}
	json_finding(f, finding, &f->objects);
	f->cures |= 1U << cure_of(finding->code);
}

int cmd_findings_check(struct cfs_findings *f, struct cfs_err *err)
{
	struct cfs_buf *const all[] = { &f->errors, &f->warnings, &f->strings,
					&f->objects };

	/* As strings each must end somewhere, also when they are empty. */
	for (size_t i = 0; i < CFS_ARRAY_SIZE(all); i++)
		if (!cfs_buf_text(all[i]))
			return cfs_fail(err, ENOMEM, "out of memory");
	return 0;
}

void cmd_findings_print(const struct cfs_buf *lines)
{
	const char *line = (const char *)lines->data;
	const char *end = line + lines->len;

	for (; line < end; line += strlen(line) + 1)
		cmd_line(stdout, "  - %s", line);
}

void cmd_findings_print_cures(const struct cfs_findings *f)
{
	if (f->cures)
		puts("what can be done:");
	for (unsigned i = 0; i < CURES; i++)
		if (f->cures & 1U << i)
			printf("  - %s\n", cures[i]);
}
