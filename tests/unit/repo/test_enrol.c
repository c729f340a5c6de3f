/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/enrol.h"

#include "repo/lock.h"
#include "repo/object.h"
#include "tests/fake/kernel.h"
#include "tests/unit/repo/repo.h"

static struct cfs_err err;
static struct cfs_digest id;
static char root[4096];
static const struct cfs_bytes der = { (const uint8_t *)"signature", 9 };

/* A store with an object of one zero byte, for which there is no fs-verity. */
static int start(struct cfs_store *store)
{
	struct cfs_bytes data = { (const uint8_t *)"", 1 };
	struct cfs_repo repo = CFS_REPO_INIT;
	int fd = -EBADF;

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 100,
				     .enable_result = -ENOTTY };
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_repo_lock(&repo, CFS_LOCK_SHARED, NULL, &err), 1);
	CHECK_EQ(cfs_store_open(&repo, CFS_STORE_INSECURE, NULL, store, &err),
		 0);
	CHECK_EQ(cfs_object_add_bytes(store, data, &id, &err), 0);
	CHECK_EQ(cfs_object_open(store->objects, &id, &fd, &err), 1);
	return fd;
}

/* From here on the kernel vouches for the object. */
static void has_verity(void)
{
	fake = (struct fake_kernel){ .alg = FS_VERITY_HASH_ALG_SHA256,
				     .digest = id.bytes };
}

/* Has another file its name than @fd? */
static bool replaced(const struct cfs_store *store, int fd)
{
	CFS_AUTOFD int now = -EBADF;
	struct stat a, b;

	CHECK_EQ(cfs_object_open(store->objects, &id, &now, &err), 1);
	CHECK_EQ(fstat(fd, &a), 0);
	CHECK_EQ(fstat(now, &b), 0);
	CHECK_EQ(b.st_size, 1);
	return a.st_ino != b.st_ino;
}

static unsigned left_over(void)
{
	CFS_AUTOFREE char *objects = below(root, "objects");
	CFS_AUTODIR DIR *dir = NULL;
	unsigned n = 0;

	dir = opendir(objects);
	CHECK(dir);
	for (struct dirent *e; (e = readdir(dir));)
		n += strncmp(e->d_name, ".tmp-", 5) == 0;
	return n;
}

TEST(without_verity_there_is_nothing_to_enrol_with)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err),
		 CFS_ENROL_UNSUPPORTED);
	CHECK(!replaced(&store, fd));
}

TEST(a_plain_object_gets_verity_and_signature_in_place)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	/* this kernel takes it and measures nothing afterwards */
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err), -EBADMSG);
	CHECK_EQ(fake.enabled.sig_size, der.len);
	fake = (struct fake_kernel){ .measure_result = -ENODATA,
				     .enable_failures = 1,
				     .enable_result = -ENOKEY };
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err), -ENOKEY);
	CHECK(!replaced(&store, fd));
}

TEST(an_object_with_verity_is_replaced_by_one_with_both)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	has_verity();
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err), CFS_ENROL_DONE);
	CHECK_EQ(fake.enabled.sig_size, der.len);
	CHECK(replaced(&store, fd) && !left_over());
}

TEST(where_the_kernel_cannot_tell_it_is_replaced_too)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	has_verity();
	fake.signature_result = -ENOTTY;
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err), CFS_ENROL_DONE);
	CHECK(replaced(&store, fd));
}

TEST(the_same_signature_is_not_enrolled_twice)
{
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	has_verity();
	fake.signature = der.data;
	fake.signature_result = (int)der.len;
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err),
		 CFS_ENROL_ALREADY);
	CHECK(!replaced(&store, fd));
	/* another of the same length is another one */
	fake.signature = NULL;
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err), CFS_ENROL_DONE);
	CHECK(replaced(&store, fd));
}

TEST(a_refused_signature_leaves_the_object_alone)
{
	static const int codes[] = { ENOKEY, EKEYREJECTED, EBADMSG, ENOPKG };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	CFS_AUTOFD int fd = start(&store);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(codes); i++) {
		has_verity();
		fake.enable_failures = 1;
		fake.enable_result = -codes[i];
		CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err),
			 -codes[i]);
		CHECK(!replaced(&store, fd) && !left_over());
	}
	/* on another file system there may be no fs-verity for the copy */
	has_verity();
	fake.enable_failures = 1;
	fake.enable_result = -ENOTTY;
	CHECK_EQ(cfs_store_enrol(&store, &id, fd, der, &err),
		 CFS_ENROL_UNSUPPORTED);
	CHECK(!replaced(&store, fd) && !left_over());
}
