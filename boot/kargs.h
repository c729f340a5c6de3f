/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kernel command line: its words, and the arguments that name the image to
 * boot.
 *
 *   composefs.digest=[?]v<1|2>-<sha256|sha512>-12:<hex>
 *   composefs=[?]<hex>                    (legacy: the length says the hash)
 *
 * '?' makes fs-verity optional.  12 is the binary logarithm of the block size
 * of the Merkle tree, 4096.  Reader and writer of this grammar are in one file,
 * so that the initramfs reads what the builder prints.
 *
 * Source: composefs-rs crates/composefs-boot/src/cmdline.rs; quoting as in
 * linux lib/cmdline.c, next_arg().
 */
#ifndef CFS_BOOT_KARGS_H
#define CFS_BOOT_KARGS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "fsverity/digest.h"

#define CFS_CMDLINE_MAX	  65536 /* the longest command line, in bytes */
#define CFS_KARGS_MAX	  16
#define CFS_KARG_TEXT_MAX (sizeof("composefs.digest=?v1-sha512-12:") + 128)

/* A word of the command line, which both members point into. */
struct cfs_word {
	struct cfs_bytes name;	/* before the first '=' */
	struct cfs_bytes value; /* after it, unquoted; data NULL without '=' */
};

/*
 * Cuts the next word off *@rest.  Words are separated by white space outside
 * double quotes; quotes around a whole word or a whole value are removed.
 * Returns false at the end.
 */
bool cfs_cmdline_next(struct cfs_bytes *rest, struct cfs_word *ret) CFS_NONNULL;

/*
 * Sets *@ret to the value of the last word called @name, which is the one that
 * the kernel and systemd use; it is empty if there is no '='.
 * Returns false if there is no such word.
 */
bool cfs_cmdline_find(struct cfs_bytes cmdline, const char *name,
		      struct cfs_bytes *ret) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_karg {
	unsigned version; /* image format: 1 or 2 (the legacy form means 2) */
	bool insecure;	  /* '?': the image may lack fs-verity */
	struct cfs_digest digest;
};

struct cfs_kargs {
	size_t n;
	struct cfs_karg v[CFS_KARGS_MAX]; /* in their order */
	/* Values of well-formed arguments of unknown form, which are not used:
	 * a command line may name images for newer versions as well.  They
	 * point into the command line. */
	size_t n_skipped;
	struct cfs_bytes skipped[CFS_KARGS_MAX];
	/* A digest occurred both with and without '?'; it is secure then. */
	bool conflict;
};

/*
 * Collects the composefs arguments of @cmdline.  A digest that occurs several
 * times is kept in its first place.
 *
 * Returns 0, also if there are none.
 * Errors: -EINVAL for a malformed argument of a known form, which is never
 * skipped, because a typo must not select a later, weaker one; if its digest is
 * malformed, @err->found is the text in its place.  -E2BIG for more than
 * CFS_KARGS_MAX.  On error *@ret is unchanged.
 */
int cfs_kargs_parse(struct cfs_bytes cmdline, struct cfs_kargs *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the argument as the builder prints it, NUL-terminated.  Images of
 * version 2 get the legacy form, which every program that boots them knows. */
void cfs_karg_format(const struct cfs_karg *karg,
		     char text[static CFS_KARG_TEXT_MAX]) CFS_NONNULL;

#endif
