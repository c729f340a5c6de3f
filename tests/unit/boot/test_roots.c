/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/roots.h"

#include "tests/unit/boot/visits.h"

#define ENTRY "linux /vmlinuz\noptions composefs.digest=v1-sha256-12:"

static struct cfs_err err;
static struct visits visits;
static char root[4096];

static void start(void)
{
	strcpy(root, fresh_dir());
	make_dir(root, "loader");
	make_dir(root, "loader/entries");
	make_dir(root, "EFI");
	make_dir(root, "EFI/Linux");
}

static int visit(void)
{
	struct cfs_boot_visitor visitor = visitor_of(&visits);
	CFS_AUTOFD int fd = open_dir(root);

	return cfs_boot_roots(fd, &visitor, &err);
}

static void check(const char *found, const char *broken)
{
	CHECK_EQ(visit(), 0);
	check_visits(&visits, found, broken);
}

static void put_uki(const char *name, const char *first, const char *second)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct test_section sections[] = {
		{ ".linux", "kernel", 0 },
		{ ".cmdline", first, 100 },
		{ ".profile", "ID=other", 0 },
		{ ".cmdline", second, 100 },
	};

	test_pe(sections, second ? 4 : 2, &file);
	put_bytes(root, name, cfs_buf_bytes(&file));
}

TEST(options_of_entries_name_images)
{
	start();
	put(root, "loader/entries/b.conf",
	    "linux /vmlinuz\noptions quiet\noptions composefs=?" B
	    "\noptions rw composefs.digest=v2-sha512-12:" LONG "\n");
	put(root, "loader/entries/a+3-1.conf", ENTRY A "\n");
	put(root, "loader/entries/plain.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/.hidden.conf", "");
	put(root, "loader/entries/a.conf.bak", "");
	check("loader/entries/a+3-1.conf=a3 loader/entries/b.conf=b3 "
	      "loader/entries/b.conf=a3:512 ",
	      "");
}

TEST(entries_that_wait_for_the_shutdown_count)
{
	start();
	make_dir(root, "loader/entries.staged");
	put(root, "loader/entries.staged/a.conf", ENTRY A "\n");
	check("loader/entries.staged/a.conf=a3 ", "");
}

TEST(every_profile_and_addon_names_images)
{
	start();
	make_dir(root, "EFI/Linux/bootc");
	make_dir(root, "EFI/Linux/x.efi.extra.d");
	make_dir(root, "loader/addons");
	put_uki("EFI/Linux/x.efi", "composefs=" A, "composefs=" B);
	put_uki("EFI/Linux/x.efi.extra.d/y.addon.efi", "composefs=" C, NULL);
	put(root, "EFI/Linux/x.efi.extra.d/z.cred", "any");
	put_uki("EFI/Linux/bootc/Z.EFI", "composefs=" B, NULL);
	put_uki("loader/addons/w.addon.efi", "composefs=" A, NULL);
	check("EFI/Linux/bootc/Z.EFI=b3 EFI/Linux/x.efi=a3 EFI/Linux/x.efi=b3 "
	      "EFI/Linux/x.efi.extra.d/y.addon.efi=c3 "
	      "loader/addons/w.addon.efi=a3 ",
	      "");
}

TEST(a_kernel_image_in_place_of_the_boot_loader_counts)
{
	start();
	make_dir(root, "EFI/BOOT");
	put_uki("EFI/BOOT/BOOTX64.EFI", "composefs=" A, NULL);
	put(root, "EFI/BOOT/firmware.efi", "not for us");
	check("EFI/BOOT/BOOTX64.EFI=a3 ", "");
}

TEST(files_that_entries_start_count)
{
	start();
	put_uki("a.efi", "composefs=" A, NULL);
	put_uki("b.efi", "composefs=" B, NULL);
	put_uki("c", "composefs=" C, NULL);
	put(root, "vmlinuz", "a kernel for no EFI");
	put(root, "loader/entries/a.conf", "uki /a.efi\n");
	put(root, "loader/entries/b.conf", "efi b.efi\n");
	put(root, "loader/entries/c.conf", "linux //c\n");
	put(root, "loader/entries/d.conf", "linux /vmlinuz\n");
	put(root, "loader/entries/e.conf", "linux /gone\n");
	check("a.efi=a3 b.efi=b3 c=c3 ", "");
	put(root, "loader/entries/a.conf", "uki /gone.efi\n");
	put(root, "loader/entries/b.conf", "efi /vmlinuz\n");
	put(root, "loader/entries/c.conf", "uki /../c\n");
	check("",
	      "loader/entries/a.conf: it starts gone.efi, which cannot be "
	      "opened: No such file or directory\n"
	      "vmlinuz: not an EFI program\n"
	      "loader/entries/c.conf: it starts ../c, which cannot be opened: "
	      "Invalid cross-device link\n");
}

TEST(arguments_for_newer_programs_count)
{
	start();
	put(root, "loader/entries/a.conf",
	    "linux /a\noptions composefs.digest=v3-sha256-12:" A
	    " composefs.digest=?v1-blake3-12:" B "\n");
	put(root, "loader/entries/b.conf",
	    "linux /a\noptions composefs.digest=v1-md5-12:abc\n");
	check("loader/entries/a.conf=a3 loader/entries/a.conf=b3 ",
	      "loader/entries/b.conf: composefs.digest=v1-md5-12:abc is for a "
	      "newer program, which may know its image\n");
}

TEST(more_arguments_for_newer_programs_than_are_kept_are_broken)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	struct cfs_boot_visitor visitor = visitor_of(&visits);

	for (int i = 0; i < 17; i++)
		cfs_buf_adds(&text, "composefs.digest=v3-sha256-12:" A " ");
	CHECK_EQ(cfs_boot_words(&visitor, "x", cfs_buf_bytes(&text), &err), 0);
	CHECK_STR(cfs_buf_text(&visits.broken),
		  "x: too many arguments for newer programs\n");
	cfs_buf_free(&visits.found);
	cfs_buf_free(&visits.broken);
}

TEST(entries_that_a_power_cut_left_are_broken)
{
	start();
	put(root, "loader/entries/a.conf", "");
	put_bytes(root, "loader/entries/b.conf",
		  (struct cfs_bytes){ (const uint8_t *)"linux /a\n\0\0", 11 });
	put(root, "loader/entries/c.conf", "title x\nversion 1\n");
	put(root, "loader/entries/d.conf",
	    "linux /a\noptions quiet composefs=a3f1000");
	put(root, "EFI/Linux/e.efi", "");
	put_uki("EFI/Linux/f.efi", "composefs=" A, "composefs=zz");
	CHECK_EQ(visit(), 0);
	CHECK_STR(cfs_buf_text(&visits.found), "EFI/Linux/f.efi=a3 ");
	CHECK(strstr(cfs_buf_text(&visits.broken),
		     "a.conf: the file is empty\n"));
	CHECK(strstr((char *)visits.broken.data,
		     "b.conf: the file is damaged: it has NUL bytes\n"));
	CHECK(strstr((char *)visits.broken.data, "c.conf: incomplete: "));
	CHECK(strstr((char *)visits.broken.data,
		     "d.conf: kernel argument 'composefs=a3f1000': "));
	CHECK(strstr((char *)visits.broken.data,
		     "e.efi: not an EFI program\n"));
	CHECK(strstr((char *)visits.broken.data,
		     "f.efi: kernel argument 'composefs=zz': "));
	cfs_buf_free(&visits.found);
	cfs_buf_free(&visits.broken);
}

TEST(truncated_programs_are_broken_wherever_they_are)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };
	struct test_section section = { ".cmdline", "composefs=" A, 0 };

	start();
	make_dir(root, "EFI/BOOT");
	test_pe(&section, 1, &file);
	file.len -= 5;
	put_bytes(root, "EFI/BOOT/BOOTX64.EFI", cfs_buf_bytes(&file));
	check("", "EFI/BOOT/BOOTX64.EFI: section .cmdline lies outside the "
		  "file: truncated PE file\n");
}

TEST(what_cannot_be_opened_is_broken)
{
	start();
	make_dir(root, "loader/entries/dir.conf");
	make_link(root, "loader/entries/out.conf", "/etc/passwd");
	make_link(root, "EFI/Linux/gone.efi", "nothing");
	CHECK_EQ(visit(), 0);
	CHECK(strstr(cfs_buf_text(&visits.broken), "dir.conf: "));
	CHECK(strstr((char *)visits.broken.data, "out.conf: "));
	CHECK(strstr((char *)visits.broken.data, "gone.efi: "));
	check_visits(&visits, "", (char *)visits.broken.data);
	strcpy(root, fresh_dir());
	put(root, "loader", "");
	put(root, "EFI", "");
	CHECK_EQ(visit(), 0);
	CHECK(strstr(cfs_buf_text(&visits.broken),
		     "loader/entries: Not a directory\n"));
	CHECK(strstr((char *)visits.broken.data, "EFI: Not a directory\n"));
	cfs_buf_free(&visits.broken);
}

TEST(an_entry_longer_than_entries_are_is_broken)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };

	start();
	cfs_buf_adds(&text, "linux /a\noptions ");
	while (text.len < 65536)
		cfs_buf_adds(&text, "word ");
	put(root, "loader/entries/a.conf", cfs_buf_text(&text));
	check("", "loader/entries/a.conf: loader/entries/a.conf is longer than "
		  "65536 bytes\n");
}

TEST(directories_below_one_another_without_end_are_broken)
{
	char path[4096] = "EFI";

	start();
	put(root, "loader/entries/a.conf", ENTRY A "\n");
	for (int i = 0; i < 20; i++) {
		strcat(path, "/d");
		make_dir(root, path);
	}
	check("loader/entries/a.conf=a3 ",
	      "EFI/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d: nested too deeply\n");
}

TEST(no_entry_at_all_is_broken)
{
	const char *words = ".: no boot entries: neither loader/entries nor "
			    "EFI has any; is the boot partition mounted "
			    "here?\n";

	start();
	check("", words);
	strcpy(root, fresh_dir());
	check("", words);
}

TEST(a_visitor_can_end_the_search)
{
	start();
	put(root, "loader/entries/a.conf", ENTRY A "\n");
	put(root, "loader/entries/b.conf", ENTRY B "\n");
	visits.end_with = -EPROTO;
	CHECK_EQ(visit(), -EPROTO);
	check_visits(&visits, "loader/entries/a.conf=a3 ", "");
	visits.end_with = 0;
}

TEST(deployments_are_named_by_their_images)
{
	struct cfs_boot_visitor visitor = visitor_of(&visits);
	CFS_AUTOFD int fd = -EBADF;

	strcpy(root, fresh_dir());
	fd = open_dir(root);
	CHECK_EQ(cfs_boot_deployments(fd, &visitor, &err), 0);
	check_visits(&visits, "", "");
	make_dir(root, "state");
	make_dir(root, "state/deploy");
	make_dir(root, "state/deploy/" A);
	make_dir(root, "state/deploy/" LONG);
	make_dir(root, "state/deploy/.new");
	make_dir(root, "state/deploy/zero");
	CHECK_EQ(cfs_boot_deployments(fd, &visitor, &err), 0);
	check_visits(&visits,
		     "state/deploy/" A "=a3 state/deploy/" LONG "=a3:512 ",
		     "state/deploy/zero: its name is not the digest of an "
		     "image\n");
}
