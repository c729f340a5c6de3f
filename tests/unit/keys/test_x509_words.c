/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/x509_words.h"

#include "base/libcrypto.h"
#include "tests/test.h"

static struct cfs_err err;

/* libcrypto's words for the name @der, in the form that keys/x509.c asks
 * for. */
static void libcrypto_name(struct cfs_bytes der, char *ret, size_t size)
{
	const unsigned char *p = der.data;
	X509_NAME *name;
	BIO *bio;
	int n;

	CHECK_EQ(cfs_libcrypto_load(&err), 0);
	name = d2i_X509_NAME(NULL, &p, (long)der.len);
	bio = BIO_new(BIO_s_mem());
	CHECK(name && bio);
	X509_NAME_print_ex(bio, name, 0,
			   XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
	n = BIO_read(bio, ret, (int)size - 1);
	ret[n > 0 ? n : 0] = '\0';
	BIO_free_all(bio);
	X509_NAME_free(name);
}

struct attribute {
	uint8_t type, tag; /* 2.5.4.type */
	const char *value;
};

/* Writes a name of @n parts to @der, and returns its length. */
static size_t make_name(const struct attribute *v, size_t n, uint8_t *der)
{
	size_t len = 2;

	for (size_t i = 0; i < n; i++) {
		size_t l = strlen(v[i].value);
		const uint8_t head[] = {
			0x31,	    (uint8_t)(l + 9),
			0x30,	    (uint8_t)(l + 7),
			6,	    3,
			0x55,	    4,
			v[i].type,  v[i].tag,
			(uint8_t)l,
		};

		memcpy(der + len, head, sizeof(head));
		memcpy(der + len + sizeof(head), v[i].value, l);
		len += sizeof(head) + l;
	}
	CHECK(len - 2 < 0x80);
	der[0] = 0x30;
	der[1] = (uint8_t)(len - 2);
	return len;
}

static bool words_of(const struct attribute *v, size_t n, char *ret,
		     size_t size)
{
	uint8_t der[256];
	struct cfs_bytes name = { der, make_name(v, n, der) };
	char theirs[256];
	bool ok = cfs_x509_name_words(name, ret, size);

	if (ok) {
		libcrypto_name(name, theirs, sizeof(theirs));
		CHECK_STR(ret, theirs);
	}
	return ok;
}

TEST(a_name_is_written_from_its_end)
{
	static const struct attribute v[] = {
		{ 6, 0x13, "DE" },	    { 8, 0x0c, "Hessen" },
		{ 7, 0x0c, "Bad Homburg" }, { 10, 0x0c, "Example (test)" },
		{ 11, 0x16, "a/b:c@d" },    { 3, 0x0c, "Vendor 2026" },
	};
	char text[256];

	CHECK(words_of(v, 6, text, sizeof(text)));
	CHECK_STR(text, "CN=Vendor 2026,OU=a/b:c@d,O=Example (test),"
			"L=Bad Homburg,ST=Hessen,C=DE");
}

/* Each byte in the middle, at the beginning and at the end of a value. */
TEST(whatever_is_written_here_libcrypto_writes_the_same)
{
	unsigned plain = 0;

	for (unsigned c = 1; c < 256; c++)
		for (unsigned at = 0; at < 3; at++) {
			char value[] = "abc", text[64];
			struct attribute v = { 3, 0x0c, value };

			value[at] = (char)c;
			plain += words_of(&v, 1, text, sizeof(text));
		}
	/* 62 letters and digits and 8 others anywhere, the space inside. */
	CHECK_EQ(plain, 70 * 3 + 1);
}

TEST(what_is_not_ordinary_is_left_to_libcrypto)
{
	static const struct attribute odd[] = {
		{ 5, 0x13, "1234" }, /* serialNumber */
		{ 3, 0x14, "teletex" },
		{ 3, 0x1e, "\0a\0b" },
		{ 3, 0x0c, "" },
	};
	/* Two attributes in one part; one that is no name at all. */
	static const uint8_t both[] = { 0x30, 20, 0x31, 18, 0x30, 7, 6, 3, 0x55,
					4,    3,  0x0c, 0,  0x30, 7, 6, 3, 0x55,
					4,    3,  0x0c, 0 };
	static const uint8_t cut[] = { 0x30, 3, 0x31, 0, 0x31 };
	static const uint8_t none[] = { 0x30, 0 };
	char text[256];

	for (size_t i = 0; i < 4; i++)
		CHECK(!words_of(&odd[i], 1, text, sizeof(text)));
	CHECK(!cfs_x509_name_words((struct cfs_bytes){ both, sizeof(both) },
				   text, sizeof(text)));
	CHECK(!cfs_x509_name_words((struct cfs_bytes){ cut, sizeof(cut) }, text,
				   sizeof(text)));
	CHECK(!cfs_x509_name_words((struct cfs_bytes){ none, sizeof(none) },
				   text, sizeof(text)));
}

TEST(a_name_for_which_there_is_no_room_is_left_to_libcrypto)
{
	static const struct attribute v[] = { { 10, 0x0c, "Example" },
					      { 3, 0x0c, "Vendor" } };
	char text[32];

	CHECK(!words_of(v, 2, text, 19));
	CHECK(words_of(v, 2, text, 20));
	CHECK_STR(text, "CN=Vendor,O=Example");
	for (size_t size = 1; size < 19; size++)
		CHECK(!words_of(v, 2, text, size));
}

static bool time_of(uint8_t tag, const char *digits, char *ret, int64_t *t)
{
	uint8_t der[64] = { tag, (uint8_t)strlen(digits) };
	struct cfs_bytes in = { der, strlen(digits) + 2 };
	const unsigned char *p = der;
	char theirs[CFS_X509_TIME_MAX] = "";
	ASN1_TIME *time;
	BIO *bio;
	int n;

	memcpy(der + 2, digits, strlen(digits));
	if (!cfs_x509_time_words(in, ret, t))
		return false;
	CHECK_EQ(cfs_libcrypto_load(&err), 0);
	time = d2i_ASN1_TIME(NULL, &p, (long)in.len);
	bio = BIO_new(BIO_s_mem());
	CHECK(time && bio);
	ASN1_TIME_print(bio, time);
	n = BIO_read(bio, theirs, sizeof(theirs) - 1);
	CHECK(n > 0);
	CHECK_STR(ret, theirs);
	BIO_free_all(bio);
	ASN1_TIME_free(time);
	return true;
}

/* Source of the seconds: date -u -d TIME +%s. */
TEST(times_are_those_of_libcrypto_and_of_date)
{
	static const struct {
		uint8_t tag;
		const char *digits;
		int64_t seconds;
	} cases[] = {
		{ 0x17, "700101000000Z", 0 },
		{ 0x17, "500101000000Z", -631152000 },
		{ 0x17, "491231235959Z", 2524607999 },
		{ 0x17, "000229120000Z", 951825600 },
		{ 0x17, "010101000000Z", 978307200 },
		{ 0x18, "20500101000000Z", 2524608000 },
		{ 0x18, "21000228235959Z", 4107542399 },
		{ 0x18, "21000301000000Z", 4107542400 },
		{ 0x18, "99991231235959Z", 253402300799 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CFS_X509_TIME_MAX];
		int64_t seconds = 0;

		CHECK(time_of(cases[i].tag, cases[i].digits, text, &seconds));
		CHECK_EQ(seconds, cases[i].seconds);
	}
}

TEST(what_is_no_time_is_left_to_libcrypto)
{
	static const char *const bad[] = {
		"7001010000Z",	 "700101000000+0100",
		"700101000000",	 "701301000000Z",
		"700001000000Z", "700132000000Z",
		"700230000000Z", "710229000000Z",
		"700100000000Z", "700101240000Z",
		"700101006000Z", "700101000060Z",
		"7001010000 0Z", "",
	};
	char text[CFS_X509_TIME_MAX];
	int64_t seconds;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(!time_of(0x17, bad[i], text, &seconds));
	CHECK(!time_of(0x18, "21000229000000Z", text, &seconds));
	CHECK(!time_of(0x18, "20500101000000.5Z", text, &seconds));
	CHECK(!time_of(0x18, "00000101000000Z", text, &seconds));
	CHECK(!time_of(0x02, "700101000000Z", text, &seconds));
}
