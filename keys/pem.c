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

/* Named by its contents, so that a key in the kernel can be found again and no
 * two certificates share a name. */
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

/* Padding ends the text: two texts, one behind the other, are not one. */
bool cfs_pem_decode(struct cfs_bytes text, struct cfs_buf *out)
{
	for (bool last = false; text.len >= 4 && !last;) {
		last = text.data[3] == '=';
		if (!decode_four(cfs_bytes_cut(&text, 4).data, out))
			return false;
	}
	return text.len == 0;
}

/* Takes the first line off @text, without what ends it. */
static bool take_line(struct cfs_bytes *text, struct cfs_bytes *ret)
{
	const uint8_t *end;

	if (!text->len)
		return false;
	end = memchr(text->data, '\n', text->len);
	*ret = cfs_bytes_cut(text,
			     end ? (size_t)(end - text->data) : text->len);
	(void)cfs_bytes_eat(text, "\n");
	if (ret->len && ret->data[ret->len - 1] == '\r')
		ret->len--;
	return true;
}

static int add_base64(struct cfs_certs *certs, struct cfs_bytes body,
		      const char *file, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };

	if (!cfs_pem_decode(body, &der))
		return cfs_fail(err, EBADMSG,
				"%s: a certificate is not clean base64", file);
	return add_der(certs, &der, file, err);
}

/* Certificates between their marks; text outside of them is for people. */
static int add_pems(struct cfs_certs *certs, struct cfs_bytes text,
		    const char *file, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf body = { 0 };
	const char *mark = BEGIN;
	struct cfs_bytes line;
	int r = 0;

	while (r == 0 && take_line(&text, &line)) {
		bool inside = strcmp(mark, END) == 0;

		if (!cfs_bytes_eat(&line, mark)) {
			if (inside)
				cfs_buf_add(&body, line.data, line.len);
			continue;
		}
		if (line.len)
			r = cfs_fail(err, EBADMSG,
				     "%s: text behind %s on its line", file,
				     mark);
		else if (inside)
			r = add_base64(certs, cfs_buf_bytes(&body), file, err);
		body.len = 0;
		mark = inside ? BEGIN : END;
	}
	if (r == 0 && strcmp(mark, END) == 0)
		r = cfs_fail(err, EBADMSG,
			     "%s: a certificate has no " END " line", file);
	return r < 0 ? r : cfs_buf_check(&body, err);
}

int cfs_certs_add(struct cfs_certs *certs, struct cfs_bytes text,
		  const char *file, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	struct cfs_bytes issuer, serial;
	unsigned before = certs->n;
	int r;

	if (cfs_der_certificate(text, &issuer, &serial)) {
		cfs_buf_add(&der, text.data, text.len);
		r = add_der(certs, &der, file, err);
	} else {
		r = add_pems(certs, text, file, err);
	}
	if (r == 0 && certs->n == before)
		r = cfs_fail(err, EBADMSG,
			     "%s: no certificate in it (neither DER nor a line "
			     "that is " BEGIN ")",
			     file);
	if (r < 0)
		drop_after(certs, before);
	return r < 0 ? r : (int)(certs->n - before);
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
