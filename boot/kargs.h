/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The kernel command line: its words, and the arguments that name the image to
 * boot.
 *
 *   composefs.digest=[?]v<1|2>-<sha256|sha512>-12:<hex>
 *   composefs=[?]<hex>                    (legacy: the length says the hash)
 *
 * '?' makes fs-verity optional.  12 is log2 of the 4096-byte Merkle block.
 * Reader and writer of this grammar live side by side here: what the builder
 * prints is what the initramfs reads.
 *
 * Source: composefs-rs crates/composefs-boot/src/cmdline.rs; quoting as in
 * linux lib/cmdline.c, next_arg().
 */
#ifndef CFS_BOOT_KARGS_H
#define CFS_BOOT_KARGS_H

#include <stdbool.h>

#include "base/bytes.h"
#include "fsverity/digest.h"

#define CFS_CMDLINE_MAX	  65536 /* bytes we are ready to read */
#define CFS_KARGS_MAX	  16
#define CFS_KARG_TEXT_MAX (sizeof("composefs.digest=?v1-sha512-12:") + 128)

/* A word of the command line.  Both are borrowed from it. */
struct cfs_word {
	struct cfs_bytes name;	/* before the first '=' */
	struct cfs_bytes value; /* after it, unquoted; data NULL without '=' */
};

/*
 * Cuts the next word off *@rest.  White space outside double quotes separates;
 * quotes around a whole word or a whole value are taken off.
 * Returns false at the end.
 */
bool cfs_cmdline_next(struct cfs_bytes *rest, struct cfs_word *ret) CFS_NONNULL;

/*
 * The value of the last word called @name, which is the one that counts for
 * the kernel and for systemd; empty when it stands without '='.
 * Returns false when there is none.
 */
bool cfs_cmdline_find(struct cfs_bytes cmdline, const char *name,
		      struct cfs_bytes *ret) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_karg {
	unsigned version; /* EROFS layout: 1 or 2 (legacy says 2) */
	bool insecure;	  /* '?': go on without fs-verity */
	struct cfs_digest digest;
};

struct cfs_kargs {
	size_t n;
	struct cfs_karg v[CFS_KARGS_MAX]; /* command-line order */
	/* Well-formed arguments for tools newer than this one, not used: an
	 * image may be sealed for those too.  Borrowed from the command line. */
	size_t n_skipped;
	struct cfs_bytes skipped[CFS_KARGS_MAX];
	/* A digest stood there with '?' and without; the secure one counts. */
	bool conflict;
};

/*
 * Collects every composefs argument of @cmdline.  A digest that is repeated is
 * kept where it stood first.
 *
 * Returns 0, also when there is none.
 * Errors: -EINVAL for a malformed argument of a known form (never skipped: a
 * typo must not select a later, weaker one; @err->found has what stood there
 * for the digest, if that is what is wrong), -E2BIG for more than
 * CFS_KARGS_MAX.  On error *@ret is unchanged.
 */
int cfs_kargs_parse(struct cfs_bytes cmdline, struct cfs_kargs *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Writes the argument as the builder prints it, NUL-terminated: version 2 in
 * the legacy form, which every reader of version 2 images knows. */
void cfs_karg_format(const struct cfs_karg *karg,
		     char text[static CFS_KARG_TEXT_MAX]) CFS_NONNULL;

#endif
