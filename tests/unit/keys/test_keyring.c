/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/keyring.h"

#include "keys/ringinfo.h"
#include "keys/x509.h"
#include "tests/fake/keyutils.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;

static int add_named(const char *name, cfs_key *ret)
{
	struct cfs_certs certs = { 0 };
	char path[128];
	int r;

	snprintf(path, sizeof(path), VECTORS "%s.pem", name);
	CHECK_EQ(cfs_certs_add_file(&certs, path, &err), 1);
	r = cfs_keyring_add(FAKE_RING, &certs.v[0], ret, &err);
	cfs_certs_free(&certs);
	return r;
}

TEST(the_ring_is_found_by_its_name)
{
	cfs_key ring = 0;

	fake_keys_reset();
	CHECK_EQ(cfs_keyring_find(&ring, &err), 1);
	CHECK_EQ(ring, FAKE_RING);
}

/* A machine whose kernel has the ring, and where we may not see it, says
 * -EACCES; one without fs-verity signatures 0: both are no ring. */
TEST(a_ring_that_is_not_there_or_not_the_kernels_is_not_used)
{
	static const char *const others[] = {
		"keyring;1000;0;3f3f0000;.fs-verity",
		"keyring;0;0;082f0000;.fs-verity2",
		"user;0;0;082f0000;.fs-verity",
		"keyring;0;0;082f0000",
		"",
	};
	cfs_key ring = 5;
	int r;

	fake_keys = (struct fake_keys){ .find_errno = ENOKEY };
	r = cfs_keyring_find(&ring, &err);
	CHECK((r == 0 || r == -EACCES));
	CHECK_EQ(ring, 5);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(others); i++) {
		fake_keys = (struct fake_keys){ .description = others[i] };
		r = cfs_keyring_find(&ring, &err);
		CHECK((r == 0 || r == -EACCES));
		CHECK_EQ(ring, 5);
	}
}

TEST(certificates_are_added_and_counted)
{
	cfs_key key = 0;

	fake_keys_reset();
	CHECK_EQ(cfs_keyring_count(FAKE_RING, &err), 0);
	CHECK_EQ(add_named("rsa", &key), 0);
	CHECK(key > 0);
	CHECK_EQ(add_named("ec", &key), 0);
	CHECK_EQ(cfs_keyring_count(FAKE_RING, &err), 2);
	fake_keys.read_errno = EACCES;
	CHECK_EQ(cfs_keyring_count(FAKE_RING, &err), -EACCES);
}

static int collect(cfs_key key, const char *name, void *arg, struct cfs_err *e)
{
	char(*names)[CFS_KEY_TEXT_MAX] = arg;
	int i = names[0][0] ? 1 : 0;

	CHECK(key > 0 && strlen(name) < CFS_KEY_TEXT_MAX);
	strcpy(names[i], name);
	return i == 1 ? cfs_fail(e, EXFULL, "enough") : 0;
}

TEST(every_key_is_named_until_the_caller_has_enough)
{
	char names[2][CFS_KEY_TEXT_MAX] = { "", "" };
	cfs_key key;

	fake_keys_reset();
	CHECK_EQ(cfs_keyring_each(FAKE_RING, collect, names, &err), 0);
	CHECK(!names[0][0]);
	CHECK_EQ(add_named("rsa", &key), 0);
	CHECK_EQ(cfs_keyring_each(FAKE_RING, collect, names, &err), 0);
	fake_keys.stranger = "CN=other: 0102";
	names[0][0] = '\0';
	CHECK_EQ(cfs_keyring_each(FAKE_RING, collect, names, &err), -EXFULL);
	CHECK_STR(names[1], "CN=other: 0102");
	fake_keys.read_errno = EACCES;
	CHECK_EQ(cfs_keyring_each(FAKE_RING, collect, names, &err), -EACCES);
}

/* The kernel would call both "composefs test renewed: <key identifier>". */
TEST(a_renewed_certificate_does_not_displace_the_old_one)
{
	char names[2][CFS_KEY_TEXT_MAX] = { "", "" };
	struct cfs_certs certs = { 0 };
	struct cfs_cert_info info;
	cfs_key key;

	fake_keys_reset();
	CHECK_EQ(add_named("before", &key), 0);
	CHECK_EQ(add_named("renewed", &key), 0);
	CHECK_EQ(cfs_keyring_count(FAKE_RING, &err), 2);
	CHECK_EQ(add_named("before", &key), 0);
	CHECK_EQ(cfs_keyring_count(FAKE_RING, &err), 2);
	CHECK_EQ(cfs_certs_add_file(&certs, VECTORS "renewed.pem", &err), 1);
	CHECK_EQ(cfs_cert_describe(&certs.v[0], &info, &err), 0);
	CHECK_EQ(cfs_keyring_each(FAKE_RING, collect, names, &err), -EXFULL);
	for (int i = 0; i < 2; i++)
		CHECK_EQ(strncmp(names[i], "sha256:", 7), 0);
	CHECK(strcmp(names[0] + 7, info.fingerprint) == 0 ||
	      strcmp(names[1] + 7, info.fingerprint) == 0);
	cfs_certs_free(&certs);
}

/* Source: sealing table 7.3: what kernels answer to add_key(2). */
TEST(a_refusal_says_what_it_means)
{
	static const struct {
		int code;
		const char *words;
	} table[] = {
		{ EPERM, "locked until the next boot" },
		{ EACCES, "only root" },
		{ EBADMSG, "X.509" },
		{ ENOPKG, "algorithm" },
		{ ENOENT, "algorithm" },
		{ EINVAL, "size" },
		{ ENODEV, "CONFIG_ASYMMETRIC_KEY_TYPE" },
		{ EDQUOT, "quota" },
		{ ENOMEM, "memory" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(table); i++) {
		cfs_key key = 7;

		fake_keys = (struct fake_keys){ .add_errno = table[i].code };
		CHECK_EQ(add_named("rsa", &key), -table[i].code);
		CHECK_EQ(key, 7);
		CHECK(strstr(err.msg, table[i].words));
		CHECK(strstr(err.msg, "rsa.pem"));
	}
}

TEST(a_locked_ring_takes_no_more_and_locks_again)
{
	cfs_key key;

	fake_keys_reset();
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), 0);
	/* possessor search, owner view: sealing 7.4 */
	CHECK_EQ(fake_keys.perm, 0x08010000);
	CHECK(fake_keys.restricted);
	CHECK_EQ(add_named("rsa", &key), -EPERM);
	fake_keys.restrict_errno = fake_keys.setperm_errno = EACCES;
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), 0);
}

TEST(a_half_locked_ring_is_locked_wholly)
{
	fake_keys = (struct fake_keys){ .restricted = 1 };
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), 0);
	CHECK_EQ(fake_keys.perm, 0x08010000);
}

TEST(a_lock_that_does_not_hold_is_an_error)
{
	fake_keys = (struct fake_keys){ .restrict_errno = EACCES };
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), -EACCES);
	fake_keys = (struct fake_keys){ .setperm_errno = EACCES };
	CHECK_EQ(cfs_keyring_lock(FAKE_RING, &err), -EACCES);
}
