/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/oci/repair.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cli/line.h"
#include "cfsctl/oci/oci.h"
#include "oci/repair.h"
#include "repo/repair.h"

static void lines_free(struct cfs_lines *lines)
{
	for (size_t i = 0; i < lines->n; i++)
		free(lines->v[i]);
	cfs_vec_free(lines);
}

void cmd_oci_told_free(struct cfs_oci_told *told)
{
	lines_free(&told->mended);
	lines_free(&told->left);
}

static void tell(void *arg, enum cfs_oci_mending what, const char *line)
{
	struct cfs_oci_told *told = arg;
	struct cfs_lines *to = what == CFS_OCI_MENDED ? &told->mended
						      : &told->left;
	char *copy = strdup(line);

	if (copy && cfs_vec_add(to, copy))
		return;
	free(copy);
	told->no_memory = true;
}

static void print_lines(const char *what, const struct cfs_lines *lines)
{
	printf("%s: %zu\n", what, lines->n);
	for (size_t i = 0; i < lines->n; i++)
		cmd_line(stdout, "  - %s", lines->v[i]);
}

void cmd_oci_told_print(const struct cfs_oci_told *told)
{
	print_lines("oci mended", &told->mended);
	if (told->left.n > 0)
		print_lines("oci not mended", &told->left);
}

static void json_lines(struct cfs_json_writer *w, const char *name,
		       const struct cfs_lines *lines)
{
	cfs_json_write_array(w, name, CFS_JSON_LINES);
	for (size_t i = 0; i < lines->n; i++)
		cfs_json_write_text(w, NULL, lines->v[i]);
	cfs_json_write_end(w);
}

void cmd_oci_told_json(const struct cfs_oci_told *told,
		       struct cfs_json_writer *w)
{
	json_lines(w, "mended", &told->mended);
	json_lines(w, "not_mended", &told->left);
}

/* The sources that hold images, opened. */
struct sources {
	struct cfs_oci_repair_source v[CFS_OPT_LIST_MAX];
	struct cfs_origin *origins[CFS_OPT_LIST_MAX];
	struct cfs_repo repos[CFS_OPT_LIST_MAX];
	size_t n;
};

static void sources_close(struct sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		cfs_origin_free(s->origins[i]);
		cfs_repo_close(&s->repos[i]);
	}
}

/* A directory that is no repository has no images: only its files count, which
 * were looked at before. */
static int open_source(struct sources *s, const char *from, struct cfs_err *err)
{
	struct cfs_oci_repair_source *to = &s->v[s->n];
	struct cfs_repo *repo = &s->repos[s->n];
	int r;

	*repo = (struct cfs_repo)CFS_REPO_INIT;
	s->origins[s->n] = NULL;
	to->name = from;
	if (cfs_origin_is_reference(from)) {
		r = cfs_origin_open(from, &s->origins[s->n], err);
		to->origin = s->origins[s->n];
		s->n += r == 0;
		return r;
	}
	if (!cfs_access_try(from, repo))
		return 0;
	s->n++;
	to->repo = repo;
	return cfs_repo_lock(repo, CFS_LOCK_SHARED, cmd_waiting, err);
}

/* Objects that the check found at fault. */
static int collect(const struct cfs_findings *findings,
		   struct cfs_digest_set *ret, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < findings->n; i++) {
		const struct cfs_finding *f = cfs_findings_get(findings, i);

		if (f->object)
			r = cfs_digest_set_add(ret, f->object, err);
	}
	cfs_digest_set_sort(ret);
	return r;
}

/* Adds those of @damaged that are good by now to what was mended. */
static int add_mended(const struct cfs_store *store,
		      const struct cfs_digest_set *damaged,
		      struct cfs_digest_set *mended, struct cfs_err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < damaged->n; i++)
		if (cfs_repair_is_good(store, &damaged->v[i]))
			r = cfs_digest_set_add(mended, &damaged->v[i], err);
	cfs_digest_set_sort(mended);
	return r;
}

int cmd_oci_repair_paths(const struct cfs_globals *g,
			 const struct cfs_opt_list *from,
			 struct cfs_opt_list *ret, struct cfs_err *err)
{
	*ret = (struct cfs_opt_list){ .n = 1, .v = { g->repo } };
	if (from->n == CFS_OPT_LIST_MAX)
		return cfs_fail(err, CFS_EUSAGE, "at most %d --from",
				CFS_OPT_LIST_MAX - 1);
	for (unsigned i = 0; i < from->n; i++)
		if (!cfs_origin_is_reference(from->v[i]))
			ret->v[ret->n++] = from->v[i];
	return 0;
}

static int mend_images(const struct cfs_globals *g,
		       const struct cfs_oci_repair_choice *choice,
		       const struct sources *sources,
		       struct cfs_fsck_report *report,
		       struct cfs_oci_told *told, struct cfs_err *err)
{
	CFS_AUTODIGESTSET struct cfs_digest_set damaged = { 0 };
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	struct cfs_oci_repair repair = {
		.sources = sources->v,
		.n_sources = sources->n,
		.damaged = &damaged,
		.name = choice->name,
		.read_data = choice->read_data,
		.threads = choice->threads,
		.told = tell,
		.arg = told,
	};
	int r = collect(&report->checked.findings, &damaged, err);

	if (r == 0)
		r = cmd_open_store(g, &store, err);
	if (r < 0)
		return r;
	repair.formats = cmd_oci_formats(g, &store.repo.meta);
	r = cfs_oci_repair(&store, &repair, err);
	if (r == 0)
		r = add_mended(&store, &damaged,
			       &report->checked.mended.objects, err);
	if (r == 0 && told->no_memory)
		r = cfs_no_memory(err);
	return r;
}

int cmd_oci_repair(const struct cfs_globals *g,
		   const struct cfs_oci_repair_choice *choice,
		   struct cfs_fsck_report *report, struct cfs_oci_told *told,
		   struct cfs_err *err)
{
	__attribute__((
		cleanup(sources_close))) struct sources sources = { .n = 0 };
	int r = 0;

	for (unsigned i = 0; r == 0 && i < choice->from->n; i++)
		r = open_source(&sources, choice->from->v[i], err);
	return r < 0 ? cfs_ctx(err, "--from")
		     : mend_images(g, choice, &sources, report, told, err);
}
