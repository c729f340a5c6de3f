#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What stands on the screen when a boot has failed: the last 24 lines of a
# console of 80 columns and 25 lines, down to the prompt of the emergency shell,
# say what failed and what to do.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

initrd=$(signed_initramfs "$uml_kernel") || exit
algorithm=v1-sha512-12

# fails NAME DISK INITRD KARG...: boots until the prompt that waits for a key.
fails() {
	local name=$1 image=$2 initramfs=$3
	shift 3
	"$CFS_SRC/tests/vm/uml" ${kernel_used:+-k "$kernel_used"} -x 'Press Enter to continue' \
		-l "$name.raw" -i "$initramfs" -d "$image" rd.shell=1 "$@"
	same "$name: the boot ends in the emergency shell" $? 98
	plain "$name"
	fold -w 80 "$name.log" | tail -n 24 > "$name.screen"
	# as one line, since the screen's edge is no end of a word
	tr -d '\n' < "$name.screen" > "$name.seen"
}
seen() { # NAME WORDS
	grep -qF -e "$2" "$1.seen" && return
	echo "  not on the screen: $2"
	sed 's/^/  | /' "$1.screen"
	return 1
}
shows() { # NAME WORDS...: and in the end what follows
	local name=$1 words
	shift
	for words in "$@" "next:     emergency shell"; do
		check "$name: $words" seen "$name" "$words"
	done
}

fails read-only "$disk" "$initrd" "$karg"
shows read-only "the physical root is read-only: add rw to the kernel command line"
check "read-only: the message has the way out, there is no second" eval '! seen read-only cure: > /dev/null'

copy_disk
e2fsck -fy bad > fsck.log 2>&1
resize2fs -M bad > resize.log 2>&1
# to the last block, when a new directory needs one
free=$(dumpe2fs -h bad 2> /dev/null | sed -n 's/^Free blocks: *//p')
head -c 4096 /dev/zero | tr '\0' x > one
head -c $((free * 4000)) /dev/zero | tr '\0' x > most
on_disk "unlink /state/deploy/$digest/etc
write most most
$(printf 'write one one.%s\n' $(seq $((free / 20 + 50))))"
fails full bad "$initrd" rw "$karg"
shows full "No space left on device" "cure:     free space on the physical root"

copy_disk
on_disk "unlink /state/deploy/$digest"
fails no-state bad "$initrd" rw "$karg"
shows no-state "the physical root has no state/deploy/${digest:0:60}" 'let [state] missing = "transient" do without'

fails truncated "$disk" "$initrd" rw "composefs.digest=$algorithm:${digest:0:127}"
shows truncated "hex digits, not 127" "on disk:  $digest" "cure:     boot another entry, or correct the argument"

wrong=${digest:0:40}$(tr 0-9a-f 1-9a-f0 <<< "${digest:40:1}")${digest:41}
fails wrong "$disk" "$initrd" rw "composefs.digest=$algorithm:$wrong"
shows wrong "the image is not in /sysroot/composefs" "image:    $wrong" "on disk:  $digest" \
	"cure:     boot another entry, or correct the digest or root="

fails no-argument "$disk" "$initrd" rw
shows no-argument "the kernel command line has no composefs argument that names an image" \
	"on disk:  $digest" "cure:     boot another entry, or add composefs.digest= with one of the disk"

fails mistyped "$disk" "$initrd" rw "composefs.digset=$algorithm:$digest"
shows mistyped "'composefs.digset' is unknown (did you mean composefs.digest?)" "on disk:  $digest"

tree=$(piece system) || exit
init=$(fsverity digest --compact --hash-alg=sha512 "$tree/tree/usr/lib/systemd/systemd")
copy_disk
on_disk "rm $(object "$init")"
fails lost bad "$initrd" rw "$karg"
shows lost "/sbin/init: its object is missing from the repository" \
	"cure:     boot another entry, then run \`cfsctl fsck\` on the repository"

fails init "$disk" "$initrd" rw "$karg" init=/usr/lib/systemd/systmd
shows init "the image has no /usr/lib/systemd/systmd, which init= on the kernel command line names" \
	"cure:     correct init= of the boot entry, or leave it out"

somebody=$(piece signer somebody) || exit
foreign=$(initramfs -C "$demo/setup-root-conf.toml" -c "$somebody/cert.pem" "$uml_kernel") || exit
fails foreign "$disk" "$foreign" rw "$karg"
shows foreign "the certificate of its signature is not in the kernel keyring" \
	"cure:     boot another entry, or build the initramfs with the signer's certificate in its keys.d"

# A kernel without fs-verity mounts this disk read-only at best.
kernel_used=$("$CFS_SRC/deps/uml-kernel.sh" FS_VERITY SYSTEM_DATA_VERIFICATION 2> piece.log) ||
	skip "no kernel without fs-verity: deps/uml-kernel.sh"
bare=$(signed_initramfs "$kernel_used") || exit
fails no-verity "$disk" "$bare" "$karg"
shows no-verity "cannot mount the root: " "use a kernel with fs-verity (CONFIG_FS_VERITY), which this one lacks"

finish
