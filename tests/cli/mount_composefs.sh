#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# mount.composefs: what it says of a wrong command line, against Debian's.
# Nothing here gets as far as a mount: see tests/root/mount_composefs.sh.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

mkdir ours image objects
ln -s "$BIN/cfsctl" ours/mount.composefs
peer=
if tools=$("$CFS_SRC/deps/mkcomposefs.sh" 2> log); then
	peer=$tools/bin/mount.composefs
fi

# Exit status and first line. Usage comes after some, and is our own.
said() { # PROGRAM ARGUMENT...
	"$@" > out 2> err
	echo "$? $(head -n 1 err | sed 's|^[^ ]*/mount.composefs: |mount.composefs: |')"
}

says() { # MESSAGE ARGUMENT...
	local want=$1
	shift
	same "$want" "$(said ours/mount.composefs "$@")" "1 $want"
	[ -z "$peer" ] ||
		same "  as Debian's says" "$(said "$peer" "$@")" "1 $want"
}

differs() { # OURS THEIRS ARGUMENT...
	local want=$1 other=$2
	shift 2
	same "$want" "$(said ours/mount.composefs "$@")" "1 $want"
	[ -z "$peer" ] || same "  where Debian's says other words" \
		"$(said "$peer" "$@" | sed 's/^\(1 usage:\).*/\1/')" "1 $other"
}
error() { # MESSAGE ARGUMENT...: with the name in front, no usage
	local want=$1
	shift
	says "mount.composefs: $want" "$@"
	check "  and nothing else" [ "$(grep -c . err)" = 1 ]
}

says "No source path specified"
says "No mount path specified" image
says "No object dirs specified" image here
says "No object dirs specified" -o verity,digest=abc image here
says "No object dirs specified" -o upperdir=x image here
says "No source path specified" -o nonsense
says "mount.composefs: invalid option -- 'x'" -x
says "mount.composefs: option requires an argument -- 'o'" image here -o
differs "Too many arguments" \
	"mount.composefs: Value for basedir option has incorrect format" \
	-o basedir= image here there
error "Unsupported fs type 'ext4'" -t ext4 -o nonsense
error "Unsupported fs type 'fuse.composefs'" -t fuse.composefs
error "Unsupported fs type 'composefs2'" -t composefs2 -o basedir=x image here
error "No value specified for basedir option" -o basedir image here
error "No value specified for digest option" -o digest image here
error "No value specified for idmap option" -o basedir=x,idmap image here
error "No value specified for upperdir option" -o upperdir image here
error "No value specified for workdir option" -o workdir image here
for value in '' : x: :x x::x; do
	error "Value for basedir option has incorrect format" \
		-o "basedir=$value" image here
done
for option in nonsense nonsense=1 remount; do
	error "Unsupported option ${option%=1}" -o "$option" image here
done
error 'Unsupported option b\asedir' -o 'b\asedir=objects' image here
error 'Unsupported option basedir\=x' -o 'basedir\=x' image here
for option in "" , basedir=x, basedir=x,,ro ,basedir=x =x; do
	error "Unsupported option " -o "$option" image here
done
error "Both workdir and upperdir must be specified if used" \
	-o basedir=x,upperdir=x image here
error "Both workdir and upperdir must be specified if used" \
	-o workdir=x,basedir=x image here
error "Failed to open userns none: No such file or directory" \
	-o basedir=objects,idmap=none image here
error "Failed to open userns : No such file or directory" \
	-o basedir=objects,idmap= image here
error "Failed to open none: No such file or directory" \
	-o basedir=objects none here
error "Failed to mount composefs image: Is a directory" \
	-o basedir=objects image here

# The last -o counts, wherever it stands, and of one option the last.
error "Failed to open none: No such file or directory" \
	-o nonsense none -o basedir=objects here
error "Failed to open none: No such file or directory" \
	-o basedir,ro -o basedir=x,basedir=objects none here
error "No value specified for digest option" \
	-o basedir=x,digest=12,digest none here

# An empty digest is no digest to them.
differs "mount.composefs: No value specified for digest option" \
	"mount.composefs: Failed to open none: No such file or directory" \
	-o basedir=objects,digest= none here
# Debian's takes no option that mount(8) may pass.
for option in -s -n -v "-N 1" "-t composefs.sub"; do
	refuse "$option is known" "Failed to open none: No such file" \
		ours/mount.composefs none here $option -o basedir=objects
done
# The words that mount(8) and systemd.mount(5) have for every file system.
for option in ro rw suid nosuid dev nodev exec noexec noatime atime relatime \
	norelatime strictatime nostrictatime diratime nodiratime symfollow \
	nosymfollow sync async dirsync lazytime nolazytime iversion \
	noiversion silent loud mand nomand defaults auto noauto nofail _netdev \
	user user=joe users owner group nouser nousers noowner nogroup \
	comment=x helper=x uhelper=x x-systemd.automount x-initrd.mount \
	x-systemd.device-timeout=5s X-mount.mkdir=0700; do
	refuse "$option is known" "Failed to open none: No such file" \
		ours/mount.composefs none here -o "basedir=objects,$option"
done
refuse "another one is ignored with -s" "Failed to open none: No such file" \
	ours/mount.composefs none here -s -o basedir=objects,nonsense
refuse "but never remount" "Unsupported option remount" \
	ours/mount.composefs none here -s -o basedir=objects,remount

check "-f only looks at the command line" \
	ours/mount.composefs none here -f -o basedir=none,digest=zz
refuse "which has to be right" "Unsupported option nonsense" \
	ours/mount.composefs none here -f -o basedir=none,nonsense
check "-h is no error" ours/mount.composefs -h
same "and prints the usage" "$(ours/mount.composefs -h | head -n 1 | cut -c 1-23)" \
	"usage: mount.composefs "
check "the same as a word of cfsctl" \
	cmp <(cfsctl mount.composefs -h) <(ours/mount.composefs -h)
check "after -- there are operands only" eval \
	'[ "$(said ours/mount.composefs -o basedir=objects -- -none here)" = \
		"1 mount.composefs: Failed to open -none: No such file or directory" ]'

mkfifo fifo
refuse "a FIFO is not waited for" "Failed to mount composefs fifo: Invalid" \
	ours/mount.composefs -o basedir=objects fifo here
: > empty
refuse "an empty file" "Failed to mount composefs empty: Invalid argument: it is no" \
	ours/mount.composefs -o basedir=objects empty here
head -c 8192 /dev/zero > zero
refuse "no image" "Failed to mount composefs zero: Invalid argument: it is no" \
	ours/mount.composefs -o basedir=objects zero here
h=$(printf '0123456789abcdef%.0s' 1 2 3 4)
for digest in x zz "${h%?}" "${h}0" "${h%?}g" "$h${h%?}" "$h$h$h"; do
	refuse "digest=${digest:0:20}..." \
		"Failed to mount composefs zero: Invalid argument: digest=$digest: 64 or 128" \
		ours/mount.composefs -o "basedir=objects,digest=$digest" zero here
done
for digest in "$h" "$h$h" "${h^^}"; do
	refuse "digest of ${#digest} digits, of a file without" \
		"Failed to mount composefs zero: Image has no fs-verity" \
		ours/mount.composefs -o "basedir=objects,digest=$digest" zero here
done
finish
