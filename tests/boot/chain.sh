#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# An OCI image from its vendor to a machine that boots it: sealed, signed and
# exported there, pulled by its signature into another repository, written to a
# disk, and booted where the initramfs requires it to be signed, by kernels that
# check signatures of fs-verity and by kernels that do not.  What was tampered with
# on the way is refused at the pull, another vendor's image at the boot.
. "${CFS_SRC:?run by tests/run}/tests/boot/lib"

bare_kernel=$("$CFS_SRC/deps/uml-kernel.sh" FS_VERITY_BUILTIN_SIGNATURES SYSTEM_DATA_VERIFICATION 2> piece.log) ||
	skip "no kernel without builtin signatures: deps/uml-kernel.sh"
system=$(piece system) || exit
somebody=$(piece signer somebody) || exit
vendor() { cfsctl --repo vendor "$@"; }
machine() { cfsctl --repo machine "$@"; }
trusted() { echo --require-signature --trust-cert "$signer/cert.pem"; }

vendor init --insecure > /dev/null
check "the vendor has an image" eval "vendor oci pull --keep-blobs --bootable 'oci:$system/layout:system' os > out"
check "and seals it" eval "vendor oci seal --bootable os > out"
sign() { # FOLDER: by the key in it
	vendor oci sign --cert "$1/cert.pem" --key "$1/key.pem" --kernel-signatures=no os
}
artifact=$(sign "$signer")
same "and signs it" "$?" 0
check "and sends it out" eval "vendor oci export os oci:shipped:1 > out"

# What someone does to the layout in between; the blobs keep their right names.
tamper() { # LAYOUT HOW
	python3 - "$1" "$2" "$artifact" <<-'END_PY'
	import hashlib, json, sys, tarfile
	layout, how, artifact = sys.argv[1:]
	path = lambda digest: f"{layout}/blobs/{digest.replace(':', '/')}"
	def put(data):
	    digest = "sha256:" + hashlib.sha256(data).hexdigest()
	    open(path(digest), "wb").write(data)
	    return {"digest": digest, "size": len(data)}
	index = json.load(open(layout + "/index.json"))
	find = lambda wanted: next(m for m in index["manifests"] if wanted(m))
	image = find(lambda m: "artifactType" not in m)
	manifest = json.load(open(path(image["digest"])))
	if how == "config":
	    config = json.load(open(path(manifest["config"]["digest"])))
	    config.setdefault("config", {})["User"] = "root"
	    manifest["config"].update(put(json.dumps(config).encode()))
	elif how == "annotation":
	    manifest.setdefault("annotations", {})["org.example.note"] = "changed"
	elif how == "layer":
	    member = tarfile.TarInfo("etc/shadow")
	    data = member.tobuf() + bytes(1024)
	    manifest["layers"].append({"mediaType": "application/vnd.oci.image.layer.v1.tar", **put(data)})
	    config = json.load(open(path(manifest["config"]["digest"])))
	    config["rootfs"]["diff_ids"].append(manifest["layers"][-1]["digest"])
	    config.pop("history", None)
	    manifest["config"].update(put(json.dumps(config).encode()))
	image.update(put(json.dumps(manifest).encode()))
	signed = find(lambda m: m["digest"] == artifact)
	about = json.load(open(path(artifact)))
	about["subject"].update({k: image[k] for k in ("digest", "size")})
	signed.update(put(json.dumps(about).encode()))
	json.dump(index, open(layout + "/index.json", "w"))
	END_PY
}
machine init --insecure > /dev/null
for how in config annotation layer; do
	rm -rf changed && cp -rl shipped changed && rm changed/index.json
	cp shipped/index.json changed/
	tamper changed "$how"
	# shellcheck disable=SC2046 # several words
	machine oci pull $(trusted) --bootable oci:changed:1 os > out 2> err
	same "with another $how it is refused at the pull" $? 4
	check "because of a digest" grep -q "require-signature: os: digest-mismatch: " err
done
rm -rf changed && cp -r shipped changed
blob=$(find changed/blobs -type f -size +1M | head -n 1)
printf '\252' | dd of="$blob" bs=1 seek=500000 conv=notrunc status=none
cfsctl --repo other init --insecure > /dev/null
# shellcheck disable=SC2046
cfsctl --repo other oci pull $(trusted) --bootable oci:changed:1 os > out 2> err
same "with a damaged layer as well" $? 1
check "which is named" grep -q "${blob##*/}" err
rm -rf other changed
# shellcheck disable=SC2046
machine oci pull --require-signature --trust-cert "$somebody/cert.pem" --bootable oci:shipped:1 os > out 2> err
same "and for another signer" $? 4
same "nothing of this has a name" "$(find machine/streams/refs -name os)" ""

# shellcheck disable=SC2046
machine oci pull $(trusted) --bootable oci:shipped:1 os > out 2> err
same "as it was sent it comes" $? 0
check "by its four signatures" grep -q '^Signature verification passed (4 signatures verified)$' out
# shellcheck disable=SC2046
karg=$(machine oci composefs-digest-karg $(trusted) os)
same "the machine's argument is the vendor's" "$karg" "$(vendor oci composefs-digest-karg os)"
digest=${karg##*:}
# shellcheck disable=SC2046
check "a disk is written" eval "machine disk chain.img $(trusted) --image os --state os > out"

boots() { # NAME KERNEL CERT: on that kernel, with that certificate in the initramfs
	local initrd
	initrd=$(initramfs -C "$demo/setup-root-conf.toml" -c "$3" "$2") || exit
	"$CFS_SRC/tests/vm/uml" -k "$2" -t 900 -l "$1.raw" -i "$initrd" -d chain.img rw "$karg"
	plain "$1"
}
for row in "builtin $uml_kernel kernel" "bare $bare_kernel pkcs7"; do
	read -r kind kernel proof <<< "$row"
	boots "$kind" "$kernel" "$signer/cert.pem"
	check "$kind: the image boots to multi-user" booted "$kind"
	same "$kind: no unit failed" "$(told "$kind" state) $(told "$kind" failed)" "running "
	same "$kind: / is that image" "$(told "$kind" 'mount /' | cut -d' ' -f1)" "composefs:$digest"
	check "$kind: objects are verified" grep -q 'REPORT mount / .*verity=require' "$kind.log"
	same "$kind: and the signature, by the kernel or by setup-root" "$(marker "$kind" signature)" "$proof"

	boots "foreign-$kind" "$kernel" "$somebody/cert.pem"
	check "$kind: without its signer's certificate it is refused" refused "foreign-$kind"
	check "$kind: which is said" eval "said foreign-$kind certificate || said foreign-$kind signed"
done
finish
