/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "disk/mkfs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/child.h"

#define MIB	  (UINT64_C(1) << 20)
#define SIZE_MAX_ (UINT64_C(16) << 40)

/*
 * What every kernel with fs-verity (5.4) mounts.  Left out on purpose:
 * orphan_file and metadata_csum_seed, which newer mke2fs turn on and older
 * kernels refuse.
 */
#define FEATURES                                                     \
	"none,has_journal,ext_attr,resize_inode,dir_index,filetype," \
	"extent,64bit,flex_bg,sparse_super,large_file,huge_file,"    \
	"dir_nlink,extra_isize,metadata_csum,verity"

#define INODE_SIZE	 256
#define GROUP_BLOCKS	 (8 * CFS_EXT4_BLOCK)
#define RESERVED_PERCENT 1 /* of the blocks, kept for root */

/* The journal, in MiB: as mke2fs chooses for such a size, but stated. */
static unsigned journal_mib(uint64_t size)
{
	if (size < 128 * MIB)
		return 4;
	if (size < 1024 * MIB)
		return 16;
	return size < 16384 * MIB ? 64 : 128;
}

/* Blocks that the file system keeps for itself in an image of @size bytes. */
static uint64_t overhead(uint64_t size, uint64_t inodes)
{
	uint64_t groups = size / CFS_EXT4_BLOCK / GROUP_BLOCKS + 1;
	/* A descriptor of the feature 64bit has 64 bytes. */
	uint64_t gdt = groups * 64 / CFS_EXT4_BLOCK + 1;
	/* Superblock copies in groups 0, 1 and the powers of 3, 5 and 7, each
	 * with the descriptors and room to grow to 1024 times the size. */
	uint64_t copies = groups < 3 ? groups : 2;

	for (unsigned base = 3; base <= 7; base += 2)
		for (uint64_t g = base; g < groups; g *= base)
			copies++;
	/* Each group has two bitmaps; the inode tables and the journal. */
	return copies * (1 + gdt + 1024) + groups * 2 +
	       inodes * INODE_SIZE / CFS_EXT4_BLOCK + groups +
	       journal_mib(size) * MIB / CFS_EXT4_BLOCK + 64;
}

uint64_t cfs_ext4_size_for(uint64_t blocks, uint64_t inodes)
{
	uint64_t size = 0;

	if (blocks > SIZE_MAX_ / CFS_EXT4_BLOCK || inodes > UINT32_MAX)
		return 0;
	/* The overhead grows with the size, by less and less: it settles in a
	 * few rounds. */
	for (int i = 0; i < 8; i++) {
		uint64_t all = blocks + overhead(size, inodes);

		all += all * RESERVED_PERCENT / 100 + 1;
		size = (all * CFS_EXT4_BLOCK + MIB - 1) / MIB * MIB;
	}
	return size > SIZE_MAX_ ? 0 : size;
}

void cfs_uuid_format(const uint8_t uuid[static 16],
		     char text[static CFS_UUID_TEXT])
{
	size_t n = 0;

	for (unsigned i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			text[n++] = '-';
		n += (size_t)snprintf(text + n, CFS_UUID_TEXT - n, "%02x",
				      uuid[i]);
	}
}

/* One line for the message out of all that was said. */
static void flatten(struct cfs_buf *said)
{
	while (said->len && said->data[said->len - 1] == '\n')
		said->len--;
	for (size_t i = 0; i < said->len; i++)
		if (said->data[i] < ' ')
			said->data[i] = ' ';
}

static int mke2fs(int fd, const struct cfs_ext4_params *params,
		  struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf said = { 0 };
	char uuid[CFS_UUID_TEXT], ext[128], inodes[24], blocks[24], journal[32],
		now[48];
	char label[CFS_EXT4_LABEL_MAX + 1];
	const char *argv[] = { "mke2fs",     "-q",
			       "-F",	     "-t",
			       "ext4",	     "-O",
			       FEATURES,     "-b",
			       "4096",	     "-I",
			       "256",	     "-m",
			       "1",	     "-J",
			       journal,	     "-N",
			       inodes,	     "-U",
			       uuid,	     "-E",
			       ext,	     "-L",
			       label,	     "-e",
			       "remount-ro", "/proc/self/fd/3",
			       blocks,	     NULL };
	/* The same image everywhere: no defaults of this machine, no random
	 * seed (hash_seed), no time of day; and nothing that the first kernel
	 * to mount it would still have to write (lazy_*). */
	const char *env[] = { "LC_ALL=C", "MKE2FS_CONFIG=/dev/null", now,
			      NULL };
	const struct cfs_child_spec spec = {
		.argv = argv, .env = env, .out = -EBADF, .third = fd
	};
	CFS_AUTOCHILD struct cfs_child child = CFS_CHILD_INIT;
	int r;

	cfs_uuid_format(params->uuid, uuid);
	snprintf(ext, sizeof(ext),
		 "root_owner=0:0,lazy_itable_init=0,lazy_journal_init=0,"
		 "hash_seed=%s",
		 uuid);
	snprintf(journal, sizeof(journal), "size=%u",
		 journal_mib(params->size));
	snprintf(inodes, sizeof(inodes), "%" PRIu64, params->inodes + 16);
	snprintf(blocks, sizeof(blocks), "%" PRIu64,
		 params->size / CFS_EXT4_BLOCK);
	snprintf(now, sizeof(now), "E2FSPROGS_FAKE_TIME=%" PRId64,
		 params->time);
	snprintf(label, sizeof(label), "%s",
		 params->label ? params->label : "");
	r = cfs_child_start(&spec, &child, err);
	if (r == -ENOENT)
		return cfs_fail(
			err, ENOENT,
			"run mke2fs: it is not installed (package e2fsprogs)");
	if (r == 0)
		r = cfs_child_wait(&child, &said, err);
	if (r <= 0)
		return r;
	flatten(&said);
	return cfs_fail(err, EIO, "mke2fs failed (status %d): %s", r,
			cfs_buf_text(&said) ? (char *)said.data : "");
}

int cfs_ext4_mkfs(int fd, const struct cfs_ext4_params *params,
		  struct cfs_err *err)
{
	if (params->label && strlen(params->label) > CFS_EXT4_LABEL_MAX)
		return cfs_fail(err, EINVAL,
				"label %s: an ext4 label has at most %d bytes",
				params->label, CFS_EXT4_LABEL_MAX);
	if (params->time < 1 || params->time > CFS_EXT4_TIME_MAX)
		return cfs_fail(err, EINVAL,
				"time %" PRId64 " is not between 1 and %d",
				params->time, CFS_EXT4_TIME_MAX);
	if (params->size > SIZE_MAX_ || params->inodes > UINT32_MAX - 16)
		return cfs_fail(err, EFBIG,
				"an image of %" PRIu64 " MiB is too large",
				params->size / MIB);
	if (ftruncate(fd, (off_t)params->size) < 0)
		return cfs_fail_errno(err, "make room for %" PRIu64 " MiB",
				      params->size / MIB);
	return mke2fs(fd, params, err);
}
