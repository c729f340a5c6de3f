/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/bootable.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"

/* No fstab that people write comes near this, in bytes. */
#define FSTAB_MAX (1u << 20)

enum weight {
	MUST, /* no bootable image can be made without */
	BOOT, /* it does not boot without */
	STATE /* it boots, and keeps nothing there */
};

/* Directories of the root.  The first is no mount point. */
static const struct {
	const char *name;
	enum weight weight;
} dirs[] = {
	{ "usr", MUST }, { "boot", MUST }, { "sysroot", MUST },
	{ "dev", BOOT }, { "proc", BOOT }, { "run", BOOT },
	{ "sys", BOOT }, { "etc", STATE }, { "var", STATE },
};

/* Faults of one directory. */
struct faults {
	int root; /* borrowed */
	const struct cfs_root *params;
	struct cfs_buf must, boot, state; /* "no directory /x, ..." */
	struct cfs_buf mkdir;		  /* names */
};

static void faults_free(struct faults *f)
{
	cfs_buf_free(&f->must);
	cfs_buf_free(&f->boot);
	cfs_buf_free(&f->state);
	cfs_buf_free(&f->mkdir);
}

static void add(struct cfs_buf *to, const char *what, const char *name)
{
	cfs_buf_addf(to, "%s%s%s", to->len > 0 ? ", " : "", what, name);
}

/* Inside the root, where links lead in the booted system. */
static int look(int root, const char *name, int flags)
{
	return cfs_openat2(root, name, O_PATH | flags, 0, RESOLVE_IN_ROOT);
}

static void check_dirs(struct faults *f)
{
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++) {
		/* The transform takes no links for these. */
		int flags = O_DIRECTORY |
			    (dirs[i].weight == MUST ? O_NOFOLLOW : 0);
		CFS_AUTOFD int fd = look(f->root, dirs[i].name, flags);
		bool missing = fd == -ENOENT;
		struct cfs_buf *to = dirs[i].weight == MUST   ? &f->must
				     : dirs[i].weight == BOOT ? &f->boot
							      : &f->state;

		if (!missing && fd != -ENOTDIR && fd != -ELOOP)
			continue;
		if (missing && f->params->made && i > 0)
			continue;
		add(to, missing ? "no /" : "no directory at /", dirs[i].name);
		if (missing && i > 0)
			cfs_buf_addf(&f->mkdir, " %s", dirs[i].name);
	}
}

/* Is there any? */
static bool check_init(struct faults *f)
{
	CFS_AUTOFD int fd = look(f->root, "sbin/init", 0);
	struct stat st;

	if (fd == -ENOENT)
		add(&f->boot, "no /sbin/init", "");
	else if (fd >= 0 && fstat(fd, &st) == 0 &&
		 (!S_ISREG(st.st_mode) || !(st.st_mode & 0111)))
		add(&f->boot, "no program at /sbin/init", "");
	return fd >= 0;
}

/* Is there any? */
static bool check_os_release(struct faults *f)
{
	CFS_AUTOFD int usr = look(f->root, "usr/lib/os-release", 0);
	CFS_AUTOFD int etc = look(f->root, "etc/os-release", 0);

	if (usr == -ENOENT && etc == -ENOENT)
		add(&f->boot, "no /usr/lib/os-release or /etc/os-release", "");
	return usr >= 0 || etc >= 0;
}

/* Which line of the fstab @text mounts "/"?  0: none. */
static unsigned root_line(char *text)
{
	unsigned number = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *save = NULL, *source = strtok_r(line, " \t", &save);
		char *where = strtok_r(NULL, " \t", &save);

		number++;
		if (source && *source != '#' && where &&
		    strcmp(where, "/") == 0)
			return number;
	}
	return 0;
}

/* systemd mounts the root anew with the options of that line, and has a failed
 * unit for it. */
static void check_fstab(const struct faults *f)
{
	CFS_AUTOFD int found = look(f->root, "etc/fstab", 0);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOFD int fd = -EBADF;
	struct stat st;
	unsigned line;

	if (found < 0 || fstat(found, &st) < 0 || !S_ISREG(st.st_mode))
		return;
	fd = cfs_reopen(found, O_RDONLY);
	if (fd < 0 || cfs_read_all(fd, FSTAB_MAX, &text) < 0 ||
	    !cfs_buf_text(&text))
		return;
	line = root_line((char *)text.data);
	if (line > 0)
		cfs_notes_add(f->params->notes,
			      &(struct cfs_note){ .code = CFS_NOTE_FSTAB,
						  .where = f->params->path,
						  .n = line });
}

static void note(const struct faults *f, enum cfs_note_code code,
		 struct cfs_buf *what)
{
	if (what->len > 0 && cfs_buf_text(what))
		cfs_notes_add(f->params->notes,
			      &(struct cfs_note){ .code = code,
						  .where = f->params->path,
						  .what = (char *)what->data });
}

/* Appends @path for a shell; one that has a quote in it is for people only. */
static void add_quoted(struct cfs_buf *to, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-+=:,@%";
	bool odd = strspn(path, plain) != strlen(path);

	cfs_buf_addf(to, odd ? "'%s'" : "%s", path);
}

/* @regardless: there is a way to do so. */
static int refuse(struct faults *f, bool regardless, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf cure = { 0 };

	if (f->mkdir.len > 0 && cfs_buf_text(&f->mkdir)) {
		cfs_buf_adds(&cure, "; make directories with `cd ");
		add_quoted(&cure, f->params->path);
		cfs_buf_addf(&cure,
			     " && mkdir%s`, or in the image alone with "
			     "--make-mountpoints",
			     (char *)f->mkdir.data);
	}
	if (regardless)
		cfs_buf_adds(&cure, "; --lint warn makes the image regardless");
	if (!cfs_buf_text(&cure) || !cfs_buf_text(&f->must))
		return cfs_no_memory(err);
	return cfs_fail(err, ENOENT, "it would not boot: %s%s",
			(char *)f->must.data, (char *)cure.data);
}

int cfs_check_bootable(int root, const struct cfs_root *params,
		       struct cfs_err *err)
{
	__attribute__((cleanup(faults_free))) struct faults f = {
		.root = root, .params = params
	};
	enum cfs_lint lint = params->lint;
	bool init, release, must;

	check_dirs(&f);
	init = check_init(&f);
	release = check_os_release(&f);
	if (lint == CFS_LINT_AUTO)
		lint = init || release ? CFS_LINT_ERROR : CFS_LINT_WARN;
	if (lint != CFS_LINT_OFF) {
		note(&f, CFS_NOTE_NO_STATE, &f.state);
		check_fstab(&f);
	}
	must = f.must.len > 0;
	if (!must && lint == CFS_LINT_WARN)
		note(&f, CFS_NOTE_NO_BOOT, &f.boot);
	if (f.boot.len > 0 &&
	    (lint == CFS_LINT_ERROR || (must && lint == CFS_LINT_WARN)))
		cfs_buf_addf(&f.must, "%s%.*s", must ? ", " : "",
			     (int)f.boot.len, (char *)f.boot.data);
	if (cfs_buf_check(&f.must, err) < 0 || cfs_buf_check(&f.boot, err) < 0)
		return -err->code;
	return f.must.len > 0 ? refuse(&f, !must, err) : 0;
}
