/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/layout.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/json_write.h"
#include "oci/json_edit.h"
#include "repo/dir.h"
#include "repo/temp.h"

#define INDEX	   "index.json"
#define INDEX_TYPE "application/vnd.oci.image.index.v1+json"
#define MARK	   "oci-layout"
#define MARK_TEXT  "{\"imageLayoutVersion\":\"1.0.0\"}"
#define MARK_MAX   4096
#define TAG	   "org.opencontainers.image.ref.name"

void cfs_layout_close(struct cfs_layout *layout)
{
	cfs_closep(&layout->fd);
}

/* Has the directory anything in it? */
static int is_used(int fd, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(fd, ".", &names, err);

	return r < 0 ? r : names.n > 0;
}

static int check_mark(struct cfs_bytes text, struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { .nodes = NULL };
	const struct cfs_json_node *version;
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r < 0)
		return cfs_ctx(err, MARK);
	version = cfs_json_get(&doc.json, cfs_json_doc_root(&doc),
			       "imageLayoutVersion");
	if (version && cfs_json_is(version, "1.0.0"))
		return 0;
	return cfs_fail(err, EINVAL,
			MARK ": this is no layout of version "
			     "1.0.0");
}

static int begin(const struct cfs_layout *layout, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_read_file(layout->fd, MARK, MARK_MAX, &text, err);

	if (r > 0)
		return check_mark(cfs_buf_bytes(&text), err);
	if (r == 0)
		r = is_used(layout->fd, err);
	if (r > 0)
		return cfs_fail(err, ENOTEMPTY,
				"there are other things in it, and it is no "
				"layout: name a new directory");
	if (r < 0)
		return r;
	r = cfs_replace_file(layout->fd, MARK, MARK_TEXT, strlen(MARK_TEXT));
	return r < 0 ? cfs_fail(err, -r, "write " MARK ": %s", strerror(-r))
		     : 0;
}

int cfs_layout_open(const char *path, struct cfs_layout *ret,
		    struct cfs_err *err)
{
	struct cfs_layout layout = CFS_LAYOUT_INIT;
	int r = 0;

	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "make directory %s", path);
	layout.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (layout.fd < 0)
		return cfs_fail_errno(err, "open directory %s", path);
	r = begin(&layout, err);
	if (r < 0) {
		cfs_layout_close(&layout);
		return cfs_ctx(err, "%s", path);
	}
	*ret = layout;
	return 0;
}

void cfs_layout_blob_path(const struct cfs_oci_id *id,
			  char ret[static CFS_LAYOUT_BLOB_PATH_MAX])
{
	snprintf(ret, CFS_LAYOUT_BLOB_PATH_MAX, "blobs/%s/%s",
		 cfs_content_hash_name(id->alg), cfs_oci_id_hex(id));
}

/* Returns 1 with the size of the blob, or 0 if there is none.  It is not read:
 * it had its digest when it got its name. */
static int find(const struct cfs_layout *layout, const char *path,
		uint64_t *ret_size, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_beneath(layout->fd, path, O_PATH);
	struct stat st;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", path, strerror(-fd));
	if (fstat(fd, &st) < 0)
		return cfs_fail_errno(err, "stat %s", path);
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, EINVAL, "%s is no regular file", path);
	*ret_size = (uint64_t)st.st_size;
	return 1;
}

/* Copies @source to @temp, and checks that it has the digest @id. */
static int fill(const struct cfs_temp *temp, const struct cfs_source *source,
		const struct cfs_oci_id *id, uint64_t *ret_size,
		struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	const struct cfs_sink sink = cfs_sink_of_fd(&temp->fd);
	struct cfs_source hashed;
	int r = cfs_content_hash_new(id->alg, &hash, err);

	if (r < 0)
		return r;
	hashed = cfs_content_hash_source(hash, source);
	r = cfs_sink_copy(&sink, &hashed, ret_size, err);
	return r < 0 ? r : cfs_oci_id_require(hash, id, "the blob", err);
}

static int put(const struct cfs_layout *layout, const char *path,
	       const struct cfs_oci_id *id, const struct cfs_source *source,
	       uint64_t *ret_size, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	CFS_AUTOFD int dir = -EBADF;
	char parent[32];
	int r;

	snprintf(parent, sizeof(parent), "blobs/%s",
		 cfs_content_hash_name(id->alg));
	dir = cfs_dir_make(layout->fd, parent, err);
	if (dir < 0)
		return dir;
	r = cfs_temp_open_for(dir, cfs_oci_id_hex(id), cfs_temp_best_kind(dir),
			      &temp, err);
	if (r == 0)
		r = fill(&temp, source, id, ret_size, err);
	if (r == 0)
		r = cfs_temp_publish(&temp, layout->fd, path, err);
	return r < 0 ? r : 0;
}

int cfs_layout_put(struct cfs_layout *layout, const struct cfs_oci_id *id,
		   const struct cfs_source *source, uint64_t *ret_size,
		   struct cfs_err *err)
{
	char path[CFS_LAYOUT_BLOB_PATH_MAX];
	uint64_t size = 0;
	int r;

	cfs_layout_blob_path(id, path);
	r = find(layout, path, &size, err);
	if (r == 0)
		r = put(layout, path, id, source, &size, err);
	if (r < 0)
		return cfs_ctx(err, "write blob %s", id->text);
	if (ret_size)
		*ret_size = size;
	return 0;
}

int cfs_layout_put_bytes(struct cfs_layout *layout, const struct cfs_oci_id *id,
			 struct cfs_bytes bytes, struct cfs_err *err)
{
	const struct cfs_source source = cfs_source_of_bytes(&bytes);

	return cfs_layout_put(layout, id, &source, NULL, err);
}

/* Do new entries take the place of @old?  An entry with a tag goes for one of
 * the same tag, and one without for the same image without a tag. */
static bool gives_way(const struct cfs_oci_descriptor *old,
		      const struct cfs_oci_descriptor *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((*old->tag && strcmp(old->tag, v[i].tag) == 0) ||
		    (strcmp(old->tag, v[i].tag) == 0 &&
		     cfs_oci_id_equal(&old->id, &v[i].id)))
			return true;
	return false;
}

static void write_entry(struct cfs_json_writer *w,
			const struct cfs_oci_descriptor *d)
{
	cfs_json_write_object(w, NULL, CFS_JSON_ONE_LINE);
	cfs_oci_descriptor_write(d, w);
	if (*d->tag) {
		cfs_json_write_object(w, "annotations", CFS_JSON_ONE_LINE);
		cfs_json_write_text(w, TAG, d->tag);
		cfs_json_write_end(w);
	}
	cfs_json_write_end(w);
}

/* Writes a comma, unless the list is empty so far. */
static void separate(struct cfs_buf *out)
{
	if (out->len > 0 && out->data[out->len - 1] != '[')
		cfs_buf_adds(out, ",");
}

/* Copies the entries of @list, which are @old, without those that give way to
 * the @n new ones @v. */
static void copy_others(const struct cfs_json *json,
			const struct cfs_json_node *list,
			const struct cfs_oci_descriptors *old,
			const struct cfs_oci_descriptor *v, size_t n,
			struct cfs_buf *out)
{
	const struct cfs_json_node *one = cfs_json_first(json, list);

	for (size_t i = 0; i < old->n;
	     i++, one = cfs_json_next(json, list, one)) {
		if (gives_way(&old->v[i], v, n))
			continue;
		separate(out);
		cfs_buf_add(out, one->raw.data, one->raw.len);
	}
}

static int add_entries(const struct cfs_oci_descriptor *v, size_t n,
		       struct cfs_buf *out, struct cfs_err *err)
{
	for (size_t i = 0; i < n; i++) {
		CFS_AUTOBUF struct cfs_buf one = { 0 };
		struct cfs_json_writer w = { .buf = &one };
		int r;

		write_entry(&w, &v[i]);
		r = cfs_json_write_finish(&w, err);
		if (r < 0)
			return r;
		separate(out);
		/* Without the newline at its end. */
		cfs_buf_add(out, one.data, one.len - 1);
	}
	return cfs_buf_check(out, err);
}

/* Puts the new entries into the index @text, all else of which stays. */
static int edit(struct cfs_bytes text, const struct cfs_oci_descriptor *v,
		size_t n, struct cfs_buf *out, struct cfs_err *err)
{
	CFS_AUTOJSON struct cfs_json_doc doc = { .nodes = NULL };
	struct cfs_json_edit change = { .text = text, .out = out };
	struct cfs_oci_descriptors old = { 0 };
	const struct cfs_json_node *list;
	int r = cfs_json_doc_parse(text, &doc, err);

	if (r == 0)
		r = cfs_oci_index_parse(text, &old, err);
	if (r < 0)
		return r;
	/* It is an array: cfs_oci_index_parse() has read it. */
	list = cfs_json_get(&doc.json, cfs_json_doc_root(&doc), "manifests");
	/* The brackets stay, and what is between them is written anew. */
	cfs_json_edit_copy_to(&change, list->raw.data + 1);
	copy_others(&doc.json, list, &old, v, n, out);
	r = add_entries(v, n, out, err);
	change.copied += list->raw.len - 2;
	cfs_oci_descriptors_free(&old);
	return r < 0 ? r : cfs_json_edit_finish(&change, err);
}

int cfs_layout_list(struct cfs_layout *layout,
		    const struct cfs_oci_descriptor *v, size_t n,
		    struct cfs_err *err)
{
	static const char none[] = "{\"schemaVersion\":2,\"mediaType\":"
				   "\"" INDEX_TYPE "\",\"manifests\":[]}";
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOBUF struct cfs_buf out = { 0 };
	int r = cfs_read_file(layout->fd, INDEX, CFS_OCI_JSON_MAX, &text, err);

	if (r == 0)
		cfs_buf_adds(&text, none);
	if (r >= 0)
		r = cfs_buf_check(&text, err);
	if (r >= 0)
		r = edit(cfs_buf_bytes(&text), v, n, &out, err);
	if (r < 0)
		return cfs_ctx(err, INDEX);
	r = cfs_replace_file(layout->fd, INDEX, out.data, out.len);
	return r < 0 ? cfs_fail(err, -r, "write " INDEX ": %s", strerror(-r))
		     : 0;
}
