/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Text from a disk, a registry or a command line, made fit to be printed.
 *
 * Every message, log record and table cell that holds foreign text goes
 * through cfs_text_clean(): such text must not move a terminal's cursor, clear
 * the screen, start a line of its own or change the order in which the rest
 * of its line is read.
 */
#ifndef CFS_BASE_TEXT_H
#define CFS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Decodes the UTF-8 character that @s begins with.
 * Returns its length, 1 to 4 bytes, with the character in *@ret; or 0 when @s
 * is empty or does not begin with well-formed UTF-8 (cut off, overlong, a
 * surrogate, over U+10FFFF).
 * Source: The Unicode Standard, table 3-7.
 */
size_t cfs_utf8_get(struct cfs_bytes s, uint32_t *ret) CFS_NONNULL;

/* Encodes @c, which must be U+10FFFF or less, as UTF-8 in @out.
 * Returns its length, 1 to 4 bytes. */
size_t cfs_utf8_put(uint32_t c, uint8_t out[4]) CFS_NONNULL;

/*
 * Is the character @c one that a terminal and a log only show?  Not so:
 *   U+0000..001F, U+007F            C0 controls and DEL
 *   U+0080..009F                    C1 controls, among them CSI and OSC
 *   U+2028, U+2029                  line and paragraph separator
 *   U+202A..202E, U+2066..2069      changes of writing direction
 */
bool cfs_text_is_shown(uint32_t c);

/*
 * Makes the NUL-terminated @text fit to be printed, in place: every character
 * for which cfs_text_is_shown() is false, and every byte that is no part of
 * well-formed UTF-8, becomes one '?'.  All else stays, so the text grows
 * never and shrinks where a character of several bytes is replaced.  Text that
 * is clean already is not changed.
 * Returns @text.
 */
char *cfs_text_clean(char *text) CFS_NONNULL;

#define CFS_TEXT_DISTANCE 256 /* bytes of @b that are compared at most */

/*
 * How many bytes have to be inserted, deleted or replaced to turn @a into @b
 * (Levenshtein distance): what was meant by a mistyped word.
 */
unsigned cfs_text_distance(const char *a, const char *b) CFS_NONNULL;

#endif
