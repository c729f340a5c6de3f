/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/context.h"

#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "base/kernel.h"

/* Messages worth keeping: the kernel's own ring holds eight. */
#define MESSAGES_MAX 8

void cfs_context_close(struct cfs_context *ctx)
{
	cfs_closep(&ctx->fd);
}

int cfs_context_open(struct cfs_context *ctx, const char *type,
		     struct cfs_err *err)
{
	int fd = cfs_kernel_fsopen(type);

	if (fd == -ENODEV)
		return cfs_fail(err, ENODEV,
				"this kernel has no %s and could not load it: "
				"put the module %s into the initramfs",
				type, type);
	if (fd < 0)
		return cfs_fail_code(err, fd, "open a %s context", type);
	*ctx = (struct cfs_context){ .fd = fd, .type = type };
	return 0;
}

static void set(struct cfs_context *ctx, unsigned cmd, const char *key,
		const char *value, int fd)
{
	int r;

	if (ctx->failed)
		return;
	r = cfs_kernel_fsconfig(ctx->fd, cmd, key, value, fd);
	if (r < 0) {
		ctx->failed = r;
		ctx->option = key;
	}
}

void cfs_context_flag(struct cfs_context *ctx, const char *key)
{
	set(ctx, FSCONFIG_SET_FLAG, key, NULL, 0);
}

void cfs_context_string(struct cfs_context *ctx, const char *key,
			const char *value)
{
	set(ctx, FSCONFIG_SET_STRING, key, value, 0);
}

void cfs_context_fd(struct cfs_context *ctx, const char *key, int fd)
{
	set(ctx, FSCONFIG_SET_FD, key, NULL, fd);
}

void cfs_context_fd_path(struct cfs_context *ctx, const char *key, int fd)
{
	char path[CFS_FD_PATH_MAX];

	cfs_fd_path(fd, path);
	set(ctx, FSCONFIG_SET_STRING, key, path, 0);
}

int cfs_context_fail(struct cfs_context *ctx, struct cfs_err *err, int code,
		     const char *what)
{
	char message[256], said[768] = "";

	for (int i = 0; i < MESSAGES_MAX; i++) {
		size_t len = strlen(said);

		if (cfs_kernel_fs_message(ctx->fd, message, sizeof(message)) <=
		    2)
			break;
		message[strcspn(message, "\n")] = '\0';
		/* "e overlay: ...": the letter is the severity. */
		snprintf(said + len, sizeof(said) - len, "%s%s",
			 len ? "; " : " (kernel: ", message + 2);
	}
	return cfs_fail(err, code, "%s: %s%s%s", what, strerror(code), said,
			said[0] ? ")" : "");
}

int cfs_context_mount(struct cfs_context *ctx, unsigned attr,
		      struct cfs_err *err)
{
	char what[64];
	int r;

	if (ctx->failed) {
		snprintf(what, sizeof(what), "%s: set %s", ctx->type,
			 ctx->option);
		return cfs_context_fail(ctx, err, -ctx->failed, what);
	}
	snprintf(what, sizeof(what), "mount %s", ctx->type);
	r = cfs_kernel_fsconfig(ctx->fd, FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r == 0)
		r = cfs_kernel_fsmount(ctx->fd, attr);
	return r < 0 ? cfs_context_fail(ctx, err, -r, what) : r;
}
