/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/roots.h"

#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "boot/bls.h"
#include "boot/entries.h"
#include "boot/kargs.h"
#include "boot/pe.h"

/* FAT that is damaged may contain itself: recursion has to end. */
#define DEPTH_MAX 16 /* directories below EFI */

/* A search of one boot partition. */
struct search {
	int dirfd;
	const struct cfs_boot_visitor *visitor;
	uint64_t entries; /* files that are entries, good or broken */
};

static void broken(const struct search *s, const char *where,
		   const char *reason)
{
	s->visitor->broken(s->visitor->arg, where, reason);
}

bool cfs_boot_is_unread(int code)
{
	return code == EIO || code == EMFILE || code == ENFILE ||
	       code == EACCES || code == EPERM;
}

static void note_unread(const struct cfs_boot_visitor *visitor, int code)
{
	if (visitor->unread && cfs_boot_is_unread(code))
		*visitor->unread = code;
}

int cfs_boot_broken(const struct cfs_boot_visitor *visitor, const char *where,
		    const struct cfs_err *why, struct cfs_err *err)
{
	if (why->code == ENOMEM) {
		*err = *why;
		return -ENOMEM;
	}
	note_unread(visitor, why->code);
	visitor->broken(visitor->arg, where, why->msg);
	return 0;
}

static int broken_by(const struct search *s, const char *where,
		     const struct cfs_err *why, struct cfs_err *err)
{
	return cfs_boot_broken(s->visitor, where, why, err);
}

/* A digest at the end of an argument for newer versions is likely an image that
 * boots: it is kept as if it were named. */
static int visit_newer(const struct cfs_boot_visitor *visitor,
		       const char *where, struct cfs_bytes value,
		       struct cfs_err *err)
{
	const uint8_t *colon = memrchr(value.data, ':', value.len);
	struct cfs_digest id;
	struct cfs_err why;
	size_t at = colon ? (size_t)(colon + 1 - value.data) : 0;

	if (cfs_digest_from_hex((const char *)value.data + at, value.len - at,
				&id, &why) == 0)
		return visitor->found(visitor->arg, where, &id, err);
	cfs_fail(&why, EINVAL,
		 "composefs.digest=%.*s is for a newer program, which may know "
		 "its image",
		 (int)value.len, value.data);
	return cfs_boot_broken(visitor, where, &why, err);
}

int cfs_boot_words(const struct cfs_boot_visitor *visitor, const char *where,
		   struct cfs_bytes cmdline, struct cfs_err *err)
{
	struct cfs_kargs kargs;
	struct cfs_err why;
	int r = cfs_kargs_parse(cmdline, &kargs, &why);

	if (r < 0)
		return cfs_boot_broken(visitor, where, &why, err);
	/* The list is full, so some arguments may be missing from it. */
	if (kargs.n_skipped == CFS_KARGS_MAX)
		visitor->broken(visitor->arg, where,
				"too many arguments for newer programs");
	for (size_t i = 0; r == 0 && i < kargs.n; i++)
		r = visitor->found(visitor->arg, where, &kargs.v[i].digest,
				   err);
	/* A newer program may boot from these, so their images are kept,
	 * too. */
	for (size_t i = 0; r == 0 && i < kargs.n_skipped; i++)
		r = visit_newer(visitor, where, kargs.skipped[i], err);
	return r;
}

static int visit_section(const struct search *s, const char *where, int fd,
			 const struct cfs_pe_section *section,
			 struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err why;

	if (cfs_pe_read(fd, section, CFS_BOOT_CMDLINE_MAX, &text, &why) < 0)
		return broken_by(s, where, &why, err);
	/* Tools pad sections with NUL bytes. */
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '\0')
			text.data[i] = '\n';
	return cfs_boot_words(s->visitor, where, cfs_buf_bytes(&text), err);
}

enum efi {
	EFI_MAY, /* a kernel without EFI stub, for one, is valid there too */
	EFI_MUST,
};

static int visit_efi_file(const struct search *s, const char *where, int fd,
			  enum efi efi, struct cfs_err *err)
{
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	struct cfs_err why;
	int r = cfs_pe_open(fd, &pe, &why);

	if (r < 0)
		return broken_by(s, where, &why, err);
	if (r == 0 && efi == EFI_MUST)
		broken(s, where, "not an EFI program");
	r = 0;
	/* Each profile of a unified kernel image can have a command line. */
	for (unsigned i = 0; r == 0 && i < pe.n; i++)
		if (strcmp(pe.v[i].name, ".cmdline") == 0)
			r = visit_section(s, where, fd, &pe.v[i], err);
	return r;
}

static int visit_efi(const struct search *s, const char *where, enum efi efi,
		     struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_regular(s->dirfd, where, NULL);

	if (fd >= 0)
		return visit_efi_file(s, where, fd, efi, err);
	if (fd == -ENOENT && efi == EFI_MAY)
		return 0;
	note_unread(s->visitor, -fd);
	broken(s, where, fd == -EINVAL ? "not a regular file" : strerror(-fd));
	return 0;
}

/* A boot loader entry, as far as it was read. */
struct entry {
	struct cfs_buf options; /* of all lines */
	unsigned starts;	/* keys that name something to start */
};

/* Visits the file that @line of the entry @where names. */
static int visit_target(const struct search *s, const char *where,
			const struct cfs_bls_line *line, enum efi efi,
			struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf path = { 0 }, reason = { 0 };
	struct cfs_bytes value = line->value;
	CFS_AUTOFD int fd = -EBADF;

	/* Paths in entries begin at the top of the partition. */
	while (value.len > 0 && value.data[0] == '/') {
		value.data++;
		value.len--;
	}
	cfs_buf_add(&path, value.data, value.len);
	cfs_buf_addf(&reason,
		     "it starts %.*s, which cannot be opened: ", (int)value.len,
		     value.data);
	if (!cfs_buf_text(&path))
		return cfs_buf_check(&path, err);
	/* Resolved beneath the partition, which is all that a boot loader
	 * sees. */
	fd = cfs_open_regular(s->dirfd, (char *)path.data, NULL);
	if (fd >= 0)
		return visit_efi_file(s, (char *)path.data, fd, efi, err);
	if (fd == -ENOENT && efi == EFI_MAY)
		return 0;
	cfs_buf_adds(&reason, strerror(-fd));
	if (!cfs_buf_text(&reason))
		return cfs_buf_check(&reason, err);
	broken(s, where, (char *)reason.data);
	return 0;
}

static int visit_line(const struct search *s, const char *where,
		      const struct cfs_bls_line *line, struct entry *entry,
		      struct cfs_err *err)
{
	if (cfs_bls_is(line, "options")) {
		cfs_buf_add(&entry->options, line->value.data, line->value.len);
		cfs_buf_addc(&entry->options, ' ');
		return cfs_buf_check(&entry->options, err);
	}
	if (cfs_bls_is(line, "linux")) {
		entry->starts++;
		return visit_target(s, where, line, EFI_MAY, err);
	}
	if (cfs_bls_is(line, "efi") || cfs_bls_is(line, "uki")) {
		entry->starts++;
		return visit_target(s, where, line, EFI_MUST, err);
	}
	entry->starts += cfs_bls_is(line, "uki-url");
	return 0;
}

static int visit_entry_text(const struct search *s, const char *where,
			    struct cfs_bytes text, struct entry *entry,
			    struct cfs_err *err)
{
	struct cfs_bls_line line;
	int r = 0;

	/* FAT leaves such files behind after a power cut. */
	if (text.len == 0 || memchr(text.data, '\0', text.len)) {
		broken(s, where,
		       text.len == 0 ? "the file is empty"
				     : "the file is damaged: it has NUL bytes");
		return 0;
	}
	while (r == 0 && cfs_bls_next(&text, &line))
		r = visit_line(s, where, &line, entry, err);
	if (r == 0 && entry->starts == 0)
		broken(s, where,
		       "incomplete: none of its lines has the key linux, efi, "
		       "uki or uki-url");
	return r < 0 ? r
		     : cfs_boot_words(s->visitor, where,
				      cfs_buf_bytes(&entry->options), err);
}

static int visit_entry(const struct search *s, const char *where,
		       struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct entry entry = { 0 };
	struct cfs_err why;
	int r = cfs_read_file(s->dirfd, where, CFS_BLS_MAX, &text, &why);

	if (r < 0)
		return broken_by(s, where, &why, err);
	/* The file was removed since the directory was listed. */
	if (r == 0)
		return 0;
	r = visit_entry_text(s, where, cfs_buf_bytes(&text), &entry, err);
	cfs_buf_free(&entry.options);
	return r;
}

/* Boot partitions are FAT as a rule, whose names have no case. */
static bool ends_with(const char *name, const char *end)
{
	size_t len = strlen(name), n = strlen(end);

	return len > n && strcasecmp(name + len - n, end) == 0;
}

/* Lists the directory @path; one that is missing is empty, and one that cannot
 * be read is broken and empty. */
static int list(const struct search *s, const char *path,
		struct cfs_dir_names *ret, struct cfs_err *err)
{
	int fd = cfs_open_beneath(s->dirfd, path, O_RDONLY | O_DIRECTORY);
	int r = fd < 0 ? fd : cfs_dir_names_read(&fd, ret);

	if (r == -ENOMEM)
		return cfs_no_memory(err);
	if (r < 0 && r != -ENOENT) {
		note_unread(s->visitor, -r);
		broken(s, path, strerror(-r));
	}
	return 0;
}

static int visit_entries(struct search *s, const char *dir, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = list(s, dir, &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		CFS_AUTOBUF struct cfs_buf path = { 0 };

		if (names.v[i].name[0] == '.' ||
		    !ends_with(names.v[i].name, ".conf"))
			continue;
		cfs_buf_addf(&path, "%s/%s", dir, names.v[i].name);
		if (!cfs_buf_text(&path))
			return cfs_buf_check(&path, err);
		s->entries++;
		r = visit_entry(s, (char *)path.data, err);
	}
	return r;
}

static int walk_efi(struct search *s, const char *dir, enum efi efi,
		    unsigned depth, struct cfs_err *err);

/* Visits @path below EFI, whatever it is. */
static int visit_below_efi(struct search *s, const char *path, enum efi efi,
			   unsigned depth, struct cfs_err *err)
{
	struct stat st;

	/* Not followed: a boot loader sees no symbolic links on FAT, and a link
	 * could lead out of the partition. */
	if (fstatat(s->dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		if (errno != ENOENT)
			broken(s, path, strerror(errno));
		return 0;
	}
	/* For example x.efi.extra.d, whose addons hold arguments for x.efi. */
	if (S_ISDIR(st.st_mode))
		return walk_efi(s, path, efi, depth + 1, err);
	if (!ends_with(path, ".efi"))
		return 0;
	s->entries++;
	return visit_efi(s, path, efi, err);
}

/* Files elsewhere below EFI may be anything, but those of EFI/Linux are entries
 * of the boot loader's menu. */
static bool is_linux(const char *path)
{
	return strcasecmp(path, "EFI/Linux") == 0;
}

static int walk_efi(struct search *s, const char *dir, enum efi efi,
		    unsigned depth, struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = 0;

	if (depth > DEPTH_MAX)
		broken(s, dir, "nested too deeply");
	else
		r = list(s, dir, &names, err);
	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		CFS_AUTOBUF struct cfs_buf path = { 0 };

		if (names.v[i].name[0] == '.')
			continue;
		cfs_buf_addf(&path, "%s/%s", dir, names.v[i].name);
		if (!cfs_buf_text(&path))
			return cfs_buf_check(&path, err);
		r = visit_below_efi(s, (char *)path.data,
				    is_linux(dir) ? EFI_MUST : efi, depth, err);
	}
	return r;
}

int cfs_boot_roots(int dirfd, const struct cfs_boot_visitor *visitor,
		   struct cfs_err *err)
{
	struct search s = { .dirfd = dirfd, .visitor = visitor };
	int r = visit_entries(&s, "loader/entries", err);

	/* bootc prepares the entries of the next boot here. */
	if (r == 0)
		r = visit_entries(&s, "loader/entries.staged", err);
	if (r == 0)
		r = walk_efi(&s, "EFI", EFI_MAY, 0, err);
	if (r == 0)
		r = walk_efi(&s, "loader/addons", EFI_MUST, 0, err);
	/* Most likely the wrong directory, or a partition that is not mounted.
	 * Garbage collection would remove all images if it believed that
	 * nothing boots. */
	if (r == 0 && s.entries == 0)
		broken(&s, ".",
		       "no boot entries: neither loader/entries nor EFI has "
		       "any; is the boot partition mounted here?");
	return r;
}

int cfs_boot_entry(int dirfd, const char *where,
		   const struct cfs_boot_visitor *visitor, struct cfs_err *err)
{
	struct search s = { .dirfd = dirfd, .visitor = visitor };
	CFS_AUTOBUF struct cfs_buf addons = { 0 };
	int r;

	if (ends_with(where, ".conf"))
		return visit_entry(&s, where, err);
	r = visit_efi(&s, where, EFI_MUST, err);
	cfs_boot_addons_path(where, &addons);
	if (r == 0 && !cfs_buf_text(&addons))
		return cfs_buf_check(&addons, err);
	return r < 0 ? r : walk_efi(&s, (char *)addons.data, EFI_MAY, 1, err);
}

int cfs_boot_deployments(int dirfd, const struct cfs_boot_visitor *visitor,
			 struct cfs_err *err)
{
	struct search s = { .dirfd = dirfd, .visitor = visitor };
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int r = list(&s, "state/deploy", &names, err);

	for (unsigned i = 0; r == 0 && i < names.n; i++) {
		char where[sizeof("state/deploy/") + NAME_MAX];
		const char *name = names.v[i].name;
		struct cfs_digest id;
		struct cfs_err why;

		if (name[0] == '.')
			continue;
		snprintf(where, sizeof(where), "state/deploy/%s", name);
		/* The name of a deployment's directory is the digest of its
		 * image. */
		if (cfs_digest_from_hex(name, strlen(name), &id, &why) == 0)
			r = visitor->found(visitor->arg, where, &id, err);
		else
			broken(&s, where,
			       "its name is not the digest of an image");
	}
	return r;
}
