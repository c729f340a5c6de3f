/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Declarations shared by cfsctl's commands.  A command is one file, or a group
 * of commands is, with one row each (cfsctl/cli/command.h), which is declared
 * at the end of this header and listed in main.c.
 */
#ifndef CFS_CFSCTL_CFSCTL_H
#define CFS_CFSCTL_CFSCTL_H

#include <stdbool.h>

#include "base/err.h"
#include "cfsctl/cli/command.h"
#include "fsverity/digest.h"
#include "ops/access.h"
#include "ops/image_map.h"
#include "repo/open.h"
#include "repo/store.h"

/* The options that every command has, before it or after it. */
struct cfs_globals {
	const char *path;    /* --repo, or NULL */
	bool user;	     /* --user */
	bool system;	     /* --system */
	enum cfs_alg alg;    /* --hash, or 0 */
	bool has_alg;	     /* --hash was given */
	int erofs_version;   /* --erofs-version, or -1 */
	bool insecure;	     /* --insecure */
	bool require_verity; /* --require-verity */
	bool no_upgrade;     /* --no-upgrade */
	bool no_repo;	     /* --no-repo; the dispatcher checks who may */
	bool no_sync;	     /* --no-sync */
	const char *socket;  /* --socket; the dispatcher checks who may */
	bool help;	     /* --help; the dispatcher answers it */
	bool version;	     /* --version; the dispatcher answers it */
	char repo[4096];     /* path of the repository */
};

/* How the options say that the repository is to be opened; borrows @g->repo. */
struct cfs_access cmd_access(const struct cfs_globals *g) CFS_NONNULL;

/* Open the repository as the options say, for reading and for writing
 * (ops/access.h). */
int cmd_open_repo(const struct cfs_globals *g, struct cfs_repo *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cmd_open_store(const struct cfs_globals *g, struct cfs_store *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the image that the operand @name means, as cfs_image_find() does.
 * Errors: -ENOENT when there is none, with the names that there are; those of
 * cfs_image_find().
 */
int cmd_find_image(const struct cfs_repo *repo, const char *name,
		   struct cfs_digest *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Notes which one @taken is, if @name is both an image and an OCI image, and
 * how to spell the other. */
void cmd_note_choice(const struct cfs_repo *repo, const char *name,
		     const struct cfs_digest *taken) CFS_NONNULL;

/*
 * Finds the image that the operand @name means, or else the one that was made
 * of the OCI image of that name: that to boot, or the merged one if there is
 * none to boot.  A note says so if there are both.
 * Returns 1 if it was made of an OCI image, else 0.
 * Errors: those of cmd_find_image() and cfs_oci_image_find().
 */
int cmd_find_made(const struct cfs_repo *repo, const char *name,
		  struct cfs_digest *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Finds it and maps it.  Errors: of cmd_find_image() and cfs_image_map(). */
int cmd_image_map(const struct cfs_globals *g, const struct cfs_repo *repo,
		  const char *name, struct cfs_image_map *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Must what is read here be under fs-verity?  1 or 0. */
int cmd_demands_verity(const struct cfs_globals *g, const struct cfs_repo *repo,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The choices of an option for an EROFS format, and what reads them into an
 * int. */
extern const char *const cmd_formats[];
int cmd_parse_format(const char *text, void *to,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The choices of an option for a hash algorithm, both of its names, and what
 * reads them into an enum cfs_alg. */
extern const char *const cmd_algs[];
int cmd_parse_alg(const char *text, void *to,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Says on stderr that the lock of @repo is waited for, and who holds it; for
 * cfs_repo_lock(). */
void cmd_waiting(const struct cfs_repo *repo);

/* The rows of the commands, in the order of main.c. */
extern const struct cfs_cmd cmd_init;
extern const struct cfs_cmd cmd_create_image;
extern const struct cfs_cmd cmd_compute_id;
extern const struct cfs_cmd cmd_compute_karg;
extern const struct cfs_cmd cmd_create_dumpfile;
extern const struct cfs_cmd cmd_import_image;
extern const struct cfs_cmd cmd_images;
extern const struct cfs_cmd cmd_publish;
extern const struct cfs_cmd cmd_fetch;
extern const struct cfs_cmd cmd_fsck;
extern const struct cfs_cmd cmd_gc;
extern const struct cfs_cmd cmd_image_objects;
extern const struct cfs_cmd cmd_dump_files;
extern const struct cfs_cmd cmd_lint;
extern const struct cfs_cmd cmd_diff;
extern const struct cfs_cmd cmd_mount;
extern const struct cfs_cmd cmd_fuse_serve;
extern const struct cfs_cmd cmd_varlink;
extern const struct cfs_cmd cmd_digest_karg;
extern const struct cfs_cmd cmd_prepare_boot;
extern const struct cfs_cmd cmd_uki;
extern const struct cfs_cmd cmd_disk;
extern const struct cfs_cmd cmd_sign;
extern const struct cfs_cmd cmd_verify_image;
extern const struct cfs_cmd cmd_enable_verity;
extern const struct cfs_cmd cmd_ipe_policy;
extern const struct cfs_cmd cmd_genkey;
extern const struct cfs_cmd cmd_keyring;
extern const struct cfs_cmd cmd_cat;
extern const struct cfs_cmd cmd_transaction;
extern const struct cfs_cmd cmd_deploy;
extern const struct cfs_cmd cmd_deployments;
extern const struct cfs_cmd cmd_pin;
extern const struct cfs_cmd cmd_unpin;
extern const struct cfs_cmd cmd_rollback;
extern const struct cfs_cmd cmd_undeploy;
extern const struct cfs_cmd cmd_oci;

#endif
