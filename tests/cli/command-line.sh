#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What stands before a command, usage, exit status.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

status() { # WANT COMMAND...
	local want=$1
	shift
	"$@" > out 2> err < /dev/null
	local got=$?
	[ $got = "$want" ] || echo "  exit status $got: $*"
	[ $got = "$want" ]
}

check "no command is a usage error" status 2 cfsctl
check "on stderr" test ! -s out -a -s err
check "help is not" status 0 cfsctl --help
check "on stdout" test -s out -a ! -s err
check "so is -h" status 0 cfsctl -h
check "the version is told" status 0 cfsctl --version
check "with the name" grep -qx 'cfsctl [0-9.]*' out
check "and shortly" status 0 cfsctl -V
for c in $(cfsctl help | sed -n '/^commands:/,/^$/s/^  \([a-z-]*\).*/\1/p'); do
	check "help says something of $c" status 0 cfsctl help "$c"
	check "help of $c is on stdout" test -s out
done
check "help of nothing known is a usage error" status 2 cfsctl help nothing
check "--help after a command" status 0 cfsctl images --help
check "is about that" grep -q 'images' out
check "an unknown command is a usage error" status 2 cfsctl nothing
check "which names it" grep -q "^error: .*'nothing'" err
check "an unknown option is one" status 2 cfsctl --bogus images
check "which names it too" grep -q "^error: .*--bogus" err
check "behind the command as well" status 2 cfsctl images --bogus
check "an abbreviation is none of ours" status 2 cfsctl --rep x images
check "a global option behind the command neither" \
	status 2 cfsctl images --repo x
check "places exclude each other" status 2 cfsctl --repo x --user images
check "a missing value is told" status 2 cfsctl --repo
check "--hash knows its values" status 2 cfsctl --hash md5 images
check "--erofs-version too" status 2 cfsctl --erofs-version 3 images
for n in 0 -1 2x '' 99999999999; do
	check "--threads '$n' is refused" \
		status 2 cfsctl --no-repo compute-id --threads "$n" .
done
check "fsck reads all or little" \
	status 2 cfsctl fsck --read-data --metadata-only
check "too many operands are told" status 2 cfsctl images x
check "a missing one too" status 2 cfsctl create-image
check "a group needs a command" status 2 cfsctl keyring

fixture_repo repo
check "--repo=PATH" status 0 cfsctl --repo=repo images
check "--repo PATH" status 0 cfsctl --repo repo images
check "failure is 1" status 1 cfsctl --repo nowhere images
check "and begins with Error:" grep -q '^Error: ' err
mkdir -p home
check "the user's repository is made" \
	env HOME="$PWD/home" cfsctl --user init --insecure
check "where users have it" test -f home/.var/lib/composefs/meta.json
check "and needs HOME" status 1 env -u HOME cfsctl --user images

check "output that cannot be written is a failure" \
	sh -c '! cfsctl --help > /dev/full 2> /dev/null'
check "so is a closed pipe" bash -c '
	{ sleep 0.1; cfsctl --help 2> /dev/null; echo $? > rc; } | exec true
	test "$(cat rc)" = 1'
finish
