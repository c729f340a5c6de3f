/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/compat/programs.h"
#include "cfsctl/complete.h"
#include "cfsctl/dispatch.h"
#include "varlink/listen.h"

static const struct cfs_cmd *const commands[] = {
	&cmd_init,
	&cmd_create_image,
	&cmd_compute_id,
	&cmd_compute_karg,
	&cmd_create_dumpfile,
	&cmd_import_image,
	&cmd_images,
	&cmd_publish,
	&cmd_fetch,
	&cmd_fsck,
	&cmd_gc,
	&cmd_image_objects,
	&cmd_dump_files,
	&cmd_lint,
	&cmd_diff,
	&cmd_mount,
	&cmd_fuse_serve,
	&cmd_varlink,
	&cmd_digest_karg,
	&cmd_prepare_boot,
	&cmd_uki,
	&cmd_disk,
	&cmd_sign,
	&cmd_verify_image,
	&cmd_enable_verity,
	&cmd_ipe_policy,
	&cmd_genkey,
	&cmd_keyring,
	&cmd_cat,
	&cmd_transaction,
	&cmd_deploy,
	&cmd_deployments,
	&cmd_pin,
	&cmd_unpin,
	&cmd_rollback,
	&cmd_undeploy,
	&cmd_oci,
	NULL,
};

/* The program that argv[0] is, or else argv[1], which becomes the first. */
static const struct cfs_program *find_program(int *argc, char ***argv)
{
	const struct cfs_program *program = NULL;

	if (*argc > 0)
		program = cmd_program_find((*argv)[0]);
	if (program || *argc < 2 || strchr((*argv)[1], '/'))
		return program;
	program = cmd_program_find((*argv)[1]);
	if (program) {
		(*argc)--;
		(*argv)++;
	}
	return program;
}

/*
 * A descriptor below 3 that is closed would be given to the next file that is
 * opened, and words for the user be written into it.
 */
static void occupy_standard(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* So that using it is still an error. */
		if (open("/dev/null",
			 fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
	}
}

int main(int argc, char **argv)
{
	static char varlink[] = "varlink";
	const struct cfs_program *program = find_program(&argc, &argv);

	occupy_standard();
	/* A closed pipe is an error to report, not a silent death. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (program)
		return cmd_program_run(program, argc, argv);
	if (argc > 1 && strcmp(argv[1], CFS_COMPLETE) == 0)
		return cmd_complete(commands, argc - 1, argv + 1);
	/* A repository is shared: the user's umask is not about it. */
	(void)umask(022);
	/* `varlinkctl call exec:PROGRAM` has no way to pass arguments. */
	if (argc == 1 && cfs_varlink_is_activated())
		return cmd_dispatch(commands, 2,
				    (char *[]){ argv[0], varlink, NULL });
	return cmd_dispatch(commands, argc, argv);
}
