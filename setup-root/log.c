/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "setup-root/log.h"

#include <endian.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/io.h"
#include "base/text.h"

/* systemd names the stream it made; a child's own stderr may be another. */
static bool is_journal_stream(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       fstat(fd, &st) == 0 && st.st_dev == dev && st.st_ino == ino;
}

void cfs_log_init(struct cfs_log *log, int fd, bool kmsg)
{
	*log = (struct cfs_log){
		.fd = fd,
		.max_level = LOG_INFO,
		.journal_stream = is_journal_stream(fd),
		.kmsg = "/dev/kmsg",
		.socket = "/run/systemd/journal/socket",
	};
	log->use_kmsg = kmsg && !log->journal_stream;
}

/* One write per line: the kernel makes a record of each. */
static void to_kmsg(struct cfs_log *log, int level, const char *text)
{
	CFS_AUTOFD int fd = -EBADF;
	char line[960];

	if (!log->use_kmsg || log->kmsg_lines == CFS_LOG_KMSG_LINES)
		return;
	log->kmsg_lines++;
	fd = open(log->kmsg, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return;
	snprintf(line, sizeof(line), "<%d>%s: %.900s", LOG_USER | level,
		 CFS_LOG_NAME, text);
	/* Where the room ended a character may have been cut. */
	(void)!write(fd, cfs_text_clean(line), strlen(line));
}

void cfs_log(struct cfs_log *log, int level, const char *fmt, ...)
{
	char text[1280], line[1400];
	va_list ap;
	int n;

	if (level > log->max_level)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	(void)cfs_text_clean(text);
	if (log->journal_stream)
		n = snprintf(line, sizeof(line), "<%d>%s\n", level, text);
	else
		n = snprintf(line, sizeof(line), "%s: %s\n", CFS_LOG_NAME,
			     text);
	(void)!cfs_write_full(log->fd, line, (size_t)n);
	to_kmsg(log, level, text);
}

/* The form that the journal's native protocol has for any text: name, newline,
 * little-endian length, bytes, newline. */
static void add_field(struct cfs_buf *buf, const char *name, const char *value)
{
	uint64_t len = htole64(strlen(value));

	cfs_buf_adds(buf, name);
	cfs_buf_addc(buf, '\n');
	cfs_buf_add(buf, &len, sizeof(len));
	cfs_buf_adds(buf, value);
	cfs_buf_addc(buf, '\n');
}

bool cfs_log_journal(struct cfs_log *log, int level, const char *message_id,
		     const char *message, const struct cfs_log_field *fields,
		     unsigned n)
{
	CFS_AUTOFD int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	CFS_AUTOBUF struct cfs_buf buf = { 0 };
	char priority[2] = { (char)('0' + level), '\0' };

	if (fd < 0 || strlen(log->socket) >= sizeof(to.sun_path))
		return false;
	memcpy(to.sun_path, log->socket, strlen(log->socket));
	add_field(&buf, "MESSAGE", message);
	add_field(&buf, "MESSAGE_ID", message_id);
	add_field(&buf, "PRIORITY", priority);
	add_field(&buf, "SYSLOG_IDENTIFIER", CFS_LOG_NAME);
	for (unsigned i = 0; i < n; i++)
		if (fields[i].value && fields[i].value[0])
			add_field(&buf, fields[i].name, fields[i].value);
	/* A journal that does not read must not hold up the boot. */
	return !buf.failed &&
	       sendto(fd, buf.data, buf.len, MSG_NOSIGNAL | MSG_DONTWAIT,
		      (struct sockaddr *)&to, sizeof(to)) == (ssize_t)buf.len;
}
