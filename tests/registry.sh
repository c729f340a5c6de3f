# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=bash
# Debian's docker-registry on a free port of the loopback, for tests that run as root
# in a mount namespace: skopeo keeps a cache and temporary files below /var. Source it
# after tests/root/guard, before which $REGISTRY was set, as the registry may have to
# be fetched, and tests/lib.sh.
#
#   start NAME [HTTP-YAML [YAML]]   starts a registry; sets $port and $pid
#   wait_for FILE WORDS             waits until FILE contains WORDS
#
# What $servers lists is killed at the end.
command -v skopeo > /dev/null || skip "no skopeo (package skopeo)"
[ -x "${REGISTRY:-/none}/docker-registry" ] ||
	skip "no docker-registry (deps/docker-registry.sh)"

own_folder /var/tmp "$CFS_SRC" "$O" "$BIN" "$TMPDIR" || exit 1
servers=
trap 'kill $servers 2> /dev/null' EXIT
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY REGISTRY_AUTH_FILE
export HOME=$PWD/home XDG_RUNTIME_DIR=$PWD/home no_proxy=127.0.0.1
mkdir home

wait_for() {
	for _ in $(seq 2000); do
		grep -q "$2" "$1" 2> /dev/null && return
		sleep 0.05
	done
	echo "nothing about '$2' in $1:"
	cat "$1"
	return 1
}

start() {
	mkdir "$1"
	cat > "$1.yml" <<-END
	version: 0.1
	storage: { filesystem: { rootdirectory: $PWD/$1 } }
	http: { addr: "127.0.0.1:0"${2-} }
	${3-}
	END
	"$REGISTRY/docker-registry" serve "$1.yml" > "$1.log" 2>&1 < /dev/null &
	pid=$!
	servers="$servers $pid"
	wait_for "$1.log" 'listening on 127' || exit 1
	port=$(sed -n 's/.*listening on 127.0.0.1:\([0-9]*\).*/\1/p' "$1.log")
}
