/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/table.h"

#include "tests/test.h"

static struct cfs_err err;

/* What is printed on stdout, captured. */
static const char *print(const struct cfs_table_text *table)
{
	static char have[65536];
	CFS_AUTOFILE FILE *f = tmpfile();
	int saved = dup(STDOUT_FILENO);

	CHECK(f && saved >= 0);
	fflush(stdout);
	CHECK(dup2(fileno(f), STDOUT_FILENO) >= 0);
	CHECK_EQ(cmd_table_print(table, &err), 0);
	fflush(stdout);
	CHECK(dup2(saved, STDOUT_FILENO) >= 0);
	CHECK_EQ(close(saved), 0);
	rewind(f);
	have[fread(have, 1, sizeof(have) - 1, f)] = '\0';
	return have;
}

TEST(a_table_is_as_wide_as_its_cells)
{
	CFS_AUTOTABLE struct cfs_table_text table = { .columns = 2 };

	cmd_table_add(&table, "NAME");
	cmd_table_add(&table, "D");
	cmd_table_add(&table, "\xc3\xbc");
	cmd_table_add(&table, "12");
	CHECK_STR(print(&table), "┌──────┬────┐\n"
				 "│ NAME ┆ D  │\n"
				 "╞══════╪════╡\n"
				 "│ ü    ┆ 12 │\n"
				 "└──────┴────┘\n");
}

TEST(cells_are_fit_to_be_printed)
{
	CFS_AUTOTABLE struct cfs_table_text table = { .columns = 2 };

	cmd_table_add(&table, "a\nb\xc2\x9b");
	cmd_table_add(&table, "\xff");
	cmd_table_add(&table, "c");
	cmd_table_add(&table, "\x1b[31m");
	CHECK_STR(print(&table), "┌──────┬───────┐\n"
				 "│ a?b? ┆ ?     │\n"
				 "╞══════╪═══════╡\n"
				 "│ c    ┆ ?[31m │\n"
				 "└──────┴───────┘\n");
}
