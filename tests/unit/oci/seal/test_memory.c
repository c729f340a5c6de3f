/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/memory.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "tests/unit/repo/repo.h"

static struct cfs_digest layers[3];

/* A recipe of three layers. */
static struct cfs_seal_recipe recipe(void)
{
	for (uint8_t i = 0; i < 3; i++) {
		layers[i] = (struct cfs_digest){ .alg = CFS_ALG_SHA256 };
		memset(layers[i].bytes, i + 1, 32);
	}
	return (struct cfs_seal_recipe){ .alg = CFS_ALG_SHA256,
					 .format = 1,
					 .layers = layers,
					 .n_layers = 3 };
}

static struct cfs_digest value(enum cfs_alg alg, uint8_t byte)
{
	struct cfs_digest id = { .alg = alg };

	memset(id.bytes, byte, cfs_alg_size(alg));
	return id;
}

static bool knows(const struct cfs_seal_memory *memory,
		  const struct cfs_seal_recipe *r, uint8_t byte)
{
	const struct cfs_digest want = value(r->alg, byte);
	struct cfs_digest got;

	return cfs_seal_recall(memory, r, &got) &&
	       cfs_digest_equal(&got, &want);
}

static void learn(const struct cfs_seal_memory *memory,
		  const struct cfs_seal_recipe *r, uint8_t byte)
{
	const struct cfs_digest id = value(r->alg, byte);

	cfs_seal_remember(memory, r, &id);
}

/* The only file of @memory. */
static char *only(const struct cfs_seal_memory *memory)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int fd = openat(memory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(cfs_dir_names_read(&fd, &names), 0);
	CHECK_EQ(names.n, 1);
	return strdup(names.v[0].name);
}

static size_t n_files(const struct cfs_seal_memory *memory)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int fd = openat(memory->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	CHECK_EQ(cfs_dir_names_read(&fd, &names), 0);
	return names.n;
}

TEST(a_digest_is_remembered_in_a_directory_of_this_user)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	CFS_AUTOMEMORY struct cfs_seal_memory again = CFS_SEAL_MEMORY_NONE;
	const struct cfs_seal_recipe r = recipe();
	const char *dir = fresh_dir();
	struct stat st;

	cfs_seal_memory_open_at(dir, &memory);
	CHECK(memory.fd >= 0);
	CHECK(!knows(&memory, &r, 7));
	learn(&memory, &r, 7);
	CHECK(knows(&memory, &r, 7));
	cfs_seal_memory_open_at(dir, &again);
	CHECK(knows(&again, &r, 7));
	CHECK_EQ(fstat(memory.fd, &st), 0);
	CHECK_EQ(st.st_mode & 07777, 0700);
	learn(&memory, &r, 8);
	CHECK(knows(&memory, &r, 8));
}

TEST(what_the_image_depends_on_makes_another_recipe)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_recipe r = recipe();
	struct cfs_digest swapped[3];

	cfs_seal_memory_open_at(fresh_dir(), &memory);
	learn(&memory, &r, 7);
	r.bootable = true;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	r.filter = CFS_XATTRS_KEEP_USER;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	r.program_objects = true;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	r.format = 2;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	r.n_layers = 2;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	r.alg = CFS_ALG_SHA512;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	layers[2].bytes[31] ^= 1;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	layers[0].alg = CFS_ALG_SHA512;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	memcpy(swapped, layers, sizeof(swapped));
	swapped[0] = layers[1];
	swapped[1] = layers[0];
	r.layers = swapped;
	CHECK(!knows(&memory, &r, 7));
	r = recipe();
	CHECK(knows(&memory, &r, 7));
}

TEST(a_stream_is_remembered_with_its_archive)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	const struct cfs_digest stream = value(CFS_ALG_SHA512, 1);
	const struct cfs_digest other = value(CFS_ALG_SHA256, 1);
	const struct cfs_bytes text = { (const uint8_t *)"a", 1 };
	struct cfs_oci_id archive, another;
	struct cfs_err err;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text, &archive, &err),
		 0);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA512, text, &another, &err),
		 0);
	/* Without a memory nothing is remembered, and nothing fails. */
	cfs_seal_remember_archive(&memory, &stream, &archive);
	CHECK(!cfs_seal_recall_archive(&memory, &stream, &archive));
	cfs_seal_memory_open_at(fresh_dir(), &memory);
	CHECK(!cfs_seal_recall_archive(&memory, &stream, &archive));
	cfs_seal_remember_archive(&memory, &stream, &archive);
	CHECK(cfs_seal_recall_archive(&memory, &stream, &archive));
	CHECK(!cfs_seal_recall_archive(&memory, &other, &archive));
	CHECK(!cfs_seal_recall_archive(&memory, &stream, &another));
}

/* Certificates by their names; nothing else of them counts here. */
static void name_certs(struct cfs_certs *certs, unsigned n)
{
	*certs = (struct cfs_certs){ .n = n };
	for (unsigned i = 0; i < n; i++)
		snprintf(certs->v[i].name, sizeof(certs->v[i].name),
			 "sha256:%064x", i + 1);
}

static bool is_right(const struct cfs_seal_memory *memory,
		     const struct cfs_seal_signature *s, unsigned want)
{
	unsigned cert;

	return cfs_seal_recall_signature(memory, s, &cert) && cert == want;
}

TEST(a_signature_is_remembered_with_its_signer)
{
	static struct cfs_certs certs;
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_signature s = { .digest = value(CFS_ALG_SHA512, 1),
					.certs = &certs },
				  other;
	const struct cfs_bytes text = { (const uint8_t *)"a", 1 };
	struct cfs_err err;

	name_certs(&certs, 3);
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, text, &s.blob, &err),
		 0);
	cfs_seal_remember_signature(&memory, &s, 1);
	CHECK(!is_right(&memory, &s, 1));
	cfs_seal_memory_open_at(fresh_dir(), &memory);
	CHECK(!is_right(&memory, &s, 1));
	cfs_seal_remember_signature(&memory, &s, 1);
	CHECK(is_right(&memory, &s, 1));
	other = s;
	other.digest.bytes[63] ^= 1;
	CHECK(!is_right(&memory, &other, 1));
	other = s;
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA512, text, &other.blob,
				     &err),
		 0);
	CHECK(!is_right(&memory, &other, 1));
	/* With other certificates it is another question. */
	certs.n = 2;
	CHECK(!is_right(&memory, &s, 1));
	certs.n = 3;
	certs.v[1].name[70] ^= 1;
	CHECK(!is_right(&memory, &s, 1));
}

TEST(what_another_way_to_hash_found_is_not_known)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	const struct cfs_seal_recipe r = recipe();

	cfs_seal_memory_open_at(fresh_dir(), &memory);
	learn(&memory, &r, 7);
	CHECK_EQ(setenv("CFS_HASH", "openssl", 1), 0);
	CHECK(!knows(&memory, &r, 7));
	CHECK_EQ(unsetenv("CFS_HASH"), 0);
	CHECK(knows(&memory, &r, 7));
}

TEST(a_file_that_is_not_as_it_was_written_is_not_there)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	CFS_AUTOFREE char *name = NULL;
	const struct cfs_seal_recipe r = recipe();
	uint8_t good[32 + 32 + 1] = { 0 }, bad[sizeof(good)];
	CFS_AUTOFD int fd = -EBADF;

	cfs_seal_memory_open_at(fresh_dir(), &memory);
	learn(&memory, &r, 7);
	name = only(&memory);
	fd = openat(memory.fd, name, O_RDONLY | O_CLOEXEC);
	CHECK_EQ(cfs_read_full(fd, good, sizeof(good)), 64);
	for (size_t len = 0; len <= sizeof(good); len++) {
		CHECK_EQ(cfs_replace_file(memory.fd, name, good, len), 0);
		CHECK_EQ(knows(&memory, &r, 7), len == 64);
	}
	/* That of another recipe under this name. */
	memcpy(bad, good, sizeof(bad));
	bad[0] ^= 1;
	CHECK_EQ(cfs_replace_file(memory.fd, name, bad, 64), 0);
	CHECK(!knows(&memory, &r, 7));
	CHECK_EQ(cfs_replace_file(memory.fd, name, good, 64), 0);
	CHECK_EQ(fchmodat(memory.fd, name, 0664, 0), 0);
	CHECK(!knows(&memory, &r, 7));
	CHECK_EQ(fchmodat(memory.fd, name, 0644, 0), 0);
	CHECK(knows(&memory, &r, 7));
	CHECK_EQ(renameat(memory.fd, name, memory.fd, "other"), 0);
	CHECK_EQ(symlinkat("other", memory.fd, name), 0);
	CHECK(!knows(&memory, &r, 7));
	CHECK_EQ(unlinkat(memory.fd, name, 0), 0);
	CHECK_EQ(mkfifoat(memory.fd, name, 0600), 0);
	CHECK(!knows(&memory, &r, 7));
}

TEST(a_directory_that_others_can_change_is_not_used)
{
	static const char *const parts[] = { "", "/composefs",
					     "/composefs/verified" };
	CFS_AUTOFREE char *dir = strdup(fresh_dir());

	for (size_t i = 0; i < CFS_ARRAY_SIZE(parts); i++) {
		CFS_AUTOMEMORY struct cfs_seal_memory m = CFS_SEAL_MEMORY_NONE;
		CFS_AUTOFREE char *path = NULL;

		cfs_seal_memory_open_at(dir, &m);
		CHECK(m.fd >= 0);
		cfs_seal_memory_close(&m);
		CHECK(asprintf(&path, "%s%s", dir, parts[i]) > 0);
		CHECK_EQ(chmod(path, 0777), 0);
		cfs_seal_memory_open_at(dir, &m);
		CHECK(m.fd < 0);
		CHECK_EQ(chmod(path, 01775), 0);
		cfs_seal_memory_open_at(dir, &m);
		CHECK(m.fd < 0);
		CHECK_EQ(chmod(path, 0700), 0);
	}
}

/* Others have sockets in /run/composefs. */
TEST(the_outer_directory_is_open_to_others_and_the_inner_one_is_not)
{
	static const mode_t masks[] = { 0, 022, 077, 0777 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(masks); i++) {
		CFS_AUTOMEMORY struct cfs_seal_memory m = CFS_SEAL_MEMORY_NONE;
		const struct cfs_seal_recipe r = recipe();
		mode_t before = umask(masks[i]);
		struct stat st;

		cfs_seal_memory_open_at(fresh_dir(), &m);
		learn(&m, &r, 7);
		umask(before);
		/* With the last one, only root could open what it made. */
		if (masks[i] == 0777 && geteuid() != 0)
			continue;
		CHECK_EQ(fstatat(m.fd, "..", &st, 0), 0);
		CHECK_EQ(st.st_mode & 07777, 0755);
		CHECK_EQ(fstat(m.fd, &st), 0);
		CHECK_EQ(st.st_mode & 07777, 0700);
		CHECK(knows(&m, &r, 7));
	}
}

TEST(nor_one_that_is_a_link_or_a_file)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	CFS_AUTOFREE char *dir = strdup(fresh_dir());
	CFS_AUTOFD int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct cfs_seal_recipe r = recipe();

	CHECK_EQ(mkdirat(fd, "elsewhere", 0700), 0);
	CHECK_EQ(symlinkat("elsewhere", fd, "composefs"), 0);
	cfs_seal_memory_open_at(dir, &memory);
	CHECK(memory.fd < 0);
	CHECK_EQ(unlinkat(fd, "composefs", 0), 0);
	CHECK_EQ(cfs_replace_file(fd, "composefs", "", 0), 0);
	cfs_seal_memory_open_at(dir, &memory);
	CHECK(memory.fd < 0);
	cfs_seal_memory_open_at("/nonexistent", &memory);
	CHECK(memory.fd < 0);
	/* Nothing is remembered then, and nothing fails. */
	learn(&memory, &r, 7);
	CHECK(!knows(&memory, &r, 7));
}

TEST(a_full_memory_starts_anew)
{
	CFS_AUTOMEMORY struct cfs_seal_memory memory = CFS_SEAL_MEMORY_NONE;
	struct cfs_seal_recipe r = recipe();

	cfs_seal_memory_open_at(fresh_dir(), &memory);
	for (unsigned i = 0; i < CFS_SEAL_MEMORY_MAX; i++) {
		r.format = i;
		learn(&memory, &r, 7);
	}
	CHECK_EQ(n_files(&memory), CFS_SEAL_MEMORY_MAX);
	r.format = CFS_SEAL_MEMORY_MAX;
	learn(&memory, &r, 7);
	CHECK(knows(&memory, &r, 7));
	CHECK_EQ(n_files(&memory), 1);
}
