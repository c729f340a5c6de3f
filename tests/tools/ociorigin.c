/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * ociorigin [OPTION...] REFERENCE: chooses an image of an origin, reads all of
 * its blobs and checks them.  Prints
 *
 *   manifest ID
 *   platform OS/ARCH[/VARIANT]      (or "artifact")
 *   any-platform                    the image is for another one
 *   blob ID                         of config and layers
 *   referrer ID TYPE    skipped REASON ID     with --referrers
 *
 *   --platform P  --authfile F  --cert-dir D  --no-tls-verify
 *   --threads     reads all layers at once
 *   --half        stops in the middle of each blob
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "fsverity/content_hash.h"
#include "oci/json_doc.h"
#include "oci/origin.h"
#include "oci/referrers.h"

struct options {
	const char *platform;
	struct cfs_origin_options origin;
	bool threads, half, referrers;
};

/* A blob to be read. */
struct job {
	struct cfs_origin *origin;
	const struct options *options;
	struct cfs_oci_id id;
	uint64_t size;
	pthread_t thread;
	int r;
	struct cfs_err err;
};

static int read_all(struct job *job, const struct cfs_source *source)
{
	CFS_AUTO(cfs_content_hash_free) struct cfs_content_hash *hash = NULL;
	uint8_t sum[CFS_CONTENT_MAX];
	struct cfs_oci_id have;
	char data[10000];
	ssize_t n;
	int r = cfs_content_hash_new(job->id.alg, &hash, &job->err);
	struct cfs_source hashed = cfs_content_hash_source(hash, source);

	if (r < 0)
		return r;
	while ((n = cfs_source_read(&hashed, data, sizeof(data), &job->err)) >
	       0)
		if (job->options->half &&
		    cfs_content_hash_fed(hash) * 2 >= job->size)
			return 0;
	if (n < 0)
		return (int)n;
	r = cfs_content_hash_final(hash, sum, &job->err);
	cfs_oci_id_of_hash(job->id.alg, sum, &have);
	if (r == 0 && !cfs_oci_id_equal(&have, &job->id))
		r = cfs_fail(&job->err, EBADMSG, "blob %s is %s", job->id.text,
			     have.text);
	return r;
}

static void *read_blob(void *arg)
{
	CFS_AUTOBLOB struct cfs_oci_blob blob = CFS_OCI_BLOB_INIT;
	struct cfs_source source = cfs_oci_blob_source(&blob);
	struct job *job = arg;

	job->r = cfs_origin_blob(job->origin, &job->id, job->size, &blob,
				 &job->err);
	if (job->r == 0)
		job->r = cfs_fail(&job->err, ENOENT, "blob %s is missing",
				  job->id.text);
	if (job->r > 0)
		job->r = read_all(job, &source);
	return NULL;
}

static int read_jobs(struct job *jobs, size_t n, const struct options *o,
		     struct cfs_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (!o->threads)
			(void)read_blob(&jobs[i]);
		else if (pthread_create(&jobs[i].thread, NULL, read_blob,
					&jobs[i]) != 0)
			return cfs_fail(err, EAGAIN, "no thread");
	for (size_t i = 0; o->threads && i < n; i++)
		(void)pthread_join(jobs[i].thread, NULL);
	for (size_t i = 0; i < n; i++) {
		if (jobs[i].r < 0) {
			*err = jobs[i].err;
			return jobs[i].r;
		}
		printf("blob %s\n", jobs[i].id.text);
	}
	return 0;
}

/* Layers that are kept unpacked have the names of their archives. */
static int name_layers(struct cfs_origin *origin,
		       const struct cfs_oci_manifest *m, struct job *jobs,
		       struct cfs_err *err)
{
	CFS_AUTOCONFIG struct cfs_oci_config config = { 0 };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r;

	for (size_t i = 0; i < m->layers.n; i++) {
		jobs[i].id = m->layers.v[i].id;
		jobs[i].size = m->layers.v[i].size;
	}
	if (!cfs_origin_has_plain_layers(origin))
		return 0;
	r = cfs_origin_read(origin, &m->config.id, m->config.size,
			    CFS_OCI_JSON_MAX, &text, err);
	if (r == 0)
		r = cfs_oci_config_parse(cfs_buf_bytes(&text), &config, err);
	for (size_t i = 0; r == 0 && i < config.n_diff_ids; i++) {
		jobs[i].id = config.diff_ids[i];
		jobs[i].size = CFS_OCI_SIZE_ANY;
	}
	return r;
}

static int read_image(struct cfs_origin *origin, const struct options *o,
		      const struct cfs_oci_choice *choice, struct cfs_err *err)
{
	CFS_AUTOMANIFEST struct cfs_oci_manifest m = { 0 };
	CFS_AUTOFREE struct job *jobs = NULL;
	int r = cfs_oci_manifest_parse(cfs_buf_bytes(&choice->manifest), &m,
				       err);

	if (r < 0)
		return r;
	jobs = calloc(m.layers.n + 1, sizeof(*jobs));
	if (!jobs)
		return cfs_no_memory(err);
	for (size_t i = 0; i <= m.layers.n; i++)
		jobs[i] = (struct job){ .origin = origin, .options = o };
	jobs[m.layers.n].id = m.config.id;
	jobs[m.layers.n].size = m.config.size;
	r = name_layers(origin, &m, jobs, err);
	return r < 0 ? r : read_jobs(jobs, m.layers.n + 1, o, err);
}

static int list_referrers(struct cfs_origin *origin,
			  const struct cfs_oci_id *id, struct cfs_err *err)
{
	CFS_AUTOREFERRERS struct cfs_oci_referrers list = { 0 };
	int r = cfs_origin_referrers(origin, id, &list, err);

	for (size_t i = 0; r == 0 && i < list.found.n; i++) {
		const struct cfs_oci_descriptor *d = &list.found.v[i];
		CFS_AUTOBUF struct cfs_buf text = { 0 };

		r = cfs_origin_manifest(origin, &d->id, d->size, &text, err);
		printf("referrer %s %s\n", d->id.text, d->artifact_type);
	}
	for (size_t i = 0; r == 0 && i < list.skipped.n; i++)
		printf("skipped %d %s\n", list.skipped.v[i].why,
		       list.skipped.v[i].id.text);
	return r;
}

static int run(const char *reference, const struct options *o,
	       struct cfs_err *err)
{
	CFS_AUTO(cfs_origin_free) struct cfs_origin *origin = NULL;
	CFS_AUTOCHOICE struct cfs_oci_choice choice = { 0 };
	struct cfs_oci_platform want;
	int r = 0;

	if (o->platform)
		r = cfs_oci_platform_parse(o->platform, &want, err);
	if (r == 0)
		r = cfs_origin_open_with(reference, &o->origin, &origin, err);
	if (r == 0)
		r = cfs_origin_choose(origin, o->platform ? &want : NULL,
				      &choice, err);
	if (r < 0)
		return r;
	printf("manifest %s\n%s%s\n%s", choice.id.text,
	       *choice.platform ? "platform " : "artifact", choice.platform,
	       choice.any_platform ? "any-platform\n" : "");
	r = read_image(origin, o, &choice, err);
	if (r == 0 && o->referrers)
		r = list_referrers(origin, &choice.id, err);
	return r;
}

int main(int argc, char **argv)
{
	struct options o = { 0 };
	struct cfs_err err = { 0 };
	int i = 1;

	for (; i < argc - 1; i++) {
		if (strcmp(argv[i], "--platform") == 0)
			o.platform = argv[++i];
		else if (strcmp(argv[i], "--authfile") == 0)
			o.origin.authfile = argv[++i];
		else if (strcmp(argv[i], "--cert-dir") == 0)
			o.origin.cert_dir = argv[++i];
		else if (strcmp(argv[i], "--no-tls-verify") == 0)
			o.origin.no_tls_verify = true;
		else if (strcmp(argv[i], "--threads") == 0)
			o.threads = true;
		else if (strcmp(argv[i], "--half") == 0)
			o.half = true;
		else if (strcmp(argv[i], "--referrers") == 0)
			o.referrers = true;
		else
			break;
	}
	if (i != argc - 1) {
		fputs("usage: ociorigin [OPTION...] REFERENCE\n", stderr);
		return 2;
	}
	if (run(argv[i], &o, &err) == 0)
		return 0;
	fprintf(stderr, "ociorigin: %s\n", err.msg);
	return 1;
}
