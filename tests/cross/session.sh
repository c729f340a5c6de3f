#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A session with the programs of this machine and one with those of another: the
# same words, and the same files.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
: "${FOREIGN:?run by tests/cross/run}" "${CFS_RUN:?}"

mkdir here programs
for name in cfsctl mkcomposefs composefs-info composefs-dump; do
	ln -s "$BIN/cfsctl" here/$name
	printf '#!/bin/sh\nexec %s --argv0 %s %s/bin/cfsctl "$@"\n' \
		"$CFS_RUN" "$name" "$FOREIGN" > programs/$name
done
# Static, and with nothing but its arguments to read.
ln -s "$BIN/composefs-setup-root" here/
printf '#!/bin/sh\nexec %s %s/bin/composefs-setup-root "$@"\n' \
	"${CFS_RUN%% *}" "$FOREIGN" > programs/composefs-setup-root
chmod +x programs/*

mkdir -p tree/usr/lib tree/etc tree/var tree/boot tree/sysroot
echo ID=test > tree/usr/lib/os-release
yes here | head -c 300000 > tree/usr/lib/long
yes there | head -c 5000 > tree/usr/lib/short
printf small > tree/etc/small
mkdir -p layer && cp -r tree/usr layer && gzip -n < tree/usr/lib/long > tree/usr/lib/long.gz
find tree -exec touch -hd @1700000000 {} +
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem \
	-subj /CN=cross 2> /dev/null

session() { # DIRECTORY PROGRAMS
	local PATH=$2:$PATH SOURCE_DATE_EPOCH=1700000000
	export PATH SOURCE_DATE_EPOCH
	mkdir "$1" && cd "$1" || return
	ln -s ../tree ../key.pem ../cert.pem .
	set -x
	cfsctl --version
	cfsctl --repo repo init --insecure
	cfsctl --repo repo create-image tree os
	cfsctl --repo repo create-image --bootable tree boot
	CFS_HASH=portable cfsctl compute-id tree
	CFS_HASH=openssl cfsctl compute-id tree
	cfsctl --repo repo compute-karg tree
	cfsctl --repo repo images
	cfsctl --repo repo image-objects os
	cfsctl --repo repo dump-files os /etc
	cfsctl --repo repo sign os --cert cert.pem --key key.pem
	cfsctl --repo repo verify-image os --cert cert.pem
	cfsctl --repo repo fsck
	cfsctl --repo repo fsck --json
	cfsctl --repo repo diff os boot
	cfsctl --repo repo --insecure disk disk.img --state os
	cfsctl create-dumpfile tree > dump
	mkcomposefs --digest-store=store tree image
	mkcomposefs --from-file dump --print-digest-only
	composefs-info dump image
	composefs-info objects image
	composefs-info measure-file tree/usr/lib/long
	composefs-dump image dumped
	composefs-setup-root --print-kargs --cmdline "composefs.digest=v1-sha256-12:$(printf '%064d' 1)"
	composefs-setup-root --version
	objects=(repo/objects/*/*)
	echo damage > "${objects[0]}"
	cfsctl --repo repo fsck
	cfsctl --repo none images
	set +x
} > "$1.said" 2>&1
(session ours "$PWD/here")
(session theirs "$PWD/programs")
check "it is a session" test "$(grep -c '' ours.said)" -gt 100
same "in which every program is found" "$(grep 'command not found' ours.said)" ""
check "the same is said" diff ours.said theirs.said
check "the same files are made" diff -r ours theirs
same "with the same modes and links" \
	"$(cd theirs && find . -printf '%p %M %n %s %l\n' | sort)" \
	"$(cd ours && find . -printf '%p %M %n %s %l\n' | sort)"
finish
