/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the commands uki and oci uki. */
#ifndef CFS_CFSCTL_UKI_H
#define CFS_CFSCTL_UKI_H

#include "cfsctl/prepare_boot.h"
#include "ops/sign_program.h"

struct cfs_uki_options {
	const char *output, *kernel, *os_release, *stub, *cmdline, *version;
	const char *cert, *key; /* of the signer, or NULL */
	enum cfs_sign_tool tool;
	struct cfs_opt_list initrds;
	bool force;
};

/* Rows of options that set the member @uki of @type. */
#define CFS_UKI_OPTIONS(type, uki)                                             \
	{ .name = "output",                                                    \
	  .value = "FILE",                                                     \
	  .help = "where to write the program",                                \
	  .takes = CFS_TAKES_FILE,                                             \
	  .letter = 'o',                                                       \
	  CFS_OPT_SETS(type, uki.output) },                                    \
		{ .name = "force",                                             \
		  .help = "replace FILE if it exists",                         \
		  CFS_OPT_SETS(type, uki.force) },                             \
		{ .name = "kernel",                                            \
		  .value = "FILE",                                             \
		  .help = "the kernel (default: the image's)",                 \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.kernel) },                            \
		{ .name = "initrd",                                            \
		  .value = "FILE",                                             \
		  .help = "an initramfs, in place of the image's; repeatable", \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.initrds) },                           \
		{ .name = "os-release",                                        \
		  .value = "FILE",                                             \
		  .help = "name and version for boot loaders (default: the "   \
			  "image's)",                                          \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.os_release) },                        \
		{ .name = "stub",                                              \
		  .value = "FILE",                                             \
		  .help = "the program that starts the kernel (default: "      \
			  "systemd's, of the image or else of this machine)",  \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.stub) },                              \
		{ .name = "cmdline",                                           \
		  .value = "TEXT",                                             \
		  .help = "further kernel arguments, or @FILE with them",      \
		  CFS_OPT_SETS(type, uki.cmdline) },                           \
		{ .name = "uname",                                             \
		  .value = "VERSION",                                          \
		  .help = "which kernel of the image, or what version that "   \
			  "of --kernel has",                                   \
		  CFS_OPT_SETS(type, uki.version) },                           \
		{ .name = "cert",                                              \
		  .value = "PEM",                                              \
		  .help = "sign it for Secure Boot: the signer's certificate", \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.cert) },                              \
		{ .name = "key",                                               \
		  .value = "KEY",                                              \
		  .help = "its key: a PEM file or a pkcs11: URI",              \
		  .takes = CFS_TAKES_FILE,                                     \
		  CFS_OPT_SETS(type, uki.key) },                               \
	{                                                                      \
		.name = "signtool", .value = "TOOL",                           \
		.help = "sbsign or osslsigncode (default: what is installed)", \
		.choices = cmd_sign_tools,                                     \
		CFS_OPT_PARSES(type, uki.tool, cmd_parse_sign_tool)            \
	}

extern const char *const cmd_sign_tools[];
int cmd_parse_sign_tool(const char *text, void *to,
			struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Fails with -CFS_EUSAGE unless the options go together. */
int cmd_uki_check(const struct cfs_uki_options *o,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The argument of cmd_uki_run(). */
struct cmd_uki {
	const struct cfs_globals *g;
	const struct cfs_uki_options *o;
};

/* Writes the unified kernel image for @source and prints what it boots: a
 * cmd_boot_fn, whose @arg is a struct cmd_uki.
 * Errors: those of cfs_uki_make(), cfs_sign_program(). */
int cmd_uki_run(const void *arg, const struct cfs_repo *repo,
		const struct cmd_boot_source *source,
		struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
