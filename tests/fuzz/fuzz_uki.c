/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A program that passes as a unified kernel image passes as anything else, and
 * a garbage collection finds the image in its command lines and no other.
 */
#include <assert.h>
#include <string.h>
#include <sys/mman.h>

#include "base/io.h"
#include "boot/pe.h"
#include "boot/roots.h"
#include "boot/uki.h"
#include "tests/fuzz/fuzz.h"

static struct cfs_err err;

static int found(void *arg, const char *where, const struct cfs_digest *id,
		 struct cfs_err *e)
{
	(void)where;
	(void)e;
	assert(cfs_digest_equal(arg, id));
	return 0;
}

static void broken(void *arg, const char *where, const char *reason)
{
	(void)arg;
	fprintf(stderr, "%s passed, and is broken: %s\n", where, reason);
	abort();
}

/* Looks at the command lines of @fd as a garbage collection does. */
static unsigned collect(int fd, struct cfs_digest *id)
{
	const struct cfs_boot_visitor visitor = { found, broken, id };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	unsigned n = 0;

	assert(cfs_pe_open(fd, &pe, &err) == 1);
	for (unsigned i = 0; i < pe.n; i++) {
		CFS_AUTOBUF struct cfs_buf text = { 0 };

		if (strcmp(pe.v[i].name, ".cmdline") != 0)
			continue;
		n++;
		assert(cfs_pe_read(fd, &pe.v[i], CFS_BOOT_CMDLINE_MAX, &text,
				   &err) == 0);
		for (size_t j = 0; j < text.len; j++)
			if (text.data[j] == '\0')
				text.data[j] = ' ';
		assert(cfs_boot_words(&visitor, "x", cfs_buf_bytes(&text),
				      &err) == 0);
	}
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char hex[] =
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
	struct cfs_digest id;
	const struct cfs_uki_images images = { 1, &id };
	CFS_AUTOFD int fd = memfd_create("fuzz", MFD_CLOEXEC);
	unsigned named = 0, other = 0;
	int uki, addon, maybe;

	assert(fd >= 0 && (size == 0 || cfs_write_full(fd, data, size) == 0));
	assert(cfs_digest_from_hex(hex, 64, &id, &err) == 0);
	uki = cfs_uki_check(fd, CFS_UKI, &images, &named, &err);
	addon = cfs_uki_check(fd, CFS_UKI_ADDON, &images, &other, &err);
	maybe = cfs_uki_check(fd, CFS_UKI_MAYBE, &images, &other, &err);
	assert((uki == 0) == (named == 1));
	assert(uki < 0 || (addon == 0 && maybe == 0));
	if (uki == 0)
		assert(collect(fd, &id) > 0);
	else if (addon == 0)
		(void)collect(fd, &id);
	return 0;
}
