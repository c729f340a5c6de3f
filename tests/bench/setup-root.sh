# SPDX-License-Identifier: Apache-2.0 OR MIT
# The mounter: size, system calls, and CPU time against a minimal mounter of
# the same sequence, linked the same way (static-pie glibc).
[ "$(id -u)" = 0 ] || { echo "the setup-root group needs root"; exit 1; }
setup=$BIN/composefs-setup-root

title "composefs-setup-root, size"
cp "$setup" "$work/stripped"
strip "$work/stripped"
echo "stripped: $(stat -c %s "$work/stripped") bytes of 1468006 (1.4 MiB)"
echo "NEEDED entries: $(readelf -d "$setup" | grep -c NEEDED || true)"

# The same, from musl: smaller, and quicker to start.
musl=$O/musl/bin/composefs-setup-root
if make -s O="$O/musl" LIBC=musl "$musl" > /dev/null 2>&1; then
	strip -o "$work/stripped" "$musl"
	echo "with musl: $(stat -c %s "$work/stripped") bytes"
else
	musl=
	echo "with musl: not built here"
fi

# A disk, as the initramfs sees it, with two images: tiny and large.
disk=$work/sysroot
mkdir -p "$disk" "$work/tree/etc" "$work/tree/usr/lib" "$work/tree/sysroot" \
	"$work/tree/var" "$work/tree/dev" "$work/tree/proc" "$work/tree/sys" "$work/tree/run"
echo ID=bench > "$work/tree/usr/lib/os-release"
mkdir "$work/tree/sbin"
cp "$setup" "$work/tree/sbin/init"
cp -r "$work/tree" "$work/big"
mkdir "$work/big/many"
(cd "$work/big/many" && seq 1 100000 | xargs touch)
"$BIN/cfsctl" --repo "$disk/composefs" init --algorithm fsverity-sha256-12 --insecure > /dev/null
hex=$("$BIN/cfsctl" --repo "$disk/composefs" create-image --no-propagate-usr-to-root "$work/tree" | sed 's/.*://')
bighex=$("$BIN/cfsctl" --repo "$disk/composefs" create-image --no-propagate-usr-to-root "$work/big" | sed 's/.*://')
for h in "$hex" "$bighex"; do
	mkdir -p "$disk/state/deploy/$h/etc/upper" "$disk/state/deploy/$h/etc/work" "$disk/state/deploy/$h/var"
done
mkdir -p "$disk/state/etc/upper" "$disk/state/etc/work" "$disk/state/var" "$work/target"
printf '[probe]\nenable = false\n' > "$work/state.toml"
printf '[probe]\nenable = false\n[etc]\nmount = "none"\n[var]\nmount = "none"\n' > "$work/root-only.toml"
: > "$work/whole.toml"
karg="composefs.digest=?v1-sha256-12:$hex"
bigkarg="composefs.digest=?v1-sha256-12:$bighex"
run="$setup --sysroot $disk --target $work/target"

# Nothing of it is for the host: a namespace, and in it a /run, of its own.
own="mount --make-rprivate /; mount -t tmpfs run /run; mount --bind $disk $disk"

# System calls between opening the repository and the last attachment: what
# mounting itself costs, without start-up, marker and links.
calls() { # CONFIG CMDLINE
	unshare -m sh -c "$own; strace -o $work/trace $run --config $1 --cmdline '$2'" 2> /dev/null || true
	awk '/openat2\(|open_tree\(/ && !from { from = NR }
	/move_mount\(/ { to = NR }
	/^umask\(/ { start = NR }
	from && !to && (/write\(/ || /kmsg/) { said++ }
	{ all = NR }
	END { printf "%d from the first look at the disk to the last move_mount (and %d to log), %d in all after libc start\n",
		to - from + 1 - said, said, all - start }' "$work/trace"
}
title "composefs-setup-root, system calls"
echo "with state:  $(calls "$work/state.toml" "$karg")"
echo "root only:   $(calls "$work/root-only.toml" "$karg")"
echo "whole run with pre-flight, marker and links: $(calls "$work/whole.toml" "$karg")"

# As under its unit, where what it says goes to the journal and not through
# the kernel's log.
JOURNAL_STREAM=$(stat -Lc %d:%i /dev/null)
export JOURNAL_STREAM
title "composefs-setup-root, CPU time from exec to attached (pre-flight off)"
set -- "ours=$run --config $work/state.toml --cmdline $karg"
if [ -r "$reference" ]; then
	${CC:-cc} -O2 -w -static-pie -fPIE -o "$work/reference" "$reference"
	echo "composefs.digest=v1-sha256-12:$hex" > "$work/cmdline"
	set -- "reference=$work/reference $disk/composefs $work/target $work/cmdline state" "$@"
else
	echo "no reference program at hand: our own times only"
fi
[ -z "$musl" ] || set -- "$@" "musl=$musl ${run#* } --config $work/state.toml --cmdline $karg"
set -- "$@" "large-image=$run --config $work/state.toml --cmdline $bigkarg"
unshare -m sh -c "$own; exec \"\$@\"" sh "$measure" -m -n 200 "$@"
