/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* An image in a repository, before a kernel that checks signatures. */
#ifndef CFS_TESTS_UNIT_OPS_ENROLLED_H
#define CFS_TESTS_UNIT_OPS_ENROLLED_H

#include "fsverity/enable.h"
#include "ops/enrol.h"
#include "tests/fake/kernel.h"
#include "tests/fake/keyutils.h"
#include "tests/unit/ops/signed.h"

/* Opens the image's object; the caller closes it. */
static inline int open_image(const struct cfs_store *store)
{
	int fd = -EBADF;

	CHECK_EQ(cfs_object_open(store->objects, &image, &fd, &err), 1);
	return fd;
}

/* The image is under fs-verity, without a signature. */
static inline void start_verity(void)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;

	start_image();
	fake = (struct fake_kernel){ .model = 1 };
	fake_keys_reset();
	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	fd = open_image(&store);
	CHECK_EQ(cfs_verity_enable(fd, image.alg, (struct cfs_bytes){ NULL, 0 },
				   &err),
		 CFS_ENABLE_DONE);
}

static inline void sign_image_by(const struct cfs_signing *key,
				 struct cfs_buf *der)
{
	CHECK(cfs_sign(key, &image, (struct cfs_bytes){ NULL, 0 }, der, &err) ==
	      1);
}

/* The same key gives the same signature. */
static inline int enrol_by(const struct cfs_signing *key)
{
	static struct cfs_buf der;
	static const struct cfs_signing *by;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;

	if (key != by) {
		cfs_buf_free(&der);
		sign_image_by(key, &der);
		by = key;
	}
	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	fd = open_image(&store);
	return cfs_enrol(&store, &image, fd, cfs_buf_bytes(&der), &err);
}

static inline int verify_enrolled(const struct cfs_certs *certs,
				  unsigned *ret_cert)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	CHECK(cfs_access_write(&access_of_root, &store, &err) == 0);
	return cfs_enrol_verify(&store.repo, &image, certs, ret_cert, &err);
}

#endif
