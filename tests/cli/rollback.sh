#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# rollback: the previous deployment is booted next, and the next one again.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

fixture_rootfs tree
mkdir sys
fixture_repo sys/composefs
mkdir -p boot/loader/entries
for i in 1 2; do
	echo $i > tree/etc/version
	id[i]=$(cfsctl --repo sys/composefs create-image tree | sed 's/.*://')
	mkdir -p "sys/state/deploy/${id[i]}"
	printf 'title %s\nlinux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' \
		$i "${id[i]}" > boot/loader/entries/os-$i.conf
done
echo kernel > boot/vmlinuz
where="--sysroot sys --boot-dir boot"
# shellcheck disable=SC2086 # options
rollback() { cfsctl rollback $where "$@"; }
# shellcheck disable=SC2086
next() { cfsctl deployments $where --json |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["next_entry"])'; }
conf=boot/loader/loader.conf

same "the newest is next" "$(next)" loader/entries/os-2.conf
same "the one before it" "$(rollback)" \
	"Next: sha512:${id[1]} (loader/entries/os-1.conf)"
same "  is next now" "$(next)" loader/entries/os-1.conf
same "  by the default of the boot loader" "$(cat $conf)" "default os-1.conf"
same "once more" "$(rollback)" \
	"Next: sha512:${id[2]} (loader/entries/os-2.conf)"
same "  the newest is" "$(next)" loader/entries/os-2.conf
same "  and no default is left that would hide the one after it" \
	"$(cat $conf)" ""
printf 'timeout 4\n\n# default os-2*\ndefault os-2*\neditor no' > $conf
rollback > out
same "the rest of the file stays" "$(cat $conf)" "timeout 4

# default os-2*
editor no
default os-1.conf"
same "nothing else is left there" "$(ls -A boot boot/loader | tr '\n' ' ')" \
	"boot: loader vmlinuz  boot/loader: entries loader.conf "

cp $conf before
mv boot/loader/entries/os-2.conf .
refuse "without another deployment" "no other deployment can be booted" rollback
mv os-2.conf boot/loader/entries
mv "sys/state/deploy/${id[2]}" .
refuse "  also one without state" "no other deployment can be booted" rollback
mv "${id[2]}" sys/state/deploy
rm boot/vmlinuz
refuse "  also one without a kernel" "no other deployment can be booted" rollback
echo kernel > boot/vmlinuz
check "  the file stays" cmp before $conf
rm $conf
mkdir $conf
refuse "a directory in place of the file" "loader.conf" rollback
rmdir $conf
refuse "a boot partition that is missing" "nowhere" \
	cfsctl rollback --sysroot sys --boot-dir nowhere
refuse "no operand is taken" "usage" rollback x

fresh() { cp before $conf; rm -f boot/loader/.loader*; }
# Killed, the file is the old or the new one; and another run ends.
whole() {
	{ cmp -s before $conf || cmp -s after $conf; } &&
		[ "$(next)" != None ] && fresh &&
		rollback > /dev/null && cmp after $conf
}
fresh
rollback > out && cp $conf after
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null
then
	# shellcheck disable=SC2086
	kill_everywhere rollback fresh whole cfsctl rollback $where
	for call in write syncfs renameat; do
		fresh
		# shellcheck disable=SC2086
		refuse "$call fails" "Input/output error" strace -f -qq \
			-o /dev/null -e trace=$call \
			-e inject=$call:error=EIO:when=1 cfsctl rollback $where
		check "  the file stays" cmp before $conf
		same "  and nothing beside it" "$(ls -A boot/loader | tr '\n' ' ')" \
			"entries loader.conf "
	done
	fresh
	# shellcheck disable=SC2086
	strace -f -qq -o log -e trace=write,syncfs,renameat cfsctl rollback \
		$where > out
	same "the text is on the disk before it has the name, and the name after" \
		"$(grep -o 'syncfs\|renameat' log | tr '\n' ' ')" \
		"renameat syncfs renameat syncfs "
fi
finish
