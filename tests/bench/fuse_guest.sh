# SPDX-License-Identifier: Apache-2.0 OR MIT
# Images served by FUSE, against the server of composefs-rs, which reads only objects
# with fs-verity: on Debian 13's kernel in QEMU, where one instruction takes two
# nanoseconds, so that CPU time does not depend on what else runs.
[ -x "${CFSCTL_PEER:-}" ] || { echo "the fuse_guest group needs CFSCTL_PEER"; exit 1; }
title "600 files by FUSE in a virtual machine, against composefs-rs: instructions, messages"
$cc -static -o "$work/guest_meter" "$here/guest_meter.c"
cp "$CFSCTL_PEER" "$work/peer"
python3 - "$shm/tree" <<'END'
import os
import sys
for d in range(40):
    os.makedirs(f"{sys.argv[1]}/{d}")
    for f in range(15):
        n = d * 15 + f
        with open(f"{sys.argv[1]}/{d}/{f}", "wb") as out:
            out.write(b"%d" % n * (n * 37 % 10000 + 50))
END
for args in "init --insecure" "create-image --no-propagate-usr-to-root $shm/tree img" "disk $work/disk"; do
	# shellcheck disable=SC2086 # words
	"$BIN/cfsctl" --erofs-version 1 --insecure --repo "$work/guest-repo" $args > "$work/log" 2>&1 ||
		{ cat "$work/log"; exit 1; }
done
cat > "$work/guest" <<'END'
mkdir /way && cd /way && mkdir disk root
mount -t ext4 /dev/vda disk || exit 2
find disk -type f -exec cat {} + > /dev/null
for way in peer plain passthrough; do
	case $way in
	peer) set -- peer --repo disk/composefs mount --fuse yes --foreground refs/img root ;;
	*) set -- cfsctl --repo disk/composefs fuse-serve --foreground --mode $way img root ;;
	esac
	"$@" &
	server=$!
	until mount | grep -q /way/root || ! kill -0 $server; do sleep 0.1; done
	for phase in walk-first walk-later read-first read-again; do
		what=${phase%-*}
		echo "$way $phase $(guest_meter $server root $what)"
	done
	umount root
	wait $server
done
END
CFS_KVM=0 "$here/../vm/qemu" -k trixie -t 3600 -m 768M -q -icount -q shift=1 -d "$work/disk" -M fuse \
	-b "$work/peer" -b "$BIN/cfsctl" -b "$work/guest_meter" "$work/guest" > "$work/fuse" ||
	{ cat "$work/fuse"; exit 1; }
grep -E '^(peer|plain|passthrough) ' "$work/fuse"
for way in plain passthrough; do
	for phase in walk-first walk-later read-first read-again; do
		row "FUSE with fs-verity, $way, against composefs-rs: $phase" 0.7 - \
			"$(awk -v w=$way -v p=$phase '$2 == p { cpu[$1] = $3 }
				END { print cpu[w] / cpu["peer"] }' "$work/fuse")"
	done
done
