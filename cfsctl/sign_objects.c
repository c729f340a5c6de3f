/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/sign_objects.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/signing.h"
#include "fsverity/signature.h"
#include "ops/sign_objects.h"

#define PROGRAMS_NAMED 3

const char *const cmd_objects_choices[] = { "exec", "all", NULL };

int cmd_parse_objects(const char *text, void *to, struct cfs_err *err)
{
	struct cfs_objects_option *ret = to;

	(void)err;
	ret->on = true;
	ret->which = text && strcmp(text, "all") == 0 ? CFS_SIGNABLE_ALL
						      : CFS_SIGNABLE_EXEC;
	return 0;
}

/* An image and its objects. */
struct image {
	const char *name;
	struct cfs_digest id;
	struct cfs_signable found;
};

static void image_end(struct image *image)
{
	cfs_signable_free(&image->found);
}

#define AUTO_IMAGE __attribute__((cleanup(image_end)))

static int find(const struct cfs_sign_objects_call *c,
		const struct cfs_repo *repo, struct image *image,
		struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(c->g);
	struct cfs_signable_of of = { .access = &access,
				      .repo = repo,
				      .name = image->name };
	int r = cmd_find_signable(c->g, repo, image->name, &image->id, err);

	of.id = image->id;
	return r < 0 ? r : cfs_signable_find(&of, c->which, &image->found, err);
}

/* Warns of what the kernel will not execute although all objects are signed. */
static void note_inline_programs(const struct image *image)
{
	const struct cfs_signable *found = &image->found;
	size_t n = found->inline_programs.n;
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (size_t i = 0; i < n && i < PROGRAMS_NAMED; i++)
		cfs_buf_addf(&text, "%s%s", i ? ", " : "",
			     found->inline_programs.v[i]);
	if (n > PROGRAMS_NAMED)
		cfs_buf_addf(&text, " and %zu more", n - PROGRAMS_NAMED);
	if (n > 0 && cfs_buf_text(&text))
		cmd_line(stderr,
			 "note: %s: %zu executable%s kept in the image itself, "
			 "where no signature can be: %s; `cfsctl lint` lists "
			 "them, `cfsctl create-image --ipe` and `cfsctl oci "
			 "seal --ipe` make objects of them",
			 image->name, n, n == 1 ? " is" : "s are",
			 (char *)text.data);
}

static void json_image(const struct image *image, struct cfs_json_writer *w)
{
	const struct cfs_signable *found = &image->found;

	cfs_json_write_text(w, "name", image->name);
	cmd_json_digest(w, "digest", &image->id);
	cfs_json_write_u64(w, "objects", found->objects.n);
	cfs_json_write_u64(w, "other_objects", found->others);
	cfs_json_write_array(w, "inline_executables", CFS_JSON_LINES);
	for (size_t i = 0; i < found->inline_programs.n; i++)
		cfs_json_write_text(w, NULL, found->inline_programs.v[i]);
	cfs_json_write_end(w);
}

static const char *kernel_words(const struct image *image,
				const struct cfs_sign_objects_result *res)
{
	if (res->enrolled < image->found.objects.n)
		return "not enrolled";
	return res->enrolled > res->enrolled_before ? "enrolled"
						    : "enrolled before";
}

/* Why the kernel has not enrolled all of them, or NULL. */
static const char *kernel_reason(const struct image *image,
				 const struct cfs_sign_objects_result *res)
{
	if (res->enrolled == image->found.objects.n)
		return NULL;
	return res->why_not.code ? res->why_not.msg : "--kernel-signatures=no";
}

static void print(const struct cfs_sign_objects_call *c,
		  const struct image *image,
		  const struct cfs_sign_objects_result *res)
{
	const char *why = kernel_reason(image, res);
	size_t n = image->found.objects.n;
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&image->id, hex);
	puts(hex);
	printf("  objects: %zu of %zu\n", n, n + image->found.others);
	for (unsigned i = 0; i < res->n; i++) {
		const struct cfs_cert_info *info = &res->signer[i].info;
		size_t n_new = res->signer[i].n_new;
		char words[64];

		snprintf(words, sizeof(words), "  signed %zu%s", n_new,
			 n_new < n ? ", the others before" : "");
		cmd_print_signer(words, info);
		cmd_note_expiry(cfs_signing_cert(c->keys->v[i]), info);
	}
	if (c->keys->attach)
		printf("  attached: %zu new signer%s\n", res->attached,
		       res->attached == 1 ? "" : "s");
	if (n == 0)
		return;
	printf("  kept: %s\n", res->path);
	cmd_line(stdout, "  kernel: %s%s%s", kernel_words(image, res),
		 why ? ": " : "", why ? why : "");
}

static void write_json(const struct cfs_sign_objects_call *c,
		       const struct image *image,
		       const struct cfs_sign_objects_result *res)
{
	struct cfs_json_writer *w = c->json;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	json_image(image, w);
	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	for (unsigned i = 0; i < res->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cmd_json_signer(w, &res->signer[i].info);
		cfs_json_write_u64(w, "new_objects", res->signer[i].n_new);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	if (c->keys->attach)
		cfs_json_write_u64(w, "attached", res->attached);
	cfs_json_write_text(w, "path", res->kept ? res->path : NULL);
	cfs_json_write_text(w, "kernel", kernel_words(image, res));
	cfs_json_write_text(w, "kernel_reason", kernel_reason(image, res));
	cfs_json_write_end(w);
}

/* NAME.p7 in the directory of --attach, if it exists. */
static int find_p7(void *arg, const struct cfs_digest *id, struct cfs_buf *ret,
		   struct cfs_err *err)
{
	const struct cfs_signing_keys *keys = arg;
	CFS_AUTOFREE char *path = NULL;
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	if (asprintf(&path, "%s/%s.p7", keys->attach, hex) < 0) {
		path = NULL;
		return cfs_no_memory(err);
	}
	return cfs_read_file(AT_FDCWD, path, CFS_SIGNATURE_MAX, ret, err);
}

static void count(void *arg)
{
	cmd_progress_file(arg);
}

int cmd_sign_objects(const struct cfs_sign_objects_call *c,
		     struct cfs_store *store, const char *name,
		     struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	const struct cfs_watch watch = { .file = count, .arg = &progress };
	const struct cfs_sign_objects_params params = {
		.keys = c->keys->v,
		.n = c->keys->n,
		.find = find_p7,
		.find_arg = (void *)(uintptr_t)c->keys,
		.certs = &c->keys->certs,
		.kernel = c->kernel,
		.threads = c->threads,
		.watch = &watch,
	};
	struct cfs_sign_objects_result res = { 0 };
	AUTO_IMAGE struct image image = { .name = name };
	int r = find(c, &store->repo, &image, err);

	if (r == 0) {
		cmd_progress_start(&progress, "signed", 0, NULL);
		r = cfs_sign_objects(store, &params, &image.id,
				     &image.found.objects, &res, err);
		cmd_progress_end(&progress);
	}
	/* Also if the kernel did not take what is kept. */
	if (r < 0 && !res.kept)
		return cfs_ctx(err, "sign the objects of %s", name);
	if (c->json)
		write_json(c, &image, &res);
	else
		print(c, &image, &res);
	note_inline_programs(&image);
	return r;
}

static void note_replaced(const char *hex, int left,
			  const struct cfs_sign_objects_result *res)
{
	if (res->kept)
		cmd_line(stderr,
			 "note: the signer that is replaced is taken out of %s",
			 res->path);
	if (res->kept && res->why_not.code)
		cmd_line(stderr,
			 "note: kernel: objects of %s: not enrolled: %s", hex,
			 res->why_not.msg);
	if (left > 0)
		cmd_line(stderr,
			 "note: %d object%s of %s: the signer that is replaced "
			 "stays, as no new one has signed: `cfsctl sign "
			 "--objects` does",
			 left, left == 1 ? "" : "s", hex);
}

/* Replaces the signers of the objects @found of the image @id, called @hex. */
static int replace(struct cfs_store *store,
		   struct cfs_sign_objects_params *params,
		   const struct cfs_digest *id, const char *hex,
		   const struct cfs_signable *found, struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	const struct cfs_watch watch = { .file = count, .arg = &progress };
	struct cfs_sign_objects_result res = { 0 };
	int r;

	params->watch = &watch;
	cmd_progress_start(&progress, "signed", 0, NULL);
	r = cfs_replace_signers(store, params, id, &found->objects, &res, err);
	cmd_progress_end(&progress);
	note_replaced(hex, r, &res);
	return r < 0 ? r : 0;
}

int cmd_replace_signers(const struct cfs_sign_objects_call *c,
			struct cfs_store *store, const struct cfs_digest *id,
			const struct cfs_certs *leaving, struct cfs_err *err)
{
	const struct cfs_access access = cmd_access(c->g);
	struct cfs_sign_objects_params params = {
		.keys = c->keys->v,
		.n = c->keys->n,
		.certs = &c->keys->certs,
		.leaving = leaving,
		.kernel = c->kernel,
	};
	CFS_AUTOSIGNABLE struct cfs_signable found = { 0 };
	char path[CFS_SIGPACK_PATH_MAX], hex[CFS_DIGEST_HEX_MAX];
	const struct cfs_signable_of of = {
		.access = &access, .repo = &store->repo, .id = *id, .name = hex
	};
	int r;

	cfs_sigpack_path(id, path);
	if (cfs_name_exists(store->repo.fd, path) == 0)
		return 0;
	cfs_digest_to_hex(id, hex);
	r = cfs_signable_find(&of, CFS_SIGNABLE_ALL, &found, err);
	if (r >= 0)
		r = replace(store, &params, id, hex, &found, err);
	return r < 0 ? cfs_ctx(err, "replace the signer of objects") : 0;
}

int cmd_emit_objects(const struct cfs_sign_objects_call *c,
		     const struct cfs_repo *repo, const char *name,
		     struct cfs_err *err)
{
	AUTO_IMAGE struct image image = { .name = name };
	const struct cfs_digest_set *objects = &image.found.objects;
	int r = find(c, repo, &image, err);

	if (r < 0)
		return r;
	if (c->json) {
		cfs_json_write_object(c->json, NULL, CFS_JSON_LINES);
		json_image(&image, c->json);
		cfs_json_write_array(c->json, "tbs", CFS_JSON_LINES);
	}
	for (size_t i = 0; r == 0 && i < objects->n; i++) {
		CFS_AUTOFREE char *path = NULL;
		char hex[CFS_DIGEST_HEX_MAX];

		cfs_digest_to_hex(&objects->v[i], hex);
		r = cmd_emit_tbs(c->emit, hex, &objects->v[i], &path, err);
		if (r == 0 && c->json)
			cfs_json_write_text(c->json, NULL, path);
		else if (r == 0)
			cmd_line(stdout, "%s", path);
	}
	if (c->json) {
		cfs_json_write_end(c->json);
		cfs_json_write_end(c->json);
	}
	note_inline_programs(&image);
	return r;
}
