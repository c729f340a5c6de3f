/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/certs.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>

void cfs_keys_free(struct cfs_keys *keys)
{
	cfs_certs_free(&keys->certs);
}

/* An error stays one by @strict, and is a warning without. */
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

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int add_credentials(struct cfs_keys *keys, const char *dir, bool strict,
			   struct cfs_log *log, struct cfs_err *err)
{
	struct dirent **entries = NULL;
	char path[PATH_MAX];
	int n = scandir(dir, &entries, is_credential, by_name), r = 0;

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

	for (unsigned i = 0; i < config->keys.dirs.n; i++) {
		const char *dir = config->keys.dirs.v[i];
		int r = judge(cfs_certs_add_dir(&keys->certs, dir, err), strict,
			      log, err);

		if (r < 0)
			return r;
	}
	if (credentials) {
		int r = add_credentials(keys, credentials, strict, log, err);

		if (r < 0)
			return r;
	}
	if (strict && keys->certs.n == 0)
		return cfs_fail(err, ENOENT,
				"certificates are required and this initramfs "
				"has none (keys.dirs)");
	return 0;
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
		const struct cfs_cert *cert = &keys->certs.v[i];

		r = cfs_keyring_add(ring, cert, &keys->keys[i], err);
		if (r == 0) {
			keys->n_keys++;
			cfs_log(log, LOG_DEBUG, "certificate of %s is key %d",
				cert->file, keys->keys[i]);
		}
		r = judge(r, strict, log, err);
		/* A locked ring says the same to all the others. */
		if (keys->keys[i] == 0 &&
		    (err->code == EPERM || err->code == EACCES))
			break;
	}
	return r;
}

/* That the calls succeeded is not enough: is the ring filled? */
static int check_ring(struct cfs_keys *keys, cfs_key ring, struct cfs_err *err)
{
	int n = cfs_keyring_count(ring, err);

	if (n < 0)
		return n;
	if (n == 0)
		return cfs_fail(err, ENOKEY,
				"the .fs-verity keyring is still empty");
	keys->in_ring = keys->n_keys == keys->certs.n;
	return 0;
}

int cfs_keys_load(struct cfs_keys *keys, const struct cfs_config *config,
		  struct cfs_log *log, struct cfs_err *err)
{
	bool strict = config->keys.require;
	cfs_key ring;
	int r;

	if (keys->certs.n == 0)
		return 0;
	r = find_ring(&ring, err);
	if (r < 0)
		return judge(r, strict, log, err);
	r = fill_ring(keys, ring, strict, log, err);
	if (r < 0 || keys->n_keys == 0)
		return r;
	r = check_ring(keys, ring, err);
	if (r == 0 && config->keys.restrict_ring)
		r = cfs_keyring_lock(ring, err);
	cfs_log(log, LOG_INFO, "%u of %u certificates are in .fs-verity%s",
		keys->n_keys, keys->certs.n,
		r == 0 && config->keys.restrict_ring ? ", which is locked"
						     : "");
	return judge(r, strict, log, err);
}
