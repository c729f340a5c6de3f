#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/uml-kernel.sh: a User-Mode-Linux kernel that has what sealed boot needs
# (fs-verity with builtin signatures, file-backed EROFS, overlayfs, IPE), so that
# one test runs in a real kernel, as root, in a fraction of a second and without
# privileges on the host. See tests/vm/uml, which runs it.
#
# Usage: deps/uml-kernel.sh [OPTION]...
# OPTION: a setting of deps/uml.config to build without (FS_VERITY), as kernels
# exist that lack it; what depends on it goes as well, and so does IPE
# (deps/uml-ipe.config), which none of those kernels is for.
# Prints the result folder:
#   linux-uml            the kernel, a static program
#   kver                 its release string
#   lib/modules/KVER/    erofs and overlay as .ko.xz, with modules.*.bin
#   config               the configuration that was built
#   policy.key policy.pem   who may sign IPE policies: made with the kernel, for
#                        tests only
#
# The source is the newest linux-source-X.Y package of SUITE. It has to be 6.16
# or newer for UML's seccomp mode: the older ptrace mode fails on processors
# with AMX state.
#
# Environment: SUITE (default sid); DEBIAN_MIRROR, CFS_CACHE, JOBS: deps/lib.sh
# Cache key:   this script, its configurations, SUITE, OPTIONs. Not the version of
#              the source: delete the result to follow the suite.
# Time:        3 to 5 minutes on two cores and a download of 165 MB; then 0.05 s

. "$(dirname "$0")/lib.sh"
. "$deps_dir/apt-private.sh"
: "${SUITE:=sid}"

# Parts of the kernel tree that no UML build reads. Kconfig does read the
# Kconfig files of every folder, so only sources go.
unused=(--exclude='*/Documentation/*' --exclude='*/tools/testing/*'
	--exclude='*/drivers/gpu/drm/*.[ch]' --exclude='*/drivers/net/*/*.[ch]'
	--exclude='*/sound/*.[ch]')

fetch_source() {
	local src=$1 package
	apt_private update "$SUITE"
	package=$(apt_private newest "$SUITE" '^linux-source-[0-9.]+$')
	deps_say "source: $package of $SUITE"
	mkdir "$src" "$src.deb"
	apt_private download "$SUITE" "$src.deb" "$package"
	dpkg-deb --fsys-tarfile "$src.deb/$package"_*.deb |
		tar -xO "./usr/src/$package.tar.xz" | xz -dc -T0 |
		tar -x -C "$src" --strip-components=1 "${unused[@]}"
	rm -rf "$src.deb"
	mkdir -p "$src/Documentation"
	: >"$src/Documentation/Kconfig"
}

configure() {
	local src=$1 obj=$2 line
	cat "${configs[@]}" |
		grep -vE "^CONFIG_(${without// /|})(_[A-Z0-9_]*)?=" >"$obj/wanted"
	"${kmake[@]}" KCONFIG_ALLCONFIG="$obj/wanted" allnoconfig
	# an option that is misspelt or lacks what it depends on is dropped
	# silently by kconfig
	grep '^CONFIG' "$obj/wanted" | while read -r line; do
		grep -qxF "$line" "$obj/.config" ||
			deps_die "the kernel did not take $line (${configs[*]})"
	done
}

make_signer() {
	openssl req -x509 -newkey rsa:2048 -nodes -days 36500 -subj /CN=policy \
		-keyout "$2/policy.key" -out "$2/policy.pem"
	cp "$2/policy.pem" "$1"
}

make_kernel() {
	local work=$1 result=$2
	local src=$work/src obj=$work/obj
	kmake=(make -s -j "$JOBS" -C "$src" ARCH=um O="$obj")
	fetch_source "$src"
	mkdir "$obj"
	[ "$without" != none ] || deps_quiet "$work/signer.log" make_signer "$obj" "$result"
	deps_quiet "$work/config.log" configure "$src" "$obj"
	deps_say "compiling (minutes)"
	deps_quiet "$work/build.log" nice -n 10 "${kmake[@]}" linux modules
	strip -o "$result/linux-uml" "$obj/linux"
	deps_quiet "$work/install.log" "${kmake[@]}" modules_install \
		INSTALL_MOD_PATH="$result" INSTALL_MOD_STRIP=1
	rm -f "$result"/lib/modules/*/build "$result"/lib/modules/*/source
	"${kmake[@]}" kernelrelease >"$result/kver"
	cp "$obj/.config" "$result/config"
	chmod 755 "$result/linux-uml"
}

deps_need gcc make bc flex bison openssl patch xz strip depmod dpkg-deb apt-get flock
without=${*:-none}
configs=("$deps_dir/uml.config")
[ "$without" != none ] || configs+=("$deps_dir/uml-ipe.config")
deps_result uml-kernel "$(deps_key -s "$SUITE" -s "$without" "$0" \
	"${configs[@]}")" make_kernel
