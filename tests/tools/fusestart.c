/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fusestart IMAGE OBJECTS MOUNTPOINT: serves the file IMAGE, as it is, by FUSE,
 * and says what it took until the mount could be used: "CPU ANON FILE", the
 * process's CPU time in microseconds, and its resident memory in KiB.  Ends at
 * once.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/tools/fusefile.h"

static long resident(const char *what)
{
	CFS_AUTOFILE FILE *f = NULL;
	char line[256];
	long kib = 0;

	f = fopen("/proc/self/status", "re");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, what, strlen(what)) == 0)
			kib = strtol(line + strlen(what), NULL, 10);
	return kib;
}

static void ready(void *ctx, enum cfs_fuse_mode mode)
{
	struct rusage used;

	(void)ctx;
	(void)mode;
	if (getrusage(RUSAGE_SELF, &used) < 0)
		err(1, "getrusage");
	printf("%ld %ld %ld\n",
	       (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1000000 +
		       used.ru_utime.tv_usec + used.ru_stime.tv_usec,
	       resident("RssAnon:"), resident("RssFile:"));
	(void)raise(SIGTERM);
}

int main(int argc, char **argv)
{
	const struct cfs_fuse_params params = { .mode = CFS_FUSE_PLAIN,
						.source = "fusestart",
						.ready = ready };

	if (argc != 4)
		errx(2, "usage: fusestart IMAGE OBJECTS MOUNTPOINT");
	serve_file(&params, map_file(argv[1]), argv[2], argv[3]);
	return 0;
}
