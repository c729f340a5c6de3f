/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl keyring: certificates by which the kernel checks signatures. */
#include <stdio.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/json.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/signing.h"
#include "cfsctl/trust.h"
#include "keys/keyring.h"
#include "keys/ringinfo.h"

#define LOCKED "The .fs-verity keyring is locked until the next boot"

static int find_ring(cfs_key *ret, struct cfs_err *err)
{
	int r = cfs_keyring_find(ret, err);

	if (r == 0)
		return cfs_fail(err, EOPNOTSUPP,
				"this kernel checks no fs-verity signatures "
				"(CONFIG_FS_VERITY_BUILTIN_SIGNATURES is off)");
	return r < 0 ? r : 0;
}

static void write_cert(struct cfs_json_writer *w, const struct cfs_cert *cert,
		       const struct cfs_cert_info *info)
{
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "file", cert->file);
	cmd_json_signer(w, info);
	cfs_json_write_end(w);
}

static int add_one(cfs_key ring, const struct cfs_cert *cert,
		   struct cfs_json_writer *w, struct cfs_err *err)
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
	if (w)
		write_cert(w, cert, &info);
	else
		cmd_print_signer("Certificate added to .fs-verity keyring",
				 &info);
	cmd_note_expiry(cert, &info);
	if (before >= 0 && after == before)
		cmd_line(stderr, "note: %s was in the keyring already",
			 cert->file);
	return 0;
}

struct add_options {
	bool lock, json;
};

static const struct cfs_opt add_options[] = {
	{ .name = "lock",
	  .help = "then take no more certificates until the next boot",
	  CFS_OPT_SETS(struct add_options, lock) },
	CFS_OPT_JSON(struct add_options, json),
	{ 0 },
};

/* With @w the certificates are written there. */
static int add_all(const struct cfs_call *call, struct cfs_json_writer *w,
		   struct cfs_err *err)
{
	const struct add_options *o = call->options;
	CFS_AUTOCERTS struct cfs_certs certs = { 0 };
	cfs_key ring;
	int r = 0;

	for (int i = 0; r >= 0 && i < call->n; i++)
		r = cfs_certs_add_file(&certs, call->operand[i], err);
	if (r < 0) {
		err->code = CFS_ESTATUS(CFS_STATUS_CERT);
		return -err->code;
	}
	r = find_ring(&ring, err);
	for (unsigned i = 0; r >= 0 && i < certs.n; i++)
		r = add_one(ring, &certs.v[i], w, err);
	if (r >= 0 && o->lock)
		r = cfs_keyring_lock(ring, err);
	if (r >= 0 && o->lock && !w)
		puts(LOCKED);
	return r < 0 ? r : 0;
}

static int run_add_cert(const struct cfs_call *call, struct cfs_err *err)
{
	const struct add_options *o = call->options;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	int r;

	if (!o->json)
		return add_all(call, NULL, err);
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "added", CFS_JSON_LINES);
	r = add_all(call, &w, err);
	cfs_json_write_end(&w);
	cfs_json_write_bool(&w, "locked", o->lock);
	cfs_json_write_end(&w);
	return r < 0 ? r : cmd_json_print(&w, err);
}

struct json_options {
	bool json;
};

static const struct cfs_opt json_options[] = {
	CFS_OPT_JSON(struct json_options, json),
	{ 0 },
};

static int print_key(cfs_key key, const char *name, void *arg,
		     struct cfs_err *err)
{
	struct cfs_json_writer *w = arg;
	char id[9];

	(void)err;
	snprintf(id, sizeof(id), "%08x", (unsigned)key);
	if (!w) {
		cmd_line(stdout, "%s %s", id, name);
		return 0;
	}
	cfs_json_write_object(w, NULL, CFS_JSON_LINES);
	cfs_json_write_text(w, "key", id);
	cfs_json_write_text(w, "description", name);
	cfs_json_write_end(w);
	return 0;
}

static int run_list(const struct cfs_call *call, struct cfs_err *err)
{
	const struct json_options *o = call->options;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	struct cfs_ring_info info;
	cfs_key ring;
	int r;

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
	if (!o->json)
		return cfs_keyring_each(ring, print_key, NULL, err);
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_array(&w, "certificates", CFS_JSON_LINES);
	r = cfs_keyring_each(ring, print_key, &w, err);
	cfs_json_write_end(&w);
	cfs_json_write_end(&w);
	return r < 0 ? r : cmd_json_print(&w, err);
}

static int run_lock(const struct cfs_call *call, struct cfs_err *err)
{
	cfs_key ring;
	int r = find_ring(&ring, err);

	(void)call;
	if (r == 0)
		r = cfs_keyring_lock(ring, err);
	if (r == 0)
		puts(LOCKED);
	return r;
}

static void print_status(cfs_key ring, const struct cfs_ring_info *info)
{
	printf("keyring:            %08x\n", (unsigned)ring);
	if (info->keys >= 0)
		printf("certificates:       %d\n", info->keys);
	printf("locked:             %s\n", info->locked ? "yes" : "no");
	if (info->required >= 0)
		printf("signatures needed:  %s\n",
		       info->required ? "yes" : "no");
}

static void write_status(struct cfs_json_writer *w, cfs_key ring,
			 const struct cfs_ring_info *info)
{
	char id[9];

	snprintf(id, sizeof(id), "%08x", (unsigned)ring);
	cfs_json_write_text(w, "keyring", id);
	if (info->keys >= 0)
		cfs_json_write_u64(w, "certificates", (unsigned)info->keys);
	else
		cfs_json_write_null(w, "certificates");
	cfs_json_write_bool(w, "locked", info->locked);
	if (info->required >= 0)
		cfs_json_write_bool(w, "signatures_needed", info->required);
	else
		cfs_json_write_null(w, "signatures_needed");
}

static int run_status(const struct cfs_call *call, struct cfs_err *err)
{
	const struct json_options *o = call->options;
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	struct cfs_json_writer w = { .buf = &buf };
	struct cfs_ring_info info;
	cfs_key ring;
	int found = cfs_keyring_find(&ring, err);

	if (found < 0 || (found && cfs_ring_inspect(ring, &info, err) < 0))
		return -err->code;
	if (!o->json) {
		printf("builtin signatures: %s\n", found ? "yes" : "no");
		if (found)
			print_status(ring, &info);
		return 0;
	}
	cfs_json_write_object(&w, NULL, CFS_JSON_LINES);
	cfs_json_write_bool(&w, "builtin_signatures", found);
	if (found)
		write_status(&w, ring, &info);
	cfs_json_write_end(&w);
	return cmd_json_print(&w, err);
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
	.options = json_options,
	.size = sizeof(struct json_options),
	.run = run_list,
};

static const struct cfs_cmd lock = {
	.name = "lock",
	.help = "take no more certificates until the next boot",
	.run = run_lock,
};

static const struct cfs_cmd status = {
	.name = "status",
	.help = "print what the kernel does about signatures",
	.options = json_options,
	.size = sizeof(struct json_options),
	.run = run_status,
};

static const struct cfs_cmd *const group[] = { &add_cert, &list, &lock, &status,
					       NULL };

const struct cfs_cmd cmd_keyring = {
	.name = "keyring",
	.help = "the certificates by which the kernel checks signatures",
	.sub = group,
};
