/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * guest_meter SERVER DIR walk|read: walks the directory, or reads all files
 * below it, and prints the CPU time of that and of the process SERVER
 * meanwhile, in microseconds, and the messages to it: its calls of read(2).
 * Fails if any file cannot be read.
 */
#include <dirent.h>
#include <err.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static bool reads;

static int visit(const char *path, const struct stat *st, int type,
		 struct FTW *at)
{
	static char buf[1 << 17];
	ssize_t n = 1;
	int fd;

	(void)st;
	(void)at;
	if (!reads || type != FTW_F)
		return 0;
	fd = open(path, O_RDONLY);
	while (fd >= 0 && n > 0)
		n = read(fd, buf, sizeof(buf));
	if (fd < 0 || n < 0)
		return 1;
	close(fd);
	return 0;
}

static double server_cpu(const char *pid)
{
	char path[64], file[512];
	struct dirent *task;
	unsigned long long ns;
	double sum = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/task", pid);
	dir = opendir(path);
	while (dir && (task = readdir(dir))) {
		FILE *f;

		if (task->d_name[0] == '.')
			continue;
		snprintf(file, sizeof(file), "%s/%s/schedstat", path,
			 task->d_name);
		f = fopen(file, "r");
		if (f && fscanf(f, "%llu", &ns) == 1)
			sum += (double)ns / 1000;
		if (f)
			fclose(f);
	}
	if (dir)
		closedir(dir);
	return sum;
}

static long server_reads(const char *pid)
{
	char path[64], line[256];
	long n = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/io", pid);
	f = fopen(path, "r");
	while (f && fgets(line, sizeof(line), f))
		(void)sscanf(line, "syscr: %ld", &n);
	if (f)
		fclose(f);
	return n;
}

static double client_cpu(const struct rusage *used)
{
	return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) * 1e6 +
	       (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec);
}

int main(int argc, char **argv)
{
	struct rusage used;
	double before;
	long messages;
	int status;

	if (argc != 4)
		errx(2, "usage: guest_meter SERVER DIR walk|read");
	reads = strcmp(argv[3], "read") == 0;
	before = server_cpu(argv[1]);
	messages = server_reads(argv[1]);
	if (fork() == 0)
		_exit(chdir(argv[2]) < 0 ||
		      nftw(".", visit, 40, FTW_PHYS) != 0);
	if (wait4(-1, &status, 0, &used) < 0 || status != 0)
		errx(1, "%s: a file cannot be read", argv[2]);
	printf("%.0f %ld\n", client_cpu(&used) + server_cpu(argv[1]) - before,
	       server_reads(argv[1]) - messages);
	return 0;
}
