/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/complete.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cfsctl/compat/programs.h"
#include "cfsctl/globals.h"
#include "repo/ref.h"

/* The line so far. */
struct line {
	const struct cfs_cmd *const
		*commands; /* to choose from: NULL: chosen */
	const struct cfs_cmd *cmd;
	const struct cfs_opt *value_of; /* the option before, if it needs one */
	bool program;	 /* one of the C programs: its words are its own */
	bool help;	 /* `help` stood first */
	bool no_options; /* "--" stood before */
	int operands;
	struct cfs_globals g; /* as far as they say where the repository is */
};

static const struct cfs_opt *find_option(const struct line *l, const char *name,
					 size_t len)
{
	const struct cfs_opt *row = NULL;

	if (l->cmd)
		row = cmd_option_find(l->cmd->options, name, len);
	return row ? row : cmd_option_find(cmd_globals_options, name, len);
}

/* Remembers the options that say where the repository is. */
static void note_repo(struct line *l, const struct cfs_opt *row,
		      const char *value)
{
	if (strcmp(row->name, "repo") == 0)
		l->g.path = value;
	else if (strcmp(row->name, "user") == 0)
		l->g.user = true;
	else if (strcmp(row->name, "system") == 0)
		l->g.system = true;
}

static void read_option(struct line *l, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	const struct cfs_opt *row;

	if (strcmp(word, "--") == 0) {
		l->no_options = true;
		return;
	}
	row = word[1] == '-' ? find_option(l, word + 2, len) : NULL;
	if (!row)
		return;
	if (word[2 + len] == '=')
		note_repo(l, row, word + 2 + len + 1);
	else if (row->kind == CFS_OPT_FLAG || row->bare)
		note_repo(l, row, NULL);
	else
		l->value_of = row;
}

static void read_command(struct line *l, const char *word)
{
	const struct cfs_cmd *cmd = cmd_command_find(l->commands, word);

	if (!l->cmd && strcmp(word, "help") == 0) {
		l->help = true;
		return;
	}
	l->program = !l->cmd && !cmd && cmd_program_find(word);
	l->commands = cmd ? cmd->sub : NULL;
	l->cmd = cmd;
}

static void read_word(struct line *l, const char *word)
{
	if (l->value_of) {
		note_repo(l, l->value_of, word);
		l->value_of = NULL;
	} else if (!l->no_options && word[0] == '-' && word[1]) {
		read_option(l, word);
	} else if (l->commands) {
		read_command(l, word);
	} else {
		l->operands++;
	}
}

/* Prints a candidate if it begins with @typed. */
static void offer(const char *typed, const char *before, const char *text,
		  const char *help)
{
	char whole[512];

	snprintf(whole, sizeof(whole), "%s%s", before, text);
	if (strncmp(whole, typed, strlen(typed)) == 0)
		printf("%s\t%s\n", whole, help);
}

static void offer_options(const struct line *l, const char *typed)
{
	const struct cfs_opt *const tables[] = { l->cmd ? l->cmd->options
							: NULL,
						 cmd_globals_options };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(tables); i++) {
		const struct cfs_opt *row = tables[i];

		for (; row && row->name; row++)
			if (find_option(l, row->name, strlen(row->name)) == row)
				offer(typed, "--", row->name, row->help);
	}
}

static void offer_commands(const struct line *l, const char *typed)
{
	for (size_t i = 0; l->commands[i]; i++)
		offer(typed, "", l->commands[i]->name, l->commands[i]->help);
	if (l->cmd)
		return;
	for (const struct cfs_program *p = cmd_programs; p->name; p++)
		offer(typed, "", p->name, p->help);
	if (!l->help)
		offer(typed, "", "help", "print what a command takes");
}

struct images {
	const char *typed, *before;
};

static int offer_image(const char *name, const struct cfs_digest *id, void *arg,
		       struct cfs_err *err)
{
	const struct images *images = arg;

	(void)err;
	/* A name with a line break is no candidate. */
	if (id && !strpbrk(name, "\n\t"))
		offer(images->typed, images->before, name, "image");
	return 0;
}

/* No lock is taken: only names are read, and a shell does not wait. */
static void offer_images(struct line *l, const char *typed, const char *before)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct images images = { typed, before };
	struct cfs_err ignored;

	if (cmd_globals_finish(&l->g, &ignored) == 0 &&
	    cfs_repo_open(AT_FDCWD, l->g.repo, &repo, &ignored) > 0)
		(void)!cfs_ref_each(&repo, offer_image, &images, &ignored);
}

static void offer_kind(struct line *l, enum cfs_takes takes, const char *typed,
		       const char *before)
{
	if (takes == CFS_TAKES_FILE)
		puts(":files");
	else if (takes == CFS_TAKES_DIR)
		puts(":dirs");
	else if (takes == CFS_TAKES_IMAGE)
		offer_images(l, typed, before);
}

static void offer_values(struct line *l, const struct cfs_opt *row,
			 const char *typed, const char *before)
{
	for (size_t i = 0; row->choices && row->choices[i]; i++)
		offer(typed, before, row->choices[i], row->name);
	offer_kind(l, row->takes, typed, before);
}

/* "--name=" and a value. */
static void offer_attached(struct line *l, const char *typed)
{
	size_t len = strcspn(typed, "=");
	const struct cfs_opt *row = find_option(l, typed + 2, len - 2);
	char before[128];

	if (!row || row->kind == CFS_OPT_FLAG || len + 2 > sizeof(before))
		return;
	snprintf(before, sizeof(before), "%.*s=", (int)len, typed);
	offer_values(l, row, typed, before);
}

static void offer_operand(struct line *l, const char *typed)
{
	const struct cfs_operand *o = l->cmd->operands;

	for (int i = 0; i < l->operands && o->name; i++)
		if (!o->many)
			o++;
	if (o->name)
		offer_kind(l, o->takes, typed, "");
}

static void complete(struct line *l, const char *typed)
{
	if (l->value_of)
		offer_values(l, l->value_of, typed, "");
	else if (l->program)
		puts(":files");
	else if (!l->no_options && strncmp(typed, "--", 2) == 0 &&
		 strchr(typed, '='))
		offer_attached(l, typed);
	else if (!l->no_options && typed[0] == '-')
		offer_options(l, typed);
	else if (l->commands)
		offer_commands(l, typed);
	else if (l->cmd && !l->help)
		offer_operand(l, typed);
}

int cmd_complete(const struct cfs_cmd *const *commands, int argc, char **argv)
{
	struct line l = { .commands = commands, .g = CFS_GLOBALS_INIT };
	struct cfs_err err = { 0 };

	for (int i = 1; i < argc - 1 && !l.program; i++)
		read_word(&l, argv[i]);
	if (argc > 1)
		complete(&l, argv[argc - 1]);
	return cmd_flush(&err) < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
