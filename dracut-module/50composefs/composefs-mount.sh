#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# Mount hook of a dracut initramfs without systemd. Some releases (059) look at
# /sysroot after every mount hook and undo a mount that does not look like a
# root. The physical root does not: so it is mounted and covered in one hook.
# Sourced: never exit.

getarg composefs= > /dev/null || getarg composefs.digest= > /dev/null || return 0

if ! ismounted "$NEWROOT"; then
    # shellcheck source=/dev/null
    [ -f "$hookdir/mount/99-mount-root.sh" ] && . "$hookdir/mount/99-mount-root.sh"
fi
# not yet: the device may still come, and the hooks are run again
ismounted "$NEWROOT" || return 0

# An initramfs without systemd has no credentials: what is named here came from
# the kernel command line.
unset CREDENTIALS_DIRECTORY
/usr/lib/composefs/composefs-setup-root --sysroot "$NEWROOT" \
    || die "composefs: the root was not mounted"
