#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/python-varlink.sh: the module varlink of Python, a client for the tests that
# makes its calls from the descriptions of interfaces; unpacked and not installed.
# Debian has no package of it.
#
# Usage: deps/python-varlink.sh
# Prints the result folder, for PYTHONPATH.
#
# Environment: what pip takes (PIP_INDEX_URL, ...); CFS_CACHE: see deps/lib.sh
# Cache key:   this script, which has the version and the digest.
# Time:        3 s and a download of 40 KB; then 0.02 s

. "$(dirname "$0")/lib.sh"

fetch() {
	local work=$1 result=$2
	echo "varlink==31.0.0 --hash=sha256:0d0629e5ca7e629f79ed84dc5a4f29e04f3cc83b24641528e91a41fa158e58e9" \
		>"$work/list"
	python3 -m pip download -q --disable-pip-version-check --no-deps --require-hashes \
		--only-binary :all: -r "$work/list" -d "$work" >&2
	python3 -m zipfile -e "$work"/varlink-*.whl "$result"
}

deps_need python3
python3 -m pip --version >/dev/null 2>&1 || deps_die "not found: pip (package python3-pip)"
deps_result python-varlink "$(deps_key "$0")" fetch
