/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/sign_objects.h"

#include "base/io.h"
#include "keys/verify.h"
#include "tests/unit/ops/signed.h"

static struct cfs_sign_objects_result result;

/* More than one thread has in one job. */
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static struct cfs_digest object(char letter)
{
	struct cfs_digest id;

	CHECK_EQ(cfs_verity_digest_bytes(CFS_ALG_SHA256, content_of(letter),
					 &id, &err),
		 0);
	return id;
}

static int sign_letters(const struct cfs_sign_objects_params *params,
			const struct cfs_digest *of, const char *letters)
{
	CFS_AUTODIGESTSET struct cfs_digest_set ids = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	result = (struct cfs_sign_objects_result){ 0 };
	for (; *letters; letters++) {
		struct cfs_digest id = object(*letters);

		CHECK_EQ(cfs_digest_set_add(&ids, &id, &err), 0);
	}
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	return cfs_sign_objects(&store, params, of, &ids, &result, &err);
}

static int sign_by(struct cfs_signing *key, unsigned threads,
		   const char *letters)
{
	const struct cfs_sign_objects_params params = { .keys = &key,
							.n = 1,
							.kernel = CFS_KERNEL_NO,
							.threads = threads };

	return sign_letters(&params, &image, letters);
}

static bool has_pack(void)
{
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int fd = open_dir(root);

	cfs_sigpack_path(&image, path);
	return cfs_name_exists(fd, path) != 0;
}

/* Reads the pack of @of. */
static void read_pack(const struct cfs_digest *of, struct cfs_buf *bytes,
		      struct cfs_sigpack *ret)
{
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int fd = open_dir(root);

	cfs_sigpack_path(of, path);
	bytes->len = 0;
	CHECK_EQ(cfs_read_file(fd, path, CFS_SIGPACK_MAX, bytes, &err), 1);
	CHECK_EQ(cfs_sigpack_read(cfs_buf_bytes(bytes), ret, &err), 0);
}

/* Has @key signed the objects of all of @letters, by the pack of @of? */
static void check_signed(const struct cfs_signing *key,
			 const struct cfs_digest *of, const char *letters)
{
	struct cfs_certs certs = cert_of(key);
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	struct cfs_sigpack pack;

	read_pack(of, &bytes, &pack);
	for (; *letters; letters++) {
		struct cfs_digest id = object(*letters);
		struct cfs_bytes der;

		CHECK(cfs_sigpack_find(&pack, &id, &der));
		CHECK_EQ(cfs_signature_verify(der, &id, &certs, NULL, &err), 0);
	}
}

TEST(all_objects_are_signed_by_any_number_of_threads)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");

	for (unsigned threads = 0; threads < 4; threads++) {
		start_image();
		CHECK_EQ(sign_by(key, threads, LETTERS), 0);
		CHECK(result.kept && result.n == 1);
		CHECK_EQ(result.signer[0].n_new, strlen(LETTERS));
		check_signed(key, &image, LETTERS);
	}
}

TEST(what_is_signed_is_not_signed_again)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	CFS_AUTOBUF struct cfs_buf first = { 0 }, second = { 0 };
	struct cfs_sigpack pack;

	start_image();
	CHECK_EQ(sign_by(key, 2, "abc"), 0);
	read_pack(&image, &first, &pack);
	/* ECDSA would make other bytes. */
	CHECK_EQ(sign_by(key, 2, "abc"), 0);
	CHECK_EQ(result.signer[0].n_new, 0);
	read_pack(&image, &second, &pack);
	CHECK_EQ(first.len, second.len);
	CHECK_MEM(first.data, second.data, first.len);
	CHECK_EQ(sign_by(key, 2, "bcd"), 0);
	CHECK_EQ(result.signer[0].n_new, 1);
	/* What is not asked for any more stays. */
	check_signed(key, &image, "abcd");
}

TEST(signers_come_together_and_those_of_before_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	struct cfs_signing *both[] = { one, two };
	const struct cfs_sign_objects_params params = {
		.keys = both, .n = 2, .kernel = CFS_KERNEL_NO
	};

	start_image();
	CHECK_EQ(sign_by(one, 1, "ab"), 0);
	CHECK_EQ(sign_letters(&params, &image, "abc"), 0);
	CHECK_EQ(result.signer[0].n_new, 1);
	CHECK_EQ(result.signer[1].n_new, 3);
	check_signed(one, &image, "abc");
	check_signed(two, &image, "abc");
}

TEST(signatures_of_the_same_objects_are_taken_from_other_images)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	const struct cfs_sign_objects_params params = {
		.keys = &key, .n = 1, .kernel = CFS_KERNEL_NO
	};
	const struct cfs_digest other = { CFS_ALG_SHA256, { 1 } };

	start_image();
	CHECK_EQ(sign_by(key, 1, "abc"), 0);
	CHECK_EQ(sign_letters(&params, &other, "bcd"), 0);
	CHECK_EQ(result.signer[0].n_new, 1);
	check_signed(key, &other, "bcd");
	check_signed(key, &image, "abc");
}

TEST(an_image_without_such_objects_gets_no_pack)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");

	start_image();
	CHECK_EQ(sign_by(key, 2, ""), 0);
	CHECK(!result.kept);
	CHECK(!has_pack());
}

static void write_pack_of(char letter, struct cfs_bytes der)
{
	const struct cfs_sigpack_entry e = { object(letter), der };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char path[CFS_SIGPACK_PATH_MAX];
	CFS_AUTOFD int fd = open_dir(root);

	CHECK_EQ(cfs_sigpack_write(&e, 1, &buf, &err), 0);
	cfs_sigpack_path(&image, path);
	CHECK_EQ(cfs_replace_file(fd, path, buf.data, buf.len), 0);
}

static void write_pack(const char *der)
{
	write_pack_of('a',
		      (struct cfs_bytes){ (const uint8_t *)der, strlen(der) });
}

TEST(junk_is_not_signed_over_by_any_number_of_threads)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_digest id = object('a');
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_sigpack pack;

	cfs_digest_to_hex(&id, hex);
	for (unsigned threads = 1; threads < 4; threads++) {
		start_image();
		write_pack("junk");
		CHECK_EQ(sign_by(key, threads, LETTERS), -EBADMSG);
		CHECK(strstr(err.msg, hex));
		CHECK(!result.kept);
		read_pack(&image, &bytes, &pack);
		CHECK_EQ(pack.n, 1);
	}
}

/* Signatures of all objects but @missing, by @key. */
struct elsewhere {
	struct cfs_signing *key;
	char missing;
};

static int find(void *arg, const struct cfs_digest *id, struct cfs_buf *ret,
		struct cfs_err *e)
{
	const struct elsewhere *from = arg;
	struct cfs_digest missing = object(from->missing);

	if (cfs_digest_equal(id, &missing))
		return 0;
	return cfs_sign(from->key, id, (struct cfs_bytes){ 0 }, ret, e);
}

TEST(signatures_made_elsewhere_are_attached_if_none_is_missing)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_certs certs = cert_of(key);
	struct elsewhere from = { key, 'b' };
	const struct cfs_sign_objects_params params = { .find = find,
							.find_arg = &from,
							.certs = &certs,
							.kernel =
								CFS_KERNEL_NO };

	start_image();
	CHECK_EQ(sign_letters(&params, &image, "abc"), -ENOENT);
	CHECK(!has_pack());
	from.missing = 'z';
	CHECK_EQ(sign_letters(&params, &image, "abc"), 0);
	CHECK_EQ(result.attached, 3);
	check_signed(key, &image, "abc");
	/* What is signed need not come again. */
	from.missing = 'b';
	CHECK_EQ(sign_letters(&params, &image, "abcd"), 0);
	CHECK_EQ(result.attached, 1);
	check_signed(key, &image, "abcd");
}

TEST(what_a_stranger_signed_is_not_attached)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	struct cfs_certs certs = cert_of(one);
	struct elsewhere from = { two, 'z' };
	const struct cfs_sign_objects_params params = { .find = find,
							.find_arg = &from,
							.certs = &certs,
							.kernel =
								CFS_KERNEL_NO };

	start_image();
	CHECK_EQ(sign_letters(&params, &image, "abc"), -ENOKEY);
	CHECK(!has_pack());
}

TEST(the_kernel_can_be_demanded_and_the_signatures_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	struct cfs_sign_objects_params params = { .keys = &key, .n = 1 };

	start_image();
	CHECK_EQ(sign_letters(&params, &image, "ab"), 0);
	CHECK_EQ(result.enrolled, 0);
	CHECK_EQ(result.why_not.code, EOPNOTSUPP);
	params.kernel = CFS_KERNEL_YES;
	CHECK_EQ(sign_letters(&params, &image, "ab"), -EOPNOTSUPP);
	CHECK(strstr(err.msg, "hand the signatures to the kernel"));
	CHECK(result.kept);
	check_signed(key, &image, "ab");
}

/* Takes @old out of the pack of the image, whose objects are those of @letters,
 * with @key or what @certs signed. */
static int replace_signer(const struct cfs_signing *old,
			  struct cfs_signing *key,
			  const struct cfs_certs *certs, const char *letters)
{
	const struct cfs_certs leaving = cert_of(old);
	const struct cfs_sign_objects_params params = { .keys = &key,
							.n = key ? 1 : 0,
							.certs = certs,
							.leaving = &leaving,
							.kernel =
								CFS_KERNEL_NO };
	CFS_AUTODIGESTSET struct cfs_digest_set of = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;

	result = (struct cfs_sign_objects_result){ 0 };
	for (; *letters; letters++) {
		struct cfs_digest id = object(*letters);

		CHECK_EQ(cfs_digest_set_add(&of, &id, &err), 0);
	}
	CHECK_EQ(cfs_access_write(&access_of_root, &store, &err), 0);
	return cfs_replace_signers(&store, &params, &image, &of, &result, &err);
}

/* How many objects of @letters the pack of the image has with a right signature
 * of @key. */
static unsigned count_signed(const struct cfs_signing *key, const char *letters)
{
	struct cfs_certs certs = cert_of(key);
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };
	struct cfs_sigpack pack;
	unsigned n = 0;

	read_pack(&image, &bytes, &pack);
	for (; *letters; letters++) {
		struct cfs_digest id = object(*letters);
		struct cfs_err ignored;
		struct cfs_bytes der;

		n += cfs_sigpack_find(&pack, &id, &der) &&
		     cfs_signature_verify(der, &id, &certs, NULL, &ignored) ==
			     0;
	}
	return n;
}

TEST(a_signer_is_replaced_where_it_signed_and_others_stay)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *three = key_of("three");

	start_image();
	CHECK_EQ(sign_by(one, 1, "abc"), 0);
	CHECK_EQ(sign_by(two, 1, "cde"), 0);
	CHECK_EQ(replace_signer(one, three, NULL, "abcdef"), 0);
	CHECK(result.kept);
	CHECK_EQ(result.signer[0].n_new, 3);
	CHECK_EQ(count_signed(one, "abcde"), 0);
	CHECK_EQ(count_signed(two, "cde"), 3);
	CHECK_EQ(count_signed(three, "abc"), 3);
	CHECK_EQ(count_signed(three, "de"), 0);
	/* Once more, there is nobody to replace. */
	CHECK_EQ(replace_signer(one, three, NULL, "abcdef"), 0);
	CHECK(!result.kept);
}

TEST(without_a_key_a_signer_stays_where_no_other_has_signed)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	const struct cfs_certs certs = cert_of(two);

	start_image();
	CHECK_EQ(sign_by(one, 1, "abcd"), 0);
	CHECK_EQ(replace_signer(one, NULL, &certs, "abcd"), 4);
	CHECK(!result.kept);
	CHECK_EQ(count_signed(one, "abcd"), 4);
	CHECK_EQ(sign_by(two, 1, "bc"), 0);
	CHECK_EQ(replace_signer(one, NULL, &certs, "abcd"), 2);
	CHECK(result.kept);
	CHECK_EQ(count_signed(one, "ad"), 2);
	CHECK_EQ(count_signed(one, "bc"), 0);
	CHECK_EQ(count_signed(two, "bc"), 2);
}

TEST(no_signer_is_replaced_in_an_image_without_a_pack_or_in_junk)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");

	start_image();
	CHECK_EQ(replace_signer(one, two, NULL, "a"), 0);
	CHECK(!has_pack());
	write_pack("junk");
	CHECK_EQ(replace_signer(one, two, NULL, "a"), 0);
	CHECK(!result.kept);
}

/* Writes a pack that has the object 'a' with a signature of another one. */
static void write_replayed(struct cfs_signing *key)
{
	CFS_AUTOBUF struct cfs_buf der = { 0 };
	struct cfs_digest other = object('x');

	CHECK_EQ(cfs_sign(key, &other, (struct cfs_bytes){ 0 }, &der, &err), 1);
	write_pack_of('a', cfs_buf_bytes(&der));
}

TEST(a_pack_gets_no_signature_for_what_it_claims)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");

	/* Objects that the image does not have. */
	start_image();
	CHECK_EQ(sign_by(one, 1, "abz"), 0);
	CHECK_EQ(replace_signer(one, two, NULL, "ab"), 0);
	CHECK_EQ(count_signed(two, "abz"), 2);
	CHECK_EQ(count_signed(one, "z"), 1);
	/* Objects that the signer who is replaced did not sign. */
	start_image();
	write_replayed(one);
	CHECK_EQ(replace_signer(one, two, NULL, "a"), 0);
	CHECK(!result.kept);
	CHECK_EQ(count_signed(two, "a"), 0);
}
