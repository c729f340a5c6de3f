/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/passthrough.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "tests/test.h"

TEST(what_is_no_session_takes_no_file)
{
	CFS_AUTOFD int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	CHECK(file >= 0);
	CHECK_EQ(cfs_fuse_backing_open(file, file), -ENOTTY);
	CHECK_EQ(cfs_fuse_backing_open(-1, file), -EBADF);
	cfs_fuse_backing_close(file, 1);
	cfs_fuse_backing_close(-1, 1);
}

/* /dev/fuse of a session that has not begun, if this machine has it. */
TEST(a_session_takes_no_file_before_it_has_agreed_on_that)
{
	CFS_AUTOFD int session = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	CFS_AUTOFD int file = memfd_create("file", MFD_CLOEXEC);

	if (session >= 0)
		CHECK(cfs_fuse_backing_open(session, file) < 0);
}
