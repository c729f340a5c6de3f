/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/preflight.h"

#include <elf.h>
#include <endian.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/io.h"
#include "tests/test.h"

static struct cfs_err err;
static struct cfs_config config;
static int root = -EBADF;

static void put(const char *path, mode_t mode, const void *data, size_t len)
{
	int fd;

	(void)unlinkat(root, path, 0);
	fd = openat(root, path, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
	CHECK(fd >= 0);
	CHECK_EQ(cfs_write_full(fd, data, len), 0);
	CHECK_EQ(fchmod(fd, mode), 0);
	CHECK_EQ(close(fd), 0);
}

static void script(const char *path, const char *text)
{
	put(path, 0755, text, strlen(text));
}

/* A program that asks for @loader. */
struct program {
	Elf64_Ehdr e;
	Elf64_Phdr p[3];
	char loader[64];
};

static struct program program(const char *loader)
{
	struct program m = {
		.e.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64 },
		.e.e_phoff = offsetof(struct program, p),
		.e.e_phentsize = sizeof(Elf64_Phdr),
		.e.e_phnum = 3,
		.p[0].p_type = PT_PHDR,
		.p[1].p_type = loader ? PT_INTERP : PT_NOTE,
		.p[1].p_offset = offsetof(struct program, loader),
		.p[1].p_filesz = loader ? strlen(loader) + 1 : 0,
		.p[2].p_type = PT_LOAD,
	};

	m.e.e_ident[EI_DATA] = __BYTE_ORDER == __LITTLE_ENDIAN ? ELFDATA2LSB
							       : ELFDATA2MSB;
	snprintf(m.loader, sizeof(m.loader), "%s", loader ? loader : "");
	return m;
}

static void put_program(const char *path, struct program m)
{
	put(path, 0755, &m, sizeof(m));
}

/* A root that boots. */
static void new_root(void)
{
	static const char *const dirs[] = { "usr", "usr/lib", "usr/sbin",
					    "etc", "dev",     "proc",
					    "sys", "run",     "bin" };
	struct program loader = program(NULL);
	char dir[4096];

	snprintf(dir, sizeof(dir), "%s/root-XXXXXX", getenv("TMPDIR"));
	CHECK(mkdtemp(dir));
	cfs_closep(&root);
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	CHECK(root >= 0);
	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++)
		CHECK_EQ(mkdirat(root, dirs[i], 0755), 0);
	put("usr/lib/os-release", 0644, "ID=t\n", 5);
	put("usr/lib/ld.so", 0755, &loader, sizeof(loader));
	put_program("usr/lib/systemd", program("/lib/ld.so"));
	CHECK_EQ(symlinkat("usr/sbin", root, "sbin"), 0);
	CHECK_EQ(symlinkat("/usr/lib", root, "lib"), 0);
	CHECK_EQ(symlinkat("../lib/systemd", root, "usr/sbin/init"), 0);
	cfs_config_init(&config);
	err = (struct cfs_err){ 0 };
}

static int probe(const char *init)
{
	return cfs_preflight(root, init, &config, &err);
}

static bool says(const char *words)
{
	return strstr(err.msg, words) != NULL;
}

TEST(a_whole_root_passes)
{
	new_root();
	CHECK_EQ(probe(NULL), 0);
	CHECK_EQ(probe("/sbin/init"), 0);
	CHECK_EQ(probe("/lib/systemd"), 0);
}

TEST(links_are_followed_inside_the_root_only)
{
	new_root();
	/* There outside, not in here. */
	CHECK_EQ(symlinkat("/proc/self/exe", root, "bin/out"), 0);
	CHECK_EQ(symlinkat("../../../../../../lib/systemd", root, "bin/up"), 0);
	CHECK_EQ(probe("/bin/out"), -ENOENT);
	CHECK(says("has no /bin/out"));
	CHECK_EQ(probe("/bin/up"), 0);
	CHECK_EQ(symlinkat("loop", root, "bin/loop"), 0);
	CHECK_EQ(probe("/bin/loop"), -ELOOP);
}

TEST(the_os_release_of_etc_will_do)
{
	new_root();
	put("etc/os-release", 0644, "ID=t\n", 5);
	CHECK_EQ(unlinkat(root, "usr/lib/os-release", 0), 0);
	CHECK_EQ(probe(NULL), 0);
	CHECK_EQ(unlinkat(root, "etc/os-release", 0), 0);
	CHECK_EQ(probe(NULL), -ENOENT);
	CHECK(says("no operating system's root"));
	CHECK(strstr(err.cure, "create-image") &&
	      strstr(err.path, "os-release"));
}

TEST(an_init_that_is_not_there_is_named)
{
	new_root();
	CHECK_EQ(probe("/sbin/other"), -ENOENT);
	CHECK(says("has no /sbin/other"));
	CHECK(says("init=") && strstr(err.cure, "correct init="));
	CHECK_STR(err.path, "/sbin/other");
	CHECK_EQ(unlinkat(root, "usr/lib/systemd", 0), 0);
	CHECK_EQ(probe(NULL), -ENOENT);
	CHECK(says("has no /sbin/init"));
	CHECK(!says("init=") && strstr(err.cure, "build the image"));
}

TEST(init_has_to_be_an_absolute_path)
{
	new_root();
	CHECK_EQ(probe("sbin/init"), -EINVAL);
	CHECK(says("init=sbin/init"));
	CHECK(strstr(err.cure, "correct init="));
	CHECK_EQ(probe(""), -EINVAL);
}

TEST(what_is_no_program_is_refused)
{
	new_root();
	script("bin/text", "hello");
	script("bin/empty", "");
	script("bin/mark", "#!");
	put("bin/data", 0644, "#!/bin/sh\n", 10);
	CHECK_EQ(probe("/bin/text"), -ENOEXEC);
	CHECK(says("/bin/text"));
	CHECK_EQ(probe("/bin/empty"), -ENOEXEC);
	CHECK_EQ(probe("/bin/mark"), -ENOEXEC);
	CHECK_EQ(probe("/bin/data"), -EACCES);
	CHECK(says("not executable"));
	CHECK_EQ(probe("/bin"), -EISDIR);
}

TEST(a_fifo_does_not_hang_it)
{
	new_root();
	CHECK_EQ(mkfifoat(root, "bin/fifo", 0755), 0);
	CHECK_EQ(probe("/bin/fifo"), -EINVAL);
	CHECK(says("not a regular file"));
}

TEST(a_missing_loader_is_named_with_its_program)
{
	new_root();
	CHECK_EQ(unlinkat(root, "usr/lib/ld.so", 0), 0);
	CHECK_EQ(probe(NULL), -ENOENT);
	CHECK(says("loader of /sbin/init: the image has no /lib/ld.so"));
}

TEST(a_program_without_a_loader_passes)
{
	new_root();
	put_program("bin/static", program(NULL));
	CHECK_EQ(probe("/bin/static"), 0);
}

TEST(programs_of_32_bits_are_understood)
{
	struct {
		Elf32_Ehdr e;
		Elf32_Phdr p;
		char loader[16];
	} m = {
		.e.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32 },
		.e.e_phoff = sizeof(m.e),
		.e.e_phentsize = sizeof(m.p),
		.e.e_phnum = 1,
		.p.p_type = PT_INTERP,
		.p.p_offset = sizeof(m.e) + sizeof(m.p),
		.p.p_filesz = sizeof("/lib/ld.so"),
		.loader = "/lib/ld.so",
	};

	new_root();
	m.e.e_ident[EI_DATA] = program(NULL).e.e_ident[EI_DATA];
	put("bin/32", 0755, &m, sizeof(m));
	CHECK_EQ(probe("/bin/32"), 0);
	m.loader[5] = 'x';
	put("bin/32", 0755, &m, sizeof(m));
	CHECK_EQ(probe("/bin/32"), -ENOENT);
	CHECK(says("/lib/xd.so"));
}

TEST(misformed_programs_are_refused)
{
	struct program good = program("/lib/ld.so"), m;

	new_root();
#define REFUSED(change)                                \
	do {                                           \
		m = good;                              \
		change;                                \
		put_program("bin/bad", m);             \
		CHECK_EQ(probe("/bin/bad"), -ENOEXEC); \
		CHECK(says("/bin/bad is no program")); \
	} while (0)
	REFUSED(m.e.e_ident[EI_CLASS] = ELFCLASSNONE);
	REFUSED(m.e.e_ident[EI_DATA] ^= 3);
	REFUSED(m.e.e_ident[0] = 0);
	REFUSED(m.e.e_phnum = 0);
	REFUSED(m.e.e_phnum = 0xffff);
	REFUSED(m.e.e_phentsize = 32);
	REFUSED(m.e.e_phoff = UINT64_MAX);
	REFUSED(m.e.e_phoff = sizeof(m));
	REFUSED(m.p[1].p_offset = UINT64_MAX);
	REFUSED(m.p[1].p_offset = sizeof(m) - 4);
	REFUSED(m.p[1].p_filesz = 1);
	REFUSED(m.p[1].p_filesz = UINT64_MAX);
	/* No NUL at its end. */
	REFUSED(m.p[1].p_filesz = 4);
	put("bin/bad", 0755, &good, 20);
	CHECK_EQ(probe("/bin/bad"), -ENOEXEC);
}

TEST(the_interpreters_of_a_script_are_probed)
{
	new_root();
	script("bin/a", "#! /lib/systemd -e\n");
	script("bin/b", "#!\t/bin/a");
	CHECK_EQ(probe("/bin/a"), 0);
	CHECK_EQ(probe("/bin/b"), 0);
	script("bin/b", "#!/bin/none\n");
	CHECK_EQ(probe("/bin/b"), -ENOENT);
	CHECK(says("interpreter of /bin/b: the image has no /bin/none"));
	script("bin/b", "#!bin/a\n");
	CHECK_EQ(probe("/bin/b"), -ENOEXEC);
	script("bin/b", "#! \n/bin/a");
	CHECK_EQ(probe("/bin/b"), -ENOEXEC);
}

TEST(a_script_that_runs_itself_ends)
{
	new_root();
	script("bin/self", "#!/bin/self\n");
	CHECK_EQ(probe("/bin/self"), -ENOEXEC);
}

TEST(a_first_line_that_the_kernel_cuts_is_refused)
{
	char line[400] = "#!/";

	new_root();
	memset(line + 3, '/', 290);
	strcpy(line + 293, "bin/a\n");
	script("bin/a", "#!/lib/systemd\n");
	script("bin/long", line);
	CHECK_EQ(probe("/bin/long"), -ENOEXEC);
}

TEST(what_init_mounts_on_has_to_be_there)
{
	static const char *const dirs[] = { "dev", "proc", "sys", "run" };

	for (size_t i = 0; i < CFS_ARRAY_SIZE(dirs); i++) {
		new_root();
		CHECK_EQ(unlinkat(root, dirs[i], AT_REMOVEDIR), 0);
		CHECK_EQ(probe(NULL), -ENOENT);
		CHECK(says(dirs[i]));
		put(dirs[i], 0644, "", 0);
		CHECK_EQ(probe(NULL), -ENOTDIR);
		CHECK(says("no directory"));
		CHECK(strstr(err.cure, "build the image"));
		CHECK_STR(err.path + 1, dirs[i]);
	}
}

TEST(configured_paths_are_probed_too)
{
	new_root();
	config.probe.paths.n = 2;
	strcpy(config.probe.paths.v[0], "/usr/lib");
	strcpy(config.probe.paths.v[1], "etc/fstab");
	CHECK_EQ(probe(NULL), -ENOENT);
	CHECK(says("etc/fstab"));
	put("etc/fstab", 0644, "", 0);
	CHECK_EQ(probe(NULL), 0);
}
