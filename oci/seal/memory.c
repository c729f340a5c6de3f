/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "oci/seal/memory.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/io.h"
#include "repo/dir.h"

/* Counts up when the same layers make another image than before. */
#define RULES "1"

#define KEY_SIZE 32 /* SHA-256 */

/* The user that all users are here who have no number in this user namespace.
 * Source: linux/highuid.h, DEFAULT_OVERFLOWUID. */
#define UNMAPPED 65534

/* A file is named by the hash of a text, which says what the value is of, and
 * holds this key once more, and the value, a digest. */
struct entry {
	uint8_t key[KEY_SIZE];
	uint8_t digest[CFS_DIGEST_MAX];
};

static size_t entry_size(enum cfs_alg alg)
{
	return KEY_SIZE + cfs_alg_size(alg);
}

/* Is what is open as @fd for root and this user alone to change?  The group's
 * bits are the most that an access control list can give to others. */
static bool is_private(int fd, mode_t type)
{
	uid_t self = geteuid();
	struct stat st;

	return self != UNMAPPED && fstat(fd, &st) == 0 &&
	       (st.st_mode & S_IFMT) == type &&
	       (st.st_uid == 0 || st.st_uid == self) &&
	       (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Opens the directory @name in *@fd, in its place. */
static bool enter(int *fd, const char *name)
{
	int next = openat(*fd, name,
			  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	cfs_closep(fd);
	*fd = next;
	return next >= 0 && is_private(next, S_IFDIR);
}

/* Makes the directory first if it is missing.  Other programs have theirs in
 * /run/composefs, which has to be open to them whatever the umask is here. */
static bool make_and_enter(int *fd, const char *name, mode_t mode)
{
	bool made = mkdirat(*fd, name, mode) == 0;

	return (made || errno == EEXIST) && enter(fd, name) &&
	       (!made || fchmod(*fd, mode) == 0);
}

/* Takes over *@fd, a directory. */
static void open_in(int *fd, struct cfs_seal_memory *ret)
{
	if (is_private(*fd, S_IFDIR) && make_and_enter(fd, "composefs", 0755) &&
	    make_and_enter(fd, "verified", 0700))
		ret->fd = cfs_steal_fd(fd);
}

void cfs_seal_memory_open_at(const char *path, struct cfs_seal_memory *ret)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ret->fd = -EBADF;
	if (fd >= 0)
		open_in(&fd, ret);
}

/* Opens the directory @path, from / on.  Where others could rename a directory
 * away, they could give another one its name. */
static int open_private(const char *path)
{
	CFS_AUTOFD int fd = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CFS_AUTOFREE char *names = strdup(path);
	char *rest = names;
	bool ok = fd >= 0 && names && is_private(fd, S_IFDIR);

	for (char *name; ok && (name = strsep(&rest, "/"));)
		if (*name)
			ok = enter(&fd, name);
	return ok ? cfs_steal_fd(&fd) : -EPERM;
}

/* Is it gone when the machine starts?  In a container, /run may be on a disk
 * and part of its image. */
static bool is_volatile(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == TMPFS_MAGIC;
}

void cfs_seal_memory_open(struct cfs_seal_memory *ret)
{
	const char *path = geteuid() == 0 ? "/run"
					  : secure_getenv("XDG_RUNTIME_DIR");
	CFS_AUTOFD int fd = -EBADF;

	ret->fd = -EBADF;
	if (path && *path == '/')
		fd = open_private(path);
	if (fd >= 0 && is_volatile(fd))
		open_in(&fd, ret);
}

void cfs_seal_memory_close(struct cfs_seal_memory *memory)
{
	cfs_closep(&memory->fd);
}

static bool hash_text(const struct cfs_buf *text, struct cfs_digest *ret)
{
	struct cfs_err ignored;

	*ret = (struct cfs_digest){ .alg = CFS_ALG_SHA256 };
	return cfs_buf_check(text, &ignored) == 0 &&
	       cfs_content_hash_bytes(CFS_CONTENT_SHA256, cfs_buf_bytes(text),
				      ret->bytes, &ignored) == 0;
}

/* The beginning of every text.  Sites that allow no arithmetic but OpenSSL's
 * say so in CFS_HASH; they do not want what was computed in another way. */
static void begin_text(struct cfs_buf *text)
{
	const char *way = getenv("CFS_HASH");

	cfs_buf_addf(text,
		     "composefs-seal " CFS_VERSION ", rules " RULES
		     ", way %.32s\n",
		     way ? way : "-");
}

static void add_digest(struct cfs_buf *text, const struct cfs_digest *id)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(id, hex);
	cfs_buf_addf(text, "%s:%s\n", cfs_alg_name(id->alg), hex);
}

/* Hashes all that the image depends on, each with its length or its end. */
static bool key_of(const struct cfs_seal_recipe *recipe, struct cfs_digest *ret)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	begin_text(&text);
	cfs_buf_addf(&text,
		     "%s, EROFS format %u, xattrs %d, %s%s, "
		     "%zu layers\n",
		     cfs_alg_name(recipe->alg), recipe->format,
		     (int)recipe->filter,
		     recipe->bootable ? "to boot" : "merged",
		     recipe->program_objects ? ", programs as objects" : "",
		     recipe->n_layers);
	for (size_t i = 0; i < recipe->n_layers; i++)
		add_digest(&text, &recipe->layers[i]);
	return hash_text(&text, ret);
}

static bool key_of_archive(const struct cfs_digest *stream,
			   const struct cfs_oci_id *archive,
			   struct cfs_digest *ret)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	begin_text(&text);
	cfs_buf_addf(&text, "archive %s of ", archive->text);
	add_digest(&text, stream);
	return hash_text(&text, ret);
}

static bool key_of_signature(const struct cfs_seal_signature *signature,
			     struct cfs_digest *ret)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	begin_text(&text);
	cfs_buf_addf(&text, "signature %s, %u certificates, over ",
		     signature->blob.text, signature->certs->n);
	add_digest(&text, &signature->digest);
	for (unsigned i = 0; i < signature->certs->n; i++)
		cfs_buf_addf(&text, "%s\n", signature->certs->v[i].name);
	return hash_text(&text, ret);
}

static bool recall(const struct cfs_seal_memory *memory,
		   const struct cfs_digest *key, enum cfs_alg alg,
		   struct cfs_digest *ret)
{
	CFS_AUTOFD int fd = -EBADF;
	char name[CFS_DIGEST_HEX_MAX];
	/* One byte more shows a file that is too long. */
	uint8_t read[sizeof(struct entry) + 1];
	size_t size = entry_size(alg);

	cfs_digest_to_hex(key, name);
	fd = cfs_openat2(memory->fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0,
			 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0 || !is_private(fd, S_IFREG) ||
	    cfs_read_full(fd, read, size + 1) != (ssize_t)size ||
	    memcmp(read, key->bytes, KEY_SIZE) != 0)
		return false;
	*ret = (struct cfs_digest){ .alg = alg };
	memcpy(ret->bytes, read + KEY_SIZE, cfs_alg_size(alg));
	return true;
}

bool cfs_seal_recall(const struct cfs_seal_memory *memory,
		     const struct cfs_seal_recipe *recipe,
		     struct cfs_digest *ret)
{
	struct cfs_digest key;

	return memory->fd >= 0 && key_of(recipe, &key) &&
	       recall(memory, &key, recipe->alg, ret);
}

bool cfs_seal_recall_archive(const struct cfs_seal_memory *memory,
			     const struct cfs_digest *stream,
			     const struct cfs_oci_id *archive)
{
	struct cfs_digest key, value;

	return memory->fd >= 0 && key_of_archive(stream, archive, &key) &&
	       recall(memory, &key, stream->alg, &value) &&
	       cfs_digest_equal(&value, stream);
}

/* The value of a signature: the hash of the signer's certificate, as its name
 * has it. */
static bool value_of_signer(const struct cfs_cert *cert, struct cfs_digest *ret)
{
	const char *hex = cert->name + strlen("sha256:");
	struct cfs_err ignored;

	return cfs_digest_from_hex(hex, strlen(hex), ret, &ignored) == 0;
}

bool cfs_seal_recall_signature(const struct cfs_seal_memory *memory,
			       const struct cfs_seal_signature *signature,
			       unsigned *ret_cert)
{
	struct cfs_digest key, value, want;

	if (memory->fd < 0 || !key_of_signature(signature, &key) ||
	    !recall(memory, &key, CFS_ALG_SHA256, &value))
		return false;
	for (unsigned i = 0; i < signature->certs->n; i++) {
		*ret_cert = i;
		if (value_of_signer(&signature->certs->v[i], &want) &&
		    cfs_digest_equal(&value, &want))
			return true;
	}
	return false;
}

/* Returns false if there was no room and none was made. */
static bool make_room(int dir)
{
	CFS_AUTONAMES struct cfs_dir_names names = { 0 };
	struct cfs_err ignored;

	if (cfs_dir_list(dir, ".", &names, &ignored) < 0)
		return false;
	for (size_t i = 0; names.n >= CFS_SEAL_MEMORY_MAX && i < names.n; i++)
		/* Another process may be at it, too. */
		if (unlinkat(dir, names.v[i].name, 0) < 0 && errno != ENOENT)
			return false;
	return true;
}

static void remember(const struct cfs_seal_memory *memory,
		     const struct cfs_digest *key, const struct cfs_digest *id)
{
	char name[CFS_DIGEST_HEX_MAX];
	struct entry entry;

	if (!make_room(memory->fd))
		return;
	cfs_digest_to_hex(key, name);
	memcpy(entry.key, key->bytes, KEY_SIZE);
	memcpy(entry.digest, id->bytes, cfs_alg_size(id->alg));
	/* One that cannot be written is computed again the next time. */
	(void)!cfs_replace_file(memory->fd, name, &entry, entry_size(id->alg));
}

void cfs_seal_remember(const struct cfs_seal_memory *memory,
		       const struct cfs_seal_recipe *recipe,
		       const struct cfs_digest *id)
{
	struct cfs_digest key;

	if (memory->fd >= 0 && id->alg == recipe->alg && key_of(recipe, &key))
		remember(memory, &key, id);
}

void cfs_seal_remember_archive(const struct cfs_seal_memory *memory,
			       const struct cfs_digest *stream,
			       const struct cfs_oci_id *archive)
{
	struct cfs_digest key;

	if (memory->fd >= 0 && key_of_archive(stream, archive, &key))
		remember(memory, &key, stream);
}

void cfs_seal_remember_signature(const struct cfs_seal_memory *memory,
				 const struct cfs_seal_signature *signature,
				 unsigned cert)
{
	struct cfs_digest key, value;

	if (memory->fd >= 0 && key_of_signature(signature, &key) &&
	    value_of_signer(&signature->certs->v[cert], &value))
		remember(memory, &key, &value);
}
