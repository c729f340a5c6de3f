/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* JSON holds nothing but UTF-8: texts that are to be written there. */
#ifndef CFS_BASE_UTF8_H
#define CFS_BASE_UTF8_H

#include <stdbool.h>

#include "base/auto.h"

/* Is the whole of @text UTF-8, as cfs_utf8_get() has it? */
bool cfs_is_utf8(const char *text) CFS_NONNULL;

#endif
