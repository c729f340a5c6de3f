/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#ifndef CFS_CFSCTL_CLI_PROC_H
#define CFS_CFSCTL_CLI_PROC_H

/*
 * Notes on stderr, after an error, that /proc is not mounted, if it is not.
 * A file that is open is reached again by its name below /proc/self/fd: without
 * that many a call fails with words about something else.
 */
void cmd_note_proc(void);

#endif
