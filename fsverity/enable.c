/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/enable.h"

#include <string.h>
#include <time.h>

#include "base/kernel_enable.h"

/* The pauses double from one millisecond, adding up to 1 + 2 + ... + 512 ms. */
#define RETRIES 10

/* Source: Documentation/filesystems/fsverity.rst, FS_IOC_ENABLE_VERITY; linux
 * fs/verity/signature.c for the codes of signatures. */
static const char *meaning(int code)
{
	switch (code) {
	case ENOKEY:
		return "the signer's certificate is not in the kernel's "
		       ".fs-verity keyring";
	case EKEYREJECTED:
		return "the kernel rejects the signature";
	case EBADMSG:
		return "the signature is not a PKCS#7 message";
	case ENOPKG:
		return "this kernel does not know the algorithm";
	case EPERM:
		return "not permitted, or fs.verity.require_signatures is set "
		       "and there is no signature";
	case EMSGSIZE:
		return "the signature is too long";
	case ETXTBSY:
		return "another process has the file open for writing";
	case EBUSY:
		return "another process is enabling fs-verity";
	default:
		return strerror(code);
	}
}

static void pause_ms(unsigned ms)
{
	struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* The file may be open for writing for a moment: a child that another thread
 * has forked holds a copy of the writable descriptor until it calls
 * execve(2). */
static int enable_patiently(int fd, const struct fsverity_enable_arg *arg)
{
	int r;

	for (unsigned i = 0;; i++) {
		r = cfs_kernel_enable_verity(fd, arg);
		if ((r != -ETXTBSY && r != -EBUSY && r != -EINTR) ||
		    i == RETRIES)
			return r;
		pause_ms(1u << i);
	}
}

int cfs_verity_enable(int fd, enum cfs_alg alg, struct cfs_bytes signature,
		      struct cfs_err *err)
{
	struct fsverity_enable_arg arg = {
		.version = 1,
		.hash_algorithm = alg,
		/* Other sizes have other digests, which composefs does not
		 * know. */
		.block_size = 4096,
		.sig_size = (uint32_t)signature.len,
		.sig_ptr = (uintptr_t)signature.data,
	};
	int r;

	if (signature.len > CFS_SIGNATURE_MAX)
		return cfs_fail(err, EMSGSIZE,
				"enable fs-verity: the signature has %zu "
				"bytes; the kernel's maximum is %d",
				signature.len, CFS_SIGNATURE_MAX);
	r = enable_patiently(fd, &arg);
	/* ENOTTY: the file system does not know the ioctl; EOPNOTSUPP: it does,
	 * but has the feature off. */
	if (r == -ENOTTY || r == -EOPNOTSUPP)
		return CFS_ENABLE_UNSUPPORTED;
	if (r == -EEXIST)
		return CFS_ENABLE_ALREADY;
	if (r < 0)
		return cfs_fail(err, -r, "enable fs-verity: %s", meaning(-r));
	return CFS_ENABLE_DONE;
}
