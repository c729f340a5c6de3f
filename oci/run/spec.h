/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * config.json of a container, as runtimes such as crun and runc read it, with
 * the isolation that podman gives by default.
 *
 * Source: OCI runtime specification 1.0.2, config.md and config-linux.md; OCI
 * image specification, conversion.md; containers/common, pkg/config (default
 * capabilities) and pkg/specgen (masked paths).
 */
#ifndef CFS_OCI_RUN_SPEC_H
#define CFS_OCI_RUN_SPEC_H

#include "base/json_write.h"
#include "oci/run/accounts.h"
#include "oci/run/config.h"

/* Bytes of a host name.  Source: linux/utsname.h __NEW_UTS_LEN. */
#define CFS_RUN_HOSTNAME_MAX 64

/* The caller's settings, which go before the image's.  Strings are borrowed. */
struct cfs_run_params {
	const char *user;     /* "USER[:GROUP]"; NULL: the image's */
	const char *hostname; /* NULL: from the image's digest */
	const char *root;     /* path of the root directory */
	size_t n_args, n_env, n_volumes;
	const char *const *args;    /* in place of Cmd, unless 0 */
	const char *const *env;	    /* "NAME=VALUE", beside the image's */
	const char *const *volumes; /* "SOURCE:TARGET[:ro|:rw]" */
	bool read_only;
	bool host_network; /* no network otherwise */
	/* For a runtime that is started as this user and not as root.  It makes
	 * a user namespace where user and group 0 are @uid and @gid outside,
	 * and no other exists, unless @namespace_ids: then it is in one, which
	 * has users and groups 0 to @namespace_ids - 1, and makes none. */
	bool rootless;
	uint32_t uid, gid, namespace_ids;
};

/*
 * Checks what can be checked without an image: volumes, host name, UTF-8.
 * Errors: -EINVAL.
 */
int cfs_run_params_check(const struct cfs_run_params *params,
			 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

struct cfs_run_spec {
	const struct cfs_run_params *params; /* that passed the check */
	const struct cfs_run_config *config;
	const struct cfs_account *account;
	const char *hostname;
	/* Directories of the image that get a tmpfs if the root is read-only:
	 * those of cfs_run_tmpfs that it has. */
	unsigned tmpfs; /* bit i: cfs_run_tmpfs[i] */
};

/* Ends with a NULL. */
extern const char *const cfs_run_tmpfs[];

/*
 * Writes config.json.  cfs_json_write_finish() remains for the caller.
 *
 * Of the image's labels only those below "org.opencontainers.image." become
 * annotations: with others, such as "run.oci.hooks.stdout", an image would give
 * orders to the runtime.
 *
 * Errors: -EINVAL there is nothing to start, or the user namespace of
 * params->rootless has no such user or group; -ENOMEM.
 */
int cfs_run_spec_write(const struct cfs_run_spec *spec,
		       struct cfs_json_writer *w,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
