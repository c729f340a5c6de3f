/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/marker.h"

#include <inttypes.h>
#include <string.h>

#include "base/io.h"
#include "base/json.h"

static void add_text(struct cfs_buf *buf, const char *name, const char *value)
{
	cfs_buf_addf(buf, "\"%s\":", name);
	if (value)
		cfs_json_add_string(buf, value);
	else
		cfs_buf_adds(buf, "null");
}

static void text(struct cfs_buf *buf, const char *name, const char *value)
{
	add_text(buf, name, value);
	cfs_buf_addc(buf, ',');
}

static void flag(struct cfs_buf *buf, const char *name, bool value)
{
	cfs_buf_addf(buf, "\"%s\":%s,", name, value ? "true" : "false");
}

static void add_lists(const struct cfs_marker *m, struct cfs_buf *buf)
{
	cfs_buf_adds(buf, "\"candidates\":[");
	for (unsigned i = 0; i < m->n_candidates; i++) {
		cfs_buf_adds(buf, i ? ",{" : "{");
		text(buf, "digest", m->candidates[i].digest);
		add_text(buf, "result", m->candidates[i].result);
		cfs_buf_addc(buf, '}');
	}
	cfs_buf_adds(buf, "],\"certs\":[");
	for (unsigned i = 0; i < m->n_certs; i++) {
		cfs_buf_adds(buf, i ? ",{" : "{");
		add_text(buf, "file", m->certs[i].file);
		cfs_buf_addf(buf, ",\"key\":%" PRId32 "}", m->certs[i].key);
	}
	cfs_buf_adds(buf, "],");
}

void cfs_marker_json(const struct cfs_marker *m, struct cfs_buf *buf)
{
	cfs_buf_addc(buf, '{');
	text(buf, "digest", m->digest);
	text(buf, "algorithm", m->algorithm);
	text(buf, "format", m->format);
	text(buf, "karg", m->karg);
	flag(buf, "insecure", m->insecure);
	text(buf, "verity", m->verity ? "require" : "off");
	text(buf, "image_backend", m->image_backend);
	text(buf, "layer_api", m->layer_api);
	text(buf, "root", m->root);
	text(buf, "etc", m->etc);
	text(buf, "var", m->var);
	flag(buf, "sysroot_readonly", m->sysroot_readonly);
	text(buf, "state_dir", m->state_dir);
	text(buf, "signature", m->signature);
	add_lists(m, buf);
	text(buf, "preflight", m->preflight);
	cfs_buf_addf(buf, "\"elapsed_us\":%" PRIu64 ",", m->elapsed_us);
	add_text(buf, "version", CFS_VERSION);
	cfs_buf_adds(buf, "}\n");
}

int cfs_marker_write(const struct cfs_marker *marker, int root_fd,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	int r;

	cfs_marker_json(marker, &buf);
	r = cfs_buf_check(&buf, err);
	if (r == 0)
		r = cfs_replace_file(root_fd, &CFS_MARKER_PATH[1], buf.data,
				     buf.len);
	return r < 0 ? cfs_fail_code(err, r, "write " CFS_MARKER_PATH) : 0;
}
