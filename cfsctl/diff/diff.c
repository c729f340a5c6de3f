/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl diff A B: why two digests differ. */
#include "cfsctl/diff/diff.h"

#include <stdio.h>
#include <string.h>

#include "erofs/rules.h"

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
		return cfs_no_memory(err);
	ignored->text = (char *)cfs_steal_ptr(&text.data);
	text = (struct cfs_buf){ 0 };
	for (char *word = strtok_r(ignored->text, ",", &save); word;
	     word = strtok_r(NULL, ",", &save)) {
		if (ignore_word(ignored, word, err) < 0)
			return -err->code;
	}
	return 0;
}

static bool has_no_nanoseconds(const struct cfs_diff_side *side)
{
	return side->kind == CFS_DIFF_OF_IMAGE &&
	       !cfs_erofs_rules[side->version].nanoseconds;
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
	/* The bytes of images hold the ignored fields, too. */
	if (!some)
		r = cmd_diff_images(side, same, &images, err);
	if (r < 0)
		return r;
	same = same && (!images.compared || images.same);
	r = cmd_diff_end(p, &sum, &images, same, err);
	return r < 0 ? r : !same;
}

static int read_and_compare(const struct cfs_call *call,
			    const struct cfs_diff_options_given *o,
			    const struct ignored *ignored, struct cfs_err *err)
{
	struct cfs_diff_print print = { .json = o->json,
					.length = o->no_trunc || o->json
							  ? CFS_DIFF_WHOLE
							  : CFS_DIFF_CUT };
	struct cfs_diff_side side[2] = { 0 };
	int r = cmd_diff_read(call->g, o, call->operand, side, err);

	if (r == 0)
		r = compare(side, ignored, &print, o->all, err);
	cmd_diff_side_free(&side[0]);
	cmd_diff_side_free(&side[1]);
	cfs_buf_free(&print.out);
	return r;
}

#define GIVEN struct cfs_diff_options_given
const struct cfs_opt cmd_diff_options[] = {
	{ .name = "json", .help = "print JSON", CFS_OPT_SETS(GIVEN, json) },
	{ .name = "all",
	  .help = "print also what is below a directory of one side",
	  CFS_OPT_SETS(GIVEN, all) },
	{ .name = "no-trunc",
	  .help = "print whole digests and values",
	  CFS_OPT_SETS(GIVEN, no_trunc) },
	{ .name = "ignore",
	  .value = "WHAT,...",
	  .help = "leave out fields (mode, mtime, owner, ...), xattrs by their "
		  "names, or the bytes of images; repeatable",
	  CFS_OPT_SETS(GIVEN, ignore) },
	CFS_SOURCE_DIR_OPTIONS(GIVEN, source),
	{ 0 },
};

int cmd_diff_run(const struct cfs_call *call, cmd_diff_tree_fn *tree,
		 struct cfs_err *err)
{
	__attribute__((cleanup(ignored_free))) struct ignored ignored = { 0 };
	GIVEN o = *(const GIVEN *)call->options;
	char *const *name = call->operand;
	int r;

	o.tree = tree;
	r = parse_ignored(&o.ignore, &ignored, err);
	if (r < 0)
		return r;
	if (strcmp(name[0], "-") == 0 && strcmp(name[1], "-") == 0)
		return cfs_fail(err, CFS_EUSAGE,
				"only one of the two can be the standard "
				"input");
	return read_and_compare(call, &o, &ignored, err);
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	return cmd_diff_run(call, NULL, err);
}

const struct cfs_cmd cmd_diff = {
	.name = "diff",
	.help = "say what differs between images, directories, dumpfiles",
	.more = "A and B: a directory, an image or dumpfile (- is the standard "
		"input), or the name\nor digest of an image of the repository.  "
		"Exit status: 0 the same, 1 different,\n2 trouble.\n",
	.options = cmd_diff_options,
	.size = sizeof(GIVEN),
	.operands = { { "A", CFS_TAKES_FILE }, { "B", CFS_TAKES_FILE } },
	.run = run,
	.allows_no_repo = true,
	.compares = true,
};
