/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/varlink/oci.h"

/* The documents and the layer of the image "os:1". */
static char manifest[2000], config[1000];
static char verity[CFS_DIGEST_HEX_MAX];

/* The text @buf in a string of a call, whose quotes are '. */
static void quote(const struct cfs_buf *buf, char *to)
{
	for (size_t i = 0; i < buf->len; i++) {
		if (buf->data[i] == '"') {
			*to++ = '\\';
			*to++ = '\'';
		} else {
			*to++ = (char)buf->data[i];
		}
	}
	*to = '\0';
}

static void start_with_documents(const char *name)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };

	start_oci(name);
	CHECK_EQ(cfs_repo_open(AT_FDCWD, root, &repo, &err), 1);
	CHECK_EQ(cfs_oci_image_open(&repo, &manifest_id, &image, &err), 1);
	CHECK(image.manifest_text.len < 1000 && image.config_text.len < 500);
	quote(&image.manifest_text, manifest);
	quote(&image.config_text, config);
	cfs_digest_to_hex(&image.layers[0], verity);
}

/* Finalizes with a manifest, a configuration and a list of layers. */
static const char *finalize(const char *m, const char *c, const char *layers)
{
	return call_oci("FinalizeImage",
			text("'manifest_json':'%s','config_json':'%s',"
			     "'layers':[%s],'name':'n:1'",
			     m, c, layers));
}

static char *layer(const char *id, const char *hex)
{
	return text("{'diff_id':'%s','layer_verity':'%s'}", id, hex);
}

/* The manifest with another member at its beginning. */
static char *other_manifest(void)
{
	return text("{\\'annotations\\':{\\'a\\':\\'b\\'},%s", manifest + 1);
}

TEST(documents_and_layers_become_an_image_that_is_named)
{
	char first[600];

	start_with_documents("final");
	snprintf(first, sizeof(first), "%s",
		 finalize(other_manifest(), config,
			  layer(layer_id.text, verity)));
	CHECK(strstr(first, "{'parameters': {'manifest_digest': 'sha256:"));
	CHECK(!strstr(first, manifest_id.text));
	CHECK(strstr(call_oci("Inspect", "'image':'n:1'"),
		     text("'composefs_erofs': '%s'", hex_of(&merged))));
	/* Again it is the same. */
	CHECK_STR(finalize(other_manifest(), config,
			   layer(layer_id.text, verity)),
		  first);
	stop_oci();
}

TEST(the_image_that_exists_is_the_same)
{
	start_with_documents("same");
	CHECK(strstr(finalize(manifest, config, layer(layer_id.text, verity)),
		     text("'manifest_digest': '%s'", manifest_id.text)));
	stop_oci();
}

TEST(other_layers_than_those_of_the_image_are_refused)
{
	start_with_documents("layers");
	CHECK(is_error(finalize(other_manifest(), config, ""),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(finalize(other_manifest(), config,
				layer(manifest_id.text, verity)),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(finalize(other_manifest(), config,
				layer(layer_id.text, hex_of(&merged))),
		       OCI_ERROR("InvalidRequest")));
	CHECK(!strstr(call_oci("ListImages", ""), "'n:1'"));
	stop_oci();
}

TEST(documents_that_do_not_belong_together_are_refused)
{
	const char *layers;

	start_with_documents("documents");
	layers = layer(layer_id.text, verity);
	CHECK(is_error(finalize(manifest, text("%s ", config), layers),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(finalize("{", config, layers),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(finalize("{}", config, layers),
		       OCI_ERROR("InvalidRequest")));
	CHECK(is_error(finalize(manifest, "", layers),
		       OCI_ERROR("InvalidRequest")));
	stop_oci();
}

TEST(a_layer_that_is_missing_is_named)
{
	CFS_AUTOFREE char *link = NULL;

	start_with_documents("nolayer");
	link = below(root, text("streams/oci-layer-%s", layer_id.text));
	CHECK_EQ(unlink(link), 0);
	CHECK_STR(
		finalize(other_manifest(), config,
			 layer(layer_id.text, verity)),
		text("{'error': '" OCI_ERROR(
			     "NoSuchLayer") "', 'parameters': {'diff_id': '%s'}}",
		     layer_id.text));
	stop_oci();
}

TEST(a_name_that_the_policy_does_not_accept_is_not_given)
{
	start_with_documents("policy");
	trust.require = true;
	CHECK_STR(
		finalize(other_manifest(), config,
			 layer(layer_id.text, verity)),
		"{'error': '" OCI_ERROR(
			"SignatureRequired") "', "
					     "'parameters': {'image': 'n:1'}}");
	CHECK(!strstr(call_oci("ListImages", ""), "'n:1'"));
	trust.require = false;
	stop_oci();
}
