#!/bin/bash
# composefs-setup-root in a real initramfs on Debian's kernels: each has another
# way to be told of the layers, and the oldest none to verify them.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

cat > guest <<'EOT'
#!/bin/sh
n=0
ok() { # STATUS NAME
	n=$((n + 1))
	[ "$1" = 0 ] && echo "ok $n - $SUITE: $2" && return
	echo "not ok $n - $SUITE: $2"
	sed 's/^/  said: /' err
}
same() { # NAME GOT WANT
	[ "$2" = "$3" ] || echo "  got $2, want $3"
	[ "$2" = "$3" ]
	ok $? "$1"
}
. /etc/suite
truncate -s 32M image
mke2fs -q -t ext4 -O verity -b 4096 image
mkdir -p /disk /sysroot
mount -o loop image /disk || exit 77
cd /disk
mkdir -p composefs/objects composefs/images
object() { # FILE
	d=$(fsverity digest --compact "$1")
	f=composefs/objects/$(echo "$d" | cut -c1-2)
	mkdir -p "$f"
	f=$f/$(echo "$d" | cut -c3-)
	cp "$1" "$f"
	fsverity enable "$f"
	echo "$d"
}
init=$(object /usr/bin/busybox)
path=$(echo "$init" | sed 's/^../&\//')
dir() { echo "$1 4096 40755 2 0 0 0 0.0 - - -"; }
{
	dir /
	for d in dev etc proc run sbin sys sysroot usr usr/lib var; do dir /$d; done
	echo "/sbin/init $(stat -c %s /usr/bin/busybox) 100755 1 0 0 0 0.0 $path - $init"
	printf '%s\n' '/usr/lib/os-release 8 100644 1 0 0 0 0.0 - ID=test\n -'
} > /dump
dump2image -s -n 1 /dump /image || exit 1
hex=$(object /image)
ln -s "../objects/$(echo "$hex" | sed 's/^../&\//')" "composefs/images/$hex"
mkdir -p "state/deploy/$hex/var"
echo here > "state/deploy/$hex/var/mark"
cd /run/test

boot() { # CMDLINE
	while umount -l /sysroot 2> /dev/null; do :; done
	rm -rf /run/composefs /run/systemd
	mount -o bind /disk /sysroot
	composefs-setup-root --cmdline "$1" --config conf --verbose 2> err
	status=$?
}
marker() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/" /run/composefs/booted; }
if [ "$API" = none ]; then
	: > conf
	boot "composefs.digest=v1-sha256-12:$hex"
	same "a verified start is refused" $status 8
	grep -q 'Linux 6' err
	ok $? "and the kernel that it needs is named"
	exit 0
fi
for root in image transient; do
	for etc in overlay bind transient; do
		echo "etc.mount = '$etc'" > conf
		[ $root = image ] || echo "root.transient = true" >> conf
		rm -rf "/disk/state/deploy/${hex:?}/etc"
		mkdir "/disk/state/deploy/$hex/etc"
		boot "composefs.digest=v1-sha256-12:$hex"
		same "root $root with /etc $etc starts" \
			"$status $(cat /sysroot/usr/lib/os-release)" "0 ID=test"
	done
done
same "layers are told by $API" "$(marker layer_api)" "$API"
same "objects are verified" "$(marker verity)" require
same "the image is a file" "$(marker image_backend)" file
same "/var is the deployment's" "$(cat /sysroot/var/mark)" here
same "the physical root is there" "$(ls /sysroot/sysroot/composefs | tr '\n' ' ')" \
	"images objects "
same "nothing else is left" "$(ls -A /run/composefs)" booted
f=/disk/composefs/objects/$path
rm "$f"
cp /image "$f"
fsverity enable "$f"
boot "composefs.digest=v1-sha256-12:$hex"
same "an object of other content fails before the start" $status 10
EOT

for suite in bookworm:none trixie:string sid:fd; do
	printf 'SUITE=%s API=%s\n' "${suite%:*}" "${suite#*:}" > suite
	"$CFS_SRC/tests/vm/qemu" -k "${suite%:*}" -f suite=/etc/suite \
		-b mke2fs -b fsverity -b "$BIN/composefs-setup-root" \
		-b "$O/tests/tools/dump2image" guest > said 2>&1
	status=$?
	grep '^ok\|^not ok\|^  ' said
	tests_n=$((tests_n + $(grep -c '^ok\|^not ok' said)))
	tests_bad=$((tests_bad + $(grep -c '^not ok' said)))
	same "${suite%:*}: the guest came to its end" $status 0
	[ $status = 0 ] || tail -n 20 said
done
finish
