/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/programs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cli/options.h"
#include "cfsctl/cli/proc.h"

const struct cfs_program cmd_programs[] = {
	{ .name = "mkcomposefs",
	  .help = "make an image of a directory or dumpfile",
	  .usage = cmd_mkcomposefs_usage,
	  .run = cmd_mkcomposefs },
	{ .name = "composefs-info",
	  .help = "print what is in images",
	  .usage = cmd_composefs_info_usage,
	  .run = cmd_composefs_info },
	{ .name = "composefs-dump",
	  .help = "read an image and write it again",
	  .usage = cmd_composefs_dump_usage,
	  .run = cmd_composefs_dump },
	{ .name = "mount.composefs",
	  .help = "mount an image, also for mount(8)",
	  .usage = cmd_mount_composefs_usage,
	  .run = cmd_mount_composefs },
	{ .name = "mount.fuse.composefs",
	  .help = "serve an image of a repository, for mount(8)",
	  .usage = cmd_mount_fuse_usage,
	  .run = cmd_mount_fuse },
	{ 0 },
};

const struct cfs_program *cmd_program_find(const char *name)
{
	const struct cfs_program *p = cmd_programs;
	const char *slash = strrchr(name, '/');

	if (slash)
		name = slash + 1;
	while (p->name && strcmp(p->name, name) != 0)
		p++;
	return p->name ? p : NULL;
}

int cmd_flush(struct cfs_err *err)
{
	bool failed = ferror(stdout);

	/* errno of a write that failed earlier is lost. */
	if (fflush(stdout) != 0)
		return cfs_fail_errno(err, "write to stdout");
	return failed ? cfs_fail(err, EIO, "write to stdout failed") : 0;
}

int cmd_program_run(const struct cfs_program *program, int argc, char **argv)
{
	struct cfs_err err = { 0 };
	int r = program->run(argc, argv, &err);

	if (r == 0)
		r = cmd_flush(&err);
	if (r == 0)
		return EXIT_SUCCESS;
	(void)fflush(stdout);
	if (r == -CFS_EUSAGE) {
		if (err.msg[0])
			fprintf(stderr, "%s\n", err.msg);
		program->usage(stderr);
	} else if (err.msg[0]) {
		fprintf(stderr, "%s: %s\n", program->name, err.msg);
		cmd_note_proc();
	}
	return EXIT_FAILURE;
}
