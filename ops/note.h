/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a verb does in spite of, as records: the warnings of its faces. */
#ifndef CFS_OPS_NOTE_H
#define CFS_OPS_NOTE_H

#include <stdint.h>

enum cfs_note_code {
	/* The root directory @where lacks @what; the system it boots cannot
	 * keep changes there. */
	CFS_NOTE_NO_STATE,
	/* The root directory @where lacks @what, without which it does not
	 * boot. */
	CFS_NOTE_NO_BOOT,
	/* Line @n of etc/fstab below @where mounts the root, as composefs
	 * does. */
	CFS_NOTE_FSTAB,
	/* The xattr @what is dropped with others, and with it what it said:
	 * that directories are opaque to overlayfs. */
	CFS_NOTE_OPAQUE_XATTR,
	/* @n opaque directories that hold whiteouts, @where first, are no
	 * longer opaque in an image of @format. */
	CFS_NOTE_OPAQUE_LOST,
	/* @n whiteouts, @where first, delete nothing when an image of @format
	 * is mounted. */
	CFS_NOTE_WHITEOUTS,
};

/* Strings are borrowed, valid during the call, and not fit to be printed
 * (base/text.h).  Members that the code does not name are 0. */
struct cfs_note {
	enum cfs_note_code code;
	const char *where;
	const char *what;
	uint64_t n;
	unsigned format; /* of images: 0, 1 or 2 */
};

/* Who is told.  A NULL pointer to this struct: nobody. */
struct cfs_notes {
	void (*note)(void *arg, const struct cfs_note *note);
	void *arg;
};

static inline void cfs_notes_add(const struct cfs_notes *notes,
				 const struct cfs_note *note)
{
	if (notes)
		notes->note(notes->arg, note);
}

#endif
