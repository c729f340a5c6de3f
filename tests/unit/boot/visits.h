/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What a visitor of images was told, as text. */
#ifndef CFS_TESTS_UNIT_BOOT_VISITS_H
#define CFS_TESTS_UNIT_BOOT_VISITS_H

#include "base/buf.h"
#include "base/own.h"
#include "boot/roots.h"
#include "tests/test.h"
#include "tests/unit/boot/pe.h"
#include "tests/unit/repo/repo.h"

#define A    "a3f1000000000000000000000000000000000000000000000000000000000001"
#define B    "b3f1000000000000000000000000000000000000000000000000000000000002"
#define C    "c3f1000000000000000000000000000000000000000000000000000000000003"
#define LONG A B

struct visits {
	struct cfs_buf found;  /* "where=a3 where=b3:512 ..." */
	struct cfs_buf broken; /* "where: reason\n..." */
	int end_with;
};

static inline int note_found(void *arg, const char *where,
			     const struct cfs_digest *id, struct cfs_err *err)
{
	struct visits *v = arg;

	(void)err;
	cfs_buf_addf(&v->found, "%s=%02x%s ", where, id->bytes[0],
		     id->alg == CFS_ALG_SHA512 ? ":512" : "");
	return v->end_with;
}

static inline void note_broken(void *arg, const char *where, const char *reason)
{
	struct visits *v = arg;

	cfs_buf_addf(&v->broken, "%s: %s\n", where, reason);
}

static inline struct cfs_boot_visitor visitor_of(struct visits *v)
{
	return (struct cfs_boot_visitor){ note_found, note_broken, v };
}

/* Checks what was visited and forgets it. */
static inline void check_visits(struct visits *v, const char *found,
				const char *broken)
{
	const char *have = cfs_buf_text(&v->found);

	if (strcmp(have, found) != 0)
		printf("# found %s\n# want  %s\n", have, found);
	CHECK_STR(have, found);
	have = cfs_buf_text(&v->broken);
	if (strcmp(have, broken) != 0)
		printf("# broken %s\n# want   %s\n", have, broken);
	CHECK_STR(have, broken);
	cfs_buf_free(&v->found);
	cfs_buf_free(&v->broken);
}

static inline void put_bytes(const char *dir, const char *name,
			     struct cfs_bytes bytes)
{
	CFS_AUTOFREE char *path = below(dir, name);
	CFS_AUTOFILE FILE *f = NULL;

	f = fopen(path, "we");
	CHECK(f);
	CHECK_EQ(fwrite(bytes.data, 1, bytes.len, f), bytes.len);
}

#endif
