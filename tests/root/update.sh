#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# docs/UPDATE.md, command by command, as it stands there. What stands for the
# machine is said at its end.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "$CFS_SRC/tests/lib.sh"
. "$CFS_SRC/tests/fixture.sh"

[ -d /sys/firmware ] && mount -t tmpfs own /sys/firmware ||
	skip "cannot stand in for the firmware"
efivars=/sys/firmware/efi/efivars
mkdir -p $efivars /run/composefs host machine/{sysroot,boot/loader/entries} bin
printf '\0\0\0\0s\0y\0s\0t\0e\0m\0d\0-\0b\0o\0o\0t\0 \0002\0005\0007\0' \
	> $efivars/LoaderInfo-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f

# Three versions, with compressed layers, as a registry has them.
mkdir -p tree/{boot,dev,etc,proc,run,sys,sysroot,usr/{bin,sbin,lib/modules/6.1},var}
printf 'ID=example\nPRETTY_NAME="Example"\n' > tree/usr/lib/os-release
echo kernel > tree/usr/lib/modules/6.1/vmlinuz
echo initramfs > tree/usr/lib/modules/6.1/initramfs.img
for i in 1 2 3; do
	echo "$i" > tree/usr/lib/version
	echo "welcome to version $((i > 1 ? 2 : 1))" > tree/etc/motd
	tar --sort=name -C tree -cf layer.tar .
	python3 -B "$CFS_SRC/tests/oci/image.py" --gzip host/os-$i latest layer.tar \
		> /dev/null || exit 1
done
cfsctl genkey host/keys --name Example > /dev/null &&
	cfsctl --repo host/repo init --insecure > /dev/null || exit 1
for i in 1 3; do
	{
		cfsctl --repo host/repo oci pull --bootable --keep-blobs \
			oci:host/os-$i os:$i &&
			cfsctl --repo host/repo oci seal --bootable os:$i &&
			cfsctl --repo host/repo oci sign --cert host/keys/cert.pem \
				--key host/keys/key.pem os:$i &&
			cfsctl --repo host/repo oci export os:$i oci:host/registry:$i
	} > log 2>&1 || { cat log; exit 1; }
done
cd host || exit 1
"$CFS_SRC/tests/transcript" "$CFS_SRC/docs/UPDATE.md" "On the build host" \
	> ../said 2>&1
rc=$?
cd ..
sed 's/^\(not \)\?ok/  &/' said
report $rc "docs/UPDATE.md: the build host does what is shown"

# The machine, with version 1.
cat > bin/cfsctl << END
#!/bin/bash
for word; do
	case \$word in
	deploy | deployments | rollback | undeploy)
		exec "$BIN/cfsctl" --insecure "\$@" --sysroot sysroot --boot-dir boot
		;;
	esac
done
exec "$BIN/cfsctl" --repo sysroot/composefs --insecure "\$@"
END
# One start: a try less, and the marker of what was started.
cat > bin/reboot << 'END'
#!/bin/bash
next() {
	cfsctl deployments --json | python3 -c '
import json, sys
j = json.load(sys.stdin)
for d in j["deployments"]:
    for e in d["entries"]:
        if e["path"] == j["next_entry"]:
            print(e["path"], d["digest"].split(":")[-1])'
}
while read -r path id < <(next) && [ -n "$path" ]; do
	if [[ $path =~ ^(.*)\+([0-9]+)(-([0-9]+))?\.conf$ ]]; then
		left=${BASH_REMATCH[2]} tried=${BASH_REMATCH[4]:-0}
		[ "$left" != 0 ] || exit 1
		mv "boot/$path" "boot/${BASH_REMATCH[1]}+$((left - 1))-$((tried + 1)).conf"
	fi
	echo "{\"digest\":\"$id\"}" > /run/composefs/booted
	grep -qx "$id" broken || exit 0
done
exit 1
END
cat > bin/systemctl << 'END'
#!/bin/bash
[ "$*" = "start boot-complete.target" ] || exit 1
for entry in boot/loader/entries/*+*-*.conf; do
	grep -q "$(grep -o '[0-9a-f]\{128\}' /run/composefs/booted)" "$entry" &&
		mv "$entry" "${entry%+*}.conf"
done
END
chmod +x bin/*
cd machine || exit 1
ln -s ../host/registry registry
ln -s ../host/keys/cert.pem cert.pem
PATH=$TMPDIR/bin:$PATH
{
	"$BIN/cfsctl" --repo sysroot/composefs init --insecure &&
		cfsctl oci pull --bootable oci:registry:1 os:1 &&
		cfsctl oci deploy --tries 0 os:1 && touch broken && reboot
} > ../log 2>&1 || { cat ../log; exit 1; }
upper=$(echo sysroot/state/deploy/*/etc/upper)
mkdir "$upper/issue.d"
echo mine > "$upper/motd"
echo mine > "$upper/issue.d/site"
"$BIN/cfsctl" --repo ../host/repo oci compute-id --bootable os:3 > broken
third=$(cat broken)
# The digests of the document are those of its day.
sed "s/undeploy 9de1\.\.\./undeploy $third/" "$CFS_SRC/docs/UPDATE.md" > ../UPDATE.md
"$CFS_SRC/tests/transcript" ../UPDATE.md "On the machine" \
	"The trial, and its end" "A version that does not start" \
	"Going back by hand" > ../said 2>&1
rc=$?
sed 's/^\(not \)\?ok/  &/' ../said
report $rc "docs/UPDATE.md: the machine does what is shown"
cd ..
finish
