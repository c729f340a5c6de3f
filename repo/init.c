/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "repo/init.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/enable.h"
#include "fsverity/measure.h"
#include "repo/dir.h"
#include "repo/temp.h"

static void add_extra(const struct cfs_meta *meta, struct cfs_buf *buf)
{
	const char *sep = "";

	if (!meta->erofs_extra)
		return;
	cfs_buf_adds(buf, ",\n    \"extra\": [");
	for (unsigned i = 0; i <= CFS_META_FORMAT_MAX; i++) {
		if (!(meta->erofs_extra & 1U << i))
			continue;
		cfs_buf_addf(buf, "%s\n      %u", sep, i);
		sep = ",";
	}
	cfs_buf_adds(buf, "\n    ]");
}

void cfs_meta_format(const struct cfs_meta *meta, struct cfs_buf *buf)
{
	cfs_buf_addf(buf,
		     "{\n  \"version\": %u,\n  \"algorithm\": \"%s\",\n"
		     "  \"features\": {\n    \"compatible\": [],\n"
		     "    \"read-only-compatible\": [",
		     CFS_META_VERSION, cfs_alg_id(meta->alg));
	if (meta->erofs_default == 1)
		cfs_buf_adds(buf, "\n      \"v1_erofs\"\n    ");
	cfs_buf_addf(buf,
		     "],\n    \"incompatible\": []\n  },\n"
		     "  \"erofs_formats\": {\n    \"default\": %u",
		     meta->erofs_default);
	add_extra(meta, buf);
	cfs_buf_adds(buf, "\n  }\n}\n");
}

static int enable(const struct cfs_temp *temp, enum cfs_alg alg,
		  struct cfs_err *err)
{
	struct cfs_bytes none = { 0 };
	int r = cfs_verity_enable(temp->fd, alg, none, err);

	if (r == CFS_ENABLE_UNSUPPORTED)
		return cfs_fail(err, EOPNOTSUPP,
				"this file system or kernel has no fs-verity: "
				"turn it on (ext4: tune2fs -O verity) or use "
				"--insecure");
	return r < 0 ? r : 0;
}

static int reset(int dirfd, struct cfs_err *err)
{
	static const char *const names[] = { "images", "streams", "signatures",
					     "meta.json" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++) {
		int r = cfs_dir_remove(dirfd, names[i], CFS_DIR_DEPTH_MAX, err);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Everything that can fail for lack of something is tried before @params'
 * reset removes anything. */
static int write_meta(int dirfd, const struct cfs_init_params *params,
		      struct cfs_err *err)
{
	CFS_AUTOTEMP struct cfs_temp temp = CFS_TEMP_INIT;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	cfs_meta_format(&params->meta, &text);
	r = cfs_buf_check(&text, err);
	/* It needs a name if it is to get fs-verity: see repo/incoming.c. */
	if (r == 0)
		r = cfs_temp_open(dirfd,
				  params->secure ? CFS_TEMP_NAMED
						 : cfs_temp_best_kind(dirfd),
				  &temp, err);
	if (r < 0)
		return r;
	r = cfs_write_full(temp.fd, text.data, text.len);
	if (r < 0)
		return cfs_fail(err, -r, "write: %s", strerror(-r));
	if (fsync(temp.fd) < 0)
		return cfs_fail_errno(err, "fsync");
	r = cfs_temp_seal(&temp, err);
	if (r == 0 && params->secure)
		r = enable(&temp, params->meta.alg, err);
	if (r == 0 && params->reset)
		r = reset(dirfd, err);
	if (r == 0)
		r = cfs_temp_publish(&temp, dirfd, "meta.json", err);
	if (r == 0)
		return cfs_fail(err, EEXIST, "another process has made it");
	if (r > 0 && fsync(dirfd) < 0 && errno != EINVAL)
		return cfs_fail_errno(err, "fsync the directory");
	return r < 0 ? r : 0;
}

/* The directories that were missing, to be removed if init fails. */
struct made {
	char path[PATH_MAX];
	size_t kept; /* bytes of the path that existed before */
};

/* mkdir -p; the last directory is the repository. */
static int make_dirs(const char *path, struct made *made, struct cfs_err *err)
{
	size_t len = strlen(path);

	if (len >= sizeof(made->path))
		return cfs_fail(err, ENAMETOOLONG, "make %s: path too long",
				path);
	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(made->path, path, i);
		made->path[i] = '\0';
		if (mkdir(made->path, i == len ? CFS_REPO_MODE : 0755) == 0)
			continue;
		if (errno != EEXIST)
			return cfs_fail_errno(err, "make directory %s",
					      made->path);
		made->kept = i;
	}
	return 0;
}

/* A directory into which another process has put something stays. */
static void unmake_dirs(struct made *made)
{
	for (size_t i = strlen(made->path); i > made->kept; i--) {
		if (made->path[i] != '/' && made->path[i] != '\0')
			continue;
		made->path[i] = '\0';
		(void)rmdir(made->path);
	}
}

static int differs(const struct cfs_meta *have, const struct cfs_meta *want,
		   struct cfs_err *err)
{
	return cfs_fail(err, EEXIST,
			"repository already initialized with different "
			"configuration (algorithm: %s, erofs_version: V%u); "
			"cannot re-initialize with (algorithm: %s, "
			"erofs_version: V%u); --reset-metadata starts anew",
			cfs_alg_id(have->alg), have->erofs_default,
			cfs_alg_id(want->alg), want->erofs_default);
}

static int compare(const struct cfs_repo *repo,
		   const struct cfs_init_params *params, struct cfs_err *err)
{
	const struct cfs_meta *have = &repo->meta, *want = &params->meta;
	int r;

	if (have->alg != want->alg ||
	    have->erofs_default != want->erofs_default ||
	    have->erofs_extra != want->erofs_extra)
		return differs(have, want, err);
	if (!params->secure)
		return CFS_INIT_ALREADY;
	r = cfs_repo_is_secure(repo, err);
	if (r == 0)
		return cfs_fail(
			err, EEXIST,
			"repository already initialized without "
			"fs-verity: use --insecure, or --reset-metadata "
			"to start anew");
	return r < 0 ? r : CFS_INIT_ALREADY;
}

/* Any object of an old repository tells whether it was secure. */
static int old_is_secure(const struct cfs_repo *repo, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_digest object, got;
	int r;

	r = cfs_repo_any_object(repo, &object, err);
	if (r < 0)
		return r;
	cfs_digest_to_path(&object, path + strlen(path));
	fd = cfs_open_regular(repo->fd, path, NULL);
	if (fd < 0)
		return cfs_fail(err, -fd, "open %s: %s", path, strerror(-fd));
	return cfs_verity_measure(fd, &got, err);
}

int cfs_repo_upgrade(const struct cfs_repo *repo, const struct cfs_meta *meta,
		     struct cfs_err *err)
{
	struct cfs_init_params params = { .meta = *meta };
	int r = old_is_secure(repo, err);

	if (r >= 0) {
		params.secure = r > 0;
		r = write_meta(repo->fd, &params, err);
	}
	return r < 0 ? cfs_ctx(err, "write meta.json of an old repository") : 0;
}

int cfs_repo_open_advice(const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char text[sizeof(err->msg)];

	if (fd < 0 || cfs_name_exists(fd, "meta.json") != 1 ||
	    err->code == EOPNOTSUPP || err->code == EACCES)
		return -err->code;
	memcpy(text, err->msg, sizeof(text));
	return cfs_fail(err, err->code,
			"%s; remove meta.json and run `cfsctl init --ensure`, "
			"which makes it anew from the objects and images, or "
			"run `cfsctl init --reset-metadata`, which keeps the "
			"objects only",
			text);
}

static bool is_of_repository(const char *name)
{
	static const char *const names[] = { "meta.json",  "objects",
					     "images",	   "streams",
					     "signatures", "lost+found" };
	/* Temporary files of ours and of composefs-rs. */
	static const char *const prefixes[] = { CFS_TEMP_PREFIX, ".symlink-" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < CFS_ARRAY_SIZE(prefixes); i++)
		if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
			return true;
	return false;
}

/*
 * Is @repo's directory, which has no good meta.json, one to make a repository
 * of?  Others have directories `images` or `objects` too, which would be
 * written into, or emptied by a reset: one that has objects is a repository,
 * and one that has nothing but a repository's names may become one.
 */
static int check_place(const struct cfs_repo *repo, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	struct cfs_digest object;
	struct cfs_err ignored;
	int r;

	if (cfs_repo_any_object(repo, &object, &ignored) >= 0)
		return 0;
	r = cfs_dir_list(repo->fd, ".", &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++)
		if (!is_of_repository(names.v[i].name))
			return cfs_fail(err, ENOTEMPTY,
					"the directory is no repository and "
					"not empty: it has %s",
					names.v[i].name);
	return r;
}

/* Writes meta.json into @repo, which has none or one that shall go. */
static int init_meta(const struct cfs_repo *repo,
		     const struct cfs_init_params *params, struct cfs_err *err)
{
	struct cfs_init_params now = *params;
	struct cfs_meta meta;
	struct cfs_err ignored;
	bool known = cfs_repo_infer_meta(repo, &meta, &ignored) == 0;
	int r;

	if (known && params->ensure && !params->reset) {
		r = cfs_repo_upgrade(repo, &meta, err);
		return r < 0 ? r : CFS_INIT_UPGRADED;
	}
	/* The objects stay, and their names have this algorithm. */
	if (known && params->default_alg)
		now.meta.alg = meta.alg;
	r = write_meta(repo->fd, &now, err);
	return r < 0 ? cfs_ctx(err, "write meta.json") : CFS_INIT_CREATED;
}

static int init_place(const char *path, const struct cfs_init_params *params,
		      struct cfs_err *err)
{
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	int r = cfs_repo_open(AT_FDCWD, path, &repo, err);

	/* Without meta.json and objects/ a directory does not open. */
	if (r < 0 && r != -ENOENT && !params->reset)
		return cfs_repo_open_advice(path, err);
	if (repo.has_meta && !params->reset)
		return params->ensure ? CFS_INIT_ALREADY
				      : compare(&repo, params, err);
	if (repo.fd < 0)
		repo.fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (repo.fd < 0)
		return cfs_fail_errno(err, "open %s", path);
	r = repo.has_meta ? 0 : check_place(&repo, err);
	if (r == 0)
		r = init_meta(&repo, params, err);
	return r < 0 ? cfs_ctx(err, "make a repository of %s", path) : r;
}

int cfs_repo_init(const char *path, const struct cfs_init_params *params,
		  struct cfs_err *err)
{
	struct made made = { 0 };
	int r = make_dirs(path, &made, err);

	if (r == 0)
		r = init_place(path, params, err);
	if (r < 0)
		unmake_dirs(&made);
	return r;
}

int cfs_repo_is_secure(const struct cfs_repo *repo, struct cfs_err *err)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest digest;

	if (!repo->has_meta)
		return 0;
	fd = cfs_open_regular(repo->fd, "meta.json", NULL);
	if (fd < 0)
		return cfs_fail(err, -fd, "open meta.json: %s", strerror(-fd));
	return cfs_verity_measure(fd, &digest, err);
}

/* Objects are 0644 and hold the bytes of files that are closed in an image:
 * only the mode of this directory keeps other users from them. */
int cfs_repo_open_to_others(const struct cfs_repo *repo, struct cfs_err *err)
{
	struct stat st;

	if (fstat(repo->fd, &st) < 0)
		return cfs_fail_errno(err, "stat the repository");
	return (int)(st.st_mode & 0777 & ~(mode_t)CFS_REPO_MODE);
}
