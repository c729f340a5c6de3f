/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/tree_source.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cfsctl/cli/line.h"

const char *const cmd_source_xattrs[] = { "allowlist-only", "keep-user-xattrs",
					  NULL };

int cmd_source_filter(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_xattr_filter *ret = to;

	(void)err;
	*ret = strcmp(text, cmd_source_xattrs[0]) == 0 ? CFS_XATTRS_ALLOWLIST
						       : CFS_XATTRS_KEEP_USER;
	return 0;
}

const char *const cmd_lints[] = { "auto", "error", "warn", "off", NULL };

int cmd_parse_lint(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_lint *ret = to;

	(void)err;
	*ret = CFS_LINT_AUTO;
	while (strcmp(text, cmd_lints[*ret]) != 0)
		++*ret;
	return 0;
}

int cmd_source_operand(struct cfs_tree_source *source,
		       const struct cfs_call *call)
{
	source->path = source->dumpfile ? NULL : call->operand[0];
	return source->path ? 1 : 0;
}

int cmd_source_check(const struct cfs_tree_source *source, struct cfs_err *err)
{
	if (source->mountpoints && !source->bootable)
		return cfs_fail(err, CFS_EUSAGE,
				"--make-mountpoints is for images with "
				"--bootable");
	if (source->exec_objects && source->dumpfile)
		return cfs_fail(err, CFS_EUSAGE,
				"--ipe is about the files of a directory; a "
				"dumpfile says itself which files are objects");
	return 0;
}

/* Writes "/PATH (and 2 more)". */
static const char *names(const struct cfs_note *note, struct cfs_buf *ret)
{
	cfs_buf_adds(ret, note->where);
	if (note->n > 1)
		cfs_buf_addf(ret, " (and %" PRIu64 " more)", note->n - 1);
	return cfs_buf_text(ret) ? (char *)ret->data : "some files";
}

static void warn_of_whiteouts(const struct cfs_note *note)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	cmd_line(stderr,
		 "warning: %s: a mounted image of format %u shows whiteouts as "
		 "%s, and they delete nothing from lower layers; use "
		 "--erofs-version 1",
		 names(note, &text), note->format,
		 note->format == 0 ? "empty files (since Linux 6.8)"
				   : "files that cannot be opened");
}

static void warn(void *arg, const struct cfs_note *note)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	(void)arg;
	switch (note->code) {
	case CFS_NOTE_NO_STATE:
		cmd_line(
			stderr,
			"warning: %s: %s: the system cannot keep changes there",
			note->where, note->what);
		break;
	case CFS_NOTE_NO_BOOT:
		cmd_line(stderr, "warning: %s: %s: the system will not boot",
			 note->where, note->what);
		break;
	case CFS_NOTE_FSTAB:
		cmd_line(stderr,
			 "warning: %s/etc/fstab: line %" PRIu64
			 " is for /, which composefs mounts: remove it",
			 note->where, note->n);
		break;
	case CFS_NOTE_OPAQUE_XATTR:
		cmd_line(stderr,
			 "warning: xattr %s is dropped, so opaque directories "
			 "will not hide files of lower layers; "
			 "--no-propagate-usr-to-root keeps all xattrs",
			 note->what);
		break;
	case CFS_NOTE_OPAQUE_LOST:
		cmd_line(stderr,
			 "warning: %s: format 1 does not keep an opaque "
			 "directory that holds whiteouts: files of lower "
			 "layers will show through; delete its whiteouts, "
			 "which have no effect in an opaque directory",
			 names(note, &text));
		break;
	case CFS_NOTE_WHITEOUTS:
		warn_of_whiteouts(note);
		break;
	}
}

const struct cfs_notes cmd_source_warnings = { .note = warn };
