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
#   oci_repo                       makes the repository repo with the image os:1, of
#                                  the vectors in layouts; their keys are in $keys,
#                                  and $opened is the call that opens it
#   oci ARG...                     cfsctl oci, of that repository
#   on METHOD [PARAMETERS]         a call of org.composefs.Oci on it; prints its
#                                  last reply
#   serve_by_policy KEY            serve, with a policy that demands a signature
#                                  by $keys/KEY.cert.pem of images called os
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

oci_repo() {
	keys=$CFS_SRC/tests/data/oci/sealing/keys
	tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
	cfsctl --repo repo init --insecure --algorithm fsverity-sha256-12 > init.out
	oci pull --bootable oci:layouts/boot-plain:t os:1 > pull.out
	opened=$(message Repository.OpenRepository "'path':'$PWD/repo'")
}

oci() {
	cfsctl --repo repo oci "$@"
}

on() {
	client call s "$opened" "$(message "Oci.$1" "'handle':HANDLE${2:+,$2}")" | tail -n 1
}

serve_by_policy() { # KEY
	cat > policy.toml <<-END
		[images."os"]
		certificates = ["$keys/$1.cert.pem"]
	END
	serve_options="--policy $PWD/policy.toml"
	serve cfsctl
}

# Each connection has a process, which ends after its client.
until_idle() {
	local n=500
	while pgrep -P $service > /dev/null; do
		[ $((n -= 1)) -gt 0 ] || return 1
		sleep 0.02
	done
}
