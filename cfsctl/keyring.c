/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl keyring: certificates by which the kernel checks signatures. */
#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "keys/keyring.h"
#include "keys/ringinfo.h"
#include "keys/x509.h"

static int find_ring(cfs_key *ret, struct cfs_err *err)
{
	int r = cfs_keyring_find(ret, err);

	if (r == 0)
		return cfs_fail(err, EOPNOTSUPP,
				"this kernel checks no fs-verity signatures "
				"(CONFIG_FS_VERITY_BUILTIN_SIGNATURES is off)");
	return r < 0 ? r : 0;
}

static int lock(cfs_key ring, struct cfs_err *err)
{
	int r = cfs_keyring_lock(ring, err);

	if (r == 0)
		puts("The .fs-verity keyring is locked until the next boot");
	return r;
}

static int add_one(cfs_key ring, const struct cfs_cert *cert,
		   struct cfs_err *err)
{
	struct cfs_cert_info info;
	int before, after, r;
	cfs_key key;

	r = cfs_cert_describe(cert, &info, err);
	if (r < 0)
		return r;
	before = cfs_keyring_count(ring, err);
	r = cfs_keyring_add(ring, cert, &key, err);
	if (r < 0)
		return r;
	after = cfs_keyring_count(ring, err);
	printf("Certificate added to .fs-verity keyring: %s, sha256 %s\n",
	       info.subject, info.fingerprint);
	if (info.expired)
		fprintf(stderr,
			"note: %s expired on %s, which the kernel does not "
			"mind\n",
			cert->file, info.not_after);
	if (before >= 0 && after == before)
		fprintf(stderr,
			"note: a certificate of the same name was there and "
			"has been replaced\n");
	return 0;
}

int cmd_keyring_add_cert(const struct cfs_globals *g, int argc, char **argv,
			 struct cfs_err *err)
{
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	bool and_lock = false;
	const struct cfs_opt opts[] = {
		{ .name = "lock", .flag = &and_lock },
		{ 0 },
	};
	cfs_key ring;
	int r;

	(void)g;
	r = cmd_options(opts, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 1, CFS_CERTS_MAX, err);
	for (int i = 1; r >= 0 && i < argc; i++)
		r = cfs_certs_add_file(&certs, argv[i], err);
	if (r >= 0)
		r = find_ring(&ring, err);
	for (unsigned i = 0; r >= 0 && i < certs.n; i++)
		r = add_one(ring, &certs.v[i], err);
	if (r >= 0 && and_lock)
		r = lock(ring, err);
	return r < 0 ? r : 0;
}

static int print_key(cfs_key key, const char *name, void *arg,
		     struct cfs_err *err)
{
	(void)arg;
	(void)err;
	printf("%08x %s\n", (unsigned)key, name);
	return 0;
}

int cmd_keyring_list(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err)
{
	struct cfs_ring_info info;
	cfs_key ring;
	int r;

	(void)g;
	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 0, err);
	if (r == 0)
		r = find_ring(&ring, err);
	if (r == 0)
		r = cfs_ring_inspect(ring, &info, err);
	if (r < 0)
		return r;
	if (!info.readable)
		return cfs_fail(err, EACCES,
				"the .fs-verity keyring is locked: what is in "
				"it cannot be listed, `cfsctl keyring status` "
				"counts it");
	return cfs_ring_each(ring, print_key, NULL, err);
}

int cmd_keyring_lock(const struct cfs_globals *g, int argc, char **argv,
		     struct cfs_err *err)
{
	cfs_key ring;
	int r;

	(void)g;
	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 0, err);
	if (r == 0)
		r = find_ring(&ring, err);
	return r < 0 ? r : lock(ring, err);
}

int cmd_keyring_status(const struct cfs_globals *g, int argc, char **argv,
		       struct cfs_err *err)
{
	struct cfs_ring_info info;
	cfs_key ring;
	int r;

	(void)g;
	r = cmd_options(NULL, &argc, argv, err);
	if (r == 0)
		r = cmd_operands(argc, 0, 0, err);
	if (r == 0)
		r = cfs_keyring_find(&ring, err);
	if (r < 0)
		return r;
	printf("builtin signatures: %s\n", r ? "yes" : "no");
	if (r == 0)
		return 0;
	r = cfs_ring_inspect(ring, &info, err);
	if (r < 0)
		return r;
	printf("keyring:            %08x\n", (unsigned)ring);
	if (info.keys >= 0)
		printf("certificates:       %d\n", info.keys);
	printf("locked:             %s\n", info.locked ? "yes" : "no");
	if (info.required >= 0)
		printf("signatures needed:  %s\n",
		       info.required ? "yes" : "no");
	return 0;
}
