/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libcrypto, loaded when it is first needed (base/library.h).
 *
 * Include this instead of <openssl/...>, and call cfs_libcrypto_load() before
 * any other function of the library.  Functions that are given an object of the
 * library need not, because its creator has.  To use a further function of the
 * library, add it to both lists below.
 */
#ifndef CFS_BASE_LIBCRYPTO_H
#define CFS_BASE_LIBCRYPTO_H

#include <stdbool.h>

/* PKCS7_* is deprecated in favour of CMS, which would write different bytes. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <openssl/provider.h>
#include <openssl/rsa.h>
#include <openssl/store.h>
#include <openssl/ui.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/err.h"
#include "base/own.h"

/* Loads libcrypto.  Errors: see cfs_library_load(). */
int cfs_libcrypto_load(struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Has it been loaded, so that to use it costs no more? */
bool cfs_libcrypto_is_loaded(void);

/* clang-format off */
#define CFS_LIBCRYPTO(X) \
	X(ASN1_TIME_free) \
	X(ASN1_TIME_print) \
	X(BIO_ctrl) \
	X(BIO_free_all) \
	X(BIO_new) \
	X(BIO_new_mem_buf) \
	X(BIO_read) \
	X(BIO_s_mem) \
	X(BIO_s_secmem) \
	X(BN_free) \
	X(BN_new) \
	X(BN_rand) \
	X(BN_to_ASN1_INTEGER) \
	X(CRYPTO_clear_free) \
	X(CRYPTO_free) \
	X(ERR_clear_error) \
	X(ERR_peek_last_error) \
	X(ERR_reason_error_string) \
	X(EVP_DigestFinal_ex) \
	X(EVP_DigestInit_ex2) \
	X(EVP_DigestUpdate) \
	X(EVP_DigestVerify) \
	X(EVP_DigestVerifyInit) \
	X(EVP_MD_CTX_free) \
	X(EVP_MD_CTX_new) \
	X(EVP_MD_fetch) \
	X(EVP_MD_free) \
	X(EVP_PKEY_CTX_free) \
	X(EVP_PKEY_CTX_new_from_pkey) \
	X(EVP_PKEY_CTX_set_rsa_padding) \
	X(EVP_PKEY_CTX_set_signature_md) \
	X(EVP_PKEY_Q_keygen) \
	X(EVP_PKEY_assign) \
	X(EVP_PKEY_eq) \
	X(EVP_PKEY_free) \
	X(EVP_PKEY_get0_type_name) \
	X(EVP_PKEY_get_base_id) \
	X(EVP_PKEY_get_bits) \
	X(EVP_PKEY_get_group_name) \
	X(EVP_PKEY_get_size) \
	X(EVP_PKEY_new) \
	X(EVP_PKEY_sign) \
	X(EVP_PKEY_sign_init) \
	X(EVP_sha256) \
	X(EVP_sha384) \
	X(EVP_sha512) \
	X(OPENSSL_sk_num) \
	X(OPENSSL_sk_pop_free) \
	X(OPENSSL_sk_shift) \
	X(OSSL_LIB_CTX_free) \
	X(OSSL_LIB_CTX_new) \
	X(OSSL_PROVIDER_load) \
	X(OSSL_PROVIDER_unload) \
	X(OSSL_STORE_INFO_free) \
	X(OSSL_STORE_INFO_get1_PKEY) \
	X(OSSL_STORE_INFO_get_type) \
	X(OSSL_STORE_close) \
	X(OSSL_STORE_eof) \
	X(OSSL_STORE_expect) \
	X(OSSL_STORE_load) \
	X(OSSL_STORE_open_ex) \
	X(PEM_read_bio) \
	X(PEM_read_bio_PrivateKey) \
	X(PEM_write_bio_PrivateKey) \
	X(PEM_write_bio_X509) \
	X(PKCS7_SIGNER_INFO_free) \
	X(PKCS7_add_signer) \
	X(PKCS7_final) \
	X(PKCS7_free) \
	X(PKCS7_get_signer_info) \
	X(PKCS7_sign) \
	X(PKCS7_sign_add_signer) \
	X(PKCS7_sign_ex) \
	X(RSA_free) \
	X(UI_get_default_method) \
	X(X509V3_EXT_conf_nid) \
	X(X509V3_set_ctx) \
	X(X509_ATTRIBUTE_free) \
	X(X509_EXTENSION_free) \
	X(X509_NAME_add_entry_by_txt) \
	X(X509_NAME_free) \
	X(X509_NAME_print_ex) \
	X(X509_add_ext) \
	X(X509_check_private_key) \
	X(X509_cmp_current_time) \
	X(X509_digest) \
	X(X509_free) \
	X(X509_get0_notAfter) \
	X(X509_get0_pubkey) \
	X(X509_get_pubkey) \
	X(X509_get_serialNumber) \
	X(X509_get_subject_name) \
	X(X509_getm_notAfter) \
	X(X509_getm_notBefore) \
	X(X509_gmtime_adj) \
	X(X509_new) \
	X(X509_set_issuer_name) \
	X(X509_set_pubkey) \
	X(X509_set_version) \
	X(X509_sign) \
	X(d2i_ASN1_TIME) \
	X(d2i_PKCS7) \
	X(d2i_PublicKey) \
	X(d2i_RSAPrivateKey) \
	X(d2i_X509) \
	X(d2i_X509_NAME) \
	X(i2d_PKCS7)
/* clang-format on */

struct cfs_libcrypto {
#define X(name) __typeof__(name) *name;
	CFS_LIBCRYPTO(X)
#undef X
};
extern struct cfs_libcrypto cfs_libcrypto;

#define ASN1_TIME_free		     cfs_libcrypto.ASN1_TIME_free
#define ASN1_TIME_print		     cfs_libcrypto.ASN1_TIME_print
#define BIO_ctrl		     cfs_libcrypto.BIO_ctrl
#define BIO_free_all		     cfs_libcrypto.BIO_free_all
#define BIO_new			     cfs_libcrypto.BIO_new
#define BIO_new_mem_buf		     cfs_libcrypto.BIO_new_mem_buf
#define BIO_read		     cfs_libcrypto.BIO_read
#define BIO_s_mem		     cfs_libcrypto.BIO_s_mem
#define BIO_s_secmem		     cfs_libcrypto.BIO_s_secmem
#define BN_free			     cfs_libcrypto.BN_free
#define BN_new			     cfs_libcrypto.BN_new
#define BN_rand			     cfs_libcrypto.BN_rand
#define BN_to_ASN1_INTEGER	     cfs_libcrypto.BN_to_ASN1_INTEGER
#define CRYPTO_clear_free	     cfs_libcrypto.CRYPTO_clear_free
#define CRYPTO_free		     cfs_libcrypto.CRYPTO_free
#define ERR_clear_error		     cfs_libcrypto.ERR_clear_error
#define ERR_peek_last_error	     cfs_libcrypto.ERR_peek_last_error
#define ERR_reason_error_string	     cfs_libcrypto.ERR_reason_error_string
#define EVP_DigestFinal_ex	     cfs_libcrypto.EVP_DigestFinal_ex
#define EVP_DigestInit_ex2	     cfs_libcrypto.EVP_DigestInit_ex2
#define EVP_DigestUpdate	     cfs_libcrypto.EVP_DigestUpdate
#define EVP_DigestVerify	     cfs_libcrypto.EVP_DigestVerify
#define EVP_DigestVerifyInit	     cfs_libcrypto.EVP_DigestVerifyInit
#define EVP_MD_CTX_free		     cfs_libcrypto.EVP_MD_CTX_free
#define EVP_MD_CTX_new		     cfs_libcrypto.EVP_MD_CTX_new
#define EVP_MD_fetch		     cfs_libcrypto.EVP_MD_fetch
#define EVP_MD_free		     cfs_libcrypto.EVP_MD_free
#define EVP_PKEY_CTX_free	     cfs_libcrypto.EVP_PKEY_CTX_free
#define EVP_PKEY_CTX_new_from_pkey   cfs_libcrypto.EVP_PKEY_CTX_new_from_pkey
#define EVP_PKEY_CTX_set_rsa_padding cfs_libcrypto.EVP_PKEY_CTX_set_rsa_padding
#define EVP_PKEY_CTX_set_signature_md \
	cfs_libcrypto.EVP_PKEY_CTX_set_signature_md
#define EVP_PKEY_Q_keygen	   cfs_libcrypto.EVP_PKEY_Q_keygen
#define EVP_PKEY_assign		   cfs_libcrypto.EVP_PKEY_assign
#define EVP_PKEY_eq		   cfs_libcrypto.EVP_PKEY_eq
#define EVP_PKEY_free		   cfs_libcrypto.EVP_PKEY_free
#define EVP_PKEY_get0_type_name	   cfs_libcrypto.EVP_PKEY_get0_type_name
#define EVP_PKEY_get_base_id	   cfs_libcrypto.EVP_PKEY_get_base_id
#define EVP_PKEY_get_bits	   cfs_libcrypto.EVP_PKEY_get_bits
#define EVP_PKEY_get_group_name	   cfs_libcrypto.EVP_PKEY_get_group_name
#define EVP_PKEY_get_size	   cfs_libcrypto.EVP_PKEY_get_size
#define EVP_PKEY_new		   cfs_libcrypto.EVP_PKEY_new
#define EVP_PKEY_sign		   cfs_libcrypto.EVP_PKEY_sign
#define EVP_PKEY_sign_init	   cfs_libcrypto.EVP_PKEY_sign_init
#define EVP_sha256		   cfs_libcrypto.EVP_sha256
#define EVP_sha384		   cfs_libcrypto.EVP_sha384
#define EVP_sha512		   cfs_libcrypto.EVP_sha512
#define OPENSSL_sk_num		   cfs_libcrypto.OPENSSL_sk_num
#define OPENSSL_sk_pop_free	   cfs_libcrypto.OPENSSL_sk_pop_free
#define OPENSSL_sk_shift	   cfs_libcrypto.OPENSSL_sk_shift
#define OSSL_LIB_CTX_free	   cfs_libcrypto.OSSL_LIB_CTX_free
#define OSSL_LIB_CTX_new	   cfs_libcrypto.OSSL_LIB_CTX_new
#define OSSL_PROVIDER_load	   cfs_libcrypto.OSSL_PROVIDER_load
#define OSSL_PROVIDER_unload	   cfs_libcrypto.OSSL_PROVIDER_unload
#define OSSL_STORE_INFO_free	   cfs_libcrypto.OSSL_STORE_INFO_free
#define OSSL_STORE_INFO_get1_PKEY  cfs_libcrypto.OSSL_STORE_INFO_get1_PKEY
#define OSSL_STORE_INFO_get_type   cfs_libcrypto.OSSL_STORE_INFO_get_type
#define OSSL_STORE_close	   cfs_libcrypto.OSSL_STORE_close
#define OSSL_STORE_eof		   cfs_libcrypto.OSSL_STORE_eof
#define OSSL_STORE_expect	   cfs_libcrypto.OSSL_STORE_expect
#define OSSL_STORE_load		   cfs_libcrypto.OSSL_STORE_load
#define OSSL_STORE_open_ex	   cfs_libcrypto.OSSL_STORE_open_ex
#define PEM_read_bio		   cfs_libcrypto.PEM_read_bio
#define PEM_read_bio_PrivateKey	   cfs_libcrypto.PEM_read_bio_PrivateKey
#define PEM_write_bio_PrivateKey   cfs_libcrypto.PEM_write_bio_PrivateKey
#define PEM_write_bio_X509	   cfs_libcrypto.PEM_write_bio_X509
#define PKCS7_SIGNER_INFO_free	   cfs_libcrypto.PKCS7_SIGNER_INFO_free
#define PKCS7_add_signer	   cfs_libcrypto.PKCS7_add_signer
#define PKCS7_final		   cfs_libcrypto.PKCS7_final
#define PKCS7_free		   cfs_libcrypto.PKCS7_free
#define PKCS7_get_signer_info	   cfs_libcrypto.PKCS7_get_signer_info
#define PKCS7_sign		   cfs_libcrypto.PKCS7_sign
#define PKCS7_sign_add_signer	   cfs_libcrypto.PKCS7_sign_add_signer
#define PKCS7_sign_ex		   cfs_libcrypto.PKCS7_sign_ex
#define RSA_free		   cfs_libcrypto.RSA_free
#define UI_get_default_method	   cfs_libcrypto.UI_get_default_method
#define X509V3_EXT_conf_nid	   cfs_libcrypto.X509V3_EXT_conf_nid
#define X509V3_set_ctx		   cfs_libcrypto.X509V3_set_ctx
#define X509_ATTRIBUTE_free	   cfs_libcrypto.X509_ATTRIBUTE_free
#define X509_EXTENSION_free	   cfs_libcrypto.X509_EXTENSION_free
#define X509_NAME_add_entry_by_txt cfs_libcrypto.X509_NAME_add_entry_by_txt
#define X509_NAME_free		   cfs_libcrypto.X509_NAME_free
#define X509_NAME_print_ex	   cfs_libcrypto.X509_NAME_print_ex
#define X509_add_ext		   cfs_libcrypto.X509_add_ext
#define X509_check_private_key	   cfs_libcrypto.X509_check_private_key
#define X509_cmp_current_time	   cfs_libcrypto.X509_cmp_current_time
#define X509_digest		   cfs_libcrypto.X509_digest
#define X509_free		   cfs_libcrypto.X509_free
#define X509_get0_notAfter	   cfs_libcrypto.X509_get0_notAfter
#define X509_get0_pubkey	   cfs_libcrypto.X509_get0_pubkey
#define X509_get_pubkey		   cfs_libcrypto.X509_get_pubkey
#define X509_get_serialNumber	   cfs_libcrypto.X509_get_serialNumber
#define X509_get_subject_name	   cfs_libcrypto.X509_get_subject_name
#define X509_getm_notAfter	   cfs_libcrypto.X509_getm_notAfter
#define X509_getm_notBefore	   cfs_libcrypto.X509_getm_notBefore
#define X509_gmtime_adj		   cfs_libcrypto.X509_gmtime_adj
#define X509_new		   cfs_libcrypto.X509_new
#define X509_set_issuer_name	   cfs_libcrypto.X509_set_issuer_name
#define X509_set_pubkey		   cfs_libcrypto.X509_set_pubkey
#define X509_set_version	   cfs_libcrypto.X509_set_version
#define X509_sign		   cfs_libcrypto.X509_sign
#define d2i_ASN1_TIME		   cfs_libcrypto.d2i_ASN1_TIME
#define d2i_PKCS7		   cfs_libcrypto.d2i_PKCS7
#define d2i_PublicKey		   cfs_libcrypto.d2i_PublicKey
#define d2i_RSAPrivateKey	   cfs_libcrypto.d2i_RSAPrivateKey
#define d2i_X509		   cfs_libcrypto.d2i_X509
#define d2i_X509_NAME		   cfs_libcrypto.d2i_X509_NAME
#define i2d_PKCS7		   cfs_libcrypto.i2d_PKCS7

#endif
