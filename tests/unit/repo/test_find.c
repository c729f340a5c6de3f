/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/find.h"

#include "tests/unit/repo/repo.h"

#define A     "abcdefabcdef0000"
#define B     "abcdefabcdef0123"
#define C     "123456123456789a"
#define PAD16 "0000000000000000"
#define PAD48 PAD16 PAD16 PAD16
#define SHA512_META                                                          \
	"{\"version\":1,\"algorithm\":\"fsverity-sha512-12\",\"features\":{" \
	"\"read-only-compatible\":[\"v1_erofs\"]},\"erofs_formats\":{"       \
	"\"default\":1}}"

static struct cfs_err err;
static struct cfs_repo repo;

static void add_image(const char *root, const char *hex)
{
	CFS_AUTOFREE char *name = below("images", hex);

	make_link(root, name, "../objects/00/11");
}

/* A repository of three images, two of which begin alike, and two names. */
static void start(const char *meta, const char *pad)
{
	const char *const images[] = { A, B, C };
	char root[4096], hex[200];

	strcpy(root, fresh_dir());
	put(root, "meta.json", meta);
	make_dir(root, "objects");
	make_dir(root, "images");
	make_dir(root, "images/refs");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(images); i++) {
		snprintf(hex, sizeof(hex), "%s%s", images[i], pad);
		add_image(root, hex);
	}
	snprintf(hex, sizeof(hex), "../" C "%s", pad);
	make_link(root, "images/refs/stable", hex);
	snprintf(hex, sizeof(hex), "../" A "%s", pad);
	make_link(root, "images/refs/123456123456", hex);
	cfs_repo_close(&repo);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
}

static void start_256(void)
{
	start(SHA256_META, PAD48);
}

static void start_512(void)
{
	start(SHA512_META, PAD48 PAD48 PAD16);
}

/* Does @text name the image whose digest begins with @want? */
static bool finds(const char *text, const char *want)
{
	char hex[CFS_DIGEST_HEX_MAX] = "";
	struct cfs_digest id;
	int r = cfs_image_find(&repo, text, &id, &err);

	if (r == 1)
		cfs_digest_to_hex(&id, hex);
	if (r == 1 && strncmp(hex, want, strlen(want)) == 0)
		return true;
	printf("# %s: %d %s %s\n", text, r, hex, r < 0 ? err.msg : "");
	return false;
}

static bool fails(const char *text, int code, const char *words)
{
	struct cfs_digest id;
	int r = cfs_image_find(&repo, text, &id, &err);

	if (r == code && (code == 0 || strstr(err.msg, words)))
		return true;
	printf("# %s: %d %s\n", text, r, r < 0 ? err.msg : "");
	return false;
}

TEST(names_and_digests_are_found)
{
	start_256();
	CHECK(finds("stable", C));
	CHECK(finds("refs/stable", C));
	CHECK(finds(A PAD48, A));
	CHECK(finds("sha256:" B PAD48, B));
	CHECK(fails("unstable", 0, ""));
	CHECK(fails("refs/unstable", 0, ""));
	CHECK(fails("refs/" A PAD48, 0, ""));
	CHECK(fails("refs/../x", -EINVAL, "'..'"));
	CHECK(fails(PAD16 PAD48, 0, ""));
	CHECK(fails("sha256:" PAD16 PAD48, 0, ""));
	start_512();
	CHECK(finds("sha512:" A PAD48 PAD48 PAD16, A));
	CHECK(finds(A PAD48 PAD48 PAD16, A));
}

TEST(digits_may_be_upper_case)
{
	start_256();
	CHECK(finds("ABCDEFABCDEF0123" PAD48, B));
	CHECK(finds("ABCDEFABCDEF01", B));
}

TEST(the_beginning_of_a_digest_is_enough_if_no_other_begins_so)
{
	start_256();
	CHECK(finds("abcdefabcdef01", B));
	CHECK(finds("sha256:abcdefabcdef01", B));
	CHECK(finds("abcdefabcdef000", A));
	CHECK(finds("sha256:123456123456", C));
	CHECK(fails("abcdefabcdef2", 0, ""));
	start_512();
	CHECK(finds("sha512:123456123456", C));
	/* As many digits as a SHA-256 digest has. */
	CHECK(finds(C PAD48, C));
}

TEST(several_that_begin_so_are_listed)
{
	start_256();
	CHECK(fails("abcdefabcdef", -ENOTUNIQ, "abcdefabcdef000000, "));
	CHECK(strstr(err.msg, ", abcdefabcdef012300"));
	CHECK(strstr(err.msg, "2 images have digests that begin with "
			      "abcdefabcdef"));
	CHECK(fails("sha256:abcdefabcdef0", -ENOTUNIQ, "2 images"));
}

TEST(many_are_listed_in_part)
{
	char root[4096], hex[200];

	strcpy(root, fresh_dir());
	put(root, "meta.json", SHA256_META);
	make_dir(root, "images");
	for (int i = 0; i < 12; i++) {
		snprintf(hex, sizeof(hex), "%.60s%04d", A PAD48, i);
		add_image(root, hex);
	}
	cfs_repo_close(&repo);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK(fails("abcdefabcdef", -ENOTUNIQ, "12 images"));
	CHECK(strstr(err.msg, "0005, ..."));
}

TEST(fewer_than_twelve_digits_are_a_name)
{
	start_256();
	CHECK(fails("abcdefabcde", 0, ""));
	CHECK(fails("sha256:abcdefabcde", 0, ""));
}

TEST(a_name_comes_before_the_beginning_of_a_digest)
{
	start_256();
	CHECK(finds("123456123456", A));
	CHECK(finds("sha256:123456123456", C));
	CHECK(finds("1234561234567", C));
}

TEST(a_digest_of_the_other_algorithm_is_said_to_be_one)
{
	start_256();
	CHECK(fails(A PAD48 PAD48 PAD16, -ENOENT,
		    "128 digits name a SHA-512 image, this repository has "
		    "SHA-256"));
	CHECK(fails("sha512:abcdefabcdef01", -ENOENT, "SHA-256"));
	start_512();
	CHECK(fails(PAD16 PAD48, -ENOENT,
		    "64 digits name a SHA-256 image, this repository has "
		    "SHA-512"));
	CHECK(fails("sha256:abcdefabcdef01", -ENOENT, "SHA-512"));
}

TEST(what_is_no_image_does_not_match)
{
	start_256();
	CHECK_EQ(symlinkat("x", repo.fd, "images/777777777777"), 0);
	CHECK_EQ(symlinkat("x", repo.fd, "images/777777777777zz"), 0);
	CHECK(fails("777777777777", 0, ""));
}
