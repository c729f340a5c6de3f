/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl sign: signatures over images, here or in two steps elsewhere. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/signing.h"
#include "fsverity/enable.h"
#include "keys/keyring.h"
#include "keys/sign.h"
#include "repo/enrol.h"
#include "repo/signature.h"

#define SIGNERS_MAX 16

enum kernel {
	KERNEL_AUTO, /* enrol where the kernel would verify */
	KERNEL_YES,  /* fail otherwise */
	KERNEL_NO,
};

struct sign {
	const struct cfs_globals *g;
	const char *emit;   /* --emit-tbs DIR */
	const char *attach; /* --attach DIR */
	enum kernel kernel;
	struct cfs_certs certs; /* of all --cert files, with --attach */
	unsigned n;
	struct cfs_signing *signers[SIGNERS_MAX];
};

static void sign_free(struct sign *s)
{
	for (unsigned i = 0; i < s->n; i++)
		cfs_signing_free(s->signers[i]);
	cfs_certs_free(&s->certs);
}

/* Why the kernel should not be asked, or NULL. */
static const char *kernel_useless(void)
{
	struct cfs_err unseen = { 0 };
	cfs_key ring;

	/* A ring that we may not see can still hold the certificate. */
	if (cfs_keyring_find(&ring, &unseen) != 0)
		return NULL;
	return "this kernel checks no fs-verity signatures";
}

static int enrol(const struct sign *s, struct cfs_store *store,
		 const struct cfs_digest *id, int fd, struct cfs_bytes der,
		 struct cfs_err *err)
{
	const char *why = s->kernel == KERNEL_NO ? "--kernel-signatures=no"
						 : kernel_useless();
	struct cfs_err refused = { 0 };
	int r = 0;

	if (!why) {
		r = cfs_store_enrol(store, id, fd, der, &refused);
		why = r < 0 ? refused.msg : "no fs-verity here";
	}
	if (r == CFS_ENROL_DONE || r == CFS_ENROL_ALREADY) {
		printf("  kernel: %s\n",
		       r == CFS_ENROL_DONE ? "enrolled" : "enrolled before");
		return 0;
	}
	if (s->kernel == KERNEL_YES)
		return cfs_fail(err, r < 0 ? -r : EOPNOTSUPP,
				"hand the signature to the kernel: %s", why);
	printf("  kernel: not enrolled: %s\n", why);
	return 0;
}

/* One blob out of the one so far and all signers.  Replaces *@blob. */
static int sign_all(const struct sign *s, const struct cfs_digest *id,
		    struct cfs_buf *blob, struct cfs_err *err)
{
	for (unsigned i = 0; i < s->n; i++) {
		CFS_AUTOBUF struct cfs_buf next = { 0 };
		struct cfs_buf old = *blob;
		int r = cfs_sign(s->signers[i], id, cfs_buf_bytes(blob), &next,
				 err);

		if (r < 0)
			return r;
		*blob = next;
		next = old;
		r = cmd_print_signer(r ? "  signed" : "  signed before",
				     cfs_signing_cert(s->signers[i]), false,
				     err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The same with DIR/<hex>.p7 in place of keys. */
static int attach(const struct sign *s, const struct cfs_digest *id,
		  const char *hex, struct cfs_buf *blob, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf more = { 0 };
	CFS_AUTOBUF struct cfs_buf next = { 0 };
	CFS_AUTOFREE char *path = NULL;
	struct cfs_buf old = *blob;
	int r;

	if (asprintf(&path, "%s/%s.p7", s->attach, hex) < 0) {
		path = NULL;
		return cfs_fail(err, ENOMEM, "out of memory");
	}
	r = cfs_read_file(AT_FDCWD, path, CFS_SIGNATURE_MAX, &more, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "there is no signature %s", path);
	if (r > 0)
		r = cfs_signature_attach(cfs_buf_bytes(&more), id, &s->certs,
					 cfs_buf_bytes(blob), &next, err);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	*blob = next;
	next = old;
	printf("  attached: %d new signer%s\n", r, r == 1 ? "" : "s");
	return 0;
}

static bool same(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static int sign_image(const struct sign *s, struct cfs_store *store,
		      const char *name, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf blob = { 0 };
	CFS_AUTOBUF struct cfs_buf old = { 0 };
	char path[CFS_SIGNATURE_PATH_MAX];
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	int r;

	r = cmd_open_signed(s->g, &store->repo, name, &id, &fd, err);
	if (r < 0)
		return r;
	r = cfs_signature_read(&store->repo, &id, &old, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	cfs_signature_path(&id, path);
	printf("%s\n", hex);
	cfs_buf_add(&blob, old.data, old.len);
	r = cfs_buf_check(&blob, err);
	if (r == 0)
		r = s->attach ? attach(s, &id, hex, &blob, err)
			      : sign_all(s, &id, &blob, err);
	if (r == 0 && !same(&old, &blob))
		r = cfs_store_write_file(store, path, cfs_buf_bytes(&blob),
					 err);
	if (r < 0)
		return cfs_ctx(err, "sign %s", name);
	printf("  kept: %s\n", path);
	return enrol(s, store, &id, fd, cfs_buf_bytes(&blob), err);
}

/* What is to be signed, in DIR/<hex>.tbs; nothing is written to the
 * repository. */
static int emit_image(const struct sign *s, const struct cfs_repo *repo,
		      const char *name, struct cfs_err *err)
{
	uint8_t text[CFS_FORMATTED_MAX];
	char hex[CFS_DIGEST_HEX_MAX];
	CFS_AUTOFREE char *path = NULL;
	CFS_AUTOFD int image = -EBADF;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	int r;

	r = cmd_open_signed(s->g, repo, name, &id, &image, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	if (mkdir(s->emit, 0777) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make directory %s", s->emit);
	if (asprintf(&path, "%s/%s.tbs", s->emit, hex) < 0) {
		path = NULL;
		return cfs_fail(err, ENOMEM, "out of memory");
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return cfs_fail_errno(err, "create %s", path);
	r = cfs_write_full(fd, text, cfs_digest_format(&id, text));
	if (r < 0)
		return cfs_fail(err, -r, "write %s: %s", path, strerror(-r));
	puts(path);
	return 0;
}

static int emit_all(const struct sign *s, int argc, char **argv,
		    struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cmd_open_repo(s->g, &repo, err);

	for (int i = 1; r >= 0 && i < argc; i++)
		r = emit_image(s, &repo, argv[i], err);
	return r;
}

static int sign_images(const struct sign *s, int argc, char **argv,
		       struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	int r = cmd_open_store(s->g, &store, err);

	for (int i = 1; r >= 0 && i < argc; i++)
		r = sign_image(s, &store, argv[i], err);
	return r;
}

static int open_pairs(struct sign *s, const struct cfs_opt_list *certs,
		      const struct cfs_opt_list *keys, struct cfs_err *err)
{
	if (!certs->n || certs->n != keys->n)
		return cfs_fail(err, CFS_EUSAGE,
				"every --cert needs its --key, and one pair "
				"at least is needed");
	if (certs->n > SIGNERS_MAX)
		return cfs_fail(err, CFS_EUSAGE, "%u signers, %d are allowed",
				certs->n, SIGNERS_MAX);
	for (unsigned i = 0; i < certs->n; i++) {
		int r = cfs_signing_open(certs->v[i], keys->v[i],
					 &s->signers[s->n], err);

		if (r < 0)
			return r;
		s->n++;
	}
	return 0;
}

static int set_kernel(struct sign *s, const char *text, struct cfs_err *err)
{
	static const char *const names[] = { "auto", "yes", "no" };

	for (unsigned i = 0; text && i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0) {
			s->kernel = (enum kernel)i;
			return 0;
		}
	if (!text)
		return 0;
	return cfs_fail(err, CFS_EUSAGE,
			"--kernel-signatures '%s': auto, yes or no is expected",
			text);
}

/* Which of the three it is, and what that needs. */
static int prepare(struct sign *s, const struct cfs_opt_list *certs,
		   const struct cfs_opt_list *keys, struct cfs_err *err)
{
	if (s->emit && (s->attach || certs->n || keys->n))
		return cfs_fail(err, CFS_EUSAGE,
				"--emit-tbs goes with neither --cert, --key "
				"nor --attach");
	if (s->emit)
		return 0;
	if (!s->attach)
		return open_pairs(s, certs, keys, err);
	if (keys->n || !certs->n)
		return cfs_fail(err, CFS_EUSAGE,
				"--attach needs --cert, and no --key");
	return cmd_read_certs(certs, &s->certs, err);
}

int cmd_sign(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err)
{
	__attribute__((cleanup(sign_free))) struct sign s = { .g = g };
	struct cfs_opt_list certs = { 0 }, keys = { 0 };
	const char *kernel = NULL;
	const struct cfs_opt opts[] = {
		{ .name = "cert", .list = &certs },
		{ .name = "key", .list = &keys },
		{ .name = "emit-tbs", .text = &s.emit },
		{ .name = "attach", .text = &s.attach },
		{ .name = "kernel-signatures", .text = &kernel },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, INT16_MAX, err);
	if (r == 0)
		r = set_kernel(&s, kernel, err);
	if (r == 0)
		r = prepare(&s, &certs, &keys, err);
	if (r < 0)
		return r;
	return s.emit ? emit_all(&s, argc, argv, err)
		      : sign_images(&s, argc, argv, err);
}
