/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The programs that cfsctl is when it is called by their names: those of
 * composefs' C tools (`mkcomposefs ...`, or `cfsctl mkcomposefs ...`), and a
 * helper of mount(8) for FUSE mounts.
 *
 * A program is a row of the table in programs.c.  Unlike a command it words
 * its errors as the C tools do, ends with 0 or 1 and nothing else, and keeps
 * the user's umask.
 */
#ifndef CFS_CFSCTL_COMPAT_PROGRAMS_H
#define CFS_CFSCTL_COMPAT_PROGRAMS_H

#include <stdio.h>

#include "base/err.h"
#include "tree/node.h"

struct cfs_program {
	const char *name;
	const char *help; /* one line */
	void (*usage)(FILE *to);
	/*
	 * Reads its own arguments (argv[0] is its name) and prints results
	 * on stdout.  Returns 0; -CFS_EUSAGE: the message, if there is one,
	 * and the usage are printed; any other negative errno: "NAME: message",
	 * or nothing when there is no message.
	 */
	int (*run)(int argc, char **argv, struct cfs_err *err);
};

/* All of them; ends with a NULL name. */
extern const struct cfs_program cmd_programs[];

/* The program of that name, which may be a path (argv[0]); or NULL. */
const struct cfs_program *cmd_program_find(const char *name);

/* Runs it and says what went wrong.  Returns the exit status. */
int cmd_program_run(const struct cfs_program *program, int argc, char **argv);

/* Flushes stdout.  Errors: what was printed could not all be written. */
int cmd_flush(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the directory @path as mkcomposefs does, with the CFS_SCAN_* of
 * @flags; its files go to the digest store @store unless that is NULL.
 * @threads: that hash and store, 0 for as many as there are processors.
 */
int cmd_mkcomposefs_scan(const char *path, unsigned flags, const char *store,
			 unsigned threads, struct cfs_tree **ret,
			 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 5, 6)));

/* The programs, in the order of the table. */
void cmd_mkcomposefs_usage(FILE *to);
int cmd_mkcomposefs(int argc, char **argv, struct cfs_err *err);
void cmd_composefs_info_usage(FILE *to);
int cmd_composefs_info(int argc, char **argv, struct cfs_err *err);
void cmd_composefs_dump_usage(FILE *to);
int cmd_composefs_dump(int argc, char **argv, struct cfs_err *err);
void cmd_mount_composefs_usage(FILE *to);
int cmd_mount_composefs(int argc, char **argv, struct cfs_err *err);
void cmd_mount_fuse_usage(FILE *to);
int cmd_mount_fuse(int argc, char **argv, struct cfs_err *err);

#endif
