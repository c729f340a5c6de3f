/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/enable.h"
#include "fsverity/merkle.h"
#include "tests/unit/disk/look.h"

static const struct cfs_bytes no_signature = { NULL, 0 };

/* Checks that @data, of @size bytes, and @tree are in the blocks of the file.
 * Returns the number of the block behind them. */
static uint64_t check_blocks(ext2_filsys e2, ext2_ino_t ino, uint64_t size,
			     const struct cfs_buf *data,
			     const struct cfs_buf *tree)
{
	uint8_t block[4096];
	uint64_t at;

	for (at = 0; at < size; at += 4096) {
		size_t n = size - at < 4096 ? (size_t)(size - at) : 4096;

		CHECK(image_block(e2, ino, at / 4096, block));
		CHECK_MEM(block, data->data + at, n);
		for (size_t i = n; i < 4096; i++)
			CHECK_EQ(block[i], 0);
	}
	for (at /= 4096; at % 16; at++)
		CHECK(!image_block(e2, ino, at, block));
	for (size_t i = 0; i < tree->len; i += 4096) {
		CHECK(image_block(e2, ino, at++, block));
		CHECK_MEM(block, tree->data + i, 4096);
	}
	return at;
}

/* Checks the descriptor and the signature, which begin at block @at. */
static void check_descriptor(
	ext2_filsys e2, ext2_ino_t ino, uint64_t at,
	const uint8_t want[static CFS_VERITY_DESCRIPTOR_SIZE],
	struct cfs_bytes signature)
{
	const size_t want_len = CFS_VERITY_DESCRIPTOR_SIZE;
	uint8_t block[4096];
	/* The kernel starts at the end: find the descriptor as it does. */
	uint64_t last = at;

	while (image_block(e2, ino, last + 1, block))
		last++;
	CHECK(image_block(e2, ino, last, block));
	size_t len = block[4092] | (size_t)block[4093] << 8 |
		     (size_t)block[4094] << 16 | (size_t)block[4095] << 24;
	CHECK_EQ(len, want_len + signature.len);
	CHECK_EQ(((last + 1) * 4096 - 4 - len) / 4096, at);
	uint8_t *tail = malloc((size_t)(last + 1 - at) * 4096);

	CHECK(tail);
	for (uint64_t b = at; b <= last; b++)
		CHECK(image_block(e2, ino, b, tail + (b - at) * 4096));
	CHECK_EQ((tail[4] | tail[5] << 8), (int)signature.len);
	tail[4] = tail[5] = 0;
	CHECK_MEM(tail, want, want_len);
	CHECK(signature.len == 0 ||
	      memcmp(tail + want_len, signature.data, signature.len) == 0);
	free(tail);
}

/* Adds a file of @size bytes as /f and checks all that ext4 keeps of it. */
static void verity_file(uint64_t size, enum cfs_alg alg,
			struct cfs_bytes signature)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(size);
	struct cfs_ext4 *fs = image_create(image, 32 * MIB + 2 * size, 16);
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTOBUF struct cfs_buf tree = { 0 };
	CFS_AUTOBUF struct cfs_buf data = { 0 };
	uint8_t want[CFS_VERITY_DESCRIPTOR_SIZE];
	uint64_t free_before = cfs_ext4_free_blocks(fs), at;
	struct cfs_digest got, digest;
	struct ext2_inode inode;
	ext2_filsys e2;
	ext2_ino_t ino;

	CHECK_EQ(cfs_ext4_add_verity(
			 fs,
			 &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f", 0644,
						 source },
			 &(struct cfs_ext4_verity){ alg, signature, NULL },
			 &got, &err),
		 0);
	CHECK_EQ(free_before - cfs_ext4_free_blocks(fs),
		 cfs_ext4_file_blocks(size, alg, (int64_t)signature.len));
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/f", &inode);
	CHECK_EQ(EXT2_I_SIZE(&inode), size);
	CHECK_EQ(inode.i_flags, (EXT4_VERITY_FL | EXT4_EXTENTS_FL));
	CHECK_EQ(inode.i_mode, (LINUX_S_IFREG | 0644));
	CHECK_EQ(inode.i_mtime, 1700000000);

	CHECK_EQ(cfs_merkle_new(alg, &m, &err), 0);
	cfs_merkle_keep_tree(m);
	CHECK_EQ(lseek(source, 0, SEEK_SET), 0);
	CHECK_EQ(cfs_read_all(source, 1u << 30, &data), 0);
	CHECK_EQ(cfs_merkle_update(m, cfs_buf_bytes(&data), &err), 0);
	CHECK_EQ(cfs_merkle_final(m, &digest, NULL, &err), 0);
	CHECK(cfs_digest_equal(&got, &digest));
	CHECK_EQ(cfs_merkle_tree(m, &tree, &err), 0);
	cfs_merkle_descriptor(m, want);

	at = check_blocks(e2, ino, size, &data, &tree);
	check_descriptor(e2, ino, at, want, signature);
	ext2fs_free(e2);
}

TEST(empty_file_has_a_descriptor_only)
{
	verity_file(0, CFS_ALG_SHA256, no_signature);
	verity_file(0, CFS_ALG_SHA512, no_signature);
}

TEST(files_around_a_block_end)
{
	for (uint64_t size = 4095; size <= 4097; size++)
		verity_file(size, CFS_ALG_SHA256, no_signature);
}

TEST(files_around_the_metadata_alignment)
{
	for (uint64_t size = 65535; size <= 65537; size++)
		verity_file(size, CFS_ALG_SHA512, no_signature);
}

TEST(two_tree_levels)
{
	verity_file(128 * 4096 + 1, CFS_ALG_SHA256, no_signature);
	verity_file(64 * 4096 + 1, CFS_ALG_SHA512, no_signature);
}

TEST(three_tree_levels)
{
	verity_file(64 * MIB + 4097, CFS_ALG_SHA256, no_signature);
	verity_file(16 * MIB + 1, CFS_ALG_SHA512, no_signature);
}

TEST(signatures_follow_the_descriptor_whatever_their_length)
{
	static uint8_t signature[CFS_SIGNATURE_MAX];
	static const size_t lens[] = { 1, 500, 4096 - 4 - 256, 4096 - 3 - 256,
				       CFS_SIGNATURE_MAX };

	memset(signature, 0x30, sizeof(signature));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(lens); i++)
		verity_file(5000, CFS_ALG_SHA256,
			    (struct cfs_bytes){ signature, lens[i] });
}

TEST(signature_over_the_kernels_limit_is_refused)
{
	static uint8_t signature[CFS_SIGNATURE_MAX + 1];
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(10);
	CFS_AUTO(cfs_ext4_free)
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct cfs_digest got;

	CHECK_EQ(cfs_ext4_add_verity(
			 fs,
			 &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f", 0644,
						 source },
			 &(struct cfs_ext4_verity){
				 CFS_ALG_SHA256,
				 (struct cfs_bytes){ signature,
						     sizeof(signature) },
				 NULL },
			 &got, &err),
		 -EMSGSIZE);
}

TEST(contents_that_are_not_the_digest_are_refused)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(10000);
	CFS_AUTO(cfs_ext4_free)
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct cfs_digest want = { .alg = CFS_ALG_SHA256 }, got;

	CHECK_EQ(cfs_ext4_add_verity(fs,
				     &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f",
							     0644, source },
				     &(struct cfs_ext4_verity){ CFS_ALG_SHA256,
								no_signature,
								&want },
				     &got, &err),
		 -EBADMSG);
	CHECK(strstr(err.msg, "f: the contents have fs-verity digest"));
}

TEST(known_digest_of_4097_zero_bytes)
{
	/* Source: `fsverity digest` of fsverity-utils 1.5. */
	static const char want[] =
		"093756e4ea9683329106d4a16982682ed182c14bf076463a9e7f97305cbac743";
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(0);
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct cfs_digest got;
	char hex[CFS_DIGEST_HEX_MAX];

	CHECK_EQ(ftruncate(source, 4097), 0);
	CHECK_EQ(cfs_ext4_add_verity(fs,
				     &(struct cfs_ext4_new){ CFS_EXT4_ROOT, "f",
							     0644, source },
				     &(struct cfs_ext4_verity){ CFS_ALG_SHA256,
								no_signature,
								NULL },
				     &got, &err),
		 0);
	cfs_digest_to_hex(&got, hex);
	CHECK_STR(hex, want);
	ext2fs_free(image_reopen(fs, image));
}

TEST(plain_file_keeps_contents_and_mode)
{
	CFS_AUTOFD int image = image_file();
	CFS_AUTOFD int source = image_source(MIB + 5);
	struct cfs_ext4 *fs = image_create(image, 16 * MIB, 16);
	struct ext2_inode inode;
	uint8_t block[4096];
	ext2_filsys e2;
	ext2_ino_t ino;

	CHECK_EQ(cfs_ext4_add_file(fs,
				   &(struct cfs_ext4_new){ CFS_EXT4_ROOT,
							   "kernel", 0600,
							   source },
				   &err),
		 0);
	e2 = image_reopen(fs, image);
	ino = image_inode(e2, "/kernel", &inode);
	CHECK_EQ(EXT2_I_SIZE(&inode), MIB + 5);
	CHECK_EQ(inode.i_mode, (LINUX_S_IFREG | 0600));
	CHECK(!(inode.i_flags & EXT4_VERITY_FL));
	CHECK_EQ(inode_uid(inode), 0);
	CHECK_EQ(inode_gid(inode), 0);
	CHECK(image_block(e2, ino, 256, block));
	CHECK_EQ(block[4], 256 % 251 + 1);
	CHECK_EQ(block[5], 0);
	CHECK(!image_block(e2, ino, 257, block));
	ext2fs_free(e2);
}
