# SPDX-License-Identifier: Apache-2.0 OR MIT
# What a garbage collection that removes nothing costs: all is looked at.
if [ -x "${CFSCTL_PEER:-}" ]; then
	title "gc --dry-run of an image of $files files"
	shape tree "$shm/tree" "$files"
	"$BIN/cfsctl" --repo "$shm/repo" init --insecure > /dev/null
	"$BIN/cfsctl" --repo "$shm/repo" create-image \
		--no-propagate-usr-to-root "$shm/tree" image > /dev/null
	compare -n $((rounds * 5)) \
		"peer-cfsctl=$CFSCTL_PEER --insecure --repo $shm/repo gc -n" \
		"ours=$BIN/cfsctl --repo $shm/repo gc -n"
	row "gc --dry-run against composefs-rs, CPU" 0.60 - "$(ratio ours peer-cfsctl cpu)"
fi
