/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Forged images: a good one is made of a dumpfile, and a few of its bytes are
 * overwritten at places that are found by what they mean.
 *
 * The tests are one for every check that a reader of composefs images has to
 * make: an image that breaks this one rule, and the words it is refused with.
 * Source of the lists: "rust", what composefs-rs erofs/reader.rs (0.9.0)
 * checks; "gap" and its number, what it lacks though overlayfs, the kernel's
 * EROFS or a walk of the tree rely on it.
 */
#ifndef CFS_TESTS_FORGE_H
#define CFS_TESTS_FORGE_H

#include "erofs/read_image.h"
#include "erofs/writer.h"
#include "tests/test.h"
#include "tree/dump/dump.h"

enum forge_place {
	FORGE_IMAGE = 1, /* byte 0 */
	FORGE_SUPER,
	FORGE_INODE,  /* of @path */
	FORGE_XATTRS, /* its xattr header */
	FORGE_TAIL,   /* what stands behind its xattrs */
	FORGE_BLOCKS, /* its data blocks */
	FORGE_ENTRY,  /* the entry that names it */
	FORGE_NAME,   /* the name there */
	FORGE_SHARED, /* the first shared xattr */
};

/* @len little-endian bytes of @value at @offset behind @place; with @nid_of
 * the number of that file's inode. */
struct forge_patch {
	enum forge_place place;
	const char *path;
	size_t offset;
	unsigned len; /* 0: no patch, the list ends */
	uint64_t value;
	const char *nid_of;
};

static inline struct cfs_bytes forge_text(const char *s)
{
	return (struct cfs_bytes){ (const uint8_t *)s, strlen(s) };
}

/* Makes the good image. */
static inline void forge_build(const char *dump, unsigned version,
			       unsigned flags, struct cfs_buf *ret)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	struct cfs_err err = { 0 };

	if (cfs_dump_read(forge_text(dump), flags, &tree, &err) < 0 ||
	    cfs_erofs_write(tree, version, 0, ret, &err) < 0) {
		printf("# %s%s\n", dump, err.msg);
		CHECK(false); /* it is to be a good image */
	}
}

/* Finds @name in the directory of inode @st, whose bytes are @image's. */
static inline uint64_t forge_entry(const struct cfs_buf *image,
				   const struct cfs_erofs_stat *st,
				   struct cfs_bytes name, size_t *ret_entry,
				   size_t *ret_name)
{
	struct cfs_erofs_dir_read it;
	struct cfs_erofs_entry_read entry;
	struct cfs_err err;

	cfs_erofs_dir_open(&it, st);
	while (cfs_erofs_dir_read(&it, &entry, &err) > 0) {
		if (entry.name.len != name.len ||
		    memcmp(entry.name.data, name.data, name.len) != 0)
			continue;
		*ret_name = (size_t)(entry.name.data - image->data);
		*ret_entry = (size_t)(it.block.data - image->data) +
			     (it.at - 1) * sizeof(struct cfs_erofs_dirent);
		return entry.nid;
	}
	printf("# no %.*s\n", (int)name.len, name.data);
	CHECK(false); /* there is to be such an entry */
	return 0;
}

static inline void forge_stat(const struct cfs_buf *image, uint64_t nid,
			      struct cfs_erofs_stat *ret)
{
	struct cfs_erofs_image open;
	struct cfs_err err;

	CHECK_EQ(cfs_erofs_image_open(&open, cfs_buf_bytes(image), &err), 0);
	CHECK_EQ(cfs_erofs_inode_read(&open, nid, ret, &err), 0);
	cfs_erofs_image_close(&open);
}

struct forge_found {
	struct cfs_erofs_stat st;
	size_t entry, name;
};

static inline void forge_find(const struct cfs_buf *image, const char *path,
			      struct forge_found *ret)
{
	cfs_le16 root;

	memcpy(&root,
	       image->data + CFS_EROFS_SUPER_START +
		       offsetof(struct cfs_erofs_super, root_nid),
	       sizeof(root));
	forge_stat(image, cfs_get16(root), &ret->st);
	while (*(path += strspn(path, "/"))) {
		size_t len = strcspn(path, "/");
		uint64_t nid = forge_entry(
			image, &ret->st,
			(struct cfs_bytes){ (const uint8_t *)path, len },
			&ret->entry, &ret->name);

		forge_stat(image, nid, &ret->st);
		path += len;
	}
}

static inline size_t forge_offset(const struct cfs_buf *image,
				  const struct forge_patch *patch)
{
	struct cfs_erofs_super super;
	struct forge_found found = { 0 };

	memcpy(&super, image->data + CFS_EROFS_SUPER_START, sizeof(super));
	if (patch->path)
		forge_find(image, patch->path, &found);
	switch (patch->place) {
	case FORGE_IMAGE:
		return 0;
	case FORGE_SUPER:
		return CFS_EROFS_SUPER_START;
	case FORGE_INODE:
		return (size_t)found.st.nid * CFS_EROFS_SLOT;
	case FORGE_XATTRS:
		return (size_t)(found.st.xattrs.data - image->data);
	case FORGE_TAIL:
		return (size_t)(found.st.tail.data - image->data);
	case FORGE_BLOCKS:
		return (size_t)(found.st.blocks.data - image->data);
	case FORGE_ENTRY:
		return found.entry;
	case FORGE_NAME:
		return found.name;
	case FORGE_SHARED:
		break;
	}
	/* Counted from the block that the superblock names. */
	CHECK(found.st.xattrs.len >= 16);
	return cfs_get32(super.xattr_blkaddr) * CFS_EROFS_BLOCK +
	       4 * (found.st.xattrs.data[12] | found.st.xattrs.data[13] << 8);
}

/* All places are found before any is overwritten. */
static inline void forge_apply(struct cfs_buf *image,
			       const struct forge_patch *patches, size_t max)
{
	struct {
		size_t at;
		uint64_t value;
	} done[8];
	size_t n = 0;

	CHECK(max <= CFS_ARRAY_SIZE(done));
	for (; n < max && patches[n].len > 0; n++) {
		struct forge_found target = { 0 };

		done[n].at =
			forge_offset(image, &patches[n]) + patches[n].offset;
		done[n].value = patches[n].value;
		if (!patches[n].nid_of)
			continue;
		forge_find(image, patches[n].nid_of, &target);
		done[n].value = target.st.nid;
	}
	for (size_t i = 0; i < n; i++) {
		CHECK(done[i].at + patches[i].len <= image->len);
		for (unsigned b = 0; b < patches[i].len; b++)
			image->data[done[i].at + b] =
				(uint8_t)(b < 8 ? done[i].value >> 8 * b : 0);
	}
}

#define ROOT "/ 0 40755 2 0 0 0 0.0 - - -\n"
#define DIGEST_A \
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define PATH_A \
	"aa/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
/* One of everything. */
#define SINK                                                             \
	"/ 0 40755 2 0 0 0 0.0 - - - user.a=b\n"                         \
	"/c 0 20644 1 0 0 259 0.0 - - -\n"                               \
	"/d 0 40755 2 0 0 0 0.0 - - - user.s=shared\n"                   \
	"/d/f 3 100644 1 0 0 0 0.0 - abc - user.l=local user.s=shared\n" \
	"/d/h 0 @120000 - - - - 0.0 /d/f - -\n"                          \
	"/e 0 40755 2 0 0 0 0.0 - - -\n"                                 \
	"/e/g 3 100644 1 0 0 0 0.0 - xyz -\n"                            \
	"/l 6 120777 1 0 0 0 0.0 target - -\n"                           \
	"/p 0 10644 1 0 0 0 0.0 - - -\n"                                 \
	"/x 99 100644 1 0 0 0 0.0 " PATH_A " - " DIGEST_A "\n"
#define FOUR(s)	  s s s s
#define X512	  FOUR(FOUR(FOUR("xxxxxxxx")))
#define X1024	  X512 X512
#define X252	  FOUR(FOUR("xxxxxxxxxxxxxxx")) "xxxxxxxxxxxx"
#define LONG_NAME ROOT "/" X252 "xxx 0 100644 1 0 0 0 0.0 - - -\n"
/* A value of 3072 bytes: head and target stand in different blocks. */
#define FAR_LINK \
	ROOT "/l 1 120777 1 0 0 0 0.0 t - - user.a=" X1024 X1024 X1024 "\n"
/* An attribute whose name becomes overlay's by one byte. */
#define ALMOST(name) "user.overlaX." name
#define WHITEOUT     ROOT "/w 0 20644 1 0 0 0 0.0 - - -\n"

/* Places. */
#define SUPER(f)    FORGE_SUPER, NULL, offsetof(struct cfs_erofs_super, f)
#define HEADER(f)   FORGE_IMAGE, NULL, offsetof(struct cfs_erofs_header, f)
#define C(path, f)  FORGE_INODE, path, offsetof(struct cfs_erofs_compact, f)
#define X(path, f)  FORGE_INODE, path, offsetof(struct cfs_erofs_extended, f)
#define D(path, f)  FORGE_ENTRY, path, offsetof(struct cfs_erofs_dirent, f)
#define XA(path, n) FORGE_XATTRS, path, n
/* Of /x in SINK: bytes behind the start of overlay's own values. */
#define METACOPY(n) FORGE_XATTRS, "/x", 12 + 4 + 16 + (n)
#define REDIRECT(n) FORGE_XATTRS, "/x", 12 + 4 + 16 + 36 + 4 + 16 + (n)
/* The filter of xattr names counts no more. */
#define NO_FILTER                               \
	{                                       \
		SUPER(feature_compat), 4, 2, 0, \
	}

#define SAME NULL /* as when strict */

struct forgery {
	const char *rule;
	const char *dump;
	unsigned version;
	struct forge_patch patch[5];
	const char *strict, *info; /* error texts; info "": taken */
	unsigned dump_flags;
};

static inline bool forge_run(const struct forgery *f, unsigned flags,
			     const char *want)
{
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOBUF struct cfs_buf image = { 0 };
	struct cfs_err err = { 0 };
	int r;

	forge_build(f->dump, f->version, f->dump_flags, &image);
	forge_apply(&image, f->patch, CFS_ARRAY_SIZE(f->patch));
	r = cfs_erofs_read(cfs_buf_bytes(&image), flags, &tree, NULL, &err);
	if (*want ? r == -EBADMSG && !tree && strcmp(err.msg, want) == 0
		  : r == 0)
		return true;
	printf("# %s\n#   got  %s\n#   want %s\n", f->rule,
	       r == 0 ? "(taken)" : err.msg, want);
	return false;
}

static inline void forge_refused(const struct forgery *list, size_t n)
{
	bool good = true;

	for (size_t i = 0; i < n; i++) {
		const struct forgery *f = &list[i];

		good &= forge_run(f, 0, f->strict);
		good &= forge_run(f, CFS_EROFS_READ_INFO,
				  f->info ? f->info : f->strict);
	}
	CHECK(good);
}

#endif
