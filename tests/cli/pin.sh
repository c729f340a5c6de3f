#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# pin, unpin: an image that gc keeps although nothing else names it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

cfs() { cfsctl --repo repo "$@"; }
fixture_rootfs tree
fixture_repo repo
image() { # TEXT
	echo "$1" > tree/etc/version
	cfs create-image tree | sed 's/.*://'
}
a=$(image a) b=$(image b) c=$(image c)
same "an image is pinned" "$(cfs pin "$a")" "sha512:$a is pinned"
same "  once" "$(cfs pin "sha512:$a")" "sha512:$a is pinned already"
same "several, by the first digits" "$(cfs pin "${b:0:12}" "$a")" \
	"sha512:$b is pinned
sha512:$a is pinned already"
cfs gc > out
check "gc keeps them" [ -e "repo/images/$a" -a -e "repo/images/$b" ]
check "  and nothing else" [ ! -e "repo/images/$c" ]
check "  so does any program that knows names" eval \
	'[ "$(readlink "repo/images/refs/pinned/$a")" = "../../$a" ]'
same "unpinned by its name" "$(cfs unpin "pinned/$a")" \
	"sha512:$a is no longer pinned"
cfs gc > out
check "  gc removes it" [ ! -e "repo/images/$a" -a -e "repo/images/$b" ]

refuse "what is not there cannot be pinned" "image not found" cfs pin "$a"
refuse "  nor can a few digits" "image not found" cfs pin "${b:0:4}"
refuse "what is not pinned cannot be unpinned" "os is not pinned" eval \
	'cfs create-image tree os > out && cfs unpin os'
refuse "an operand is needed" "IMAGE" cfs pin
refuse "  for both" "IMAGE" cfs unpin
rm "repo/images/$b"
same "a pin of an image that was lost is taken away by its name" \
	"$(cfs unpin "pinned/$b")" "sha512:$b is no longer pinned"
mkdir -p "repo/images/refs/pinned/$c"
refuse "a directory in place of the name" "pinned/$c" cfs pin os
check "  is not removed" [ -d "repo/images/refs/pinned/$c" ]
finish
