/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the program says, and where: standard error always; the kernel log as
 * well when nobody keeps standard error; the journal, with fields, for the
 * few events that other programs look for.
 *
 * Source: sd-daemon(3) for "<N>", systemd.exec(5) for JOURNAL_STREAM,
 * https://systemd.io/JOURNAL_NATIVE_PROTOCOL for the datagrams.
 */
#ifndef CFS_SETUP_ROOT_LOG_H
#define CFS_SETUP_ROOT_LOG_H

#include <stdbool.h>
#include <syslog.h>

#include "base/auto.h"

#define CFS_LOG_NAME	   "composefs"
#define CFS_LOG_KMSG_LINES 20 /* lines that go to the kernel log at most */

/* Our MESSAGE_IDs.  They identify the event, whatever its text says. */
#define CFS_MSG_BOOTED "8f0d2c1be5aa4a1cb7d7a6e4f3cf1e52"
#define CFS_MSG_FAILED "c14b6a90d2f74f7d8d30ab3e55b0a7c6"

struct cfs_log {
	int fd;		     /* standard error */
	int max_level;	     /* LOG_DEBUG, LOG_INFO, ... */
	bool journal_stream; /* fd leads to the journal: say "<N>" */
	bool use_kmsg;
	unsigned kmsg_lines; /* written so far */
	const char *kmsg;    /* "/dev/kmsg" */
	const char *socket;  /* "/run/systemd/journal/socket" */
};

/* A field of a journal record: NAME in capitals, any text. */
struct cfs_log_field {
	const char *name;
	const char *value;
};

/*
 * Gets ready to write to @fd.  @kmsg: use the kernel log too, unless @fd leads
 * to the journal.
 */
void cfs_log_init(struct cfs_log *log, int fd, bool kmsg) CFS_NONNULL;

/* Logs one line, given without its newline and passed through
 * cfs_text_clean(), at @level (LOG_ERR ... LOG_DEBUG). */
void cfs_log(struct cfs_log *log, int level, const char *fmt, ...) CFS_NONNULL
	CFS_PRINTF(3, 4);

/*
 * Sends one record with MESSAGE, PRIORITY, SYSLOG_IDENTIFIER, @message_id and
 * the @n further @fields (those without a value are left out) to the journal.
 * Returns true when it was sent; no journal is no failure.
 */
bool cfs_log_journal(struct cfs_log *log, int level, const char *message_id,
		     const char *message, const struct cfs_log_field *fields,
		     unsigned n) __attribute__((nonnull(1, 3, 4)));

#endif
