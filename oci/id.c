/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/id.h"

#include <string.h>

static const enum cfs_content_hash_alg algs[] = { CFS_CONTENT_SHA256,
						  CFS_CONTENT_SHA512 };

/* The algorithm that @text begins with, and how long that is. */
static bool find_alg(struct cfs_bytes text, enum cfs_content_hash_alg *ret,
		     size_t *ret_len)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(algs); i++) {
		const char *name = cfs_content_hash_name(algs[i]);
		size_t len = strlen(name);

		if (text.len <= len || memcmp(text.data, name, len) != 0 ||
		    text.data[len] != ':')
			continue;
		*ret = algs[i];
		*ret_len = len + 1;
		return true;
	}
	return false;
}

int cfs_oci_id_parse(struct cfs_bytes text, struct cfs_oci_id *ret,
		     struct cfs_err *err)
{
	struct cfs_oci_id id;
	size_t at;

	if (!find_alg(text, &id.alg, &at))
		return cfs_fail(err,
				memchr(text.data, ':', text.len) ? EOPNOTSUPP
								 : EINVAL,
				"'%.*s' is not a digest of the form "
				"sha256:HEX or sha512:HEX",
				text.len < 80 ? (int)text.len : 80,
				(const char *)text.data);
	if (text.len != at + 2 * cfs_content_hash_size(id.alg))
		return cfs_fail(
			err, EINVAL, "'%.*s': a %s digest has %zu hex digits",
			text.len < 150 ? (int)text.len : 150,
			(const char *)text.data, cfs_content_hash_name(id.alg),
			2 * cfs_content_hash_size(id.alg));
	for (size_t i = at; i < text.len; i++)
		if (!strchr("0123456789abcdef", text.data[i]) || !text.data[i])
			return cfs_fail(err, EINVAL,
					"'%.*s': a digest has lower-case hex "
					"digits",
					(int)text.len, (const char *)text.data);
	memcpy(id.text, text.data, text.len);
	id.text[text.len] = '\0';
	*ret = id;
	return 0;
}

void cfs_oci_id_of_hash(enum cfs_content_hash_alg alg, const uint8_t *hash,
			struct cfs_oci_id *ret)
{
	char *at;

	ret->alg = alg;
	at = stpcpy(ret->text, cfs_content_hash_name(alg));
	*at++ = ':';
	for (size_t i = 0; i < cfs_content_hash_size(alg); i++, at += 2)
		snprintf(at, 3, "%02x", hash[i]);
}

int cfs_oci_id_of_bytes(enum cfs_content_hash_alg alg, struct cfs_bytes data,
			struct cfs_oci_id *ret, struct cfs_err *err)
{
	uint8_t hash[CFS_CONTENT_MAX];
	int r = cfs_content_hash_bytes(alg, data, hash, err);

	if (r == 0)
		cfs_oci_id_of_hash(alg, hash, ret);
	return r;
}

int cfs_oci_id_compare(struct cfs_content_hash *hash,
		       const struct cfs_oci_id *want, const char *what,
		       struct cfs_oci_id *ret, struct cfs_err *err)
{
	uint8_t bytes[CFS_CONTENT_MAX];
	int r = cfs_content_hash_final(hash, bytes, err);

	if (r < 0)
		return r;
	cfs_oci_id_of_hash(want->alg, bytes, ret);
	if (cfs_oci_id_equal(ret, want))
		return 0;
	return cfs_fail(err, EBADMSG, "%s is %s, expected %s", what, ret->text,
			want->text);
}

int cfs_oci_id_require(struct cfs_content_hash *hash,
		       const struct cfs_oci_id *want, const char *what,
		       struct cfs_err *err)
{
	struct cfs_oci_id have;

	return cfs_oci_id_compare(hash, want, what, &have, err);
}

bool cfs_oci_id_equal(const struct cfs_oci_id *a, const struct cfs_oci_id *b)
{
	return strcmp(a->text, b->text) == 0;
}

const char *cfs_oci_id_hex(const struct cfs_oci_id *id)
{
	return strchr(id->text, ':') + 1;
}
