#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# Emergency hook of dracut: why there is no root, as the last thing on the
# screen. dracut prints ten lines of its own after the hooks and then reads
# /etc/profile, as the shell does.
# Sourced: never exit. composefs_last is set where nothing comes after.

# Without systemd nothing has looked at a command line that names no image.
if [ ! -e /run/composefs/failed ] && [ ! -e /run/composefs/booted ] \
    && [ -d "${NEWROOT:-/sysroot}/composefs" ]; then
    # a variable of this name would be from the kernel command line
    (
        unset CREDENTIALS_DIRECTORY
        /usr/lib/composefs/composefs-setup-root --if-present \
            --sysroot "${NEWROOT:-/sysroot}" > /dev/null 2>&1
    )
fi
if [ -e /run/composefs/failed ]; then
    if [ "${composefs_last-}" ] || ! getargbool 1 rd.shell; then
        cat /run/composefs/failed
    else
        case $(cat /etc/profile 2> /dev/null) in
            *composefs/failed*) ;;
            *) echo 'cat /run/composefs/failed 2> /dev/null' >> /etc/profile ;;
        esac
    fi
fi
