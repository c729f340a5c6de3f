/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/stream/writer.h"

#include <pthread.h>

#include "compress/zstd.h"
#include "fsverity/merkle.h"
#include "repo/stream/format.h"
#include "repo/stream/reader.h"
#include "tests/test.h"
#include "tests/unit/repo/stream/stream.h"

static struct cfs_err err;

static struct cfs_stream_writer *writer(enum cfs_alg alg, const char *type)
{
	struct cfs_stream_writer *w;

	CHECK_EQ(cfs_stream_writer_new(alg, type, &w, &err), 0);
	return w;
}

static void put(struct cfs_stream_writer *w, const void *data, size_t len)
{
	struct cfs_sink sink = cfs_stream_inline(w);

	CHECK_EQ(cfs_sink_write(&sink, data, len, &err), 0);
}

static struct cfs_digest digest_of(const char *hex)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_digest_from_hex(hex, strlen(hex), &id, &err), 0);
	return id;
}

static struct cfs_digest made_up(enum cfs_alg alg, unsigned n)
{
	struct cfs_digest id = { .alg = alg };

	for (size_t i = 0; i < cfs_alg_size(alg); i++)
		id.bytes[i] = (uint8_t)(n * 167 + i * (n + 3));
	return id;
}

/*
 * A tar archive of one file "alpha" of 1000 zero bytes: ustar, mode 0700, all
 * other numbers 0, device numbers empty; two blocks of zeros.  The splitstream
 * is composefs-rs', which pins the digest of what is made of it in
 * crates/composefs-oci/src (test of the config stream).
 */
static void put_alpha(struct cfs_stream_writer *w)
{
	static const char object[] = "f6fa43bbc0a7908e2ef77438244159e9dec289df"
				     "c4c49d229237f9797a6a9b79";
	const struct cfs_digest id = digest_of(object);
	char header[512] = "alpha", zeros[24 + 1024] = { 0 };

	memcpy(header + 100, "0000700\0000000000\0000000000", 23);
	memcpy(header + 124, "00000001750\00000000000000", 23);
	memcpy(header + 148, "0006751\0000", 9);
	memcpy(header + 257, "ustar\00000", 8);
	put(w, header, sizeof(header));
	CHECK_EQ(cfs_stream_external(w, 1000, &id, &err), 0);
	put(w, zeros, sizeof(zeros));
}

static void same_hex(const struct cfs_buf *got, const char *want)
{
	CFS_AUTOBUF struct cfs_buf hex = { 0 };

	for (size_t i = 0; i < got->len; i++)
		cfs_buf_addf(&hex, "%02x", got->data[i]);
	CHECK_STR(cfs_buf_text(&hex), want);
}

static void same_id(const struct cfs_buf *got, const char *want)
{
	struct cfs_digest id;
	char hex[CFS_DIGEST_HEX_MAX];

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, cfs_buf_bytes(got),
					 &id, &err),
		 0);
	cfs_digest_to_hex(&id, hex);
	CHECK_STR(hex, want);
}

TEST(a_layer_is_written_byte_for_byte_as_composefs_rs_does)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA256, CFS_STREAM_LAYER);
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	put_alpha(w);
	CHECK_EQ(cfs_stream_finish(w, &out, &err), 0);
	same_hex(
		&out,
		"53706c697453747265616d000000010c20000000000000007000000000000000"
		"7000000000000000700000000000000070000000000000009000000000000000"
		"9900000000000000ed0000000000000090000000000000009900000000000000"
		"6f63696c61796572000a000000000000f6fa43bbc0a7908e2ef77438244159e9"
		"dec289dfc4c49d229237f9797a6a9b7928b52ffd200001000028b52ffd00585d"
		"0200440200feff616c7068610030303030373030303137353637353100307573"
		"746172003030e8fb0e00144105c080186e2898200624e7a80000831b3463660d"
		"45c0cd6280df95d62c98d28221");
	same_id(&out, "61c07629b8a41273f190744a8545c132e6b784dcb2235bb31ade307a"
		      "83e092ff");
}

/* The config of that image: three layers, named by their diff_ids. */
TEST(named_references_are_sorted_and_their_streams_in_order_of_use)
{
	static const char *const layers[][2] = {
		{ "sha256:757d6903198804b6ed96421a93a9973f5facc0e445a2a6c61cb0"
		  "129eb67026e2",
		  "61c07629b8a41273f190744a8545c132e6b784dcb2235bb31ade307a83e0"
		  "92ff" },
		{ "sha256:77dd145166ef191089dabd4d2c52d32143850a3c81a074fedf48"
		  "dca360e2dcb9",
		  "ce472620ab69da46e385b0936865ef22f940e6bf55a083d3be37b1003795"
		  "e221" },
		{ "sha256:9b57f0e91c403b650e9391fd5e4154cac5dc1469acc0f3312e61"
		  "49aa34f160ef",
		  "99ce11df4bb808a1e80ce69425dae527b64aa7a270bf99c4a6e24d66be27"
		  "0f3f" },
	};
	const struct cfs_digest config =
		digest_of("1dc5a7ea2c7a2d322c8ab613e8427bfe3fec9e6775b3c8589642"
			  "1a588d7c0e17");
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA256, CFS_STREAM_CONFIG);
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	for (size_t i = 0; i < 3; i++) {
		struct cfs_digest id = digest_of(layers[i][1]);

		CHECK_EQ(cfs_stream_add_name(w, layers[i][0], &id, &err), 0);
	}
	CHECK_EQ(cfs_stream_external(w, 299, &config, &err), 0);
	CHECK_EQ(cfs_stream_finish(w, &out, &err), 0);
	CHECK_EQ(out.len, 405);
	same_id(&out, "4839518dea22749f8ff233e7f7baec65f23dd5336462f46ad6884769"
		      "af84bf95");
}

struct waiting {
	struct cfs_stream_slot *slot;
	struct cfs_digest id;
};

static void *tell(void *arg)
{
	struct waiting *w = arg;

	memcpy(cfs_stream_slot_bytes(w->slot), w->id.bytes,
	       cfs_alg_size(w->id.alg));
	cfs_stream_slot_ready(w->slot);
	return NULL;
}

/* The same stream, with digests known at once or late and in another order. */
static void write_many(struct cfs_buf *out, bool late)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA512, CFS_STREAM_LAYER);
	static char text[1400];
	struct waiting waiting[200];
	pthread_t threads[200];

	for (unsigned i = 0; i < 200; i++) {
		waiting[i].id = made_up(CFS_ALG_SHA512, i % 150);
		put(w, text, i * 7);
		if (!late) {
			CHECK_EQ(cfs_stream_external(w, 100 + i, &waiting[i].id,
						     &err),
				 0);
			continue;
		}
		CHECK_EQ(cfs_stream_expect(w, 100 + i, &waiting[i].slot, &err),
			 0);
		/* Every other one a while later, and those backwards. */
		if (i % 20 != 19)
			continue;
		for (unsigned k = i; k + 20 > i && k <= i; k--)
			CHECK_EQ(pthread_create(&threads[k], NULL, tell,
						&waiting[k]),
				 0);
		for (unsigned k = i; k + 20 > i && k <= i; k--)
			CHECK_EQ(pthread_join(threads[k], NULL), 0);
	}
	put(w, "end", 3);
	CHECK_EQ(cfs_stream_finish(w, out, &err), 0);
}

TEST(when_digests_become_known_makes_no_difference)
{
	CFS_AUTOBUF struct cfs_buf now = { 0 }, later = { 0 };

	write_many(&now, false);
	write_many(&later, true);
	CHECK_EQ(now.len, later.len);
	CHECK_MEM(now.data, later.data, now.len);
}

/* The bytes of @file's frame of chunks. */
static struct cfs_bytes frame_of(const struct cfs_buf *file)
{
	struct cfs_bytes all = cfs_buf_bytes(file), frame;
	struct cfs_stream_info info;
	uint64_t start;

	memcpy(&info, all.data + sizeof(struct cfs_stream_header),
	       sizeof(info));
	start = cfs_get64(info.stream.start);
	CHECK(cfs_bytes_slice(all, start, cfs_get64(info.stream.end) - start,
			      &frame));
	return frame;
}

/* Chunks of 5 MB in all, some of which are long, in the stream and as they
 * ought to be in its frame. */
static void write_long(struct cfs_stream_writer *w, struct cfs_buf *chunks)
{
	static uint8_t data[400000];
	const struct cfs_digest id = made_up(CFS_ALG_SHA256, 1);
	const cfs_le64 index = cfs_put64(0);

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * i / 511);
	for (size_t i = 1; i <= 2000; i++) {
		size_t len = i % 700 == 0 ? sizeof(data) : i;
		const cfs_le64 head = cfs_put64((uint64_t) - (int64_t)len);

		put(w, data, len);
		CHECK_EQ(cfs_stream_external(w, 77, &id, &err), 0);
		cfs_buf_add(chunks, &head, sizeof(head));
		cfs_buf_add(chunks, data, len);
		cfs_buf_add(chunks, &index, sizeof(index));
	}
}

TEST(how_much_is_compressed_at_a_time_does_not_show)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA256, CFS_STREAM_LAYER);
	CFS_AUTOBUF struct cfs_buf file = { 0 }, chunks = { 0 }, want = { 0 };
	CFS_AUTO(cfs_zstd_free) struct cfs_zstd *zstd = NULL;
	struct cfs_sink to = cfs_sink_of_buf(&want), sink;
	struct cfs_bytes frame;

	write_long(w, &chunks);
	CHECK_EQ(cfs_stream_finish(w, &file, &err), 0);
	CHECK_EQ(cfs_zstd_new(&to, &zstd, &err), 0);
	sink = cfs_zstd_sink(zstd);
	CHECK_EQ(cfs_sink_write(&sink, chunks.data, chunks.len, &err), 0);
	CHECK_EQ(cfs_zstd_end(zstd, &err), 0);
	frame = frame_of(&file);
	CHECK_EQ(frame.len, want.len);
	CHECK_MEM(frame.data, want.data, want.len);
}

TEST(a_run_is_one_chunk_however_long_and_however_written)
{
	static uint8_t data[3000000];
	const struct cfs_digest id = made_up(CFS_ALG_SHA256, 1);
	CFS_AUTOBUF struct cfs_buf a = { 0 }, b = { 0 };

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i / 511);
	for (int k = 0; k < 2; k++) {
		CFS_AUTO(cfs_stream_writer_free)
		struct cfs_stream_writer *w =
			writer(CFS_ALG_SHA256, CFS_STREAM_LAYER);
		size_t piece = k ? sizeof(data) : 1000;

		for (size_t at = 0; at < sizeof(data); at += piece)
			put(w, data + at, piece);
		CHECK_EQ(cfs_stream_external(w, 77, &id, &err), 0);
		put(w, data, 10);
		CHECK_EQ(cfs_stream_external(w, 77, &id, &err), 0);
		CHECK_EQ(cfs_stream_finish(w, k ? &b : &a, &err), 0);
	}
	CHECK_EQ(a.len, b.len);
	CHECK_MEM(a.data, b.data, a.len);
	CHECK(a.len < 100000);
	check_chunks(&a, CFS_ALG_SHA256, "3000000,#0,10,#0");
}

TEST(kept_objects_stand_behind_those_of_the_stream)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA256, CFS_STREAM_LAYER);
	const struct cfs_digest a = made_up(CFS_ALG_SHA256, 1);
	const struct cfs_digest b = made_up(CFS_ALG_SHA256, 2);
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_digest got;

	CHECK_EQ(cfs_stream_keep(w, &b, &err), 0);
	CHECK_EQ(cfs_stream_keep(w, &a, &err), 0);
	CHECK_EQ(cfs_stream_external(w, 65, &a, &err), 0);
	CHECK_EQ(cfs_stream_finish(w, &out, &err), 0);
	s = open_stream(&out, CFS_ALG_SHA256);
	CHECK_EQ(cfs_stream_n_objects(s), 2);
	CHECK_EQ(cfs_stream_size(s), 65);
	got = cfs_stream_object(s, 0);
	CHECK(cfs_digest_equal(&got, &a));
	got = cfs_stream_object(s, 1);
	CHECK(cfs_digest_equal(&got, &b));
}

TEST(of_two_references_of_one_name_the_last_counts)
{
	CFS_AUTO(cfs_stream_writer_free)
	struct cfs_stream_writer *w = writer(CFS_ALG_SHA256, CFS_STREAM_BLOB);
	const struct cfs_digest a = made_up(CFS_ALG_SHA256, 1);
	const struct cfs_digest b = made_up(CFS_ALG_SHA256, 2);
	CFS_AUTO(cfs_stream_free) struct cfs_stream *s = NULL;
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	struct cfs_digest got;

	CHECK_EQ(cfs_stream_add_name(w, "x", &a, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, "a:b", &a, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, "x", &b, &err), 0);
	CHECK_EQ(cfs_stream_finish(w, &out, &err), 0);
	s = open_stream(&out, CFS_ALG_SHA256);
	CHECK_EQ(cfs_stream_n_names(s), 2);
	CHECK_EQ(cfs_stream_n_refs(s), 2);
	CHECK_STR(cfs_stream_name(s, 0, &got), "a:b");
	CHECK(cfs_stream_find(s, "x", &got) && cfs_digest_equal(&got, &b));
	CHECK(cfs_stream_find(s, "a:b", &got) && cfs_digest_equal(&got, &a));
	CHECK(!cfs_stream_find(s, "a", &got));
}
