/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/oci/oci.h"
#include "oci/seal/keep.h"
#include "ops/oci_images.h"
#include "ops/signature.h"

struct options {
	bool manifest, config;
};

static const struct cfs_opt options[] = {
	{ .name = "manifest",
	  .help = "print the manifest as it is",
	  CFS_OPT_SETS(struct options, manifest) },
	{ .name = "config",
	  .help = "print the configuration as it is",
	  CFS_OPT_SETS(struct options, config) },
	{ 0 },
};

static int print_text(const struct cfs_buf *text, struct cfs_err *err)
{
	if (fwrite(text->data, 1, text->len, stdout) != text->len ||
	    putchar('\n') == EOF)
		return cfs_fail_errno(err, "write");
	return 0;
}

/* The EROFS image of the repository's own format. */
static void write_erofs(struct cfs_json_writer *w, const char *name,
			const struct cfs_oci_image *image, unsigned format,
			bool bootable)
{
	struct cfs_oci_erofs erofs = { .bootable = bootable, .v1 = format < 2 };
	char hex[CFS_DIGEST_HEX_MAX] = "";
	struct cfs_digest id;

	if (cfs_oci_image_erofs(image, &erofs, &id))
		cfs_digest_to_hex(&id, hex);
	cfs_json_write_text(w, name, *hex ? hex : NULL);
}

/* The signers that a signature names, which proves nothing. */
static void write_signers(struct cfs_json_writer *w, struct cfs_bytes der)
{
	const struct cfs_certs none = { .n = 0 };
	struct cfs_signers signers = { .n = 0 };
	struct cfs_err ignored;

	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	if (der.len > 0 && cfs_signers_list(der, &none, &signers, &ignored) < 0)
		signers.n = 0;
	for (unsigned i = 0; i < signers.n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
		cfs_json_write_text(w, "issuer", signers.v[i].issuer);
		cfs_json_write_text(w, "serial", signers.v[i].serial);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static void write_entry(struct cfs_json_writer *w,
			const struct cfs_seal_source *source, unsigned n)
{
	const struct cfs_seal_entry *entry = &source->artifact.v[n];

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "role", cfs_seal_role_name(entry->role));
	if (entry->role == CFS_SEAL_LAYER)
		cfs_json_write_u64(w, "layer", entry->layer);
	cmd_json_digest(w, "digest", &entry->digest);
	write_signers(w, cfs_buf_bytes(&source->blobs[n]));
	cfs_json_write_end(w);
}

/* The artifacts and annotations that seal the image: roles, digests and
 * signers, as they say, none of it verified. */
static int write_seals(struct cfs_json_writer *w, const struct cfs_repo *repo,
		       const struct cfs_oci_image *image, struct cfs_err *err)
{
	CFS_AUTOSOURCES struct cfs_seal_sources sources = { 0 };
	int r = cfs_seal_sources_read(repo, &image->id, &sources, err);

	if (r == 0)
		r = cfs_seal_sources_add_inline(image, repo->meta.alg, &sources,
						err);
	cfs_json_write_array(w, "seals", CFS_JSON_LINES);
	for (size_t i = 0; i < sources.n; i++) {
		const struct cfs_seal_source *s = sources.v[i];

		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "artifact",
				    s->is_inline ? NULL : s->id.text);
		cfs_json_write_text(w, "fault", s->readable ? NULL : s->why);
		cfs_json_write_array(w, "entries", CFS_JSON_LINES);
		for (unsigned k = 0; s->readable && k < s->artifact.n; k++)
			write_entry(w, s, k);
		cfs_json_write_end(w);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
	return r;
}

static int print_all(const struct cfs_repo *repo, struct cfs_oci_image *image,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	unsigned format = repo->meta.erofs_default;
	int r;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_buf(&w, "manifest", &image->manifest_text);
	cfs_json_write_buf(&w, "config", &image->config_text);
	r = cfs_oci_referrers_write(repo, &image->id, "referrers", &w, err);
	if (r == 0)
		r = write_seals(&w, repo, image, err);
	write_erofs(&w, "composefs_erofs", image, format, false);
	write_erofs(&w, "composefs_boot_erofs", image, format, true);
	cfs_json_write_end(&w);
	return r < 0 ? r : cmd_json_print(&w, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	if (o->manifest && o->config)
		return cfs_fail(err, CFS_EUSAGE,
				"--manifest and --config exclude each other");
	r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = cfs_oci_image_find(&repo, call->operand[0], &image, err);
	if (r < 0)
		return r;
	if (o->manifest || o->config)
		return print_text(o->manifest ? &image.manifest_text
					      : &image.config_text,
				  err);
	return print_all(&repo, &image, err);
}

const struct cfs_cmd cmd_oci_inspect = {
	.name = "inspect",
	.help = "print what describes an image, and what was made of it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run,
};
