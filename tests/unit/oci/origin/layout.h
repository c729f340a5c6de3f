/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Makes layouts for tests below $TMPDIR, piece by piece, right and wrong ones.
 */
#ifndef CFS_TESTS_LAYOUT_H
#define CFS_TESTS_LAYOUT_H

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>

#include "base/io.h"
#include "oci/origin.h"
#include "tests/test.h"

#define OCI_IMAGE  "application/vnd.oci.image."
#define T_INDEX	   OCI_IMAGE "index.v1+json"
#define T_MANIFEST OCI_IMAGE "manifest.v1+json"
#define T_CONFIG   OCI_IMAGE "config.v1+json"
#define T_LAYER	   OCI_IMAGE "layer.v1.tar"

static struct cfs_err err;

/* Keeps @s until the program ends, where a sanitizer sees it. */
static inline char *keep(char *s)
{
	static struct kept {
		struct kept *next;
		char *s;
	} * all;
	struct kept *one = malloc(sizeof(*one));

	CHECK(s && one);
	*one = (struct kept){ all, s };
	all = one;
	return s;
}

/* Text of a printf format; nobody frees it. */
__attribute__((format(printf, 1, 2))) static inline char *text(const char *fmt,
							       ...)
{
	va_list args;
	char *s = NULL;

	va_start(args, fmt);
	CHECK(vasprintf(&s, fmt, args) >= 0);
	va_end(args);
	return keep(s);
}

static inline void put_file(const char *path, const char *content)
{
	CFS_AUTOFD int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, content, strlen(content)), 0);
}

/* $TMPDIR/@name, emptied of nothing: every test has a name of its own. */
static inline char *new_dir(const char *name)
{
	char *path = text("%s/%s", getenv("TMPDIR"), name);

	CHECK_EQ(mkdir(path, 0755), 0);
	return path;
}

static inline char *new_layout(const char *name)
{
	char *path = new_dir(name);

	CHECK_EQ(mkdir(text("%s/blobs", path), 0755), 0);
	CHECK_EQ(mkdir(text("%s/blobs/sha256", path), 0755), 0);
	CHECK_EQ(mkdir(text("%s/blobs/sha512", path), 0755), 0);
	put_file(text("%s/oci-layout", path),
		 "{\"imageLayoutVersion\":\"1.0.0\"}");
	return path;
}

static inline struct cfs_oci_id id_of(const char *content)
{
	struct cfs_bytes bytes = { (const uint8_t *)content, strlen(content) };
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, bytes, &id, &err), 0);
	return id;
}

/* The path of the blob @id. */
static inline char *blob_path(const char *layout, const struct cfs_oci_id *id)
{
	return text("%s/blobs/%s/%s", layout, cfs_content_hash_name(id->alg),
		    cfs_oci_id_hex(id));
}

/* Stores @content and returns a descriptor of it, with @more members. */
static inline char *put_blob(const char *layout, const char *type,
			     const char *content, const char *more)
{
	struct cfs_oci_id id = id_of(content);

	put_file(blob_path(layout, &id), content);
	return text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu%s}",
		    type, id.text, strlen(content), more);
}

/* Stores an image of one layer for @os/@arch, told apart by @label; a
 * descriptor of its manifest. */
static inline char *put_image(const char *layout, const char *os,
			      const char *arch, const char *label,
			      const char *more)
{
	char *layer = put_blob(layout, T_LAYER, text("layer %s", label), "");
	char *config = put_blob(
		layout, T_CONFIG,
		text("{\"os\":\"%s\",\"architecture\":\"%s\",\"rootfs\":{"
		     "\"diff_ids\":[\"%s\"]}}",
		     os, arch, id_of(text("layer %s", label)).text),
		"");

	return put_blob(layout, T_MANIFEST,
			text("{\"schemaVersion\":2,\"mediaType\":\"" T_MANIFEST
			     "\",\"config\":%s,\"layers\":[%s]}",
			     config, layer),
			more);
}

/* Stores an artifact about the manifest with the descriptor @subject, or about
 * nothing if that is NULL. */
static inline char *put_artifact(const char *layout, const char *type,
				 const char *subject, const char *label)
{
	char *empty =
		put_blob(layout, "application/vnd.oci.empty.v1+json", "{}", "");
	char *data = put_blob(layout, "text/plain", label, "");

	return put_blob(layout, T_MANIFEST,
			text("{\"mediaType\":\"" T_MANIFEST
			     "\",\"artifactType\":\"%s\",\"config\":%s,"
			     "\"layers\":[%s]%s%s}",
			     type, empty, data, subject ? ",\"subject\":" : "",
			     subject ? subject : ""),
			"");
}

static inline char *index_of(const char *entries)
{
	return text("{\"schemaVersion\":2,\"manifests\":[%s]}", entries);
}

static inline void put_index(const char *layout, const char *entries)
{
	put_file(text("%s/index.json", layout), index_of(entries));
}

#define TAG(t) \
	",\"annotations\":{\"org.opencontainers.image.ref.name\":\"" t "\"}"
#define PLATFORM(o, a) \
	",\"platform\":{\"os\":\"" o "\",\"architecture\":\"" a "\"}"
#define VARIANT(o, a, v)                                              \
	",\"platform\":{\"os\":\"" o "\",\"architecture\":\"" a "\"," \
	"\"variant\":\"" v "\"}"

/* The digest in a descriptor. */
static inline struct cfs_oci_id id_in(const char *descriptor)
{
	const char *at = strstr(descriptor, "\"digest\":\"");
	struct cfs_bytes bytes = { (const uint8_t *)at + 10, 7 + 64 };
	struct cfs_oci_id id;

	CHECK(at);
	CHECK_EQ(cfs_oci_id_parse(bytes, &id, &err), 0);
	return id;
}

/* Was the last failure worded with @words? */
static inline bool said(const char *words)
{
	if (!strstr(err.msg, words))
		printf("# said: %s\n", err.msg);
	return strstr(err.msg, words) != NULL;
}

#endif
