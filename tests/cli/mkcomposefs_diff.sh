#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images against Debian's mkcomposefs, byte for byte.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log) || skip "no mkcomposefs: $(tail -n 1 log)"
peer=$tools/bin/mkcomposefs
here=$O/tests/tools

same_image() { # VERSION SOURCE PEER-ARGUMENT...
	local version=$1 source=$2
	shift 2
	case $version in
	0) set -- --max-version=0 "$@" ;;
	1) set -- --min-version=1 "$@" ;;
	esac
	"$peer" "$@" "$source" peer.img &&
		"$here/dump2image" -n "$version" "$source" ours.img &&
		cmp peer.img ours.img
}

same_images() { # SOURCE PEER-ARGUMENT...
	local version source=$1
	shift
	for version in 0 1 auto; do
		same_image $version "$source" "$@" || return 1
	done
}

random_dumps() { # FROM TO
	local seed
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" > random.dump
		same_images random.dump --from-file ||
			{ echo "gendump $seed"; return 1; }
	done
}
check "random trees, seeds 1 to 20" random_dumps 1 20
check "random trees, seeds 21 to 40" random_dumps 21 40

accepted_by_fsck() { # FROM TO
	local seed version
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" > random.dump
		for version in 0 1 2; do
			"$here/dump2image" -n -s $version random.dump ours.img &&
				fsck.erofs ours.img > fsck.log 2>&1 && continue
			echo "gendump $seed, version $version"
			cat fsck.log
			return 1
		done
	done
}
check "fsck.erofs accepts them" accepted_by_fsck 1 10

there_and_back() { # FROM TO
	local seed version
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" > random.dump
		for version in 0 1 2; do
			"$here/dump2image" -n -s $version random.dump first.img &&
				"$here/image2dump" first.img > back.dump &&
				"$here/dump2image" -n -s $version back.dump second.img &&
				cmp first.img second.img && continue
			echo "gendump $seed, version $version"
			return 1
		done
	done
}
check "images give back what they were made of" there_and_back 1 20

peers_images_are_read() { # FROM TO
	local seed
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" > random.dump
		"$peer" --min-version=1 --from-file random.dump peer.img &&
			"$here/image2dump" -i peer.img > back.dump &&
			"$peer" --min-version=1 --from-file back.dump again.img &&
			cmp <("$here/image2dump" -i again.img) back.dump && continue
		echo "gendump $seed"
		return 1
	done
}
check "images of mkcomposefs are read" peers_images_are_read 1 10

# A directory, with all that one may hold.
mkdir -p dir/sub/deep dir/empty "dir/odd name"
printf 'small' > dir/inline
head -c 64 /dev/zero > dir/sixty-four
head -c 65 /dev/zero > dir/sixty-five
head -c 300000 /dev/zero > dir/sub/large
: > dir/sub/nothing
ln -s target dir/sub/link
ln dir/sub/large dir/sub/deep/again
mkfifo dir/fifo
chmod 4711 dir/inline
touch -d @1000.5 dir/sub
setfattr -n user.k -v value dir/inline dir/sub 2> /dev/null
check "a directory" same_images dir
finish
