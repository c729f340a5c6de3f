/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/options.h"

#include <assert.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cli/suggest.h"

/* A row, and the table that it was found in. */
struct found {
	struct cfs_opt_table *table;
	const struct cfs_opt *row;
};

static bool is_name(const char *row, const char *name, size_t len)
{
	return row && strlen(row) == len && memcmp(row, name, len) == 0;
}

const struct cfs_opt *cmd_option_find(const struct cfs_opt *rows,
				      const char *name, size_t len)
{
	for (; rows && rows->name; rows++)
		if (is_name(rows->name, name, len) ||
		    is_name(rows->alias, name, len))
			return rows;
	return NULL;
}

bool cmd_option_given(const struct cfs_opt_table *table, const char *name)
{
	const struct cfs_opt *row =
		cmd_option_find(table->rows, name, strlen(name));

	return row && table->seen >> (row - table->rows) & 1;
}

static struct found find_name(struct cfs_opts *opts, const char *name,
			      size_t len)
{
	for (unsigned i = 0; i < opts->n; i++) {
		struct cfs_opt_table *table = &opts->table[i];
		const struct cfs_opt *row =
			cmd_option_find(table->rows, name, len);

		if (row)
			return (struct found){ table, row };
	}
	return (struct found){ 0 };
}

static struct found find_letter(struct cfs_opts *opts, char c)
{
	for (unsigned i = 0; i < opts->n; i++) {
		struct cfs_opt_table *table = &opts->table[i];
		const struct cfs_opt *row = table->rows;

		for (; row && row->name; row++)
			if (row->letter && row->letter == c)
				return (struct found){ table, row };
	}
	return (struct found){ 0 };
}

static int unknown(const struct cfs_opts *opts, const char *arg,
		   struct cfs_err *err)
{
	int len = (int)strcspn(arg, "=");
	/* One dash in front of a long name is a slip, too. */
	int dashes = arg[1] == '-' ? 2 : 1;
	char typed[64], meant[256];
	struct cfs_suggest s = { .word = typed, .quote = "--" };

	snprintf(typed, sizeof(typed), "%.*s", len - dashes, arg + dashes);
	for (unsigned i = 0; i < opts->n; i++) {
		const struct cfs_opt *row = opts->table[i].rows;

		for (; row && row->name; row++)
			cmd_suggest_offer(&s, row->name);
	}
	return cfs_fail(err, CFS_EUSAGE, "unknown option '%.*s'%s", len, arg,
			cmd_suggest_text(&s, meant, sizeof(meant)));
}

static int check_choice(const struct cfs_opt *row, const char *value,
			struct cfs_err *err)
{
	const char *const *choice = row->choices;
	char list[128] = "";

	for (; *choice; choice++) {
		if (strcmp(value, *choice) == 0)
			return 0;
		if (choice != row->choices)
			strncat(list, choice[1] ? ", " : " or ",
				sizeof(list) - strlen(list) - 1);
		strncat(list, *choice, sizeof(list) - strlen(list) - 1);
	}
	return cfs_fail(err, CFS_EUSAGE, "--%s '%s': expected %s", row->name,
			value, list);
}

static int add_to_list(const struct cfs_opt *row, struct cfs_opt_list *list,
		       const char *value, struct cfs_err *err)
{
	if (list->n == CFS_OPT_LIST_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"option '--%s' is given more than %d times",
				row->name, CFS_OPT_LIST_MAX);
	list->v[list->n++] = value;
	return 0;
}

static int set(const struct found *f, const char *value, struct cfs_err *err)
{
	const struct cfs_opt *row = f->row;
	uint64_t bit = UINT64_C(1) << (row - f->table->rows);
	char *to = (char *)f->table->into + row->at;
	int r = 0;

	assert(row - f->table->rows < CFS_OPT_ROWS_MAX);
	if (f->table->seen & bit &&
	    (row->kind == CFS_OPT_TEXT || row->kind == CFS_OPT_PARSED))
		return cfs_fail(err, CFS_EUSAGE, "option '--%s' is given twice",
				row->name);
	f->table->seen |= bit;
	if (row->choices && value)
		r = check_choice(row, value, err);
	if (r < 0)
		return r;
	switch (row->kind) {
	case CFS_OPT_FLAG:
		*(bool *)to = true;
		return 0;
	case CFS_OPT_TEXT:
		memcpy(to, &value, sizeof(value));
		return 0;
	case CFS_OPT_LIST:
		return add_to_list(row, (void *)to, value, err);
	case CFS_OPT_PARSED:
		break;
	}
	r = row->parse(value, to, err);
	if (r < 0 && !value)
		return cfs_ctx(err, "--%s", row->name);
	return r < 0 ? cfs_ctx(err, "--%s '%s'", row->name, value) : 0;
}

/* Takes the option at *@argv; @attached is the value that it came with, or
 * NULL.  Returns the number of arguments used. */
static int take(const struct found *f, const char *attached, char **argv,
		struct cfs_err *err)
{
	bool flag = f->row->kind == CFS_OPT_FLAG;
	bool alone = flag || f->row->bare || attached;
	const char *value = alone ? attached : argv[1];
	int r;

	if (flag && attached)
		return cfs_fail(err, CFS_EUSAGE, "option '--%s' takes no value",
				f->row->name);
	if (!alone && !value)
		return cfs_fail(err, CFS_EUSAGE,
				"option '--%s' needs a value: --%s %s",
				f->row->name, f->row->name, f->row->value);
	r = set(f, value, err);
	if (r < 0)
		return r;
	return alone ? 1 : 2;
}

static int take_long(struct cfs_opts *opts, char **argv, struct cfs_err *err)
{
	const char *name = argv[0] + 2;
	size_t len = strcspn(name, "=");
	struct found f = find_name(opts, name, len);

	if (!f.row)
		return unknown(opts, argv[0], err);
	return take(&f, name[len] == '=' ? name + len + 1 : NULL, argv, err);
}

/* "-abc" is "-a -b -c" as long as they take no value. */
static int take_short(struct cfs_opts *opts, char **argv, struct cfs_err *err)
{
	for (const char *c = argv[0] + 1;; c++) {
		struct found f = find_letter(opts, *c);
		int r;

		if (!f.row)
			return unknown(opts, argv[0], err);
		if (f.row->kind != CFS_OPT_FLAG || !c[1])
			return take(&f, c[1] ? c + 1 : NULL, argv, err);
		r = set(&f, NULL, err);
		if (r < 0)
			return r;
	}
}

/* Takes the option at *@argv; 0 when it is an operand. */
static int take_any(struct cfs_opts *opts, char **argv, struct cfs_err *err)
{
	if (argv[0][0] != '-' || !argv[0][1])
		return 0;
	return argv[0][1] == '-' ? take_long(opts, argv, err)
				 : take_short(opts, argv, err);
}

int cmd_options(struct cfs_opts *opts, int *argc, char **argv,
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
		opts->at = i;
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

int cmd_options_front(struct cfs_opts *opts, int argc, char **argv,
		      struct cfs_err *err)
{
	int i = 1;

	while (i < argc) {
		int r;

		if (strcmp(argv[i], "--") == 0)
			return i + 1;
		opts->at = i;
		r = take_any(opts, argv + i, err);
		if (r < 0)
			return r;
		if (r == 0)
			break;
		i += r;
	}
	return i;
}

int cmd_parse_threads(const char *text, void *to, struct cfs_err *err)
{
	unsigned *ret = to;
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || *end || end == text || n < 1 || n > INT_MAX)
		return cfs_fail(err, CFS_EUSAGE, "expected a number from 1 on");
	*ret = (unsigned)n;
	return 0;
}

const char *const cmd_yes_no[] = { "yes", "no", NULL };

int cmd_parse_no(const char *text, void *to, struct cfs_err *err)
{
	bool *ret = to;

	(void)err;
	*ret = strcmp(text, "no") == 0;
	return 0;
}
