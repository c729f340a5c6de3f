/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An entry that is rewritten starts files of the directory alone, boots the
 * image and no other, and does not change when it is rewritten again.
 */
#include <assert.h>
#include <string.h>

#include "boot/entry_text.h"
#include "boot/kargs.h"
#include "tests/fuzz/fuzz.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define DIR "/id/hash/"

static struct cfs_err err;

static void check_paths(const struct cfs_bls_line *line)
{
	struct cfs_bytes rest = line->value, path;

	while (cfs_entry_next_path(&rest, &path)) {
		assert(path.len >= strlen(DIR) &&
		       memcmp(path.data, DIR, strlen(DIR)) == 0);
		assert(!memchr(path.data + strlen(DIR), '/',
			       path.len - strlen(DIR)));
	}
}

static void check_options(struct cfs_bytes options)
{
	struct cfs_bytes quiet;
	struct cfs_kargs kargs;
	char hex[CFS_DIGEST_HEX_MAX];

	if (options.len > CFS_CMDLINE_MAX)
		return;
	assert(cfs_kargs_parse(options, &kargs, &err) == 0);
	assert(kargs.n == 1 && kargs.n_skipped == 0);
	cfs_digest_to_hex(&kargs.v[0].digest, hex);
	assert(strcmp(hex, HEX) == 0);
	assert(cfs_cmdline_find(options, "quiet", &quiet) && quiet.len == 0);
}

static void check_entry(struct cfs_bytes text)
{
	struct cfs_bls_line line;
	unsigned options = 0;

	while (cfs_bls_next(&text, &line)) {
		if (cfs_entry_has_paths(&line))
			check_paths(&line);
		if (!cfs_bls_is(&line, "options"))
			continue;
		options++;
		check_options(line.value);
	}
	assert(options == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const extra[] = { "quiet" };
	static const struct cfs_entry_args args = { "composefs=" HEX, 1,
						    extra };
	CFS_AUTOBUF struct cfs_buf once = { 0 }, twice = { 0 };

	if (cfs_entry_rewrite((struct cfs_bytes){ data, size }, "id/hash",
			      &args, &once, &err) < 0)
		return 0;
	check_entry(cfs_buf_bytes(&once));
	assert(cfs_entry_rewrite(cfs_buf_bytes(&once), "id/hash", &args, &twice,
				 &err) == 0);
	assert(once.len == twice.len &&
	       memcmp(once.data, twice.data, once.len) == 0);
	return 0;
}
