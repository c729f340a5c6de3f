#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# deploy, killed wherever it changes something, and calls of it that fail: what was
# booted can be booted, with its /etc and /var; an entry of the new image is there
# only with all that it needs; and the same command then ends well.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
: "${KILL_POINTS:=8}"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

where="--sysroot sys --boot-dir boot --insecure"
fixture_rootfs tree
mkdir -p full/sys full/boot tree/usr/lib/modules/6.1 tree/etc/conf.d
fixture_repo full/sys/composefs
echo one > tree/etc/conf.d/file
for i in 1 2 4 3; do
	echo "kernel $i" > tree/usr/lib/modules/6.1/vmlinuz
	echo "$i" > tree/etc/version
	id[i]=$(cfsctl --repo full/sys/composefs create-image tree os-$i |
		sed 's/.*://')
done
# shellcheck disable=SC2086 # options
for i in 1 2; do
	cfsctl deploy --sysroot full/sys --boot-dir full/boot --insecure \
		--tries 0 os-$i > /dev/null || exit 1
done
# The one that is booted has a var of its own, the one before it that as well.
for i in 1 2; do
	state=full/sys/state/deploy/${id[i]}
	rm "$state/var" && mkdir "$state/var" || exit 1
done
rm -r full/sys/state/os
echo data > "$state/var/data"
mkdir -p "$state/etc/upper/conf.d" "$state/etc/upper/mine"
echo mine > "$state/etc/upper/conf.d/file"
echo mine > "$state/etc/upper/mine/a"
ln "$state/etc/upper/mine/a" "$state/etc/upper/mine/b"
ln -s a "$state/etc/upper/mine/link"
head -c 70000 /dev/urandom > "$state/etc/upper/mine/long"
mknod "$state/etc/upper/hostname" c 0 0 || skip "may not make whiteouts"
printf 'default 6.1_2.conf\n' > full/boot/loader/loader.conf

fresh() {
	rm -rf sys boot
	cp -a full/sys full/boot .
}
same_tree() { # A B: but for contents of devices
	diff -r --no-dereference -x hostname "$1" "$2" > /dev/null &&
		[ "$(stat -c '%t %T' "$1/etc/upper/hostname")" = \
			"$(stat -c '%t %T' "$2/etc/upper/hostname")" ]
}
# The versions that boot, in the order of the boot loader.
bootable() {
	cfsctl deployments --sysroot sys --boot-dir boot --json |
		python3 -c 'import json, sys
print(*[e["path"].split("/")[-1] for d in json.load(sys.stdin)["deployments"]
        if d["verified"] and d["state"]
        for e in d["entries"] if e["offered"]])'
}
sound() {
	local state=sys/state/deploy
	case $(bootable) in
	"6.1_2.conf 6.1.conf") ;;
	"6.1_2.conf 6.1_3+3.conf 6.1.conf") ;;
	"6.1_3+3.conf 6.1_2.conf 6.1.conf") ;;
	# --keep takes its entry away first.
	"6.1_3+3.conf 6.1_2.conf") ;;
	*) return 1 ;;
	esac
	[ "$(cat "$state/${id[2]}/var/data")" = data ] &&
		diff -r --no-dereference -x hostname \
			"full/$state/${id[2]}/etc" "$state/${id[2]}/etc" ||
		return 1
	[ -e boot/loader/entries/6.1_3+3.conf ] || return 0
	same_tree "done/state/deploy/${id[3]}" "$state/${id[3]}" &&
		[ "$(cat "$state/${id[3]}/var/data")" = data ] &&
		cmp -s tree/usr/lib/modules/6.1/vmlinuz \
			"boot$(sed -n 's/^linux //p' boot/loader/entries/6.1_3+3.conf)"
}
command="cfsctl deploy $where --keep 2 os-3"
# Once there is an entry, the command would make a second one.
finishes() {
	sound || return 1
	if [ ! -e boot/loader/entries/6.1_3+3.conf ]; then
		$command > /dev/null && same_tree "done/state/deploy/${id[3]}" \
			"sys/state/deploy/${id[3]}" && diff -r done/boot boot &&
			[ -z "$(find sys/state boot -name '.*')" ]
	else
		$command > /dev/null &&
			[ "$(bootable | cut -d' ' -f1)" = "6.1_4+3.conf" ]
	fi
}
fresh
$command > /dev/null || exit 1
mkdir done && cp -a sys/state boot done
same "what it does" "$(bootable)" "6.1_3+3.conf 6.1_2.conf"
# shellcheck disable=SC2086
kill_everywhere deploy fresh finishes $command

fails_at() { # CALL ERROR WORDS WHEN
	local n
	for n in $4; do
		fresh
		# shellcheck disable=SC2086
		strace -f -qq -o /dev/null -e trace="$1" \
			-e inject="$1:error=$2:when=$n" $command > out 2>&1
		check "$1 fails with $2 (call $n): told" grep -q "$3" out
		check "  and the next one ends well" finishes
	done
}
fresh
# shellcheck disable=SC2086
cfsctl deploy $where os-4 > /dev/null || exit 1
mkdir other && cp -a boot other
# Killed before each file of the boot partition has its name, and then given up.
for n in 2 3 4; do
	fresh
	# shellcheck disable=SC2086
	strace -f -qq -o /dev/null -e trace=renameat \
		-e inject=renameat:signal=KILL:when=$n $command > out 2>&1
	check "what was interrupted at file $n can be undeployed" quiet \
		cfsctl undeploy --sysroot sys --boot-dir boot "${id[3]}"
	check "  and leaves nothing on the boot partition" diff -r \
		-x '.*.cfsctl-tmp-*' full/boot boot
	fresh
	# shellcheck disable=SC2086
	strace -f -qq -o /dev/null -e trace=renameat \
		-e inject=renameat:signal=KILL:when=$n $command > out 2>&1
	check "  or another image be deployed" quiet \
		cfsctl deploy $where os-4
	check "  beside which nothing is left" diff -r -x '.*.cfsctl-tmp-*' other/boot boot
done
# Without the list of entries it is unknown whose /etc is to be taken over.
fails_at getdents64 EIO 'Error: .*read all boot entries: loader/entries:' 1
fresh
# shellcheck disable=SC2086
refuse "an entry that cannot be read is one too few" "read all boot entries" \
	strace -f -qq -o /dev/null -P "$PWD/boot/loader/entries/6.1_2.conf" \
	-e trace=read -e inject=read:error=EIO $command
check "  and the next one ends well" finishes
fails_at mkdirat ENOSPC 'No space left' '1 3 5'
fails_at fchownat EPERM 'not permitted' '1 4'
fails_at symlinkat EIO 'Input/output error' '1 2 3'
fails_at linkat EIO 'Input/output error' 1
fails_at mknodat EPERM 'not permitted' 1
fails_at syncfs EIO 'Input/output error' '1 2 3'
fails_at renameat2 EIO 'Input/output error' '1 2'
finish
