#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What someone may do who can write to a registry and has no key: none of it makes
# an image pass that its signer did not sign, and none of it keeps one from passing
# that he did.  Where $CFSCTL_PEER names cfsctl of composefs-rs, its answers are
# printed, and not judged.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
name=boot-plain
rsa="--require-signature --trust-cert $keys/rsa.cert.pem"
fresh() { # REPO
	rm -rf "${1:?}" && cfsctl --repo "$1" init --insecure --algorithm fsverity-sha256-12 > /dev/null
}
change() { # LAYOUT CODE
	python3 -B "$CFS_SRC/tests/oci/attack.py" "$1" "$data/sealing/$name/sha256" "$2"
}
tags() { # REPO
	cfsctl --repo "$1" oci images --json |
		python3 -c 'import json, sys; print(*(i["name"] for i in json.load(sys.stdin)["images"]))'
}
# peer LAYOUT: what composefs-rs says of it.
peer() {
	[ -x "${CFSCTL_PEER-}" ] || return 0
	rm -rf theirs && "$CFSCTL_PEER" --repo theirs init --insecure > /dev/null
	for command in "pull $rsa oci:$1:t x" "pull oci:$1:t x" "verify --cert $keys/rsa.cert.pem x"; do
		# shellcheck disable=SC2086
		"$CFSCTL_PEER" --insecure --repo theirs oci $command > peer.out 2>&1
		echo "# composefs-rs, oci ${command%% *}: $? $(grep -m 1 . peer.out)"
	done
}
# attack NAME STATUS WORDS CODE [OPTION...]: the image after CODE has this answer,
# is not pulled where it has to be signed, and the tag that its name had stays.
attack() {
	local title=$1 want=$2 words=$3 code=$4
	shift 4
	rm -rf layout && cp -r "layouts/$name" layout
	change layout "$code" || report 1 "$title (cannot be made)"
	fresh repo
	cfsctl --repo repo oci pull oci:layout:t x > pulled 2>&1
	cfsctl --repo repo oci verify --cert "$keys/rsa.cert.pem" "$@" x > out 2> err
	same "$title" "$?" "$want"
	check "  for the right reason" grep -q -e "$words" out err pulled
	fresh strict
	cfsctl --repo strict oci pull oci:layouts/single:t x > /dev/null
	before=$(cfsctl --repo strict oci inspect x --manifest | sha256sum)
	# shellcheck disable=SC2086
	cfsctl --repo strict oci pull $rsa oci:layout:t x > out 2> err &&
		[ "$*" = "" ] && report 1 "  it is pulled all the same"
	[ "$*" != "" ] || same "  the tag stays where it was" \
		"$(cfsctl --repo strict oci inspect x --manifest | sha256sum)" "$before"
	peer layout
}
# junk NAME WORDS CODE: an attack by an artifact; the good one beside it counts.
junk() {
	attack "$1" "${4-4}" "$2" "$3"
	rm -rf layout && cp -r "layouts/$name" layout
	change layout "$3
attach(good())"
	fresh repo
	# shellcheck disable=SC2086
	cfsctl --repo repo oci pull $rsa oci:layout:t x > out 2> err
	same "  a good artifact beside it counts" "$? $(cfsctl --repo repo oci verify --bootable --cert "$keys/rsa.cert.pem" x > out 2> err; echo $?)" "0 0"
}

tar xf "$data/layouts.tar.xz"

# One signed digest is not another one.
junk "an entry of another image as the configuration, alone" "no entry of role merged" \
	'attach(empty([new_entry("config", value("single", "merged"), p7("single", "merged"))]))' 3
junk "a good merged entry, and one of another image as the configuration" "digest-mismatch.*config" '
a = good()
a["layers"] = [entry(a, "manifest"), new_entry("config", value("single", "merged"), p7("single", "merged")), entry(a, "merged")]
attach(a)'
junk "all entries of another image" "digest-mismatch" '
attach(empty([new_entry(r, value("single", r), p7("single", r)) for r in ("manifest", "config", "merged")]))'
junk "the digest of the image, and the signature of another one" "bad-signature.*merged" '
a = good()
set_sig(entry(a, "merged"), p7("single", "merged"))
attach(a)'
junk "a signature of the same digest for another hash" "bad-signature\|malformed-signature" '
a = good()
tbs = hex_of(a, "merged")
globals()["ALG"] = "sha512"
sig = sign(tbs * 2)
globals()["ALG"] = "sha256"
set_sig(entry(a, "merged"), sig)
attach(a)'
junk "the image to boot as the merged one" "digest-mismatch.*merged" '
a = good()
a["layers"] = [entry(a, "manifest"), entry(a, "config"), new_entry("merged", hex_of(a, "merged.bootable"), p7("boot-plain", "merged.bootable"))]
attach(a)'
attack "the merged image as the one to boot" 4 "digest-mismatch.*merged.bootable" '
a = good()
a["layers"][3] = new_entry("merged.bootable", hex_of(a, "merged"), p7("boot-plain", "merged"))
attach(a)' --bootable
junk "two roles that change places" "digest-mismatch" '
a = good()
m, c = hex_of(a, "manifest"), hex_of(a, "config")
a["layers"][:2] = [new_entry("manifest", c, p7("boot-plain", "config")), new_entry("config", m, p7("boot-plain", "manifest"))]
attach(a)'

# Artifacts of any origin add up, and their digests can be chosen to come first.
rm -rf layout crowd && cp -r "layouts/$name" layout && cp -r layout crowd
change layout 'attach(good())'
change crowd '
first, n = digest(encode(good())), 0
for i in range(100000):
    a = good()
    a["layers"] = [entry(a, "merged")]
    a["annotations"] = {"n": str(i)}
    if digest(encode(a)) < first:
        attach(a)
        n += 1
    if n == 64:
        break'
fresh repo
# shellcheck disable=SC2086
check "an image with its signatures" quiet cfsctl --repo repo oci pull $rsa oci:layout:t x
listed() { find repo/streams/refs/oci-referrers -type l | wc -l; }
verified() { cfsctl --repo repo oci verify --cert "$keys/$1.cert.pem" x > out 2> err; echo $?; }
refuse "  the same image with 64 others in their place" "wrong-certificate" \
	cfsctl --repo repo oci pull --require-signature --trust-cert "$keys/other.cert.pem" oci:crowd:t y
same "  which are not listed, as it was refused" "$(listed) $(verified rsa)" "1 0"
quiet cfsctl --repo repo oci pull oci:crowd:t y
same "  if they are they hide no signature" "$(listed) $(verified rsa) $(verified other)" "65 0 4"
# shellcheck disable=SC2086
check "  nor from who demands one" quiet cfsctl --repo repo oci tag $rsa x z
check "  nor one that is made" quiet cfsctl --repo repo oci sign --cert "$keys/other.cert.pem" \
	--key "$keys/other.key.pem" --replace-signer "$keys/rsa.cert.pem" x 2> /dev/null
same "  nor from who drops them" "$(listed) $(verified rsa) $(verified other)" "1 4 0"

# All roles are needed, from one source.
for role in manifest config; do
	junk "without the $role" "incomplete.*no entry of role $role" "
a = good()
a['layers'].remove(entry(a, '$role'))
attach(a)"
done
junk "without the merged image" "no entry of role merged" '
a = good()
a["layers"].remove(entry(a, "merged"))
attach(a)' 3
junk "one role each" "no entry of role" '
for r in ("manifest", "config", "merged"):
    a = good()
    a["layers"] = [entry(a, r)]
    attach(a)'
junk "two halves" "incomplete" '
for r in (("manifest", "merged"), ("config", "merged")):
    a = good()
    a["layers"] = [entry(a, x) for x in r]
    attach(a)'
junk "one role is not signed" "incomplete.*config: it is not signed" '
a = good()
set_sig(entry(a, "config"), b"")
attach(a)'
junk "nothing is signed" "no-signature" 'attach(good("digests"))' 3
attack "one role each, and the rest by annotations" 4 "incomplete" '
a = good()
import base64
change(manifest=lambda m: m.setdefault("annotations", {}).update({key("merged"): hex_of(a, "merged"), key("merged") + ".sig": base64.b64encode(p7("boot-plain", "merged")).decode()}))
b = good()
b["layers"] = [entry(b, "config"), entry(b, "merged")]
attach_about(b)'

# It is about this image.
junk "a subject that is another image" "no signature artifacts" '
a = good()
a["subject"]["digest"] = "sha256:" + "0" * 64
attach(a)' 3
attack "the subject of an artifact is moved to another image" 4 "digest-mismatch" '
change(manifest=lambda m: m.update(annotations={"org.example": "moved"}))
attach_about(good())'
junk "no subject" "no signature artifacts" '
a = good()
del a["subject"]
attach(a)' 3

# Everything in configuration and manifest is protected.
for row in 'a port|d["config"]["ExposedPorts"] = {"22/tcp": {}}' 'a volume|d["config"]["Volumes"] = {"/etc": {}}' \
	'a user|d["config"]["User"] = "0"' 'a command|d["config"]["Cmd"] = ["/bin/sh"]' \
	'an entry point|d["config"]["Entrypoint"] = ["/bin/sh"]' 'the environment|d["config"]["Env"] = ["LD_PRELOAD=/x"]' \
	'a label|d["config"]["Labels"] = {"a": "b"}' 'the architecture|d["variant"] = "v3"' 'an unknown member|d["x"] = 1'; do
	attack "${row%%|*} in the configuration" 4 "digest-mismatch.*: \(manifest\|config\): the digest is" "
def f(d):
    d.setdefault('config', {})
    ${row#*|}
change(config=f)
attach_about(good())"
done
for row in 'an annotation|d["annotations"] = {"a": "b"}' 'a descriptor|d["layers"][0]["annotations"] = {"a": "b"}' \
	'another URL|d["layers"][0]["urls"] = ["https://example.com/x"]' 'an unknown member|d["x"] = 1'; do
	attack "${row%%|*} in the manifest" 4 "digest-mismatch.*: manifest: the digest is" "
def f(d):
    ${row#*|}
change(manifest=f)
attach_about(good())"
done
attack "white space in the manifest" 4 "digest-mismatch.*: manifest" '
text = json.dumps(image(), indent=1).encode()
i = index(); i["manifests"][0].update(put(text)); write_index(i)
attach_about(good())'
attack "the signatures moved into a changed manifest, without the manifest's" 4 \
	"digest-mismatch.*: config" '
import base64
a = good()
def s(d, r, h=None):
    d.setdefault("annotations", {}).update({key(r): h or hex_of(a, r), key(r) + ".sig": base64.b64encode(p7("boot-plain", r)).decode()})
def f(d):
    s(d, "merged"); s(d["config"], "config")
change(config=lambda d: d.setdefault("config", {}).update(User="0"), manifest=f)'

# Signatures that prove nothing.
junk "a stranger's" "wrong-certificate" '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0], "other"))
attach(a)'
junk "with SHA-1" "malformed-signature" '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0], md="sha1"))
attach(a)'
junk "with attributes" "malformed-signature" '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0], options=("-binary", "-nocerts")))
attach(a)'
junk "with the content in it" "malformed-signature" '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0], options=("-binary", "-nocerts", "-noattr", "-nodetach")))
attach(a)'
junk "with bytes behind" "malformed-signature" '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0]) + b"junk")
attach(a)'
junk "bytes of no form" "malformed-signature" '
a = good()
for l in a["layers"]:
    set_sig(l, b"\x30\x84\xff\xff\xff\xff")
attach(a)'
junk "a blob that is another than its descriptor says" "left out: it is not what its digest says: layer 2 (sha256:" '
a = good()
set_sig(entry(a, "merged"), b"another")
open(blob_path(entry(a, "merged")["digest"]), "ab").write(b"x")
attach(a)' 3
junk "a blob that is missing" "left out: a part of it is missing: layer 2 (sha256:" '
a = good()
set_sig(entry(a, "merged"), b"missing")
os.remove(blob_path(entry(a, "merged")["digest"]))
attach(a)' 3
same "a certificate is embedded, and does not count" "$(fresh repo
	rm -rf layout && cp -r layouts/$name layout
	change layout '
a = good()
for l in a["layers"]:
    set_sig(l, sign(list(l["annotations"].values())[0], "other", options=("-binary", "-noattr")))
attach(a)'
	cfsctl --repo repo oci pull oci:layout:t x > out
	for k in rsa other; do cfsctl --repo repo oci verify --cert "$keys/$k.cert.pem" x > out 2> err; echo $?; done | xargs)" "4 0"

# Artifacts that break a rule.
junk "upper-case digests" "lower-case hex" '
a = good()
e = entry(a, "merged"); e["annotations"][key("merged")] = hex_of(a, "merged").upper()
attach(a)' 3
junk "a short digest" "hex digits" '
a = good()
entry(a, "merged")["annotations"][key("merged")] = "00"
attach(a)' 3
junk "blocks of 64 KiB" "no entry of role merged\|unsupported" '
a = good()
for l in a["layers"]:
    l["annotations"] = {k.replace("-12", "-16"): v for k, v in l["annotations"].items()}
attach(a)' 3
junk "the wrong order" "follows one of role" '
a = good()
a["layers"].reverse()
attach(a)' 3
junk "a role twice" "second entry of role" '
a = good()
a["layers"].insert(1, a["layers"][0])
attach(a)' 3
junk "two annotations in an entry" "several composefs annotations" '
a = good()
entry(a, "merged")["annotations"][key("config")] = hex_of(a, "config")
attach(a)' 3
junk "a key in escapes" "escapes\|no annotation" '
a = good()
text = encode(a).replace(b"composefs.merged.erofs", b"composefs\\u002emerged.erofs")
attach(text)' 3
junk "a signature of a megabyte" "maximum" '
a = good()
set_sig(entry(a, "merged"), b"0" * (1 << 20))
attach(a)' 3
junk "a size of 2^63" "left out: .*layer 2 has 9223372036854775808 bytes" '
a = good()
entry(a, "merged")["size"] = 1 << 63
attach(a)' 3
junk "17 entries" "left out: .*20 layers; the maximum is 16" '
a = good()
a["layers"] += [a["layers"][-1]] * 16
attach(a)' 3
junk "two algorithms" "algorithm" '
a = good()
e = a["layers"].pop()
a["layers"].append({**e, "annotations": {key("merged.bootable", "sha512"): "0" * 128}})
attach(a)' 3
junk "no JSON" "left out: its manifest is malformed: JSON line 1, column 20" 'attach(b"{\"schemaVersion\":2,")' 3
junk "no digest of a blob" "left out: .*layers\[0\]: member 'digest'" '
a = good()
a["layers"][0]["digest"] = "sha256:zz"
attach(a)' 3
junk "a negative size" "left out: .*layers\[0\]: the member 'size'" '
a = good()
a["layers"][0]["size"] = -1
attach(a)' 3
junk "a manifest of 5 MiB" "left out: .*the maximum is 4194304" 'attach(b" " * (5 << 20))' 3
junk "a manifest that is missing" "left out: .*is missing in layout" '
a = good()
a["annotations"] = {"lost": "x"}
attach(a)
os.remove(blob_path(digest(encode(a))))' 3
junk "entries of the index that are none" "left out: its entry in the index is malformed: manifests\[2\]: member 'digest'" '
i = index()
i["manifests"] += [7, {"mediaType": MANIFEST, "digest": "sha1:0", "size": 1}]
write_index(i)' 3
junk "a media type that clears the screen" "layers\[0\]: its media type '.\[2J' is not that of a signature" '
a = good()
a["layers"][0]["mediaType"] = "\x1b[2J"
attach(a)' 3
check "  which does not reach a terminal" eval '! grep -q "$(printf "\033")" out err pulled'
junk "another type" "no signature artifacts\|nothing-to-verify" '
a = good()
a["artifactType"] = "application/vnd.example.sbom"
attach(a, "application/vnd.example.sbom")' 3
junk "an EROFS image that an old draft shipped" "incomplete\|no entry\|media type" '
a = good()
a["layers"].insert(0, {"mediaType": "application/vnd.composefs.v1.erofs", **put(b"\xe2\xe1\xf5\xe0" * 1024), "annotations": {}})
attach(a)' 3
junk "sixty artifacts of strangers" "wrong-certificate" '
import itertools
a = good()
other = {l["digest"]: sign(list(l["annotations"].values())[0], "other") for l in a["layers"]}
for l in a["layers"]:
    set_sig(l, other[l["digest"]])
for n in range(60):
    attach({**a, "annotations": {"n": str(n)}})'

# Where an artifact is listed decides nothing: the one about another image, put
# into the repository by hand.
rm -rf layout && cp -r "layouts/$name" layout
change layout 'attach(good())'
fresh repo
cfsctl --repo repo oci pull oci:layout:t signed > out
cfsctl --repo repo oci pull oci:layouts/single:t x > out
id=$(cfsctl --repo repo oci inspect x --manifest | head -c -1 | sha256sum | cut -c-64)
refs=repo/streams/refs/oci-referrers
mkdir -p "$refs/sha256:$id"
cp -d "$refs"/*/sha256:* "$refs/sha256:$id/"
same "an artifact in another image's folder" \
	"$(cfsctl --repo repo oci verify --cert "$keys/rsa.cert.pem" x > out 2> err; echo $?)" 3
check "  is about another image" grep -q "other-image: artifact sha256:[0-9a-f]*: it is about the image sha256:" err

# What was verified is what is used: the tag that moves, and the reference that
# leads to another EROFS image.
signed=$(cfsctl --repo repo oci inspect signed --manifest | head -c -1 | sha256sum | cut -c-64)
same "a digest is resolved as a tag is" \
	"$(for n in signed "@sha256:$signed" "sha256:$signed"; do
		cfsctl --repo repo oci verify --cert "$keys/rsa.cert.pem" "$n" > out 2> err; echo $?; done | xargs)" "0 0 0"
cfsctl --repo repo oci tag x signed > out
# shellcheck disable=SC2086
same "a tag that moved is another image" \
	"$(cfsctl --insecure --repo repo oci mount --check $rsa signed > out 2> err; echo $?)" 5
# shellcheck disable=SC2086
same "nor is it tagged" "$(cfsctl --repo repo oci tag $rsa signed other > out 2> err; echo $?; tags repo)" "$(printf '5\nsigned x')"
fresh repo
cfsctl --repo repo oci pull oci:layout:t x > out
mount() {
	# shellcheck disable=SC2086
	cfsctl --insecure --repo repo oci mount --check $rsa x > out 2> err
}
check "the image that was signed can be mounted" mount
want=$(cfsctl --repo repo oci compute-id x)
object=repo/objects/${want:0:2}/${want:2}
cp "$object" kept && printf x | dd of="$object" bs=1 seek=2000 conv=notrunc 2> dd.err
same "not when its EROFS image is another file" "$(mount; echo $?)" 1
check "  which is named by both digests" grep -q "${want:0:16}" err
cp kept "$object"
check "as it was, it can" mount

# A configuration and a manifest that change in the repository are damaged.
for document in manifest config; do
	find repo/objects -type f -size -4 | while read -r o; do
		cfsctl --repo repo oci inspect x --$document | head -c -1 | cmp -s - "$o" && echo "$o"
	done > found
	file=$(head -n 1 found)
	check "the $document is an object" test -n "$file"
	cp "$file" kept
	sed -i 's/amd64/amd65/; s/"schemaVersion":2/"schemaVersion":3/' "$file"
	same "a changed one is damage" "$(cfsctl --repo repo oci verify --cert "$keys/rsa.cert.pem" x > out 2> err; echo $?)" 1
	check "  with its digest" grep -q "sha256:[0-9a-f]*" err
	cp kept "$file"
done

# Certificates: signers themselves, all of a file, and no one that issued them.
# PAIR NAME [OPTION...]: a key and a certificate.
pair() {
	openssl req -x509 -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.pem" -days 3000 -subj "/CN=$1" "${@:2}" 2> /dev/null
}
verify_by() { # PEM... : the answer
	# shellcheck disable=SC2046
	cfsctl --repo repo oci verify $(printf -- '--cert %s ' "$@") x > out 2> err
	echo $?
}
sign_by() { # PEM KEY
	cfsctl --repo repo oci sign --cert "$1" --key "$2" x > out 2> err
}
clean() {
	fresh repo
	cfsctl --repo repo oci pull "oci:layouts/$name:t" x > out
}
pair ca -addext basicConstraints=critical,CA:TRUE
openssl req -newkey rsa:2048 -nodes -keyout leaf.key -out leaf.csr -subj /CN=leaf 2> /dev/null
printf 'extendedKeyUsage=codeSigning\nauthorityKeyIdentifier=keyid\n' > ext
openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out leaf.pem -days 3000 -extfile ext 2> /dev/null
clean
check "a leaf for signing code signs" sign_by leaf.pem leaf.key
same "it is trusted itself, and not through its issuer" "$(verify_by leaf.pem) $(verify_by ca.pem)" "0 4"
cat ca.pem "$keys/ec.cert.pem" leaf.pem > bundle.pem
same "every certificate of a file counts" "$(verify_by bundle.pem) $(verify_by ca.pem leaf.pem)" "0 0"
check "the one that signed is named" grep -q "^signed by: CN=leaf" out
clean
check "a file of several finds the one of the key" sign_by bundle.pem leaf.key
pair one -set_serial 7
pair two -set_serial 7 -subj /CN=one
clean
check "of two that share issuer and serial number" sign_by one.pem one.key
same "one signed, the other one is wrong, and a third is no signer" \
	"$(verify_by one.pem) $(verify_by two.pem) $(grep -c bad-signature err) $(verify_by ca.pem) $(grep -c wrong-certificate err)" "0 4 1 4 1"
clean
cfsctl --repo repo oci sign --cert one.pem --key one.key --cert "$keys/ec.cert.pem" --key "$keys/ec.key.pem" x > out
same "of two signers of one artifact either is enough" "$(verify_by one.pem) $(verify_by "$keys/ec.cert.pem") $(verify_by ca.pem)" "0 0 4"
openssl genpkey -algorithm ed25519 -out ed.key 2> /dev/null
openssl req -x509 -key ed.key -out ed.pem -subj /CN=ed 2> /dev/null
refuse "a key that no kernel takes does not sign" "ed.pem" cfsctl --repo repo oci sign --cert ed.pem --key ed.key x
finish
