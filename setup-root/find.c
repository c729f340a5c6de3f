/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/find.h"

#include <fcntl.h>
#include <string.h>

#include "base/io.h"
#include "setup-root/cmdline.h"
#include "setup-root/mountinfo.h"

void cfs_boot_end(struct cfs_boot *boot)
{
	cfs_buf_free(&boot->cmdline);
	cfs_keys_free(&boot->keys);
	cfs_repo_close(&boot->repo);
	cfs_closep(&boot->watch_fd);
	cfs_closep(&boot->sysroot_fd);
	cfs_closep(&boot->choice.fd);
}

/* Source: systemd.exec(5), "Credentials". */
#define CREDENTIALS "/run/credentials/"

static int read_cmdline(struct cfs_boot *b, struct cfs_err *err)
{
	int r;

	if (b->options.cmdline) {
		cfs_buf_adds(&b->cmdline, b->options.cmdline);
		return cfs_buf_check(&b->cmdline, err);
	}
	r = cfs_read_file(AT_FDCWD, "/proc/cmdline", CFS_CMDLINE_MAX,
			  &b->cmdline, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"/proc/cmdline is not there: mount /proc");
	return r;
}

static void tell_skipped(struct cfs_boot *b)
{
	for (size_t i = 0; i < b->kargs.n_skipped; i++)
		cfs_log(&b->log, LOG_WARNING,
			"composefs.digest=%.*s is for a later program and not "
			"used",
			(int)b->kargs.skipped[i].len, b->kargs.skipped[i].data);
	if (b->kargs.conflict)
		cfs_log(&b->log, LOG_WARNING,
			"an image is named with and without \"?\": it must be "
			"verified");
}

int cfs_boot_read_kargs(struct cfs_boot *b, struct cfs_err *err)
{
	int r = read_cmdline(b, err);

	if (r < 0)
		return r;
	b->status = CFS_EXIT_BAD_KARG;
	r = cfs_kargs_parse(cfs_buf_bytes(&b->cmdline), &b->kargs, err);
	if (r < 0)
		return r;
	tell_skipped(b);
	if (b->kargs.n == 0 && b->kargs.n_skipped == 0)
		return 0;
	if (b->kargs.n == 0)
		return cfs_fail(err, EOPNOTSUPP,
				"every image of the kernel command line needs "
				"a later program, the first is '%.*s'",
				(int)b->kargs.skipped[0].len,
				b->kargs.skipped[0].data);
	for (size_t i = 0; i < b->kargs.n; i++)
		b->candidates[i] = (struct cfs_candidate){
			.digest = b->kargs.v[i].digest,
			.insecure = b->kargs.v[i].insecure,
			.result = "untried",
		};
	return 1;
}

int cfs_boot_read_config(struct cfs_boot *b, struct cfs_err *err)
{
	char text[CFS_KARG_TEXT_MAX];
	int r;

	b->status = CFS_EXIT_OTHER;
	if (b->options.config_given && access(b->options.config, F_OK) < 0)
		return cfs_fail_errno(err, "open %s", b->options.config);
	r = cfs_config_load(&b->config, b->options.config, &b->log, err);
	if (r < 0)
		return r;
	cfs_cmdline_apply(cfs_buf_bytes(&b->cmdline), &b->config, &b->log);
	b->status = CFS_EXIT_BAD_KARG;
	for (size_t i = 0; i < b->kargs.n; i++) {
		if (b->config.boot.allow_insecure || !b->kargs.v[i].insecure)
			continue;
		cfs_karg_format(&b->kargs.v[i], text);
		return cfs_fail(err, EPERM,
				"kernel argument '%s': insecure images are "
				"forbidden (boot.allow-insecure)",
				text);
	}
	return 0;
}

int cfs_boot_open_sysroot(struct cfs_boot *b, struct cfs_err *err)
{
	struct cfs_mountinfo info;
	int r;

	b->status = CFS_EXIT_REPO;
	r = cfs_mountinfo_read("/proc/self/mountinfo", b->options.sysroot,
			       &info, err);
	if (r < 0)
		return cfs_ctx(err, "physical root");
	if (info.composefs) {
		cfs_log(&b->log, LOG_NOTICE,
			"%s is mounted from %s already: nothing to do",
			b->options.sysroot, info.source);
		return 0;
	}
	if (!info.mounted)
		cfs_log(&b->log, LOG_INFO, "%s is not a mount point",
			b->options.sysroot);
	b->sysroot_fd =
		open(b->options.sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->sysroot_fd < 0)
		return cfs_fail_errno(err, "open the physical root %s",
				      b->options.sysroot);
	b->mounted = info.mounted;
	b->var_mounted = info.var;
	b->read_only = info.read_only;
	return 1;
}

/* Only what systemd made: where there is none, a variable of the kernel
 * command line would come here too. */
static const char *credentials(void)
{
	const char *dir = getenv("CREDENTIALS_DIRECTORY");

	return dir && !strncmp(dir, CREDENTIALS, strlen(CREDENTIALS)) &&
			       !strstr(dir, "..")
		       ? dir
		       : NULL;
}

static int load_keys(struct cfs_boot *b, struct cfs_err *err)
{
	int r;

	b->status = CFS_EXIT_CERTS;
	r = cfs_keys_collect(&b->keys, &b->config, credentials(), &b->log, err);
	/* A keyring stays filled and locked; a trial leaves nothing behind. */
	if (r == 0 && !b->options.check)
		r = cfs_keys_load(&b->keys, &b->config, &b->log, err);
	return r;
}

static int open_repo(struct cfs_boot *b, struct cfs_err *err)
{
	int r;

	b->status = CFS_EXIT_REPO;
	r = cfs_repo_open(b->sysroot_fd, "composefs", &b->repo, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"there is no composefs repository at %s",
				b->options.sysroot);
	return r < 0 ? cfs_ctx(err, "%s", b->options.sysroot) : 0;
}

/* What an error of an image that is there means for the exit status. */
static enum cfs_exit image_status(int r)
{
	switch (-r) {
	case EBADMSG:
	case EKEYREJECTED:
	case EPERM:
	case ENOPKG:
	case EIO:
		return CFS_EXIT_VERITY;
	case ENOKEY:
		return CFS_EXIT_CERTS;
	default:
		return CFS_EXIT_REPO;
	}
}

int cfs_boot_find_image(struct cfs_boot *b, struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX];
	int r;

	/* A directory of the caller's is no image: nothing to look for. */
	if (b->options.root_fs)
		return 0;
	r = load_keys(b, err);
	if (r == 0)
		r = open_repo(b, err);
	if (r < 0)
		return r;
	r = cfs_select(&b->repo, b->candidates, (unsigned)b->kargs.n,
		       &b->config, &b->keys.certs, b->keys.in_ring, &b->log,
		       &b->choice, err);
	if (r > 0)
		return 0;
	if (r < 0) {
		b->status = image_status(r);
		return r;
	}
	b->status = CFS_EXIT_ABSENT;
	cfs_digest_to_hex(&b->candidates[0].digest, hex);
	return cfs_fail(err, ENOENT,
			"none of the %zu images that the kernel command line "
			"names is in %s/composefs; the first is %s",
			b->kargs.n, b->options.sysroot, hex);
}
