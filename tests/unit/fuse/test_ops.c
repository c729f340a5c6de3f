/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/unit/fuse/session.h"

#define ROOT "/ 4096 40755 3 5 6 0 1.5 - - -\n"

static const char dump[] = ROOT "/a 3 100640 2 7 8 0 2.25 - abc -\n"
				"/b 0 @100640 1 0 0 0 0.0 /a - -\n"
				"/d 0 40700 2 0 0 0 3.0 - - -\n"
				"/d/n 0 20644 1 0 0 259 3.0 - - -\n"
				"/d/w 0 20644 1 0 0 0 3.0 - - -\n"
				"/l 6 120777 1 0 0 0 4.0 to/any - -\n";

TEST(a_mount_keeps_what_never_changes)
{
	struct kernel *k = new_kernel(dump, 1);
	struct fuse_init_out out;

	open_session(k);
	CHECK(!k->server.is_used);
	out = shake_hands(k, 0);
	CHECK(k->server.is_used);
	CHECK(out.flags & FUSE_DO_READDIRPLUS);
	CHECK(!(out.flags & FUSE_READDIRPLUS_AUTO));
	CHECK(out.flags & FUSE_CACHE_SYMLINKS);
	CHECK(out.flags & FUSE_PARALLEL_DIROPS);
	stop_kernel(k);
}

TEST(passthrough_is_asked_for_in_modes_that_have_it)
{
	static const struct {
		enum cfs_fuse_mode mode;
		uint32_t depth; /* of file systems, as the kernel counts */
	} cases[] = {
		{ CFS_FUSE_AUTO, 1 },
		{ CFS_FUSE_PASSTHROUGH, 1 },
		{ CFS_FUSE_OVERLAY, 0 },
		{ CFS_FUSE_PLAIN, 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		struct kernel *k = new_kernel(dump, 1);
		uint32_t depth;

		k->params.mode = cases[i].mode;
		open_session(k);
		(void)shake_hands(k, 0);
		/* max_stack_depth, which headers before Linux 6.9 lack */
		memcpy(&depth, k->reply + 36, sizeof(depth));
		CHECK_EQ(depth, cases[i].depth);
		stop_kernel(k);
	}
}

TEST(a_name_comes_with_all_that_stat_shows)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	struct fuse_entry_out a, b;

	CHECK(ask_lookup(k, FUSE_ROOT_ID, "a", &a) > 0);
	CHECK_EQ(a.attr.mode, S_IFREG | 0640);
	CHECK_EQ(a.attr.nlink, 2);
	CHECK_EQ(a.attr.uid, 7);
	CHECK_EQ(a.attr.gid, 8);
	CHECK_EQ(a.attr.size, 3);
	CHECK_EQ(a.attr.blocks, 8);
	CHECK_EQ(a.attr.mtime, 2);
	CHECK_EQ(a.attr.mtimensec, 25);
	CHECK_EQ(a.attr.ino, a.nodeid);
	CHECK(a.entry_valid > 1u << 29 && a.attr_valid > 1u << 29);
	/* Hard links are one file. */
	CHECK_EQ(ask_lookup(k, FUSE_ROOT_ID, "b", &b), a.nodeid);
	CHECK_MEM(&a.attr, &b.attr, sizeof(a.attr));
	stop_kernel(k);
}

TEST(a_name_that_does_not_exist_is_remembered)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	struct fuse_entry_out entry;

	CHECK_EQ(ask_lookup(k, FUSE_ROOT_ID, "none", &entry), 0);
	CHECK(entry.entry_valid > 1u << 29);
	CHECK_EQ(ask_lookup(k, number_of(k, "a"), "x", &entry), -ENOTDIR);
	CHECK_EQ(ask_lookup(k, 12345678, "x", &entry), -EIO);
	stop_kernel(k);
}

TEST(attributes_of_the_root_and_of_devices)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	const struct fuse_getattr_in in = { 0 };
	struct fuse_attr_out out;
	struct fuse_entry_out n;

	CHECK_EQ(ask(k, FUSE_GETATTR, FUSE_ROOT_ID, &in, sizeof(in)), 0);
	CHECK_EQ(k->len, sizeof(out));
	memcpy(&out, k->reply, sizeof(out));
	CHECK_EQ(out.attr.mode, S_IFDIR | 0755);
	CHECK_EQ(out.attr.uid, 5);
	CHECK(ask_lookup(k, number_of(k, "d"), "n", &n) > 0);
	CHECK_EQ(n.attr.rdev, 259);
	CHECK_EQ(ask(k, FUSE_GETATTR, 2, &in, sizeof(in)), -EIO);
	stop_kernel(k);
}

/* Lists directory @nid in replies of @size bytes.  Returns the names, each
 * followed by a space. */
static char *list(struct kernel *k, uint64_t nid, uint32_t size)
{
	static char names[4096];
	struct fuse_read_in in = { .size = size };
	size_t at = 0;

	for (;;) {
		CHECK_EQ(ask(k, FUSE_READDIR, nid, &in, sizeof(in)), 0);
		if (k->len == 0)
			break;
		for (size_t off = 0; off < k->len;) {
			struct fuse_dirent entry;

			memcpy(&entry, k->reply + off, FUSE_NAME_OFFSET);
			CHECK(at + entry.namelen + 2 < sizeof(names));
			memcpy(names + at, k->reply + off + FUSE_NAME_OFFSET,
			       entry.namelen);
			at += entry.namelen;
			names[at++] = ' ';
			in.offset = entry.off;
			off += FUSE_DIRENT_ALIGN(FUSE_NAME_OFFSET +
						 entry.namelen);
		}
	}
	names[at] = '\0';
	return names;
}

TEST(a_directory_is_listed_in_pieces_of_any_size)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);

	for (uint32_t size = 32; size < 400; size += 8)
		CHECK_STR(list(k, FUSE_ROOT_ID, size), ". .. a b d l ");
	stop_kernel(k);
}

/* Version 1 stores it as a whiteout that overlayfs shows as a file. */
TEST(a_whiteout_is_shown_as_overlayfs_would)
{
	static const char *const names[] = { ". .. n w ", ". .. n w ",
					     ". .. n " };

	for (unsigned version = 0; version < 3; version++) {
		struct kernel *k = start_kernel(dump, version, CFS_FUSE_PLAIN);

		CHECK_STR(list(k, number_of(k, "d"), 4096), names[version]);
		stop_kernel(k);
	}
}

TEST(a_listing_has_what_lookups_would_tell)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	const struct fuse_read_in in = { .size = 4096 };
	struct fuse_entry_out a;
	struct fuse_direntplus entry;
	size_t off = 0;

	CHECK(ask_lookup(k, FUSE_ROOT_ID, "a", &a) > 0);
	CHECK_EQ(ask(k, FUSE_READDIRPLUS, FUSE_ROOT_ID, &in, sizeof(in)), 0);
	for (unsigned i = 0; i < 3; i++) {
		memcpy(&entry, k->reply + off, FUSE_NAME_OFFSET_DIRENTPLUS);
		off += FUSE_DIRENTPLUS_SIZE(&entry);
		/* The kernel looks "." and ".." up by itself. */
		if (i < 2)
			CHECK_EQ(entry.entry_out.nodeid, 0);
	}
	CHECK_MEM(&entry.entry_out, &a, sizeof(a));
	stop_kernel(k);
}

TEST(directories_are_opened_without_a_message)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	const struct fuse_open_in open = { 0 };
	const struct fuse_read_in in = { .size = 4096 };

	CHECK_EQ(ask(k, FUSE_OPENDIR, FUSE_ROOT_ID, &open, sizeof(open)),
		 -ENOSYS);
	CHECK_EQ(ask(k, FUSE_READDIR, number_of(k, "a"), &in, sizeof(in)),
		 -ENOTDIR);
	stop_kernel(k);
}

TEST(a_link_has_its_target_and_other_files_have_none)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);

	CHECK_EQ(ask(k, FUSE_READLINK, number_of(k, "l"), NULL, 0), 0);
	CHECK(got(k, "to/any"));
	CHECK_EQ(ask(k, FUSE_READLINK, number_of(k, "a"), NULL, 0), -EINVAL);
	stop_kernel(k);
}

TEST(statfs_counts_the_image)
{
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	struct fuse_statfs_out out;

	CHECK_EQ(ask(k, FUSE_STATFS, FUSE_ROOT_ID, NULL, 0), 0);
	memcpy(&out, k->reply, sizeof(out));
	CHECK_EQ(out.st.blocks, k->image.len / 4096);
	CHECK_EQ(out.st.bsize, 4096);
	CHECK_EQ(out.st.namelen, 255);
	CHECK(out.st.files >= 6);
	CHECK_EQ(out.st.bfree, 0);
	stop_kernel(k);
}

TEST(nothing_can_be_changed)
{
	static const uint32_t writes[] = { FUSE_SETATTR, FUSE_MKDIR,
					   FUSE_UNLINK,	 FUSE_RENAME,
					   FUSE_WRITE,	 FUSE_SETXATTR };
	struct kernel *k = start_kernel(dump, 1, CFS_FUSE_PLAIN);
	const char body[256] = { 0 };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(writes); i++)
		CHECK_EQ(ask(k, writes[i], FUSE_ROOT_ID, body, sizeof(body)),
			 -ENOSYS);
	stop_kernel(k);
}
