#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# sign, killed wherever it changes something: earlier signatures stay good, and
# the same command then ends with the bytes of an undisturbed run.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

command -v openssl > /dev/null || skip "needs openssl"
command -v strace > /dev/null || skip "needs strace"
strace -qq -o /dev/null true 2> /dev/null || skip "may not trace processes"
KILL_POINTS=6

# RSA signatures of the same bytes are the same.
for who in one two; do
	openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj "/CN=$who" \
		-keyout $who.key -out $who.pem 2> /dev/null || exit 1
done
fixture_rootfs root
fixture_repo template
hex=$(cfsctl --repo template create-image root os) || exit 1
hex=${hex#sha512:}

sign() { cfsctl --repo "$1" sign os --cert "$2.pem" --key "$2.key"; }
signed_by() { cfsctl --repo repo verify-image os --cert "$1.pem" > /dev/null 2>&1; }
sig=repo/signatures/$hex.p7s

cp -a template once
sign once one > /dev/null || exit 1
cp -a once twice
sign twice two > /dev/null || exit 1
first=once/signatures/$hex.p7s
both=twice/signatures/$hex.p7s
cmp -s "$first" "$both"
same "the second signer makes another file" $? 1

usable() {
	cfsctl --repo repo images > /dev/null &&
		cfsctl --repo repo fsck > /dev/null &&
		cfsctl --repo repo image-objects os > /dev/null
}
rerun() { # SIGNER WANT
	sign repo "$1" > /dev/null && cmp "$sig" "$2" && usable &&
		[ -z "$(find repo -name '.tmp-*')" ]
}

unsigned() {
	rm -rf "${TMPDIR:?}/repo"
	cp -a template repo
}
none_or_first() {
	usable && { [ ! -e "$sig" ] || cmp "$sig" "$first"; } &&
		rerun one "$first"
}
kill_everywhere "sign" unsigned none_or_first \
	cfsctl --repo repo sign os --cert one.pem --key one.key

signed() {
	rm -rf "${TMPDIR:?}/repo"
	cp -a once repo
}
first_or_both() {
	usable && signed_by one &&
		{ cmp -s "$sig" "$first" || cmp "$sig" "$both"; } &&
		rerun two "$both" && signed_by one && signed_by two
}
kill_everywhere "a second signer's sign" signed first_or_both \
	cfsctl --repo repo sign os --cert two.pem --key two.key
# What was signed is read back, to be kept for the kernel: no read may fail there
# with nothing said.
tar --sort=name -C root -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay t layer.tar > /dev/null
cfsctl --repo images init --insecure > /dev/null
cfsctl --repo images oci pull oci:lay:t x > /dev/null
oci_sign=(cfsctl --repo repo oci sign x --cert one.pem --key one.key)
fresh_images() { rm -rf "${TMPDIR:?}/repo" && cp -a images repo; }
kept() { [ -n "$(ls repo/signatures 2> /dev/null)" ]; }
fresh_images
strace -f -qq -o calls -e trace=pread64 "${oci_sign[@]}" > /dev/null
check "oci sign keeps what it signed" kept
reads=$(grep -c pread64 calls)
bad=
for n in $(seq $((reads - 23)) "$reads"); do
	fresh_images
	strace -f -qq -o /dev/null -e trace=pread64 \
		-e inject="pread64:error=EIO:when=$n" "${oci_sign[@]}" \
		> out 2> err && ! kept && bad="$bad $n"
done
same "or fails, at each of its last 24 reads" "$bad" ""
finish
