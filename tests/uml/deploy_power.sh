#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The power fails while a running system deploys the next version: whichever write to
# the disk or to the boot partition was the last one, the machine starts then, by the
# old version as it was or by the new one with all of its own.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"
. "$CFS_SRC/tests/update-machine.sh"
command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

machine_new || exit 1
machine_boot edit && machine_boot pull:2 || exit 1
same "the next version is there" "$(said pull)" ok
for name in disk boot; do
	cp --sparse=always $name.img $name.cut
done
(
	machine_uml() {
		strace -f --seccomp-bpf -qq -y -xx -s 1048576 -e trace=pwrite64 \
			-e signal=none -o writes "$CFS_SRC/tests/vm/uml" "$@"
	}
	machine_boot deploy:2
	exit "$status"
)
check "it is deployed" grep -q '^GUEST deploy: ok' console
disk=$(realpath disk.img) boot=$(realpath boot.img)
mv disk.img disk.after
mv boot.img boot.after
n=$("$CFS_SRC/tests/vm/disk-writes" split writes pieces) || exit 1
rm writes

# Starts the machine as the cut left it. Sets $state: version, /etc, /var.
start_after() { # WHAT
	local name
	for name in disk boot; do
		cp --sparse=auto $name.cut $name.img
	done
	machine_boot "$1"
	state="$(said version) $(said motd) $(said site) $(said var) $(said new)"
	case $state in
	"1 mine mine data ") [ -z "$1" ] || goes_on ;;
	# There is nothing to deploy: this is the next version.
	"2 mine mine data new") ;;
	*) return 1 ;;
	esac
}
# The same command does it, unless the kernel finds FAT damaged, which fsck.fat has
# to repair; then the machine starts as before.
goes_on() {
	local next
	"$CFS_SRC/tests/vm/boot-loader" boot.img chosen > chosen.log || return 1
	grep -q "$(said digest)" chosen/options && next=same || next=other
	case $next-$(said deploy) in
	other-ok) ;;
	same-failed) grep -q 'Input/output error\|Read-only file system' console ;;
	*) return 1 ;;
	esac
}
seen=
for i in $(seq 0 "$n"); do
	[ "$i" = 0 ] || "$CFS_SRC/tests/vm/disk-writes" apply "pieces/$i" \
		"$disk=disk.cut" "$boot=boot.cut" || exit 1
	what=
	[ $((i % 5)) != 0 ] || what=deploy:2
	start_after "$what"
	rc=$?
	[ $rc = 0 ] || sed 's/^/  | /' machine.log console
	report $rc "after write $i of $n the machine starts: version ${state%% *}"
	seen="$seen${state%% *}"
done
check "before its entry is there it is the old version, then the new one" \
	grep -Eqx '1+2+' <<< "$seen"
check "these were all writes" eval 'cmp disk.cut disk.after && cmp boot.cut boot.after'
finish
