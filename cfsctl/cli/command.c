/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/command.h"

#include <string.h>

const struct cfs_cmd *cmd_command_find(const struct cfs_cmd *const *list,
				       const char *name)
{
	for (; *list; list++)
		if (strcmp((*list)->name, name) == 0 ||
		    ((*list)->alias && strcmp((*list)->alias, name) == 0))
			return *list;
	return NULL;
}

/* The operand after @o that is to be given, from @o on. */
static const struct cfs_operand *next(const struct cfs_operand *o,
				      const struct cfs_opt_table *given)
{
	while (o->name && o->unless && cmd_option_given(given, o->unless))
		o++;
	return o;
}

int cmd_command_count(const struct cfs_cmd *cmd,
		      const struct cfs_opt_table *given, int n,
		      char *const *operand, struct cfs_err *err)
{
	const struct cfs_operand *o = next(cmd->operands, given);
	bool enough = false;

	for (int i = 0; i < n; i++) {
		if (!o->name)
			return cfs_fail(err, CFS_EUSAGE,
					"unexpected operand '%s'", operand[i]);
		/* One is enough of an operand that may be repeated. */
		enough = o->many;
		if (!o->many)
			o = next(o + 1, given);
	}
	if (o->name && !o->optional && !enough)
		return cfs_fail(err, CFS_EUSAGE, "%s is missing", o->name);
	return 0;
}
