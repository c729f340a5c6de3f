/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writes JSON text (RFC 8259) into a buffer, member by member.
 *
 * Every function that writes a value takes the member's @name, which is
 * required inside an object and must be NULL everywhere else.  If a caller
 * breaks this rule, closes what is not open or nests too deeply, nothing more
 * is written and cfs_json_write_finish() returns -EINVAL.
 *
 * The buffer may be emptied between any two calls, so that long documents can
 * be printed while they are written.
 */
#ifndef CFS_BASE_JSON_WRITE_H
#define CFS_BASE_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

/* The maximum number of objects and arrays that are open at a time. */
#define CFS_JSON_WRITE_DEPTH_MAX 16

/* How an object or array is laid out. */
enum cfs_json_layout {
	CFS_JSON_LINES,	   /* a line for each value, indented by two blanks */
	CFS_JSON_ONE_LINE, /* all of it, and all inside it, in one line */
};

/* Zero-initialise all but buf. */
struct cfs_json_writer {
	struct cfs_buf *buf; /* borrowed */
	unsigned depth;	     /* number of open objects and arrays */
	/* The open objects and arrays, outermost first. */
	struct {
		bool object; /* and not an array */
		bool filled; /* has at least one value */
		enum cfs_json_layout layout;
	} open[CFS_JSON_WRITE_DEPTH_MAX];
	bool complete; /* the outermost value was written */
	bool wrong;    /* the caller broke a rule */
};

/* Opens an object or array, which cfs_json_write_end() closes. */
void cfs_json_write_object(struct cfs_json_writer *w, const char *name,
			   enum cfs_json_layout layout)
	__attribute__((nonnull(1)));
void cfs_json_write_array(struct cfs_json_writer *w, const char *name,
			  enum cfs_json_layout layout)
	__attribute__((nonnull(1)));

/* Closes the object or array that was opened last. */
void cfs_json_write_end(struct cfs_json_writer *w) CFS_NONNULL;

/* Writes a string, escaped as cfs_json_add_string() does; null when @text is
 * NULL. */
void cfs_json_write_text(struct cfs_json_writer *w, const char *name,
			 const char *text) __attribute__((nonnull(1)));

/* Writes the contents of @text as a string. */
void cfs_json_write_buf(struct cfs_json_writer *w, const char *name,
			struct cfs_buf *text) __attribute__((nonnull(1, 3)));

/* Writes @bytes as a string of lower-case hex digits. */
void cfs_json_write_hex(struct cfs_json_writer *w, const char *name,
			struct cfs_bytes bytes) __attribute__((nonnull(1)));

void cfs_json_write_u64(struct cfs_json_writer *w, const char *name,
			uint64_t value) __attribute__((nonnull(1)));

/* Writes true or false. */
void cfs_json_write_bool(struct cfs_json_writer *w, const char *name,
			 bool value) __attribute__((nonnull(1)));

void cfs_json_write_null(struct cfs_json_writer *w, const char *name)
	__attribute__((nonnull(1)));

/*
 * Ends the document with a newline.
 * Errors: -EINVAL the caller left something open or broke a rule; -ENOMEM.
 */
int cfs_json_write_finish(struct cfs_json_writer *w,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
