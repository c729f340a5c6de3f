#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Signatures that are demanded by --require-signature and by a policy: no image
# without them is tagged, mounted, written to a disk or named to boot.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
cert() { # NAME: the options that demand its signature
	echo --require-signature --trust-cert "$keys/$1.cert.pem"
}
oci() {
	cfsctl --repo repo oci "$@"
}
fresh() { # REPO
	rm -rf "${1:?}" && cfsctl --repo "$1" init --insecure --algorithm fsverity-sha256-12 > /dev/null
}
# STATUS COMMAND...: its exit status; what it says goes to out and err.
status() {
	"$@" > out 2> err
	echo $?
}
tags() { # REPO
	cfsctl --repo "$1" oci images --json |
		python3 -c 'import json, sys; print(*sorted(i["name"] for i in json.load(sys.stdin)["images"]))'
}
# Puts the artifact that the key rsa signed into the layout, without the roles
# given.
ship() { # LAYOUT [ROLE...]
	python3 - "$data/sealing/boot-plain/sha256" "$@" <<-'END'
	import hashlib, json, sys
	data, layout, *drop = sys.argv[1:]
	def put(text):
	    name = hashlib.sha256(text).hexdigest()
	    open(f"layouts/{layout}/blobs/sha256/{name}", "wb").write(text)
	    return {"digest": "sha256:" + name, "size": len(text)}
	manifest = json.load(open(data + "/signed.json"))
	kept = []
	for layer in manifest["layers"]:
	    role, = (key.split(".erofs")[0].split(".fsverity")[0][len("composefs."):]
	             for key in layer["annotations"])
	    if role not in drop:
	        put(open(f"{data}/{role}.p7", "rb").read())
	        kept.append(layer)
	manifest["layers"] = kept
	put(b"{}")
	path = f"layouts/{layout}/index.json"
	index = json.load(open(path))
	index["manifests"].append({"mediaType": manifest["mediaType"], **put(json.dumps(manifest).encode()),
	                           "artifactType": manifest["artifactType"]})
	json.dump(index, open(path, "w"))
	END
}

tar xf "$data/layouts.tar.xz"
cp -r layouts/boot-plain layouts/unsigned
cp -r layouts/boot-plain layouts/partial
cp -r layouts/boot-plain layouts/draft
cp -r layouts/boot-plain layouts/config
ship draft manifest config merged.bootable
ship config manifest merged.bootable
ship boot-plain
ship partial merged.bootable

# pull: verified before it is tagged
fresh repo
# shellcheck disable=SC2046 # several words
same "a signed image is pulled" "$(status oci pull $(cert rsa) --bootable oci:layouts/boot-plain:t os:1)" 0
check "which is said" grep -q "^Signature verification passed (4 signatures verified)$" out
for row in "rsa unsigned 5 no signature artifacts found" "other boot-plain 4 wrong-certificate"; do
	read -r key layout code words <<< "$row"
	fresh other
	# shellcheck disable=SC2046
	same "$layout, $key: not pulled" \
		"$(status cfsctl --repo other oci pull $(cert "$key") "oci:layouts/$layout:t" os:1)" "$code"
	check "with the reason" grep -q "require-signature: .*$words" err
	same "there is no tag" "$(tags other)" ""
	same "and nothing was printed" "$(cat out)" ""
done
# shellcheck disable=SC2046
same "a tag stays where it was if the next image fails" \
	"$(status oci pull $(cert other) oci:layouts/hardlinks:t os:1; oci inspect os:1 --manifest | head -c -1 | sha256sum | cut -c-64)" \
	"$(printf '5\n%s' "$(sha256sum < "$data/sealing/boot-plain/manifest.json" | cut -c-64)")"
same "a demand needs certificates" "$(status oci pull --require-signature oci:layouts/unsigned:t x)" 2
check "which is said" grep -q -e "--require-signature requires --trust-cert" err
same "certificates alone demand nothing" "$(status oci pull --trust-cert "$keys/rsa.cert.pem" oci:layouts/unsigned:t x)" 2
same "a file without certificates" "$(status oci pull --require-signature --trust-cert "$data/README" oci:layouts/unsigned:t x)" 6
# The image to boot is not signed if only the merged one is.
fresh other
# shellcheck disable=SC2046
same "an image to boot has to be signed itself" \
	"$(status cfsctl --repo other oci pull $(cert rsa) --bootable oci:layouts/partial:t os:1)" 4
check "that is the role that is missing" grep -q "no entry of role merged.bootable" err
# shellcheck disable=SC2046
same "where it is not asked for, it need not be" \
	"$(status cfsctl --repo other oci pull $(cert rsa) oci:layouts/partial:t os:1)" 0

# copy
fresh copied
# shellcheck disable=SC2046
same "copied with its signatures" "$(status cfsctl --repo copied oci copy $(cert rsa) --from repo --name os:1 os:1)" 0
check "which were verified" grep -q "^Signature verification passed" out
fresh copied
# shellcheck disable=SC2046
same "not copied" "$(status cfsctl --repo copied oci copy $(cert other) --from repo --name os:1 os:1) $(tags copied)" "4 "

# tag
oci pull oci:layouts/hardlinks:t raw > /dev/null
# shellcheck disable=SC2046
same "tagged" "$(status oci tag $(cert rsa) os:1 os:good)" 0
# shellcheck disable=SC2046
same "not tagged" "$(status oci tag $(cert rsa) raw os:bad) $(tags repo)" "5 os:1 os:good raw"

# mount: the checks that come before the kernel is asked
# shellcheck disable=SC2046
same "a signed image is checked" "$(status cfsctl --insecure --repo repo oci mount --check $(cert rsa) --bootable os:1)" 0
check "which is said" grep -q "^Signature verification passed" out
# shellcheck disable=SC2046
same "another signer's is not" "$(status cfsctl --insecure --repo repo oci mount --check $(cert other) os:1)" 4
# shellcheck disable=SC2046
same "nor one that is not signed" "$(status cfsctl --insecure --repo repo oci mount --check $(cert rsa) raw)" 5
# shellcheck disable=SC2046
same "files have to be under fs-verity, too" "$(status oci mount --check $(cert rsa) os:1)" 1
check "which is said with the way out" grep -q "enable-verity" err
# The reference in the configuration's stream is not what is mounted: another
# image under the name of the one that was signed has another digest.
boot=$(oci verify --json --bootable --cert "$keys/rsa.cert.pem" os:1 | sed -n 's/^ *"bootable": "\(sha256:\)\?\([0-9a-f]*\)".*/\2/p')
same "the digest that was verified is an image" "$(test -L "repo/images/$boot" && echo yes)" yes
mv "repo/images/$boot" away
# shellcheck disable=SC2046
same "which has to exist" "$(status cfsctl --insecure --repo repo oci mount --check $(cert rsa) --bootable os:1)" 1
check "and oci seal makes it" grep -q "oci seal" err
oci seal os:1 > /dev/null
check "as it was" test -L "repo/images/$boot"

# the kernel argument
# shellcheck disable=SC2046
same "the argument that boots what was signed" "$(oci composefs-digest-karg $(cert rsa) os:1)" "composefs.digest=v1-sha256-12:$boot"
# shellcheck disable=SC2046
same "is not printed for another signer" "$(status oci composefs-digest-karg $(cert other) os:1; cat out)" 4
# shellcheck disable=SC2046
same "nor for what is not signed" "$(status oci composefs-digest-karg $(cert rsa) raw; cat out)" 5
# shellcheck disable=SC2046
same "nor for an image elsewhere" "$(status oci composefs-digest-karg $(cert rsa) oci:layouts/boot-plain:t; cat out)" 5
# shellcheck disable=SC2046
same "nor of another format than was signed" "$(status cfsctl --erofs-version 2 --repo repo oci composefs-digest-karg $(cert rsa) os:1; cat out)" 2

# a disk
disk() {
	cfsctl --repo repo disk --force "$@" disk.img
}
# shellcheck disable=SC2046
same "a disk with the image that was signed" "$(status disk $(cert rsa) --image os:1 --state os:1)" 0
check "which boots it" grep -q "composefs.digest=v1-sha256-12:$boot" out
rm disk.img
# shellcheck disable=SC2046
same "no disk for another signer" "$(status disk $(cert other) --image os:1; ls disk.img 2> /dev/null)" 4
# shellcheck disable=SC2046
same "nor with a digest that nobody vouches for" "$(status disk $(cert rsa) --image "$boot"; ls disk.img 2> /dev/null)" 1
# shellcheck disable=SC2046
same "nor with everything" "$(status disk $(cert rsa))" 2
same "without a demand, an OCI image is found as well" "$(status disk --image os:1)" 0
check "which boots it" grep -q "composefs.digest=v1-sha256-12:$boot" out
# A name that is an image's, too.
mkdir -p repo/images/refs
ln -s "../$(basename "$(find repo/images -type l ! -path '*refs*' ! -name "$boot" | head -1)")" repo/images/refs/os:1
same "an image comes before an OCI image" \
	"$(status disk --image os:1; grep -c 'os:1 is an image and an OCI image: the image is taken' err)" "0
1"
# shellcheck disable=SC2046
same "but not if a signature is demanded" \
	"$(status disk $(cert rsa) --image os:1; grep -c 'the OCI image is taken, since its signature is demanded; the image is refs/os:1' err)" "0
1"
rm repo/images/refs/os:1

# A policy demands the same without options.
mkdir policy && cp "$keys/rsa.cert.pem" policy/
cat > policy/policy.toml <<-END
	[images."registry.example/os"]
	certificates = ["rsa.cert.pem"]

	[images."registry.example/os/debug"]
	accept = "anything"

	[images."registry.example/boot"]
	certificates = ["$keys/rsa.cert.pem"]
	roles = ["manifest", "config", "merged", "merged.bootable"]

	[images."registry.example/other"]
	certificates = ["$keys/other.cert.pem"]

	[images."revoked"]
	accept = "nothing"
END
policy="--policy policy/policy.toml"
fresh repo
take() { # LAYOUT NAME
	# shellcheck disable=SC2086
	status oci pull $policy "oci:layouts/$1:t" "$2"
}
same "signed by the right one" "$(take boot-plain registry.example/os:1)" 0
check "which is said" grep -q "^Signature verification passed" out
same "signed by another one" "$(take boot-plain registry.example/other:1)" 4
check "which names the rule" grep -q 'policy/policy.toml: \[images."registry.example/other"\]: .*wrong-certificate' err
same "signatures that are here already count" "$(take unsigned registry.example/os:2)" 0
same "not signed" "$(take hardlinks registry.example/os:3)" 5
same "the rule below it" "$(take hardlinks registry.example/os/debug:3)" 0
same "what no rule is about" "$(take hardlinks registry.example/osx:3)" 0
same "nothing is accepted" "$(take boot-plain revoked)" 5
same "a role more" "$(take partial registry.example/boot:1)" 0
same "tags" "$(tags repo)" \
	"registry.example/boot:1 registry.example/os/debug:3 registry.example/os:1 registry.example/os:2 registry.example/osx:3"
fresh repo
same "a role more, that is missing" "$(take partial registry.example/boot:1)" 4
oci pull oci:layouts/hardlinks:t registry.example/os:1 > /dev/null
oci pull oci:layouts/hardlinks:t plain > /dev/null
# shellcheck disable=SC2086
{
	same "what was pulled before is not mounted" "$(status cfsctl --insecure --repo repo oci mount --check $policy registry.example/os:1)" 5
	id=$(oci inspect plain --manifest | head -c -1 | sha256sum | cut -c-64)
	same "nor by its digest" "$(status cfsctl --insecure --repo repo oci mount --check $policy "@sha256:$id")" 5
	same "nor tagged" "$(status oci tag $policy plain registry.example/os:2)" 5
	same "nor named to boot" "$(status oci composefs-digest-karg $policy registry.example/os:1; cat out)" 5
	same "nor put on a disk" "$(status disk $policy --image registry.example/os:1)" 5
	same "nor with the rest of the repository" "$(status disk $policy)" 5
	same "another name of it has no rule" "$(status cfsctl --insecure --repo repo oci mount --check $policy plain)" 0
	same "the same from elsewhere" "$(status oci composefs-digest-karg $policy oci:layouts/boot-plain:t)" 0
}
echo '[images.""]
accept = "nothing"' > policy/none.toml
same "a rule for all" "$(status oci composefs-digest-karg --policy policy/none.toml oci:layouts/single:t; cat out)" 5
check "names the way" grep -q "oci pull" err
same "a policy that is missing" "$(status oci pull --policy none oci:layouts/single:t x)" 1
echo 'images.a.accept = "any"' > policy/bad.toml
same "a policy that is not understood" "$(status oci pull --policy policy/bad.toml oci:layouts/single:t x)" 1
check "is refused with file, line and rule" grep -q 'policy/bad.toml: line 1, column .*accept must be' err
echo 'images.x.certificates = ["none.pem"]' > policy/lost.toml
same "a certificate that is missing" "$(status oci pull --policy policy/lost.toml oci:layouts/single:t x)" 6
check "is named below the policy" grep -q 'policy/none.pem' err

# A file that is no certificate is refused in the same words and with the same
# status by whatever takes one.
echo garbage > garbage.pem
: > empty.pem
mkdir folder.pem
printf -- '-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----\n' > base64.pem
(cat "$keys/rsa.cert.pem"; echo '-----BEGIN CERTIFICATE-----') > cut.pem
head -c 100000 /dev/zero > long.pem
cp "$keys/rsa.key.pem" key.pem
fresh repo
oci pull oci:layouts/boot-plain:t x > /dev/null
for file in garbage empty folder base64 cut long key none; do
	printf '[images.""]\ncertificates = ["%s.pem"]\n' $file > words.toml
	same "$file: the keyring" "$(status cfsctl keyring add-cert $file.pem)" 6
	cp err want
	same "  oci verify" "$(status oci verify --cert $file.pem x; diff want err)" 6
	same "  oci pull" "$(status oci pull --require-signature --trust-cert $file.pem oci:layouts/boot-plain:t x; diff want err)" 6
	status oci sign --cert $file.pem --key "$keys/rsa.key.pem" x > code
	check "  oci sign" diff want err
	same "  a policy" "$(status oci pull --policy words.toml oci:layouts/boot-plain:t x)" 6
	sed 's/.*\[images.""\]: /Error: /' err > got
	check "  says which rule, and then the same" diff want got
done
# A policy may accept images whose files alone are signed; nobody signed what a
# container of one would run.
printf '[images.""]\ncertificates = ["%s"]\nroles = ["merged"]\n' "$keys/rsa.cert.pem" > files.toml
fresh repo
accept() { # LAYOUT
	same "$1: a policy that asks for the files takes it" \
		"$(status oci pull --policy files.toml "oci:layouts/$1:t" os:1)" 0
}
use() { # COMMAND...: without fs-verity
	status cfsctl --insecure --repo repo oci "$@"
}
accept draft
same "no container runs what is not signed" "$(use runtime-spec --policy files.toml os:1 sh)" 4
check "  which is said" grep -q "configuration, which has to be signed, too: .*incomplete" err
same "  and nothing was printed" "$(cat out)" ""
same "  the files are used" "$(use mount --policy files.toml --check os:1)" 0
accept config
same "one runs what is" "$(use runtime-spec --policy files.toml os:1 sh)" 0
finish
