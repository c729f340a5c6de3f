/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/long.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tests/test.h"

static struct cfs_err err;

#define SEGMENT CFS_DIGESTER_SEGMENT

static const size_t sizes[] = { 4097,	     65 * 4096,
				SEGMENT - 1, SEGMENT,
				SEGMENT + 1, SEGMENT + 64 * 4096,
				3 * SEGMENT, 5 * SEGMENT + 4097 };

/* Bytes with room for the last block's padding. */
static uint8_t *bytes(size_t size)
{
	uint8_t *data = malloc(size + CFS_VERITY_BLOCK);

	CHECK(data);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)((uint64_t)i * 2654435761u >> 9);
	return data;
}

static void check_size(enum cfs_alg alg, size_t size, uint32_t segment,
		       bool from_file)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = NULL;
	CFS_AUTOFD int fd = memfd_create("long", MFD_CLOEXEC);
	CFS_AUTOFREE uint8_t *data = bytes(size);
	struct cfs_bytes all = { data, size };
	struct cfs_digest want, id;
	uint8_t got[CFS_DIGEST_MAX];
	struct cfs_long file = { .size = size, .segment = segment, .ret = got };

	CHECK_EQ(cfs_write_full(fd, data, size), 0);
	CHECK_EQ(cfs_verity_digest_bytes(alg, all, &want, &err), 0);
	CHECK_EQ(cfs_window_new(alg, NULL, &w, &err), 0);
	CHECK_EQ(cfs_long_init(&file, alg, &err), 0);
	/* Backwards: the order does not matter. */
	for (uint64_t i = file.segments; i-- > 0;) {
		if (from_file)
			CHECK_EQ(cfs_long_read(&file, w, i, fd, &err), 0);
		else
			CHECK_EQ(cfs_long_hash(&file, w, i, data + i * segment,
					       &err),
				 0);
	}
	CHECK_EQ(cfs_long_finish(&file, w, &id, &err), 0);
	CHECK(cfs_digest_equal(&id, &want));
	CHECK_MEM(got, want.bytes, cfs_alg_size(alg));
	cfs_long_free(&file);
	cfs_long_free(&file);
}

TEST(segments_in_any_order_make_the_digest_of_the_file)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes); i++) {
		for (uint32_t s = CFS_LONG_SEGMENT_MIN; s <= SEGMENT; s *= 2) {
			check_size(CFS_ALG_SHA256, sizes[i], s, true);
			check_size(CFS_ALG_SHA256, sizes[i], s, false);
			check_size(CFS_ALG_SHA512, sizes[i], s, true);
			check_size(CFS_ALG_SHA512, sizes[i], s, false);
		}
	}
}

TEST(segments_are_of_one_size_but_for_the_last)
{
	uint8_t got[CFS_DIGEST_MAX];
	struct cfs_long file = { .size = 2 * SEGMENT + 5,
				 .segment = SEGMENT,
				 .ret = got };

	CHECK_EQ(cfs_long_init(&file, CFS_ALG_SHA256, &err), 0);
	CHECK_EQ(file.segments, 3);
	CHECK_EQ(cfs_long_segment_size(&file, 0), SEGMENT);
	CHECK_EQ(cfs_long_segment_size(&file, 2), 5);
	cfs_long_free(&file);
}

TEST(a_file_that_ends_early_has_changed)
{
	CFS_AUTO(cfs_window_free) struct cfs_window *w = NULL;
	CFS_AUTOFD int fd = memfd_create("long", MFD_CLOEXEC);
	uint8_t got[CFS_DIGEST_MAX];
	struct cfs_long file = { .size = SEGMENT + 101,
				 .segment = SEGMENT,
				 .ret = got };

	CHECK_EQ(ftruncate(fd, SEGMENT + 100), 0);
	CHECK_EQ(cfs_window_new(CFS_ALG_SHA256, NULL, &w, &err), 0);
	CHECK_EQ(cfs_long_init(&file, CFS_ALG_SHA256, &err), 0);
	CHECK_EQ(cfs_long_read(&file, w, 0, fd, &err), 0);
	CHECK_EQ(cfs_long_read(&file, w, 1, fd, &err), -ESTALE);
	CHECK_STR(err.msg, "changed while it was read");
	cfs_long_free(&file);
}

TEST(a_file_with_more_hashes_than_memory_can_hold_is_an_error)
{
	uint8_t got[CFS_DIGEST_MAX];
	/* 2^48 bytes of them, which 32 bits would take for none. */
	struct cfs_long file = { .size = (uint64_t)1 << 62,
				 .segment = SEGMENT,
				 .ret = got };
	/*
	 * A compiler that sees through the call may leave out an allocation
	 * that nothing here uses, and take it for one that succeeded.
	 */
	int (*volatile init)(struct cfs_long *, enum cfs_alg,
			     struct cfs_err *) = cfs_long_init;

	CHECK_EQ(init(&file, CFS_ALG_SHA256, &err), -ENOMEM);
}
