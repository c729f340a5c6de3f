#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An image shows the same through FUSE as through the kernel's own mount.  In a
# mount namespace of its own.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/dirtree.sh"

[ -c /dev/fuse ] && (: < /dev/fuse) 2> /dev/null || skip "there is no /dev/fuse"
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"
trap 'umount -q fuse; umount -q kernel' EXIT

seal() { cfsctl --insecure --repo repo "$@"; }
make_repo() { # VERSION HASH
	rm -rf repo
	seal --erofs-version "$1" --hash "$2" init > init.log 2>&1
}
make_image() { # VERSION SOURCE...
	seal --erofs-version "$1" create-image --no-propagate-usr-to-root \
		"${@:2}" img > image.log 2>&1
}
servers() { pgrep -f "cfsctl .*fuse-serve.* $TMPDIR/fuse"; }
end() { umount fuse && gone; }

# All that calls tell of the files below DIR.
list() { # DIR
	(
		cd "$1" || exit
		find . -printf '%p %y %#m %n %U %G %l %s %T@\n' | sort
		find . -print0 | sort -z | xargs -0 stat -c '%n %t:%T'
		find . -type f -print0 | sort -z | xargs -0r sha256sum
		find . -print0 | sort -z | xargs -0 getfattr -h -d -m - -e hex
		setpriv --reuid 1000 --clear-groups find . -print0 2> /dev/null |
			sort -z | xargs -0 setpriv --reuid 1000 --clear-groups \
			stat -c '%n %i' 2> /dev/null | sed 's/ [0-9]*$//'
		find . -name '[a-z0-9]*' -links +1 -type f -printf '%n %s\n' | sort
		stat -f -c '%s %S %b %f %a %l' .
	) 2> "$1.errors" | sed 's/^\(getfattr\|sha256sum\): //'
}
export LC_ALL=C
dump() { # DIR
	seal --erofs-version $version create-dumpfile \
		--no-propagate-usr-to-root "$1" > "$1.dump"
}
image_of() { # DIR: the digest
	seal --erofs-version $version compute-id --hash $hash \
		--no-propagate-usr-to-root "$1" || echo "none of $1"
}
# A mode that this kernel lacks is replaced by the plain one.
serve() { # MODE OPTION...
	local mode=$1
	shift
	case " $lacking " in *" $mode "*) mode=plain ;; esac
	[ $mode != overlay ] || set -- --no-verify "$@"
	seal fuse-serve -v --mode $mode "$@" img "$TMPDIR/fuse" 2> mode.log &&
		grep -qx "mode: $mode" mode.log
}

mkdir kernel fuse
mkdir tree && : > tree/file && make_repo 1 sha256 && make_image 1 tree || exit 1
lacking=
for mode in passthrough overlay; do
	serve $mode && end && continue
	lacking="$lacking $mode"
	echo "# this kernel has no mode $mode: $(cat mode.log)"
	check "a mode that the kernel lacks is refused" grep -q "mode $mode" mode.log
done
for seed in ${SEEDS:-1 2}; do
	rm -rf tree
	dirtree tree "$seed"
	for version in 0 1 2; do
		for hash in sha256 sha512; do
			what="seed $seed, version $version, $hash"
			make_repo "$version" "$hash" && make_image "$version" tree ||
				{ check "$what: an image is made" false; continue; }
			seal mount img kernel 2> /dev/null || exit 1
			list kernel > want
			dump kernel
			for mode in plain passthrough overlay; do
				check "$what: mode $mode" serve $mode
				list fuse > got
				check "  it shows what the kernel's mount does" \
					diff -a want got
				check "  and fails where that does" \
					diff kernel.errors fuse.errors
				dump fuse
				check "  as a dumpfile, too" \
					cmp kernel.dump fuse.dump
				same "  and the image that is made of it is the same" \
					"$(image_of fuse)" "$(image_of tree)"
				check "  the server ends with the mount" end
			done
			umount kernel
		done
	done
done

# Names over several blocks of a directory, contents of every length.
rm -rf tree
mkdir -p tree/many tree/sizes
for i in $(seq 2000); do : > "tree/many/name-$((i * 7919 % 10007))-$i"; done
for size in 0 1 63 64 65 511 512 513 4095 4096 4097 131071 131073 3000000; do
	yes "$size" | head -c "$size" > "tree/sizes/$size"
done
make_repo 1 sha512 && make_image 1 tree
seal fuse-serve img "$TMPDIR/fuse"
check "long directories and files of every size" diff -r tree fuse
check "again, from what the kernel keeps" diff -r tree fuse
check "a name that does not exist" eval '! stat fuse/many/name 2> /dev/null'
refuse "a name that is too long" "File name too long" \
	stat "fuse/$(printf 'x%.0s' {1..256})"
check "nothing can be changed" eval '! touch fuse/x 2> /dev/null'
same "bytes from the middle of a file" \
	"$(tail -c +2000001 fuse/sizes/3000000 | head -c 100000 | sha256sum)" \
	"$(tail -c +2000001 tree/sizes/3000000 | head -c 100000 | sha256sum)"
cached() { # DIR: its bytes in the page cache
	find "$1" -type f -print0 | xargs -0 fincore -bn -o RES | awk '{ n += $1 } END { print n }'
}
if fincore /dev/null > /dev/null 2>&1; then
	umount fuse && gone
	cat $(find repo/objects tree/sizes -type f) > /dev/null
	before=$(cached repo/objects) control=$(cached tree/sizes)
	seal fuse-serve --mode plain img "$TMPDIR/fuse"
	cat fuse/sizes/* > /dev/null
	# Unless the machine is short of memory.
	[ "$(cached tree/sizes)" -lt "$control" ] ||
		same "objects stay in the page cache when they are read" \
			"$(cached repo/objects)" "$before"
fi
same "the source is the image's" "$(findmnt -no FSTYPE,SOURCE fuse | sed 's/ composefs:.*/ composefs/')" \
	"fuse.composefs composefs"
check "it is unmounted" end

# Whiteouts, as the mount of each version has them; device numbers.
printf '%s\n' '/ 0 40755 3 0 0 0 0.0 - - -' '/d 0 40755 2 0 0 0 0.0 - - -' \
	'/d/w 0 20644 1 7 8 0 0.0 - - -' '/d/n 0 20644 1 7 8 259 0.0 - - -' \
	'/b 0 60644 1 7 8 4294967295 0.0 - - -' > special.dump
for version in 0 1 2; do
	make_repo $version sha256 &&
		make_image $version --from-dumpfile special.dump &&
		seal mount img kernel 2> /dev/null &&
		seal fuse-serve img "$TMPDIR/fuse"
	# The kernel lists a whiteout of version 2 that cannot be reached.
	list kernel | sed 's/^.*d\/w [cm] .*$//; /^$/d' > want
	list fuse | sed '/^$/d' > got
	[ $version = 2 ] && sed -i '/^\.\/d\/w /d' want
	check "version $version: whiteouts" diff want got
	end && umount kernel
done

# Objects that are not what the image says.
rm -rf tree
mkdir tree
for i in good damaged short missing replaced; do yes $i | head -c 9000 > tree/$i; done
make_repo 1 sha512 && make_image 1 tree
object() { # FILE
	cfsctl --repo repo --insecure dump-files img "/$1" 2> /dev/null |
		awk '{ print $9 }'
}
spoil() {
	printf X | dd of="repo/objects/$(object damaged)" conv=notrunc status=none
	truncate -s 5000 "repo/objects/$(object short)"
	rm "repo/objects/$(object missing)"
	cp tree/good other && mv -f other "repo/objects/$(object replaced)"
}
chmod -R u+w repo
spoil
cfsctl --insecure --repo repo fuse-serve --foreground img fuse 2> server.log &
server=$!
for _ in $(seq 2000); do mountpoint -q fuse && break; sleep 0.05; done
check "a good file can be read" cmp tree/good fuse/good
for i in damaged short missing replaced; do
	refuse "a file whose object is $i: EIO" "Input/output error" cat fuse/$i
	refuse "  again" "Input/output error" cat fuse/$i
	same "  in one line that names file and object" \
		"$(grep -c "/$i: object $(object $i): " server.log)" 1
done
exec 7< fuse/good
kill $server
wait $server
same "it ends by SIGTERM" $? 0
check "and is unmounted" eval '! mountpoint -q fuse'
exec 7<&-
check "  not verified, on demand" cfsctl --insecure --repo repo \
	fuse-serve --no-verify img "$TMPDIR/fuse"
check "  a damaged file can be read" eval 'head -c 1 fuse/damaged | grep -q X'
end

# The kernel keeps what it was told of more objects than the server has open.
rm -rf tree
mkdir tree
for i in $(seq 1200); do yes $i | head -c 100 > tree/$i; done
make_repo 1 sha512 && make_image 1 tree
if serve passthrough && grep -q passthrough mode.log; then
	(cd tree && cat $(seq 1200)) > want
	(cd fuse && cat $(seq 1200)) > got
	check "passthrough: many objects" cmp want got
	rm "repo/objects/$(object 1)"
	check "  the first of them needs not be opened again" cmp tree/1 fuse/1
fi
mountpoint -q fuse && end
rm -rf tree
mkdir tree
for i in good damaged short missing; do yes $i | head -c 9000 > tree/$i; done
make_repo 1 sha512 && make_image 1 tree

# A server that is killed.  What the kernel reads by itself it may go on reading.
for mode in plain passthrough overlay; do
	case " $lacking " in *" $mode "*) continue ;; esac
	verify=
	[ $mode != overlay ] || verify=--no-verify
	cfsctl --insecure --repo repo fuse-serve --foreground --mode $mode $verify \
		img fuse 2> /dev/null &
	server=$!
	until mountpoint -q fuse || ! kill -0 $server 2> /dev/null; do sleep 0.05; done
	exec 7< fuse/good
	kill -9 $server
	wait $server 2> /dev/null
	cat <&7 > got 2> log && read=yes || read=no
	if [ $mode = plain ] || [ $read = no ]; then
		same "a killed server, mode $mode: a file that is open fails" \
			"$read $(wc -c < got)" "no 0"
	else
		check "a killed server, mode $mode: a file that is open is as it was" \
			cmp tree/good got
	fi
	refuse "  no other can be opened" "cat: fuse/short: " cat fuse/short
	exec 7<&-
	check "  and the mount can be removed" umount fuse
done

# A server that takes its time to end leaves alone what is mounted in its place,
# although the kernel gives numbers of mounts again.
seal fuse-serve img "$TMPDIR/fuse"
server=$(servers)
kill -STOP "$server"
umount fuse
seal fuse-serve img "$TMPDIR/fuse"
kill -CONT "$server"
ended() {
	for _ in $(seq 2000); do
		kill -0 "$server" 2> /dev/null || return 0
		sleep 0.05
	done
	return 1
}
check "a server ends after another one mounted there" ended
check "  whose mount stays" cmp tree/good fuse/good
end

# What fails before anything is mounted.
refuse "no such mountpoint" "No such file or directory" seal fuse-serve img none
refuse "no such image" "image not found" seal fuse-serve other fuse
: > file
refuse "a mountpoint that is no directory" "file: Not a directory" \
	seal fuse-serve img file
check "nothing is mounted" eval '! mountpoint -q fuse && ! mountpoint -q file'
refuse "without /dev/fuse" "there is no /dev/fuse: load" \
	unshare -m sh -c 'mount -t tmpfs none /dev && exec "$@"' - \
	cfsctl --insecure --repo repo fuse-serve img fuse

# An image that ends under the server, which has mapped it.
python3 -c "print('/ 0 40755 3 0 0 0 0.0 - - -')
for i in range(3000): print('/f%04d 64 100644 1 0 0 0 0.0 - %s - user.x=%064d' % (i, 'x' * 64, i))" > long.dump
make_repo 1 sha256 && make_image 1 --from-dumpfile long.dump
image=$(readlink -f repo/images/refs/img)
cfsctl --insecure --repo repo fuse-serve --foreground --mode plain img fuse \
	2> server.log &
server=$!
for _ in $(seq 2000); do mountpoint -q fuse && break; sleep 0.05; done
check "a file of a whole image" test -s fuse/f0001
chmod u+w "$image" && truncate -s 8192 "$image"
refuse "an image that was truncated: EIO" "Input/output error" ls fuse
refuse "  for all of it" "Input/output error" stat fuse/f0001-not
same "  in one line" "$(grep -c "the image cannot be read any more" server.log)" 1
check "  the server lives" kill -0 $server
umount fuse
wait $server
same "  and ends as ever" $? 0
check "no server is left" gone
finish
