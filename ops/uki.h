/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making a unified kernel image that boots an image: one EFI program of kernel,
 * initramfs and the command line that names the image, which a signature of the
 * program covers.
 *
 * Source: UAPI.5, Unified Kernel Image; systemd-stub(7).
 */
#ifndef CFS_OPS_UKI_H
#define CFS_OPS_UKI_H

#include "base/sink.h"
#include "boot/uki.h"
#include "repo/open.h"
#include "tree/node.h"

/* Where stubs are, in an image and on this machine.
 * Source: systemd-stub(7), "Synopsis". */
#define CFS_STUB_DIR "/usr/lib/systemd/boot/efi"

/* The longest command line, in bytes: kernels cut longer ones off.
 * Source: linux arch/x86/include/asm/setup.h and
 * arch/arm64/include/uapi/asm/setup.h, COMMAND_LINE_SIZE less the NUL. */
#define CFS_UKI_CMDLINE_MAX 2047

/* The largest kernel, initramfs or other file that is taken, in bytes. */
#define CFS_UKI_FILE_MAX (1U << 30)

struct cfs_uki_source {
	const struct cfs_repo *repo;
	struct cfs_tree *tree; /* has the files that are not given */
	const char *karg;      /* names the image, see boot/kargs.h */
	const char *cmdline;   /* further arguments, or NULL; line ends and
				* tabs in it separate them */
	/* Paths of files of this machine, or NULL: those of the tree. */
	const char *kernel, *os_release, *stub;
	size_t n_initrds; /* 0: that of the tree */
	const char *const *initrds;
	/* The version of the kernel.  It chooses among those of the tree; NULL:
	 * the only one. */
	const char *version;
};

struct cfs_uki_made {
	char machine[16];   /* as UEFI calls it: "x64" */
	bool stub_is_local; /* it is this machine's: the tree has none */
};

/*
 * Writes the program to @sink: the stub with the sections .osrel, .cmdline,
 * .uname, .linux and .initrd; .uname is left out if a kernel was given without
 * its version.  The output depends on nothing but the files.
 *
 * Errors: -ENOENT a file was not given and is missing in the tree; -ENOTUNIQ
 * the tree has several kernels; -EINVAL the command line names an image, is too
 * long or not printable, or kernel and stub are for different machines;
 * -EBADMSG an object is damaged, or the kernel is no EFI program; -EFBIG a file
 * has more than CFS_UKI_FILE_MAX bytes; those of cfs_pe_add_sections().
 */
int cfs_uki_make(const struct cfs_uki_source *source,
		 const struct cfs_sink *sink, struct cfs_uki_made *ret,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
