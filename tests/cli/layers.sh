#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Archives are read, and layers merged, as others say they should be: composefs-rs
# (tests/data/oci), a model of our own in Python, and the archives that GNU tar,
# bsdtar and Python write.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tar2dump=$O/tests/tools/tar2dump
python="python3 -B"

check "layers of 67 layouts make the trees they should" \
	$python "$CFS_SRC/tests/tar/layouts.py" "$tar2dump"
check "random layers, ${N:-300} times, are to the reader what they are to the model" \
	$python "$CFS_SRC/tests/tar/compare.py" "$tar2dump" "${SEED:-1}" "${N:-300}"
check "the archive of a directory is its tree, whoever wrote it" \
	$python "$CFS_SRC/tests/tar/peers.py" "$tar2dump" "$O/tests/tools/dump2image"
finish
