/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Keys with certificates, made by openssl(1) below $TMPDIR when asked for. */
#ifndef CFS_TESTS_UNIT_KEYS_PAIRS_H
#define CFS_TESTS_UNIT_KEYS_PAIRS_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tests/test.h"

/* "$TMPDIR/NAME", in one of four buffers. */
static inline const char *pair_path(const char *name)
{
	static char path[4][512];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", getenv("TMPDIR"), name);
	return path[n];
}

/* Makes NAME.key and NAME.pem with the key options @how of openssl-req(1). */
static inline void pair_make(const char *name, const char *how)
{
	char cmd[2048];

	snprintf(cmd, sizeof(cmd),
		 "openssl req -x509 -newkey %s -nodes -keyout '%s.key' "
		 "-out '%s.pem' -subj '/CN=%s' 2>/dev/null",
		 how, pair_path(name), pair_path(name), name);
	CHECK(system(cmd) == 0);
}

#endif
