/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/find.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>

#include "base/io.h"
#include "setup-root/cmdline.h"
#include "setup-root/marker.h"
#include "setup-root/select.h"

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
				"/proc/cmdline is missing: mount /proc");
	return r;
}

static void tell_skipped(struct cfs_boot *b, const struct cfs_kargs *kargs)
{
	for (size_t i = 0; i < kargs->n_skipped; i++)
		cfs_log(&b->log, LOG_WARNING,
			"ignoring composefs.digest=%.*s: it needs a newer "
			"composefs-setup-root",
			(int)kargs->skipped[i].len, kargs->skipped[i].data);
	if (kargs->conflict)
		cfs_log(&b->log, LOG_WARNING,
			"an image is named with and without \"?\": it must be "
			"verified");
}

static int load_config(struct cfs_boot *b, struct cfs_err *err)
{
	const char *path = b->options.config;

	if (b->options.config_given && access(path, F_OK) < 0)
		cfs_log(&b->log, LOG_WARNING,
			"%s: %s: built-in defaults are used", path,
			strerror(errno));
	return cfs_config_load(&b->config, path, &b->log, err);
}

/* The configuration is read even if the command line cannot be, since it says
 * what follows a failure. */
int cfs_boot_read_config(struct cfs_boot *b, struct cfs_err *err)
{
	struct cfs_err unread;
	int r = 0, got = read_cmdline(b, &unread);

	if (!b->options.print_kargs)
		r = load_config(b, err);
	if (got >= 0)
		cfs_cmdline_apply(cfs_buf_bytes(&b->cmdline), &b->config,
				  &b->log);
	else if (r >= 0)
		*err = unread;
	return r < 0 ? r : got < 0 ? got : 0;
}

/* Refuses "?" arguments if the configuration wants verified images only. */
static int check_insecure(const struct cfs_boot *b,
			  const struct cfs_kargs *kargs, struct cfs_err *err)
{
	char text[CFS_KARG_TEXT_MAX];

	for (size_t i = 0; i < kargs->n; i++) {
		if (b->config.boot.allow_insecure || !kargs->v[i].insecure)
			continue;
		cfs_karg_format(&kargs->v[i], text);
		return cfs_fail(err, EPERM,
				"kernel argument '%s': insecure images are "
				"forbidden (boot.allow-insecure)",
				text);
	}
	return 0;
}

int cfs_boot_read_kargs(struct cfs_boot *b, struct cfs_err *err)
{
	struct cfs_kargs kargs;
	int r = cfs_kargs_parse(cfs_buf_bytes(&b->cmdline), &kargs, err);

	b->step = CFS_EXIT_BAD_KARG;
	if (r < 0)
		return r;
	tell_skipped(b, &kargs);
	if (kargs.n == 0 && kargs.n_skipped > 0)
		return cfs_fail(err, EOPNOTSUPP,
				"every image named on the kernel command line "
				"needs a newer composefs-setup-root, the first "
				"is '%.*s'",
				(int)kargs.skipped[0].len,
				kargs.skipped[0].data);
	r = check_insecure(b, &kargs, err);
	if (r < 0)
		return r;
	b->n_candidates = (unsigned)kargs.n;
	for (unsigned i = 0; i < b->n_candidates; i++) {
		b->candidates[i].karg = kargs.v[i];
		cfs_digest_to_hex(&kargs.v[i].digest, b->candidates[i].hex);
	}
	return b->n_candidates > 0;
}

int cfs_boot_no_image(struct cfs_boot *b, struct cfs_err *err)
{
	struct cfs_bytes rest = cfs_buf_bytes(&b->cmdline);
	char text[CFS_UNKNOWN_MAX] = "";
	bool meant = cfs_cmdline_unknown(&rest, text);

	b->step = CFS_EXIT_NO_KARG;
	return cfs_fail(err, ENOENT,
			"the kernel command line has no composefs argument "
			"that names an image%s%s",
			meant ? ": " : "", text);
}

static bool has(int fd, const char *path)
{
	CFS_AUTOFD int at = cfs_openat2(fd, path, O_PATH, 0, RESOLVE_IN_ROOT);

	return at >= 0;
}

bool cfs_boot_needs_image(const struct cfs_boot *b)
{
	CFS_AUTOFD int fd =
		open(b->options.sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && has(fd, "composefs/objects") &&
	       !has(fd, "usr/lib/os-release") && !has(fd, "etc/os-release");
}

/* Is the mount at the sysroot an image that the command line names?  Its source
 * alone proves nothing: root= can mount any overlay as "composefs:...". */
static bool is_ours(const struct cfs_boot *b, const struct cfs_mountinfo *info)
{
	/* Only this program checks signatures, and any plain files can be
	 * mounted with verity=require.  It leaves a marker. */
	bool strict = b->config.keys.require_signed ||
		      !b->config.boot.allow_insecure;

	if (!info->overlay || (strict && access(CFS_MARKER_PATH, F_OK) < 0))
		return false;
	for (unsigned i = 0; i < b->n_candidates; i++)
		if (strcmp(b->candidates[i].hex, info->digest) == 0)
			return info->verity || b->candidates[i].karg.insecure;
	return false;
}

int cfs_boot_open_sysroot(struct cfs_boot *b, struct cfs_err *err)
{
	const struct cfs_mountinfo *info = &b->sysroot;
	int r;

	b->step = CFS_EXIT_REPO;
	r = cfs_mountinfo_read("/proc/self/mountinfo", b->options.sysroot,
			       &b->sysroot, err);
	if (r < 0)
		return cfs_ctx(err, "physical root");
	if (info->composefs && !is_ours(b, info)) {
		r = cfs_fail(err, EBUSY,
			     "%s is mounted from '%s', and not as an image of "
			     "the command line is mounted",
			     b->options.sysroot, info->source);
		return cfs_err_cure(err, "boot another entry, or correct root= "
					 "of this one");
	}
	if (info->composefs) {
		cfs_log(&b->log, LOG_NOTICE,
			"%s is mounted from %s already: nothing to do",
			b->options.sysroot, info->source);
		return 0;
	}
	if (!info->mounted)
		cfs_log(&b->log, LOG_INFO, "%s is not a mount point",
			b->options.sysroot);
	b->sysroot_fd =
		open(b->options.sysroot, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (b->sysroot_fd < 0)
		return cfs_fail_errno(err, "open the physical root %s",
				      b->options.sysroot);
	return 1;
}

/* Accepts a directory made by systemd only.  Without systemd the variable may
 * come from the kernel command line, which passes on as environment what the
 * kernel does not know. */
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

	r = cfs_keys_collect(&b->keys, &b->config, credentials(), &b->log, err);
	/* A keyring stays filled and locked, and a trial must leave nothing
	 * behind. */
	if (r == 0 && !b->options.check)
		r = cfs_keys_load(&b->keys, &b->config, &b->log, err);
	return r;
}

/* The error of a repository that cannot be opened, or does not exist. */
static int no_repo(const struct cfs_boot *b, int r, struct cfs_err *err)
{
	char target[256];
	ssize_t n =
		readlinkat(b->sysroot_fd, "composefs", target, sizeof(target));

	if (n > 0 && (r == 0 || r == -EXDEV)) {
		r = cfs_fail(err, r ? EXDEV : ENOENT,
			     "%s/composefs is a link to '%.*s', which leads to "
			     "nothing or out of the physical root",
			     b->options.sysroot, (int)n, target);
		return cfs_err_cure(err, "make it a directory, or a relative "
					 "link to one of the physical root");
	}
	if (r < 0)
		return cfs_ctx(err, "%s", b->options.sysroot);
	(void)cfs_fail(err, ENOENT, "there is no composefs repository at %s",
		       b->options.sysroot);
	return cfs_err_cure(err, "boot another entry, or correct root=");
}

static int open_repo(struct cfs_boot *b, struct cfs_err *err)
{
	int r = cfs_repo_open_by(b->sysroot_fd, "composefs",
				 cfs_meta_parse_to_boot, &b->repo, err);

	return r > 0 ? 0 : no_repo(b, r, err);
}

/* The step that an error with an image that exists counts as. */
static enum cfs_exit image_step(int r, bool require_signed)
{
	switch (-r) {
	case EBADMSG:
	case EKEYREJECTED:
	case EPERM:
	case ENOPKG:
	case EIO:
	case EOPNOTSUPP:
		return CFS_EXIT_VERITY;
	case ENOKEY:
		return require_signed ? CFS_EXIT_VERITY : CFS_EXIT_CERTS;
	default:
		return CFS_EXIT_REPO;
	}
}

int cfs_boot_find_image(struct cfs_boot *b, struct cfs_err *err)
{
	int r;

	/* With --root-fs there is no image to look for. */
	if (b->options.root_fs)
		return 0;
	b->step = CFS_EXIT_CERTS;
	r = load_keys(b, err);
	if (r < 0)
		return r;
	b->step = CFS_EXIT_REPO;
	r = open_repo(b, err);
	if (r < 0)
		return r;
	r = cfs_select(b, err);
	if (r > 0)
		return 0;
	b->step = r < 0 ? image_step(r, b->config.keys.require_signed)
			: CFS_EXIT_ABSENT;
	if (r < 0)
		return r;
	if (b->n_candidates == 1)
		return cfs_fail(err, ENOENT, "the image is not in %s/composefs",
				b->options.sysroot);
	return cfs_fail(err, ENOENT,
			"none of the %u images that the kernel command line "
			"names is in %s/composefs",
			b->n_candidates, b->options.sysroot);
}
