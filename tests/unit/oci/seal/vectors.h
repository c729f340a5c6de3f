/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The vectors of tests/data/oci/sealing, for the test programs. */
#ifndef CFS_TESTS_UNIT_OCI_SEAL_VECTORS_H
#define CFS_TESTS_UNIT_OCI_SEAL_VECTORS_H

#include <fcntl.h>
#include <stdarg.h>

#include "base/io.h"
#include "oci/seal/make.h"
#include "tests/test.h"

#define SEALING "tests/data/oci/sealing/"

static struct cfs_err err;

static const char *const vector_names[] = {
	"boot-plain",  "boot-selinux",	  "docker-v2s2", "hardlinks",
	"multi-layer", "json-formatting", "single",
};

/* An image, and what seals and signs it. */
struct vector {
	struct cfs_buf manifest, config;
	struct cfs_oci_id id;
	struct cfs_buf signed_text, digests_text; /* of the artifacts */
	struct cfs_seal_blobs blobs;
	/* Those of EROFS images are as signed_text has them. */
	struct cfs_seal_facts facts;
	struct cfs_seal_artifact artifact; /* that signed_text is */
	/* Of its entries; borrowed from blobs. */
	struct cfs_bytes sigs[CFS_SEAL_ENTRIES_MAX];
};

static inline bool read_data(const char *path, struct cfs_buf *ret)
{
	int r = cfs_read_file(AT_FDCWD, path, 1 << 20, ret, &err);

	CHECK(r >= 0);
	return r > 0;
}

__attribute__((format(printf, 2, 3))) static inline bool read_vector(
	struct cfs_buf *ret, const char *fmt, ...)
{
	char path[512] = SEALING;
	va_list args;

	va_start(args, fmt);
	vsnprintf(path + strlen(SEALING), sizeof(path) - strlen(SEALING), fmt,
		  args);
	va_end(args);
	return read_data(path, ret);
}

static inline void vector_facts(struct vector *v, enum cfs_alg alg)
{
	CHECK_EQ(cfs_oci_id_of_bytes(CFS_CONTENT_SHA256,
				     cfs_buf_bytes(&v->manifest), &v->id, &err),
		 0);
	CHECK_EQ(cfs_seal_facts_begin(&v->id, cfs_buf_bytes(&v->manifest),
				      cfs_buf_bytes(&v->config), alg, &v->facts,
				      &err),
		 0);
	for (unsigned i = 0; i < v->artifact.n; i++) {
		const struct cfs_seal_entry *entry = &v->artifact.v[i];

		if (entry->role >= CFS_SEAL_MERGED)
			cfs_seal_facts_set(&v->facts, entry->role,
					   &entry->digest);
	}
}

static inline void vector_read(const char *name, enum cfs_alg alg,
			       struct vector *v)
{
	const char *hash = cfs_alg_name(alg);

	*v = (struct vector){ 0 };
	CHECK(read_vector(&v->manifest, "%s/manifest.json", name));
	CHECK(read_vector(&v->config, "%s/config.json", name));
	CHECK(read_vector(&v->signed_text, "%s/%s/signed.json", name, hash));
	CHECK(read_vector(&v->digests_text, "%s/%s/digests.json", name, hash));
	for (unsigned i = 0; i < CFS_SEAL_ROLES; i++)
		read_vector(&v->blobs.v[i], "%s/%s/%s.p7", name, hash,
			    cfs_seal_role_name((enum cfs_seal_role)i));
	CHECK_EQ(cfs_seal_artifact_read(cfs_buf_bytes(&v->signed_text),
					&v->artifact, &err),
		 1);
	for (unsigned i = 0; i < v->artifact.n; i++)
		v->sigs[i] = cfs_buf_bytes(&v->blobs.v[v->artifact.v[i].role]);
	vector_facts(v, alg);
}

static inline void vector_free(struct vector *v)
{
	cfs_buf_free(&v->manifest);
	cfs_buf_free(&v->config);
	cfs_buf_free(&v->signed_text);
	cfs_buf_free(&v->digests_text);
	cfs_seal_blobs_free(&v->blobs);
}

/* Calls @run for each vector and hash.  Returns how many there are. */
static inline unsigned vectors_each(void (*run)(struct vector *v))
{
	unsigned n = 0;

	for (size_t i = 0; i < CFS_ARRAY_SIZE(vector_names); i++) {
		for (int alg = CFS_ALG_SHA256; alg <= CFS_ALG_SHA512; alg++) {
			struct vector v;

			vector_read(vector_names[i], (enum cfs_alg)alg, &v);
			run(&v);
			vector_free(&v);
			n++;
		}
	}
	return n;
}

static inline bool same_bytes(const struct cfs_buf *a, const struct cfs_buf *b)
{
	return a->len == b->len &&
	       (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
}

#endif
