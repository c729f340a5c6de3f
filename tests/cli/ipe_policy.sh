#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl ipe-policy: the text, its signature, and what is refused.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v openssl > /dev/null || skip "needs openssl"

pair() { # NAME KEY-OPTIONS...
	local name=$1
	shift
	openssl req -x509 -newkey "$@" -nodes -keyout "$name.key" \
		-out "$name.pem" -subj "/CN=$name" 2> /dev/null
}
pair rsa rsa:2048
pair ec ec -pkeyopt ec_paramgen_curve:P-256
sign() { cfsctl ipe-policy --cert "$1.pem" --key "$1.key" "${@:2}"; }

cfsctl ipe-policy > text
same "the text" "$(cat text)" "policy_name=composefs policy_version=1.0.0
DEFAULT action=ALLOW

DEFAULT op=EXECUTE action=DENY
op=EXECUTE boot_verified=TRUE action=ALLOW
op=EXECUTE fsverity_signature=TRUE action=ALLOW"
same "with another name and version" \
	"$(cfsctl ipe-policy --name mine --policy-version 1.2.30 | head -n 1)" \
	"policy_name=mine policy_version=1.2.30"

check "it is signed" quiet sign rsa out.p7b
same "  which is said, and that systemd wants another name" "$(cat quiet.out)" "Wrote out.p7b
  systemd needs it to be called composefs.p7b: under another name it stops the boot"
for name in composefs mine; do
	sign rsa --name $name $name.p7b > quiet.out
	same "  nothing of that if it is $name.p7b" "$(cat quiet.out)" "Wrote $name.p7b"
done
same "  nor with a directory" "$(sign rsa ./../"${PWD##*/}"/composefs.p7b --force)" \
	"Wrote ./../${PWD##*/}/composefs.p7b"
check "  but if it is longer" eval 'sign rsa my-composefs.p7b | grep -q systemd && sign rsa composefs.p7b.new | grep -q systemd'
openssl smime -sign -binary -noattr -nodetach -nosmimecap -outform DER -md sha256 \
	-signer rsa.pem -inkey rsa.key -in text -out want
check "  the bytes are those of openssl smime" cmp out.p7b want
check "by an ECDSA key" quiet sign ec ec.p7b
for who in rsa ec; do
	file=out.p7b
	[ $who = rsa ] || file=ec.p7b
	check "  $who: openssl verifies it, and what it holds is the text" eval \
		"openssl smime -verify -binary -inform DER -in $file -CAfile $who.pem \
			-purpose any -out held 2> /dev/null && cmp held text"
done
refuse "an existing file stays" "--force replaces it" sign ec out.p7b
check "  as it is" cmp out.p7b want
check "unless --force is given" quiet sign ec --force out.p7b
refuse "a directory that is missing" "none/out.p7b" sign rsa none/out.p7b
refuse "a key of another certificate" "does not match" \
	cfsctl ipe-policy --cert rsa.pem --key ec.key x.p7b
check "  nothing is written" test ! -e x.p7b
for wrong in "--name a/b" "--name .. out" "--policy-version 1" "--policy-version 1.2.65536" \
	"new.p7b" "--cert rsa.pem --key rsa.key" "--cert rsa.pem new.p7b" \
	"--cert rsa.pem --key rsa.key a b"; do
	cfsctl ipe-policy $wrong > /dev/null 2> err
	same "usage: ipe-policy $wrong" $? 2
	check "  which is explained" test -s err
done
cfsctl ipe-policy --name 'a b' 2> err
check "a name with a blank is named" grep -qF '"a b"' err
cfsctl ipe-policy > /dev/full 2> err
same "a full disk is noticed" $? 1
finish
