/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl uki: a unified kernel image that boots an image. */
#include "cfsctl/uki.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "cfsctl/cli/line.h"
#include "cfsctl/cli/output.h"
#include "ops/uki.h"
#include "ops/whole.h"

struct options {
	struct cfs_uki_options uki;
};

static const struct cfs_opt options[] = {
	CFS_UKI_OPTIONS(struct options, uki),
	{ 0 },
};

const char *const cmd_sign_tools[] = { "sbsign", "osslsigncode", NULL };

int cmd_parse_sign_tool(const char *text, void *to, struct cfs_err *err)
{
	enum cfs_sign_tool *tool = to;

	(void)err;
	*tool = strcmp(text, "sbsign") == 0 ? CFS_SIGN_SBSIGN
					    : CFS_SIGN_OSSLSIGNCODE;
	return 0;
}

int cmd_uki_check(const struct cfs_uki_options *o, struct cfs_err *err)
{
	if (!o->output)
		return cfs_fail(err, CFS_EUSAGE, "it needs --output FILE");
	if (!o->cert != !o->key)
		return cfs_fail(err, CFS_EUSAGE,
				"--cert and --key belong together");
	if (o->tool != CFS_SIGN_ANY && !o->cert)
		return cfs_fail(err, CFS_EUSAGE,
				"--signtool is for --cert and --key");
	return 0;
}

/* Sets *@ret to the arguments that --cmdline means, which @buf holds. */
static int read_cmdline(const char *text, struct cfs_buf *buf, const char **ret,
			struct cfs_err *err)
{
	int r;

	*ret = text;
	if (!text || text[0] != '@')
		return 0;
	r = cfs_read_file(AT_FDCWD, text + 1, CFS_UKI_CMDLINE_MAX, buf, err);
	if (r == 0)
		return cfs_fail(err, ENOENT, "%s: there is no such file",
				text + 1);
	if (r < 0)
		return r;
	if (buf->len > 0 && memchr(buf->data, '\0', buf->len))
		return cfs_fail(err, EINVAL, "%s has a NUL byte", text + 1);
	*ret = cfs_buf_text(buf);
	return cfs_buf_check(buf, err);
}

/* Makes the program, signed if it is to be, in the empty file @fd. */
static int make(const struct cfs_uki_source *from,
		const struct cfs_uki_options *o, int fd,
		struct cfs_uki_made *made, struct cfs_err *err)
{
	const struct cfs_program_signer signer = { .cert = o->cert,
						   .key = o->key,
						   .tool = o->tool };
	CFS_AUTOFD int plain = -EBADF;
	int to = fd, r;
	struct cfs_sink sink = cfs_sink_of_fd(&to);

	if (o->cert) {
		plain = memfd_create("uki", MFD_CLOEXEC);
		if (plain < 0)
			return cfs_fail_errno(err, "make a file in memory");
		to = plain;
	}
	r = cfs_uki_make(from, &sink, made, err);
	if (r == 0 && o->cert)
		r = cfs_sign_program(&signer, plain, fd, err);
	return r;
}

/* Writes the file, and reads it once more as what checks it at the next step
 * does.  It may be on a boot partition, which has no journal: what it holds is
 * on the disk before it gets its name. */
static int write_file(const struct cfs_globals *g,
		      const struct cfs_uki_source *from,
		      const struct cfs_digest *id,
		      const struct cfs_uki_options *o,
		      struct cfs_uki_made *made, struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_uki_images images = { 1, id };
	unsigned named = 0;
	int r = cmd_output_open_file(
		o->output, o->force ? CFS_OUTPUT_REPLACE : 0, &out, err);

	if (r < 0)
		return cfs_ctx(err, "%s", o->output);
	r = make(from, o, out.temp.fd, made, err);
	if (r == 0)
		r = cfs_uki_check(out.temp.fd, CFS_UKI, &images, &named, err);
	if (r == 0 && !g->no_sync && fsync(out.temp.fd) < 0)
		r = cfs_fail_errno(err, "sync %s", o->output);
	if (r < 0)
		return r;
	r = cmd_output_commit(&out, err);
	return r < 0 ? cfs_ctx(err, "%s", o->output) : 0;
}

static void print(const struct cfs_uki_options *o, const struct cfs_karg *karg,
		  const struct cfs_uki_made *made)
{
	char hex[CFS_DIGEST_HEX_MAX];

	cfs_digest_to_hex(&karg->digest, hex);
	cmd_line(stdout, "%s boots %s", o->output, hex);
	if (made->stub_is_local)
		cmd_line(stderr,
			 "note: the image has no stub: %s/linux%s.efi.stub of "
			 "this machine was taken",
			 CFS_STUB_DIR, made->machine);
}

int cmd_uki_run(const void *arg, const struct cfs_repo *repo,
		const struct cmd_boot_source *source, struct cfs_err *err)
{
	const struct cmd_uki *uki = arg;
	const struct cfs_globals *g = uki->g;
	const struct cfs_uki_options *o = uki->o;
	char text[CFS_KARG_TEXT_MAX];
	CFS_AUTOBUF struct cfs_buf cmdline = { 0 };
	struct cfs_uki_source from = {
		.repo = repo,
		.tree = source->tree,
		.karg = text,
		.kernel = o->kernel,
		.os_release = o->os_release,
		.stub = o->stub,
		.n_initrds = o->initrds.n,
		.initrds = o->initrds.v,
		.version = o->version,
	};
	struct cfs_uki_made made = { 0 };
	struct cfs_karg karg;
	int r = cmd_boot_karg(g, repo, &source->images.v[0], &karg, err);

	if (r < 0)
		return r;
	/* As it is going to be signed, whether the repository here demands
	 * fs-verity does not count: where it boots, the disk has it. */
	karg.insecure = g->insecure;
	cfs_karg_format(&karg, text);
	r = read_cmdline(o->cmdline, &cmdline, &from.cmdline, err);
	if (r == 0)
		r = cfs_require_whole(repo, &karg.digest, source->name, err);
	if (r == 0)
		r = write_file(g, &from, &karg.digest, o, &made, err);
	if (r == 0)
		print(o, &karg, &made);
	return r;
}

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const struct options *o = call->options;
	const struct cfs_access access = cmd_access(call->g);
	const struct cmd_uki uki = { call->g, &o->uki };
	int r = cmd_uki_check(&o->uki, err);

	if (r < 0)
		return r;
	r = cmd_boot_image(&access, call->operand[0], cmd_uki_run, &uki, err);
	return r < 0 ? cfs_ctx(err, "make a kernel image for %s",
			       call->operand[0])
		     : 0;
}

const struct cfs_cmd cmd_uki = {
	.name = "uki",
	.help = "make a unified kernel image that boots an image: kernel, "
		"initramfs and command line in one EFI program",
	.needs = "-o FILE",
	.options = options,
	.size = sizeof(struct options),
	.operands = { { "IMAGE", CFS_TAKES_IMAGE } },
	.run = run,
};
