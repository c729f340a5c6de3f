#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# docs/SEALING.md, command by command, with an image of one layer.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/boot-plain
mv layouts/boot-plain image
"$CFS_SRC/tests/transcript" "$CFS_SRC/docs/SEALING.md" "Seal and sign" "Keys elsewhere" \
	"Rotate keys" Send "Demand signatures" "In the manifest itself" > said 2>&1
check "docs/SEALING.md: the commands do what it shows" test $? = 0
sed 's/^\(not \)\?ok/  &/' said

# Its table of what is protected has every role, and its statuses are those of the
# manual.
for role in manifest config merged merged.bootable; do
	check "$role is in the table" grep -q "^| \`$role\` |" "$CFS_SRC/docs/SEALING.md"
done
finish
