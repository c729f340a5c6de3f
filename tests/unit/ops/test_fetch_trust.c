/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/fetching.h"

#include "base/io.h"
#include "repo/signature.h"
#include "tests/unit/ops/served.h"

/* Publishes an image that @key has signed, if there is one. */
static struct cfs_digest publish_signed(struct cfs_signing *key)
{
	struct cfs_sign_result signed_by;

	new_web();
	start_image();
	if (key)
		CHECK_EQ(sign_with(key, &signed_by), 0);
	CHECK_EQ(publish_to(web, &image, "name"), 0);
	return image;
}

/* Fetches it with the certificate of @key, and returns the result. */
static int fetch_signed(const struct cfs_signing *key, bool *ret_kept)
{
	struct cfs_certs certs = cert_of(key);
	char path[CFS_SIGNATURE_PATH_MAX];
	struct fetch f;
	int r;

	begin_with(&f, &certs);
	CHECK_EQ(cfs_fetch_begin(&f.store, &f.params, &f.fetching, &err), 0);
	r = cfs_fetch_image(f.fetching, &image, "mine", &err);
	cfs_signature_path(&image, path);
	*ret_kept = cfs_name_exists(f.store.repo.fd, path) > 0;
	CHECK_EQ(count(root, ".", "images"), r == 0);
	/* Nothing is asked for before the signature is right. */
	CHECK(r == 0 || requests(&f.server, ".image.zst") == 0);
	end(&f);
	return r;
}

TEST(the_image_has_to_be_signed_by_a_certificate_that_is_given)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *one = key_of("one");
	CFS_AUTO(cfs_signing_free) struct cfs_signing *two = key_of("two");
	bool kept;

	publish_signed(one);
	CHECK_EQ(fetch_signed(one, &kept), 0);
	CHECK(kept);
	CHECK_EQ(fetch_signed(two, &kept), -ENOKEY);
	CHECK(!kept);
	publish_signed(NULL);
	CHECK_EQ(fetch_signed(one, &kept), -ENODATA);
	CHECK(strstr(err.msg, "no signature of the image"));
}

TEST(a_signature_of_another_image_is_none)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *key = key_of("one");
	CFS_AUTOFREE char *from = NULL, *to = NULL;
	char path[CFS_EXPORT_PATH_MAX];
	struct cfs_digest other;
	bool kept;

	publish_signed(key);
	cfs_export_image_path(&image, ".p7", path);
	from = below(web, path);
	other = add_image("other", "c");
	CHECK_EQ(publish_to(web, &other, "other"), 0);
	cfs_export_image_path(&other, ".p7", path);
	to = below(web, path);
	CHECK_EQ(rename(from, to), 0);
	image = other;
	CHECK(fetch_signed(key, &kept) < 0);
	CHECK(!kept);
}
