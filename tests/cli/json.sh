#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What --json prints: one document with the members that the manual names.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

# The value of a Python expression about the document d in a file.
value() { # FILE EXPRESSION
	python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
v = eval(sys.argv[2])
print(v if isinstance(v, str) else json.dumps(v))' "$@"
}

# The members of each object on the way to the first of everything.
shape() { # FILE
	python3 -c 'import json, sys
def show(v, depth):
    if isinstance(v, dict):
        print("  " * depth + " ".join(v))
        for x in v.values():
            show(x, depth + 1)
    elif isinstance(v, list) and v:
        show(v[0], depth)
show(json.load(open(sys.argv[1])), 0)' "$@"
}

fixture_repo repo
fixture_rootfs tree
cfs() { cfsctl --repo repo "$@"; }
digest=$(cfs create-image tree os/stable)
cfsctl genkey --name one one > /dev/null
cfsctl genkey --name two two > /dev/null
sum() { openssl x509 -in "$1/cert.pem" -outform DER | sha256sum | cut -d' ' -f1; }

check "composefs-digest-karg" \
	sh -c 'cfsctl --repo repo composefs-digest-karg --json os/stable os/stable > karg'
same "  members" "$(shape karg)" "kargs
  name digest karg"
same "  one for each" "$(value karg 'len(d["kargs"])')" 2
same "  name" "$(value karg 'd["kargs"][0]["name"]')" os/stable
same "  digest" "$(value karg 'd["kargs"][0]["digest"]')" "$digest"
same "  argument" "$(value karg 'd["kargs"][1]["karg"]')" \
	"$(cfs composefs-digest-karg os/stable)"
mkdir -p boot/usr boot/boot boot/sysroot
cfsctl --no-repo compute-karg --json boot > karg
same "compute-karg: argument" "$(value karg 'd["kargs"][0]["karg"]')" \
	"$(cfsctl --no-repo compute-karg boot)"
same "  name" "$(value karg 'd["kargs"][0]["name"]')" boot

cfs verify-image --json os/stable > none 2> err
same "verify-image without a signature" $? 1
same "  members" "$(shape none)" "name digest verified reason signers"
same "  it is not verified" "$(value none 'd["verified"]')" false
same "  and why" "$(value none 'd["reason"]')" \
	"image os/stable has no signature: \`cfsctl sign\` makes one"

check "sign" sh -c 'cfsctl --repo repo sign --json os/stable \
	--cert one/cert.pem --key one/key.pem > signed'
same "  members" "$(shape signed)" "images
  name digest signers path kernel kernel_reason
    subject sha256 expired new"
same "  digest" "$(value signed 'd["images"][0]["digest"]')" "$digest"
same "  signer" "$(value signed 'd["images"][0]["signers"][0]["subject"]')" \
	CN=one
same "  fingerprint" \
	"$(value signed 'd["images"][0]["signers"][0]["sha256"]')" "$(sum one)"
same "  new" "$(value signed 'd["images"][0]["signers"][0]["new"]')" true
same "  kept" "$(value signed 'd["images"][0]["path"]')" \
	"signatures/${digest#sha512:}.p7s"
cfs sign --json os/stable --cert one/cert.pem --key one/key.pem > signed
same "  not new again" \
	"$(value signed 'd["images"][0]["signers"][0]["new"]')" false
cfs sign --json os/stable gone --cert two/cert.pem --key two/key.pem \
	> signed 2> err
same "  of two images one of which is not there" $? 1
same "  the other is told" "$(value signed 'd["images"][0]["name"]')" os/stable
cfs sign --json --emit-tbs tbs os/stable > signed
same "  what is to be signed" "$(value signed 'd["images"][0]["tbs"]')" \
	"tbs/${digest#sha512:}.tbs"

check "verify-image" sh -c 'cfsctl --repo repo verify-image --json os/stable \
	--cert one/cert.pem > verified'
same "  members" "$(shape verified)" "name digest verified reason signers
  issuer serial verified subject sha256"
same "  it is verified" "$(value verified 'd["verified"]')" true
same "  no reason why not" "$(value verified 'd["reason"]')" null
same "  two signed it" \
	"$(value verified '[s["issuer"] for s in d["signers"]]')" \
	'["CN=one", "CN=two"]'
same "  one is verified" \
	"$(value verified '[s["verified"] for s in d["signers"]]')" \
	'[true, false]'
same "  and known" "$(value verified 'd["signers"][0]["sha256"]')" "$(sum one)"
cfs verify-image --json os/stable > listed 2> err
same "verify-image without --cert" $? 1
same "  nothing is verified" \
	"$(value listed '[d["verified"]] + [s["verified"] for s in d["signers"]]')" \
	'[false, false, false]'

check "keyring status" sh -c 'cfsctl keyring status --json > status'
check "  it tells whether there is one" \
	value status 'd["builtin_signatures"] in (True, False)'
finish
