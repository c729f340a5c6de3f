/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/enrol.h"

#include "fsverity/measure.h"
#include "fsverity/signature.h"
#include "keys/keyring.h"
#include "keys/verify.h"
#include "repo/object.h"

int cfs_enrol(struct cfs_store *store, const struct cfs_digest *id, int fd,
	      struct cfs_bytes der, struct cfs_err *err)
{
	struct cfs_err unseen = { 0 };
	cfs_key ring;
	int r;

	/* A ring that we may not see can still hold the certificate. */
	if (cfs_keyring_find(&ring, &unseen) == 0)
		return cfs_fail(err, EOPNOTSUPP,
				"this kernel checks no fs-verity signatures");
	r = cfs_store_enrol(store, id, fd, der, err);
	if (r == CFS_ENROL_UNSUPPORTED)
		return cfs_fail(err, EOPNOTSUPP, "no fs-verity here");
	return r;
}

int cfs_enrol_object(struct cfs_store *store, const struct cfs_digest *id,
		     struct cfs_bytes der, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char hex[CFS_DIGEST_HEX_MAX];
	int r = cfs_object_open(store->objects, id, &fd, err);

	if (r == 0)
		r = cfs_fail(err, ENOENT, "it is missing");
	if (r > 0)
		r = cfs_object_check(fd, id, err);
	if (r >= 0)
		r = cfs_enrol(store, id, fd, der, err);
	/* Lack of support here is not the object's fault: it is not named. */
	if (r >= 0 || r == -EOPNOTSUPP)
		return r;
	cfs_digest_to_hex(id, hex);
	return cfs_ctx(err, "object %s", hex);
}

static int open_measured(const struct cfs_repo *repo,
			 const struct cfs_digest *id, int *ret_fd,
			 struct cfs_err *err)
{
	CFS_AUTOFD int objects = cfs_repo_open_objects(repo, err);
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest have;
	int r = objects < 0 ? objects : cfs_object_open(objects, id, &fd, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "it is not in the repository");
	if (r > 0)
		r = cfs_verity_measure(fd, &have, err);
	if (r == 0)
		return cfs_fail(err, ENODATA, "it has no fs-verity");
	if (r > 0)
		r = cfs_verity_require(fd, id, err);
	if (r < 0)
		return r;
	*ret_fd = cfs_steal_fd(&fd);
	return 0;
}

int cfs_enrol_verify(const struct cfs_repo *repo, const struct cfs_digest *id,
		     const struct cfs_certs *certs, unsigned *ret_cert,
		     struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *der = malloc(CFS_SIGNATURE_MAX);
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (!der)
		return cfs_no_memory(err);
	r = open_measured(repo, id, &fd, err);
	if (r < 0)
		return r;
	r = cfs_verity_read_signature(fd, der, err);
	if (r == -ENOTTY)
		return cfs_fail(err, ENOTTY,
				"this kernel or file system cannot read "
				"signatures back (ext4 and f2fs: Linux 5.12, "
				"btrfs: 6.14)");
	if (r == 0)
		return cfs_fail(err, ENODATA,
				"the kernel keeps no signature with it");
	if (r < 0)
		return r;
	return cfs_signature_verify((struct cfs_bytes){ der, (size_t)r }, id,
				    certs, ret_cert, err);
}
