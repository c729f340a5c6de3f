/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/entries.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "base/dir_names.h"
#include "base/io.h"
#include "boot/bls.h"
#include "boot/pe.h"
#include "boot/roots.h"
#include "boot/version.h"

#define OSREL_MAX 65536 /* bytes of an os-release that are read */

/* A boot partition that is being read. */
struct reader {
	int dirfd;
	cfs_boot_broken_fn *broken;
	void *arg;
	struct cfs_boot_entries *to;
};

static void free_entry(struct cfs_boot_entry *entry)
{
	free(entry->path);
	free(entry->id);
	free(entry->title);
	free(entry->sort_key);
	free(entry->version);
	free(entry->machine_id);
	cfs_vec_free(&entry->images);
}

void cfs_boot_entries_free(struct cfs_boot_entries *entries)
{
	for (size_t i = 0; i < entries->n; i++)
		free_entry(&entries->v[i]);
	cfs_vec_free(entries);
	entries->unread = NULL;
}

/* Reads digits at *@at; false if there are none or more than an int holds, as
 * a name on the partition may have any number. */
static bool cut_number(const char **at, int *ret)
{
	int64_t n = 0;
	const char *p = *at;

	for (; *p >= '0' && *p <= '9' && n <= INT_MAX; p++)
		n = 10 * n + (*p - '0');
	if (p == *at || n > INT_MAX)
		return false;
	*at = p;
	*ret = (int)n;
	return true;
}

/* Reads "LEFT-DONE" or "LEFT", which @suffix has to follow. */
static bool cut_counters(const char *at, const char *suffix, int *ret_left,
			 int *ret_done)
{
	int left, done = 0;

	if (!cut_number(&at, &left))
		return false;
	if (*at == '-') {
		at++;
		if (!cut_number(&at, &done))
			return false;
	}
	if (strcasecmp(at, suffix) != 0)
		return false;
	*ret_left = left;
	*ret_done = done;
	return true;
}

/* The ids of systemd-boot are in lower case, since FAT knows no case. */
static void add_lower(struct cfs_buf *to, const char *text, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char c = text[i];

		cfs_buf_addc(to, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
	}
}

void cfs_boot_entry_name(const char *name, const char *suffix,
			 struct cfs_buf *ret, int *ret_left, int *ret_done)
{
	const char *plus = strrchr(name, '+');

	*ret_left = *ret_done = -1;
	if (plus && cut_counters(plus + 1, suffix, ret_left, ret_done)) {
		add_lower(ret, name, (size_t)(plus - name));
		add_lower(ret, suffix, strlen(suffix));
	} else {
		add_lower(ret, name, strlen(name));
	}
}

void cfs_boot_addons_path(const char *path, struct cfs_buf *ret)
{
	size_t len = strlen(path), suffix = strlen(".efi");
	const char *plus = strrchr(path, '+');
	int left, done;

	/* The directory is shared by all states of a trial, since systemd-stub
	 * ignores the counters of a name. */
	if (plus && cut_counters(plus + 1, ".efi", &left, &done)) {
		cfs_buf_add(ret, path, (size_t)(plus - path));
		cfs_buf_adds(ret, path + len - suffix);
	} else {
		cfs_buf_adds(ret, path);
	}
	cfs_buf_adds(ret, ".extra.d");
}

/* Replaces *@to by a copy of @text. */
static int set(char **to, struct cfs_bytes text, struct cfs_err *err)
{
	char *copy = strndup((const char *)text.data, text.len);

	if (!copy)
		return cfs_no_memory(err);
	free(*to);
	*to = copy;
	return 0;
}

/* Where the value of @line goes, or NULL. */
static char **member_of(struct cfs_boot_entry *entry,
			const struct cfs_bls_line *line)
{
	if (cfs_bls_is(line, "title"))
		return &entry->title;
	if (cfs_bls_is(line, "sort-key"))
		return &entry->sort_key;
	if (cfs_bls_is(line, "version"))
		return &entry->version;
	return cfs_bls_is(line, "machine-id") ? &entry->machine_id : NULL;
}

/* If /boot is a directory of the root file system, as with GRUB, the paths of
 * entries begin with "/boot". */
static bool is_file(const struct reader *r, const char *path)
{
	static const char boot[] = "boot/";
	CFS_AUTOFD int fd = cfs_open_regular(r->dirfd, path, NULL);

	if (fd == -ENOENT && strncmp(path, boot, strlen(boot)) == 0)
		fd = cfs_open_regular(r->dirfd, path + strlen(boot), NULL);
	return fd >= 0;
}

static bool exists(const struct reader *r, struct cfs_bytes path)
{
	char text[PATH_MAX];

	while (path.len > 0 && path.data[0] == '/') {
		path.data++;
		path.len--;
	}
	if (path.len == 0 || path.len >= sizeof(text))
		return false;
	memcpy(text, path.data, path.len);
	text[path.len] = '\0';
	return is_file(r, text);
}

/* The keys that name what to start; an entry has those of one kind only. */
static const char *start_key(const struct cfs_bls_line *line)
{
	static const char *const keys[] = { "linux", "efi", "uki", "uki-url" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(keys); i++)
		if (cfs_bls_is(line, keys[i]))
			return keys[i];
	return NULL;
}

static int read_lines(const struct reader *r, struct cfs_bytes text,
		      struct cfs_boot_entry *entry, struct cfs_err *err)
{
	const char *starts = NULL;
	struct cfs_bls_line line;

	while (cfs_bls_next(&text, &line)) {
		char **member = member_of(entry, &line);
		const char *key = start_key(&line);

		if (member && set(member, line.value, err) < 0)
			return -err->code;
		if (!key)
			continue;
		/* systemd-boot uses the last path of a key, and refuses an
		 * entry that has paths of two kinds. */
		entry->offered =
			(!starts || starts == key) &&
			(strcmp(key, "uki-url") == 0 || exists(r, line.value));
		if (starts && starts != key)
			return 0;
		starts = key;
	}
	return 0;
}

/* @unread: as of struct cfs_boot_visitor. */
static int read_conf(const struct reader *r, struct cfs_boot_entry *entry,
		     int *unread, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_err why; /* cfs_boot_entry() reports it */
	int n = cfs_read_file(r->dirfd, entry->path, CFS_BLS_MAX, &text, &why);

	if (n == -ENOMEM)
		return cfs_no_memory(err);
	if (cfs_boot_is_unread(-n))
		*unread = -n;
	if (n <= 0 || text.len == 0 || memchr(text.data, '\0', text.len))
		return 0;
	return read_lines(r, cfs_buf_bytes(&text), entry, err);
}

/* Values of an os-release file, with their quotes removed; empty if missing. */
struct os {
	struct cfs_bytes pretty_name, image_id, name, id;
	struct cfs_bytes image_version, version, version_id, build_id;
};

static struct cfs_bytes unquoted(struct cfs_bytes value)
{
	if (value.len >= 2 && value.data[0] == value.data[value.len - 1] &&
	    (value.data[0] == '"' || value.data[0] == '\'')) {
		value.data++;
		value.len -= 2;
	}
	return value;
}

static void read_os_line(struct cfs_bytes line, struct os *os)
{
	const struct {
		const char *key;
		struct cfs_bytes *to;
	} keys[] = {
		{ "PRETTY_NAME", &os->pretty_name },
		{ "IMAGE_ID", &os->image_id },
		{ "NAME", &os->name },
		{ "ID", &os->id },
		{ "IMAGE_VERSION", &os->image_version },
		{ "VERSION", &os->version },
		{ "VERSION_ID", &os->version_id },
		{ "BUILD_ID", &os->build_id },
	};
	const uint8_t *equals = memchr(line.data, '=', line.len);
	size_t n = equals ? (size_t)(equals - line.data) : 0;

	for (size_t i = 0; n > 0 && i < CFS_ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].key) == n &&
		    memcmp(keys[i].key, line.data, n) == 0)
			*keys[i].to = unquoted((struct cfs_bytes){
				equals + 1, line.len - n - 1 });
}

static void read_os(struct cfs_bytes text, struct os *os)
{
	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t n = end ? (size_t)(end - text.data) : text.len;
		struct cfs_bytes line = { text.data, n };

		while (line.len > 0 && strchr(" \t\r", line.data[line.len - 1]))
			line.len--;
		read_os_line(line, os);
		text.data += n + (end != NULL);
		text.len -= n + (end != NULL);
	}
}

/* Sets *@to to the first of @n texts that is not empty. */
static int set_first(char **to, const struct cfs_bytes *const *texts, size_t n,
		     struct cfs_err *err)
{
	for (size_t i = 0; i < n; i++)
		if (texts[i]->len > 0)
			return set(to, *texts[i], err);
	return 0;
}

static int name_by_os(const struct os *os, struct cfs_boot_entry *entry,
		      struct cfs_err *err)
{
	const struct cfs_bytes *titles[] = { &os->pretty_name, &os->image_id,
					     &os->name, &os->id };
	const struct cfs_bytes *versions[] = { &os->image_version, &os->version,
					       &os->version_id, &os->build_id };
	int r = set_first(&entry->title, titles, 4, err);

	if (r == 0)
		r = set_first(&entry->version, versions, 4, err);
	if (r == 0) /* the image's ID before the system's */
		r = os->image_id.len > 0
			    ? set(&entry->sort_key, os->image_id, err)
			    : set_first(&entry->sort_key, &titles[3], 1, err);
	/* Without a title it is no entry to systemd-boot. */
	entry->offered = entry->title != NULL;
	return r;
}

/* @unread: as of struct cfs_boot_visitor. */
static int read_uki(const struct reader *r, struct cfs_boot_entry *entry,
		    int *unread, struct cfs_err *err)
{
	CFS_AUTOFD int fd = cfs_open_regular(r->dirfd, entry->path, NULL);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	struct os os = { 0 };
	struct cfs_err why; /* cfs_boot_entry() reports it */
	unsigned i = 0;
	int n = fd < 0 ? 0 : cfs_pe_open(fd, &pe, &why);

	while (n > 0 && i < pe.n && strcmp(pe.v[i].name, ".osrel") != 0)
		i++;
	if (n > 0)
		n = i == pe.n
			    ? 0
			    : cfs_pe_read(fd, &pe.v[i], OSREL_MAX, &text, &why);
	if (n == -ENOMEM)
		return cfs_no_memory(err);
	if (cfs_boot_is_unread(-(fd < 0 ? fd : n)))
		*unread = -(fd < 0 ? fd : n);
	if (n < 0 || text.len == 0)
		return 0;
	/* Tools pad sections with NUL bytes. */
	for (size_t k = 0; k < text.len; k++)
		if (text.data[k] == '\0')
			text.data[k] = '\n';
	read_os(cfs_buf_bytes(&text), &os);
	return name_by_os(&os, entry, err);
}

/* The visitor of the images of an entry, whose problems the reader reports. */
struct finding {
	const struct reader *reader;
	struct cfs_boot_entry *entry;
};

static int found(void *arg, const char *where, const struct cfs_digest *id,
		 struct cfs_err *err)
{
	struct finding *f = arg;

	(void)where;
	return cfs_vec_add(&f->entry->images, *id) ? 0 : cfs_no_memory(err);
}

static void report(void *arg, const char *where, const char *reason)
{
	struct finding *f = arg;

	f->reader->broken(f->reader->arg, where, reason);
}

static int read_entry(const struct reader *r, bool uki,
		      struct cfs_boot_entry *entry, struct cfs_err *err)
{
	struct finding finding = { r, entry };
	int unread = 0;
	const struct cfs_boot_visitor visitor = { found, report, &finding,
						  &unread };
	int n = uki ? read_uki(r, entry, &unread, err)
		    : read_conf(r, entry, &unread, err);

	if (n == 0)
		n = cfs_boot_entry(r->dirfd, entry->path, &visitor, err);
	if (unread) {
		r->to->unread = entry->path;
		r->to->unread_error = unread;
	}
	return n;
}

/* A directory of entries. */
struct place {
	const char *dir, *suffix;
	bool uki, staged;
};

static bool is_entry(const struct cfs_dir_name *file, const char *suffix)
{
	size_t n = strlen(file->name), end = strlen(suffix);

	/* systemd-boot makes entries of such names itself, for example for the
	 * firmware's setup. */
	return file->name[0] != '.' && n > end &&
	       strcasecmp(file->name + n - end, suffix) == 0 &&
	       strncasecmp(file->name, "auto-", strlen("auto-")) != 0 &&
	       file->type != DT_DIR;
}

static int add_entry(const struct reader *r, const struct place *place,
		     const char *name, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf id = { 0 };
	struct cfs_boot_entry *entry = cfs_vec_new(r->to);

	if (!entry)
		return cfs_no_memory(err);
	cfs_boot_entry_name(name, place->suffix, &id, &entry->tries_left,
			    &entry->tries_done);
	if (!cfs_buf_text(&id) ||
	    asprintf(&entry->path, "%s/%s", place->dir, name) < 0) {
		entry->path = NULL;
		return cfs_no_memory(err);
	}
	entry->id = (char *)id.data;
	id = (struct cfs_buf){ 0 };
	entry->staged = place->staged;
	return read_entry(r, place->uki, entry, err);
}

static int read_place(const struct reader *r, const struct place *place,
		      struct cfs_err *err)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	int fd = cfs_open_beneath(r->dirfd, place->dir, O_RDONLY | O_DIRECTORY);
	int n = fd < 0 ? fd : cfs_dir_names_read(&fd, &names);

	if (n == -ENOMEM)
		return cfs_no_memory(err);
	if (n < 0 && n != -ENOENT) {
		r->broken(r->arg, place->dir, strerror(-n));
		r->to->unread = place->dir;
		r->to->unread_error = -n;
	}
	n = 0;
	for (size_t i = 0; n == 0 && i < names.n; i++)
		if (is_entry(&names.v[i], place->suffix))
			n = add_entry(r, place, names.v[i].name, err);
	return n;
}

/* A missing text comes before all others. */
static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_keys(const struct cfs_boot_entry *a,
			const struct cfs_boot_entry *b)
{
	int r = compare_texts(a->sort_key, b->sort_key);

	if (r == 0)
		r = compare_texts(a->machine_id, b->machine_id);
	/* Swapped: the newest version comes first. */
	return r ? r : cfs_version_compare(b->version, a->version);
}

/* Entries that systemd-boot knows come first, then those with tries left, then
 * those with a sort key. */
static int compare_kinds(const struct cfs_boot_entry *a,
			 const struct cfs_boot_entry *b)
{
	int r = a->staged - b->staged;

	if (r == 0)
		r = b->offered - a->offered;
	if (r == 0)
		r = (a->tries_left == 0) - (b->tries_left == 0);
	return r ? r : !a->sort_key - !b->sort_key;
}

int cfs_boot_entry_compare(const struct cfs_boot_entry *a,
			   const struct cfs_boot_entry *b)
{
	int r = compare_kinds(a, b);

	if (r == 0 && a->sort_key)
		r = compare_keys(a, b);
	if (r == 0)
		/* Swapped like versions: "linux-6.12" comes before
		 * "linux-6.1". */
		r = cfs_version_compare(b->id, a->id);
	if (r == 0 && a->tries_left >= 0 && b->tries_left >= 0)
		r = (b->tries_left > a->tries_left) -
		    (b->tries_left < a->tries_left);
	if (r == 0 && a->tries_left >= 0 && b->tries_left >= 0)
		r = (a->tries_done > b->tries_done) -
		    (a->tries_done < b->tries_done);
	/* Only the order of duplicates, which must not depend on the
	 * directory. */
	return r ? r : strcmp(a->path, b->path);
}

static int compare(const void *a, const void *b)
{
	return cfs_boot_entry_compare(a, b);
}

int cfs_boot_entries_read(int dirfd, cfs_boot_broken_fn *broken, void *arg,
			  struct cfs_boot_entries *ret, struct cfs_err *err)
{
	static const struct place places[] = {
		{ "loader/entries", ".conf", false, false },
		{ "loader/entries.staged", ".conf", false, true },
		{ "EFI/Linux", ".efi", true, false },
	};
	const struct reader reader = { dirfd, broken, arg, ret };
	int r = 0;

	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(places); i++)
		r = read_place(&reader, &places[i], err);
	if (r == 0 && ret->n > 0)
		qsort(ret->v, ret->n, sizeof(*ret->v), compare);
	return r;
}
