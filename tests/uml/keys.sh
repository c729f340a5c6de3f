#!/bin/bash
# The signature vectors before a real kernel: what it answers when fs-verity is
# enabled with each of them, and what our two checkers answer beside it.  Then
# the ring: found, filled, locked.
# Source of the expected answers: tests/data/keys/make.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
data=$CFS_SRC/tests/data/keys
sigcheck=$O/tests/tools/sigcheck

# fs-verity digests of 100000 x "a", fsverity-utils 1.5
sha256=c52abacd52ffc50b73d24334d69a7d32d1986abf9a021419c7359796bf143941
sha512=c5079d315afde9bc7fddb02bdddcffa9378c7cdbf48abbc9d006830bfa0761249d9877787189867eeb904f68ac8682a29b7484153ec94e83d732476e057f79d2

truncate -s 16M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"

ring=$((0x$(awk '$8 == "keyring" && $9 == ".fs-verity:" { print $1 }' /proc/keys)))
same "the kernel has a .fs-verity keyring" "$((ring != 0))" 1

load() { # NAME,...: these certificates and no others
	local name
	keyctl clear "$ring"
	[ "$1" = - ] && return
	for name in ${1//,/ }; do
		openssl x509 -in "$data/$name.pem" -outform DER |
			keyctl padd asymmetric "" "$ring" > /dev/null
	done
}

enable() { # BLOB ALGORITHM
	local mode=enable
	[ "$2" = sha512 ] && mode=enable512
	head -c 100000 /dev/zero | tr '\0' a > fs/file
	"$sigcheck" $mode "$data/$1" fs/file
	rm -f fs/file
}

while read -r blob alg names user kernel; do
	certs=()
	[ "$names" = - ] || for n in ${names//,/ }; do certs+=("$data/$n.pem"); done
	load "$names"
	what="$blob over $alg, $names loaded"
	same "kernel: $what" "$(enable "$blob" "$alg")" "$kernel"
	same "pkey_verify: $what" \
		"$("$sigcheck" kernel "$data/$blob" "${!alg}" "${certs[@]}")" "$user"
	same "libcrypto: $what" \
		"$("$sigcheck" crypto "$data/$blob" "${!alg}" "${certs[@]}")" "$user"
done < "$data/expect"

# Of two certificates with one issuer and serial number the kernel sees one:
# whichever, we refuse.
load rsa,clash
a=$(enable rsa512.p7 sha512)
load clash,rsa
b=$(enable rsa512.p7 sha512)
same "clashing certificates shadow each other" \
	"$(printf '%s\n' "$a" "$b" | sort | tr '\n' ' ')" "0 EKEYREJECTED "
same "clashing certificates are refused by us" \
	"$("$sigcheck" kernel "$data/rsa512.p7" "$sha512" "$data/rsa.pem" "$data/clash.pem")" \
	EKEYREJECTED


# The ring by our own hands.
keyctl clear "$ring"
status() { cfsctl keyring status | sed -n "s/^$1: *//p"; }
same "the ring is empty" "$(status certificates)" 0
same "the kernel checks signatures" "$(status 'builtin signatures')" yes
check "a bundle is added" eval \
	'cat $data/rsa.pem $data/ec.pem > both.pem && cfsctl keyring add-cert both.pem $data/rsa2.pem'
same "all of a bundle are in it" "$(status certificates)" 3
fingerprint() {
	openssl x509 -in "$data/$1.pem" -outform DER | sha256sum | cut -d' ' -f1
}
same "each is called by its fingerprint" \
	"$(cfsctl keyring list | cut -d' ' -f2- | sort)" \
	"$(for c in ec rsa rsa2; do echo "sha256:$(fingerprint $c)"; done | sort)"
same "as JSON too" "$(cfsctl keyring list --json |
	grep -c '^      "description": "sha256:[0-9a-f]*"$')" 3
same "the status as well" "$(cfsctl keyring status --json |
	grep -c '"builtin_signatures": true\|"certificates": 3\|"locked": false')" 3
check "a certificate is added again" eval \
	'cfsctl keyring add-cert $data/rsa.pem 2>&1 | grep -q "rsa.pem was in the keyring already"'
same "which changes nothing" "$(status certificates)" 3
check "two are added for one key and subject" \
	cfsctl keyring add-cert "$data/before.pem" "$data/renewed.pem"
same "neither displaces the other" "$(status certificates)" 5
refuse "what is no certificate is refused" "no certificate in it" \
	cfsctl keyring add-cert "$data/expect"
refuse "a size that the kernel lacks is refused" "size" \
	cfsctl keyring add-cert "$data/odd.pem"
refuse "an algorithm that the kernel lacks is refused" "algorithm" \
	cfsctl keyring add-cert "$data/ed.pem"
same "the ring has what it had" "$(status certificates)" 5
check "an expired certificate is added" cfsctl keyring add-cert "$data/old.pem"
same "it is not locked" "$(status locked)" no
check "it is locked" cfsctl keyring lock
check "it is locked again" cfsctl keyring lock
same "it says so" "$(status locked)" yes
same "it is counted still" "$(status certificates)" 6
refuse "it is not listed any more" "locked" cfsctl keyring list
refuse "nothing is added any more" "add the certificate" \
	cfsctl keyring add-cert "$data/ec384.pem"
refuse "root cannot clear it" "" keyctl clear "$ring"
refuse "root cannot open it again" "" keyctl setperm "$ring" 0x3f3f0000
same "signatures are checked as before" "$(enable rsa256.p7 sha256)" 0
same "strangers' too" "$(enable ec384.p7 sha512)" ENOKEY
refuse "others cannot see it" "be root" as_nobody cfsctl --repo x keyring status
finish
