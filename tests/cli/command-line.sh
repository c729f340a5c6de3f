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
check "and after a command" status 0 cfsctl images --version
check "which is not run" grep -qx 'cfsctl [0-9.]*' out
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
refuse "too many operands" "unexpected operand 'x'" cfsctl images x
refuse "a missing operand" "PATH is missing" cfsctl create-image
refuse "the second of two" "MOUNTPOINT is missing" cfsctl mount x
refuse "one that an option took the place of" "unexpected operand 'c'" \
	cfsctl create-image --from-dumpfile a b c
check "a group needs a command" status 2 cfsctl keyring
check "and lists its own" grep -q 'keyring add-cert PEM\.\.\.' err
check "asked for help it does the same" status 0 cfsctl keyring --help
check "with whole names" grep -q '^usage: cfsctl .* keyring status$' out
check "so does help" status 0 cfsctl help keyring
check "so does help behind it" status 0 cfsctl keyring help
check "  also of one of its commands" diff <(cfsctl oci help pull) <(cfsctl help oci pull)
check "  which has to exist" status 2 cfsctl oci help nothing
check "and its commands have a usage" status 0 cfsctl keyring list --help
check "of their own" grep -qx 'usage: cfsctl \[OPTION...\] keyring list' out
check "help of the name" status 0 cfsctl help keyring add-cert
check "tells its options" grep -q -- '--lock' out

said() { # WORDS COMMAND...: a usage error that says WORDS
	local words=$1
	shift
	status 2 "$@" && grep -qF -e "$words" err && return
	sed 's/^/  stderr: /' err
	return 1
}

check "a mistyped command" \
	said "no command 'creat-image'; did you mean 'create-image'?" \
	cfsctl creat-image x
check "half a command" \
	said "did you mean 'create-image' or 'create-dumpfile'?" cfsctl create
check "in a group" said "no command 'keyring lst'; did you mean 'list'?" \
	cfsctl keyring lst
check "a mistyped program" said "did you mean 'mkcomposefs'?" cfsctl mkcomposef
check "a mistyped option" said "'--jsno'; did you mean '--json'?" \
	cfsctl images --jsno
check "one that all commands have" \
	said "'--insecrue'; did you mean '--insecure'?" cfsctl images --insecrue
check "with one dash" said "'-json'; did you mean '--json'?" \
	cfsctl images -json
check "ostree is not in this version" \
	said "'ostree' is a command of composefs-rs that cfsctl" cfsctl ostree x
check "a path that is a command" \
	said "no command given (--repo took 'images' for its PATH)" \
	cfsctl --repo images
check "no command after options" said "no command given" cfsctl --repo x
check "an option of the command in front of it" \
	said "'--json' belongs after the command: cfsctl images --json" \
	cfsctl --json images
# A quote within single quotes: end them, escape it, begin again.
line="cfsctl --repo 'a b' sign --cert 'it'\\''s' --key y image"
check "several, with values, for a shell" said "$line" \
	cfsctl --repo 'a b' --cert "it's" --key y sign image
check "one that can do without a value" \
	said "cfsctl create-image --clamp-mtime tree" \
	cfsctl --clamp-mtime create-image tree
check "a program after options" \
	said "it has to stand first, as in 'cfsctl mkcomposefs ...'" \
	cfsctl --repo x mkcomposefs

fixture_repo repo
check "--repo after the command" status 0 cfsctl images --repo repo
check "with =" status 0 cfsctl images --repo=repo
mkdir -p tree/usr
check "around operands" status 0 cfsctl compute-id --hash sha256 tree --no-repo
check "but once" said "'--repo' is given twice" \
	cfsctl --repo repo images --repo repo
check "and alone" said "exclude each other" cfsctl --repo repo images --user
check "a command's own option comes after it" \
	said "1 before the command and 2 after it contradict" \
	cfsctl --erofs-version 1 init --erofs-version 2 --insecure own
for h in sha256 fsverity-sha256-12; do
	check "--hash $h" status 0 \
		cfsctl --no-repo compute-id --hash "$h" tree
	check "of 64 digits" grep -qxE '[0-9a-f]{64}' out
	check "--algorithm $h" status 0 \
		cfsctl init --insecure --algorithm "$h" "repo-$h"
done
check "neither is a usage error" \
	said "--hash 'md5': expected sha256, sha512" cfsctl --hash md5 images
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
	{ until_unread; cfsctl --help 2> /dev/null; echo $? > rc; } | exec true
	test "$(cat rc)" = 1'
finish
