#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mkcomposefs: options, words, exit status, and what is left when it fails.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

mkdir bin
ln -s "$BIN/cfsctl" bin/mkcomposefs
ln -s "$BIN/cfsctl" bin/composefs-info
export PATH=$TMPDIR/bin:$PATH
vectors=$CFS_SRC/tests/data/erofs

fails() { # WORDS ARGUMENT...: exit status 1 and this on stderr, nothing on stdout
	local words=$1 status
	shift
	mkcomposefs "$@" > out 2> err < /dev/null
	status=$?
	[ $status = 1 ] && [ ! -s out ] && grep -qF -e "$words" err && return
	echo "  exit status $status, stderr:"
	sed 's/^/  /' err
	return 1
}
says() { # WORDS ARGUMENT...
	check "'$1': ${*:2}" fails "$@"
}

digest_of() { # VECTOR VERSION
	awk -v n="$1" -v v="$2" '$1 == n && $2 == v { print $3 }' "$vectors/digests.tsv"
}
bytes_of() { # VERSION-OF-HEADER IMAGE
	[ "$(od -An -tu4 -j12 -N4 "$2" | tr -d ' ')" = "$1" ]
}

# The command line.
says "No source path specified"
says "Usage: mkcomposefs [OPTIONS] SOURCE IMAGE"
says "mkcomposefs: Empty source path specified" "" out.img
says "Too many arguments" a b c
says "No destination path specified" dir
says "Cannot specify destination path with --print-digest-only" \
	--print-digest-only dir out.img
says "option needs a value" --min-version
says "option needs a value" --threads
says "Invalid min version x" --min-version=x dir out.img
says "Invalid max version 1x" --max-version 1x dir out.img
says "Invalid threads count 0" --threads=0 dir out.img
says "Invalid threads count -3" --threads=-3 dir out.img
for option in --help --version -C -R -h --bogus --print --use-epoch=yes; do
	says "Usage: mkcomposefs [OPTIONS] SOURCE IMAGE" $option dir out.img
done
check "nothing is written by all that" test ! -e out.img
same "help of cfsctl tells the usage" "$(cfsctl help mkcomposefs | head -n 1)" \
	"Usage: mkcomposefs [OPTIONS] SOURCE IMAGE"

# A directory, with all that one may hold.
mkdir -p dir/sub/deep "dir/odd name"
printf small > dir/inline
head -c 64 /dev/zero > dir/sixty-four
head -c 65 /dev/zero > dir/sixty-five
head -c 300000 /dev/zero > dir/sub/large
: > dir/nothing
ln -s target dir/link
ln dir/sub/large dir/sub/again
setfattr -n user.k -v value dir/inline 2> /dev/null
find dir -exec touch -h -d @1000.5 {} +

says "mkcomposefs: error accessing nowhere: No such file or directory" nowhere out.img
says "mkcomposefs: error accessing dir/inline: Not a directory" dir/inline out.img
says "mkcomposefs: error accessing dir: Invalid argument" \
	--skip-xattrs --user-xattrs dir out.img
says "mkcomposefs: cannot write file: Invalid argument" --min-version=2 dir out.img
says "mkcomposefs: cannot write file: Invalid argument" --max-version=-1 dir out.img
says "mkcomposefs: cannot write file: Invalid argument" --max-version=4294967296 dir out.img
says "mkcomposefs: open \`nowhere\`: No such file or directory" --from-file nowhere out.img
says "mkcomposefs: failed to open output file: No such file or directory" dir nowhere/out.img
says "mkcomposefs: failed to open output file: Is a directory" dir .
says "mkcomposefs: failed to open output file: " dir ""
says "mkcomposefs: cannot write file: No space left on device" dir /dev/full
check "a failure leaves nothing behind" test -z "$(ls -A | grep -F -e .tmp -e out.img)"

check "an image" mkcomposefs dir out.img
check "the same as a word of cfsctl" cfsctl mkcomposefs dir again.img
check "with the same bytes" cmp out.img again.img
check "options may follow" mkcomposefs dir epoch.img --use-epoch
check "and be shortened" mkcomposefs --use-e dir epoch2.img
check "both work" cmp epoch.img epoch2.img
check "epoch makes times zero" sh -c \
	'! composefs-info dump epoch.img | cut -d " " -f 8 | grep -vx 0.0'
check "after -- there are none" mkcomposefs -- dir --use-epoch
check "to stdout" sh -c 'mkcomposefs dir - | cmp - out.img'
check "with one thread" sh -c 'mkcomposefs --threads=1 dir - | cmp - out.img'
check "with many" sh -c 'mkcomposefs --threads=99999 dir - | cmp - out.img'
same "every name is an inode of its own" \
	"$(composefs-info dump out.img | awk '$1 ~ /large|again/ { print $4, $3 }')" "1 100644
1 100644"

want=$(composefs-info measure-file out.img)
same "the digest" "$(mkcomposefs --print-digest-only dir)" "$want"
same "and with the image" "$(mkcomposefs --print-digest dir two.img)" "$want"
check "which is the same" cmp out.img two.img
same "the digest follows an image on stdout" \
	"$(mkcomposefs --print-digest dir - | tail -c 65)" "$want"

check "a directory and its dumpfile are one image" sh -c \
	'composefs-info dump out.img | mkcomposefs --from-file - - | cmp - out.img'

if [ -n "$(getfattr -n user.k dir/inline 2> /dev/null)" ]; then
	check "xattrs are there" sh -c 'composefs-info dump out.img | grep -q user.k=value'
	check "--user-xattrs has them" sh -c \
		'mkcomposefs --user-xattrs dir x.img && composefs-info dump x.img | grep -q user.k=value'
	check "--skip-xattrs does not" sh -c \
		'mkcomposefs --skip-xattrs dir x.img && ! composefs-info dump x.img | grep -q user.k'
fi
if mknod dir/null c 1 3 2> /dev/null; then
	check "devices are there" sh -c \
		'mkcomposefs dir x.img && composefs-info ls x.img | grep -qx /null'
	check "--skip-devices leaves them out" sh -c \
		'mkcomposefs --skip-devices dir x.img && ! composefs-info ls x.img | grep -qx /null'
	rm dir/null
	touch -d @1000.5 dir
fi

# The digest store.
object=$(composefs-info objects out.img | head -n 1)
check "a digest store" sh -c \
	'umask 077; mkcomposefs --digest-store=new/store dir stored.img'
check "changes no byte" cmp out.img stored.img
check "has every object" test -z \
	"$(composefs-info --basedir=new/store missing-objects out.img)"
same "each once" "$(find new/store -type f | wc -l)" \
	"$(composefs-info objects out.img | wc -l)"
for path in $(composefs-info objects out.img); do
	same "object $path is what it is called" \
		"$(composefs-info measure-file new/store/"$path" | sed 's|^..|&/|')" "$path"
	same "and can be read by all" "$(stat -c %a new/store/"$path")" 644
done
printf damaged > new/store/"$object"
check "a damaged object is replaced" mkcomposefs --digest-store=new/store dir out.img
same "by what it should be" \
	"$(composefs-info measure-file new/store/"$object" | sed 's|^..|&/|')" "$object"
cp -a dir inside
check "a store within what is read" \
	mkcomposefs --digest-store=inside/sub/store inside inside.img
check "is not in the image" cmp out.img inside.img
check "and has every object" test -z \
	"$(composefs-info --basedir=inside/sub/store missing-objects out.img)"
check "relative to itself" sh -c \
	'cd inside && rm -r sub/store && touch -d @1000.5 sub . &&
	mkcomposefs --digest-store=store . ../inside.img'
check "as well" cmp out.img inside.img
: > plain
says "Not a directory" --digest-store=plain/x dir x.img
check "a dumpfile has no use for it" sh -c \
	'mkcomposefs --from-file --digest-store=unused "$1" x.img && test ! -e unused' - \
	"$vectors/02-simple.dump"

# Dumpfiles and versions.
for name in 02-simple 08-whiteouts; do
	same "$name, version 0" "$(mkcomposefs --from-file --print-digest-only --max-version=0 \
		"$vectors/$name.dump")" "$(digest_of $name 0)"
	same "$name, version 1" "$(mkcomposefs --from-file --print-digest-only --min-version=1 \
		"$vectors/$name.dump")" "$(digest_of $name 1)"
	same "$name, as it needs" "$(mkcomposefs --from-file --print-digest-only - \
		< "$vectors/$name.dump")" "$(digest_of $name auto)"
done
version() { # WANT OPTION...: of an image with whiteouts
	local want=$1
	shift
	mkcomposefs "$@" --from-file "$vectors/08-whiteouts.dump" x.img && bytes_of "$want" x.img
}
check "whiteouts need version 1" version 1
check "--min-version=0 alone allows no other" version 0 --min-version=0
check "nor does --max-version=0" version 0 --max-version=0
check "--max-version=1 allows it" version 1 --max-version=1
check "both do" version 1 --min-version=0 --max-version=1
check "--min-version=1 is one" version 1 --min-version=1
check "a maximum below it counts as it" version 1 --min-version=1 --max-version=0
check "a tree without whiteouts is of version 0" sh -c \
	'mkcomposefs --from-file "$1" x.img' - "$vectors/02-simple.dump"
check "says the header" bytes_of 0 x.img

# What is at the destination.
cp out.img before.img
chmod 600 before.img
printf '/ 0 40755 2 0 0 0 1.0 - - -\nbad\n' > bad.dump
cp before.img kept.img
says "mkcomposefs: dumpfile line 2: " --from-file bad.dump kept.img
check "a failure leaves what was there" cmp before.img kept.img
(
	trap '' XFSZ
	ulimit -f 1
	fails "mkcomposefs: cannot write file: File too large" dir kept.img
)
report $? "so does a full disk"
check "as it was" cmp before.img kept.img
{
	echo '/ 0 40755 2 0 0 0 1.0 - - -'
	seq -f '/file%.0f 0 100644 1 0 0 0 1.0 - - -' 200000
} > long.dump
(
	# Debian 13's libfuse alone has 8 MiB of zeros in the program.
	ulimit -v 24000
	fails "out of memory" --from-file long.dump kept.img
)
report $? "so does too little memory"
check "as it was as well" cmp before.img kept.img
check "an image replaces what is there" \
	mkcomposefs --from-file "$vectors/02-simple.dump" kept.img
same "keeping its mode" "$(stat -c %a kept.img)" 600
check "a new one has the umask's" sh -c 'umask 027; mkcomposefs dir mode.img'
same "like any file" "$(stat -c %a mode.img)" 640
ln -s kept.img link.img
check "a link is followed" mkcomposefs dir link.img
check "and stays" test -L link.img
check "its file is the image" cmp out.img kept.img
mkfifo pipe
cat pipe > from-pipe.img &
check "a pipe is written to" mkcomposefs dir pipe
wait
check "and stays one" test -p pipe
check "the image went through" cmp out.img from-pipe.img
check "its own source is no trouble" sh -c '
	cp "$1" self && mkcomposefs --from-file self self && mkcomposefs --from-file "$1" - | cmp - self
	' - "$vectors/02-simple.dump"
named_later() { # ERROR...: of what makes and names files without a name
	rm -f x.img
	mkdir -p injected
	strace -o trace -qq "$@" mkcomposefs dir injected/x.img &&
		cmp injected/x.img out.img && test "$(ls -A injected)" = x.img
}
if command -v strace > /dev/null; then
	check "files without a name that never get one" named_later \
		-e inject=linkat:error=EPERM
	check "in place of another" named_later -e inject=linkat:error=ENOENT
	printf 'old' > injected/x.img
	check "a name that cannot be replaced" sh -c '
		! strace -o trace -qq -e inject=renameat:error=EIO \
			mkcomposefs dir injected/x.img 2> err &&
		test "$(cat injected/x.img)" = old && test "$(ls -A injected)" = x.img'
	# The last call of each kind included.
	killed() { # CALL: whatever was killed, the name has the old or the new image
		local at
		for at in 1 2 3 4; do
			cp before.img injected/x.img
			strace -o trace -qq -e inject="$1:signal=KILL:when=$at" \
				mkcomposefs --from-file "$vectors/02-simple.dump" injected/x.img
			cmp -s injected/x.img before.img || cmp injected/x.img new.img || return 1
		done
	}
	mkcomposefs --from-file "$vectors/02-simple.dump" new.img
	for call in openat read write fchmod linkat renameat close; do
		check "killed at $call" killed $call
	done 2> /dev/null
fi
mkdir quiet
mkcomposefs --from-file pipe quiet/out.img &
pid=$!
exec 9> pipe
printf '/ 0 40755 2 0 0 0 1.0 - - -\n' >&9
sleep 0.2
kill -KILL $pid
exec 9>&-
wait $pid 2> /dev/null
same "a killed one leaves no image" "$(find quiet -name out.img)" ""
if command -v script > /dev/null; then
	check "a terminal is refused" sh -c '
		! script -qec "mkcomposefs dir -" /dev/null < /dev/null > tty.out &&
		grep -qF "mkcomposefs: stdout is a tty.  Refusing to use it" tty.out'
fi
check "a closed pipe is a failure" bash -c '
	{ until_unread; mkcomposefs dir - 2> err; echo $? > rc; } | exec true
	test "$(cat rc)" = 1 && grep -q "mkcomposefs: cannot write file: Broken pipe" err'
check "so is a digest nobody gets" sh -c \
	'! mkcomposefs --print-digest-only dir > /dev/full 2> err &&
	grep -q "mkcomposefs: write to stdout: No space left" err'
check "and stdout that is closed" sh -c \
	'! mkcomposefs --print-digest dir x.img >&- 2> err && cmp x.img out.img'

# Where upstream is wrong and this is not (each: its input, our answer).
root='/ 0 40755 2 0 0 0 1.0 - - -'
file='0 100644 1 0 0 0 1.0 - - -'
dump() { # LINE...
	printf '%s\n' "$root" "$@" > x.dump
}
dump '/d 0 40755 2 0 0 0 1.0 - - -' '/l 0 @100644 - - - - 0.0 /d - -'
says "a hardlink to a directory" --from-file x.dump x.img
dump '/l 0 @100644 - - - - 0.0 / - -'
says "a hardlink to a directory" --from-file x.dump x.img
dump '/0 0 @100644 - - - - 0.0 /a - -' '/a 0 @100644 - - - - 0.0 /b - -' \
	'/b 0 @100644 - - - - 0.0 /a - -'
says "hardlinks form a circle" --from-file x.dump x.img
for gid in x 4294967296; do
	dump "/f 0 100644 1 5 $gid 0 1.0 - - -"
	says "dumpfile line 2: " --from-file x.dump x.img
done
for rdev in x 4294967296; do
	dump "/f 0 20644 1 5 5 $rdev 1.0 - - -"
	says "dumpfile line 2: " --from-file x.dump x.img
done
for digest in zz 00 "$(printf '%062d' 0)" "$(printf '%066d' 0)"; do
	dump "/f 99 100644 1 0 0 0 1.0 - - $digest"
	says "dumpfile line 2: " --from-file x.dump x.img
done
for size in -1 18446744073709551615 18446744073709551616 9007199254740993; do
	dump "/f $size 100644 1 0 0 0 1.0 - - -"
	fails "mkcomposefs: " --from-file x.dump x.img
	report $? "a size of $size is refused"
done
dump '/d 0 40755 2 0 0 0 1.0 - - - trusted.overlay.whiteouts=abcdefgh' \
	'/d/w 0 20644 1 0 0 0 1.0 - - -'
check "an xattr that a mark replaces" mkcomposefs --from-file x.dump x.img
dump "/f $file" "/f $file"
says "f" --from-file x.dump x.img
# Hard links are kept if asked for.
mkdir -p linked/sub
head -c 5000 /dev/zero > linked/file
echo short > linked/inline
ln -s target linked/symlink
mkfifo linked/fifo
for f in file inline symlink fifo; do
	ln -P linked/$f linked/sub/$f
	ln -P linked/$f linked/z$f
done
mknod linked/gone c 0 0 2> /dev/null && ln linked/gone linked/sub/gone
find linked -exec touch -hd @1234567890 {} +
check "hard links are kept with --hardlinks" \
	mkcomposefs --hardlinks --digest-store=links linked linked.img
composefs-info dump linked.img > linked.dump
for f in file inline symlink fifo; do
	same "  of a $f" "$(grep -c " @[0-7]* 3 .*/$f " linked.dump)" 2
done
same "  whiteouts are files of their own" "$(grep -c 'gone .* @' linked.dump)" 0
check "  a digest store in the directory gives the same" sh -c '
	mkcomposefs --hardlinks --digest-store=linked/store linked again.img &&
	cmp linked.img again.img && diff -r links linked/store; r=$?
	rm -rf linked/store; touch -hd @1234567890 linked; exit $r'
same "  the image is cfsctl's of the directory" \
	"$(mkcomposefs --hardlinks --min-version=1 --print-digest-only linked)" \
	"$(cfsctl --no-repo --hash sha256 compute-id --no-propagate-usr-to-root linked)"
mkcomposefs linked apart.img
same "without it every name is a file of its own" \
	"$(composefs-info dump apart.img | grep -c ' @')" 0
check "usage on errors is the C program's" sh -c '! mkcomposefs --x 2>&1 | grep hardlinks'
check "help has it" sh -c 'cfsctl help mkcomposefs | grep -q hardlinks'
finish
