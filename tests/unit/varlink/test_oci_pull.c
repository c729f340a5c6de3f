/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Policies, registries and interrupted pulls: tests/cli/varlink_pull.sh. */
#include "tests/unit/varlink/oci.h"

/* Replies before the last one, each in a line, with ' for ". */
static struct cfs_buf frames;

static int keep_frame(void *arg, struct cfs_bytes bytes, struct cfs_err *e)
{
	(void)arg;
	(void)e;
	CHECK_EQ(bytes.data[bytes.len - 1], '\0');
	for (size_t i = 0; i + 1 < bytes.len; i++)
		cfs_buf_addc(&frames,
			     bytes.data[i] == '"' ? '\'' : (char)bytes.data[i]);
	cfs_buf_addc(&frames, '\n');
	return 0;
}

/* Pulls with @more parameters and flags of the call. */
static const char *pull_so(const char *parameters, const char *flags)
{
	frames.len = 0;
	service.send = keep_frame;
	return call(text("{'method':'org.composefs.Oci.Pull','parameters':{"
			 "'handle':%u,%s}%s}",
			 handle, parameters, flags));
}

#define PLAIN "'local_fetch':'disabled','bootable':false"

/* The layout @name of an image with a layer of more than a few steps. */
static char *large_layout(const char *name)
{
	CFS_AUTOBUF struct cfs_buf tar = { 0 };
	CFS_AUTOFREE char *large = malloc((5u << 20) + 1);
	char *described;

	CHECK(large);
	memset(large, 'x', 5u << 20);
	large[5u << 20] = '\0';
	tar_dir(&tar, "usr/", 0755);
	tar_file(&tar, "usr/large", large);
	tar_end(&tar);
	layer_id = id_of_buf(&tar);
	return layout_of(name, &tar, &described);
}

TEST(who_wants_more_is_told_of_each_layer)
{
	char *dir, *parameters;

	start_oci("more");
	dir = large_layout("more-large");
	parameters = text("'image':'oci:%s','name':'n:1'," PLAIN, dir);
	CHECK(strstr(pull_so(parameters, ",'more':true"),
		     "{'parameters': {'completed': {'manifest_digest': "
		     "'sha256:"));
	CHECK(strstr(cfs_buf_text(&frames),
		     text("{'parameters': {'started': {'id': '%s', 'total': ",
			  layer_id.text)));
	CHECK(strstr((char *)frames.data, "'unit': 'Bytes'}}, "
					  "'continues': true}\n"));
	CHECK(strstr((char *)frames.data, "{'parameters': {'progress': {"));
	CHECK(strstr((char *)frames.data,
		     text("{'parameters': {'done': {'id': '%s', "
			  "'transferred': ",
			  layer_id.text)));
	CHECK(strstr(pull_so(parameters, ",'more':true"), "'completed'"));
	CHECK_STR(cfs_buf_text(&frames),
		  text("{'parameters': {'skipped': {'id': '%s'}}, "
		       "'continues': true}\n",
		       layer_id.text));
	stop_oci();
}

TEST(who_does_not_gets_the_last_reply_alone)
{
	char *dir;

	start_oci("one");
	dir = large_layout("one-large");
	CHECK(strstr(pull_so(text("'image':'oci:%s'," PLAIN, dir), ""),
		     "'stats': '"));
	CHECK(strstr((char *)last.text.data, "'boot_image': null, "
					     "'boot_image_mode': null, "));
	CHECK_EQ(frames.len, 0);
	/* No name, no tag. */
	CHECK(!strstr(call_oci("ListImages", ""), dir));
	stop_oci();
}

TEST(an_image_to_boot_is_made_and_can_be_expected)
{
	const char *image;
	char hex[200], *boot;

	start_oci("boot");
	image = text("'image':'oci:%s/boot','name':'b:1',"
		     "'local_fetch':'auto','bootable':true",
		     getenv("TMPDIR"));
	boot = strstr(pull_so(image, ""), "'boot_image': '");
	CHECK(boot && sscanf(boot, "'boot_image': '%64[0-9a-f]'", hex) == 1);
	CHECK(strstr((char *)last.text.data,
		     "'boot_image_mode': 'allowlist-only', "
		     "'boot_image_format_version': 'V1'"));
	CHECK(strstr(pull_so(text("%s,'expected_digest':'%s'", image, hex), ""),
		     text("'boot_image': '%s'", hex)));
	hex[0] = hex[0] == '0' ? '1' : '0';
	CHECK_STR(
		pull_so(text("%s,'expected_digest':'%s'", image, hex), ""),
		text("{'error': '" OCI_ERROR(
			     "BootImageMismatch") "', 'parameters': {'expected': '%s', 'tried': 12}}",
		     hex));
	CHECK(is_error(pull_so(text("%s,'expected_digest':'00'", image), ""),
		       OCI_ERROR("InvalidDigest")));
	stop_oci();
}

TEST(parameters_that_mean_nothing_are_refused)
{
	static const char *const bad[] = {
		"'image':'x'," PLAIN,
		"'image':''," PLAIN,
		"'image':'oci:relative'," PLAIN,
		"'image':'dir:.'," PLAIN,
		"'image':'oci:/x','local_fetch':'zerocopy','bootable':false",
		"'image':'oci:/x','storage_root':'/y'," PLAIN,
		"'image':'oci:/x','name':'@n'," PLAIN,
		"'image':'oci:/x','expected_digest':'00'," PLAIN,
		"'image':'oci:/x','expected_digest':'00','local_fetch':'auto',"
		"'bootable':true,'xattrs':'AllowlistOnly'",
	};

	start_oci("bad");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(bad); i++)
		CHECK(is_error(pull_so(bad[i], ""),
			       OCI_ERROR("InvalidRequest")));
	CHECK_STR(pull_so("'image':'oci:/x','local_fetch':'auto',"
			  "'bootable':false,'xattrs':'Some'",
			  ""),
		  "{'error': 'org.varlink.service.InvalidParameter', "
		  "'parameters': {'parameter': 'xattrs'}}");
	stop_oci();
}

TEST(a_source_that_is_missing_is_named)
{
	char *dir;

	start_oci("nowhere");
	dir = text("oci:%s/nowhere", getenv("TMPDIR"));
	CHECK(strstr(pull_so(text("'image':'oci:/nonexistent'," PLAIN), ""),
		     "'" OCI_ERROR("SourceNotFound") "', 'parameters': "
						     "{'reference': "
						     "'oci:/nonexistent', "));
	CHECK(is_error(pull_so(text("'image':'%s:tag'," PLAIN, dir), ""),
		       OCI_ERROR("SourceNotFound")));
	stop_oci();
}

TEST(an_image_that_is_damaged_gets_no_name)
{
	char *dir;

	start_oci("damaged");
	dir = large_layout("damaged-large");
	CHECK_EQ(truncate(blob_path(dir, &layer_id), 512), 0);
	CHECK(is_error(pull_so(text("'image':'oci:%s','name':'d'," PLAIN, dir),
			       ",'more':true"),
		       OCI_ERROR("InternalError")));
	CHECK(!strstr(cfs_buf_text(&frames), "'done'"));
	CHECK(!strstr(call_oci("ListImages", ""), "'name': 'd'"));
	trust.require = true;
	CHECK_STR(
		pull_so(text("'image':'oci:%s/damaged','name':'u'," PLAIN,
			     getenv("TMPDIR")),
			""),
		"{'error': '" OCI_ERROR(
			"SignatureRequired") "', 'parameters': {'image': 'u'}}");
	CHECK(!strstr(call_oci("ListImages", ""), "'name': 'u'"));
	trust.require = false;
	stop_oci();
	cfs_buf_free(&frames);
}
