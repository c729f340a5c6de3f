/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/mounting.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool is_directory(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
}

bool cfs_varlink_take_directories(struct cfs_varlink_call *call, unsigned at,
				  const char *error,
				  struct cfs_mount_params *params)
{
	bool overlay = call->value[at + 1].yes;
	char text[96];

	params->upper_fd = params->work_fd = -EBADF;
	if (call->n_fds != (overlay ? 2 : 0)) {
		snprintf(text, sizeof(text),
			 "the options need %d descriptors, and %u came",
			 overlay ? 2 : 0, call->n_fds);
		(void)cfs_varlink_refuse_text(call, error, "message", text);
		return false;
	}
	if (!overlay)
		return true;
	params->upper_fd = call->fds[0];
	params->work_fd = call->fds[1];
	params->read_write = call->value[at + 2].yes;
	if (is_directory(params->upper_fd) && is_directory(params->work_fd))
		return true;
	(void)cfs_varlink_refuse_text(call, error, "message",
				      "overlay needs the descriptors of two "
				      "directories, upper and work");
	return false;
}

int cfs_varlink_mount(const struct cfs_varlink_handle *handle,
		      struct cfs_mount_params *params,
		      struct cfs_varlink_call *call, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r = cfs_access_demands_verity(&handle->access, &handle->repo, err);

	if (r < 0)
		return r;
	params->verity = r > 0;
	r = cfs_mount_image(&handle->repo, params, &fd, err);
	if (r == -EPERM)
		return -EACCES;
	if (r < 0)
		return r;
	cfs_varlink_reply(call);
	cfs_json_write_u64(&call->reply, "fd_index", 0);
	cfs_varlink_add_fd(call, cfs_steal_fd(&fd));
	return 0;
}
