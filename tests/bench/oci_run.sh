# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci run to the end of a container that does nothing, against the runtime by
# itself on a root that was unpacked before, with the same config.json, and
# against podman run of the same image with the same runtime.
repo="$shm/repo"
cfs="$BIN/cfsctl --repo $repo --insecure --no-sync"
runtime=$(command -v runc || true)
busybox=$(command -v busybox || true)
if [ "$(id -u)" != 0 ] || [ -z "$runtime" ] || [ -z "$busybox" ]; then
	echo "# oci_run: needs root, runc and a static busybox: skipped"
	return 0
fi

shape tree "$shm/tree" "$files"
mkdir -p "$shm"/tree/{bin,usr,proc,dev,sys,bundle}
rmdir "$shm/tree/bundle"
cp "$busybox" "$shm/tree/bin/busybox"
title "oci run: $(find "$shm/tree" | wc -l) entries, runc"
tar --sort=name --owner=0 --group=0 -C "$shm/tree" -cf "$shm/image.tar" .
python3 -B "$here/../oci/image.py" "$shm/lay" x \
	--config '{"Entrypoint": ["/bin/busybox"]}' "$shm/image.tar" > /dev/null
$cfs init > /dev/null
$cfs oci pull "oci:$shm/lay:x" x > /dev/null
mkdir "$shm/bundle"
$cfs oci runtime-spec --root "$shm/tree" x -- true > "$shm/bundle/config.json"

# Scripts, each with a name of its own for its container.
cat > "$work/bare" <<-END
	#!/bin/sh
	exec $runtime run --bundle $shm/bundle bench-\$\$ < /dev/null
END
cat > "$work/ours" <<-END
	#!/bin/sh
	exec $cfs oci run --runtime $runtime x -- true < /dev/null
END
chmod +x "$work/bare" "$work/ours"
compare -n "$rounds" "bare=$work/bare" "ours=$work/ours"
row "oci run, CPU to runc of an unpacked root" 1.15 - "$(ratio ours bare cpu)"

if ! command -v podman > /dev/null; then
	echo "# oci_run: no podman: not compared"
	return 0
fi
# Its mounts stay in namespaces of their own.  The limits are ones that need no
# privilege.
cat > "$work/podman" <<-END
	#!/bin/sh
	exec unshare -m podman --root $shm/podman/root --runroot $shm/podman/run \
	    --tmpdir $shm/podman/tmp --storage-driver overlay --events-backend none \
	    --cgroup-manager cgroupfs --runtime $runtime "\$@" < /dev/null
END
chmod +x "$work/podman"
# It makes a name of the path, and takes no capital letters.
image=$(cd "$shm" && "$work/podman" pull -q oci:lay:x) || {
	echo "# oci_run: podman takes no image here: not compared"
	return 0
}
options="--rm --network none --ulimit nofile=1024:1024 --ulimit nproc=1000:1000"
compare -d -n "$rounds" "podman=$work/podman run $options $image true" "ours=$work/ours"
row "oci run, CPU to podman run of the image" 0.3 - "$(ratio ours podman cpu)"
