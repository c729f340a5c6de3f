#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# RPM packages build from the spec, rpmlint finds no error in it, and they contain
# what their names say. rpmbuild fails if no package has an installed file. The
# required packages have other names on Debian and are not looked for.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v rpmbuild > /dev/null || skip "no rpmbuild"

libs=$(sed -n 's/^STATIC_PREFIX := //p' "$O/deps.mk")
# The packages are built in a folder of their own, with settings of their own.
unset O MAKEFLAGS MFLAGS MAKELEVEL CC CFLAGS CPPFLAGS LDFLAGS WERROR
version=$(sed -n 's/^VERSION *:= *//p' "$CFS_SRC/Makefile")
spec=$CFS_SRC/packaging/composefs-seal.spec
same "the spec has the version of the Makefile" \
	"$(sed -n 's/^Version: *//p' "$spec")" "$version"
if command -v rpmlint > /dev/null; then
	check "rpmlint finds no error" quiet rpmlint -r "${spec%.spec}.rpmlintrc" "$spec"
	same "rpmlint finds nothing to warn of" "$(grep -E ': [EW]: ' quiet.out)" ""
else
	echo "ok - # SKIP no rpmlint"
fi
mkdir -p rpm/SOURCES rpm/tmp
tar -C "$CFS_SRC" --exclude=./build --exclude=./.git \
	--transform "s,^\.,composefs-seal-$version," \
	-czf "rpm/SOURCES/composefs-seal-$version.tar.gz" .

# Debian's rpm lacks some macros of Fedora. The flags only save time.
build() {
	rpmbuild -bb --nodeps --nocheck --define "_topdir $PWD/rpm" \
		--define "_tmppath $PWD/rpm/tmp" \
		--define "static_prefix $libs" --define '_unitdir /usr/lib/systemd/system' \
		--define 'set_build_flags export CFLAGS=-O0' --define '_smp_build_ncpus 2' \
		--define '_smp_mflags -j2' --define 'debug_package %{nil}' \
		"$spec" > build.log 2>&1 || { cut -c -300 build.log | tail -n 30; return 1; }
}
check "rpmbuild builds" build
same "%install compiles nothing" \
	"$(sed '1,/^Executing(%install)/d' build.log | grep -c ' -c [^ ]*\.c ')" 0
for package in cfsctl composefs-setup-root composefs-setup-root-dracut; do
	rpm -qlp "$(find rpm/RPMS -name "$package-$version-*")" > "$package.list" 2> /dev/null
done
for file in cfsctl:/usr/bin/cfsctl \
	composefs-setup-root:/usr/lib/composefs/composefs-setup-root \
	composefs-setup-root-dracut:/usr/lib/dracut/modules.d/50composefs/module-setup.sh; do
	check "${file%%:*} has ${file#*:}" grep -qx "${file#*:}" "${file%%:*}.list"
done
same "no package has the names of composefs' C tools" \
	"$(grep -hE '/(mkcomposefs|composefs-info|composefs-dump|mount.composefs)' ./*.list)" ""
finish
