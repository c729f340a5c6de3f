/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whatever is changed in a signature, it does not come to vouch for another
 * digest, or by another certificate.  CFS_ROUNDS (200) for each vector and
 * CFS_SEED (1) choose what is tried.
 */
#include <stdlib.h>

#include "keys/verify.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

static struct cfs_err err;
static uint64_t state;
static unsigned long survived;

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 10) : otherwise;
}

/* xorshift64* */
static size_t below(size_t n)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (size_t)((state * UINT64_C(2685821657736338717)) >> 33) % n;
}

/* Changes, takes out or puts in a few bytes; values that DER has often are
 * tried often. */
static size_t mutate(uint8_t *data, size_t len, size_t max)
{
	static const uint8_t often[] = { 0,    1,    2,	   4,	 5,    6,
					 0x30, 0x31, 0x80, 0x81, 0xa0, 0xff };

	for (size_t n = 1 + below(3); n > 0 && len > 1; n--) {
		size_t at = below(below(2) ? len : len < 80 ? len : 80);

		switch (below(5)) {
		case 0:
			memmove(data + at, data + at + 1, len - at - 1);
			len--;
			break;
		case 1:
			if (len == max)
				break;
			memmove(data + at + 1, data + at, len - at);
			len++;
			break;
		case 2:
			data[at] ^= (uint8_t)(1u << below(8));
			break;
		case 3:
			data[at] = often[below(sizeof(often))];
			break;
		default:
			len = below(16) ? len : at + 1;
		}
	}
	return len;
}

static bool is_an_answer(int r)
{
	return r == 0 || r == -ENODATA || r == -EBADMSG || r == -EKEYREJECTED ||
	       r == -ENOPKG || r == -ENOKEY;
}

static int verify(struct cfs_bytes der, const struct cfs_digest *digest,
		  const struct cfs_certs *certs)
{
	int r = cfs_signature_verify(der, digest, certs, NULL, &err);

	CHECK(is_an_answer(r));
	return r;
}

static void never_vouches(struct vector *v)
{
	unsigned long rounds = number("CFS_ROUNDS", 200);
	struct cfs_certs stranger = { 0 };
	struct cfs_digest other = v->digest;
	char name[] = "odd";

	if (v->want != 0)
		return;
	vector_certs(&stranger, name);
	other.bytes[below(cfs_alg_size(other.alg))] ^= 1;
	for (unsigned long i = 0; i < rounds; i++) {
		uint8_t data[sizeof(v->der)];
		struct cfs_bytes der = { data, v->der_len };

		memcpy(data, v->der, v->der_len);
		der.len = mutate(data, v->der_len, sizeof(data));
		CHECK(verify(der, &other, &v->certs) < 0);
		CHECK(verify(der, &v->digest, &stranger) < 0);
		survived += verify(der, &v->digest, &v->certs) == 0;
	}
	cfs_certs_free(&stranger);
}

TEST(a_changed_signature_is_good_for_nothing_else)
{
	state = number("CFS_SEED", 1);
	CHECK(state != 0);
	CHECK(vectors_each(never_vouches) >= 35);
	/* Some bytes have no meaning; most have. */
	printf("# %lu changed ones still vouch for what they did\n", survived);
}
