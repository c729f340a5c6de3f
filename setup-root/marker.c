/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/marker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

#include "base/io.h"
#include "base/json.h"

/* Words in place instead of pointers to them: no relocations. */
static const char results[][sizeof("other algorithm")] = {
	[CFS_RESULT_UNTRIED] = "untried",
	[CFS_RESULT_OTHER_ALGORITHM] = "other algorithm",
	[CFS_RESULT_UNREADABLE] = "unreadable",
	[CFS_RESULT_DANGLING] = "dangling",
	[CFS_RESULT_ABSENT] = "absent",
	[CFS_RESULT_WRONG_DIGEST] = "wrong digest",
	[CFS_RESULT_SIGNATURE] = "signature",
	[CFS_RESULT_NO_STATE] = "no state",
	[CFS_RESULT_BOOTED] = "booted",
};

const char *cfs_root_kind_name(enum cfs_root_kind kind)
{
	static const char names[][sizeof("transient-ro")] = {
		[CFS_ROOT_IMAGE] = "image",
		[CFS_ROOT_TRANSIENT] = "transient",
		[CFS_ROOT_TRANSIENT_RO] = "transient-ro",
		[CFS_ROOT_DIRECTORY] = "directory",
	};

	return names[kind];
}

const char *cfs_root_backend_name(const struct cfs_root *root,
				  char text[static CFS_BACKEND_MAX])
{
	bool file = root->image.backend == CFS_BACKEND_FILE;

	if (root->kind == CFS_ROOT_DIRECTORY)
		return NULL;
	snprintf(text, CFS_BACKEND_MAX, "%s%s",
		 file ? "file" : "loop:", root->image.loop);
	return text;
}

/* "name":"value" and a comma, with JSON's null for NULL. */
static void text(struct cfs_buf *buf, const char *name, const char *value)
{
	cfs_buf_addf(buf, "\"%s\":", name);
	if (value)
		cfs_json_add_string(buf, value);
	else
		cfs_buf_adds(buf, "null");
	cfs_buf_addc(buf, ',');
}

static void add_image(const struct cfs_boot *b, struct cfs_buf *buf)
{
	const struct cfs_karg *karg = &cfs_boot_chosen(b)->karg;
	char argument[CFS_KARG_TEXT_MAX];

	cfs_karg_format(karg, argument);
	text(buf, "digest", cfs_boot_chosen(b)->hex);
	text(buf, "algorithm", cfs_alg_name(karg->digest.alg));
	text(buf, "format", karg->version == 1 ? "v1" : "v2");
	text(buf, "karg", argument);
	cfs_buf_addf(buf, "\"insecure\":%s,",
		     karg->insecure ? "true" : "false");
}

static void add_root(const struct cfs_boot *b, struct cfs_buf *buf)
{
	const struct cfs_root *root = &b->root;
	enum cfs_proof proof = b->choice.proof;
	char room[CFS_BACKEND_MAX];
	const char *backend = cfs_root_backend_name(root, room);

	text(buf, "verity", b->choice.verity ? "require" : "off");
	text(buf, "image_backend", backend);
	text(buf, "layer_api",
	     backend ? cfs_layer_api_name(root->layer_api) : NULL);
	text(buf, "root", cfs_root_kind_name(root->kind));
	text(buf, "etc", cfs_dir_mode_name(root->etc));
	text(buf, "var", cfs_dir_mode_name(root->var));
	cfs_buf_addf(buf, "\"sysroot_readonly\":%s,",
		     b->config.sysroot.readonly ? "true" : "false");
	text(buf, "state_dir", root->state_dir[0] ? root->state_dir : NULL);
	text(buf, "signature",
	     proof == CFS_PROOF_NONE	 ? NULL
	     : proof == CFS_PROOF_KERNEL ? "kernel"
					 : "pkcs7");
}

static void add_candidates(const struct cfs_boot *b, struct cfs_buf *buf)
{
	cfs_buf_adds(buf, "\"candidates\":[");
	for (unsigned i = 0; i < b->n_candidates; i++)
		cfs_buf_addf(buf, "%s{\"digest\":\"%s\",\"result\":\"%s\"}",
			     i ? "," : "", b->candidates[i].hex,
			     results[b->candidates[i].result]);
	cfs_buf_adds(buf, "],");
}

/* The certificates that .fs-verity holds. */
static void add_certs(const struct cfs_keys *keys, struct cfs_buf *buf)
{
	const char *separator = "";

	cfs_buf_adds(buf, "\"certs\":[");
	for (unsigned i = 0; i < keys->certs.n; i++) {
		if (keys->keys[i] == 0)
			continue;
		cfs_buf_addf(buf, "%s{", separator);
		text(buf, "file", keys->certs.v[i].file);
		cfs_buf_addf(buf, "\"key\":%" PRId32 "}", keys->keys[i]);
		separator = ",";
	}
	cfs_buf_adds(buf, "],");
}

/* Files of IPE hold one digit. */
static bool is_one(const char *path)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char digit;

	return fd >= 0 && read(fd, &digit, 1) == 1 && digit == '1';
}

#define IPE "/sys/kernel/security/ipe/"

/* NULL without an active policy, or without securityfs to see it. */
static const char *ipe_name(void)
{
	char path[sizeof(IPE) + NAME_MAX + 32];
	CFS_AUTODIR DIR *dir = opendir(IPE "policies");
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		snprintf(path, sizeof(path), IPE "policies/%s/active",
			 e->d_name);
		if (is_one(path))
			return is_one(IPE "enforce") ? "enforcing"
						     : "permissive";
	}
	return NULL;
}

void cfs_marker_json(const struct cfs_boot *b, struct cfs_buf *buf)
{
	bool probed = b->config.probe.enable &&
		      b->root.kind != CFS_ROOT_DIRECTORY;

	cfs_buf_addc(buf, '{');
	add_image(b, buf);
	add_root(b, buf);
	add_candidates(b, buf);
	add_certs(&b->keys, buf);
	text(buf, "ipe", ipe_name());
	text(buf, "preflight", probed ? "ok" : "skipped");
	text(buf, "version", CFS_VERSION);
	cfs_buf_addf(buf, "\"elapsed_us\":%" PRIu64 "}\n", b->elapsed_us);
}

int cfs_marker_write(const struct cfs_boot *boot, int root_fd,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	int r;

	cfs_marker_json(boot, &buf);
	r = cfs_buf_check(&buf, err);
	if (r == 0)
		r = cfs_replace_file(root_fd, &CFS_MARKER_PATH[1], buf.data,
				     buf.len);
	return r < 0 ? cfs_fail_code(err, r, "write " CFS_MARKER_PATH) : 0;
}
