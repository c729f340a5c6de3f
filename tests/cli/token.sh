#!/bin/bash
# Signing with a key that stays in a token, through OpenSSL's pkcs11 provider:
# SoftHSM plays the token.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"
command -v softhsm2-util > /dev/null || skip "no softhsm2-util (package softhsm2)"
soft=$(compgen -G '/usr/lib/*/softhsm/libsofthsm2.so' ||
	compgen -G '/usr/lib/softhsm/libsofthsm2.so') || skip "no libsofthsm2.so"
provider=$("$CFS_SRC/deps/pkcs11-provider.sh") || skip "no pkcs11-provider to be had"

mkdir tokens
echo "directories.tokendir = $PWD/tokens" > softhsm.conf
export SOFTHSM2_CONF=$PWD/softhsm.conf
export OPENSSL_MODULES=$provider PKCS11_PROVIDER_MODULE=${soft%%$'\n'*}
softhsm2-util --init-token --free --label seal --pin 4711 --so-pin 4711 > /dev/null ||
	skip "SoftHSM makes no token here"

for who in rsa ec; do
	how=rsa:2048
	[ $who = ec ] && how="ec -pkeyopt ec_paramgen_curve:P-256"
	openssl req -x509 -newkey $how -nodes -keyout $who.key -out $who.pem \
		-subj "/CN=$who" 2> /dev/null
	softhsm2-util --import $who.key --token seal --label $who \
		--id $([ $who = rsa ] && echo 01 || echo 02) --pin 4711 > /dev/null
done

cfsctl init --insecure --algorithm fsverity-sha256-12 repo > /dev/null
small_image file
hex=$(fsverity digest --compact file)
mkdir -p "repo/objects/${hex:0:2}" repo/images
cp file "repo/objects/${hex:0:2}/${hex:2}"
ln -s "../objects/${hex:0:2}/${hex:2}" "repo/images/$hex"
c="cfsctl --repo repo"

check "a key in a token signs" $c sign "$hex" --cert rsa.pem \
	--key "pkcs11:token=seal;object=rsa;type=private?pin-value=4711"
fsverity sign file want --key=rsa.key --cert=rsa.pem > /dev/null
check "the bytes are those of the key in a file" cmp want "repo/signatures/$hex.p7s"
check "an ECDSA key in a token signs" $c sign "$hex" --cert ec.pem \
	--key "pkcs11:token=seal;object=ec;type=private?pin-value=4711"
for who in rsa ec; do
	check "$who is verified" $c verify-image "$hex" --cert $who.pem
done
mkdir -p tree/usr
for i in $(seq 40); do printf '%0100d' "$i" > "tree/usr/data$i"; done
$c create-image tree os > /dev/null
for who in rsa ec; do
	check "$who signs objects, by one thread" quiet $c sign --objects=all --threads 4 os \
		--cert $who.pem \
		--key "pkcs11:token=seal;object=$who;type=private?pin-value=4711"
	check "  all" grep -q "^  signed 40: CN=$who" quiet.out
	[ $who = ec ] || cp repo/signatures/*.pack token.pack
done
rm repo/signatures/*.pack
$c sign --objects=all os --cert rsa.pem --key rsa.key > /dev/null
check "  with the bytes of the key in a file" cmp token.pack repo/signatures/*.pack
# An OCI image: what a key in a token signs is what the key in a file signs.
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/single
for where in token file; do
	cfsctl --repo oci-$where init --insecure > /dev/null
	quiet cfsctl --repo oci-$where oci pull oci:layouts/single:t single
done
token="pkcs11:token=seal;type=private?pin-value=4711"
check "a key in a token signs an OCI image" eval \
	'cfsctl --repo oci-token oci sign --cert rsa.pem --key "${token/;/;object=rsa;}" single > token.id'
same "  in the artifact that the key in a file makes" "$(cat token.id)" \
	"$(cfsctl --repo oci-file oci sign --cert rsa.pem --key rsa.key single)"
check "  two keys of it make one artifact" eval \
	'cfsctl --repo oci-token oci sign --cert rsa.pem --key "${token/;/;object=rsa;}" \
		--cert ec.pem --key "${token/;/;object=ec;}" single > both.id'
for who in rsa ec; do
	check "  $who verifies it" quiet cfsctl --repo oci-token oci verify --cert $who.pem single
done
check "  one takes the place of the other" quiet cfsctl --repo oci-token oci sign \
	--cert ec.pem --key "${token/;/;object=ec;}" --replace-signer rsa.pem single
check "  digests in the manifest are signed" eval \
	'cfsctl --repo oci-file oci seal --inline single > /dev/null 2>&1 &&
	cfsctl --repo oci-file oci sign --inline --cert ec.pem --key "${token/;/;object=ec;}" single > inline.id &&
	quiet cfsctl --repo oci-file oci verify --cert ec.pem single'
refuse "  a wrong PIN is refused, and not repeated" "token" sh -c \
	"cfsctl --repo oci-token oci sign --cert ec.pem \
	--key 'pkcs11:token=seal;object=ec?pin-value=1234' single 2> err; grep -v 1234 err >&2; exit 1"
refuse "another key of the token is refused" "does not match" \
	$c sign "$hex" --cert rsa.pem \
	--key "pkcs11:token=seal;object=ec;type=private?pin-value=4711"
refuse "a key that is not in it is refused" "no such private key" \
	$c sign "$hex" --cert rsa.pem \
	--key "pkcs11:token=seal;object=none;type=private?pin-value=4711"
refuse "a wrong PIN is refused" "token" \
	$c sign "$hex" --cert rsa.pem \
	--key "pkcs11:token=seal;object=rsa;type=private?pin-value=1234"
refuse "and not repeated" "token" sh -c "$c sign $hex --cert rsa.pem \
	--key 'pkcs11:token=seal;object=rsa?pin-value=1234' 2> err; grep -v 1234 err >&2; exit 1"
finish
