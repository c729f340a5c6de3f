/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Images of real layers: in a layout, and pulled from there into a repository
 * of a test's own. */
#ifndef CFS_TESTS_UNIT_OCI_PULLED_H
#define CFS_TESTS_UNIT_OCI_PULLED_H

#include "oci/pull.h"
#include "tests/tarball.h"
#include "tests/unit/oci/origin/layout.h"
#include "tests/unit/repo/store.h"

#define PULLED_FORMATS (1u << 1)

/* A layer with all that an image to boot needs, which is not the plain one
 * then, and a file that is an object. */
static inline void base_layer(struct cfs_buf *tar)
{
	char large[1000] = "";

	memset(large, 'x', sizeof(large) - 1);
	tar_dir(tar, "usr/", 0755);
	tar_file(tar, "usr/small", "small");
	tar_file(tar, "usr/large", large);
	tar_dir(tar, "boot/", 0755);
	tar_file(tar, "boot/kernel", "not in the image to boot");
	tar_dir(tar, "sysroot/", 0755);
	tar_end(tar);
}

static inline struct cfs_oci_id id_of_buf(const struct cfs_buf *buf)
{
	struct cfs_oci_id id;

	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(buf),
				     &id, &err),
		 0);
	return id;
}

/* Stores the bytes of @buf under their digest; a descriptor of them. */
static inline char *put_bytes(const char *layout, const char *type,
			      const struct cfs_buf *buf)
{
	struct cfs_oci_id id = id_of_buf(buf);
	CFS_AUTOFD int fd = open(blob_path(layout, &id),
				 O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
				 0644);

	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, buf->data, buf->len), 0);
	return text("{\"mediaType\":\"%s\",\"digest\":\"%s\",\"size\":%zu}",
		    type, id.text, buf->len);
}

/* Stores a container of this machine's platform, with these descriptors of
 * layers and these diff_ids, each between commas; a descriptor of it. */
static inline char *put_container(const char *layout, const char *layers,
				  const char *diff_ids)
{
	struct cfs_oci_platform here;
	char *config;

	cfs_oci_platform_here(&here);
	config = put_blob(layout, T_CONFIG,
			  text("{\"os\":\"%s\",\"architecture\":\"%s\","
			       "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":["
			       "%s]}}",
			       here.os, here.arch, diff_ids),
			  "");
	return put_blob(layout, T_MANIFEST,
			text("{\"schemaVersion\":2,\"mediaType\":\"" T_MANIFEST
			     "\",\"config\":%s,\"layers\":[%s]}",
			     config, layers),
			"");
}

/* The layout @name, of a container with the layer @tar; *@ret describes it. */
static inline char *layout_of(const char *name, const struct cfs_buf *tar,
			      char **ret)
{
	char *dir = new_layout(name);
	char *layer = put_bytes(dir, T_LAYER, tar);

	*ret = put_container(dir, layer, text("\"%s\"", id_of_buf(tar).text));
	put_index(dir, *ret);
	return dir;
}

static inline struct cfs_origin *open_layout(const char *dir)
{
	struct cfs_origin *origin = NULL;

	CHECK_EQ(cfs_origin_open(text("oci:%s", dir), &origin, &err), 0);
	return origin;
}

/* Pulls the image of the layout @dir; @params has the rest of what is
 * wanted. */
static inline int pull_with(struct cfs_store *store, const char *dir,
			    struct cfs_oci_pull params,
			    struct cfs_oci_pulled *ret)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = open_layout(dir);
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };

	CHECK_EQ(cfs_origin_choose(origin, NULL, &choice, &err), 0);
	params.origin = origin;
	params.choice = &choice;
	params.threads = 1;
	params.formats = PULLED_FORMATS;
	return cfs_oci_pull(store, &params, ret, &err);
}

#define AUTOPULLED __attribute__((cleanup(cfs_oci_pulled_free)))

#endif
