#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The service as a client sees it that makes its calls from the descriptions: the
# module varlink of Python.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

PYTHONPATH=$("$CFS_SRC/deps/python-varlink.sh" 2> "$TMPDIR/fetched") || {
	cat "$TMPDIR/fetched"
	skip "needs the module varlink of Python"
}
export PYTHONPATH
oci_repo
serve cfsctl || exit 1
check "a client speaks by the descriptions alone" python3 -B - "unix:$PWD/s" "$PWD" <<'END'
import sys
import varlink

address, place = sys.argv[1:]
client = varlink.Client(address)
names = client.get_interfaces()
assert "org.composefs.Oci" in names, names
# Every interface can be parsed.
for name in names:
    client.get_interface(name)
with client.open("org.composefs.Repository") as repository, client.open("org.composefs.Oci") as oci:
    handle = repository.OpenRepository(path=place + "/repo")["handle"]
    assert repository.Fsck(handle=handle)["ok"] is True
    collected = repository.Gc(handle=handle, dry_run=True, roots=[])
    assert collected["dry_run"] is True and collected["result"]["objects_kept"] > 0, collected
    images = oci.ListImages(handle=handle)["images"]
    assert [i["name"] for i in images] == ["os:1"], images
    manifest = oci.Inspect(handle=handle, image="os:1")["manifest"]
    assert manifest.startswith("{"), manifest
    verified = oci.Verify(handle=handle, image="os:1")
    assert verified["answer"] == "nothing-to-verify", verified
    frames = list(oci.Pull(_more=True, handle=handle, image="oci:" + place + "/layouts/hardlinks:t",
                           name="other:1", local_fetch="disabled", bootable=False))
    assert frames[-1].get("completed"), frames[-1]
    assert any(f.get("started") for f in frames[:-1]), frames
    try:
        oci.Inspect(handle=handle, image="none")
        raise SystemExit("no error")
    except varlink.VarlinkError as e:
        assert e.error() == "org.composefs.Oci.NoSuchImage", e.error()
        assert e.parameters()["image"] == "none"
END
kill $service
wait $service
finish
