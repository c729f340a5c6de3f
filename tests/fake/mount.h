/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A kernel that mounts nothing: it writes down each call as a line of text and
 * answers as the test tells it to.
 *
 *	fsopen overlay
 *	fsconfig overlay SET_STRING verity=require
 *	fsconfig overlay SET_FD lowerdir+=<erofs>
 *	fsconfig overlay CREATE
 *	fsmount overlay RDONLY
 *	move_mount <erofs> /run/composefs/.scratch/0
 *	detach /run/composefs/.scratch/0
 *	open_tree <sysroot>/var CLONE RECURSIVE
 *	mount_setattr <var> RECURSIVE set=RDONLY clear= propagation=0x40000
 *	mount_setattr <erofs> set=IDMAP<userns> clear= propagation=0
 *	open_device /dev/loop0
 *	loop_get_free
 *	loop_configure /dev/loop0 <image> READ_ONLY|AUTOCLEAR|DIRECT_IO backing
 *
 * Descriptors given out are real ones, so that closing them is seen; they are
 * shown by name, also as "/proc/self/fd/N" inside a value.
 */
#ifndef CFS_TESTS_FAKE_MOUNT_H
#define CFS_TESTS_FAKE_MOUNT_H

#include <stdbool.h>

#include "base/auto.h"

#define FAKE_ALWAYS -1

/* Forgets calls, rules, names and messages. */
void fake_mount_reset(void);

/*
 * Answers the next @times calls whose line matches @pattern (fnmatch(3)) with
 * @result, negative errno or for loop_get_free a number; the earliest rule
 * that is not used up counts.  Without a rule a call succeeds.
 */
void fake_when(const char *pattern, int result, int times);

/* The next line that the kernel has to say about a context ("e overlay: x"). */
void fake_say(const char *message);

/* Shows @fd as <@name>.  Returns @fd. */
int fake_name(int fd, const char *name);

/* Mounts of @type are really the directory @path, not /dev/null. */
void fake_mount_is(const char *type, const char *path);

/* All calls so far, one a line; those that failed end in " -> -EINVAL". */
const char *fake_calls(void);

/* How many calls so far match @pattern, without " -> ..."? */
int fake_called(const char *pattern);

/* Mounts that are attached and not detached again. */
int fake_attached(void);

/* Open descriptors of this process. */
int fake_open_fds(void);

#endif
