/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "boot/loader.h"

#include "tests/unit/boot/visits.h"

#define EFIVARS "sys/firmware/efi/efivars/"
#define VENDOR	"-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f"

static struct cfs_err err;
static struct visits visits;
static char root[4096];

static void start(void)
{
	static const char *const dirs[] = {
		"loader",	"loader/entries",   "sys",
		"sys/firmware", "sys/firmware/efi", "sys/firmware/efi/efivars"
	};

	strcpy(root, fresh_dir());
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		make_dir(root, dirs[i]);
	put(root, "vmlinuz", "kernel");
}

static void put_variable(const char *name, const char *value)
{
	CFS_AUTOBUF struct cfs_buf bytes = { 0 };

	cfs_buf_add(&bytes, "\6\0\0", 4);
	for (; *value; value++)
		cfs_buf_add(&bytes, (char[]){ *value, 0 }, 2);
	cfs_buf_addz(&bytes, 2);
	put_bytes(root, name, cfs_buf_bytes(&bytes));
}

/* The ids in the order in which they are started, which is to be @want. */
static void check_order(int with_variables, const char *want)
{
	CFS_AUTOENTRIES struct cfs_boot_entries entries = { 0 };
	CFS_AUTOLOADER struct cfs_loader loader = { 0 };
	CFS_AUTOBUF struct cfs_buf ids = { 0 };
	CFS_AUTOFD int fd = open_dir(root);
	struct cfs_boot_order order = { 0 };

	CHECK_EQ(
		cfs_boot_entries_read(fd, note_broken, &visits, &entries, &err),
		0);
	CHECK_EQ(cfs_loader_read(fd, with_variables ? fd : -1, note_broken,
				 &visits, &loader, &err),
		 0);
	CHECK_EQ(cfs_loader_order(&loader, &entries, &order, &err), 0);
	for (size_t i = 0; i < order.n; i++)
		cfs_buf_addf(&ids, "%s ", entries.v[order.v[i]].id);
	CHECK_STR(cfs_buf_text(&ids), want);
	cfs_vec_free(&order);
}

static void put_entries(const char *names)
{
	char name[64], path[128];
	int n;

	for (; sscanf(names, " %63s%n", name, &n) == 1; names += n) {
		snprintf(path, sizeof(path), "loader/entries/%s", name);
		put(root, path, "linux /vmlinuz\n");
	}
}

TEST(without_a_rule_the_menu_decides)
{
	start();
	put_entries("a-1.conf a-3+0-3.conf a-2+3.conf");
	check_order(1, "a-2.conf a-1.conf a-3.conf ");
}

TEST(the_default_of_the_file_comes_first)
{
	start();
	put_entries("a-1.conf a-2.conf a-3.conf");
	put(root, "loader/loader.conf",
	    "timeout 3\ndefault a-2.conf\n#default a-3*\ndefault \"A-1*\"\n");
	check_order(1, "a-1.conf a-3.conf a-2.conf ");
	put(root, "loader/loader.conf", "default nothing*\n");
	check_order(1, "a-3.conf a-2.conf a-1.conf ");
	put(root, "loader/loader.conf", "default a-*\n");
	check_order(1, "a-3.conf a-2.conf a-1.conf ");
}

TEST(variables_outrank_the_file)
{
	start();
	put_entries("a-1.conf a-2.conf a-3.conf a-4.conf");
	put(root, "loader/loader.conf", "default a-1.conf\n");
	put_variable(EFIVARS "LoaderEntryDefault" VENDOR, "A-2.conf");
	check_order(1, "a-2.conf a-1.conf a-4.conf a-3.conf ");
	put_variable(EFIVARS "LoaderEntryOneShot" VENDOR, "a-3.conf");
	check_order(1, "a-3.conf a-2.conf a-1.conf a-4.conf ");
	check_order(0, "a-1.conf a-4.conf a-3.conf a-2.conf ");
}

TEST(saved_stands_for_what_was_booted_last)
{
	start();
	put_entries("a-1.conf a-2.conf");
	put(root, "loader/loader.conf", "default @saved\n");
	check_order(1, "a-2.conf a-1.conf ");
	put_variable(EFIVARS "LoaderEntryLastBooted" VENDOR, "a-1.conf");
	check_order(1, "a-1.conf a-2.conf ");
	check_order(0, "a-2.conf a-1.conf ");
}

TEST(the_boot_loader_says_which_one_it_is)
{
	CFS_AUTOLOADER struct cfs_loader loader = { 0 };
	CFS_AUTOFD int fd = -EBADF;

	start();
	fd = open_dir(root);
	CHECK_EQ(cfs_loader_read(fd, fd, note_broken, &visits, &loader, &err),
		 0);
	CHECK(!loader.info && !cfs_loader_is_systemd_boot(&loader));
	put_variable(EFIVARS "LoaderInfo" VENDOR, "systemd-boot 257");
	CHECK_EQ(cfs_loader_read(fd, fd, note_broken, &visits, &loader, &err),
		 0);
	CHECK_STR(loader.info, "systemd-boot 257");
	CHECK(cfs_loader_is_systemd_boot(&loader));
	cfs_loader_free(&loader);
	put_variable(EFIVARS "LoaderInfo" VENDOR, "GRUB 2.12");
	CHECK_EQ(cfs_loader_read(fd, fd, note_broken, &visits, &loader, &err),
		 0);
	CHECK(!cfs_loader_is_systemd_boot(&loader));
}

TEST(what_cannot_be_read_makes_no_rule_and_is_reported)
{
	CFS_AUTOFREE char *path = NULL;

	start();
	put_entries("a-1.conf a-2.conf");
	put(root, EFIVARS "LoaderEntryDefault" VENDOR, "\6");
	path = below(root, "loader/loader.conf");
	CHECK_EQ(mkfifo(path, 0600), 0);
	check_order(1, "a-2.conf a-1.conf ");
	check_visits(&visits, "",
		     "loader/loader.conf: loader/loader.conf is not a "
		     "regular file\n");
}

TEST(half_of_a_surrogate_pair_matches_nothing)
{
	start();
	put_entries("a-1.conf a-2.conf");
	put_bytes(
		root, EFIVARS "LoaderEntryDefault" VENDOR,
		(struct cfs_bytes){ (const uint8_t *)"\6\0\0\0a\0\0\xd8.", 9 });
	check_order(1, "a-2.conf a-1.conf ");
}

TEST(patterns_have_the_wildcards_of_the_shell)
{
	CHECK(cfs_loader_match("", "") && !cfs_loader_match("", "a"));
	CHECK(cfs_loader_match("a", "a") && !cfs_loader_match("a", "ab"));
	CHECK(cfs_loader_match("*", "") && cfs_loader_match("**", "ab"));
	CHECK(cfs_loader_match("a*c", "abbc") && cfs_loader_match("a*c", "ac"));
	CHECK(!cfs_loader_match("a*c", "abcd"));
	CHECK(cfs_loader_match("*ab*ab", "abaabab"));
	CHECK(cfs_loader_match("a?c", "abc") && !cfs_loader_match("a?c", "ac"));
	CHECK(cfs_loader_match("[a-c]x", "bx"));
	CHECK(!cfs_loader_match("[a-c]x", "dx"));
	CHECK(cfs_loader_match("[]x]", "]") && cfs_loader_match("[a-]", "-"));
	CHECK(!cfs_loader_match("[a", "a") && !cfs_loader_match("[", "["));
	CHECK(cfs_loader_match("\\*", "*") && !cfs_loader_match("\\*", "a"));
	CHECK(cfs_loader_match("\\", "\\"));
}

TEST(a_pattern_of_many_stars_takes_no_time)
{
	char pattern[4097], id[256];

	memset(id, 'a', sizeof(id) - 1);
	id[sizeof(id) - 1] = '\0';
	for (size_t i = 0; i < sizeof(pattern) - 1; i++)
		pattern[i] = i % 2 ? 'a' : '*';
	strcpy(pattern + 200, "b");
	CHECK(!cfs_loader_match(pattern, id));
}
