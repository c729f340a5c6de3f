/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/findings.h"

#include <string.h>

struct cfs_kept_finding {
	struct cfs_finding finding; /* points to what follows */
	struct cfs_digest object, measured;
	char *text[2 + CFS_FINDING_FILES]; /* owned */
};

void cfs_findings_free(struct cfs_findings *f)
{
	for (size_t i = 0; i < f->n; i++)
		for (size_t k = 0; k < CFS_ARRAY_SIZE(f->v[i].text); k++)
			free(f->v[i].text[k]);
	cfs_image_names_free(&f->names);
	cfs_vec_free(f);
}

void cfs_findings_names(struct cfs_findings *f, const struct cfs_repo *repo)
{
	struct cfs_err ignored;

	(void)!cfs_image_names_read(&f->names, repo, &ignored);
}

static char *keep(struct cfs_findings *f, const char *text)
{
	char *copy = text ? strdup(text) : NULL;

	f->failed |= text && !copy;
	return copy;
}

void cfs_findings_add(void *arg, const struct cfs_finding *finding)
{
	struct cfs_findings *f = arg;
	struct cfs_kept_finding *k = cfs_vec_new(f);

	if (!k)
		return;
	k->finding = *finding;
	if (finding->object)
		k->object = *finding->object;
	if (finding->measured)
		k->measured = *finding->measured;
	k->text[0] = keep(f, finding->where);
	k->text[1] = keep(f, finding->reason);
	for (unsigned i = 0; i < finding->n_files; i++)
		k->text[2 + i] = keep(f, finding->files[i]);
}

const struct cfs_finding *cfs_findings_get(const struct cfs_findings *f,
					   size_t i)
{
	struct cfs_kept_finding *k = &f->v[i];

	/* Elements move when the array grows. */
	k->finding.where = k->text[0];
	k->finding.reason = k->text[1];
	for (unsigned n = 0; n < k->finding.n_files; n++)
		k->finding.files[n] = k->text[2 + n];
	if (k->finding.object)
		k->finding.object = &k->object;
	if (k->finding.measured)
		k->finding.measured = &k->measured;
	return &k->finding;
}

int cfs_findings_check(const struct cfs_findings *f, struct cfs_err *err)
{
	return cfs_vec_check(f, err);
}

const char *cfs_findings_next_name(const struct cfs_findings *f,
				   const struct cfs_finding *finding,
				   size_t *at)
{
	const char *where = finding->where;
	const char *hex = where + strlen("images/");
	struct cfs_err ignored;
	struct cfs_digest id;

	if (strncmp(where, "images/", strlen("images/")) != 0 ||
	    cfs_digest_from_hex(hex, strlen(hex), &id, &ignored) < 0)
		return NULL;
	return cfs_image_names_next(&f->names, &id, at);
}
