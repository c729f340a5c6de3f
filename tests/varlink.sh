# SPDX-License-Identifier: Apache-2.0 OR MIT
# A service of varlink and its clients; source it after tests/lib.sh.
#
#   client COMMAND ARG...          tests/varlink.py
#   message METHOD PARAMETERS      prints a call; METHOD is what follows
#                                  "org.composefs.", and ' stands for "
#   call METHOD PARAMETERS         calls the service at s
#   serve COMMAND...               starts "COMMAND... varlink --address s", with
#                                  $serve_options, and waits for s; the process
#                                  is $service, and complains to service.log
#   until_idle                     waits until $service has no connection

client() { python3 -B "$CFS_SRC/tests/varlink.py" "$@"; }

message() {
	echo "{'method':'org.composefs.$1','parameters':{${2-}}}" | tr "'" '"'
}

call() {
	client call s "$(message "$@")"
}

serve() {
	"$@" varlink --address s ${serve_options-} 2> service.log &
	service=$!
	until [ -S s ]; do
		kill -0 $service || return 1
		sleep 0.02
	done
}

# Each connection has a process, which ends after its client.
until_idle() {
	local n=500
	while pgrep -P $service > /dev/null; do
		[ $((n -= 1)) -gt 0 ] || return 1
		sleep 0.02
	done
}
