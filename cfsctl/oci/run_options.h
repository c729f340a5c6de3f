/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Options of the commands that run OCI images: oci run and oci runtime-spec. */
#ifndef CFS_CFSCTL_OCI_RUN_OPTIONS_H
#define CFS_CFSCTL_OCI_RUN_OPTIONS_H

#include "cfsctl/oci/oci.h"
#include "cfsctl/trust.h"
#include "oci/run/spec.h"

struct cmd_run_options {
	struct cfs_trust_options trust;
	const char *name, *user;
	struct cfs_opt_list env, volumes;
	bool read_only, host_network;
};

/* Rows of options that set the member @member of @type. */
#define CFS_RUN_OPTIONS(type, member)                                                     \
	{ .name = "name",                                                                 \
	  .value = "NAME",                                                                \
	  .help = "host name (default: the first digits of the image's digest)",          \
	  CFS_OPT_SETS(type, member.name) },                                              \
		{ .name = "user",                                                         \
		  .letter = 'u',                                                          \
		  .value = "USER[:GROUP]",                                                \
		  .help = "names of the image, or numbers (default: the image's)",        \
		  CFS_OPT_SETS(type, member.user) },                                      \
		{ .name = "env",                                                          \
		  .letter = 'e',                                                          \
		  .value = "NAME[=VALUE]",                                                \
		  .help = "set a variable, or pass on the caller's; repeatable",          \
		  CFS_OPT_SETS(type, member.env) },                                       \
		{ .name = "volume",                                                       \
		  .letter = 'v',                                                          \
		  .value = "SOURCE:TARGET[:ro]",                                          \
		  .help = "a file or directory of this machine that the container "       \
			  "sees at TARGET; repeatable",                                   \
		  CFS_OPT_SETS(type, member.volumes) },                                   \
		{ .name = "read-only",                                                    \
		  .help = "let nothing be written but in /run, /tmp and /var/tmp, which " \
			  "are empty then",                                               \
		  CFS_OPT_SETS(type, member.read_only) },                                 \
		{ .name = "network",                                                      \
		  .value = "MODE",                                                        \
		  .help = "none (default) or host: that of this machine",                 \
		  .choices = cmd_run_networks,                                            \
		  CFS_OPT_PARSES(type, member.host_network,                               \
				 cmd_run_parse_network) },                                \
		CFS_TRUST_OPTIONS(type, member.trust)

extern const char *const cmd_run_networks[];
int cmd_run_parse_network(const char *text, void *to,
			  struct cfs_err *err) CFS_MUST_CHECK;

/*
 * Fills in what the options say, and the operands of @call behind the image.
 * @env: gets the variables, which *@ret borrows; it is zero-initialised and
 * freed by the caller.
 * Errors: -ENOMEM.
 */
int cmd_run_params(const struct cfs_call *call, const struct cmd_run_options *o,
		   struct cfs_texts *env, struct cfs_run_params *ret,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Finds the container image that is the first operand of @call, as signatures
 * allow, and the EROFS image with its files.
 * Errors: those of finding it; statuses of cfsctl/trust.h; -EINVAL an artifact.
 */
int cmd_run_image(const struct cfs_call *call, const struct cmd_run_options *o,
		  const struct cfs_repo *repo, struct cfs_oci_image *image,
		  struct cfs_digest *ret,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
