#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The same replies and errors as the service of composefs-rs, whose cfsctl
# $CFSCTL_PEER names (tried with 0.9.4).  Ours may have more members.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

[ -x "${CFSCTL_PEER-}" ] || skip "needs CFSCTL_PEER=cfsctl of composefs-rs"
message() { # INTERFACE.METHOD PARAMETERS: a call, ' stands for "
	echo "{'method':'org.composefs.$1','parameters':{$2}}" | tr "'" '"'
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
    elif isinstance(theirs, list) and sorted(map(str, ours)) == sorted(map(str, theirs)):
        pass # theirs lists images as the directory has them
    elif ours != theirs and not (place.endswith(".message") and type(ours) == type(theirs)):
        print(place, ours, theirs)

a, b = varlink.connect("ours"), varlink.connect("theirs")
handles = {}
def call(connection, message):
    reply = connection.call(message.replace("HANDLE", str(handles.get(connection, 1))).encode())
    if "handle" in reply.get("parameters", {}):
        handles[connection] = reply["parameters"]["handle"]
    return reply
for message in sys.argv[1:]:
    ours, theirs = call(a, message), call(b, message)
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
of_handle() { # NUMBER INTERFACE.METHOD PARAMETERS
	message "$2" "'handle':$1${3:+,$3}"
}
# The first connection of either: handles are the same.
# Theirs wants "refs/" in front of a name with a slash.
agree "a repository and its images" "$(message Repository.OpenRepository "'path':'$PWD/repo'")" \
	"$(of_handle 1 Repository.ListImageRefs)" \
	"$(of_handle 1 Repository.ImageObjects "'name':'refs/os/stable'")" \
	"$(of_handle 1 Repository.ImageObjects "'name':'none'")" "$(of_handle 1 Repository.Fsck)" \
	"$(of_handle 1 Repository.Fsck "'metadata_only':true")" \
	"$(of_handle 1 Repository.Gc "'dry_run':true,'roots':[]")" \
	"$(of_handle 1 Repository.Mount "'name':'os/stable','options':{'overlay':true}")" \
	"$(of_handle 9 Repository.Fsck)" "$(of_handle 1 Repository.CloseRepository)" "$(of_handle 1 Repository.CloseRepository)"
agree "places" "$(message Repository.OpenRepository "")" "$(message Repository.OpenRepository "'path':'/x','user':true")" \
	"$(message Repository.OpenRepository "'path':'/nonexistent','user':false")"
agree "making one" "$(message Repository.InitRepository "'path':'$PWD/repo','insecure':true")" \
	"$(message Repository.InitRepository "'path':'$PWD/repo','algorithm':'fsverity-sha256-12','insecure':true")" \
	"$(message Repository.InitRepository "'path':'$PWD/new','algorithm':'sha256'")" \
	"$(message Repository.EnsureRepository "'path':'$PWD/repo'")"

tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
cfsctl --repo oci init --insecure --algorithm fsverity-sha256-12 > /dev/null
cfsctl --repo oci oci pull --bootable oci:layouts/boot-plain:t os:1 > /dev/null
cfsctl --repo oci oci pull oci:layouts/hardlinks:t other:1 > /dev/null
layer=$(cfsctl --repo oci oci inspect os:1 --config |
	python3 -c 'import json, sys; print(json.load(sys.stdin)["rootfs"]["diff_ids"][0])')
digest=sha256:$(cfsctl --repo oci oci inspect os:1 --manifest | head -c -1 | sha256sum | cut -c-64)
none=sha256:$(printf '%064d' 0)
agree_oci() { # NAME METHOD PARAMETERS...: each on the repository
	local name=$1 messages
	shift
	messages=("$(message Repository.OpenRepository "'path':'$PWD/oci'")")
	while [ $# -gt 0 ]; do
		messages+=("$(of_handle HANDLE "Oci.$1" "$2")")
		shift 2
	done
	agree "$name" "${messages[@]}"
}
agree_oci "images" ListImages "" ListImages "'filter':'os'" ListImages "'filter':'none'"
agree_oci "one" Inspect "'image':'os:1'" Inspect "'image':'@$digest'" Inspect "'image':'none'"
agree_oci "digests" ComputeId "'image':'os:1','bootable':false" \
	ComputeId "'image':'os:1','bootable':true" \
	ComputeId "'image':'other:1','bootable':false,'xattrs':'KeepUserXattrs'"
agree_oci "a check" Check "" Check "'image':'os:1'"
agree_oci "layers" HasLayer "'diff_id':'$layer'" HasLayer "'diff_id':'$none'" \
	HasLayer "'diff_id':'x'"
agree_oci "tags" Tag "'manifest_digest':'$digest','name':'new'" ListImages ""
for repo in ours-pulled theirs-pulled; do
	cfsctl --repo "$repo" init --insecure --algorithm fsverity-sha256-12 > /dev/null
done
pulled() { # SOCKET: what the last reply of a pull says, but for streams
	python3 -B - "$1" "$(message Oci.Pull "'handle':HANDLE,'image':'oci:$PWD/layouts/boot-plain:t','name':'n','local_fetch':'disabled','bootable':true")" \
		"$(message Repository.OpenRepository "'path':'$PWD/$1-pulled'")" <<'END'
import json, os, sys
sys.path.insert(0, os.environ["CFS_SRC"] + "/tests")
import varlink
connection = varlink.connect(sys.argv[1])
handle = connection.call(sys.argv[3].encode())["parameters"]["handle"]
for reply in connection.replies(sys.argv[2].replace("HANDLE", str(handle)).encode()):
    last = reply["parameters"]["completed"]
for name in "manifest_verity", "config_verity", "stats", "signatures_verified", "counts":
    last.pop(name, None)
print(json.dumps(last, sort_keys=True))
END
}
same "a pull" "$(pulled ours)" "$(pulled theirs)"
agree "what can be done" '{"method":"org.composefs.Oci.GetInfo"}'
# Layers, from ours to theirs and back, by a client of neither.
copy() { # SOCKET REPO IMAGE SOCKET REPO
	cfsctl --repo "$5" init --insecure --algorithm fsverity-sha256-12 > /dev/null
	python3 -B "$CFS_SRC/tests/varlink.py" copy "$1" \
		"$(message Repository.OpenRepository "'path':'$PWD/$2'")" "$3" "$4" \
		"$(message Repository.OpenRepository "'path':'$PWD/$5'")" "$3" zerocopy > "$5.out"
}
image_of() { # REPO
	cfsctl --repo "$1" oci fsck > /dev/null && cfsctl --repo "$1" oci compute-id os:1
	cfsctl --repo "$1" oci inspect os:1 --manifest
	readlink "$1/streams/oci-layer-$layer"
}
for ways in "ours ours" "ours theirs" "theirs ours" "theirs theirs"; do
	read -r from to <<< "$ways"
	copy "$from" oci os:1 "$to" "$from-$to"
	same "layers: $from sends, $to receives" "$(image_of "$from-$to")" "$(image_of oci)"
done
same "ours says of what came as much as theirs" \
	"$(head -n 1 theirs-ours.out)" "$(head -n 1 ours-theirs.out | sed 's/"continues": false, //')"
agree_oci "layers that are missing" GetLayer "'params':{'diff_id':'$none','storage':null,'consumer_has_cap_dac_override':false}" \
	GetLayer "'params':{'diff_id':'x'}" GetLayer "'params':{}" \
	PutLayer "'diff_id':'$none','zerocopy':false"
agree "the service" '{"method":"org.varlink.service.GetInterfaceDescription","parameters":{"interface":"org.none"}}'
# shellcheck disable=SC2086 # several processes
kill $services
finish
