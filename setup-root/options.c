/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/options.h"

#include <stddef.h>
#include <string.h>

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
	"      --if-present      succeed when the command line names no image,\n"
	"                        unless the root can be booted by no other way\n"
	"      --verbose         say more\n"
	"      --help, --version\n"
	"\n"
	"Exit status: 0 done, 1 other failure, 2 usage, 3 no image named,\n"
	"4 malformed argument, 5 no such image, 6 not verified, 7 repository,\n"
	"8 mount, 9 state directory, 10 check before the start, 11 certificates.\n";

static const struct {
	const char *name;
	char letter;
	bool has_value;
	size_t offset; /* in struct cfs_options, of a pointer or a bool */
} table[] = {
	{ "sysroot", 0, true, offsetof(struct cfs_options, sysroot) },
	{ "config", 0, true, offsetof(struct cfs_options, config) },
	{ "root-fs", 0, true, offsetof(struct cfs_options, root_fs) },
	{ "cmdline", 0, true, offsetof(struct cfs_options, cmdline) },
	{ "target", 0, true, offsetof(struct cfs_options, target) },
	{ "check", 0, false, offsetof(struct cfs_options, check) },
	{ "print-kargs", 0, false, offsetof(struct cfs_options, print_kargs) },
	{ "if-present", 0, false, offsetof(struct cfs_options, if_present) },
	{ "verbose", 'v', false, offsetof(struct cfs_options, verbose) },
	{ "help", 'h', false, offsetof(struct cfs_options, help) },
	{ "version", 'V', false, offsetof(struct cfs_options, version) },
};

/* The row of "--name", "--name=..." or "-x", or none. */
static size_t find_row(const char *arg, size_t len)
{
	size_t i;

	for (i = 0; i < CFS_ARRAY_SIZE(table); i++)
		if ((len == 2 && arg[1] == table[i].letter) ||
		    (len == strlen(table[i].name) + 2 && arg[1] == '-' &&
		     memcmp(arg + 2, table[i].name, len - 2) == 0))
			break;
	return i;
}

/* Takes the option at *@argv and its value; *@argv then is its last word. */
static int take(struct cfs_options *o, char ***argv, struct cfs_err *err)
{
	const char *arg = **argv;
	size_t len = strcspn(arg, "="), row = find_row(arg, len);
	char *place;

	if (row == CFS_ARRAY_SIZE(table) || (arg[len] && !table[row].has_value))
		return cfs_fail(err, EINVAL, "unknown option %s: see --help",
				arg);
	place = (char *)o + table[row].offset;
	if (!table[row].has_value)
		*(bool *)place = true;
	else if (arg[len])
		*(const char **)place = arg + len + 1;
	else if ((*argv)[1])
		*(const char **)place = *++*argv;
	else
		return cfs_fail(err, EINVAL, "%s needs a value", arg);
	return 0;
}

int cfs_options_parse(char **argv, struct cfs_options *ret, struct cfs_err *err)
{
	struct cfs_options o = { .sysroot = "/sysroot" };

	while (*++argv) {
		bool end = strcmp(*argv, "--") == 0;

		if (argv[0][0] == '-' && argv[0][1] && !end) {
			if (take(&o, &argv, err) < 0)
				return -EINVAL;
			continue;
		}
		if (!o.command)
			o.command = end ? argv[1] : argv[0];
		if (end)
			break;
	}
	o.config_given = o.config;
	if (!o.config)
		o.config = CFS_CONFIG_PATH;
	*ret = o;
	return 0;
}
