# SPDX-License-Identifier: Apache-2.0 OR MIT
# The start of a whole system whose executables are signed one by one against that
# of the same system without these signatures: the kernel verifies each signature
# when it first opens the object. The Debian of docs/demo, to the end of its report,
# in User-Mode Linux, whose CPU time is the guest's; its first start is not counted.
[ "$(id -u)" = 0 ] || { echo "the boot group needs root"; exit 1; }
demo=$here/../../docs/demo
kernel=$("$here/../../deps/uml-kernel.sh")
vendor=$("$demo/signer" vendor)
objects=$("$demo/signer" objects)
sealed=$("$demo/seal-objects" "$vendor" "$objects")
initrd=$("$demo/initramfs" -C "$demo/setup-root-conf.toml" -c "$vendor/cert.pem" \
	-c "$objects/cert.pem" "$kernel")/initramfs.img
digest=$(cat "$sealed/digest")

# The same repository, without the signatures of objects.
cp -r "$sealed/repo" "$work/repo"
rm "$work/repo/signatures/"*.pack
"$BIN/cfsctl" --repo "$work/repo" disk "$work/unsigned.img" --image "$digest" \
	--state "$digest" > /dev/null
ln -s "$sealed/disk.img" "$work/signed.img"

# Seconds of CPU.
start() { # signed|unsigned
	local TIMEFORMAT='%U %S'
	{ time "$here/../vm/uml" -t 900 -l "$work/$1.log" -i "$initrd" -d "$work/$1.img" \
		rw "composefs.digest=v1-sha512-12:$digest" 2>&1; } 2> "$work/time"
	grep -q "REPORT end" "$work/$1.log" || { tail -n 30 "$work/$1.log"; exit 1; }
	awk '{ print $1 + $2 }' "$work/time"
}
median() {
	sort -g | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'
}

title "Start of a system with signed executables"
sed -n 's/^ *objects: /signatures: /p' "$sealed/log"
start unsigned > /dev/null
for _ in $(seq "$rounds"); do
	start unsigned >> "$work/unsigned.times"
	start signed >> "$work/signed.times"
done
echo "unsigned: $(xargs < "$work/unsigned.times")"
echo "signed: $(xargs < "$work/signed.times")"
row "start with signed executables, CPU to unsigned" 1.1 - \
	"$(calc "$(median < "$work/signed.times") / $(median < "$work/unsigned.times")")"
