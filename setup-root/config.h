/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What setup-root-conf.toml(5) decides.
 *
 * The file lies in the initramfs and is as trusted as the kernel command
 * line.  Nothing on the disk that is being mounted changes any of this.
 *
 * Source: docs/setup-root-conf.toml.5.
 */
#ifndef CFS_SETUP_ROOT_CONFIG_H
#define CFS_SETUP_ROOT_CONFIG_H

#include <stdbool.h>

#include "base/bytes.h"
#include "base/err.h"
#include "setup-root/log.h"

#define CFS_CONFIG_PATH "/usr/lib/composefs/setup-root-conf.toml"
#define CFS_CONFIG_MAX	65536 /* bytes of one file */
#define CFS_CONFIG_LIST 16    /* entries of a list */
#define CFS_CONFIG_STR	256   /* bytes of a string, with its NUL */

enum cfs_dir_mode {	   /* [etc] mount, [var] mount */
	CFS_DIR_AUTO,	   /* by what the state directory holds */
	CFS_DIR_NONE,	   /* "none", "root": as in the image */
	CFS_DIR_BIND,	   /* state/<name> itself */
	CFS_DIR_OVERLAY,   /* upper layer below state/<name> */
	CFS_DIR_TRANSIENT, /* "transient", "volatile": upper layer in memory */
	CFS_DIR_MOUNT,	   /* the mount that was at the physical root's var; no
			    * configuration asks for it */
};

enum cfs_etc_stack {
	CFS_STACK_AUTO,	  /* flat for transient, nested for persistent */
	CFS_STACK_NESTED, /* over the root overlay's etc */
	CFS_STACK_FLAT,	  /* over the image's etc and the objects */
};

enum cfs_missing { /* a deployment without a state directory */
	CFS_MISSING_FAIL,
	CFS_MISSING_TRANSIENT, /* has transient /etc and /var */
};

enum cfs_fail_action {
	CFS_FAIL_EMERGENCY,
	CFS_FAIL_REBOOT,
	CFS_FAIL_POWEROFF,
	CFS_FAIL_REBOOT_IF_COUNTING,
};

struct cfs_config_list {
	unsigned n;
	char v[CFS_CONFIG_LIST][CFS_CONFIG_STR];
};

struct cfs_config_dir {
	enum cfs_dir_mode mount;
	bool given;	/* a file sets mount or transient */
	bool mount_set; /* a file sets mount, which outdoes transient */
	bool transient; /* short for mount = "transient" */
};

struct cfs_config {
	struct {
		bool allow_insecure; /* true: "?" arguments are honoured */
	} boot;
	struct {
		bool transient;
		bool transient_ro;
		bool given;	     /* a file sets one of these two */
		char tmpfs_size[32]; /* size= of tmpfs: "25%", "512m" */
	} root;
	struct cfs_config_dir etc, var;
	enum cfs_etc_stack etc_stack;
	unsigned var_options; /* MOUNT_ATTR_* of linux/mount.h */
	struct {
		bool readonly;
		char mountpoint[CFS_CONFIG_STR]; /* below the new root */
	} sysroot;
	struct {
		enum cfs_missing missing;
	} state;
	struct {
		struct cfs_config_list dirs;
		bool restrict_ring; /* freeze .fs-verity after loading */
		bool require;	    /* no usable ring or certificate: fail */
		bool require_signed;
	} keys;
	struct {
		bool enable;
		struct cfs_config_list
			paths; /* read besides the built-in ones */
	} probe;
	struct {
		enum cfs_fail_action action;
		unsigned delay; /* seconds */
	} failure;
};

/* Fills in the defaults. */
void cfs_config_init(struct cfs_config *config) CFS_NONNULL;

/*
 * Reads @path over the defaults, and then the files *.toml of its drop-in
 * directory ("conf.toml": "conf.d/") in name order, each over those before
 * it.  Either may be missing.  An unknown key is warned of, with the known key
 * that is most like it.
 *
 * @mount = "transient" has the older spelling @transient = true in [etc] and
 * [var], which counts when no file sets mount.
 *
 * Errors: -EINVAL with file, line and column: syntax, wrong type, a word that
 * is no choice, a number out of range, transient with transient-ro.  -EFBIG,
 * -E2BIG, and what reading gives.
 */
int cfs_config_load(struct cfs_config *config, const char *path,
		    struct cfs_log *log,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* "emergency", "reboot", "poweroff" or "reboot-if-counting".  Returns false
 * for any other word. */
bool cfs_config_action(const char *word,
		       enum cfs_fail_action *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Returns the word of the file for @mode, or "mount" for CFS_DIR_MOUNT. */
const char *cfs_dir_mode_name(enum cfs_dir_mode mode);

#endif
