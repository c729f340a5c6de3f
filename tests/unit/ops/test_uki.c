/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/uki.h"

#include <sys/mman.h>

#include "base/io.h"
#include "boot/pe.h"
#include "tests/unit/boot/stub.h"
#include "tests/unit/ops/image.h"

#define DIR(path)	 path " 0 40755 2 0 0 0 1.0 - - -\n"
#define FILE(path, text) path " 1 100644 1 0 0 0 1.0 - " text " -\n"
#define USR		 DIR("/") DIR("/usr") DIR("/usr/lib")
#define OS		 FILE("/usr/lib/os-release", "I")
#define KERNEL                                                  \
	USR DIR("/usr/lib/modules") DIR("/usr/lib/modules/6.1") \
		FILE("/usr/lib/modules/6.1/initramfs.img", "i") \
			FILE("/usr/lib/modules/6.1/vmlinuz", "k")
#define KARG "composefs=00"

static char kernel[4200], stub[4200], first[4200], second[4200];

/* Writes a program for @machine, or the text "first", to a new file. */
static void put_program(char path[static 4200], const char *name,
			uint16_t machine)
{
	CFS_AUTOBUF struct cfs_buf file = { 0 };

	if (machine)
		test_stub(machine, &file);
	else
		cfs_buf_adds(&file, "first");
	snprintf(path, 4200, "%s/%s", fresh_dir(), name);
	stub_save(path, &file);
}

static void begin(void)
{
	start_empty();
	(void)add_image("name", "a");
	put_program(kernel, "vmlinuz", CFS_PE_X64);
	put_program(stub, "stub", CFS_PE_X64);
	put_program(first, "first", 0);
	put_program(second, "second", 0);
}

static int make(const char *dump, struct cfs_uki_source source,
		struct cfs_buf *ret)
{
	struct cfs_bytes text = { (const uint8_t *)dump, strlen(dump) };
	CFS_AUTO(cfs_tree_free) struct cfs_tree *tree = NULL;
	CFS_AUTOREPO struct cfs_repo repo = CFS_REPO_INIT;
	const struct cfs_sink sink = cfs_sink_of_buf(ret);
	struct cfs_uki_made made = { 0 };
	int r;

	CHECK_EQ(cfs_dump_read(text, 0, &tree, &err), 0);
	CHECK_EQ(cfs_access_read(&access_of_root, &repo, &err), 0);
	source.repo = &repo;
	source.tree = tree;
	source.karg = KARG;
	r = cfs_uki_make(&source, &sink, &made, &err);
	if (r == 0)
		CHECK_STR(made.machine, "x64");
	else
		CHECK_EQ(ret->len, 0);
	return r;
}

/* Compares the section @name of @file; without one its content is NULL. */
static void check_section(const struct cfs_buf *file, const char *name,
			  const char *want)
{
	CFS_AUTOFD int fd = memfd_create("uki", MFD_CLOEXEC);
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	CFS_AUTOPE struct cfs_pe pe = { 0 };
	unsigned i = 0;

	CHECK_EQ(cfs_write_full(fd, file->data, file->len), 0);
	CHECK_EQ(cfs_pe_open(fd, &pe, &err), 1);
	while (i < pe.n && strcmp(pe.v[i].name, name) != 0)
		i++;
	CHECK((i < pe.n) == (want != NULL));
	if (!want)
		return;
	CHECK_EQ(cfs_pe_read(fd, &pe.v[i], 10000, &text, &err), 0);
	CHECK_STR(cfs_buf_text(&text), want);
}

TEST(a_program_has_what_boots_the_image)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	begin();
	CHECK_EQ(make(KERNEL OS,
		      (struct cfs_uki_source){ .kernel = kernel,
					       .stub = stub,
					       .cmdline = " a\n\tb " },
		      &out),
		 0);
	check_section(&out, ".osrel", "I");
	check_section(&out, ".cmdline", "a b " KARG);
	check_section(&out, ".initrd", "i");
	check_section(&out, ".uname", NULL);
	CHECK_EQ(out.len > 2 * STUB_SIZE, true);
}

TEST(files_that_are_given_take_the_place_of_those_of_the_image)
{
	const char *const initrds[] = { first, second };
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	begin();
	CHECK_EQ(make(USR,
		      (struct cfs_uki_source){ .kernel = kernel,
					       .stub = stub,
					       .os_release = first,
					       .n_initrds = 2,
					       .initrds = initrds,
					       .version = "7" },
		      &out),
		 0);
	check_section(&out, ".osrel", "first");
	check_section(&out, ".uname", "7");
	/* Padded to a multiple of 4. */
	check_section(&out, ".initrd", "first");
	CHECK(memmem(out.data, out.len, "first\0\0\0first", 13));
}

TEST(the_same_files_make_the_same_program)
{
	const struct cfs_uki_source source = { .kernel = kernel, .stub = stub };
	CFS_AUTOBUF struct cfs_buf one = { 0 }, two = { 0 };

	begin();
	CHECK_EQ(make(KERNEL OS, source, &one), 0);
	CHECK_EQ(make(KERNEL OS, source, &two), 0);
	CHECK(one.len == two.len && !memcmp(one.data, two.data, one.len));
}

static int make_with(const char *dump, struct cfs_uki_source source)
{
	CFS_AUTOBUF struct cfs_buf out = { 0 };

	return make(dump, source, &out);
}

TEST(what_is_missing_is_named)
{
	begin();
	CHECK_EQ(make_with(USR OS, (struct cfs_uki_source){ .stub = stub }),
		 -ENOENT);
	CHECK(strstr(err.msg, "--kernel and --initrd"));
	CHECK_EQ(
		make_with(KERNEL OS, (struct cfs_uki_source){ .stub = stub,
							      .version = "7" }),
		-ENOENT);
	CHECK(strstr(err.msg, "no kernel 7"));
	CHECK_EQ(make_with(KERNEL, (struct cfs_uki_source){ .kernel = kernel,
							    .stub = stub }),
		 -ENOENT);
	CHECK(strstr(err.msg, "--os-release"));
	CHECK_EQ(make_with(KERNEL OS,
			   (struct cfs_uki_source){ .kernel = kernel,
						    .stub = "/none" }),
		 -ENOENT);
	CHECK(strstr(err.msg, "/none: there is no such file"));
	CHECK_EQ(make_with(USR DIR("/usr/lib/modules") DIR("/usr/lib/modules/1")
				   FILE("/usr/lib/modules/1/vmlinuz", "k"),
			   (struct cfs_uki_source){ .kernel = kernel,
						    .stub = stub,
						    .os_release = first }),
		 -ENOENT);
	CHECK(strstr(err.msg, "--initrd"));
}

TEST(a_kernel_is_an_efi_program_for_the_machine_of_the_stub)
{
	char other[4200];

	begin();
	CHECK_EQ(make_with(KERNEL OS, (struct cfs_uki_source){ .stub = stub }),
		 -EBADMSG);
	CHECK(strstr(err.msg, "the kernel is not an EFI program"));
	put_program(other, "aa64", CFS_PE_AA64);
	CHECK_EQ(make_with(KERNEL OS, (struct cfs_uki_source){ .kernel = kernel,
							       .stub = other }),
		 -EINVAL);
	CHECK(strstr(err.msg, "0xaa64"));
	CHECK_EQ(make_with(KERNEL OS, (struct cfs_uki_source){ .kernel = kernel,
							       .stub = first }),
		 -EINVAL);
	CHECK(strstr(err.msg, "the stub: it is not an EFI program"));
	put_program(other, "unknown", 0xebc);
	CHECK_EQ(make_with(KERNEL OS,
			   (struct cfs_uki_source){ .kernel = other }),
		 -EINVAL);
	CHECK(strstr(err.msg, "0xebc, of which no stub is known"));
}

TEST(a_unified_kernel_image_is_no_kernel)
{
	CFS_AUTOBUF struct cfs_buf program = { 0 };
	char unified[4200];

	begin();
	CHECK_EQ(make(KERNEL OS,
		      (struct cfs_uki_source){ .kernel = kernel, .stub = stub },
		      &program),
		 0);
	put_program(unified, "unified", 0);
	CHECK_EQ(unlink(unified), 0);
	stub_save(unified, &program);
	CHECK_EQ(
		make_with(KERNEL OS, (struct cfs_uki_source){ .kernel = unified,
							      .stub = stub }),
		-EINVAL);
	CHECK(strstr(err.msg, "the kernel is a unified kernel image"));
}

TEST(a_command_line_fits_the_kernel_and_names_one_image)
{
	char text[CFS_UKI_CMDLINE_MAX + 1];
	size_t room = CFS_UKI_CMDLINE_MAX - strlen(" " KARG);
	struct cfs_uki_source source = { .kernel = kernel,
					 .stub = stub,
					 .cmdline = text };

	begin();
	memset(text, 'a', sizeof(text));
	text[room] = '\0';
	CHECK_EQ(make_with(KERNEL OS, source), 0);
	text[room] = 'a';
	text[room + 1] = '\0';
	CHECK_EQ(make_with(KERNEL OS, source), -EINVAL);
	CHECK(strstr(err.msg, "of 2048 bytes exceeds the maximum of 2047"));
	source.cmdline = "composefs=11";
	CHECK_EQ(make_with(KERNEL OS, source), -EINVAL);
}
