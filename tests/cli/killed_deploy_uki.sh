#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci deploy of a unified kernel image with addons, killed before each file of the
# boot partition has its name: the next undeploy or deploy removes what is left.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

needs strace
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"

oci() { cfsctl --repo full/sys/composefs oci "$@"; }
pull() { # TAG
	rm -rf lay
	tar --sort=name -C tree -cf layer.tar . &&
		python3 -B "$CFS_SRC/tests/oci/image.py" lay "$1" layer.tar > /dev/null &&
		oci pull --bootable "oci:lay:$1" "$1" > /dev/null
}
uki=tree/boot/EFI/Linux/os.efi
mkdir -p full/sys full/boot tree/{boot/EFI/Linux,sysroot,etc,usr/lib}
fixture_repo full/sys/composefs
for i in 1 2 3; do
	echo "$i" > tree/usr/version
	pull "plain$i" && id[i]=$(oci compute-id --bootable "plain$i") || exit 1
	fixture_pe $uki ".osrel=PRETTY_NAME=OS" ".linux=kernel $i" \
		".cmdline=composefs.digest=?v1-sha512-12:${id[i]}"
	mkdir $uki.extra.d
	fixture_pe "$uki.extra.d/$i.addon.efi" ".cmdline=addon $i"
	pull "os:$i" || exit 1
	rm -r $uki $uki.extra.d
done
deploy="cfsctl --repo sys/composefs oci deploy --boot-dir boot --insecure"
fresh() {
	rm -rf sys boot
	cp -a full/sys full/boot .
}
fresh
# shellcheck disable=SC2086 # several words
same "the first one" "$($deploy --tries 0 os:1)" "EFI/Linux/os.efi boots ${id[1]}"
rm -rf full/sys full/boot && mv sys boot full || exit 1
killed() { # NUMBER
	fresh
	# shellcheck disable=SC2086
	(strace -f -qq -o /dev/null -e trace=renameat \
		-e inject=renameat:signal=KILL:when="$1" $deploy os:2) > out 2>&1
}
for n in 3 4; do
	killed $n
	check "killed before file $n has its name, it leaves something" eval \
		'! diff -r full/boot boot > /dev/null'
	check "  which undeploy removes" quiet cfsctl --repo sys/composefs undeploy \
		--boot-dir boot "${id[2]}"
	check "  altogether" diff -r full/boot boot
	killed $n
	# shellcheck disable=SC2086
	check "  and which another image does not start with" quiet $deploy os:3
	same "  but with its own" "$(ls boot/EFI/Linux/os_2.efi.extra.d)" 3.addon.efi
done
killed 4
# shellcheck disable=SC2086
check "the same command ends well" quiet $deploy os:2
check "  with its addons" test -e boot/EFI/Linux/os_2.efi.extra.d/2.addon.efi
same "  and no hidden file" "$(find boot -name '.*')" ""
finish
