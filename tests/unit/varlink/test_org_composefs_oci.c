/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images that are signed, and policies: tests/cli/varlink_oci.sh. */
#include "tests/unit/varlink/oci.h"

static const char *here_arch(void)
{
	static struct cfs_oci_platform here;

	cfs_oci_platform_here(&here);
	return here.arch;
}

/* Removes the object of the stream whose name begins with @prefix. */
static void lose_stream(const char *prefix)
{
	CFS_AUTOFREE char *streams = below(root, "streams");
	CFS_AUTODIR DIR *dir = opendir(streams);
	struct dirent *entry;

	CHECK(dir);
	while ((entry = readdir(dir))) {
		CFS_AUTOFREE char *path = below(streams, entry->d_name);
		CFS_AUTOFREE char *object = realpath(path, NULL);

		if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0)
			CHECK(object && unlink(object) == 0);
	}
}

TEST(tagged_images_are_listed_and_filtered)
{
	start_oci("listed");
	CHECK_STR(call_oci("ListImages", ""),
		  text("{'parameters': {'images': [{'name': 'os:1', "
		       "'manifest_digest': '%s', 'is_container': true, "
		       "'architecture': '%s', 'os': 'linux', 'created': null, "
		       "'layer_count': 1, 'referrer_count': 0}]}}",
		       manifest_id.text, here_arch()));
	CHECK(strstr(call_oci("ListImages", "'filter':'s:'"), "'os:1'"));
	CHECK_STR(call_oci("ListImages", "'filter':'s:2'"),
		  "{'parameters': {'images': []}}");
	stop_oci();
}

TEST(an_image_without_a_manifest_is_not_listed_but_found_by_a_check)
{
	const char *reply;

	start_oci("lost");
	lose_stream("oci-manifest-");
	CHECK_STR(call_oci("ListImages", ""), "{'parameters': {'images': []}}");
	reply = call_oci("Check", "");
	CHECK(strstr(reply, "{'ok': false, 'images_checked': 1, "
			    "'images_corrupted': 1, 'errors': ['fsck: "));
	CHECK(strstr(reply, "'findings': [{'code': '"));
	stop_oci();
}

TEST(a_sane_image_passes_the_check)
{
	const char *reply;

	start_oci("sane");
	reply = call_oci("Check", "'image':'os:1'");
	CHECK(strstr(reply, "{'parameters': {'ok': true, 'images_checked': 1, "
			    "'images_corrupted': 0, 'errors': [], "
			    "'findings': [], 'repo': {'ok': true, "
			    "'has_metadata': true, 'objects_checked': "));
	CHECK(strstr(reply, "'findings': []}}}"));
	CHECK(strstr(call_oci("Check", "'image':'none'"), "'ok': false"));
	stop_oci();
}

TEST(an_image_is_inspected_by_tag_and_digest)
{
	char *by_tag;

	start_oci("inspected");
	by_tag = text("%s", call_oci("Inspect", "'image':'os:1'"));
	CHECK(strstr(by_tag, "{'parameters': {'manifest': '{"));
	CHECK(strstr(by_tag, text("'referrers': [], 'composefs_erofs': '%s', "
				  "'composefs_boot_erofs': null}}",
				  hex_of(&merged))));
	CHECK_STR(call_oci("Inspect", text("'image':'%s'", manifest_id.text)),
		  by_tag);
	CHECK_STR(call_oci("Inspect", text("'image':'@%s'", manifest_id.text)),
		  by_tag);
	stop_oci();
}

TEST(an_image_that_is_missing_is_named)
{
	static const char *const methods[][2] = {
		{ "Inspect", "" },
		{ "ComputeId", ",'bootable':false" },
		{ "OciMount", ",'bootable':false,'options':{}" },
	};
	static const char *const names[] = { "os:2", "", "a/../b",
					     "sha256:00" };

	start_oci("missing");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(methods); i++)
		for (size_t k = 0; k < CFS_ARRAY_SIZE(names); k++)
			CHECK_STR(
				call_oci(methods[i][0],
					 text("'image':'%s'%s", names[k],
					      methods[i][1])),
				text("{'error': '" OCI_ERROR(
					     "NoSuchImage") "', 'parameters': {'image': '%s'}}",
				     names[k]));
	CHECK(is_error(call_oci("Inspect", "'image':'@x'"),
		       OCI_ERROR("InvalidDigest")));
	stop_oci();
}

TEST(an_image_of_which_a_part_is_missing_is_not_missing_itself)
{
	start_oci("part");
	lose_stream("oci-config-");
	CHECK(is_error(call_oci("Inspect", "'image':'os:1'"),
		       OCI_ERROR("InternalError")));
	stop_oci();
}

TEST(a_manifest_gets_a_name_and_loses_it)
{
	start_oci("named");
	CHECK_STR(call_oci("Tag", text("'manifest_digest':'%s','name':'b'",
				       manifest_id.text)),
		  "{'parameters': {}}");
	CHECK(strstr(call_oci("ListImages", ""), "'name': 'b'"));
	CHECK_STR(call_oci("Untag", "'name':'b'"), "{'parameters': {}}");
	CHECK(!strstr(call_oci("ListImages", ""), "'name': 'b'"));
	CHECK_STR(call_oci("Untag", "'name':'b'"),
		  "{'error': '" OCI_ERROR("NoSuchImage") "', 'parameters': "
							 "{'image': 'b'}}");
	CHECK(is_error(call_oci("Untag", "'name':''"),
		       OCI_ERROR("NoSuchImage")));
	stop_oci();
}

TEST(only_manifests_that_exist_get_fit_names)
{
	start_oci("unfit");
	CHECK(is_error(call_oci("Tag", "'manifest_digest':'os:1','name':'b'"),
		       OCI_ERROR("InvalidDigest")));
	CHECK(is_error(call_oci("Tag", text("'manifest_digest':'%s',"
					    "'name':'b'",
					    layer_id.text)),
		       OCI_ERROR("NoSuchImage")));
	CHECK(is_error(call_oci("Tag", text("'manifest_digest':'%s',"
					    "'name':'@b'",
					    manifest_id.text)),
		       OCI_ERROR("InvalidRequest")));
	stop_oci();
}

TEST(the_digest_of_an_image_is_computed)
{
	char *plain;

	start_oci("computed");
	plain = text("{'parameters': {'image_id': '%s'}}", hex_of(&merged));
	CHECK_STR(call_oci("ComputeId", "'image':'os:1','bootable':false"),
		  plain);
	CHECK_STR(call_oci("ComputeId", "'image':'os:1','bootable':false,"
					"'xattrs':'KeepUserXattrs'"),
		  plain);
	CHECK(strncmp(call_oci("ComputeId", "'image':'os:1','bootable':true"),
		      plain, strlen("{'parameters': {'image_id': '")) == 0);
	CHECK(strcmp((char *)last.text.data, plain) != 0);
	CHECK(is_error(call_oci("ComputeId", "'image':'os:1','bootable':false,"
					     "'verity':'00'"),
		       OCI_ERROR("InvalidDigest")));
	stop_oci();
}

TEST(a_layer_is_there_or_not)
{
	start_oci("layer");
	CHECK(strstr(
		call_oci("HasLayer", text("'diff_id':'%s'", layer_id.text)),
		"{'present': true, 'layer_verity': '"));
	CHECK_STR(
		call_oci("HasLayer", text("'diff_id':'%s'", manifest_id.text)),
		"{'parameters': {'present': false, 'layer_verity': null}}");
	CHECK(is_error(call_oci("HasLayer", "'diff_id':'sha256:x'"),
		       OCI_ERROR("InvalidDigest")));
	stop_oci();
}

TEST(an_image_is_mounted_and_attached_nowhere)
{
	start_oci("mounted");
	fake_mount_reset();
	CHECK_STR(call_oci("OciMount",
			   "'image':'os:1','bootable':false,'options':{}"),
		  "{'parameters': {'fd_index': 0}}");
	CHECK_EQ(last.n_fds_back, 1);
	CHECK_EQ(fake_called("move_mount *"), 0);
	CHECK_STR(
		call_oci("OciMount",
			 "'image':'os:1','bootable':true,'options':{}"),
		"{'error': '" OCI_ERROR(
			"NoErofsImage") "', 'parameters': "
					"{'image': 'os:1', 'bootable': true}}");
	CHECK(is_error(call_oci("OciMount", "'image':'os:1','bootable':false,"
					    "'options':{'overlay':true}"),
		       OCI_ERROR("InvalidRequest")));
	stop_oci();
}

TEST(a_signature_that_nothing_demands_is_missing_if_the_client_wants_one)
{
	start_oci("unsigned");
	fake_mount_reset();
	CHECK_STR(
		call_oci("OciMount",
			 "'image':'os:1','bootable':false,'options':"
			 "{'require_signature':true}"),
		"{'error': '" OCI_ERROR(
			"SignatureRequired") "', "
					     "'parameters': {'image': 'os:1'}}");
	CHECK_STR(fake_calls(), "");
	trust.require = true;
	CHECK(is_error(call_oci("OciMount", "'image':'os:1','bootable':false,"
					    "'options':{}"),
		       OCI_ERROR("SignatureRequired")));
	CHECK(is_error(call_oci("Tag", text("'manifest_digest':'%s',"
					    "'name':'b'",
					    manifest_id.text)),
		       OCI_ERROR("SignatureRequired")));
	CHECK(!strstr(call_oci("ListImages", ""), "'name': 'b'"));
	trust.require = false;
	stop_oci();
}

TEST(a_handle_of_no_repository_is_an_error_of_this_interface)
{
	static const char *const methods[] = { "ListImages", "Untag" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(methods); i++)
		CHECK_STR(
			call_method("Oci", methods[i], "'handle':7,'name':'x'"),
			"{'error': '" OCI_ERROR(
				"InvalidHandle") "', "
						 "'parameters': {'handle': 7}}");
	stop_oci();
}
