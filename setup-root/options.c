/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/options.h"

#include <getopt.h>

#include "setup-root/config.h"

const char cfs_options_help[] =
	"usage: composefs-setup-root [OPTION]... [COMMAND...]\n"
	"Mounts the composefs image that the kernel command line names as the\n"
	"root file system.  Runs in the initramfs.\n"
	"\n"
	"      --sysroot DIR     where the physical root is (/sysroot)\n"
	"      --config FILE     configuration (" CFS_CONFIG_PATH ")\n"
	"      --root-fs DIR     use DIR as the root, not an image\n"
	"      --cmdline TEXT    use TEXT, not /proc/cmdline\n"
	"      --target DIR      attach the new root at DIR, not at the sysroot\n"
	"      --check           do everything but attach; print what was found\n"
	"      --print-kargs     print the images the command line names\n"
	"      --if-present      succeed when the command line names no image\n"
	"      --verbose         say more\n"
	"      --help, --version\n"
	"\n"
	"Exit status: 0 done, 1 other failure, 2 usage, 3 no image named,\n"
	"4 malformed argument, 5 no such image, 6 not verified, 7 repository,\n"
	"8 mount, 9 state directory, 10 check before the start, 11 certificates.\n";

enum {
	SYSROOT = 256,
	CONFIG,
	ROOT_FS,
	CMDLINE,
	TARGET,
	CHECK,
	PRINT_KARGS,
	IF_PRESENT,
	VERBOSE,
	HELP,
	VERSION
};

static const struct option longopts[] = {
	{ "sysroot", required_argument, NULL, SYSROOT },
	{ "config", required_argument, NULL, CONFIG },
	{ "root-fs", required_argument, NULL, ROOT_FS },
	{ "cmdline", required_argument, NULL, CMDLINE },
	{ "target", required_argument, NULL, TARGET },
	{ "check", no_argument, NULL, CHECK },
	{ "print-kargs", no_argument, NULL, PRINT_KARGS },
	{ "if-present", no_argument, NULL, IF_PRESENT },
	{ "verbose", no_argument, NULL, VERBOSE },
	{ "help", no_argument, NULL, HELP },
	{ "version", no_argument, NULL, VERSION },
	{ 0 },
};

static bool set_option(struct cfs_options *o, int c, const char *value)
{
	const char **text = c == SYSROOT   ? &o->sysroot
			    : c == CONFIG  ? &o->config
			    : c == ROOT_FS ? &o->root_fs
			    : c == CMDLINE ? &o->cmdline
			    : c == TARGET  ? &o->target
					   : NULL;
	bool *flag = c == CHECK			? &o->check
		     : c == PRINT_KARGS		? &o->print_kargs
		     : c == IF_PRESENT		? &o->if_present
		     : c == VERBOSE || c == 'v' ? &o->verbose
		     : c == HELP || c == 'h'	? &o->help
		     : c == VERSION || c == 'V' ? &o->version
						: NULL;

	if (text)
		*text = value;
	if (flag)
		*flag = true;
	o->config_given = o->config_given || c == CONFIG;
	return text || flag;
}

int cfs_options_parse(int argc, char **argv, struct cfs_options *ret,
		      struct cfs_err *err)
{
	struct cfs_options o = { .sysroot = "/sysroot",
				 .config = CFS_CONFIG_PATH };
	int c;

	opterr = 0;
	optind = 0; /* glibc: start over */
	while ((c = getopt_long(argc, argv, "+:vhV", longopts, NULL)) != -1) {
		if (c == ':')
			return cfs_fail(err, EINVAL, "%s needs a value",
					argv[optind - 1]);
		if (!set_option(&o, c, optarg))
			return cfs_fail(err, EINVAL,
					"unknown option %s: see --help",
					argv[optind - 1]);
	}
	*ret = o;
	return 0;
}
