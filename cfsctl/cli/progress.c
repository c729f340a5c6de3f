/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cfsctl/cli/progress.h"

#include <stdio.h>
#include <time.h>

#include "cfsctl/cli/tree_size.h"
#include "cfsctl/cli/units.h"

#define DRAW_MS 100
/* Nothing can be said of the rest before this. */
#define GUESS_MS 1000

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void add_rest(uint64_t bytes, uint64_t total, int64_t elapsed,
		     char *text, size_t size)
{
	char left[CFS_UNITS_MAX];
	double rest = (double)(total - bytes) * (double)elapsed / 1000;

	if (bytes == total) {
		snprintf(text, size, ", finishing");
	} else if (elapsed >= GUESS_MS && bytes > 0) {
		/* One more than no time at all. */
		cmd_duration_text((uint64_t)(rest / (double)bytes) + 1, left);
		snprintf(text, size, ", %s left", left);
	}
}

void cmd_progress_text(const struct cfs_progress *p, int64_t elapsed,
		       char text[static CFS_PROGRESS_MAX])
{
	uint64_t bytes = p->bytes, total = p->total;
	char done[CFS_UNITS_MAX], all[CFS_UNITS_MAX];
	int n;

	cmd_size_text(bytes, done);
	if (total == 0) {
		snprintf(text, CFS_PROGRESS_MAX, "%s %llu files, %s", p->what,
			 (unsigned long long)p->files, done);
		return;
	}
	/* Files may have grown since they were counted. */
	if (bytes > total)
		total = bytes;
	n = snprintf(text, CFS_PROGRESS_MAX, "%s %s of %s (%u %%)", p->what,
		     done, cmd_size_text(total, all),
		     (unsigned)(100.0 * (double)bytes / (double)total));
	if (n > 0 && n < CFS_PROGRESS_MAX)
		add_rest(bytes, total, elapsed, text + n,
			 CFS_PROGRESS_MAX - (size_t)n);
}

static void draw(struct cfs_progress *p)
{
	char text[CFS_PROGRESS_MAX];

	p->drawn = now();
	cmd_progress_text(p, p->drawn - p->start, text);
	/* From here to the end of the screen: there may be fewer parts now. */
	fprintf(stderr, "\r\033[%s%s", p->parts ? "J" : "K", text);
	if (p->parts)
		cmd_progress_parts_draw(p->parts);
}

/* Called for each entry on the way.  Returns false when it is to end. */
static bool draw_on_the_way(void *progress)
{
	struct cfs_progress *p = progress;

	if (now() - p->drawn >= DRAW_MS)
		draw(p);
	return !p->ended;
}

/* Waits until the next line is due, or the end. */
static void wait_a_moment(struct cfs_progress *p)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += DRAW_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_nsec -= 1000000000L;
		until.tv_sec++;
	}
	pthread_mutex_lock(&p->lock);
	if (!p->ended)
		pthread_cond_timedwait(&p->wake, &p->lock, &until);
	pthread_mutex_unlock(&p->lock);
}

static void *draw_until_end(void *progress)
{
	struct cfs_progress *p = progress;
	uint64_t total = 0;

	draw(p);
	if (p->tree && cmd_tree_size(p->tree, draw_on_the_way, p, &total))
		p->total = total;
	while (!p->ended) {
		draw(p);
		wait_a_moment(p);
	}
	draw(p);
	fprintf(stderr, "\r\033[%s", p->parts ? "J" : "K");
	return NULL;
}

/* Without a thread there is no line, which is no failure. */
static bool start_thread(struct cfs_progress *p)
{
	pthread_condattr_t attr;
	bool started;

	if (pthread_condattr_init(&attr) != 0)
		return false;
	started = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0 &&
		  pthread_cond_init(&p->wake, &attr) == 0;
	pthread_condattr_destroy(&attr);
	if (!started)
		return false;
	pthread_mutex_init(&p->lock, NULL);
	started = pthread_create(&p->thread, NULL, draw_until_end, p) == 0;
	if (!started) {
		pthread_mutex_destroy(&p->lock);
		pthread_cond_destroy(&p->wake);
	}
	return started;
}

static void start(struct cfs_progress *p)
{
	if (!isatty(STDERR_FILENO))
		return;
	p->start = now();
	p->shown = start_thread(p);
}

void cmd_progress_start(struct cfs_progress *p, const char *what,
			uint64_t total, const char *tree)
{
	*p = (struct cfs_progress){ .what = what,
				    .total = total,
				    .tree = tree };
	start(p);
}

void cmd_progress_start_parts(struct cfs_progress *p, const char *what,
			      uint64_t total, struct cfs_progress_parts *parts)
{
	*p = (struct cfs_progress){ .what = what,
				    .total = total,
				    .parts = parts };
	start(p);
}

void cmd_progress_file(struct cfs_progress *p)
{
	if (p->shown)
		atomic_fetch_add_explicit(&p->files, 1, memory_order_relaxed);
}

void cmd_progress_bytes(struct cfs_progress *p, uint64_t bytes)
{
	if (p->shown)
		atomic_fetch_add_explicit(&p->bytes, bytes,
					  memory_order_relaxed);
}

_Atomic uint64_t *cmd_progress_counter(struct cfs_progress *p)
{
	return p->shown ? &p->bytes : NULL;
}

void cmd_progress_end(struct cfs_progress *p)
{
	if (!p->shown)
		return;
	pthread_mutex_lock(&p->lock);
	p->ended = true;
	pthread_cond_signal(&p->wake);
	pthread_mutex_unlock(&p->lock);
	pthread_join(p->thread, NULL);
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->wake);
	p->shown = false;
}
