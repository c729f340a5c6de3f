/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/key.h"

#include <stdio.h>
#include <string.h>

#include "base/fields.h"

#define PREFIX "composefs."
#define SIG    ".sig"

static const struct {
	const char *name;
	const char *format; /* of EROFS images, as it stands in the key */
} roles[CFS_SEAL_ROLES] = {
	[CFS_SEAL_MANIFEST] = { "manifest", "" },
	[CFS_SEAL_CONFIG] = { "config", "" },
	[CFS_SEAL_LAYER] = { "layer", ".erofs.v1" },
	[CFS_SEAL_MERGED] = { "merged", ".erofs.v1" },
	[CFS_SEAL_BOOTABLE] = { "merged.bootable", ".erofs.v1" },
};

static const enum cfs_alg algs[] = { CFS_ALG_SHA256, CFS_ALG_SHA512 };

const char *cfs_seal_role_name(enum cfs_seal_role role)
{
	return roles[role].name;
}

static bool begins(struct cfs_bytes text, const char *with)
{
	return text.len >= strlen(with) &&
	       memcmp(text.data, with, strlen(with)) == 0;
}

bool cfs_seal_role_find(struct cfs_bytes name, enum cfs_seal_role *ret)
{
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		if (!cfs_bytes_are(name, roles[i].name))
			continue;
		*ret = (enum cfs_seal_role)i;
		return true;
	}
	return false;
}

void cfs_seal_key_format(enum cfs_seal_role role, enum cfs_alg alg,
			 char ret[static CFS_SEAL_KEY_MAX])
{
	snprintf(ret, CFS_SEAL_KEY_MAX, PREFIX "%s%s.%s", roles[role].name,
		 roles[role].format, cfs_alg_id(alg));
}

/* Reads @key, which is one of @role up to its algorithm. */
static enum cfs_seal_key_kind parse_alg(struct cfs_bytes key,
					enum cfs_seal_role role,
					enum cfs_alg *ret)
{
	char digest[CFS_SEAL_KEY_MAX], sig[CFS_SEAL_KEY_MAX + sizeof(SIG)];

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(algs); i++) {
		cfs_seal_key_format(role, algs[i], digest);
		snprintf(sig, sizeof(sig), "%s" SIG, digest);
		if (!cfs_bytes_are(key, digest) && !cfs_bytes_are(key, sig))
			continue;
		*ret = algs[i];
		return cfs_bytes_are(key, sig) ? CFS_SEAL_KEY_SIG
					       : CFS_SEAL_KEY_DIGEST;
	}
	return CFS_SEAL_KEY_ALG;
}

enum cfs_seal_key_kind cfs_seal_key_parse(struct cfs_bytes key,
					  enum cfs_seal_role *ret_role,
					  enum cfs_alg *ret_alg)
{
	char text[CFS_SEAL_KEY_MAX];

	if (!begins(key, PREFIX))
		return CFS_SEAL_KEY_FOREIGN;
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++) {
		snprintf(text, sizeof(text), PREFIX "%s%s.fsverity-",
			 roles[i].name, roles[i].format);
		if (!begins(key, text))
			continue;
		*ret_role = (enum cfs_seal_role)i;
		return parse_alg(key, *ret_role, ret_alg);
	}
	return CFS_SEAL_KEY_UNKNOWN;
}

/* One digest has one spelling: cfs_digest_from_hex() takes upper case, too. */
int cfs_seal_digest_parse(struct cfs_bytes text, enum cfs_alg alg,
			  struct cfs_digest *ret, struct cfs_err *err)
{
	if (text.len != 2 * cfs_alg_size(alg))
		return cfs_fail(err, EINVAL,
				"the digest is not a string of %zu hex digits",
				2 * cfs_alg_size(alg));
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] >= 'A' && text.data[i] <= 'Z')
			return cfs_fail(err, EINVAL,
					"the digest is not lower-case hex");
	return cfs_digest_from_hex((const char *)text.data, text.len, ret, err);
}
