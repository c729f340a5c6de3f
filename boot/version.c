/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Both texts are read in step, a mark, number or word at a time, until a part
 * differs.  Each function moves both behind what it has compared.
 */
#include "boot/version.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Other characters only separate. */
static void skip_others(const char **at)
{
	while (**at && !is_digit(**at) && !is_letter(**at) &&
	       !strchr("~-^.", **at))
		(*at)++;
}

static int order(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

/* Does either begin with @mark?  Then the one that does is older; if both do,
 * they go on behind it. */
static int compare_mark(const char **a, const char **b, char mark)
{
	bool in_a = **a == mark, in_b = **b == mark;

	*a += in_a && in_b;
	*b += in_a && in_b;
	return in_b - in_a;
}

static size_t span(const char *text, bool (*belongs)(char c))
{
	size_t n = 0;

	while (belongs(text[n]))
		n++;
	return n;
}

/* Numbers of any length; a text without one is older than one with it. */
/* Leading zeros do not count, and the longer of two numbers is the larger, so
 * numbers may have any length. */
static int compare_numbers(const char **a, const char **b)
{
	size_t n = span(*a, is_digit), m = span(*b, is_digit);
	const char *end_a = *a + n, *end_b = *b + m;
	int r = order(n > 0, m > 0);

	*a += strspn(*a, "0");
	*b += strspn(*b, "0");
	if (r == 0)
		r = order((size_t)(end_a - *a), (size_t)(end_b - *b));
	if (r == 0)
		r = memcmp(*a, *b, (size_t)(end_a - *a));
	*a = end_a;
	*b = end_b;
	return r;
}

static int compare_words(const char **a, const char **b)
{
	size_t n = span(*a, is_letter), m = span(*b, is_letter);
	int r = memcmp(*a, *b, n < m ? n : m);

	*a += n;
	*b += m;
	return r ? r : order(n, m);
}

/* Compares the next mark, number or word, and moves both texts past it. */
static int compare_part(const char **a, const char **b)
{
	int r = 0;

	for (const char *mark = "-^."; r == 0 && *mark; mark++)
		r = compare_mark(a, b, *mark);
	if (r)
		return r;
	return is_digit(**a) || is_digit(**b) ? compare_numbers(a, b)
					      : compare_words(a, b);
}

int cfs_version_compare(const char *a, const char *b)
{
	int r = 0;

	a = a ? a : "";
	b = b ? b : "";
	while (r == 0) {
		skip_others(&a);
		skip_others(&b);
		r = compare_mark(&a, &b, '~');
		if (r == 0 && (!*a || !*b))
			return (*a != '\0') - (*b != '\0');
		if (r == 0)
			r = compare_part(&a, &b);
	}
	return r;
}
