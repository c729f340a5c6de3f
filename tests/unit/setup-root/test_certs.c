/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/certs.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/fake/keyutils.h"
#include "tests/test.h"

#define VECTORS "tests/data/keys/"

static struct cfs_err err;
static struct cfs_config config;
static struct cfs_log logger;
static char said[4096], dir[4096];

static void keys_free(struct cfs_keys *keys)
{
	cfs_certs_free(&keys->certs);
}

#define AUTOKEYS __attribute__((cleanup(keys_free)))

/* A keys.d with the named files of the vectors, and nothing said yet. */
static void prepare(const char *one, const char *two)
{
	const char *const names[] = { one, two };

	fake_keys_reset();
	cfs_config_init(&config);
	snprintf(dir, sizeof(dir), "%s/certs-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	CHECK(strlen(dir) < CFS_CONFIG_STR);
	memcpy(config.keys.dirs.v[0], dir, strlen(dir) + 1);
	config.keys.dirs.n = 1;
	for (int i = 0; i < 2; i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };
		char path[8192];
		int fd;

		if (!names[i])
			continue;
		snprintf(path, sizeof(path), VECTORS "%s", names[i]);
		CHECK_EQ(cfs_read_file(AT_FDCWD, path, 65536, &text, &err), 1);
		snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
		CHECK(fd >= 0);
		CHECK_EQ(cfs_write_full(fd, text.data, text.len), 0);
		close(fd);
	}
}

static void put(const char *name, const char *text)
{
	char path[8192];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, text, strlen(text)), 0);
	close(fd);
}

static int run(struct cfs_keys *keys, const char *credentials)
{
	CFS_AUTOFD int fd =
		open(getenv("TMPDIR"), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	ssize_t n;
	int r;

	CHECK(fd >= 0);
	cfs_log_init(&logger, fd, false);
	memset(keys, 0, sizeof(*keys));
	r = cfs_keys_collect(keys, &config, credentials, &logger, &err);
	if (r == 0)
		r = cfs_keys_load(keys, &config, &logger, &err);
	n = pread(fd, said, sizeof(said) - 1, 0);
	CHECK(n >= 0);
	said[n] = '\0';
	return r;
}

TEST(without_certificates_nothing_is_done_or_said)
{
	AUTOKEYS struct cfs_keys keys;

	prepare(NULL, NULL);
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK_EQ(said[0], '\0');
	CHECK(!fake_keys.restricted);
	CHECK(!keys.in_ring);
	strcpy(config.keys.dirs.v[0], "/nonexistent");
	keys_free(&keys);
	CHECK_EQ(run(&keys, "/nonexistent"), 0);
	CHECK_EQ(said[0], '\0');
}

TEST(D15_certificates_reach_the_kernels_ring_which_is_then_locked)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", "ec.pem");
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK_EQ(fake_keys.added, 2);
	CHECK_EQ(fake_keys.borrowed, 0);
	CHECK(keys.in_ring);
	CHECK_EQ(keys.n_keys, 2);
	CHECK(keys.keys[0] && keys.keys[1]);
	CHECK(fake_keys.restricted);
	CHECK(strstr(said, "2 of 2 certificates are in .fs-verity, which "
			   "holds 2 and is locked"));
}

TEST(the_ring_stays_open_when_the_configuration_says_so)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	config.keys.restrict_ring = false;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(keys.in_ring && !fake_keys.restricted);
	CHECK(!strstr(said, "locked"));
}

TEST(credentials_of_systemd_hold_certificates_too)
{
	AUTOKEYS struct cfs_keys keys;
	char credentials[4096];
	CFS_AUTOFD int here = open(".", O_PATH | O_CLOEXEC);

	prepare("rsa.pem", NULL);
	strcpy(credentials, dir);
	CHECK_EQ(chdir(dir), 0);
	CHECK_EQ(rename("rsa.pem", "composefs.cert.vendor"), 0);
	put("other", "no certificate");
	CHECK_EQ(fchdir(here), 0);
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK_EQ(keys.certs.n, 0);
	keys_free(&keys);
	CHECK_EQ(run(&keys, credentials), 0);
	CHECK_EQ(keys.certs.n, 1);
	CHECK(keys.in_ring);
}

TEST(required_certificates_must_be_there)
{
	AUTOKEYS struct cfs_keys keys;

	prepare(NULL, NULL);
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -ENOENT);
	CHECK(strstr(err.msg, "keys.dirs"));
	keys_free(&keys);
	config.keys.require = false;
	config.keys.require_signed = true;
	CHECK_EQ(run(&keys, NULL), -ENOENT);
}

TEST(certificates_are_read_in_name_order_from_certificate_files_alone)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa2.pem", "ec.pem");
	put("README", "text");
	put(".d.pem", "text");
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK_EQ(keys.certs.n, 2);
	CHECK(strstr(keys.certs.v[0].file, "/ec.pem"));
	CHECK(strstr(keys.certs.v[1].file, "/rsa2.pem"));
	CHECK(!strstr(said, "README") && !strstr(said, ".d.pem"));
}

TEST(one_bad_file_does_not_keep_out_the_others)
{
	static const char *const order[] = { "a.pem", "m.pem", "z.pem" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(order); i++) {
		AUTOKEYS struct cfs_keys keys;
		char path[8192];

		prepare("ec.pem", "rsa.pem");
		put(order[i], "no certificate");
		snprintf(path, sizeof(path), "%s/b.pem", dir);
		CHECK_EQ(symlink("nowhere", path), 0);
		snprintf(path, sizeof(path), "%s/n.pem", dir);
		CHECK_EQ(mkfifo(path, 0600), 0);
		CHECK_EQ(run(&keys, NULL), 0);
		CHECK_EQ(keys.certs.n, 2);
		CHECK(keys.in_ring);
		CHECK_EQ(fake_keys.added, 2);
		CHECK(strstr(said, order[i]) && strstr(said, "b.pem"));
		CHECK(strstr(said, "n.pem"));
		keys_free(&keys);
		config.keys.require_signed = true;
		CHECK(run(&keys, NULL) < 0);
	}
}

TEST(a_directory_that_cannot_be_read_is_warned_of_or_fatal_by_policy)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	strcpy(config.keys.dirs.v[1], "/proc/self/status");
	config.keys.dirs.n = 2;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(strstr(said, "/proc/self/status"));
	CHECK(keys.in_ring);
	keys_free(&keys);
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -ENOTDIR);
}

TEST(damaged_files_are_warned_of_or_fatal_by_policy)
{
	AUTOKEYS struct cfs_keys keys;

	prepare(NULL, NULL);
	put("a.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(strstr(said, "a.pem"));
	keys_free(&keys);
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -EBADMSG);
	CHECK(strstr(err.msg, "a.pem"));
}

/* A machine without the ring answers 0 or -EACCES to the search. */
TEST(a_kernel_without_the_ring_is_warned_of_or_fatal_by_policy)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	fake_keys.find_errno = ENOKEY;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(strstr(said, ".fs-verity keyring"));
	CHECK(!keys.in_ring);
	CHECK_EQ(keys.certs.n, 1);
	keys_free(&keys);
	config.keys.require = true;
	CHECK(run(&keys, NULL) < 0);
}

TEST(a_refused_certificate_is_warned_of_or_fatal_by_policy)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", "ec.pem");
	fake_keys.add_errno = ENOPKG;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(strstr(said, "algorithm"));
	CHECK(!keys.in_ring);
	CHECK_EQ(keys.n_keys, 0);
	CHECK(!fake_keys.restricted);
	keys_free(&keys);
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -ENOPKG);
}

TEST(a_locked_ring_is_said_once)
{
	AUTOKEYS struct cfs_keys keys;
	const char *first;

	prepare("rsa.pem", "ec.pem");
	fake_keys.restricted = 1;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(!keys.in_ring);
	first = strstr(said, "locked");
	CHECK(first && !strstr(first + 1, "locked"));
}

TEST(a_ring_that_cannot_be_listed_is_noticed)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	fake_keys.read_errno = EACCES;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(!keys.in_ring);
	CHECK(strstr(said, "read the .fs-verity keyring"));
	CHECK(fake_keys.restricted);
	keys_free(&keys);
	prepare("rsa.pem", NULL);
	fake_keys.read_errno = EACCES;
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -EACCES);
}

TEST(a_certificate_that_did_not_stay_in_the_ring_is_noticed)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("ec.pem", "rsa.pem");
	fake_keys.lose = 1;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(!keys.in_ring);
	CHECK_EQ(keys.n_keys, 1);
	CHECK_EQ(keys.keys[0], 0);
	CHECK(keys.keys[1] != 0);
	CHECK(strstr(said, "ec.pem was added to .fs-verity and is not in it"));
	CHECK(strstr(said, "1 of 2 certificates are in .fs-verity, which "
			   "holds 1 and is locked"));
	keys_free(&keys);
	prepare("ec.pem", "rsa.pem");
	fake_keys.lose = 1;
	config.keys.require_signed = true;
	CHECK_EQ(run(&keys, NULL), -ENOKEY);
	CHECK(strstr(err.msg, "ec.pem"));
	CHECK(!fake_keys.restricted);
}

TEST(a_ring_that_stays_empty_is_noticed)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	fake_keys.lose = 1;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(!keys.in_ring);
	CHECK_EQ(keys.n_keys, 0);
	CHECK(strstr(said, "0 of 1 certificates are in .fs-verity, which "
			   "holds 0"));
	keys_free(&keys);
	prepare("rsa.pem", NULL);
	fake_keys.lose = 1;
	config.keys.require = true;
	CHECK_EQ(run(&keys, NULL), -ENOKEY);
}

TEST(a_certificate_in_two_files_is_one_key)
{
	AUTOKEYS struct cfs_keys keys;
	char from[8192], to[8192];

	prepare("rsa.pem", NULL);
	snprintf(from, sizeof(from), "%s/rsa.pem", dir);
	snprintf(to, sizeof(to), "%s/z.pem", dir);
	CHECK_EQ(link(from, to), 0);
	config.keys.require_signed = true;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(keys.in_ring);
	CHECK(strstr(said, "2 of 2 certificates are in .fs-verity, which "
			   "holds 1 "));
}

TEST(a_renewed_certificate_is_in_the_ring_beside_the_old_one)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("before.pem", "renewed.pem");
	config.keys.require_signed = true;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(keys.in_ring);
	CHECK(strstr(said, "which holds 2 "));
}

TEST(a_key_of_another_origin_is_named_and_never_locked_in)
{
	AUTOKEYS struct cfs_keys keys;

	prepare("rsa.pem", NULL);
	fake_keys.stranger = "CN=other: 0102";
	config.keys.restrict_ring = false;
	CHECK_EQ(run(&keys, NULL), 0);
	CHECK(keys.in_ring);
	CHECK(strstr(said, "no certificate of this initramfs: CN=other: 0102"));
	CHECK(strstr(said, "1 of 1 certificates are in .fs-verity, which "
			   "holds 2"));
	keys_free(&keys);
	config.keys.restrict_ring = true;
	CHECK_EQ(run(&keys, NULL), -EEXIST);
	CHECK(strstr(err.msg, "keys.restrict"));
	CHECK(strstr(said, "CN=other: 0102") && !fake_keys.restricted);
}
