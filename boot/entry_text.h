/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Boot loader entries for a boot partition: the text of an entry that an image
 * has, with the paths of its files and its kernel command line changed.
 *
 * Source: UAPI.1, Boot Loader Specification, type #1 entries.
 */
#ifndef CFS_BOOT_ENTRY_TEXT_H
#define CFS_BOOT_ENTRY_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "boot/bls.h"

/* The most arguments that are set in a command line, without the one that names
 * the image. */
#define CFS_ENTRY_EXTRA_MAX 64

/* The longest name of an entry or of a file of it, in bytes.  FAT has room for
 * 255, of which a temporary name takes some. */
#define CFS_ENTRY_NAME_MAX 200

/*
 * Is @name fit for a file that a boot entry starts?  It consists of letters,
 * digits and "+-_." only, begins with neither "-" nor ".", and does not end
 * with a dot, which FAT would drop.
 */
bool cfs_entry_name_ok(const char *name) CFS_NONNULL;

/* Is @id fit for a boot entry, whose files have a directory of this name?  As
 * cfs_entry_name_ok(), but neither "EFI" nor "loader", which are directories of
 * boot loaders, in whatever case. */
bool cfs_entry_id_ok(const char *id) CFS_NONNULL;

/* Is @line of a key whose value is paths of the boot partition, separated by
 * blanks: linux, initrd, efi, uki, devicetree, devicetree-overlay? */
bool cfs_entry_has_paths(const struct cfs_bls_line *line) CFS_NONNULL;

/* Cuts the next path off *@rest, the value of a line that
 * cfs_entry_has_paths().
 * Returns false at the end. */
bool cfs_entry_next_path(struct cfs_bytes *rest,
			 struct cfs_bytes *ret) CFS_MUST_CHECK CFS_NONNULL;

/* Arguments to set in a command line. */
struct cfs_entry_args {
	const char *karg; /* names the image, as cfs_karg_format() writes it */
	size_t n;	  /* at most CFS_ENTRY_EXTRA_MAX */
	const char *const *extra; /* each passed cfs_entry_check_extra() */
	/* Another command line, or NULL: its words come last, but for those
	 * that name images or whose name the line has already. */
	const char *carried;
};

/* Fails with -EINVAL unless @arg is one kernel argument, in printable
 * characters, that names no image. */
int cfs_entry_check_extra(const char *arg,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fails with -EINVAL unless @text is kernel arguments, in printable characters,
 * of which none names an image and whose quotations end.  It may be empty. */
int cfs_entry_check_args(const char *text,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends the command line @cmdline, whose quotations end, to @ret with @args
 * set.  An argument replaces the first word of the same name, and further words
 * of that name are dropped; arguments without such a word come last.  The karg
 * replaces all words that name images.
 */
void cfs_entry_cmdline(struct cfs_bytes cmdline,
		       const struct cfs_entry_args *args,
		       struct cfs_buf *ret) CFS_NONNULL;

/*
 * Appends the entry @text to @ret with each path PATH/NAME in it changed to
 * /@dir/NAME.  One line of options, which is cfs_entry_cmdline() of all of them
 * joined, replaces the first one or is added at the end.  Other lines stay as
 * they are.
 * Errors: -EINVAL @text has a control character other than tabs and line ends,
 * or its options have a quotation that does not end; -ENOMEM.
 */
int cfs_entry_rewrite(struct cfs_bytes text, const char *dir,
		      const struct cfs_entry_args *args, struct cfs_buf *ret,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Appends PRETTY_NAME of @os_release, the contents of an os-release file, to
 * @ret as the value of a line: without quotation marks, backslashes and
 * characters that are not printable.  Appends "Linux" if it has none.
 * Source: os-release(5).
 */
void cfs_entry_title(struct cfs_bytes os_release,
		     struct cfs_buf *ret) CFS_NONNULL;

#endif
