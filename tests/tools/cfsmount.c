/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * cfsmount [OPTION]... IMAGE OBJECTS TARGET: mounts it and says how, for
 * example "file fd".
 *	-l	through a loop device
 *	-a API	hands the layers over that way: fd, string, legacy
 *	-v	verity=require
 *	-u DIR	upper layer, with -w DIR for its work
 *	-s DIR	where mounts are attached meanwhile (default TARGET.scratch)
 * cfsmount -r FILE...: reads them; says "0" or the name of the error of each.
 */
#include <err.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/kernel.h"
#include "mount/composefs.h"

static const char *read_file(const char *path)
{
	CFS_AUTOFD int fd = open(path, O_RDONLY | O_CLOEXEC);
	char page[4096];
	ssize_t n = 1;

	while (fd >= 0 && n > 0)
		n = read(fd, page, sizeof(page));
	return fd < 0 || n < 0 ? strerrorname_np(errno) : "0";
}

static int open_or_die(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		err(2, "%s", path);
	return fd;
}

/* As cfs_composefs_mount(), from a chosen way on. */
static int mount_by(const struct cfs_composefs_params *p,
		    enum cfs_layer_api api, struct cfs_scratch *scratch,
		    struct cfs_composefs_mount *m, struct cfs_err *e)
{
	struct cfs_erofs_mount erofs;
	int r = cfs_erofs_mount(p->image_fd, p->name, p->flags, &erofs, e);

	if (r < 0)
		return r;
	m->erofs_fd = erofs.fd;
	m->backend = erofs.backend;
	m->layer_api = api;
	r = cfs_overlay_mount(
		&(struct cfs_overlay_params){
			.source = p->source,
			.lower_fd = erofs.fd,
			.data_fds = &p->objects_fd,
			.n_data = 1,
			.upper_fd = p->upper_fd,
			.work_fd = p->work_fd,
			.verity = p->verity,
			.attr = p->attr,
			.mounts = { erofs.fd, p->upper_mount },
		},
		scratch, &m->layer_api, e);
	if (r >= 0)
		m->fd = r;
	return r < 0 ? r : 0;
}

static enum cfs_layer_api find_api(const char *name)
{
	for (enum cfs_layer_api a = 0; a <= CFS_LAYERS_LEGACY; a++)
		if (!strcmp(name, cfs_layer_api_name(a)))
			return a;
	errx(2, "-a %s: fd, string or legacy", name);
}

/* Mounts and attaches; whatever fails, nothing is left. */
static int run(const struct cfs_composefs_params *p, const char *api,
	       const char *place, const char *target, struct cfs_err *e)
{
	CFS_AUTOCOMPOSEFS struct cfs_composefs_mount m = CFS_COMPOSEFS_INIT;
	CFS_AUTOSCRATCH struct cfs_scratch scratch = { .dir = place };
	int r = api ? mount_by(p, find_api(api), &scratch, &m, e)
		    : cfs_composefs_mount(p, &scratch, &m, e);

	if (r < 0)
		return r;
	r = cfs_kernel_move_mount(m.fd, AT_FDCWD, target, 0);
	if (r < 0)
		return cfs_fail(e, -r, "attach: %s", strerror(-r));
	printf("%s %s\n", m.backend == CFS_BACKEND_FILE ? "file" : "loop",
	       cfs_layer_api_name(m.layer_api));
	return 0;
}

/* The default place: the absolute path of @target, and ".scratch". */
static void beside(const char *target, char place[static PATH_MAX])
{
	if (!realpath(target, place))
		err(1, "%s", target);
	if (strlen(place) + sizeof(".scratch") > PATH_MAX)
		errx(1, "%s: too long a path", place);
	strcat(place, ".scratch");
}

int main(int argc, char **argv)
{
	struct cfs_composefs_params p = {
		.source = "composefs:test",
		.upper_fd = -1,
		.work_fd = -1,
		.upper_mount = -1,
		.attr = MOUNT_ATTR_RDONLY,
	};
	char place[PATH_MAX] = "";
	struct cfs_err e = { 0 };
	const char *api = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "la:vu:w:s:r")) >= 0)
		switch (opt) {
		case 'l':
			p.flags |= CFS_EROFS_LOOP;
			break;
		case 'a':
			api = optarg;
			break;
		case 'v':
			p.verity = true;
			break;
		case 'u':
			p.upper_fd = open_or_die(optarg, O_PATH);
			p.attr = 0;
			break;
		case 'w':
			p.work_fd = open_or_die(optarg, O_PATH);
			break;
		case 's':
			snprintf(place, sizeof(place), "%s", optarg);
			break;
		case 'r':
			for (; optind < argc; optind++)
				puts(read_file(argv[optind]));
			return 0;
		default:
			return 2;
		}
	if (argc - optind != 3)
		errx(2, "IMAGE OBJECTS TARGET");
	p.name = argv[optind];
	p.image_fd = open_or_die(p.name, O_RDONLY);
	p.objects_fd = open_or_die(argv[optind + 1], O_PATH);
	if (!*place)
		beside(argv[optind + 2], place);
	if (run(&p, api, place, argv[optind + 2], &e) < 0)
		errx(1, "%s", e.msg);
	return 0;
}
