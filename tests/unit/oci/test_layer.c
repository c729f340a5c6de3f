/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Layers of a few entries; tests/cli/oci-*.sh have real ones. */
#include "oci/layer.h"

#include "base/io.h"
#include "fsverity/merkle.h"
#include "oci/layer_keeper.h"
#include "oci/layer_tree.h"
#include "repo/object.h"
#include "repo/stream/names.h"
#include "tests/unit/repo/store.h"
#include "tree/dump/dump.h"

static struct cfs_err err;

/* Adds a header of ustar, and @size bytes of the letter @fill. */
static void member(struct cfs_buf *tar, const char *name, char type,
		   const char *link, size_t size, char fill)
{
	char h[513] = { 0 };
	unsigned sum = 0;

	snprintf(h, 100, "%s", name);
	memcpy(h + 100, type == '5' ? "0000755" : "0000644", 8);
	memcpy(h + 108, "0000001", 8);
	memcpy(h + 116, "0000002", 8);
	snprintf(h + 124, 12, "%011zo", size);
	memcpy(h + 136, "00000000007", 12);
	memset(h + 148, ' ', 8);
	h[156] = type;
	snprintf(h + 157, 100, "%s", link);
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < 512; i++)
		sum += (unsigned char)h[i];
	snprintf(h + 148, 8, "%06o", sum);
	cfs_buf_add(tar, h, 512);
	for (size_t i = 0; i < size; i++)
		cfs_buf_addc(tar, fill);
	cfs_buf_addz(tar, (512 - size % 512) % 512);
}

static void make_tar(struct cfs_buf *tar)
{
	member(tar, "usr/", '5', "", 0, 0);
	member(tar, "usr/small", '0', "", 64, 's');
	member(tar, "usr/big", '0', "", 70000, 'b');
	member(tar, "usr/same", '0', "", 70000, 'b');
	member(tar, "usr/other-name", '1', "usr/big", 0, 0);
	member(tar, "usr/huge", '0', "", 6 << 20, 'h');
	cfs_buf_addz(tar, 1024);
}

static struct cfs_oci_layer layer_of(const struct cfs_buf *tar,
				     const struct cfs_source *source)
{
	struct cfs_oci_layer layer = { .blob = source, .size = tar->len };

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(tar),
				     &layer.id, &err),
		 0);
	layer.diff_id = layer.id;
	return layer;
}

static int import(struct cfs_store *store, unsigned threads,
		  const struct cfs_oci_layer *layer,
		  struct cfs_oci_layer_stats *stats, struct cfs_digest *id)
{
	CFS_AUTO(cfs_digester_free) struct cfs_digester *d = NULL;
	struct cfs_layer_keeper keeper;
	struct cfs_keeper k;

	cfs_layer_keeper_init(&keeper, store, &k);
	CHECK_EQ(cfs_digester_new(CFS_ALG_SHA256, threads, &k, &d, &err), 0);
	return cfs_oci_layer_import(store, d, layer, stats, id, &err);
}

/* The archive, put together again. */
static void check_stream(struct cfs_store *store, const struct cfs_digest *id,
			 const struct cfs_buf *tar)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTOBUF struct cfs_buf back = { 0 };
	struct cfs_stream_chunk chunk;
	char data[5000];
	ssize_t n;
	int r;

	CHECK_EQ(cfs_stream_load(&store->repo, id, "ocilayer", &file, &err), 0);
	while ((r = cfs_stream_next(file.stream, &chunk, &err)) > 0) {
		if (chunk.is_object) {
			struct cfs_digest object =
				cfs_stream_object(file.stream, (size_t)chunk.n);
			CFS_AUTOFD int fd = -EBADF;

			CHECK_EQ(cfs_object_open(store->objects, &object, &fd,
						 &err),
				 1);
			CHECK(cfs_object_check(fd, &object, &err) >= 0);
			CHECK_EQ(cfs_read_all(fd, SIZE_MAX / 2, &back), 0);
		}
		while ((n = cfs_stream_read(file.stream, data, sizeof(data),
					    &err)) > 0)
			cfs_buf_add(&back, data, (size_t)n);
		CHECK_EQ(n, 0);
	}
	CHECK_EQ(r, 0);
	CHECK_EQ(cfs_stream_size(file.stream), tar->len);
	CHECK_EQ(back.len, tar->len);
	CHECK_MEM(back.data, tar->data, tar->len);
}

static struct cfs_tree *tree_of(struct cfs_store *store,
				const struct cfs_digest *id)
{
	CFS_AUTOSTREAM struct cfs_stream_file file = CFS_STREAM_FILE_INIT;
	CFS_AUTO(cfs_layers_free) struct cfs_layers *layers = NULL;
	struct cfs_tree *tree;

	CHECK_EQ(cfs_stream_load(&store->repo, id, "ocilayer", &file, &err), 0);
	CHECK_EQ(cfs_layers_new(0, &layers, &err), 0);
	CHECK_EQ(cfs_oci_layer_apply(layers, file.stream, store->objects,
				     CFS_ALG_SHA256, &err),
		 0);
	CHECK_EQ(cfs_layers_finish(layers, &tree, &err), 0);
	return tree;
}

TEST(a_layer_comes_out_as_it_went_in)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		CFS_AUTOBUF struct cfs_buf tar = { 0 };
		struct cfs_oci_layer_stats stats;
		struct cfs_oci_layer layer;
		struct cfs_bytes rest;
		struct cfs_source source = cfs_source_of_bytes(&rest);
		struct cfs_digest id, again;

		start(&store);
		make_tar(&tar);
		rest = cfs_buf_bytes(&tar);
		layer = layer_of(&tar, &source);
		CHECK_EQ(import(&store, threads, &layer, &stats, &id), 0);
		CHECK_EQ(stats.entries, 6);
		CHECK_EQ(stats.bytes, tar.len);
		/* big, huge and the stream; same is big. */
		CHECK_EQ(store.stats.added, 3);
		CHECK_EQ(store.stats.present, 1);
		check_stream(&store, &id, &tar);
		rest = cfs_buf_bytes(&tar);
		CHECK_EQ(import(&store, threads, &layer, &stats, &again), 0);
		CHECK(cfs_digest_equal(&id, &again));
		CHECK_EQ(store.stats.added, 3);
	}
}

static const struct cfs_node *find(struct cfs_tree *tree, const char *path)
{
	struct cfs_node *node;

	CHECK_EQ(cfs_tree_lookup(tree, path, &node, &err), 1);
	return node;
}

TEST(a_stream_is_a_tree_without_a_look_at_the_contents)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_layer_stats stats;
	struct cfs_bytes rest;
	struct cfs_source source = cfs_source_of_bytes(&rest);
	struct cfs_oci_layer layer;
	struct cfs_digest id, have, want;
	const struct cfs_node *node;

	start(&store);
	make_tar(&tar);
	rest = cfs_buf_bytes(&tar);
	layer = layer_of(&tar, &source);
	CHECK_EQ(import(&store, 2, &layer, &stats, &id), 0);
	tree = tree_of(&store, &id);
	node = find(tree, "/usr/huge");
	CHECK_EQ(node->size, 6 << 20);
	CHECK_EQ(node->uid, 1);
	CHECK_EQ(node->gid, 2);
	CHECK(cfs_node_digest(tree, node, &have));
	CHECK_EQ(cfs_verity_digest_bytes(
			 CFS_ALG_SHA256,
			 (struct cfs_bytes){ tar.data + tar.len - 1024 -
						     (6 << 20),
					     6 << 20 },
			 &want, &err),
		 0);
	CHECK(cfs_digest_equal(&have, &want));
	node = find(tree, "/usr/small");
	CHECK(node->flags & CFS_NODE_INLINE);
	CHECK_EQ(node->size, 64);
	CHECK(find(tree, "/usr/other-name")->flags & CFS_NODE_LINK ||
	      find(tree, "/usr/big")->flags & CFS_NODE_LINK);
}

/* The layer with something wrong about it; nothing gets a name. */
static void refused(const struct cfs_buf *tar, struct cfs_oci_layer *layer,
		    int code, const char *words)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_bytes rest = cfs_buf_bytes(tar);
	struct cfs_source source = cfs_source_of_bytes(&rest);
	struct cfs_oci_layer_stats stats;
	struct cfs_digest id;

	start(&store);
	layer->blob = &source;
	CHECK_EQ(import(&store, 2, layer, &stats, &id), code);
	if (!strstr(err.msg, words))
		printf("# %s\n", err.msg);
	CHECK(strstr(err.msg, words));
}

/* Imports @tar with @twins (or NULL); returns the id of its stream. */
static struct cfs_digest import_like(struct cfs_store *store,
				     const struct cfs_buf *tar,
				     const struct cfs_twins *twins)
{
	struct cfs_bytes rest = cfs_buf_bytes(tar);
	const struct cfs_source source = cfs_source_of_bytes(&rest);
	struct cfs_oci_layer layer = layer_of(tar, &source);
	struct cfs_oci_layer_stats stats;
	struct cfs_digest id;

	layer.twins = twins;
	CHECK_EQ(import(store, 2, &layer, &stats, &id), 0);
	return id;
}

TEST(a_layer_like_one_that_is_there_gives_the_same_stream_as_anywhere)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOSTORE struct cfs_store fresh = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf old = { 0 }, tar = { 0 };
	CFS_AUTO(cfs_twins_free) struct cfs_twins *twins = NULL;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_digest id, want;

	make_tar(&old);
	make_tar(&tar);
	/* The last byte of usr/same, behind four headers and usr/big. */
	tar.data[512 * 5 + 70144 + 70000 - 1] = 'x';
	start(&fresh);
	want = import_like(&fresh, &tar, NULL);

	start(&store);
	id = import_like(&store, &old, NULL);
	tree = tree_of(&store, &id);
	CHECK_EQ(cfs_twins_new(tree, &twins, &err), 0);
	id = import_like(&store, &tar, twins);
	CHECK(cfs_digest_equal(&id, &want));
	/* Before: big, huge and the stream; same was big.  Now same is its
	 * own, and big and huge are there. */
	CHECK_EQ(store.stats.added, 5);
	CHECK_EQ(store.stats.present, 3);
	check_stream(&store, &id, &tar);
}

TEST(digests_and_sizes_are_checked)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_layer layer;

	make_tar(&tar);
	layer = layer_of(&tar, NULL);
	layer.size++;
	refused(&tar, &layer, -EBADMSG, "bytes long, expected");
	layer = layer_of(&tar, NULL);
	layer.id.text[20] = layer.id.text[20] == 'a' ? 'b' : 'a';
	refused(&tar, &layer, -EBADMSG, "its digest is sha256:");
	layer = layer_of(&tar, NULL);
	layer.diff_id.text[20] = layer.diff_id.text[20] == 'a' ? 'b' : 'a';
	refused(&tar, &layer, -EBADMSG, "its diff_id is sha256:");
	cfs_buf_adds(&tar, "x");
	layer = layer_of(&tar, NULL);
	layer.size--;
	refused(&tar, &layer, -EBADMSG, "bytes long, expected");
}

TEST(a_malformed_archive_is_refused_with_path_and_offset)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_layer layer;

	make_tar(&tar);
	tar.len = 512 + 1024 + 512 + 1000;
	layer = layer_of(&tar, NULL);
	refused(&tar, &layer, -EINVAL, "entry 'usr/big' at offset 1536");
	CHECK(!strstr(strstr(err.msg, "entry '") + 1, "entry '"));
	tar.len = 0;
	member(&tar, "../x", '0', "", 3, 'x');
	layer = layer_of(&tar, NULL);
	refused(&tar, &layer, -EINVAL, "at offset 0");
}

TEST(the_digest_that_was_found_is_told_before_what_is_wrong_with_the_archive)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	struct cfs_oci_id found = { 0 }, is;
	struct cfs_oci_layer layer;

	make_tar(&tar);
	layer = layer_of(&tar, NULL);
	is = layer.id;
	layer.found = &found;
	layer.id.text[20] = layer.id.text[20] == 'a' ? 'b' : 'a';
	layer.diff_id = layer.id;
	refused(&tar, &layer, -EBADMSG, "its digest is sha256:");
	CHECK_STR(found.text, is.text);
	/* Malformed, but what its digest says. */
	found.text[0] = '\0';
	tar.len = 512 + 1024 + 512 + 1000;
	layer = layer_of(&tar, NULL);
	layer.found = &found;
	refused(&tar, &layer, -EINVAL, "entry 'usr/big' at offset 1536");
	CHECK_STR(found.text, "");
	/* Malformed, and another. */
	is = layer.id;
	layer.diff_id.text[20] = layer.diff_id.text[20] == 'a' ? 'b' : 'a';
	layer.id = layer.diff_id;
	refused(&tar, &layer, -EBADMSG, "its digest is sha256:");
	CHECK_STR(found.text, is.text);
}
