/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/merkle.h"

#include <sys/mman.h>

#include "tests/test.h"

static struct cfs_err err;

static bool is(const struct cfs_digest *digest, const char *want)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(digest, hex);
	return strcmp(hex, want) == 0;
}

static void fill(uint8_t *data, size_t len)
{
	uint64_t x = 88172645463325252u;

	for (size_t i = 0; i < len; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		data[i] = (uint8_t)x;
	}
}

/*
 * Source: `fsverity digest --hash-alg=sha256|sha512` (fsverity-utils 1.5) over
 * files of @len bytes of @byte; the ones of zeros also stand in composefs-rs
 * (crates/composefs/src/fsverity/digest.rs).
 */
static const struct {
	const char *sha256, *sha512;
	size_t len;
	uint8_t byte;
} known[] = {
	{ "3d248ca542a24fc62d1c43b916eae5016878e2533c88238480b26128a1f1af95",
	  "ccf9e5aea1c2a64efa2f2354a6024b90dffde6bbc017825045dce374474e13d10adb9dadcc6ca8e17a3c075fbd31336e8f266ae6fa93a6c3bed66f9e784e5abf",
	  0, 0 },
	{ "b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551",
	  "9fcf5172b085b1c8f9365eecb37a1869e193a4705654a5829f11939cd01d5c0fd97276be8cd9d49f76cfc8dcfeb80f8128e3548a1de50b56912b9e3fc7bde27b",
	  1, 0 },
	{ "5372beb83c78537c8970c8361e3254119fafdf1763854ecd57d3f0fe2da7c719",
	  "e2397c3e051f7ab08e0133d71ef9e62cf1ce6dccefa097af3658b0ecbfe532f2f2968787d0d693ad96a1053610d7aac3b5743d13f323a69f85e804d5fca5dc27",
	  4095, 0 },
	{ "babc284ee4ffe7f449377fbf6692715b43aec7bc39c094a95878904d34bac97e",
	  "928922686c4caf32175f5236a7f964e9925d10a74dc6d8344a8bd08b23c228ff5792573987d7895f628f39c4f4ebe39a7367d7aeb16aaa0cd324ac1d53664e61",
	  4096, 0 },
	{ "093756e4ea9683329106d4a16982682ed182c14bf076463a9e7f97305cbac743",
	  "4339f5da3788e60fa6857bd7040fadccd6f125b2c2334777eb14ed55179ad887d9131e9ce78485afc23051392b71e015528abbb7be07ed7073c56480b15cedf1",
	  4097, 0 },
	{ "dae733f4cb5a63767cb1041a2bd774ca90c91dfd490554e5edab17886d474600",
	  "17060cff50b93c9fd092ec791ae719fe1e158a3464ad201092affc037fde252aadfbf44eceac836e76317536ea96684ab5a89562d41067583dc2090095f46034",
	  4096, 90 },
	{ "d2619d9db529bfcc1b0179d7f22a3275ef40456580ebd246fb1c0faa70cc1f6c",
	  "fc1aa4d2aeb1f623ac4c200411eb8529a913f8591af998a357a6462746d9ac163601f975dc0b9b78bf0790f7d3af548e355dccc1b31562b21e1a7f8ee8829ae3",
	  4097, 90 },
	{ "d7649ea754e4662d979d957a50125e74812e52b0a92a37fd892173e3ed3c56f9",
	  "0cf83f727341f896604e3ff52bf2061d7849ae4ab841b41fd99b20d459fc68f41cae77b3c8745ebe13e9105388adf969d6d77f91b6ed82b67c4aa0d0fd758e4e",
	  262144, 1 },
	{ "5b1465e85152dc755ae00f80c67b3d33aefbb27f87b7760f2f700483bbdca083",
	  "395101d4f9bef85ccc2da7a0641238c61775342abeebcd89d984c53176caa69f5b3addd4ea2f2da591dc29a52a55ff6aebc69cb686edde6f281f7d548f183004",
	  262145, 1 },
	{ "ea47099ac5f6adc9221bc93510f3899103e129966b3e3f76343e6f6021bb8bc2",
	  "5abf75ee97e490c5f4ffbe43253082aae7eba1f9c4745fedaf95bce32cc309fe23d5bf602223db7018cb54ce533b6e567e37314d03660d964d080c9df4bf5334",
	  524288, 2 },
	{ "44a3ceba1c1a2896d0002c3b1e15f332291e8ef3c4760f14531061f17d6dc423",
	  "14c1f43801057313ebfd3feef70bf60e0a5a03390101bfdcd043c42f8333020dae5482b864c2b82d05e4b4ababd9f52182a62fb0502b550415c00038ac2f6ee6",
	  524289, 90 },
	{ "70bfedd7d78d80bc2f03a09def9f32df318866df9e002fcb6acb3d89996769ed",
	  "2398f1c393dc443925256f771d27a0c9e5843fbe2ee1d970cb34eeb660ff4b9c48b964400cdb4ee0123ec84a913ab3d461166680b8da2ace692cc5e2890f7178",
	  67108864, 3 },
	{ "4858141611e600899ed119ec0822f2db8c8f515c009e4d1da6d9f189cd5938dc",
	  "33b4bd45cfbbdc40abeb5aa691fbfe49392ad5c7c5411e1a07d8381a0c9fbc47638c216e3f911e92044556190ffc8de3f19321cfe3ac206bbfc3011bba39f487",
	  67108865, 3 },
	{ "0b97881c52a53bc550a18093c15d1bd5c26fbc85e778d43f9e7a1fc48ced0af0",
	  "6133456b38883b48c9dc4278fd96ee5490320ef7ec330961490b9ebe3f261991761c58d7bc5a478f4a8e9c4d1f7b8f641fc3aa6a2aa143e02924e758a0f366fa",
	  16777216, 4 },
	{ "c1d2f2eb3cc5b20c6fc5dd6283fc75e23b06bb65e0bf93aa9b6e73898f3812ad",
	  "fc76e241bbc8b8fdd5c4f216338a3ee72d5a29e6d86f0cffb22c15a295a6b43aaac1850eefe6b72f89f0b0acbf405927901ac43e1030fc396ce4b9bf4ab37a9e",
	  16777217, 4 },
};

TEST(digests_are_those_of_fsverity_utils)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(known); i++) {
		CFS_AUTOFREE uint8_t *data = malloc(known[i].len + 1);
		struct cfs_bytes bytes = { data, known[i].len };
		struct cfs_digest digest;

		CHECK(data);
		memset(data, known[i].byte, known[i].len);
		CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, bytes, &digest,
						 &err),
			 0);
		CHECK(is(&digest, known[i].sha256));
		CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA512, bytes, &digest,
						 &err),
			 0);
		CHECK(is(&digest, known[i].sha512));
	}
}

TEST(the_pieces_it_is_fed_in_do_not_matter)
{
	static uint8_t data[700001];
	static const size_t steps[] = {
		1000, 4096, 4097, 65536, 65535, 300000
	};

	fill(data, sizeof(data));
	for (int alg = 1; alg <= 2; alg++) {
		struct cfs_digest whole, pieces;

		CHECK_EQ(cfs_verity_digest_bytes(
				 (enum cfs_alg)alg,
				 (struct cfs_bytes){ data, sizeof(data) },
				 &whole, &err),
			 0);
		for (size_t s = 0; s < CFS_ARRAY_SIZE(steps); s++) {
			CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
			struct cfs_bytes all = { data, sizeof(data) }, piece;
			uint64_t size = 0;

			CHECK_EQ(cfs_merkle_new((enum cfs_alg)alg, &m, &err),
				 0);
			for (size_t at = 0; at < all.len; at += steps[s]) {
				size_t n = all.len - at;

				CHECK(cfs_bytes_slice(
					all, at, n < steps[s] ? n : steps[s],
					&piece));
				CHECK_EQ(cfs_merkle_update(m, piece, &err), 0);
			}
			CHECK_EQ(cfs_merkle_final(m, &pieces, &size, &err), 0);
			CHECK_EQ(size, sizeof(data));
			CHECK(cfs_digest_equal(&whole, &pieces));
		}
	}
}

TEST(a_file_and_its_bytes_have_one_digest)
{
	static const size_t sizes[] = { 0,	1,	4095,	4096,
					262143, 262144, 262145, 600000 };
	static uint8_t data[600000];
	struct cfs_digest bytes, file;

	fill(data, sizeof(data));
	for (size_t i = 0; i < CFS_ARRAY_SIZE(sizes); i++) {
		CFS_AUTOFD int fd = memfd_create("test", MFD_CLOEXEC);
		uint64_t size;

		CHECK(fd >= 0);
		CHECK_EQ(write(fd, data, sizes[i]), (ssize_t)sizes[i]);
		CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
		CHECK_EQ(cfs_verity_digest_fd(CFS_ALG_SHA256, fd, &file, &size,
					      &err),
			 0);
		CHECK_EQ(size, sizes[i]);
		CHECK_EQ(cfs_verity_digest_bytes(
				 CFS_ALG_SHA256,
				 (struct cfs_bytes){ data, sizes[i] }, &bytes,
				 &err),
			 0);
		CHECK(cfs_digest_equal(&bytes, &file));
	}
	CHECK_EQ(cfs_verity_digest_fd(CFS_ALG_SHA256, -1, &file, NULL, &err),
		 -EBADF);
}

static void keep(enum cfs_alg alg, size_t len, struct cfs_buf *tree,
		 uint8_t desc[static CFS_VERITY_DESCRIPTOR_SIZE])
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTOFREE uint8_t *data = calloc(1, len + 1);
	struct cfs_digest digest;

	CHECK(data);
	CHECK_EQ(cfs_merkle_new(alg, &m, &err), 0);
	cfs_merkle_keep_tree(m);
	CHECK_EQ(cfs_merkle_update(m, (struct cfs_bytes){ data, len }, &err),
		 0);
	CHECK_EQ(cfs_merkle_final(m, &digest, NULL, &err), 0);
	cfs_merkle_descriptor(m, desc);
	CHECK_EQ(cfs_merkle_tree(m, tree, &err), 0);
}

/* Hash of a block of data is the digest's raw material: take it from the
 * root in the descriptor of a file of one block. */
TEST(a_kept_tree_is_the_kernels_root_level_first)
{
	uint8_t one[CFS_VERITY_DESCRIPTOR_SIZE], big[sizeof(one)];
	CFS_AUTOBUF struct cfs_buf none = { 0 };
	CFS_AUTOBUF struct cfs_buf two = { 0 };
	CFS_AUTOBUF struct cfs_buf three = { 0 };

	keep(CFS_ALG_SHA256, 4096, &none, one);
	CHECK_EQ(none.len, 0);
	keep(CFS_ALG_SHA256, 4097, &two, big);
	CHECK_EQ(two.len, 4096);
	CHECK_MEM(two.data, one + 16, 32);
	CHECK_MEM(two.data + 32, one + 16, 32);
	CHECK_EQ(two.data[64], 0);
	CHECK_EQ(two.data[4095], 0);

	/* 129 data blocks: two blocks of hashes below one of two hashes. */
	keep(CFS_ALG_SHA256, 129 * 4096, &three, big);
	CHECK_EQ(three.len, 3 * 4096);
	CHECK_EQ(three.data[64], 0);
	CHECK(three.data[31] + three.data[30] != 0);
	CHECK_MEM(three.data + 4096, one + 16, 32);
	CHECK_MEM(three.data + 2 * 4096 - 32, one + 16, 32);
	CHECK_MEM(three.data + 2 * 4096, one + 16, 32);
	CHECK_EQ(three.data[2 * 4096 + 32], 0);
}

TEST(a_sink_takes_the_next_bytes)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	static uint8_t data[5000];
	struct cfs_bytes all = { data, sizeof(data) };
	struct cfs_digest got, want;
	struct cfs_sink sink;
	uint64_t size = 0;

	fill(data, sizeof(data));
	CHECK_EQ(cfs_merkle_new(CFS_ALG_SHA512, &m, &err), 0);
	sink = cfs_merkle_sink(m);
	CHECK_EQ(cfs_sink_write(&sink, data, 4097, &err), 0);
	CHECK_EQ(cfs_sink_write(&sink, data + 4097, 903, &err), 0);
	CHECK_EQ(cfs_merkle_final(m, &got, &size, &err), 0);
	CHECK_EQ(size, 5000);
	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA512, all, &want, &err), 0);
	CHECK(cfs_digest_equal(&got, &want));
}
