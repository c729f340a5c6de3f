/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Shared libraries that are loaded when they are first needed, and not when the
 * program starts: loading libcrypto takes longer than making a small image, and
 * most commands never call it.
 *
 * The header that wraps a library (base/libcrypto.h, disk/libext2fs.h,
 * tree/selinux/libpcre2.h) lists the functions it uses, declares a struct with
 * a typed pointer for each, and defines each name as a macro for its pointer.
 * Callers use the library's ordinary names, once its load function has
 * succeeded.
 */
#ifndef CFS_BASE_LIBRARY_H
#define CFS_BASE_LIBRARY_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cfs_library {
	const char *soname;
	const char *install; /* what the user should install if it is missing */
	/* The symbols, each terminated by '\0', and the table of pointers that
	 * receives their addresses in the same order. */
	const char *names;
	size_t names_size;
	void *table;
	pthread_mutex_t lock; /* PTHREAD_MUTEX_INITIALIZER */
	bool is_loaded;
};

/*
 * Loads @library and fills its table, unless that was done before.  May be
 * called by several threads.  The library stays loaded until the program ends.
 *
 * Errors: -ELIBACC if the library or one of its symbols is missing; the table
 * is then unchanged.
 */
int cfs_library_load(struct cfs_library *library,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Has @library been loaded? */
bool cfs_library_is_loaded(struct cfs_library *library) CFS_NONNULL;

/*
 * Records in the binary that @soname is loaded at run time, for tools that look
 * for the dependencies of a package or an initramfs.  @priority: "required",
 * "recommended" or "suggested".
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
