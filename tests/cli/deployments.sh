#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# deployments: what a machine can boot, and what it boots next.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_rootfs tree
mkdir -p sys/state/deploy boot/loader/entries
fixture_repo sys/composefs
image() { # TEXT
	echo "$1" > tree/etc/version
	cfsctl --repo sys/composefs create-image tree | sed 's/.*://'
}
entry() { # NAME DIGEST
	printf 'title Demo %s\nversion %s\nsort-key demo\nlinux /vmlinuz\noptions quiet composefs.digest=v1-sha512-12:%s\n' \
		"$1" "$1" "$2" > "boot/loader/entries/demo-$1.conf"
}
list() { cfsctl deployments --sysroot sys --boot-dir boot "$@"; }
# The cells of each deployment, by their column.
rows() { # COLUMN...
	list 2> err | python3 -c 'import sys
for line in sys.stdin:
    cells = [c.strip() for c in line.strip().strip("│").split("┆")]
    if len(cells) > 1 and cells[0] != "DEPLOYMENT":
        print(" | ".join(cells[int(i)] for i in sys.argv[1:]))' "$@"
}
value() { # EXPRESSION
	list --json | python3 -c 'import json, sys
d = json.load(sys.stdin)
v = eval(sys.argv[1])
print(v if isinstance(v, str) else json.dumps(v))' "$1"
}

same "nothing is deployed" "$(list)" "No deployments found"
same "  as JSON" "$(value d)" \
	'{"deployments": [], "next_entry": null, "warnings": []}'

a=$(image a) b=$(image b) c=$(image c)
echo kernel > boot/vmlinuz
entry 1 "$a"
entry 2 "$b"
entry 3+2-1 "$c"
mkdir -p "sys/state/deploy/$a/etc" "sys/state/deploy/$b"
printf '[origin]\ncontainer-image-reference = docker://x/y\n[image]\nmanifest_digest = sha256:z\n' \
	> "sys/state/deploy/$a/$a.origin"
same "the newest is next, and the one before it stands in" "$(rows 0 1 2 3 4 5)" \
"${c:0:12} | next, no state | 2 | verified | Demo 3+2-1 | loader/entries/demo-3+2-1.conf
${b:0:12} | fallback |  | verified | Demo 2 | loader/entries/demo-2.conf
${a:0:12} |  |  | verified | Demo 1 | loader/entries/demo-1.conf"
same "  without a word" "$(cat err)" ""
same "what bootc wrote down is told" "$(rows 6)" "

docker://x/y"
check "whole digests" eval 'list --no-trunc | grep -qF "│ $a ┆"'
echo 'default demo-1*' > boot/loader/loader.conf
same "the default of the boot loader is next" "$(rows 0 1)" \
"${a:0:12} | next
${c:0:12} | fallback, no state
${b:0:12} | "
same "as JSON" "$(value '[(e["digest"], e["next"], e["fallback"], e["state"],
	e["origin"], e["entries"][0]["tries_left"]) for e in d["deployments"]]')" \
	"$(python3 -c 'import json, sys
print(json.dumps([["sha512:" + sys.argv[1], True, False, True, "docker://x/y", None],
	["sha512:" + sys.argv[3], False, True, False, None, 2],
	["sha512:" + sys.argv[2], False, False, True, None, None]]))' "$a" "$b" "$c")"
same "  the entry that is next" "$(value 'd["next_entry"]')" \
	loader/entries/demo-1.conf
same "  members" "$(value '" ".join(d["deployments"][0])')" \
	"digest booted next fallback staged pinned state verified reason origin manifest_digest entries"
same "  of entries" "$(value '" ".join(d["deployments"][0]["entries"][0])')" \
	"path id title version sort_key offered tries_left tries_done"
rm boot/loader/loader.conf

same "--repo alone: the physical root is where it is" \
	"$(cfsctl --repo sys/composefs deployments --boot-dir boot --json |
		grep -c '"state": true')" 2
mkdir empty
same "  and with --sysroot that is the physical root" \
	"$(cfsctl --repo sys/composefs deployments --boot-dir boot --sysroot empty --json |
		grep -c '"state": false')" 3
same "the boot partition may be given as to prepare-boot" \
	"$(cfsctl deployments --sysroot sys --bootdir boot --json)" \
	"$(cfsctl deployments --sysroot sys --boot-dir boot --json)"
refuse "  but not twice" "'--boot-dir' is given twice" \
	cfsctl deployments --sysroot sys --bootdir boot --boot-dir boot
refuse "no repository there" "empty/composefs" \
	cfsctl deployments --sysroot empty --boot-dir boot
refuse "no boot partition there" "the boot partition nowhere" \
	cfsctl deployments --sysroot sys --boot-dir nowhere
refuse "no physical root there" "the physical root nowhere" \
	cfsctl --repo sys/composefs deployments --sysroot nowhere --boot-dir boot
refuse "a path that is too long" "too long" \
	cfsctl deployments --sysroot "$(printf '%05000d' 0)"

mv boot/vmlinuz .
same "an entry whose kernel is missing is not offered" "$(rows 1)" \
"not offered, no state
not offered
not offered"
same "  and none is next" "$(value 'd["next_entry"]')" null
mv vmlinuz boot
rm "sys/composefs/images/$b"
same "an image that is missing is unusable" "$(rows 3)" "verified
unusable
verified"
check "  and the warning says so" grep -qF "warning: image $b: there is no such image" err
same "  which is no failure" "$(list > out 2> err; echo $?)" 0
same "  in JSON" "$(value '[e["verified"] for e in d["deployments"]]')" \
	"[true, false, true]"

# Whatever lies in these directories, the list goes on.
before=$(rows 0 1)
hostile() { # NAME WORDS: of the warning; the file is there already
	same "$1" "$(rows 0 1)" "$before"
	check "  with a warning" grep -qF -e "$2" err
}
deploy=sys/state/deploy entries=boot/loader/entries
mkdir "$deploy/not-a-digest"
hostile "a foreign name in state/deploy" "not-a-digest: its name is not the digest"
mkdir "$deploy/"$'a\e[2Jb\n'
hostile "one with control characters" 'state/deploy/a?[2Jb?: its name'
echo x > "$deploy/${a//[0-9]/1}"
hostile "a file in place of a state directory" "not a directory"
ln -s /proc/self/root "$deploy/${a//[0-9]/2}"
hostile "a magic link" "${a//[0-9]/2}: not a directory"
mkfifo "$deploy/$b/$b.origin"
hostile "a FIFO in place of an origin" "$b.origin is not a regular file"
rm "$deploy/$b/$b.origin"
same "  it is gone" "$(rows 0 1)" "$before"
: > $entries/empty.conf
hostile "an empty entry" "empty.conf: the file is empty"
printf 'linux /vmlinuz\0\n' > $entries/nul.conf
hostile "one with NUL bytes" "nul.conf: the file is damaged"
mkfifo $entries/fifo.conf
hostile "a FIFO" "fifo.conf is not a regular file"
ln -s /etc/passwd $entries/link.conf
hostile "a link out of the boot partition" "link.conf"
head -c 70000 /dev/zero | tr '\0' x > $entries/long.conf
hostile "one that is too long" "long.conf"
printf 'linux /../../vmlinuz\n' > $entries/above.conf
hostile "one whose kernel is elsewhere" "cannot be opened"
mkdir -p boot/EFI/Linux
printf 'MZ' > boot/EFI/Linux/no.efi
hostile "an EFI program that is none" "EFI/Linux/no.efi: not an EFI program"
rm -r boot/EFI $entries/{empty,nul,fifo,link,long,above}.conf
mkdir boot/loader/loader.conf
hostile "a directory in place of loader.conf" "loader.conf"
rmdir boot/loader/loader.conf
same "all that is gone" "$(rows 0 1)" "$before"

entry $'x\e[31m\n' "$a" 2> /dev/null
printf 'title %s\e[2J\nlinux /vmlinuz\noptions composefs.digest=v1-sha512-12:%s\n' \
	"$(printf '%0500d' 0)" "$a" > "$entries/zz.conf"
rm -f "$entries/demo-1.conf"
list > out 2> err
check "control characters of titles and names do not reach the terminal" \
	eval '! grep -q "$(printf "\e")" out err'
check "a long title is cut" eval '[ "$(wc -L < out)" -lt 400 ]'
check "as JSON it is whole" eval \
	'[ "$(value "len([e for x in d[\"deployments\"] for e in x[\"entries\"] if e[\"id\"] == \"zz.conf\"][0][\"title\"])")" = 504 ]'
finish
