/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* image2dump [-i] IMAGE: an image's tree as a canonical dumpfile; -i takes what
 * composefs-info takes. */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "erofs/reader.h"
#include "tree/dump/dump.h"

int main(int argc, char **argv)
{
	bool info = argc > 2 && strcmp(argv[1], "-i") == 0;
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	CFS_AUTOBUF struct cfs_buf dump = { 0 };
	struct cfs_err cerr = { 0 };

	if (argc < 2)
		errx(2, "usage: image2dump [-i] IMAGE");
	if (cfs_read_file(AT_FDCWD, argv[argc - 1], CFS_EROFS_IMAGE_MAX, &image,
			  &cerr) <= 0)
		errx(1, "%s: %s", argv[argc - 1], cerr.msg);
	if (cfs_erofs_read(cfs_buf_bytes(&image),
			   info ? CFS_EROFS_READ_INFO : 0, &tree, NULL,
			   &cerr) < 0 ||
	    cfs_dump_write(tree, &dump, &cerr) < 0)
		errx(1, "%s", cerr.msg);
	if (cfs_write_full(STDOUT_FILENO, dump.data, dump.len) < 0)
		err(1, "write");
	return 0;
}
