/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/table.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void cmd_table_free(struct cfs_table_text *table)
{
	cfs_buf_free(&table->text);
}

/* Characters, not bytes: UTF-8's further bytes take no room. */
static size_t width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

void cmd_table_add(struct cfs_table_text *table, const char *cell)
{
	size_t *widest = &table->width[table->cells % table->columns];
	size_t start = table->text.len, width;
	char *text;

	cfs_buf_add(&table->text, cell, strlen(cell) + 1);
	if (table->text.failed)
		return;
	text = (char *)table->text.data + start;
	table->text.len = start + strlen(cfs_text_clean(text)) + 1;
	width = width_of(text);
	if (width > *widest)
		*widest = width;
	table->cells++;
}

static void rule(const struct cfs_table_text *table, const char *left,
		 const char *line, const char *between, const char *right)
{
	fputs(left, stdout);
	for (unsigned c = 0; c < table->columns; c++) {
		if (c > 0)
			fputs(between, stdout);
		for (size_t i = 0; i < table->width[c] + 2; i++)
			fputs(line, stdout);
	}
	puts(right);
}

int cmd_table_print(const struct cfs_table_text *table, struct cfs_err *err)
{
	const char *cell = (const char *)table->text.data;

	if (cfs_buf_check(&table->text, err) < 0)
		return -err->code;
	rule(table, "┌", "─", "┬", "┐");
	for (unsigned i = 0; i < table->cells; i++) {
		unsigned column = i % table->columns;
		int pad = (int)(table->width[column] - width_of(cell));

		if (column == 0 && i == table->columns)
			rule(table, "╞", "═", "╪", "╡");
		else if (column == 0 && i > 0)
			rule(table, "├", "╌", "┼", "┤");
		printf("%s %s%*s ", column ? "┆" : "│", cell, pad, "");
		if (column + 1 == table->columns)
			puts("│");
		cell += strlen(cell) + 1;
	}
	rule(table, "└", "─", "┴", "┘");
	return 0;
}
