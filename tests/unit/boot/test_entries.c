/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/entries.h"

#include "tests/unit/boot/visits.h"

#define KARG "options composefs.digest=v1-sha256-12:"

static struct cfs_err err;
static struct visits visits;
static char root[4096];
static struct cfs_boot_entries entries;

static void start(void)
{
	strcpy(root, fresh_dir());
	make_dir(root, "loader");
	make_dir(root, "loader/entries");
	make_dir(root, "EFI");
	make_dir(root, "EFI/Linux");
	put(root, "vmlinuz", "kernel");
}

/* Reads them, into the paths one after another. */
static void read_all(const char *paths, const char *broken)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOFD int fd = open_dir(root);

	cfs_boot_entries_free(&entries);
	CHECK_EQ(
		cfs_boot_entries_read(fd, note_broken, &visits, &entries, &err),
		0);
	for (size_t i = 0; i < entries.n; i++)
		cfs_buf_addf(&text, "%s%s ", entries.v[i].path,
			     entries.v[i].offered ? "" : "!");
	CHECK_STR(cfs_buf_text(&text), paths);
	check_visits(&visits, "", broken);
}

TEST(an_entry_is_read_as_the_boot_loader_does)
{
	const struct cfs_boot_entry *e;

	start();
	put(root, "loader/entries/Demo-1+2-1.conf",
	    "title Demo\tone\nversion 1.2\nsort-key demo\nmachine-id abc\n"
	    "linux /vmlinuz\n" KARG A "\noptions composefs=" B "\n");
	read_all("loader/entries/Demo-1+2-1.conf ", "");
	e = &entries.v[0];
	CHECK_STR(e->id, "demo-1.conf");
	CHECK_STR(e->title, "Demo\tone");
	CHECK_STR(e->version, "1.2");
	CHECK_STR(e->sort_key, "demo");
	CHECK_STR(e->machine_id, "abc");
	CHECK_EQ(e->tries_left, 2);
	CHECK_EQ(e->tries_done, 1);
	CHECK_EQ(e->images.n, 2);
	CHECK_EQ(e->images.v[0].bytes[0], 0xa3);
	CHECK_EQ(e->images.v[1].bytes[0], 0xb3);
}

static void put_uki(const char *name, const char *os, const char *cmdline)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct test_section sections[] = { { ".osrel", os, 30 },
					   { ".cmdline", cmdline, 30 } };

	test_pe(sections, 2, &file);
	put_bytes(root, name, cfs_buf_bytes(&file));
}

TEST(a_kernel_image_has_the_name_of_its_system)
{
	const struct cfs_boot_entry *e;

	start();
	put_uki("EFI/Linux/X+3.EFI",
		"NAME=Debian\nPRETTY_NAME=\"Debian 13\"\r\nID=debian\n"
		"VERSION_ID='13'\n# x=y\n=\nIMAGE_VERSION=7\n",
		"composefs=" A);
	read_all("EFI/Linux/X+3.EFI ", "");
	e = &entries.v[0];
	CHECK_STR(e->id, "x.efi");
	CHECK_STR(e->title, "Debian 13");
	CHECK_STR(e->version, "7");
	CHECK_STR(e->sort_key, "debian");
	CHECK_EQ(e->tries_left, 3);
	CHECK_EQ(e->images.n, 1);
}

TEST(a_kernel_image_without_a_system_is_not_offered)
{
	start();
	put_uki("EFI/Linux/a.efi", "#", "composefs=" A);
	put_uki("EFI/Linux/b.efi", "ID=b", "composefs=" B);
	make_dir(root, "EFI/Linux/sub.efi");
	put(root, "EFI/Linux/c.efi", "MZ");
	read_all("EFI/Linux/b.efi EFI/Linux/c.efi! EFI/Linux/a.efi! ",
		 "EFI/Linux/c.efi: not an EFI program\n");
}

TEST(addons_of_a_kernel_image_name_images)
{
	start();
	put_uki("EFI/Linux/a+3.efi", "ID=a", "composefs=" A);
	make_dir(root, "EFI/Linux/a.efi.extra.d");
	put_uki("EFI/Linux/a.efi.extra.d/x.addon.efi", "#", "composefs=" B);
	read_all("EFI/Linux/a+3.efi ", "");
	CHECK_EQ(entries.v[0].images.n, 2);
	CHECK_EQ(entries.v[0].images.v[1].bytes[0], 0xb3);
}

TEST(entries_are_in_the_order_of_the_menu)
{
	start();
	put(root, "loader/entries/old-2.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/old-10.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/a.conf",
	    "linux /vmlinuz\nsort-key b\nversion 9\n");
	put(root, "loader/entries/b.conf",
	    "linux /vmlinuz\nsort-key a\nversion 9\n");
	put(root, "loader/entries/c.conf",
	    "linux /vmlinuz\nsort-key a\nversion 10\n");
	put(root, "loader/entries/d+0-3.conf",
	    "linux /vmlinuz\nsort-key a\nversion 11\n");
	put(root, "loader/entries/e+1.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/e+2-4.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/e+2-3.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/m.conf",
	    "linux /vmlinuz\nsort-key a\nversion 11\nmachine-id 1\n");
	read_all("loader/entries/c.conf loader/entries/b.conf "
		 "loader/entries/m.conf loader/entries/a.conf "
		 "loader/entries/old-10.conf loader/entries/old-2.conf "
		 "loader/entries/e+2-3.conf loader/entries/e+2-4.conf "
		 "loader/entries/e+1.conf loader/entries/d+0-3.conf ",
		 "");
}

TEST(entries_that_start_nothing_are_not_offered)
{
	start();
	put(root, "loader/entries/a.conf", "linux /gone\n");
	put(root, "loader/entries/b.conf", "linux /vmlinuz\nefi /vmlinuz\n");
	put(root, "loader/entries/c.conf", "uki-url http://x\n");
	put(root, "loader/entries/d.conf", "linux /../vmlinuz\n");
	put(root, "loader/entries/e.conf", "linux /\n");
	put(root, "loader/entries/f.conf", "linux /gone\nlinux /vmlinuz\n");
	read_all("loader/entries/f.conf loader/entries/c.conf "
		 "loader/entries/e.conf! loader/entries/d.conf! "
		 "loader/entries/b.conf! loader/entries/a.conf! ",
		 "vmlinuz: not an EFI program\n"
		 "loader/entries/d.conf: it starts ../vmlinuz, which cannot "
		 "be opened: Invalid cross-device link\n");
}

TEST(paths_may_begin_with_boot_where_that_is_no_partition)
{
	start();
	make_dir(root, "os");
	put(root, "os/linux", "kernel");
	put(root, "loader/entries/a.conf", "linux /boot/os/linux\n");
	put(root, "loader/entries/b.conf", "linux /boot/boot/os/linux\n");
	put(root, "loader/entries/c.conf", "linux /boot/../vmlinuz\n");
	read_all("loader/entries/a.conf loader/entries/c.conf! "
		 "loader/entries/b.conf! ",
		 "");
}

TEST(entries_of_bootc_that_wait_are_staged)
{
	start();
	make_dir(root, "loader/entries.staged");
	put(root, "loader/entries.staged/z.conf",
	    "linux /vmlinuz\n" KARG A "\n");
	put(root, "loader/entries/a.conf", "linux /vmlinuz\n" KARG B "\n");
	read_all("loader/entries/a.conf loader/entries.staged/z.conf ", "");
	CHECK(!entries.v[0].staged && entries.v[1].staged);
}

TEST(foreign_names_are_left_out_and_foreign_files_reported)
{
	CFS_AUTOFREE char *fifo = NULL;

	start();
	fifo = below(root, "loader/entries/fifo.conf");
	CHECK_EQ(mkfifo(fifo, 0600), 0);
	make_dir(root, "loader/entries/dir.conf");
	make_link(root, "loader/entries/link.conf", "/etc/passwd");
	put(root, "loader/entries/.hidden.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/auto-x.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/x.conf.bak", "linux /vmlinuz\n");
	put(root, "loader/entries/empty.conf", "");
	put(root, "loader/entries/a\nb.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/bad.conf",
	    "linux /vmlinuz\noptions composefs=zz\n");
	read_all(
		"loader/entries/bad.conf loader/entries/a\nb.conf "
		"loader/entries/link.conf! loader/entries/fifo.conf! "
		"loader/entries/empty.conf! ",
		"loader/entries/bad.conf: kernel argument 'composefs=zz': digest "
		"must have 64 or 128 hex digits, not 2\n"
		"loader/entries/empty.conf: the file is empty\n"
		"loader/entries/fifo.conf: loader/entries/fifo.conf is not a "
		"regular file\n"
		"loader/entries/link.conf: open loader/entries/link.conf: "
		"Invalid cross-device link\n");
}

TEST(counters_are_what_stands_before_the_suffix)
{
	static const struct {
		const char *name, *id;
		int left, done;
	} cases[] = {
		{ "A+3.conf", "a.conf", 3, 0 },
		{ "a+0-3.CONF", "a.conf", 0, 3 },
		{ "a+1+2-1.conf", "a+1.conf", 2, 1 },
		{ "a+.conf", "a+.conf", -1, -1 },
		{ "a+3-.conf", "a+3-.conf", -1, -1 },
		{ "a+3.x.conf", "a+3.x.conf", -1, -1 },
		{ "a+2147483647.conf", "a.conf", 2147483647, 0 },
		{ "a+2147483648.conf", "a+2147483648.conf", -1, -1 },
		{ "a+99999999999999999999.conf", "a+99999999999999999999.conf",
		  -1, -1 },
		{ "a+-1.conf", "a+-1.conf", -1, -1 },
		{ "+3.conf", ".conf", 3, 0 },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOBUF struct cfs_buf id = { 0 };
		int left, done;

		cfs_boot_entry_name(cases[i].name, ".conf", &id, &left, &done);
		CHECK_STR(cfs_buf_text(&id), cases[i].id);
		CHECK_EQ(left, cases[i].left);
		CHECK_EQ(done, cases[i].done);
	}
}

TEST(counters_of_a_kernel_image_are_not_in_the_name_of_its_addons)
{
	static const char *const cases[][2] = {
		{ "EFI/Linux/x.efi", "EFI/Linux/x.efi.extra.d" },
		{ "EFI/Linux/X+3-1.EFI", "EFI/Linux/X.EFI.extra.d" },
		{ "EFI/a+3/x.efi", "EFI/a+3/x.efi.extra.d" },
		{ "x+.efi", "x+.efi.extra.d" },
	};

	for (size_t i = 0; i < CFS_ARRAY_SIZE(cases); i++) {
		CFS_AUTOBUF struct cfs_buf path = { 0 };

		cfs_boot_addons_path(cases[i][0], &path);
		CHECK_STR(cfs_buf_text(&path), cases[i][1]);
	}
}

TEST(a_boot_partition_may_be_empty)
{
	strcpy(root, fresh_dir());
	read_all("", "");
}

TEST(a_directory_that_cannot_be_read_is_remembered)
{
	strcpy(root, fresh_dir());
	make_dir(root, "EFI");
	make_link(root, "EFI/Linux", "Linux");
	read_all("", "EFI/Linux: Too many levels of symbolic links\n");
	CHECK_STR(entries.unread, "EFI/Linux");
	CHECK_EQ(entries.unread_error, ELOOP);
}
