#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the program loads when it starts, and what only when it is needed.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

cat > small.dump <<'D'
/ 4096 40755 3 0 0 0 1.0 - - -
/usr 4096 40755 2 0 0 0 1.0 - - -
/usr/file 5 100644 1 0 0 0 1.0 - hello -
D
compute() { cfsctl compute-id --from-dumpfile small.dump; }

opened() { # COMMAND...: names of the shared libraries it opened
	strace -f -e trace=openat -o trace "$@" > /dev/null || return 1
	sed -n 's|.*"[^"]*/\(lib[^/"]*\.so[^/"]*\)".*= [0-9]*$|\1|p' trace | sort -u | xargs
}

needed=$(readelf -d "$BIN/cfsctl" | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | xargs)
case $needed in *asan*) skip "built with sanitizers, which load more" ;; esac
same "cfsctl needs libc alone to start" "$needed" libc.so.6
hardened() {
	readelf -hldW "$BIN/cfsctl" > elf &&
		grep -q 'Type:.*DYN' elf && grep -q 'FLAGS_1.*NOW.*PIE' elf &&
		grep -q GNU_RELRO elf
}
check "it is position-independent and bound at start" hardened

same "an image is made without another library" \
	"$(opened cfsctl compute-id --from-dumpfile small.dump)" libc.so.6
# As on a processor that has no instructions to hash with; others than x86 do not.
plain="env GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX512F,-AVX512BW,-SHA"
same "whatever the processor can" \
	"$(opened $plain cfsctl compute-id --from-dumpfile small.dump)" libc.so.6
mkdir -p tree/usr
head -c 1M /dev/zero > tree/usr/file
opened $plain cfsctl compute-id tree > libraries
check "for many bytes libcrypto is loaded there, which is faster" \
	grep -q '\blibcrypto\.so\.3\b' libraries
same "and computes the same as the processor here" \
	"$($plain cfsctl compute-id tree)" "$(CFS_HASH=portable cfsctl compute-id tree)"
# On some systems libcrypto has libraries of its own.
libcrypto_and_its_own() {
	local file
	file=$(sed -n 's|.*"\(/[^"]*/libcrypto\.so[^"]*\)".*= [0-9]*$|\1|p' trace | head -n 1)
	{
		printf '%s\n' libc.so.6 "${file##*/}"
		ldd "$file" | sed -n 's|^[[:space:]]*\(lib[^ /]*\) => /.*|\1|p'
	} | sort -u | xargs
}
loaded=$(CFS_HASH=openssl opened cfsctl compute-id --from-dumpfile small.dump)
same "CFS_HASH=openssl loads libcrypto alone" "$loaded" "$(libcrypto_and_its_own)"
check "and that it does" grep -q '\blibcrypto\.so\.3\b' <<< "$loaded"
same "and computes the same" "$(CFS_HASH=openssl compute)" "$(compute)"

dlopen_notes() {
	local soname
	readelf -x .note.dlopen "$BIN/cfsctl" | sed -n 's/^  0x[0-9a-f]* .\{36\}//p' | tr -d '\n' > notes
	for soname in libcrypto.so.3 libext2fs.so.2 libpcre2-8.so.0; do
		grep -qF "\"soname\":[\"$soname\"]" notes || { cat notes; return 1; }
	done
}
check "what is loaded later is named in the binary" dlopen_notes

# In the place of a library that is not there: one that cannot be read.
mkdir broken
: > broken/libcrypto.so.3
: > broken/libext2fs.so.2
without() { LD_LIBRARY_PATH=$PWD/broken "$@"; }
check "nothing of it is needed for an image" without compute
# A processor without vector units hashes by libcrypto, or portably without it.
plain() {
	GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX512F,-AVX512BW,-AVX2,-SHA "$@"
}
if [ "$(uname -m)" = x86_64 ]; then
	same "libcrypto hashes where the processor has no vector units" \
		"$(plain opened cfsctl compute-id --from-dumpfile small.dump)" \
		"$(libcrypto_and_its_own)"
fi
for hash in sha256 sha512; do
	same "without libcrypto and vector units: $hash" \
		"$(plain without cfsctl compute-id --hash $hash --from-dumpfile small.dump)" \
		"$(cfsctl compute-id --hash $hash --from-dumpfile small.dump)"
done
refuse "without libcrypto: hashing by it" "install OpenSSL 3" \
	env CFS_HASH=openssl LD_LIBRARY_PATH="$PWD/broken" cfsctl compute-id --from-dumpfile small.dump
refuse "without libcrypto: making a key" "install OpenSSL 3" without cfsctl genkey keys
check "which leaves nothing behind" test ! -e keys
mkdir root root/usr
cfsctl --repo repo init --insecure > /dev/null 2>&1 &&
	cfsctl --repo repo create-image root img > /dev/null 2>&1
refuse "without libext2fs: a disk" "install libext2fs" without cfsctl --insecure --repo repo disk out.img
check "of which nothing is left either" test ! -e out.img
finish
