#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# composefs-setup-root --check of physical roots that were changed in every way.
# CFS_ROUNDS (200) and CFS_SEED (1) choose what is tried.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

mkdir -p disk
: > conf.toml
fixture_boot tree
fixture_system tree
# A program that needs no other file.
cp "$BIN/composefs-setup-root" tree/sbin/init
cfsctl --repo disk/composefs init --insecure --algorithm sha256 > /dev/null
hex=$(cfsctl --repo disk/composefs create-image --bootable --lint off tree os | cut -d: -f2)
mkdir -p disk/state/deploy/"$hex"/{etc/upper,etc/work,var} disk/etc
karg=v1-sha256-12:$hex
mutated() { # KARG
	python3 -B "$CFS_SRC/tests/root/mutated.py" composefs-setup-root conf.toml \
		"$1" "$hex" "${CFS_ROUNDS:-200}" "${CFS_SEED:-1}"
}
check "one that asks for verification is never said to have it" mutated "composefs.digest=$karg" > out
cat out
check "  and none of them boots" grep -q " 0 could be booted" out
check "one that does not boots only as what was named" mutated "composefs.digest=?$karg" > out
cat out
check "  and some do" eval '! grep -q " 0 could be booted" out'
finish
