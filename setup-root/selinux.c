/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/selinux.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

#define UNIT  "run/systemd/system/composefs-relabel.service"
#define WANTS "run/systemd/system/sysinit.target.wants"

static const char unit_text[] =
	"[Unit]\n"
	"Description=Label the transient composefs root\n"
	"Documentation=man:composefs-setup-root(8)\n"
	"DefaultDependencies=no\n"
	"ConditionSecurity=selinux\n"
	"Before=sysinit.target systemd-udevd.service\n"
	"\n"
	"[Service]\n"
	"Type=oneshot\n"
	"RemainAfterExit=yes\n"
	"ExecStart=-/usr/sbin/restorecon -F /\n";

static int make_dir(int root_fd, const char *path, struct cfs_err *err)
{
	if (mkdirat(root_fd, path, 0755) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "create /%s", path);
	return 0;
}

static int put_file(int root_fd, const char *path, const char *text,
		    struct cfs_err *err)
{
	CFS_AUTOFD int fd = openat(
		root_fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	int r = fd < 0 ? -errno : cfs_write_full(fd, text, strlen(text));

	return r < 0 ? cfs_fail(err, -r, "write /%s: %s", path, strerror(-r))
		     : 0;
}

static int relabel_root(int root_fd, struct cfs_err *err)
{
	int r = make_dir(root_fd, "run/systemd/system", err);

	if (r == 0)
		r = make_dir(root_fd, WANTS, err);
	if (r == 0)
		r = put_file(root_fd, UNIT, unit_text, err);
	if (r == 0 &&
	    symlinkat("../composefs-relabel.service", root_fd,
		      WANTS "/composefs-relabel.service") < 0 &&
	    errno != EEXIST)
		r = cfs_fail_errno(err, "link composefs-relabel.service");
	return r;
}

int cfs_selinux_prepare(int root_fd, bool transient_root, bool transient_etc,
			struct cfs_err *err)
{
	int r;

	if (faccessat(root_fd, "sys/fs/selinux", F_OK, 0) < 0 ||
	    (!transient_root && !transient_etc))
		return 0;
	r = make_dir(root_fd, "run/systemd", err);
	if (r == 0 && transient_root)
		r = relabel_root(root_fd, err);
	if (r == 0 && transient_etc)
		r = make_dir(root_fd, "run/systemd/relabel-extra.d", err);
	if (r == 0 && transient_etc)
		r = put_file(root_fd,
			     "run/systemd/relabel-extra.d/composefs.relabel",
			     "/etc\n", err);
	return r;
}
