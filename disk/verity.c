/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Files with contents, and how ext4 keeps fs-verity:
 *
 *   data | hole to a multiple of 64 KiB | Merkle tree, root level first |
 *   descriptor, signature | zeroes | le32 bytes of descriptor and signature
 *
 * The descriptor starts at a block and the le32 ends the last block of the
 * file; i_size counts the data alone.
 *
 * Source: linux fs/ext4/verity.c, Documentation/filesystems/ext4/verity.rst.
 */
#include <string.h>

#include "base/disk.h"
#include "base/io.h"
#include "disk/ext4.h"
#include "disk/file.h"
#include "fsverity/enable.h"
#include "fsverity/merkle.h"

/* With pages of up to this size, none holds both data and metadata. */
#define METADATA_ALIGN UINT64_C(65536)
/* Where sig_size is in the descriptor.
 * Source: linux/fsverity.h, struct fsverity_descriptor. */
#define SIG_SIZE_OFF 4

static uint64_t blocks_of(uint64_t bytes)
{
	return bytes / CFS_EXT4_BLOCK + (bytes % CFS_EXT4_BLOCK != 0);
}

uint64_t cfs_ext4_file_blocks(uint64_t size, enum cfs_alg alg,
			      int64_t signature_size)
{
	uint64_t per_block = CFS_EXT4_BLOCK / cfs_alg_size(alg);
	uint64_t total = blocks_of(size);

	if (signature_size < 0)
		return total;
	/* A level has a hash for each block of the one below.  The hash of a
	 * level with one block is the root hash, which the descriptor holds. */
	for (uint64_t n = total; n > 1;) {
		n = n / per_block + (n % per_block != 0);
		total += n;
	}
	return total + blocks_of(CFS_VERITY_DESCRIPTOR_SIZE +
				 (uint64_t)signature_size + sizeof(cfs_le32));
}

/* Copies what @fd has to @file, and adds it to @m unless that is NULL. */
static int copy(struct cfs_ext4_file *file, int fd, struct cfs_merkle *m,
		uint64_t *ret_size, struct cfs_err *err)
{
	uint8_t *buffer = file->fs->buffer;
	uint64_t size = 0;

	for (;;) {
		ssize_t n = cfs_read_full(fd, buffer, CFS_EXT4_BUFFER);
		struct cfs_bytes data = { buffer, (size_t)n };
		int r;

		if (n < 0)
			return cfs_fail(err, (int)-n, "read: %s",
					strerror((int)-n));
		if (n == 0)
			break;
		r = m ? cfs_merkle_update(m, data, err) : 0;
		if (r == 0)
			r = cfs_ext4_file_put(file, size / CFS_EXT4_BLOCK, data,
					      err);
		if (r < 0)
			return r;
		size += data.len;
		if (data.len < CFS_EXT4_BUFFER)
			break;
	}
	*ret_size = size;
	return 0;
}

int cfs_ext4_add_file(struct cfs_ext4 *fs, const struct cfs_ext4_new *what,
		      struct cfs_err *err)
{
	CFS_AUTOEXT4FILE struct cfs_ext4_file file = { 0 };
	uint64_t size = 0;
	int r = cfs_ext4_vacant(fs, what->parent, what->name, err);

	if (r == 0)
		r = cfs_ext4_file_begin(fs, what->mode, &file, err);
	if (r == 0)
		r = copy(&file, what->fd, NULL, &size, err);
	if (r == 0)
		r = cfs_ext4_file_end(&file, size, 0, err);
	return r < 0 ? cfs_ctx(err, "%s", what->name)
		     : cfs_ext4_link(fs, what->parent, what->name, file.ino,
				     EXT2_FT_REG_FILE, err);
}

/* Appends to @out what follows the data of a verity file. */
static int metadata(const struct cfs_merkle *m, struct cfs_bytes signature,
		    struct cfs_buf *out, struct cfs_err *err)
{
	uint8_t descriptor[CFS_VERITY_DESCRIPTOR_SIZE];
	uint32_t len = sizeof(descriptor) + (uint32_t)signature.len;
	cfs_le32 sig_size = cfs_put32((uint32_t)signature.len);
	cfs_le32 end = cfs_put32(len);
	int r = cfs_merkle_tree(m, out, err);

	if (r < 0)
		return r;
	cfs_merkle_descriptor(m, descriptor);
	memcpy(descriptor + SIG_SIZE_OFF, sig_size.b, sizeof(sig_size.b));
	cfs_buf_add(out, descriptor, sizeof(descriptor));
	cfs_buf_add(out, signature.data, signature.len);
	cfs_buf_addz(out,
		     (size_t)blocks_of(len + sizeof(end.b)) * CFS_EXT4_BLOCK -
			     len - sizeof(end.b));
	cfs_buf_add(out, end.b, sizeof(end.b));
	return cfs_buf_check(out, err);
}

static int check(const struct cfs_digest *got, const struct cfs_digest *want,
		 struct cfs_err *err)
{
	char hex[CFS_DIGEST_HEX_MAX], want_hex[CFS_DIGEST_HEX_MAX];

	if (!want || cfs_digest_equal(got, want))
		return 0;
	cfs_digest_to_hex(got, hex);
	cfs_digest_to_hex(want, want_hex);
	return cfs_fail(err, EBADMSG,
			"the contents have fs-verity digest %s, not %s", hex,
			want_hex);
}

/*
 * Writes data and metadata of a verity file, and then its inode.  The tree is
 * kept in memory meanwhile: its root level comes first on the disk and last
 * from the data, and how long the levels are is known at the end of the data.
 */
static int fill(struct cfs_ext4_file *file, int fd,
		const struct cfs_ext4_verity *verity, struct cfs_digest *ret,
		struct cfs_err *err)
{
	CFS_AUTO(cfs_merkle_free) struct cfs_merkle *m = NULL;
	CFS_AUTOBUF struct cfs_buf tail = { 0 };
	struct cfs_digest got;
	uint64_t size = 0, at;
	int r = cfs_merkle_new(verity->alg, &m, err);

	if (r < 0)
		return r;
	cfs_merkle_keep_tree(m);
	r = copy(file, fd, m, &size, err);
	if (r == 0)
		r = cfs_merkle_final(m, &got, NULL, err);
	if (r == 0)
		r = check(&got, verity->want, err);
	if (r == 0)
		r = metadata(m, verity->signature, &tail, err);
	if (r < 0)
		return r;
	at = (size + METADATA_ALIGN - 1) / METADATA_ALIGN * METADATA_ALIGN;
	r = cfs_ext4_file_put(file, at / CFS_EXT4_BLOCK, cfs_buf_bytes(&tail),
			      err);
	if (r == 0)
		r = cfs_ext4_file_end(file, size, EXT4_VERITY_FL, err);
	if (r == 0)
		*ret = got;
	return r;
}

int cfs_ext4_add_verity(struct cfs_ext4 *fs, const struct cfs_ext4_new *what,
			const struct cfs_ext4_verity *verity,
			struct cfs_digest *ret, struct cfs_err *err)
{
	CFS_AUTOEXT4FILE struct cfs_ext4_file file = { 0 };
	struct cfs_digest got;
	int r;

	if (verity->signature.len > CFS_SIGNATURE_MAX)
		return cfs_fail(
			err, EMSGSIZE,
			"%s: the signature has %zu bytes; the kernel's maximum "
			"is %d",
			what->name, verity->signature.len, CFS_SIGNATURE_MAX);
	r = cfs_ext4_vacant(fs, what->parent, what->name, err);
	if (r == 0)
		r = cfs_ext4_file_begin(fs, what->mode, &file, err);
	if (r == 0)
		r = fill(&file, what->fd, verity, &got, err);
	if (r == 0)
		r = cfs_ext4_link(fs, what->parent, what->name, file.ino,
				  EXT2_FT_REG_FILE, err);
	if (r < 0)
		return cfs_ctx(err, "%s", what->name);
	*ret = got;
	return 0;
}
