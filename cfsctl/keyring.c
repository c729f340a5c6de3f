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

struct add_options {
	bool lock;
};

static const struct cfs_opt add_options[] = {
	{ .name = "lock",
	  .help = "then take no more certificates until the next boot",
	  CFS_OPT_SETS(struct add_options, lock) },
	{ 0 },
};

static int run_add_cert(const struct cfs_call *call, struct cfs_err *err)
{
	const struct add_options *o = call->options;
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	cfs_key ring;
	int r = 0;

	for (int i = 0; r >= 0 && i < call->n; i++)
		r = cfs_certs_add_file(&certs, call->operand[i], err);
	if (r >= 0)
		r = find_ring(&ring, err);
	for (unsigned i = 0; r >= 0 && i < certs.n; i++)
		r = add_one(ring, &certs.v[i], err);
	if (r >= 0 && o->lock)
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

static int run_list(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_ring_info info;
	cfs_key ring;
	int r;

	(void)call;
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

static int run_lock(const struct cfs_call *call, struct cfs_err *err)
{
	cfs_key ring;
	int r;

	(void)call;
	r = find_ring(&ring, err);
	return r < 0 ? r : lock(ring, err);
}

static int run_status(const struct cfs_call *call, struct cfs_err *err)
{
	struct cfs_ring_info info;
	cfs_key ring;
	int r;

	(void)call;
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

static const struct cfs_cmd add_cert = {
	.name = "add-cert",
	.help = "trust a signer: add its certificate to the kernel's "
		".fs-verity keyring",
	.more = "The certificate is the signer's own: one that issued it has "
		"no effect here.\n",
	.options = add_options,
	.size = sizeof(struct add_options),
	.operands = { { "PEM", CFS_TAKES_FILE, .many = true } },
	.run = run_add_cert,
};

static const struct cfs_cmd list = {
	.name = "list",
	.help = "print the certificates in the keyring",
	.run = run_list,
};

static const struct cfs_cmd lock_row = {
	.name = "lock",
	.help = "take no more certificates until the next boot",
	.run = run_lock,
};

static const struct cfs_cmd status = {
	.name = "status",
	.help = "print what the kernel does about signatures",
	.run = run_status,
};

static const struct cfs_cmd *const group[] = { &add_cert, &list, &lock_row,
					       &status, NULL };

const struct cfs_cmd cmd_keyring = {
	.name = "keyring",
	.help = "the certificates by which the kernel checks signatures",
	.sub = group,
};
