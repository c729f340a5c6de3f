/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the files of an image need: each object is looked up once, and findings
 * name the files that they hit.  Nothing is kept of a file whose object is
 * known to be good and as long as the file.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/vec.h"
#include "repo/fsck_run.h"
#include "repo/node_content.h"
#include "repo/object.h"

/* A file of the image that needs an object. */
struct need {
	struct cfs_digest id;
	const struct cfs_node *node;
	uint32_t order; /* of the walk through the image */
};

struct image {
	struct cfs_fsck_run *run;
	const char *where;
	const struct cfs_tree *tree;
	CFS_VEC(struct need) needs;
	bool sane;
};

static void invalid(struct image *image, const struct cfs_node *node,
		    const char *fmt, ...) CFS_PRINTF(3, 4);

static void invalid(struct image *image, const struct cfs_node *node,
		    const char *fmt, ...)
{
	char name[CFS_NODE_NAME_MAX], text[600];
	struct cfs_err err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cfs_fail(&err, EBADMSG, "%s: %s", cfs_node_name(node, name), text);
	cfs_fsck_found(image->run, CFS_FSCK_IMAGE_INVALID, image->where,
		       err.msg);
	image->sane = false;
}

/* Is the object that @need names known to be good, and as long as the file? */
static bool is_met(const struct cfs_fsck_run *run, const struct need *need)
{
	uint64_t size;

	return cfs_fsck_is_good(run, &need->id, &size) &&
	       size == need->node->size;
}

static void add_need(struct image *image, const struct cfs_node *node,
		     uint32_t order)
{
	struct need need = { .node = node, .order = order };
	struct cfs_err why;
	int r = cfs_node_object(image->tree, node, image->run->repo->meta.alg,
				&need.id, &why);

	if (r < 0)
		invalid(image, node, "%s", why.msg);
	else if (r > 0 && !is_met(image->run, &need))
		(void)cfs_vec_add(&image->needs, need);
}

/* By object, then in the order of the image. */
static int compare(const void *a, const void *b)
{
	const struct need *x = a, *y = b;
	int r = memcmp(x->id.bytes, y->id.bytes, CFS_DIGEST_MAX);

	return r ? r : (x->order > y->order) - (x->order < y->order);
}

/* Reports that @n files need an object which is not there, or not good. */
static int report_hit(struct image *image, enum cfs_fsck_code code,
		      const struct need *need, size_t n, const char *reason,
		      struct cfs_err *err)
{
	struct cfs_buf paths[CFS_FINDING_FILES] = { 0 };
	struct cfs_finding finding = { .code = code,
				       .where = image->where,
				       .reason = reason,
				       .object = &need->id,
				       .files_total = n };
	bool whole = true;

	while (whole && finding.n_files < n &&
	       finding.n_files < CFS_FINDING_FILES) {
		unsigned i = finding.n_files++;

		cfs_node_path(need[i].node, &paths[i]);
		finding.files[i] = cfs_buf_text(&paths[i]);
		whole = finding.files[i];
	}
	if (whole)
		cfs_fsck_report(image->run, &finding);
	for (unsigned i = 0; i < finding.n_files; i++)
		cfs_buf_free(&paths[i]);
	return whole ? 0 : cfs_no_memory(err);
}

/* Is the size or the object to blame?  Where all objects were read this is
 * known, else this one is read. */
static bool object_is_right(struct cfs_fsck_run *run,
			    const struct cfs_digest *id)
{
	CFS_AUTOFD int fd = -EBADF;
	struct cfs_err err;

	if (!run->params->metadata_only)
		return true;
	return cfs_object_open(run->objects, id, &fd, &err) == 1 &&
	       cfs_object_check(fd, id, &err) >= 0;
}

static int check_sizes(struct image *image, const struct need *need, size_t n,
		       uint64_t size, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX], reason[64];
	bool asked = false;

	cfs_digest_to_hex(&need->id, hex);
	for (size_t i = 0; i < n; i++) {
		if (need[i].node->size == size)
			continue;
		if (!asked && !object_is_right(image->run, &need->id)) {
			/* The objects are not what was asked about. */
			if (!image->run->one_image)
				return 0;
			snprintf(reason, sizeof(reason),
				 "it has %" PRIu64 " bytes", size);
			return report_hit(image, CFS_FSCK_IMAGE_DAMAGED_OBJECT,
					  need, n, reason, err);
		}
		asked = true;
		invalid(image, need[i].node,
			"it has %" PRIu64 " bytes, its object %s %" PRIu64,
			need[i].node->size, hex, size);
	}
	return 0;
}

/* Looks at the object that @n files need. */
static int check_object(struct image *image, const struct need *need, size_t n,
			struct cfs_err *err)
{
	struct cfs_fsck_run *run = image->run;
	char path[CFS_OBJECT_PATH_MAX];
	const char *reason = NULL;
	struct stat st;
	uint64_t size;

	if (cfs_fsck_is_good(run, &need->id, &size))
		return check_sizes(image, need, n, size, err);
	cfs_digest_to_path(&need->id, path);
	if (cfs_digest_set_has(&run->damaged, &need->id))
		return report_hit(image, CFS_FSCK_IMAGE_DAMAGED_OBJECT, need, n,
				  NULL, err);
	if (run->objects < 0 ||
	    fstatat(run->objects, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (run->objects >= 0 && errno != ENOENT)
			reason = strerror(errno);
	} else if (S_ISREG(st.st_mode)) {
		return check_sizes(image, need, n, (uint64_t)st.st_size, err);
	} else {
		reason = "what has its name is not a regular file";
	}
	run->count.missing_objects++;
	return report_hit(image, CFS_FSCK_IMAGE_MISSING_OBJECT, need, n, reason,
			  err);
}

static int check_objects(struct image *image, struct cfs_err *err)
{
	struct need *needs = image->needs.v;
	size_t n = image->needs.n;
	int r = cfs_vec_check(&image->needs, err);

	if (r == 0 && n > 0)
		qsort(needs, n, sizeof(*needs), compare);
	for (size_t i = 0, end; r == 0 && i < n; i = end) {
		for (end = i + 1; end < n; end++)
			if (!cfs_digest_equal(&needs[i].id, &needs[end].id))
				break;
		r = check_object(image, needs + i, end - i, err);
	}
	return r;
}

int cfs_fsck_needs(struct cfs_fsck_run *run, const char *where,
		   const struct cfs_tree *tree, bool *ret_sane,
		   struct cfs_err *err)
{
	struct image image = {
		.run = run, .where = where, .tree = tree, .sane = true
	};
	uint32_t order = 0;
	int r;

	for (struct cfs_node *n = tree->root; n;
	     n = cfs_node_walk(tree->root, n))
		if (cfs_node_is_external(n))
			add_need(&image, n, order++);
	r = check_objects(&image, err);
	cfs_vec_free(&image.needs);
	*ret_sane = image.sane;
	return r;
}
