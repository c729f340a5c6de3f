/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/suggest.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define WORD_MAX 63

static unsigned min(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* The optimal string alignment distance, three rows of its table at a time. */
unsigned cmd_distance(const char *a, const char *b)
{
	unsigned rows[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return CFS_DISTANCE_FAR;
	for (unsigned j = 0; j <= lb; j++)
		rows[0][j] = j;
	for (unsigned i = 1; i <= la; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3];

		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			row[j] = above[j - 1] + (a[i - 1] != b[j - 1]);
			row[j] = min(row[j], min(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = min(row[j],
					     rows[(i + 1) % 3][j - 2] + 1);
		}
	}
	return rows[la % 3][lb];
}

/* Is @word a beginning of @candidate, or one of its parts between dashes? */
static bool is_part(const char *word, const char *candidate)
{
	size_t len = strlen(word);

	if (len < 3)
		return false;
	if (strncmp(candidate, word, len) == 0)
		return true;
	for (const char *p = candidate; (p = strstr(p, word)); p++)
		if ((p == candidate || p[-1] == '-') &&
		    (p[len] == '\0' || p[len] == '-'))
			return true;
	return false;
}

void cmd_suggest_offer(struct cfs_suggest *s, const char *candidate)
{
	unsigned most = (unsigned)strlen(s->word) / 3, d;

	d = cmd_distance(s->word, candidate);
	if (d > min(most < 1 ? 1 : most, 3)) {
		if (!is_part(s->word, candidate))
			return;
		/* A typing mistake is the likelier explanation. */
		d = WORD_MAX;
	}
	if (s->n > 0 && d < s->best)
		s->n = 0;
	if ((s->n > 0 && d > s->best) || s->n == CFS_SUGGEST_MAX)
		return;
	for (unsigned i = 0; i < s->n; i++)
		if (strcmp(s->found[i], candidate) == 0)
			return;
	s->best = d;
	s->found[s->n++] = candidate;
}

const char *cmd_suggest_text(const struct cfs_suggest *s, char *text,
			     size_t size)
{
	size_t len = 0;

	text[0] = '\0';
	for (unsigned i = 0; i < s->n && len < size; i++) {
		const char *before = i == 0	    ? "; did you mean "
				     : i + 1 < s->n ? ", "
						    : " or ";

		len += (size_t)snprintf(text + len, size - len, "%s'%s%s'%s",
					before, s->quote ? s->quote : "",
					s->found[i], i + 1 < s->n ? "" : "?");
	}
	return text;
}
