/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "erofs/rules.h"

#include "erofs/format.h"
#include "tree/node.h"

#define MKCOMPOSEFS                                                           \
	/* CFS_EROFS_CHUNKS_MAX chunks of the largest size. */                \
	.external_max = (uint64_t)CFS_EROFS_CHUNKS_MAX                        \
			<< CFS_EROFS_CHUNK_BITS_MAX,                          \
	.inline_max = CFS_INLINE_MAX, .target_max = CFS_TARGET_MAX,           \
	.references_max = 128, .entries_beyond = true,                        \
	.escapes_whiteouts = true, .stubs = true, .breadth_first = true,      \
	.compact = true, .nanoseconds = true, .build_time = true,             \
	.acl_flag = true, .splits_contents = true, .symlinks_in_block = true, \
	.references_from_table = true

const struct cfs_erofs_rules cfs_erofs_rules[CFS_EROFS_VERSION_MAX + 1] = {
	{ .version = 0, MKCOMPOSEFS },
	{ .version = 1, MKCOMPOSEFS, .marks_opaque = true },
	{
		.version = 2,
		/* A single chunk. */
		.external_max = UINT64_C(1) << CFS_EROFS_CHUNK_BITS_MAX,
		.inline_max = 512,
		.target_max = 1024,
		.references_max = UINT8_MAX,
		.ino_is_nid = true,
		.early_tails = true,
		.chunk_format = CFS_EROFS_CHUNK_BITS_MAX - CFS_EROFS_BLOCK_BITS,
		.index_needs_digest = true,
		.redirects_to_object = true,
		.overlay_first = true,
		.shared_ascending = true,
		.lustre_prefix = true,
	},
};
