/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Shared by the methods that mount: descriptors of directories in, the
 * descriptor of a mount out. */
#ifndef CFS_VARLINK_MOUNTING_H
#define CFS_VARLINK_MOUNTING_H

#include "ops/mount.h"
#include "varlink/handles.h"
#include "varlink/service.h"

/* Rows of the parameter "options", three of them. */
#define CFS_VARLINK_MOUNT_ROWS                                    \
	{ "options", CFS_VARLINK_OBJECT },                        \
		{ "overlay", CFS_VARLINK_BOOL, .optional = true,  \
		  .in = "options" },                              \
	{                                                         \
		"read_write", CFS_VARLINK_BOOL, .optional = true, \
						.in = "options"   \
	}

/*
 * Takes the directories of an overlay out of @call, whose values from number
 * @at on are those of the rows above.
 * Returns false if the reply, @error with a message, is written: the
 * descriptors are not what the options need.
 */
bool cfs_varlink_take_directories(struct cfs_varlink_call *call, unsigned at,
				  const char *error,
				  struct cfs_mount_params *params) CFS_NONNULL;

/*
 * Mounts the image of @params, of which verity is set here, and writes the
 * reply that the mount goes with.
 * Errors: -EACCES this process may not mount; those of cfs_mount_image().
 */
int cfs_varlink_mount(const struct cfs_varlink_handle *handle,
		      struct cfs_mount_params *params,
		      struct cfs_varlink_call *call,
		      struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
