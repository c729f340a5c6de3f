#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The same replies and errors as the service of composefs-rs, whose cfsctl
# $CFSCTL_PEER names (tried with 0.9.4).  Ours may have more members.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

[ -x "${CFSCTL_PEER-}" ] || skip "needs CFSCTL_PEER=cfsctl of composefs-rs"
message() { # METHOD PARAMETERS: a call of the interface, ' stands for "
	echo "{'method':'org.composefs.Repository.$1','parameters':{$2}}" | tr "'" '"'
}
serve() { # PROGRAM SOCKET
	"$1" varlink --address "$2" 2> "$2.log" &
	services="${services-} $!"
	until [ -S "$2" ]; do
		kill -0 $! || exit 1
		sleep 0.02
	done
}
fixture_rootfs root
fixture_repo repo
cfsctl --repo repo create-image root os/stable > /dev/null
cp -r repo bad
fixture_corrupt bad
rm "$(find bad/objects -type f | sort | tail -n 1)"
serve cfsctl ours
serve "$CFSCTL_PEER" theirs

# Prints what the peer's reply has and ours lacks or says otherwise; of errors,
# names and the kinds of their parameters.
compare() {
	python3 -B - "$@" <<'END'
import json, os, sys
sys.path.insert(0, os.environ["CFS_SRC"] + "/tests")
import varlink

def differ(place, ours, theirs):
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for name in theirs:
            differ(place + "." + name, ours.get(name), theirs[name])
    elif ours != theirs and not (place.endswith(".message") and type(ours) == type(theirs)):
        print(place, ours, theirs)

a, b = varlink.connect("ours"), varlink.connect("theirs")
for message in sys.argv[1:]:
    ours, theirs = a.call(message.encode()), b.call(message.encode())
    theirs.pop("continues", None)
    # One connection has one handle; theirs are numbered through all of them.
    for reply in ours, theirs:
        reply.get("parameters", {}).pop("handle", None)
    differ("reply", ours, theirs)
END
}
agree() { # NAME MESSAGE...
	local name=$1
	shift
	same "$name" "$(compare "$@" 2>&1)" ""
}
of_handle() { # NUMBER METHOD PARAMETERS
	message "$2" "'handle':$1${3:+,$3}"
}
# The first connection of either: handles are the same.
# Theirs wants "refs/" in front of a name with a slash.
agree "a repository and its images" "$(message OpenRepository "'path':'$PWD/repo'")" \
	"$(of_handle 1 ListImageRefs)" \
	"$(of_handle 1 ImageObjects "'name':'refs/os/stable'")" \
	"$(of_handle 1 ImageObjects "'name':'none'")" "$(of_handle 1 Fsck)" \
	"$(of_handle 1 Fsck "'metadata_only':true")" \
	"$(of_handle 1 Gc "'dry_run':true,'roots':[]")" \
	"$(of_handle 1 Mount "'name':'os/stable','options':{'overlay':true}")" \
	"$(of_handle 9 Fsck)" "$(of_handle 1 CloseRepository)" "$(of_handle 1 CloseRepository)"
agree "places" "$(message OpenRepository "")" "$(message OpenRepository "'path':'/x','user':true")" \
	"$(message OpenRepository "'path':'/nonexistent','user':false")"
agree "making one" "$(message InitRepository "'path':'$PWD/repo','insecure':true")" \
	"$(message InitRepository "'path':'$PWD/repo','algorithm':'fsverity-sha256-12','insecure':true")" \
	"$(message InitRepository "'path':'$PWD/new','algorithm':'sha256'")" \
	"$(message EnsureRepository "'path':'$PWD/repo'")"
agree "the service" '{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.none"}}'
# shellcheck disable=SC2086 # several processes
kill $services
finish
