/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/fuse/session.h"

static const char dump[] = "/ 4096 40755 3 0 0 0 1.5 - - -\n"
			   "/d 0 40700 2 0 0 0 3.0 - - -\n"
			   "/d/f 3 100644 1 0 0 0 1.0 - abc -\n";

TEST(fuse_has_a_number_of_its_own_for_the_root)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	uint64_t root = cfs_erofs_view_root(k->server.view);

	CHECK(root != FUSE_ROOT_ID);
	CHECK_EQ(cfs_fuse_nid(&k->server, FUSE_ROOT_ID), root);
	CHECK_EQ(cfs_fuse_nid(&k->server, 4711), 4711);
	stop_kernel(k);
}

TEST(a_fault_is_reported_by_the_path_of_the_file)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	struct cfs_err fault = { 0 };
	struct fuse_entry_out f;

	CHECK(ask_lookup(k, number_of(k, "d"), "f", &f) > 0);
	CHECK_EQ(cfs_fail(&fault, EIO, "no good"), -EIO);
	cfs_fuse_report(&k->server, f.nodeid, &fault);
	CHECK_STR(k->lines, "/d/f: no good\n");
	cfs_fuse_report(&k->server, 1234567, &fault);
	CHECK_STR(k->lines, "/d/f: no good\ninode 1234567: no good\n");
	CHECK_STR(fault.msg, "no good");
	stop_kernel(k);
}

TEST(what_is_no_image_is_refused)
{
	static const uint8_t junk[8192] = { 1, 2, 3 };
	struct cfs_fuse_params params = { .image = { junk, sizeof(junk) } };
	struct cfs_fuse_server server;
	struct cfs_err err = { 0 };

	CHECK_EQ(cfs_fuse_server_init(&server, &params, &err), -EBADMSG);
	cfs_fuse_server_free(&server);
	params.image.len = 0;
	CHECK_EQ(cfs_fuse_server_init(&server, &params, &err), -EBADMSG);
	cfs_fuse_server_free(&server);
}
