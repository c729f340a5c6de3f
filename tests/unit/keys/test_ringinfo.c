/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/ringinfo.h"

#include "tests/fake/keyutils.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;

static void add(const char *name)
{
	struct cfs_certs certs = { 0 };
	char path[128];
	cfs_key key;

	snprintf(path, sizeof(path), VECTORS "%s.pem", name);
	CHECK_EQ(cfs_certs_add_file(&certs, path, &err), 1);
	CHECK_EQ(cfs_keyring_add(FAKE_RING, &certs.v[0], &key, &err), 0);
	cfs_certs_free(&certs);
}

TEST(a_ring_is_inspected_before_and_after_it_is_locked)
{
	struct cfs_ring_info info;

	fake_keys_reset();
	add("rsa");
	CHECK_EQ(cfs_ring_inspect(FAKE_RING, &info, &err), 0);
	CHECK(!info.locked);
	CHECK(info.readable);
	CHECK_EQ(info.keys, 1);
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), 0);
	fake_keys.read_errno = EACCES;
	CHECK_EQ(cfs_ring_inspect(FAKE_RING, &info, &err), 0);
	CHECK(info.locked && !info.readable);
	/* this machine's /proc/keys does not list the fake */
	CHECK_EQ(info.keys, -1);
}

TEST(what_the_kernel_does_not_describe_is_an_error)
{
	struct cfs_ring_info info;

	fake_keys = (struct fake_keys){ .description = "nonsense" };
	CHECK_EQ(cfs_ring_inspect(FAKE_RING, &info, &err), -EINVAL);
}
