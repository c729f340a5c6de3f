/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/fsck.h"

#include "erofs/writer.h"
#include "repo/dir.h"
#include "repo/lock.h"
#include "repo/object.h"
#include "repo/ref.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

/* The object of one zero byte. */
#define OBJECT                \
	"objects/b8/03429503" \
	"d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c0551"

#define ONE                                                              \
	"b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c05" \
	"51"

static struct cfs_err err;
static char root[4096];
static char said[65536];

static void say(const char *before, const char *text)
{
	size_t len = strlen(said);

	if (text)
		snprintf(said + len, sizeof(said) - len, "%s%s", before, text);
}

static void say_hex(const char *before, const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	if (id)
		cfs_digest_to_hex(id, hex);
	say(before, id ? hex : NULL);
}

/* One line: code, path, object, measured, reason, files. */
static void note(void *arg, const struct cfs_finding *f)
{
	(void)arg;
	say("", cfs_fsck_code_name(f->code));
	say(": ", f->where);
	say_hex(" wants ", f->object);
	say_hex(" is ", f->measured);
	say(": ", f->reason);
	for (unsigned i = 0; i < f->n_files; i++)
		say(" hits ", f->files[i]);
	if (f->files_total > f->n_files)
		say(" and ", "more");
	say("", "\n");
}

static void no_verity(void)
{
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100000,
				     .enable_result = -ENOTTY };
}

/* A repository with one object and a name for it, which is no image. */
static void start(void)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	no_verity();
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(&store, data, &id, &err), 0);
}

static void spoil_object(void)
{
	CFS_AUTOFREE char *path = below(root, OBJECT);

	CHECK_EQ(unlink(path), 0);
}

static void remove_all(const char *path)
{
	CFS_AUTOFD int fd = open_dir(root);

	CHECK_EQ(strncmp(path, root, strlen(root)), 0);
	CHECK_EQ(cfs_dir_remove(fd, path + strlen(root) + 1, &err), 0);
}

static struct cfs_fsck look(bool secure, bool metadata_only)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .secure = secure,
						.metadata_only = metadata_only,
						.found = note };
	struct cfs_fsck count = { 0 };

	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	return count;
}

TEST(a_sane_repository_has_no_findings)
{
	struct cfs_fsck count;

	start();
	count = look(false, false);
	CHECK(count.findings == 0 && count.objects_checked == 1);
	CHECK_EQ(look(false, true).objects_checked, 0);
}

TEST(a_secure_repository_wants_the_kernels_word)
{
	struct cfs_fsck count;

	start();
	count = look(true, false);
	CHECK(count.findings == 1 && count.objects_corrupted == 1);
	CHECK(strstr(said,
		     "object-verity-missing: " OBJECT " wants " ONE "\n"));
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .fill = 0x11 };
	CHECK_EQ(look(true, false).objects_corrupted, 1);
	CHECK(strstr(said,
		     "object-digest-mismatch: " OBJECT " wants " ONE " is 11"));
	fake.measure_result = -EIO;
	CHECK_EQ(look(false, false).objects_corrupted, 1);
	CHECK(strstr(said, "object-verity-failed: " OBJECT));
}

TEST(findings_do_not_end_the_search)
{
	struct cfs_fsck count;

	start();
	put(root, OBJECT, "xx");
	put(root, "objects/junk", "");
	make_dir(root, "objects/00");
	put(root, "objects/00/junk", "");
	make_dir(root, "images");
	make_link(root, "images/nothing", "../objects/00/nothing");
	put(root, "images/file", "");
	make_dir(root, "images/refs");
	make_link(root, "images/refs/x", "../gone");
	count = look(false, false);
	CHECK(count.findings == 6 && count.objects_checked == 2);
	CHECK(count.objects_corrupted == 2 && count.images_checked == 2);
	CHECK(count.images_corrupted == 2 && count.broken_links == 1);
}

TEST(what_is_no_image_is_said_to_be_none)
{
	start();
	make_dir(root, "images");
	make_link(root,
		  "images/b803429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526"
		  "582e685c0551",
		  "../" OBJECT);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, "image-invalid: images/b803"));
}

static void dig(const char *start_at, int depth, char path[static 4096])
{
	strcpy(path, start_at);
	for (int i = 0; i < depth; i++) {
		strcat(path, "/d");
		make_dir(root, path);
	}
}

TEST(directories_of_names_are_followed_to_a_limit)
{
	struct cfs_fsck count;
	char path[4096];

	start();
	make_dir(root, "images");
	make_dir(root, "images/refs");
	dig("images/refs", 70, path);
	strcat(path, "/unseen");
	make_link(root, path, "nowhere");
	make_link(root, "images/refs/z", "../gone");
	make_dir(root, "signatures");
	put(root, "signatures/z", "");
	count = look(false, false);
	CHECK(count.findings == 3 && count.broken_links == 1);
	CHECK(strstr(said, "nested-too-deeply: images/refs/d/d/"));
	CHECK(strstr(said, "broken-symlink: images/refs/z: "));
	CHECK(strstr(said, "signature-invalid: signatures/z: "));
}

/* Other programs may nest directories to paths longer than PATH_MAX. */
TEST(names_longer_than_a_path_are_a_finding)
{
	CFS_AUTOFREE char *refs = NULL;
	char name[256] = { 0 };
	struct cfs_fsck count;
	int fd;

	start();
	make_dir(root, "images");
	make_dir(root, "images/refs");
	make_link(root, "images/refs/z", "../gone");
	refs = below(root, "images/refs");
	fd = open_dir(refs);
	memset(name, 'n', 255);
	for (int i = 0; i < 20; i++) {
		int next;

		CHECK_EQ(mkdirat(fd, name, 0755), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY);
		CHECK(next >= 0);
		CHECK_EQ(close(fd), 0);
		fd = next;
	}
	CHECK_EQ(symlinkat("nowhere", fd, "unseen"), 0);
	CHECK_EQ(close(fd), 0);
	count = look(false, false);
	CHECK_EQ(count.findings, 2);
	CHECK(strstr(said, "nested-too-deeply: images/refs/nnnn"));
	CHECK(strstr(said, "broken-symlink: images/refs/z: "));
}

/* Whatever stands where a directory, a link or a file should be. */
TEST(every_kind_of_file_in_every_place_is_a_finding)
{
	static const char *const places[] = {
		"objects",     "objects/b8",   OBJECT,
		"streams",     "streams/refs", "streams/a",
		"images",      "images/refs",  "images/refs/a",
		"images/" ONE, "signatures",   "signatures/" ONE ".p7s",
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(places); i++) {
		for (int kind = 0; kind < 4; kind++) {
			CFS_AUTOFREE char *path = NULL;
			struct cfs_fsck count;
			bool wanted;

			start();
			path = below(root, places[i]);
			for (char *c = path + strlen(root) + 1;
			     (c = strchr(c, '/')); c++) {
				*c = '\0';
				(void)mkdir(path, 0755);
				*c = '/';
			}
			remove_all(path);
			if (kind == 0)
				CHECK_EQ(mkfifo(path, 0644), 0);
			else if (kind == 1)
				CHECK_EQ(symlink("/etc/passwd", path), 0);
			else if (kind == 2)
				CHECK_EQ(mkdir(path, 0755), 0);
			else
				put(root, places[i], "text");
			/* What belongs there, or is empty like it. */
			wanted = kind == 2 && !strstr(places[i], ONE) &&
				 !strstr(places[i], OBJECT) &&
				 strcmp(places[i], "streams/a") != 0;
			wanted |= kind == 3 && strstr(places[i], ".p7s");
			count = look(false, false);
			CHECK_EQ((count.findings == 0), wanted);
		}
	}
}

TEST(broken_metadata_does_not_end_the_check)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = { .found = note };
	struct cfs_fsck count;
	struct cfs_err why;

	start();
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), 1);
	CHECK_EQ(why.code, 0);
	CHECK(repo.has_meta);
	cfs_repo_close(&repo);
	put(root, "meta.json", "{ \"version\": 1");
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), 1);
	CHECK_EQ(why.code, EINVAL);
	CHECK(strstr(why.msg, "meta.json"));
	CHECK(!repo.has_meta);
	repo.meta.alg = CFS_ALG_SHA256;
	params.meta_error = why.msg;
	put(root, OBJECT, "x");
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 2);
	CHECK(strstr(said, "metadata-parse-failed: meta.json: "));
	CHECK(strstr(said, "object-digest-mismatch: "));
	cfs_repo_close(&repo);
	put(root, "meta.json", "{ \"version\": 9 }");
	CHECK_EQ(cfs_fsck_open(root, &repo, &why, &err), -EOPNOTSUPP);
	CHECK_EQ(cfs_fsck_open("/nonexistent", &repo, &why, &err), 0);
}

TEST(a_repository_that_others_may_enter_is_warned_of)
{
	struct cfs_fsck count;

	start();
	CHECK_EQ(look(false, false).warnings, 0);
	CHECK_EQ(chmod(root, 0755), 0);
	count = look(false, false);
	CHECK(count.findings == 0 && count.warnings == 1);
	CHECK(strstr(said, "open-to-others: .: "));
}

/* A file system finds the name that is asked for, in upper case too where it
 * does not tell them apart; digests are in lower case. */
TEST(names_of_objects_are_in_lower_case)
{
	char name[] = OBJECT;

	start();
	name[strlen(name) - 1] = 'A';
	put(root, name, "");
	CHECK_EQ(look(false, false).objects_corrupted, 1);
	CHECK(strstr(said, "object-invalid-name: objects/b8/03429503"));
	make_dir(root, "objects/AB");
	CHECK_EQ(look(false, false).findings, 2);
	CHECK(strstr(said, "object-invalid-name: objects/AB: "));
}

/* As on a disk that went bad below fs-verity: measured right, read wrong. */
TEST(what_the_kernel_vouches_for_is_read_on_request)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_fsck_params params = { .secure = true, .found = note };
	struct cfs_fsck count;
	struct cfs_digest id;

	start();
	CHECK_EQ(cfs_digest_from_hex(
			 "b803429503d95915829b29fdbc8bbad142f3abfd11b"
			 "1cadf5526582e685c0551",
			 64, &id, &err),
		 0);
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
	said[0] = '\0';
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	params.read_data = true;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	put(root, OBJECT, "x");
	params.read_data = false;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	params.read_data = true;
	CHECK_EQ(cfs_repo_fsck(&repo, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.objects_corrupted == 1);
	CHECK(strstr(said, "object-digest-mismatch: " OBJECT));
}

/* Stores @n objects of @size bytes and a few. */
static void store_many(unsigned n, size_t size)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFREE uint8_t *bytes = calloc(1, size + n);
	struct cfs_repo repo = CFS_REPO_INIT;

	CHECK(bytes);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	for (unsigned i = 0; i < n; i++) {
		struct cfs_digest id;

		CHECK_EQ(cfs_object_add_bytes(
				 &store, (struct cfs_bytes){ bytes, size + i },
				 &id, &err),
			 0);
	}
}

/* More than are hashed together; what is wrong with one is told of it. */
TEST(thousands_of_objects_are_looked_at)
{
	struct cfs_fsck count;

	start();
	store_many(4500, 2);
	store_many(3, 3 << 20);
	count = look(false, false);
	CHECK(count.findings == 0 && count.objects_checked == 4504);
	put(root, OBJECT, "other bytes");
	make_dir(root, "objects/0a-junk");
	put(root, "objects/ff/junk", "");
	count = look(false, false);
	CHECK(count.findings == 3 && count.objects_corrupted == 2);
	CHECK_EQ(count.objects_checked, 4505);
	/* In the order of their names. */
	CHECK(strstr(said, "0a-junk") < strstr(said, OBJECT));
	CHECK(strstr(said, OBJECT) < strstr(said, "objects/ff/junk"));
	CHECK(strstr(said, "object-digest-mismatch: " OBJECT " wants " ONE));
}

/* What a file of the image says of itself. */
struct claim {
	const char *name;
	uint64_t size;
	const char *path;   /* backing path, or NULL */
	const char *digest; /* hex, or NULL */
};

#define ONE_PATH                                                          \
	"b8/03429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c05" \
	"51"

static void add_claim(struct cfs_tree *tree, const struct claim *claim)
{
	struct cfs_bytes name = { (const uint8_t *)claim->name,
				  strlen(claim->name) };
	struct cfs_bytes path = { (const uint8_t *)claim->path,
				  claim->path ? strlen(claim->path) : 0 };
	struct cfs_digest id;
	struct cfs_node *node;

	CHECK_EQ(cfs_node_add(tree, tree->root, name, S_IFREG | 0644, &node,
			      &err),
		 0);
	if (claim->digest)
		CHECK_EQ(cfs_digest_from_hex(claim->digest,
					     strlen(claim->digest), &id, &err),
			 0);
	CHECK_EQ(cfs_node_set_backing(tree, node, claim->size, path,
				      claim->digest ? &id : NULL, &err),
		 0);
}

/* Commits an image of @version in which @claims are made. */
static struct cfs_digest commit(unsigned version, const struct claim *claims,
				size_t n)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_repo repo = CFS_REPO_INIT;
	struct cfs_digest id;

	CHECK_EQ(cfs_tree_new(&tree, &err), 0);
	for (size_t i = 0; i < n; i++)
		add_claim(tree, &claims[i]);
	CHECK_EQ(cfs_tree_finish(tree, &err), 0);
	CHECK_EQ(cfs_erofs_write(tree, version, 0, &image, &err), 0);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, 0, NULL, &store, &err), 0);
	CHECK_EQ(cfs_object_add_bytes(&store, cfs_buf_bytes(&image), &id, &err),
		 0);
	CHECK_EQ(cfs_image_commit(&store, &id, &err), 0);
	return id;
}

TEST(images_of_every_format_find_their_objects)
{
	const struct claim claims[] = {
		{ "one", 1, ONE_PATH, ONE },
		{ "another", 1, ONE_PATH, ONE },
		{ "zeros", 4096, NULL, NULL },
	};
	struct cfs_fsck count;

	start();
	for (unsigned version = 0; version <= 2; version++)
		commit(version, claims, version < 2 ? 3 : 2);
	count = look(false, false);
	CHECK(count.findings == 0 && count.images_checked == 3);
	CHECK_EQ(count.objects_checked, 4);
	spoil_object();
	count = look(false, true);
	CHECK(count.findings == 3 && count.missing_objects == 3);
	CHECK_EQ(count.images_corrupted, 0);
	CHECK(strstr(said, " wants " ONE " hits /another hits /one\n"));
}

TEST(an_image_has_the_size_of_its_objects)
{
	const struct claim claims[] = {
		{ "long", 2, ONE_PATH, ONE },
		{ "longer", 3, ONE_PATH, ONE },
		{ "right", 1, ONE_PATH, ONE },
		{ "wrong", 3, ONE_PATH, ONE },
	};
	struct cfs_fsck count;

	for (unsigned version = 0; version <= 2; version++) {
		start();
		commit(version, claims, 4);
		count = look(false, false);
		CHECK(count.findings == 3 && count.images_corrupted == 1);
		CHECK(strstr(said, ": /long: it has 2 bytes, its object " ONE
				   " 1\n"));
		CHECK(strstr(said, "r: it has 3 bytes") ||
		      strstr(said, "g: it has 3 bytes"));
		/* A damaged object is no fault of the image. */
		put(root, OBJECT, "damaged");
		count = look(false, false);
		CHECK(count.findings == 2 && count.objects_corrupted == 1);
		CHECK_EQ(count.images_corrupted, 0);
		CHECK(strstr(said, "image-damaged-object: images/"));
		CHECK(strstr(said, " wants " ONE " hits /long hits /longer "
				   "hits /right and more\n"));
		CHECK_EQ(look(false, true).findings, 0);
	}
}

TEST(an_image_names_objects_by_their_digests)
{
	const struct claim none = { "x", 1, "some/file", ONE };
	const struct claim other = {
		"x", 1,
		"b8/13429503d95915829b29fdbc8bbad142f3abfd11b1cadf5526582e685c"
		"0551",
		ONE
	};
	const struct claim alone = { "x", 1, ONE_PATH, NULL };

	start();
	commit(1, &none, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its content is some/file, no object\n"));
	start();
	commit(0, &other, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its content is b8/1342"));
	CHECK(strstr(said, ", not its digest\n"));
	start();
	commit(1, &alone, 1);
	CHECK_EQ(look(false, false).findings, 0);
	spoil_object();
	CHECK_EQ(look(false, true).missing_objects, 1);
}

TEST(an_image_has_objects_of_the_repositorys_algorithm)
{
	char hex[CFS_DIGEST_HEX_MAX];
	const struct claim claim = { "x", 1, NULL, hex };

	start();
	memset(hex, 'a', 128);
	hex[128] = '\0';
	commit(1, &claim, 1);
	CHECK_EQ(look(false, false).images_corrupted, 1);
	CHECK(strstr(said, ": /x: its object is of sha512, not sha256\n"));
}

TEST(one_image_is_looked_at_by_itself)
{
	const struct claim claims[] = {
		{ "one", 1, ONE_PATH, ONE },
		{ "another", 1, ONE_PATH, ONE },
	};
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_fsck_params params = { .metadata_only = true,
						.found = note };
	struct cfs_fsck count;
	struct cfs_digest id;

	start();
	id = commit(1, claims, 2);
	make_link(root, "images/other", "nowhere");
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 0 && count.images_checked == 1);
	/* Another size tells that it is damaged. */
	put(root, OBJECT, "damaged");
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.images_corrupted == 0);
	CHECK(strstr(said, ": it has 7 bytes hits /another hits /one\n"));
	put(root, OBJECT, "x");
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK_EQ(count.findings, 0);
	spoil_object();
	said[0] = '\0';
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.missing_objects == 1);
	CHECK(strstr(said, "image-missing-object: images/"));
	id.bytes[0] ^= 1;
	CHECK_EQ(cfs_repo_fsck_image(&repo, &id, &params, &count, &err), 0);
	CHECK(count.findings == 1 && count.images_corrupted == 1);
}
