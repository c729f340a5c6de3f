/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * /run/composefs/booted: what was mounted and how, as one JSON object, for
 * programs of the booted system.  composefs-setup-root(8) describes it.
 */
#ifndef CFS_SETUP_ROOT_MARKER_H
#define CFS_SETUP_ROOT_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define CFS_MARKER_PATH	      "/run/composefs/booted"
#define CFS_MARKER_CANDIDATES 16
#define CFS_MARKER_CERTS      64

/* Text is borrowed; NULL becomes JSON's null. */
struct cfs_marker {
	const char *digest;    /* hex */
	const char *algorithm; /* "sha256", "sha512" */
	const char *format;    /* "v1", "v2", "legacy" */
	const char *karg;      /* as it stood on the command line */
	bool insecure;	       /* it had a "?" */
	bool verity;	       /* objects are checked: "require", else "off" */
	const char *image_backend; /* "file", "loop:/dev/loop0" */
	const char *layer_api;	   /* "fd", "string", "legacy" */
	const char *root;	   /* "image", "transient", "transient-ro" */
	const char *etc, *var;	   /* as mounted: "bind", "overlay", ... */
	bool sysroot_readonly;
	const char *state_dir; /* below the physical root */
	const char *signature; /* "kernel", "pkcs7" or NULL: not asked for */
	const char *preflight; /* "ok", "skipped" */
	uint64_t elapsed_us;
	unsigned n_candidates;
	struct {
		const char *digest;
		const char *result; /* "absent", "booted", ... */
	} candidates[CFS_MARKER_CANDIDATES];
	unsigned n_certs;
	struct {
		const char *file;
		int32_t key; /* serial number in .fs-verity */
	} certs[CFS_MARKER_CERTS];
};

/* Appends the object and a newline. */
void cfs_marker_json(const struct cfs_marker *marker,
		     struct cfs_buf *buf) CFS_NONNULL;

/*
 * Writes the object to run/composefs/booted below @root_fd: at once whole, or
 * not at all.
 * Errors: of creating, writing, renaming.
 */
int cfs_marker_write(const struct cfs_marker *marker, int root_fd,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
