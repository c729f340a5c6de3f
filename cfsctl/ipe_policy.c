/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl ipe-policy: the policy of the kernel's IPE, as text or signed. */
#include "ops/ipe_policy.h"

#include <stdio.h>
#include <string.h>

#include "cfsctl/cfsctl.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/output.h"
#include "keys/sign.h"

struct options {
	const char *name, *version, *cert, *key;
	bool force;
};

static const struct cfs_opt options[] = {
	{ .name = "name",
	  .value = "NAME",
	  .help = "name of the policy (default: " CFS_IPE_DEFAULT_NAME ")",
	  CFS_OPT_SETS(struct options, name) },
	{ .name = "policy-version",
	  .value = "N.N.N",
	  .help = "its version, not lower than that of the policy that it is "
		  "to replace (default: 1.0.0)",
	  CFS_OPT_SETS(struct options, version) },
	{ .name = "cert",
	  .value = "PEM",
	  .help = "the signer's own certificate",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, cert) },
	{ .name = "key",
	  .value = "KEY",
	  .help = "its key: a PEM file or a pkcs11: URI",
	  .takes = CFS_TAKES_FILE,
	  CFS_OPT_SETS(struct options, key) },
	{ .name = "force",
	  .help = "replace OUT.p7b if it exists",
	  CFS_OPT_SETS(struct options, force) },
	{ 0 },
};

static int write_file(const char *path, unsigned flags, struct cfs_bytes data,
		      struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	int r = cmd_output_open_file(path, flags, &out, err);

	if (r == 0)
		r = cmd_output_write(&out, data.data, data.len, err);
	if (r == 0)
		r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "%s", path) : 0;
}

/* systemd looks for the policy it has loaded by the name of the file, and stops
 * the boot if there is none. */
static void note_name(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	const char *file = slash ? slash + 1 : path;
	size_t len = strlen(name);

	if (strncmp(file, name, len) != 0 || strcmp(file + len, ".p7b") != 0)
		cmd_line(
			stdout,
			"  systemd needs it to be called %s.p7b: under another "
			"name it stops the boot",
			name);
}

static int write_signed(const struct options *o, const char *path,
			const char *name, struct cfs_bytes text,
			struct cfs_err *err)
{
	CFS_AUTO(cfs_signing_free) struct cfs_signing *signing = NULL;
	CFS_AUTOBUF struct cfs_buf p7 = { 0 };
	int r = cfs_signing_open(o->cert, o->key, &signing, err);

	if (r == 0)
		r = cfs_sign_message(signing, text, &p7, err);
	if (r == 0)
		r = write_file(path, o->force ? CFS_OUTPUT_REPLACE : 0,
			       cfs_buf_bytes(&p7), err);
	if (r < 0)
		return r;
	cmd_line(stdout, "Wrote %s", path);
	note_name(path, name);
	return 0;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	struct cfs_ipe_policy policy = { .name = o->name ? o->name
							 : CFS_IPE_DEFAULT_NAME,
					 .version = { 1, 0, 0 } };
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	int r = 0;

	if (call->n > 0 ? !o->cert || !o->key : o->cert || o->key)
		return cfs_fail(err, CFS_EUSAGE,
				"a signed policy needs --cert, --key and "
				"OUT.p7b");
	if (o->version)
		r = cfs_ipe_policy_version(o->version, &policy, err);
	if (r == 0)
		r = cfs_ipe_policy_write(&policy, &text, err);
	if (r == -EINVAL)
		return -(err->code = CFS_EUSAGE);
	if (r < 0)
		return r;
	if (call->n > 0)
		return write_signed(o, call->operand[0], policy.name,
				    cfs_buf_bytes(&text), err);
	if (!cfs_buf_text(&text))
		return cfs_no_memory(err);
	fputs((char *)text.data, stdout);
	return 0;
}

const struct cfs_cmd cmd_ipe_policy = {
	.name = "ipe-policy",
	.help = "write a policy for the kernel's IPE: only what is signed is "
		"executed",
	.more = "Without OUT.p7b the text is printed.  To sign it elsewhere:\n"
		"  openssl smime -sign -binary -noattr -nodetach -nosmimecap "
		"\\\n"
		"    -outform DER -md sha256 -signer PEM -inkey KEY -in TEXT "
		"-out OUT.p7b\n",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "OUT.p7b", CFS_TAKES_FILE, .optional = true } },
	.run = run,
	.allows_no_repo = true,
};
