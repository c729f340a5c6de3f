# SPDX-License-Identifier: Apache-2.0 OR MIT
# create-image against copying the same tree, both until the data is safe on
# disk.  The source is read from memory (a copy on tmpfs) by both, and nothing
# is deleted while it is measured: ext4 is slow to reuse fresh inodes.
title "create-image of $files files, durable, against cp -r + sync"
src=$shm
shape tree "$src/tree" "$files"
cat > "$work/copy" <<S
#!/bin/sh
cp -r --preserve=mode,timestamps "$src/tree" "$work/copy-\$1" && sync -f "$work"
S
cat > "$work/create" <<S
#!/bin/sh
"$BIN/cfsctl" --repo "$work/repo-\$1" init --insecure >/dev/null &&
"$BIN/cfsctl" --repo "$work/repo-\$1" create-image --no-propagate-usr-to-root "$src/tree"
S
chmod +x "$work/copy" "$work/create"
compare -n "$rounds" "cp-r-sync=$work/copy {}" "create-image=$work/create {}"
row "create-image against cp -r and sync, wall" 1.2 1.0 "$(ratio create-image cp-r-sync wall)"
if [ -x "${CFSCTL_PEER:-}" ]; then
	cat > "$work/peer" <<S
#!/bin/sh
"$CFSCTL_PEER" --repo "$work/peer-\$1" init --insecure >/dev/null &&
"$CFSCTL_PEER" --insecure --repo "$work/peer-\$1" create-image --no-propagate-usr-to-root "$src/tree"
S
	chmod +x "$work/peer"
	"$measure" -n 3 "peer-cfsctl=$work/peer {}" "create-image=$work/create 9{}"
fi
