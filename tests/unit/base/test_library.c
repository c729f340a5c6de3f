/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/library.h"

#include <math.h>

#include "tests/test.h"

static struct cfs_err err;

static const char two[] = "fabs\0fmax\0";

static struct {
	double (*fabs)(double);
	double (*fmax)(double, double);
} table;

static struct cfs_library libm(const char *soname, const char *names)
{
	return (struct cfs_library){
		.soname = soname,
		.install = "the C library",
		.names = names,
		.names_size = sizeof(two) - 1,
		.table = &table,
		.lock = PTHREAD_MUTEX_INITIALIZER,
	};
}

TEST(a_library_is_loaded_once_and_its_functions_can_be_called)
{
	struct cfs_library library = libm("libm.so.6", two);

	CHECK(!cfs_library_is_loaded(&library));
	CHECK_EQ(cfs_library_load(&library, &err), 0);
	CHECK(cfs_library_is_loaded(&library));
	CHECK_EQ(table.fabs(-3), 3);
	CHECK_EQ(table.fmax(1, 2), 2);
	table.fabs = NULL;
	CHECK_EQ(cfs_library_load(&library, &err), 0);
	CHECK(!table.fabs);
}

TEST(a_library_that_is_not_there_is_named_with_what_to_install)
{
	struct cfs_library library = libm("libcfs-none.so.1", two);

	table.fabs = NULL;
	CHECK_EQ(cfs_library_load(&library, &err), -ELIBACC);
	CHECK(strstr(err.msg, "libcfs-none.so.1") &&
	      strstr(err.msg, ": install the C library"));
	CHECK(!table.fabs);
}

TEST(a_library_without_one_of_the_functions_is_refused_whole)
{
	struct cfs_library library = libm("libm.so.6", "fabs\0cfs_\0");

	table.fabs = NULL;
	CHECK_EQ(cfs_library_load(&library, &err), -ELIBACC);
	CHECK(strstr(err.msg, "libm.so.6 has no cfs_: "));
	CHECK(!cfs_library_is_loaded(&library));
	CHECK(!table.fabs);
	/* Asked again, it says so again. */
	CHECK_EQ(cfs_library_load(&library, &err), -ELIBACC);
}
