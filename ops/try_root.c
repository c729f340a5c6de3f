/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/try_root.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/child.h"
#include "base/io.h"
#include "base/json.h"
#include "ops/tmpdir.h"
#include "repo/node_content.h"

#define PROGRAM	   "composefs-setup-root"
#define FILE_MAX   65536 /* bytes of a file of the configuration */
#define MARKER_MAX 65536

/* The drop-in of the check itself. */
#define LAST "conf.d/~cfsctl.toml"

/* Where the image has its configuration, and where the program finds it: of a
 * directory the files, with that text before their names. */
static const struct {
	const char *from, *to;
} places[] = {
	{ "/usr/lib/composefs/setup-root-conf.toml", "conf.toml" },
	/* Files are read in the order of their names, and whatever these are,
	 * LAST comes last. */
	{ "/usr/lib/composefs/setup-root-conf.d", "conf.d/-" },
	{ "/usr/lib/composefs/keys.d", "keys.d/" },
	{ "/etc/composefs/keys.d", "keys.d/" },
};

static int copy_file(const struct cfs_try_root *check, struct cfs_node *node,
		     const struct cfs_tmpdir *scratch, const char *to,
		     struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	char name[CFS_NODE_NAME_MAX];
	int r;

	if (!S_ISREG(node->mode))
		return 0;
	r = cfs_node_read(check->objects, check->tree, node, FILE_MAX, &text,
			  err);
	if (r < 0)
		return cfs_ctx(err, "%s", cfs_node_name(node, name));
	r = cfs_replace_file(scratch->fd, to, text.data, text.len);
	return r < 0 ? cfs_fail_code(err, r, "write %s/%s", scratch->path, to)
		     : 0;
}

static int copy_dir(const struct cfs_try_root *check, struct cfs_node *dir,
		    const struct cfs_tmpdir *scratch, const char *to,
		    struct cfs_err *err)
{
	int r = 0;

	for (struct cfs_node *n = dir->dir.first; r == 0 && n; n = n->next) {
		CFS_AUTOFREE char *path = NULL;

		/* The program passes over them. */
		if (n->name[0] == '.')
			continue;
		if (asprintf(&path, "%s%s", to, n->name) < 0) {
			path = NULL;
			return cfs_no_memory(err);
		}
		r = copy_file(check, n, scratch, path, err);
	}
	return r;
}

static int copy_all(const struct cfs_try_root *check,
		    const struct cfs_tmpdir *scratch, struct cfs_err *err)
{
	/* The program warns if a file that it was given does not exist, which
	 * it would not do in an initramfs. */
	int r = cfs_replace_file(scratch->fd, places[0].to, "", 0);

	if (r < 0)
		return cfs_fail_code(err, r, "write %s", scratch->path);
	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(places); i++) {
		struct cfs_node *node;

		r = cfs_tree_lookup(check->tree, places[i].from, &node, err);
		if (r <= 0)
			continue;
		if (cfs_node_is_dir(node))
			r = copy_dir(check, node, scratch, places[i].to, err);
		else if (i == 0) /* another file in the place of a directory
				  * is passed over */
			r = copy_file(check, node, scratch, places[i].to, err);
	}
	return r;
}

/* The last file of the configuration: certificates are where they were copied
 * to, and the state directory is made later. */
static int write_last(const struct cfs_tmpdir *scratch, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOFREE char *keys = NULL;
	int r;

	if (asprintf(&keys, "%s/keys.d", scratch->path) < 0) {
		keys = NULL;
		return cfs_no_memory(err);
	}
	cfs_buf_adds(&text, "[state]\nmissing = 'transient'\n"
			    "[keys]\ndirs = [");
	/* TOML has the escapes that JSON has. */
	cfs_json_add_string(&text, keys);
	cfs_buf_adds(&text, "]\n");
	r = cfs_buf_check(&text, err);
	if (r == 0)
		r = cfs_replace_file(scratch->fd, LAST, text.data, text.len);
	return r < 0 ? cfs_fail_code(err, r, "write %s", scratch->path) : 0;
}

static int run(const char *const *argv, struct cfs_tried_root *ret,
	       struct cfs_err *err)
{
	CFS_AUTOFD int out = memfd_create("marker", MFD_CLOEXEC);
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	const struct cfs_child_spec spec = { .argv = argv,
					     .out = out,
					     .third = -EBADF };
	int r;

	if (out < 0)
		return cfs_fail_errno(err, "make a file in memory");
	r = cfs_child_start(&spec, &child, err);
	if (r == 0)
		r = cfs_child_wait(&child, &ret->said, err);
	if (r < 0)
		return r;
	ret->status = r;
	if (lseek(out, 0, SEEK_SET) < 0)
		return cfs_fail_errno(err, "seek");
	r = cfs_read_all(out, MARKER_MAX, &ret->marker);
	return r < 0 ? cfs_fail_code(err, r, "read what " PROGRAM " prints")
		     : 0;
}

static int run_check(const struct cfs_try_root *check,
		     const struct cfs_tmpdir *scratch,
		     struct cfs_tried_root *ret, struct cfs_err *err)
{
	CFS_AUTOFREE char *config = NULL;

	if (asprintf(&config, "%s/conf.toml", scratch->path) < 0) {
		config = NULL;
		return cfs_no_memory(err);
	}
	return run((const char *const[]){ PROGRAM, "--check", "--sysroot",
					  check->sysroot, "--cmdline",
					  check->karg, "--config", config,
					  NULL },
		   ret, err);
}

void cfs_tried_root_free(struct cfs_tried_root *checked)
{
	cfs_buf_free(&checked->marker);
	cfs_buf_free(&checked->said);
}

int cfs_try_root(const struct cfs_try_root *check, struct cfs_tried_root *ret,
		 struct cfs_err *err)
{
	CFS_AUTOTMPDIR struct cfs_tmpdir scratch = CFS_TMPDIR_INIT;
	CFS_AUTOTRIED struct cfs_tried_root checked = { 0 };
	int r = cfs_tmpdir_make(&scratch, "/tmp", "cfsctl-check", err);

	if (r == 0)
		r = copy_all(check, &scratch, err);
	if (r == 0)
		r = write_last(&scratch, err);
	if (r == 0)
		r = run_check(check, &scratch, &checked, err);
	if (r < 0)
		return r;
	*ret = checked;
	checked = (struct cfs_tried_root){ 0 };
	return 0;
}
