/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images as they are: taken in from elsewhere, named on a command line. */
#include <stdio.h>

#include "boot/kargs.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/image_version.h"
#include "repo/object.h"
#include "repo/ref.h"

/* Only what is a composefs image gets a name. */
static int check_object(const struct cfs_store *store,
			const struct cfs_digest *id, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	unsigned version;
	int r = cfs_object_open(store->objects, id, &fd, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "the object has vanished");
	return r < 0 ? r : cmd_image_version(fd, &version, err);
}

int cmd_import_image(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	uint64_t size;
	int r;

	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, 1, err);
	if (r == 0)
		r = cfs_name_check(argv[1], err);
	if (r == 0)
		r = cmd_open_store(g, &store, err);
	if (r < 0)
		return r;
	r = cfs_object_add_file(&store, STDIN_FILENO, &id, &size, err);
	if (r == 0)
		r = check_object(&store, &id, err);
	if (r == 0)
		r = cfs_image_commit(&store, &id, err);
	if (r == 0)
		r = cfs_ref_set(&store, argv[1], &id, err);
	if (r < 0)
		return cfs_ctx(err, "import image from stdin");
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

static int print_karg(const struct cfs_globals *g, const struct cfs_repo *repo,
		      const char *name, bool insecure, struct cfs_err *err)
{
	struct cfs_karg karg = { .insecure = insecure };
	char text[CFS_KARG_TEXT_MAX];
	CFS_AUTOFD int fd = -EBADF;
	int secure, r;

	secure = cmd_demands_verity(g, repo, err);
	if (secure < 0)
		return secure;
	r = cmd_find_image(repo, name, &karg.digest, err);
	if (r == 0)
		r = cfs_image_open(repo, &karg.digest, secure > 0, &fd, err);
	if (r >= 0)
		r = cmd_image_version(fd, &karg.version, err);
	if (r < 0)
		return r;
	/* Versions 0 and 1 are one layout to whoever boots them. */
	if (karg.version == 0)
		karg.version = 1;
	cfs_karg_format(&karg, text);
	puts(text);
	return 0;
}

int cmd_digest_karg(const struct cfs_globals *g, int argc, char **argv,
		    struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	bool insecure = g->insecure;
	const struct cfs_opt opts[] = {
		{ .name = "insecure", .flag = &insecure },
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, CFS_KARGS_MAX, err);
	if (r == 0)
		r = cmd_open_repo(g, &repo, err);
	for (int i = 1; r == 0 && i < argc; i++)
		r = print_karg(g, &repo, argv[i], insecure, err);
	return r;
}
