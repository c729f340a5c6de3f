# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=bash
#
# deps/apt-private.sh: packages of any Debian suite, without touching the
# system's own package sources. Sourced after deps/lib.sh; needs bash, apt and
# the Debian archive keyring; root is not needed.
#
# SUITE is the suite's name, or SUITE:ARCH for packages of another architecture
# than the system's. Lists and archives lie below the cache, in apt/SUITE/. The
# metadata is signed and checked by apt as usual (Signed-By the Debian archive
# keyring), and every package is checked against it. The mirror is the one that
# the system's own apt is configured with.
#
# Environment: DEBIAN_MIRROR  another mirror (a URI as in sources.list)
#
#   apt_private update SUITE [deb-src]     read the lists (kept for 6 hours)
#   apt_private newest SUITE REGEX         newest package by name, version order
#   apt_private depends SUITE PACKAGE      names that PACKAGE depends on
#   apt_private download SUITE DIR PACKAGE...
#   apt_private source SUITE DIR PACKAGE...   .dsc and tarballs, not unpacked
#   apt_private unpack DIR ROOT            unpack every .deb of DIR into ROOT

apt_private_keyring=/usr/share/keyrings/debian-archive-keyring.gpg

# Prints the mirror of the main archive that apt is configured with.
apt_private_mirror() {
	local uri
	if [ -n "${DEBIAN_MIRROR:-}" ]; then
		echo "$DEBIAN_MIRROR"
		return
	fi
	# with lists read, the origin is known; without, guess by the path
	# whole outputs are taken before head: a closed pipe is an error here
	uri=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' 'Origin: Debian' | grep -v -e '-security' || :)
	[ -n "$uri" ] || uri=$(apt-get indextargets --format '$(REPO_URI)' \
		'Created-By: Packages' | grep -E '/debian/?$' || :)
	[ -n "$uri" ] || {
		deps_say "no Debian mirror in apt's configuration: set DEBIAN_MIRROR"
		return 1
	}
	echo "${uri%%$'\n'*}"
}

# Runs an apt tool on the private lists of a suite: apt_private_run SUITE TOOL...
apt_private_run() {
	local suite=$1 tool=$2 dir=$cfs_cache/apt/$1
	shift 2
	"$tool" -qq -c="$dir/apt.conf" -o Dir::Etc::sourcelist="$dir/private.sources" \
		-o Dir::Etc::sourceparts=/nonexistent \
		-o Dir::State::Lists="$dir/lists" -o Dir::Cache="$dir/cache" \
		-o Dir::State::status=/dev/null -o APT::Sandbox::User=root \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

apt_private_update() {
	local suite=$1 types=${2:-deb} dir=$cfs_cache/apt/$1 mirror
	[ -e "$apt_private_keyring" ] ||
		deps_die "no $apt_private_keyring: install debian-archive-keyring"
	mirror=$(apt_private_mirror)
	[ "$types" = deb ] || types="deb deb-src"
	mkdir -p "$dir/lists/partial" "$dir/cache/archives/partial"
	(
		flock 8
		# the system's hooks are about the system's lists
		printf '#clear APT::Update::%s;\n' Pre-Invoke Post-Invoke \
			Post-Invoke-Success >"$dir/apt.conf"
		[[ $suite != *:* ]] || printf '%s;\n' '#clear APT::Architectures' \
			"APT::Architecture \"${suite#*:}\"" >>"$dir/apt.conf"
		# A mirror that is a snapshot keeps sid's Release past its date.
		# It is signed all the same, and what comes from sid runs only
		# in virtual machines and as a peer in tests.
		[ "${suite%:*}" != sid ] ||
			echo 'Acquire::Check-Valid-Until "false";' >>"$dir/apt.conf"
		# lists that include what is asked for, and are fresh, will do
		if [ -n "$(find "$dir/stamp" -mmin -360 2>/dev/null)" ] &&
			grep -q "^$types" "$dir/stamp"; then
			exit 0
		fi
		printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: %s\n' \
			"$types" "$mirror" "${suite%:*}" "$apt_private_keyring" \
			>"$dir/private.sources"
		apt_private_run "$suite" apt-get update >&2 ||
			deps_die "cannot read the package lists of $suite: is the mirror reachable?"
		echo "$types" >"$dir/stamp"
	) 8>"$dir/lock"
}

apt_private_newest() {
	local found
	found=$(apt_private_run "$1" apt-cache search --names-only "$2" |
		cut -d' ' -f1 | sort -V)
	[ -n "$found" ] || deps_die "no package in $1 matches $2"
	echo "${found##*$'\n'}"
}

apt_private_depends() {
	apt_private_run "$1" apt-cache depends "$2" |
		sed -n 's/^ *|*Depends: *\([^<]*\)$/\1/p'
}

# Lists that are some hours old may name files that the mirror has replaced since.
apt_private_download() {
	local suite=$1 dir=$2 types
	shift 2
	cd "$dir"
	if ! apt_private_run "$suite" apt-get download "$@" >&2; then
		types=$(cat "$cfs_cache/apt/$suite/stamp")
		rm -f "$cfs_cache/apt/$suite/stamp"
		apt_private_update "$suite" "$types"
		apt_private_run "$suite" apt-get download "$@" >&2 ||
			deps_die "cannot download $* of $suite"
	fi
	cd "$OLDPWD"
}

# A mirror may serve the tarballs and, for a while, not the .dsc: apt then gives
# up. The signed index has the hashes of the tarballs as well, so take what came
# and check it here; the .dsc itself is not needed.
apt_private_source() {
	local suite=$1 dir=$2 p
	shift 2
	for p; do
		(
			cd "$dir"
			apt_private_run "$suite" apt-get --download-only source "$p" \
				>"$p.log" 2>&1 || :
			rm -f ./*.dsc
			if ! compgen -G "${p}_*.orig.tar.*" >/dev/null; then
				cat "$p.log" >&2
				deps_die "cannot download the source of $p of $suite"
			fi
			apt_private_run "$suite" apt-cache showsrc --only-source "$p" |
				sed -n '/^Checksums-Sha256:/,/^[^ ]/s/^ \([0-9a-f]\{64\}\) [0-9]* /\1  /p' |
				sort -u >"$p.sha256"
			for file in "$p"_*.tar.*; do
				grep "  $file\$" "$p.sha256" | sha256sum -c --quiet - ||
					deps_die "$file does not have the hash that the package index says"
			done
		)
	done
}

apt_private_unpack() {
	local deb
	for deb in "$1"/*.deb; do
		dpkg-deb -x "$deb" "$2"
	done
}

apt_private() {
	local verb=$1
	shift
	"apt_private_$verb" "$@"
}
