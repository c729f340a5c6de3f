#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# fetch: images from web servers, of which only what is missing is asked for.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/http.sh"

needs openssl zstd

on() { # REPOSITORY COMMAND...
	cfsctl --repo "$@"
}
fresh() { # REPOSITORY
	rm -rf "${1:?}" && on "$1" init --insecure > /dev/null
}
fetch() { # REPOSITORY ARGUMENT...
	quiet on "$1" fetch "${@:2}" 2> err
}
whole() { # REPOSITORY IMAGE
	on "$1" fsck > /dev/null && on "$1" mount --check "$2"
}
requests() {
	wc -l < log
}

mkdir -p tree/usr tree/etc
for i in 1 2 3 4 5; do
	head -c $((140000 + i * 1000)) /dev/urandom > "tree/usr/random$i"
	seq $((i * 100000)) > "tree/usr/text$i"
done
for i in $(seq 200); do
	seq "$i" $((i * 40 + 100)) > "tree/etc/$i"
done
fresh build
old=$(on build create-image tree os/stable) || exit 1
old=${old#sha512:}
on build publish web > /dev/null 2>&1 || exit 1
serve . log
export=$url/plain/web

# The first fetch.
fresh repo
check "an image by its digest" fetch repo "$export" "$old"
same "prints it" "$(cat quiet.out)" "sha512:$old"
check "and on the standard error what came" grep -q '^fetched 210 objects' err
check "everything is there" whole repo "$old"
same "as it was built" "$(cd repo/objects && find . -type f | sort)" \
	"$(cd build/objects && find . -type f | sort)"
same "export.json, image, index, the pack, and a request for each large object" \
	"$(requests)" $((4 + $(find web/objects -type f | wc -l)))
same "which are all bytes of it" "$(received log)" \
	"$(find web -type f ! -name '*.list' -printf '%s\n' | awk '{ n += $1 } END { print n }')"
same "without a name it has none" "$(on repo images --json | grep -c '"name"')" 0
: > log
check "once more, with a name" fetch repo "$export" "sha512:$old" --name here/os
same "asks for export.json alone" "$(cut -d' ' -f1 log)" /plain/web/export.json
check "and the name is there" quiet on repo image-objects here/os
same "upper case is the same digest" "$(on repo fetch "$export" "$(tr a-f A-F <<< "$old")" 2> err)" "sha512:$old"

# An update: bytes and requests.
head -c 150000 /dev/urandom > tree/usr/random3
for i in 7 8 9; do
	head -c 3000 /dev/urandom > "tree/etc/$i"
done
next=$(on build create-image tree os/stable)
next=${next#sha512:}
on build publish web > /dev/null 2>&1
: > log
check "an update" fetch repo "$export" "$next" --name here/os
check "is whole" whole repo here/os
same "by five requests" "$(requests)" 5
same "one of which is a range of the new pack" "$(grep -c '/packs/00000001.pack 0-8999 206 9000 ' log)" 1
same "one the new object" "$(grep -c '/objects/.* 200 150000 ' log)" 1
same "one a patch of the image" "$(grep -c "/images/$next.from-${old:0:16}.zst - 200" log)" 1
own=$(stat -c %s "web/images/$next.index" "web/images/$next.from-${old:0:16}.zst" \
	web/export.json | awk '{ n += $1 } END { print n }')
same "and no byte too many" "$(received log)" $((159000 + own))
same "the name leads to the new one" "$(readlink repo/images/refs/here/os | sed 's|.*/||')" "$next"
check "the one before stays" quiet on repo image-objects "$old"
same "no temporary file is left" "$(find repo -name '.tmp-*')" ""
fresh repo2
: > log
check "two at once" fetch repo2 "$export" "$old" "$next"
same "print both" "$(cat quiet.out)" "sha512:$old
sha512:$next"
check "both are whole" eval 'whole repo2 "$old" && whole repo2 "$next"'
refuse "which cannot have one name" "--name is for one image" on repo2 fetch "$export" "$old" "$next" --name x

# What is missing or damaged comes again.
: > log
rm "$(find repo2/objects -type f -size 30)" 2> /dev/null
object=$(find repo2/objects -type f -size -10 | head -n 1)
rm "$object"
check "a missing object" fetch repo2 "$export" "$old" "$next"
check "comes again" whole repo2 "$next"
image=repo2/objects/${old:0:2}/${old:2}
chmod u+w "$image" && printf x | dd of="$image" bs=1 seek=5000 conv=notrunc status=none
check "a damaged image" fetch repo2 "$export" "$old"
check "too" whole repo2 "$old"

# Patches that are of no use.
patch=web/images/$next.from-${old:0:16}.zst
cp "$patch" kept.patch
prepare() {
	fresh repo3 && fetch repo3 "$export" "$old" && : > log
}
prepare
rm "$patch"
check "a patch that is not there" fetch repo3 "$export" "$next"
same "is passed over" "$(grep -c "$next.image.zst - 200" log)" 1
check "for the whole image" whole repo3 "$next"
prepare
head -c 5000 /dev/urandom > "$patch"
check "one that is none, too" fetch repo3 "$export" "$next"
check "for the whole image" whole repo3 "$next"
prepare
zstd -qf --patch-from="build/images/$next" "build/images/$old" -o "$patch" 2> /dev/null
check "and one of something else" fetch repo3 "$export" "$next"
check "for the whole image" whole repo3 "$next"
cp kept.patch "$patch"
prepare
image=repo3/objects/${old:0:2}/${old:2}
chmod u+w "$image" && printf x | dd of="$image" bs=1 seek=5000 conv=notrunc status=none
check "the image here is damaged" fetch repo3 "$export" "$next"
same "no patch of it is asked for" "$(grep -c from- log)" 0

# Signatures.
for who in signer other; do
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$who" \
		-keyout $who.key -out $who.pem 2> /dev/null || exit 1
done
fresh repo
refuse "a name without a certificate" "give the image's digest, or --cert" on repo fetch "$export" os/stable
refuse "an image without a signature" "no signature" on repo fetch "$export" os/stable --cert signer.pem
quiet on build sign os/stable --cert signer.pem --key signer.key
quiet on build sign os/stable --objects=all --cert signer.pem --key signer.key
on build publish web > /dev/null 2>&1
: > log
refuse "signed by another" "not signed by any of the given certificates" on repo fetch "$export" os/stable --cert other.pem
same "not even the image is asked for" "$(requests)" 2
same "and nothing is there" "$(find repo/objects repo/images -type f -o -type l)" ""
check "a name with the right certificate" fetch repo "$export" os/stable --cert signer.pem
same "prints the digest" "$(cat quiet.out)" "sha512:$next"
check "and the image has that name" whole repo os/stable
check "its signature came" quiet on repo verify-image os/stable --cert signer.pem
check "and those of its objects" cmp "repo/signatures/$next.pack" "build/signatures/$next.pack"
check "fsck finds nothing" quiet on repo fsck
refuse "a digest with a certificate has to be signed as well" "no signature" on repo fetch "$export" "$old" --cert signer.pem
check "one of several is enough" fetch repo "$export" "$next" --cert other.pem --cert signer.pem --name again
refuse "no such name" "has no image os/none" on repo fetch "$export" os/none --cert signer.pem
cp "web/images/$next.p7" kept.p7
openssl x509 -in signer.pem -outform der > "web/images/$next.p7"
refuse "a signature that is none" "$next.p7" on repo fetch "$export" os/stable --cert signer.pem
cp kept.p7 "web/images/$next.p7"

cp -r web bare && rm bare/images/*.sigpack.zst bare/images/*.from-*
prepare
check "a server that refuses access to what it lacks" fetch repo3 "$url/bucket/bare" "$next" --cert signer.pem
same "was asked for a patch and for signatures of objects" "$(grep -c '/bucket/.* 403 ' log)" 2
check "the rest is fetched" whole repo3 "$next"
refuse "but no image" "refuses access" on repo3 fetch "$url/bucket/bare" "$(printf '0%.0s' $(seq 128))"

# Digests.
fresh repo
refuse "no such image" "has no image" on repo fetch "$export" "$(printf '0%.0s' $(seq 128))"
refuse "a digest of the other algorithm" "is of sha256" on repo fetch "$export" "$(printf '0%.0s' $(seq 64))"
refuse "a digest that is cut" "not a whole digest" on repo fetch "$export" "sha512:${old:0:60}"
refuse "with the name of the other algorithm" "is a digest of sha512" on repo fetch "$export" "sha256:$old"
rm -rf s256 && on s256 init --insecure --algorithm sha256 > /dev/null
refuse "into a repository of the other algorithm" "this repository has those of sha256" \
	on s256 fetch "$export" "$old"
refuse "nothing is served there" "neither export.json nor meta.json" on repo fetch "$url/plain/tree" "$old"
refuse "an option that is no number" "is not 1 to 256" on repo fetch --parallel 0 "$export" "$old"
refuse "or no number of bytes" "is not a number of bytes" on repo fetch --limit-rate 1X "$export" "$old"
refuse "no web server's address" "http" on repo fetch "file://$PWD/web" "$old"
refuse "a name that no image can have" "name" on repo fetch "$export" "$old" --name ../x

# Servers with faults that pass.
for mode in no-ranges short busy step; do
	fresh repo
	check "from a server that is /$mode/" fetch repo "$url/$mode/web" "$next"
	check "it is whole" whole repo "$next"
done
fresh repo
: > log
check "one request at a time" fetch repo --parallel 1 "$export" "$next"
same "by one connection" "$(cut -d' ' -f5 log | sort -u | wc -l)" 1
fresh repo
check "with a limit of the rate" fetch repo --limit-rate 50M "$export" "$next"

# By TLS.
openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=127.0.0.1 \
	-addext subjectAltName=IP:127.0.0.1 -keyout tls.key -out tls.pem 2> /dev/null
cat tls.key tls.pem > tls.both
plain_url=$url
serve . tls.log --tls tls.both
tls=https://${url#*://}
url=$plain_url
fresh repo
refuse "a server that no authority vouches for" "certificate" on repo fetch "$tls/plain/web" "$next"
check "one that --ca does" fetch repo "$tls/plain/web" "$next" --ca tls.pem
check "it is whole" whole repo "$next"
refuse "no such file of authorities" "nothing.pem" on repo fetch "$tls/plain/web" "$next" --ca nothing.pem

# Mirrors, in their order.
cp -r web mirror
rm mirror/packs/00000000.pack
fresh repo
: > log
check "a mirror is asked for what the first one lacks" fetch repo "$url/plain/mirror" "$next" --mirror "$export"
same "and for nothing else" "$(grep -v /plain/mirror log | cut -d' ' -f1 | sort -u)" /plain/web/packs/00000000.pack
check "it is whole" whole repo "$next"
for object in mirror/objects/*/*; do
	head -c "$(stat -c %s "$object")" /dev/zero > "$object"
done
fresh repo
check "or has wrong bytes of" fetch repo "$url/plain/mirror" "$next" --mirror "$url/broken/x" --mirror "$export"
check "it is whole, too" whole repo "$next"
fresh repo
# Which file ends first is up to the scheduler: the pack, which one server lacks, or
# an object, which both have wrong.
refuse "all are wrong" "$url/" on repo fetch "$url/plain/mirror" "$next" --mirror "$url/wrong/web"
check "  and one is named" grep -q "$url/\(plain/mirror/objects\|wrong/web/packs\)/" "$TMPDIR/stderr.$$"
check "nothing wrong was stored" quiet on repo fsck

# Objects of other repositories.
fresh repo
: > log
check "objects come from another repository" fetch repo "$export" "$next" --from repo2
check "all of them" grep -q '210 from other repositories' err
same "and no pack is asked for" "$(grep -c packs log)" 0
check "it is whole" whole repo "$next"
fresh repo
object=$(find repo2/objects -type f -size -10 | head -n 1)
chmod u+w "$object" && echo wrong > "$object"
check "but none that is damaged there" fetch repo "$export" "$next" --from repo2
check "it is whole, however" whole repo "$next"
for to in /etc/passwd "${object##*/}"; do
	ln -sf "$to" "$object"
	fresh repo
	check "nor a link there" fetch repo "$export" "$next" --from repo2
	check "it is whole, too" whole repo "$next"
done
refuse "no such repository" "nowhere" on repo fetch "$export" "$next" --from nowhere

# A repository that is served as it is.
fresh repo
: > log
check "from a repository" fetch repo "$url/plain/build" "$next"
check "it is whole" whole repo "$next"
same "a request for each object, and four" "$(requests)" $((210 + 3))
fresh repo
check "with a signature" fetch repo "$url/plain/build" "$next" --cert signer.pem
check "which is kept" quiet on repo verify-image "$next" --cert signer.pem
check "as are those of objects" cmp "repo/signatures/$next.pack" "build/signatures/$next.pack"
refuse "its names cannot be looked up" "names cannot be looked up" on repo fetch "$url/plain/build" os/stable --cert signer.pem
refuse "an image that is not there" "has no image" on repo fetch "$url/plain/build" "$(printf '0%.0s' $(seq 128))"

# One of composefs-rs, which $CFSCTL_PEER made.
if [ -x "${CFSCTL_PEER-}" ]; then
	"$CFSCTL_PEER" --repo peer init --insecure > /dev/null
	id=$("$CFSCTL_PEER" --insecure --repo peer create-image "$PWD/tree" os | tail -n 1)
	fresh repo
	check "from a repository of composefs-rs" fetch repo "$url/plain/peer" "${id##*:}" --name os
	check "it is whole" whole repo os
fi

# The repository is in use.
fresh repo
flock -x repo sh -c ': > locked; while [ ! -e seen ]; do sleep 0.1; done' &
while [ ! -e locked ]; do sleep 0.1; done
rm -f err
on repo fetch "$export" "$next" > /dev/null 2> err &
pid=$!
while ! grep -qs . err && kill -0 $pid 2> /dev/null; do sleep 0.1; done
check "a lock is waited for, and who holds it is said" grep -q lock err
: > seen
wait $pid
same "and then the image is fetched" $? 0
if unshare -rm mount -t tmpfs none /mnt 2> /dev/null; then
	small() {
		# shellcheck disable=SC2016
		unshare -rm sh -c 'mount -t tmpfs -o size=600k none "$1" && cd "$1" &&
			cfsctl --repo r init --insecure > /dev/null && cfsctl --repo r fetch "$2" "$3" &&
			exit; cfsctl --repo r fsck > /dev/null; exit 1' - . "$@"
	}
	: > log
	refuse "a file system that is too small" "the file system has" small "$export" "$next"
	same "is noticed before objects are asked for" "$(grep -c 'objects/\|packs/' log)" 0
fi
finish
