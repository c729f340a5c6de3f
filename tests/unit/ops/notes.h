/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Notes (ops/note.h) that are kept for a test to look at. */
#ifndef CFS_TESTS_UNIT_OPS_NOTES_H
#define CFS_TESTS_UNIT_OPS_NOTES_H

#include "ops/note.h"
#include "tests/test.h"

#define NOTES_MAX 16

static unsigned notes_seen;
static struct {
	enum cfs_note_code code;
	uint64_t n;
	char what[256];
} notes_kept[NOTES_MAX];

static void notes_keep(void *arg, const struct cfs_note *note)
{
	(void)arg;
	CHECK(notes_seen < NOTES_MAX);
	notes_kept[notes_seen].code = note->code;
	notes_kept[notes_seen].n = note->n;
	snprintf(notes_kept[notes_seen].what, sizeof(notes_kept[0].what), "%s",
		 note->what ? note->what : "");
	notes_seen++;
}

static const struct cfs_notes notes = { .note = notes_keep };

static inline void notes_clear(void)
{
	notes_seen = 0;
}

/* The index of the one note with @code; NOTES_MAX: there is none. */
static inline unsigned notes_find(enum cfs_note_code code)
{
	unsigned found = NOTES_MAX;

	for (unsigned i = 0; i < notes_seen; i++) {
		if (notes_kept[i].code != code)
			continue;
		CHECK(found == NOTES_MAX);
		found = i;
	}
	return found;
}

static inline int notes_have(enum cfs_note_code code)
{
	return notes_find(code) < NOTES_MAX;
}

static inline uint64_t notes_n(enum cfs_note_code code)
{
	CHECK(notes_have(code));
	return notes_kept[notes_find(code)].n;
}

static inline const char *notes_what(enum cfs_note_code code)
{
	CHECK(notes_have(code));
	return notes_kept[notes_find(code)].what;
}

#endif
