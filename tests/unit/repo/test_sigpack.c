/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/sigpack.h"

#include "base/disk.h"
#include "fsverity/signature.h"
#include "tests/test.h"

static struct cfs_err err;

/* Three signatures of one, two and three bytes. */
static void make(enum cfs_alg alg, struct cfs_buf *out)
{
	static const uint8_t der[] = "abbccc";
	const struct cfs_sigpack_entry entries[] = {
		{ { alg, { 1 } }, { der, 1 } },
		{ { alg, { 1, 5 } }, { der + 1, 2 } },
		{ { alg, { 0xff } }, { der + 3, 3 } },
	};

	CHECK_EQ(cfs_sigpack_write(entries, 3, out, &err), 0);
}

/* The bytes of the format, for both algorithms; written by hand. */
TEST(the_bytes_are_those_that_the_format_describes)
{
	static const uint8_t head[] = { 'C', 'F', 'S', 'S', 'I', 'G', 'P', 'K',
					1,   0,	  1,   0,   3,	 0,   0,   0 };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	const uint8_t *at;

	make(CFS_ALG_SHA256, &buf);
	CHECK_EQ(buf.len, 16 + 3 * 36 + 6);
	CHECK_MEM(buf.data, head, sizeof(head));
	at = buf.data + 16;
	CHECK(at[0] == 1 && at[1] == 0 && at[32] == 1 && at[33] == 0);
	CHECK(at[36] == 1 && at[37] == 5 && at[36 + 32] == 3);
	CHECK(at[72] == 0xff && at[72 + 32] == 6);
	CHECK_MEM(at + 108, "abbccc", 6);
	buf.len = 0;
	make(CFS_ALG_SHA512, &buf);
	CHECK_EQ(buf.len, 16 + 3 * 68 + 6);
	CHECK_EQ(buf.data[10], 2);
}

TEST(signatures_are_found_by_the_digest_of_their_object)
{
	for (unsigned alg = CFS_ALG_SHA256; alg <= CFS_ALG_SHA512; alg++) {
		struct cfs_digest id = { (enum cfs_alg)alg, { 1, 5 } };
		CFS_AUTOBUF struct cfs_buf buf = { 0 };
		struct cfs_sigpack_entry e;
		struct cfs_sigpack pack;
		struct cfs_bytes der;

		make(id.alg, &buf);
		CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(&buf), &pack, &err), 0);
		CHECK_EQ(pack.n, 3);
		CHECK(cfs_sigpack_find(&pack, &id, &der));
		CHECK_EQ(der.len, 2);
		CHECK_MEM(der.data, "bb", 2);
		id.bytes[1] = 6;
		CHECK(!cfs_sigpack_find(&pack, &id, &der));
		id = (struct cfs_digest){ .alg = id.alg };
		CHECK(!cfs_sigpack_find(&pack, &id, &der));
		cfs_sigpack_get(&pack, 2, &e);
		CHECK(e.id.alg == pack.alg && e.id.bytes[0] == 0xff);
		CHECK_MEM(e.der.data, "ccc", 3);
		CHECK(cfs_sigpack_find(&pack, &e.id, &der) && der.len == 3);
		e.id.alg = id.alg == CFS_ALG_SHA256 ? CFS_ALG_SHA512
						    : CFS_ALG_SHA256;
		CHECK(!cfs_sigpack_find(&pack, &e.id, &der));
	}
}

static int read_changed(size_t at, uint8_t value)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_sigpack pack;

	make(CFS_ALG_SHA256, &buf);
	buf.data[at] = value;
	return cfs_sigpack_read(cfs_buf_bytes(&buf), &pack, &err);
}

TEST(a_pack_that_is_damaged_anywhere_in_header_or_index_is_refused)
{
	static const struct {
		size_t at;
		uint8_t value;
		int want;
	} cases[] = {
		{ 0, 'c', -EBADMSG },  /* magic */
		{ 8, 0, -EBADMSG },    /* version */
		{ 8, 2, -EOPNOTSUPP }, /* a later one */
		{ 9, 1, -EOPNOTSUPP },
		{ 10, 0, -EBADMSG }, /* algorithm */
		{ 10, 3, -EBADMSG },
		{ 11, 1, -EBADMSG },
		{ 12, 0, -EBADMSG }, /* number */
		{ 12, 2, -EBADMSG },
		{ 12, 4, -EBADMSG },
		{ 15, 0xff, -EBADMSG },
		{ 16, 2, -EBADMSG },	       /* order of digests */
		{ 17, 5, -EBADMSG },	       /* twice the same */
		{ 16 + 32, 0, -EBADMSG },      /* an empty signature */
		{ 16 + 32, 3, -EBADMSG },      /* the next one empty */
		{ 16 + 33, 1, -EBADMSG },      /* order of ends */
		{ 16 + 72 + 32, 7, -EBADMSG }, /* beyond the end */
		{ 16 + 72 + 32, 5, -EBADMSG }, /* before it */
		{ 16 + 72 + 34, 1, -EBADMSG }, /* longer than any */
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		CHECK_EQ(read_changed(cases[i].at, cases[i].value),
			 cases[i].want);
		CHECK(*err.msg);
	}
	CHECK_EQ(read_changed(17, 4), 0); /* another digest */
}

TEST(a_pack_that_is_cut_or_has_more_is_refused)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_sigpack pack;

	make(CFS_ALG_SHA512, &buf);
	for (size_t len = 0; len < buf.len; len++) {
		struct cfs_bytes part = { buf.data, len };

		CHECK_EQ(cfs_sigpack_read(part, &pack, &err), -EBADMSG);
	}
	cfs_buf_addc(&buf, 'x');
	CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(&buf), &pack, &err), -EBADMSG);
}

TEST(only_a_pack_that_can_be_read_is_written)
{
	static uint8_t der[CFS_SIGNATURE_MAX + 1];
	struct cfs_sigpack_entry e[2] = {
		{ { CFS_ALG_SHA256, { 1 } }, { der, CFS_SIGNATURE_MAX } },
		{ { CFS_ALG_SHA256, { 2 } }, { der, 1 } },
	};
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), 0);
	out.len = 0;
	CHECK_EQ(cfs_sigpack_write(e, 0, &out, &err), -EINVAL);
	e[0].der.len++;
	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), -EINVAL);
	e[0].der.len = 0;
	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), -EINVAL);
	e[0].der.len = 1;
	e[0].id.alg = CFS_ALG_SHA512;
	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), -EINVAL);
	e[0].id = e[1].id;
	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), -EINVAL);
	e[0].id.bytes[0] = 3;
	CHECK_EQ(cfs_sigpack_write(e, 2, &out, &err), -EINVAL);
	CHECK_EQ(out.len, 0);
}

TEST(a_merged_pack_has_the_new_signatures_and_the_old_ones_of_other_objects)
{
	const struct cfs_sigpack_entry more[] = {
		{ { CFS_ALG_SHA256, { 9 } }, { (const uint8_t *)"nine", 4 } },
		{ { CFS_ALG_SHA256, { 1, 5 } }, { (const uint8_t *)"new", 3 } },
	};
	CFS_AUTOBUF struct cfs_buf old = { 0 }, merged = { 0 }, none = { 0 };
	struct cfs_sigpack pack;
	struct cfs_bytes der;

	make(CFS_ALG_SHA256, &old);
	CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(&old), &pack, &err), 0);
	CHECK_EQ(cfs_sigpack_merge(&pack, more, 2, &merged, &err), 0);
	CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(&merged), &pack, &err), 0);
	CHECK_EQ(pack.n, 4);
	CHECK(cfs_sigpack_find(&pack, &more[1].id, &der) && der.len == 3);
	CHECK_MEM(der.data, "new", 3);
	CHECK_EQ(cfs_sigpack_merge(NULL, more, 2, &none, &err), 0);
	CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(&none), &pack, &err), 0);
	CHECK_EQ(pack.n, 2);
	CHECK_EQ(cfs_sigpack_merge(NULL, NULL, 0, &none, &err), -EINVAL);
}
