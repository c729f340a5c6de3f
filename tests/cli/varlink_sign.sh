#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Sealing, signing and verifying an image over varlink: what the commands make
# and say, and no private key that leaves its owner.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

oci_repo
member() { # EXPRESSION: of the reply on stdin, p being its parameters
	python3 -c "import json, sys; r = json.load(sys.stdin); p = r['parameters']; print($1)"
}
error='r.get("error", "").rpartition(".")[2]'
pem() { python3 -c 'import json, sys; print(json.dumps(open(sys.argv[1]).read())[1:-1])' "$1"; }
digest_of() { echo "sha256:$(oci inspect "$1" --manifest | head -c -1 | sha256sum | cut -c-64)"; }
digest=$(digest_of os:1)
image="'image':'os:1'"
rsa="'cert_pem':'$(pem "$keys/rsa.cert.pem")'"

serve cfsctl || exit 1
same "there is nothing to verify" "$(on Verify "$image" | member 'p["ok"], p["answer"], p["entries"]')" \
	"False nothing-to-verify []"
same "an image is sealed" "$(on Seal "$image" | member 'p["manifest_digest"]')" "$digest"
same "digests that are right prove nothing" \
	"$(on Verify "$image" | member 'p["ok"], p["cert_supplied"], p["verified_count"], p["answer"], all(e["digest_ok"] for e in p["entries"])')" \
	"False False 0 digests-match True"
same "nobody signed it" "$(on Verify "$image,$rsa" | member "$error")" SignatureVerificationFailed
oci seal os:1 > sealed
same "the command makes the same artifact" \
	"$(on Seal "$image" | member 'p["artifact_digest"]')" "$(sed -n 's/^  artifact: //p' sealed)"

# What is signed is what --emit-tbs writes.
on SigningRequest "$image" > request
oci sign --emit-tbs tbs os:1 > emitted
python3 - <<'END' > roles
import base64, json, os
p = json.load(open("request"))["parameters"]
os.mkdir("got")
for entry in p["entries"]:
    print(entry["role"])
    open("got/" + entry["role"] + ".tbs", "wb").write(base64.b64decode(entry["tbs_base64"]))
END
check "the bytes to sign are those of --emit-tbs" diff -r got tbs
same "of this manifest" "$(member 'p["manifest_digest"]' < request)" "$digest"
sign() { # KEY: prints the parameter signatures
	local role separator=
	printf "'signatures':["
	while read -r role; do
		openssl smime -sign -binary -noattr -nocerts -outform DER -md sha256 \
			-signer "$keys/$1.cert.pem" -inkey "$keys/$1.key.pem" \
			-in "got/$role.tbs" -out "got/$role.p7" || return
		printf "%s{'role':'%s','p7_base64':'%s'}" "$separator" "$role" \
			"$(base64 -w 0 "got/$role.p7")"
		separator=,
	done < "${2-roles}"
	printf ']'
}
signatures=$(sign rsa)
same "a signature that another made is refused" \
	"$(on AttachSignatures "$image,$rsa,$(sign other)" | member "$error")" SignatureVerificationFailed
head -n 3 roles > some
same "so is one too few" "$(on AttachSignatures "$image,$rsa,$(sign rsa some)" | member "$error")" InvalidRequest
cat roles some > many
same "one too many" "$(on AttachSignatures "$image,$rsa,$(sign rsa many)" | member "$error")" InvalidRequest
same "one of an unknown role" \
	"$(on AttachSignatures "$image,$rsa,'signatures':[{'role':'x','p7_base64':''}]" | member "$error")" InvalidRequest
same "and no base64" \
	"$(on AttachSignatures "$image,$rsa,'signatures':[{'role':'merged','p7_base64':'-'}]" | member "$error")" InvalidRequest
same "nonsense is no certificate" \
	"$(on AttachSignatures "$image,'cert_pem':'x',$signatures" | member "$error")" InvalidCertificate
same "nothing was attached" "$(on Verify "$image,$rsa" | member "$error")" SignatureVerificationFailed
on AttachSignatures "$image,$rsa,$signatures" > attached
same "those of the signer are attached" "$(member 'p["artifact_digest"]' < attached)" \
	"$(oci inspect os:1 | python3 -c 'import json, sys; print(*(s["artifact"] for s in json.load(sys.stdin)["seals"] if s["entries"][0]["signers"]))')"
same "and found by the command" "$(oci verify --cert "$keys/rsa.cert.pem" os:1 | grep passed)" \
	"Verification passed (4 signatures verified)"
same "as by the service" "$(on Verify "$image,$rsa,'bootable':true" | member 'p["ok"], p["verified_count"], p["algorithm"], p["source"]')" \
	"True 4 sha256-12 $(member 'p["artifact_digest"]' < attached)"
same "role by role" "$(on Verify "$image,$rsa" | member '*(e["role"] for e in p["entries"] if e["signature_verified"])')" \
	"manifest config merged merged.bootable"
same "another certificate proves nothing" \
	"$(on Verify "$image,'cert_pem':'$(pem "$keys/other.cert.pem")'" | member "$error")" SignatureVerificationFailed
same "nor does what is none" "$(on Verify "$image,'cert_pem':'x'" | member "$error")" InvalidCertificate
same "an image that is missing is named" "$(on Verify "'image':'none'" | member "$error"', *p.values()')" "NoSuchImage none"

# No private key.
same "a key is refused, and what to do is said" \
	"$(on Sign "$image,$rsa,'key_pem':'$(pem "$keys/rsa.key.pem")'" | member 'r["error"], *p["methods"]')" \
	"org.varlink.service.PermissionDenied org.composefs.Oci.SigningRequest org.composefs.Oci.AttachSignatures"

# An image of documents: signed first, named afterwards.
oci inspect os:1 --manifest | head -c -1 > manifest.json
oci inspect os:1 --config | head -c -1 > config.json
finalize() { # [NAME]
	python3 - "$@" <<-'END'
	import json, os, sys
	manifest = json.load(open("manifest.json"))
	config = open("config.json").read()
	def verity(diff_id):
	    return "".join(os.path.realpath("repo/streams/oci-layer-" + diff_id).split("/")[-2:])
	parameters = {
	    "manifest_json": json.dumps({**manifest, "annotations": {"made": "here"}}),
	    "config_json": config,
	    "layers": [{"diff_id": i, "layer_verity": verity(i)}
	               for i in json.loads(config)["rootfs"]["diff_ids"]],
	} | dict(zip(["name"], sys.argv[1:]))
	print(json.dumps(parameters)[1:-1])
	END
}
kill $service
wait $service
serve_by_policy rsa || exit 1
# Not by "on", which makes quotes of apostrophes: documents have either.
finish_image() { # [NAME]
	client call s "$opened" "{\"method\":\"org.composefs.Oci.FinalizeImage\",\"parameters\":{\"handle\":HANDLE,$(finalize "$@")}}" | tail -n 1
}
same "an image of documents gets no name that needs a signature" \
	"$(finish_image os:made | member "$error")" SignatureRequired
made=$(finish_image | member 'p["manifest_digest"]')
image_made="'image':'$made'"
tag_made() { on Tag "'manifest_digest':'$made','name':'os:made'"; }
same "  without one it is there" "$(on Inspect "$image_made" | member 'p["referrers"]')" "[]"
same "  and cannot be given that name later" "$(tag_made | member "$error")" SignatureRequired
on SigningRequest "$image_made" > request
python3 - <<'END' > made.roles
import base64, json
for entry in json.load(open("request"))["parameters"]["entries"]:
    print(entry["role"])
    open("got/" + entry["role"] + ".tbs", "wb").write(base64.b64decode(entry["tbs_base64"]))
END
same "  a stranger's signature is attached as his own" \
	"$(on AttachSignatures "$image_made,'cert_pem':'$(pem "$keys/other.cert.pem")',$(sign other made.roles)" | member 'sorted(p)')" \
	"['artifact_digest', 'artifact_verity']"
same "  and gives it no name" "$(tag_made | member "$error")" SignatureVerificationFailed
on AttachSignatures "$image_made,$rsa,$(sign rsa made.roles)" > attached
same "  with the signer's it gets the name" "$(tag_made)" '{"parameters": {}}'
same "  and is what the command verifies" \
	"$(oci verify --cert "$keys/rsa.cert.pem" os:made | grep -o 'Verification passed')" "Verification passed"
kill $service
wait $service
serve_options=
serve cfsctl || exit 1

# In the manifest.
oci tag os:1 copy:1 > tagged
oci tag os:1 copy:2 > tagged
on Seal "'image':'copy:1','inline':true" > sealed
same "an image is sealed in its manifest" "$(member 'p["manifest_digest"]' < sealed)" "$(digest_of copy:1)"
oci seal --inline copy:2 > said 2> notes
same "as the command does" "$(digest_of copy:1)" "$(digest_of copy:2)"
check "which is a new one" test "$(digest_of copy:1)" != "$digest"
kill $service
wait $service
serve_by_policy rsa || exit 1
same "a tag is not moved to what the policy does not accept" \
	"$(on Seal "$image,'inline':true" | member "$error"; digest_of os:1)" "SignatureRequired
$digest"
kill $service
wait $service
finish
