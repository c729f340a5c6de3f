#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# make dist: the same commit gives the same tarball, whoever makes it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v git > /dev/null || skip "no git (package git)"
unset MAKEFLAGS MFLAGS MAKELEVEL O

export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
export GIT_AUTHOR_DATE=@1700000000+0000 GIT_COMMITTER_DATE=@1700000000+0000
version=$(sed -n 's/^VERSION *:= *//p' "$CFS_SRC/Makefile")
tar=composefs-seal-$version.tar.gz
one() { git -C one "$@" > /dev/null; }
mkdir one
cp "$CFS_SRC/Makefile" "$CFS_SRC/tcb.mk" one
echo words > one/README.md
echo '#!/bin/sh' > one/script
chmod 755 one/script
one init -q -b main && one add . && one commit -m one || exit 1
git clone -q one two 2> /dev/null || exit 1
dist() { make -s -C "$1" dist > "$1.said" 2>&1 || { cat "$1.said"; return 1; }; }

check "a tarball is made" dist one
echo not committed > two/README.md
touch two/other
differently() (
	umask 077
	export TZ=Asia/Tokyo GZIP=-1
	git -C two config tar.umask 0077
	dist two
)
check "another person makes a tarball of the same commit" differently
check "both have the same bytes" cmp "one/build/$tar" "two/build/$tar"
same "all files are in one folder" "$(tar -tzf "one/build/$tar" | sed 's|/.*||' | sort -u)" \
	"composefs-seal-$version"
same "umask and owner have no effect" \
	"$(tar -tvzf "one/build/$tar" | awk '{ print $1, $2 }' | sort | uniq -c | xargs)" \
	"3 -rw-r--r-- root/root 1 -rwxr-xr-x root/root 1 drwxr-xr-x root/root"

cp "one/build/$tar" tagged.tar.gz
one tag "v$version"
echo more >> one/README.md
one commit -am two
check "a tarball is made after the tag of the version" dist one
check "the tarball is that of the tag" cmp tagged.tar.gz "one/build/$tar"
one tag -d "v$version"
check "a tarball is made without a tag" dist one
check "without a tag, the tarball is that of the last commit" \
	test "$(tar -xzOf "one/build/$tar" "composefs-seal-$version/README.md" | tail -n 1)" = more
finish
