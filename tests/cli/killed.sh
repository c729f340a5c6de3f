#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# create-image, killed wherever it changes something: the repository stays
# usable, and the same command then ends with the same digest.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

fixture_rootfs root
for i in 1 2 3; do
	head -c 70000 /dev/urandom > "root/usr/lib/random$i"
done
head -c 1500000 /dev/urandom > root/usr/lib/long
want=$(cfsctl --no-repo compute-id root)

fresh() {
	rm -rf repo
	fixture_repo repo
}

# Every name that is there leads to an image with the right bytes.
usable() {
	local link id
	for link in repo/images/*; do
		id=${link#repo/images/}
		[ "$id" = '*' ] || [ "$id" = refs ] ||
			[ "${id#.tmp-}" != "$id" ] && continue
		cfsctl --repo repo composefs-digest-karg "$id" > /dev/null ||
			return 1
		cfsctl --repo repo image-objects "$id" | sed 's/.*://' |
		while read -r o; do
			[ "$(fsverity digest --hash-alg=sha512 --compact \
				"repo/objects/${o:0:2}/${o:2}")" = "$o" ] ||
				exit 1
		done || return 1
	done
	cfsctl --repo repo images > /dev/null
}

finishes() {
	usable && [ "$(cfsctl --repo repo create-image root os/stable)" = \
		"sha512:$want" ] &&
		[ "$(readlink repo/images/refs/os/stable)" = "../../$want" ] &&
		[ -z "$(find repo -name '.tmp-*')" ] && usable
}

command -v fsverity > /dev/null || skip "needs fsverity"
# One thread makes all calls, so that each of them has its number.
kill_everywhere "create-image" fresh finishes \
	cfsctl --repo repo create-image --threads 1 root os/stable

# Calls that fail, in any thread: an error, no image, and nothing in the way.
fails_at() { # CALL ERROR WORDS [WHEN]
	local n
	for n in ${4:-1 2}; do
		fresh
		refuse "$1 fails with $2 (call $n)" "$3" \
			strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" \
			cfsctl --repo repo create-image --threads 2 root \
			os/stable
		check "  there is no image" test -z \
			"$(find repo -path '*images/*' ! -type d)"
		check "  and the next one is whole" finishes
	done
}
fails_at pwrite64 EIO 'Input/output error'
fails_at pread64 EIO 'Input/output error'
fails_at syncfs EIO 'Input/output error' 1
# The first one asks whether files without a name work here.
fails_at linkat EDQUOT 'quota' '2 3'
fails_at symlinkat ENOSPC 'No space left' 1

# The same where files cannot be made without a name.
no_tmpfile() {
	strace -f -qq -o /dev/null -e trace=linkat \
		-e inject=linkat:error=EOPNOTSUPP "$@"
}
fresh
same "without linkat the image is the same" \
	"$(no_tmpfile cfsctl --repo repo create-image root)" "sha512:$want"
check "and nothing is left over" test -z "$(find repo -name '.tmp-*')"

replaced() {
	fresh
	cfsctl --repo repo create-image root/usr --no-propagate-usr-to-root \
		os/stable > /dev/null
}
kill_everywhere "create-image of a taken name" replaced finishes \
	cfsctl --repo repo create-image --threads 1 root os/stable

# A damaged object is replaced: that needs a name for a moment.
damaged() {
	fresh
	cfsctl --repo repo create-image root > /dev/null
	find repo/objects -type f -size +60k -exec truncate -s 100 {} +
}
mended() {
	[ "$(cfsctl --repo repo create-image root os/stable)" = \
		"sha512:$want" ] && [ -z "$(find repo -name '.tmp-*')" ] && usable
}
kill_everywhere "create-image of damaged objects" damaged mended \
	cfsctl --repo repo create-image --threads 1 root os/stable

# Images that are written to a file: the next one removes what is left.
output() {
	rm -rf "${TMPDIR:?}/out"
	mkdir out
	[ "$1" != taken ] || echo earlier > out/image
}
taken() { output taken; }
absent() { output absent; }
cfsctl --no-repo compute-id -o want.image root > /dev/null
written() { # COMMAND...
	{ [ ! -e out/image ] || cmp -s out/image want.image ||
		[ "$(cat out/image)" = earlier ]; } 2> /dev/null &&
		"$@" > /dev/null && cmp out/image want.image &&
		[ "$(ls -A out)" = image ]
}
id_written() { written cfsctl --no-repo compute-id -o out/image root; }
for state in absent taken; do
	kill_everywhere "compute-id -o, $state" $state id_written \
		cfsctl --no-repo compute-id --threads 1 -o out/image root
done
cfsctl mkcomposefs root want.image
made() { written cfsctl mkcomposefs root out/image; }
for state in absent taken; do
	kill_everywhere "mkcomposefs, $state" $state made \
		cfsctl mkcomposefs --threads=1 root out/image
done

# Two threads: which of them makes a call is chance, so that a kill may miss.
for call in openat pwrite64 linkat; do
	bad=
	for n in 1 2 3 4; do
		fresh
		kill_at $call $n cfsctl --repo repo create-image --threads 2 \
			root os/stable
		finishes || bad="$bad $n"
	done
	same "two threads killed at $call leave nothing in the way" "$bad" ""
done

# init: what a killed one leaves is no repository or a whole one.
nothing() { rm -rf repo; }
initialized() {
	cfsctl --repo repo init --insecure > /dev/null &&
		cfsctl --repo repo images > /dev/null &&
		cfsctl --repo repo create-image root > /dev/null &&
		[ -z "$(find repo -name '.tmp-*')" ]
}
kill_everywhere "init" nothing initialized \
	cfsctl --repo repo init --insecure
finish
