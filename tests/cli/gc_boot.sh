#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# gc: images that boot entries name are kept.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_rootfs tree
mkdir sysroot
fixture_repo sysroot/composefs
cfs() { cfsctl --repo sysroot/composefs "$@"; }
has() { grep -qF -e "$1"; }
# An image that differs from the others, without a name.
image() { # TEXT
	echo "$1" > tree/etc/version
	cfs create-image tree | sed 's/.*://'
}
kept() { # DIGEST...
	local id
	for id; do
		[ -e "sysroot/composefs/images/$id" ] || return 1
	done
}
mkdir -p boot/loader/entries boot/EFI/Linux/uki.efi.extra.d
a=$(image a) b=$(image b) c=$(image c) d=$(image d) e=$(image e) f=$(image f)
printf 'title x\nlinux /vmlinuz\noptions quiet\noptions composefs.digest=v1-sha512-12:%s\n' \
	"$a" > boot/loader/entries/x+3-1.conf
fixture_pe boot/EFI/Linux/uki.efi ".cmdline=quiet composefs.digest=?v1-sha512-12:$b" \
	".cmdline=composefs=$c"
fixture_pe boot/EFI/Linux/uki.efi.extra.d/x.addon.efi ".cmdline=composefs=$d"
mkdir -p "sysroot/state/deploy/$e"
cfs gc --roots-from-boot boot > out 2> err
same "what can be booted is kept" "$(cat err)" ""
check "  by an entry, and every command line of a kernel image" \
	kept "$a" "$b" "$c" "$d"
check "  by a deployment" kept "$e"
check "  and nothing else" eval '! kept "$f"'

cfs gc -n --roots-from-boot boot --why "$b" > out
check "why it is kept is told" has \
	"root boot/EFI/Linux/uki.efi: images/$b" < out
cfs create-image tree os > /dev/null
f=$(basename "$(readlink sysroot/composefs/images/refs/os)")
printf 'linux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' "$f" \
	> boot/loader/entries/f.conf
check "a name of what is booted frees nothing" \
	has 'nothing: boot/loader/entries/f.conf is the same' \
	<<< "$(cfs gc -n --roots-from-boot boot)"

# What cannot be read could name any image.
all="$a $b $c $d $e $f"
: > boot/loader/entries/empty.conf
refuse "an entry that is empty stops it" "nothing was removed" \
	cfs gc --roots-from-boot boot
check "  and is named" has \
	"error: boot/loader/entries/empty.conf: the file is empty" \
	< "$TMPDIR/stderr.$$"
check "  all is there" kept $all
cfs gc --roots-from-boot boot --ignore-broken-entries 2> err > /dev/null
same "unless that is to be ignored" $? 0
check "  which is a warning" has "warning: boot/loader/entries/empty.conf" < err
check "  all is there" kept $all
rm boot/loader/entries/empty.conf
printf 'linux x\noptions composefs.digest=v1-sha512-12:zz\n' \
	> boot/loader/entries/bad.conf
refuse "a malformed argument stops it" "nothing was removed" \
	cfs gc --roots-from-boot boot
rm boot/loader/entries/bad.conf
mkdir unmounted
refuse "a directory without entries does" "nothing was removed" \
	cfs gc --roots-from-boot unmounted
check "  under its own name" grep -q "^error: unmounted: no boot entries" \
	"$TMPDIR/stderr.$$"
check "  and says why that may be" has "is the boot partition mounted here?" \
	< "$TMPDIR/stderr.$$"
refuse "one that does not exist does" "No such file or directory" \
	cfs gc --roots-from-boot nowhere
check "  all is there" kept $all

missing=${a//[0-9]/0}
printf 'linux x\noptions composefs.digest=v1-sha512-12:%s\n' "$missing" \
	> boot/loader/entries/missing.conf
cfs gc --roots-from-boot boot 2> err > /dev/null
same "an entry of an image that is missing stops nothing" $? 0
check "  and is a warning" has "boot/loader/entries/missing.conf: it boots \
image $missing, which the repository lacks" < err

mkdir sysroot/state/deploy/not-a-digest
cfs gc -n 2> err > /dev/null
check "an odd deployment is a warning" has \
	"warning: sysroot/composefs/../state/deploy/not-a-digest: its name" < err
refuse "  and with --roots-from-boot a reason to stop" "nothing was removed" \
	cfs gc --roots-from-boot boot
rmdir sysroot/state/deploy/not-a-digest
mv sysroot/state/deploy sysroot/state/moved
ln -s deploy sysroot/state/deploy
refuse "deployments that cannot be listed are one" "nothing was removed" cfs gc
check "  unless they may be lost" quiet cfs gc -n --ignore-broken-entries
rm sysroot/state/deploy
mv sysroot/state/moved sysroot/state/deploy

if strace -qq -o /dev/null true 2> /dev/null; then
	unread() { # COMMAND...: cannot read what the kernel was told to boot
		strace -f -qq -o /dev/null -P /proc/cmdline -e trace=read \
			-e inject=read:error=EIO "$@"
	}
	refuse "so is a running system that cannot be read" "nothing was removed" \
		unread "$BIN/cfsctl" --repo sysroot/composefs gc
	check "  which is named" has "/proc/cmdline: " < "$TMPDIR/stderr.$$"
	check "  unless it may be lost" quiet \
		unread "$BIN/cfsctl" --repo sysroot/composefs gc -n --ignore-broken-entries
fi

rm -r sysroot/state boot/EFI
cfs gc --roots-from-boot boot > /dev/null 2>&1
check "what is booted no more is removed" eval '! kept "$b" && ! kept "$e"'
check "  and the rest is kept" kept "$a" "$f"
finish
