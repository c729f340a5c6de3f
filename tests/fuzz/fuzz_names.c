/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Properties of names in a repository that others may have written: refs to
 * EROFS images, tags, artifacts about an image, keys of annotations.  What a
 * name is read as gives a name that is read as the same.
 */
#include <assert.h>
#include <string.h>

#include "oci/image.h"
#include "oci/seal/key.h"
#include "oci/subject.h"
#include "oci/tag.h"
#include "tests/fuzz/fuzz.h"

#define ROOM 512

static void check_erofs(const char *name)
{
	char text[CFS_OCI_EROFS_NAME_MAX];
	struct cfs_oci_erofs one, again;

	if (!cfs_oci_erofs_is(name, &one))
		return;
	assert(strncmp(name, "composefs.image", 15) == 0);
	cfs_oci_erofs_name(&one, text);
	assert(cfs_oci_erofs_is(text, &again));
	assert(one.bootable == again.bootable && one.v1 == again.v1);
	assert(one.filter == again.filter);
	assert(one.one_layer == again.one_layer);
	assert(one.one_layer || one.layer == 0);
}

static void check_subject(const char *ref)
{
	char content_id[CFS_CONTENT_ID_MAX];
	struct cfs_oci_id id;

	if (!cfs_oci_subject(ref, content_id))
		return;
	assert(strncmp(ref, CFS_OCI_REFERRERS "/", 14) == 0);
	assert(cfs_oci_name_id(content_id, "oci-manifest-", &id));
}

static void check_tag(const char *name)
{
	char decoded[ROOM];
	struct cfs_err err = { 0 };

	cfs_oci_tag_decode(name, decoded);
	assert(strlen(decoded) <= strlen(name));
	if (cfs_oci_tag_check(name, &err) < 0) {
		assert(*err.msg);
		return;
	}
	assert(*name && *name != '@');
	for (const char *p = name; *p; p++)
		assert((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void check_key(struct cfs_bytes key)
{
	enum cfs_seal_role role = CFS_SEAL_MANIFEST;
	enum cfs_alg alg = CFS_ALG_SHA256;
	enum cfs_seal_key_kind kind = cfs_seal_key_parse(key, &role, &alg);
	char text[CFS_SEAL_KEY_MAX];
	struct cfs_digest digest;
	struct cfs_err err;
	size_t len;

	if (kind == CFS_SEAL_KEY_DIGEST || kind == CFS_SEAL_KEY_SIG) {
		cfs_seal_key_format(role, alg, text);
		len = strlen(text);
		assert(key.len == len + (kind == CFS_SEAL_KEY_SIG ? 4 : 0));
		assert(memcmp(key.data, text, len) == 0);
	}
	if (cfs_seal_digest_parse(key, alg, &digest, &err) == 0)
		for (size_t i = 0; i < key.len; i++)
			assert(memchr("0123456789abcdef", key.data[i], 16));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[ROOM];

	check_key((struct cfs_bytes){ data, size });
	if (size >= sizeof(name) || memchr(data, 0, size))
		return 0;
	memcpy(name, data, size);
	name[size] = '\0';
	check_erofs(name);
	check_subject(name);
	check_tag(name);
	return 0;
}
