/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The frame of cfsctl.  A command (or group of commands) is one file with one
 * entry point a command
 *
 *	int cmd_NAME(const struct cfs_globals *g, int argc, char **argv,
 *		     struct cfs_err *err);
 *
 * declared at the end of this header, and one row of the table in main.c.  It
 * gets what stood before the subcommand in @g, reads its own arguments with
 * cmd_options() (argv[0] is its name), opens the repository with one of the
 * helpers here, prints results on stdout and returns like every function:
 * negative errno with @err filled in, or -CFS_EUSAGE when the command line was
 * wrong.  main() prints the error, checks that stdout could be written and
 * chooses the exit status: 0, 1 failed, 2 usage (but see compares).
 */
#ifndef CFS_CFSCTL_CFSCTL_H
#define CFS_CFSCTL_CFSCTL_H

#include <stdbool.h>

#include "base/err.h"
#include "cfsctl/cli/options.h"
#include "fsverity/digest.h"
#include "repo/open.h"
#include "repo/store.h"

/* An error code of its own: the command line, not the work, was wrong. */
#define CFS_EUSAGE 0x10000

/* The options before the subcommand. */
struct cfs_globals {
	char repo[4096];     /* path of the repository */
	bool has_alg;	     /* --hash was given: */
	enum cfs_alg alg;    /* ... this */
	int erofs_version;   /* --erofs-version, or -1 */
	bool insecure;	     /* --insecure */
	bool require_verity; /* --require-verity */
	bool no_upgrade;     /* --no-upgrade */
	bool no_repo;	     /* --no-repo; main() checks who allows it */
	bool no_sync;	     /* --no-sync */
	bool help;	     /* --help: main() answers it */
	bool version;	     /* --version: likewise */
};

struct cfs_cmd {
	const char *name;
	const char *args;    /* after the name in usage; "" for none */
	const char *help;    /* one line */
	const char *options; /* lines for `help NAME`, or NULL */
	int (*run)(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err);
	const struct cfs_cmd *sub; /* a group: ends with a NULL name */
	bool allows_no_repo;	   /* works without any repository */
	/* Ends as diff(1) does: what run returns, 0 or 1, is the exit status,
	 * and 2 is that of a failure. */
	bool compares;
};

/*
 * Opens the repository of @g for reading, with the shared lock held until it
 * is closed: cfs_repo_close().  meta is filled in also for an old repository
 * without meta.json (from its objects).
 * Errors: it is not there, --hash contradicts it, --require-verity and it has
 * no fs-verity, ...
 */
int cmd_open_repo(const struct cfs_globals *g, struct cfs_repo *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The same for a check: a broken meta.json is no error.  @why says what is
 * wrong with it, or why->code is 0 (cfs_fsck_open()).
 */
int cmd_open_damaged(const struct cfs_globals *g, struct cfs_repo *ret,
		     struct cfs_err *why,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * cmd_open_repo() for writing.  An old repository gets its meta.json now, unless
 * --no-upgrade forbids it.
 */
int cmd_open_store(const struct cfs_globals *g, struct cfs_store *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* cfs_image_find(), with absence as an error (-ENOENT). */
int cmd_find_image(const struct cfs_repo *repo, const char *name,
		   struct cfs_digest *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Must what is read here be under fs-verity?  1 or 0. */
int cmd_demands_verity(const struct cfs_globals *g, const struct cfs_repo *repo,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Reads the value @text of the option @name, "sha256" or "fsverity-sha256-12"
 * and the same of sha512.  Errors: -CFS_EUSAGE.
 */
int cmd_parse_alg(const char *name, const char *text, enum cfs_alg *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Reads "0", "1" or "2" of --erofs-version; @text NULL: -1. */
int cmd_parse_format(const char *text, int *ret,
		     struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(2, 3)));

/* "waiting for lock" on stderr; what the lock functions call. */
void cmd_waiting(void);

/* The commands, in the order of main.c's table. */
int cmd_init(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err);
int cmd_create_image(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_compute_id(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err);
int cmd_compute_karg(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_create_dumpfile(const struct cfs_globals *g, int argc, char **argv,
			struct cfs_err *err);
int cmd_fsck(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err);
int cmd_image_objects(const struct cfs_globals *g, int argc, char **argv,
		      struct cfs_err *err);
int cmd_dump_files(const struct cfs_globals *g, int argc, char **argv,
		   struct cfs_err *err);
int cmd_import_image(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_images(const struct cfs_globals *g, int argc, char **argv,
	       struct cfs_err *err);
int cmd_diff(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err);
int cmd_mount(const struct cfs_globals *g, int argc, char **argv,
	      struct cfs_err *err);
int cmd_digest_karg(const struct cfs_globals *g, int argc, char **argv,
		    struct cfs_err *err);
int cmd_sign(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err);
int cmd_verify_image(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_genkey(const struct cfs_globals *g, int argc, char **argv,
	       struct cfs_err *err);
int cmd_keyring_add_cert(const struct cfs_globals *g, int argc, char **argv,
			 struct cfs_err *err);
int cmd_keyring_list(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_keyring_lock(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err);
int cmd_keyring_status(const struct cfs_globals *g, int argc, char **argv,
		       struct cfs_err *err);
int cmd_enable_verity(const struct cfs_globals *g, int argc, char **argv,
		      struct cfs_err *err);
int cmd_disk(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err);

#endif
