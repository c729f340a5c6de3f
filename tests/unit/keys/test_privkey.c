/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/privkey.h"

#include <openssl/evp.h>

#include "tests/test.h"
#include "tests/unit/keys/pairs.h"

static struct cfs_err err;

TEST(a_pem_file_is_loaded)
{
	struct cfs_privkey key = { 0 };

	pair_make("k", "rsa:2048");
	CHECK_EQ(cfs_privkey_load(pair_path("k.key"), &key, &err), 0);
	CHECK(key.key);
	CHECK_EQ(EVP_PKEY_get_bits(key.key), 2048);
	cfs_privkey_free(&key);
}

TEST(what_is_no_key_is_refused)
{
	struct cfs_privkey key = { 0 };

	pair_make("l", "rsa:2048");
	CHECK_EQ(cfs_privkey_load(pair_path("l.pem"), &key, &err), -EBADMSG);
	CHECK(strstr(err.msg, "l.pem"));
	CHECK_EQ(cfs_privkey_load("/nonexistent", &key, &err), -ENOENT);
	CHECK(!key.key);
}

/* Without the provider -ENOPKG, with it and no such token -ENOENT. */
TEST(a_token_that_is_not_there_is_refused_and_its_pin_kept_quiet)
{
	struct cfs_privkey key = { 0 };
	int r = cfs_privkey_load("pkcs11:token=none-such?pin-value=31337", &key,
				 &err);

	CHECK(r == -ENOPKG || r == -ENOENT);
	CHECK(!key.key && !key.ctx && !strstr(err.msg, "31337"));
	if (r == -ENOPKG)
		CHECK(strstr(err.msg, "pkcs11-provider"));
}
