/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cfsctl import-image: stores an image that was made elsewhere. */
#include <stdio.h>
#include <unistd.h>

#include "cfsctl/cfsctl.h"
#include "ops/import.h"
#include "repo/name.h"

static int run(const struct cfs_call *call, struct cfs_err *err)
{
	const char *name = call->operand[0];
	CFS_AUTOSTORE struct cfs_store store = CFS_STORE_INIT;
	char hex[CFS_DIGEST_HEX_MAX];
	struct cfs_digest id;
	int r;

	if (isatty(STDIN_FILENO))
		return cfs_fail(err, CFS_EUSAGE,
				"the image is read from the standard input, "
				"which is a terminal");
	r = cfs_name_check_new(name, err);
	if (r == 0)
		r = cmd_open_store(call->g, &store, err);
	if (r < 0)
		return r;
	r = cfs_import_image(&store, STDIN_FILENO, name, &id, err);
	if (r < 0)
		return cfs_ctx(err, "import image from stdin");
	cfs_digest_to_hex(&id, hex);
	printf("%s:%s\n", cfs_alg_name(id.alg), hex);
	return 0;
}

const struct cfs_cmd cmd_import_image = {
	.name = "import-image",
	.help = "store an EROFS image and name it",
	.operands = { { "NAME" } },
	.needs = "< IMAGE",
	.run = run,
};
