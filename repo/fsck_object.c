/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Are the objects what their names say?
 *
 * Thousands at a time go through a digester, whose lanes and threads they
 * share.  It only ever finds objects to be right: whatever is odd about one,
 * or about the whole batch, is found out and worded by looking at it alone.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "fsverity/digester.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"
#include "repo/fsck_run.h"

#define BATCH 4096
/* "objects/xx/" and a name of any length. */
#define PATH_ROOM (NAME_MAX + 32)

struct item {
	struct cfs_digest id;
	uint8_t have[CFS_DIGEST_MAX];
	char *path;    /* below the repository; owned */
	uint64_t size; /* if hashing or good */
	bool hashing;
	bool good; /* the kernel says so */
};

struct batch {
	struct cfs_fsck_run *run;
	struct cfs_digester *digester; /* NULL until it is needed */
	bool failed;		       /* the digester has */
	size_t n;
	struct item items[BATCH];
};

static void batch_empty(struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		free(batch->items[i].path);
	batch->n = 0;
}

static void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	cfs_digester_free(batch->digester);
	batch_empty(batch);
	free(batch);
}
CFS_DEFINE_AUTO(struct batch, batch_free);

/* The digest that the object at @path is named by, in lower-case hex as every
 * reader looks it up. */
static bool id_of(const struct cfs_fsck_run *run, const char *path,
		  struct cfs_digest *ret)
{
	const char *object = path + strlen("objects/");
	char hex[PATH_ROOM], again[CFS_OBJECT_PATH_MAX];
	struct cfs_err ignored;
	int n = snprintf(hex, sizeof(hex), "%.2s%s", object, object + 3);

	if (cfs_digest_from_hex(hex, (size_t)n, ret, &ignored) < 0 ||
	    ret->alg != run->repo->meta.alg)
		return false;
	cfs_digest_to_path(ret, again);
	return strcmp(object, again) == 0;
}

static void found_other(const struct cfs_fsck_subject *object,
			const struct cfs_digest *measured)
{
	const struct cfs_finding finding = {
		.code = CFS_FSCK_OBJECT_DIGEST_MISMATCH,
		.where = object->where,
		.object = &object->id,
		.measured = measured,
	};

	cfs_fsck_report(object->run, &finding);
}

/* Is the file @fd the object?  A secure repository wants the kernel's word, else
 * reading will do.  Returns 1, or 0 after a report. */
static int check_content(const struct cfs_fsck_subject *object, int fd)
{
	const struct cfs_fsck_params *params = object->run->params;
	const struct cfs_digest *id = &object->id;
	struct cfs_digest have;
	struct cfs_err err;
	int r = cfs_verity_measure(fd, &have, &err);

	if (r == 0 && params->secure)
		return cfs_fsck_wrong(object, CFS_FSCK_OBJECT_VERITY_MISSING,
				      NULL);
	if (r == 0 ||
	    (r > 0 && params->read_data && cfs_digest_equal(&have, id)))
		r = cfs_verity_digest_fd(id->alg, fd, &have, NULL, &err);
	if (r < 0)
		return cfs_fsck_wrong(object, CFS_FSCK_OBJECT_VERITY_FAILED,
				      err.msg);
	if (cfs_digest_equal(&have, id))
		return 1;
	found_other(object, &have);
	return 0;
}

/* Looks at one object by itself, and reports what is wrong with it.
 * Returns 1, or 0 for an object that is not good. */
static int look(struct cfs_fsck_run *run, const char *path, struct cfs_err *err)
{
	struct cfs_fsck_subject object = { .run = run, .where = path };
	CFS_AUTOFD int fd = -EBADF;
	char reason[64];

	if (!id_of(run, path, &object.id)) {
		snprintf(reason, sizeof(reason), "not a %s digest",
			 cfs_alg_name(run->repo->meta.alg));
		cfs_fsck_found(run, CFS_FSCK_OBJECT_INVALID_NAME, path, reason);
		return 0;
	}
	fd = cfs_open_regular(run->repo->fd, path, NULL);
	if (fd >= 0 && check_content(&object, fd))
		return 1;
	if (fd < 0)
		cfs_fsck_wrong(&object, CFS_FSCK_OBJECT_OPEN_FAILED,
			       fd == -EINVAL ? "not a regular file"
					     : strerror(-fd));
	return cfs_digest_set_add(&run->damaged, &object.id, err);
}

static int need_digester(struct batch *batch, struct cfs_err *err)
{
	int r;

	if (batch->digester)
		return 0;
	r = cfs_digester_new(batch->run->repo->meta.alg,
			     batch->run->params->threads, NULL,
			     &batch->digester, err);
	if (r == 0)
		cfs_digester_count(batch->digester, batch->run->params->done);
	return r;
}

static int remember(struct cfs_fsck_run *run, const struct item *item,
		    struct cfs_err *err)
{
	int r = cfs_good_add(run->good, &item->id, item->size, err);

	return r < 0 ? r : 1;
}

/* Reads what there is to read of the batch, and reports. */
static int flush(struct batch *batch, struct cfs_err *err)
{
	struct cfs_fsck_run *run = batch->run;
	struct cfs_err ignored;
	int r = need_digester(batch, err);

	if (r < 0)
		return r;
	if (cfs_digester_finish(batch->digester, &ignored) < 0)
		batch->failed = true;
	for (size_t i = 0; i < batch->n; i++) {
		struct item *item = &batch->items[i];

		if (item->hashing && !batch->failed)
			item->good = memcmp(item->have, item->id.bytes,
					    cfs_alg_size(item->id.alg)) == 0;
		run->count.objects_checked++;
		r = item->good ? remember(run, item, err)
			       : look(run, item->path, err);
		if (r < 0)
			return r;
		run->count.objects_corrupted += r == 0;
	}
	batch_empty(batch);
	if (!batch->failed)
		return 0;
	cfs_digester_free(batch->digester);
	batch->digester = NULL;
	batch->failed = false;
	return 0;
}

/* Gives the digester the object @name, if there is nothing odd about it. */
static void try_object(struct batch *batch, struct item *item, int dir,
		       const char *name)
{
	struct cfs_fsck_run *run = batch->run;
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_digest have;
	struct cfs_err ignored;
	struct stat st;
	int r;

	if (!id_of(run, item->path, &item->id) ||
	    fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return;
	fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	r = fd < 0 ? fd : cfs_verity_measure(fd, &have, &ignored);
	if (r < 0 || (r == 0 && run->params->secure) ||
	    (r > 0 && !cfs_digest_equal(&have, &item->id)))
		return;
	item->size = (uint64_t)st.st_size;
	if (r > 0 && !run->params->read_data) {
		item->good = true;
		if (run->params->done)
			*run->params->done += item->size;
		return;
	}
	item->hashing = true;
	if (cfs_digester_add(batch->digester, &fd, &st, item->have, NULL,
			     &ignored) < 0)
		batch->failed = true;
}

static int add_object(struct batch *batch, int dir, const char *shard,
		      const char *name, struct cfs_err *err)
{
	struct item *item;
	int r = 0;

	if (batch->n == BATCH)
		r = flush(batch, err);
	if (r == 0)
		r = need_digester(batch, err);
	if (r < 0)
		return r;
	item = &batch->items[batch->n];
	*item = (struct item){ 0 };
	if (asprintf(&item->path, "objects/%s/%s", shard, name) < 0)
		return cfs_no_memory(err);
	batch->n++;
	if (!batch->failed)
		try_object(batch, item, dir, name);
	return 0;
}

/* Findings are in the order of names: those of the batch come first. */
static int found_shard(struct batch *batch, enum cfs_fsck_code code,
		       const char *where, const char *reason,
		       struct cfs_err *err)
{
	int r = flush(batch, err);

	if (r == 0)
		cfs_fsck_found(batch->run, code, where, reason);
	return r;
}

static int add_shard(struct batch *batch, const char *shard,
		     struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	CFS_AUTOFD int dir = cfs_dir_open(batch->run->objects, shard);
	char where[PATH_ROOM];
	struct cfs_err why;
	int r = dir;

	snprintf(where, sizeof(where), "objects/%s", shard);
	if (strlen(shard) != 2 || strspn(shard, "0123456789abcdef") != 2)
		return found_shard(batch, CFS_FSCK_OBJECT_INVALID_NAME, where,
				   "no first byte of a digest", err);
	if (r == -ENOTDIR || r == -ELOOP)
		return found_shard(batch, CFS_FSCK_UNEXPECTED_FILE_TYPE, where,
				   "it is no directory", err);
	if (r >= 0)
		r = cfs_dir_list(dir, ".", &names, &why);
	if (r == -ENOMEM)
		return cfs_no_memory(err);
	if (r < 0)
		return found_shard(batch, CFS_FSCK_STAT_FAILED, where,
				   strerror(-r), err);
	for (unsigned i = 0; r == 0 && i < names.n; i++)
		if (!cfs_fsck_is_temporary(names.v[i]))
			r = add_object(batch, dir, shard, names.v[i], err);
	return r;
}

int cfs_fsck_objects(struct cfs_fsck_run *run, struct cfs_err *err)
{
	CFS_AUTO(batch_free) struct batch *batch = malloc(sizeof(*batch));
	CFS_AUTONAMES struct cfs_dir_names shards = { 0 };
	int r;

	if (!batch)
		return cfs_no_memory(err);
	batch->run = run;
	batch->digester = NULL;
	batch->failed = false;
	batch->n = 0;
	r = cfs_fsck_list(run, run->repo->fd, "objects", "objects", &shards,
			  err);
	for (unsigned i = 0; r == 0 && i < shards.n; i++)
		if (!cfs_fsck_is_temporary(shards.v[i]))
			r = add_shard(batch, shards.v[i], err);
	return r < 0 ? r : flush(batch, err);
}
