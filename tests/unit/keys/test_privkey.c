/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/privkey.h"

#include <openssl/evp.h>

#include "keys/x509.h"
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

/* Is the key of the file @name, which openssl(1) makes by @command of "$K", the
 * one of the certificate? */
static void check_form(const char *name, const char *how, const char *command)
{
	struct cfs_privkey key = { 0 };
	struct cfs_certs certs = { 0 };
	EVP_PKEY *own = NULL;
	char text[2048];

	pair_make("f", how);
	snprintf(text, sizeof(text), "K='%s'; { %s; } > '%s' 2>/dev/null",
		 pair_path("f.key"), command, pair_path(name));
	CHECK(system(text) == 0);
	CHECK_EQ(cfs_privkey_load(pair_path(name), &key, &err), 0);
	CHECK_EQ(cfs_certs_add_file(&certs, pair_path("f.pem"), &err), 1);
	CHECK_EQ(cfs_cert_key(&certs.v[0], &own, &err), 0);
	CHECK_EQ(EVP_PKEY_eq(own, key.key), 1);
	EVP_PKEY_free(own);
	cfs_certs_free(&certs);
	cfs_privkey_free(&key);
}

TEST(keys_are_loaded_in_all_forms_that_openssl_writes)
{
	static const char ec[] = "ec -pkeyopt ec_paramgen_curve:P-256";

	check_form("pkcs8", "rsa:2048", "cat \"$K\"");
	check_form("after", "rsa:2048", "echo 'Vendor, 2026'; cat \"$K\"");
	check_form("rsa", "rsa:2048", "openssl rsa -traditional -in \"$K\"");
	check_form("rsa3", "rsa:3072", "cat \"$K\"");
	check_form("ec", ec, "cat \"$K\"");
	check_form("ec1", ec, "openssl ec -in \"$K\"");
	check_form("params", ec,
		   "openssl ecparam -name P-256; openssl ec -in \"$K\"");
	check_form("cert", "rsa:2048", "cat \"${K%key}pem\" \"$K\"");
}

static int load_changed(const char *command)
{
	struct cfs_privkey key = { 0 };
	char text[2048];

	snprintf(text, sizeof(text), "K='%s'; { %s; } > '%s' 2>/dev/null",
		 pair_path("d.key"), command, pair_path("d"));
	CHECK(system(text) == 0);
	return cfs_privkey_load(pair_path("d"), &key, &err);
}

TEST(a_damaged_key_is_refused)
{
	pair_make("d", "rsa:2048");
	CHECK_EQ(load_changed("sed 5d \"$K\""), -EBADMSG);
	CHECK_EQ(load_changed("head -n 9 \"$K\""), -EBADMSG);
	CHECK_EQ(load_changed(":"), -EBADMSG);
	CHECK_EQ(load_changed("echo -----BEGIN PRIVATE KEY-----; echo MAA=; "
			      "echo -----END PRIVATE KEY-----"),
		 -EBADMSG);
	CHECK_EQ(load_changed("head -c 70000 /dev/zero"), -EFBIG);
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
