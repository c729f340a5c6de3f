/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "fuse/guard.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "tests/unit/fuse/session.h"

#define PAGES 4

static struct cfs_err err;

/* A mapped file of @data, which the caller unmaps, and its descriptor. */
static struct cfs_bytes map(struct cfs_bytes data, int *ret_fd)
{
	int fd = memfd_create("image", MFD_CLOEXEC);
	void *p;

	CHECK(fd >= 0);
	CHECK_EQ(write(fd, data.data, data.len), data.len);
	p = mmap(NULL, data.len, PROT_READ, MAP_PRIVATE, fd, 0);
	CHECK(p != MAP_FAILED);
	*ret_fd = fd;
	return (struct cfs_bytes){ p, data.len };
}

static void unmap(struct cfs_bytes image, int *fd)
{
	CHECK_EQ(munmap((void *)(uintptr_t)image.data, image.len), 0);
	cfs_closep(fd);
}

/* A mapped file of PAGES pages that are all 'x'. */
static struct cfs_bytes map_pages(int *ret_fd)
{
	static uint8_t data[PAGES * 4096];

	memset(data, 'x', sizeof(data));
	return map((struct cfs_bytes){ data, sizeof(data) }, ret_fd);
}

TEST(bytes_that_are_gone_are_zeros_and_known_to_be_gone)
{
	int fd;
	struct cfs_bytes image = map_pages(&fd);
	const volatile uint8_t *bytes = image.data;

	CHECK_EQ(cfs_fuse_guard_begin(image, &err), 0);
	CHECK(!cfs_fuse_guard_tripped());
	CHECK_EQ(ftruncate(fd, 4096), 0);
	CHECK_EQ(bytes[4095], 'x');
	CHECK(!cfs_fuse_guard_tripped());
	CHECK_EQ(bytes[image.len - 1], 0);
	CHECK(cfs_fuse_guard_tripped());
	CHECK_EQ(bytes[4096], 0);
	CHECK_EQ(bytes[4095], 'x');
	cfs_fuse_guard_end();
	unmap(image, &fd);
}

TEST(a_new_guard_knows_nothing_of_the_last_one)
{
	int fd;
	struct cfs_bytes image = map_pages(&fd);

	CHECK_EQ(cfs_fuse_guard_begin(image, &err), 0);
	cfs_fuse_guard_trip();
	CHECK(cfs_fuse_guard_tripped());
	cfs_fuse_guard_end();
	CHECK_EQ(cfs_fuse_guard_begin(image, &err), 0);
	CHECK(!cfs_fuse_guard_tripped());
	cfs_fuse_guard_end();
	unmap(image, &fd);
}

/* Reads a byte that is gone in a process of its own.  Returns what ended it. */
static int end_of_reader(const struct cfs_bytes *guarded,
			 struct cfs_bytes other)
{
	const volatile uint8_t *bytes = other.data;
	const struct rlimit none = { 0, 0 };
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)signal(SIGBUS, SIG_DFL);
		if (guarded && cfs_fuse_guard_begin(*guarded, &err) < 0)
			_exit(1);
		_exit(bytes[other.len - 1] == 0 ? 0 : 2);
	}
	CHECK_EQ(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

TEST(a_fault_elsewhere_ends_the_process)
{
	int fd, other_fd;
	struct cfs_bytes image = map_pages(&fd), other = map_pages(&other_fd);

	CHECK_EQ(ftruncate(other_fd, 0), 0);
	CHECK_EQ(end_of_reader(NULL, other), SIGBUS);
	CHECK_EQ(end_of_reader(&image, other), SIGBUS);
	CHECK_EQ(end_of_reader(&other, other), 0);
	unmap(image, &fd);
	unmap(other, &other_fd);
}

TEST(a_server_answers_eio_once_its_image_is_gone)
{
	static const char dump[] = "/ 4096 40755 2 0 0 0 1.5 - - -\n"
				   "/a 3 100644 1 0 0 0 1.0 - abc - user.x=1\n"
				   "/l 6 120777 1 0 0 0 4.0 to/any - -\n";
	const struct fuse_getattr_in getattr = { 0 };
	const struct fuse_read_in readdir = { .size = 4096 };
	const struct fuse_getxattr_in listxattr = { .size = 100 };
	struct kernel *k = new_kernel(dump, 1);
	struct fuse_entry_out entry;
	struct cfs_bytes image;
	uint64_t a, l;
	int fd;

	image = map(cfs_buf_bytes(&k->image), &fd);
	CHECK_EQ(cfs_fuse_guard_begin(image, &err), 0);
	open_session(k);
	cfs_fuse_server_free(&k->server);
	k->params.image = image;
	CHECK_EQ(cfs_fuse_server_init(&k->server, &k->params, &err), 0);
	(void)shake_hands(k, 0);
	a = number_of(k, "a");
	l = number_of(k, "l");
	CHECK_EQ(ftruncate(fd, 0), 0);
	CHECK_EQ(ask_lookup(k, FUSE_ROOT_ID, "none", &entry), -EIO);
	CHECK_EQ(ask(k, FUSE_GETATTR, a, &getattr, sizeof(getattr)), -EIO);
	CHECK_EQ(ask(k, FUSE_READDIR, FUSE_ROOT_ID, &readdir, sizeof(readdir)),
		 -EIO);
	CHECK_EQ(ask(k, FUSE_READLINK, l, NULL, 0), -EIO);
	CHECK_EQ(ask(k, FUSE_LISTXATTR, a, &listxattr, sizeof(listxattr)),
		 -EIO);
	CHECK_EQ(ask_read(k, a, 0, 10), -EIO);
	CHECK(strstr(k->lines, "the image cannot be read any more"));
	CHECK(strchr(k->lines, '\n') == strrchr(k->lines, '\n'));
	stop_kernel(k);
	cfs_fuse_guard_end();
	unmap(image, &fd);
}
