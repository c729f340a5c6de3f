/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/kernel.h"
#include "cfsctl/cli/options.h"
#include "cfsctl/compat/mount_call.h"
#include "cfsctl/compat/mount_options.h"
#include "cfsctl/compat/programs.h"
#include "erofs/format.h"
#include "mount/acl.h"
#include "mount/erofs.h"
#include "mount/idmap.h"
#include "mount/overlay.h"
#include "repo/object.h"

/* The parts of the mount, open. */
struct layers {
	int image, userns, upper, work;
	int *data;
	size_t n_data;
	unsigned flags; /* CFS_EROFS_* */
	bool stubs;	/* the image hides the names of objects/ in its root */
};

static void layers_close(struct layers *l)
{
	cfs_closep(&l->image);
	cfs_closep(&l->userns);
	cfs_closep(&l->upper);
	cfs_closep(&l->work);
	for (size_t i = 0; i < l->n_data; i++)
		cfs_closep(&l->data[i]);
	free(l->data);
}

void cmd_mount_composefs_usage(FILE *to)
{
	fputs("usage: mount.composefs [-fnsv] [-N NAMESPACE] [-t composefs] "
	      "[-o OPT[,OPT...]] IMAGE MOUNTPOINT\n"
	      "       mount -t composefs -o OPT[,OPT...] IMAGE MOUNTPOINT\n"
	      "\noptions:\n"
	      "  basedir=DIR[:DIR...]   where the objects are\n"
	      "  digest=HEX             mount only the image with this "
	      "fs-verity digest; with verity\n"
	      "  verity                 only files whose fs-verity digest is "
	      "right can be read\n"
	      "  tryverity              the same, if the kernel can do it\n"
	      "  idmap=FILE             map owners as this user namespace "
	      "does\n"
	      "  upperdir=DIR           a layer for changes, with\n"
	      "  workdir=DIR            an empty directory beside it\n"
	      "  ro, rw                 let no changes be made, or do\n"
	      "  nosuid, nodev, noexec, noatime and the other options of "
	      "mount(8)\n"
	      "\n`\\' before a comma or a `\\' takes its meaning; see also "
	      "mount.composefs(8)\n",
	      to);
}

static int check_arguments(const struct cmd_mount_call *q, struct cfs_err *err)
{
	static const char type[] = "composefs";
	size_t len = sizeof(type) - 1;

	if (q->type && (strncmp(q->type, type, len) != 0 ||
			(q->type[len] && q->type[len] != '.')))
		return cfs_fail(err, EINVAL, "Unsupported fs type '%s'",
				q->type);
	if (!q->source)
		return cfs_fail(err, CFS_EUSAGE, "No source path specified");
	if (!q->where)
		return cfs_fail(err, CFS_EUSAGE, "No mount path specified");
	return 0;
}

/* A file, or a disk that holds an image: looked at before it is opened. */
static int open_image(const char *path, struct layers *l, struct cfs_err *err)
{
	CFS_AUTOFD int look = open(path, O_PATH | O_CLOEXEC);
	struct stat st;
	int fd;

	if (look < 0 || fstat(look, &st) < 0)
		return cfs_fail_errno(err, "Failed to open %s", path);
	if (!S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode)) {
		int code = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;

		return cfs_fail(err, code, "Failed to mount composefs %s: %s",
				path, strerror(code));
	}
	fd = cfs_reopen(look, O_RDONLY);
	if (fd < 0)
		return cfs_fail(err, -fd, "Failed to open %s: %s", path,
				strerror(-fd));
	/* EROFS would want to write to it. */
	l->flags = S_ISBLK(st.st_mode) ? CFS_EROFS_LOOP : 0;
	l->image = fd;
	return 0;
}

/* Refuses the image unless the kernel vouches for it, by this descriptor. */
static int require_digest(int image, const char *hex, struct cfs_err *err)
{
	char want_hex[CFS_DIGEST_HEX_MAX], got_hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest want, got;
	int r;

	if (cfs_digest_from_hex(hex, strlen(hex), &want, err) < 0)
		return cfs_fail(err, EINVAL,
				"Invalid argument: digest=%s: 64 or 128 hex "
				"digits are expected",
				hex);
	r = cfs_object_measure(image, &got, err);
	if (r < 0)
		return r;
	if (r == 0)
		return cfs_fail(err, EBADMSG, "Image has no fs-verity");
	if (cfs_digest_equal(&got, &want))
		return 0;
	cfs_digest_to_hex(&want, want_hex);
	cfs_digest_to_hex(&got, got_hex);
	return cfs_fail(err, EBADMSG,
			"Image has wrong fs-verity: expected %s, found %s",
			want_hex, got_hex);
}

static int check_header(struct layers *l, struct cfs_err *err)
{
	struct cfs_erofs_header header = { 0 };
	ssize_t n = cfs_pread_full(l->image, &header, sizeof(header), 0);

	if (n < 0)
		return cfs_fail(err, (int)-n, "read its header: %s",
				strerror((int)-n));
	if ((size_t)n < sizeof(header) ||
	    cfs_get32(header.magic) != CFS_EROFS_HEADER_MAGIC)
		return cfs_fail(err, EINVAL,
				"Invalid argument: it is no composefs image");
	l->stubs = cfs_get32(header.composefs_version) < 2;
	return 0;
}

static int open_dirs(const struct cfs_mount_options *o, struct layers *l,
		     struct cfs_err *err)
{
	const char *path = o->basedirs;
	int r = 0;

	l->data = calloc(o->n_basedirs, sizeof(*l->data));
	if (!l->data)
		return cfs_no_memory(err);
	while (r == 0 && l->n_data < o->n_basedirs) {
		r = cmd_mount_open_dir("basedir", path, &l->data[l->n_data],
				       err);
		l->n_data += r == 0;
		path += strlen(path) + 1;
	}
	if (r == 0)
		r = cmd_mount_open_dir("upperdir", o->upperdir, &l->upper, err);
	if (r == 0)
		r = cmd_mount_open_dir("workdir", o->workdir, &l->work, err);
	return r;
}

/* The overlay over @erofs, as well as this kernel can do it. */
static int make_overlay(const struct cfs_mount_options *o,
			const struct layers *l, int erofs,
			struct cfs_scratch *scratch, struct cfs_err *err)
{
	bool must = o->verity || o->digest;
	enum cfs_layer_api api = CFS_LAYERS_FD;
	struct cfs_overlay_params p = {
		.source = "composefs",
		.lower_fd = erofs,
		.data_fds = l->data,
		.n_data = l->n_data,
		.upper_fd = l->upper,
		.work_fd = l->work,
		.verity = must || o->tryverity,
		.sync = o->sync,
		.attr = o->attr,
		.mounts = { erofs, -1 },
	};
	int r = cfs_overlay_mount(&p, scratch, &api, err);

	if (r == -EOPNOTSUPP && p.verity && !must) {
		p.verity = false;
		r = cfs_overlay_mount(&p, scratch, &api, err);
	}
	if (r == -EOPNOTSUPP && !p.verity && l->stubs) {
		p.merged = true;
		api = CFS_LAYERS_LEGACY;
		r = cfs_overlay_mount(&p, scratch, &api, err);
	}
	return r;
}

/* All of it, detached.  Places that it needed meanwhile are gone again. */
static int make(const char *name, const struct cfs_mount_options *o,
		struct layers *l, struct cfs_err *err)
{
	char dir[64];
	CFS_AUTOSCRATCH struct cfs_scratch scratch = { .dir = dir };
	CFS_AUTOFD int erofs = -EBADF;
	struct cfs_erofs_mount m;
	int r = 0;

	if (o->digest)
		r = require_digest(l->image, o->digest, err);
	if (r == 0)
		r = check_header(l, err);
	if (r == 0)
		r = open_dirs(o, l, err);
	if (r == 0)
		r = cfs_erofs_acl_flag(l->image, name, err);
	if (r >= 0)
		r = cfs_erofs_mount(l->image, name, l->flags | (unsigned)r, &m,
				    err);
	if (r < 0)
		return r;
	erofs = m.fd;
	if (l->userns >= 0)
		r = cfs_mount_idmap(erofs, l->userns, err);
	if (r < 0)
		return r;
	snprintf(dir, sizeof(dir), "/run/.mount.composefs-%ld", (long)getpid());
	return make_overlay(o, l, erofs, &scratch, err);
}

/* The option -N of mount(8): the namespace that the mount point is in. */
static int enter(const char *ns, struct cfs_err *err)
{
	char path[64];
	CFS_AUTOFD int fd = -EBADF;
	bool pid = *ns && strspn(ns, "0123456789") == strlen(ns);

	snprintf(path, sizeof(path), "/proc/%.20s/ns/mnt", ns);
	fd = open(pid ? path : ns, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		return cfs_fail_errno(err, "enter the namespace %s", ns);
	return 0;
}

static int attach(int mount, const struct cmd_mount_call *q,
		  struct cfs_err *err)
{
	int r = q->ns ? enter(q->ns, err) : 0;

	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(mount, AT_FDCWD, q->where,
				  MOVE_MOUNT_T_SYMLINKS);
	return r < 0 ? cfs_fail(err, -r, "attach it at %s: %s", q->where,
				strerror(-r))
		     : 0;
}

static int mount_image(const struct cmd_mount_call *q,
		       const struct cfs_mount_options *o, struct cfs_err *err)
{
	__attribute__((cleanup(layers_close))) struct layers l = {
		.image = -EBADF,
		.userns = -EBADF,
		.upper = -EBADF,
		.work = -EBADF,
	};
	CFS_AUTOFD int mount = -EBADF;
	int r = 0;

	if (o->idmap) {
		l.userns = open(o->idmap, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (l.userns < 0)
			return cfs_fail_errno(err, "Failed to open userns %s",
					      o->idmap);
	}
	r = open_image(q->source, &l, err);
	if (r < 0)
		return r;
	mount = make(q->source, o, &l, err);
	if (mount >= 0)
		r = attach(mount, q, err);
	if (mount < 0 || r < 0)
		return cfs_ctx(err, "Failed to mount composefs %s", q->source);
	return 0;
}

int cmd_mount_composefs(int argc, char **argv, struct cfs_err *err)
{
	struct cfs_mount_options o = { 0 };
	struct cmd_mount_call q = { 0 };
	CFS_AUTOFREE char *text = NULL;
	int r = cmd_mount_call_read(argc, argv, &q, err);

	if (r == 0 && q.help) {
		cmd_mount_composefs_usage(stdout);
		return 0;
	}
	if (r == 0)
		r = check_arguments(&q, err);
	if (r < 0)
		return r;
	if (!q.options)
		return cfs_fail(err, CFS_EUSAGE, "No object dirs specified");
	text = strdup(q.options);
	if (!text)
		return cfs_no_memory(err);
	r = cmd_mount_options(text, q.sloppy ? CFS_MOUNT_SLOPPY : 0, &o, err);
	if (r < 0 || q.fake)
		return r;
	return mount_image(&q, &o, err);
}
