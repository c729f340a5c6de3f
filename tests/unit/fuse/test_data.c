/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/fake/kernel.h"
#include "tests/unit/fuse/session.h"

#define ROOT "/ 4096 40755 3 0 0 0 1.5 - - -\n"

static const char text[] = "the content of an object, which is longer than the "
			   "sixty-four bytes that an image keeps\n";

static char path[CFS_OBJECT_PATH_MAX];

/* The file "in" has its content in the image, "out" in an object. */
static struct kernel *start(enum cfs_fuse_mode mode)
{
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	char objects[4096];
	struct kernel *k;

	fake = (struct fake_kernel){ .measure_result = -ENODATA };
	k = new_kernel(ROOT, 1);
	add_object(k, text, path);
	snprintf(objects, sizeof(objects), "%s", k->objects);
	cfs_closep(&k->params.objects_fd);
	cfs_buf_free(&k->image);
	free(k);
	cfs_buf_addf(&dump,
		     ROOT "/in 3 100644 1 0 0 0 1.0 - abc -\n"
			  "/out %zu 100644 1 0 0 0 1.0 %s - %.2s%s\n",
		     strlen(text), path, path, path + 3);
	cfs_buf_addc(&dump, '\0');
	k = new_kernel((char *)dump.data, 1);
	cfs_closep(&k->params.objects_fd);
	snprintf(k->objects, sizeof(k->objects), "%s", objects);
	k->params.objects_fd = open_dir(objects);
	k->params.mode = mode;
	open_session(k);
	(void)shake_hands(k, 0);
	k->server.mode = mode;
	return k;
}

TEST(contents_in_the_image_are_read_from_any_byte_on)
{
	struct kernel *k = start(CFS_FUSE_PLAIN);
	uint64_t in = number_of(k, "in");

	CHECK_EQ(ask_read(k, in, 0, 4096), 0);
	CHECK(got(k, "abc"));
	CHECK_EQ(ask_read(k, in, 1, 1), 0);
	CHECK(got(k, "b"));
	CHECK_EQ(ask_read(k, in, 3, 10), 0);
	CHECK_EQ(k->len, 0);
	CHECK_EQ(ask_read(k, in, UINT64_MAX, 10), -EINVAL);
	CHECK_EQ(ask_read(k, in, INT64_MAX, 10), 0);
	CHECK_EQ(k->len, 0);
	CHECK_EQ(ask_read(k, FUSE_ROOT_ID, 0, 10), -EISDIR);
	stop_kernel(k);
}

TEST(contents_of_an_object_are_read_from_any_byte_on)
{
	struct kernel *k = start(CFS_FUSE_PLAIN);
	uint64_t out = number_of(k, "out");

	CHECK_EQ(ask_read(k, out, 0, 4096), 0);
	CHECK(got(k, text));
	CHECK_EQ(ask_read(k, out, 4, 7), 0);
	CHECK(got(k, "content"));
	CHECK_EQ(ask_read(k, out, strlen(text), 10), 0);
	CHECK_EQ(k->len, 0);
	CHECK_STR(k->lines, "");
	stop_kernel(k);
}

TEST(a_wrong_object_is_reported_once)
{
	struct kernel *k = start(CFS_FUSE_PLAIN);
	uint64_t out = number_of(k, "out");

	put(k->objects, path, "something else");
	for (unsigned i = 0; i < 3; i++)
		CHECK_EQ(ask_read(k, out, 0, 4096), -EIO);
	CHECK(strstr(k->lines, "/out: object "));
	CHECK(strstr(k->lines, path));
	CHECK(strchr(k->lines, '\n') == strrchr(k->lines, '\n'));
	stop_kernel(k);
}

TEST(an_object_that_shrinks_while_it_is_open_is_an_error)
{
	struct kernel *k = start(CFS_FUSE_PLAIN);
	CFS_AUTOFREE char *file = below(k->objects, path);
	uint64_t out = number_of(k, "out");

	CHECK_EQ(ask_read(k, out, 0, 4), 0);
	CHECK_EQ(truncate(file, 10), 0);
	CHECK_EQ(ask_read(k, out, 4, 7), -EIO);
	CHECK(strstr(k->lines, "/out: object "));
	CHECK(strstr(k->lines, path));
	CHECK(strstr(k->lines, "truncated while it was open"));
	stop_kernel(k);
}

TEST(files_are_opened_without_a_message_but_in_passthrough)
{
	const struct fuse_open_in in = { 0 };
	struct kernel *k = start(CFS_FUSE_PLAIN);

	CHECK_EQ(ask(k, FUSE_OPEN, number_of(k, "in"), &in, sizeof(in)),
		 -ENOSYS);
	stop_kernel(k);
	k = start(CFS_FUSE_OVERLAY);
	CHECK_EQ(ask(k, FUSE_OPEN, number_of(k, "in"), &in, sizeof(in)),
		 -ENOSYS);
	stop_kernel(k);
}

static struct fuse_open_out open_file(struct kernel *k, uint64_t nid)
{
	const struct fuse_open_in in = { 0 };
	struct fuse_open_out out;

	CHECK_EQ(ask(k, FUSE_OPEN, nid, &in, sizeof(in)), 0);
	CHECK_EQ(k->len, sizeof(out));
	memcpy(&out, k->reply, sizeof(out));
	return out;
}

/* There is no kernel that would take the object: the server reads it. */
TEST(in_passthrough_an_object_that_the_kernel_does_not_take_is_read)
{
	struct kernel *k = start(CFS_FUSE_PASSTHROUGH);
	uint64_t out = number_of(k, "out");
	struct fuse_open_out first, second;
	struct fuse_release_in release = { 0 };

	first = open_file(k, out);
	second = open_file(k, out);
	CHECK(first.open_flags & FOPEN_KEEP_CACHE);
	CHECK_EQ(second.open_flags, first.open_flags);
	CHECK_EQ(ask_read(k, out, 0, 4096), 0);
	CHECK(got(k, text));
	release.fh = first.fh;
	CHECK_EQ(ask(k, FUSE_RELEASE, out, &release, sizeof(release)), 0);
	CHECK_EQ(ask_read(k, out, 0, 4096), 0);
	CHECK(got(k, text));
	CHECK_EQ(ask(k, FUSE_RELEASE, out, &release, sizeof(release)), 0);
	stop_kernel(k);
}

TEST(in_passthrough_a_wrong_object_cannot_be_opened)
{
	const struct fuse_open_in in = { 0 };
	struct kernel *k = start(CFS_FUSE_PASSTHROUGH);
	uint64_t out = number_of(k, "out");

	put(k->objects, path, "something else");
	CHECK_EQ(ask(k, FUSE_OPEN, out, &in, sizeof(in)), -EIO);
	CHECK(strstr(k->lines, "/out: object "));
	put(k->objects, path, text);
	(void)open_file(k, out);
	(void)open_file(k, number_of(k, "in"));
	stop_kernel(k);
}
