#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The Debian packages build, lintian finds no error, and they contain what their
# names say. dh_missing fails the build if no package has an installed file.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
for tool in dpkg-buildpackage dh lintian; do
	command -v $tool > /dev/null || skip "no $tool"
done

STATIC_PREFIX=$(sed -n 's/^STATIC_PREFIX := //p' "$O/deps.mk")
# The packages are built in a folder of their own, with settings of their own.
unset O MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS WERROR
export STATIC_PREFIX DEB_BUILD_OPTIONS="nocheck parallel=2"
mkdir source
tar -C "$CFS_SRC" --exclude=./build --exclude=./.git -cf - . | tar -C source -xf -
version=$(sed -n 's/^VERSION *:= *//p' source/Makefile)
same "the changelog has the version of the Makefile" \
	"$(cd source && dpkg-parsechangelog -S Version | sed 's/-[^-]*$//')" "$version"

build() {
	(cd source && dpkg-buildpackage -us -uc -b) > build.log 2>&1 ||
		{ tail -n 30 build.log; return 1; }
}
compiled() { grep -o ' -c [^ ]*\.c -o [^ ]*' build.log; }
mkdir outer
touch outer/file
O=$PWD/outer check "dpkg-buildpackage builds" build
check "dpkg-buildpackage ignores O of the environment" test -e outer/file
check "the build log shows commands" test "$(compiled | wc -l)" -gt 100
same "no source is compiled twice" "$(compiled | sort | uniq -d)" ""
packages="cfsctl composefs-setup-root composefs-setup-root-dracut"
for package in $packages; do
	mkdir "$package"
	check "$package is built" dpkg-deb -x "$package"_*.deb "$package"
done
lint() { # lintian refuses to run as root without being told
	lintian --allow-root --fail-on error ./*.changes > lintian.log 2>&1
	local r=$?
	cat lintian.log
	return $r
}
check "lintian finds no error" lint

for file in cfsctl/usr/bin/cfsctl \
	cfsctl/usr/lib/systemd/system/composefs.socket \
	cfsctl/usr/lib/systemd/system/composefs@.service \
	cfsctl/usr/share/man/man1/cfsctl.1.gz \
	composefs-setup-root/usr/lib/composefs/composefs-setup-root \
	composefs-setup-root/usr/lib/systemd/system/composefs-setup-root.service \
	composefs-setup-root/usr/share/initramfs-tools/hooks/composefs \
	composefs-setup-root-dracut/usr/lib/dracut/modules.d/50composefs/module-setup.sh; do
	check "$file" test -s "$file"
done
check "cfsctl runs" quiet cfsctl/usr/bin/cfsctl --version
check "composefs-setup-root runs" quiet \
	composefs-setup-root/usr/lib/composefs/composefs-setup-root --version

# What the program loads with dlopen() stands in its notes.
dpkg-deb -f cfsctl_*.deb Recommends Suggests > optional
sonames=$(readelf -p .note.dlopen "$BIN/cfsctl" | sed -n 's/.*"soname":\["\([^"]*\)".*/\1/p')
check "cfsctl loads libraries" test -n "$sonames"
for soname in $sonames; do
	package=$(dpkg -S "*/$soname" | sed 's/:.*//' | head -n 1)
	check "$soname: cfsctl recommends or suggests its package, ${package:=unknown}" \
		grep -qwF -e "$package" optional
done
same "no package has the names of composefs' C tools" "$(find $packages -name '*mkcomposefs*' -o \
	-name 'composefs-info*' -o -name 'composefs-dump*' -o -name 'mount.composefs*')" ""
same "no package enables a unit" "$(find $packages -path '*.wants/*')" ""
finish
