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
#include "base/kernel.h"
#include "fsverity/digester.h"
#include "fsverity/measure.h"
#include "fsverity/merkle.h"
#include "repo/dir.h"
#include "repo/fsck_run.h"

#define BATCH 4096
/* "objects/xx/" and a name of any length. */
#define PATH_ROOM (NAME_MAX + 32)

#define LOWER_HEX "0123456789abcdef"

struct item {
	struct cfs_digest id;
	uint8_t have[CFS_DIGEST_MAX];
	uint64_t size; /* if hashing or good */
	bool hashing;
	bool good; /* the kernel says so */
};

/* An entry of objects/@shard. */
struct entry {
	const char *shard, *name;
	int dir;	    /* open, of the shard */
	unsigned char type; /* DT_*; DT_UNKNOWN: not known */
};

struct batch {
	struct cfs_fsck_run *run;
	struct cfs_digester *digester; /* NULL until it is needed */
	bool failed;		       /* the digester has */
	size_t n;
	struct item items[BATCH];
};

static void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	cfs_digester_free(batch->digester);
	free(batch);
}
CFS_DEFINE_AUTO(struct batch, batch_free);

/* Is @name in objects/@shard the name of an object?  It is in lower-case hex,
 * as every reader looks it up. */
static bool id_of(const struct cfs_fsck_run *run, const char *shard,
		  const char *name, struct cfs_digest *ret)
{
	size_t digits = 2 * cfs_alg_size(run->repo->meta.alg) - 2;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err ignored;

	if (strlen(name) != digits || strspn(name, LOWER_HEX) != digits)
		return false;
	memcpy(hex, shard, 2);
	memcpy(hex + 2, name, digits);
	return cfs_digest_from_hex(hex, digits + 2, ret, &ignored) == 0;
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

/* Is the file @fd the object?  A secure repository wants the kernel's word,
 * else reading will do.  Returns 1, or 0 after a report. */
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
static int look(struct cfs_fsck_run *run, const struct cfs_digest *id,
		struct cfs_err *err)
{
	char path[sizeof("objects/") + CFS_OBJECT_PATH_MAX] = "objects/";
	struct cfs_fsck_subject object = { .run = run,
					   .where = path,
					   .id = *id };
	CFS_AUTOFD int fd = -EBADF;

	cfs_digest_to_path(id, path + strlen(path));
	fd = cfs_open_regular(run->repo->fd, path, NULL);
	if (fd >= 0 && check_content(&object, fd))
		return 1;
	if (fd < 0)
		cfs_fsck_wrong(&object, CFS_FSCK_OBJECT_OPEN_FAILED,
			       fd == -EINVAL ? "not a regular file"
					     : strerror(-fd));
	return cfs_digest_set_add(&run->damaged, id, err);
}

static int need_digester(struct batch *batch, struct cfs_err *err)
{
	int r;

	if (batch->digester)
		return 0;
	r = cfs_digester_new(batch->run->repo->meta.alg,
			     batch->run->params->threads, NULL,
			     &batch->digester, err);
	if (r < 0)
		return r;
	cfs_digester_count(batch->digester, batch->run->params->done);
	cfs_digester_compares(batch->digester);
	return 0;
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
			       : look(run, &item->id, err);
		if (r < 0)
			return r;
		run->count.objects_corrupted += r == 0;
	}
	batch->n = 0;
	if (!batch->failed)
		return 0;
	cfs_digester_free(batch->digester);
	batch->digester = NULL;
	batch->failed = false;
	return 0;
}

/* Opens the object @entry, if it is a regular file.  The type is known before
 * it is opened, so that no device is touched. */
static int open_object(const struct entry *entry, struct stat *ret)
{
	CFS_AUTOFD int fd = -EBADF;

	if (entry->type == DT_UNKNOWN &&
	    (fstatat(entry->dir, entry->name, ret, AT_SYMLINK_NOFOLLOW) < 0 ||
	     !S_ISREG(ret->st_mode)))
		return -EBADF;
	if (entry->type != DT_UNKNOWN && entry->type != DT_REG)
		return -EBADF;
	fd = openat(entry->dir, entry->name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, ret) < 0 || !S_ISREG(ret->st_mode))
		return -EBADF;
	return cfs_steal_fd(&fd);
}

/* As cfs_verity_measure(). */
static int measure(struct cfs_fsck_run *run, int fd, const struct stat *st,
		   struct cfs_digest *ret)
{
	struct fsverity_digest none = { .digest_size = 0 };
	struct cfs_err ignored;

	if (run->asked != st->st_dev) {
		/* Others say ENODATA, or EOVERFLOW for want of room. */
		run->no_verity = cfs_kernel_measure_verity(fd, &none) ==
				 -ENOTTY;
		run->asked = st->st_dev;
	}
	return run->no_verity ? 0 : cfs_verity_measure(fd, ret, &ignored);
}

/* Gives the digester the object @entry, if there is nothing odd about it. */
static void try_object(struct batch *batch, struct item *item,
		       const struct entry *entry)
{
	struct cfs_fsck_run *run = batch->run;
	struct stat st;
	CFS_AUTOFD int fd = open_object(entry, &st);
	struct cfs_digest have;
	struct cfs_err ignored;
	int r;

	r = fd < 0 ? fd : measure(run, fd, &st, &have);
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

/* Findings are in the order of names: those of the batch come first. */
static int found_name(struct batch *batch, enum cfs_fsck_code code,
		      const char *where, const char *reason,
		      struct cfs_err *err)
{
	int r = flush(batch, err);

	if (r == 0)
		cfs_fsck_found(batch->run, code, where, reason);
	return r;
}

static int invalid_name(struct batch *batch, const struct entry *entry,
			struct cfs_err *err)
{
	char where[PATH_ROOM], reason[64];
	int r;

	snprintf(where, sizeof(where), "objects/%s/%s", entry->shard,
		 entry->name);
	snprintf(reason, sizeof(reason), "not a %s digest",
		 cfs_alg_name(batch->run->repo->meta.alg));
	r = found_name(batch, CFS_FSCK_OBJECT_INVALID_NAME, where, reason, err);
	batch->run->count.objects_checked++;
	batch->run->count.objects_corrupted++;
	return r;
}

static int add_object(struct batch *batch, const struct entry *entry,
		      struct cfs_err *err)
{
	struct item *item = &batch->items[batch->n];
	int r = 0;

	*item = (struct item){ 0 };
	if (!id_of(batch->run, entry->shard, entry->name, &item->id))
		return invalid_name(batch, entry, err);
	r = need_digester(batch, err);
	if (r < 0)
		return r;
	batch->n++;
	if (!batch->failed)
		try_object(batch, item, entry);
	return batch->n == BATCH ? flush(batch, err) : 0;
}

static int add_shard(struct batch *batch, const char *shard,
		     struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	struct entry entry = {
		.shard = shard, .dir = cfs_dir_open(batch->run->objects, shard)
	};
	CFS_AUTOFD int dir = entry.dir;
	char where[PATH_ROOM];
	struct cfs_err why;
	int r = dir;

	snprintf(where, sizeof(where), "objects/%s", shard);
	if (strlen(shard) != 2 || strspn(shard, LOWER_HEX) != 2)
		return found_name(batch, CFS_FSCK_OBJECT_INVALID_NAME, where,
				  "no first byte of a digest", err);
	if (r == -ENOTDIR || r == -ELOOP)
		return found_name(batch, CFS_FSCK_UNEXPECTED_FILE_TYPE, where,
				  "it is no directory", err);
	if (r >= 0)
		r = cfs_dir_list(dir, ".", &names, &why);
	if (r == -ENOMEM)
		return cfs_no_memory(err);
	if (r < 0)
		return found_name(batch, CFS_FSCK_STAT_FAILED, where,
				  strerror(-r), err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		entry.name = names.v[i].name;
		entry.type = names.v[i].type;
		if (!cfs_fsck_is_temporary(entry.name))
			r = add_object(batch, &entry, err);
	}
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
		if (!cfs_fsck_is_temporary(shards.v[i].name))
			r = add_shard(batch, shards.v[i].name, err);
	return r < 0 ? r : flush(batch, err);
}
