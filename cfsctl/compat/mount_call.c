/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/compat/mount_call.h"

#include <fcntl.h>
#include <unistd.h>

#include "cfsctl/cli/options.h"

static int bad_option(const char *program, int c, struct cfs_err *err)
{
	return cfs_fail(err, CFS_EUSAGE, "%s: %s -- '%c'", program,
			c == ':' ? "option requires an argument"
				 : "invalid option",
			optopt);
}

static int operand(struct cmd_mount_call *q, const char *text,
		   struct cfs_err *err)
{
	if (q->where)
		return cfs_fail(err, CFS_EUSAGE, "Too many arguments");
	*(q->source ? &q->where : &q->source) = text;
	return 0;
}

/* mount(8) gives the operands first, so they do not end the options. */
int cmd_mount_call_read(int argc, char **argv, struct cmd_mount_call *q,
			struct cfs_err *err)
{
	int c, r = 0;

	optind = 0; /* glibc: begin anew */
	while (r == 0 && (c = getopt(argc, argv, "-:hfnsvN:o:t:")) != -1) {
		switch (c) {
		case 'h':
			q->help = true;
			return 0;
		case 'f':
			q->fake = true;
			break;
		case 's':
			q->sloppy = true;
			break;
		case 'n': /* there is no /etc/mtab to leave alone */
			break;
		case 'v':
			q->verbose = true;
			break;
		case 'N':
			q->ns = optarg;
			break;
		case 'o':
			q->options = optarg;
			break;
		case 't':
			q->type = optarg;
			break;
		case 1:
			r = operand(q, optarg, err);
			break;
		default:
			r = bad_option(argv[0], c, err);
		}
	}
	for (; r == 0 && optind < argc; optind++)
		r = operand(q, argv[optind], err);
	return r;
}

int cmd_mount_open_dir(const char *option, const char *path, int *ret_fd,
		       struct cfs_err *err)
{
	int fd = path ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -EBADF;

	if (path && fd < 0)
		return cfs_fail_errno(err, "open %s %s", option, path);
	*ret_fd = fd;
	return 0;
}
