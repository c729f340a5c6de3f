# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci run of an image whose files are under fs-verity, to the end of a container that
# does nothing, against runc by itself on a root that was unpacked before: on Debian
# 13's kernel in QEMU, where one instruction takes two nanoseconds, so that CPU time
# does not depend on what else runs.
runtime=$(command -v runc || true)
busybox=$(command -v busybox || true)
if [ -z "$runtime" ] || [ -z "$busybox" ]; then
	echo "# oci_run_guest: needs runc and a static busybox: skipped"
	return 0
fi
title "oci run in a virtual machine with fs-verity: instructions"
$cc -static -o "$work/measure" "$here/measure.c"
shape tree "$shm/tree" "$files"
mkdir -p "$shm"/tree/{bin,usr,proc,dev,sys} "$shm"/small/{bin,usr,proc,dev,sys}
cp "$busybox" "$shm/tree/bin/busybox"
cp "$busybox" "$shm/small/bin/busybox"
tar --sort=name --owner=0 --group=0 -C "$shm/tree" -cf "$shm/image.tar" .
tar --sort=name --owner=0 --group=0 -C "$shm/small" -cf "$shm/small.tar" .
python3 -B "$here/../oci/image.py" "$shm/lay" x \
	--config '{"Entrypoint": ["/bin/busybox"]}' "$shm/image.tar" > /dev/null
ours="$BIN/cfsctl --insecure --repo $shm/repo"
$ours init > /dev/null
$ours oci pull "oci:$shm/lay" x > /dev/null 2>&1
$ours oci runtime-spec --root /tree x -- true > "$work/config.json"
$ours disk "$shm/disk" > /dev/null 2>&1
path=$("$here/../vm/library" libzstd.so.1)

# runc changes the root directory, which cannot be that of an initramfs.
cat > "$work/guest" <<'END'
mkdir /new && mount -t tmpfs -o mode=755 tmpfs /new || exit 2
cp -a /usr /bin /sbin /lib /lib64 /new && cd /new || exit 2
mkdir -p proc sys dev run tmp tree disk bundle
for type in proc:proc sysfs:sys devtmpfs:dev tmpfs:run; do
	mount -t ${type%:*} -o ${type%:*} ${type%:*} ${type#*:} 2> /dev/null ||
		mount -t ${type%:*} ${type%:*} ${type#*:} || exit 2
done
chmod 755 run
mount -t cgroup2 cgroup2 sys/fs/cgroup && mount -t ext4 /dev/vda disk || exit 2
tar xf /way/small.tar -C tree
cp /way/config.json bundle
printf '#!/bin/sh\nexec runc run --bundle /bundle bench-$$ < /dev/null\n' > bin/bare
printf '#!/bin/sh\nexec cfsctl --repo /disk/composefs oci run --runtime runc x -- true < /dev/null\n' > bin/ours
chmod +x bin/bare bin/ours
chroot /new /usr/bin/bare && chroot /new /usr/bin/ours || exit 3
chroot /new /usr/bin/measure -n 5 bare=/usr/bin/bare ours=/usr/bin/ours
END
CFS_KVM=0 "$here/../vm/qemu" -k trixie -t 3600 -m 768M -q -icount -q shift=1 -d "$shm/disk" \
	-f "$shm/small.tar=/way/small.tar" -f "$work/config.json=/way/config.json" \
	-f "$(realpath "$path")=$path" -b "$BIN/cfsctl" -b "$runtime" -b "$work/measure" \
	"$work/guest" > "$work/guest.log" || { tail -n 30 "$work/guest.log"; exit 1; }
cat "$work/guest.log"
row "oci run with fs-verity, CPU to runc of an unpacked root" 1.15 - \
	"$(awk '{ cpu[$1] = $2 } END { print cpu["ours"] / cpu["bare"] }' "$work/guest.log")"
