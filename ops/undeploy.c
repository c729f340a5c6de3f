/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/undeploy.h"

#include <fcntl.h>
#include <string.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "boot/bls.h"
#include "ops/prepare_boot.h"
#include "ops/state_dir.h"
#include "repo/dir.h"
#include "repo/temp.h"

#define HASH_DIGITS 32 /* of a directory of cfs_prepare_boot() */

/* A deployment that is removed. */
struct job {
	const struct cfs_undeploy *how;
	const struct cfs_deployments *list;
	const struct cfs_deployment *d;
	char hex[CFS_DIGEST_HEX_MAX];
	int boot, state;   /* descriptors; -errno where there is none */
	unsigned finished; /* hidden entries and states that were removed */
};

static int check_use(const struct job *job, struct cfs_err *err)
{
	const struct cfs_deployment *d = job->d;
	size_t others = 0, ignored;

	if (d->booted)
		return cfs_fail(err, EBUSY,
				"%s is booted: boot another deployment first "
				"(cfsctl rollback)",
				job->hex);
	if (d->pinned)
		return cfs_fail(err, EPERM,
				"%s is pinned: `cfsctl unpin` ends that",
				job->hex);
	for (size_t i = 0; i < job->list->n; i++)
		others += &job->list->v[i] != d &&
			  cfs_deployment_boots(job->list, &job->list->v[i],
					       &ignored);
	if (d->entries.n > 0 && others == 0)
		return cfs_fail(err, EBUSY,
				"without %s no deployment can be booted: "
				"another one needs a boot entry with tries "
				"left, a whole image and a state directory",
				job->hex);
	return 0;
}

/* An entry that another deployment may be booted by has to stay. */
static int check_entry(const struct job *job,
		       const struct cfs_boot_entry *entry, struct cfs_err *err)
{
	for (size_t i = 0; i < entry->images.n; i++) {
		const struct cfs_digest *id = &entry->images.v[i];
		char hex[CFS_DIGEST_HEX_MAX];

		if (cfs_digest_equal(id, &job->d->id))
			continue;
		for (size_t k = 0; k < job->list->n; k++) {
			if (!cfs_digest_equal(&job->list->v[k].id, id))
				continue;
			cfs_digest_to_hex(id, hex);
			return cfs_fail(err, EEXIST,
					"%s boots %s as well: remove that "
					"argument of the entry, or that "
					"deployment, first",
					entry->path, hex);
		}
	}
	return 0;
}

/* A link to a shared var is removed, and nothing behind it. */
static int check_var(const struct job *job, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	char path[CFS_DIGEST_HEX_MAX + sizeof("/var")];
	struct stat st;
	int fd, r;

	snprintf(path, sizeof(path), "%s/var", job->hex);
	if (job->state < 0 || job->how->delete_var ||
	    fstatat(job->state, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISDIR(st.st_mode))
		return 0;
	fd = cfs_open_beneath(job->state, path, O_RDONLY | O_DIRECTORY);
	r = fd < 0 ? fd : cfs_dir_names_read(&fd, &names);
	if (r < 0)
		return cfs_fail_code(err, r, "read %s/%s", CFS_STATE_DIR, path);
	if (names.n > 0)
		return cfs_fail(err, ENOTEMPTY,
				"%s/%s has files that no other deployment has: "
				"save them, and give --delete-var",
				CFS_STATE_DIR, path);
	return 0;
}

static int check(const struct job *job, struct cfs_err *err)
{
	int r = check_use(job, err);

	for (size_t i = 0; r == 0 && i < job->d->entries.n; i++)
		r = check_entry(
			job, &job->list->entries.v[job->d->entries.v[i]], err);
	return r < 0 ? r : check_var(job, err);
}

static int sync_disk(const struct job *job, int fd, const char *what,
		     struct cfs_err *err)
{
	if (job->how->no_sync || syncfs(fd) == 0)
		return 0;
	return cfs_fail_errno(err, "sync %s", what);
}

/* Hides the entry @path, so that no boot loader starts it. */
static int hide(const struct job *job, const char *path, struct cfs_err *err)
{
	const char *name = strrchr(path, '/') + 1;
	CFS_AUTOFREE char *hidden = NULL;

	if (asprintf(&hidden, "%.*s.%s" CFS_ENTRY_HIDDEN, (int)(name - path),
		     path, name) < 0) {
		hidden = NULL;
		return cfs_no_memory(err);
	}
	if (renameat(job->boot, path, job->boot, hidden) < 0 && errno != ENOENT)
		return cfs_fail_errno(err, "rename %s to %s", path, hidden);
	return 0;
}

static int hide_entries(const struct job *job, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < job->d->entries.n; i++)
		r = hide(job, job->list->entries.v[job->d->entries.v[i]].path,
			 err);
	if (r == 0 && job->d->entries.n > 0)
		r = sync_disk(job, job->boot, "the boot partition", err);
	return r;
}

/* Is @path ID/HASH/NAME, as cfs_prepare_boot() names files?  @dir becomes
 * "ID/HASH". */
static bool is_prepared(struct cfs_bytes path, char dir[static NAME_MAX * 2])
{
	const char *hash, *name;

	while (path.len > 0 && path.data[0] == '/') {
		path.data++;
		path.len--;
	}
	if (path.len == 0 || path.len >= NAME_MAX * 2 ||
	    memchr(path.data, '\0', path.len))
		return false;
	memcpy(dir, path.data, path.len);
	dir[path.len] = '\0';
	hash = strchr(dir, '/');
	name = hash ? strchr(hash + 1, '/') : NULL;
	if (!name || name != hash + 1 + HASH_DIGITS || !name[1] ||
	    strchr(name + 1, '/') || dir[0] == '.' ||
	    strspn(hash + 1, "0123456789abcdef") != HASH_DIGITS)
		return false;
	dir[name - dir] = '\0';
	return true;
}

/* Does an entry that is still there mention @dir?  One that cannot be read may
 * do so. */
static bool is_mentioned(const struct job *job, const char *dir)
{
	for (size_t i = 0; i < job->list->entries.n; i++) {
		const struct cfs_boot_entry *e = &job->list->entries.v[i];
		CFS_AUTOBUF struct cfs_buf text = { 0 };
		struct cfs_err ignored;
		int r = strncmp(e->path, "EFI/", 4) == 0
				? 0
				: cfs_read_file(job->boot, e->path, CFS_BLS_MAX,
						&text, &ignored);

		if (r < 0 || (r > 0 && (!cfs_buf_text(&text) ||
					strcasestr((char *)text.data, dir))))
			return true;
	}
	return false;
}

/* Removes the directory ID/HASH that a line of a hidden entry names, and ID if
 * that was all. */
static int remove_dir(const struct job *job, char *dir, struct cfs_err *err)
{
	char *hash = strchr(dir, '/');
	CFS_AUTOFD int parent = -EBADF;
	int r;

	*hash = '\0';
	parent = cfs_open_beneath(job->boot, dir, O_RDONLY | O_DIRECTORY);
	if (parent == -ENOENT)
		return 0;
	if (parent < 0)
		return cfs_fail_code(err, parent, "open %s", dir);
	r = cfs_dir_remove(parent, hash + 1, CFS_STATE_DEPTH_MAX, err);
	if (r < 0)
		return cfs_ctx(err, "%s", dir);
	/* Others may have files there. */
	(void)unlinkat(job->boot, dir, AT_REMOVEDIR);
	return 0;
}

static int remove_files(const struct job *job, struct cfs_bytes text,
			struct cfs_err *err)
{
	struct cfs_bls_line line;
	int r = 0;

	while (r == 0 && cfs_bls_next(&text, &line)) {
		char dir[NAME_MAX * 2];

		if (is_prepared(line.value, dir) && !is_mentioned(job, dir))
			r = remove_dir(job, dir, err);
	}
	return r;
}

/* Is there still a kernel image with the id @id, but for its counters the name
 * of a hidden one?  It has the same addons. */
static bool has_addons(const struct job *job, const char *id)
{
	for (size_t i = 0; i < job->list->entries.n; i++) {
		const struct cfs_boot_entry *e = &job->list->entries.v[i];

		if (strncmp(e->path, "EFI/", 4) == 0 &&
		    strcmp(e->id, id) == 0 &&
		    cfs_name_exists(job->boot, e->path) != 0)
			return true;
	}
	return false;
}

/* Removes the addons of the kernel image that was called like the hidden
 * one, and what was written of itself. */
static int remove_addons(const struct job *job, int dir, const char *hidden,
			 struct cfs_err *err)
{
	size_t n = strlen(hidden) - strlen(CFS_ENTRY_HIDDEN) - 1;
	CFS_AUTOFREE char *name = strndup(hidden + 1, n);
	CFS_AUTOBUF struct cfs_buf id = { 0 }, addons = { 0 };
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	struct cfs_err ignored;
	int left, done;

	if (!name)
		return cfs_no_memory(err);
	/* Opening removes what a killed program left. */
	(void)!cfs_temp_open_for(dir, name, CFS_TEMP_NAMED, &temp, &ignored);
	cfs_boot_entry_name(name, ".efi", &id, &left, &done);
	if (!cfs_buf_text(&id))
		return cfs_buf_check(&id, err);
	if (has_addons(job, (char *)id.data))
		return 0;
	cfs_boot_addons_path(name, &addons);
	if (!cfs_buf_text(&addons))
		return cfs_buf_check(&addons, err);
	return cfs_dir_remove(dir, (char *)addons.data, CFS_STATE_DEPTH_MAX,
			      err);
}

static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcmp(name + len - n, end) == 0;
}

/* Removes the files of the hidden entry @name in @dir, then itself. */
static int finish_entry(struct job *job, int dir, const char *name,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	if (ends_with(name, ".conf" CFS_ENTRY_HIDDEN)) {
		r = cfs_read_file(dir, name, CFS_BLS_MAX, &text, err);
		if (r > 0)
			r = remove_files(job, cfs_buf_bytes(&text), err);
	} else {
		r = remove_addons(job, dir, name, err);
	}
	if (r == 0)
		r = sync_disk(job, dir, "the boot partition", err);
	/* The entry goes last: it tells an interrupted run's successor which
	 * files to remove. */
	if (r == 0 && unlinkat(dir, name, 0) < 0)
		return cfs_fail_errno(err, "remove %s", name);
	job->finished += r == 0;
	return r;
}

static int finish_entries(struct job *job, const char *where,
			  struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir =
		cfs_open_beneath(job->boot, where, O_RDONLY | O_DIRECTORY);
	int list = dir < 0 ? dir : cfs_reopen(dir, O_RDONLY | O_DIRECTORY);
	int r = list < 0 ? list : cfs_dir_names_read(&list, &names);

	if (dir == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail_code(err, r, "read %s", where);
	for (size_t i = 0; r == 0 && i < names.n; i++)
		if (names.v[i].name[0] == '.' &&
		    ends_with(names.v[i].name, CFS_ENTRY_HIDDEN))
			r = finish_entry(job, dir, names.v[i].name, err);
	return r < 0 ? cfs_ctx(err, "%s", where) : 0;
}

static int finish_boot(struct job *job, struct cfs_err *err)
{
	static const char *const places[] = { "loader/entries",
					      "loader/entries.staged",
					      "EFI/Linux" };
	int r = 0;

	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(places); i++)
		r = finish_entries(job, places[i], err);
	return r;
}

static int hide_state(const struct job *job, struct cfs_err *err)
{
	int r = cfs_state_hide(job->state, job->hex, err);

	return r > 0 ? sync_disk(job, job->state, CFS_STATE_DIR, err) : r;
}

static int finish_state(struct job *job, struct cfs_err *err)
{
	static const char *const ends[] = { CFS_STATE_REMOVED, NULL };
	int r = cfs_state_sweep(job->state, ends, err);

	if (r > 0)
		job->finished += (unsigned)r;
	return r < 0 ? r : 0;
}

/* Removes what interrupted runs left, and what this one has hidden. */
static int finish(struct job *job, struct cfs_err *err)
{
	if (job->boot >= 0 && finish_boot(job, err) < 0)
		return cfs_ctx(err, "%s", job->how->where->boot);
	if (job->state >= 0 && finish_state(job, err) < 0)
		return cfs_ctx(err, "%s", job->how->where->sysroot);
	return 0;
}

/* Entries and their files go before the state, without which entries do not
 * boot. */
static int remove_all(struct job *job, struct cfs_err *err)
{
	if (job->boot >= 0 &&
	    (hide_entries(job, err) < 0 || finish_boot(job, err) < 0))
		return cfs_ctx(err, "%s", job->how->where->boot);
	if (job->state >= 0 && hide_state(job, err) < 0)
		return cfs_ctx(err, "%s", job->how->where->sysroot);
	return finish(job, err);
}

static int open_all(struct job *job, int *ret_boot, int *ret_state,
		    struct cfs_err *err)
{
	const struct cfs_deployments_params *where = job->how->where;
	CFS_AUTOFD int sysroot =
		open(where->sysroot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (sysroot < 0)
		return cfs_fail_errno(err, "open %s", where->sysroot);
	if (where->boot) {
		*ret_boot =
			open(where->boot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (*ret_boot < 0)
			return cfs_fail_errno(err, "open %s", where->boot);
	}
	*ret_state = cfs_open_beneath(sysroot, CFS_STATE_DIR,
				      O_RDONLY | O_DIRECTORY);
	if (*ret_state < 0 && *ret_state != -ENOENT)
		return cfs_fail_code(err, *ret_state, "open %s/%s",
				     where->sysroot, CFS_STATE_DIR);
	job->boot = *ret_boot;
	job->state = *ret_state;
	return 0;
}

int cfs_undeploy_finish(const struct cfs_undeploy *how,
			const struct cfs_deployments *list, struct cfs_err *err)
{
	CFS_AUTOFD int boot = -EBADF, state = -EBADF;
	struct job job = {
		.how = how, .list = list, .boot = -EBADF, .state = -EBADF
	};
	int r = open_all(&job, &boot, &state, err);

	return r < 0 ? r : finish(&job, err);
}

static int undeploy(struct job *job, const struct cfs_repo *repo,
		    const char *name, struct cfs_digest *ret,
		    struct cfs_err *err)
{
	struct cfs_digest id;
	int r = finish(job, err);

	if (r == 0)
		r = cfs_deployments_name(job->list, repo, name, &id, err);
	if (r == 0)
		return job->finished > 0 ? 0
					 : cfs_fail(err, ENOENT,
						    "%s is not deployed", name);
	if (r < 0)
		return r;
	job->d = cfs_deployments_find(job->list, &id);
	cfs_digest_to_hex(&id, job->hex);
	r = check(job, err);
	if (r == 0)
		r = remove_all(job, err);
	if (r < 0)
		return r;
	*ret = id;
	return 1;
}

int cfs_undeploy(const struct cfs_repo *repo, const struct cfs_undeploy *how,
		 const char *name, struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTODEPLOYMENTS struct cfs_deployments list = { 0 };
	CFS_AUTOFD int boot = -EBADF, state = -EBADF;
	struct job job = {
		.how = how, .list = &list, .boot = -EBADF, .state = -EBADF
	};
	int r = cfs_state_lock(repo, how->waiting, err);

	if (r == 0)
		r = cfs_deployments_read(repo, how->where, &list, err);
	if (r == 0)
		r = cfs_deployments_complete(&list, err);
	if (r == 0)
		r = open_all(&job, &boot, &state, err);
	return r < 0 ? r : undeploy(&job, repo, name, ret, err);
}
