/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * measure [-n ROUNDS] [-m] [-a] [-d] [-c CLEANUP] NAME=COMMAND...
 *
 * Runs each command ROUNDS times, one after the other in turn, so that what
 * disturbs the machine disturbs all of them; every other round backwards, so
 * that none always gets the caches that the same neighbour leaves.  Prints for
 * each the median of CPU time and wall time in microseconds, the largest peak
 * memory in KiB, and the ratio of both times to the first command's.
 *
 * -m  every run gets a mount namespace of its own, made outside of what is
 *     measured
 * -a  the memory is what is anonymous, looked at every millisecond, and not
 *     all that was resident
 * -d  processes that a command leaves behind are waited for, and what they took
 *     counts
 * -c  a command to run after each run, outside of what is measured
 *
 * COMMAND is split at blanks; {} in it becomes the number of the run, for
 * names that must be new each time.  A command that fails ends everything.
 */
#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARGS_MAX     64
#define COMMANDS_MAX 16

/* What the options say. */
static bool namespaces, anonymous, descendants;
static const char *cleanup;

struct run {
	const char *name;
	const char *command;
	double *cpu, *wall; /* microseconds, one a round */
	long rss;	    /* KiB, the largest */
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Writes @command with every {} replaced by @number; caller frees. */
static char *number_it(const char *command, unsigned number)
{
	char *out = NULL;
	size_t size;
	FILE *f = open_memstream(&out, &size);

	if (!f)
		die("open_memstream");
	for (const char *p = command; *p; p++)
		if (p[0] == '{' && p[1] == '}')
			fprintf(f, "%u", number), p++;
		else
			fputc(*p, f);
	if (fclose(f) != 0)
		die("fclose");
	return out;
}

static void exec_it(char *command)
{
	char *args[ARGS_MAX + 1] = { 0 };
	char *rest = NULL;
	int n = 0, null = open("/dev/null", O_RDWR);

	for (char *s = strtok_r(command, " ", &rest); s && n < ARGS_MAX;
	     s = strtok_r(NULL, " ", &rest))
		args[n++] = s;
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execvp(args[0], args);
	die(args[0]);
}

static double micros(struct timespec a, struct timespec b)
{
	return (double)(b.tv_sec - a.tv_sec) * 1e6 +
	       (double)(b.tv_nsec - a.tv_nsec) / 1e3;
}

static pid_t start_it(char *command)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0)
		exec_it(command);
	return pid;
}

/* Anonymous memory of @pid in KiB; 0 when it has ended. */
static long anonymous_now(pid_t pid)
{
	char path[64], line[256];
	long kib = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "RssAnon: %ld", &kib) == 1)
			break;
	if (f)
		fclose(f);
	return kib;
}

static void watch(pid_t pid, int *status, struct rusage *use)
{
	long most = 0, now;
	pid_t ended;

	while ((ended = wait4(pid, status, WNOHANG, use)) == 0) {
		now = anonymous_now(pid);
		most = now > most ? now : most;
		usleep(1000);
	}
	if (ended < 0)
		die("wait4");
	use->ru_maxrss = most;
}

static void clean_up(unsigned number)
{
	char *command = number_it(cleanup, number);
	pid_t pid = start_it(command);
	int status;

	if (waitpid(pid, &status, 0) < 0 || status != 0) {
		fprintf(stderr, "failed: %s\n", cleanup);
		exit(1);
	}
	free(command);
}

static double cpu_of(const struct rusage *use)
{
	return (double)(use->ru_utime.tv_sec + use->ru_stime.tv_sec) * 1e6 +
	       (double)(use->ru_utime.tv_usec + use->ru_stime.tv_usec);
}

/* Waits for the processes that came to this one when their parents ended.
 * Returns what they took. */
static double wait_for_rest(void)
{
	struct rusage use;
	double cpu = 0;

	while (wait4(-1, NULL, 0, &use) > 0)
		cpu += cpu_of(&use);
	return cpu;
}

static void once(struct run *run, int round, unsigned number)
{
	char *command = number_it(run->command, number);
	struct timespec start, end;
	struct rusage use;
	int status;
	pid_t pid;

	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = start_it(command);
	if (anonymous)
		watch(pid, &status, &use);
	else if (wait4(pid, &status, 0, &use) < 0)
		die("wait4");
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (status != 0) {
		fprintf(stderr, "%s failed: %s\n", run->name, run->command);
		exit(1);
	}
	run->wall[round] = micros(start, end);
	run->cpu[round] = cpu_of(&use) + (descendants ? wait_for_rest() : 0);
	if (use.ru_maxrss > run->rss)
		run->rss = use.ru_maxrss;
	free(command);
	if (cleanup)
		clean_up(number);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), by_size);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* From the one we were started in, not from the last run's. */
static void new_namespace(int first)
{
	if (setns(first, CLONE_NEWNS) < 0 || unshare(CLONE_NEWNS) < 0 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		die("new mount namespace");
}

static void report(struct run *runs, int n, int rounds)
{
	double cpu0 = 0, wall0 = 0;

	printf("%-24s %12s %12s %10s %8s %8s\n", "command", "cpu us", "wall us",
	       anonymous ? "anon KiB" : "rss KiB", "cpu R", "wall R");
	for (int i = 0; i < n; i++) {
		double cpu = median(runs[i].cpu, rounds);
		double wall = median(runs[i].wall, rounds);

		if (i == 0)
			cpu0 = cpu, wall0 = wall;
		printf("%-24s %12.0f %12.0f %10ld %8.3f %8.3f\n", runs[i].name,
		       cpu, wall, runs[i].rss, cpu / cpu0, wall / wall0);
	}
}

int main(int argc, char **argv)
{
	struct run runs[COMMANDS_MAX] = { 0 };
	int first = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
	int rounds = 5, n = 0, c;
	unsigned number = 0;

	while ((c = getopt(argc, argv, "n:madc:")) != -1)
		if (c == 'n')
			rounds = atoi(optarg);
		else if (c == 'd')
			descendants = true;
		else if (c == 'm')
			namespaces = true;
		else if (c == 'a')
			anonymous = true;
		else if (c == 'c')
			cleanup = optarg;
		else
			return 2;
	if (descendants && prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		die("become a reaper");
	for (; optind < argc && n < COMMANDS_MAX; optind++, n++) {
		char *eq = strchr(argv[optind], '=');

		if (!eq || rounds < 1)
			return 2;
		*eq = '\0';
		runs[n].name = argv[optind];
		runs[n].command = eq + 1;
		runs[n].cpu = calloc((size_t)rounds, sizeof(double));
		runs[n].wall = calloc((size_t)rounds, sizeof(double));
		if (!runs[n].cpu || !runs[n].wall)
			die("calloc");
	}
	for (int round = 0; round < rounds; round++)
		for (int k = 0; k < n; k++) {
			int i = round % 2 ? n - 1 - k : k;

			if (namespaces)
				new_namespace(first);
			once(&runs[i], round, number++);
		}
	report(runs, n, rounds);
	return 0;
}
