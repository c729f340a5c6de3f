/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/boot_copy.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>

#include "base/io.h"
#include "fsverity/merkle.h"
#include "repo/object.h"
#include "repo/temp.h"

#define CHUNK (1U << 18)

int cfs_boot_digest(const struct cfs_tree *tree, struct cfs_node *node,
		    enum cfs_alg alg, struct cfs_digest *ret,
		    struct cfs_err *err)
{
	struct cfs_node *inode = cfs_node_inode(node);
	char name[CFS_NODE_NAME_MAX];

	if (!cfs_node_is_external(inode))
		return cfs_verity_digest_bytes(alg, cfs_node_bytes(inode), ret,
					       err);
	if (cfs_node_digest(tree, inode, ret))
		return 0;
	return cfs_fail(err, EINVAL,
			"%s: the image does not have the digest of its content",
			cfs_node_name(node, name));
}

static int open_object(const struct cfs_tree *tree, int objects,
		       struct cfs_node *node, struct cfs_digest *id,
		       int *ret_fd, struct cfs_err *err)
{
	int r = cfs_boot_digest(tree, node, tree->alg, id, err);

	if (r == 0)
		r = cfs_object_require(objects, id, err);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

int cfs_boot_hash(const struct cfs_tree *tree, int objects,
		  struct cfs_node *node, struct cfs_content_hash *hash,
		  struct cfs_err *err)
{
	struct cfs_node *inode = cfs_node_inode(node);
	CFS_AUTOFREE uint8_t *data = NULL;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	ssize_t n = 1;
	int r;

	if (!cfs_node_is_external(inode))
		return cfs_content_hash_update(hash, cfs_node_bytes(inode),
					       err);
	r = open_object(tree, objects, node, &id, &fd, err);
	data = malloc(CHUNK);
	if (r == 0 && !data)
		return cfs_no_memory(err);
	while (r == 0 && n > 0) {
		n = cfs_read_full(fd, data, CHUNK);
		r = n < 0 ? cfs_fail_code(err, (int)n, "read")
			  : cfs_content_hash_update(
				    hash, (struct cfs_bytes){ data, (size_t)n },
				    err);
	}
	return r;
}

/* Do @file and @node have the same content? */
static int same_content(const struct cfs_boot_copy *copy,
			const struct cfs_boot_file *file, struct cfs_node *node,
			struct cfs_err *err)
{
	enum cfs_alg alg = copy->images->v[0].alg;
	struct cfs_digest a, b;
	int r = cfs_boot_digest(copy->tree, file->node, alg, &a, err);

	if (r == 0)
		r = cfs_boot_digest(copy->tree, node, alg, &b, err);
	return r < 0 ? r : cfs_digest_equal(&a, &b);
}

int cfs_boot_copy_add(struct cfs_boot_copy *copy, struct cfs_node *node,
		      const char *name, enum cfs_boot_check check,
		      struct cfs_err *err)
{
	for (unsigned i = 0; i < copy->n; i++) {
		struct cfs_boot_file *file = &copy->v[i];
		int r;

		if (strcasecmp(file->name, name) != 0)
			continue;
		r = same_content(copy, file, node, err);
		if (r < 0)
			return r;
		if (r == 0 || strcmp(file->name, name) != 0)
			return cfs_fail(err, EINVAL,
					"two different files of the entry have "
					"the name %s",
					name);
		if (file->check == CFS_BOOT_NO_CHECK)
			file->check = check;
		return 0;
	}
	if (copy->n == CFS_BOOT_FILES_MAX)
		return cfs_fail(err, E2BIG, "the entry has more than %d files",
				CFS_BOOT_FILES_MAX);
	copy->v[copy->n++] = (struct cfs_boot_file){ .node = node,
						     .name = name,
						     .check = check };
	return 0;
}

/* Does the open file have the content of @node?  A file that cannot be read
 * does not, and is replaced. */
static int fd_has(const struct cfs_boot_copy *copy, int fd,
		  const struct stat *st, struct cfs_node *node,
		  struct cfs_err *err)
{
	enum cfs_alg alg = copy->images->v[0].alg;
	struct cfs_digest want, is;
	struct cfs_err ignored;
	int r = cfs_boot_digest(copy->tree, node, alg, &want, err);

	if (r < 0)
		return r;
	return (uint64_t)st->st_size == cfs_node_inode(node)->size &&
	       cfs_verity_digest_fd(want.alg, fd, &is, NULL, &ignored) == 0 &&
	       cfs_digest_equal(&want, &is);
}

int cfs_boot_copy_plan(struct cfs_boot_copy *copy, uint64_t *need,
		       struct cfs_err *err)
{
	CFS_AUTOFD int dir =
		cfs_open_beneath(copy->boot, copy->dir, O_PATH | O_DIRECTORY);

	if (dir < 0 && dir != -ENOENT)
		return cfs_fail(err, -dir, "%s: %s", copy->dir, strerror(-dir));
	for (unsigned i = 0; i < copy->n; i++) {
		struct cfs_boot_file *file = &copy->v[i];
		CFS_AUTOFD int fd = -EBADF;
		struct stat st;
		int r = 0;

		if (dir >= 0)
			fd = cfs_open_regular(dir, file->name, &st);
		if (fd >= 0)
			r = fd_has(copy, fd, &st, file->node, err);
		if (r < 0)
			return r;
		file->present = r > 0;
		if (!file->present)
			*need += cfs_node_inode(file->node)->size;
	}
	return 0;
}

bool cfs_boot_copy_is_there(const struct cfs_boot_copy *copy)
{
	for (unsigned i = 0; i < copy->n; i++)
		if (!copy->v[i].present)
			return false;
	return true;
}

/* Copies the object @from to @to and hashes it on the way. */
static int copy_bytes(int from, int to, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTOFREE uint8_t *data = malloc(CHUNK);
	struct cfs_digest is;
	ssize_t n = 1;
	int r = cfs_merkle_new(id->alg, &m, err);

	if (!data)
		return cfs_no_memory(err);
	while (r == 0 && n > 0) {
		n = cfs_read_full(from, data, CHUNK);
		if (n < 0)
			return cfs_fail(err, (int)-n, "read: %s",
					strerror((int)-n));
		r = cfs_write_full(to, data, (size_t)n);
		if (r < 0)
			return cfs_fail(err, -r, "write: %s", strerror(-r));
		r = cfs_merkle_update(m, (struct cfs_bytes){ data, (size_t)n },
				      err);
	}
	if (r == 0)
		r = cfs_merkle_final(m, &is, NULL, err);
	if (r == 0 && !cfs_digest_equal(&is, id))
		r = cfs_object_damaged(id, err);
	return r;
}

static int fill(const struct cfs_boot_copy *copy, struct cfs_node *node, int to,
		struct cfs_err *err)
{
	struct cfs_node *inode = cfs_node_inode(node);
	CFS_AUTOFD int from = -EBADF;
	struct cfs_digest id;
	int r;

	if (cfs_node_is_external(inode)) {
		r = open_object(copy->tree, copy->objects, node, &id, &from,
				err);
		return r < 0 ? r : copy_bytes(from, to, &id, err);
	}
	if (inode->size == 0)
		return 0;
	r = cfs_write_full(to, inode->file.data, (size_t)inode->size);
	return r < 0 ? cfs_fail(err, -r, "write: %s", strerror(-r)) : 0;
}

static int check_program(struct cfs_boot_copy *copy, enum cfs_boot_check check,
			 int fd, struct cfs_err *err)
{
	static const enum cfs_uki_kind kinds[] = {
		[CFS_BOOT_IS_UKI] = CFS_UKI,
		[CFS_BOOT_IS_ADDON] = CFS_UKI_ADDON,
		[CFS_BOOT_MAY_BE] = CFS_UKI_MAYBE,
	};

	if (check == CFS_BOOT_NO_CHECK)
		return 0;
	return cfs_uki_check(fd, kinds[check], copy->images, &copy->named, err);
}

/* Checks the program as it is in the repository. */
static int check_source(struct cfs_boot_copy *copy,
			const struct cfs_boot_file *file, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest id;
	int r;

	if (cfs_node_is_external(cfs_node_inode(file->node))) {
		r = open_object(copy->tree, copy->objects, file->node, &id, &fd,
				err);
	} else {
		fd = memfd_create(file->name, MFD_CLOEXEC);
		r = fd < 0 ? cfs_fail_errno(err, "make a file in memory")
			   : fill(copy, file->node, fd, err);
	}
	return r < 0 ? r : check_program(copy, file->check, fd, err);
}

int cfs_boot_copy_check(struct cfs_boot_copy *copy, struct cfs_err *err)
{
	for (unsigned i = 0; i < copy->n; i++) {
		if (copy->v[i].check == CFS_BOOT_NO_CHECK)
			continue;
		if (check_source(copy, &copy->v[i], err) < 0)
			return cfs_ctx(err, "%s", copy->v[i].name);
	}
	return 0;
}

/* Checks a file that the partition has already. */
static int check_present(struct cfs_boot_copy *copy,
			 const struct cfs_boot_file *file, int dir,
			 struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_regular(dir, file->name, NULL);

	if (fd < 0)
		return cfs_fail(err, -fd, "open: %s", strerror(-fd));
	return check_program(copy, file->check, fd, err);
}

static int sync_fd(const struct cfs_boot_copy *copy, int fd,
		   struct cfs_err *err)
{
	if (copy->no_sync || fsync(fd) == 0)
		return 0;
	return cfs_fail_errno(err, "sync");
}

/* fsync() of a new file on FAT writes its directory entry before the table of
 * clusters, so that a power cut between the two leaves an entry of clusters
 * that are free, and the file system turns read-only when the file is removed.
 * syncfs() writes the table first.  But older kernels report only by fsync()
 * that the content could not be written. */
static int sync_new(const struct cfs_boot_copy *copy, int fd,
		    struct cfs_err *err)
{
	if (copy->no_sync || syncfs(fd) == 0)
		return sync_fd(copy, fd, err);
	return cfs_fail_errno(err, "sync");
}

/* On FAT a new name is that of an empty file until the file itself is synced;
 * fsync() of the directory would write it so. */
static int give_name(const struct cfs_boot_copy *copy, struct cfs_temp *temp,
		     int dir, const char *name, struct cfs_err *err)
{
	int r = sync_new(copy, temp->fd, err);

	if (r == 0)
		r = cfs_temp_replace(temp, dir, name, err);
	return r < 0 ? r : sync_fd(copy, temp->fd, err);
}

static int copy_file(struct cfs_boot_copy *copy,
		     const struct cfs_boot_file *file, int dir,
		     struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	int r;

	if (file->present)
		return check_present(copy, file, dir, err);
	r = cfs_temp_open_for(dir, file->name, CFS_TEMP_NAMED, &temp, err);
	if (r == 0)
		r = fill(copy, file->node, temp.fd, err);
	if (r == 0)
		r = check_program(copy, file->check, temp.fd, err);
	return r < 0 ? r : give_name(copy, &temp, dir, file->name, err);
}

/* Opens the directory @path of the partition, making what is missing of it. */
static int open_dir(int boot, const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int dir = cfs_make_dirs(boot, path, 0755);
	int fd = dir < 0 ? dir : cfs_reopen(dir, O_RDONLY | O_DIRECTORY);

	return fd < 0 ? cfs_fail(err, -fd, "make the directory %s: %s", path,
				 strerror(-fd))
		      : fd;
}

int cfs_boot_copy_run(struct cfs_boot_copy *copy, struct cfs_err *err)
{
	CFS_AUTOFD int dir = -EBADF;
	int r = 0;

	if (copy->n == 0)
		return 0;
	dir = open_dir(copy->boot, copy->dir, err);
	if (dir < 0)
		return dir;
	for (unsigned i = 0; i < copy->n; i++) {
		r = copy_file(copy, &copy->v[i], dir, err);
		if (r < 0)
			return cfs_ctx(err, "%s", copy->v[i].name);
	}
	r = sync_fd(copy, dir, err);
	return r < 0 ? cfs_ctx(err, "%s", copy->dir) : 0;
}

static int replace(const struct cfs_boot_copy *copy, int dir, const char *name,
		   struct cfs_bytes text, struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	int r = cfs_temp_open_for(dir, name, CFS_TEMP_NAMED, &temp, err);

	if (r < 0)
		return r;
	r = cfs_write_full(temp.fd, text.data, text.len);
	if (r < 0)
		return cfs_fail(err, -r, "write: %s", strerror(-r));
	r = give_name(copy, &temp, dir, name, err);
	return r < 0 ? r : sync_fd(copy, dir, err);
}

int cfs_boot_publish(const struct cfs_boot_copy *copy, const char *name,
		     struct cfs_bytes text, struct cfs_err *err)
{
	CFS_AUTOFD int dir = open_dir(copy->boot, copy->dir, err);
	int r;

	if (dir < 0)
		return dir;
	r = replace(copy, dir, name, text, err);
	return r < 0 ? cfs_ctx(err, "%s/%s", copy->dir, name) : 0;
}
