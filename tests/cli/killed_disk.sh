#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# disk, killed wherever it or its mke2fs changes something: there is no image,
# the one from before or a whole one; the same command then makes it, and
# removes what the killed one left beside it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

needs mke2fs fsverity
command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

disk_repo repo sha256
for size in 300000 5000; do
	head -c $size /dev/urandom > object
	disk_object repo object > /dev/null
done
small_image image
id=$(disk_image repo image) || exit 1
disk_ref repo "$id" os

state() {
	find repo -printf '%p %y %m %s %T@ %l\n' | sort
	find repo -type f -exec sha256sum {} + | sort
}
cfsctl --repo repo disk want.img --state os > /dev/null || exit 1
check "undisturbed, e2fsck finds nothing" e2fsck -fn want.img
state > state.before
head -c 100000 /dev/urandom > earlier

# Not want.img's directory: what a killed run leaves there goes each time.
nothing() {
	rm -rf "${TMPDIR:?}/out"
	mkdir out
}
ends() {
	cfsctl --repo repo disk out/o.img --force --state os > /dev/null &&
		cmp out/o.img want.img && state | cmp - state.before &&
		[ "$(ls -A out)" = o.img ]
}
# The same bytes are clean, as want.img is.
none_or_whole() {
	{ [ ! -e out/o.img ] || cmp out/o.img want.img; } &&
		state | cmp - state.before && ends
}
KILL_POINTS=4
kill_everywhere "disk" nothing none_or_whole \
	cfsctl --repo repo disk out/o.img --force --state os

taken() {
	nothing
	cp earlier out/o.img
}
earlier_or_whole() {
	{ cmp -s out/o.img earlier || cmp out/o.img want.img; } && ends
}
KILL_POINTS=2
kill_everywhere "disk over an earlier file" taken earlier_or_whole \
	cfsctl --repo repo disk out/o.img --force --state os

left() {
	taken
	: > out/.o.img.cfsctl-tmp-0
	: > out/.o.img.cfsctl-tmp-1
}
KILL_POINTS=2
kill_everywhere "disk beside what killed ones left" left earlier_or_whole \
	cfsctl --repo repo disk out/o.img --force --state os
finish
