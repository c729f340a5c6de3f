#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci seal --inline, --label, --layers and oci sign --inline: digests and
# signatures in the image itself.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
oci() {
	cfsctl --repo repo oci "$@"
}
fresh() { # REPO [ALG]
	rm -rf "${1:?}" && cfsctl --repo "$1" init --insecure --algorithm "fsverity-${2-sha256}-12" > /dev/null
}
pull() { # LAYOUT [OPTION...]
	oci pull "${@:2}" "oci:layouts/$1:t" "$1" > /dev/null
}
inline() { # KEY IMAGE
	oci sign --inline --cert "$keys/$1.cert.pem" --key "$keys/$1.key.pem" "$2"
}
# STATUS KEY IMAGE [OPTION...]: verify by the certificate of KEY.
status() {
	oci verify --cert "$keys/$1.cert.pem" "${@:2}" > out 2> err
	echo $?
}
manifest() { # IMAGE
	oci inspect "$1" --manifest | head -c -1
}
digest() { # of stdin
	echo "sha256:$(sha256sum | cut -c-64)"
}
# REPO LAYOUT EXPRESSION: changes the manifest d of the layout, and pulls it
# into the repository under the name "edited".
edited() {
	python3 - "$2" "$3" <<-'END'
	import base64, hashlib, json, sys
	layout = sys.argv[1]
	index = json.load(open(layout + "/index.json"))
	entry = index["manifests"][0]
	path = layout + "/blobs/sha256/"
	text = open(path + entry["digest"][7:]).read()
	d = json.loads(text)
	exec(sys.argv[2])
	text = json.dumps(d).encode()
	name = hashlib.sha256(text).hexdigest()
	open(path + name, "wb").write(text)
	entry.update(digest="sha256:" + name, size=len(text))
	json.dump(index, open(layout + "/index.json", "w"))
	END
	cfsctl --repo "$1" oci pull "oci:$2:t" edited > /dev/null
}
merged=composefs.merged.erofs.v1.fsverity-sha256-12
config=composefs.config.fsverity-sha256-12

tar xf "$data/layouts.tar.xz"

# Digests that are written are those of the vectors, four times the same.
for layout in "$data"/sealing/*/manifest.json; do
	layout=$(basename "$(dirname "$layout")")
	boot=
	case $layout in boot-*) boot=--bootable ;; esac
	for alg in sha256 sha512; do
		fresh repo $alg
		pull "$layout" $boot
		first=$(oci seal --inline "$layout")
		same "$layout, $alg: four seals, one digest" \
			"$(for _ in 1 2 3; do oci seal --inline "$layout"; done | sort -u)" "$first"
		same "which the tag leads to" "$first" "Sealed $layout -> $(manifest "$layout" | digest)"
		same "digests as in the artifact" "$(manifest "$layout" | python3 -c '
import json, sys
d = json.load(sys.stdin)
have = {**d["config"]["annotations"], **d["annotations"]}
want = {}
for l in json.load(open(sys.argv[1]))["layers"]:
    want.update(l["annotations"])
keys = [k for k in want if ".manifest." not in k]
print([have[k] for k in keys] == [want[k] for k in keys] and
      sum(k.startswith("composefs.") for k in have) == len(keys))' \
			"$data/sealing/$layout/$alg/digests.json")" True
		same "without signatures" "$(status rsa "$layout" $boot)" 3
		check "which is said" grep -q "no-signature: annotations of sha256:" err
		check "digests can be compared alone" quiet oci verify --digest-only "$layout"
		same "signed" "$(inline rsa "$layout")" "$(manifest "$layout" | digest)"
		same "once" "$(inline rsa "$layout")" "$(manifest "$layout" | digest)"
		same "its signer verifies it" "$(status rsa "$layout" $boot)" 0
		check "but not the manifest, which is said" grep -q "which itself is not signed" err
		same "nobody else does" "$(status other "$layout")" 4
		same "nothing is wrong with it" "$(oci fsck "$layout" > out 2> err; echo $?)" 0
	done
done

# What is not ours stays, byte for byte.
fresh repo
pull json-formatting
manifest json-formatting > before
inline rsa json-formatting 2> err
check "what is not sealed is not signed" grep -q "nothing to sign in the manifest: .cfsctl oci seal --inline" err
same "and the tag stays" "$(manifest json-formatting | cmp - before && echo yes)" yes
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" json-formatting > artifact
oci seal --inline json-formatting > out 2> err
check "artifacts about the image before are spoken of" \
	grep -q "note: 1 artifacts stay with the image before, $(digest < before):" err
inline rsa json-formatting > signed
inline ec json-formatting >> signed
check "manifests are the same but for annotations of ours" python3 - before "$(manifest json-formatting)" <<-'END'
import json, sys
class Number(str): pass
def read(text):
    return json.loads(text, parse_int=Number, parse_float=Number)
def strip(d):
    if isinstance(d, dict):
        out = {k: strip(v) for k, v in d.items() if not k.startswith("composefs.")}
        if out.get("annotations") == []:
            del out["annotations"]
        return list(out.items())
    return [strip(v) for v in d] if isinstance(d, list) else d
sys.exit(strip(read(open(sys.argv[1]).read())) != strip(read(sys.argv[2])))
END
same "two signers" "$(status rsa json-formatting) $(status ec json-formatting) $(status other json-formatting)" "0 0 4"
same "inspect has them" "$(oci inspect json-formatting | python3 -c '
import json, sys
for s in json.load(sys.stdin)["seals"]:
    print(s["artifact"], [(e["role"], len(e["signers"])) for e in s["entries"]])')" \
	"None [('config', 2), ('merged', 2)]"
oci seal --inline json-formatting > out 2> err
check "sealed again, signatures are gone, which is said" grep -q "note: 2 signatures that were in the manifest are gone" err
same "by a digest there is no tag to move" "$(oci seal --inline --layers "$(manifest json-formatting | digest)" > out 2> err
	grep -c "no tag leads to the new image" err)" 1
refuse "two ways at once" "exclude each other" oci seal --inline --label json-formatting
refuse "signers in the manifest are not dropped one by one" "oci seal --inline" \
	oci sign --inline --replace-signer "$keys/rsa.cert.pem" --cert "$keys/ec.cert.pem" --key "$keys/ec.key.pem" json-formatting

# Keys on another machine.
fresh repo
pull single
oci seal --inline single > /dev/null
oci sign --emit-tbs tbs single > /dev/null
for role in config merged; do
	openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
		-signer "$keys/rsa.cert.pem" -inkey "$keys/rsa.key.pem" -in tbs/$role.tbs -out tbs/$role.p7
done
cp -r repo copy
same "what is attached makes the same manifest" \
	"$(oci sign --inline --attach tbs --cert "$keys/rsa.cert.pem" single)" \
	"$(cfsctl --repo copy oci sign --inline --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" single)"

# Signatures in the manifest go where it goes.
oci export single oci:gone:x > /dev/null
fresh other
cfsctl --repo other oci pull --require-signature --trust-cert "$keys/rsa.cert.pem" oci:gone:x back > out 2> err
same "exported and pulled, it is signed" "$?" 0
same "as it was" "$(cfsctl --repo other oci inspect back --manifest | head -c -1 | digest)" "$(manifest single | digest)"
fresh other
same "a policy asks for the manifest unless it says otherwise" "$(for roles in '' 'roles = ["config", "merged"]'; do
	printf '[images.""]\ncertificates = ["%s"]\n%s\n' "$keys/rsa.cert.pem" "$roles" > policy.toml
	cfsctl --repo other oci pull --policy policy.toml oci:gone:x back > out 2> err
	echo $?
	grep -o "cannot sign it" err
done)" "4
cannot sign it
0"
fresh repo
pull gzip-one
oci seal --inline gzip-one > /dev/null
inline rsa gzip-one > /dev/null
oci export gzip-one oci:plain:x > out 2> err
check "a manifest that changes on its way" grep -q "manifest is a new one" err
fresh other
same "is signed all the same" "$(cfsctl --repo other oci pull --require-signature \
	--trust-cert "$keys/rsa.cert.pem" oci:plain:x back > out 2> err; echo $?)" 0

# What was changed in a manifest is not signed, and does not pass.
fresh repo
pull single
oci seal --inline single > /dev/null
oci export single oci:sealed.oci:t > /dev/null
inline rsa single > /dev/null
oci export single oci:signed.oci:t > /dev/null
attack() { # NAME STATUS WORDS EXPRESSION [OPTION...]
	rm -rf layout other && cp -r signed.oci layout
	fresh other
	edited other layout "$4"
	same "$1" "$(cfsctl --repo other oci verify --cert "$keys/rsa.cert.pem" "${@:5}" edited > out 2> err; echo $?)" "$2"
	check "  as $3" grep -q "$3" err
}
wrong="'$(printf %064d 0)'"
a='d["annotations"]'
c='d["config"]["annotations"]'
attack "another digest" 4 "bad-signature: .*merged" "$a['$merged'] = $wrong"
attack "another digest of the configuration" 4 "bad-signature: .*config" "$c['$config'] = $wrong"
attack "roles that change places" 4 "digest-mismatch" \
	"$a['$merged'], $c['$config'] = $c['$config'], $a['$merged']; $a['$merged.sig'], $c['$config.sig'] = $c['$config.sig'], $a['$merged.sig']"
attack "one role alone" 4 "incomplete: .*role config" "del d['config']['annotations']"
attack "no merged image" 3 "no digest of role merged" "del d['annotations']"
attack "a signature that is cut" 4 "malformed-signature\|incomplete" \
	"$a['$merged.sig'] = base64.b64encode(base64.b64decode($a['$merged.sig'])[:-9]).decode()"
attack "a signature of another role" 4 "bad-signature" "$a['$merged.sig'] = $c['$config.sig']"
attack "a signature that is no base64" 3 "not clean base64" "$a['$merged.sig'] += '='"
attack "a signature without its digest" 3 "signature without a digest" "del $a['$merged']"
pull boot-plain
oci seal --inline boot-plain > /dev/null
inline rsa boot-plain > /dev/null
same "an image to boot that is not signed" "$(status rsa boot-plain --bootable) $(status rsa boot-plain)" "4 0"
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" single > artifact
rm -rf layout && cp -r signed.oci layout
edited repo layout "$a['$merged'] = $wrong"
same "a good artifact beside bad annotations" \
	"$(oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" edited > artifact; status other edited)" 0
fresh other
rm -rf layout && cp -r sealed.oci layout
edited other layout "$a['$merged'] = $wrong"
refuse "what a manifest claims is not signed" "nothing is signed" \
	cfsctl --repo other oci sign --inline --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" edited
check "with the role and both digests" grep -q "role merged is $(printf %064d 0), which is [0-9a-f]\{64\}" stderr.$$
rm -rf layout && cp -r sealed.oci layout
edited other layout "del d['config']['annotations']"
refuse "nor half of it" "no digest of the configuration" \
	cfsctl --repo other oci sign --inline --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" edited
rm -rf layout && cp -r sealed.oci layout
edited other layout "$a['$merged.sig'] = 'Zm9v'"
same "a signature that cannot be read gives way" "$(cfsctl --repo other oci sign --inline \
	--cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" edited > out 2> err
	cfsctl --repo other oci verify --cert "$keys/rsa.cert.pem" edited > out 2> err2; echo $?)" 0
check "which is said" grep -q "signature of role merged is replaced" err

# A draft of composefs-rs digested another file than the configuration.
rm -rf layout && cp -r sealed.oci layout
edited other layout "$c['$config'] = $wrong"
same "a draft's digest of the configuration is refused" \
	"$(cfsctl --repo other oci verify --digest-only edited > out 2> err; echo $?)" 4
check "with a hint" grep -q "digest-mismatch: .*config: .*drafts of composefs-rs" err

# --layers: an image of each layer that has one.
left_over() { # OPTION...: objects that nothing needs after sealing
	fresh repo
	pull boot-plain
	oci seal "$@" boot-plain > out 2> err
	cfsctl --repo repo gc --dry-run --json |
		python3 -c 'import json, sys; print(json.load(sys.stdin)["result"]["objects_removed"])'
}
same "the streams that refer to them are written once" \
	"$(left_over --bootable --layers)" "$(left_over --bootable)"
fresh repo
pull hardlinks
oci seal --layers hardlinks > sealed.out 2> err
same "images of layers are named" "$(sed -n 's/^  layer \([0-9]*\): .*/\1/p' sealed.out | xargs)" \
	"$(for n in 0 1; do oci compute-id --layer $n hardlinks > /dev/null 2>&1 && echo $n; done | xargs)"
id=$(sed -n 's/^  layer 0: //p' sealed.out)
same "as compute-id names them" "$id" "$(cfsctl --erofs-version 1 --repo repo oci compute-id --layer 0 hardlinks)"
check "layers that have none are said" grep -q "note: layer 1 has no image of its own" err
cfsctl --repo repo gc > /dev/null
check "gc keeps them" test -e "repo/images/$id"
same "fsck knows them" "$(oci fsck > out 2> err; echo $?)" 0
rm -f "repo/images/$id"
same "a lost one is found" "$(oci fsck > out 2> err; echo $?)" 1
same "and made again" "$(oci fsck --repair > out 2> err; echo $?)" 0
check "under its name" test -e "repo/images/$id"
oci untag hardlinks > /dev/null
cfsctl --repo repo gc > /dev/null
same "with the image they go" "$(ls repo/images | grep -c "$id")" 0

# --label: a configuration with the digest, for consumers that know no artifacts.
fresh repo
pull json-formatting
oci inspect json-formatting --config > before
same "one label, four times" "$(for _ in 1 2 3 4; do oci seal --label json-formatting 2> err; done | sort -u | wc -l)" 2
same "it has the digest" "$(oci inspect json-formatting --config |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["config"]["Labels"]["containers.composefs.fsverity"])')" \
	"$(cfsctl --erofs-version 1 --repo repo oci compute-id json-formatting)"
check "and nothing else that is new" eval \
	'oci inspect json-formatting --config | sed "s/,\"containers.composefs.fsverity\":\"[0-9a-f]*\"//" | cmp - before'
check "fsck finds the label right" eval 'oci fsck json-formatting > out 2> err'
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" json-formatting > artifact
same "it is signed as others are" "$(status rsa json-formatting)" 0
oci seal --inline json-formatting > /dev/null 2>&1
refuse "a label under digests of the configuration" "as it was before, and then seal it with --inline" oci seal --label json-formatting
finish
