/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/artifact.h"

#include <string.h>

#include "base/json.h"

/* Digests of no bytes and of "{}", which need no library to be known. */
static void set_id(struct cfs_oci_id *id, const char *text)
{
	*id = (struct cfs_oci_id){ .alg = CFS_CONTENT_SHA256 };
	strcpy(id->text, text);
}

void cfs_seal_empty_blob(struct cfs_oci_id *ret)
{
	set_id(ret, "sha256:e3b0c44298fc1c149afbf4c8996fb924"
		    "27ae41e4649b934ca495991b7852b855");
}

void cfs_seal_empty_config(struct cfs_oci_id *ret)
{
	set_id(ret, "sha256:44136fa355b3678a1146ad16f7e8649e"
		    "94fb4fc21fe77e8310c060f61caaff8a");
}

/* Appends the members of a descriptor, without braces. */
static void add_descriptor(struct cfs_buf *out, const char *media_type,
			   const struct cfs_oci_id *id, uint64_t size)
{
	cfs_buf_adds(out, "\"mediaType\":");
	cfs_json_add_string(out, media_type);
	cfs_buf_addf(out, ",\"digest\":\"%s\",\"size\":%llu", id->text,
		     (unsigned long long)size);
}

static void add_entry(struct cfs_buf *out, enum cfs_alg alg,
		      const struct cfs_seal_entry *entry)
{
	char key[CFS_SEAL_KEY_MAX], hex[CFS_DIGEST_HEX_MAX];
	struct cfs_oci_id empty;

	cfs_seal_empty_blob(&empty);
	cfs_seal_key_format(entry->role, alg, key);
	cfs_digest_to_hex(&entry->digest, hex);
	cfs_buf_addc(out, '{');
	add_descriptor(out, CFS_SEAL_BLOB,
		       entry->is_signed ? &entry->blob : &empty,
		       entry->is_signed ? entry->size : 0);
	cfs_buf_addf(out, ",\"annotations\":{\"%s\":\"%s\"}}", key, hex);
}

int cfs_seal_artifact_write(const struct cfs_seal_artifact *artifact,
			    struct cfs_buf *out, struct cfs_err *err)
{
	const struct cfs_oci_descriptor *subject = &artifact->subject;
	struct cfs_oci_id config;

	cfs_seal_empty_config(&config);
	cfs_buf_adds(out, "{\"schemaVersion\":2,\"mediaType\":"
			  "\"application/vnd.oci.image.manifest.v1+json\","
			  "\"artifactType\":\"" CFS_SEAL_TYPE "\","
			  "\"config\":{");
	add_descriptor(out, "application/vnd.oci.empty.v1+json", &config,
		       strlen(CFS_SEAL_CONFIG_TEXT));
	cfs_buf_adds(out, "},\"layers\":[");
	for (unsigned i = 0; i < artifact->n; i++) {
		if (i > 0)
			cfs_buf_addc(out, ',');
		add_entry(out, artifact->alg, &artifact->v[i]);
	}
	cfs_buf_adds(out, "],\"subject\":{");
	add_descriptor(out, subject->media_type, &subject->id, subject->size);
	cfs_buf_adds(out, "}}");
	return cfs_buf_check(out, err);
}
