/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/origin/files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"

void cfs_files_close(struct cfs_files *files)
{
	cfs_closep(&files->fd);
	cfs_archive_free(files->archive);
	files->archive = NULL;
}

int cfs_files_open_dir(const char *path, struct cfs_files *ret,
		       struct cfs_err *err)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return cfs_fail_errno(err, "open directory %s", path);
	ret->fd = fd;
	return 0;
}

int cfs_files_open_archive(const char *path, struct cfs_files *ret,
			   struct cfs_err *err)
{
	CFS_AUTOFILES struct cfs_files files = CFS_FILES_INIT;
	struct stat st;
	int r;

	/* Opening a FIFO must not block, nor a terminal become this
	 * process's. */
	files.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (files.fd < 0 || fstat(files.fd, &st) < 0)
		return cfs_fail_errno(err, "open %s", path);
	if (S_ISDIR(st.st_mode))
		return cfs_fail(err, EISDIR,
				"%s is a directory: write oci:%s for a layout "
				"in a directory",
				path, path);
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, EINVAL,
				"%s is not a regular file: an archive is read "
				"here and there, so save it in a file first",
				path);
	r = cfs_archive_read(files.fd, (uint64_t)st.st_size, &files.archive,
			     err);
	if (r < 0)
		return cfs_ctx(err, "%s", path);
	*ret = files;
	files = (struct cfs_files)CFS_FILES_INIT;
	return 0;
}

static int get_member(const struct cfs_files *files, const char *name,
		      struct cfs_oci_blob *ret, struct cfs_err *err)
{
	const struct cfs_archive_member *m =
		cfs_archive_find(files->archive, name);
	int fd;

	if (!m)
		return 0;
	if (!m->is_regular)
		return cfs_fail(err, EINVAL,
				"%s in the archive is not a regular file",
				name);
	fd = fcntl(files->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return cfs_fail_errno(err, "open %s in the archive", name);
	*ret = (struct cfs_oci_blob){ .fd = fd,
				      .at = m->at,
				      .end = m->at + m->size };
	return 1;
}

static int get_file(const struct cfs_files *files, const char *name,
		    struct cfs_oci_blob *ret, struct cfs_err *err)
{
	struct stat st;
	int fd = cfs_open_regular(files->fd, name, &st);

	if (fd == -ENOENT)
		return 0;
	if (fd == -EXDEV)
		return cfs_fail(err, EXDEV,
				"%s leads out of the directory: links to "
				"elsewhere are not followed, copy the file",
				name);
	if (fd == -EINVAL || fd == -EISDIR)
		return cfs_fail(err, EINVAL, "%s is not a regular file", name);
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", name, strerror(-fd));
	*ret = (struct cfs_oci_blob){ .fd = fd, .end = (uint64_t)st.st_size };
	return 1;
}

int cfs_files_get(const struct cfs_files *files, const char *name,
		  struct cfs_oci_blob *ret, struct cfs_err *err)
{
	return files->archive ? get_member(files, name, ret, err)
			      : get_file(files, name, ret, err);
}

int cfs_files_read(const struct cfs_files *files, const char *name, size_t max,
		   struct cfs_buf *ret, struct cfs_err *err)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	int r = cfs_files_get(files, name, &blob, err);
	struct cfs_source source = cfs_oci_blob_source(&blob);

	if (r <= 0)
		return r;
	if (blob.end - blob.at > max)
		return cfs_fail(err, EFBIG,
				"%s has %llu bytes; the maximum is %zu", name,
				(unsigned long long)(blob.end - blob.at), max);
	r = cfs_source_all(&source, max, ret, err);
	return r < 0 ? cfs_ctx(err, "%s", name) : 1;
}
