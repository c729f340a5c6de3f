/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sizes and times as people read them. */
#ifndef CFS_CFSCTL_CLI_UNITS_H
#define CFS_CFSCTL_CLI_UNITS_H

#include <stdint.h>
#include <time.h>

#include "base/auto.h"

#define CFS_UNITS_MAX 32

/* "0 B", "1023 B", "1.00 KiB", ..., "16.00 EiB".  Returns @text. */
const char *cmd_size_text(uint64_t bytes,
			  char text[static CFS_UNITS_MAX]) CFS_NONNULL;

/* "7 s", "2:05" or "1:02:05" for so many seconds.  Returns @text. */
const char *cmd_duration_text(uint64_t seconds,
			      char text[static CFS_UNITS_MAX]) CFS_NONNULL;

/* "2026-11-25 20:31" where the user is, or "2026-11-25T20:31:06Z" for
 * programs; "?" for a time that no calendar has.  Returns @text. */
const char *cmd_local_time_text(time_t when,
				char text[static CFS_UNITS_MAX]) CFS_NONNULL;
const char *cmd_utc_time_text(time_t when,
			      char text[static CFS_UNITS_MAX]) CFS_NONNULL;

#endif
