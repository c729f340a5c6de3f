#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What names an image: wherever IMAGE stands, all of it is taken.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_repo repo
fixture_rootfs tree
cfs() { cfsctl --repo repo "$@"; }
printed=$(cfs create-image tree os/stable)
digest=${printed#sha512:}
short=${digest:0:12}
objects=$(cfs image-objects os/stable)
cfsctl genkey keys > /dev/null

for image in os/stable refs/os/stable "$digest" "$printed" "$short" \
	"sha512:$short" "${digest:0:64}" "${digest^^}"; do
	same "image-objects ${image:0:24}" "$(cfs image-objects "$image")" \
		"$objects"
	same "  its karg" "$(cfs composefs-digest-karg "$image")" \
		"composefs.digest=v1-sha512-12:$digest"
	check "  dump-files" cfs dump-files "$image" /usr
	check "  diff" cfs diff "$image" os/stable
	check "  sign" cfs sign "$image" --cert keys/cert.pem --key keys/key.pem
	check "  verify-image" cfs verify-image "$image" --cert keys/cert.pem
done

refuse "eleven digits are none" "image not found: ${digest:0:11}" \
	cfs image-objects "${digest:0:11}"
refuse "nor is a digest with a bad digit" "image not found: sha512:${short}x" \
	cfs image-objects "sha512:${short}x"

# An image whose digest begins as the other's does.
twin=${digest:0:20}$(printf '%0108d' 0)
ln -s ../objects/00/11 "repo/images/$twin"
refuse "two images that begin so are listed" "2 images have digests that begin" \
	cfs image-objects "$short"
check "with the digits that tell them apart" \
	sh -c "cfsctl --repo repo image-objects $short 2>&1 |
		grep -q '${digest:0:21}.*, \|, ${digest:0:21}'"
same "one digit that differs is enough" \
	"$(cfs image-objects "${digest:0:21}")" "$objects"
rm "repo/images/$twin"

refuse "a name that is not there: which are" "there is os/stable" \
	cfs image-objects os/stabel
for i in 1 2 3 4 5 6 7; do
	cfs create-image tree "many/$i" > /dev/null
done
refuse "the nearest come first" \
	"there are os/stable, many/1, many/2, many/3, many/4 and 3 more" \
	cfs image-objects os/stabel
fixture_repo empty
refuse "no names at all" "no image of this repository has a name" \
	cfsctl --repo empty image-objects x
refuse "64 digits in a repository of SHA-512" \
	"64 digits name a SHA-256 image, this repository has SHA-512" \
	cfs image-objects "$(printf '%064d' 7)"
refuse "sha256: likewise" "this repository has SHA-512" \
	cfs image-objects sha256:123456789012
cfsctl --repo small init --insecure --algorithm sha256 > /dev/null
refuse "and the other way around" \
	"128 digits name a SHA-512 image, this repository has SHA-256" \
	cfsctl --repo small image-objects "$digest"
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/boot-plain
quiet cfs oci pull oci:layouts/boot-plain:t pulled
refuse "a tag is no name of an image, and that it is one is said" \
	"image not found: pulled (there is an OCI image of this name: see \`cfsctl help oci\`)" \
	cfs mount --check pulled
check "disk --state takes it too" \
	cfs disk --state "$printed" d.img
finish
