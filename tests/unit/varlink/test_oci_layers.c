/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "base/io.h"
#include "tests/unit/varlink/oci.h"

static char verity[CFS_DIGEST_HEX_MAX]; /* of the layer's stream */

static void start_with_layer(const char *name)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start_oci(name);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_oci_image_open(&repo, &manifest_id, &image, &err), 1);
	cfs_digest_to_hex(&image.layers[0], verity);
}

static void unlink_layer(void)
{
	CFS_AUTOFREE char *link =
		below(root, text("streams/oci-layer-%s", layer_id.text));

	CHECK_EQ(unlink(link), 0);
}

/* Calls GetLayer for @id and takes the descriptors: the pipe, objects/ and the
 * one that is held. */
static void get(const char *id, int ret[static 3])
{
	CHECK_STR(call_oci("GetLayer", text("'params':{'diff_id':'%s'}", id)),
		  "{'parameters': {'dir_count': 1}}");
	CHECK_EQ(last.n_fds_back, 3);
	for (int i = 0; i < 3; i++)
		ret[i] = cfs_steal_fd(&last.fds_back[i]);
	last.n_fds_back = 0;
}

/* Calls PutLayer with @n descriptors. */
static const char *put_layer(const char *id, const char *zerocopy, int *fds,
			     unsigned n)
{
	static char reply[2000];

	CHECK_EQ(dispatch(text("{'method':'org.composefs.Oci.PutLayer',"
			       "'parameters':{'handle':%u,'diff_id':'%s',"
			       "'zerocopy':%s}}",
			       handle, id, zerocopy),
			  fds, n),
		 0);
	snprintf(reply, sizeof(reply), "%s", (const char *)last.text.data);
	for (char *c = reply; *c; c++)
		if (*c == '"')
			*c = '\'';
	return reply;
}

static void close_all(int fds[static 3])
{
	for (int i = 0; i < 3; i++)
		cfs_closep(&fds[i]);
}

/* A pipe, or rather a file, with the bytes of @stream; and a directory. */
static void make_fds(const char *stream, size_t len, int ret[static 2])
{
	CFS_AUTOFREE char *path = below(root, "stream");

	ret[0] = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	ret[1] = open(root, O_PATH | O_CLOEXEC);
	CHECK(ret[0] >= 0 && ret[1] >= 0);
	CHECK_EQ(write(ret[0], stream, len), len);
	CHECK_EQ(lseek(ret[0], 0, SEEK_SET), 0);
}

/* The reply to PutLayer with @len bytes as the stream. */
static const char *put_stream(const char *id, const char *stream, size_t len)
{
	int fds[2];
	const char *reply;

	make_fds(stream, len, fds);
	reply = put_layer(id, "false", fds, 2);
	cfs_closep(&fds[0]);
	cfs_closep(&fds[1]);
	return reply;
}

TEST(a_layer_that_is_sent_can_be_received)
{
	int fds[3];
	const char *reply;

	start_with_layer("sent");
	get(layer_id.text, fds);
	unlink_layer();
	reply = put_layer(layer_id.text, "false", fds, 2);
	CHECK(strstr(reply, text("{'parameters': {'layer_verity': '%s', "
				 "'already_present': false, "
				 "'objects_reflinked': 0, "
				 "'objects_hardlinked': 0, ",
				 verity)));
	close_all(fds);
	CHECK(strstr(
		call_oci("HasLayer", text("'diff_id':'%s'", layer_id.text)),
		verity));
	stop_oci();
}

TEST(a_layer_that_is_there_keeps_its_stream)
{
	int fds[3];

	start_with_layer("again");
	get(layer_id.text, fds);
	CHECK(strstr(put_layer(layer_id.text, "true", fds, 2),
		     text("{'layer_verity': '%s', 'already_present': true, ",
			  verity)));
	close_all(fds);
	stop_oci();
}

TEST(another_layer_than_the_digest_says_gets_no_name)
{
	int fds[3];
	const char *reply;

	start_with_layer("other");
	get(layer_id.text, fds);
	reply = put_layer(manifest_id.text, "false", fds, 2);
	CHECK_STR(
		reply,
		text("{'error': '" OCI_ERROR(
			     "DiffIdMismatch") "', "
					       "'parameters': {'expected': '%s', 'actual': '%s'}}",
		     manifest_id.text, layer_id.text));
	close_all(fds);
	/* Also if it is no archive. */
	CHECK(is_error(put_stream(layer_id.text, "\0\5\0\0\0hello", 10),
		       OCI_ERROR("DiffIdMismatch")));
	CHECK(strstr(
		call_oci("HasLayer", text("'diff_id':'%s'", manifest_id.text)),
		"'present': false"));
	stop_oci();
}

TEST(what_is_no_layer_is_refused)
{
	static const char hello[] =
		"sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362"
		"938b9824";

	start_with_layer("none");
	/* It is what its digest says, but no archive. */
	CHECK(is_error(put_stream(hello, "\0\5\0\0\0hello", 10),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(put_stream(hello, "\7", 1),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(put_stream(hello, "\0\5\0\0\0hel", 8),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(put_stream("hello", "", 0), OCI_ERROR("InvalidDigest")));
	stop_oci();
}

TEST(the_descriptors_of_a_pipe_and_a_directory_are_needed)
{
	int fds[2];

	start_with_layer("fds");
	make_fds("", 0, fds);
	CHECK(is_error(put_layer(layer_id.text, "false", fds, 0),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(put_layer(layer_id.text, "false", fds, 1),
		       OCI_ERROR("InvalidRequest")));
	/* A directory is no pipe. */
	close(fds[0]);
	fds[0] = dup(fds[1]);
	CHECK(is_error(put_layer(layer_id.text, "false", fds, 2),
		       OCI_ERROR("InvalidRequest")));
	cfs_closep(&fds[0]);
	cfs_closep(&fds[1]);
	stop_oci();
}

TEST(a_layer_that_is_missing_is_not_sent)
{
	start_with_layer("missing");
	CHECK_STR(
		call_oci("GetLayer",
			 text("'params':{'diff_id':'%s'}", manifest_id.text)),
		text("{'error': '" OCI_ERROR(
			     "NoSuchLayer") "', "
					    "'parameters': {'diff_id': '%s'}}",
		     manifest_id.text));
	CHECK(is_error(call_oci("GetLayer", "'params':{'diff_id':'x'}"),
		       OCI_ERROR("InvalidDigest")));
	CHECK(is_error(call_oci("GetLayer", "'params':{}"),
		       OCI_ERROR("InvalidRequest")));
	CHECK_EQ(last.n_fds_back, 0);
	stop_oci();
}

TEST(the_reply_that_is_not_wanted_takes_its_descriptors_along)
{
	start_with_layer("oneway");
	CHECK_EQ(dispatch(text("{'method':'org.composefs.Oci.GetLayer',"
			       "'oneway':true,'parameters':{'handle':%u,"
			       "'params':{'diff_id':'%s'}}}",
			       handle, layer_id.text),
			  NULL, 0),
		 0);
	CHECK_EQ(last.n_fds_back, 0);
	/* Waits for the sender. */
	stop_oci();
}
