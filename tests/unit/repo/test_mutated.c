/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whole repositories, mutated: whenever a check says that all is well, an
 * oracle that shares no code with it finds that every object and image has the
 * bytes that its name says, every name leads to an image or a stream, and every
 * image and stream to its objects; and collecting garbage takes nothing from an
 * image with a name.  CFS_ROUNDS (200) and CFS_SEED (1) choose what is tried.
 */
#include "repo/fsck.h"

#include <openssl/evp.h>

#include "cfsctl/findings.h"
#include "disk/plan.h"
#include "erofs/writer.h"
#include "repo/gc/gc.h"
#include "repo/init.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "repo/repair.h"
#include "repo/stream/format.h"
#include "repo/stream/names.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/mutate.h"

#define HASH	  32
#define BLOCK	  4096
#define HEX	  (2 * HASH)
#define IMAGES	  3
#define FILES	  12
#define NEEDS_MAX FILES

static struct cfs_err err;
static char good[4000], work[4000];
static struct snapshot pristine;

/* The images of the repository, and what they need: as they were made. */
static struct known {
	char hex[HEX + 1];
	unsigned n;
	char needs[NEEDS_MAX][HEX + 1];
} known[IMAGES];

/* The only stream, which needs an object and an image. */
static struct known stream;

/* ---- the oracle ---- */

static void sha256(const void *data, size_t len, uint8_t out[HASH])
{
	unsigned n = HASH;

	CHECK_EQ(EVP_Digest(data, len, out, &n, EVP_sha256(), NULL), 1);
}

/* Source: Documentation/filesystems/fsverity.rst. */
static void verity_hex(const char *data, size_t size, char hex[HEX + 1])
{
	size_t n = size, len;
	char *level = calloc(1, size + BLOCK);
	uint8_t desc[256] = { 1, 1, 12 }, out[HASH];

	CHECK(level);
	memcpy(level, data, size);
	while (n > 0) {
		size_t blocks = (n + BLOCK - 1) / BLOCK;

		memset(level + n, 0, blocks * BLOCK - n);
		for (size_t i = 0; i < blocks; i++) {
			sha256(level + i * BLOCK, BLOCK, out);
			memcpy(level + i * HASH, out, HASH);
		}
		n = blocks * HASH;
		if (blocks == 1)
			break;
	}
	for (len = 0; len < 8; len++)
		desc[8 + len] = (uint8_t)((uint64_t)size >> 8 * len);
	memcpy(desc + 16, level, n ? HASH : 0);
	free(level);
	sha256(desc, sizeof(desc), out);
	for (size_t i = 0; i < HASH; i++)
		snprintf(hex + 2 * i, 3, "%02x", out[i]);
}

/* The regular file @path below the repository at hand: its digest, or "". */
static void digest_of(const char *path, int follow, char hex[HEX + 1])
{
	CFS_AUTOFREE char *full = top_path(work, path);
	CFS_AUTOFREE char *data = NULL;
	CFS_AUTOFILE FILE *f = NULL;
	struct stat st;

	hex[0] = '\0';
	if ((follow ? stat : lstat)(full, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	f = fopen(full, "re");
	data = malloc((size_t)st.st_size + 1);
	CHECK(f && data);
	CHECK_EQ(fread(data, 1, (size_t)st.st_size, f), (size_t)st.st_size);
	verity_hex(data, (size_t)st.st_size, hex);
}

static bool is_hex(const char *text, size_t len)
{
	return strlen(text) == len && strspn(text, "0123456789abcdef") == len;
}

/* @before and the path of the object @hex; the caller frees it. */
static char *object_path(const char *before, const char *hex)
{
	/* Not by asprintf(): gcc 12 takes its result for a pointer into
	 * here. */
	size_t size = strlen(before) + strlen("objects/xx/") + strlen(hex) + 1;
	char *path = malloc(size);

	CHECK(path);
	snprintf(path, size, "%sobjects/%.2s/%s", before, hex, hex + 2);
	return path;
}

static bool has_object(const char *hex)
{
	CFS_AUTOFREE char *path = object_path("", hex);
	char have[HEX + 1];

	digest_of(path, 0, have);
	return strcmp(have, hex) == 0;
}

static const char *last_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* The image that images/@hex is: its bytes, and the objects of its files. */
static bool image_is_right(const char *hex)
{
	char path[16 + HEX], have[HEX + 1];
	const struct known *image = NULL;

	snprintf(path, sizeof(path), "images/%s", hex);
	digest_of(path, 1, have);
	if (!is_hex(hex, HEX) || strcmp(have, hex) != 0 || !has_object(hex))
		return false;
	for (int i = 0; i < IMAGES; i++)
		if (strcmp(known[i].hex, hex) == 0)
			image = &known[i];
	for (unsigned i = 0; image && i < image->n; i++)
		if (!has_object(image->needs[i]))
			return false;
	return true;
}

/* Does the link @path lead to the stream, and is all there that it needs? */
static bool stream_is_right(const char *path)
{
	char have[HEX + 1];

	digest_of(path, 1, have);
	for (unsigned i = 0; i < stream.n; i++)
		if (!has_object(stream.needs[i]))
			return false;
	return strcmp(have, stream.hex) == 0;
}

static bool is_below(const char *path, const char *dir)
{
	return strncmp(path, dir, strlen(dir)) == 0 && path[strlen(dir)] == '/';
}

static bool is_temporary(const char *path)
{
	return strncmp(last_of(path), ".tmp-", 5) == 0;
}

/* Is @e what its name says? */
static bool entry_is_right(const struct entry *e)
{
	CFS_AUTOFREE char *full = top_path(work, e->path);
	char hex[16 + 256], have[HEX + 1];
	struct stat st;

	if (is_temporary(e->path) || strstr(e->path, "/.tmp-"))
		return true;
	if (is_below(e->path, "objects")) {
		const char *name = e->path + strlen("objects/");

		if (!strchr(name, '/'))
			return S_ISDIR(e->mode) && is_hex(name, 2);
		snprintf(hex, sizeof(hex), "%.2s%s", name, name + 3);
		digest_of(e->path, 0, have);
		return is_hex(hex, HEX) && strcmp(have, hex) == 0;
	}
	if (is_below(e->path, "images/refs"))
		return S_ISDIR(e->mode) ||
		       (S_ISLNK(e->mode) && image_is_right(last_of(e->data)) &&
			stat(full, &st) == 0);
	if (strcmp(e->path, "images/refs") == 0 ||
	    strcmp(e->path, "streams/refs") == 0)
		return S_ISDIR(e->mode);
	if (is_below(e->path, "images"))
		return S_ISLNK(e->mode) && image_is_right(last_of(e->path));
	if (is_below(e->path, "streams"))
		return S_ISDIR(e->mode)
			       ? is_below(e->path, "streams/refs")
			       : S_ISLNK(e->mode) && stream_is_right(e->path);
	if (is_below(e->path, "signatures"))
		return S_ISREG(e->mode) && e->size > 0 &&
		       strlen(last_of(e->path)) == HEX + 4;
	return true; /* no part of a repository */
}

static bool metadata_is_right(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;

	return cfs_repo_open(AT_FDCWD, work, &repo, &err) == 1 &&
	       (!repo.has_meta || repo.meta.alg == CFS_ALG_SHA256);
}

static void check_all_is_right(unsigned long round)
{
	static struct snapshot now;
	bool right = metadata_is_right();

	snapshot_take(work, &now);
	for (size_t i = 0; right && i < now.n; i++) {
		right = entry_is_right(&now.v[i]);
		if (!right)
			printf("# round %lu: %s is not right\n", round,
			       now.v[i].path);
	}
	snapshot_free(&now);
	CHECK(right);
}

/* ---- the repository ---- */

static const size_t sizes[FILES] = { 65,   66,	 4095, 4096,  4097, 5000,
				     8192, 9999, 700,  70000, 131,  300 };

static void add_file(struct cfs_store *store, struct cfs_tree *tree, size_t i,
		     struct known *image)
{
	static char data[70000];
	struct cfs_bytes bytes = { (const uint8_t *)data, sizes[i] }, name;
	struct cfs_digest id;
	struct cfs_node *node;
	char text[16], *hex = image->needs[image->n++];

	memset(data, (int)('a' + i), sizes[i]);
	name = (struct cfs_bytes){ (const uint8_t *)text,
				   (size_t)snprintf(text, 16, "f%zu", i) };
	CHECK_EQ(cfs_object_add_bytes(store, bytes, &id, &err), 0);
	CHECK_EQ(cfs_node_add(tree, tree->root, name, S_IFREG | 0600, &node,
			      &err),
		 0);
	CHECK_EQ(cfs_node_set_object(tree, node, sizes[i], &id, &err), 0);
	verity_hex(data, sizes[i], hex);
}

/* Image @i has the files from @first on. */
static void add_image(struct cfs_store *store, unsigned i, size_t first)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	static const char *const names[IMAGES] = { "os/stable", "os/old", "x" };
	struct cfs_digest id;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	for (size_t k = first; k < FILES; k++)
		add_file(store, tree, k, &known[i]);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, i, 0, &image, &err), 0);
	verity_hex((const char *)image.data, image.len, known[i].hex);
	CHECK_EQ(cfs_object_add_bytes(store, cfs_buf_bytes(&image), &id, &err),
		 0);
	CHECK_EQ(cfs_image_commit(store, &id, &err), 0);
	CHECK_EQ(cfs_ref_set(store, names[i], &id, &err), 0);
}

static void from_hex(const char *hex, struct cfs_digest *ret)
{
	CHECK_EQ(cfs_digest_from_hex(hex, HEX, ret, &err), 0);
}

/* The stream "a": text, the first file of the first image, and a named ref to
 * that image. */
static void add_stream(struct cfs_store *store)
{
	CFS_AUTO(cfs_stream_writer_free) struct cfs_stream_writer *w = NULL;
	struct cfs_digest file, image, id;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_sink sink;

	strcpy(stream.needs[stream.n++], known[0].needs[0]);
	strcpy(stream.needs[stream.n++], known[0].hex);
	from_hex(stream.needs[0], &file);
	from_hex(stream.needs[1], &image);
	CHECK_EQ(cfs_stream_writer_new(CFS_ALG_SHA256, CFS_STREAM_LAYER, &w,
				       &err),
		 0);
	sink = cfs_stream_inline(w);
	CHECK_EQ(cfs_sink_write(&sink, "text", 4, &err), 0);
	CHECK_EQ(cfs_stream_external(w, sizes[0], &file, &err), 0);
	CHECK_EQ(cfs_stream_add_name(w, "image", &image, &err), 0);
	CHECK_EQ(cfs_stream_store(store, w, &id, &err), 0);
	CHECK_EQ(cfs_stream_link(store, "a", &id, &err), 0);
	CHECK_EQ(cfs_stream_ref_set(store, "b", "a", &err), 0);
	cfs_digest_to_hex(&id, hex);
	strcpy(stream.hex, hex);
}

static void make_repository(void)
{
	static const struct cfs_init_params params = {
		.meta = { .alg = CFS_ALG_SHA256, .erofs_default = 1 },
	};
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;
	const char *tmp = getenv("TMPDIR");
	char path[64 + HEX];

	CHECK(tmp);
	memset(known, 0, sizeof(known));
	snprintf(good, sizeof(good), "%s/good-XXXXXX", tmp);
	snprintf(work, sizeof(work), "%s/work-XXXXXX", tmp);
	CHECK(mkdtemp(good) && mkdtemp(work));
	CHECK_EQ(cfs_repo_init(good, &params, &err), CFS_INIT_CREATED);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, good, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	store.sync = false;
	for (unsigned i = 0; i < IMAGES; i++)
		add_image(&store, i, i * 4);
	snprintf(path, sizeof(path), "signatures/%s.p7s", known[0].hex);
	CHECK_EQ(cfs_store_write_file(
			 &store, path,
			 (struct cfs_bytes){ (const uint8_t *)"0", 1 }, &err),
		 0);
	add_stream(&store);
	snapshot_take(good, &pristine);
}

/* An image that nobody wrote, by its right name: what it is made of is for the
 * reader to tell. */
static void add_forged_image(void)
{
	const char *from = known[below_n(IMAGES)].hex;
	CFS_AUTOFREE char *original = object_path("", from);
	CFS_AUTOFREE char *data = NULL, *path = NULL, *link = NULL;
	const struct entry *e = NULL;
	char hex[HEX + 1], name[4200];

	for (size_t i = 0; i < pristine.n; i++)
		if (strcmp(pristine.v[i].path, original) == 0)
			e = &pristine.v[i];
	CHECK(e);
	data = malloc(e->size + 1);
	CHECK(data);
	memcpy(data, e->data, e->size);
	for (size_t n = 1 + below_n(4); n > 0; n--)
		data[below_n(below_n(2) ? e->size : 2048)] = (char)rnd();
	verity_hex(data, e->size, hex);
	snprintf(name, sizeof(name), "%s/", work);
	path = object_path(name, hex);
	*strrchr(path, '/') = '\0';
	(void)!mkdir(path, 0755);
	path[strlen(path)] = '/';
	write_bytes(path, data, e->size);
	link = object_path("../", hex);
	snprintf(name, sizeof(name), "%s/images/%s", work, hex);
	(void)!symlink(link, name);
}

/* ---- the rounds ---- */

static struct cfs_fsck look(struct cfs_findings *findings)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = { .threads = 1,
					  .found = cfs_findings_add,
					  .arg = findings };
	struct cfs_fsck count = { .findings = 1 };
	struct cfs_err why;

	/* Neither meta.json nor objects: no repository. */
	if (cfs_fsck_open(work, &repo, &why, &err) <= 0)
		return count;
	if (why.code)
		params.meta_error = why.msg;
	if (!repo.has_meta && cfs_repo_infer_meta(&repo, &repo.meta, &err) < 0)
		repo.meta.alg = CFS_ALG_SHA256;
	cfs_findings_names(findings, &repo);
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	return count;
}

/* What is said of it is fit to be shown, and JSON. */
static void check_words(struct cfs_findings *findings)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_json_writer w = { .buf = &text };

	CHECK_EQ(cfs_findings_check(findings, &err), 0);
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cmd_findings_json(findings, &w);
	cfs_json_write_end(&w);
	CHECK_EQ(cfs_json_write_finish(&w, &err), 0);
	for (size_t i = 0; i < text.len; i++)
		CHECK(text.data[i] == '\n' || text.data[i] >= ' ');
}

/* Repairing from the good one stores right objects only. */
static void repair(const struct cfs_findings *findings)
{
	CFS_AUTOREPAIR struct cfs_repair r = { .threads = 1 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;
	char hex[CFS_DIGEST_HEX_MAX];

	for (size_t i = 0; i < findings->n; i++) {
		const struct cfs_finding *f = cfs_findings_get(findings, i);

		if (!f->object)
			continue;
		CHECK_EQ(cfs_digest_set_add(&r.wanted, f->object, &err), 0);
		CHECK_EQ(cfs_digest_set_add(&r.images, f->object, &err), 0);
	}
	if (cfs_repo_open(AT_FDCWD, work, &repo, &err) <= 0 || !repo.has_meta ||
	    cfs_store_open(&repo, 0, NULL, &store, &err) < 0) {
		cfs_repo_close(&repo);
		return;
	}
	store.sync = false;
	if (cfs_repair_from(&r, &store, good, &err) == 0)
		(void)!cfs_repair_links(&r, &store, &err);
	for (size_t i = 0; i < r.objects_mended.n; i++) {
		cfs_digest_to_hex(&r.objects_mended.v[i], hex);
		CHECK(has_object(hex));
	}
}

/* Other readers of it end, too. */
static void read_otherwise(void)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOPLAN struct cfs_plan plan = { .with_signatures = true };

	if (cfs_repo_open(AT_FDCWD, work, &repo, &err) > 0)
		(void)!cfs_plan_repo(&plan, &repo, NULL, &err);
}

/* Names that lead to whole images. */
static void find_whole(struct snapshot *now, bool *whole)
{
	for (size_t i = 0; i < now->n; i++)
		whole[i] = is_below(now->v[i].path, "images/refs") &&
			   S_ISLNK(now->v[i].mode) &&
			   !is_temporary(now->v[i].path) &&
			   image_is_right(last_of(now->v[i].data));
}

static void ignore(void *arg, const struct cfs_gc_finding *finding)
{
	*(unsigned *)arg += finding->stops;
}

/* Returns whether it was collected to the end. */
static bool collect(void)
{
	CFS_AUTO(cfs_gc_free) struct cfs_gc *gc = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	unsigned stops = 0;
	const struct cfs_gc_params params = { .found = ignore, .arg = &stops };
	struct cfs_gc_result n;
	int r;

	if (cfs_repo_open(AT_FDCWD, work, &repo, &err) <= 0 ||
	    (!repo.has_meta &&
	     cfs_repo_infer_meta(&repo, &repo.meta, &err) < 0))
		return false;
	if (cfs_gc_new(&repo, &params, &gc, &err) < 0 ||
	    cfs_gc_mark(gc, &err) < 0)
		return false;
	r = cfs_gc_sweep(gc, CFS_GC_REMOVE_NO_SYNC, &n, &err);
	CHECK(stops == 0 || r < 0);
	return r == 0;
}

/* Whatever was changed, a collection leaves images with names as they were. */
static bool collect_and_compare(unsigned long round)
{
	static struct snapshot now;
	static bool whole[ENTRIES_MAX];
	bool done;

	snapshot_take(work, &now);
	find_whole(&now, whole);
	done = collect();
	for (size_t i = 0; i < now.n; i++) {
		CFS_AUTOFREE char *full = top_path(work, now.v[i].path);
		struct stat st;

		if (!whole[i])
			continue;
		if (!image_is_right(last_of(now.v[i].data)) ||
		    lstat(full, &st) < 0) {
			printf("# round %lu: %s lost something\n", round,
			       now.v[i].path);
			CHECK(0);
		}
	}
	snapshot_free(&now);
	return done;
}

static unsigned long number(const char *name, unsigned long otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoul(text, NULL, 10) : otherwise;
}

/* Returns whether the check found all to be well. */
static bool one_round(unsigned long round, bool change)
{
	CFS_AUTOFINDINGS struct cfs_findings findings = { 0 };
	struct cfs_fsck count;

	snapshot_restore(work, &pristine);
	for (size_t n = change ? 1 + below_n(3) : 0; n > 0; n--)
		mutate(work, &pristine);
	if (change && below_n(4) == 0)
		add_forged_image();
	count = look(&findings);
	check_words(&findings);
	if (count.findings == 0)
		check_all_is_right(round);
	read_otherwise();
	if (change)
		repair(&findings);
	return count.findings == 0;
}

TEST(a_collection_takes_nothing_from_what_has_a_name)
{
	unsigned long rounds = number("CFS_ROUNDS", 200);
	unsigned long first = number("CFS_SEED", 1), done = 0;

	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = INT_MAX,
				     .enable_result = -ENOTTY };
	make_repository();
	for (unsigned long i = first; i < first + rounds; i++) {
		seed(i);
		snapshot_restore(work, &pristine);
		for (size_t n = 1 + below_n(3); n > 0; n--)
			mutate(work, &pristine);
		done += collect_and_compare(i);
	}
	printf("# %lu rounds from seed %lu, %lu collected\n", rounds, first,
	       done);
	CHECK(rounds < 100 || (done > rounds / 4 && done < rounds));
	empty_tree(work);
	empty_tree(good);
	snapshot_free(&pristine);
}

TEST(a_check_that_says_ok_is_right_whatever_was_changed)
{
	unsigned long rounds = number("CFS_ROUNDS", 200);
	unsigned long first = number("CFS_SEED", 1), well = 0;

	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = INT_MAX,
				     .enable_result = -ENOTTY };
	make_repository();
	seed(first);
	CHECK(one_round(0, false));
	for (unsigned long i = first; i < first + rounds; i++) {
		seed(i);
		well += one_round(i, true);
	}
	printf("# %lu rounds from seed %lu, %lu found to be well\n", rounds,
	       first, well);
	/* Neither everything nor nothing: the check is worth something. */
	CHECK(rounds < 100 || (well > rounds / 50 && well < rounds / 2));
	empty_tree(work);
	empty_tree(good);
	snapshot_free(&pristine);
}
