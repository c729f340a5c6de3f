/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Once the system has switched to a root with damaged objects, init fails
 * without a word of why.  So what the kernel reads to start the first program
 * is read here, while a message can still be shown and another entry be chosen.
 */
#include "setup-root/preflight.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/io.h"
#include "fsverity/measure.h"
#include "setup-root/failure.h"

#define PAGE 4096

/* Source: linux fs/exec.c, exec_binprm(): "This allows 4 levels of binfmt
 * rewrites before failing hard." */
#define SCRIPTS_MAX 4

/* Source: linux/binfmts.h, BINPRM_BUF_SIZE. */
#define SCRIPT_LINE_MAX 256

/* No linker puts the headers or the loader's name further in. */
#define ELF_REACH (1U << 20)

/* Source: linux fs/binfmt_elf.c, load_elf_phdrs(): 64 KiB of headers. */
#define PHDRS_MAX 65536

#define ELF_DATA (__BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB : ELFDATA2MSB)

/* The fields of an ELF header that lead to the loader, for both classes. */
struct elf {
	bool wide;
	uint64_t phoff;
	unsigned phnum;
};

/* The errno values of overlay over EROFS are few and say little. */
static int refused(struct cfs_err *err, int code, const char *path)
{
	struct utsname u = { 0 };
	int r;

	if (code == ENOENT) {
		(void)cfs_fail(err, code,
			       "%s: its object is missing from the repository",
			       path);
		(void)cfs_err_path(err, path);
		return cfs_err_cure(err, CFS_CURE_FSCK);
	}
	r = cfs_fail(err, code, "read %s: %s%s", path, strerror(code),
		     code != EIO ? ""
				 : ": its object is damaged, or has no or "
				   "another fs-verity digest than the image "
				   "says");
	(void)cfs_err_path(err, path);
	if (code == EOPNOTSUPP)
		return cfs_err_cure(err, CFS_CURE_NO_VERITY);
	(void)uname(&u);
	if (code == EIO && strncmp(u.release, "7.0.", 4) == 0)
		return cfs_err_cure(err, "boot another kernel: many a Linux "
					 "7.0 refuses every object");
	return r;
}

/* Finds @path in the root; O_PATH, so that no object is asked for yet. */
static int look(int root_fd, const char *path, struct stat *st,
		struct cfs_err *err)
{
	CFS_AUTOFD int fd =
		cfs_openat2(root_fd, path, O_PATH, 0, RESOLVE_IN_ROOT);

	if (fd == -ENOENT)
		(void)cfs_fail(err, ENOENT, "the image has no %s", path);
	else if (fd < 0)
		(void)cfs_fail(err, -fd, "find %s: %s%s", path, strerror(-fd),
			       fd == -EIO ? ", the image is damaged on disk"
					  : "");
	if (fd < 0)
		return cfs_err_path(err, path);
	if (fstat(fd, st) < 0)
		return cfs_fail_errno(err, "stat %s", path);
	return cfs_steal_fd(&fd);
}

/*
 * Reads the first page of @path; @ret_n is how much there was of it.
 * Returns the file, opened for reading.
 */
static int read_head(int root_fd, const char *path, bool program,
		     uint8_t page[static PAGE], size_t *ret_n,
		     struct cfs_err *err)
{
	struct stat st;
	CFS_AUTOFD int found = look(root_fd, path, &st, err);
	CFS_AUTOFD int fd = -EBADF;
	ssize_t n;

	if (found < 0)
		return found;
	if (!S_ISREG(st.st_mode))
		return cfs_fail(err, S_ISDIR(st.st_mode) ? EISDIR : EINVAL,
				"%s is not a regular file", path);
	if (program && !(st.st_mode & 0111))
		return cfs_fail(err, EACCES, "%s is not executable", path);
	fd = cfs_reopen(found, O_RDONLY);
	if (fd < 0)
		return refused(err, -fd, path);
	n = cfs_pread_full(fd, page, PAGE, 0);
	if (n < 0)
		return refused(err, (int)-n, path);
	*ret_n = (size_t)n;
	return cfs_steal_fd(&fd);
}

static int probe_file(int root_fd, const char *path, bool program,
		      struct cfs_err *err)
{
	uint8_t page[PAGE];
	size_t n;
	CFS_AUTOFD int fd = read_head(root_fd, path, program, page, &n, err);

	return fd < 0 ? fd : 0;
}

/* Takes the ELF header apart; false: the kernel would not run it. */
static bool parse_elf(struct cfs_bytes head, struct elf *ret)
{
	union {
		unsigned char ident[EI_NIDENT];
		Elf32_Ehdr e32;
		Elf64_Ehdr e64;
	} h = { 0 };

	memcpy(&h, head.data, head.len < sizeof(h) ? head.len : sizeof(h));
	if (memcmp(h.ident, ELFMAG, SELFMAG) || h.ident[EI_DATA] != ELF_DATA)
		return false;
	if (h.ident[EI_CLASS] == ELFCLASS64) {
		*ret = (struct elf){ true, h.e64.e_phoff, h.e64.e_phnum };
		return h.e64.e_phentsize == sizeof(Elf64_Phdr);
	}
	*ret = (struct elf){ false, h.e32.e_phoff, h.e32.e_phnum };
	return h.ident[EI_CLASS] == ELFCLASS32 &&
	       h.e32.e_phentsize == sizeof(Elf32_Phdr);
}

/* Finds the name of the loader of the ELF program open as @fd.  Returns 1, 0 if
 * it needs none, or negative errno (-ENOEXEC: malformed). */
static int find_loader(int fd, const struct elf *elf, char name[static PAGE])
{
	const size_t entry = elf->wide ? sizeof(Elf64_Phdr)
				       : sizeof(Elf32_Phdr);

	if (elf->phnum == 0 || elf->phnum > PHDRS_MAX / entry ||
	    elf->phoff > ELF_REACH)
		return -ENOEXEC;
	for (unsigned i = 0; i < elf->phnum; i++) {
		union {
			Elf32_Phdr p32;
			Elf64_Phdr p64;
		} p;
		ssize_t n =
			cfs_pread_full(fd, &p, entry, elf->phoff + i * entry);
		uint64_t off, len;

		if (n < 0 || (size_t)n < entry)
			return n < 0 ? (int)n : -ENOEXEC;
		if ((elf->wide ? p.p64.p_type : p.p32.p_type) != PT_INTERP)
			continue;
		off = elf->wide ? p.p64.p_offset : p.p32.p_offset;
		len = elf->wide ? p.p64.p_filesz : p.p32.p_filesz;
		if (off > ELF_REACH || len < 2 || len > PATH_MAX || len > PAGE)
			return -ENOEXEC;
		n = cfs_pread_full(fd, name, (size_t)len, off);
		if (n < 0)
			return (int)n;
		return (uint64_t)n == len && name[len - 1] == '\0' ? 1
								   : -ENOEXEC;
	}
	return 0;
}

/* "#! /bin/sh -e" -> "/bin/sh" */
static bool parse_script(struct cfs_bytes head,
			 char name[static SCRIPT_LINE_MAX])
{
	const char *s = (const char *)head.data + 2;
	bool cut = head.len >= SCRIPT_LINE_MAX;
	size_t left = (cut ? SCRIPT_LINE_MAX : head.len) - 2;
	size_t len = 0;

	for (; left > 0 && (*s == ' ' || *s == '\t'); s++)
		left--;
	while (len < left && s[len] && !strchr(" \t\n", s[len]))
		len++;
	memcpy(name, s, len);
	name[len] = '\0';
	/* Like the kernel, refuses a name that the end of the buffer may
	 * cut. */
	return len > 0 && (len < left || !cut);
}

/* Reads a program and what the kernel reads to start it. */
static int probe_program(int root_fd, const char *path, unsigned scripts,
			 struct cfs_err *err)
{
	uint8_t page[PAGE];
	char next[PAGE];
	struct cfs_bytes head = { .data = page };
	CFS_AUTOFD int fd =
		read_head(root_fd, path, true, page, &head.len, err);
	struct elf elf;
	int r;

	if (fd < 0)
		return fd;
	if (head.len >= 2 && !memcmp(page, "#!", 2)) {
		if (scripts == SCRIPTS_MAX || !parse_script(head, next) ||
		    next[0] != '/')
			return cfs_fail(err, ENOEXEC,
					"%s: no usable interpreter in its "
					"first line",
					path);
		r = probe_program(root_fd, next, scripts + 1, err);
		return r < 0 ? cfs_ctx(err, "interpreter of %s", path) : 0;
	}
	r = parse_elf(head, &elf) ? find_loader(fd, &elf, next) : -ENOEXEC;
	if (r == -ENOEXEC)
		return cfs_fail(err, ENOEXEC,
				"%s is no program that this machine runs",
				path);
	if (r < 0)
		return refused(err, -r, path);
	if (r == 0)
		return 0;
	r = probe_file(root_fd, next, true, err);
	return r < 0 ? cfs_ctx(err, "loader of %s", path) : 0;
}

/* systemd does not switch to a root without it. */
static int probe_os_release(int root_fd, struct cfs_err *err)
{
	static const char *const paths[] = { "usr/lib/os-release",
					     "etc/os-release" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(paths); i++) {
		struct stat st;
		CFS_AUTOFD int fd = look(root_fd, paths[i], &st, err);

		if (fd != -ENOENT)
			return fd < 0 ? fd
				      : probe_file(root_fd, paths[i], false,
						   err);
	}
	(void)cfs_fail(err, ENOENT,
		       "the image has no os-release, so it is no operating "
		       "system's root");
	(void)cfs_err_path(err, paths[0]);
	return cfs_err_cure(err, CFS_CURE_IMAGE);
}

/* Directories that init mounts on and cannot create on a read-only root. */
static int probe_mountpoints(int root_fd, struct cfs_err *err)
{
	static const char *const dirs[] = { "/dev", "/proc", "/sys", "/run" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++) {
		CFS_AUTOFD int fd = cfs_openat2(root_fd, dirs[i],
						O_PATH | O_DIRECTORY, 0,
						RESOLVE_IN_ROOT);

		if (fd >= 0)
			continue;
		if (fd == -ENOENT || fd == -ENOTDIR)
			(void)cfs_fail(err, -fd,
				       "the image has no directory %s, on "
				       "which init mounts",
				       dirs[i]);
		else
			(void)cfs_fail_code(err, fd, "find %s", dirs[i]);
		(void)cfs_err_path(err, dirs[i]);
		return cfs_err_cure(err, CFS_CURE_IMAGE);
	}
	return 0;
}

/* Probes the first program: that of the command line, or /sbin/init. */
static int probe_init(int root_fd, const char *init, struct cfs_err *err)
{
	const char *path = init ? init : "/sbin/init";
	struct stat st;
	CFS_AUTOFD int fd = -EBADF;

	if (path[0] != '/') {
		(void)cfs_fail(err, EINVAL,
			       "init=%s on the kernel command line is no "
			       "absolute path",
			       path);
		return cfs_err_cure(err, CFS_CURE_INIT);
	}
	fd = look(root_fd, path, &st, err);
	if (fd != -ENOENT)
		return fd < 0 ? fd : probe_program(root_fd, path, 0, err);
	if (init) {
		(void)cfs_fail(err, ENOENT,
			       "the image has no %s, which init= on the kernel "
			       "command line names",
			       path);
		(void)cfs_err_path(err, path);
		(void)cfs_err_cure(err, CFS_CURE_INIT);
	}
	return cfs_err_cure(err, CFS_CURE_IMAGE);
}

/* A path of probe.paths must exist; a regular file must be readable. */
static int probe_path(int root_fd, const char *path, struct cfs_err *err)
{
	struct stat st;
	CFS_AUTOFD int fd = look(root_fd, path, &st, err);

	if (fd < 0)
		return fd;
	return S_ISREG(st.st_mode) ? probe_file(root_fd, path, false, err) : 0;
}

int cfs_preflight(int root_fd, const char *init,
		  const struct cfs_config *config, struct cfs_err *err)
{
	int r = probe_os_release(root_fd, err);

	if (r == 0)
		r = probe_init(root_fd, init, err);
	if (r == 0)
		r = probe_mountpoints(root_fd, err);
	for (unsigned i = 0; i < config->probe.paths.n && r == 0; i++) {
		r = probe_path(root_fd, config->probe.paths.v[i], err);
		if (r < 0)
			(void)cfs_err_path(err, config->probe.paths.v[i]);
	}
	return r;
}
