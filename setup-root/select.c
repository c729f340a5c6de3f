/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/select.h"

#include <string.h>

#include "base/io.h"
#include "fsverity/measure.h"
#include "fsverity/signature.h"
#include "keys/pkcs7.h"
#include "repo/image.h"
#include "repo/signature.h"
#include "setup-root/modules.h"
#include "setup-root/state.h"

#define CURE_SIGN                                                 \
	"boot another entry, or sign the image with a key whose " \
	"certificate is in the initramfs"

static int open_image(struct cfs_boot *b, const struct cfs_candidate *c,
		      int *ret_fd, struct cfs_err *err)
{
	int r = cfs_repo_open_image(&b->repo, &c->karg.digest, ret_fd, err);
	struct cfs_err why;

	/* Linux 6.1 of Debian has sha512 as a module, which fs-verity asks
	 * for; without a modprobe program it asks in vain. */
	if (r != -ENOPKG || c->karg.digest.alg != CFS_ALG_SHA512)
		return r;
	if (cfs_modules_load("sha512", &why) < 0) {
		cfs_log(&b->log, LOG_WARNING, "%s", why.msg);
		return r;
	}
	return cfs_repo_open_image(&b->repo, &c->karg.digest, ret_fd, err);
}

/* Returns 1 if the digest is right, 0 if there is none and that is allowed. */
static int measure(struct cfs_boot *b, const struct cfs_candidate *c, int fd,
		   struct cfs_err *err)
{
	struct cfs_digest got;
	int r = 1;

	if (c->karg.insecure)
		r = cfs_verity_measure(fd, &got, err);
	/* Even with "?" a digest that exists has to be the right one. */
	if (r > 0)
		r = cfs_verity_require(fd, &c->karg.digest, err);
	else if (r == 0 && b->config.keys.require_signed)
		return cfs_fail(err, EBADMSG,
				"no fs-verity, so no signature can be of it "
				"(keys.require-signed)");
	else if (r == 0) {
		cfs_log(&b->log, LOG_WARNING,
			"the image has no fs-verity; nothing is verified, as "
			"its \"?\" allows");
		return 0;
	}
	return r < 0 ? r : 1;
}

/* Checks signatures/<hex>.p7s of the repository.  Returns 0 if it does not
 * exist. */
static int check_detached(struct cfs_boot *b, const struct cfs_digest *digest,
			  struct cfs_err *err)
{
	char name[CFS_SIGNATURE_PATH_MAX];
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	int r = cfs_signature_read(&b->repo, digest, &der, err);

	if (r <= 0)
		return r;
	r = cfs_pkcs7_check(cfs_buf_bytes(&der), digest, &b->keys.certs, NULL,
			    err);
	cfs_signature_path(digest, name);
	return r < 0 ? cfs_ctx(err, "%s", name) : 1;
}

static int prove(struct cfs_boot *b, const struct cfs_digest *digest, int fd,
		 struct cfs_choice *choice, struct cfs_err *err)
{
	CFS_AUTOFREE uint8_t *der = malloc(CFS_SIGNATURE_MAX);
	int n, r;

	if (!der)
		return cfs_no_memory(err);
	n = cfs_verity_read_signature(fd, der, err);
	/* ENOTTY: Linux before 5.12, which cannot read it back. */
	if (n < 0 && n != -ENOTTY)
		return n;
	choice->proof = CFS_PROOF_PKCS7;
	/* That the kernel opened the file is no proof by itself: some key of
	 * its ring made the signature, now or when the file was first
	 * opened. */
	if (n > 0 && cfs_pkcs7_check((struct cfs_bytes){ der, (size_t)n },
				     digest, &b->keys.certs, NULL, err) == 0) {
		if (b->keys.in_ring)
			choice->proof = CFS_PROOF_KERNEL;
		return 0;
	}
	r = check_detached(b, digest, err);
	if (r != 0)
		return r < 0 ? r : 0;
	if (n > 0)
		return cfs_ctx(err, "builtin signature");
	return cfs_fail(err, EBADMSG,
			"not signed: neither the file nor signatures/ of the "
			"repository has a signature (keys.require-signed)");
}

/* Is the image that was found what it should be? */
static int examine(struct cfs_boot *b, struct cfs_candidate *c, int fd,
		   struct cfs_choice *choice, struct cfs_err *err)
{
	int r = measure(b, c, fd, err);

	c->result = CFS_RESULT_WRONG_DIGEST;
	if (r < 0)
		return r;
	choice->verity = r;
	c->result = CFS_RESULT_SIGNATURE;
	if (b->config.keys.require_signed) {
		r = prove(b, &c->karg.digest, fd, choice, err);
		/* Whatever made the signature unusable, it is no proof. */
		if (r < 0) {
			err->code = EBADMSG;
			return cfs_err_cure(err, CURE_SIGN);
		}
	}
	c->result = CFS_RESULT_BOOTED;
	return 0;
}

/* Returns 1 with *@choice, 0 if the image does not exist, or negative errno. */
static int try_one(struct cfs_boot *b, struct cfs_candidate *c,
		   struct cfs_choice *choice, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	int r;

	if (b->repo.has_meta && b->repo.meta.alg != c->karg.digest.alg) {
		c->result = CFS_RESULT_OTHER_ALGORITHM;
		cfs_log(&b->log, LOG_INFO,
			"image %.12s... is not here: the repository has %s digests",
			c->hex, cfs_alg_name(b->repo.meta.alg));
		return 0;
	}
	c->result = CFS_RESULT_UNREADABLE;
	r = open_image(b, c, &fd, err);
	if (r < 0)
		return r;
	if (r == CFS_IMAGE_DANGLING) {
		c->result = CFS_RESULT_DANGLING;
		cfs_log(&b->log, LOG_WARNING,
			"image %.12s... is linked but its object is missing: the "
			"repository is damaged or was collected",
			c->hex);
		return 0;
	}
	if (r == CFS_IMAGE_ABSENT) {
		c->result = CFS_RESULT_ABSENT;
		cfs_log(&b->log, LOG_NOTICE, "image %.12s... is not here",
			c->hex);
		return 0;
	}
	if (examine(b, c, fd, choice, err) < 0)
		return cfs_ctx(err, "image %.12s...", c->hex);
	choice->fd = cfs_steal_fd(&fd);
	return 1;
}

/* A missing image makes room for the next candidate, a wrong one ends the boot:
 * damage must not select an older image. */
int cfs_select(struct cfs_boot *b, struct cfs_err *err)
{
	struct cfs_choice first = { .fd = -EBADF }; /* good, without state */

	for (unsigned i = 0; i < b->n_candidates; i++)
		b->candidates[i].result = CFS_RESULT_UNTRIED;
	for (unsigned i = 0; i < b->n_candidates; i++) {
		struct cfs_choice choice = { .index = i, .fd = -EBADF };
		struct cfs_candidate *c = &b->candidates[i];
		int r = try_one(b, c, &choice, err);

		if (r > 0 && b->n_candidates > 1 && cfs_state_lacks(b, c)) {
			c->result = CFS_RESULT_NO_STATE;
			if (first.fd < 0)
				first = choice;
			else
				cfs_closep(&choice.fd);
			continue;
		}
		if (r == 0)
			continue;
		if (first.fd >= 0)
			cfs_log(&b->log, LOG_WARNING,
				"passing over an image that has no directory "
				"below state/deploy");
		cfs_closep(&first.fd);
		b->choice = choice;
		return r;
	}
	if (first.fd >= 0)
		b->candidates[first.index].result = CFS_RESULT_BOOTED;
	b->choice = first;
	return first.fd >= 0;
}
