/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * meta.json, what a repository says about itself.
 * Source: composefs-rs crates/composefs/src/repository.rs, RepoMetadata.
 */
#ifndef CFS_REPO_META_H
#define CFS_REPO_META_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "fsverity/digest.h"

#define CFS_META_VERSION 1
#define CFS_META_MAX	 65536 /* bytes of meta.json we are ready to read */

struct cfs_meta {
	unsigned version; /* of the repository layout: 1 */
	enum cfs_alg alg;
	unsigned erofs_default; /* format 0, 1 or 2 of new images */
	unsigned erofs_extra; /* bit n: format n is made too; not the default */
	bool unknown_ro_compat; /* a feature or format of the future: must
				 * not be written to */
};

/*
 * Parses of meta.json what booting an image depends on: version, incompatible
 * features, algorithm.  Formats stay { .erofs_default = 2 }.
 * Errors: -EINVAL (syntax, types, algorithm), -EOPNOTSUPP (newer version,
 * unknown incompatible feature).
 */
int cfs_meta_parse_to_boot(struct cfs_bytes text, struct cfs_meta *ret,
			   struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* For this and cfs_meta_parse().  @nodes: CFS_META_NODES of them.
 * Errors: -EINVAL: no JSON, no object, too many values. */
#define CFS_META_NODES 1024 /* values in one meta.json */
int cfs_meta_open(struct cfs_bytes text, struct cfs_json_node *nodes,
		  struct cfs_json *doc,
		  struct cfs_err *err) CFS_MUST_CHECK CFS_NONNULL;

/* The member @name of @object as a list: NULL in *@ret when it is absent (or
 * @object NULL).  Errors: -EINVAL for anything else. */
int cfs_meta_list(const struct cfs_json *doc,
		  const struct cfs_json_node *object, const char *name,
		  const struct cfs_json_node **ret,
		  struct cfs_err *err) CFS_MUST_CHECK
	__attribute__((nonnull(1, 3, 4, 5)));

/* Words and returns -EINVAL. */
int cfs_meta_bad_type(struct cfs_err *err, const char *name,
		      const char *want) CFS_NONNULL;

#endif
