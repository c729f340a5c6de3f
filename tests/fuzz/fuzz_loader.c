/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two texts, divided by a NUL: as versions they are in one order whichever is
 * asked for first, a pattern matches what a slower search says, and a name
 * without its counters has none.
 */
#include <assert.h>
#include <string.h>

#include "boot/loader.h"
#include "boot/version.h"
#include "tests/fuzz/fuzz.h"

#define SHORT 12 /* characters that the slower search takes */

static int sign(int r)
{
	return (r > 0) - (r < 0);
}

/* The same with one star at a time, by trying all that it can stand for. */
static bool match(const char *pattern, const char *id)
{
	const char *star = strchr(pattern, '*');
	char head[SHORT + 1] = { 0 }, start[SHORT + 1] = { 0 };

	/* A star that is escaped or in a set is left to the other search. */
	if (!star || strpbrk(pattern, "\\["))
		return cfs_loader_match(pattern, id);
	memcpy(head, pattern, (size_t)(star - pattern));
	for (size_t n = 0; n <= strlen(id); n++) {
		memcpy(start, id, n);
		start[n] = '\0';
		if (!cfs_loader_match(head, start))
			continue;
		for (size_t m = n; m <= strlen(id); m++)
			if (match(star + 1, id + m))
				return true;
	}
	return false;
}

static void check_name(const char *name)
{
	CFS_AUTOBUF struct cfs_buf id = { 0 };
	int left, done;

	cfs_boot_entry_name(name, ".conf", &id, &left, &done);
	assert((left < 0) == (done < 0));
	assert(id.len <= strlen(name));
	assert(left >= 0 || id.len == strlen(name));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const char *a, *b;

	cfs_buf_add(&text, data, size);
	cfs_buf_addz(&text, 2);
	a = (char *)text.data;
	b = a + strlen(a) + 1;
	assert(cfs_version_compare(a, a) == 0);
	assert(sign(cfs_version_compare(a, b)) ==
	       -sign(cfs_version_compare(b, a)));
	if (strlen(a) <= SHORT && strlen(b) <= SHORT)
		assert(cfs_loader_match(a, b) == match(a, b));
	else
		(void)cfs_loader_match(a, b);
	check_name(a);
	return 0;
}
