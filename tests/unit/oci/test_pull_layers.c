/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/pulling.h"

#include "oci/tag.h"
#include "tests/unit/oci/pulled.h"

/* What was told of layers; several threads tell. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static size_t skipped, planned, begun, ended, failures;
static uint64_t planned_bytes, read_bytes;

static void skip(void *ctx, const struct cfs_oci_id *id)
{
	(void)ctx;
	CHECK(*id->text);
	skipped++;
}

static void plan(void *ctx, size_t layers, uint64_t bytes)
{
	(void)ctx;
	planned = layers;
	planned_bytes = bytes;
}

static void begin(void *ctx, size_t layer, const struct cfs_oci_id *id,
		  uint64_t size)
{
	(void)ctx;
	(void)id;
	pthread_mutex_lock(&lock);
	CHECK(layer < planned && size > 0);
	begun++;
	pthread_mutex_unlock(&lock);
}

static void more(void *ctx, size_t layer, uint64_t bytes)
{
	(void)ctx;
	(void)layer;
	pthread_mutex_lock(&lock);
	read_bytes += bytes;
	pthread_mutex_unlock(&lock);
}

static void end(void *ctx, size_t layer, int result)
{
	(void)ctx;
	(void)layer;
	failures += result < 0;
	pthread_mutex_lock(&lock);
	ended++;
	pthread_mutex_unlock(&lock);
}

static const struct cfs_oci_progress progress = {
	.skip = skip, .plan = plan, .begin = begin, .read = more, .end = end
};

/* A layout of an image of @n layers, each of another file. */
static char *layered(const char *name, unsigned n, uint64_t *ret_bytes)
{
	CFS_AUTOBUF struct cfs_buf layers = { 0 }, ids = { 0 };
	char *dir = new_layout(name);

	*ret_bytes = 0;
	for (unsigned i = 0; i < n; i++) {
		CFS_AUTOBUF struct cfs_buf tar = { 0 };

		if (i == 0)
			tar_dir(&tar, "usr/", 0755);
		tar_file(&tar, text("usr/%u", i), text("%0200u", i));
		tar_end(&tar);
		*ret_bytes += tar.len;
		cfs_buf_addf(&layers, "%s%s", i ? "," : "",
			     put_bytes(dir, T_LAYER, &tar));
		cfs_buf_addf(&ids, "%s\"%s\"", i ? "," : "",
			     id_of_buf(&tar).text);
	}
	put_index(dir, put_container(dir, cfs_buf_text(&layers),
				     cfs_buf_text(&ids)));
	return dir;
}

/* Pulls by so many threads. */
static int pull_by(struct cfs_store *store, const char *dir, unsigned threads,
		   struct cfs_oci_pulled *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_layout(dir);
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	const struct cfs_oci_pull pull = { .origin = origin,
					   .choice = &choice,
					   .threads = threads,
					   .formats = PULLED_FORMATS,
					   .progress = &progress };

	skipped = planned = begun = ended = failures = 0;
	planned_bytes = read_bytes = 0;
	CHECK_EQ(cfs_origin_choose(origin, NULL, &choice, &err), 0);
	return cfs_oci_pull(store, &pull, ret, &err);
}

TEST(every_layer_is_told_of_and_every_byte_counted)
{
	uint64_t bytes;
	char *dir = layered("told", 9, &bytes);

	for (unsigned threads = 1; threads <= 4; threads++) {
		CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
		AUTOPULLED struct cfs_oci_pulled pulled = { 0 };

		start(&store);
		CHECK_EQ(pull_by(&store, dir, threads, &pulled), 0);
		CHECK_EQ(planned, 9);
		CHECK_EQ(begun, 9);
		CHECK_EQ(ended, 9);
		CHECK(failures == 0 && skipped == 0);
		CHECK_EQ(planned_bytes, bytes);
		CHECK_EQ(read_bytes, bytes);
		/* Headers and padding are no objects, the files are. */
		CHECK_EQ(pulled.inline_bytes, bytes - 9 * 200);
	}
}

TEST(the_first_failure_ends_it_and_no_layer_is_left_open)
{
	uint64_t bytes;
	char *dir = layered("fails", 9, &bytes);
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled whole = { 0 }, pulled = { 0 };
	struct cfs_oci_id id;

	start(&store);
	CHECK_EQ(pull_by(&store, dir, 1, &whole), 0);
	cfs_store_close(&store);
	id = whole.image.manifest.layers.v[4].id;
	CHECK_EQ(truncate(blob_path(dir, &id), 512), 0);
	start(&store);
	CHECK_EQ(pull_by(&store, dir, 3, &pulled), -EBADMSG);
	CHECK(said(text("layer 4 (%s)", id.text)));
	CHECK_EQ(begun, ended);
	CHECK_EQ(failures, 1);
}

TEST(a_layer_that_exists_is_skipped)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled first = { 0 }, second = { 0 };
	uint64_t bytes;
	char *dir = layered("skipped", 3, &bytes);

	start(&store);
	CHECK_EQ(pull_by(&store, dir, 1, &first), 0);
	CHECK_EQ(pull_by(&store, dir, 1, &second), 0);
	CHECK(skipped == 3 && begun == 0 && planned == 0);
}

TEST(a_kept_blob_that_is_damaged_gives_no_layer)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	AUTOPULLED struct cfs_oci_pulled pulled = { 0 };
	uint64_t bytes;
	char *dir = layered("kept", 1, &bytes), name[CFS_OCI_NAME_MAX];
	const struct cfs_oci_pull pull = { .threads = 1 };
	struct cfs_digest blob, before;
	struct cfs_pulling p = { .store = &store,
				 .pull = &pull,
				 .image = &pulled.image,
				 .lock = PTHREAD_MUTEX_INITIALIZER };

	start(&store);
	CHECK_EQ(pull_by(&store, dir, 1, &pulled), 0);
	before = pulled.image.layers[0];
	/* The stream of the layer is no stream of its blob. */
	CHECK_EQ(cfs_pulling_from_kept(&p, 0, &before, &err), -EBADMSG);
	cfs_oci_config_name(&pulled.image.manifest.config.id, name);
	CHECK_EQ(cfs_stream_lookup(&store.repo, name, &blob, &err), 1);
	CHECK(cfs_pulling_from_kept(&p, 0, &blob, &err) < 0);
	cfs_oci_layer_name(cfs_oci_image_layer_id(&pulled.image, 0), name);
	CHECK_EQ(cfs_stream_lookup(&store.repo, name, &blob, &err), 1);
	CHECK(cfs_digest_equal(&blob, &before));
}
