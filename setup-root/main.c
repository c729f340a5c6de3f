/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* composefs-setup-root(8): mounts a composefs image as the root. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "setup-root/assemble.h"
#include "setup-root/failure.h"
#include "setup-root/find.h"
#include "setup-root/marker.h"
#include "setup-root/selinux.h"
#include "setup-root/volatile.h"

#define REPORT	"run/composefs/failed"
#define VERSION "composefs-setup-root " CFS_VERSION "\n"

static uint64_t now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static int print(struct cfs_boot *b, const char *text, struct cfs_err *err)
{
	int r;

	b->step = CFS_EXIT_OTHER;
	if (!text)
		return cfs_no_memory(err);
	r = cfs_write_full(STDOUT_FILENO, text, strlen(text));
	return r < 0 ? cfs_fail_code(err, r, "write to standard output") : 0;
}

static int print_kargs(struct cfs_boot *b, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	for (unsigned i = 0; i < b->n_candidates; i++) {
		const struct cfs_karg *k = &b->candidates[i].karg;

		cfs_buf_addf(&text, "%s %s v%u %s\n", b->candidates[i].hex,
			     cfs_alg_name(k->digest.alg), k->version,
			     k->insecure ? "insecure" : "secure");
	}
	return print(b, cfs_buf_text(&text), err);
}

static int print_marker(struct cfs_boot *b, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf json = { 0 };

	cfs_marker_json(b, &json);
	return print(b, cfs_buf_text(&json), err);
}

/* Leaves in /run what programs of the booted system look for.  The root is
 * mounted, so failures are warnings. */
static void leave_traces(struct cfs_boot *b)
{
	CFS_AUTOFD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	bool transient = b->root.kind == CFS_ROOT_TRANSIENT ||
			 b->root.kind == CFS_ROOT_TRANSIENT_RO;
	struct cfs_err err;
	dev_t dev = cfs_volatile_find(b->sysroot_fd, root);
	int r = dev ? cfs_volatile_link(root, dev, &err) : 0;

	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	r = cfs_selinux_prepare(root, transient,
				b->root.etc == CFS_DIR_TRANSIENT, &err);
	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	/* Written last: what finds the marker finds the rest as well. */
	if (cfs_marker_write(b, root, &err) < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	/* The report of an earlier attempt. */
	(void)unlinkat(root, REPORT, 0);
}

static void report_success(struct cfs_boot *b)
{
	const struct cfs_candidate *image = cfs_boot_chosen(b);
	const struct cfs_root *root = &b->root;
	char text[256], room[CFS_BACKEND_MAX];
	const char *backend = cfs_root_backend_name(root, room);
	const struct cfs_log_field fields[] = {
		{ "COMPOSEFS_DIGEST", image->hex },
		{ "COMPOSEFS_STAGE", "booted" },
	};

	snprintf(
		text, sizeof(text),
		"booted %.12s (%s, verity=%s, %s, root=%s etc=%s var=%s, %u ms)",
		image->hex, cfs_alg_name(image->karg.digest.alg),
		b->choice.verity ? "require" : "off",
		backend ? backend : "no image", cfs_root_kind_name(root->kind),
		cfs_dir_mode_name(root->etc), cfs_dir_mode_name(root->var),
		(unsigned)(b->elapsed_us / 1000));
	/* With the journal as standard error it would be logged twice. */
	if (!cfs_log_journal(&b->log, LOG_INFO, CFS_MSG_BOOTED, text, fields,
			     CFS_ARRAY_SIZE(fields)) ||
	    !b->log.journal_stream)
		cfs_log(&b->log, LOG_INFO, "%s", text);
}

static int mount_root(struct cfs_boot *b, uint64_t start, struct cfs_err *err)
{
	int r = cfs_assemble(b, err);

	if (r == 0 && !b->options.check)
		r = cfs_assemble_attach(b, err);
	if (r < 0)
		return r;
	b->elapsed_us = now_us() - start;
	if (b->options.check)
		return print_marker(b, err);
	/* The root is mounted; what follows may take its time. */
	(void)alarm(0);
	leave_traces(b);
	report_success(b);
	return 0;
}

/* The command line names no image.  Returns 0 when that is no failure. */
static int without_image(struct cfs_boot *b, struct cfs_err *err)
{
	if (b->options.if_present &&
	    (b->options.print_kargs || !cfs_boot_needs_image(b)))
		return 0;
	return cfs_boot_no_image(b, err);
}

/* Takes all the steps.  Returns 0 also if there is nothing to do. */
static int boot(struct cfs_boot *b, uint64_t start, struct cfs_err *err)
{
	int r = cfs_boot_read_config(b, err);

	if (r < 0)
		return r;
	r = cfs_boot_read_kargs(b, err);
	if (r == 0)
		return without_image(b, err);
	if (r > 0 && b->options.print_kargs)
		return print_kargs(b, err);
	if (r > 0)
		r = cfs_boot_open_sysroot(b, err);
	if (r <= 0)
		return r;
	r = cfs_boot_find_image(b, err);
	return r < 0 ? r : mount_root(b, start, err);
}

/* The time that a disk has to answer.  It is kept here, since a limit of the
 * unit would cut off failure.delay as well. */
#define PATIENCE 90 /* seconds */

/* For the handler of a signal, which is given nothing. */
static struct cfs_boot this_boot;

/* Gives up when the time is over, like give_up().  Calls nothing that takes
 * locks or memory, which the interrupted code may be using. */
static void on_alarm(int number)
{
	static const char text[] =
		"composefs: cannot mount the root: no end after 90 seconds, "
		"does a disk not answer?\n";
	int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)number;
	(void)!write(STDERR_FILENO, text, strlen(text));
	if (cfs_failure_in_initramfs(root))
		(void)!cfs_replace_file(root, REPORT, text, strlen(text));
	cfs_failure_act(
		cfs_failure_decide(this_boot.config.failure.action, root),
		this_boot.config.failure.delay);
	_exit(CFS_EXIT_OTHER);
}

/* Reports what went wrong and does what the configuration wants then.  Returns
 * the exit status. */
static int give_up(struct cfs_boot *b, struct cfs_err *err)
{
	CFS_AUTOFD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	enum cfs_fail_action action = CFS_FAIL_EMERGENCY;
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	bool trial = cfs_boot_is_trial(b);
	int r = 0;

	(void)alarm(0);
	if (!trial)
		action = cfs_failure_decide(b->config.failure.action, root);
	cfs_failure_report(b, err, action, &text);
	/* Shown before the prompt of an emergency shell. */
	if (!trial && cfs_failure_in_initramfs(root))
		r = cfs_replace_file(root, REPORT, text.data, text.len);
	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "write /" REPORT ": %s",
			strerror(-r));
	cfs_failure_act(action, b->config.failure.delay);
	return b->step;
}

static int run(char **argv, uint64_t start)
{
	struct cfs_boot *b = &this_boot;
	struct cfs_err err = { 0 };
	int r;

	/* Modes are given in full; a umask of the caller would cut them. */
	(void)umask(0);
	cfs_boot_init(b);
	cfs_config_init(&b->config);
	cfs_log_init(&b->log, STDERR_FILENO, false);
	if (cfs_options_parse(argv, &b->options, &err) < 0) {
		cfs_log(&b->log, LOG_ERR, "%s", err.msg);
		return CFS_EXIT_USAGE;
	}
	if (b->options.help || b->options.version) {
		if (print(b, b->options.help ? cfs_options_help : VERSION,
			  &err) == 0)
			return CFS_EXIT_OK;
		cfs_log(&b->log, LOG_ERR, "%s", err.msg);
		return CFS_EXIT_OTHER;
	}
	b->log.use_kmsg = !b->log.journal_stream && !cfs_boot_is_trial(b);
	b->watch_fd = cfs_failure_watch();
	(void)signal(SIGALRM, on_alarm);
	(void)alarm(b->options.check ? 0 : PATIENCE);
	if (b->options.verbose)
		b->log.max_level = LOG_DEBUG;
	if (b->options.command)
		cfs_log(&b->log, LOG_NOTICE, "the command '%s' is not run",
			b->options.command);
	r = boot(b, start, &err);
	/* Attached mounts must not stay during the delay or in the shell.
	 * Everything else goes with the process. */
	cfs_root_close(&b->root);
	return r < 0 ? give_up(b, &err) : CFS_EXIT_OK;
}

int main(int argc, char **argv)
{
	(void)argc;
	return run(argv, now_us());
}
