#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# deploy, between boots by composefs-setup-root on the host's kernel: /etc shows
# what was made of it through overlayfs, with all that overlayfs writes for that,
# and what is new in the image.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"

command -v setfattr > /dev/null || skip "needs setfattr"
mkdir boot
host_repo
# An image with more in /etc, which MORE lines are added to.
system() { # NAME [MORE]
	local big more
	big=$(dump_file /etc/big 644 "$TMPDIR/big")
	more="$big
/etc/conf.d 4096 40755 2 0 0 0 0.0 - - -
/etc/conf.d/a 1 100644 1 0 0 0 0.0 - a -
/etc/conf.d/b 1 100644 1 0 0 0 0.0 - b -
/etc/old.d 4096 40755 2 0 0 0 0.0 - - -
/etc/old.d/x 1 100644 1 0 0 0 0.0 - x -
/etc/ren.d 4096 40711 2 5 6 0 0.0 - - - user.dir=1
/etc/ren.d/y 1 100644 1 0 0 0 0.0 - y -
/etc/ren.d/big ${big#/etc/big }
${2-}/usr/lib/modules 4096 40755 3 0 0 0 0.0 - - -
/usr/lib/modules/6.1 4096 40755 2 0 0 0 0.0 - - -
/usr/lib/modules/6.1/vmlinuz 1 100644 1 0 0 0 0.0 - k -"
	# A dumpfile has parents first, in whatever order otherwise.
	printf '%s\n' "$more" > more
	host_image "$1" "s/^\(.etc.name\) [0-9]* \(.*\) - [a-z]* -/\1 1 \2 - n -/
\$r more"
}
system two "/etc/new 3 100644 1 0 0 0 0.0 - new -
/etc/conf.d/new 3 100644 1 0 0 0 0.0 - new -
/etc/old.d/new 3 100644 1 0 0 0 0.0 - new -
" || exit 1
two=$hex
rm -r "${disk:?}/state"
system one || exit 1
one=$hex

deploy() {
	cfsctl deploy --insecure --sysroot "$disk" --boot-dir boot "$@"
}
# What /etc shows: types, modes, owners, links, contents, attributes.
view() {
	(cd "$sysroot/etc" && find . -printf '%P %y %M %U %G %l\n' | sort
		find . -type f -exec md5sum {} + | sort -k 2
		find . -type f -links +1 -printf '%P %n\n' | sort
		find . -exec getfattr -h -d -m 'user|security.capability' {} + 2> /dev/null |
			sed '/^$/d')
}
changes() {
	cd "$sysroot/etc" || return
	echo changed > name
	chmod 600 big && chown 11:12 big
	rm conf.d/a && mkdir -p mine/deep
	echo mine > mine/deep/file && ln mine/deep/file mine/second
	ln -s ../nowhere mine/link && mkfifo mine/fifo
	setfattr -n user.mine -v 1 mine/deep/file
	chmod 1777 mine && touch -d @1000000000 mine/deep/file
	rm -r old.d && mkdir old.d && echo mine > old.d/mine
	mv ren.d moved.d 2> /dev/null || { cp -a ren.d moved.d && rm -r ren.d; }
	echo z > moved.d/z
	cp /bin/true capable && setfattr -n security.capability \
		-v 0sAQAAAgAEAAAAAAAAAAAAAAAAAAA= capable
	cd "$TMPDIR" || return
}

for stack in nested flat; do
	rm -rf boot/* "${disk:?}/state"
	system one || exit 1
	printf '[etc]\nmount = "auto"\nstack = "%s"\n' $stack > "$conf"
	deploy "$one" > deployed || { report 1 "$stack: deploy"; continue; }
	boot
	booted "$stack: the first version boots"
	(changes)
	view > before
	reset
	# Before: the same program as at boot says what it would do.
	find "$disk" boot | sort > files
	status=0
	deploy --check "$two" > checked 2>&1 || status=$?
	same "  a check says so" "$status $(grep -c 'it would start\|^/etc: [1-9]' \
		checked)" "0 2"
	check "  and writes nothing" diff files <(find "$disk" boot | sort)
	same "  as JSON, too" "$(deploy --check --json "$two" 2> err | python3 -c \
		'import json, sys
j = json.load(sys.stdin)
print(j["entry"], j["conflicts"], j["setup_root"]["status"],
      json.loads(j["setup_root"]["marker"])["etc"])')" \
		"loader/entries/6.1_2+3.conf [] 0 transient"
	deploy "$two" > deployed 2>&1
	check "  the second one is deployed" grep -q "^loader/entries/6.1_2+3" deployed
	check "  without conflicts" eval '! grep conflict deployed'
	cmdline="composefs.digest=?v1-sha256-12:$two"
	boot
	booted "  it boots"
	view > after
	same "  /etc is as it was, with what is new" "$(diff before after | grep '^[<>]')" \
		"> conf.d/new f -rw-r--r-- 0 0 
> new f -rw-r--r-- 0 0 
> old.d/new f -rw-r--r-- 0 0 
$(for f in conf.d/new new old.d/new; do
	echo "> $(printf new | md5sum | cut -d' ' -f1)  ./$f"
done)"
	same "  times, too" "$(stat -c %Y "$sysroot/etc/mine/deep/file")" 1000000000
	same "  /var is that of both" "$(cat "$sysroot/var/mark")" one
	reset
done

# An image whose own settings demand what is not there.
conf_line='[keys]\nrequire-signed\x20=\x20true\n'
system three "/usr/lib/composefs 4096 40755 2 0 0 0 0.0 - - -
/usr/lib/composefs/setup-root-conf.toml 29 100644 1 0 0 0 0.0 - $conf_line -
" || exit 1
rm -r "${state:?}"
status=0
deploy --check "$hex" > checked 2>&1 || status=$?
same "certificates that its settings demand are missed" \
	"$status $(grep -c "would not start it (status $status)" checked)" "11 1"
check "  nothing is written" [ ! -e "$state" ]
finish
