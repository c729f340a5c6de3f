/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* composefs-setup-root(8): mounts a composefs image as the root. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/io.h"
#include "setup-root/assemble.h"
#include "setup-root/find.h"
#include "setup-root/selinux.h"
#include "setup-root/volatile.h"

#define REPORT "run/composefs/failed"

static uint64_t now_us(void)
{
	struct timespec t = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void print_kargs(const struct cfs_kargs *kargs)
{
	char hex[CFS_DIGEST_HEX_MAX];

	for (size_t i = 0; i < kargs->n; i++) {
		const struct cfs_karg *k = &kargs->v[i];

		cfs_digest_to_hex(&k->digest, hex);
		printf("%s %s v%u %s\n", hex, cfs_alg_name(k->digest.alg),
		       k->version, k->insecure ? "insecure" : "secure");
	}
}

/* Fills in the marker's lookup fields; the strings point into @hex and
 * @karg. */
static void describe_choice(const struct cfs_boot *b, struct cfs_marker *m,
			    char hex[][CFS_DIGEST_HEX_MAX],
			    char karg[static CFS_KARG_TEXT_MAX])
{
	const struct cfs_karg *k = &b->kargs.v[b->choice.index];

	cfs_karg_format(k, karg);
	m->karg = karg;
	m->algorithm = cfs_alg_name(k->digest.alg);
	m->format = k->version == 1 ? "v1" : "v2";
	m->insecure = k->insecure;
	m->verity = b->choice.verity;
	m->signature = b->choice.signature;
	for (size_t i = 0; i < b->kargs.n; i++) {
		cfs_digest_to_hex(&b->candidates[i].digest, hex[i]);
		m->candidates[i].digest = hex[i];
		m->candidates[i].result = b->candidates[i].result;
	}
	m->n_candidates = (unsigned)b->kargs.n;
	m->digest = hex[b->choice.index];
	for (unsigned i = 0; i < b->keys.certs.n; i++) {
		if (b->keys.keys[i] == 0)
			continue;
		m->certs[m->n_certs].file = b->keys.certs.v[i].file;
		m->certs[m->n_certs++].key = b->keys.keys[i];
	}
}

/* Leaves in /run what programs of the booted system look for.  The root is
 * mounted, so failures are warnings. */
static void leave_traces(struct cfs_boot *b, const struct cfs_marker *m)
{
	CFS_AUTOFD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cfs_err err;
	dev_t dev;
	int r = 0;

	if (cfs_volatile_find(b->sysroot_fd, root, &dev) > 0)
		r = cfs_volatile_link(root, dev, &err);
	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	r = cfs_selinux_prepare(root, strncmp(m->root, "transient", 9) == 0,
				strcmp(m->etc, "transient") == 0, &err);
	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	if (cfs_marker_write(m, root, &err) < 0)
		cfs_log(&b->log, LOG_WARNING, "%s", err.msg);
	/* The report of a try before this one. */
	(void)unlinkat(root, REPORT, 0);
}

static void report_success(struct cfs_boot *b, const struct cfs_marker *m)
{
	const struct cfs_log_field fields[] = {
		{ "COMPOSEFS_DIGEST", m->digest },
		{ "COMPOSEFS_STAGE", "booted" },
	};
	char text[256];

	snprintf(
		text, sizeof(text),
		"booted %.12s (%s, verity=%s, %s, root=%s etc=%s var=%s, %u ms)",
		m->digest, m->algorithm, m->verity ? "require" : "off",
		m->image_backend ? m->image_backend : "no image", m->root,
		m->etc, m->var, (unsigned)(m->elapsed_us / 1000));
	/* Once in the journal is enough. */
	if (!cfs_log_journal(&b->log, LOG_INFO, CFS_MSG_BOOTED, text, fields,
			     CFS_ARRAY_SIZE(fields)) ||
	    !b->log.journal_stream)
		cfs_log(&b->log, LOG_INFO, "%s", text);
}

static int mount_root(struct cfs_boot *b, uint64_t start, struct cfs_err *err)
{
	char hex[CFS_KARGS_MAX][CFS_DIGEST_HEX_MAX], karg[CFS_KARG_TEXT_MAX];
	CFS_AUTOROOT struct cfs_root root = CFS_ROOT_INIT;
	CFS_AUTOBUF struct cfs_buf json = { 0 };
	struct cfs_marker m = { 0 };
	char backend[64];
	int r;

	describe_choice(b, &m, hex, karg);
	r = cfs_assemble(b, &root, backend, &m, err);
	if (r == 0 && !b->options.check)
		r = cfs_assemble_attach(b, &root, err);
	if (r < 0)
		return r;
	m.elapsed_us = now_us() - start;
	if (b->options.check) {
		cfs_marker_json(&m, &json);
		r = cfs_buf_check(&json, err);
		return r < 0 ? r
			     : cfs_write_full(STDOUT_FILENO, json.data,
					      json.len);
	}
	(void)alarm(0);
	leave_traces(b, &m);
	report_success(b, &m);
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

/* All the steps.  0 also when there is nothing to do. */
static int boot(struct cfs_boot *b, uint64_t start, struct cfs_err *err)
{
	int r = cfs_boot_read_config(b, err);

	if (r < 0)
		return r;
	r = cfs_boot_read_kargs(b, err);
	if (r == 0)
		return without_image(b, err);
	if (r > 0 && b->options.print_kargs) {
		print_kargs(&b->kargs);
		return 0;
	}
	if (r > 0)
		r = cfs_boot_open_sysroot(b, err);
	if (r <= 0)
		return r;
	r = cfs_boot_find_image(b, err);
	return r < 0 ? r : mount_root(b, start, err);
}

/* Where to look for images that could be booted instead, if that helps: the
 * caller closes it.  Or negative. */
static int open_offer(const struct cfs_boot *b, const struct cfs_err *err)
{
	if (b->options.print_kargs ||
	    (b->failed != CFS_EXIT_NO_KARG && b->failed != CFS_EXIT_ABSENT &&
	     (b->failed != CFS_EXIT_BAD_KARG || err->code != EINVAL)))
		return -EBADF;
	return open(b->options.sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* A disk that does not answer is waited for so long. */
#define PATIENCE 90 /* seconds */

static const struct cfs_config *config_of_failures;

/* Nothing has come of it in time: what is to follow a failure follows.  Calls
 * nothing that takes locks or memory. */
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
		cfs_failure_decide(config_of_failures->failure.action, root),
		config_of_failures->failure.delay);
	_exit(CFS_EXIT_OTHER);
}

/* Reports what went wrong and does what is to follow; returns the exit
 * status. */
static int give_up(struct cfs_boot *b, const struct cfs_err *err)
{
	CFS_AUTOFD int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFD int offer = open_offer(b, err);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_failure f = {
		.step = b->failed,
		.err = err,
		.trial = b->options.check || b->options.print_kargs,
		.watch = b->watch_fd,
		.offer_fd = offer,
		.delay = b->config.failure.delay,
		.log = &b->log,
		.text = &text,
	};
	int r = 0;

	(void)alarm(0);
	if (!f.trial)
		f.action = cfs_failure_decide(b->config.failure.action, root);
	if (b->kargs.n > 0 && b->failed != CFS_EXIT_BAD_KARG) {
		cfs_digest_to_hex(&b->candidates[b->choice.index].digest, hex);
		f.image = hex;
	}
	cfs_failure_report(&f);
	/* For whoever opens a shell instead. */
	if (!f.trial && cfs_failure_in_initramfs(root))
		r = cfs_replace_file(root, REPORT, text.data, text.len);
	if (r < 0)
		cfs_log(&b->log, LOG_WARNING, "write /" REPORT ": %s",
			strerror(-r));
	cfs_failure_act(f.action, f.delay);
	return b->failed;
}

static int run(char **argv, uint64_t start)
{
	struct cfs_boot b = CFS_BOOT_INIT;
	struct cfs_err err = { 0 };
	int status = CFS_EXIT_OK;

	/* Modes are given in full; a umask of the caller would cut them. */
	(void)umask(0);
	cfs_config_init(&b.config);
	cfs_log_init(&b.log, STDERR_FILENO, false);
	if (cfs_options_parse(argv, &b.options, &err) < 0) {
		cfs_log(&b.log, LOG_ERR, "%s", err.msg);
		return CFS_EXIT_USAGE;
	}
	if (b.options.help || b.options.version) {
		fputs(b.options.help ? cfs_options_help
				     : "composefs-setup-root " CFS_VERSION "\n",
		      stdout);
		return CFS_EXIT_OK;
	}
	b.log.use_kmsg = !b.log.journal_stream && !b.options.check &&
			 !b.options.print_kargs;
	b.watch_fd = cfs_failure_watch();
	config_of_failures = &b.config;
	(void)signal(SIGALRM, on_alarm);
	(void)alarm(b.options.check ? 0 : PATIENCE);
	if (b.options.verbose)
		b.log.max_level = LOG_DEBUG;
	if (b.options.command)
		cfs_log(&b.log, LOG_NOTICE, "the command '%s' is not run",
			b.options.command);
	if (boot(&b, start, &err) < 0)
		status = give_up(&b, &err);
	cfs_boot_end(&b);
	return status;
}

int main(int argc, char **argv)
{
	(void)argc;
	return run(argv, now_us());
}
