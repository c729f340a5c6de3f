# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=bash
# Web servers on the loopback for tests (tests/tools/httpd.py).  Source it after
# tests/lib.sh.
#
#   serve DIR LOG [OPTION...]   starts one for DIR; sets $url, its address
#   received LOG                bytes that were sent, by the lines of LOG
#
# They end with the test.
command -v python3 > /dev/null || skip "needs python3"
servers=
trap 'kill $servers 2> /dev/null' EXIT
unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY all_proxy

serve() {
	local dir=$1 log=$2
	shift 2
	: > "$log"
	rm -f port
	python3 -B "$CFS_SRC/tests/tools/httpd.py" "$@" "$dir" "$log" > port &
	servers="$servers $!"
	for _ in $(seq 2000); do
		[ ! -s port ] || break
		sleep 0.05
	done
	url=http://127.0.0.1:$(cat port)
}

received() {
	awk '{ n += $4 } END { print n + 0 }' "$1"
}
