/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * UTF-8, and text from a disk, a registry or a command line made fit to print.
 *
 * Every message, log record and table cell that contains foreign text goes
 * through cfs_text_clean(): such text must not move a terminal's cursor, clear
 * the screen, start a new line or change the order in which its line is read.
 */
#ifndef CFS_BASE_TEXT_H
#define CFS_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

/*
 * Decodes the UTF-8 character that @s begins with.
 * Returns its length, 1 to 4 bytes, with the character in *@ret; or 0 if @s is
 * empty or does not begin with well-formed UTF-8 (truncated, overlong, a
 * surrogate, above U+10FFFF).
 * Source: The Unicode Standard, table 3-7.
 */
size_t cfs_utf8_get(struct cfs_bytes s, uint32_t *ret) CFS_NONNULL;

/* Encodes @c, which must be U+10FFFF or less, as UTF-8 in @out.
 * Returns its length, 1 to 4 bytes. */
size_t cfs_utf8_put(uint32_t c, uint8_t out[4]) CFS_NONNULL;

/*
 * Returns whether a terminal or a log does nothing with the character @c but
 * display it.  False for:
 *   U+0000..001F, U+007F            C0 controls and DEL
 *   U+0080..009F                    C1 controls, among them CSI and OSC
 *   U+2028, U+2029                  line and paragraph separator
 *   U+202A..202E, U+2066..2069      changes of writing direction
 */
bool cfs_text_is_shown(uint32_t c);

/*
 * Makes the NUL-terminated @text fit to print, in place: replaces every
 * character for which cfs_text_is_shown() is false, and every byte that is not
 * part of well-formed UTF-8, by one '?'.  The text never grows; it shrinks
 * where a character of several bytes is replaced.
 * Returns @text.
 */
char *cfs_text_clean(char *text) CFS_NONNULL;

#define CFS_TEXT_DISTANCE 256 /* longest text to compare with, in bytes */

/*
 * Returns the number of bytes to insert, delete or replace to turn @a into @b
 * (Levenshtein distance), for guessing what a mistyped word was meant to be.
 * Only the first CFS_TEXT_DISTANCE bytes of @b count.
 */
unsigned cfs_text_distance(const char *a, const char *b) CFS_NONNULL;

#endif
