#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Layouts of tests/data/oci are pulled: streams, trees, EROFS images.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

check "67 layouts give the digests that they should" \
	python3 -B "$CFS_SRC/tests/oci/images.py" "$BIN/cfsctl"
finish
