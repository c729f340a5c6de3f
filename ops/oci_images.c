/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/oci_images.h"

#include <stdio.h>

#include "oci/tag.h"

struct walk {
	const struct cfs_repo *repo;
	cfs_tagged_image_fn *fn;
	void *arg;
};

static int each_referrer(const struct cfs_repo *repo,
			 const struct cfs_oci_id *id, cfs_stream_ref_fn *fn,
			 void *arg, struct cfs_err *err)
{
	char dir[sizeof(CFS_OCI_REFERRERS "/") + CFS_OCI_ID_MAX];

	snprintf(dir, sizeof(dir), CFS_OCI_REFERRERS "/%s", id->text);
	return cfs_stream_ref_each(repo, dir, fn, arg, err);
}

static int count_ref(const char *ref, const char *content_id, void *arg,
		     struct cfs_err *err)
{
	(void)ref;
	(void)content_id;
	(void)err;
	++*(unsigned *)arg;
	return 0;
}

static int report(const char *tag, const struct cfs_oci_id *id, void *arg,
		  struct cfs_err *err)
{
	CFS_AUTOIMAGE struct cfs_oci_image image = { 0 };
	struct cfs_tagged_image tagged = { .tag = tag };
	const struct walk *walk = arg;
	struct cfs_err ignored;
	int r = id ? cfs_oci_image_open(walk->repo, id, &image, &tagged.why)
		   : cfs_fail(&tagged.why, EINVAL, "it leads to no manifest");

	if (r == 0)
		r = cfs_fail(&tagged.why, ENOENT, "its manifest is missing");
	if (r > 0) {
		tagged.image = &image;
		if (each_referrer(walk->repo, &image.id, count_ref,
				  &tagged.referrers, &ignored) < 0)
			tagged.referrers = 0;
	}
	return walk->fn(walk->arg, &tagged, err);
}

int cfs_tagged_images_each(const struct cfs_repo *repo, cfs_tagged_image_fn *fn,
			   void *arg, struct cfs_err *err)
{
	struct walk walk = { repo, fn, arg };

	return cfs_oci_tag_each(repo, report, &walk, err);
}

void cfs_tagged_image_write(const struct cfs_tagged_image *tagged,
			    struct cfs_json_writer *w)
{
	const struct cfs_oci_image *image = tagged->image;
	const struct cfs_oci_config *config = &image->config;

	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "name", tagged->tag);
	cfs_json_write_text(w, "manifest_digest", image->id.text);
	cfs_json_write_bool(w, "is_container", image->is_container);
	cfs_json_write_text(w, "architecture", config->platform.arch);
	cfs_json_write_text(w, "os", config->platform.os);
	cfs_json_write_text(w, "created",
			    *config->created ? config->created : NULL);
	cfs_json_write_u64(w, "layer_count", image->manifest.layers.n);
	cfs_json_write_u64(w, "referrer_count", tagged->referrers);
	cfs_json_write_end(w);
}

static int write_ref(const char *ref, const char *content_id, void *arg,
		     struct cfs_err *err)
{
	(void)content_id;
	(void)err;
	cfs_json_write_text(arg, NULL, ref);
	return 0;
}

int cfs_oci_referrers_write(const struct cfs_repo *repo,
			    const struct cfs_oci_id *id, const char *name,
			    struct cfs_json_writer *w, struct cfs_err *err)
{
	int r;

	cfs_json_write_array(w, name, CFS_JSON_LINES);
	r = each_referrer(repo, id, write_ref, w, err);
	cfs_json_write_end(w);
	return r;
}
