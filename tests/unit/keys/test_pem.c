/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pem.h"

#include <sys/stat.h>

#include "tests/test.h"
#include "tests/unit/keys/vectors.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static struct cfs_err err;
static struct cfs_certs certs;

/* A certificate's frame with the serial number 7 and no names: 20 bytes. */
static const uint8_t tiny[] = { 0x30, 18, 0x30, 7,    2,    1, 7,
				0x30, 0,  0x30, 0,    0x30, 0, 3,
				5,    0,  0xf8, 0xff, 0xee, 1 };
#define TINY "MBIwBwIBBzAAMAAwAAMFAPj/7gE="

static int add(const void *text, size_t len)
{
	struct cfs_bytes in = { text, len };

	return cfs_certs_add(&certs, in, "a.pem", &err);
}

static int adds(const char *text)
{
	return add(text, strlen(text));
}

TEST(a_pem_certificate_is_decoded)
{
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END "\n"), 1);
	CHECK_EQ(certs.n, 1);
	CHECK_EQ(certs.v[0].der.len, sizeof(tiny));
	CHECK_MEM(certs.v[0].der.data, tiny, sizeof(tiny));
	CHECK_EQ(certs.v[0].serial.len, 1);
	CHECK_EQ(*certs.v[0].serial.data, 7);
	CHECK_EQ(certs.v[0].issuer.len, 2);
	CHECK_STR(certs.v[0].file, "a.pem");
	cfs_certs_free(&certs);
	CHECK_EQ(certs.n, 0);
}

TEST(a_der_certificate_is_taken_as_it_is)
{
	CHECK_EQ(add(tiny, sizeof(tiny)), 1);
	CHECK_MEM(certs.v[0].der.data, tiny, sizeof(tiny));
	cfs_certs_free(&certs);
}

/* The kernel would load the first and say nothing of the rest. */
TEST(bytes_behind_a_der_certificate_are_refused)
{
	uint8_t more[2 * sizeof(tiny)];

	memcpy(more, tiny, sizeof(tiny));
	memcpy(more + sizeof(tiny), tiny, sizeof(tiny));
	CHECK_EQ(add(more, sizeof(more)), -EBADMSG);
	CHECK_EQ(add(more, sizeof(tiny) + 1), -EBADMSG);
	CHECK_EQ(add(tiny, sizeof(tiny) - 1), -EBADMSG);
	CHECK_EQ(certs.n, 0);
}

TEST(a_bundle_gives_all_of_its_certificates)
{
	CHECK_EQ(adds("subject: one\n" BEGIN "\nMBIwBwIB\r\nBzAAMAAw\r\n"
		      "AAMFAPj/7gE=\r\n" END "\r\n\nand " BEGIN
		      " in text\n" BEGIN "\r\n" TINY "\n" END),
		 2);
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END "\n"), 1);
	CHECK_EQ(certs.n, 3);
	cfs_certs_free(&certs);
}

TEST(unclean_base64_is_refused)
{
	static const char *const bad[] = {
		"MBIwBwIBBzAAMAAwAAMFAPj/7gE",	    /* a character short */
		"MBIwBwIBBzAAMAAwAAMFAPj/7gF=",	    /* unused bits set */
		"MBIwBwIBBzAAMAAwAAMFAPj/7gE=AAAA", /* goes on after the end */
		"MBIwBwIBBzAAMAAwAAMFAPj/7g==",	    /* the frame lacks a byte */
		"MBIw BwIBBzAAMAAwAAMFAPj/7gE=",
		"MBIwBwIBBzAAMAAwAAMFAPj_7gE=",
		"MBIwBwIB=zAAMAAwAAMFAPj/7gE=",
		"MBIwBwIBBzAAMAAwAAMFAPj/7gE=\n=",
		"====",
		"",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++) {
		char text[256];

		snprintf(text, sizeof(text), BEGIN "\n%s\n" END "\n", bad[i]);
		CHECK_EQ(adds(text), -EBADMSG);
		CHECK_EQ(certs.n, 0);
	}
}

static bool decodes(const char *text, const char *want)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	return cfs_pem_decode((struct cfs_bytes){ (const uint8_t *)text,
						  strlen(text) },
			      &out) &&
	       out.len == strlen(want) &&
	       (!out.len || memcmp(out.data, want, out.len) == 0);
}

/* RFC 4648, section 10. */
TEST(base64_is_decoded_in_one_line)
{
	CHECK(decodes("", ""));
	CHECK(decodes("Zg==", "f"));
	CHECK(decodes("Zm8=", "fo"));
	CHECK(decodes("Zm9v", "foo"));
	CHECK(decodes("Zm9vYmE=", "fooba"));
	CHECK(!decodes("Zm9v\n", "foo"));
	CHECK(!decodes("Zh==", "f"));
	CHECK(!decodes("Zg==Zg==", "ff"));
}

TEST(broken_frames_are_refused)
{
	CHECK_EQ(adds(""), -EBADMSG);
	CHECK_EQ(adds("no certificate here\n"), -EBADMSG);
	CHECK(strstr(err.msg, "no certificate in it"));
	CHECK_EQ(adds(BEGIN "\n" TINY "\n"), -EBADMSG);
	CHECK_EQ(adds(BEGIN " \n" TINY "\n" END "\n"), -EBADMSG);
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END " \n"), -EBADMSG);
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" BEGIN "\n" TINY "\n" END), -EBADMSG);
	CHECK_EQ(adds("-----BEGIN PRIVATE KEY-----\nAAAA\n"
		      "-----END PRIVATE KEY-----\n"),
		 -EBADMSG);
	CHECK_EQ(certs.n, 0);
}

TEST(one_bad_certificate_refuses_the_whole_file)
{
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END "\n"), 1);
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END "\n" BEGIN "\nAAAA\n" END "\n"),
		 -EBADMSG);
	CHECK_EQ(certs.n, 1);
	cfs_certs_free(&certs);
}

TEST(the_number_of_certificates_is_bounded)
{
	for (unsigned i = 0; i < CFS_CERTS_MAX; i++)
		CHECK_EQ(add(tiny, sizeof(tiny)), 1);
	CHECK_EQ(add(tiny, sizeof(tiny)), -E2BIG);
	CHECK_EQ(adds(BEGIN "\n" TINY "\n" END "\n"), -E2BIG);
	CHECK_EQ(certs.n, CFS_CERTS_MAX);
	cfs_certs_free(&certs);
	cfs_certs_free(NULL);
}

TEST(a_file_is_named_in_what_is_said_of_it)
{
	CHECK_EQ(cfs_certs_add_file(&certs, VECTORS "rsa.pem", &err), 1);
	CHECK_EQ(cfs_certs_add_file(&certs, VECTORS "expect", &err), -EBADMSG);
	CHECK(strstr(err.msg, VECTORS "expect"));
	CHECK_EQ(cfs_certs_add_file(&certs, VECTORS "none.pem", &err), -ENOENT);
	CHECK(strstr(err.msg, VECTORS "none.pem"));
	CHECK(cfs_certs_add_file(&certs, VECTORS, &err) < 0);
	CHECK_EQ(certs.n, 1);
	cfs_certs_free(&certs);
}
