/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci seal: the digests of an image, in an artifact about it or in the
 * image itself. */
#include "cfsctl/cli/line.h"
#include "cfsctl/oci/edited.h"
#include "cfsctl/oci/oci.h"
#include "oci/seal/image.h"
#include "oci/seal/inline.h"
#include "oci/seal/keep.h"

struct options {
	bool bootable, layers, in_manifest, label, ipe;
};

static const struct cfs_opt options[] = {
	{ .name = "bootable",
	  .help = "make the image to boot as well",
	  CFS_OPT_SETS(struct options, bootable) },
	{ .name = "layers",
	  .help = "make an image of each layer as well",
	  CFS_OPT_SETS(struct options, layers) },
	{ .name = "ipe",
	  .help = "store executables of any size as objects, which the "
		  "kernel's IPE can judge: a label asks for it",
	  CFS_OPT_SETS(struct options, ipe) },
	{ .name = "inline",
	  .help = "write the digests into the manifest, which then is a new "
		  "one, and not into an artifact",
	  CFS_OPT_SETS(struct options, in_manifest) },
	{ .name = "label",
	  .help = "write the digest into a label of the configuration, too, "
		  "as programs expect that know no artifacts",
	  CFS_OPT_SETS(struct options, label) },
	{ 0 },
};

/* An image that is being sealed. */
struct sealing {
	const char *name;
	const struct options *o;
	struct cfs_store store;
	struct cfs_oci_image image;
	struct cfs_seal_facts facts;
	struct cfs_digest *layers; /* owned */
	bool bootable;		   /* there is to be an image to boot */
};

static void sealing_free(struct sealing *s)
{
	cfs_oci_image_free(&s->image);
	cfs_store_close(&s->store);
	free(s->layers);
}

static void note_layers(const struct sealing *s)
{
	for (size_t i = 0; i < s->facts.n_layers; i++)
		if (!s->layers[i].alg)
			cmd_line(stderr,
				 "note: layer %zu has no image of its own: it "
				 "needs directories or files of lower ones",
				 i);
}

static int commit(struct sealing *s, struct cfs_err *err)
{
	int r;

	if (s->o->layers) {
		s->layers = calloc(s->image.manifest.layers.n + 1,
				   sizeof(*s->layers));
		if (!s->layers)
			return cfs_no_memory(err);
	}
	r = cfs_seal_commit(&s->store, &s->image, s->bootable, s->layers,
			    &s->facts, err);
	if (r == 0 && s->layers)
		note_layers(s);
	return r;
}

/* Goes on with the image as it is after the change. */
static int edit(struct sealing *s, struct cfs_bytes manifest,
		struct cfs_bytes config, struct cfs_err *err)
{
	const struct cmd_edit edit = { s->name, &s->image, manifest, config };
	struct cfs_oci_image next = { 0 };
	int r = cmd_oci_edit(&s->store, &edit, &next, err);

	if (r < 0) {
		cfs_oci_image_free(&next);
		return r;
	}
	cfs_oci_image_free(&s->image);
	s->image = next;
	return 0;
}

/* Returns how many signatures of digests of the repository's algorithm the
 * annotations have now, or -1 if there are no annotations that can be read. */
static int count_inline(const struct sealing *s)
{
	CFS_AUTOSEALBLOBS struct cfs_seal_blobs blobs = { 0 };
	struct cfs_seal_artifact a;
	struct cfs_err ignored;
	int n = 0;

	if (cfs_seal_inline_read(
		    &s->image.id, cfs_buf_bytes(&s->image.manifest_text),
		    s->store.repo.meta.alg, &a, &blobs, &ignored) <= 0)
		return -1;
	for (unsigned i = 0; i < a.n; i++)
		n += a.v[i].is_signed;
	return n;
}

static int seal_inline(struct sealing *s, struct cfs_err *err)
{
	const struct cfs_seal_blobs none = { 0 };
	CFS_AUTOBUF struct cfs_buf manifest = { 0 };
	int n = count_inline(s);
	int r = cfs_seal_inline_write(cfs_buf_bytes(&s->image.manifest_text),
				      &s->facts, &none, true, &manifest, err);

	if (r == 0)
		r = edit(s, cfs_buf_bytes(&manifest),
			 cfs_buf_bytes(&s->image.config_text), err);
	if (r == 0 && n > 0)
		cmd_line(stderr,
			 "note: %d signatures that were in the manifest are "
			 "gone: `cfsctl oci sign --inline` makes new ones",
			 n);
	return r;
}

/* Gives the configuration a label, and the manifest the digest that it has
 * then. */
static int set_label(struct sealing *s, const struct cfs_seal_label *label,
		     struct cfs_err *err)
{
	struct cfs_bytes before = cfs_buf_bytes(&s->image.manifest_text);
	CFS_AUTOBUF struct cfs_buf manifest = { 0 };
	CFS_AUTOBUF struct cfs_buf config = { 0 };
	struct cfs_oci_id id;
	int r;

	if (count_inline(s) >= 0)
		return cfs_fail(err, EINVAL,
				"the manifest has the digest of the "
				"configuration in it, which the label would "
				"change: label the image as it was before, "
				"and then seal it with --inline");
	r = cfs_seal_set_label(cfs_buf_bytes(&s->image.config_text), label,
			       &config, err);
	if (r == 0)
		r = cfs_oci_id_of_bytes(s->image.manifest.config.id.alg,
					cfs_buf_bytes(&config), &id, err);
	if (r == 0)
		r = cfs_seal_set_config(before, &id, config.len, &manifest,
					err);
	return r < 0 ? r
		     : edit(s, cfs_buf_bytes(&manifest), cfs_buf_bytes(&config),
			    err);
}

static int ask_for_program_objects(struct sealing *s, struct cfs_err *err)
{
	static const struct cfs_seal_label label = { CFS_OCI_IPE_LABEL, "1" };

	return s->image.config.program_objects ? 0 : set_label(s, &label, err);
}

/* The digests of the image with the label: of its EROFS images they are the
 * same. */
static int renew_facts(struct sealing *s, struct cfs_err *err)
{
	struct cfs_seal_facts next;
	int r = cfs_seal_facts_begin(
		&s->image.id, cfs_buf_bytes(&s->image.manifest_text),
		cfs_buf_bytes(&s->image.config_text), s->facts.alg, &next, err);

	if (r < 0)
		return r;
	for (unsigned i = CFS_SEAL_LAYER; i < CFS_SEAL_ROLES; i++)
		next.role[i] = s->facts.role[i];
	next.layers = s->facts.layers;
	s->facts = next;
	return 0;
}

static int name_merged(struct sealing *s, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	const struct cfs_seal_label label = { CFS_SEAL_LABEL, hex };
	int r;

	cfs_digest_to_hex(&s->facts.role[CFS_SEAL_MERGED].digest, hex);
	r = set_label(s, &label, err);
	return r < 0 ? r : renew_facts(s, err);
}

static void print(const struct sealing *s, const struct cfs_oci_id *artifact)
{
	cmd_line(stdout, "Sealed %s -> %s", s->name, s->image.id.text);
	if (!s->o->in_manifest)
		cmd_line(stdout, "  artifact: %s", artifact->text);
	for (size_t i = 0; s->layers && i < s->facts.n_layers; i++) {
		char hex[CFS_DIGEST_HEX_MAX];

		if (!s->layers[i].alg)
			continue;
		cfs_digest_to_hex(&s->layers[i], hex);
		cmd_line(stdout, "  layer %zu: %s", i, hex);
	}
}

static int seal(struct sealing *s, struct cfs_err *err)
{
	const struct cfs_seal_blobs none = { 0 };
	/* A label that names the image would name the one before. */
	bool names_merged = s->o->label ||
			    (s->o->ipe && *s->image.config.sealed);
	struct cfs_oci_id artifact;
	int r;

	s->bootable = s->o->bootable || cfs_oci_image_is_bootable(&s->image);
	r = s->o->ipe ? ask_for_program_objects(s, err) : 0;
	if (r == 0)
		r = commit(s, err);
	if (r == 0 && names_merged)
		r = name_merged(s, err);
	if (r == 0 && s->o->in_manifest)
		r = seal_inline(s, err);
	else if (r == 0)
		r = cfs_seal_keep(&s->store, &s->facts, &none, &artifact, err);
	if (r < 0)
		return r;
	print(s, &artifact);
	return 0;
}

static int run_seal(const struct cfs_call *call, struct cfs_err *err)
{
	__attribute__((cleanup(sealing_free))) struct sealing s = {
		.name = call->operand[0],
		.o = call->options,
		.store = CFS_STORE_INIT,
	};
	int r;

	if (s.o->in_manifest && s.o->label)
		return cfs_fail(err, CFS_EUSAGE,
				"--inline and --label exclude each other");
	r = cmd_open_store(call->g, &s.store, err);
	/* The digests are computed from the layers.  An image that the pull has
	 * made is not read again: if it was damaged since, that is a matter of
	 * fsck. */
	cfs_store_trust_names(&s.store);
	if (r == 0)
		r = cfs_oci_image_find(&s.store.repo, s.name, &s.image, err);
	if (r >= 0)
		r = seal(&s, err);
	return r < 0 ? cfs_ctx(err, "seal %s", s.name) : 0;
}

const struct cfs_cmd cmd_oci_seal = {
	.name = "seal",
	.help = "commit the EROFS images of an image, and list their digests "
		"in an artifact about it",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" } },
	.run = run_seal,
};
