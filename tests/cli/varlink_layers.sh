#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Layers that go from one repository to another over the service, as descriptors of
# a pipe and of directories.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

oci_repo
member() { # EXPRESSION: of the reply on stdin, p being its parameters
	python3 -c "import json, sys; p = json.load(sys.stdin)['parameters']; print($1)"
}
make() { # REPO ALGORITHM
	cfsctl --repo "$1" init --insecure --algorithm "fsverity-$2-12" > init.out
}
open_of() { # REPO
	message Repository.OpenRepository "'path':'$PWD/$1'"
}
copy() { # REPO NAME [zerocopy]: the image os:1 of repo
	client copy s "$opened" os:1 s "$(open_of "$1")" "${@:2}"
}
stream_of() { # REPO LAYER
	readlink "$1/streams/oci-layer-$2" | sed 's|.*objects/||; s|/||'
}
layers=$(oci inspect os:1 --config |
	python3 -c 'import json, sys; print(*json.load(sys.stdin)["rootfs"]["diff_ids"])')
layer=${layers%% *}

serve cfsctl || exit 1
same "the service sends and receives layers" "$(call Oci.GetInfo)" \
	'{"parameters": {"features": ["splitdirfdstream-v0"]}}'
make copy sha256
copy copy os:2 > copy.out
same "an image is the same in the other repository" \
	"$(cfsctl --repo copy oci inspect os:2 --manifest | sha256sum)" "$(oci inspect os:1 --manifest | sha256sum)"
same "  with the streams that a pull gives" "$(for l in $layers; do stream_of copy "$l"; done)" \
	"$(for l in $layers; do stream_of repo "$l"; done)"
same "  and the same EROFS image" "$(cfsctl --repo copy oci compute-id os:2)" "$(oci compute-id os:1)"
check "  and is whole" quiet cfsctl --repo copy oci fsck
same "its layers came" "$(head -n 1 copy.out | member '(p["already_present"], p["objects_hardlinked"])')" "(False, 0)"
copy copy os:3 > again.out
same "a second copy finds them there" "$(wc -l < again.out)" 1
make shared sha256
copy shared os:2 zerocopy > shared.out
check "files are shared where that is wanted" eval \
	'[ "$(head -n 1 shared.out | member "p[\"objects_hardlinked\"] + p[\"objects_reflinked\"] + p[\"objects_copied\"]")" -gt 0 ]'
same "  with the same result" "$(cfsctl --repo shared oci compute-id os:2)" "$(oci compute-id os:1)"
check "  that is whole" quiet cfsctl --repo shared oci fsck
make wide sha512
copy wide os:2 zerocopy > wide.out
same "a repository of the other algorithm makes its own objects" \
	"$(tail -n 1 wide.out | member 'len(p["manifest_verity"])')" 128
check "  and is whole" quiet cfsctl --repo wide oci fsck

# The client speaks for itself.
make fresh sha256
put() { # HOW DIFF_ID
	python3 -B - "$@" "$(open_of fresh)" <<'END'
import os, socket, struct, sys, time
sys.path.insert(0, os.environ["CFS_SRC"] + "/tests")
import varlink
how, diff_id, opened = sys.argv[1:]
c = varlink.connect("s")
c.call(opened.encode())
end, pipe = os.pipe()
directory = os.open(".", os.O_PATH)
def chunk(kind, data):
    return bytes([kind]) + struct.pack("<I", len(data)) + data
def named(name, size, number=0):
    return b"\2" + struct.pack("<QII", size, number, len(name)) + name
streams = {
    "garbage": b"\7garbage",
    "cut": chunk(0, b"x" * 600)[:-1],
    "empty": b"",
    "outside": named(b"../../etc/passwd", 4),
    "absolute": named(b"/etc/passwd", 4),
    "no directory": named(b"policy.toml", 4, 9),
    "short": named(b"init.out", 1 << 62),
    "long chunk": b"\0\1\0\0\x10",
    "other": chunk(0, bytes(1024)),
}
os.write(pipe, streams[how])
os.close(pipe)
varlink.show(c.method("PutLayer", [end, directory], diff_id=diff_id, zerocopy=False))
END
}
error() { # of the reply on stdin
	python3 -c 'import json, sys; print(json.load(sys.stdin).get("error"))'
}
for how in garbage cut outside absolute "no directory" short "long chunk"; do
	same "what is no stream is refused: $how" "$(put "$how" "$layer" | error)" org.composefs.Oci.InvalidRequest
done
for how in empty other; do
	same "nor has another layer the name: $how" "$(put "$how" "$layer" | error)" org.composefs.Oci.DiffIdMismatch
done
same "nothing was named" "$(find fresh -type l)" ""

# A client that disappears in the middle of what it sends or reads.
gone() { # METHOD
	python3 -B - "$1" "$layer" "$(open_of fresh)" "$opened" <<'END'
import os, sys
sys.path.insert(0, os.environ["CFS_SRC"] + "/tests")
import json, socket, varlink
method, diff_id, fresh, opened = sys.argv[1:]
c = varlink.connect("s")
c.call((fresh if method == "PutLayer" else opened).encode())
if method == "GetLayer":
    varlink.show(c.method("GetLayer", params={"diff_id": diff_id}))
    os._exit(0)
end, pipe = os.pipe()
os.write(pipe, b"\0\0\4\0\0" + bytes(100))
message = {"method": "org.composefs.Oci.PutLayer",
           "parameters": {"handle": c.handle, "diff_id": diff_id, "zerocopy": False}}
socket.send_fds(c.sock, [json.dumps(message).encode() + b"\0"], [end, os.open(".", os.O_PATH)])
os._exit(0)
END
}
gone PutLayer
check "a client that disappears while it sends leaves no process" until_idle
same "  and nothing in the repository" \
	"$(find fresh -type l; find fresh -name '.tmp*'; find fresh/objects -type f)" ""
same "one that gets a layer" "$(gone GetLayer)" '{"parameters": {"dir_count": 1}}'
check "  leaves no process, either" until_idle
check "  and no lock" quiet timeout 30 cfsctl --repo repo gc
kill $service
wait $service
finish
