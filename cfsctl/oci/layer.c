/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/oci/oci.h"
#include "oci/layer_dump.h"
#include "oci/tag.h"
#include "repo/stream/cat.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"

/* Lines of a dumpfile are written when there are so many bytes. */
#define DUMP_BYTES (1 << 20)

struct options {
	bool json, dumpfile;
};

static const struct cfs_opt options[] = {
	{ .name = "dumpfile",
	  .help = "print its entries, one a line, in their order",
	  CFS_OPT_SETS(struct options, dumpfile) },
	CFS_OPT_JSON(struct options, json),
	{ 0 },
};

struct layer {
	struct cfs_oci_id diff_id;
	struct cfs_digest id; /* of the stream */
	struct cfs_stream_file file;
};

static int open_layer(const struct cfs_repo *repo, const char *text,
		      struct layer *ret, struct cfs_err *err)
{
	const struct cfs_bytes bytes = { (const uint8_t *)text, strlen(text) };
	char name[CFS_OCI_NAME_MAX];
	int r = cfs_oci_id_parse(bytes, &ret->diff_id, err);

	if (r < 0)
		return r;
	cfs_oci_layer_name(&ret->diff_id, name);
	r = cfs_stream_lookup(repo, name, &ret->id, err);
	if (r == 0)
		r = cfs_fail(err, ENOENT, "Layer %s not found", text);
	if (r > 0)
		r = cfs_stream_load(repo, &ret->id, CFS_STREAM_LAYER,
				    &ret->file, err);
	return r;
}

static int print_archive(const struct cfs_repo *repo, struct layer *layer,
			 struct cfs_err *err)
{
	const int out = STDOUT_FILENO;
	const struct cfs_sink sink = cfs_sink_of_fd(&out);

	if (isatty(STDOUT_FILENO))
		return cfs_fail(err, EINVAL,
				"Refusing to write tar data to terminal. "
				"Redirect to a file, pipe to tar, or use "
				"--json for metadata.");
	return cfs_stream_cat(repo, layer->file.stream, &sink, err);
}

static int flush(struct cfs_buf *out, struct cfs_err *err)
{
	int r = cfs_buf_check(out, err);

	if (r == 0 && fwrite(out->data, 1, out->len, stdout) != out->len)
		r = cfs_fail_errno(err, "write the dumpfile");
	out->len = 0;
	return r;
}

static int add_line(void *arg, const struct cfs_tar_entry *entry,
		    const struct cfs_digest *id, struct cfs_err *err)
{
	struct cfs_buf *out = arg;

	cfs_oci_layer_dump(entry, id, out);
	return out->len < DUMP_BYTES ? 0 : flush(out, err);
}

static int print_dump(struct layer *layer, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	int r = cfs_oci_layer_each(layer->file.stream, add_line, &out, err);

	return r < 0 ? r : flush(&out, err);
}

struct counts {
	uint64_t entries, object_bytes;
};

static int count(void *arg, const struct cfs_tar_entry *entry,
		 const struct cfs_digest *id, struct cfs_err *err)
{
	struct counts *c = arg;

	(void)err;
	c->entries++;
	c->object_bytes += id ? entry->size : 0;
	return 0;
}

static int print_json(struct layer *layer, struct cfs_err *err)
{
	uint64_t size = cfs_stream_size(layer->file.stream);
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	char hex[CFS_DIGEST_HEX_MAX];
	struct counts c = { 0 };
	int r = cfs_oci_layer_each(layer->file.stream, count, &c, err);

	if (r < 0)
		return r;
	cfs_digest_to_hex(&layer->id, hex);
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(&w, "diffId", layer->diff_id.text);
	cfs_json_write_text(&w, "verity", hex);
	cfs_json_write_u64(&w, "size", size);
	cfs_json_write_u64(&w, "entryCount", c.entries);
	cfs_json_write_object(&w, "splitstream", CFS_JSON_LINES);
	cfs_json_write_u64(&w, "externalObjects",
			   cfs_stream_n_objects(layer->file.stream));
	cfs_json_write_u64(&w, "externalSize", c.object_bytes);
	cfs_json_write_u64(&w, "inlineSize", size - c.object_bytes);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct layer layer = { .file = CFS_STREAM_FILE_INIT };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r;

	if (o->json && o->dumpfile)
		return cfs_fail(err, CFS_EUSAGE,
				"--json and --dumpfile exclude each other");
	r = cmd_open_repo(call->g, &repo, err);
	if (r == 0)
		r = open_layer(&repo, call->operand[0], &layer, err);
	if (r >= 0 && o->json)
		r = print_json(&layer, err);
	else if (r >= 0 && o->dumpfile)
		r = print_dump(&layer, err);
	else if (r >= 0)
		r = print_archive(&repo, &layer, err);
	cfs_stream_file_close(&layer.file);
	return r;
}

const struct cfs_cmd cmd_oci_layer = {
	.name = "layer",
	.help = "write the archive of a layer, or list its entries",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "DIFF_ID" } },
	.run = run,
};
