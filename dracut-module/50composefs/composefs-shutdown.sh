#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# Hook of dracut before a machine that opens no emergency shell stops: why there
# is no root.
# Sourced: never exit.

composefs_last=yes
# shellcheck source=/dev/null
. "$hookdir/emergency/90-composefs-emergency.sh"
