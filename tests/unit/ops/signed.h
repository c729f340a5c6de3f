/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image and keys to sign it with. */
#ifndef CFS_TESTS_UNIT_OPS_SIGNED_H
#define CFS_TESTS_UNIT_OPS_SIGNED_H

#include "ops/sign.h"
#include "tests/unit/keys/pairs.h"
#include "tests/unit/ops/image.h"

static struct cfs_digest image;

static inline struct cfs_signing *key_of(const char *name)
{
	struct cfs_signing *signing = NULL;
	char cert[512], key[512];

	snprintf(cert, sizeof(cert), "%s.pem", pair_path(name));
	snprintf(key, sizeof(key), "%s.key", pair_path(name));
	if (access(cert, F_OK) < 0)
		pair_make(name, "ec -pkeyopt ec_paramgen_curve:P-256");
	CHECK(cfs_signing_open(cert, key, &signing, &err) == 0);
	return signing;
}

static inline struct cfs_certs cert_of(const struct cfs_signing *signing)
{
	return (struct cfs_certs){ .n = 1,
				   .v = { *cfs_signing_cert(signing) } };
}

/* A repository with a whole image that nobody has signed. */
static inline void start_image(void)
{
	start_empty();
	image = add_image("name", "ab");
}

static inline int sign(const struct cfs_sign_params *params,
		       struct cfs_sign_result *ret)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	*ret = (struct cfs_sign_result){ 0 };
	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	return cfs_sign_image(&store, params, &image, "name", ret, &err);
}

static inline int sign_with(struct cfs_signing *key,
			    struct cfs_sign_result *ret)
{
	const struct cfs_sign_params params = { .keys = &key, .n = 1 };

	return sign(&params, ret);
}

#endif
