/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl deployments: what a machine can boot, and what it boots next. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/table.h"
#include "cfsctl/machine.h"

struct options {
	bool json, no_trunc;
	struct cfs_machine_options machine;
};

static const struct cfs_opt options[] = {
	CFS_OPT_MACHINE(struct options, machine),
	CFS_OPT_JSON(struct options, json),
	{ .name = "no-trunc",
	  .help = "print whole digests",
	  CFS_OPT_SETS(struct options, no_trunc) },
	{ 0 },
};

struct warning {
	char *where, *reason;
};

struct warnings {
	CFS_VEC(struct warning);
};

static void free_warnings(struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->n; i++) {
		free(warnings->v[i].where);
		free(warnings->v[i].reason);
	}
	cfs_vec_free(warnings);
}

static void warn(void *arg, const char *where, const char *reason)
{
	struct warnings *warnings = arg;
	struct warning *w = cfs_vec_new(warnings);

	if (!w)
		return;
	w->where = strdup(where);
	w->reason = strdup(reason);
	warnings->failed |= !w->where || !w->reason;
}

/* Does the boot loader leave out all of its entries? */
static bool is_left_out(const struct cfs_deployments *list,
			const struct cfs_deployment *d)
{
	for (size_t i = 0; i < d->entries.n; i++)
		if (list->entries.v[d->entries.v[i]].offered)
			return false;
	return d->entries.n > 0;
}

static void add_status(const struct cfs_deployments *list,
		       const struct cfs_deployment *d, struct cfs_buf *to)
{
	const struct {
		bool is;
		const char *word;
	} words[] = {
		{ d->booted, "booted" },
		{ d->next, "next" },
		{ d->fallback, "fallback" },
		{ d->staged, "staged" },
		{ d->pinned, "pinned" },
		{ d->entries.n == 0, "no entry" },
		{ is_left_out(list, d), "not offered" },
		{ !d->has_state, "no state" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++)
		if (words[i].is)
			cfs_buf_addf(to, "%s%s", to->len ? ", " : "",
				     words[i].word);
}

#define CELL_MAX 60 /* bytes of a text of the disk */

/* Text that may be of any length, cut for the table. */
static void add_text(struct cfs_table_text *table, const char *text)
{
	char cell[CELL_MAX + sizeof("...")];

	if (!text)
		text = "";
	snprintf(cell, sizeof(cell), "%.*s%s", CELL_MAX, text,
		 strlen(text) > CELL_MAX ? "..." : "");
	cmd_table_add(table, cell);
}

/* The entry that boots it, the first of several; or NULL. */
static const struct cfs_boot_entry *entry_of(const struct cfs_deployments *list,
					     const struct cfs_deployment *d)
{
	return d->entries.n ? &list->entries.v[d->entries.v[0]] : NULL;
}

static int add_row(const struct cfs_deployments *list,
		   const struct cfs_deployment *d, bool whole_digest,
		   struct cfs_table_text *table, struct cfs_err *err)
{
	const struct cfs_boot_entry *entry = entry_of(list, d);
	CFS_AUTOBUF struct cfs_buf status = { 0 };
	char hex[CFS_DIGEST_HEX_MAX], tries[16] = "";

	cfs_digest_to_hex(&d->id, hex);
	if (!whole_digest)
		hex[12] = '\0';
	add_status(list, d, &status);
	if (!cfs_buf_text(&status))
		return cfs_buf_check(&status, err);
	if (entry && entry->tries_left >= 0)
		snprintf(tries, sizeof(tries), "%d", entry->tries_left);
	cmd_table_add(table, hex);
	cmd_table_add(table, (char *)status.data);
	cmd_table_add(table, tries);
	cmd_table_add(table, d->verified ? "verified" : "unusable");
	add_text(table, entry ? entry->title : NULL);
	cmd_table_add(table, entry ? entry->path : "");
	add_text(table, d->origin.image);
	return 0;
}

static int print_table(const struct cfs_deployments *list, bool whole_digests,
		       struct cfs_err *err)
{
	static const char *const heads[] = { "DEPLOYMENT", "STATUS",
					     "TRIES LEFT", "IMAGE",
					     "TITLE",	   "ENTRY",
					     "ORIGIN" };
	CFS_AUTOTABLE struct cfs_table_text table = { .columns = CFS_ARRAY_SIZE(
							      heads) };
	int r = 0;

	if (list->n == 0) {
		puts("No deployments found");
		return 0;
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(heads); i++)
		cmd_table_add(&table, heads[i]);
	for (size_t i = 0; r == 0 && i < list->n; i++)
		r = add_row(list, &list->v[i], whole_digests, &table, err);
	return r < 0 ? r : cmd_table_print(&table, err);
}

static void print_warnings(const struct cfs_deployments *list,
			   const struct warnings *warnings)
{
	for (size_t i = 0; i < warnings->n; i++)
		cmd_line(stderr, "warning: %s: %s", warnings->v[i].where,
			 warnings->v[i].reason);
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i].unverified)
			cmd_line(stderr, "warning: %s", list->v[i].unverified);
}

static void write_count(struct cfs_json_writer *w, const char *name, int n)
{
	if (n < 0)
		cfs_json_write_null(w, name);
	else
		cfs_json_write_u64(w, name, (uint64_t)n);
}

static void write_entry(struct cfs_json_writer *w,
			const struct cfs_boot_entry *entry)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "path", entry->path);
	cfs_json_write_text(w, "id", entry->id);
	cfs_json_write_text(w, "title", entry->title);
	cfs_json_write_text(w, "version", entry->version);
	cfs_json_write_text(w, "sort_key", entry->sort_key);
	cfs_json_write_bool(w, "offered", entry->offered);
	write_count(w, "tries_left", entry->tries_left);
	write_count(w, "tries_done", entry->tries_done);
	cfs_json_write_end(w);
}

static void write_deployment(struct cfs_json_writer *w,
			     const struct cfs_deployments *list,
			     const struct cfs_deployment *d)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cmd_json_digest(w, "digest", &d->id);
	cfs_json_write_bool(w, "booted", d->booted);
	cfs_json_write_bool(w, "next", d->next);
	cfs_json_write_bool(w, "fallback", d->fallback);
	cfs_json_write_bool(w, "staged", d->staged);
	cfs_json_write_bool(w, "pinned", d->pinned);
	cfs_json_write_bool(w, "state", d->has_state);
	cfs_json_write_bool(w, "verified", d->verified);
	cfs_json_write_text(w, "reason", d->unverified);
	cfs_json_write_text(w, "origin", d->origin.image);
	cfs_json_write_text(w, "manifest_digest", d->origin.manifest);
	cfs_json_write_array(w, "entries", CFS_JSON_LINES);
	for (size_t i = 0; i < d->entries.n; i++)
		write_entry(w, &list->entries.v[d->entries.v[i]]);
	cfs_json_write_end(w);
	cfs_json_write_end(w);
}

static void write_warnings(struct cfs_json_writer *w,
			   const struct warnings *warnings)
{
	cfs_json_write_array(w, "warnings", CFS_JSON_LINES);
	for (size_t i = 0; i < warnings->n; i++) {
		cfs_json_write_object(w, NULL, CFS_JSON_LINES);
		cfs_json_write_text(w, "path", warnings->v[i].where);
		cfs_json_write_text(w, "reason", warnings->v[i].reason);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

static int print_json(const struct cfs_deployments *list,
		      const struct warnings *warnings, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	const struct cfs_boot_order *order = &list->order;

	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "deployments", CFS_JSON_LINES);
	for (size_t i = 0; i < list->n; i++)
		write_deployment(&w, list, &list->v[i]);
	cfs_json_write_end(&w);
	cfs_json_write_text(&w, "next_entry",
			    order->n ? list->entries.v[order->v[0]].path
				     : NULL);
	write_warnings(&w, warnings);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
}

static int list_all(const struct cfs_machine *machine, const struct options *o,
		    struct warnings *warnings, struct cfs_err *err)
{
	const struct cfs_deployments_params params =
		cmd_machine_params(machine, warn, warnings);
	CFS_AUTODEPLOYMENTS struct cfs_deployments list = { 0 };
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_access_read(&machine->access, &repo, err);

	if (r == 0)
		r = cfs_deployments_read(&repo, &params, &list, err);
	if (r == 0)
		r = cfs_vec_check(warnings, err);
	if (r < 0)
		return r;
	if (o->json)
		return print_json(&list, warnings, err);
	print_warnings(&list, warnings);
	return print_table(&list, o->no_trunc, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_machine machine;
	struct warnings warnings = { 0 };
	int r = cmd_machine(call->g, &o->machine, &machine, err);

	if (r == 0)
		r = list_all(&machine, o, &warnings, err);
	free_warnings(&warnings);
	return r;
}

const struct cfs_cmd cmd_deployments = {
	.name = "deployments",
	.help = "list what a machine can boot, and what it boots next",
	.options = options,
	.size = sizeof(struct options),
	.run = run,
};
