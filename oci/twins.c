/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/twins.h"

#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "repo/object.h"

/* Bytes compared at a time: both sides stay in the cache. */
#define PIECE (64u << 10)

/* A collision of keys costs a comparison that fails, no more. */
struct entry {
	uint64_t key, size;
	uint8_t id[CFS_DIGEST_MAX];
};

struct cfs_twins {
	enum cfs_alg alg;
	size_t n;
	struct entry *v; /* owned; in order of key and size */
};

void cfs_twins_free(struct cfs_twins *twins)
{
	if (!twins)
		return;
	free(twins->v);
	free(twins);
}

static uint64_t key_of(struct cfs_bytes path)
{
	return cfs_table_hash(path.data, path.len, 0);
}

static int compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->size < y->size ? -1 : x->size > y->size;
}

static bool is_large(struct cfs_node *node)
{
	return cfs_node_is_external(cfs_node_inode(node)) &&
	       cfs_node_inode(node)->size >= CFS_TWIN_MIN;
}

static void add(struct cfs_twins *twins, const struct cfs_tree *tree,
		struct cfs_node *node, struct cfs_buf *path)
{
	const struct cfs_node *inode = cfs_node_inode(node);
	struct entry *entry = &twins->v[twins->n];
	struct cfs_digest id;

	path->len = 0;
	cfs_node_path(node, path);
	if (path->failed || path->len < 1 || !cfs_node_digest(tree, inode, &id))
		return;
	/* A path of a tree begins with a slash. */
	*entry = (struct entry){ .key = key_of((struct cfs_bytes){
					 path->data + 1, path->len - 1 }),
				 .size = inode->size };
	memcpy(entry->id, id.bytes, sizeof(entry->id));
	twins->n++;
}

int cfs_twins_new(const struct cfs_tree *tree, struct cfs_twins **ret,
		  struct cfs_err *err)
{
	CFS_AUTO(cfs_twins_free)
	struct cfs_twins *twins = calloc(1, sizeof(*twins));
	CFS_AUTOBUF struct cfs_buf path = { 0 };
	struct cfs_node *node = NULL;
	size_t n = 0;

	while ((node = cfs_node_walk(tree->root, node)))
		n += is_large(node);
	if (twins)
		twins->v = calloc(n + 1, sizeof(*twins->v));
	if (!twins || !twins->v)
		return cfs_no_memory(err);
	twins->alg = tree->alg;
	while ((node = cfs_node_walk(tree->root, node)))
		if (is_large(node))
			add(twins, tree, node, &path);
	qsort(twins->v, twins->n, sizeof(*twins->v), compare);
	*ret = cfs_steal_ptr(&twins);
	return 0;
}

bool cfs_twins_find(const struct cfs_twins *twins, struct cfs_bytes path,
		    uint64_t size, struct cfs_digest *ret)
{
	const struct entry key = { .key = key_of(path), .size = size };
	const struct entry *entry =
		bsearch(&key, twins->v, twins->n, sizeof(*twins->v), compare);

	if (!entry)
		return false;
	*ret = (struct cfs_digest){ .alg = twins->alg };
	memcpy(ret->bytes, entry->id, sizeof(entry->id));
	return true;
}

void cfs_twin_close(struct cfs_twin *twin)
{
	cfs_closep(&twin->fd);
	free(twin->piece);
	twin->piece = NULL;
}

bool cfs_twin_open(struct cfs_twin *twin, const struct cfs_store *store,
		   const struct cfs_digest *id, uint64_t size)
{
	char path[CFS_OBJECT_PATH_MAX];
	struct stat st;

	cfs_digest_to_path(id, path);
	cfs_closep(&twin->fd);
	twin->size = size;
	twin->same = twin->again = twin->piece_at = twin->piece_len = 0;
	twin->fd = cfs_object_open_path(store->objects, path, &st);
	return twin->fd >= 0 && (uint64_t)st.st_size == size &&
	       (!store->secure || cfs_object_is_measured(twin->fd, id));
}

/* Compares the next @len bytes.  Returns 1, 0 or an error. */
static int compare_piece(struct cfs_twin *twin, size_t len, struct cfs_err *err)
{
	uint8_t *other = twin->piece + PIECE;
	ssize_t n = cfs_source_full(twin->rest, twin->piece, len, err);

	if (n < 0)
		return (int)n;
	twin->piece_len = (size_t)n;
	return (size_t)n == len &&
	       cfs_pread_full(twin->fd, other, len, twin->same) == n &&
	       memcmp(twin->piece, other, len) == 0;
}

int cfs_twin_compare(struct cfs_twin *twin, const struct cfs_source *file,
		     struct cfs_err *err)
{
	int r = 1;

	twin->rest = file;
	if (!twin->piece)
		twin->piece = malloc(2 * (size_t)PIECE);
	if (!twin->piece)
		return cfs_no_memory(err);
	while (r > 0 && twin->same < twin->size) {
		uint64_t left = twin->size - twin->same;
		size_t len = left < PIECE ? (size_t)left : PIECE;

		r = compare_piece(twin, len, err);
		if (r > 0)
			twin->same += len;
	}
	return r;
}

/* Reads from the object what was equal. */
static ssize_t read_object(struct cfs_twin *twin, void *data, size_t len,
			   struct cfs_err *err)
{
	uint64_t left = twin->same - twin->again;
	size_t want = left < len ? (size_t)left : len;
	ssize_t n = cfs_pread_full(twin->fd, data, want, twin->again);

	if (n != (ssize_t)want)
		return cfs_fail(err, EIO,
				"read an object for a second time: %s",
				n < 0 ? strerror((int)-n) : "it is shorter");
	twin->again += want;
	return n;
}

/* Reads the file a second time: its equal beginning from the object, the first
 * piece that differed from memory, and the rest from the source. */
static ssize_t read_again(void *ctx, void *data, size_t len,
			  struct cfs_err *err)
{
	struct cfs_twin *twin = ctx;
	size_t n = twin->piece_len - twin->piece_at;

	if (twin->again < twin->same)
		return read_object(twin, data, len, err);
	if (n == 0)
		return cfs_source_read(twin->rest, data, len, err);
	n = n < len ? n : len;
	memcpy(data, twin->piece + twin->piece_at, n);
	twin->piece_at += n;
	return (ssize_t)n;
}

struct cfs_source cfs_twin_source(struct cfs_twin *twin)
{
	return (struct cfs_source){ read_again, twin };
}
