/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cfsctl.h"

static int unexpected(const char *arg, struct cfs_err *err)
{
	return cfs_fail(err, CFS_EUSAGE, "unexpected argument '%s'", arg);
}

static int set(const struct cfs_opt *opt, const char *value,
	       struct cfs_err *err)
{
	if (opt->flag) {
		*opt->flag = true;
		return 0;
	}
	if (opt->text) {
		if (*opt->text)
			return cfs_fail(err, CFS_EUSAGE,
					"option '--%s' is given twice",
					opt->name);
		*opt->text = value;
		return 0;
	}
	if (opt->list->n == CFS_OPT_LIST_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"option '--%s' is given more than %d times",
				opt->name, CFS_OPT_LIST_MAX);
	opt->list->v[opt->list->n++] = value;
	return 0;
}

static const struct cfs_opt *find_name(const struct cfs_opt *opts,
				       const char *name, size_t len)
{
	for (; opts && opts->name; opts++)
		if (strlen(opts->name) == len &&
		    memcmp(opts->name, name, len) == 0)
			return opts;
	return NULL;
}

static const struct cfs_opt *find_letter(const struct cfs_opt *opts, char c)
{
	for (; opts && opts->name; opts++)
		if (opts->letter && opts->letter == c)
			return opts;
	return NULL;
}

/* Takes the option at *@argv; *@inline_value is what hangs on it, or NULL.
 * Returns the number of arguments used. */
static int take(const struct cfs_opt *opt, const char *inline_value,
		char **argv, struct cfs_err *err)
{
	const char *value = inline_value ? inline_value : argv[1];
	int r;

	if (opt->flag && inline_value)
		return cfs_fail(err, CFS_EUSAGE, "option '--%s' takes no value",
				opt->name);
	if (!opt->flag && !value)
		return cfs_fail(err, CFS_EUSAGE, "option '--%s' needs a value",
				opt->name);
	r = set(opt, value, err);
	if (r < 0)
		return r;
	return opt->flag || inline_value ? 1 : 2;
}

static int take_long(const struct cfs_opt *opts, char **argv,
		     struct cfs_err *err)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(name, "=");
	const struct cfs_opt *opt = find_name(opts, name, len);

	if (!opt)
		return unexpected(argv[0], err);
	return take(opt, name[len] == '=' ? name + len + 1 : NULL, argv, err);
}

/* "-abc" is "-a -b -c" as long as they take no value. */
static int take_short(const struct cfs_opt *opts, char **argv,
		      struct cfs_err *err)
{
	const struct cfs_opt *opt;
	int r;

	for (const char *c = argv[0] + 1;; c++) {
		opt = find_letter(opts, *c);
		if (!opt)
			return unexpected(argv[0], err);
		if (!opt->flag || !c[1])
			return take(opt, c[1] ? c + 1 : NULL, argv, err);
		r = set(opt, NULL, err);
		if (r < 0)
			return r;
	}
}

/* Takes the option at *@argv; 0 when it is an operand. */
static int take_any(const struct cfs_opt *opts, char **argv,
		    struct cfs_err *err)
{
	if (argv[0][0] != '-' || !argv[0][1])
		return 0;
	return argv[0][1] == '-' ? take_long(opts, argv, err)
				 : take_short(opts, argv, err);
}

int cmd_options(const struct cfs_opt *opts, int *argc, char **argv,
		struct cfs_err *err)
{
	int operands = 1;

	for (int i = 1; i < *argc;) {
		int r;

		if (strcmp(argv[i], "--") == 0) {
			for (i++; i < *argc; i++)
				argv[operands++] = argv[i];
			break;
		}
		r = take_any(opts, argv + i, err);
		if (r < 0)
			return r;
		if (r == 0)
			argv[operands++] = argv[i++];
		i += r;
	}
	*argc = operands;
	argv[operands] = NULL;
	return 0;
}

int cmd_options_front(const struct cfs_opt *opts, int argc, char **argv,
		      struct cfs_err *err)
{
	int i = 1;

	while (i < argc) {
		int r;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		r = take_any(opts, argv + i, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		i += r;
	}
	return i;
}

int cmd_operands(int argc, int min, int max, struct cfs_err *err)
{
	int n = argc - 1;

	if (n < min)
		return cfs_fail(err, CFS_EUSAGE, "an operand is missing");
	if (n > max)
		return cfs_fail(err, CFS_EUSAGE, "too many operands");
	return 0;
}

int cmd_parse_no(const char *name, const char *text, bool *ret,
		 struct cfs_err *err)
{
	bool no = text && strcmp(text, "no") == 0;

	if (text && !no && strcmp(text, "yes") != 0)
		return cfs_fail(err, CFS_EUSAGE,
				"--%s '%s': yes or no is expected", name, text);
	*ret = no;
	return 0;
}

int cmd_parse_threads(const char *text, unsigned *ret, struct cfs_err *err)
{
	char *end;
	long n;

	*ret = 0;
	if (!text)
		return 0;
	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < 1 || n > INT_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"--threads '%s': a number from 1 on is "
				"expected",
				text);
	*ret = (unsigned)n;
	return 0;
}
