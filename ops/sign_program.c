/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign_program.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/child.h"
#include "base/io.h"
#include "boot/pe_image.h"
#include "ops/tmpdir.h"
#include "repo/copy.h"

/* Bytes of a program that have its headers. */
#define HEADERS_MAX 65536

/* Descriptors as paths: the tool's own, see struct cfs_child_spec. */
#define INPUT  "/proc/self/fd/3"
#define OUTPUT "/proc/self/fd/1"

static bool in_token(const struct cfs_program_signer *signer)
{
	return strncmp(signer->key, "pkcs11:", strlen("pkcs11:")) == 0;
}

static int fails(const char *tool, int status, struct cfs_buf *said,
		 struct cfs_err *err)
{
	while (said->len > 0 && said->data[said->len - 1] == '\n')
		said->len--;
	for (size_t i = 0; i < said->len; i++)
		if (said->data[i] == '\n')
			said->data[i] = ' ';
	return cfs_fail(err, EIO, "%s failed (status %d): %s", tool, status,
			cfs_buf_text(said) ? (char *)said->data : "");
}

static int run(const char *const *argv, int from, int out, struct cfs_err *err)
{
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = out,
					     .third = from };
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	CFS_AUTOBUF struct cfs_buf said = { 0 };
	int r = cfs_child_start(&spec, &child, err);

	if (r == 0)
		r = cfs_child_wait(&child, &said, err);
	return r <= 0 ? r : fails(argv[0], r, &said, err);
}

static int sbsign(const struct cfs_program_signer *signer, int from, int to,
		  struct cfs_err *err)
{
	const char *argv[] = { "sbsign",     "--key",	 signer->key, "--cert",
			       signer->cert, "--output", OUTPUT,      INPUT,
			       NULL,	     NULL,	 NULL };

	if (in_token(signer)) {
		argv[8] = "--engine";
		argv[9] = "pkcs11";
	}
	return run(argv, from, to, err);
}

static int copy_output(const struct cfs_tmpdir *dir, int to,
		       struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_beneath(dir->fd, "signed", O_RDONLY);

	if (fd < 0)
		return cfs_fail(err, EIO, "open what osslsigncode wrote: %s",
				strerror(-fd));
	return cfs_copy_rest(fd, to, err);
}

/* osslsigncode only writes to files that it makes itself: here they are in a
 * directory of its own. */
static int osslsigncode(const struct cfs_program_signer *signer, int from,
			int to, struct cfs_err *err)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir dir = CFS_TMPDIR_INIT;
	CFS_AUTOFREE char *path = NULL;
	int r;

	if (in_token(signer))
		return cfs_fail(err, EINVAL,
				"keys in tokens take sbsign (package "
				"sbsigntool) and OpenSSL's engine pkcs11 "
				"(package libengine-pkcs11-openssl)");
	r = cfs_tmpdir_make(&dir, "/tmp", "cfsctl-sign", err);
	/* As -ENOENT it would mean that the tool is not installed. */
	if (r == -ENOENT)
		err->code = EIO;
	if (r < 0)
		return -err->code;
	if (asprintf(&path, "%s/signed", dir.path) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	r = run((const char *const[]){ "osslsigncode", "sign", "-h", "sha256",
				       "-certs", signer->cert, "-key",
				       signer->key, "-in", INPUT, "-out", path,
				       NULL },
		from, -EBADF, err);
	return r < 0 ? r : copy_output(&dir, to, err);
}

static int check_signed(int fd, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *data = malloc(HEADERS_MAX);
	struct cfs_pe_image image;
	ssize_t n;
	int r;

	if (!data)
		return cfs_no_memory(err);
	n = cfs_pread_full(fd, data, HEADERS_MAX, 0);
	if (n < 0)
		return cfs_fail_code(err, (int)n, "read the signed program");
	r = cfs_pe_image_read((struct cfs_bytes){ data, (size_t)n }, &image,
			      err);
	if (r < 0)
		return cfs_ctx(err, "the signed program");
	if (r == 0 || !image.is_signed)
		return cfs_fail(err, EBADMSG,
				"the signing tool wrote no signed program");
	return 0;
}

int cfs_sign_program(const struct cfs_program_signer *signer, int from, int to,
		     struct cfs_err *err)
{
	static const char *const missing[] = {
		[CFS_SIGN_ANY] = "signing takes sbsign (package sbsigntool) or "
				 "osslsigncode (package osslsigncode), and "
				 "neither is installed",
		[CFS_SIGN_SBSIGN] = "sbsign is not installed (package "
				    "sbsigntool)",
		[CFS_SIGN_OSSLSIGNCODE] = "osslsigncode is not installed "
					  "(package osslsigncode)",
	};
	int r = -ENOENT;

	if (signer->tool != CFS_SIGN_OSSLSIGNCODE)
		r = sbsign(signer, from, to, err);
	/* -ENOENT: the tool is not installed. */
	if (r == -ENOENT && signer->tool != CFS_SIGN_SBSIGN)
		r = osslsigncode(signer, from, to, err);
	if (r == -ENOENT)
		return cfs_fail(err, ENOPKG, "%s", missing[signer->tool]);
	return r < 0 ? r : check_signed(to, err);
}
