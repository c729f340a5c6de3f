/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The file contexts of an SELinux policy: which label a path has.
 *
 * What a policy says is as foreign as the tree it comes with: expressions are
 * compiled and matched within limits.
 *
 * Source: selabel_file(5); what wins over what, and how a path is compared, as
 * composefs-rs crates/composefs-boot/src/selabel.rs has it, since digests
 * depend on it.
 */
#ifndef CFS_TREE_SELABEL_H
#define CFS_TREE_SELABEL_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/own.h"
#include "base/vec.h"

/* Rules of one policy (Fedora's has some 6500), and bytes of an expression. */
#define CFS_SELABEL_RULES_MAX 100000
#define CFS_SELABEL_REGEX_MAX 4096

struct cfs_selabel;

/* Errors: -ENOMEM. */
int cfs_selabel_new(struct cfs_selabel **ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;
void cfs_selabel_free(struct cfs_selabel *policy);
CFS_DEFINE_AUTO(struct cfs_selabel, cfs_selabel_free);

/*
 * Adds the lines of the file_contexts file @file: "REGEX [-TYPE] CONTEXT".  Of
 * all lines that match a path the one added last counts.
 *
 * @file: its name, for messages; copied.
 * Errors, with file and line: -EINVAL a line or an expression is not
 * understood, -E2BIG over the limits; -ENOMEM.
 */
int cfs_selabel_add(struct cfs_selabel *policy, const char *file,
		    struct cfs_bytes text,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Adds the lines of the file_contexts.subs file @file: "ALIAS ORIGINAL".  A
 * later line for the same alias replaces the earlier one.
 * Errors: see cfs_selabel_add(). */
int cfs_selabel_add_aliases(struct cfs_selabel *policy, const char *file,
			    struct cfs_bytes text,
			    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * Expressions may be written to take long, and a policy has many of them:
 * what narrowing and finding cost is added up over the life of the policy and
 * limited, the same on every machine.  Call this once when all files of the
 * policy are added: @files is how many paths will be looked up.
 */
void cfs_selabel_allow(struct cfs_selabel *policy, uint32_t files) CFS_NONNULL;

/* The original that stands for @path, NUL-terminated, until the policy is
 * freed; NULL when there is none. */
const char *cfs_selabel_alias(const struct cfs_selabel *policy,
			      struct cfs_bytes path) CFS_NONNULL;

/*
 * The rules that can match anything below one directory, so that they are not
 * all tried for every path: numbers (uint32_t), the last rule first.
 */
struct cfs_selabel_scope {
	CFS_VEC(uint32_t);
};

void cfs_selabel_scope_free(struct cfs_selabel_scope *scope) CFS_NONNULL;

/* All rules.  Errors: -ENOMEM. */
int cfs_selabel_all(const struct cfs_selabel *policy,
		    struct cfs_selabel_scope *ret,
		    struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* Those of @above that can match a path which begins with @prefix (with its
 * slash at the end).  Errors: -E2BIG as for cfs_selabel_find(); -ENOMEM. */
int cfs_selabel_narrow(struct cfs_selabel *policy,
		       const struct cfs_selabel_scope *above,
		       struct cfs_bytes prefix, struct cfs_selabel_scope *ret,
		       struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/*
 * The label of a path within @scope.
 *
 * @key: the path and, behind it, one letter for its type: b c d p l s, or -
 *	for a regular file.
 * Returns 1 with *@ret (NUL-terminated, the policy's), or 0 for no label.
 * Errors, with file and line of the rule: -EINVAL an expression takes too
 * long for this path, -E2BIG all of them together for what
 * cfs_selabel_allow() allows (the rule is the most expensive one); -ENOMEM.
 */
int cfs_selabel_find(struct cfs_selabel *policy,
		     const struct cfs_selabel_scope *scope,
		     struct cfs_bytes key, const char **ret,
		     struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

#endif
