/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Opening the directory of an export. */
#include <ctype.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "repo/dir.h"
#include "repo/export/export.h"

/* The size of the longest list that is read. */
#define LIST_MAX                            \
	(sizeof(struct cfs_export_header) + \
	 CFS_EXPORT_OBJECTS_MAX * (CFS_DIGEST_MAX + sizeof(cfs_le32)))

void cfs_export_close(struct cfs_export *e)
{
	struct cfs_err ignored;

	if (e->staging >= 0)
		(void)!cfs_dir_remove(e->fd, CFS_EXPORT_STAGING, 1, &ignored);
	cfs_closep(&e->pack_fd);
	cfs_closep(&e->staging);
	cfs_closep(&e->fd);
	for (size_t i = 0; i < e->staged.n; i++)
		free(e->staged.v[i].path);
	cfs_vec_free(&e->staged);
	cfs_export_packs_free(&e->packs);
	cfs_export_packs_free(&e->pack);
	cfs_export_packs_free(&e->files);
	cfs_export_catalogue_free(&e->names);
	if (e->zstd)
		cfs_zstd_free(e->zstd);
	e->zstd = NULL;
}

/* Is the directory empty but for what a first publish leaves that is killed? */
static int check_fresh(const struct cfs_export *e, struct cfs_err *err)
{
	static const char *const own[] = { CFS_EXPORT_STAGING, "objects",
					   "packs", "images" };
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(e->fd, ".", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		bool known = false;

		for (size_t k = 0; k < CFS_ARRAY_SIZE(own); k++)
			known |= strcmp(names.v[i].name, own[k]) == 0;
		if (!known)
			r = cfs_fail(err, EEXIST,
				     "the directory has %s and is no export: "
				     "name a new or empty one",
				     names.v[i].name);
	}
	/* A repository of before meta.json. */
	if (r == 0 && cfs_name_exists(e->fd, "images/refs") > 0)
		r = cfs_fail(err, EEXIST,
			     "the directory is a repository: name a new or "
			     "empty one");
	return r;
}

static int read_names(struct cfs_export *e, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_read_file(e->fd, CFS_EXPORT_JSON, CFS_EXPORT_JSON_MAX,
			      &text, err);

	if (r < 0)
		return r;
	if (r == 0) {
		e->names.alg = e->alg;
		return check_fresh(e, err);
	}
	e->has_json = true;
	r = cfs_export_catalogue_read(cfs_buf_bytes(&text), &e->names, err);
	if (r == 0 && e->names.alg != e->alg)
		r = cfs_fail(err, EINVAL,
			     "the export has %s images, the repository %s: "
			     "name another directory",
			     cfs_alg_name(e->names.alg), cfs_alg_name(e->alg));
	return r;
}

/* The number of the pack @name, or CFS_EXPORT_NO_PACK. */
static uint32_t pack_of(const char *name)
{
	char again[CFS_EXPORT_PATH_MAX];
	uint32_t n = 0;

	for (unsigned i = 0; i < 8; i++) {
		if (!isdigit((unsigned char)name[i]))
			return CFS_EXPORT_NO_PACK;
		n = 10 * n + (uint32_t)(name[i] - '0');
	}
	cfs_export_pack_path(n, ".pack", again);
	return strcmp(again + strlen("packs/"), name) == 0 ? n
							   : CFS_EXPORT_NO_PACK;
}

/* A pack without a list stays for the indexes that refer to it. */
static int read_pack(struct cfs_export *e, uint32_t pack, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	char path[CFS_EXPORT_PATH_MAX];
	struct stat st;
	int r;

	if (pack >= CFS_EXPORT_PACKS_MAX)
		return cfs_fail(err, E2BIG,
				"the export has no room for a "
				"further pack");
	if (e->next_pack <= pack)
		e->next_pack = pack + 1;
	cfs_export_pack_path(pack, ".pack", path);
	if (fstatat(e->fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return cfs_fail_errno(err, "stat %s", path);
	cfs_export_pack_path(pack, ".list", path);
	r = cfs_read_file(e->fd, path, LIST_MAX, &list, err);
	if (r > 0)
		r = cfs_export_list_read(cfs_buf_bytes(&list), e->alg, pack,
					 (uint64_t)st.st_size, &e->packs, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

static int read_packs(struct cfs_export *e, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = cfs_dir_list(e->fd, "packs", &names, err);

	for (size_t i = 0; r == 0 && i < names.n; i++) {
		uint32_t pack = pack_of(names.v[i].name);

		if (pack != CFS_EXPORT_NO_PACK)
			r = read_pack(e, pack, err);
	}
	return r;
}

static int lock(const struct cfs_export *e, struct cfs_err *err)
{
	if (flock(e->fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK)
		return cfs_fail(err, EBUSY,
				"another process is publishing there");
	return cfs_fail_errno(err, "lock");
}

/* The path is the user's: links in it are followed. */
static int open_directory(const char *path, struct cfs_err *err)
{
	int fd;

	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "create the directory");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? cfs_fail_errno(err, "open the directory") : fd;
}

int cfs_export_open(const char *path, enum cfs_alg alg, struct cfs_export *ret,
		    struct cfs_err *err)
{
	CFS_AUTOEXPORT struct cfs_export e = CFS_EXPORT_INIT;
	int r;

	e.alg = alg;
	e.sync = true;
	e.fd = r = open_directory(path, err);
	if (r >= 0)
		r = lock(&e, err);
	if (r == 0)
		r = read_names(&e, err);
	if (r == 0)
		r = read_packs(&e, err);
	if (r == 0)
		r = cfs_dir_remove(e.fd, CFS_EXPORT_STAGING, 1, err);
	if (r < 0)
		return cfs_ctx(err, "export %s", path);
	*ret = e;
	e = (struct cfs_export)CFS_EXPORT_INIT;
	return 0;
}
