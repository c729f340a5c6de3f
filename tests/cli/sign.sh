#!/bin/bash
# Signing images: the same bytes as fsverity-utils and openssl make, several
# signers in one blob, signers elsewhere, and every way to refuse.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/expired-cert.sh"
. "${CFS_SRC:?run by tests/run}/tests/disk-repo.sh"

pair() { # NAME KEY-OPTIONS...
	local name=$1
	shift
	openssl req -x509 -newkey "$@" -nodes -keyout "$name.key" \
		-out "$name.pem" -subj "/CN=$name" 2> /dev/null
}
pair rsa rsa:2048
pair two rsa:3072
pair ec ec -pkeyopt ec_paramgen_curve:P-256
pair ed ed25519
pair odd rsa:2560

pair stranger rsa:2048
# A signer as its signatures name it.
signer() { # PEM
	openssl x509 -in "$1" -noout -serial -issuer |
		sed -n 's/^serial=//; s/^issuer=CN *= *//; p' | paste -s -d ' ' |
		awk '{ print "CN=" $2 ", serial " tolower($1) }'
}

# An image that is there by its name.
image() { # REPOSITORY HASH FILE: prints the digest
	local hex
	hex=$(fsverity digest --compact --hash-alg="$2" "$3")
	mkdir -p "$1/objects/${hex:0:2}" "$1/images/refs"
	cp "$3" "$1/objects/${hex:0:2}/${hex:2}"
	ln -sf "../objects/${hex:0:2}/${hex:2}" "$1/images/$hex"
	ln -sf "../$hex" "$1/images/refs/os"
	echo "$hex"
}
small_image file 40

for hash in sha256 sha512; do
	repo=repo-$hash
	cfsctl init --insecure --algorithm fsverity-$hash-12 $repo > /dev/null
	hex=$(image $repo $hash file)
	sig=$repo/signatures/$hex.p7s
	c="cfsctl --repo $repo"

	$c sign os --cert rsa.pem --key rsa.key > out
	check "$hash: an image is signed" test -s "$sig"
	check "$hash: it is said which and by whom" \
		grep -q "signed: CN=rsa, sha256 $(openssl x509 -in rsa.pem -outform DER | sha256sum | cut -d' ' -f1)" out
	check "$hash: and what the kernel has of it" grep -q "kernel: not enrolled: " out

	fsverity sign file want --hash-alg=$hash --key=rsa.key --cert=rsa.pem > /dev/null
	check "$hash: the bytes are those of fsverity sign" cmp "$sig" want
	tbs=$($c sign refs/os --emit-tbs tbs)
	same "$hash: a file to be signed is written" "$tbs" "tbs/$hex.tbs"
	openssl smime -sign -binary -noattr -nocerts -outform DER -md $hash \
		-signer rsa.pem -inkey rsa.key -in "$tbs" -out want2
	check "$hash: the bytes are those of openssl smime" cmp "$sig" want2

	$c verify-image "$hex" --cert rsa.pem > out
	same "$hash: it is verified" "$?" 0
	check "$hash: and said by whom" grep -q "^verified $hex: CN=rsa" out
	check "$hash: by path too" $c verify-image "$repo/images/$hex" --cert ec.pem --cert rsa.pem
	refuse "$hash: a stranger's certificate is refused" "not signed by any of the given certificates, but by that of CN=rsa, serial" \
		$c verify-image os --cert two.pem

	cp "$sig" before
	check "$hash: signing again" $c sign os --cert rsa.pem --key rsa.key
	check "$hash: changes nothing" cmp "$sig" before
	check "$hash: others sign too" \
		$c sign "$hex" --cert two.pem --key two.key --cert ec.pem --key ec.key
	for who in rsa two ec; do
		check "$hash: $who's is in it" $c verify-image os --cert $who.pem
	done
	cp "$sig" before
	check "$hash: an ECDSA signer signs again" $c sign os --cert ec.pem --key ec.key
	check "$hash: which changes nothing either" cmp "$sig" before

	# Elsewhere: rsa first, then rsa and two by another tool in one blob.
	rm "$sig"
	mkdir back.$hash
	cp want2 "back.$hash/$hex.p7"
	refuse "$hash: what a stranger signed is not attached" "not signed by any of the given certificates, but by that of CN=rsa, serial" \
		$c sign os --attach back.$hash --cert two.pem
	check "$hash: nothing was kept of it" test ! -e "$sig"
	check "$hash: what was signed elsewhere is attached" \
		$c sign os --attach back.$hash --cert rsa.pem
	check "$hash: as it is" cmp "$sig" want
	openssl smime -sign -binary -noattr -outform DER -md $hash \
		-signer two.pem -inkey two.key -in "$tbs" -out "back.$hash/$hex.p7"
	check "$hash: a second one is attached" $c sign os --attach back.$hash --cert two.pem
	check "$hash: the first one stays" $c verify-image os --cert rsa.pem
	cp "$sig" before
	check "$hash: attaching again" $c sign os --attach back.$hash --cert two.pem
	check "$hash: changes nothing more" cmp "$sig" before
	refuse "$hash: what is missing is named" "no signature none/$hex.p7" \
		$c sign os --attach none --cert rsa.pem
done

c="cfsctl --repo repo-sha256"
hex=$(image repo-sha256 sha256 file)
sig=repo-sha256/signatures/$hex.p7s
keep() { cp "$sig" kept; }
kept() { check "$1" cmp "$sig" kept; }
keep
refuse "a key of another certificate is refused" \
	"certificate public key does not match the provided private key" \
	$c sign os --cert rsa.pem --key two.key
refuse "Ed25519 is refused" "ED25519 key" $c sign os --cert ed.pem --key ed.key
refuse "a size that no kernel takes is refused" "2560 bits" \
	$c sign os --cert odd.pem --key odd.key
refuse "a token without the provider is refused" "pkcs11" \
	env OPENSSL_MODULES="$TMPDIR" "$BIN/cfsctl" --repo repo-sha256 \
	sign os --cert rsa.pem --key "pkcs11:object=k?pin-value=31337"
check "the PIN is in no message" test -z "$(grep 31337 stderr.*)"
refuse "the kernel's part can be demanded" "hand the signature to the kernel" \
	$c sign os --cert rsa.pem --key rsa.key --kernel-signatures=yes
kept "what is refused changes nothing"
refuse "an image that is not there is refused" "image not found: none" \
	$c sign none --cert rsa.pem --key rsa.key
for wrong in "os" "os --cert rsa.pem" "os --cert rsa.pem --key rsa.key --key two.key" \
	"os --emit-tbs d --cert rsa.pem" "os --emit-tbs d --kernel-signatures=yes" "os --attach d" \
	"os --attach d --cert rsa.pem --key rsa.key" \
	"os --cert rsa.pem --key rsa.key --kernel-signatures=maybe" \
	"--cert rsa.pem --key rsa.key"; do
	$c sign $wrong 2> /dev/null
	same "usage: sign $wrong" $? 2
done
$c verify-image os > out 2> err
same "without a certificate nothing is verified" $? 1
check "which is said" grep -q "nothing was verified: name the certificates" err
check "but signers are listed" \
	grep -qxF "  signed by: $(signer rsa.pem)" out
same "all of them" "$(grep -c "  signed by: " out)" 2
refuse "so they are where none of them is asked for" \
	"not signed by any of the given certificates, but by that of $(signer rsa.pem); " \
	$c verify-image os --cert stranger.pem

# Not the image that was signed.
object=repo-sha256/objects/${hex:0:2}/${hex:2}
cp "$object" good
printf x | dd of="$object" conv=notrunc status=none
refuse "a changed image is not verified" "image $hex" $c verify-image os --cert rsa.pem
refuse "a changed image is not signed" "image $hex" $c sign os --cert rsa.pem --key rsa.key
cp good "$object"

printf junk > "$sig"
refuse "junk is no signature" "PKCS#7" $c verify-image os --cert rsa.pem
refuse "junk is not signed over" "the signature so far" \
	$c sign os --cert rsa.pem --key rsa.key
head -c 20000 /dev/zero > "$sig"
refuse "a signature may not be endless" "longer than" $c verify-image os --cert rsa.pem
rm "$sig"
refuse "no signature is no verification" "has no signature" \
	$c verify-image os --cert rsa.pem
cp repo-sha512/signatures/*.p7s "$sig"
refuse "another image's signature is refused" "wrong signature" \
	$c verify-image os --cert rsa.pem
check "one's own wrong signature is replaced" $c sign os --cert rsa.pem --key rsa.key
check "and right then" $c verify-image os --cert rsa.pem
refuse "a stranger's wrong one stays" "wrong signature" $c verify-image os --cert two.pem

# Keys.
check "a key is made" cfsctl genkey dev --name "my key"
same "nobody else can read it" "$(stat -c %a dev/key.pem dev/cert.pem | tr '\n' ' ')" "600 644 "
refuse "a key is not overwritten" "dev already exists; refusing to overwrite keys" cfsctl genkey dev
check "it signs" $c sign os --cert dev/cert.pem --key dev/key.pem
check "its signature is verified" $c verify-image os --cert dev/cert.pem

# Certificates expire, signatures do not.
c="cfsctl --repo repo-sha512"
expired_cert old
old=$PWD/old.pem
tbs=$($c sign os --emit-tbs expired)
openssl smime -sign -binary -noattr -nocerts -outform DER -md sha512 \
	-signer old.pem -inkey old.key -in "$tbs" -out "${tbs%.tbs}.p7"
check "what an expired certificate signed is attached" \
	$c sign os --attach expired --cert "$old"
$c verify-image os --cert "$old" > out 2> err
same "it is verified" $? 0
check "with a note" grep -q "expired on Jan  1 00:00:00 2001" err
refuse "unless that is asked for" "expired on" \
	$c verify-image os --cert "$old" --check-expiry
finish
