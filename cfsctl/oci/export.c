/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl oci export: an image and its artifacts into a layout or a registry. */
#include "oci/export.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/oci/oci.h"
#include "oci/push.h"
#include "ops/tmpdir.h"

#define DOCKER	"docker://"
#define LAYOUT	"oci:"
#define ARCHIVE "oci-archive:"

struct options {
	struct cfs_origin_options registry;
	bool preserve;
};

static const struct cfs_opt options[] = {
	{ .name = "preserve-digests",
	  .help = "fail if the manifest cannot go out as it came",
	  CFS_OPT_SETS(struct options, preserve) },
	CFS_OCI_REGISTRY_OPTIONS(struct options, registry),
	{ 0 },
};

/* Where an image goes: a registry, or the layout PATH under TAG. */
struct target {
	const char *registry; /* borrowed; NULL: it is a layout */
	char *path;	      /* owned */
	const char *tag;      /* in path; "" for none */
	bool archive;
};

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* Is the first part of @text a host, as docker and podman see it?  They need
 * no docker:// in front of it, and a directory of that name is not meant. */
static bool looks_remote(const char *text)
{
	size_t len = strcspn(text, "/");

	return text[len] == '/' && *text != '.' && strcspn(text, ".:") < len;
}

/* A tag follows the last ':' that is not in front of a '/'. */
static int parse_target(const char *text, struct target *ret,
			struct cfs_err *err)
{
	char *slash, *colon;

	if (begins(text, DOCKER)) {
		ret->registry = text;
		return 0;
	}
	ret->archive = begins(text, ARCHIVE);
	if (begins(text, LAYOUT) || ret->archive)
		text = strchr(text, ':') + 1;
	else if (cfs_origin_is_reference(text))
		return cfs_fail(err, CFS_EUSAGE,
				"%s: the destination is oci:PATH, "
				"oci-archive:FILE or docker://NAME; skopeo "
				"copies a layout to others",
				text);
	else if (looks_remote(text))
		return cfs_fail(err, CFS_EUSAGE,
				"%s: docker://%s is a registry, and oci:%s a "
				"directory",
				text, text, text);
	ret->path = strdup(text);
	if (!ret->path)
		return cfs_no_memory(err);
	slash = strrchr(ret->path, '/');
	colon = strrchr(slash ? slash : ret->path, ':');
	ret->tag = colon ? colon + 1 : "";
	if (colon)
		*colon = '\0';
	if (!*ret->path || (colon && !*ret->tag) ||
	    strlen(ret->tag) >= CFS_OCI_TAG_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"%s: a path is expected, and a tag behind a "
				":",
				text);
	return 0;
}

/* Removes what was sent on. */
static void remove_sent(struct cfs_tmpdir *s)
{
	struct cfs_err ignored;

	if (cfs_tmpdir_remove(s, &ignored) < 0)
		cmd_line(stderr, "warning: %s", ignored.msg);
}

static int check_same(const struct options *o,
		      const struct cfs_oci_exported *exported,
		      struct cfs_err *err)
{
	if (!o->preserve || exported->is_same)
		return 0;
	return cfs_fail(err, EINVAL,
			"%zu of the layers came compressed, and the blobs were "
			"not kept: the manifest would change (`cfsctl oci pull "
			"--keep-blobs` keeps them)",
			exported->n_unkept);
}

/* Says what others will notice. */
static void print_notes(const struct cfs_oci_exported *exported)
{
	const struct cfs_oci_descriptors *written = &exported->written;

	if (!exported->is_same)
		cmd_line(stderr,
			 "note: %zu of the layers came compressed, and the "
			 "blobs were not kept (`cfsctl oci pull "
			 "--keep-blobs`): what goes out is uncompressed, the "
			 "manifest is a new one, and no signature of the old "
			 "one, such as cosign's, holds for it",
			 exported->n_unkept);
	if (exported->n_remade)
		cmd_line(stderr,
			 "note: %zu artifact%s made anew about the new "
			 "manifest",
			 exported->n_remade,
			 exported->n_remade == 1 ? " is" : "s are");
	if (exported->n_dropped)
		cmd_line(stderr,
			 "note: %zu signature%s of the old manifest %s left "
			 "out, so `cfsctl oci verify` fails: pull the image "
			 "again with --keep-blobs and export that, or pull "
			 "and sign what was exported",
			 exported->n_dropped,
			 exported->n_dropped == 1 ? "" : "s",
			 exported->n_dropped == 1 ? "is" : "are");
	for (size_t i = 0; i < exported->left.n; i++)
		cmd_line(stderr, "note: artifact %s is left out: %s",
			 exported->left.v[i].id.text, exported->left.v[i].why);
	cmd_line(stdout, "manifest %s", written->v[0].id.text);
	for (size_t i = 1; i < written->n; i++)
		cmd_line(stdout, "artifact %s", written->v[i].id.text);
}

static int list(struct cfs_layout *layout, const char *tag,
		struct cfs_oci_exported *exported, struct cfs_err *err)
{
	struct cfs_oci_descriptors *written = &exported->written;

	snprintf(written->v[0].tag, sizeof(written->v[0].tag), "%s", tag);
	return cfs_layout_list(layout, written->v, written->n, err);
}

static int to_layout(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image, const struct options *o,
		     const struct target *target,
		     struct cfs_oci_exported *exported, struct cfs_err *err)
{
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	int r = cfs_layout_open(target->path, &layout, err);

	if (r == 0)
		r = cfs_oci_export(repo, image, &layout, exported, err);
	if (r == 0)
		r = check_same(o, exported, err);
	return r < 0 ? r : list(&layout, target->tag, exported, err);
}

/* A file of that name is replaced, once the new one is complete. */
static int write_archive(const struct cfs_layout *layout, const char *path,
			 struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_sink sink = { cmd_output_write, &out };
	int r = cmd_output_open_file(path, CFS_OUTPUT_REPLACE, &out, err);

	if (r == 0)
		r = cfs_layout_archive(layout, &sink, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

static int send(const struct cfs_tmpdir *s, struct cfs_layout *layout,
		const struct options *o, const struct target *target,
		struct cfs_oci_exported *exported, struct cfs_err *err)
{
	int r;

	if (target->registry)
		return cfs_oci_push(layout, s->path, exported, target->registry,
				    &o->registry, err);
	r = list(layout, target->tag, exported, err);
	return r < 0 ? r : write_archive(layout, target->path, err);
}

/* To a registry or an archive, from a layout that is removed again. */
static int to_others(const struct cfs_repo *repo,
		     const struct cfs_oci_image *image, const struct options *o,
		     const struct target *target,
		     struct cfs_oci_exported *exported, struct cfs_err *err)
{
	__attribute__((cleanup(remove_sent))) struct cfs_tmpdir s =
		CFS_TMPDIR_INIT;
	CFS_AUTOLAYOUT struct cfs_layout layout = CFS_LAYOUT_INIT;
	int r = cfs_tmpdir_make(&s, "/var/tmp", "cfsctl", err);

	if (r == 0)
		r = cfs_layout_open(s.path, &layout, err);
	if (r == 0)
		r = cfs_oci_export(repo, image, &layout, exported, err);
	if (r == 0)
		r = check_same(o, exported, err);
	return r < 0 ? r : send(&s, &layout, o, target, exported, err);
}

static int export(const struct cfs_call *call, const struct target *target,
		  struct cfs_err *err)
{
	const struct options *o = call->options;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOEXPORTED struct cfs_oci_exported exported = { 0 };
	int r = cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = cfs_oci_image_find(&repo, call->operand[0], &image, err);
	if (r >= 0)
		r = target->registry || target->archive
			    ? to_others(&repo, &image, o, target, &exported,
					err)
			    : to_layout(&repo, &image, o, target, &exported,
					err);
	if (r < 0)
		return r;
	cmd_line(stdout, "Exported %s to %s", call->operand[0],
		 target->registry ? target->registry : target->path);
	if (!target->registry && *target->tag)
		cmd_line(stdout, "Tagged as %s", target->tag);
	print_notes(&exported);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	struct target target = { .tag = "" };
	int r = parse_target(call->operand[1], &target, err);

	if (r == 0) {
		r = export(call, &target, err);
		if (r < 0)
			(void)cfs_ctx(err, "export %s", call->operand[0]);
	}
	free(target.path);
	return r;
}

const struct cfs_cmd cmd_oci_export = {
	.name = "export",
	.alias = "push",
	.help = "write an image and the artifacts about it to a layout or a "
		"registry",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE" }, { "TO" } },
	.run = run,
};
