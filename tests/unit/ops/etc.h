/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Trees for merges of /etc, as short text. */
#ifndef CFS_TESTS_UNIT_OPS_ETC_H
#define CFS_TESTS_UNIT_OPS_ETC_H

#include "tests/test.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

/*
 * A tree of words: "d/" is a directory, "f=text" a file, "w!" a whiteout, "l>t"
 * a symbolic link, "h@f" a further name of /f; each may begin with "@700:" for
 * another mode and end with ",key=value,..." for attributes.
 */
static inline void add_word(struct cfs_buf *to, const char *top, char *word)
{
	char *xattr = strchr(word, ',');
	const char *kind;
	unsigned long mode;
	size_t n;

	if (xattr)
		*xattr++ = '\0';
	for (char *c = xattr; c && *c; c++)
		if (*c == ',')
			*c = ' ';
	mode = word[strlen(word) - 1] == '/' ? 0755 : 0644;
	if (word[0] == '@')
		mode = strtoul(word + 1, &word, 8);
	word += word[0] == ':';
	n = strcspn(word, "=!>@");
	kind = word + n;
	if (*kind == '=')
		cfs_buf_addf(to, "%s/%.*s %zu 10%04lo 1 0 0 0 1.0 - %s -", top,
			     (int)n, word, strlen(kind + 1), mode, kind + 1);
	else if (*kind == '!')
		cfs_buf_addf(to, "%s/%.*s 0 20000 1 0 0 0 1.0 - - -", top,
			     (int)n, word);
	else if (*kind == '>')
		cfs_buf_addf(to, "%s/%.*s %zu 120777 1 0 0 0 1.0 %s - -", top,
			     (int)n, word, strlen(kind + 1), kind + 1);
	else if (*kind == '@')
		cfs_buf_addf(to, "%s/%.*s 0 @100644 1 0 0 0 1.0 %s/%s - -", top,
			     (int)n, word, top, kind + 1);
	else
		cfs_buf_addf(to, "%s/%.*s 0 4%04lo 2 0 0 0 1.0 - - -", top,
			     (int)n - 1, word, mode);
	if (xattr)
		cfs_buf_addf(to, " %s", xattr);
	cfs_buf_addc(to, '\n');
}

/* A tree with the root @top ("", "/etc") and what @words, separated by blanks,
 * says is in it. */
static inline struct cfs_tree *tree_of(const char *top, const char *words)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	CFS_AUTOFREE char *copy = strdup(words);
	char *rest = copy, *word;
	struct cfs_tree *tree;

	cfs_buf_adds(&dump, "/ 0 40755 2 0 0 0 1.0 - - -\n");
	if (*top)
		cfs_buf_addf(&dump, "%s 0 40755 2 0 0 0 1.0 - - -\n", top);
	while ((word = strsep(&rest, " ")))
		if (*word)
			add_word(&dump, top, word);
	if (cfs_dump_read(cfs_buf_bytes(&dump), 0, &tree, &err) < 0) {
		printf("# %s", cfs_buf_text(&dump));
		CHECK_STR(err.msg, "");
	}
	return tree;
}

static inline struct cfs_node *etc_of(struct cfs_tree *tree)
{
	struct cfs_node *etc;

	return cfs_tree_lookup(tree, "/etc", &etc, &err) == 1 ? etc : NULL;
}

/* The tree as words again, without "@755:" and "@644:". */
static inline void add_words(struct cfs_buf *to, const struct cfs_node *dir,
			     const char *path)
{
	for (struct cfs_node *n = dir->dir.first; n; n = n->next) {
		CFS_AUTOFREE char *name = NULL;
		unsigned usual = S_ISDIR(n->mode) ? 0755 : 0644;

		CHECK(asprintf(&name, "%s%s", path, n->name) > 0);
		if (to->len > 0)
			cfs_buf_addc(to, ' ');
		if ((S_ISDIR(n->mode) || S_ISREG(n->mode)) &&
		    !(n->flags & CFS_NODE_LINK) && (n->mode & 07777) != usual)
			cfs_buf_addf(to, "@%o:", n->mode & 07777);
		cfs_buf_adds(to, name);
		if (n->flags & CFS_NODE_LINK) {
			cfs_buf_addf(to, "@%s", n->link->name);
		} else if (S_ISDIR(n->mode)) {
			free(name);
			CHECK(asprintf(&name, "%s%s/", path, n->name) > 0);
			cfs_buf_addc(to, '/');
			add_words(to, n, name);
		} else if (cfs_node_is_whiteout(n)) {
			cfs_buf_addc(to, '!');
		} else {
			cfs_buf_addf(to, "%c%.*s", S_ISLNK(n->mode) ? '>' : '=',
				     (int)n->size, (const char *)n->file.data);
		}
	}
}

#endif
