/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/certs.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

/* Errors are fatal if @strict, otherwise logged as warnings. */
static int judge(int r, bool strict, struct cfs_log *log, struct cfs_err *err)
{
	if (r >= 0 || strict)
		return r;
	cfs_log(log, LOG_WARNING, "certificates: %s", err->msg);
	return 0;
}

static int is_credential(const struct dirent *entry)
{
	return strncmp(entry->d_name, "composefs.cert", 14) == 0;
}

static int is_certificate(const struct dirent *entry)
{
	static const char *const ends[] = { ".der", ".crt", ".cer", ".pem" };
	size_t len = strlen(entry->d_name);

	for (size_t i = 0; i < CFS_ARRAY_SIZE(ends); i++)
		if (len > 4 && strcmp(entry->d_name + len - 4, ends[i]) == 0)
			return entry->d_name[0] != '.';
	return 0;
}

/* Adds the files of @dir that @wanted accepts, in name order.  A bad one does
 * not keep out the others. */
static int add_dir(struct cfs_keys *keys, const char *dir,
		   int (*wanted)(const struct dirent *), bool strict,
		   struct cfs_log *log, struct cfs_err *err)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int n = scandir(dir, &entries, wanted, alphasort), r = 0;

	if (n < 0 && errno != ENOENT)
		r = judge(cfs_fail_errno(err, "read the directory %s", dir),
			  strict, log, err);
	for (int i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (r >= 0)
			r = judge(cfs_certs_add_file(&keys->certs, path, err),
				  strict, log, err);
		free(entries[i]);
	}
	free(entries);
	return r < 0 ? r : 0;
}

int cfs_keys_collect(struct cfs_keys *keys, const struct cfs_config *config,
		     const char *credentials, struct cfs_log *log,
		     struct cfs_err *err)
{
	bool strict = config->keys.require || config->keys.require_signed;
	int r = 0;

	for (unsigned i = 0; i < config->keys.dirs.n && r == 0; i++)
		r = add_dir(keys, config->keys.dirs.v[i], is_certificate,
			    strict, log, err);
	if (r == 0 && credentials)
		r = add_dir(keys, credentials, is_credential, strict, log, err);
	if (r == 0 && strict && keys->certs.n == 0)
		r = cfs_fail(err, ENOENT,
			     "certificates are required and this initramfs has "
			     "none (keys.dirs)");
	return r;
}

static int find_ring(cfs_key *ring, struct cfs_err *err)
{
	int r = cfs_keyring_find(ring, err);

	if (r == 0)
		return cfs_fail(err, ENOKEY,
				"this kernel has no .fs-verity keyring "
				"(CONFIG_FS_VERITY_BUILTIN_SIGNATURES)");
	return r;
}

static int fill_ring(struct cfs_keys *keys, cfs_key ring, bool strict,
		     struct cfs_log *log, struct cfs_err *err)
{
	int r = 0;

	for (unsigned i = 0; i < keys->certs.n && r >= 0; i++) {
		r = judge(cfs_keyring_add(ring, &keys->certs.v[i],
					  &keys->keys[i], err),
			  strict, log, err);
		keys->n_keys += keys->keys[i] != 0;
		/* A locked ring refuses all the others, too. */
		if (keys->keys[i] == 0 &&
		    (err->code == EPERM || err->code == EACCES))
			break;
	}
	return r;
}

struct listing {
	const struct cfs_certs *certs;
	bool held[CFS_CERTS_MAX];
	unsigned n, strangers;
	struct cfs_log *log;
};

static int on_key(cfs_key key, const char *name, void *arg, struct cfs_err *err)
{
	struct listing *l = arg;
	bool known = false;

	(void)err;
	l->n++;
	/* One certificate may have come in two files. */
	for (unsigned i = 0; i < l->certs->n; i++)
		if (strcmp(name, l->certs->v[i].name) == 0)
			known = l->held[i] = true;
	if (!known) {
		l->strangers++;
		cfs_log(l->log, LOG_WARNING,
			"key %d in .fs-verity is no certificate of this "
			"initramfs: %s",
			key, name);
	}
	return 0;
}

/* Lists the ring, since a call that succeeded does not prove that the key
 * stayed.  Certificates missing from the ring no longer count as loaded. */
static int check_ring(struct cfs_keys *keys, cfs_key ring, struct listing *l,
		      struct cfs_err *err)
{
	int listed = cfs_keyring_each(ring, on_key, l, err), r = listed;

	/* A ring that cannot be read holds these at least. */
	keys->ring_size = listed < 0 ? keys->n_keys : l->n;
	for (unsigned i = 0; i < keys->certs.n && listed == 0; i++) {
		if (keys->keys[i] == 0 || l->held[i])
			continue;
		keys->keys[i] = 0;
		keys->n_keys--;
		r = cfs_fail(
			err, ENOKEY,
			"the certificate of %s was added to .fs-verity and "
			"is not in it",
			keys->certs.v[i].file);
	}
	keys->in_ring = r == 0 && keys->n_keys == keys->certs.n;
	return r;
}

/* Runs before an image is opened: the kernel refuses to open a signed file if
 * the ring has no certificate for it. */
int cfs_keys_load(struct cfs_keys *keys, const struct cfs_config *config,
		  struct cfs_log *log, struct cfs_err *err)
{
	bool strict = config->keys.require, lock = config->keys.restrict_ring;
	struct listing l = { .certs = &keys->certs, .log = log };
	cfs_key ring = 0;
	int r;

	if (keys->certs.n == 0)
		return 0;
	r = find_ring(&ring, err);
	if (r < 0)
		return judge(r, strict, log, err);
	r = fill_ring(keys, ring, strict, log, err);
	if (r < 0 || keys->n_keys == 0)
		return r;
	r = judge(check_ring(keys, ring, &l, err),
		  strict || config->keys.require_signed, log, err);
	if (r < 0)
		return r;
	if (l.strangers && lock)
		return cfs_fail(err, EEXIST,
				".fs-verity holds %u keys that are not of this "
				"initramfs, and locking would keep them: find "
				"out what added them, or set keys.restrict to "
				"false",
				l.strangers);
	if (lock)
		r = cfs_keyring_lock(ring, err);
	cfs_log(log, LOG_INFO,
		"%u of %u certificates are in .fs-verity, which holds %u%s",
		keys->n_keys, keys->certs.n, keys->ring_size,
		r == 0 && lock ? " and is locked" : "");
	return judge(r, strict, log, err);
}
