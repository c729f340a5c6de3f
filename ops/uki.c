/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "ops/uki.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/io.h"
#include "boot/entry_text.h"
#include "boot/found.h"
#include "boot/pe_format.h"
#include "boot/pe_image.h"
#include "boot/pe_write.h"
#include "repo/node_content.h"

struct job {
	const struct cfs_uki_source *source;
	int objects;		       /* owned */
	struct cfs_boot_kernel kernel; /* of the tree; none if file is NULL */
	struct cfs_pe_image kernel_image, stub_image;
	struct cfs_uki_made made;
	/* Contents; owned. */
	struct cfs_buf os_release, cmdline, version, linux_, initrd, stub;
};

static void job_free(struct job *job)
{
	cfs_closep(&job->objects);
	cfs_buf_free(&job->os_release);
	cfs_buf_free(&job->cmdline);
	cfs_buf_free(&job->version);
	cfs_buf_free(&job->linux_);
	cfs_buf_free(&job->initrd);
	cfs_buf_free(&job->stub);
}

/* Appends a file of this machine. */
static int read_given(const char *path, struct cfs_buf *ret,
		      struct cfs_err *err)
{
	size_t before = ret->len;
	int r = cfs_read_file(AT_FDCWD, path, CFS_UKI_FILE_MAX, ret, err);

	if (r == 0)
		return cfs_fail(err, ENOENT, "%s: there is no such file", path);
	if (r > 0 && ret->len == before)
		return cfs_fail(err, EINVAL, "%s is empty", path);
	return r < 0 ? r : 0;
}

/* Appends a file of the tree. */
static int read_node(const struct job *job, struct cfs_node *node,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	char name[CFS_NODE_NAME_MAX];
	int r = cfs_node_read(job->objects, job->source->tree, node,
			      CFS_UKI_FILE_MAX, ret, err);

	if (r == 0 && ret->len == 0)
		r = cfs_fail(err, EINVAL, "it is empty");
	return r < 0 ? cfs_ctx(err, "%s of the image",
			       cfs_node_name(node, name))
		     : 0;
}

/* Appends the file @path of the tree.  Returns 1, or 0 if it is missing or no
 * regular file. */
static int read_path(const struct job *job, const char *path,
		     struct cfs_buf *ret, struct cfs_err *err)
{
	struct cfs_node *node;
	int r = cfs_tree_lookup(job->source->tree, path, &node, err);

	if (r <= 0 || !S_ISREG(node->mode))
		return r < 0 ? r : 0;
	r = read_node(job, node, ret, err);
	return r < 0 ? r : 1;
}

static int find_kernel(struct job *job, struct cfs_err *err)
{
	const struct cfs_uki_source *s = job->source;
	int r;

	if (s->kernel && s->n_initrds > 0)
		return 0;
	r = cfs_boot_find_kernel(s->tree, s->version, &job->kernel, err);
	if (r == -ENOTUNIQ)
		return cfs_fail(err, ENOTUNIQ, "%s: say which one by --uname",
				err->msg);
	if (r == 0 && s->version)
		return cfs_fail(err, ENOENT,
				"the image has no kernel %s: neither "
				"/usr/lib/modules/%s/vmlinuz nor "
				"/boot/vmlinuz-%s",
				s->version, s->version, s->version);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"the image has no kernel: neither "
				"/usr/lib/modules/VERSION/vmlinuz nor "
				"/boot/vmlinuz-VERSION with a directory of "
				"modules; give --kernel and --initrd");
	return r < 0 ? r : 0;
}

/* Has the program a command line or a kernel of its own?  Under Secure Boot it
 * starts with those, whatever is given to it. */
static bool is_unified(struct cfs_bytes file, const struct cfs_pe_image *image)
{
	for (unsigned i = 0; i < image->sections; i++) {
		const uint8_t *name = file.data + image->table_at +
				      i * sizeof(struct cfs_pe_entry) +
				      offsetof(struct cfs_pe_entry, name);

		if (memcmp(name, ".linux\0", CFS_PE_NAME_MAX) == 0 ||
		    memcmp(name, ".cmdline", CFS_PE_NAME_MAX) == 0)
			return true;
	}
	return false;
}

static int read_kernel(struct job *job, struct cfs_err *err)
{
	const struct cfs_uki_source *s = job->source;
	const char *version = s->version;
	int r;

	if (!s->kernel)
		version = job->kernel.version;
	if (version)
		cfs_buf_adds(&job->version, version);
	r = s->kernel ? read_given(s->kernel, &job->linux_, err)
		      : read_node(job, job->kernel.file, &job->linux_, err);
	if (r == 0)
		r = cfs_pe_image_read(cfs_buf_bytes(&job->linux_),
				      &job->kernel_image, err);
	if (r < 0)
		return cfs_ctx(err, "kernel");
	if (r == 0)
		return cfs_fail(err, EBADMSG,
				"the kernel is not an EFI program: it has to "
				"be built with CONFIG_EFI_STUB, and must not "
				"be compressed as a whole");
	if (is_unified(cfs_buf_bytes(&job->linux_), &job->kernel_image))
		return cfs_fail(err, EINVAL,
				"the kernel is a unified kernel image, which "
				"starts with the command line in it and not "
				"with this one: give --kernel");
	return cfs_buf_check(&job->version, err);
}

/* The kernel reads archives that begin at multiples of 4 bytes.
 * Source: linux Documentation/driver-api/early-userspace/buffer-format.rst. */
static int read_initrds(struct job *job, struct cfs_err *err)
{
	const struct cfs_uki_source *s = job->source;
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_initrds; i++) {
		cfs_buf_addz(&job->initrd, -job->initrd.len & 3);
		r = read_given(s->initrds[i], &job->initrd, err);
	}
	if (r < 0 || s->n_initrds > 0)
		return r < 0 ? r : cfs_buf_check(&job->initrd, err);
	if (!job->kernel.initrd)
		return cfs_fail(err, ENOENT,
				"the image has no initramfs for its kernel %s, "
				"and without one nothing mounts the image: "
				"give --initrd",
				job->kernel.version);
	return read_node(job, job->kernel.initrd, &job->initrd, err);
}

static int read_os_release(struct job *job, struct cfs_err *err)
{
	static const char *const paths[] = { "/usr/lib/os-release",
					     "/etc/os-release" };
	int r = 0;

	if (job->source->os_release)
		return read_given(job->source->os_release, &job->os_release,
				  err);
	for (size_t i = 0; r == 0 && i < CFS_ARRAY_SIZE(paths); i++)
		r = read_path(job, paths[i], &job->os_release, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"the image has no file /usr/lib/os-release, "
				"from which boot loaders have its name: give "
				"--os-release");
	return r < 0 ? r : 0;
}

/* Finds the stub for @machine in the tree, or else on this machine. */
static int find_stub(struct job *job, const char *machine, struct cfs_err *err)
{
	char path[sizeof(CFS_STUB_DIR) + 64];
	int r;

	snprintf(path, sizeof(path), CFS_STUB_DIR "/linux%s.efi.stub", machine);
	r = read_path(job, path, &job->stub, err);
	if (r != 0)
		return r < 0 ? r : 0;
	r = cfs_read_file(AT_FDCWD, path, CFS_UKI_FILE_MAX, &job->stub, err);
	if (r == 0)
		return cfs_fail(err, ENOENT,
				"there is no stub %s, neither in the image nor "
				"on this machine: install systemd's "
				"(package systemd-boot-efi), or give --stub",
				path);
	job->made.stub_is_local = true;
	return r < 0 ? r : 0;
}

/* A stub for 32 bits starts kernels for 64 as well, on processors that have
 * both. */
static bool fits(uint16_t stub, uint16_t kernel)
{
	return stub == kernel || (stub == CFS_PE_IA32 && kernel == CFS_PE_X64);
}

static int check_stub(struct job *job, struct cfs_err *err)
{
	uint16_t machine = job->kernel_image.machine;
	const char *name;
	int r = cfs_pe_image_read(cfs_buf_bytes(&job->stub), &job->stub_image,
				  err);

	if (r == 0)
		return cfs_fail(err, EINVAL, "it is not an EFI program");
	if (r < 0)
		return r;
	if (!fits(job->stub_image.machine, machine))
		return cfs_fail(err, EINVAL,
				"it is for machines of type %#x, and the "
				"kernel for those of type %#x",
				job->stub_image.machine, machine);
	name = cfs_pe_machine_name(job->stub_image.machine);
	snprintf(job->made.machine, sizeof(job->made.machine), "%s",
		 name ? name : "");
	return 0;
}

static int read_stub(struct job *job, struct cfs_err *err)
{
	uint16_t machine = job->kernel_image.machine;
	const char *name = cfs_pe_machine_name(machine);
	int r;

	if (job->source->stub)
		r = read_given(job->source->stub, &job->stub, err);
	else if (name)
		r = find_stub(job, name, err);
	else
		return cfs_fail(err, EINVAL,
				"the kernel is for machines of type %#x, of "
				"which no stub is known: give --stub",
				machine);
	if (r == 0 && check_stub(job, err) < 0)
		return cfs_ctx(err, "the stub");
	return r;
}

static int make_cmdline(struct job *job, struct cfs_err *err)
{
	CFS_AUTOBUF struct cfs_buf text = { 0 };
	const char *given = job->source->cmdline;
	struct cfs_entry_args args = { .karg = job->source->karg };
	int r;

	for (; given && *given; given++)
		cfs_buf_addc(&text, strchr("\t\n\r", *given) ? ' ' : *given);
	if (!cfs_buf_text(&text))
		return cfs_no_memory(err);
	r = cfs_entry_check_args((char *)text.data, err);
	if (r < 0)
		return r;
	cfs_entry_cmdline(cfs_buf_bytes(&text), &args, &job->cmdline);
	if (job->cmdline.len > CFS_UKI_CMDLINE_MAX)
		return cfs_fail(err, EINVAL,
				"a kernel command line of %zu bytes exceeds "
				"the maximum of %d",
				job->cmdline.len, CFS_UKI_CMDLINE_MAX);
	return cfs_buf_check(&job->cmdline, err);
}

static int collect(struct job *job, struct cfs_err *err)
{
	int r = make_cmdline(job, err);

	if (r < 0)
		return r;
	job->objects = cfs_repo_open_objects(job->source->repo, err);
	if (job->objects < 0)
		return job->objects;
	r = find_kernel(job, err);
	if (r == 0)
		r = read_kernel(job, err);
	if (r == 0)
		r = read_stub(job, err);
	if (r == 0)
		r = read_os_release(job, err);
	return r < 0 ? r : read_initrds(job, err);
}

static void add(struct cfs_pe_addition *to, const char *name,
		const struct cfs_buf *data)
{
	if (data->len > 0)
		to->v[to->n++] =
			(struct cfs_pe_part){ .name = name,
					      .data = cfs_buf_bytes(data) };
}

/* The sections are in the order in which systemd-stub measures them, as
 * ukify(1) says. */
static int write_program(const struct job *job, const struct cfs_sink *sink,
			 struct cfs_err *err)
{
	/* Firmware that tells data from code by this flag goes by that of the
	 * outer program for the kernel, too. */
	struct cfs_pe_addition parts = { .no_nx = !job->kernel_image.nx };
	int r;

	add(&parts, ".osrel", &job->os_release);
	add(&parts, ".cmdline", &job->cmdline);
	add(&parts, ".uname", &job->version);
	add(&parts, ".linux", &job->linux_);
	parts.v[parts.n - 1].code = true;
	add(&parts, ".initrd", &job->initrd);
	r = cfs_pe_add_sections(cfs_buf_bytes(&job->stub), &parts, sink, err);
	return r == -EINVAL || r == -EBADMSG || r == -ENOSPC
		       ? cfs_ctx(err, "the stub")
		       : r;
}

int cfs_uki_make(const struct cfs_uki_source *source,
		 const struct cfs_sink *sink, struct cfs_uki_made *ret,
		 struct cfs_err *err)
{
	__attribute__((cleanup(job_free))) struct job job = {
		.source = source, .objects = -EBADF
	};
	int r = collect(&job, err);

	if (r == 0)
		r = write_program(&job, sink, err);
	if (r == 0)
		*ret = job.made;
	return r;
}
