/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What `cfsctl diff` says first and last. */
#include <string.h>

#include "base/json.h"
#include "cfsctl/diff/diff.h"

#define BIT(field) (UINT32_C(1) << (field))

static const char *kind_of(const struct cfs_diff_side *side)
{
	switch (side->kind) {
	case CFS_DIFF_OF_DIR:
		return "directory";
	case CFS_DIFF_OF_DUMPFILE:
		return "dumpfile";
	default:
		return "image";
	}
}

static void words_side(char letter, const struct cfs_diff_side *side)
{
	char hex[CFS_DIGEST_HEX_MAX];

	printf("%c: %s: %s", letter, side->name, kind_of(side));
	if (side->id.alg) {
		cfs_digest_to_hex(&side->id, hex);
		printf("%s version %u, %s:%s",
		       side->kind == CFS_DIFF_OF_IMAGE ? " of"
						       : ", as an image of",
		       side->version, cfs_alg_name(side->id.alg), hex);
	}
	putchar('\n');
}

static void json_side(struct cfs_buf *out, const char *name,
		      const struct cfs_diff_side *side)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_buf_addf(out, "  \"%s\": {\"name\": ", name);
	cfs_json_add_string(out, side->name);
	cfs_buf_addf(out, ", \"kind\": \"%s\", \"version\": %u, \"digest\": ",
		     kind_of(side), side->version);
	cfs_digest_to_hex(&side->id, hex);
	if (side->id.alg)
		cfs_buf_addf(out, "\"%s:%s\"},\n", cfs_alg_name(side->id.alg),
			     hex);
	else
		cfs_buf_adds(out, "null},\n");
}

int cmd_diff_begin(struct cfs_diff_print *p, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	if (!p->json) {
		words_side('A', &p->side[0]);
		words_side('B', &p->side[1]);
		return 0;
	}
	json_side(&out, "a", &p->side[0]);
	json_side(&out, "b", &p->side[1]);
	if (!cfs_buf_text(&out))
		return cfs_fail(err, ENOMEM, "out of memory");
	printf("{\n%s  \"entries\": [", (char *)out.data);
	return 0;
}

/* What people most often did when nothing but @fields differs. */
static const struct {
	uint32_t fields;
	const char *text;
} hints[] = {
	{ BIT(CFS_DIFF_MTIME),
	  "only mtimes differ: one side was unpacked, copied or built at "
	  "another time (tar and cp -a keep them)" },
	{ BIT(CFS_DIFF_UID) | BIT(CFS_DIFF_GID),
	  "only owners differ: one side was unpacked by another user or in "
	  "another user namespace" },
	{ BIT(CFS_DIFF_MODE),
	  "only modes differ: one side was unpacked or built with another "
	  "umask" },
	{ BIT(CFS_DIFF_NLINK) | BIT(CFS_DIFF_HARDLINK),
	  "only hard links differ: a copy or mkcomposefs made files of them (cp "
	  "-a and rsync -H keep them), or a dumpfile has other link counts" },
	{ BIT(CFS_DIFF_STORAGE),
	  "the contents are the same, kept in the image on one side only: the "
	  "tools differ in how long a file may be to be kept there" },
	{ BIT(CFS_DIFF_STORAGE) | BIT(CFS_DIFF_DIGEST) | BIT(CFS_DIFF_BACKING),
	  "only where contents are kept differs: one side was made with other "
	  "options (digests, object store)" },
	{ BIT(CFS_DIFF_XATTRS),
	  "only xattrs differ: copies lose them, and cfsctl drops all but "
	  "security.capability unless --xattrs or --no-propagate-usr-to-root "
	  "says otherwise" },
};

static const char *hint(const struct cfs_diff_print *p,
			const struct cfs_diff_sum *sum)
{
	uint32_t all = p->root | p->others;

	if (sum->only_a || sum->only_b || sum->other_alg || !all)
		return NULL;
	if (all == BIT(CFS_DIFF_XATTRS) && !p->other_xattrs)
		return "only SELinux labels differ: one side was labelled "
		       "anew or not at all (--bootable labels)";
	if (p->root && !(p->others & ~BIT(CFS_DIFF_XATTRS)) &&
	    (p->root & ~BIT(CFS_DIFF_XATTRS)))
		return "only the root directory (and xattrs) differ: cfsctl "
		       "makes the root like /usr, unless "
		       "--no-propagate-usr-to-root is given";
	for (size_t i = 0; i < CFS_ARRAY_SIZE(hints); i++) {
		if (!(all & ~hints[i].fields))
			return hints[i].text;
	}
	return NULL;
}

static void words_sum(const struct cfs_diff_sum *sum)
{
	const char *comma = "";

	printf("changed: %llu", (unsigned long long)sum->changed);
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++) {
		if (!sum->by_field[i])
			continue;
		printf("%s%s %llu", *comma ? comma : " (",
		       cfs_diff_field_name(i),
		       (unsigned long long)sum->by_field[i]);
		comma = ", ";
	}
	printf("%s; only in A: %llu of %llu; only in B: %llu of %llu\n",
	       *comma ? ")" : "", (unsigned long long)sum->only_a,
	       (unsigned long long)sum->names_a,
	       (unsigned long long)sum->only_b,
	       (unsigned long long)sum->names_b);
}

/* Inodes of a tree that the image it is compared with cannot keep whole. */
static uint64_t lost(const struct cfs_diff_print *p)
{
	return p->side[0].lost + p->side[1].lost;
}

static int words_end(const struct cfs_diff_print *p,
		     const struct cfs_diff_sum *sum,
		     const struct cfs_diff_images *images, struct cfs_err *err)
{
	const char *text = hint(p, sum);

	if (p->n > 0)
		words_sum(sum);
	if (sum->other_alg)
		printf("digests are of %s in A and of %s in B: the contents of "
		       "%llu file%s not compared%s\n",
		       cfs_alg_name(p->side[0].tree->alg),
		       cfs_alg_name(p->side[1].tree->alg),
		       (unsigned long long)sum->other_alg,
		       cmd_diff_s(sum->other_alg),
		       p->n == 0 ? ", nothing else differs" : "");
	else if (p->n == 0)
		printf("the trees are the same: %llu entr%s%s\n",
		       (unsigned long long)sum->names_a,
		       cmd_diff_ies(sum->names_a),
		       p->ignore->fields || p->ignore->n_keys
			       ? ", but for what is ignored"
			       : "");
	if (sum->nanoseconds)
		printf("images of version 2 have no nanoseconds: those of %llu "
		       "mtime%s not compared\n",
		       (unsigned long long)sum->nanoseconds,
		       cmd_diff_s(sum->nanoseconds));
	if (lost(p))
		printf("images have attributes of their own on whiteouts and "
		       "directories with whiteouts: those of the tree's %llu "
		       "are not compared\n",
		       (unsigned long long)lost(p));
	if (text)
		puts(text);
	if (cmd_diff_images_words(p->side, images, err) < 0)
		return -err->code;
	if (images->behind && sum->link_order)
		puts("hard links: a dumpfile has another of their names first, "
		     "and images have the inode there");
	return 0;
}

static int json_end(const struct cfs_diff_print *p,
		    const struct cfs_diff_sum *sum,
		    const struct cfs_diff_images *images, bool same,
		    struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	const char *text = hint(p, sum), *comma = "";

	cfs_buf_addf(&out, "%s],\n", p->n ? "\n  " : "");
	cmd_diff_images_json(p->side, images, &out);
	cfs_buf_addf(&out,
		     "  \"summary\": {\n    \"same\": %s,\n"
		     "    \"entries_a\": %llu,\n    \"entries_b\": %llu,\n"
		     "    \"changed\": %llu,\n    \"only_in_a\": %llu,\n"
		     "    \"only_in_b\": %llu,\n    \"not_compared\": %llu,\n"
		     "    \"nanoseconds\": %llu,\n"
		     "    \"link_order\": %llu,\n"
		     "    \"not_kept\": %llu,\n"
		     "    \"fields\": {",
		     same ? "true" : "false", (unsigned long long)sum->names_a,
		     (unsigned long long)sum->names_b,
		     (unsigned long long)sum->changed,
		     (unsigned long long)sum->only_a,
		     (unsigned long long)sum->only_b,
		     (unsigned long long)sum->other_alg,
		     (unsigned long long)sum->nanoseconds,
		     (unsigned long long)sum->link_order,
		     (unsigned long long)lost(p));
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++) {
		if (!sum->by_field[i])
			continue;
		cfs_buf_addf(&out, "%s\"%s\": %llu", comma,
			     cfs_diff_field_name(i),
			     (unsigned long long)sum->by_field[i]);
		comma = ", ";
	}
	cfs_buf_adds(&out, "},\n    \"hint\": ");
	if (text)
		cfs_json_add_string(&out, text);
	else
		cfs_buf_adds(&out, "null");
	cfs_buf_adds(&out, "\n  }\n}\n");
	if (cfs_buf_check(&out, err) < 0)
		return -err->code;
	fwrite(out.data, 1, out.len, stdout);
	return 0;
}

int cmd_diff_end(struct cfs_diff_print *p, const struct cfs_diff_sum *sum,
		 const struct cfs_diff_images *images, bool same,
		 struct cfs_err *err)
{
	if (p->json)
		return json_end(p, sum, images, same, err);
	return words_end(p, sum, images, err);
}
