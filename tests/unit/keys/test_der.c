/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/der.h"

#include "tests/test.h"

static struct cfs_bytes body, whole;

static bool take(const void *data, size_t len, uint8_t tag)
{
	struct cfs_bytes in = { data, len };

	return cfs_der_take(&in, tag, &body, &whole);
}

TEST(an_element_is_taken_with_its_contents)
{
	static const uint8_t two[] = { 2, 1, 7, 5, 0 };
	struct cfs_bytes in = { two, sizeof(two) };

	CHECK(cfs_der_is(in, 2) && !cfs_der_is(in, 5));
	CHECK(cfs_der_take(&in, 2, &body, &whole));
	CHECK_EQ(body.len, 1);
	CHECK_EQ(body.data, two + 2);
	CHECK_EQ(whole.len, 3);
	CHECK_EQ(whole.data, two);
	CHECK_EQ(in.len, 2);
	CHECK_EQ(in.data, two + 3);
	CHECK(cfs_der_skip(&in));
	CHECK_EQ(in.len, 0);
	CHECK(!cfs_der_skip(&in) && !cfs_der_is(in, 5));
}

TEST(another_identifier_leaves_everything_alone)
{
	static const uint8_t one[] = { 2, 1, 7 };
	struct cfs_bytes in = { one, sizeof(one) };

	body = whole = (struct cfs_bytes){ NULL, 42 };
	CHECK(!cfs_der_take(&in, 4, &body, &whole));
	CHECK_EQ(in.len, 3);
	CHECK_EQ(body.len, 42);
	CHECK_EQ(whole.len, 42);
}

TEST(long_lengths_count_when_they_are_needed)
{
	static uint8_t big[4 + 300] = { 4, 0x82, 0x01, 0x2c };
	static uint8_t mid[3 + 128] = { 4, 0x81, 0x80 };

	CHECK(take(big, sizeof(big), 4));
	CHECK_EQ(body.len, 300);
	CHECK(!take(big, sizeof(big) - 1, 4));
	CHECK(take(mid, sizeof(mid), 4));
	CHECK_EQ(body.len, 128);
}

/* Source: X.690, 10.1 (definite, shortest) and 8.1.2.4 (long identifiers). */
TEST(what_is_ber_only_is_refused)
{
	static uint8_t longer[3 + 127] = { 4, 0x81, 0x7f };
	static uint8_t zero[4 + 255] = { 4, 0x82, 0x00, 0xff };

	CHECK(!take(longer, sizeof(longer), 4));
	CHECK(!take(zero, sizeof(zero), 4));
	CHECK(!take("\x30\x80\x00\x00", 4, 0x30));
	CHECK(!take("\x3f\x21\x00", 3, 0x3f));
	CHECK(!take("\x04\xff", 2, 4));
	CHECK(!take("\x04\x85\x01\x00\x00\x00\x00", 7, 4));
}

TEST(a_length_past_the_end_is_refused)
{
	CHECK(!take("", 0, 4));
	CHECK(!take("\x04", 1, 4));
	CHECK(!take("\x04\x01", 2, 4));
	CHECK(!take("\x04\x82\x01", 3, 4));
	CHECK(!take("\x04\x84\xff\xff\xff\xff", 6, 4));
}

TEST(a_certificate_shows_issuer_and_serial)
{
	/* The frame alone: version 3, serial 0x0102, issuer {}. */
	static uint8_t cert[] = { 0x30, 22,   0x30, 13, 0xa0, 3,    2, 1,
				  2,	2,    2,    1,	2,    0x30, 0, 0x30,
				  0,	0x30, 0,    3,	3,    0,    1, 2 };
	struct cfs_bytes der = { cert, sizeof(cert) };
	struct cfs_bytes issuer, serial;

	CHECK(cfs_der_certificate(der, &issuer, &serial));
	CHECK_EQ(issuer.len, 2);
	CHECK_EQ(issuer.data, cert + 15);
	CHECK_EQ(serial.len, 2);
	CHECK_EQ(serial.data, cert + 11);
	for (size_t len = 0; len < sizeof(cert); len++) {
		der.len = len;
		CHECK(!cfs_der_certificate(der, &issuer, &serial));
	}
	der.len = sizeof(cert);
	cert[19] = 4; /* no signature, something else */
	CHECK(!cfs_der_certificate(der, &issuer, &serial));
}
