/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "keys/genkey.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/libcrypto.h"
#include "keys/x509.h"

/* RSA: kernels verify it from 5.4 on, ECDSA only where that is built in.  3072
 * bits are as strong as AES-128, and more would only make signatures longer. */
#define RSA_BITS    3072
#define SERIAL_BITS 127 /* positive in 16 bytes; RFC 5280 allows 20 */
/* The kernel does not look at dates, and a key that signs what boots is not
 * replaced every year. */
#define DAYS 3650

CFS_DEFINE_AUTO(X509, X509_free);
CFS_DEFINE_AUTO(BIO, BIO_free_all);
CFS_DEFINE_AUTO(EVP_PKEY, EVP_PKEY_free);
CFS_DEFINE_AUTO(BIGNUM, BN_free);

static int failed(struct cfs_err *err, const char *doing)
{
	char why[CFS_OPENSSL_WHY];

	return cfs_fail(err, EIO, "%s: %s", doing, cfs_openssl_why(why));
}

/* The top bit is set, so that the number always has the same length. */
static bool set_serial(X509 *x509)
{
	CFS_AUTO(BN_free) BIGNUM *n = BN_new();

	return n &&
	       BN_rand(n, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) &&
	       BN_to_ASN1_INTEGER(n, X509_get_serialNumber(x509));
}

static bool add_extension(X509 *x509, X509V3_CTX *ctx, int nid,
			  const char *value)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, ctx, nid, value);
	bool ok = ext && X509_add_ext(x509, ext, -1);

	X509_EXTENSION_free(ext);
	return ok;
}

/* A certificate for signatures alone: it cannot vouch for others. */
static bool set_extensions(X509 *x509)
{
	X509V3_CTX ctx;

	X509V3_set_ctx_nodb(&ctx);
	X509V3_set_ctx(&ctx, x509, x509, NULL, NULL, 0);
	return add_extension(x509, &ctx, NID_basic_constraints,
			     "critical,CA:FALSE") &&
	       add_extension(x509, &ctx, NID_key_usage,
			     "critical,digitalSignature") &&
	       add_extension(x509, &ctx, NID_subject_key_identifier, "hash") &&
	       add_extension(x509, &ctx, NID_authority_key_identifier,
			     "keyid:always");
}

static bool fill_in(X509 *x509, EVP_PKEY *key, const char *name)
{
	X509_NAME *subject = X509_get_subject_name(x509);

	return X509_set_version(x509, X509_VERSION_3) && set_serial(x509) &&
	       X509_gmtime_adj(X509_getm_notBefore(x509), 0) &&
	       X509_gmtime_adj(X509_getm_notAfter(x509), DAYS * 86400L) &&
	       X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
					  (const unsigned char *)name, -1, -1,
					  0) &&
	       X509_set_issuer_name(x509, subject) &&
	       X509_set_pubkey(x509, key) && set_extensions(x509) &&
	       X509_sign(x509, key, EVP_sha256());
}

static int write_bio(int dirfd, const char *file, mode_t mode, BIO *bio,
		     struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char *data;
	long len = BIO_get_mem_data(bio, &data);
	int r;

	/* 0600 from the start: no other process can have the file open when the
	 * key is written to it. */
	fd = openat(dirfd, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return cfs_fail_errno(err, "create %s", file);
	r = cfs_write_full(fd, data, (size_t)len);
	if (r < 0)
		return cfs_fail_code(err, r, "write %s", file);
	if (fchmod(fd, mode) < 0 || fsync(fd) < 0)
		return cfs_fail_errno(err, "write %s", file);
	return 0;
}

static int write_pair(int dirfd, EVP_PKEY *key, X509 *x509, struct cfs_err *err)
{
	/* Memory that is wiped: the private key goes through it. */
	CFS_AUTO(BIO_free_all) BIO *secret = BIO_new(BIO_s_secmem());
	CFS_AUTO(BIO_free_all) BIO *text = BIO_new(BIO_s_mem());
	int r;

	if (!secret || !text ||
	    !PEM_write_bio_PrivateKey(secret, key, NULL, NULL, 0, NULL, NULL) ||
	    !PEM_write_bio_X509(text, x509))
		return failed(err, "encode the key");
	r = write_bio(dirfd, CFS_GENKEY_KEY, 0600, secret, err);
	if (r == 0)
		r = write_bio(dirfd, CFS_GENKEY_CERT, 0644, text, err);
	return r;
}

int cfs_genkey(const char *dir, const char *name, struct cfs_err *err)
{
	CFS_AUTO(EVP_PKEY_free) EVP_PKEY *key = NULL;
	CFS_AUTO(X509_free) X509 *x509 = NULL;
	CFS_AUTOFD int dirfd = -EBADF;
	int r;

	if (!*name || strlen(name) > 64)
		return cfs_fail(err, EINVAL,
				"the common name has to have 1 to 64 bytes");
	r = cfs_libcrypto_load(err);
	if (r < 0)
		return r;
	/* The directory is made last, so that a failure so far leaves none. */
	x509 = X509_new();
	key = EVP_RSA_gen(RSA_BITS);
	if (!key || !x509 || !fill_in(x509, key, name))
		return failed(err, "make a key");
	if (mkdir(dir, 0755) < 0)
		return errno == EEXIST
			       ? cfs_fail(
					 err, EEXIST,
					 "%s already exists; refusing to "
					 "overwrite keys, name a new directory",
					 dir)
			       : cfs_fail_errno(err, "make directory %s", dir);
	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		r = cfs_fail_errno(err, "open %s", dir);
	else
		r = write_pair(dirfd, key, x509, err);
	if (r == 0)
		return 0;
	(void)unlinkat(dirfd, CFS_GENKEY_KEY, 0);
	(void)unlinkat(dirfd, CFS_GENKEY_CERT, 0);
	(void)rmdir(dir);
	return cfs_ctx(err, "%s", dir);
}
