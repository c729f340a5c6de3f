#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# Hook of dracut before a machine without an emergency shell (rd.shell=0) stops:
# why there is no root.
# Sourced: never exit.

cat /run/composefs/failed 2> /dev/null
