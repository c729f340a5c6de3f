/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * When the policy is loaded, everything on a tmpfs gets the types of the
 * policy's rules for tmpfs.  Only the booted system can put that right, and it
 * learns of it by files in /run.
 */
#include "setup-root/selinux.h"

#include <string.h>

#include "base/io.h"

#define SERVICE "composefs-relabel.service"
#define UNITS	"run/systemd/system/"
#define WANTS	UNITS "sysinit.target.wants"
#define RELABEL "run/systemd/relabel-extra.d/composefs.relabel"

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

static int put_file(int root_fd, const char *path, const char *text,
		    struct cfs_err *err)
{
	int r = cfs_replace_file(root_fd, path, text, strlen(text));

	return r < 0 ? cfs_fail_code(err, r, "write /%s", path) : 0;
}

static int relabel_root(int root_fd, struct cfs_err *err)
{
	CFS_AUTOFD int wants = cfs_make_dirs(root_fd, WANTS, 0755);

	if (wants < 0)
		return cfs_fail_code(err, wants, "create /" WANTS);
	if (symlinkat("../" SERVICE, wants, SERVICE) < 0 && errno != EEXIST)
		return cfs_fail_errno(err, "link " SERVICE);
	return put_file(root_fd, UNITS SERVICE, unit_text, err);
}

int cfs_selinux_prepare(int root_fd, bool transient_root, bool transient_etc,
			struct cfs_err *err)
{
	int r = 0;

	if (faccessat(root_fd, "sys/fs/selinux", F_OK, 0) < 0)
		return 0;
	if (transient_root)
		r = relabel_root(root_fd, err);
	if (r == 0 && transient_etc)
		r = put_file(root_fd, RELABEL, "/etc\n", err);
	return r;
}
