/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fsverity/digester.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "tests/test.h"

static struct cfs_err err;

/* A file of @size bytes; every block of it depends on @seed and its place. */
static int file_of(size_t size, uint64_t seed)
{
	static uint64_t buf[1 << 13];
	int fd = memfd_create("digester", MFD_CLOEXEC);

	CHECK(fd >= 0);
	for (size_t done = 0; done < size;) {
		size_t n = size - done < sizeof(buf) ? size - done
						     : sizeof(buf);

		for (size_t i = 0; i * 8 < n; i += 128) {
			seed = seed * 6364136223846793005u +
			       1442695040888963407u;
			buf[i] = seed;
		}
		CHECK_EQ(cfs_write_full(fd, buf, n), 0);
		done += n;
	}
	return fd;
}

/* What the digester has to say, computed one block after another. */
static struct cfs_digest expected(enum cfs_alg alg, int fd)
{
	struct cfs_digest digest;

	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK_EQ(cfs_verity_digest_fd(alg, fd, &digest, NULL, &err), 0);
	CHECK_EQ(lseek(fd, 0, SEEK_SET), 0);
	return digest;
}

static struct cfs_digester *digester(enum cfs_alg alg, unsigned threads,
				     const struct cfs_keeper *keeper)
{
	struct cfs_digester *d;

	CHECK_EQ(cfs_digester_new(alg, threads, keeper, &d, &err), 0);
	CHECK_EQ(cfs_digester_alg(d), alg);
	CHECK(!cfs_digester_culprit(d));
	return d;
}

static int add(struct cfs_digester *d, int fd, uint8_t *ret, const void *who)
{
	struct stat st;
	int r;

	CHECK_EQ(fstat(fd, &st), 0);
	r = cfs_digester_add(d, &fd, &st, ret, who, &err);
	CHECK_EQ(fd, -EBADF);
	return r;
}

static int count_fds(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* Around the ends of blocks, of what a block of hashes holds, of windows, of
 * segments and of several of them. */
static const size_t sizes[] = {
	1,
	65,
	4095,
	4096,
	4097,
	64 * 4096 - 1,
	64 * 4096,
	64 * 4096 + 1,
	128 * 4096 - 1,
	128 * 4096,
	128 * 4096 + 1,
	CFS_DIGESTER_WINDOW - 4096,
	CFS_DIGESTER_WINDOW - 1,
	CFS_DIGESTER_WINDOW,
	CFS_DIGESTER_WINDOW + 1,
	CFS_DIGESTER_SEGMENT - 1,
	CFS_DIGESTER_SEGMENT,
	CFS_DIGESTER_SEGMENT + 1,
	4 * CFS_DIGESTER_SEGMENT,
	4 * CFS_DIGESTER_SEGMENT + 1,
	64 * 64 * 4096 + 1,
	5 * CFS_DIGESTER_SEGMENT + 300 * 4096 + 77,
	0,
};

#define N_SIZES CFS_ARRAY_SIZE(sizes)

static void check_sizes(enum cfs_alg alg, unsigned threads, size_t max)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(alg, threads, NULL);
	uint8_t got[N_SIZES][CFS_DIGEST_MAX];
	struct cfs_digest want[N_SIZES];
	int before = count_fds();

	for (size_t i = 0; i < N_SIZES; i++) {
		int fd = file_of(sizes[i] < max ? sizes[i] : max, i);

		want[i] = expected(alg, fd);
		CHECK_EQ(add(d, fd, got[i], NULL), 0);
		if (threads == 1)
			CHECK_EQ(count_fds(), before);
	}
	CHECK_EQ(cfs_digester_finish(d, &err), 0);
	CHECK_EQ(count_fds(), before);
	for (size_t i = 0; i < N_SIZES; i++)
		CHECK_MEM(got[i], want[i].bytes, cfs_alg_size(alg));
}

TEST(digests_are_those_of_one_file_at_a_time)
{
	static const unsigned threads[] = { 1, 2, 5 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(threads); i++) {
		check_sizes(CFS_ALG_SHA256, threads[i], SIZE_MAX);
		check_sizes(CFS_ALG_SHA512, threads[i], SIZE_MAX);
	}
}

TEST(every_way_to_hash_gives_the_same)
{
	static const char *const ways[] = { "openssl", "portable", "sha-ni",
					    "avx2", "avx512" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(ways); i++) {
		struct cfs_digester *d;

		CHECK_EQ(setenv("CFS_HASH", ways[i], 1), 0);
		if (cfs_digester_new(CFS_ALG_SHA256, 1, NULL, &d, &err) < 0) {
			printf("# %s\n", err.msg);
			continue;
		}
		cfs_digester_free(d);
		/* What is expected is computed the same way; test_merkle has
		 * the known answers. */
		check_sizes(CFS_ALG_SHA256, 1, 5000000);
		check_sizes(CFS_ALG_SHA512, 2, 5000000);
	}
	CHECK_EQ(setenv("CFS_HASH", "no such", 1), 0);
	CHECK_EQ(unsetenv("CFS_HASH"), 0);
}

TEST(an_empty_file_has_the_known_digest)
{
	/* Source: `fsverity digest` (fsverity-utils 1.5). */
	static const char want[] = "3d248ca542a24fc62d1c43b916eae5016878e2533c8"
				   "8238480b26128a1f1af95";
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA256, 1, NULL);
	struct cfs_digest got = { .alg = CFS_ALG_SHA256 };
	char hex[CFS_DIGEST_HEX_MAX];

	CHECK_EQ(add(d, file_of(0, 0), got.bytes, NULL), 0);
	CHECK_EQ(cfs_digester_finish(d, &err), 0);
	cfs_digest_to_hex(&got, hex);
	CHECK_STR(hex, want);
}

#define MANY 1100

struct kept {
	const struct cfs_digest *want;
	pthread_t caller;
	int files, long_files, elsewhere;
	unsigned fail_at; /* byte that makes it fail; 0: none */
};

static int keep(void *ctx, struct cfs_bytes data, const struct cfs_digest *id,
		const void *who, struct cfs_err *e)
{
	struct kept *kept = ctx;
	struct cfs_digest have;

	CHECK(!who || memcmp(who, id->bytes, cfs_alg_size(id->alg)) == 0);
	CHECK_EQ(cfs_verity_digest_bytes(id->alg, data, &have, e), 0);
	CHECK(cfs_digest_equal(&have, id));
	__atomic_add_fetch(&kept->files, 1, __ATOMIC_RELAXED);
	if (!pthread_equal(pthread_self(), kept->caller))
		__atomic_add_fetch(&kept->elsewhere, 1, __ATOMIC_RELAXED);
	if (kept->fail_at && data.len == kept->fail_at)
		return cfs_fail(e, ENOSPC, "no space");
	return 0;
}

static int keep_file(void *ctx, int fd, uint64_t size,
		     const struct cfs_digest *id, const void *who,
		     struct cfs_err *e)
{
	struct kept *kept = ctx;
	struct cfs_digest have = expected(id->alg, fd);
	struct stat st;

	CHECK(!who || memcmp(who, id->bytes, cfs_alg_size(id->alg)) == 0);
	CHECK_EQ(fstat(fd, &st), 0);
	CHECK_EQ((uint64_t)st.st_size, size);
	CHECK(cfs_digest_equal(&have, id));
	__atomic_add_fetch(&kept->long_files, 1, __ATOMIC_RELAXED);
	return kept->fail_at == 1 ? cfs_fail(e, EDQUOT, "no more") : 0;
}

static struct cfs_keeper keeper_of(struct kept *kept)
{
	kept->caller = pthread_self();
	return (struct cfs_keeper){ .keep = keep,
				    .keep_file = keep_file,
				    .ctx = kept };
}

/* Returns how many were kept by other threads. */
static int check_many(enum cfs_alg alg, unsigned threads)
{
	static uint8_t got[MANY][CFS_DIGEST_MAX];
	static struct cfs_digest want[MANY];
	struct kept kept = { 0 };
	struct cfs_keeper keeper = keeper_of(&kept);
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(alg, threads, &keeper);
	int before = count_fds();

	/* The middle of it is a reason to wait and go on. */
	for (size_t i = 0; i < MANY; i++) {
		int fd =
			file_of(i % 97 == 0 ? 300000 + i : 1 + i * 7 % 9000, i);

		want[i] = expected(alg, fd);
		CHECK_EQ(add(d, fd, got[i], NULL), 0);
		CHECK(count_fds() <= before + 256);
		if (i == MANY / 2)
			CHECK_EQ(cfs_digester_finish(d, &err), 0);
	}
	CHECK_EQ(cfs_digester_finish(d, &err), 0);
	CHECK_EQ(cfs_digester_finish(d, &err), 0);
	CHECK_EQ(count_fds(), before);
	CHECK_EQ(kept.files, MANY);
	for (size_t i = 0; i < MANY; i++)
		CHECK_MEM(got[i], want[i].bytes, cfs_alg_size(alg));
	return kept.elsewhere;
}

TEST(many_files_are_each_hashed_and_kept_once)
{
	CHECK_EQ(check_many(CFS_ALG_SHA256, 1), 0);
	(void)check_many(CFS_ALG_SHA512, 2);
	(void)check_many(CFS_ALG_SHA256, 5);
	(void)check_many(CFS_ALG_SHA256, 200);
}

TEST(few_descriptors_are_enough)
{
	struct rlimit was, few;
	int highest;

	CHECK_EQ(getrlimit(RLIMIT_NOFILE, &was), 0);
	highest = dup(0);
	few = was;
	few.rlim_cur = (rlim_t)highest + 12;
	close(highest);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
	(void)check_many(CFS_ALG_SHA256, 5);
	CHECK_EQ(setrlimit(RLIMIT_NOFILE, &was), 0);
}

TEST(a_thread_that_cannot_be_started_is_done_without)
{
	pthread_attr_t was, huge;

	CHECK_EQ(pthread_getattr_default_np(&was), 0);
	CHECK_EQ(pthread_attr_init(&huge), 0);
	/* More than an address space has. */
	CHECK_EQ(pthread_attr_setstacksize(&huge, SIZE_MAX / 4 * 3), 0);
	CHECK_EQ(pthread_setattr_default_np(&huge), 0);
	CHECK_EQ(check_many(CFS_ALG_SHA512, 5), 0);
	CHECK_EQ(pthread_setattr_default_np(&was), 0);
}

TEST(long_files_are_kept_by_their_descriptor)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		struct kept kept = { 0 };
		struct cfs_keeper keeper = keeper_of(&kept);
		CFS_AUTO(cfs_digester_free)
		struct cfs_digester *d =
			digester(CFS_ALG_SHA256, threads, &keeper);
		uint8_t got[5][CFS_DIGEST_MAX];

		for (size_t i = 0; i < 5; i++)
			CHECK_EQ(add(d,
				     file_of(CFS_DIGESTER_SEGMENT * i + 2000000,
					     i),
				     got[i], NULL),
				 0);
		CHECK_EQ(cfs_digester_finish(d, &err), 0);
		CHECK_EQ(kept.long_files, 5);
		CHECK_EQ(kept.files, 0);
	}
}

/* What a keeper has got of one file that is written along. */
struct along {
	int begun, completed, discarded; /* files; atomic */
	uint64_t bytes;			 /* atomic */
	const char *fails;		 /* the function that does, or NULL */
	uint8_t *data;			 /* of the one file there is */
};

static bool writes_along(void *ctx)
{
	return ctx;
}

static int fail_in(const struct along *along, const char *name,
		   struct cfs_err *e)
{
	return along->fails && strcmp(along->fails, name) == 0
		       ? cfs_fail(e, EDQUOT, "%s failed", name)
		       : 0;
}

static int along_begin(void *ctx, uint64_t size, const struct cfs_digest *id,
		       void **ret, struct cfs_err *e)
{
	struct along *along = ctx;

	CHECK(!id);
	if (fail_in(along, "begin", e) < 0)
		return -e->code;
	along->data = malloc((size_t)size);
	CHECK(along->data);
	along->begun++;
	*ret = along->data;
	return 1;
}

static int along_write(void *ctx, void *file, uint64_t off,
		       struct cfs_bytes data, struct cfs_err *e)
{
	struct along *along = ctx;

	CHECK_EQ(file, along->data);
	memcpy(along->data + off, data.data, data.len);
	__atomic_add_fetch(&along->bytes, data.len, __ATOMIC_RELAXED);
	/* Not the first piece. */
	return off > 0 ? fail_in(along, "write", e) : 0;
}

static int along_end(void *ctx, void *file, const struct cfs_digest *id,
		     const void *who, struct cfs_err *e)
{
	struct along *along = ctx;
	struct cfs_bytes all = { file, (size_t)along->bytes };
	struct cfs_digest have;

	CHECK_EQ(file, along->data);
	if (id) {
		CHECK_EQ(who, along);
		CHECK_EQ(cfs_verity_digest_bytes(id->alg, all, &have, e), 0);
		CHECK(cfs_digest_equal(&have, id));
	}
	*(id ? &along->completed : &along->discarded) += 1;
	free(file);
	return id ? fail_in(along, "end", e) : 0;
}

/* Digests one file of @size bytes, which is 1 ns older than it should be if
 * @changed; returns what finishing returned. */
static int digest_along(struct along *along, unsigned threads, size_t size,
			bool changed)
{
	const struct cfs_keeper keeper = { .writes_along = writes_along,
					   .begin = along_begin,
					   .write = along_write,
					   .end = along_end,
					   .ctx = along };
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA256, threads, &keeper);
	int fd = file_of(size, threads), before = count_fds() - 1, r;
	struct cfs_digest want = expected(CFS_ALG_SHA256, fd);
	uint8_t got[CFS_DIGEST_MAX];
	struct stat st;

	CHECK_EQ(fstat(fd, &st), 0);
	st.st_mtim.tv_nsec ^= changed;
	(void)!cfs_digester_add(d, &fd, &st, got, along, &err);
	r = cfs_digester_finish(d, &err);
	if (r == 0)
		CHECK_MEM(got, want.bytes, 32);
	else
		CHECK_EQ(cfs_digester_culprit(d), along);
	CHECK_EQ(count_fds(), before);
	return r;
}

TEST(a_long_file_is_written_as_it_is_hashed_if_the_keeper_says_so)
{
	static const size_t lengths[] = { CFS_DIGESTER_WINDOW + 1,
					  3 * CFS_DIGESTER_SEGMENT,
					  5 * CFS_DIGESTER_SEGMENT + 77 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lengths) * 3; i++) {
		struct along along = { 0 };

		CHECK_EQ(digest_along(&along, (unsigned)i % 3 + 1,
				      lengths[i / 3], false),
			 0);
		CHECK_EQ(along.bytes, lengths[i / 3]);
		CHECK(along.begun == 1 && along.completed == 1);
	}
}

TEST(a_long_file_that_fails_while_it_is_written_is_discarded)
{
	static const char *const names[] = { "begin", "write", "end", NULL };

	for (unsigned i = 0; i < CFS_ARRAY_SIZE(names) * 3; i++) {
		struct along along = { .fails = names[i / 3] };
		bool begins = i / 3 != 0, completes = i / 3 == 2;

		CHECK_EQ(digest_along(&along, i % 3 + 1,
				      3 * CFS_DIGESTER_SEGMENT + 5,
				      !along.fails),
			 along.fails ? -EDQUOT : -ESTALE);
		CHECK_EQ(along.begun, begins);
		CHECK_EQ(along.completed, completes);
		CHECK_EQ(along.discarded, begins && !completes);
	}
}

TEST(a_file_that_is_not_what_it_was_fails)
{
	static const size_t lengths[] = { 5000, CFS_DIGESTER_WINDOW,
					  CFS_DIGESTER_WINDOW + 1,
					  3 * CFS_DIGESTER_SEGMENT };
	static const int changes[] = { -1, 0, 1 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(lengths) * 3; i++) {
		size_t len = lengths[i / 3];
		int change = changes[i % 3], fd = file_of(len, i), who = 0;
		CFS_AUTO(cfs_digester_free)
		struct cfs_digester *d =
			digester(CFS_ALG_SHA512, i % 2 + 1, NULL);
		uint8_t got[CFS_DIGEST_MAX];
		int before = count_fds() - 1, r;
		struct stat st;

		CHECK_EQ(fstat(fd, &st), 0);
		if (change == 0)
			st.st_mtim.tv_nsec ^= 1;
		else
			CHECK_EQ(ftruncate(fd, (off_t)len + change), 0);
		r = cfs_digester_add(d, &fd, &st, got, &who, &err);
		CHECK_EQ(fd, -EBADF);
		CHECK((r == 0 || r == -ESTALE));
		CHECK_EQ(cfs_digester_finish(d, &err), -ESTALE);
		CHECK_EQ(cfs_digester_culprit(d), &who);
		CHECK_STR(err.msg, "changed while it was read");
		CHECK_EQ(count_fds(), before);
	}
}

/* One of many files fails; @long_file: it is a long one. */
static void check_failure(unsigned threads, bool cannot_read, bool is_long)
{
	static uint8_t got[MANY][CFS_DIGEST_MAX];
	struct kept kept = { .fail_at = cannot_read ? 0 : is_long ? 1 : 777 };
	struct cfs_keeper keeper = keeper_of(&kept);
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA256, threads, &keeper);
	int code = cannot_read ? -EBADF : is_long ? -EDQUOT : -ENOSPC;
	int before = count_fds(), r = 0;
	size_t i;

	for (i = 0; i < MANY && r == 0; i++) {
		size_t size = i != 1000 ? 2000 + i
			      : is_long ? CFS_DIGESTER_SEGMENT * 2
					: 777;
		int fd = file_of(size, i);

		if (cannot_read && i == 1000) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
			r = open(path, O_WRONLY | O_CLOEXEC);
			CHECK(r >= 0);
			close(fd);
			fd = r;
		}
		r = add(d, fd, got[i], got[i]);
	}
	CHECK(r == 0 || (r == code && i > 1000));
	CHECK_EQ(cfs_digester_finish(d, &err), code);
	CHECK_EQ(err.code, -code);
	CHECK_EQ(cfs_digester_culprit(d), got[1000]);
	CHECK_EQ(count_fds(), before);
	/* Nothing goes on after that. */
	kept.files = 0;
	CHECK_EQ(add(d, file_of(10, 0), got[0], NULL), code);
	CHECK_EQ(cfs_digester_finish(d, &err), code);
	CHECK_EQ(kept.files, 0);
	CHECK_EQ(cfs_digester_culprit(d), got[1000]);
	CHECK_EQ(count_fds(), before);
}

TEST(the_first_failure_is_told_and_nothing_leaks)
{
	for (unsigned threads = 1; threads < 8; threads += 3) {
		check_failure(threads, false, false);
		check_failure(threads, false, true);
		check_failure(threads, true, false);
		check_failure(threads, true, true);
	}
}

TEST(what_is_unfinished_can_be_given_up)
{
	for (unsigned threads = 1; threads < 4; threads++) {
		static uint8_t got[MANY][CFS_DIGEST_MAX];
		struct kept kept = { 0 };
		struct cfs_keeper keeper = keeper_of(&kept);
		CFS_AUTO(cfs_digester_free)
		struct cfs_digester *d =
			digester(CFS_ALG_SHA256, threads, &keeper);
		int before = count_fds(), done;

		for (size_t i = 0; i < 100; i++)
			CHECK_EQ(add(d, file_of(i * 100, i), got[i], NULL), 0);
		CHECK_EQ(add(d, file_of(5 * CFS_DIGESTER_SEGMENT, 1), got[100],
			     NULL),
			 0);
		cfs_digester_cancel(d);
		done = kept.files;
		CHECK_EQ(count_fds(), before);
		CHECK_EQ(cfs_digester_finish(d, &err), -ECANCELED);
		CHECK_EQ(kept.files, done);
		CHECK(!cfs_digester_culprit(d));
	}
	/* Also by freeing it. */
	for (unsigned threads = 1; threads < 4; threads++) {
		int before = count_fds();
		struct cfs_digester *d =
			digester(CFS_ALG_SHA256, threads, NULL);
		static uint8_t got[100][CFS_DIGEST_MAX];

		for (size_t i = 0; i < 100; i++)
			CHECK_EQ(add(d, file_of(i * 100, i), got[i], NULL), 0);
		cfs_digester_free(d);
		CHECK_EQ(count_fds(), before);
	}
	cfs_digester_free(NULL);
}

static volatile sig_atomic_t signalled;
static pthread_t caller;

static void on_signal(int sig)
{
	(void)sig;
	CHECK(pthread_equal(pthread_self(), caller));
	signalled++;
}

TEST(signals_are_left_to_the_caller)
{
	CFS_AUTO(cfs_digester_free)
	struct cfs_digester *d = digester(CFS_ALG_SHA256, 4, NULL);
	static uint8_t got[MANY][CFS_DIGEST_MAX];

	caller = pthread_self();
	CHECK(signal(SIGUSR1, on_signal) != SIG_ERR);
	for (size_t i = 0; i < MANY; i++) {
		CHECK_EQ(add(d, file_of(i, i), got[i], NULL), 0);
		if (i % 100 == 0)
			CHECK_EQ(kill(getpid(), SIGUSR1), 0);
	}
	CHECK_EQ(cfs_digester_finish(d, &err), 0);
	CHECK(signalled > 0);
}
