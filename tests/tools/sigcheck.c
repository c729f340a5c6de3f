/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Asks one question about signatures and prints the answer, "0" or the name
 * of an error; words go to stderr.
 *
 *	sigcheck crypto BLOB HEX [CERT...]	libcrypto's arithmetic
 *	sigcheck kernel BLOB HEX [CERT...]	keyctl_pkey_verify(3)'s
 *	sigcheck enable BLOB FILE		signed fs-verity, sha256
 *	sigcheck enable512 BLOB FILE		the same, sha512
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "fsverity/enable.h"
#include "keys/pem.h"
#include "keys/pkcs7.h"
#include "keys/verify.h"

#define BLOB_MAX 65536

static int check(bool crypto, struct cfs_bytes der, int argc, char **argv,
		 struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	struct cfs_digest digest;
	int r = cfs_digest_from_hex(argv[3], strlen(argv[3]), &digest, err);

	for (int i = 4; r >= 0 && i < argc; i++)
		r = cfs_certs_add_file(&certs, argv[i], err);
	if (r < 0)
		return r;
	return crypto ? cfs_signature_verify(der, &digest, &certs, NULL, err)
		      : cfs_pkcs7_check(der, &digest, &certs, NULL, err);
}

static int enable(enum cfs_alg alg, struct cfs_bytes der, const char *path,
		  struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	int r;

	if (fd < 0)
		return cfs_fail_errno(err, "open %s", path);
	r = cfs_verity_enable(fd, alg, der, err);
	if (r == CFS_ENABLE_UNSUPPORTED)
		return cfs_fail(err, EOPNOTSUPP, "no fs-verity here");
	if (r == CFS_ENABLE_ALREADY)
		return cfs_fail(err, EEXIST, "there is fs-verity already");
	return r < 0 ? r : 0;
}

int main(int argc, char **argv)
{
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	struct cfs_err err = { 0 };
	const char *how = argc > 3 ? argv[1] : "";
	int r;

	if (argc < 4)
		return 2;
	r = cfs_read_file(AT_FDCWD, argv[2], BLOB_MAX, &blob, &err);
	if (r <= 0) {
		fprintf(stderr, "sigcheck: %s\n", r ? err.msg : "no blob");
		return 2;
	}
	if (strcmp(how, "crypto") == 0 || strcmp(how, "kernel") == 0)
		r = check(*how == 'c', cfs_buf_bytes(&blob), argc, argv, &err);
	else if (strncmp(how, "enable", 6) == 0)
		r = enable(how[6] ? CFS_ALG_SHA512 : CFS_ALG_SHA256,
			   cfs_buf_bytes(&blob), argv[3], &err);
	else
		return 2;
	if (r < 0)
		fprintf(stderr, "sigcheck: %s\n", err.msg);
	puts(r < 0 ? strerrorname_np(-r) : "0");
	return 0;
}
