/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/dispatch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/cli/proc.h"
#include "cfsctl/cli/suggest.h"
#include "cfsctl/cli/usage.h"
#include "cfsctl/compat/programs.h"
#include "cfsctl/globals.h"

/* A command line, taken apart from the front. */
struct line {
	const struct cfs_cmd *const *commands;
	char **all; /* argv as main() got it */
	int argc;   /* what is left; argv[0] is a command or group or program */
	char **argv;
	struct cfs_globals g;
	struct cfs_opt_table globals;
	const struct cfs_cmd *cmd; /* once it is known; a group until then */
	const struct cfs_program *program; /* that help is asked for */
	char group[32]; /* "" or the name of its group and a blank */
};

static void usage(FILE *to, const struct line *l)
{
	fputs("usage: cfsctl [OPTION...] COMMAND [ARGUMENT...]\n\ncommands:\n",
	      to);
	cmd_usage_commands(to, l->commands, "");
	fputs("\nprograms, also by their own names:\n", to);
	for (const struct cfs_program *p = cmd_programs; p->name; p++)
		fprintf(to, "  %-36s  %s\n", p->name, p->help);
	fputs("\noptions, before or after the command:\n", to);
	cmd_usage_options(to, cmd_globals_options);
	fputs("\n`cfsctl help COMMAND` says more; see also cfsctl(1)\n", to);
}

/* Appends @word as a shell takes it. */
static void quote(struct cfs_buf *out, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"0123456789-_./:,=+@%";

	if (*word && !word[strspn(word, plain)]) {
		cfs_buf_addf(out, " %s", word);
		return;
	}
	cfs_buf_adds(out, " '");
	for (; *word; word++) {
		if (*word == '\'')
			cfs_buf_adds(out, "'\\'");
		cfs_buf_addc(out, *word);
	}
	cfs_buf_addc(out, '\'');
}

/* Words that argv[@at] and its value take, if it is an option of @cmd; or 0. */
static int option_of(const struct cfs_cmd *cmd, char *const *argv, int at)
{
	const char *name = argv[at] + 2;
	size_t len = strcspn(name, "=");
	const struct cfs_opt *row = cmd_option_find(cmd->options, name, len);

	if (!row)
		return 0;
	return row->kind == CFS_OPT_FLAG || row->bare || name[len] == '=' ? 1
									  : 2;
}

/* The place in argv of a command that has the option argv[@at], or 0. */
static int owner_of(const struct line *l, int at)
{
	for (int c = at + 1; c < l->argc; c++) {
		const struct cfs_cmd *cmd =
			cmd_command_find(l->commands, l->argv[c]);
		int n = cmd ? option_of(cmd, l->argv, at) : 0;

		/* Its own value is not the command. */
		if (n > 0 && at + n <= c)
			return c;
	}
	return 0;
}

/*
 * argv[@at] is no option that stands before the command.  If it is one of the
 * command that follows, words the line as it should be.
 */
static int misplaced(const struct line *l, int at, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int c = 0;

	if (!l->group[0] && strncmp(l->argv[at], "--", 2) == 0)
		c = owner_of(l, at);
	if (c == 0)
		return -err->code;
	for (int i = 1; i < at; i++)
		quote(&text, l->argv[i]);
	quote(&text, l->argv[c]);
	for (int i = at; i < l->argc; i++)
		if (i != c)
			quote(&text, l->argv[i]);
	if (!cfs_buf_text(&text))
		return cfs_no_memory(err);
	return cfs_fail(err, CFS_EUSAGE,
			"option '%s' belongs after the command: cfsctl%s",
			l->argv[at], (char *)text.data);
}

/* Where there is no command, the last option may have swallowed it. */
static int no_command(const struct line *l, struct cfs_err *err)
{
	char **argv = l->all;
	int last = 0;
	const struct cfs_opt *row = NULL;

	if (l->group[0])
		return cfs_fail(err, CFS_EUSAGE, "'%.*s' needs a command",
				(int)strlen(l->group) - 1, l->group);
	while (argv[last] && argv[last + 1])
		last++;
	if (last > 1 && strncmp(argv[last - 1], "--", 2) == 0 &&
	    cmd_command_find(l->commands, argv[last]))
		row = cmd_option_find(cmd_globals_options, argv[last - 1] + 2,
				      strlen(argv[last - 1] + 2));
	if (row && row->value)
		return cfs_fail(err, CFS_EUSAGE,
				"no command given (--%s took '%s' for its %s)",
				row->name, argv[last], row->value);
	return cfs_fail(err, CFS_EUSAGE, "no command given");
}

/* A word at the place of a command that is known, but no command here. */
static int refuse_known(const char *word, struct cfs_err *err)
{
	if (cmd_program_find(word) && !strchr(word, '/'))
		return cfs_fail(err, CFS_EUSAGE,
				"%s takes no options of cfsctl: it has to "
				"stand first, as in 'cfsctl %s ...'",
				word, word);
	/* Source: composefs-rs crates/composefs-ctl/src/lib.rs. */
	if (strcmp(word, "ostree") == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"'%s' is a command of composefs-rs that cfsctl "
				"%s does not have",
				word, CFS_VERSION);
	return 0;
}

static int unknown(const struct line *l, const struct cfs_cmd *const *list,
		   struct cfs_err *err)
{
	struct cfs_suggest s = { .word = l->argv[0] };
	char meant[256];

	if (!l->group[0] && refuse_known(s.word, err) < 0)
		return -err->code;
	for (const struct cfs_program *p = cmd_programs;
	     !l->group[0] && p->name; p++)
		cmd_suggest_offer(&s, p->name);
	for (; *list; list++) {
		cmd_suggest_offer(&s, (*list)->name);
		if ((*list)->alias)
			cmd_suggest_offer(&s, (*list)->alias);
	}
	return cfs_fail(err, CFS_EUSAGE, "there is no command '%s%s'%s",
			l->group, s.word,
			cmd_suggest_text(&s, meant, sizeof(meant)));
}

/* Reads the options in front of the next word, which becomes argv[0]. */
static int advance(struct line *l, struct cfs_err *err)
{
	struct cfs_opts opts = { .n = 1, .table = { l->globals } };
	int first = cmd_options_front(&opts, l->argc, l->argv, err);

	if (first < 0)
		return first == -CFS_EUSAGE ? misplaced(l, opts.at, err)
					    : first;
	l->globals = opts.table[0];
	l->argc -= first;
	l->argv += first;
	return 0;
}

/* Is the next word `help`, be it of a group, or a program that help is asked
 * for? */
static bool take_help(struct line *l)
{
	if (l->program)
		return false;
	if (strcmp(l->argv[0], "help") == 0) {
		l->g.help = true;
		return true;
	}
	if (l->g.help && !l->cmd)
		l->program = cmd_program_find(l->argv[0]);
	return l->program;
}

/*
 * Follows the line through groups to a command.  Where the version is asked
 * for it ends at once; where help is, with the last word: l->cmd is then a
 * group or a command, or NULL.
 */
static int find_command(struct line *l, const struct cfs_cmd *const *list,
			struct cfs_err *err)
{
	while (list) {
		const struct cfs_cmd *cmd;
		int r = advance(l, err);

		if (r < 0 || l->g.version)
			return r;
		if (l->argc == 0)
			return l->g.help ? 0 : no_command(l, err);
		if (take_help(l)) {
			if (l->program)
				return 0;
			continue;
		}
		cmd = cmd_command_find(list, l->argv[0]);
		if (!cmd)
			return unknown(l, list, err);
		l->cmd = cmd;
		list = cmd->sub;
		if (list)
			snprintf(l->group, sizeof(l->group), "%s ", cmd->name);
	}
	return 0;
}

static void print_usage(const struct line *l)
{
	if (l->program)
		l->program->usage(stdout);
	else if (!l->cmd)
		usage(stdout, l);
	else
		cmd_usage(stdout, l->cmd, l->cmd->sub ? "" : l->group);
}

static int print_version(void)
{
	puts("cfsctl " CFS_VERSION);
	return 0;
}

static bool wants_help(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 ||
		    strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

/* Reads what stands after the command and runs it. */
static int run(struct line *l, struct cfs_err *err)
{
	CFS_AUTOFREE void *options = NULL;
	const struct cfs_cmd *cmd = l->cmd;
	struct cfs_opts opts = { .n = 2, .table[1] = l->globals };
	int r;

	if (wants_help(l->argc, l->argv)) {
		print_usage(l);
		return 0;
	}
	options = calloc(1, cmd->size + 1);
	if (!options)
		return cfs_no_memory(err);
	if (cmd->defaults)
		memcpy(options, cmd->defaults, cmd->size);
	opts.table[0] = (struct cfs_opt_table){ cmd->options, options, 0 };
	r = cmd_options(&opts, &l->argc, l->argv, err);
	if (r == 0 && l->g.version)
		return print_version();
	if (r == 0)
		r = cmd_command_count(cmd, &opts.table[0], l->argc - 1,
				      l->argv + 1, err);
	if (r == 0)
		r = cmd_globals_finish(&l->g, err);
	if (r == 0 && l->g.no_repo && !cmd->allows_no_repo)
		r = cfs_fail(err, EINVAL,
			     "--no-repo is only supported for compute-id, "
			     "compute-karg, create-dumpfile and diff");
	if (r == 0 && l->g.socket && !cmd->allows_socket)
		r = cfs_fail(err, CFS_EUSAGE,
			     "--socket is only supported for images, fsck, gc, "
			     "oci pull and oci verify");
	if (r < 0)
		return r;
	return cmd->run(
		&(struct cfs_call){ &l->g, options, l->argc - 1, l->argv + 1 },
		err);
}

static int dispatch(struct line *l, struct cfs_err *err)
{
	int r = find_command(l, l->commands, err);

	if (r < 0)
		return r;
	if (l->g.version)
		return print_version();
	if (!l->g.help)
		return run(l, err);
	print_usage(l);
	return 0;
}

/* Says what is wrong with the command line, and how it should look. */
static void complain(const struct line *l, const struct cfs_err *err)
{
	/* The name alone asks for the list of commands. */
	if (!l->all[0] || !l->all[1]) {
		usage(stderr, l);
		return;
	}
	fprintf(stderr, "error: %s\n\n", err->msg);
	if (!l->cmd) {
		fputs("usage: cfsctl [OPTION...] COMMAND [ARGUMENT...]\n"
		      "`cfsctl help` lists commands and options\n",
		      stderr);
		return;
	}
	cmd_usage_synopsis(stderr, l->cmd, l->cmd->sub ? "" : l->group);
	fprintf(stderr, "`cfsctl help %s%s` says more\n",
		l->cmd->sub ? "" : l->group, l->cmd->name);
}

int cmd_dispatch(const struct cfs_cmd *const *commands, int argc, char **argv)
{
	struct line l = { .commands = commands,
			  .all = argv,
			  .argc = argc,
			  .argv = argv,
			  .g = CFS_GLOBALS_INIT };
	struct cfs_err err = { 0 };
	bool compares;
	int r;

	l.globals = (struct cfs_opt_table){ cmd_globals_options, &l.g, 0 };
	r = dispatch(&l, &err);
	compares = l.cmd && l.cmd->compares;
	if (r >= 0 && cmd_flush(&err) < 0)
		r = -err.code;
	if (r >= 0)
		return compares ? r : EXIT_SUCCESS;
	(void)fflush(stdout);
	if (r == -CFS_EUSAGE) {
		complain(&l, &err);
		return 2;
	}
	fprintf(stderr, "Error: %s\n", err.msg);
	if (err.expected[0])
		fprintf(stderr, "  expected  %s\n  found     %s\n",
			err.expected, err.found);
	cmd_note_proc();
	if (-r >= CFS_ESTATUS(0))
		return -r - CFS_ESTATUS(0);
	return compares ? 2 : EXIT_FAILURE;
}
