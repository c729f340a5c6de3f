/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/deploy.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>

#include "base/io.h"
#include "boot/bls.h"
#include "boot/found.h"
#include "oci/id.h"
#include "ops/boot_copy.h"
#include "ops/rollback.h"
#include "ops/state_dir.h"
#include "ops/undeploy.h"

/* An image that is deployed. */
struct job {
	const struct cfs_repo *repo;
	const struct cfs_deploy *how;
	struct cfs_deployed *ret;
	struct cfs_deployments_params where;
	struct cfs_deployments list;
	const struct cfs_deployment *from; /* in the list, or NULL */
	struct cfs_boot_found found;	   /* if has_found */
	bool has_found;
	struct cfs_buf carried; /* kernel arguments; owned */
	struct cfs_buf origin;	/* text of the origin file; owned */
	struct cfs_prepare_boot boot;
};

void cfs_deployed_free(struct cfs_deployed *deployed)
{
	cfs_etc_conflicts_free(&deployed->state.conflicts);
	for (size_t i = 0; i < deployed->old.n; i++)
		free(deployed->old.v[i].why);
	cfs_vec_free(&deployed->old);
}

static void job_free(struct job *job)
{
	cfs_deployments_free(&job->list);
	cfs_buf_free(&job->carried);
	cfs_buf_free(&job->origin);
}

/* For all reports after the first ones, which would be the same. */
static void ignore(void *arg, const char *where, const char *reason)
{
	(void)arg;
	(void)where;
	(void)reason;
}

static int read_list(struct job *job, struct cfs_err *err)
{
	int r;

	cfs_deployments_free(&job->list);
	job->list = (struct cfs_deployments){ 0 };
	r = cfs_deployments_read(job->repo, &job->where, &job->list, err);
	job->where.broken = ignore;
	return r < 0 ? r : cfs_deployments_complete(&job->list, err);
}

static bool is_new(const struct job *job, const struct cfs_digest *id)
{
	for (size_t i = 0; i < job->how->boot->images.n; i++)
		if (cfs_digest_equal(id, &job->how->boot->images.v[i]))
			return true;
	return false;
}

/* State is made beside the repository. */
static int check_place(const struct job *job, struct cfs_err *err)
{
	struct stat repo, sysroot;

	if (fstatat(job->repo->fd, "..", &repo, 0) < 0 ||
	    stat(job->where.sysroot, &sysroot) < 0)
		return cfs_fail_errno(err, "%s", job->where.sysroot);
	if (cfs_is_same_file(&repo, &sysroot))
		return 0;
	return cfs_fail(err, EINVAL,
			"the repository is not directly in %s, where the state "
			"of deployments is",
			job->where.sysroot);
}

static int check_booted(const struct job *job, struct cfs_err *err)
{
	for (size_t i = 0; i < job->list.n; i++)
		if (job->list.v[i].booted && is_new(job, &job->list.v[i].id))
			return cfs_fail(err, EEXIST,
					"it is booted: there is nothing to "
					"deploy");
	return 0;
}

/* The booted deployment, or else the first one that can be booted. */
static const struct cfs_deployment *usual_from(const struct job *job)
{
	const struct cfs_deployment *first = NULL;
	size_t ignored;

	for (size_t i = 0; i < job->list.n; i++) {
		const struct cfs_deployment *d = &job->list.v[i];

		if (d->booted && d->has_state)
			return d;
		if (!first && !is_new(job, &d->id) &&
		    cfs_deployment_boots(&job->list, d, &ignored))
			first = d;
	}
	return first;
}

static int choose_from(struct job *job, struct cfs_err *err)
{
	const char *name = job->how->from;
	struct cfs_digest id;
	int r;

	if (!name) {
		job->from = usual_from(job);
	} else {
		r = cfs_deployments_name(&job->list, job->repo, name, &id, err);
		if (r < 0)
			return r;
		job->from = r > 0 ? cfs_deployments_find(&job->list, &id)
				  : NULL;
		if (!job->from || !job->from->has_state)
			return cfs_fail(err, ENOENT,
					"%s is not deployed, or has no state",
					name);
	}
	job->ret->has_from = job->from != NULL;
	if (job->from)
		job->ret->from = job->from->id;
	return 0;
}

/* The number N of the id "@stem_N@suffix", in lower case, 1 without it; 0: it
 * is another one. */
static unsigned serial_of(const char *id, const char *stem, const char *suffix)
{
	size_t n = strlen(stem);
	unsigned long serial;
	char *end;

	if (strncasecmp(id, stem, n) != 0)
		return 0;
	id += n;
	if (strcmp(id, suffix) == 0)
		return 1;
	if (id[0] != '_' || id[1] < '1' || id[1] > '9')
		return 0;
	errno = 0;
	serial = strtoul(id + 1, &end, 10);
	return errno == 0 && serial < UINT32_MAX && strcmp(end, suffix) == 0
		       ? (unsigned)serial
		       : 0;
}

/* Gives the entry a name that is newer than those of its kind. */
static int choose_name(struct job *job, struct cfs_err *err)
{
	const struct cfs_boot_found *found = &job->found;
	const char *stem = job->boot.entry_id;
	int r = cfs_boot_find(job->boot.tree, &job->found, err);

	if (r <= 0)
		return r; /* cfs_prepare_boot() has words for it */
	job->has_found = true;
	for (size_t i = 0; i < job->list.entries.n; i++) {
		const struct cfs_boot_entry *e = &job->list.entries.v[i];
		unsigned serial = serial_of(
			e->id, stem ? stem : found->id,
			found->kind == CFS_BOOT_UKI ? ".efi" : ".conf");

		if (serial > 0 && serial >= job->boot.serial)
			job->boot.serial = serial + 1;
	}
	return 0;
}

/* Appends the options of the entry @path of the boot partition. */
static int carry_options(struct job *job, const char *path, struct cfs_err *err)
{
	CFS_AUTOFD int boot =
		open(job->where.boot, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_bls_line line;
	struct cfs_bytes rest;
	int r;

	if (boot < 0)
		return cfs_fail_errno(err, "open %s", job->where.boot);
	r = cfs_read_file(boot, path, CFS_BLS_MAX, &text, err);
	if (r <= 0)
		return r;
	rest = cfs_buf_bytes(&text);
	while (cfs_bls_next(&rest, &line)) {
		if (!cfs_bls_is(&line, "options"))
			continue;
		cfs_buf_add(&job->carried, line.value.data, line.value.len);
		cfs_buf_addc(&job->carried, ' ');
	}
	return 0;
}

/* Takes over the kernel arguments of the deployment before; a unified kernel
 * image has its own. */
static int carry(struct job *job, struct cfs_err *err)
{
	const char *path = NULL;
	char *text;
	int r;

	for (size_t i = 0; job->from && !path && i < job->from->entries.n; i++)
		path = job->list.entries.v[job->from->entries.v[i]].path;
	if (!path || strncmp(path, "EFI/", 4) == 0)
		return 0;
	r = carry_options(job, path, err);
	if (r < 0)
		return cfs_ctx(err, "%s", job->where.boot);
	text = cfs_buf_text(&job->carried);
	if (!text)
		return cfs_no_memory(err);
	if (strlen(text) != job->carried.len || !cfs_bls_is_value(text))
		return cfs_fail(err, EINVAL,
				"%s: control character in the options, which "
				"would be carried over",
				path);
	job->boot.carried = text;
	return 0;
}

/* The SHA-256 of kernel and initrd, by which bootc knows deployments that start
 * the same ones.  Returns 1, or 0 if the image brings an entry or a kernel
 * image. */
static int boot_digest(struct job *job, struct cfs_oci_id *ret,
		       struct cfs_err *err)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	const struct cfs_boot_found *found = &job->found;
	uint8_t bytes[CFS_CONTENT_MAX];
	CFS_AUTOFD int objects = -EBADF;
	int r;

	if (found->kind != CFS_BOOT_KERNEL)
		return 0;
	objects = cfs_repo_open_objects(job->repo, err);
	r = objects < 0 ? objects
			: cfs_content_hash_new(CFS_CONTENT_SHA256, &hash, err);
	if (r == 0)
		r = cfs_boot_hash(job->boot.tree, objects, found->file, hash,
				  err);
	if (r == 0 && found->initrd)
		r = cfs_boot_hash(job->boot.tree, objects, found->initrd, hash,
				  err);
	if (r == 0)
		r = cfs_content_hash_final(hash, bytes, err);
	if (r < 0)
		return r;
	cfs_oci_id_of_hash(CFS_CONTENT_SHA256, bytes, ret);
	return 1;
}

/* For bootc: where the image comes from is as with the deployment before. */
static int make_origin(struct job *job, struct cfs_err *err)
{
	struct cfs_oci_id id;
	struct cfs_origin_text text = {
		.boot_type = job->found.kind == CFS_BOOT_UKI ? "uki" : "bls",
		.manifest = job->how->manifest,
	};
	int r;

	if (!job->has_found || !job->from || !job->from->origin.image)
		return 0;
	r = boot_digest(job, &id, err);
	if (r < 0)
		return r;
	text.image = job->from->origin.image;
	text.boot_digest = r > 0 ? cfs_oci_id_hex(&id) : NULL;
	cfs_origin_file_write(&text, &job->origin);
	return cfs_buf_text(&job->origin) ? 0 : cfs_no_memory(err);
}

static int make_state(void *arg, int parent, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	struct job *job = arg;
	const struct cfs_deployment *d = cfs_deployments_find(&job->list, id);
	const struct cfs_deploy_state how = {
		.repo = job->repo,
		.access = job->how->access,
		.from = job->from ? &job->from->id : NULL,
		.origin = (const char *)job->origin.data,
		.anew = d && d->entries.n == 0 && !d->booted && !d->pinned,
		.no_sync = job->boot.no_sync,
		.check = job->how->check,
	};

	return cfs_deploy_state(&how, parent, id, &job->ret->state, err);
}

/* The index of the entry that was made, or of none. */
static size_t find_entry(const struct job *job)
{
	for (size_t i = 0; i < job->list.entries.n; i++)
		if (strcmp(job->list.entries.v[i].path, job->ret->boot.entry) ==
		    0)
			return i;
	return SIZE_MAX;
}

static int start_next(struct job *job, struct cfs_err *err)
{
	const struct cfs_rollback how = { &job->where, job->boot.no_sync };
	int r = cfs_start_first(&how, &job->list, find_entry(job), err);

	job->ret->next = r > 0;
	return r < 0 ? r : 0;
}

/* Removes @id, or remembers why not. */
static int remove_one(struct job *job, const struct cfs_digest *id,
		      struct cfs_err *err)
{
	const struct cfs_undeploy how = { .where = &job->where,
					  .waiting = job->how->waiting,
					  .no_sync = job->boot.no_sync };
	struct cfs_deploy_old *old = cfs_vec_new(&job->ret->old);
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_err why = { 0 };
	struct cfs_digest removed;

	if (!old)
		return cfs_no_memory(err);
	old->id = *id;
	cfs_digest_to_hex(id, hex);
	if (cfs_undeploy(job->repo, &how, hex, &removed, &why) >= 0)
		return 0;
	old->why = strdup(why.msg);
	return old->why ? 0 : cfs_no_memory(err);
}

static bool may_go(const struct job *job, const struct cfs_deployment *d)
{
	return !d->booted && !d->next && !d->fallback && !d->pinned &&
	       !d->staged && !is_new(job, &d->id) &&
	       !(job->ret->has_from &&
		 cfs_digest_equal(&d->id, &job->ret->from));
}

/* Removes what comes last in the order of the boot loader. */
static int remove_old(struct job *job, struct cfs_err *err)
{
	size_t n = job->list.n;
	int r = 0;

	if (job->how->keep == 0)
		return 0;
	for (size_t i = n; r == 0 && i-- > 0 && n > job->how->keep;) {
		if (!may_go(job, &job->list.v[i]))
			continue;
		r = remove_one(job, &job->list.v[i].id, err);
		n--;
	}
	return r;
}

/* Makes room.  What cannot be removed is no reason not to deploy. */
static void remove_rests(const struct job *job)
{
	const struct cfs_undeploy how = { .where = &job->where,
					  .no_sync = job->boot.no_sync };
	struct cfs_err ignored;

	if (!job->how->check)
		(void)!cfs_undeploy_finish(&how, &job->list, &ignored);
}

static int prepare(struct job *job, struct cfs_err *err)
{
	int r = check_place(job, err);

	if (r == 0)
		r = check_booted(job, err);
	if (r == 0)
		r = choose_from(job, err);
	if (r == 0)
		r = choose_name(job, err);
	if (r == 0)
		remove_rests(job);
	/* The menu begins with the first one of the list. */
	if (job->list.entries.n > 0 && job->list.entries.v[0].offered &&
	    !job->list.entries.v[0].staged)
		job->boot.before = &job->list.entries.v[0];
	if (r == 0)
		r = carry(job, err);
	return r < 0 ? r : make_origin(job, err);
}

static int deploy(struct job *job, struct cfs_err *err)
{
	int r = job->how->check
			? 0
			: cfs_state_lock(job->repo, job->how->waiting, err);

	if (r == 0)
		r = read_list(job, err);
	if (r == 0)
		r = prepare(job, err);
	if (r == 0)
		r = cfs_prepare_boot(job->repo, &job->boot, &job->ret->boot,
				     err);
	if (r < 0 || job->how->check)
		return r;
	r = read_list(job, err);
	if (r == 0)
		r = start_next(job, err);
	/* Once more, since what is next may be another one now. */
	if (r == 0)
		r = read_list(job, err);
	return r < 0 ? r : remove_old(job, err);
}

int cfs_deploy(const struct cfs_repo *repo, const struct cfs_deploy *how,
	       struct cfs_deployed *ret, struct cfs_err *err)
{
	CFS_AUTODEPLOYED struct cfs_deployed deployed = { 0 };
	__attribute__((cleanup(job_free))) struct job job = {
		.repo = repo,
		.how = how,
		.ret = &deployed,
		.where = *how->where,
		.boot = *how->boot,
	};
	int r;

	job.boot.boot_dir = how->where->boot;
	job.boot.carried = NULL;
	job.boot.before = NULL;
	job.boot.serial = 0;
	job.boot.check = how->check;
	job.boot.make_state = make_state;
	job.boot.hidden_first = true;
	job.boot.arg = &job;
	r = deploy(&job, err);
	if (r < 0)
		return r;
	*ret = deployed;
	deployed = (struct cfs_deployed){ 0 };
	return 0;
}
