/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/compat/programs.h"
#include "cfsctl/globals.h"
#include "cfsctl/tree_source.h"

static const struct cfs_cmd keyring[] = {
	{ .name = "add-cert",
	  .args = "PEM... [--lock]",
	  .help = "let the kernel accept a signer",
	  .options =
		  "  --lock                then take no more, until the next "
		  "boot\n\n"
		  "The certificate is the signer's own: one that issued it does "
		  "nothing here.\n",
	  .run = cmd_keyring_add_cert },
	{ .name = "list",
	  .args = "",
	  .help = "print the certificates in it",
	  .run = cmd_keyring_list },
	{ .name = "lock",
	  .args = "",
	  .help = "take no more certificates until the next boot",
	  .run = cmd_keyring_lock },
	{ .name = "status",
	  .args = "",
	  .help = "print what the kernel does about signatures",
	  .run = cmd_keyring_status },
	{ 0 },
};

static const struct cfs_cmd commands[] = {
	{ .name = "init",
	  .args = "[PATH]",
	  .help = "make a repository",
	  .options =
		  "  --algorithm ALG       sha512 (the default) or sha256\n"
		  "  --erofs-version N     format of new images: 0, 1 or 2\n"
		  "  --insecure            objects need no fs-verity\n"
		  "  --ensure              keep the configuration of an existing one\n"
		  "  --reset-metadata      forget all images and streams, keep objects\n",
	  .run = cmd_init },
	{ .name = "create-image",
	  .args = "PATH [NAME]",
	  .help = "store a directory and make an image of it",
	  .options = CFS_SOURCE_HELP,
	  .run = cmd_create_image },
	{ .name = "compute-id",
	  .args = "PATH",
	  .help = "print the digest its image would have",
	  .options = CFS_SOURCE_HELP
	  "  -o, --output FILE     write the image there\n",
	  .run = cmd_compute_id,
	  .allows_no_repo = true },
	{ .name = "compute-karg",
	  .args = "PATH",
	  .help = "print the kernel argument to boot it",
	  .options = "  --no-propagate-usr-to-root\n"
		     "                        take the root directory and "
		     "xattrs as they are\n"
		     "  --xattrs MODE         allowlist-only or "
		     "keep-user-xattrs\n" CFS_THREADS_HELP,
	  .run = cmd_compute_karg,
	  .allows_no_repo = true },
	{ .name = "create-dumpfile",
	  .args = "PATH",
	  .help = "print a directory as a dumpfile",
	  .options = CFS_SOURCE_HELP,
	  .run = cmd_create_dumpfile,
	  .allows_no_repo = true },
	{ .name = "import-image",
	  .args = "NAME < IMAGE",
	  .help = "store an EROFS image and name it",
	  .run = cmd_import_image },
	{ .name = "images",
	  .args = "",
	  .help = "list named images",
	  .options = "  --json                as JSON\n"
		     "  --no-trunc            whole digests\n",
	  .run = cmd_images },
	{ .name = "fsck",
	  .args = "",
	  .help = "check that everything is what its name says",
	  .options =
		  "  --json                as JSON, and succeed\n"
		  "  --metadata-only       leave out the objects\n"
		  "  --read-data           read also what the kernel vouches "
		  "for\n" CFS_THREADS_HELP,
	  .run = cmd_fsck },
	{ .name = "image-objects",
	  .args = "IMAGE",
	  .help = "print the objects that an image needs",
	  .run = cmd_image_objects },
	{ .name = "dump-files",
	  .args = "IMAGE FILE...",
	  .help = "print what an image has at FILE and below",
	  .options = "  --backing-path-only   the object's path, or inline\n",
	  .run = cmd_dump_files },
	{ .name = "diff",
	  .args = "A B",
	  .help = "say what differs between images, directories, dumpfiles",
	  .options =
		  "  --json                as JSON\n"
		  "  --all                 also what is below a directory of one "
		  "side\n"
		  "  --no-trunc            whole digests and values\n"
		  "  --ignore WHAT,...     leave out fields (mode, mtime, owner, "
		  "...), xattrs\n"
		  "                        by their names, or the bytes of "
		  "images\n" CFS_SOURCE_DIR_HELP
		  "\nA and B: a directory, an image or dumpfile (- is stdin), or "
		  "the name or digest\nof an image of the repository. Exit "
		  "status: 0 the same, 1 different, 2 trouble.\n",
	  .run = cmd_diff,
	  .allows_no_repo = true,
	  .compares = true },
	{ .name = "mount",
	  .args = "IMAGE MOUNTPOINT",
	  .help = "mount an image",
	  .options = "  --upperdir DIR        a layer for changes, with\n"
		     "  --workdir DIR         a directory beside it\n"
		     "  --read-write          let changes be made\n"
		     "  --fuse no|auto        never through FUSE\n",
	  .run = cmd_mount },
	{ .name = "composefs-digest-karg",
	  .args = "IMAGE...",
	  .help = "print the kernel arguments that boot images",
	  .options = "  --insecure            do without fs-verity at boot\n",
	  .run = cmd_digest_karg },
	{ .name = "disk",
	  .args = "OUT.img",
	  .help = "write an ext4 image of the repository, sealed",
	  .options =
		  "  --size N              bytes, or with K, M, G, T; auto by "
		  "default\n"
		  "  --state IMAGE         make the state of a deployment of "
		  "IMAGE; repeatable\n"
		  "  --add FROM:/PATH      add a file or directory; repeatable\n"
		  "  --label NAME          of the file system\n"
		  "  --uuid UUID           of the file system; else made from "
		  "the contents\n"
		  "  --kernel-signatures yes|no  fs-verity with the signatures "
		  "kept (yes)\n",
	  .run = cmd_disk },
	{ .name = "sign",
	  .args = "IMAGE... --cert PEM --key KEY",
	  .help = "sign images",
	  .options =
		  "  --cert PEM            the signer's own certificate\n"
		  "  --key KEY             its key: a PEM file or a pkcs11: URI\n"
		  "                        (the pair can be repeated: several "
		  "signers)\n"
		  "  --emit-tbs DIR        only write DIR/<digest>.tbs, to be "
		  "signed elsewhere:\n"
		  "                        openssl smime -sign -binary -noattr "
		  "-nocerts -outform DER\n"
		  "                        -md <hash> -signer PEM -inkey KEY -in "
		  "X.tbs -out X.p7\n"
		  "  --attach DIR          take DIR/<digest>.p7 back, made by "
		  "--cert\n"
		  "  --kernel-signatures auto|yes|no\n"
		  "                        have the kernel check it at every open; "
		  "auto: if it\n"
		  "                        knows the signer (`cfsctl keyring`)\n",
	  .run = cmd_sign },
	{ .name = "verify-image",
	  .args = "IMAGE --cert PEM",
	  .help = "succeed if one of these certificates signed the image",
	  .options =
		  "  --cert PEM            a signer's own certificate; can be "
		  "repeated\n"
		  "  --check-expiry        refuse an expired one\n",
	  .run = cmd_verify_image },
	{ .name = "enable-verity",
	  .args = "",
	  .help = "seal a repository that was copied or made without fs-verity",
	  .options = "  --kernel-signatures yes|no  with the signatures kept "
		     "(yes)\n",
	  .run = cmd_enable_verity },
	{ .name = "genkey",
	  .args = "DIR [--name NAME]",
	  .help = "make a key for development",
	  .options = "  --name NAME           common name of the certificate\n",
	  .run = cmd_genkey },
	{ .name = "keyring",
	  .help = "the kernel's certificates for signatures",
	  .sub = keyring },
	{ 0 },
};

static const struct cfs_cmd *find(const struct cfs_cmd *table, const char *name)
{
	for (; table->name; table++)
		if (strcmp(table->name, name) == 0)
			return table;
	return NULL;
}

static void list(const struct cfs_cmd *table, const char *group, FILE *to)
{
	char name[80];

	for (; table->name; table++) {
		snprintf(name, sizeof(name), "%s%s %s", group, table->name,
			 table->args ? table->args : "");
		if (table->sub) {
			snprintf(name, sizeof(name), "%s%s ", group,
				 table->name);
			list(table->sub, name, to);
		} else {
			fprintf(to, "  %-36s  %s\n", name, table->help);
		}
	}
}

static void usage(FILE *to)
{
	fputs("usage: cfsctl [OPTION...] COMMAND [ARGUMENT...]\n\ncommands:\n",
	      to);
	list(commands, "", to);
	fputs("\nprograms, also by their own names:\n", to);
	cmd_program_list(to);
	fputs("\noptions, before the command:\n", to);
	fputs(cmd_globals_help, to);
	fputs("  -h, --help            print this, or what a command takes\n"
	      "  -V, --version         print the version\n"
	      "\n`cfsctl help COMMAND` says more; see also cfsctl(1)\n",
	      to);
}

static void usage_of(const struct cfs_cmd *cmd, FILE *to)
{
	if (cmd->sub) {
		list(cmd->sub, "", to);
		return;
	}
	fprintf(to, "usage: cfsctl [OPTION...] %s%s%s\n", cmd->name,
		*cmd->args ? " " : "", cmd->args);
	if (to == stdout)
		fprintf(to, "\n%s\n", cmd->help);
	if (cmd->options)
		fprintf(to, "\n%s", cmd->options);
}

/* Follows argv through groups to a command; NULL when there is none. */
static const struct cfs_cmd *descend(int *argc, char ***argv)
{
	const struct cfs_cmd *cmd = NULL, *table = commands;

	while (table && *argc > 0) {
		const struct cfs_cmd *next = find(table, **argv);

		if (!next)
			return NULL;
		cmd = next;
		table = cmd->sub;
		if (table) {
			(*argc)--;
			(*argv)++;
		}
	}
	return cmd;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* `help`, or `help COMMAND`. */
static int help(int argc, char **argv, struct cfs_err *err)
{
	const struct cfs_program *program;
	const struct cfs_cmd *cmd;
	const char *name = argv[0];

	if (argc == 0) {
		usage(stdout);
		return 0;
	}
	program = cmd_program_find(name);
	if (program) {
		program->usage(stdout);
		return 0;
	}
	cmd = descend(&argc, &argv);
	if (!cmd)
		return cfs_fail(err, CFS_EUSAGE, "no command '%s'", name);
	usage_of(cmd, stdout);
	return 0;
}

static int run(const struct cfs_globals *g, const struct cfs_cmd *cmd, int argc,
	       char **argv, struct cfs_err *err)
{
	int r;

	if (wants_help(argc, argv)) {
		usage_of(cmd, stdout);
		return 0;
	}
	if (g->no_repo && !cmd->allows_no_repo)
		return cfs_fail(err, EINVAL,
				"--no-repo is only supported for compute-id, "
				"compute-karg, create-dumpfile and diff");
	r = cmd->run(g, argc, argv, err);
	if (r == -CFS_EUSAGE) {
		fprintf(stderr, "error: %s\n\n", err->msg);
		usage_of(cmd, stderr);
		err->msg[0] = '\0';
	}
	return r;
}

/* *@ret: the command, as soon as it is known. */
static int dispatch(int argc, char **argv, const struct cfs_cmd **ret,
		    struct cfs_err *err)
{
	struct cfs_globals g = { .erofs_version = -1 };
	const struct cfs_cmd *cmd;
	const char *name;
	int first = cmd_globals_parse(argc, argv, &g, err);

	if (first < 0)
		return first;
	argc -= first;
	argv += first;
	if (g.version) {
		puts("cfsctl " CFS_VERSION);
		return 0;
	}
	if (g.help) {
		usage(stdout);
		return 0;
	}
	if (argc == 0) {
		usage(stderr);
		err->msg[0] = '\0';
		return -CFS_EUSAGE;
	}
	name = argv[0];
	if (strcmp(name, "help") == 0)
		return help(argc - 1, argv + 1, err);
	cmd = descend(&argc, &argv);
	if (!cmd)
		return cfs_fail(err, CFS_EUSAGE, "no command '%s'", name);
	if (!cmd->run)
		return cfs_fail(err, CFS_EUSAGE, "'%s' needs a command", name);
	*ret = cmd;
	return run(&g, cmd, argc, argv, err);
}

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
	const struct cfs_program *program = find_program(&argc, &argv);
	const struct cfs_cmd *cmd = NULL;
	struct cfs_err err = { 0 };
	bool compares;
	int r;

	occupy_standard();
	/* A closed pipe is an error to report, not a silent death. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (program)
		return cmd_program_run(program, argc, argv);
	/* A repository is shared: the user's umask is not about it. */
	(void)umask(022);
	r = dispatch(argc, argv, &cmd, &err);
	compares = cmd && cmd->compares;
	if (r >= 0 && cmd_flush(&err) < 0)
		r = -err.code;
	if (r >= 0)
		return compares ? r : EXIT_SUCCESS;
	if (r != -CFS_EUSAGE) {
		(void)fflush(stdout);
		fprintf(stderr, "Error: %s\n", err.msg);
		if (err.expected[0])
			fprintf(stderr, "  expected  %s\n  found     %s\n",
				err.expected, err.found);
		return compares ? 2 : EXIT_FAILURE;
	}
	if (err.msg[0])
		fprintf(stderr,
			"error: %s\n\nusage: cfsctl [OPTION...] COMMAND "
			"[ARGUMENT...]; `cfsctl help` lists them\n",
			err.msg);
	return 2;
}
