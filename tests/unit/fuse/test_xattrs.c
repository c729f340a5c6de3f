/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/fuse/session.h"

#define OBJECT \
	"11/22334455667788112233445566778811223344556677881122334455667788"
#define DIGEST \
	"1122334455667788112233445566778811223344556677881122334455667788"

static const char dump[] =
	"/ 4096 40755 2 0 0 0 1.5 - - -\n"
	"/in 3 100644 1 0 0 0 1.0 - abc - user.x=one trusted.y=two "
	"user.overlay.z=three\n"
	"/out 500 100644 1 0 0 0 1.0 " OBJECT " - " DIGEST "\n";

/* Asks for xattr @name of @nid. */
static int ask_xattr(struct kernel *k, uint64_t nid, const char *name,
		     uint32_t size)
{
	struct {
		struct fuse_getxattr_in in;
		char name[256];
	} body = { .in = { .size = size } };

	snprintf(body.name, sizeof(body.name), "%s", name);
	return ask(k, FUSE_GETXATTR, nid, &body,
		   sizeof(body.in) + strlen(name) + 1);
}

/* The names of the xattrs of @nid, each followed by a space. */
static const char *names(struct kernel *k, uint64_t nid)
{
	const struct fuse_getxattr_in in = { .size = 4096 };

	CHECK_EQ(ask(k, FUSE_LISTXATTR, nid, &in, sizeof(in)), 0);
	for (size_t i = 0; i < k->len; i++)
		if (k->reply[i] == '\0')
			k->reply[i] = ' ';
	k->reply[k->len] = '\0';
	return k->reply;
}

TEST(a_value_its_length_and_a_buffer_too_short)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	struct fuse_getxattr_out out;
	uint64_t in = number_of(k, "in");

	CHECK_EQ(ask_xattr(k, in, "user.x", 100), 0);
	CHECK(got(k, "one"));
	CHECK_EQ(ask_xattr(k, in, "user.x", 3), 0);
	CHECK_EQ(ask_xattr(k, in, "user.x", 2), -ERANGE);
	CHECK_EQ(ask_xattr(k, in, "user.x", 0), 0);
	memcpy(&out, k->reply, sizeof(out));
	CHECK_EQ(out.size, 3);
	stop_kernel(k);
}

/* ENOSYS would be for all files and for good. */
TEST(an_xattr_that_a_file_lacks_is_no_reason_to_ask_no_more)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);

	CHECK_EQ(ask_xattr(k, number_of(k, "in"), "user.none", 100), -ENODATA);
	CHECK_EQ(ask_xattr(k, FUSE_ROOT_ID, "user.x", 100), -ENODATA);
	CHECK_EQ(ask_xattr(k, 12345678, "user.x", 100), -EIO);
	stop_kernel(k);
}

TEST(only_root_sees_the_names_of_trusted_xattrs)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	uint64_t in = number_of(k, "in");

	/* Requests here are those of user 0. */
	k->server.has_root = true;
	CHECK(strstr(names(k, in), "trusted.y "));
	k->server.has_root = false;
	CHECK(!strstr(names(k, in), "trusted."));
	CHECK(strstr(k->reply, "user.x "));
	stop_kernel(k);
}

TEST(an_overlay_of_a_user_is_led_to_the_object)
{
	static const uint8_t metacopy[] = { 0, 36, 0, 1, 0x11, 0x22 };
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_OVERLAY);
	uint64_t out = number_of(k, "out"), in = number_of(k, "in");

	CHECK_EQ(ask_xattr(k, out, "user.overlay.redirect", 4096), 0);
	CHECK(got(k, "/" OBJECT));
	CHECK_EQ(ask_xattr(k, out, "user.overlay.metacopy", 4096), 0);
	CHECK_EQ(k->len, 36);
	CHECK_MEM(k->reply, metacopy, sizeof(metacopy));
	CHECK_EQ(ask_xattr(k, in, "user.overlay.redirect", 4096), -ENODATA);
	CHECK_EQ(ask_xattr(k, in, "user.overlay.metacopy", 4096), -ENODATA);
	stop_kernel(k);
	/* And nobody else. */
	k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	CHECK_EQ(ask_xattr(k, number_of(k, "out"), "user.overlay.redirect",
			   4096),
		 -ENODATA);
	stop_kernel(k);
}

/* overlayfs takes one "overlay." away. */
TEST(xattrs_that_an_overlay_would_interpret_are_escaped)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_OVERLAY);
	uint64_t in = number_of(k, "in");

	CHECK(strstr(names(k, in), "user.overlay.overlay.z "));
	CHECK_EQ(ask_xattr(k, in, "user.overlay.overlay.z", 100), 0);
	CHECK(got(k, "three"));
	CHECK_EQ(ask_xattr(k, in, "user.overlay.z", 100), -ENODATA);
	CHECK_EQ(ask_xattr(k, in, "user.x", 100), 0);
	stop_kernel(k);
	k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	CHECK_EQ(ask_xattr(k, number_of(k, "in"), "user.overlay.z", 100), 0);
	CHECK(got(k, "three"));
	stop_kernel(k);
}

#define OTHER \
	"aa/bbccddeeff00112233445566778899aabbccddeeff00112233445566778899"

/* Each thread keeps them of one file: of that file, in that image. */
TEST(an_overlay_that_asks_of_files_by_turns_is_led_to_the_object_of_each)
{
	static const char two[] = "/ 4096 40755 2 0 0 0 1.0 - - -\n"
				  "/a 500 100644 1 0 0 0 1.0 " OBJECT " - -\n"
				  "/b 500 100644 1 0 0 0 1.0 " OTHER " - -\n";
	static const char turned[] = "/ 4096 40755 2 0 0 0 1.0 - - -\n"
				     "/a 500 100644 1 0 0 0 1.0 " OTHER " - -\n"
				     "/b 500 100644 1 0 0 0 1.0 " OBJECT
				     " - -\n";
	struct kernel *k = start_kernel(two, 1, CFS_FUSE_OVERLAY);
	struct kernel *l = start_kernel(turned, 1, CFS_FUSE_OVERLAY);
	uint64_t a = number_of(k, "a"), b = number_of(k, "b");

	CHECK_EQ(number_of(l, "a"), a);
	for (int i = 0; i < 2; i++) {
		CHECK_EQ(ask_xattr(k, a, "user.overlay.redirect", 4096), 0);
		CHECK(got(k, "/" OBJECT));
		CHECK_EQ(ask_xattr(l, a, "user.overlay.redirect", 4096), 0);
		CHECK(got(l, "/" OTHER));
		CHECK_EQ(ask_xattr(l, b, "user.overlay.redirect", 4096), 0);
		CHECK(got(l, "/" OBJECT));
		CHECK_EQ(ask_xattr(k, b, "user.overlay.redirect", 4096), 0);
		CHECK(got(k, "/" OTHER));
		CHECK_EQ(ask_xattr(k, 12345678, "user.overlay.redirect", 4096),
			 -EIO);
		/* Its digest is unknown. */
		CHECK_EQ(ask_xattr(k, b, "user.overlay.metacopy", 4096), 0);
		CHECK_EQ(k->len, 0);
		CHECK_EQ(ask_xattr(k, b, "user.overlay.opaque", 4096),
			 -ENODATA);
	}
	stop_kernel(l);
	stop_kernel(k);
}
