/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/pem.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "keys/der.h"
#include "keys/hash.h"

#define BEGIN "-----BEGIN CERTIFICATE-----"
#define END   "-----END CERTIFICATE-----"

static void drop_after(struct cfs_certs *certs, unsigned n)
{
	while (certs->n > n) {
		struct cfs_cert *cert = &certs->v[--certs->n];

		free((void *)(uintptr_t)cert->der.data);
		*cert = (struct cfs_cert){ 0 };
	}
}

void cfs_certs_free(struct cfs_certs *certs)
{
	if (certs)
		drop_after(certs, 0);
}

static void set_name(struct cfs_cert *cert)
{
	uint8_t sum[CFS_HASH_MAX];
	size_t n = cfs_hash(CFS_HASH_SHA256, cert->der, sum);
	char *end = stpcpy(cert->name, "sha256:");

	for (size_t i = 0; i < n; i++)
		end += sprintf(end, "%02x", sum[i]);
}

/* Takes over the bytes of @der when it succeeds. */
static int add_der(struct cfs_certs *certs, struct cfs_buf *der,
		   const char *file, struct cfs_err *err)
{
	struct cfs_cert *cert = &certs->v[certs->n];
	struct cfs_bytes issuer, serial;
	int r = cfs_buf_check(der, err);

	if (r < 0)
		return r;
	if (!cfs_der_certificate(cfs_buf_bytes(der), &issuer, &serial))
		return cfs_fail(err, EBADMSG, "%s: not a certificate", file);
	if (certs->n == CFS_CERTS_MAX)
		return cfs_fail(err, E2BIG,
				"%s: more than %d certificates in all", file,
				CFS_CERTS_MAX);
	*cert = (struct cfs_cert){ .der = cfs_buf_bytes(der),
				   .issuer = issuer,
				   .serial = serial };
	snprintf(cert->file, sizeof(cert->file), "%s", file);
	set_name(cert);
	*der = (struct cfs_buf){ 0 };
	certs->n++;
	return 0;
}

static int digit(uint8_t c)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz"
				       "0123456789+/";
	const char *p = c ? strchr(alphabet, c) : NULL;

	return p ? (int)(p - alphabet) : -1;
}

/* Four characters, one to three bytes.  Unused bits have to be zero, so that
 * no two texts mean the same bytes. */
static bool decode_four(const uint8_t four[4], struct cfs_buf *out)
{
	unsigned pad = four[3] != '=' ? 0 : four[2] != '=' ? 1 : 2;
	uint32_t bits = 0;

	for (unsigned i = 0; i < 4; i++) {
		int d = i < 4 - pad ? digit(four[i]) : 0;

		if (d < 0)
			return false;
		bits = bits << 6 | (uint32_t)d;
	}
	if (bits & ((1U << 8 * pad) - 1))
		return false;
	for (unsigned i = 0; i < 3 - pad; i++)
		cfs_buf_addc(out, (char)(bits >> (16 - 8 * i)));
	return true;
}

static bool decode(struct cfs_bytes text, struct cfs_buf *out)
{
	bool ended = false;
	uint8_t four[4];
	unsigned n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.data[i] == '\n' || text.data[i] == '\r')
			continue;
		if (ended)
			return false;
		four[n++] = text.data[i];
		if (n < 4)
			continue;
		if (!decode_four(four, out))
			return false;
		ended = four[3] == '=';
		n = 0;
	}
	return n == 0;
}

/* Finds @mark at the beginning of a line: its offset, or -1. */
static ssize_t find_line(struct cfs_bytes text, const char *mark)
{
	size_t len = strlen(mark);

	for (size_t at = 0; at < text.len; at++) {
		const uint8_t *eol;

		if (text.len - at >= len &&
		    memcmp(text.data + at, mark, len) == 0)
			return (ssize_t)at;
		eol = memchr(text.data + at, '\n', text.len - at);
		if (!eol)
			break;
		at = (size_t)(eol - text.data);
	}
	return -1;
}

/* Cuts @text after the line that @mark begins at @at; nothing else may be on
 * that line. */
static bool cut_line(struct cfs_bytes *text, size_t at, const char *mark)
{
	if (!cfs_bytes_slice(*text, at + strlen(mark),
			     text->len - at - strlen(mark), text))
		return false;
	if (text->len && text->data[0] == '\r')
		*text = (struct cfs_bytes){ text->data + 1, text->len - 1 };
	if (!text->len)
		return true;
	if (text->data[0] != '\n')
		return false;
	*text = (struct cfs_bytes){ text->data + 1, text->len - 1 };
	return true;
}

/* Takes the next certificate off @text.  1, or 0 when there is no more. */
static int next_pem(struct cfs_certs *certs, struct cfs_bytes *text,
		    const char *file, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	ssize_t at = find_line(*text, BEGIN);
	struct cfs_bytes body;
	int r;

	if (at < 0)
		return 0;
	if (!cut_line(text, (size_t)at, BEGIN))
		return cfs_fail(err, EBADMSG,
				"%s: text behind " BEGIN " on its line", file);
	at = find_line(*text, END);
	if (at < 0)
		return cfs_fail(err, EBADMSG,
				"%s: a certificate has no " END " line", file);
	if (!cfs_bytes_slice(*text, 0, (size_t)at, &body) ||
	    !decode(body, &der))
		return cfs_fail(err, EBADMSG,
				"%s: a certificate is not clean base64", file);
	if (!cut_line(text, (size_t)at, END))
		return cfs_fail(err, EBADMSG,
				"%s: text behind " END " on its line", file);
	r = add_der(certs, &der, file, err);
	return r < 0 ? r : 1;
}

static int add_pems(struct cfs_certs *certs, struct cfs_bytes text,
		    const char *file, struct cfs_err *err)
{
	unsigned before = certs->n;
	int r;

	do
		r = next_pem(certs, &text, file, err);
	while (r > 0);
	if (r == 0 && certs->n == before)
		r = cfs_fail(err, EBADMSG,
			     "%s: no certificate in it (neither DER nor a line "
			     "that is " BEGIN ")",
			     file);
	if (r < 0) {
		drop_after(certs, before);
		return r;
	}
	return (int)(certs->n - before);
}

int cfs_certs_add(struct cfs_certs *certs, struct cfs_bytes text,
		  const char *file, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	struct cfs_bytes issuer, serial;
	int r;

	if (!cfs_der_certificate(text, &issuer, &serial))
		return add_pems(certs, text, file, err);
	cfs_buf_add(&der, text.data, text.len);
	r = add_der(certs, &der, file, err);
	return r < 0 ? r : 1;
}

int cfs_certs_add_file(struct cfs_certs *certs, const char *path,
		       struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_read_file(AT_FDCWD, path, CFS_CERT_FILE_MAX, &text, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "no certificate file %s", path);
	if (r < 0)
		return r;
	return cfs_certs_add(certs, cfs_buf_bytes(&text), path, err);
}
