/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl diff A B: why two digests differ. */
#include "cfsctl/diff/diff.h"

#include <stdio.h>
#include <string.h>

/* Names of fields, and xattrs, that --ignore can hold. */
#define IGNORED_MAX 64

struct ignored {
	struct cfs_diff_ignore rules;
	bool bytes; /* of images */
	char *text; /* owned; what keys point into */
	const char *keys[IGNORED_MAX];
};

static void ignored_free(struct ignored *ignored)
{
	free(ignored->text);
}

/* "owner" stands for both. */
static uint32_t field_of(const char *word)
{
	uint32_t field = 0;

	if (strcmp(word, "owner") == 0)
		return 1u << CFS_DIFF_UID | 1u << CFS_DIFF_GID;
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++) {
		if (strcmp(word, cfs_diff_field_name(i)) == 0)
			field = UINT32_C(1) << i;
	}
	return field;
}

/* The name of an xattr has a dot, and no field's has. */
static int ignore_word(struct ignored *ignored, const char *word,
		       struct cfs_err *err)
{
	uint32_t field = field_of(word);

	ignored->rules.fields |= field;
	if (field)
		return 0;
	if (strcmp(word, "bytes") == 0) {
		ignored->bytes = true;
		return 0;
	}
	if (!strchr(word, '.'))
		return cfs_fail(err, CFS_EUSAGE,
				"--ignore '%s': there is no such field", word);
	if (ignored->rules.n_keys == IGNORED_MAX)
		return cfs_fail(err, CFS_EUSAGE, "--ignore: over %d xattrs",
				IGNORED_MAX);
	ignored->keys[ignored->rules.n_keys++] = word;
	return 0;
}

static int parse_ignored(const struct cfs_opt_list *lists,
			 struct ignored *ignored, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char *save = NULL;

	ignored->rules.keys = ignored->keys;
	for (unsigned i = 0; i < lists->n; i++)
		cfs_buf_addf(&text, "%s,", lists->v[i]);
	if (!cfs_buf_text(&text))
		return cfs_fail(err, ENOMEM, "out of memory");
	ignored->text = (char *)cfs_steal_ptr(&text.data);
	text = (struct cfs_buf){ 0 };
	for (char *word = strtok_r(ignored->text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (ignore_word(ignored, word, err) < 0)
			return -err->code;
	}
	return 0;
}

/* Source: composefs-rs crates/composefs/src/erofs/writer.rs: version 2. */
static bool has_no_nanoseconds(const struct cfs_diff_side *side)
{
	return side->kind == CFS_DIFF_OF_IMAGE && side->version == 2;
}

/* Returns 1 when they differ. */
static int compare(const struct cfs_diff_side side[2],
		   const struct ignored *ignored, struct cfs_diff_print *p,
		   bool all, struct cfs_err *err)
{
	const struct cfs_diff_options options = {
		.ignore = ignored->rules,
		.all = all,
		.whole_seconds = has_no_nanoseconds(&side[0]) ||
				 has_no_nanoseconds(&side[1]),
		.found = cmd_diff_entry,
		.ctx = p,
	};
	bool some = ignored->bytes || ignored->rules.fields ||
		    ignored->rules.n_keys;
	struct cfs_diff_images images = { 0 };
	struct cfs_diff_sum sum;
	bool same;
	int r;

	p->side = side;
	p->ignore = &ignored->rules;
	r = cmd_diff_begin(p, err);
	if (r == 0)
		r = cfs_tree_diff(side[0].tree, side[1].tree, &options, &sum,
				  err);
	if (r < 0)
		return r;
	same = p->n == 0 && sum.other_alg == 0;
	/* What is not to count is in the bytes. */
	if (!some)
		r = cmd_diff_images(side, same, &images, err);
	if (r < 0)
		return r;
	same = same && (!images.compared || images.same);
	r = cmd_diff_end(p, &sum, &images, same, err);
	return r < 0 ? r : !same;
}

static int read_and_compare(const struct cfs_globals *g,
			    const struct cfs_source *source,
			    char *const names[static 2],
			    const struct ignored *ignored,
			    struct cfs_diff_print *p, bool all,
			    struct cfs_err *err)
{
	struct cfs_diff_side side[2] = { 0 };
	int r = cmd_diff_read(g, source, names, side, err);

	if (r == 0)
		r = compare(side, ignored, p, all, err);
	cmd_diff_side_free(&side[0]);
	cmd_diff_side_free(&side[1]);
	cfs_buf_free(&p->out);
	return r;
}

int cmd_diff(const struct cfs_globals *g, int argc, char **argv,
	     struct cfs_err *err)
{
	__attribute__((cleanup(ignored_free))) struct ignored ignored = { 0 };
	struct cfs_diff_print print = { 0 };
	struct cfs_opt_list lists = { 0 };
	struct cfs_source source = { 0 };
	bool all = false;
	const struct cfs_opt opts[] = {
		{ .name = "ignore", .list = &lists },
		{ .name = "json", .flag = &print.json },
		{ .name = "all", .flag = &all },
		{ .name = "no-trunc", .flag = &print.whole },
		CFS_SOURCE_DIR_OPTIONS(&source),
		{ 0 },
	};
	int r;

	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 2, 2, err);
	if (r == 0)
		r = cmd_source_check(&source, err);
	if (r == 0)
		r = parse_ignored(&lists, &ignored, err);
	if (r < 0)
		return r;
	if (strcmp(argv[1], "-") == 0 && strcmp(argv[2], "-") == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"only one of the two can be stdin");
	print.whole |= print.json;
	return read_and_compare(g, &source, argv + 1, &ignored, &print, all,
				err);
}
