/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "varlink/register.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "base/auto.h"

/* A register is a file in memory: the handle that was given out last, and a row
 * for each that is known, in the place that its number gives it. */
struct row {
	uint64_t id; /* 0: none */
	struct cfs_varlink_place place;
};

static off_t offset_of(uint64_t id)
{
	return (off_t)(sizeof(id) +
		       id % CFS_VARLINK_REGISTER_MAX * sizeof(struct row));
}

/*
 * The lock belongs to the process and ends with it, however that ends; so a
 * client that is killed keeps no other waiting.  Source: F_SETLKW, fcntl(2).
 */
static void lock(int fd, short type)
{
	struct flock range = { .l_type = type, .l_whence = SEEK_SET };

	while (fcntl(fd, F_SETLKW, &range) < 0 && errno == EINTR)
		;
}

static bool read_at(int fd, off_t offset, void *to, size_t size)
{
	return pread(fd, to, size, offset) == (ssize_t)size;
}

static bool write_at(int fd, off_t offset, const void *from, size_t size)
{
	return pwrite(fd, from, size, offset) == (ssize_t)size;
}

void cfs_varlink_register_free(struct cfs_varlink_register *shared)
{
	cfs_closep(&shared->fd);
}

static bool add(int fd, struct row *row)
{
	uint64_t last;
	size_t size =
		offsetof(struct row, place.path) + strlen(row->place.path) + 1;

	if (!read_at(fd, 0, &last, sizeof(last)))
		return false;
	row->id = last + 1;
	return write_at(fd, 0, &row->id, sizeof(row->id)) &&
	       write_at(fd, offset_of(row->id), row, size);
}

int cfs_varlink_register_add(const struct cfs_varlink_register *shared,
			     const struct cfs_varlink_place *place,
			     uint64_t *ret_id, struct cfs_err *err)
{
	struct row row = { .place = *place };
	bool added;
	int code;

	lock(shared->fd, F_WRLCK);
	added = add(shared->fd, &row);
	code = errno;
	lock(shared->fd, F_UNLCK);
	if (!added)
		return cfs_fail_code(err, -code, "register a handle");
	*ret_id = row.id;
	return 0;
}

/* Reads the row of @id.  The lock is held. */
static bool find(int fd, uint64_t id, struct row *row)
{
	return id && read_at(fd, offset_of(id), row, sizeof(*row)) &&
	       row->id == id &&
	       memchr(row->place.path, '\0', sizeof(row->place.path));
}

bool cfs_varlink_register_find(const struct cfs_varlink_register *shared,
			       uint64_t id, struct cfs_varlink_place *ret)
{
	struct row row;
	bool found;

	lock(shared->fd, F_RDLCK);
	found = find(shared->fd, id, &row);
	lock(shared->fd, F_UNLCK);
	if (found)
		*ret = row.place;
	return found;
}

bool cfs_varlink_register_remove(const struct cfs_varlink_register *shared,
				 uint64_t id)
{
	static const uint64_t none;
	struct row row;
	bool found;

	lock(shared->fd, F_WRLCK);
	found = find(shared->fd, id, &row) &&
		write_at(shared->fd, offset_of(id), &none, sizeof(none));
	lock(shared->fd, F_UNLCK);
	return found;
}

static int make_file(void)
{
	CFS_AUTOFD int fd = memfd_create("handles", MFD_CLOEXEC);

	/* Places without a handle are read as zeros. */
	if (fd < 0 || ftruncate(fd, offset_of(CFS_VARLINK_REGISTER_MAX - 1) +
					    (off_t)sizeof(struct row)) < 0)
		return -errno;
	return cfs_steal_fd(&fd);
}

void cfs_varlink_registers_free(struct cfs_varlink_registers *registers)
{
	for (unsigned i = 0; i < CFS_VARLINK_USERS_MAX && i < registers->n; i++)
		cfs_varlink_register_free(&registers->v[i].shared);
	registers->n = 0;
}

const struct cfs_varlink_register *cfs_varlink_registers_of(
	struct cfs_varlink_registers *registers, uid_t uid)
{
	unsigned place = registers->n % CFS_VARLINK_USERS_MAX;

	for (unsigned i = 0; i < CFS_VARLINK_USERS_MAX && i < registers->n; i++)
		if (registers->v[i].uid == uid &&
		    registers->v[i].shared.fd >= 0)
			return &registers->v[i].shared;
	if (registers->n >= CFS_VARLINK_USERS_MAX)
		cfs_varlink_register_free(&registers->v[place].shared);
	registers->v[place].uid = uid;
	registers->v[place].shared.fd = make_file();
	registers->n++;
	return &registers->v[place].shared;
}
