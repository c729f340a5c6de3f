#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# org.composefs.Oci, as a client of the protocol alone sees it: the same as the
# commands print, and the same signatures as they demand.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

oci_repo
oci pull oci:layouts/hardlinks:t other:1 > pull.out
member() { # EXPRESSION: of the reply on stdin, p being its parameters
	python3 -c "import json, sys; p = json.load(sys.stdin)['parameters']; print($1)"
}
error() { # of the reply on stdin: its name and parameters
	python3 -c 'import json, sys; r = json.load(sys.stdin)
p = r["parameters"]; p.pop("message", None); print(r.get("error"), *p.values())'
}
manifest_of() { oci inspect "$1" --manifest | head -c -1; }
digest_of() { echo "sha256:$(manifest_of "$1" | sha256sum | cut -c-64)"; }

serve cfsctl || exit 1
same "images are those of the command" "$(on ListImages | member 'json.dumps(p, indent=2)')" \
	"$(oci images --json | python3 -c 'import json, sys; print(json.dumps(dict(sorted(json.load(sys.stdin).items())), indent=2, sort_keys=True))')"
same "and those of a name" "$(on ListImages "'filter':'her'" | member '[i["name"] for i in p["images"]]')" \
	"['other:1']"
same "a manifest is as it came" "$(on Inspect "'image':'os:1'" | member 'p["manifest"]')" \
	"$(manifest_of os:1)"
same "and what was made of it" \
	"$(on Inspect "'image':'os:1'" | member '(p["composefs_erofs"], p["composefs_boot_erofs"], p["referrers"])')" \
	"('$(oci compute-id os:1)', '$(oci compute-id --bootable os:1)', [])"
for options in "--bootable" "" "--xattrs keep-user-xattrs"; do
	case $options in
	--bootable) p="'bootable':true" ;;
	--xattrs*) p="'bootable':false,'xattrs':'KeepUserXattrs'" ;;
	*) p="'bootable':false" ;;
	esac
	# shellcheck disable=SC2086 # several words
	same "the digest that compute-id $options prints" \
		"$(on ComputeId "'image':'os:1',$p" | member 'p["image_id"]')" "$(oci compute-id $options os:1)"
done
same "a check" "$(on Check | member '(p["ok"], p["images_checked"], p["errors"], p["repo"]["ok"])')" \
	"(True, 2, [], True)"
same "a tag" "$(on Tag "'manifest_digest':'$(digest_of other:1)','name':'third'")" '{"parameters": {}}'
same "leads to the image" "$(digest_of third)" "$(digest_of other:1)"
same "and is taken away" "$(on Untag "'name':'third'")" '{"parameters": {}}'
same "once" "$(on Untag "'name':'third'" | error)" "org.composefs.Oci.NoSuchImage third"
same "what the service can do" "$(call Oci.GetInfo)" '{"parameters": {"features": ["splitdirfdstream-v0"]}}'
layer=$(oci inspect os:1 --config | python3 -c 'import json, sys; print(json.load(sys.stdin)["rootfs"]["diff_ids"][0])')
same "a layer" "$(on HasLayer "'diff_id':'$layer'" | member '(p["present"], p["layer_verity"])')" \
	"(True, '$(basename "$(readlink -f "repo/streams/oci-layer-$layer")" | sed "s/^/$(basename "$(dirname "$(readlink -f "repo/streams/oci-layer-$layer")")")/")')"

rm "$(readlink -f "repo/streams/oci-layer-$layer")"
same "a layer that is gone is found" \
	"$(on Check "'image':'os:1'" | member '(p["ok"], p["images_corrupted"], p["findings"][0]["code"], p["findings"][0]["name"])')" \
	"$(oci fsck os:1 --json | python3 -c 'import json, sys; p = json.load(sys.stdin); print((p["ok"], p["images_corrupted"], p["findings"][0]["code"], p["findings"][0]["name"]))')"
same "in the same words" "$(on Check "'image':'os:1'" | member 'p["errors"]')" \
	"$(oci fsck os:1 --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["errors"])')"
kill $service
wait $service

# What a policy demands, it demands here too.
cat > policy.toml <<END
[images."os"]
certificates = ["$keys/rsa.cert.pem"]
[images."never"]
accept = "nothing"
[images."broken"]
certificates = ["missing.pem"]
END
rm -r repo
cfsctl --repo repo init --insecure --algorithm fsverity-sha256-12 > init.out
oci pull --bootable oci:layouts/boot-plain:t os:1 > pull.out
serve_options="--policy $PWD/policy.toml"
serve cfsctl || exit 1
digest=$(digest_of os:1)
mount="'image':'os:1','bootable':false,'options':{}"
tag() { on Tag "'manifest_digest':'$digest','name':'$1'"; }
same "an image that is not signed is not mounted" "$(on OciMount "$mount" | error)" \
	"org.composefs.Oci.SignatureRequired os:1"
same "nor by its digest" "$(on OciMount "'image':'$digest','bootable':false,'options':{}" | error)" \
	"org.composefs.Oci.SignatureRequired $digest"
same "and gets no name of the policy" "$(tag os:2 | error)" "org.composefs.Oci.SignatureRequired os:2"
same "nor one that nothing may have" "$(tag never | error)" "org.composefs.Oci.SignatureRequired never"
same "but one that is not in it" "$(tag free)" '{"parameters": {}}'
same "a certificate that cannot be read refuses" "$(tag broken | error)" "org.composefs.Oci.InvalidCertificate"
oci sign --cert "$keys/other.cert.pem" --key "$keys/other.key.pem" os:1 > sign.out
same "a signature of another" "$(tag os:2 | error)" "org.composefs.Oci.SignatureVerificationFailed"
oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" os:1 > sign.out
same "the right one" "$(tag os:2)" '{"parameters": {}}'
sed -i 's/rsa/ec/' policy.toml
same "a policy that has changed holds for the next connection" "$(tag os:3 | error)" \
	"org.composefs.Oci.SignatureVerificationFailed"
echo nonsense > policy.toml
same "one that cannot be read opens nothing" "$(tag os:3)" closed
same "no name was given against it" "$(oci images --json | python3 -c 'import json, sys; print(*(i["name"] for i in json.load(sys.stdin)["images"]))')" \
	"free os:1 os:2"
kill $service
wait $service
refuse "no service starts with it" "policy.toml: line 1" cfsctl varlink --address t --policy policy.toml
refuse "nor with a demand that nothing can satisfy" "--trust-cert" \
	cfsctl varlink --address t --require-signature

serve_options="--require-signature --trust-cert $keys/ec.cert.pem"
serve cfsctl || exit 1
same "the service may demand a signature of all" "$(tag free | error)" \
	"org.composefs.Oci.SignatureVerificationFailed"
kill $service
wait $service
finish
