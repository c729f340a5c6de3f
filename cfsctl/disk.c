/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl disk: an ext4 image with the repository, sealed, and its state. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/cli/progress.h"
#include "cfsctl/disk_images.h"
#include "cfsctl/shipment.h"
#include "cfsctl/source_date.h"
#include "disk/image.h"
#include "disk/mkfs.h"
#include "disk/plan.h"
#include "repo/dir.h"

/* Times in the image unless SOURCE_DATE_EPOCH says otherwise: the earliest
 * there is, and the same for everybody. */
#define DEFAULT_TIME 1

struct options {
	const char *size, *label, *uuid;
	struct cfs_opt_list image, state, add;
	struct cfs_trust_options trust;
	bool no_signatures, force, json;
};

static const struct cfs_opt options[] = {
	{ .name = "size",
	  .value = "N",
	  .help = "bytes, or with K, M, G, T; default: auto, what it takes",
	  CFS_OPT_SETS(struct options, size) },
	{ .name = "image",
	  .value = "IMAGE",
	  .help = "write only IMAGE, also that to boot of an OCI image, and "
		  "what it needs (default: the whole repository); repeatable",
	  .takes = CFS_TAKES_IMAGE,
	  CFS_OPT_SETS(struct options, image) },
	{ .name = "state",
	  .value = "IMAGE",
	  .help = "create the state of a deployment of IMAGE; repeatable",
	  .takes = CFS_TAKES_IMAGE,
	  CFS_OPT_SETS(struct options, state) },
	{ .name = "add",
	  .value = "FROM:/PATH",
	  .help = "add a file or directory; repeatable",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, add) },
	{ .name = "label",
	  .value = "NAME",
	  .help = "label of the file system",
	  CFS_OPT_SETS(struct options, label) },
	{ .name = "uuid",
	  .value = "UUID",
	  .help = "UUID of the file system (default: made from the contents)",
	  CFS_OPT_SETS(struct options, uuid) },
	{ .name = "kernel-signatures",
	  .value = "yes|no",
	  .help = "put the signatures that are kept into fs-verity (default: "
		  "yes)",
	  .choices = cmd_yes_no,
	  CFS_OPT_PARSES(struct options, no_signatures, cmd_parse_no) },
	CFS_TRUST_OPTIONS(struct options, trust),
	{ .name = "force",
	  .help = "replace OUT.img if it exists",
	  CFS_OPT_SETS(struct options, force) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

/* Times in the image begin at 1. */
static int parse_time(int64_t *ret, struct cfs_err *err)
{
	int64_t seconds = 0;
	int r = cmd_source_date(CFS_EXT4_TIME_MAX, &seconds, err);

	*ret = seconds > 0 ? seconds : DEFAULT_TIME;
	return r < 0 ? r : 0;
}

static int parse(const struct options *o, struct cfs_disk_params *params,
		 uint8_t uuid[static 16], struct cfs_err *err)
{
	int r = cfs_disk_parse_size(o->size ? o->size : "auto", &params->size,
				    err);

	if (r == 0 && o->uuid)
		r = cfs_disk_parse_uuid(o->uuid, uuid, err);
	if (r < 0)
		return -(err->code = CFS_EUSAGE);
	if (o->label && strlen(o->label) > CFS_EXT4_LABEL_MAX)
		return cfs_fail(err, CFS_EUSAGE,
				"label %s is longer than %d bytes", o->label,
				CFS_EXT4_LABEL_MAX);
	params->uuid = o->uuid ? uuid : NULL;
	params->label = o->label;
	return parse_time(&params->time, err);
}

/* Where images come from, and what is demanded of them. */
struct source {
	struct cfs_access access;
	struct cfs_repo repo;
	struct cfs_trust trust;
};

static void source_close(struct source *source)
{
	cfs_trust_free(&source->trust);
	cfs_repo_close(&source->repo);
}

/* Adds the state for the image @name, which has to be on the disk. */
static int add_state(struct cfs_plan *plan, const struct source *from,
		     const char *name, struct cfs_shipment *shipment,
		     struct cfs_err *err)
{
	struct cfs_shipped *image;
	struct cfs_digest id;
	int r = cmd_disk_find(&from->trust, &from->repo, name, &id, err);

	if (r < 0)
		return r;
	image = cfs_shipment_find(shipment, &id);
	if (!image)
		return cfs_fail(err, EINVAL,
				"--state %s: the image is not on the disk: "
				"give --image %s, too",
				name, name);
	image->state = true;
	return cfs_plan_state(plan, &id, 0755, 0755, err);
}

/* Adds "HOST:/path". */
static int add_files(struct cfs_plan *plan, const char *what,
		     struct cfs_err *err)
{
	const char *colon = strstr(what, ":/");
	CFS_AUTOFREE char *from = NULL;

	if (!colon || colon == what)
		return cfs_fail(err, CFS_EUSAGE,
				"--add %s: HOSTPATH:/PATH is expected", what);
	from = strndup(what, (size_t)(colon - what));
	if (!from)
		return cfs_no_memory(err);
	return cfs_plan_add(plan, from, colon + 1, err);
}

static int choose_image(const struct source *from, const char *name,
			struct cfs_shipment *shipment, struct cfs_err *err)
{
	struct cfs_digest id;
	int r = cmd_disk_find(&from->trust, &from->repo, name, &id, err);

	if (r < 0)
		return r;
	cmd_note_choice(&from->repo, name, &id);
	return cfs_shipment_add(&from->access, &from->repo, &id, name, shipment,
				err);
}

static int choose_images(const struct source *from, const struct options *o,
			 struct cfs_shipment *shipment, struct cfs_err *err)
{
	int r = 0;

	if (o->image.n == 0) {
		r = cmd_disk_check_all(&from->trust, &from->repo, err);
		return r < 0 ? r
			     : cfs_shipment_add_all(&from->access, &from->repo,
						    shipment, err);
	}
	for (unsigned i = 0; r == 0 && i < o->image.n; i++)
		r = choose_image(from, o->image.v[i], shipment, err);
	return r;
}

static int make_plan(const struct source *from, const struct options *o,
		     struct cfs_shipment *shipment, struct cfs_plan *plan,
		     struct cfs_err *err)
{
	const struct cfs_plan_choice only = { &shipment->images,
					      &shipment->objects };
	int r = cfs_plan_repo(plan, &from->repo, o->image.n ? &only : NULL,
			      err);

	for (unsigned i = 0; r == 0 && i < o->state.n; i++)
		r = add_state(plan, from, o->state.v[i], shipment, err);
	for (unsigned i = 0; r == 0 && i < o->add.n; i++)
		r = add_files(plan, o->add.v[i], err);
	return r;
}

static void count(void *arg, uint64_t bytes)
{
	cmd_progress_file(arg);
	cmd_progress_bytes(arg, bytes);
}

static uint64_t bytes_of(const struct cfs_plan *plan)
{
	uint64_t bytes = 0;

	for (unsigned i = 0; i < plan->n; i++)
		bytes += plan->v[i].size;
	return bytes;
}

/* Warns of the parts without which no image on the disk can boot. */
static void print_notes(const struct options *o,
			const struct cfs_shipment *shipment)
{
	if (shipment->n == 0)
		fputs("note: there is no image on the disk\n", stderr);
	else if (o->state.n == 0)
		fputs("note: without --state the disk keeps no changes to /etc "
		      "and /var: composefs-setup-root starts an image of it "
		      "only if setup-root-conf.toml makes both transient, or "
		      "has missing = \"transient\" in [state]\n",
		      stderr);
}

static int report(const char *path, const struct options *o,
		  const struct cfs_disk_result *result,
		  const struct cfs_shipment *shipment, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };
	char uuid[CFS_UUID_TEXT], root[sizeof("root=UUID=") + CFS_UUID_TEXT];

	cfs_uuid_format(result->uuid, uuid);
	snprintf(root, sizeof(root), "root=UUID=%s", uuid);
	print_notes(o, shipment);
	if (!o->json) {
		cmd_line(stdout, "Wrote %s: %" PRIu64 " MiB", path,
			 result->size >> 20);
		printf("  UUID: %s\n", uuid);
		if (o->label)
			cmd_line(stdout, "  label: %s", o->label);
		cmd_shipment_print(shipment, root);
		return 0;
	}
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(&w, "path", path);
	cfs_json_write_u64(&w, "size", result->size);
	cfs_json_write_text(&w, "uuid", uuid);
	cfs_json_write_text(&w, "label", o->label);
	cfs_json_write_text(&w, "root", root);
	cmd_shipment_json(shipment, &w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int write_out(const struct cfs_repo *repo, const struct cfs_plan *plan,
		     struct cfs_disk_params *params, struct cfs_output *out,
		     struct cfs_disk_result *ret, struct cfs_err *err)
{
	CFS_AUTOPROGRESS struct cfs_progress progress = { 0 };
	int r;

	params->progress = count;
	params->progress_arg = &progress;
	cmd_progress_start(&progress, "written", bytes_of(plan), NULL);
	r = cfs_disk_write(plan, repo, params, out->temp.fd, ret, err);
	if (r == 0)
		r = cmd_output_commit(out, err);
	return r < 0 ? r : cfs_dir_sync(out->dirfd, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const char *path = call->operand[0];
	__attribute__((cleanup(source_close))) struct source from = {
		.access = cmd_access(call->g),
		.repo = CFS_REPO_INIT,
	};
	CFS_AUTOPLAN struct cfs_plan plan = {
		.with_signatures = !o->no_signatures,
	};
	CFS_AUTOSHIPMENT struct cfs_shipment shipment = { 0 };
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	struct cfs_disk_params params = { 0 };
	struct cfs_disk_result result;
	uint8_t uuid[16];
	int r;

	if (o->trust.require && !o->image.n)
		return cfs_fail(err, CFS_EUSAGE,
				"--require-signature needs --image");
	r = parse(o, &params, uuid, err);
	if (r == 0)
		r = cmd_trust_open(&o->trust, &from.trust, err);
	if (r == 0)
		r = cmd_open_repo(call->g, &from.repo, err);
	if (r < 0)
		return r;
	r = cmd_output_open_file(path, o->force ? CFS_OUTPUT_REPLACE : 0, &out,
				 err);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	r = choose_images(&from, o, &shipment, err);
	if (r == 0)
		r = make_plan(&from, o, &shipment, &plan, err);
	if (r < 0)
		return r;
	r = write_out(&from.repo, &plan, &params, &out, &result, err);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	return report(path, o, &result, &shipment, err);
}

const struct cfs_cmd cmd_disk = {
	.name = "disk",
	.help = "write an ext4 image of the repository, sealed",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "OUT.img", CFS_TAKES_FILE } },
	.run = run,
};
