#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci pull and oci copy, killed wherever they change something, or with calls that
# fail, or a full disk: no tag leads to what is not whole, what was tagged stays, and
# the same command then ends well.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
: "${KILL_POINTS:=8}" # three programs
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@" > /dev/null
}
mkdir -p tree/usr/bin tree/boot tree/sysroot tree/etc
head -c 70000 /dev/urandom > tree/usr/bin/one
head -c 1500000 /dev/urandom > tree/usr/bin/two
head -c 3000 /dev/urandom > tree/etc/three
tar --sort=name -C tree -cf base.tar usr boot sysroot
tar --sort=name -C tree -cf etc.tar etc
image lay old etc.tar base.tar
image lay one base.tar etc.tar
image two one --gzip base.tar etc.tar
echo signature > sig
image lay - --artifact application/vnd.example.sig --subject one sig
cfsctl --repo other init --insecure > /dev/null
cfsctl --repo other oci pull oci:lay:one x > /dev/null
want=$(cfsctl --no-repo oci compute-id oci:lay:one)

# An image is there already.
cfsctl --repo before init --insecure > /dev/null
cfsctl --repo before oci pull oci:lay:old old > /dev/null
old=$(cfsctl --repo before oci compute-id old)
fresh() {
	rm -rf repo && cp -a before repo
}
whole() { # TAG DIGEST: all that the tag leads to is what it should be
	[ "$(cfsctl --repo repo oci compute-id "$1")" = "$2" ] &&
		[ "$(cfsctl --repo repo oci inspect "$1" |
			sed -n 's/.*"composefs_erofs": "\(.*\)",/\1/p')" = "$2" ] &&
		cfsctl --repo repo mount --check "$2" &&
		cfsctl --repo repo oci inspect "$1" --manifest > /dev/null
}
usable() {
	whole old "$old" || return 1
	! cfsctl --repo repo oci images | grep -q '^. x ' || whole x "$want"
}
again() { "${command[@]}" > /dev/null; }
finishes() {
	usable && again && whole x "$want" && whole old "$old" &&
		[ -z "$(find repo -name '.tmp-*')" ] &&
		cfsctl --repo repo fsck > /dev/null &&
		cfsctl --repo repo oci inspect x | grep -A1 referrers | grep -q sha256
}

# One thread makes all calls, so that each of them has its number.
command=(cfsctl --repo repo oci pull --threads 1 oci:lay:one x)
kill_everywhere "oci pull" fresh finishes "${command[@]}"
command=(cfsctl --repo repo oci copy --threads 1 x --from other --name x)
kill_everywhere "oci copy" fresh finishes "${command[@]}"
command+=(--zerocopy)
kill_everywhere "oci copy --zerocopy" fresh finishes "${command[@]}"

# Calls that fail, in any thread.
command=(cfsctl --repo repo oci pull oci:lay:one x)
fails_at() { # CALL ERROR WORDS WHEN
	local n
	for n in $4; do
		fresh
		refuse "$1 fails with $2 (call $n)" "$3" \
			strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" "${command[@]}"
		check "  there is no such tag" eval \
			'! cfsctl --repo repo oci inspect x > /dev/null 2>&1'
		check "  and the next one is whole" finishes
	done
}
fails_at pwrite64 EIO 'Input/output error' '1 3'
# The kernel says once what it could not write, also about an artifact.
fresh
strace -f -qq -o calls -e trace=syncfs "${command[@]}" > /dev/null 2>&1
fails_at syncfs EIO 'Input/output error' "$(seq "$(grep -c syncfs calls)")"
fails_at linkat EDQUOT 'quota' '3 5'
fails_at symlinkat ENOSPC 'No space left' '1 3'

# Two at a time, of images with the same layers.
fresh
cfsctl --repo repo oci pull oci:lay:one x > /dev/null &
cfsctl --repo repo oci pull oci:two:one y > /dev/null &
wait %1
same "one of two pulls at once" $? 0
wait %2
same "the other" $? 0
check "both are whole" eval 'whole x "$want" && whole y "$want" && whole old "$old"'
check "fsck finds nothing" quiet cfsctl --repo repo fsck
finish
