/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/fake/mount.h"

#include <fcntl.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <string.h>

#include "base/kernel.h"

/* Source: linux/mount.h since Linux 6.5. */
#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x200
#endif

#define RULES_MAX 32
#define FDS_MAX	  256
#define NAME_MAX_ 64

static struct {
	char calls[65536];
	struct {
		char pattern[256];
		int result;
		int times;
	} rules[RULES_MAX];
	int n_rules;
	char names[FDS_MAX][NAME_MAX_];
	const char *messages[16];
	int n_messages, said;
	struct {
		const char *type, *path;
	} dirs[4];
	int n_dirs;
	struct {
		int fd; /* what it was moved by */
		char path[512];
	} attached[32];
	int n_attached;
	int next_loop;
} k;

static void need(bool cond, const char *what)
{
	if (cond)
		return;
	printf("Bail out! fake kernel: %s\n", what);
	abort();
}

void fake_mount_reset(void)
{
	memset(&k, 0, sizeof(k));
}

void fake_when(const char *pattern, int result, int times)
{
	need(k.n_rules < RULES_MAX, "too many rules");
	snprintf(k.rules[k.n_rules].pattern, sizeof(k.rules[0].pattern), "%s",
		 pattern);
	k.rules[k.n_rules].result = result;
	k.rules[k.n_rules++].times = times;
}

void fake_say(const char *message)
{
	need(k.n_messages < 16, "too many messages");
	k.messages[k.n_messages++] = message;
}

int fake_name(int fd, const char *name)
{
	need(fd < FDS_MAX, "descriptor out of range");
	if (fd >= 0)
		snprintf(k.names[fd], NAME_MAX_, "%s", name);
	return fd;
}

void fake_mount_is(const char *type, const char *path)
{
	need(k.n_dirs < 4, "too many directories");
	k.dirs[k.n_dirs].type = type;
	k.dirs[k.n_dirs++].path = path;
}

const char *fake_calls(void)
{
	return k.calls;
}

int fake_called(const char *pattern)
{
	char line[1024];
	int n = 0;

	for (const char *s = k.calls; *s; s = strchr(s, '\n') + 1) {
		snprintf(line, sizeof(line), "%.*s", (int)strcspn(s, "\n"), s);
		if (strstr(line, " -> "))
			*strstr(line, " -> ") = '\0';
		n += fnmatch(pattern, line, 0) == 0;
	}
	return n;
}

int fake_attached(void)
{
	return k.n_attached;
}

static void attach(int fd, const char *path)
{
	int i = 0;

	while (i < k.n_attached && k.attached[i].fd != fd)
		i++;
	need(i < 32, "too many mounts");
	k.n_attached += i == k.n_attached;
	k.attached[i].fd = fd;
	need(strlen(path) < sizeof(k.attached[i].path), "a path too long");
	strcpy(k.attached[i].path, path);
}

/* The mount at @path, with all below it. */
static void detach(const char *path)
{
	size_t len = strlen(path);
	int n = 0;

	for (int i = 0; i < k.n_attached; i++) {
		const char *at = k.attached[i].path;

		if (strncmp(at, path, len) || (at[len] && at[len] != '/'))
			k.attached[n++] = k.attached[i];
	}
	k.n_attached = n;
}

int fake_open_fds(void)
{
	CFS_AUTODIR DIR *dir = opendir("/proc/self/fd");
	int n = 0;

	need(dir, "no /proc/self/fd");
	while (readdir(dir))
		n++;
	return n;
}

/* The name of @fd without its brackets. */
static const char *bare(int fd)
{
	need(fd >= 0 && fd < FDS_MAX, "a call with a bad descriptor");
	return k.names[fd][0] ? k.names[fd] : "?";
}

static const char *shown(int fd, char buf[static NAME_MAX_ + 2])
{
	if (fd == AT_FDCWD)
		return "";
	snprintf(buf, NAME_MAX_ + 2, "<%s>", bare(fd));
	return buf;
}

/* "x/proc/self/fd/7y" -> "x<name>y" */
static void show_paths(const char *value, char *to, size_t size)
{
	static const char prefix[] = "/proc/self/fd/";

	*to = '\0';
	while (*value) {
		char name[NAME_MAX_ + 2];
		size_t len = strlen(to);

		if (!strncmp(value, prefix, sizeof(prefix) - 1)) {
			char *end;
			long fd = strtol(value + sizeof(prefix) - 1, &end, 10);

			snprintf(to + len, size - len, "%s",
				 shown((int)fd, name));
			value = end;
			continue;
		}
		snprintf(to + len, size - len, "%c", *value++);
	}
}

/* Writes the call down and looks up its answer. */
static int call(const char *fmt, ...) CFS_PRINTF(1, 2);

static int call(const char *fmt, ...)
{
	char line[1024];
	size_t used = strlen(k.calls);
	int r = 0;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	for (int i = 0; i < k.n_rules; i++) {
		if (k.rules[i].times == 0 ||
		    fnmatch(k.rules[i].pattern, line, 0) != 0)
			continue;
		if (k.rules[i].times > 0)
			k.rules[i].times--;
		r = k.rules[i].result;
		break;
	}
	need(used + strlen(line) + 32 < sizeof(k.calls), "too many calls");
	if (r < 0)
		sprintf(k.calls + used, "%s -> -%s\n", line,
			strerrorname_np(-r));
	else
		sprintf(k.calls + used, "%s\n", line);
	return r;
}

static int give(const char *path, const char *name)
{
	int fd = open(path, O_PATH | O_CLOEXEC);

	need(fd >= 0, path);
	for (int i = 0; i < k.n_attached; i++)
		if (k.attached[i].fd == fd)
			k.attached[i].fd = -1;
	return fake_name(fd, name);
}

int cfs_kernel_fsopen(const char *fs_name)
{
	int r = call("fsopen %s", fs_name);

	return r < 0 ? r : give("/dev/null", fs_name);
}

int cfs_kernel_fsconfig(int fs_fd, unsigned cmd, const char *key,
			const void *value, int aux)
{
	const char *type = bare(fs_fd);
	char text[512];

	switch (cmd) {
	case FSCONFIG_SET_FLAG:
		return call("fsconfig %s SET_FLAG %s", type, key);
	case FSCONFIG_SET_STRING:
		show_paths(value, text, sizeof(text));
		return call("fsconfig %s SET_STRING %s=%s", type, key, text);
	case FSCONFIG_SET_FD:
		return call("fsconfig %s SET_FD %s=%s", type, key,
			    shown(aux, text));
	case FSCONFIG_CMD_CREATE:
		return call("fsconfig %s CREATE", type);
	case FSCONFIG_CMD_RECONFIGURE:
		return call("fsconfig %s RECONFIGURE", type);
	default:
		need(false, "an fsconfig command that is not known here");
		return -EINVAL;
	}
}

/* MOUNT_ATTR_* in words. */
static const char *attrs(uint64_t attr, char buf[static 64])
{
	static const struct {
		uint64_t bit;
		const char *word;
	} words[] = {
		{ MOUNT_ATTR_RDONLY, "RDONLY" },
		{ MOUNT_ATTR_NOSUID, "NOSUID" },
		{ MOUNT_ATTR_NODEV, "NODEV" },
		{ MOUNT_ATTR_NOEXEC, "NOEXEC" },
		{ MOUNT_ATTR_NOATIME, "NOATIME" },
		{ MOUNT_ATTR_STRICTATIME, "STRICTATIME" },
		{ MOUNT_ATTR_NODIRATIME, "NODIRATIME" },
		{ MOUNT_ATTR_NOSYMFOLLOW, "NOSYMFOLLOW" },
		{ MOUNT_ATTR_IDMAP, "IDMAP" },
	};

	buf[0] = '\0';
	for (size_t i = 0; i < CFS_ARRAY_SIZE(words); i++)
		if (attr & words[i].bit)
			sprintf(buf + strlen(buf), "%s%s", buf[0] ? "|" : "",
				words[i].word);
	return buf;
}

int cfs_kernel_fsmount(int fs_fd, unsigned attr_flags)
{
	char type[NAME_MAX_], words[128];
	const char *path = "/dev/null";
	int r;

	snprintf(type, sizeof(type), "%s", bare(fs_fd));
	r = call("fsmount %s %s", type, attrs(attr_flags, words));
	for (int i = 0; i < k.n_dirs; i++)
		if (!strcmp(k.dirs[i].type, type))
			path = k.dirs[i].path;
	return r < 0 ? r : give(path, type);
}

int cfs_kernel_fs_message(int fs_fd, char *buf, size_t size)
{
	(void)bare(fs_fd);
	if (k.said == k.n_messages)
		return -ENODATA;
	snprintf(buf, size, "%s", k.messages[k.said++]);
	return (int)strlen(buf);
}

int cfs_kernel_open_tree(int dirfd, const char *path, unsigned flags)
{
	char dir[NAME_MAX_ + 2];
	int fd, r;

	r = call("open_tree %s%s%s%s%s", shown(dirfd, dir),
		 dirfd >= 0 && *path ? "/" : "", path,
		 flags & OPEN_TREE_CLONE ? " CLONE" : "",
		 flags & AT_RECURSIVE ? " RECURSIVE" : "");
	if (r < 0)
		return r;
	/* The directory itself stands for its clone. */
	fd = *path ? openat(dirfd, path, O_PATH | O_CLOEXEC)
		   : fcntl(dirfd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	return fake_name(fd, *path ? path : bare(dirfd));
}

int cfs_kernel_move_mount(int from_fd, int to_dirfd, const char *to_path,
			  unsigned flags)
{
	char from[NAME_MAX_ + 2], dir[NAME_MAX_ + 2], to[512];
	int r;

	/* As the kernel: no call that does anything, when there is no place. */
	if (to_dirfd >= 0 && *to_path &&
	    faccessat(to_dirfd, to_path, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	snprintf(to, sizeof(to), "%s%s%s", shown(to_dirfd, dir),
		 to_dirfd >= 0 && *to_path ? "/" : "", to_path);
	r = call("move_mount %s %s%s", shown(from_fd, from), to,
		 flags & MOVE_MOUNT_BENEATH ? " BENEATH" : "");
	if (r >= 0)
		attach(from_fd, to);
	return r;
}

int cfs_kernel_mount_setattr(int dirfd, const char *path, unsigned flags,
			     const struct mount_attr *attr)
{
	char dir[NAME_MAX_ + 2], set[64], clear[64], user[NAME_MAX_ + 2] = "";

	if (attr->attr_set & MOUNT_ATTR_IDMAP)
		shown((int)attr->userns_fd, user);
	return call(
		"mount_setattr %s%s%s%s set=%s%s clear=%s propagation=%#llx",
		shown(dirfd, dir), dirfd >= 0 && *path ? "/" : "", path,
		flags & AT_RECURSIVE ? " RECURSIVE" : "",
		attrs(attr->attr_set, set), user, attrs(attr->attr_clr, clear),
		(unsigned long long)attr->propagation);
}

int cfs_kernel_detach(const char *target)
{
	int r = call("detach %s", target);

	if (r >= 0)
		detach(target);
	return r;
}

int cfs_kernel_open_device(const char *path)
{
	int r = call("open_device %s", path);

	return r < 0 ? r : give("/dev/null", path);
}

int cfs_kernel_loop_get_free(int control_fd)
{
	int r;

	need(!strcmp(bare(control_fd), "/dev/loop-control"),
	     "a loop device asked for of something else");
	r = call("loop_get_free");
	return r ? r : k.next_loop++;
}

int cfs_kernel_loop_configure(int loop_fd, const struct loop_config *config)
{
	unsigned flags = config->info.lo_flags;
	char fd[NAME_MAX_ + 2];

	return call("loop_configure %s %s %s%s%s %.*s", bare(loop_fd),
		    shown((int)config->fd, fd),
		    flags & LO_FLAGS_READ_ONLY ? "READ_ONLY" : "",
		    flags & LO_FLAGS_AUTOCLEAR ? "|AUTOCLEAR" : "",
		    flags & LO_FLAGS_DIRECT_IO ? "|DIRECT_IO" : "",
		    (int)sizeof(config->info.lo_file_name),
		    (const char *)config->info.lo_file_name);
}
