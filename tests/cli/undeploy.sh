#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# undeploy: a deployment is removed, and something that boots is always left.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

fixture_rootfs tree
mkdir -p full/sys full/boot/loader/entries full/boot/EFI/Linux
fixture_repo full/sys/composefs
for i in 1 2 3; do
	echo $i > tree/etc/version
	id[i]=$(cfsctl --repo full/sys/composefs create-image tree |
		sed 's/.*://')
	mkdir -p "full/sys/state/deploy/${id[i]}/etc/upper"
	ln -s ../../os/default/var "full/sys/state/deploy/${id[i]}/var"
	hash=$(echo $i | md5sum | cut -c1-32)
	mkdir -p "full/boot/os-$i/$hash"
	echo kernel > "full/boot/os-$i/$hash/linux"
	echo initrd > "full/boot/os-$i/$hash/initrd"
	printf 'title %s\nversion %s\nsort-key os\nlinux /os-%s/%s/linux\ninitrd /os-%s/%s/initrd\noptions composefs.digest=v1-sha512-12:%s\n' \
		$i $i $i "$hash" $i "$hash" "${id[i]}" \
		> full/boot/loader/entries/os-$i.conf
done
mkdir -p full/sys/state/os/default/var
echo data > full/sys/state/os/default/var/data
where="--sysroot sys --boot-dir boot"
fresh() {
	rm -rf sys boot
	cp -a full/sys full/boot .
}
# shellcheck disable=SC2086 # options
undeploy() { cfsctl undeploy $where "$@"; }
# The versions that can be booted, in the order of the boot loader.
# shellcheck disable=SC2086
bootable() { cfsctl deployments $where --json | python3 -c 'import json, sys
print(*[e["version"] for d in json.load(sys.stdin)["deployments"]
        if d["verified"] and d["state"]
        for e in d["entries"] if e["offered"]])'; }
files() { (cd "$1" && find boot sys/state | sort); }

fresh
same "what there is" "$(bootable)" "3 2 1"
same "the newest is removed" "$(undeploy "${id[3]}")" \
	"Removed the deployment of sha512:${id[3]}"
same "  the one before it is next" "$(bootable)" "2 1"
same "  nothing of it is left" "$(files . | grep -c "os-3\|${id[3]}\|/\.")" 0
same "  the others are whole" "$(files .)" \
	"$(files full | grep -v "os-3\|${id[3]}")"
check "  what its var leads to is" [ -e sys/state/os/default/var/data ]
check "  its image is left to gc" [ -e "sys/composefs/images/${id[3]}" ]
quiet cfsctl --repo sys/composefs gc --roots-from-boot boot
check "  which removes it" [ ! -e "sys/composefs/images/${id[3]}" ]
same "by the first digits" "$(undeploy "${id[2]:0:12}")" \
	"Removed the deployment of sha512:${id[2]}"
refuse "the last one stays" "no deployment can be booted" undeploy "${id[1]}"
same "  as it is" "$(bootable)" 1

fresh
cfsctl --repo sys/composefs pin "${id[2]}" > out
refuse "one that is pinned stays" "cfsctl unpin" undeploy "${id[2]}"
refuse "one that does not exist" "is not deployed" undeploy "${id[2]//[0-9]/0}"
refuse "  nor does a name" "is not deployed" undeploy nothing
refuse "an operand is needed" "DEPLOYMENT" undeploy
rm "sys/state/deploy/${id[3]}/var"
mkdir "sys/state/deploy/${id[3]}/var"
echo data > "sys/state/deploy/${id[3]}/var/mine"
refuse "a var of its own stays" "--delete-var" undeploy "${id[3]}"
same "  with all the rest" "$(bootable)" "3 2 1"
same "  unless it is given up" "$(undeploy --delete-var "${id[3]}")" \
	"Removed the deployment of sha512:${id[3]}"
check "  then it is gone" [ ! -e "sys/state/deploy/${id[3]}" ]

# Two that are booted by the same files.
fresh
sed -i "s/^\(linux\|initrd\).*//" boot/loader/entries/os-3.conf
grep '^linux\|^initrd' boot/loader/entries/os-2.conf >> boot/loader/entries/os-3.conf
undeploy "${id[3]}" > out
check "files of another entry stay" quiet ls boot/os-2/*/linux
fresh
printf 'linux /EFI/BOOT/x\ninitrd /loader/loader.conf\noptions composefs.digest=v1-sha512-12:%s\n' \
	"${id[3]}" > boot/loader/entries/os-3.conf
mkdir boot/EFI/BOOT
touch boot/EFI/BOOT/x boot/loader/loader.conf
undeploy "${id[3]}" > out
check "files that no one prepared do" \
	[ -e boot/EFI/BOOT/x -a -e boot/loader/loader.conf ]

# Killed anywhere, there is something to boot, and another run ends.
ends() {
	case $(bootable) in "2 1" | "3 2 1") ;; *) return 1 ;; esac
	undeploy "${id[3]}" > /dev/null 2>&1
	[ "$(bootable)" = "2 1" ] && [ "$(files .)" = "$(files want)" ]
}
fresh
undeploy "${id[3]}" > out
mkdir want && cp -a sys boot want
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null
then
	# shellcheck disable=SC2086
	kill_everywhere undeploy fresh ends cfsctl undeploy $where "${id[3]}"
	for call in syncfs renameat unlinkat; do
		fresh
		# shellcheck disable=SC2086
		refuse "$call fails" "Input/output error" strace -f -qq \
			-o /dev/null -e trace=$call \
			-e inject=$call:error=EIO:when=1 \
			cfsctl undeploy $where "${id[3]}"
		check "  and the next run ends" ends
	done
	fresh
	# shellcheck disable=SC2086
	strace -f -qq -o log -e trace=syncfs,renameat,unlinkat \
		cfsctl undeploy $where "${id[3]}" > out
	same "the entry goes first, then its files, and the state at last" \
		"$(sed -n 's/.*\(syncfs\|renameat\).*/\1/p; s/.*unlinkat([0-9]*, "\([^"]*\)".*/\1/p' log |
			sed "s/${hash}/HASH/; s/\.${id[3]}/.HEX/" | uniq | tr '\n' ' ')" \
		"renameat syncfs HASH initrd linux HASH os-3 syncfs .os-3.conf.undeployed renameat syncfs .HEX.removed etc upper etc var .HEX.removed "
fi
finish
