# SPDX-License-Identifier: Apache-2.0 OR MIT
# An OCI image that is verified again where there is fs-verity: on Debian 13's kernel
# in QEMU, where one instruction takes two nanoseconds, so that CPU time does not
# depend on what else runs. Two sizes, as what is left does not depend on it.
[ "$(id -u)" = 0 ] || { echo "the verify_guest group needs root"; exit 1; }
title "oci verify in a virtual machine with fs-verity, RSA-3072: instructions"
$cc -static -o "$work/measure" "$here/measure.c"
openssl req -x509 -newkey rsa:3072 -nodes -subj /CN=bench -keyout "$work/key.pem" \
	-out "$work/cert.pem" 2> /dev/null

libraries=()
for name in libcrypto.so.3 libzstd.so.1; do
	path=$("$here/../vm/library" $name)
	libraries+=(-f "$(realpath "$path")=$path")
done

# An image of N entries, whose files have contents of their own.
make_layout() { # N
	python3 - "$shm/layer.tar" "$1" <<'END'
import io
import sys
import tarfile
with tarfile.open(sys.argv[1], "w") as tar:
    def add(name, data):
        entry = tarfile.TarInfo(name)
        entry.type = tarfile.DIRTYPE if data is None else tarfile.REGTYPE
        entry.mode = 0o755
        entry.size = len(data or b"")
        tar.addfile(entry, io.BytesIO(data or b""))
    for name in ("usr", "boot", "sysroot"):
        add(name, None)
    for n in range(int(sys.argv[2])):
        name = f"usr/{n // 12}"
        if n % 12 == 0:
            add(name, None)
        else:
            add(f"{name}/{n}", b"%099d\n" % n)
END
	rm -rf "$shm/layout"
	python3 -B "$here/../oci/image.py" "$shm/layout" t "$shm/layer.tar" > /dev/null
}

for n in 12000 100000; do
	ours="$BIN/cfsctl --insecure --repo $shm/repo"
	make_layout "$n"
	rm -rf "$shm/repo" "$shm/disk"
	$ours init --algorithm sha256 > /dev/null
	$ours oci pull --bootable "oci:$shm/layout" os > /dev/null 2>&1
	$ours oci seal --bootable os > /dev/null 2>&1
	$ours oci sign --cert "$work/cert.pem" --key "$work/key.pem" \
		--kernel-signatures=no os > /dev/null 2>&1
	$ours disk --kernel-signatures no "$shm/disk" > /dev/null 2>&1
	cat > "$work/guest" <<-END
		mkdir -p /way/disk && cd /way
		mount -t ext4 /dev/vda disk || exit 2
		mkdir -p /run && mount -t tmpfs -o mode=755 tmpfs /run || exit 2
		verify="cfsctl --repo disk/composefs oci verify --cert cert.pem --bootable os"
		\$verify > /dev/null || exit 3
		measure -n 5 "id=cfsctl --repo disk/composefs oci compute-id os" \
		    "first=\$verify --recompute" "again=\$verify"
	END
	CFS_KVM=0 "$here/../vm/qemu" -k trixie -t 3600 -m 768M -q -icount -q shift=1 \
		-d "$shm/disk" -f "$work/cert.pem=/way/cert.pem" "${libraries[@]}" -b "$BIN/cfsctl" \
		-b "$work/measure" "$work/guest" > "$work/verify" ||
		{ cat "$work/verify"; exit 1; }
	cat "$work/verify"
	row "verify again with fs-verity, $n entries, CPU to the first time" 0.05 - \
		"$(awk '{ cpu[$1] = $2 } END { print cpu["again"] / cpu["first"] }' \
			"$work/verify")"
done
