/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The signature vectors of tests/data/keys, for the test programs. */
#ifndef CFS_TESTS_UNIT_KEYS_VECTORS_H
#define CFS_TESTS_UNIT_KEYS_VECTORS_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "fsverity/digest.h"
#include "keys/pem.h"

#define VECTORS "tests/data/keys/"

/* Digests of 100000 letters "a", fsverity-utils 1.5. */
#define BIG_SHA256                         \
	"c52abacd52ffc50b73d24334d69a7d32" \
	"d1986abf9a021419c7359796bf143941"
#define BIG_SHA512                         \
	"c5079d315afde9bc7fddb02bdddcffa9" \
	"378c7cdbf48abbc9d006830bfa076124" \
	"9d9877787189867eeb904f68ac8682a2" \
	"9b7484153ec94e83d732476e057f79d2"

struct vector {
	char blob[64];
	struct cfs_digest digest;
	struct cfs_certs certs;
	int want;	   /* 0 or a negative errno */
	int kernel;	   /* the same of a kernel */
	uint8_t der[2048]; /* der_len of them */
	size_t der_len;
};

static inline size_t vector_read(const char *name, uint8_t *ret, size_t max)
{
	char path[256];
	FILE *f;
	size_t n;

	snprintf(path, sizeof(path), VECTORS "%s", name);
	f = fopen(path, "rb");
	CHECK(f);
	n = fread(ret, 1, max, f);
	fclose(f);
	return n;
}

static inline void vector_certs(struct cfs_certs *certs, char *names)
{
	struct cfs_err err = { 0 };
	char path[256];

	for (char *name = strtok(names, ","); name; name = strtok(NULL, ",")) {
		if (strcmp(name, "-") == 0)
			continue;
		snprintf(path, sizeof(path), VECTORS "%s.pem", name);
		CHECK_EQ(cfs_certs_add_file(certs, path, &err), 1);
	}
}

static inline int vector_answer(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} table[] = { { "0", 0 },
		      { "EBADMSG", -EBADMSG },
		      { "EKEYREJECTED", -EKEYREJECTED },
		      { "ENOKEY", -ENOKEY },
		      { "ENOPKG", -ENOPKG } };

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strcmp(name, table[i].name) == 0)
			return table[i].code;
	CHECK_STR(name, "a known answer");
	return 0;
}

/* Calls @run for every vector.  Returns how many there are. */
static inline unsigned vectors_each(void (*run)(struct vector *v))
{
	char alg[16], names[64], want[32], kernel[32];
	FILE *f = fopen(VECTORS "expect", "r");
	static struct vector v;
	unsigned n = 0;

	CHECK(f);
	for (;; n++) {
		struct cfs_err err = { 0 };

		memset(&v, 0, sizeof(v));
		if (fscanf(f, "%63s %15s %63s %31s %31s", v.blob, alg, names,
			   want, kernel) != 5)
			break;
		if (strcmp(alg, "sha256") == 0)
			CHECK_EQ(cfs_digest_from_hex(BIG_SHA256, 64, &v.digest,
						     &err),
				 0);
		else
			CHECK_EQ(cfs_digest_from_hex(BIG_SHA512, 128, &v.digest,
						     &err),
				 0);
		v.want = vector_answer(want);
		v.kernel = vector_answer(kernel);
		v.der_len = vector_read(v.blob, v.der, sizeof(v.der));
		vector_certs(&v.certs, names);
		run(&v);
		cfs_certs_free(&v.certs);
	}
	fclose(f);
	return n;
}

#endif
