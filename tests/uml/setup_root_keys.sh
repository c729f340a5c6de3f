#!/bin/bash
# Certificates and signed images before a real kernel with builtin signatures.
if [ "${CFS_GUEST-}" != uml ]; then
	export KEYS=$TMPDIR/keys
	mkdir "$KEYS"
	for k in ours theirs; do
		openssl req -newkey rsa:2048 -nodes -x509 -days 3650 -subj "/CN=$k" \
			-keyout "$KEYS/$k.key" -out "$KEYS/$k.pem" 2>/dev/null
	done
	exec "${0%/*}/../vm/uml" -e KEYS "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"

ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
in_ring() { keyctl list "$ring" | grep -c asymmetric; }

# What is open stays open whatever the ring holds: mount anew, clear the ring.
fresh() {
	reset
	umount /disk && mount -o loop "$TMPDIR/disk" /disk
	keyctl clear "$ring"
}

keys_conf() { # CERTIFICATES LINE...
	rm -rf "${TMPDIR:?}/keys.d"
	mkdir "$TMPDIR/keys.d"
	[ "$1" = - ] || for k in $1; do cp "$KEYS/$k.pem" "$TMPDIR/keys.d"; done
	shift
	printf '[keys]\ndirs = ["%s/keys.d"]\n' "$TMPDIR" > "$conf"
	printf '%s\n' "$@" >> "$conf"
}

sign() { # FILE OUT KEY
	fsverity sign "$1" "$2" --hash-alg=$alg --key="$KEYS/$3.key" \
		--cert="$KEYS/$3.pem" > /dev/null
}

# Makes the image of the system NAME one with a builtin signature by ours.
system_signed() { # NAME
	local image
	system_new "$1"
	image=$repo/objects/$(path_of "$hex")
	cp "$image" "$TMPDIR/plain"
	rm "$image"
	cp "$TMPDIR/plain" "$image"
	sign "$image" "$TMPDIR/sig" ours
	keyctl clear "$ring"
	openssl x509 -in "$KEYS/ours.pem" -outform DER |
		keyctl padd asymmetric "" "$ring" > /dev/null
	fsverity enable --hash-alg=$alg --signature="$TMPDIR/sig" "$image" ||
		report 1 "enabling a signed image"
	cp "$TMPDIR/sig" "$TMPDIR/$1.p7s"
	keyctl clear "$ring"
}

for a in sha256 sha512; do
	disk_new
	repo_new $a
	system_new plain
	plain=$hex
	system_signed first
	signed=$hex

	fresh
	keys_conf - 'restrict = false'
	boot "$(karg)"
	failed "$a: a signed image without a certificate is failure 11" 11 \
		"image:    $signed" "certificate" "keys.d"
	fresh
	keys_conf theirs 'restrict = false'
	boot "$(karg)"
	failed "$a: with a wrong certificate too" 11 "image:    $signed" "certificate" "keys.d"
	fresh
	keys_conf "theirs ours" 'restrict = false'
	boot "$(karg)"
	booted "$a: with the right certificate in the ring it starts"
	same "$a: both are in the kernel's ring" "$(in_ring)" 2
	same "$a: the marker names them" \
		"$(grep -o '"file":"[^"]*"' /run/composefs/booted | wc -l)" 2
	same "$a: no signature was asked for" "$(marker signature)" null
	boot "$(karg "$plain")"
	booted "$a: an unsigned image starts as well"

	keys_conf ours 'restrict = false' 'require-signed = true'
	fresh
	boot "$(karg)"
	booted "$a: a required signature is proved by the kernel"
	same "$a: the marker says so" "$(marker signature)" kernel
	fresh
	boot "$(karg "$plain")"
	failed "$a: an unsigned image is refused then" 6 "not signed"
	fresh
	sign "$repo/objects/$(path_of "$plain")" "$repo/signatures/$plain.p7s" ours
	boot "$(karg "$plain")"
	booted "$a: a detached signature is proof"
	same "$a: by our own check" "$(marker signature)" pkcs7
	sign "$repo/objects/$(path_of "$plain")" "$repo/signatures/$plain.p7s" theirs
	fresh
	boot "$(karg "$plain")"
	failed "$a: not by a stranger" 11 "$plain.p7s"
	cp "$TMPDIR/first.p7s" "$repo/signatures/$plain.p7s"
	fresh
	boot "$(karg "$plain")"
	failed "$a: not of another image" 6 "$plain.p7s"
	echo garbage > "$repo/signatures/$plain.p7s"
	fresh
	boot "$(karg "$plain")"
	failed "$a: not garbage" 6 "$plain.p7s"
	rm "$repo/signatures/$plain.p7s"
	keys_conf - 'restrict = false' 'require-signed = true'
	fresh
	boot "$(karg)"
	failed "$a: not without a certificate" 11 "keys.dirs"
done

# Sources of certificates
hex=$plain
keys_conf - 'restrict = false'
cat "$KEYS/ours.pem" "$KEYS/theirs.pem" > "$TMPDIR/keys.d/both.pem"
fresh
boot "$(karg)"
booted "a bundle is loaded whole"
same "all of it" "$(in_ring)" 2
keys_conf - 'restrict = false'
openssl x509 -in "$KEYS/ours.pem" -outform DER > "$TMPDIR/keys.d/a.der"
cp "$KEYS/theirs.pem" "$TMPDIR/keys.d/readme.txt"
fresh
boot "$(karg)"
booted "DER is loaded"
same "other files are not" "$(in_ring)" 1
mkdir -p "$TMPDIR/credentials" /run/credentials/unit
cp "$KEYS/theirs.pem" "$TMPDIR/credentials/composefs.cert.vendor"
cp "$KEYS/theirs.pem" /run/credentials/unit/composefs.cert.vendor
fresh
CREDENTIALS_DIRECTORY=$TMPDIR/credentials boot "$(karg)"
booted "credentials of elsewhere are not loaded"
same "not them" "$(in_ring)" 1
fresh
CREDENTIALS_DIRECTORY=/run/credentials/unit boot "$(karg)"
booted "credentials are loaded"
same "in addition" "$(in_ring)" 2
echo garbage > "$TMPDIR/keys.d/z.pem"
fresh
boot "$(karg)"
booted "a damaged certificate is a warning"
same "which names it" "$(grep -c 'z.pem' err)" 1
echo 'require = true' >> "$conf"
fresh
boot "$(karg)"
failed "or failure 11 when certificates are required" 11 "z.pem"
fresh
boot "$(karg)" --check
keys_conf ours 'restrict = false'
boot "$(karg)" --check
same "--check loads nothing" "$status $(in_ring)" "0 0"

# The kernel's own switch refuses every unsigned verity file.
keys_conf ours 'restrict = false'
fresh
sysctl -q fs.verity.require_signatures=1
boot "$(karg)"
failed "fs.verity.require_signatures is named" 6 "require_signatures"
sysctl -q fs.verity.require_signatures=0

# Locked, for the rest of this kernel's life
keys_conf ours
fresh
hex=$signed
boot "$(karg)"
booted "the ring is locked by default, and still verifies"
same "nobody can add to it any more" \
	"$(openssl x509 -in "$KEYS/theirs.pem" -outform DER |
		keyctl padd asymmetric "" "$ring" 2>&1 | grep -c 'denied\|not permitted')" 1
reset
umount /disk && mount -o loop "$TMPDIR/disk" /disk
keys_conf "ours theirs"
boot "$(karg)"
booted "a locked ring is a warning to the next run"
same "said once" "$(grep -ci 'locked' err)" 1
keys_conf "ours theirs" 'require = true'
boot "$(karg)"
failed "or failure 11 when certificates are required" 11 "lock"
keys_conf ours 'require-signed = true'
boot "$(karg)"
booted "a signature can be proved beside a locked ring"
same "by our own check" "$(marker signature)" pkcs7

finish
