/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Signatures, made elsewhere: tests/cli/varlink_sign.sh. */
#include "tests/unit/varlink/oci.h"

#define OS "'image':'os:1'"

TEST(an_image_is_sealed_by_one_artifact)
{
	char first[300];

	start_oci("sealed");
	CHECK_STR(call_oci("Verify", OS),
		  text("{'parameters': {'verified_count': 0, 'ok': false, "
		       "'cert_supplied': false, 'algorithm': 'sha256-12', "
		       "'entries': [], 'answer': 'nothing-to-verify', "
		       "'source': null, 'verification': {'manifest_digest': "
		       "'%s', 'answer': 'nothing-to-verify', 'which': 0, "
		       "'merged': null, 'bootable': null, 'recalled': false, "
		       "'artifacts_left': 0, 'artifacts': []}}}",
		       manifest_id.text));
	snprintf(first, sizeof(first), "%s", call_oci("Seal", OS));
	CHECK(strstr(first, text("{'parameters': {'manifest_digest': '%s', "
				 "'artifact_digest': 'sha256:",
				 manifest_id.text)));
	CHECK_STR(call_oci("Seal", OS), first);
	CHECK(strstr(call_oci("Verify", OS), "'answer': 'digests-match'"));
	CHECK(strstr((char *)last.text.data, "'ok': false"));
	stop_oci();
}

TEST(the_manifest_can_have_the_digests)
{
	char first[300];

	start_oci("inline");
	snprintf(first, sizeof(first), "%s",
		 call_oci("Seal", OS ",'inline':true"));
	CHECK(strstr(first, "'artifact_digest': null}}"));
	CHECK(!strstr(first, manifest_id.text));
	/* The tag leads to the new one, which is sealed. */
	CHECK_STR(call_oci("Seal", OS ",'inline':true"), first);
	/* By its digest the image before is still found. */
	CHECK_STR(call_oci("Seal", text("'image':'%s','inline':true",
					manifest_id.text)),
		  first);
	stop_oci();
}

TEST(a_tag_stays_where_it_is_if_the_policy_does_not_accept_the_sealed_image)
{
	start_oci("kept");
	trust.require = true;
	CHECK_STR(
		call_oci("Seal", OS ",'inline':true"),
		"{'error': '" OCI_ERROR(
			"SignatureRequired") "', "
					     "'parameters': {'image': 'os:1'}}");
	trust.require = false;
	CHECK(strstr(call_oci("ListImages", ""), manifest_id.text));
	stop_oci();
}

TEST(what_is_to_be_signed_is_listed_by_role)
{
	const char *reply;

	start_oci("request");
	reply = call_oci("SigningRequest", OS);
	CHECK(strstr(reply, text("{'parameters': {'manifest_digest': '%s', "
				 "'entries': [{'role': 'manifest', 'digest': '",
				 manifest_id.text)));
	/* "FSVerity", SHA-256, 32 bytes. */
	CHECK(strstr(reply, "'tbs_base64': 'RlNWZXJpdHkBACAA"));
	CHECK(strstr(reply, text("{'role': 'merged', 'digest': '%s', ",
				 hex_of(&merged))));
	CHECK(!strstr(reply, "bootable"));
	stop_oci();
}

TEST(what_cannot_be_attached_is_refused)
{
	start_oci("attach");
	CHECK(is_error(call_oci("AttachSignatures",
				OS ",'cert_pem':'','signatures':[]"),
		       OCI_ERROR("InvalidCertificate")));
	CHECK(is_error(call_oci("Verify", OS ",'cert_pem':'x'"),
		       OCI_ERROR("InvalidCertificate")));
	CHECK_STR(call_oci("AttachSignatures", OS
			   ",'cert_pem':'','signatures':[{'role':'merged'}]"),
		  "{'error': 'org.varlink.service.InvalidParameter', "
		  "'parameters': {'parameter': 'p7_base64'}}");
	stop_oci();
}

TEST(images_that_are_missing_are_named)
{
	static const char *const methods[] = { "Verify", "Seal",
					       "SigningRequest" };

	start_oci("none");
	for (size_t i = 0; i < CFS_ARRAY_SIZE(methods); i++)
		CHECK_STR(
			call_oci(methods[i], "'image':'none'"),
			"{'error': '" OCI_ERROR(
				"NoSuchImage") "', "
					       "'parameters': {'image': 'none'}}");
	stop_oci();
}

TEST(no_private_key_is_taken)
{
	start_oci("key");
	CHECK_STR(call_oci("Sign", OS ",'cert_pem':'a','key_pem':'b'"),
		  "{'error': 'org.varlink.service.PermissionDenied', "
		  "'parameters': {'methods': "
		  "['org.composefs.Oci.SigningRequest', "
		  "'org.composefs.Oci.AttachSignatures']}}");
	stop_oci();
}
