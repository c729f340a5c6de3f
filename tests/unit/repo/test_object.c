/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/object.h"

#include "base/io.h"
#include "repo/lock.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

/* fs-verity digest of one zero byte and of 4097, as `fsverity digest` of
 * fsverity-utils 1.5 prints them. */
#define ONE_ZERO \
	"b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"
#define PATH_OF_ONE \
	"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"
#define MANY_ZERO \
	"093756e4ea9683329106d4a16982682ed182c14bf076463a9e7f97305cbac743"

static struct cfs_err err;
static char root[4096];

static void no_verity(void)
{
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
}

static void start(struct cfs_store *store)
{
	struct cfs_repo repo = CFS_REPO_INIT;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	no_verity();
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, store, &err), 0);
}

static int add_zero(struct cfs_store *store, struct cfs_digest *id)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };

	return cfs_object_add_bytes(store, data, id, &err);
}

static int is_hex(const struct cfs_digest *id, const char *want)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	return strcmp(hex, want) == 0;
}

static off_t size_of(const char *name)
{
	CFS_AUTOFREE char *path = NULL, *full = NULL;
	struct stat st;

	path = below(root, "objects/");
	CHECK(asprintf(&full, "%s%s", path, name) > 0);
	return stat(full, &st) == 0 && S_ISREG(st.st_mode) ? st.st_size : -1;
}

/* Puts @text in the place of the object PATH_OF_ONE; NULL: nothing. */
static void spoil(const char *text)
{
	CFS_AUTOFREE char *path = below(root, "objects/" PATH_OF_ONE);

	CHECK_EQ(unlink(path), 0);
	if (text)
		put(root, "objects/" PATH_OF_ONE, text);
}

TEST(bytes_are_stored_under_their_digest_once)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK(is_hex(&id, ONE_ZERO));
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	CHECK_EQ(store.stats.added, 1);
	CHECK_EQ(store.stats.added_bytes, 1);
	CHECK(store.dirty);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.stats.added, 1);
	CHECK_EQ(store.stats.present, 1);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
}

TEST(the_same_without_unnamed_files)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	start(&store);
	store.temps = CFS_TEMP_NAMED;
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.stats.present, 1);
}

TEST(damaged_objects_are_replaced)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;
	CFS_AUTOFREE char *path = NULL;

	start(&store);
	CHECK_EQ(add_zero(&store, &id), 0);
	spoil("");
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	spoil("x");
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.stats.repaired, 2);
	CHECK(holds(root, "objects/" PATH_OF_ONE, ""));
	spoil(NULL);
	make_link(root, "objects/" PATH_OF_ONE, "/etc/hostname");
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	spoil(NULL);
	path = below(root, "objects/" PATH_OF_ONE);
	CHECK_EQ(mkfifo(path, 0644), 0);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	CHECK_EQ(unlink(path), 0);
	CHECK_EQ(mkdir(path, 0755), 0);
	CHECK_EQ(add_zero(&store, &id), -EISDIR);
	CHECK(strstr(err.msg, PATH_OF_ONE));
}

/* @extra bytes more or less than what is kept in memory, after a prefix that
 * is not to be stored. */
static void add_file_of(size_t size, const char *want)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, again;
	char path[CFS_OBJECT_PATH_MAX];
	uint64_t stored;
	FILE *f = tmpfile();
	int fd = fileno(f);

	start(&store);
	CHECK_EQ(ftruncate(fd, (off_t)size + 7), 0);
	CHECK_EQ(lseek(fd, 7, SEEK_SET), 7);
	CHECK_EQ(cfs_object_add_file(&store, fd, &id, &stored, &err), 0);
	CHECK_EQ(stored, size);
	CHECK((!want || is_hex(&id, want)));
	cfs_digest_to_path(&id, path);
	CHECK_EQ(size_of(path), (off_t)size);
	CHECK_EQ(lseek(fd, 7, SEEK_SET), 7);
	CHECK_EQ(cfs_object_add_file(&store, fd, &again, &stored, &err), 0);
	CHECK(cfs_digest_equal(&id, &again));
	CHECK_EQ(store.stats.present, 1);
	CHECK_EQ(count(root, "objects", ".tmp-"), 0);
	fclose(f);
}

TEST(files_of_every_length_are_stored_from_their_position)
{
	add_file_of(1, ONE_ZERO);
	add_file_of(4097, MANY_ZERO);
	add_file_of(CFS_OBJECT_IN_MEMORY - 1, NULL);
	add_file_of(CFS_OBJECT_IN_MEMORY, NULL);
	add_file_of(CFS_OBJECT_IN_MEMORY + 1, NULL);
	add_file_of(3 * CFS_OBJECT_IN_MEMORY + 5, NULL);
}

TEST(a_long_pipe_is_stored_whole)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, want;
	uint64_t stored;
	FILE *f = popen("head -c 3000000 /dev/zero", "r"), *g = tmpfile();

	start(&store);
	CHECK(f);
	CHECK_EQ(cfs_object_add_file(&store, fileno(f), &id, &stored, &err), 0);
	CHECK_EQ(stored, 3000000);
	CHECK_EQ(ftruncate(fileno(g), 3000000), 0);
	CHECK_EQ(cfs_object_add_file(&store, fileno(g), &want, &stored, &err),
		 0);
	CHECK(cfs_digest_equal(&id, &want));
	pclose(f);
	fclose(g);
}

TEST(a_secure_store_demands_the_kernels_word)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id, known;

	start(&store);
	CHECK_EQ(cfs_digest_from_hex(ONE_ZERO, 64, &known, &err), 0);
	store.secure = true;
	CHECK_EQ(add_zero(&store, &id), -EOPNOTSUPP);
	CHECK_EQ(size_of(PATH_OF_ONE), -1);
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256 };
	CHECK_EQ(add_zero(&store, &id), -EBADMSG);
	CHECK_EQ(size_of(PATH_OF_ONE), -1);
	fake.digest = known.bytes;
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(size_of(PATH_OF_ONE), 1);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.stats.present, 1);
}

TEST(an_object_that_lacks_verity_gets_it)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.verity, CFS_STORE_VERITY_LACKING);
	store.verity = CFS_STORE_VERITY_TRY;
	store.secure = true;
	/* Enabling is answered, measuring not: what counts is the latter. */
	fake.enable_failures = 0;
	CHECK_EQ(add_zero(&store, &id), -EBADMSG);
	CHECK_EQ(fake.enabled.version, 1);
}

TEST(a_wrong_measurement_means_replacement)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_digest id;

	start(&store);
	CHECK_EQ(add_zero(&store, &id), 0);
	spoil("x");
	store.verity = CFS_STORE_VERITY_TRY;
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 7,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(store.stats.repaired, 1);
}

TEST(objects_are_opened_and_checked)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id, have;

	start(&store);
	CHECK_EQ(cfs_digest_from_hex(ONE_ZERO, 64, &id, &err), 0);
	CHECK_EQ(cfs_object_open(store.objects, &id, &fd, &err), 0);
	CHECK_EQ(add_zero(&store, &id), 0);
	CHECK_EQ(cfs_object_open(store.objects, &id, &fd, &err), 1);
	CHECK_EQ(cfs_object_measure(fd, &have, &err), 0);
	CHECK_EQ(cfs_object_check(fd, &id, &err), CFS_CHECKED_HASHED);
	CHECK_EQ(lseek(fd, 0, SEEK_CUR), 0);
	id.bytes[5] ^= 1;
	CHECK_EQ(cfs_object_check(fd, &id, &err), -EBADMSG);
	CHECK(strstr(err.msg, ONE_ZERO));
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	/* On FUSE: tests/uml/verify_again.sh. */
	CHECK_EQ(cfs_object_measure(fd, &have, &err), 1);
	CHECK(cfs_digest_equal(&have, &id));
	CHECK_EQ(cfs_object_check(fd, &id, &err), CFS_CHECKED_MEASURED);
	fake.fill = 9;
	fake.digest = NULL;
	CHECK_EQ(cfs_object_check(fd, &id, &err), -EBADMSG);
}

TEST(nothing_but_a_regular_file_below_objects_is_opened)
{
	static const struct {
		const char *path;
		int result;
	} rows[] = {
		{ "missing", -ENOENT }, { "none/missing", -ENOENT },
		{ "fifo", -EINVAL },	{ "dir", -EISDIR },
		{ "out", -EXDEV },	{ "away/name", -EXDEV },
		{ "../name", -EXDEV },
	};
	CFS_AUTOFD int dir =
		open(fresh_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int fd = -EBADF, file = -EBADF;
	struct stat st, same;

	CHECK_EQ(mkdirat(dir, "objects", 0755), 0);
	CHECK_EQ(mkdirat(dir, "objects/dir", 0755), 0);
	CHECK_EQ(mkfifoat(dir, "objects/fifo", 0644), 0);
	CHECK_EQ(symlinkat("../name", dir, "objects/out"), 0);
	CHECK_EQ(symlinkat("..", dir, "objects/away"), 0);
	CHECK_EQ(symlinkat("plain", dir, "objects/link"), 0);
	CHECK_EQ(cfs_replace_file(dir, "name", "12", 2), 0);
	CHECK_EQ(cfs_replace_file(dir, "objects/plain", "123", 3), 0);
	fd = openat(dir, "objects", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(rows); i++)
		CHECK_EQ(cfs_object_open_path(fd, rows[i].path, NULL),
			 rows[i].result);
	file = cfs_object_open_path(fd, "plain", &st);
	CHECK(file >= 0);
	CHECK_EQ(st.st_size, 3);
	cfs_closep(&file);
	/* A link that stays below is followed, as everywhere. */
	file = cfs_object_open_path(fd, "link", &same);
	CHECK(file >= 0);
	CHECK(cfs_is_same_file(&st, &same));
}

TEST(what_the_kernel_vouches_for_is_opened_at_once)
{
	static const char *const bad[] = { "missing", "fifo", "dir", "link",
					   "../name" };
	CFS_AUTOFD int dir =
		open(fresh_dir(), O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int file = -EBADF;
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 }, other;
	dev_t device = cfs_object_device(dir);
	struct stat st;

	CHECK(device != 0);
	CHECK_EQ(cfs_object_device(-EBADF), 0);
	CHECK_EQ(mkdirat(dir, "dir", 0755), 0);
	CHECK_EQ(mkfifoat(dir, "fifo", 0644), 0);
	CHECK_EQ(symlinkat("plain", dir, "link"), 0);
	CHECK_EQ(cfs_replace_file(dir, "plain", "123", 3), 0);
	memset(id.bytes, 7, cfs_alg_size(id.alg));
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 7 };
	file = cfs_object_open_measured(dir, device, "plain", &id, &st);
	CHECK(file >= 0);
	CHECK_EQ(st.st_size, 3);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK_EQ(
			cfs_object_open_measured(dir, device, bad[i], &id, &st),
			-1);
	CHECK_EQ(cfs_object_open_measured(dir, device + 1, "plain", &id, &st),
		 -1);
	other = id;
	other.bytes[31] = 0;
	CHECK_EQ(cfs_object_open_measured(dir, device, "plain", &other, &st),
		 -1);
	no_verity();
	CHECK_EQ(cfs_object_open_measured(dir, device, "plain", &id, &st), -1);
}

TEST(the_path_of_an_object_names_it)
{
	static const char *const bad[] = {
		"",
		"ab",
		"ab/",
		"ab/c",
		"../b803429503d95915829b29fdbc8bbad142",
		"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c"
		"055",
		"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c"
		"05511",
		"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c"
		"05/1",
		"/b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685"
		"c0551",
	};
	struct cfs_digest id = { .alg = CFS_ALG_SHA256 }, got;
	char path[CFS_OBJECT_PATH_MAX];

	for (int alg = CFS_ALG_SHA256; alg <= CFS_ALG_SHA512; alg++) {
		id.alg = (enum cfs_alg)alg;
		for (size_t i = 0; i < cfs_alg_size(id.alg); i++)
			id.bytes[i] = (uint8_t)(i * 7 + 1);
		cfs_digest_to_path(&id, path);
		CHECK(cfs_object_of_path(path, &got));
		CHECK(cfs_digest_equal(&id, &got));
	}
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK(!cfs_object_of_path(bad[i], &got));
}
