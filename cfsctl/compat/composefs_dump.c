/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* composefs-dump SRC DEST: an image read and written again. */
#include "cfsctl/cli/options.h"
#include "cfsctl/cli/output.h"
#include "cfsctl/compat/load_image.h"
#include "cfsctl/compat/programs.h"
#include "erofs/writer.h"

void cmd_composefs_dump_usage(FILE *to)
{
	fputs("usage: composefs-dump SRC DEST\n", to);
}

static int rewrite(const struct cfs_tree *tree, unsigned version,
		   const char *path, struct cfs_err *err)
{
	CFS_AUTOOUTPUT struct cfs_output out = CFS_OUTPUT_INIT;
	const struct cfs_sink sink = { cmd_output_write, &out };
	int r = cmd_output_open(path, &out, err);

	if (r == 0)
		r = cfs_erofs_write_to(tree, version, CFS_EROFS_SIGNED_TIME,
				       &sink, NULL, err);
	return r < 0 ? r : cmd_output_commit(&out, err);
}

int cmd_composefs_dump(int argc, char **argv, struct cfs_err *err)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	unsigned version;
	int r;

	if (argc < 2)
		return cfs_fail(err, CFS_EUSAGE, "No source path specified");
	if (argc < 3)
		return cfs_fail(err, CFS_EUSAGE,
				"No destination path specified");
	if (argc > 3)
		return cfs_fail(err, CFS_EUSAGE, "Too many arguments");
	r = cmd_load_image(argv[1], &tree, &version, err);
	if (r < 0)
		return r;
	/* mkcomposefs makes no such image, and one of version 2 is not always
	 * what its tree would be written as. */
	if (version > 1)
		return cfs_fail(err, EINVAL,
				"Failed to write '%s': version %u images are "
				"not written by this program",
				argv[2], version);
	r = rewrite(tree, version, argv[2], err);
	return r < 0 ? cfs_ctx(err, "Failed to write '%s'", argv[2]) : 0;
}
