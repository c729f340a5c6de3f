/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The parts of `cfsctl diff`. */
#ifndef CFS_CFSCTL_DIFF_DIFF_H
#define CFS_CFSCTL_DIFF_DIFF_H

#include "base/json_write.h"
#include "cfsctl/cfsctl.h"
#include "cfsctl/tree_source.h"
#include "erofs/locate.h"
#include "tree/diff.h"

enum cfs_diff_kind {
	CFS_DIFF_OF_DIR,
	CFS_DIFF_OF_DUMPFILE,
	CFS_DIFF_OF_IMAGE,
	CFS_DIFF_OF_OCI, /* what an OCI image makes */
};

/* One of the two that are compared. */
struct cfs_diff_side {
	const char *name; /* the operand, borrowed */
	enum cfs_diff_kind kind;
	struct cfs_tree *tree; /* owned */
	/* Its bytes; those of anything but an image are what it would be as
	 * one of the other side's version, or none: */
	struct cfs_buf image;
	struct cfs_err refused;
	unsigned version;
	struct cfs_digest id; /* of these bytes; alg 0: there are none */
	uint64_t lost; /* inodes with attributes that the image on the other
			  side cannot have; taken away */
};

/*
 * Reads an operand that is of a kind only the command knows; it is asked first.
 * Returns 1 with the tree, or 0 when the operand is of another kind.
 */
typedef int cmd_diff_tree_fn(const struct cfs_globals *g, const char *name,
			     const struct cfs_tree_source *source,
			     struct cfs_tree **ret, struct cfs_err *err);

/* The options of a command that compares, and their rows. */
struct cfs_diff_options_given {
	struct cfs_opt_list ignore;
	bool json, all, no_trunc;
	struct cfs_tree_source source;
	cmd_diff_tree_fn *tree; /* set by the command; may be NULL */
};
extern const struct cfs_opt cmd_diff_options[];

/* Runs a command with those options and the operands A and B. */
int cmd_diff_run(const struct cfs_call *call, cmd_diff_tree_fn *tree,
		 struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3)));

/* Differences between the bytes of two images. */
struct cfs_diff_images {
	bool compared; /* nothing below counts otherwise */
	bool alike;    /* the trees are the same */
	bool same;
	bool behind; /* some behind the superblock do, first these: */
	struct cfs_erofs_place at[2];
	/* Is it what this program writes for its tree?  Found out when the
	 * trees are the same and the bytes are not. */
	bool canonical[2];
};

/*
 * Reads the operands @names: those that @given->tree takes, directories as
 * @given->source says, files with the magic of an image as such, other files
 * and "-" as dumpfiles; what is no file is an image of the repository.  Digests
 * are of the algorithm that the other side has, unless --hash says otherwise.
 */
int cmd_diff_read(const struct cfs_globals *g,
		  const struct cfs_diff_options_given *given,
		  char *const names[static 2], struct cfs_diff_side side[2],
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

void cmd_diff_side_free(struct cfs_diff_side *side);

/* Whether long values are cut. */
enum cfs_diff_length {
	CFS_DIFF_CUT,
	CFS_DIFF_WHOLE,
};

/* How differences are printed, and what is remembered of them. */
struct cfs_diff_print {
	const struct cfs_diff_side *side; /* of two */
	const struct cfs_diff_ignore *ignore;
	bool json;
	enum cfs_diff_length length; /* of values */
	uint64_t n;		     /* entries so far */
	uint32_t root;		     /* fields in which the roots differ */
	uint32_t others;	     /* ... and all other entries */
	bool other_xattrs;	     /* one that is no SELinux label differs */
	bool emptied;	     /* /boot or /sysroot differ, or names below */
	bool more_than_boot; /* --bootable cannot be the reason of all */
	struct cfs_buf out;  /* of one entry */
	struct cfs_json_writer writer; /* into out */
};

/* Print the head, an entry (the found() of struct cfs_diff_options) and the
 * end of the report.  Errors: -ENOMEM. */
int cmd_diff_begin(struct cfs_diff_print *p,
		   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
int cmd_diff_entry(void *print, const struct cfs_diff *diff,
		   struct cfs_err *err) CFS_MUST_CHECK;
int cmd_diff_end(struct cfs_diff_print *p, const struct cfs_diff_sum *sum,
		 const struct cfs_diff_images *images, bool same,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Prints what is in @p->out and empties it.  Errors: -ENOMEM. */
int cmd_diff_put(struct cfs_diff_print *p,
		 struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Compares the bytes of both, if both have any.  @alike: the trees are the
 * same, so that the reason is to be found.  Errors: -ENOMEM. */
int cmd_diff_images(const struct cfs_diff_side side[static 2], bool alike,
		    struct cfs_diff_images *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Says what came of it (errors: -ENOMEM); or writes it as the member "images".
 */
int cmd_diff_images_words(const struct cfs_diff_side side[static 2],
			  const struct cfs_diff_images *images,
			  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cmd_diff_images_json(const struct cfs_diff_side side[static 2],
			  const struct cfs_diff_images *images,
			  struct cfs_json_writer *w) CFS_NONNULL;

/* "y" or "ies", and "" or "s". */
static inline const char *cmd_diff_ies(uint64_t n)
{
	return n == 1 ? "y" : "ies";
}

static inline const char *cmd_diff_s(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* Appends @len bytes as a dumpfile escapes them. */
void cmd_diff_escape(struct cfs_buf *out, const void *data,
		     size_t len) CFS_NONNULL;

/*
 * Appends the value of the xattr @key for people: capabilities and ACLs by
 * their names, text in quotes, all else as hex.
 */
void cmd_diff_value(struct cfs_buf *out, const char *key,
		    struct cfs_bytes value,
		    enum cfs_diff_length length) CFS_NONNULL;

/* Appends @value as text in quotes, or as hex where it is no text; cut as
 * by cmd_diff_value(). */
void cmd_diff_bytes(struct cfs_buf *out, struct cfs_bytes value,
		    enum cfs_diff_length length) CFS_NONNULL;

#endif
