/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/usage.h"

#include <string.h>

#include "base/buf.h"

#define LINE_MAX_CHARS 80
#define OPTION_COLUMN  24
#define COMMAND_COLUMN 40

/* The length of the next line of @text, of at most @room characters. */
static size_t fit(const char *text, size_t room)
{
	size_t len = strlen(text), at;

	if (len <= room)
		return len;
	for (at = room; at > 0 && text[at] != ' '; at--)
		;
	return at > 0 ? at : strcspn(text, " ");
}

void cmd_usage_line(FILE *to, const char *left, unsigned column,
		    const char *text)
{
	int n = fprintf(to, "%s", left);

	/* Two blanks keep the columns apart. */
	if (n > 0 && (unsigned)n + 2 > column) {
		fputc('\n', to);
		n = 0;
	}
	do {
		size_t len = fit(text, LINE_MAX_CHARS - column);

		fprintf(to, "%*s%.*s\n", (int)column - n, "", (int)len, text);
		text += len + (text[len] == ' ');
		n = 0;
	} while (*text);
}

static void add_value(struct cfs_buf *out, const struct cfs_opt *row)
{
	cfs_buf_addf(out, "--%s", row->name);
	if (row->bare)
		cfs_buf_addf(out, "[=%s]", row->value);
	else if (row->kind != CFS_OPT_FLAG)
		cfs_buf_addf(out, " %s", row->value);
}

void cmd_usage_options(FILE *to, const struct cfs_opt *rows)
{
	for (; rows->name; rows++) {
		CFS_AUTOBUF struct cfs_buf left = { 0 };

		cfs_buf_adds(&left, "  ");
		if (rows->letter)
			cfs_buf_addf(&left, "-%c, ", rows->letter);
		add_value(&left, rows);
		if (cfs_buf_text(&left))
			cmd_usage_line(to, (char *)left.data, OPTION_COLUMN,
				       rows->help);
	}
}

static void add_operands(struct cfs_buf *out, const struct cfs_cmd *cmd)
{
	for (const struct cfs_operand *o = cmd->operands; o->name; o++)
		cfs_buf_addf(out, " %s%s%s%s", o->optional ? "[" : "", o->name,
			     o->many ? "..." : "", o->optional ? "]" : "");
	if (cmd->needs)
		cfs_buf_addf(out, " %s", cmd->needs);
}

void cmd_usage_commands(FILE *to, const struct cfs_cmd *const *list,
			const char *group)
{
	for (; *list; list++) {
		const struct cfs_cmd *cmd = *list;
		CFS_AUTOBUF struct cfs_buf left = { 0 };

		cfs_buf_addf(&left, "%s%s%s", cmd->sub ? "" : "  ", group,
			     cmd->name);
		if (cmd->sub)
			cfs_buf_addc(&left, ' ');
		else
			add_operands(&left, cmd);
		if (!cfs_buf_text(&left))
			return;
		if (cmd->sub)
			cmd_usage_commands(to, cmd->sub, (char *)left.data);
		else
			cmd_usage_line(to, (char *)left.data, COMMAND_COLUMN,
				       cmd->help);
	}
}

void cmd_usage_synopsis(FILE *to, const struct cfs_cmd *cmd, const char *group)
{
	CFS_AUTOBUF struct cfs_buf line = { 0 };

	cfs_buf_addf(&line, "%s%s", group, cmd->name);
	if (cmd->sub)
		cfs_buf_addc(&line, ' ');
	else
		add_operands(&line, cmd);
	if (!cfs_buf_text(&line))
		return;
	if (!cmd->sub)
		fprintf(to, "usage: cfsctl [OPTION...] %s\n",
			(char *)line.data);
	for (size_t i = 0; cmd->sub && cmd->sub[i]; i++)
		cmd_usage_synopsis(to, cmd->sub[i], (char *)line.data);
}

void cmd_usage(FILE *to, const struct cfs_cmd *cmd, const char *group)
{
	cmd_usage_synopsis(to, cmd, group);
	fputc('\n', to);
	cmd_usage_line(to, "", 0, cmd->help);
	if (cmd->alias)
		fprintf(to, "\nAlso called %s%s.\n", group, cmd->alias);
	if (cmd->options) {
		fputc('\n', to);
		cmd_usage_options(to, cmd->options);
	}
	if (cmd->more)
		fprintf(to, "\n%s", cmd->more);
	if (cmd->sub) {
		fputc('\n', to);
		cmd_usage_commands(
			to, (const struct cfs_cmd *const[]){ cmd, NULL }, "");
	}
}
