/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/tag.h"

#include <string.h>

#include "base/text.h"
#include "repo/name.h"

#define MANIFEST "oci-manifest-"

/* A tag becomes one file name: '/' is escaped, and so is '%' itself. */
static bool encode(const char *tag, char *out, size_t size)
{
	size_t n = 0;

	for (; *tag; tag++) {
		const char *code = *tag == '%'	 ? "%25"
				   : *tag == '/' ? "%2F"
						 : NULL;
		size_t len = code ? 3 : 1;

		if (n + len >= size)
			return false;
		memcpy(out + n, code ? code : tag, len);
		n += len;
	}
	out[n] = '\0';
	return true;
}

bool cfs_oci_is_tag(const char *name)
{
	const struct cfs_bytes text = { (const uint8_t *)name, strlen(name) };
	struct cfs_oci_id id;
	struct cfs_err ignored;

	return *name != '@' && cfs_oci_id_parse(text, &id, &ignored) < 0;
}

void cfs_oci_tag_decode(const char *name, char *out)
{
	while (*name) {
		if (strncmp(name, "%25", 3) == 0 ||
		    strncmp(name, "%2F", 3) == 0) {
			*out++ = name[2] == '5' ? '%' : '/';
			name += 3;
		} else {
			*out++ = *name++;
		}
	}
	*out = '\0';
}

static bool has_odd_characters(const char *tag)
{
	struct cfs_bytes rest = { (const uint8_t *)tag, strlen(tag) };

	while (rest.len > 0) {
		uint32_t c;
		size_t n = cfs_utf8_get(rest, &c);

		if (n == 0 || !cfs_text_is_shown(c))
			return true;
		rest.data += n;
		rest.len -= n;
	}
	return false;
}

/* The ref of @tag, "oci/<encoded>". */
static int ref_of(const char *tag, char ret[static CFS_REF_MAX],
		  struct cfs_err *err)
{
	char name[CFS_OCI_TAG_TEXT_MAX];

	if (*tag == '\0')
		return cfs_fail(err, EINVAL, "a name cannot be empty");
	if (!encode(tag, name, sizeof(name)))
		return cfs_fail(err, ENAMETOOLONG,
				"'%s' is too long to be the name of an image",
				tag);
	snprintf(ret, CFS_REF_MAX, CFS_OCI_REFS "/%s", name);
	return cfs_name_check(ret, err);
}

/* ref_of() for a tag that an image is to get. */
static int ref_of_new(const char *tag, char ret[static CFS_REF_MAX],
		      struct cfs_err *err)
{
	if (*tag == '@')
		return cfs_fail(err, EINVAL,
				"'%s': a name cannot begin with '@', as "
				"digests do",
				tag);
	if (has_odd_characters(tag))
		return cfs_fail(err, EINVAL,
				"a name of an image has to be text without "
				"control characters");
	return ref_of(tag, ret, err);
}

int cfs_oci_tag_check(const char *tag, struct cfs_err *err)
{
	char ref[CFS_REF_MAX];

	return ref_of_new(tag, ref, err);
}

int cfs_oci_tag_set(struct cfs_store *store, const char *tag,
		    const struct cfs_oci_id *id, struct cfs_err *err)
{
	char ref[CFS_REF_MAX], name[CFS_OCI_NAME_MAX];
	struct cfs_digest ignored;
	int r = ref_of_new(tag, ref, err);

	cfs_oci_manifest_name(id, name);
	if (r == 0)
		r = cfs_stream_lookup(&store->repo, name, &ignored, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "OCI image not found: %s",
				id->text);
	return r < 0 ? r : cfs_stream_ref_set(store, ref, name, err);
}

int cfs_oci_tag_get(const struct cfs_repo *repo, const char *tag,
		    struct cfs_oci_id *ret, struct cfs_err *err)
{
	char ref[CFS_REF_MAX], name[CFS_CONTENT_ID_MAX];
	int r = ref_of(tag, ref, err);

	if (r == 0)
		r = cfs_stream_ref_get(repo, ref, name, err);
	if (r > 0 && !cfs_oci_name_id(name, MANIFEST, ret))
		return cfs_fail(err, EINVAL, "'%s' does not name an OCI image",
				tag);
	return r;
}

int cfs_oci_tag_remove(struct cfs_store *store, const char *tag,
		       struct cfs_err *err)
{
	char ref[CFS_REF_MAX];
	int r = ref_of(tag, ref, err);

	return r < 0 ? r : cfs_stream_ref_remove(store, ref, err);
}

struct each {
	cfs_oci_tag_fn *fn;
	void *arg;
};

static int visit(const char *ref, const char *content_id, void *arg,
		 struct cfs_err *err)
{
	const struct each *each = arg;
	char tag[CFS_REF_MAX];
	struct cfs_oci_id id;
	bool known = content_id && cfs_oci_name_id(content_id, MANIFEST, &id);

	cfs_oci_tag_decode(ref, tag);
	return each->fn(tag, known ? &id : NULL, each->arg, err);
}

int cfs_oci_tag_each(const struct cfs_repo *repo, cfs_oci_tag_fn *fn, void *arg,
		     struct cfs_err *err)
{
	struct each each = { fn, arg };

	return cfs_stream_ref_each(repo, CFS_OCI_REFS, visit, &each, err);
}

static void name_of(const char *prefix, const struct cfs_oci_id *id,
		    char ret[static CFS_OCI_NAME_MAX])
{
	snprintf(ret, CFS_OCI_NAME_MAX, "%s%s", prefix, id->text);
}

void cfs_oci_referrer_ref(const struct cfs_oci_id *subject,
			  const struct cfs_oci_id *artifact,
			  char ret[static CFS_OCI_REFERRER_MAX])
{
	snprintf(ret, CFS_OCI_REFERRER_MAX, CFS_OCI_REFERRERS "/%s/%s",
		 subject->text, artifact->text);
}

void cfs_oci_manifest_name(const struct cfs_oci_id *id,
			   char ret[static CFS_OCI_NAME_MAX])
{
	name_of(MANIFEST, id, ret);
}

void cfs_oci_config_name(const struct cfs_oci_id *id,
			 char ret[static CFS_OCI_NAME_MAX])
{
	name_of("oci-config-", id, ret);
}

void cfs_oci_layer_name(const struct cfs_oci_id *id,
			char ret[static CFS_OCI_NAME_MAX])
{
	name_of("oci-layer-", id, ret);
}

void cfs_oci_blob_name(const struct cfs_oci_id *id,
		       char ret[static CFS_OCI_NAME_MAX])
{
	name_of("oci-blob-", id, ret);
}

bool cfs_oci_name_id(const char *name, const char *prefix,
		     struct cfs_oci_id *ret)
{
	size_t n = strlen(prefix);
	struct cfs_bytes rest;
	struct cfs_err ignored;

	if (strncmp(name, prefix, n) != 0)
		return false;
	rest = (struct cfs_bytes){ (const uint8_t *)name + n,
				   strlen(name + n) };
	return cfs_oci_id_parse(rest, ret, &ignored) == 0;
}
