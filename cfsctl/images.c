/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl images: the images that have names. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/table.h"
#include "cfsctl/cli/units.h"
#include "cfsctl/socket.h"
#include "ops/image_details.h"
#include "repo/ref.h"
#include "varlink/read_reports.h"

struct options {
	bool json, no_trunc, in_full;
};

static const struct cfs_opt options[] = {
	CFS_OPT_JSON(struct options, json),
	{ .name = "long",
	  .letter = 'l',
	  .help = "print also sizes, dates and who signed; which is not "
		  "verified",
	  CFS_OPT_SETS(struct options, in_full) },
	{ .name = "no-trunc",
	  .help = "print whole digests",
	  CFS_OPT_SETS(struct options, no_trunc) },
	{ 0 },
};

struct listing {
	struct cfs_access access;
	const struct cfs_repo *repo;
	const struct options *o;
	struct cfs_table_text table;
	struct cfs_json_writer json;
	unsigned n;
};

static void add_date(struct cfs_table_text *table, time_t when)
{
	char text[CFS_UNITS_MAX];

	cmd_table_add(table, cmd_local_time_text(when, text));
}

static void add_size(struct cfs_table_text *table,
		     const struct cfs_image_details *d)
{
	char text[CFS_UNITS_MAX], cell[2 * CFS_UNITS_MAX];

	if (d->image_size == 0) {
		cmd_table_add(table, "unusable");
		return;
	}
	cmd_size_text(d->image_size + d->size, text);
	snprintf(cell, sizeof(cell), "%s%s", text,
		 d->missing ? ", incomplete" : "");
	cmd_table_add(table, cell);
}

static int add_signers(struct cfs_table_text *table,
		       const struct cfs_image_details *d, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (unsigned i = 0; i < d->signers.n; i++)
		cfs_buf_addf(&text, "%s%s", i ? ", " : "",
			     d->signers.v[i].issuer);
	if (text.len == 0)
		cfs_buf_adds(&text,
			     d->no_signers.code ? "unreadable" : "nobody");
	if (!cfs_buf_text(&text))
		return cfs_buf_check(&text, err);
	cmd_table_add(table, (char *)text.data);
	return 0;
}

static void warn(const char *name, const struct cfs_image_details *d)
{
	if (d->broken.code)
		cmd_line(stderr, "warning: %s: %s", name, d->broken.msg);
	if (d->no_signers.code)
		cmd_line(stderr, "warning: %s: %s", name, d->no_signers.msg);
	if (d->missing)
		cmd_line(stderr,
			 "warning: %s: %llu of %llu objects are missing", name,
			 (unsigned long long)d->missing,
			 (unsigned long long)d->objects);
}

static int add_row(struct listing *listing, const char *name, const char *hex,
		   const struct cfs_image_details *d, struct cfs_err *err)
{
	struct cfs_table_text *table = &listing->table;

	cmd_table_add(table, name);
	cmd_table_add(table, hex);
	if (!d)
		return 0;
	add_size(table, d);
	add_date(table, d->named);
	warn(name, d);
	return add_signers(table, d, err);
}

static void write_details(struct cfs_json_writer *w,
			  const struct cfs_image_details *d)
{
	char date[CFS_UNITS_MAX];

	cfs_json_write_text(w, "named", cmd_utc_time_text(d->named, date));
	cfs_json_write_text(w, "broken", d->broken.code ? d->broken.msg : NULL);
	cfs_json_write_u64(w, "format", d->version);
	cfs_json_write_u64(w, "image_size", d->image_size);
	cfs_json_write_u64(w, "objects", d->objects);
	cfs_json_write_u64(w, "objects_missing", d->missing);
	cfs_json_write_u64(w, "objects_size", d->size);
	cfs_json_write_text(w, "signature_broken",
			    d->no_signers.code ? d->no_signers.msg : NULL);
	cfs_json_write_array(w, "signers", CFS_JSON_LINES);
	for (unsigned i = 0; i < d->signers.n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "issuer", d->signers.v[i].issuer);
		cfs_json_write_text(w, "serial", d->signers.v[i].serial);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static int add(const char *name, const struct cfs_digest *id, void *arg,
	       struct cfs_err *err)
{
	struct listing *listing = arg;
	struct cfs_json_writer *w = &listing->json;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_image_details details;
	bool in_full = listing->o->in_full;

	if (!id)
		return 0; /* fsck's business */
	listing->n++;
	cfs_digest_to_hex(id, hex);
	if (in_full && cfs_image_details(&listing->access, listing->repo, name,
					 id, &details, err) < 0)
		return -err->code;
	if (!listing->o->json) {
		if (!listing->o->no_trunc)
			hex[12] = '\0';
		return add_row(listing, name, hex, in_full ? &details : NULL,
			       err);
	}
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", name);
	cfs_json_write_text(w, "digest", hex);
	if (in_full)
		write_details(w, &details);
	cfs_json_write_end(w);
	return 0;
}

/* Adds the image in @item of a reply. */
static int add_asked(struct listing *listing, const struct cfs_json *doc,
		     const struct cfs_json_node *item, struct cfs_err *err)
{
	bool failed = false;
	CFS_AUTOFREE char *name = cfs_varlink_text(doc, item, "name", &failed);
	struct cfs_digest id;

	if (failed)
		return cfs_no_memory(err);
	if (!name || !cfs_varlink_digest(doc, item, "digest", &id))
		return cfs_varlink_wrong_member("images", err);
	return add(name, &id, listing, err);
}

/* Adds the images of the service. */
static int add_all_asked(struct listing *listing, const struct cfs_globals *g,
			 struct cfs_err *err)
{
	CFS_AUTOVARLINKCLIENT struct cfs_varlink_client client =
		CFS_VARLINK_CLIENT_INIT;
	const struct cfs_json_node *list, *item;
	struct cfs_varlink_answer answer;
	int r = cmd_socket_open(g, &client, err);

	if (r < 0)
		return r;
	(void)cmd_socket_call(&client, "Repository.ListImageRefs");
	r = cfs_varlink_ask_for(&client, &answer, err);
	if (r < 0)
		return r;
	list = cfs_json_get(&answer.doc, answer.parameters, "images");
	if (!list || list->kind != CFS_JSON_ARRAY)
		return cfs_varlink_wrong_member("images", err);
	for (item = cfs_json_first(&answer.doc, list); r == 0 && item;
	     item = cfs_json_next(&answer.doc, list, item))
		r = add_asked(listing, &answer.doc, item, err);
	return r;
}

static void add_head(struct cfs_table_text *table, bool in_full)
{
	static const char *const heads[] = { "NAME", "DIGEST", "SIZE", "NAMED",
					     "SIGNED BY" };

	table->columns = in_full ? CFS_ARRAY_SIZE(heads) : 2;
	for (unsigned i = 0; i < table->columns; i++)
		cmd_table_add(table, heads[i]);
}

static int list(struct listing *listing, const struct cfs_globals *g,
		struct cfs_err *err)
{
	struct cfs_json_writer *w = &listing->json;
	int r;

	if (g->socket && listing->o->in_full)
		return cmd_socket_lacks("--long", err);
	add_head(&listing->table, listing->o->in_full);
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(w, "images", CFS_JSON_LINES);
	r = g->socket ? add_all_asked(listing, g, err)
		      : cfs_ref_each(listing->repo, add, listing, err);
	if (r < 0)
		return r;
	cfs_json_write_end(w);
	cfs_json_write_end(w);
	if (listing->o->json)
		return cmd_json_print(w, err);
	if (listing->n > 0)
		return cmd_table_print(&listing->table, err);
	puts("No images found");
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOBUF struct cfs_buf json = { 0 };
	struct listing listing = { .access = cmd_access(call->g),
				   .repo = &repo,
				   .o = call->options,
				   .json.buf = &json };
	int r = call->g->socket ? 0 : cmd_open_repo(call->g, &repo, err);

	if (r == 0)
		r = list(&listing, call->g, err);
	cmd_table_free(&listing.table);
	return r;
}

const struct cfs_cmd cmd_images = {
	.name = "images",
	.alias = "list-images",
	.help = "list named images",
	.options = options,
	.size = sizeof(struct options),
	.allows_socket = true,
	.run = run,
};
