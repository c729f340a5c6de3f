/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/prepare_boot.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "boot/entry_first.h"
#include "fsverity/merkle.h"
#include "ops/boot_copy.h"
#include "ops/state_dir.h"
#include "ops/whole.h"
#include "repo/node_content.h"

#define ENTRIES	    "loader/entries"
#define UKIS	    "EFI/Linux"
#define HASH_DIGITS 32 /* of a directory's name; of 128 bits */
/* Space that is left for directories and the entry. */
#define SLACK (UINT64_C(256) << 10)

struct job {
	const struct cfs_repo *repo;
	const struct cfs_prepare_boot *p;
	struct cfs_boot_found found;
	char id[CFS_ENTRY_NAME_MAX + 1];
	int objects, boot; /* owned */
	/* What an entry needs, and where the entry itself comes last: a file of
	 * text, or a unified kernel image. */
	struct cfs_boot_copy files, last;
	/* The entry's, without what ends its name, and the whole name. */
	char stem[CFS_ENTRY_NAME_MAX + sizeof("_4294967295")];
	char name[CFS_ENTRY_NAME_MAX + sizeof("_4294967295+99.conf")];
	struct cfs_buf text; /* owned: the entry, for loader/entries */
};

static void job_free(struct job *job)
{
	cfs_closep(&job->objects);
	cfs_closep(&job->boot);
	cfs_buf_free(&job->text);
}

static int open_all(struct job *job, struct cfs_err *err)
{
	job->objects = cfs_repo_open_objects(job->repo, err);
	if (job->objects < 0)
		return job->objects;
	job->boot = open(job->p->boot_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (job->boot < 0)
		return cfs_fail_errno(err, "boot partition %s",
				      job->p->boot_dir);
	job->files = (struct cfs_boot_copy){ .tree = job->p->tree,
					     .objects = job->objects,
					     .boot = job->boot,
					     .no_sync = job->p->no_sync,
					     .images = &job->p->images };
	job->last = job->files;
	snprintf(job->last.dir, sizeof(job->last.dir), "%s",
		 job->found.kind == CFS_BOOT_UKI ? UKIS : ENTRIES);
	return 0;
}

static void name_entry(struct job *job)
{
	const char *suffix = job->found.kind == CFS_BOOT_UKI ? ".efi" : ".conf";
	unsigned tries = job->p->tries % (CFS_TRIES_MAX + 1);

	if (job->p->serial > 0)
		snprintf(job->stem, sizeof(job->stem), "%s_%u", job->id,
			 job->p->serial);
	else
		snprintf(job->stem, sizeof(job->stem), "%s", job->id);
	if (tries > 0)
		snprintf(job->name, sizeof(job->name), "%s+%u%s", job->stem,
			 tries, suffix);
	else
		snprintf(job->name, sizeof(job->name), "%s%s", job->stem,
			 suffix);
}

static int find(struct job *job, struct cfs_err *err)
{
	const char *id = job->p->entry_id;
	int r = cfs_boot_find(job->p->tree, &job->found, err);

	if (r == 0)
		return cfs_fail(err, ENOENT,
				"the image has no boot entry: neither in "
				"/boot/loader/entries nor in /boot/EFI/Linux, "
				"and no kernel /usr/lib/modules/VERSION/"
				"vmlinuz");
	if (r < 0)
		return r;
	snprintf(job->id, sizeof(job->id), "%s", id ? id : job->found.id);
	name_entry(job);
	return 0;
}

static int check_params(const struct cfs_prepare_boot *p, struct cfs_err *err)
{
	int r = 0;

	if (p->entry_id && !cfs_entry_id_ok(p->entry_id))
		return cfs_fail(err, EINVAL,
				"'%s' cannot be the name of a boot entry: "
				"letters, digits and +-_. are allowed, up to "
				"%d of them, with a letter or digit first, and "
				"neither EFI nor loader",
				p->entry_id, CFS_ENTRY_NAME_MAX);
	if (p->tries > CFS_TRIES_MAX)
		return cfs_fail(err, EINVAL,
				"%u tries exceed the maximum of %d", p->tries,
				CFS_TRIES_MAX);
	if (p->n_args > CFS_ENTRY_EXTRA_MAX)
		return cfs_fail(err, E2BIG,
				"%zu kernel arguments exceed the maximum of %d",
				p->n_args, CFS_ENTRY_EXTRA_MAX);
	for (size_t i = 0; r == 0 && i < p->n_args; i++)
		r = cfs_entry_check_extra(p->args[i], err);
	return r;
}

static struct cfs_entry_args args_of(const struct cfs_prepare_boot *p)
{
	return (struct cfs_entry_args){ .karg = p->karg,
					.n = p->n_args,
					.extra = p->args,
					.carried = p->carried };
}

/* Names the directory of the files by what is in it: entries with the same
 * files share it. */
static int name_dir(struct job *job, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf list = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r = 0;

	for (unsigned i = 0; r == 0 && i < job->files.n; i++) {
		r = cfs_boot_digest(job->p->tree, job->files.v[i].node,
				    CFS_ALG_SHA256, &id, err);
		if (r < 0)
			return r;
		cfs_digest_to_hex(&id, hex);
		cfs_buf_addf(&list, "%s %s\n", hex, job->files.v[i].name);
	}
	r = cfs_buf_check(&list, err);
	if (r == 0)
		r = cfs_verity_digest_bytes(CFS_ALG_SHA256,
					    cfs_buf_bytes(&list), &id, err);
	if (r < 0)
		return r;
	cfs_digest_to_hex(&id, hex);
	snprintf(job->files.dir, sizeof(job->files.dir), "%s/%.*s", job->id,
		 HASH_DIGITS, hex);
	return 0;
}

/* Adds the files that @line of an entry names. */
static int add_paths(struct job *job, const struct cfs_bls_line *line,
		     struct cfs_err *err)
{
	bool starts = cfs_bls_is(line, "linux") || cfs_bls_is(line, "efi") ||
		      cfs_bls_is(line, "uki");
	struct cfs_bytes rest = line->value, path;
	struct cfs_node *node;
	int r = 0;

	while (r == 0 && cfs_entry_next_path(&rest, &path)) {
		r = cfs_boot_find_file(job->p->tree, path, &node, err);
		if (r == 0)
			r = cfs_boot_copy_add(&job->files, node, node->name,
					      starts ? CFS_BOOT_MAY_BE
						     : CFS_BOOT_NO_CHECK,
					      err);
	}
	return r;
}

static int add_lines(struct job *job, struct cfs_bytes text,
		     struct cfs_err *err)
{
	struct cfs_bls_line line;
	bool starts = false;
	int r = 0;

	while (r == 0 && cfs_bls_next(&text, &line)) {
		if (cfs_bls_is(&line, "uki-url"))
			return cfs_fail(err, EINVAL,
					"uki-url starts a program from the "
					"network, which may boot any image");
		if (!cfs_entry_has_paths(&line))
			continue;
		r = add_paths(job, &line, err);
		starts = starts || cfs_bls_is(&line, "linux") ||
			 cfs_bls_is(&line, "efi") || cfs_bls_is(&line, "uki");
	}
	if (r == 0 && !starts)
		return cfs_fail(err, EINVAL,
				"none of its lines has the key linux, efi or "
				"uki, so it starts nothing");
	return r;
}

static int collect_entry(struct job *job, struct cfs_err *err)
{
	const struct cfs_entry_args args = args_of(job->p);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = cfs_node_read(job->objects, job->p->tree, job->found.file,
			      CFS_BLS_MAX, &text, err);

	if (r == 0)
		r = add_lines(job, cfs_buf_bytes(&text), err);
	if (r == 0)
		r = name_dir(job, err);
	if (r == 0)
		r = cfs_entry_rewrite(cfs_buf_bytes(&text), job->files.dir,
				      &args, &job->text, err);
	/* The options name the first image. */
	job->files.named |= 1;
	return r;
}

/* The system's name, if its os-release is a file that can be read. */
static void add_title(struct job *job)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_node *node;
	struct cfs_err ignored;

	if (cfs_tree_lookup(job->p->tree, "/usr/lib/os-release", &node,
			    &ignored) > 0 &&
	    S_ISREG(node->mode) &&
	    cfs_node_read(job->objects, job->p->tree, node, CFS_BLS_MAX, &text,
			  &ignored) < 0)
		text.len = 0;
	cfs_entry_title(cfs_buf_bytes(&text), &job->text);
}

static int collect_kernel(struct job *job, struct cfs_err *err)
{
	const struct cfs_entry_args args = args_of(job->p);
	const struct cfs_boot_found *found = &job->found;
	int r = cfs_boot_copy_add(&job->files, found->file, found->file->name,
				  CFS_BOOT_MAY_BE, err);

	if (r == 0 && found->initrd)
		r = cfs_boot_copy_add(&job->files, found->initrd,
				      found->initrd->name, CFS_BOOT_NO_CHECK,
				      err);
	if (r == 0)
		r = name_dir(job, err);
	if (r < 0)
		return r;
	cfs_buf_adds(&job->text, "title ");
	add_title(job);
	cfs_buf_addf(&job->text, "\nversion %s\nlinux /%s/%s\n", found->id,
		     job->files.dir, found->file->name);
	if (found->initrd)
		cfs_buf_addf(&job->text, "initrd /%s/%s\n", job->files.dir,
			     found->initrd->name);
	cfs_buf_adds(&job->text, "options ");
	cfs_entry_cmdline((struct cfs_bytes){ 0 }, &args, &job->text);
	cfs_buf_addc(&job->text, '\n');
	/* The options name the first image. */
	job->files.named |= 1;
	return cfs_buf_check(&job->text, err);
}

static bool is_program(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && strcasecmp(name + len - 4, ".efi") == 0;
}

static int add_addons(struct job *job, struct cfs_err *err)
{
	struct cfs_node *dir = job->found.addons;
	int r = 0;

	if (!dir)
		return 0;
	if (!cfs_node_is_dir(dir))
		return cfs_fail(err, EINVAL, "%s is not a directory",
				dir->name);
	for (struct cfs_node *n = dir->dir.first; r == 0 && n; n = n->next) {
		r = cfs_boot_check_file(n, err);
		if (r == 0)
			r = cfs_boot_copy_add(&job->files, n, n->name,
					      is_program(n->name)
						      ? CFS_BOOT_IS_ADDON
						      : CFS_BOOT_NO_CHECK,
					      err);
	}
	return r;
}

static int collect_uki(struct job *job, struct cfs_err *err)
{
	int r;

	if (job->p->n_args > 0)
		return cfs_fail(err, EINVAL,
				"%s is a unified kernel image, whose command "
				"line is in it: build it with the arguments, "
				"they cannot be added here",
				job->found.file->name);
	snprintf(job->files.dir, sizeof(job->files.dir), UKIS "/%s.efi.extra.d",
		 job->stem);
	r = add_addons(job, err);
	return r < 0 ? r
		     : cfs_boot_copy_add(&job->last, job->found.file, job->name,
					 CFS_BOOT_IS_UKI, err);
}

static int put_first(struct job *job, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = job->text;

	job->text = (struct cfs_buf){ 0 };
	return cfs_entry_put_first(cfs_buf_bytes(&text), job->name,
				   job->p->before, &job->text, err);
}

static int collect(struct job *job, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r;

	if (job->found.kind == CFS_BOOT_UKI)
		r = collect_uki(job, err);
	else if (job->found.kind == CFS_BOOT_ENTRY)
		r = collect_entry(job, err);
	else
		r = collect_kernel(job, err);
	if (r == 0 && job->p->before && job->found.kind != CFS_BOOT_UKI)
		r = put_first(job, err);
	if (r == 0)
		r = cfs_boot_copy_check(&job->files, err);
	if (r < 0)
		return cfs_ctx(err, "%s", cfs_node_name(job->found.file, name));
	return cfs_boot_copy_check(&job->last, err);
}

static int check_space(const struct job *job, uint64_t need,
		       struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_reopen(job->boot, O_RDONLY | O_DIRECTORY);
	struct statvfs fs;
	uint64_t have;

	if (fd < 0 || fstatvfs(fd, &fs) < 0)
		return cfs_fail_errno(err, "%s", job->p->boot_dir);
	/* The last cluster of each file may be all but empty. */
	need += (uint64_t)(job->files.n + job->last.n) * fs.f_frsize;
	have = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (have >= need + SLACK)
		return 0;
	return cfs_fail(err, ENOSPC,
			"%s has %llu bytes left, and the entry needs %llu: "
			"remove entries that are no longer booted",
			job->p->boot_dir, (unsigned long long)have,
			(unsigned long long)(need + SLACK));
}

static bool is_ours(const struct cfs_boot_copy *copy, const char *name)
{
	for (unsigned i = 0; i < copy->n; i++)
		if (strcmp(copy->v[i].name, name) == 0)
			return true;
	return false;
}

/* Addons that another image left would be started with this one. */
static int check_addons(const struct job *job, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int fd = cfs_open_beneath(job->boot, job->files.dir,
				  O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : cfs_dir_names_read(&fd, &names);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cfs_fail(err, -r, "%s: %s", job->files.dir,
				strerror(-r));
	for (unsigned i = 0; i < names.n; i++)
		if (names.v[i].name[0] != '.' &&
		    !is_ours(&job->files, names.v[i].name))
			return cfs_fail(err, EEXIST,
					"%s/%s is not of this image, and would "
					"be loaded with it: remove it, or "
					"choose another name for the entry",
					job->files.dir, names.v[i].name);
	return 0;
}

/* Two files cannot be replaced at once, so what an earlier entry of the same
 * name starts would be mixed with addons of this one. */
static int check_mixture(const struct job *job, struct cfs_err *err)
{
	char path[CFS_PREPARED_MAX];
	int r = check_addons(job, err);

	if (r < 0 || job->files.n == 0 || job->last.v[0].present)
		return r;
	snprintf(path, sizeof(path), UKIS "/%s", job->name);
	r = cfs_name_exists(job->boot, path);
	if (r < 0)
		return cfs_fail(err, -r, "%s: %s", path, strerror(-r));
	if (r == 0)
		return 0;
	return cfs_fail(err, EEXIST,
			"%s exists, and this image has addons, which it would "
			"start with: choose another name for the entry",
			path);
}

static int plan(struct job *job, struct cfs_err *err)
{
	uint64_t need = 0;
	int r = cfs_boot_copy_plan(&job->files, &need, err);

	if (r == 0)
		r = cfs_boot_copy_plan(&job->last, &need, err);
	if (r == 0 && job->found.kind == CFS_BOOT_UKI)
		r = check_mixture(job, err);
	return r < 0 ? r : check_space(job, need, err);
}

static int make_states(const struct job *job, unsigned named,
		       struct cfs_err *err)
{
	CFS_AUTOFD int parent =
		openat(job->repo->fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (parent < 0)
		return cfs_fail_errno(err, "open the parent of the repository");
	for (unsigned i = 0; r == 0 && i < job->p->images.n; i++)
		if (named & 1U << i)
			r = job->p->make_state
				    ? job->p->make_state(job->p->arg, parent,
							 &job->p->images.v[i],
							 err)
				    : cfs_state_make(parent,
						     &job->p->images.v[i], err);
	/* Syncs the image, which may be new, and its state. */
	if (r == 0 && !job->p->no_sync && !job->p->check &&
	    (syncfs(parent) < 0 || syncfs(job->repo->fd) < 0))
		r = cfs_fail_errno(err, "sync the repository");
	return r;
}

static int write_files(struct job *job, struct cfs_err *err)
{
	CFS_AUTOFD int boot = -EBADF;
	int r = cfs_boot_copy_run(&job->files, err);

	if (r < 0)
		return r;
	/* Also the directories above those that were synced one by one. */
	boot = cfs_reopen(job->boot, O_RDONLY | O_DIRECTORY);
	if (boot < 0 || (!job->p->no_sync && syncfs(boot) < 0))
		return cfs_fail_errno(err, "sync %s", job->p->boot_dir);
	return 0;
}

static int write_entry(struct job *job, struct cfs_err *err)
{
	if (job->found.kind == CFS_BOOT_UKI)
		return cfs_boot_copy_run(&job->last, err);
	return cfs_boot_publish(&job->last, job->name,
				cfs_buf_bytes(&job->text), err);
}

static bool is_all_there(const struct job *job)
{
	return cfs_boot_copy_is_there(&job->files) &&
	       cfs_boot_copy_is_there(&job->last);
}

static int write_all(struct job *job, struct cfs_err *err)
{
	char hidden[sizeof(job->last.dir) + sizeof(job->name) +
		    sizeof("/." CFS_ENTRY_HIDDEN)];
	const char *dir = job->last.dir, *name = hidden + strlen(dir) + 1;
	int r = 0;

	snprintf(hidden, sizeof(hidden), "%s/.%s" CFS_ENTRY_HIDDEN, dir,
		 job->name);
	/* If this is interrupted, undeploy knows by it which files to
	 * remove. */
	if (job->p->hidden_first && !is_all_there(job))
		r = cfs_boot_publish(&job->last, name,
				     cfs_buf_bytes(&job->text), err);
	if (r == 0)
		r = write_files(job, err);
	if (r == 0)
		r = write_entry(job, err);
	if (r == 0 && job->p->hidden_first)
		(void)unlinkat(job->boot, hidden, 0);
	return r;
}

static void describe(const struct job *job, unsigned named,
		     struct cfs_prepared_boot *ret)
{
	unsigned first = 0;

	while (first + 1 < job->p->images.n && !(named & 1U << first))
		first++;
	*ret = (struct cfs_prepared_boot){ .kind = job->found.kind,
					   .others = job->found.others,
					   .id = job->p->images.v[first] };
	snprintf(ret->entry, sizeof(ret->entry), "%s/%s",
		 job->found.kind == CFS_BOOT_UKI ? UKIS : ENTRIES, job->name);
}

static int prepare(struct job *job, struct cfs_prepared_boot *ret,
		   struct cfs_err *err)
{
	unsigned named;
	int r = find(job, err);

	if (r == 0)
		r = open_all(job, err);
	if (r == 0)
		r = collect(job, err);
	if (r < 0)
		return r;
	named = job->files.named | job->last.named;
	for (unsigned i = 0; r == 0 && i < job->p->images.n; i++)
		if (named & 1U << i)
			r = cfs_require_whole(job->repo, &job->p->images.v[i],
					      job->p->name, err);
	if (r == 0)
		r = plan(job, err);
	/* State is there before an entry leads to it. */
	if (r == 0)
		r = make_states(job, named, err);
	if (r == 0 && !job->p->check)
		r = write_all(job, err);
	if (r == 0)
		describe(job, named, ret);
	return r;
}

int cfs_prepare_boot(const struct cfs_repo *repo,
		     const struct cfs_prepare_boot *params,
		     struct cfs_prepared_boot *ret, struct cfs_err *err)
{
	__attribute__((cleanup(job_free))) struct job job = {
		.repo = repo,
		.p = params,
		.objects = -EBADF,
		.boot = -EBADF,
	};
	int r = check_params(params, err);

	return r < 0 ? r : prepare(&job, ret, err);
}
