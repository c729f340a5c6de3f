#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# OCI images by cfsctl of composefs-rs, which $CFSCTL_PEER names (tried with 0.9.4):
# the same digests of the 67 layouts where it takes them rightly, and repositories
# that either side fills and the other one opens, lists, checks and collects.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ -x "${CFSCTL_PEER-}" ] || skip "needs CFSCTL_PEER=cfsctl of composefs-rs"
peer() { "$CFSCTL_PEER" --insecure "$@"; }
export RUST_BACKTRACE=0

# agree NAME ARGUMENT...: both print the same and end alike.
agree() {
	local name=$1 ours theirs
	shift
	ours=$(cfsctl "$@" 2>&1; echo "status $?")
	theirs=$(peer "$@" 2>&1; echo "status $?")
	same "$name" "$ours" "$theirs"
}

tar -xJf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
# Taken here, and refused there: what is not in its transports, directories that a
# later layer describes, times before 1970, a file of the old kind with a slash,
# sparse files.
ours_alone="artifact docker-list docker-v2s2 late-parents negative-mtime-pax
	nul-type-slash sparse-gnu sparse-pax10"
# A wrong diff_id, which it does not look at.
theirs_alone="wrong-diff-id"
# An opaque whiteout last in its layer removes what the layer itself brings; of two
# times in one header it takes the seconds of the one and the nanoseconds of the
# other, which format 2 has no place for.
others="opaque-last repeated-mtime"
# A loader entry with paths of the boot partition, by which it fails.
others="$others boot-partition-paths"
is_in() { case " $(echo $2) " in *" $1 "*) ;; *) false ;; esac }

for v in 1 2; do
	cfsctl --repo ours$v init --insecure --erofs-version $v > /dev/null
	peer --repo theirs$v init --insecure --erofs-version $v > /dev/null
	bad=
	for path in layouts/*; do
		layout=${path##*/}
		cfsctl --repo ours$v oci pull "oci:$path:t" "$layout" \
			> ours.out 2>&1
		ours=$?
		peer --repo theirs$v oci pull "oci:$path:t" "$layout" \
			> theirs.out 2>&1
		theirs=$?
		want="$ours"
		is_in "$layout" "$ours_alone" && want=1
		is_in "$layout" "$theirs_alone" && want=0
		[ "$theirs" = "$want" ] || bad="$bad $layout:$ours,$theirs"
		[ $ours$theirs = 00 ] || continue
		is_in "$layout" "$others" && continue
		[ "$(grep -E '^(manifest|config|tagged)' ours.out)" = \
			"$(grep -E '^(manifest|config|tagged)' theirs.out)" ] ||
			bad="$bad $layout:lines"
		for option in "" --bootable; do
			[ "$(cfsctl --repo ours$v oci compute-id $option \
				"$layout" 2> /dev/null)" = \
				"$(peer --repo theirs$v oci compute-id $option \
					"$layout" 2> /dev/null)" ] ||
				bad="$bad $layout:$option"
		done
	done
	same "67 layouts, format $v, but for known ones" "$bad" ""
	same "gc leaves the same of refused pulls in ours, format $v" \
		"$(cp -a ours$v a; cfsctl --repo a gc | head -n 2)" \
		"$(cp -a ours$v b; peer --repo b gc)"
	check "  to the byte" diff -r --no-dereference a b
	rm -rf a b
	same "and of theirs" \
		"$(cp -a theirs$v a; cfsctl --repo a gc | head -n 2)" \
		"$(cp -a theirs$v b; peer --repo b gc)"
	check "  to the byte" diff -r --no-dereference a b
	rm -rf a b
done

# One image alone makes the same repository.  Streams are compressed: layers are
# left out that another libzstd may write otherwise.
for hash in sha256 sha512; do
	for layout in single plain-reference zstd-frames xattrs boot-plain; do
		rm -rf a b
		cfsctl --repo a init --insecure --algorithm fsverity-$hash-12 \
			> /dev/null
		peer --repo b init --insecure --algorithm fsverity-$hash-12 \
			> /dev/null
		cfsctl --repo a oci pull "oci:layouts/$layout:t" x > /dev/null
		peer --repo b oci pull "oci:layouts/$layout:t" x > /dev/null
		check "the repository of $layout, $hash, to the byte" \
			diff -r --no-dereference a b
	done
	for v in 1 2; do
		rm -rf a b
		for tool in "cfsctl --repo a" "peer --repo b"; do
			$tool init --insecure --erofs-version $v \
				--algorithm fsverity-$hash-12 > /dev/null
			$tool oci pull --bootable oci:layouts/boot-plain:t x \
				> /dev/null
		done
		check "  and with the image to boot, format $v" \
			diff -r --no-dereference a b
	done
done

# Sorts the images, which composefs-rs lists in no order, and takes members away
# that it does not have.
sorted() {
	python3 -c '
import json, sys
d = json.load(sys.stdin)
d.pop("findings", None)
d.pop("seals", None)
d.get("repo", {}).pop("findings", None)
if "images" in d:
    d["images"].sort(key=lambda i: i["name"])
print(json.dumps(d, indent=1))'
}
# It takes images of Docker for artifacts, and finds their layers missing.
for r in ours1 ours2; do
	cfsctl --repo $r oci untag docker-v2s2 > /dev/null
	cfsctl --repo $r oci untag docker-list > /dev/null
done
for r in ours1 theirs1 ours2 theirs2; do
	same "oci images of $r" \
		"$(cfsctl --repo $r oci images --json | sorted)" \
		"$(peer --repo $r oci images --json | sorted)"
	for image in single multi-layer boot-plain; do
		same "inspect $image of $r" \
			"$(cfsctl --repo $r oci inspect $image | sorted)" \
			"$(peer --repo $r oci inspect $image | sorted)"
		agree "  its manifest" --repo $r oci inspect $image --manifest
		agree "  its configuration" --repo $r oci inspect $image --config
		agree "  its tree" --repo $r oci dump $image
		agree "  check of it" --repo $r oci fsck $image
		agree "  its EROFS images" --repo $r oci linked-erofs-images \
			"$(cfsctl --repo $r oci compute-id $image)"
		for layer in $(cfsctl --repo $r oci inspect $image --config |
			grep -o 'sha256:[0-9a-f]*'); do
			agree "  layer ${layer:7:8}" --repo $r oci layer --json "$layer"
			agree "  layer ${layer:7:8} as a dumpfile" --repo $r \
				oci layer --dumpfile "$layer"
			same "  layer ${layer:7:8} as an archive" \
				"$(cfsctl --repo $r oci layer "$layer" | sha256sum)" \
				"$(peer --repo $r oci layer "$layer" | sha256sum)"
		done
	done
	agree "the tree to boot of $r" --repo $r oci dump --bootable boot-plain
	agree "oci fsck of $r" --repo $r oci fsck
	same "oci fsck of $r as JSON" "$(cfsctl --repo $r oci fsck --json | sorted)" \
		"$(peer --repo $r oci fsck --json | sorted)"
	agree "an image that is not there, in $r" --repo $r oci fsck nope
done

# What either side writes into the other's repository.
for r in ours1 theirs1; do
	rm -rf a b
	cp -a $r a
	cp -a $r b
	for command in "oci tag $(cfsctl --repo $r oci inspect single --manifest |
		tr -d '\n' | sha256sum | sed 's/^/sha256:/; s/ .*//') more" \
		"oci untag multi-layer" "gc"; do
		# shellcheck disable=SC2086
		cfsctl --repo a $command > /dev/null 2>&1
		# shellcheck disable=SC2086
		peer --repo b $command > /dev/null 2>&1
		check "$r after ${command%% sha256*}" diff -r --no-dereference a b
	done
	check "the peer finds nothing wrong in it" quiet peer --repo a oci fsck
	rm -rf a b
	cp -a $r a
	check "ours pulls again what theirs has, and the reverse" eval '
		cfsctl --repo a oci pull oci:layouts/multi-layer:t multi-layer > out &&
		peer --repo a oci pull oci:layouts/multi-layer:t multi-layer > out2'
	check "  which both still find whole" eval '
		cfsctl --repo a oci fsck > out && peer --repo a oci fsck > out'
done
for from in ours1 theirs1; do
	for tool in cfsctl peer; do
		rm -rf a
		cfsctl --repo a init --insecure --algorithm fsverity-sha256-12 \
			> /dev/null
		check "$tool copies from $from to the other algorithm" eval '
			$tool --repo a oci copy multi-layer --from $from --name m > out'
		check "  to what both find whole" eval '
			cfsctl --repo a oci fsck > out && peer --repo a oci fsck > out'
	done
done

# A tag of characters that ours does not give.
rm -rf a
cp -a theirs1 a
single=sha256:$(cfsctl --repo a oci inspect single --manifest | head -c -1 |
	sha256sum | head -c 64)
check "the peer gives a tag of two lines" quiet peer --repo a oci tag "$single" $'two\nlines'
check "  which ours reads" quiet cfsctl --repo a oci inspect $'two\nlines'
check "  and removes" quiet cfsctl --repo a oci untag $'two\nlines'

# A damaged repository is mended here, and whole there.
rm -rf a
cp -a theirs1 a
find a/objects -type f | sed -n '1~3p' | xargs rm -f
refuse "what is damaged" "integrity check failed" peer --repo a oci fsck
cfsctl --repo a oci fsck --repair single --from oci:layouts/single:t > out 2>&1
check "  is mended by ours" quiet cfsctl --repo a oci fsck --repair --from theirs1
check "  and whole to theirs" quiet peer --repo a oci fsck
same "  with the same image" "$(peer --repo a oci compute-id multi-layer)" \
	"$(peer --repo theirs1 oci compute-id multi-layer)"
finish
