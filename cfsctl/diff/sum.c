/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The first and the last lines of `cfsctl diff`. */
#include <string.h>

#include "cfsctl/diff/diff.h"

#define BIT(field) (UINT32_C(1) << (field))

static const char *kind_of(const struct cfs_diff_side *side)
{
	switch (side->kind) {
	case CFS_DIFF_OF_DIR:
		return "directory";
	case CFS_DIFF_OF_OCI:
		return "OCI image";
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

static void json_side(struct cfs_json_writer *w, const char *name,
		      const struct cfs_diff_side *side)
{
	char digest[16 + CFS_DIGEST_HEX_MAX], hex[CFS_DIGEST_HEX_MAX];

	cfs_json_write_object(w, name, CFS_JSON_ONE_LINE);
	cfs_json_write_text(w, "name", side->name);
	cfs_json_write_text(w, "kind", kind_of(side));
	cfs_json_write_u64(w, "version", side->version);
	if (side->id.alg) {
		cfs_digest_to_hex(&side->id, hex);
		snprintf(digest, sizeof(digest), "%s:%s",
			 cfs_alg_name(side->id.alg), hex);
	}
	cfs_json_write_text(w, "digest", side->id.alg ? digest : NULL);
	cfs_json_write_end(w);
}

int cmd_diff_begin(struct cfs_diff_print *p, struct cfs_err *err)
{
	struct cfs_json_writer *w = &p->writer;

	if (!p->json) {
		words_side('A', &p->side[0]);
		words_side('B', &p->side[1]);
		return 0;
	}
	*w = (struct cfs_json_writer){ .buf = &p->out };
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	json_side(w, "a", &p->side[0]);
	json_side(w, "b", &p->side[1]);
	cfs_json_write_array(w, "entries", CFS_JSON_LINES);
	return cmd_diff_put(p, err);
}

/* The likeliest cause where nothing but @fields differs. */
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

	if (p->emptied && !p->more_than_boot && !sum->other_alg)
		return "only /boot, /sysroot and SELinux labels differ: one "
		       "side was made with --bootable, which diff takes for "
		       "directories, too";
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

static void json_sum(struct cfs_diff_print *p, const struct cfs_diff_sum *sum)
{
	struct cfs_json_writer *w = &p->writer;

	cfs_json_write_u64(w, "entries_a", sum->names_a);
	cfs_json_write_u64(w, "entries_b", sum->names_b);
	cfs_json_write_u64(w, "changed", sum->changed);
	cfs_json_write_u64(w, "only_in_a", sum->only_a);
	cfs_json_write_u64(w, "only_in_b", sum->only_b);
	cfs_json_write_u64(w, "not_compared", sum->other_alg);
	cfs_json_write_u64(w, "nanoseconds", sum->nanoseconds);
	cfs_json_write_u64(w, "link_order", sum->link_order);
	cfs_json_write_u64(w, "not_kept", lost(p));
	cfs_json_write_object(w, "fields", CFS_JSON_ONE_LINE);
	for (unsigned i = 0; i < CFS_DIFF_FIELDS; i++)
		if (sum->by_field[i])
			cfs_json_write_u64(w, cfs_diff_field_name(i),
					   sum->by_field[i]);
	cfs_json_write_end(w);
}

static int json_end(struct cfs_diff_print *p, const struct cfs_diff_sum *sum,
		    const struct cfs_diff_images *images, bool same,
		    struct cfs_err *err)
{
	struct cfs_json_writer *w = &p->writer;
	int r;

	cfs_json_write_end(w);
	cmd_diff_images_json(p->side, images, w);
	cfs_json_write_object(w, "summary", CFS_JSON_LINES);
	cfs_json_write_bool(w, "same", same);
	json_sum(p, sum);
	cfs_json_write_text(w, "hint", hint(p, sum));
	cfs_json_write_end(w);
	cfs_json_write_end(w);
	r = cfs_json_write_finish(w, err);
	return r < 0 ? r : cmd_diff_put(p, err);
}

int cmd_diff_end(struct cfs_diff_print *p, const struct cfs_diff_sum *sum,
		 const struct cfs_diff_images *images, bool same,
		 struct cfs_err *err)
{
	if (p->json)
		return json_end(p, sum, images, same, err);
	return words_end(p, sum, images, err);
}
