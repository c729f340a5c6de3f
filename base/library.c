/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Libraries that most commands do not need are loaded when they are first
 * called.  Loading and relocating libcrypto alone would take about half the
 * time that a small image takes.
 */
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

static int find_all(const struct cfs_library *library, void *handle,
		    void **table, struct cfs_err *err)
{
	const char *name = library->names;
	const char *end = name + library->names_size;

	for (; name < end; name += strlen(name) + 1) {
		*table = dlsym(handle, name);
		if (!*table++)
			return cfs_fail(err, ELIBACC,
					"%s has no %s: another version than "
					"this program was built for; install "
					"%s",
					library->soname, name,
					library->install);
	}
	return 0;
}

static size_t count(const struct cfs_library *library)
{
	size_t n = 0;

	for (size_t i = 0; i < library->names_size; i++)
		n += library->names[i] == '\0';
	return n;
}

static int load(const struct cfs_library *library, struct cfs_err *err)
{
	size_t n = count(library);
	CFS_AUTOFREE void **table = calloc(n, sizeof(*table));
	void *handle;
	int r;

	if (!table)
		return cfs_no_memory(err);
	handle = dlopen(library->soname, RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return cfs_fail(err, ELIBACC, "load a library: %s: install %s",
				dlerror(), library->install);
	r = find_all(library, handle, table, err);
	if (r < 0) {
		(void)dlclose(handle);
		return r;
	}
	/* The table's members are function pointers of different types, so that
	 * no assignment would fit all of them. */
	memcpy(library->table, table, n * sizeof(*table));
	return 0;
}

int cfs_library_load(struct cfs_library *library, struct cfs_err *err)
{
	int r = 0;

	(void)pthread_mutex_lock(&library->lock);
	if (!library->is_loaded) {
		r = load(library, err);
		library->is_loaded = r == 0;
	}
	(void)pthread_mutex_unlock(&library->lock);
	return r;
}

bool cfs_library_is_loaded(struct cfs_library *library)
{
	bool loaded;

	(void)pthread_mutex_lock(&library->lock);
	loaded = library->is_loaded;
	(void)pthread_mutex_unlock(&library->lock);
	return loaded;
}
