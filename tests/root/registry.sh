#!/bin/bash
# Images from registries and from other programs' stores, through skopeo:
# Debian's docker-registry on a free loopback port, with and without TLS and
# passwords, and a registry that lies.
export REGISTRY=${REGISTRY-$("${CFS_SRC:?run by tests/run}/deps/docker-registry.sh" 2> /dev/null)}
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/registry.sh"

o=$O/tests/tools/ociorigin
py() { python3 -B "$CFS_SRC/tests/oci/$1" "${@:2}"; }

py layout.py make lay
start plain
plain=127.0.0.1:$port plain_pid=$pid
py layout.py push lay "http://$plain" lay || exit 1
r="$o --no-tls-verify"

for tag in one multi docker artifact; do
	$o "oci:lay:$tag" > want
	check "$tag is what the layout has" \
		eval "$r docker://$plain/lay:$tag > got && cmp want got"
done
for platform in linux/amd64 linux/arm64 linux/arm64/v8 linux/riscv64; do
	$o --platform $platform oci:lay:multi > want
	check "multi for $platform" eval \
		"$r --platform $platform docker://$plain/lay:multi > got && cmp want got"
done
refuse "a platform that is missing" \
	"there are: linux/arm64/v8, linux/riscv64, linux/amd64" \
	$r --platform linux/s390x docker://$plain/lay:multi
id=$($o oci:lay:multi | sed -n 's/^manifest //p')
check "by digest" eval "$r docker://$plain/lay@$id | grep -q $id"
check "by digest beside a tag" eval "$r docker://$plain/lay:one@$id | grep -q $id"
check "all layers at once" quiet $r --threads docker://$plain/lay:one
check "left in the middle" quiet $r --threads --half docker://$plain/lay:one
check "what skopeo pushed" eval \
	"skopeo copy -q --dest-tls-verify=false --preserve-digests oci:lay:one docker://$plain/pushed:x > /dev/null &&
	$o oci:lay:one > want && $r docker://$plain/pushed:x > got && cmp want got"
$o --referrers oci:lay:one | grep '^referrer' > want
check "the referrers that a tag lists" eval \
	"$r --referrers docker://$plain/lay:one | grep '^referrer' > got && grep -qf want got"
same "one of them is about something else" "$(wc -l < got)" 2
check "an image without referrers has none" eval \
	"$r --referrers docker://$plain/lay:docker > got && ! grep -q referrer got"

# What is sent is what was pulled, and its signatures go with it.
keys=$CFS_SRC/tests/data/oci/sealing/keys
cfs() { cfsctl --repo "$1" oci "${@:2}"; }
sealed=docker://$plain/sealed:x
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/single layouts/gzip-one
for repo in first second back; do
	cfsctl --repo $repo init --insecure > /dev/null
done
for signer in "first rsa" "second ec"; do
	read -r repo key <<< "$signer"
	quiet cfs $repo pull oci:layouts/single:t single
	cfs $repo sign --cert "$keys/$key.cert.pem" --key "$keys/$key.key.pem" single > "$key.id"
	check "what $key signed is sent" quiet cfs $repo push --no-tls-verify single "$sealed"
	check "it comes back, signed" quiet cfs back pull --no-tls-verify \
		--require-signature --trust-cert "$keys/$key.cert.pem" "$sealed" "single:$key"
done
same "under the same digest" "$(cfs back inspect single:ec --manifest)" "$(cfs first inspect single --manifest)"
same "artifacts of others stay listed" \
	"$($r --referrers $sealed | sed -n 's/^referrer //p' | cut -d' ' -f1 | sort)" "$(sort rsa.id ec.id)"
check "sent again, nothing changes" eval \
	'skopeo inspect --raw --tls-verify=false "docker://$plain/sealed:sha256-$(cfs first inspect single --manifest | head -c -1 | sha256sum | cut -c-64)" > list &&
	quiet cfs second push --no-tls-verify single "$sealed" &&
	skopeo inspect --raw --tls-verify=false "docker://$plain/sealed:sha256-$(cfs first inspect single --manifest | head -c -1 | sha256sum | cut -c-64)" | cmp - list'
quiet cfs first pull --keep-blobs oci:layouts/gzip-one:t kept
check "a compressed layer goes as it came" quiet cfs first push --preserve-digests --no-tls-verify kept docker://$plain/kept:x
same "and nothing is listed about it" "$($r --referrers docker://$plain/kept:x | grep -c ^referrer)" 0
skopeo copy -q --src-tls-verify=false "$sealed" oci:plain:x
check "skopeo copies the image, and leaves its signatures" eval \
	'cfs back untag single:ec > /dev/null; quiet cfs first export kept oci:kept:x && ! grep -q artifactType plain/index.json'
check "nor does what it copied have any" eval '! quiet cfs back pull --require-signature \
	--trust-cert "$keys/rsa.cert.pem" oci:plain:x nothing'
# Annotations stay, also where skopeo alone moves the image.
quiet cfs first pull oci:layouts/single:t inline
quiet cfs first seal --inline inline 2> notes
cfs first sign --inline --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" inline > inline.id
quiet cfs first export inline oci:inline:x
check "skopeo sends annotations" skopeo copy -q --preserve-digests --dest-tls-verify=false oci:inline:x "docker://$plain/inline:x"
check "they come back, signed" quiet cfs back pull --no-tls-verify --require-signature \
	--trust-cert "$keys/rsa.cert.pem" "docker://$plain/inline:x" inline
same "under the same digest" "$(cfs back inspect inline --manifest | head -c -1 | sha256sum | cut -c-64)" "$(cut -c8- inline.id)"
check "from one registry name to another" skopeo copy -q --src-tls-verify=false --dest-tls-verify=false \
	"docker://$plain/inline:x" "docker://$plain/inline2:x"
check "and signed there" quiet cfs back pull --no-tls-verify --require-signature \
	--trust-cert "$keys/rsa.cert.pem" "docker://$plain/inline2:x" inline2
refuse "a registry's answer is shown" "$plain" cfs first push --no-tls-verify single docker://$plain/UPPER:x
refuse "an image has a tag there" "not a digest" cfs first push single "docker://$plain/x@sha256:$(printf %064d 1)"
same "no copies are left" "$(ls -d "${TMPDIR:?}"/cfsctl-* 2> /dev/null)" ""

refuse "a tag that is missing" "no tag 'none' in docker://$plain/lay; there are: " \
	$r docker://$plain/lay:none
check "the tags that there are are named" grep -q 'docker.*sha256-' "stderr.$$"
refuse "no tag is the tag latest" "no tag 'latest'" $r docker://$plain/lay
refuse "a repository that is missing" "manifest unknown" $r docker://$plain/none:one
refuse "a digest that is missing" "manifest unknown" \
	$r docker://$plain/lay@sha256:$(printf x | sha256sum | cut -c1-64)
refuse "no TLS where it is wanted leads to the option" \
	"server gave HTTP response to HTTPS client; if the registry does not use TLS, --no-tls-verify" \
	$o docker://$plain/lay:one

# TLS, and a password: "secret" of "tester"
openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out ca.pem -days 2 \
	-subj /CN=registry -addext subjectAltName=IP:127.0.0.1 2> /dev/null
echo 'tester:$2y$05$PCsYdRXxqmK.fuQAJfYuk.XFWS51LKvAtYpk9qOgzf9uXw1ci2lxa' > htpasswd
start closed ", tls: { certificate: $PWD/ca.pem, key: $PWD/key.pem }" \
	"auth: { htpasswd: { realm: test, path: $PWD/htpasswd } }"
closed=127.0.0.1:$port
py layout.py push lay "https://$closed" lay tester:secret ca.pem || exit 1
mkdir certs
cp ca.pem certs/ca.crt
login() { # FILE USER:PASSWORD
	printf '{"auths":{"%s":{"auth":"%s"}}}' "$closed" "$(printf %s "$2" | base64)" > "$1"
}
login right.json tester:secret
login wrong.json tester:wrong
$o oci:lay:one > want
check "with its certificate and the password" eval \
	"$o --cert-dir certs --authfile right.json docker://$closed/lay:one > got && cmp want got"
check "with any certificate" eval \
	"$r --authfile right.json docker://$closed/lay:one > got && cmp want got"
refuse "an unknown certificate" "; --cert-dir DIR trusts" \
	$o --authfile right.json docker://$closed/lay:one
refuse "a wrong password" "authentication required" \
	$o --cert-dir certs --authfile wrong.json docker://$closed/lay:one
refuse "no password" "authentication required" \
	$o --cert-dir certs docker://$closed/lay:one

# Signatures of a private image come with the credentials that it needs.
private=docker://$closed/sealed:x
check "a signed image is sent with a password" quiet cfs first push --cert-dir certs --authfile right.json single "$private"
check "it comes back, signed" quiet cfs back pull --cert-dir certs --authfile right.json \
	--require-signature --trust-cert "$keys/rsa.cert.pem" "$private" private
refuse "without the password it does not" "authentication required" \
	cfs back pull --cert-dir certs --require-signature --trust-cert "$keys/rsa.cert.pem" "$private" private2

# A registry that lies.
# Not by py, whose subshell would be what is killed in the end.
python3 -B "$CFS_SRC/tests/oci/bad_registry.py" lay > bad.port 2> bad.log &
servers="$servers $!"
wait_for bad.port . || exit 1
bad=docker://127.0.0.1:$(cat bad.port)
check "the lying registry can tell the truth" eval "$r $bad/good:one > got && cmp want got"
refuse "other bytes" "corrupted blob" $r $bad/other-blob:one
refuse "a blob that is cut short" "unexpected EOF" $r $bad/cut-blob:one
refuse "a blob that is longer" "corrupted blob" $r $bad/long-blob:one
refuse "another manifest for a digest" "digest" $r $bad/other-digest@$id
refuse "a manifest without an end" "4194304" $r $bad/huge:one
refuse "a page in place of a manifest" "JSON" $r $bad/html:one
$r $bad/escape:one 2> err
check "words of a registry are one line that a terminal only shows" eval \
	'[ $(wc -l < err) = 1 ] && grep -q denied err && ! grep -qP "[\x00-\x09\x0b-\x1f]|\xe2\x80\xae" err'

# A kill leaves nothing: neither files nor processes.
login kill.json x:y
before=$(ls -A)
$r --authfile kill.json $bad/drip:one > /dev/null 2>&1 &
killed=$!
wait_for drips '' || exit 1
check "skopeo is at work" quiet pgrep -f "skopeo.*kill.json"
kill -9 $killed
wait $killed 2> /dev/null
gone() {
	for _ in $(seq 2000); do
		pgrep -f "skopeo.*kill.json" > /dev/null || return 0
		sleep 0.05
	done
	return 1
}
check "it ends with the program that started it" gone
same "no files are left" "$(ls -A | grep -vx drips)" "$before"

kill $plain_pid
wait $plain_pid 2> /dev/null
refuse "a registry that is down" "connection refused" $r docker://$plain/lay:one
check "nothing waits for an answer" gone

# Stores and archives of other programs.
store="containers-storage:[vfs@$PWD/store+$PWD/run]localhost/x:y"
check "skopeo fills a store" quiet "${CFS_STORE_SKOPEO:-skopeo}" copy -q oci:lay:one "$store"
check "an image of a store" eval "$o '$store' > got && grep -q '^platform linux/amd64' got"
same "its layers are there by their archives" "$(grep -c '^blob' got)" 4
check "it has the manifest that was pulled" cmp <(head -n 1 want) <(head -n 1 got)
config=$(skopeo inspect --raw oci:lay:one | python3 -c '
import json, sys
print(json.load(sys.stdin)["config"]["digest"])')
cp got named
for id in "$config" "${config#sha256:}"; do
	check "by its id $id, too" eval "$o '${store%localhost/x:y}$id' > got && cmp named got"
done
refuse "another id is in no store" "image name" $o "${store%localhost/x:y}${config%??}00"
refuse "an image that is not in the store" "does not" $o "${store%y}z"
check "skopeo writes an archive of Docker's" \
	skopeo copy -q oci:lay:one docker-archive:docker.tar:x/y:z
check "an archive of Docker's" eval "$o docker-archive:docker.tar > got && grep -q '^platform linux/amd64' got"
check "its image by name" quiet $o docker-archive:docker.tar:x/y:z
check "skopeo writes a directory" quiet skopeo copy -q oci:lay:one dir:directory
check "the directory is read without it" eval \
	"$o dir:directory > got && cmp want got"

mkdir empty
refuse "without skopeo the package is named" "package skopeo" \
	env PATH="$PWD/empty" "$o" docker://x/y
finish
