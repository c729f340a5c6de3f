/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A shared library of others that is loaded when it is first needed, and not
 * when the program starts: loading libcrypto takes longer than making a small
 * image, and most commands never call it.
 *
 * The header that wraps a library (base/libcrypto.h, disk/libext2fs.h,
 * tree/libpcre2.h) lists the names it takes from it, makes a struct of typed
 * pointers of the list and lets each name stand for its pointer.  Callers call
 * the library by its ordinary names, after its load function has succeeded once.
 */
#ifndef CFS_BASE_LIBRARY_H
#define CFS_BASE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cfs_library {
	const char *soname;
	const char *install; /* what the user lacks when it is not there */
	/* The symbols, each with its '\0', and where their addresses go: as
	 * many pointers, in the same order. */
	const char *names;
	size_t names_size;
	void *table;
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
	bool is_loaded;
};

/*
 * Loads @library and fills its table; the second time does nothing.  Safe to
 * call from several threads.  It stays loaded for as long as the program runs.
 *
 * Errors: -ELIBACC it is not there, or has not all of the names; the table is
 * then as it was.
 */
int cfs_library_load(struct cfs_library *library,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Says in the binary itself that @soname is loaded at run time, for what makes
 * packages and initramfs images and looks for dependencies.  @priority:
 * "required", "recommended" or "suggested".
 * Source: systemd docs/ELF_DLOPEN_METADATA.md (type 0x407c0c0a, owner "FDO").
 */
#define CFS_LIBRARY_NOTE(soname, feature, description, priority)  \
	CFS_LIBRARY_NOTE_TEXT("[{\"feature\":\"" feature          \
			      "\",\"description\":\"" description \
			      "\",\"priority\":\"" priority       \
			      "\",\"soname\":[\"" soname "\"]}]")
#define CFS_LIBRARY_NOTE_TEXT(text)                       \
	__attribute__((used, section(".note.dlopen"),     \
		       aligned(4))) static const struct { \
		unsigned name_size, text_size, type;      \
		char name[4], json[sizeof(text)];         \
	} library_note = { 4, sizeof(text), 0x407c0c0a, "FDO", text }

#endif
