/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "mount/loop.h"

#include <fcntl.h>
#include <linux/major.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/kernel.h"

#define CONTROL "/dev/loop-control"

/* Source: linux include/linux/miscdevice.h, which user space does not get. */
#define LOOP_CTRL_MINOR 237

/* Another process may take the device between our asking and our using it. */
#define TRIES 16

static int open_control(struct cfs_err *err)
{
	int fd = cfs_kernel_open_device(CONTROL);

	/* Without the module there may be no node.  Opening one that is made
	 * here has the kernel load it. */
	if (fd == -ENOENT && mknod(CONTROL, S_IFCHR | 0600,
				   makedev(MISC_MAJOR, LOOP_CTRL_MINOR)) == 0)
		fd = cfs_kernel_open_device(CONTROL);
	if (fd == -ENOENT || fd == -ENODEV || fd == -ENXIO)
		return cfs_fail(err, ENODEV,
				"this kernel cannot mount EROFS from a file "
				"and has no loop devices: put the module loop "
				"into the initramfs");
	if (fd < 0)
		return cfs_fail_code(err, fd, "open " CONTROL);
	return fd;
}

static void set_backing(struct loop_config *config, const char *backing)
{
	char *to = (char *)config->info.lo_file_name;
	size_t room = sizeof(config->info.lo_file_name) - 1;
	size_t len = strlen(backing);

	/* The end of a long name says more than its beginning. */
	if (len > room)
		backing += len - room;
	memcpy(to, backing, len > room ? room : len);
}

static int configure(int device, int fd, const char *backing)
{
	/* 4096 is the block size of EROFS.  Without direct I/O the image would
	 * be cached twice. */
	struct loop_config config = {
		.fd = (uint32_t)fd,
		.block_size = 4096,
		.info.lo_flags = LO_FLAGS_READ_ONLY | LO_FLAGS_AUTOCLEAR |
				 LO_FLAGS_DIRECT_IO,
	};
	int r;

	set_backing(&config, backing);
	r = cfs_kernel_loop_configure(device, &config);
	if (r != -EINVAL)
		return r;
	/* The file system below may not do direct I/O. */
	config.info.lo_flags &= ~(uint32_t)LO_FLAGS_DIRECT_IO;
	return cfs_kernel_loop_configure(device, &config);
}

int cfs_loop_attach(int fd, const char *backing,
		    char name[static CFS_LOOP_NAME_MAX], struct cfs_err *err)
{
	CFS_AUTOFD int control = open_control(err);
	int r = -EBUSY;

	if (control < 0)
		return control;
	for (int i = 0; i < TRIES && r == -EBUSY; i++) {
		CFS_AUTOFD int device = -EBADF;

		r = cfs_kernel_loop_get_free(control);
		if (r < 0)
			break;
		snprintf(name, CFS_LOOP_NAME_MAX, "/dev/loop%d", r);
		device = cfs_kernel_open_device(name);
		r = device < 0 ? device : configure(device, fd, backing);
		if (r >= 0)
			return cfs_steal_fd(&device);
	}
	name[0] = '\0';
	return cfs_fail_code(err, r, "put a loop device over %s", backing);
}
