/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs skopeo(1), which knows how to talk to registries and to the stores of
 * other programs.
 */
#ifndef CFS_OCI_ORIGIN_SKOPEO_H
#define CFS_OCI_ORIGIN_SKOPEO_H

#include "base/child.h"
#include "oci/origin.h"

/* Arguments of skopeo that go with every command, ready for use in argv. */
#define CFS_SKOPEO_OPTIONS_MAX 6
struct cfs_skopeo_options {
	char *v[CFS_SKOPEO_OPTIONS_MAX]; /* owned */
	size_t n;
};

/* Errors: -ENOMEM. */
int cfs_skopeo_options_make(const struct cfs_origin_options *from,
			    struct cfs_skopeo_options *ret,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_skopeo_options_free(struct cfs_skopeo_options *options);

/* The words of one command line. */
#define CFS_SKOPEO_ARGS_MAX 16
struct cfs_skopeo_args {
	const char *v[CFS_SKOPEO_ARGS_MAX]; /* borrowed; NULL at the end */
};

/* Makes "skopeo @command[0] ... @options @operand"; @command ends with NULL,
 * @operand may be NULL. */
void cfs_skopeo_args_make(const char *const *command,
			  const struct cfs_skopeo_options *options,
			  const char *operand, struct cfs_skopeo_args *ret)
	__attribute__((nonnull(1, 2, 4)));

/* Starts skopeo.  Errors: -ENOPKG (not installed, worded with what to do),
 * those of cfs_child_start(). */
int cfs_skopeo_start(const struct cfs_skopeo_args *args, int out, int third,
		     struct cfs_child *ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Waits for skopeo and words what it says.  Returns 0, or -EIO if it failed. */
int cfs_skopeo_wait(struct cfs_child *child,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Runs skopeo and appends its standard output to @ret.
 * Errors: -EFBIG (over @max bytes), -EIO (it failed; with its words), -ENOPKG.
 */
int cfs_skopeo_run(const struct cfs_skopeo_args *args, size_t max,
		   struct cfs_buf *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Takes the words for a user out of @said, what skopeo wrote to its standard
 * error: the message of the last line of its log that is an error, or else the
 * last line.  Pure.
 */
#define CFS_SKOPEO_WORDS_MAX 800
void cfs_skopeo_words(struct cfs_bytes said,
		      char ret[static CFS_SKOPEO_WORDS_MAX]);

/* Returns what helps against the failure that @words are about, as a clause to
 * be put behind them, or "".  Pure. */
const char *cfs_skopeo_advice(const char *words) CFS_NONNULL;

#endif
