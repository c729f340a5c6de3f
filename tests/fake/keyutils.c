/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/fake/keyutils.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct fake_keys fake_keys;

/* Keys have the numbers 1 to 64, in turn. */
static struct {
	X509 *cert;
	char name[128];
	int ring; /* FAKE_RING holds it */
	int lent; /* the process keyring does */
} keys[64];
static unsigned keys_n;

#define STRANGER 100 /* the key called fake_keys.stranger */

static long fail(int code)
{
	errno = code;
	return -1;
}

key_serial_t find_key_by_type_and_desc(const char *type, const char *desc,
				       key_serial_t destringid)
{
	(void)destringid;
	if (strcmp(type, "keyring") != 0 || strcmp(desc, ".fs-verity") != 0)
		return (key_serial_t)fail(ENOKEY);
	if (fake_keys.find_errno)
		return (key_serial_t)fail(fake_keys.find_errno);
	return FAKE_RING;
}

long keyctl_describe(key_serial_t id, char *buffer, size_t buflen)
{
	char text[256];

	if (id != FAKE_RING && id != STRANGER &&
	    (id < 1 || id > 64 || !keys[id - 1].cert))
		return fail(ENOKEY);
	if (id != FAKE_RING)
		snprintf(text, sizeof(text), "asymmetric;0;0;1f3f0000;%s",
			 id == STRANGER ? fake_keys.stranger
					: keys[id - 1].name);
	else
		snprintf(text, sizeof(text), "keyring;0;0;%08x;.fs-verity",
			 fake_keys.perm ? fake_keys.perm : 0x082f0000);
	if (id == FAKE_RING && fake_keys.description)
		snprintf(text, sizeof(text), "%s", fake_keys.description);
	if (buflen > strlen(text))
		strcpy(buffer, text);
	return (long)strlen(text) + 1;
}

/* As the kernel: of one type and description a ring holds the newest. */
static void put_in_ring(unsigned n)
{
	for (unsigned i = 0; i < 64; i++) {
		if (keys[i].ring == 0 || strcmp(keys[i].name, keys[n].name))
			continue;
		keys[i].ring = 0;
		fake_keys.added--;
	}
	if (fake_keys.lose > 0 && fake_keys.lose--)
		return;
	keys[n].ring = 1;
	fake_keys.added++;
}

key_serial_t add_key(const char *type, const char *description,
		     const void *payload, size_t plen, key_serial_t ringid)
{
	const unsigned char *p = payload;
	unsigned n = keys_n++ % 64;

	if (fake_keys.add_errno)
		return (key_serial_t)fail(fake_keys.add_errno);
	if (ringid == FAKE_RING && fake_keys.restricted)
		return (key_serial_t)fail(EPERM);
	if (strcmp(type, "asymmetric") != 0)
		return (key_serial_t)fail(ENODEV);
	X509_free(keys[n].cert);
	keys[n].ring = 0;
	keys[n].lent = 0;
	keys[n].cert = d2i_X509(NULL, &p, (long)plen);
	snprintf(keys[n].name, sizeof(keys[n].name), "%s", description);
	if (!keys[n].cert)
		return (key_serial_t)fail(EBADMSG);
	if (ringid == FAKE_RING)
		put_in_ring(n);
	else
		fake_keys.borrowed += (unsigned)(keys[n].lent = 1);
	return (key_serial_t)n + 1;
}

long keyctl_unlink(key_serial_t id, key_serial_t ringid)
{
	(void)ringid;
	keys[id - 1].lent = 0;
	fake_keys.borrowed--;
	return 0;
}

/* Of the process keyring alone. */
long keyctl_search(key_serial_t ringid, const char *type,
		   const char *description, key_serial_t destringid)
{
	(void)type;
	(void)destringid;
	for (unsigned i = 0; ringid != FAKE_RING && i < 64; i++)
		if (keys[i].lent && !strcmp(keys[i].name, description))
			return i + 1;
	return fail(ENOKEY);
}

long keyctl_read(key_serial_t id, char *buffer, size_t buflen)
{
	key_serial_t all[65];
	size_t n = 0;

	(void)id;
	if (fake_keys.read_errno)
		return fail(fake_keys.read_errno);
	for (unsigned i = 0; i < 64 && n < fake_keys.added; i++)
		if (keys[i].ring)
			all[n++] = (key_serial_t)i + 1;
	if (fake_keys.stranger)
		all[n++] = STRANGER;
	if (n && buflen >= n * sizeof(all[0]))
		memcpy(buffer, all, n * sizeof(all[0]));
	return (long)(n * sizeof(all[0]));
}

int keyctl_read_alloc(key_serial_t id, void **buffer)
{
	long n = keyctl_read(id, NULL, 0);

	if (n < 0)
		return -1;
	*buffer = malloc((size_t)n + 1);
	return *buffer ? (int)keyctl_read(id, *buffer, (size_t)n)
		       : (int)fail(ENOMEM);
}

void fake_keys_reset(void)
{
	memset(&fake_keys, 0, sizeof(fake_keys));
	for (unsigned i = 0; i < 64; i++)
		keys[i].ring = keys[i].lent = 0;
}

long keyctl_restrict_keyring(key_serial_t keyring, const char *type,
			     const char *restriction)
{
	(void)keyring;
	if (type || restriction)
		return fail(EINVAL);
	if (fake_keys.restrict_errno)
		return fail(fake_keys.restrict_errno);
	if (fake_keys.restricted)
		return fail(EEXIST);
	fake_keys.restricted = 1;
	return 0;
}

long keyctl_setperm(key_serial_t id, key_perm_t perm)
{
	(void)id;
	if (fake_keys.setperm_errno)
		return fail(fake_keys.setperm_errno);
	fake_keys.perm = perm;
	return 0;
}

long keyctl_pkey_verify(key_serial_t key_id, const char *info, const void *data,
			size_t data_len, const void *sig, size_t sig_len)
{
	EVP_PKEY *pkey = X509_get0_pubkey(keys[key_id - 1].cert);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pkey, NULL);
	const char *md = strstr(info, "hash=");
	int pkcs1 = !strncmp(info, "enc=pkcs1 ", 10);
	int ok;

	fake_keys.verified++;
	snprintf(fake_keys.verify_info, sizeof(fake_keys.verify_info), "%s",
		 info);
	ok = ctx && md && EVP_PKEY_verify_init(ctx) == 1 &&
	     (EVP_PKEY_get_base_id(pkey) == EVP_PKEY_RSA) == pkcs1 &&
	     (!pkcs1 ||
	      EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) == 1) &&
	     EVP_PKEY_CTX_set_signature_md(
		     ctx, EVP_get_digestbyname(md + strlen("hash="))) == 1 &&
	     EVP_PKEY_verify(ctx, sig, sig_len, data, data_len) == 1;
	EVP_PKEY_CTX_free(ctx);
	if (fake_keys.verify_errno)
		return fail(fake_keys.verify_errno);
	return ok ? 0 : fail(EKEYREJECTED);
}
