#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci seal, sign, verify: what is written is what other programs write,
# and what does not prove anything proves nothing.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/expired-cert.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
oci() {
	cfsctl --repo repo oci "$@"
}
fresh() { # ALG
	rm -rf repo && cfsctl --repo repo init --insecure --algorithm "fsverity-$1-12" > /dev/null
}
pull() { # LAYOUT [OPTION...]
	oci pull "${@:2}" "oci:layouts/$1:t" "$1" > /dev/null
}
sign() { # KEY IMAGE
	oci sign --cert "$keys/$1.cert.pem" --key "$keys/$1.key.pem" "$2"
}
# STATUS KEY IMAGE [OPTION...]: verify by the certificate of KEY.
status() {
	oci verify --cert "$keys/$1.cert.pem" "${@:2}" > out 2> err
	echo $?
}
digest() { # FILE
	echo "sha256:$(sha256sum < "$1" | cut -c-64)"
}
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}

tar xf "$data/layouts.tar.xz"
for layout in "$data"/sealing/*/manifest.json; do
	layout=$(basename "$(dirname "$layout")")
	boot=
	case $layout in boot-*) boot=--bootable ;; esac
	for alg in sha256 sha512; do
		want=$data/sealing/$layout/$alg
		fresh "$alg"
		pull "$layout" $boot
		same "$layout, $alg: the sealing artifact" \
			"$(oci seal "$layout" | sed -n 's/^  artifact: //p')" "$(digest "$want/digests.json")"
		same "and again" "$(oci seal "$layout" | tail -1)" "  artifact: $(digest "$want/digests.json")"
		same "the image is the one that it was" \
			"$(oci inspect "$layout" --manifest | head -c -1 | digest /dev/stdin)" \
			"$(digest "$data/sealing/$layout/manifest.json")"
		same "the signed one" "$(sign rsa "$layout")" "$(digest "$want/signed.json")"
		same "as it is kept" "$(oci inspect "@$(digest "$want/signed.json")" --manifest | head -c -1 | cmp - "$want/signed.json" && echo yes)" yes
		same "its signer verifies it" "$(status rsa "$layout" $boot)" 0
		same "nobody else does" "$(status other "$layout")" 4
		check "for the right reason" grep -q "wrong-certificate" err
	done
done

# One image more closely, "single" with both an artifact without signatures and
# two signers.
fresh sha256
pull single
same "without artifacts there is nothing to verify" "$(status rsa single)" 3
check "which is said" grep -q "no signature artifacts found for single" err
oci seal single > /dev/null
same "digests are not signatures" "$(status rsa single)" 3
check "which is said, too" grep -q "no-signature" err
check "digests can be compared alone" quiet oci verify single --digest-only
oci verify single > out 2> err
same "but only if that is wanted" $? 3

# An EROFS image that is there already is not read again, and not believed either.
sealed=$(oci seal single | tail -1)
for image in repo/images/*; do
	image=$(readlink -f "$image")
	cp "$image" "$(basename "$image").good"
	printf X | dd of="$image" bs=1 seek=1024 conv=notrunc status=none
done
same "an image is sealed by what its layers make" "$(oci seal single | tail -1)" "$sealed"
check "by which it is verified" quiet oci verify single --digest-only
refuse "the damaged file is not mounted" "its digest is" cfsctl --repo repo --insecure oci mount --check single
refuse "and found by fsck" "integrity check failed" cfsctl --repo repo fsck
for image in repo/images/*; do
	image=$(readlink -f "$image")
	cat "$(basename "$image").good" > "$image"
done
a=$(sign rsa single)
sign other single > b
same "the signer is named" "$(status rsa single; grep -c "^signed by: .*, sha256 [0-9a-f]\{64\}$" out)" "$(printf '0\n1')"
same "both signers verify" "$(status rsa single) $(status other single)" "0 0"
same "ECDSA signs once" "$(sign ec single)" "$(sign ec single)"
same "artifacts add up" "$(oci inspect single | json 'len(d["referrers"])')" 4
same "a digest finds the image, too" "$(status rsa "@$(digest "$data/sealing/single/manifest.json")")" 0
same "the JSON has the answer" "$(oci verify --json --cert "$keys/rsa.cert.pem" single | json 'd["answer"]')" verified
same "and the merged digest" \
	"$(oci verify --json --cert "$keys/rsa.cert.pem" single | json 'd["merged"]')" \
	"$(oci verify --json --digest-only single | json 'd["merged"]')"
same "no image to boot was signed" "$(status rsa single --bootable)" "$(status other single --bootable)"
same "a file that is no certificate has a status of its own" \
	"$(oci verify --cert "$data/sealing/README" single > out 2> err; echo $?)" 6
refuse "a key of another certificate" "does not match" \
	oci sign --cert "$keys/rsa.cert.pem" --key "$keys/other.key.pem" single
refuse "an artifact is not signed" "only container images" sign rsa "@$a"

# Who signed, as it is shown.
fresh sha256
pull single
oci seal single > a
sign rsa single > b
oci inspect single > inspected
json '"\n".join(sorted(" ".join(e["role"] + ":" + str(len(e["signers"])) for e in seal["entries"]) for seal in d["seals"]))' \
	< inspected > roles
same "inspect shows artifacts, roles and signers" "$(cat roles)" "manifest:0 config:0 merged:0
manifest:1 config:1 merged:1"
json '"\n".join({s["serial"] for seal in d["seals"] for e in seal["entries"] for s in e["signers"]})' < inspected > serials
same "by their serial numbers" "$(cat serials)" \
	"$(openssl x509 -in "$keys/rsa.cert.pem" -noout -serial | sed 's/serial=//' | tr A-F a-f)"
same "and the digests" "$(json 'len({e["digest"] for seal in d["seals"] for e in seal["entries"]})' < inspected)" 3

# A key is replaced by the next one.
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" --cert "$keys/ec.cert.pem" --key "$keys/ec.key.pem" single > both
same "the next signer" "$(oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/rsa.cert.pem" single 2> said | wc -l; status other single)" "$(printf '1\n0')"
check "takes the place of the one before" grep -q "artifact $(cat b) is dropped" said
check "but not of others" grep -q "artifact $(cat both) stays" said
same "digests without signatures stay as well" "$(oci inspect single | json 'len(d["referrers"])')" 3
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/rsa.cert.pem" --replace-signer "$keys/ec.cert.pem" single > /dev/null 2>&1
same "with both of them named, that of both goes" "$(status rsa single) $(status ec single) $(status other single)" "4 4 0"
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/other.cert.pem" single > /dev/null 2>&1
same "nobody replaces himself" "$(status other single)" 0
refuse "nothing is replaced by what is not signed" "--emit-tbs signs nothing" \
	oci sign --emit-tbs tbs --replace-signer "$keys/rsa.cert.pem" single
refuse "nothing is handed to the kernel, either" "--emit-tbs signs nothing" \
	oci sign --emit-tbs tbs --kernel-signatures=yes single
refuse "nor written into the manifest" "--emit-tbs signs nothing" \
	oci sign --emit-tbs tbs --inline single
same "which is a matter of use" "$(oci sign --emit-tbs tbs --kernel-signatures=yes single 2> err; echo $?)" 2
check "and nothing is written" [ ! -e tbs ]

# The signatures are kept beside the objects as well, as those of `cfsctl sign`.
fresh sha256
pull single
oci seal single > /dev/null
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" --kernel-signatures=no single > /dev/null
merged=$(oci verify --json --cert "$keys/rsa.cert.pem" single | json 'd["merged"].split(":")[1]')
config=$(json '[v for l in d["layers"] for k, v in l["annotations"].items() if ".config." in k][0]' \
	< "$data/sealing/single/sha256/signed.json")
by() { # CERT DIGEST: does it vouch by the kept signature?
	cfsctl --repo repo verify-image --cert "$keys/$1.cert.pem" "$2" > out 2> err
	echo $?
}
same "one for each role" "$(ls repo/signatures | wc -l)" 3
check "the bytes of the artifact's" cmp "repo/signatures/$merged.p7s" "$data/sealing/single/sha256/merged.p7"
check "of the configuration, too" cmp "repo/signatures/$config.p7s" "$data/sealing/single/sha256/config.p7"
same "by which the image is verified" "$(by rsa "$merged")" 0
cfsctl --repo repo sign --cert "$keys/ec.cert.pem" --key "$keys/ec.key.pem" "$merged" > /dev/null
same "signers add up in it" "$(by rsa "$merged") $(by ec "$merged")" "0 0"
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" --replace-signer "$keys/rsa.cert.pem" single > /dev/null 2>&1
same "until they are replaced" "$(by rsa "$merged") $(by ec "$merged") $(by other "$merged")" "1 0 0"
same "in each role" "$(for p7s in repo/signatures/*; do
	openssl pkcs7 -inform DER -in "$p7s" -print | grep -c 'serial: .*0x'; done | sort | uniq -c | xargs)" \
	"$(printf '2 1 1 2')"
echo junk > "repo/signatures/$config.p7s"
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" single > /dev/null 2>&1
check "what is no signature gives way" cmp "repo/signatures/$config.p7s" "$data/sealing/single/sha256/config.p7"
check "fsck has no findings" quiet cfsctl --repo repo fsck
cfsctl --repo repo gc > /dev/null
same "gc keeps them" "$(ls repo/signatures | wc -l)" 3
oci untag single
cfsctl --repo repo gc > /dev/null
same "as long as the image is there" "$(ls repo/signatures | wc -l)" 0

# Signatures of an image's objects have the signer that is replaced, too.
fresh sha256
pull multi-layer
oci seal multi-layer > /dev/null
key="--cert $keys/rsa.cert.pem --key $keys/rsa.key.pem"
oci sign $key multi-layer > /dev/null 2>&1
merged=$(oci verify --json --cert "$keys/rsa.cert.pem" multi-layer | json 'd["merged"].split(":")[1]')
cfsctl --repo repo sign --objects=all $key "$merged" > out 2> err
pack=repo/signatures/$merged.pack
signers() { # how many objects the pack has, and which serial numbers sign them
	python3 - "$pack" <<-'END'
	import re, struct, subprocess, sys
	b = open(sys.argv[1], "rb").read()
	n = struct.unpack_from("<I", b, 12)[0]
	data, start = 16 + n * 36, 0
	names = set()
	for i in range(n):
	    end = struct.unpack_from("<I", b, 16 + i * 36 + 32)[0]
	    text = subprocess.run(["openssl", "pkcs7", "-inform", "DER", "-print"], check=True,
	        input=b[data + start:data + end], capture_output=True).stdout.decode()
	    names.add(" ".join(sorted(re.findall(r" serial: *(0x[0-9A-F]+)", text))))
	    start = end
	print(n, *sorted(names))
	END
}
serial() { # KEY: as openssl prints it there
	openssl x509 -in "$keys/$1.cert.pem" -noout -serial | sed 's/serial=/0x/'
}
n=$(sed -n 's/^  objects: \([0-9]*\) of .*/\1/p' out)
same "objects are signed" "$(signers)" "$n $(serial rsa)"
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/rsa.cert.pem" multi-layer > /dev/null 2> err
same "by the next key, where the signer is replaced" "$(signers)" "$n $(serial other)"
check "which is said" grep -qx "note: the signer that is replaced is taken out of signatures/$merged.pack" err
cp "$pack" before
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" \
	--replace-signer "$keys/rsa.cert.pem" multi-layer > /dev/null 2> err
check "again, nothing changes" cmp "$pack" before
same "and nothing is said" "$(grep -c "taken out" err)" 0
# Made elsewhere, there is no key to sign objects with.
oci sign --emit-tbs next multi-layer > out
for tbs in next/*.tbs; do
	openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
		-signer "$keys/rsa.cert.pem" -inkey "$keys/rsa.key.pem" -in "$tbs" -out "${tbs%.tbs}.p7"
done
oci sign --attach next --cert "$keys/rsa.cert.pem" \
	--replace-signer "$keys/other.cert.pem" multi-layer > /dev/null 2> err
same "without a key they stay signed" "$(signers)" "$n $(serial other)"
check "which is said, too" grep -q "^note: $n objects\? of $merged: the signer that is replaced stays" err
cfsctl --repo repo sign --objects=all $key "$merged" > out 2> err
oci sign --attach next --cert "$keys/rsa.cert.pem" \
	--replace-signer "$keys/other.cert.pem" multi-layer > /dev/null 2> err
same "until the next signer has signed them" "$(signers)" "$n $(serial rsa)"

# Certificates that expired.
fresh sha256
pull single
sign other single > /dev/null 2>&1
expired_cert old
oci sign --emit-tbs old single > out
for tbs in old/*.tbs; do
	openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
		-signer old.pem -inkey old.key -in "$tbs" -out "${tbs%.tbs}.p7"
done
oci sign --attach old --cert old.pem single > /dev/null
same "an expired certificate verifies" "$(oci verify --cert old.pem single > out 2> err; echo $?)" 0
check "with a note" grep -q "expired on Jan  1 00:00:00 2001" err
same "unless that is to be looked at" "$(oci verify --cert old.pem --check-expiry single > out 2> err; echo $?)" 6
check "which is said" grep -q "expired on Jan  1 00:00:00 2001" err
same "others are trusted then" "$(oci verify --cert old.pem --cert "$keys/other.cert.pem" --check-expiry single > out 2> err; echo $?)" 0

# Keys on another machine: what is signed there is what would be signed here.
fresh sha256
pull boot-plain --bootable
oci sign --emit-tbs tbs boot-plain > out
same "each role is to be signed" "$(cat out | xargs)" \
	"tbs/manifest.tbs tbs/config.tbs tbs/merged.tbs tbs/merged.bootable.tbs"
for tbs in tbs/*.tbs; do
	openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
		-signer "$keys/rsa.cert.pem" -inkey "$keys/rsa.key.pem" -in "$tbs" -out "${tbs%.tbs}.p7"
done
same "what is attached makes the same artifact" \
	"$(oci sign --attach tbs --cert "$keys/rsa.cert.pem" boot-plain)" \
	"$(digest "$data/sealing/boot-plain/sha256/signed.json")"
refuse "signatures of others are not attached" "tbs/manifest.p7" \
	oci sign --attach tbs --cert "$keys/other.cert.pem" boot-plain
cp tbs/config.p7 tbs/merged.p7
refuse "nor those of something else" "tbs/merged.p7: wrong signature" \
	oci sign --attach tbs --cert "$keys/rsa.cert.pem" boot-plain
rm tbs/merged.p7
refuse "nor some of them" "there is no signature tbs/merged.p7" \
	oci sign --attach tbs --cert "$keys/rsa.cert.pem" boot-plain
refuse "--attach needs a certificate" "needs --cert" oci sign --attach tbs boot-plain

# Artifacts that an attacker puts beside an image in a layout.
attach() { # LAYOUT SUBJECT-LAYOUT ROLE=DIGEST:BLOB...
	python3 - "$@" <<-'END'
	import hashlib, json, sys
	layout, subject = sys.argv[1:3]
	def put(data):
	    name = hashlib.sha256(data).hexdigest()
	    open(f"layouts/{layout}/blobs/sha256/{name}", "wb").write(data)
	    return {"digest": "sha256:" + name, "size": len(data)}
	index = json.load(open(f"layouts/{layout}/index.json"))
	other = json.load(open(f"layouts/{subject}/index.json"))["manifests"][0]
	layers = []
	for arg in sys.argv[3:]:
	    role, rest = arg.split("=")
	    value, path = rest.split(":")
	    layers.append({"mediaType": "application/vnd.composefs.signature.v1+pkcs7",
	                   **put(open(path, "rb").read()),
	                   "annotations": {f"composefs.{role}.fsverity-sha256-12": value}})
	empty = {"mediaType": "application/vnd.oci.empty.v1+json", **put(b"{}")}
	kind = "application/vnd.oci.image.manifest.v1+json"
	text = json.dumps({"schemaVersion": 2, "mediaType": kind,
	    "artifactType": "application/vnd.composefs.metadata.v1", "config": empty,
	    "layers": layers, "subject": {k: other[k] for k in ("mediaType", "digest", "size")}}).encode()
	index["manifests"].append({"mediaType": kind, **put(text)})
	json.dump(index, open(f"layouts/{layout}/index.json", "w"))
	END
}
value() { # LAYOUT ROLE: the digest
	json "[v for l in d['layers'] for k, v in l['annotations'].items() if k.startswith('composefs.$2.')][0]" \
		< "$data/sealing/$1/sha256/signed.json"
}
p7=$data/sealing/single/sha256
merged=$(value single merged):$p7/merged.p7
fresh sha256
attach hardlinks hardlinks "config=$merged" # alone, under another role
pull hardlinks
same "a replayed entry under another role proves nothing" "$(status rsa hardlinks)" 3
check "it is skipped with a reason" grep -q "no entry of role merged" out
attach hardlinks hardlinks "manifest=$(value single manifest):$p7/manifest.p7" \
	"config=$(value single config):$p7/config.p7" "merged.erofs.v1=$merged"
pull hardlinks
same "nor does a whole artifact of another image" "$(status rsa hardlinks)" 4
check "whose digests are not this image's" grep -q "digest-mismatch" err
attach hardlinks hardlinks "merged.erofs.v1=$(value hardlinks merged):$data/sealing/hardlinks/sha256/merged.p7"
pull hardlinks
same "one role is not all of them" "$(status rsa hardlinks)" 4
same "unless it is enough" "$(status rsa hardlinks --accept-merged-only)" 0
sign rsa hardlinks > /dev/null
same "a good artifact beside all of these is found" "$(status rsa hardlinks)" 0
same "by its own signer" "$(status other hardlinks)" 4

# The kernel.  Whether this one checks signatures or not, it has none of these
# certificates: tests/uml/oci_kernel.sh is where it has.
fresh sha256
pull single
key="--cert $keys/rsa.cert.pem --key $keys/rsa.key.pem"
oci sign $key single > out 2> err
same "signing does not depend on the kernel" $? 0
same "one line says that it has no signature, and why" \
	"$(grep -c "^note: kernel: manifest, config, merged.*: not enrolled: ." err)" 1
oci sign $key --kernel-signatures=no single > out 2> err
same "none if it should not" "$? $(cat err)" "0 "
oci sign $key --kernel-signatures=yes single > again 2> err
same "if it has to have one, that fails" $? 7
check "with the reason" grep -q "hand the signature of role manifest to the kernel: ." err
same "and the artifact stays" "$(cat again)" "$(cat out)"
same "the signatures of the kernel are not verified" "$(status rsa single --kernel)" 7
check "with the reason" grep -q "single: the kernel vouches for no signature of role manifest: ." err
same "which are three" "$(grep -A3 "^Signatures that the kernel keeps" out | grep -c '^  [a-z.]*: .')" 3
same "and in the JSON" "$(oci verify --cert "$keys/rsa.cert.pem" single --kernel --json 2> err |
	json '[e["role"] for e in d["kernel"] if e["reason"] and not e["signature_verified"]]')" "['manifest', 'config', 'merged']"
same "an image that is not verified is not asked about" "$(status other single --kernel)" 4
refuse "without certificates there is nothing to ask" "--kernel needs --cert" oci verify --kernel --digest-only single
oci pull --kernel-signatures=yes oci:layouts/single:t unverified > out 2> err
same "what was not verified is not for the kernel" $? 7
check "which is said" grep -q "needs signatures that were verified" err
refuse "and there is no such tag" "unverified" oci inspect unverified
finish
