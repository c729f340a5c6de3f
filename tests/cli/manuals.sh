#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Manual pages as they are read, not as they are written: mdoc's enclosing
# macros run to the end of their line, so that two on one line nest. References
# lead to pages that exist, and options of a synopsis are described.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v mandoc > /dev/null || skip "no mandoc"

# Prints quotes that open inside others, or close what is not open, with the
# words around them; input is text without line breaks.
nested() {
	awk 'BEGIN { RS = "" } {
		gsub(/[ \n]+/, " "); gsub(/"[.]+"/, "dots"); open = 0
		for (i = 1; i <= length($0); i++) {
			if (substr($0, i, 1) != "\"") continue
			before = i > 1 ? substr($0, i - 1, 1) : " "
			after = substr($0, i + 1, 1)
			opens = index(" ([{=", before) && after !~ /[ ,.;:)]/
			if (opens == open) print substr($0, i > 30 ? i - 30 : 1, 60)
			open = opens
		}
		if (open) print "no end: " substr($0, 1, 60)
	}'
}
same "quotes that nest are found" "$(echo 'x ("a, "b"") y' | nested | wc -l)" 2
same "quotes side by side are fine" "$(echo '("a", "b") and "c d", ="e"' | nested)" ""

# Pages of others that ours refer to, by the package that has them.
others="
coreutils:   cp.1 cat.1 chmod.1
crun, runc:  crun.1 runc.8
diffutils:   diff.1
e2fsprogs:   mke2fs.8 tune2fs.8 debugfs.8
fsverity:    fsverity.1
fuse3:       fusermount3.1
initramfs:   dracut.8 dracut.conf.5 initramfs-tools.7 mkinitcpio.8
keyutils:    keyctl.1
man-pages:   flock.2 fuse.4 ioctl.2 keyrings.7 mount_setattr.2 move_mount.2 openat2.2
             stat.2 syncfs.2 xattr.7 proc.5 statx.2
openssl:     openssl.1
rsync, tar:  rsync.1 tar.1
podman:      podman-run.1
skopeo:      skopeo.1 containers-policy.json.5
systemd:     systemd.1 bootctl.1 bootup.7 init.1 journalctl.1 kernel-command-line.7
             systemd-bless-boot.service.8 systemd-boot.7
             systemd-gpt-auto-generator.8 systemd-stub.7 systemd-update-done.service.8
             systemd.exec.5 systemd.mount.5 ukify.1
uidmap:      newgidmap.1 newuidmap.1
util-linux:  findmnt.8 fstab.5 kill.1 mount.8 umount.8
"

# Prints the pages that a page refers to.
references() { # FILE
	awk '$1 == ".Xr" { print $2 "." $3 }' "$1" | sort -u
}
exists() { # PAGE
	[ -e "$CFS_SRC/docs/$1" ] || [[ " ${others//[[:space:]]/ } " == *" $1 "* ]]
}
check "a page of ours exists" exists cfsctl.1
check "a page of others exists" exists fstab.5
check "a page of nobody does not" eval '! exists cfsctl.8'

# Prints the options of a section, a line each: those of the lines that begin
# with the macro .It for "described", all for "synopsis".
options() { # FILE synopsis|described
	awk -v want="$2" '
	$1 == ".Sh" { synopsis = $2 == "SYNOPSIS" }
	want == "synopsis" && !synopsis { next }
	want == "described" && (synopsis || $1 != ".It") { next }
	{
		flag = 0
		for (i = 1; i <= NF; i++) {
			if ($i ~ /^\.?Fl$/) flag = 1
			else if ($i ~ /^[A-Z][a-z]$/) flag = 0
			else if (flag && $i ~ /^--?[a-z]/) print "-" $i
			else if (flag && $i ~ /^[A-Za-z]+$/)
				for (n = 1; n <= length($i); n++)
					print "-" substr($i, n, 1)
		}
	}' "$1" | sort -u
}
printf '.Sh SYNOPSIS\n.Op Fl ab\n.Op Fl -long Ar x\n.Sh OPTIONS\n.It Fl a , -long Ns = Ns Ar x\n' > page
same "an option that is not described is found" \
	"$(comm -23 <(options page synopsis) <(options page described))" -b

for page in "$CFS_SRC"/docs/*.[1-8]; do
	name=${page##*/}
	check "$name can be shown on a terminal of today" eval \
		'mandoc -Tutf8 -Wwarning,stop "$page" > text && test -s text'
	for other in $(references "$page"); do
		check "$name: $other exists" exists "$other"
	done
	same "$name: each option of the synopsis is described" \
		"$(comm -23 <(options "$page" synopsis) <(options "$page" described))" ""
	mandoc -Tascii "$page" | col -bx > text
	check "$name is a page" test -s text
	same "$name: quotes end where they should" "$(nested < text)" ""
	same "$name: no macro is left in the text" \
		"$(grep -nE '(^|[ (])(\.[A-Z][a-z]|Qq|Pq|Dq|Ns|Xr|Cm|Pa|Fl|Ar) ' text)" ""
done
finish
