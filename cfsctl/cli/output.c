/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/output.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "repo/copy.h"

/* There is no asking for the umask but by setting it. */
static mode_t new_mode(void)
{
	mode_t mask = umask(0);

	(void)umask(mask);
	return 0666 & ~mask;
}

/* Splits @path, which the caller gives up, into directory and name. */
static int open_dir(char *path, struct cfs_output *out, struct cfs_err *err)
{
	char *slash = strrchr(path, '/');
	const char *dir = !slash ? "." : slash == path ? "/" : path;

	out->name = strdup(slash ? slash + 1 : path);
	if (!out->name)
		return cfs_no_memory(err);
	if (slash)
		*slash = '\0';
	out->dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (out->dirfd < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	return 0;
}

static int make_temp(struct cfs_output *out, enum cfs_temp_kind kind,
		     struct cfs_err *err)
{
	int r = cfs_temp_open_for(out->dirfd, out->name, kind, &out->temp, err);

	if (r == 0 && fchmod(out->temp.fd, out->mode) < 0) {
		r = cfs_fail_errno(err, "set the mode of a temporary file");
		cfs_temp_close(&out->temp);
	}
	return r;
}

/* Whether a file can be given a name later is not tried: it costs a tenth of a
 * small image.  See name_copy(). */
static int open_temp(char *path, mode_t mode, struct cfs_output *out,
		     struct cfs_err *err)
{
	int r = open_dir(path, out, err);

	out->mode = mode;
	if (r == 0 && make_temp(out, CFS_TEMP_UNNAMED, err) < 0)
		r = make_temp(out, CFS_TEMP_NAMED, err);
	return r;
}

/* A name that is free needs no temporary one. */
static int give_name(struct cfs_output *out, struct cfs_err *err)
{
	int r = 0;

	if (out->fresh)
		r = cfs_temp_publish(&out->temp, out->dirfd, out->name, err);
	if (r == 0 && out->keep)
		return cfs_fail(err, EEXIST, "it exists by now");
	if (r == 0)
		return cfs_temp_replace(&out->temp, out->dirfd, out->name, err);
	return r < 0 ? r : 0;
}

/* For file systems whose files without a name cannot be given one. */
static int name_copy(struct cfs_output *out, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_steal_fd(&out->temp.fd);
	int r = 0;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "read a temporary file again");
	r = make_temp(out, CFS_TEMP_NAMED, err);
	if (r == 0)
		r = cfs_copy_rest(fd, out->temp.fd, err);
	return r < 0 ? r : give_name(out, err);
}

static int open_direct(const char *path, struct cfs_output *out,
		       struct cfs_err *err)
{
	/* O_CREAT is for what vanished meanwhile; it is no error then. */
	out->direct =
		open(path, O_WRONLY | O_TRUNC | O_CREAT | O_CLOEXEC, 0666);
	if (out->direct < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	return 0;
}

static int open_path(const char *path, struct cfs_output *out,
		     struct cfs_err *err)
{
	CFS_AUTOFREE char *name = NULL;
	struct stat st;

	if (strcmp(path, "-") == 0) {
		out->direct = STDOUT_FILENO;
		return 0;
	}
	if (lstat(path, &st) == 0 && S_ISREG(st.st_mode)) {
		name = strdup(path);
	} else if (stat(path, &st) < 0) {
		size_t len = strlen(path);

		if (errno != ENOENT || len == 0 || path[len - 1] == '/')
			return open_direct(path, out, err);
		st.st_mode = S_IFREG | new_mode();
		out->fresh = true;
		name = strdup(path);
	} else if (!S_ISREG(st.st_mode)) {
		return open_direct(path, out, err);
	} else {
		/* Fails for a file that has no name, as /dev/stdout may be. */
		name = realpath(path, NULL);
		if (!name && errno != ENOMEM)
			return open_direct(path, out, err);
	}
	if (!name)
		return cfs_no_memory(err);
	return open_temp(name, st.st_mode & 07777, out, err);
}

static void hand_over(struct cfs_output *out, struct cfs_output *ret)
{
	const struct cfs_output none = CFS_OUTPUT_INIT;

	*ret = *out;
	*out = none;
}

int cmd_output_open(const char *path, struct cfs_output *ret,
		    struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	int r = open_path(path, &out, err);

	if (r == 0)
		hand_over(&out, ret);
	return r;
}

int cmd_output_open_file(const char *path, unsigned flags,
			 struct cfs_output *ret, struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	CFS_AUTOFREE char *name = NULL;
	struct stat st;
	int r;

	if (stat(path, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return cfs_fail(err, EEXIST,
					"it exists and is no regular file: "
					"write a file and copy that");
		if (!(flags & CFS_OUTPUT_REPLACE))
			return cfs_fail(err, EEXIST,
					"it exists; --force replaces it");
		name = realpath(path, NULL);
	} else {
		if (errno != ENOENT)
			return cfs_fail(err, errno, "%s", strerror(errno));
		if (lstat(path, &st) == 0)
			return cfs_fail(err, EEXIST,
					"it is a symbolic link to a file that "
					"is missing");
		if (!*path || path[strlen(path) - 1] == '/')
			return cfs_fail(err, EISDIR, "it names no file");
		st.st_mode = S_IFREG | new_mode();
		out.fresh = true;
		name = strdup(path);
	}
	if (!name)
		return cfs_fail(err, errno, "%s", strerror(errno));
	out.keep = !(flags & CFS_OUTPUT_REPLACE);
	r = open_temp(name, st.st_mode & 07777, &out, err);
	if (r == 0)
		hand_over(&out, ret);
	return r;
}

int cmd_output_write(void *ctx, const void *data, size_t len,
		     struct cfs_err *err)
{
	const struct cfs_output *out = ctx;
	int fd = out->direct >= 0 ? out->direct : out->temp.fd;
	int r = cfs_write_full(fd, data, len);

	return r < 0 ? cfs_fail(err, -r, "%s", strerror(-r)) : 0;
}

int cmd_output_commit(struct cfs_output *out, struct cfs_err *err)
{
	int fd = out->direct, r;

	if (fd < 0) {
		r = give_name(out, err);
		/* Having a name, it was the replacing that failed. */
		if (r == 0 || r == -EEXIST || out->temp.name[0])
			return r;
		return name_copy(out, err);
	}
	out->direct = -EBADF;
	/* Words may follow the image on stdout. */
	if (fd == STDOUT_FILENO)
		return 0;
	/* Some file systems say only now that there was no room. */
	if (close(fd) < 0)
		return cfs_fail(err, errno, "%s", strerror(errno));
	return 0;
}

void cmd_output_close(struct cfs_output *out)
{
	if (out->direct != STDOUT_FILENO)
		cfs_closep(&out->direct);
	cfs_temp_close(&out->temp);
	cfs_closep(&out->dirfd);
	free(out->name);
	out->name = NULL;
}
