/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/image.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/measure.h"

/* The caller knows the digest; 12 digits of it keep messages short. */
#define NAME "images/%.12s..."

static int not_found(const struct cfs_repo *repo, const char *hex,
		     struct cfs_err *err)
{
	CFS_AUTOFD int images =
		cfs_openat2(repo->fd, "images", O_PATH | O_DIRECTORY, 0,
			    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	int r;

	if (images == -ENOENT)
		return CFS_IMAGE_ABSENT;
	r = images < 0 ? images : cfs_name_exists(images, hex);
	if (r < 0)
		return cfs_fail_code(err, r, "look up " NAME, hex);
	return r == 0 ? CFS_IMAGE_ABSENT : CFS_IMAGE_DANGLING;
}

const char *cfs_repo_open_meaning(int code)
{
	switch (code) {
	case ENOKEY:
		return "the certificate of its signature is not in the kernel "
		       "keyring .fs-verity";
	case EKEYREJECTED:
		return "its signature is not by the certificate that it names, "
		       "or over another digest: sign it anew";
	case EBADMSG:
		return "its fs-verity metadata is damaged: copy the file anew";
	case EPERM:
		return "the kernel wants signed files only "
		       "(fs.verity.require_signatures): sign it";
	case ENOPKG:
		return "this kernel lacks an algorithm of its signature: load "
		       "its module or sign with another";
	case EXDEV:
		return "the link leaves the repository or its file system";
	default:
		return strerror(code);
	}
}

int cfs_repo_open_image(const struct cfs_repo *repo,
			const struct cfs_digest *id, int *ret_fd,
			struct cfs_err *err)
{
	char name[sizeof("images/") + CFS_DIGEST_HEX_MAX] = "images/";
	char *hex = name + strlen(name);
	CFS_AUTOFD int look = -EBADF;
	struct stat st;
	int fd;

	cfs_digest_to_hex(id, hex);
	/* Looked at before it is opened: opening a FIFO would block. */
	look = cfs_openat2(repo->fd, name, O_PATH, 0,
			   RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS |
				   RESOLVE_NO_XDEV);
	if (look == -ENOENT)
		return not_found(repo, hex, err);
	if (look < 0)
		return cfs_fail(err, -look, "look up " NAME ": %s", hex,
				cfs_repo_open_meaning(-look));
	if (fstat(look, &st) < 0)
		return cfs_fail_errno(err, "stat " NAME, hex);
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, EINVAL, NAME " is not a regular file",
				hex);
	if (st.st_size == 0)
		return cfs_fail(err, EINVAL,
				NAME " is empty, a write was cut off: create "
				     "the image anew",
				hex);
	fd = cfs_reopen(look, O_RDONLY);
	if (fd < 0)
		(void)cfs_fail(err, -fd, "open " NAME ": %s", hex,
			       cfs_repo_open_meaning(-fd));
	if (fd == -EOPNOTSUPP)
		return cfs_err_cure(err, CFS_CURE_NO_VERITY);
	if (fd < 0)
		return fd;
	*ret_fd = fd;
	return CFS_IMAGE_PRESENT;
}
