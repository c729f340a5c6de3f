/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/select.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/signature.h"
#include "tests/fake/kernel.h"
#include "tests/fake/keyutils.h"
#include "tests/fake/mount.h"
#include "tests/test.h"
#include "tests/unit/keys/vectors.h"
#include "tests/unit/setup-root/boot.h"

static struct cfs_err err;
static struct cfs_boot boot;
static char said[8192];

/* A fresh repository of @alg. */
static void new_repo(enum cfs_alg alg)
{
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/select-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	end_boot(&boot);
	boot = (struct cfs_boot){ 0 };
	cfs_boot_init(&boot);
	boot.repo = (struct cfs_repo){ .has_meta = true, .meta.alg = alg };
	boot.repo.fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(boot.repo.fd >= 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "images", 0755), 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "images/refs", 0755), 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "objects", 0755), 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "signatures", 0755), 0);
	fake_keys_reset();
	fake = (struct fake_kernel){ .signature_result = -ENODATA };
	cfs_config_init(&boot.config);
	boot.config.etc.mount = boot.config.var.mount = CFS_DIR_NONE;
	CHECK_EQ(mkdirat(boot.repo.fd, "disk", 0755), 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "disk/state", 0755), 0);
	CHECK_EQ(mkdirat(boot.repo.fd, "disk/state/deploy", 0755), 0);
	boot.sysroot_fd =
		openat(boot.repo.fd, "disk", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(boot.sysroot_fd >= 0);
}

static void put(const char *name, const void *data, size_t len)
{
	int fd = openat(boot.repo.fd, name, O_CREAT | O_WRONLY | O_CLOEXEC,
			0644);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, data, len), 0);
	close(fd);
}

/* Candidate @i has the digest of @fill bytes. */
static struct cfs_karg *name(unsigned i, enum cfs_alg alg, int fill)
{
	boot.candidates[i].karg.digest.alg = alg;
	memset(boot.candidates[i].karg.digest.bytes, fill, cfs_alg_size(alg));
	cfs_digest_to_hex(&boot.candidates[i].karg.digest,
			  boot.candidates[i].hex);
	return &boot.candidates[i].karg;
}

/* Puts the image of candidate @i into the repository, or its link alone. */
static void add_image(unsigned i, bool object)
{
	char hex[CFS_DIGEST_HEX_MAX], link[64 + CFS_DIGEST_HEX_MAX],
		target[64 + CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&boot.candidates[i].karg.digest, hex);
	snprintf(link, sizeof(link), "images/%s", hex);
	snprintf(target, sizeof(target), "../objects/%s", hex);
	CHECK_EQ(symlinkat(target, boot.repo.fd, link), 0);
	if (object)
		put(target + strlen("../"), "image", 5);
}

static int run(unsigned n)
{
	CFS_AUTOFD int fd =
		open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t len;
	int r;

	CHECK(fd >= 0);
	cfs_log_init(&boot.log, fd, false);
	boot.n_candidates = n;
	r = cfs_select(&boot, &err);
	CHECK_EQ((r == 1), (boot.choice.fd >= 0));
	cfs_closep(&boot.choice.fd);
	len = pread(fd, said, sizeof(said) - 1, 0);
	CHECK(len >= 0);
	said[len] = '\0';
	return r;
}

static bool results(enum cfs_result a, enum cfs_result b)
{
	return boot.candidates[0].result == a && boot.candidates[1].result == b;
}

TEST(the_first_that_is_there_is_taken)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA256, 1);
	name(1, CFS_ALG_SHA256, 2);
	name(2, CFS_ALG_SHA256, 3);
	add_image(1, true);
	add_image(2, true);
	fake.alg = 1;
	fake.fill = 2;
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 1);
	CHECK(boot.choice.verity);
	CHECK(results(CFS_RESULT_ABSENT, CFS_RESULT_BOOTED));
	CHECK_EQ(boot.candidates[2].result, CFS_RESULT_UNTRIED);
	CHECK_EQ(boot.choice.proof, CFS_PROOF_NONE);
}

TEST(none_is_an_answer)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA256, 1);
	CHECK_EQ(run(1), 0);
	CHECK(strstr(said, "is not here"));
	CHECK_EQ(run(0), 0);
}

TEST(D1_names_below_refs_are_never_looked_at)
{
	char hex[CFS_DIGEST_HEX_MAX], path[64 + CFS_DIGEST_HEX_MAX];

	new_repo(CFS_ALG_SHA256);
	cfs_digest_to_hex(&name(0, CFS_ALG_SHA256, 1)->digest, hex);
	snprintf(path, sizeof(path), "images/refs/%s", hex);
	put(path, "image", 5);
	fake.alg = 1;
	fake.fill = 1;
	CHECK_EQ(run(1), 0);
	CHECK_EQ(boot.candidates[0].result, CFS_RESULT_ABSENT);
}

TEST(D2_digests_of_another_algorithm_are_passed_over)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA512, 1);
	name(1, CFS_ALG_SHA256, 2);
	add_image(1, true);
	fake.alg = 1;
	fake.fill = 2;
	CHECK_EQ(run(2), 1);
	CHECK_EQ(boot.choice.index, 1);
	CHECK(results(CFS_RESULT_OTHER_ALGORITHM, CFS_RESULT_BOOTED));
	new_repo(CFS_ALG_SHA512);
	name(0, CFS_ALG_SHA256, 1);
	name(1, CFS_ALG_SHA512, 2);
	add_image(1, true);
	fake.alg = 2;
	fake.fill = 2;
	CHECK_EQ(run(2), 1);
	CHECK_EQ(boot.choice.index, 1);
}

TEST(a_repository_without_meta_takes_the_candidates_word)
{
	new_repo(CFS_ALG_SHA256);
	boot.repo.has_meta = false;
	name(0, CFS_ALG_SHA512, 1);
	add_image(0, true);
	fake.alg = 2;
	fake.fill = 1;
	CHECK_EQ(run(1), 1);
}

TEST(a_dangling_link_is_absent_with_a_warning)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA256, 1);
	name(1, CFS_ALG_SHA256, 2);
	add_image(0, false);
	add_image(1, true);
	fake.alg = 1;
	fake.fill = 2;
	CHECK_EQ(run(2), 1);
	CHECK_EQ(boot.choice.index, 1);
	CHECK(results(CFS_RESULT_DANGLING, CFS_RESULT_BOOTED));
	CHECK(strstr(said, "its object is missing"));
}

TEST(a_wrong_image_is_final_whatever_follows)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA256, 1);
	name(1, CFS_ALG_SHA256, 2);
	add_image(0, true);
	add_image(1, true);
	fake.alg = 1;
	fake.fill = 2;
	CHECK_EQ(run(2), -EBADMSG);
	CHECK(results(CFS_RESULT_WRONG_DIGEST, CFS_RESULT_UNTRIED));
	CHECK(strstr(err.msg, "image 0101"));
	CHECK_EQ(strncmp(err.expected, "0101", 4), 0);
	CHECK_EQ(strncmp(err.found, "0202", 4), 0);
	CHECK_EQ(boot.choice.index, 0);
	fake.measure_result = -ENODATA;
	CHECK_EQ(run(2), -EBADMSG);
	CHECK(strstr(err.msg, "no fs-verity"));
}

TEST(insecure_means_no_verity_and_nothing_else)
{
	new_repo(CFS_ALG_SHA256);
	name(0, CFS_ALG_SHA256, 1)->insecure = true;
	add_image(0, true);
	fake.measure_result = -ENODATA;
	CHECK_EQ(run(1), 1);
	CHECK(!boot.choice.verity);
	CHECK(strstr(said, "nothing is verified"));
	fake.measure_result = -ENOTTY;
	CHECK_EQ(run(1), 1);
	CHECK(!boot.choice.verity);
	fake.measure_result = -EIO;
	CHECK_EQ(run(1), -EIO);
	/* A different digest is wrong for it as well. */
	fake = (struct fake_kernel){ .alg = 1, .fill = 9 };
	CHECK_EQ(run(1), -EBADMSG);
	/* A right one makes it as good as any. */
	fake = (struct fake_kernel){ .alg = 1, .fill = 1 };
	CHECK_EQ(run(1), 1);
	CHECK(boot.choice.verity);
	CHECK_EQ(said[0], '\0');
}

TEST(D12_a_fifo_and_a_link_out_are_refused_without_hanging)
{
	char hex[CFS_DIGEST_HEX_MAX], path[64 + CFS_DIGEST_HEX_MAX];

	new_repo(CFS_ALG_SHA256);
	cfs_digest_to_hex(&name(0, CFS_ALG_SHA256, 1)->digest, hex);
	snprintf(path, sizeof(path), "images/%s", hex);
	CHECK_EQ(mkfifoat(boot.repo.fd, path, 0644), 0);
	CHECK_EQ(run(1), -EINVAL);
	CHECK_EQ(boot.candidates[0].result, CFS_RESULT_UNREADABLE);
	CHECK_EQ(unlinkat(boot.repo.fd, path, 0), 0);
	CHECK_EQ(symlinkat("/etc/passwd", boot.repo.fd, path), 0);
	CHECK_EQ(run(1), -EXDEV);
}

/* Gives candidate @i a state directory. */
static void add_state(unsigned i)
{
	char path[64 + CFS_DIGEST_HEX_MAX] = "state/deploy/";

	cfs_digest_to_hex(&boot.candidates[i].karg.digest, path + strlen(path));
	CHECK_EQ(mkdirat(boot.sysroot_fd, path, 0755), 0);
}

/* Three insecure images: the fake measures one digest for all. */
static void three_images(void)
{
	new_repo(CFS_ALG_SHA256);
	for (unsigned i = 0; i < 3; i++) {
		name(i, CFS_ALG_SHA256, (int)i + 1)->insecure = true;
		add_image(i, true);
	}
	fake.measure_result = -ENODATA;
	boot.config.var.mount = CFS_DIR_BIND;
}

TEST(an_image_without_state_makes_room_for_one_that_has_its_own)
{
	three_images();
	add_state(2);
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 2);
	CHECK(results(CFS_RESULT_NO_STATE, CFS_RESULT_NO_STATE));
	CHECK_EQ(boot.candidates[2].result, CFS_RESULT_BOOTED);
	CHECK(strstr(said, "passing over"));
	add_state(0);
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 0);
	CHECK(results(CFS_RESULT_BOOTED, CFS_RESULT_UNTRIED) &&
	      !strstr(said, "passing over"));
}

TEST(when_no_image_has_state_the_first_is_taken)
{
	int before;

	three_images();
	before = fake_open_fds();
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 0);
	CHECK(results(CFS_RESULT_BOOTED, CFS_RESULT_NO_STATE));
	CHECK(!strstr(said, "passing over"));
	CHECK_EQ(fake_open_fds(), before);
}

TEST(state_does_not_matter_where_none_is_needed)
{
	three_images();
	add_state(2);
	boot.config.etc.mount = CFS_DIR_TRANSIENT;
	boot.config.var.mount = CFS_DIR_NONE;
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 0);
	boot.config.etc.mount = CFS_DIR_AUTO;
	CHECK_EQ(run(3), 1);
	CHECK_EQ(boot.choice.index, 2);
}

TEST(a_wrong_image_is_not_passed_over_for_lack_of_state)
{
	three_images();
	boot.candidates[0].karg.insecure = false;
	add_state(1);
	CHECK_EQ(run(3), -EBADMSG);
	CHECK_EQ(boot.choice.index, 0);
	three_images();
	boot.candidates[1].karg.insecure = false;
	add_state(2);
	CHECK_EQ(run(3), -EBADMSG);
	CHECK_EQ(boot.choice.index, 1);
	CHECK(results(CFS_RESULT_NO_STATE, CFS_RESULT_WRONG_DIGEST));
}

/* A signed image: the digest and signature of a vector. */
static struct vector good;

static void pick(struct vector *v)
{
	if (strcmp(v->blob, "rsa256.p7") == 0 && v->want == 0)
		good = *v;
}

static void signed_repo(void)
{
	CHECK(vectors_each(pick) && good.der_len);
	new_repo(good.digest.alg);
	boot.candidates[0].karg.digest = good.digest;
	cfs_digest_to_hex(&good.digest, boot.candidates[0].hex);
	add_image(0, true);
	fake.alg = (unsigned short)good.digest.alg;
	fake.digest = good.digest.bytes;
	boot.config.keys.require_signed = true;
	CHECK_EQ(cfs_certs_add_file(&boot.keys.certs, VECTORS "rsa.pem", &err),
		 1);
}

static void put_detached(const void *der, size_t len)
{
	char hex[CFS_DIGEST_HEX_MAX], path[64 + CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&good.digest, hex);
	snprintf(path, sizeof(path), "signatures/%s.p7s", hex);
	put(path, der, len);
}

TEST(unsigned_images_are_refused_when_signatures_are_required)
{
	signed_repo();
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "not signed"));
	CHECK_EQ(boot.candidates[0].result, CFS_RESULT_SIGNATURE);
	fake.signature_result = -ENOTTY;
	CHECK_EQ(run(1), -EBADMSG);
	cfs_certs_free(&boot.keys.certs);
}

/* Some key of the ring made it, which need not be one of ours. */
TEST(what_the_kernel_opened_is_no_proof_by_itself)
{
	signed_repo();
	fake.signature_result = 100;
	boot.keys.in_ring = true;
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "builtin signature"));
	fake.signature_result = (int)good.der_len;
	fake.signature = good.der;
	cfs_certs_free(&boot.keys.certs);
	CHECK_EQ(cfs_certs_add_file(&boot.keys.certs, VECTORS "rsa2.pem", &err),
		 1);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "builtin signature"));
	CHECK_EQ(boot.candidates[0].result, CFS_RESULT_SIGNATURE);
	/* A detached signature by one of ours makes up for it. */
	cfs_certs_free(&boot.keys.certs);
	CHECK_EQ(cfs_certs_add_file(&boot.keys.certs, VECTORS "rsa.pem", &err),
		 1);
	fake.signature_result = 100;
	fake.signature = NULL;
	put_detached(good.der, good.der_len);
	CHECK_EQ(run(1), 1);
	CHECK_EQ(boot.choice.proof, CFS_PROOF_PKCS7);
	cfs_certs_free(&boot.keys.certs);
}

TEST(a_signature_kept_with_the_file_is_checked_here_whatever_the_ring)
{
	signed_repo();
	fake.signature_result = (int)good.der_len;
	fake.signature = good.der;
	CHECK_EQ(run(1), 1);
	CHECK_EQ(boot.choice.proof, CFS_PROOF_PKCS7);
	boot.keys.in_ring = true;
	CHECK_EQ(run(1), 1);
	CHECK_EQ(boot.choice.proof, CFS_PROOF_KERNEL);
	fake_keys.verify_errno = EKEYREJECTED;
	CHECK_EQ(run(1), -EBADMSG);
	fake_keys.verify_errno = EOPNOTSUPP;
	CHECK_EQ(run(1), -EBADMSG);
	cfs_certs_free(&boot.keys.certs);
}

TEST(a_detached_signature_is_proof_too)
{
	signed_repo();
	put_detached(good.der, good.der_len);
	CHECK_EQ(run(1), 1);
	CHECK_EQ(boot.choice.proof, CFS_PROOF_PKCS7);
	/* Also when the file system cannot tell of one with the file. */
	fake.signature_result = -ENOTTY;
	CHECK_EQ(run(1), 1);
	cfs_certs_free(&boot.keys.certs);
	CHECK_EQ(cfs_certs_add_file(&boot.keys.certs, VECTORS "rsa2.pem", &err),
		 1);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "signatures/"));
	cfs_certs_free(&boot.keys.certs);
}

TEST(a_damaged_detached_signature_is_no_proof)
{
	signed_repo();
	put_detached("0", 1);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, ".p7s"));
	cfs_certs_free(&boot.keys.certs);
}

TEST(an_unusable_signature_is_none_whatever_makes_it_so)
{
	char hex[CFS_DIGEST_HEX_MAX], path[64 + CFS_DIGEST_HEX_MAX];
	char *big = calloc(1, CFS_SIGNATURE_MAX + 1);

	signed_repo();
	fake.signature_result = -EIO;
	CHECK_EQ(run(1), -EBADMSG);
	CHECK_EQ(err.code, EBADMSG);
	fake.signature_result = -ENODATA;
	cfs_digest_to_hex(&good.digest, hex);
	snprintf(path, sizeof(path), "signatures/%s.p7s", hex);
	CHECK_EQ(mkfifoat(boot.repo.fd, path, 0644), 0);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "not a regular file"));
	CHECK_EQ(unlinkat(boot.repo.fd, path, 0), 0);
	CHECK_EQ(symlinkat("/etc/passwd", boot.repo.fd, path), 0);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK_EQ(unlinkat(boot.repo.fd, path, 0), 0);
	CHECK(big);
	put_detached(big, CFS_SIGNATURE_MAX + 1);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "longer than"));
	free(big);
	cfs_certs_free(&boot.keys.certs);
}

TEST(what_is_not_measured_cannot_be_signed)
{
	signed_repo();
	boot.candidates[0].karg.insecure = true;
	fake.measure_result = -ENODATA;
	put_detached(good.der, good.der_len);
	CHECK_EQ(run(1), -EBADMSG);
	CHECK(strstr(err.msg, "no signature can be"));
	cfs_certs_free(&boot.keys.certs);
}
