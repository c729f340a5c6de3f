/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fusestart IMAGE OBJECTS MOUNTPOINT: serves the file IMAGE, as it is, by FUSE,
 * and says what it took until the mount could be used: "CPU ANON FILE", the
 * process's CPU time in microseconds, and its resident memory in KiB.  Ends at
 * once.
 */
#include <err.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/auto.h"
#include "fuse/serve.h"

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
	struct cfs_fuse_params params = { .mode = CFS_FUSE_PLAIN,
					  .source = "fusestart",
					  .upper_fd = -EBADF,
					  .work_fd = -EBADF,
					  .ready = ready };
	CFS_AUTOFD int fd = -EBADF;
	CFS_AUTOFD int objects = -EBADF;
	struct cfs_err e = { 0 };
	struct stat st;
	void *data;

	if (argc != 4)
		errx(2, "usage: fusestart IMAGE OBJECTS MOUNTPOINT");
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	objects = open(argv[2], O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || objects < 0 || fstat(fd, &st) < 0)
		err(1, "open");
	data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		err(1, "mmap");
	params.image = (struct cfs_bytes){ data, (size_t)st.st_size };
	params.objects_fd = objects;
	params.mountpoint = argv[3];
	if (cfs_fuse_serve(&params, &e) < 0)
		errx(1, "%s", e.msg);
	return 0;
}
