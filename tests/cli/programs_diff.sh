#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mkcomposefs and composefs-info against Debian's: output, words, exit status
# and files, call by call.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log) || skip "no mkcomposefs: $(tail -n 1 log)"
vectors=$CFS_SRC/tests/data/erofs
here=$O/tests/tools

# What both are given: a directory, dumpfiles, images.
mkdir -p given/dir/sub/deep "given/dir/odd name" given/store
printf small > given/dir/inline
head -c 65 /dev/zero > given/dir/sixty-five
head -c 300000 /dev/zero > given/dir/sub/large
: > given/dir/sub/nothing
ln -s target given/dir/sub/link
ln given/dir/sub/large given/dir/sub/deep/again
setfattr -n user.k -v value given/dir/inline given/dir/sub 2> /dev/null
find given/dir -exec touch -h -d @1000.5 {} +
printf '%s\n' '/ 4096 40755 2 0 0 0 1.0 - - -' \
	'/gone 0 20644 1 0 0 0 1.0 - - -' > given/whiteout.dump
printf '%s\n' '/ 4096 40755 2 0 0 0 1.0 - - -' \
	'/a\x20b\x3dc 0 100644 1 0 0 0 1.0 - - - user.a\x3d=b=c' \
	'/backing 9 100644 1 0 0 0 1.0 b\x20c\xff - -' \
	'/l 5 120777 1 0 0 0 1.0 a\x20b\n - -' \
	'/one 1 100644 1 0 0 0 1.0 - - -' > given/odd.dump
cp "$vectors/09-hardlinks.dump" "$vectors/08-whiteouts.dump" given
for dump in given/*.dump; do
	"$tools/bin/mkcomposefs" --from-file "$dump" "${dump%.dump}.img"
done
mkdir -p given/store/cd
touch given/store/cd/cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd
mkdir ours
ln -s "$BIN/cfsctl" ours/mkcomposefs
ln -s "$BIN/cfsctl" ours/composefs-info
export PATH=$TMPDIR/ours:$PATH

# Runs a program in a copy of what is given; all it left is below $1.
in_copy() { # FOLDER PROGRAM ARGUMENT...
	local folder=$1
	shift
	rm -rf "${TMPDIR:?}/$folder"
	cp -a given "$folder"
	(cd "$folder" && "$@" > out 2> err < odd.dump; echo $? > status)
	# Debian's runs by its loader, from a folder of its own.
	sed -i "s|$tools/root/usr/bin/||g; /^Def\$/d" "$folder"/{out,err}
	# A listing of what was made: names, modes, contents.
	(cd "$folder" && find . -printf '%p %y %m\n' |
		sed 's|^./out .*||; s|^./err .*||' | sort > ../"$folder".list)
}

both() { # PROGRAM ARGUMENT...: all is the same
	local program=$1
	shift
	in_copy peers "$tools/bin/$program" "$@"
	in_copy mine "$program" "$@"
	check "the same: $program $*" \
		sh -c 'diff -r --no-dereference peers mine && cmp peers.list mine.list'
}

# The same but for files that the C program leaves behind when it fails.
both_fail() { # PROGRAM ARGUMENT...
	local program=$1
	shift
	in_copy peers "$tools/bin/$program" "$@"
	in_copy mine "$program" "$@"
	rm -f peers/out.img
	check "the same failure: $program $*" \
		sh -c 'diff -r --no-dereference peers mine && grep -qx 1 mine/status'
}

both mkcomposefs
both mkcomposefs --help
both mkcomposefs --version
both mkcomposefs -C dir out.img
both mkcomposefs -R dir out.img
both mkcomposefs ""
both mkcomposefs dir
both mkcomposefs dir out.img more
both mkcomposefs --bogus dir out.img
both mkcomposefs --min
both mkcomposefs --min-version
both mkcomposefs --digest-store
both mkcomposefs --print dir out.img
both mkcomposefs --use-epoch=1 dir out.img
both mkcomposefs --print-digest-only
both mkcomposefs --print-digest-only dir out.img
both mkcomposefs dir /nowhere/out.img
both mkcomposefs dir .
both mkcomposefs dir ""
both mkcomposefs dir /dev/full
both mkcomposefs --min-version= dir out.img
both mkcomposefs --min-version=x dir out.img
both mkcomposefs --max-version=1x dir out.img
both mkcomposefs --threads=0 dir out.img
both mkcomposefs --threads=-1 dir out.img
both mkcomposefs --threads=1x dir out.img
both_fail mkcomposefs --min-version=2 dir out.img
both_fail mkcomposefs --max-version=-1 dir out.img
both_fail mkcomposefs nowhere out.img
both_fail mkcomposefs --from-file nowhere out.img
both_fail mkcomposefs --skip-xattrs --user-xattrs dir out.img

both mkcomposefs dir out.img
both mkcomposefs dir out.img --use-epoch
both mkcomposefs --use dir out.img
both mkcomposefs --skip-xattrs dir out.img
both mkcomposefs --user-xattrs dir out.img
both mkcomposefs --skip-devices dir out.img
both mkcomposefs --threads=1 dir out.img
both mkcomposefs --threads=7 dir out.img
both mkcomposefs "--threads= +3" dir out.img
both mkcomposefs --print-digest dir out.img
both mkcomposefs --print-digest-only dir
both mkcomposefs --print-digest dir -
both mkcomposefs dir -
both mkcomposefs -- dir --use-epoch
both mkcomposefs --digest-store=new/a/b dir out.img
both mkcomposefs --digest-store=store dir out.img
both mkcomposefs --digest-store=store/ --print-digest-only dir
both mkcomposefs --digest-store= dir out.img
both mkcomposefs --digest-store=dir dir out.img
both mkcomposefs --digest-store=dir/sub/new/store dir out.img
both mkcomposefs --from-file odd.dump out.img
both mkcomposefs --from-file - out.img
both mkcomposefs --from-file - -
both mkcomposefs --from-file --digest-store=new odd.dump out.img
both mkcomposefs --from-file --use-epoch --skip-xattrs odd.dump out.img
both mkcomposefs --from-file odd.dump odd.img

for versions in "" --min-version=0 --min-version=1 --max-version=0 \
	--max-version=1 "--min-version=0 --max-version=1" \
	"--min-version=1 --max-version=0" "--min=1" "--max=1"; do
	# shellcheck disable=SC2086
	both mkcomposefs $versions --from-file whiteout.dump out.img
done

both composefs-info
both composefs-info ls
both composefs-info measure-file
both composefs-info ls nowhere
both composefs-info ls ""
both composefs-info measure-file nowhere
both composefs-info measure-file odd.dump nowhere odd.dump
both composefs-info objects odd.img nowhere
both composefs-info ls odd.img nowhere odd.img
both composefs-info --help
both composefs-info -x ls odd.img
both composefs-info ls --filter
both composefs-info --basedir

for image in 08-whiteouts 09-hardlinks odd whiteout; do
	for command in ls dump objects missing-objects measure-file; do
		both composefs-info $command $image.img
	done
	both composefs-info $command $image.img odd.img $image.img
done
both composefs-info --basedir=store missing-objects odd.img
both composefs-info missing-objects odd.img --base=store
both composefs-info --basedir=store objects odd.img
both composefs-info -- ls odd.img
for command in ls dump objects missing-objects; do
	both composefs-info --filter=b $command 09-hardlinks.img
	both composefs-info $command --filter b 09-hardlinks.img --filter=s
	both composefs-info --filter=none $command 09-hardlinks.img
	both composefs-info --filter= $command 09-hardlinks.img
done

# The images of random trees.  What the C program does wrong (the last
# attribute of an inode is lost when name and value are empty) is left out.
printed_alike() { # FROM TO
	local seed command
	for seed in $(seq "$1" "$2"); do
		"$here/gendump" "$seed" | sed 's/ system.posix_acl_[a-z]*=\( \|$\)/\1/' > random.dump
		"$tools/bin/mkcomposefs" --from-file random.dump random.img || return 1
		for command in ls dump objects; do
			cmp <("$tools/bin/composefs-info" $command random.img) \
				<(composefs-info $command random.img) && continue
			echo "gendump $seed, $command"
			return 1
		done
	done
}
check "images of random trees print alike" printed_alike 1 15
for dump in "$vectors"/*.dump; do
	name=$(basename "$dump" .dump)
	"$tools/bin/mkcomposefs" --from-file "$dump" v.img 2> /dev/null || continue
	check "$name prints alike" \
		cmp <("$tools/bin/composefs-info" dump v.img) <(composefs-info dump v.img)
done

# A directory with all that one may hold, as far as the user may make it.
mkdir -p all/w all/deep/a
for size in 1 63 64 65 4095 4096 4097 1048576 1048577 3000000; do
	head -c $size /dev/urandom > all/f$size
done
truncate -s 5000000 all/sparse
mkfifo all/pipe
printf x > "all/$(printf 'n%.0s' $(seq 255))"
: > "$(printf 'all/\377\376 \n!')"
ln all/f65 all/l65
{
	mknod all/w/gone c 0 0
	mknod all/null c 1 3
	mknod all/blk b 8 1
	chown 12345:4294967294 all/f64
	setfattr -n trusted.overlay.opaque -v y all/deep
	setfattr -n trusted.foo -v 1 all/deep/a
	setfattr -n user.b -v 0x00ff all/deep/a
	setfattr -n user.empty all/deep/a
	setfacl -m u:1:rwx all/deep
} 2> /dev/null
chmod 7777 all/deep/a
touch -h -d @-5.25 all/f65

alike() { # OPTION...
	"$tools/bin/mkcomposefs" "$@" --digest-store=peers.store all peers.img &&
		mkcomposefs "$@" --digest-store=mine.store all mine.img &&
		cmp peers.img mine.img && diff -r peers.store mine.store
}
check "a directory of everything" alike
for option in --skip-devices --skip-xattrs --user-xattrs --use-epoch \
	--min-version=1 --max-version=0 --threads=1; do
	check "with $option" alike $option
done
same "no more is in the store" "$(find mine.store -name '.*')" ""
finish
