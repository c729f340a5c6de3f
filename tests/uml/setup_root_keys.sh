#!/bin/bash
# Certificates and signed images before a real kernel with builtin signatures.
if [ "${CFS_GUEST-}" != uml ]; then
	export KEYS=$TMPDIR/keys
	mkdir "$KEYS"
	for k in ours theirs; do
		openssl req -newkey rsa:2048 -nodes -x509 -days 3650 -subj "/CN=$k" \
			-keyout "$KEYS/$k.key" -out "$KEYS/$k.pem" 2>/dev/null
	done
	# Of one key and subject: a certificate and its renewal.
	openssl req -key "$KEYS/ours.key" -x509 -days 3650 -subj /CN=ours \
		-set_serial 0x4242 -out "$KEYS/renewed.pem"
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

load() { # KEY: into the ring, called as the kernel calls it
	openssl x509 -in "$KEYS/$1.pem" -outform DER |
		keyctl padd asymmetric "" "$ring" > /dev/null
}

# Makes the image of the system NAME one with a builtin signature by KEY.
system_signed() { # NAME [KEY]
	local image key=${2-ours}
	system_new "$1"
	image=$repo/objects/$(path_of "$hex")
	cp "$image" "$TMPDIR/plain"
	rm "$image"
	cp "$TMPDIR/plain" "$image"
	sign "$image" "$TMPDIR/sig" "$key"
	keyctl clear "$ring"
	load "$key"
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
	again() {
		composefs-setup-root --sysroot /sysroot --config "$conf" \
			--cmdline "$(karg)" > "$TMPDIR/out" 2> "$TMPDIR/err"
		status=$?
	}
	again
	same "$a: a second run knows it by the marker" \
		"$status $(grep -c 'nothing to do' err)" "0 1"
	rm /run/composefs/booted
	again
	same "$a: without it nobody has asked for the signature" \
		"$status $(grep -c "is mounted from 'composefs:" err)" "7 1"
	fresh
	boot "$(karg "$plain")"
	failed "$a: an unsigned image is refused then" 6 "not signed"
	fresh
	sign "$repo/objects/$(path_of "$plain")" "$repo/signatures/$plain.p7s" ours
	boot "$(karg "$plain")"
	booted "$a: a detached signature is proof"
	same "$a: by our own check" "$(marker signature)" pkcs7
	# The signature is of the image, which holds the digests of the objects.
	init=$repo/objects/$(path_of "$(digest /bin/true)")
	mv "$init" "$init.kept"
	cp "$init.kept" "$init"
	fresh
	boot "composefs=?$plain"
	failed "$a: no \"?\" makes up for objects that are not verified" 10 "/sbin/init"
	mv -f "$init.kept" "$init"
	sign "$repo/objects/$(path_of "$plain")" "$repo/signatures/$plain.p7s" theirs
	fresh
	boot "$(karg "$plain")"
	failed "$a: not by a stranger" 6 "$plain.p7s"
	cp "$TMPDIR/first.p7s" "$repo/signatures/$plain.p7s"
	fresh
	boot "$(karg "$plain")"
	failed "$a: not of another image" 6 "$plain.p7s"
	echo garbage > "$repo/signatures/$plain.p7s"
	fresh
	boot "$(karg "$plain")"
	failed "$a: not garbage" 6 "$plain.p7s"
	rm "$repo/signatures/$plain.p7s"
	for kind in fifo dir link long; do
		p7s=$repo/signatures/$plain.p7s
		case $kind in
		fifo) mkfifo "$p7s" ;;
		dir) mkdir "$p7s" ;;
		link) ln -s /etc/passwd "$p7s" ;;
		long) head -c 70000 /dev/zero > "$p7s" ;;
		esac
		fresh
		boot "$(karg "$plain")"
		failed "$a: not a $kind in its place" 6 "$plain.p7s"
		rm -r "$p7s"
	done

	# What the kernel lets through is signed by a key of its ring, and that
	# need not be ours.
	hex=$signed
	system_signed alien theirs
	alien=$hex
	for lock in false true; do
		keys_conf ours "restrict = $lock" 'require = true' 'require-signed = true'
		fresh
		load theirs
		boot "$(karg "$alien")"
		if [ $lock = false ]; then
			failed "$a: a key of the ring that is not ours proves nothing" 6 \
				"no certificate of this initramfs: theirs" "$alien"
			same "$a: the log says what the ring holds" \
				"$(grep -c '1 of 1 certificates are in .fs-verity, which holds 2$' err)" 1
		else
			failed "$a: and is not locked in" 11 "keys.restrict"
		fi
	done
	keys_conf ours 'restrict = false' 'require-signed = true'
	fresh
	boot "$(karg "$alien")"
	failed "$a: nor does it when the kernel does not know the key" 6 "$alien" certificate
	fresh
	load theirs
	exec 9< "$repo/objects/$(path_of "$alien")"
	keyctl clear "$ring"
	boot "$(karg "$alien")"
	failed "$a: nor does an image that was opened under another key" 6 "$alien" \
		"builtin signature"
	exec 9<&-
	fresh
	load theirs
	sign "$repo/objects/$(path_of "$alien")" "$repo/signatures/$alien.p7s" ours
	boot "$(karg "$alien")"
	booted "$a: a detached signature by ours makes up for it"
	same "$a: as our own check" "$(marker signature)" pkcs7
	rm "$repo/signatures/$alien.p7s"

	# A renewed certificate
	hex=$signed
	keys_conf "ours renewed" 'restrict = false' 'require = true' 'require-signed = true'
	fresh
	boot "$(karg)"
	booted "$a: a renewed certificate does not displace the old one"
	same "$a: both are in the ring" "$(in_ring) $(marker signature)" "2 kernel"
	keys_conf renewed 'restrict = false' 'require-signed = true'
	fresh
	boot "$(karg)"
	failed "$a: and does not stand in for it" 6 "$signed"

	# Bad files beside a good one
	keys_conf ours 'restrict = false'
	echo garbage > "$TMPDIR/keys.d/a.pem"
	mkfifo "$TMPDIR/keys.d/z.pem"
	fresh
	boot "$(karg)"
	booted "$a: bad files do not keep out the good one"
	same "$a: they are named" "$(grep -c '[az].pem' err)" 2
	echo 'require-signed = true' >> "$conf"
	fresh
	boot "$(karg)"
	failed "$a: or are failure 11 when signatures are required" 11 a.pem

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
