#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# FIFOs, links, directories and other files at the paths of a repository, and every
# command of cfsctl.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

fixture_boot tree
fixture_repo repo
cfsctl --repo repo create-image tree os > /dev/null
cfsctl genkey keys > /dev/null
cp keys/cert.pem keys/key.pem .
cfsctl --repo repo sign os --cert cert.pem --key key.pem > /dev/null
tar -C tree -cf layer.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay t layer.tar > /dev/null
cfsctl --repo repo oci pull oci:lay:t x > /dev/null
check "every command ends, and says why it fails" \
	python3 -B "$CFS_SRC/tests/cli/planted.py" "$BIN/cfsctl"
finish
