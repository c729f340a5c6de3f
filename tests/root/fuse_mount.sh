#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# `cfsctl mount --fuse`: layers for changes, users without rights, many readers.
# In a mount namespace of its own.
if [ -z "${CFS_NAMESPACE-}" ]; then
	FUSERMOUNT=$("${CFS_SRC:?run by tests/run}/deps/fusermount3.sh" 2> /dev/null)
	export FUSERMOUNT
fi
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

[ -c /dev/fuse ] && (: < /dev/fuse) 2> /dev/null || skip "there is no /dev/fuse"
trap 'umount -q -l mnt' EXIT

seal() { cfsctl --insecure --repo repo "$@"; }
# Of this test alone, by the path of its mountpoint.
servers() { pgrep -f "mount --fuse[^ ]* .*img $TMPDIR/mnt"; }
end() { umount mnt && gone; }

mkdir tree tree/dir mnt changes
for i in $(seq 300); do yes "$i" | head -c $((i * 40)) > "tree/dir/$i"; done
ln -s dir/1 tree/link
setfattr -n user.note -v kept tree/dir/300
seal init > init.log 2>&1
seal create-image --no-propagate-usr-to-root tree img > image.log 2>&1
want=$(cd tree && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum)
sum() { (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum); }

modes=plain
seal mount --fuse=passthrough img "$TMPDIR/mnt" 2> log && end && modes="$modes passthrough"
seal mount --fuse=overlay --no-verify img "$TMPDIR/mnt" 2> log && end && modes="$modes overlay"
echo "# modes: $modes"

check "the best mode that works" seal mount --fuse -v img "$TMPDIR/mnt" 2> log
case $modes in *passthrough*) best=passthrough ;; *) best=plain ;; esac
same "  is said on demand" "$(cat log)" "mode: $best"
same "  and shows the tree" "$(sum mnt)" "$want"
refuse "  it is read-only" "Read-only file system" touch mnt/x
check "  the server holds no lock: gc does not wait for it" \
	timeout 60 cfsctl --insecure --repo repo gc
same "    and takes nothing from it" "$(sum mnt)" "$want"
kill "$(servers)"
check "  SIGTERM ends it" gone
check "  and unmounts it" eval '! mountpoint -q mnt'
check "--fuse=no is the kernel's mount" eval \
	'seal mount --fuse=no img mnt && [ "$(findmnt -no FSTYPE mnt)" = overlay ]'
umount mnt
refuse "no other mode" "expected auto, passthrough, overlay, plain, yes or no" \
	seal mount --fuse=fast img "$TMPDIR/mnt"
refuse "--no-verify without --fuse" "need --fuse" seal mount --no-verify img "$TMPDIR/mnt"
refuse "--foreground without --fuse" "need --fuse" seal mount --foreground img "$TMPDIR/mnt"
cfsctl --insecure --repo repo mount --fuse=yes --foreground img "$TMPDIR/mnt" 2> log &
server=$!
until mountpoint -q mnt || ! kill -0 $server; do sleep 0.02; done
same "in the foreground it shows the tree" "$(sum mnt)" "$want"
same "  and serves it itself" "$(servers)" "$server"
same "  which a dumpfile made of it has, too" \
	"$(seal create-dumpfile --no-propagate-usr-to-root mnt)" \
	"$(seal create-dumpfile --no-propagate-usr-to-root tree)"
kill -KILL $server
wait $server 2> /dev/null
check "  until it is killed" gone
umount -l mnt
check "--check goes with it" seal mount --fuse --check img "$TMPDIR/mnt"
end

# Nothing but the kernel can verify what an overlay reads.
refuse "mode overlay in a repository without fs-verity" "needs fs-verity" \
	seal mount --fuse=overlay img "$TMPDIR/mnt"
check "  mounts nothing" eval '! mountpoint -q mnt && gone'

# A layer for changes.
for mode in $modes; do
	mkdir upper work
	verify=
	[ $mode != overlay ] || verify=--no-verify
	if ! seal mount --fuse=$mode $verify --upperdir upper --workdir work \
		--read-write img "$TMPDIR/mnt" 2> log; then
		check "mode $mode: a kernel before 6.15 refuses --upperdir" \
			grep -qF "upper directory (needs Linux 6.15): " log
		rm -r upper work
		continue
	fi
	same "mode $mode: the tree below a layer for changes" "$(sum mnt)" "$want"
	echo new > mnt/new && rm mnt/dir/7 && echo more >> mnt/dir/300
	same "  takes changes" "$(cat upper/new) $(tail -n 1 mnt/dir/300)" "new more"
	check "  removes names" eval '[ ! -e mnt/dir/7 ]'
	same "  keeps xattrs" \
		"$(getfattr --only-values -n user.note mnt/dir/300)" kept
	check "  ends with the mount" end
	rm -rf upper work
done

# Many at once.
for mode in $modes; do
	verify=
	[ $mode != overlay ] || verify=--no-verify
	seal mount --fuse=$mode $verify img "$TMPDIR/mnt"
	readers() {
		local i pids=()
		for i in $(seq 64); do
			(cd mnt/dir && cat $(seq 1 300) | sha256sum > "$TMPDIR/sum.$i") &
			pids+=($!)
		done
		wait "${pids[@]}"
		(cd tree/dir && cat $(seq 1 300) | sha256sum) > sum
		for i in $(seq 64); do cmp sum "sum.$i" || return; done
	}
	check "mode $mode: 64 readers at once" readers
	hold() { # opens every file over and over, all at once
		python3 - <<-'END'
		import os, resource
		hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
		n = min(10000, hard - 100)
		resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
		files = [open("mnt/dir/%d" % (i % 300 + 1), "rb") for i in range(n)]
		for i, f in enumerate(files):
		    start = f.read(3)
		    assert start == ((b"%d\n" % (i % 300 + 1)) * 3)[:3], (i, start)
		END
	}
	check "mode $mode: 10000 open files" hold
	end
done

# As a user, where users can go: the checkout may lie in a folder of root's.
mount --bind "$TMPDIR" /mnt && cd /mnt && TMPDIR=/mnt || exit 1
mknod fuse c 10 229 && chmod 666 fuse && mount --bind fuse /dev/fuse || exit 1
chmod -R a+rX repo
chmod 600 fuse
refuse "a user for whom /dev/fuse is not" "have its mode set to 0666" \
	as_nobody cfsctl --insecure --repo repo mount --fuse img "$TMPDIR/mnt"
chmod 666 fuse
refuse "a user is told of --fuse" "--fuse mounts without" \
	as_nobody cfsctl --insecure --repo repo mount img "$TMPDIR/mnt"
if ! command -v fusermount3 > /dev/null; then
	refuse "a user without fusermount3" "user namespace (unshare -rm), or fusermount3" \
		as_nobody cfsctl --insecure --repo repo mount --fuse img "$TMPDIR/mnt"
fi
# With it, by set-user-ID as it is installed: the user has no rights, and no user
# namespace.
if [ -x "${FUSERMOUNT:-/none}/fusermount3" ]; then
	install -D -m 4755 "$FUSERMOUNT/fusermount3" helper/fusermount3
	install -d -o 65534 -g 65534 own other
	chown root other
	helped() { PATH=$TMPDIR/helper:$PATH as_nobody "$@"; }
	check "a user mounts by fusermount3" \
		helped cfsctl --insecure --repo repo mount --fuse -v img "$TMPDIR/own" 2> log
	same "  which is a mode without rights" "$(grep ^mode: log)" "mode: plain"
	# Its type has the name only where libfuse finds the program in /usr/bin.
	same "  by FUSE, read-only, of this user" \
		"$(sed -n "s,^[^ ]* $TMPDIR/own \(fuse\)[^ ]* \(ro\)\,.*user_id=\([0-9]*\).*,\1 \2 \3,p" /proc/self/mounts)" \
		"fuse ro 65534"
	# Another user may not look into it, not even root.
	as_user() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
	same "  it shows the tree" "$(as_user bash -c 'cd own && find . -type f -print0 |
		sort -z | xargs -0 sha256sum | sha256sum')" "$want"
	check "  the user unmounts it" as_user helper/fusermount3 -u "$TMPDIR/own"
	refuse "  a directory of another user is refused" "fusermount3: " \
		helped cfsctl --insecure --repo repo mount --fuse img "$TMPDIR/other"
	refuse "  so is what needs rights" "need root or a user namespace" \
		helped cfsctl --insecure --repo repo mount --fuse=overlay img "$TMPDIR/own"
fi
user() { # COMMAND: as root of a user namespace
	setpriv --reuid 65534 --regid 65534 --clear-groups \
		unshare -Urm bash -c "cd '$TMPDIR' || exit; $1"
}
chmod 755 .
if user true 2> /dev/null; then
	refuse "a user has no passthrough" "mode passthrough needs" user \
		'./.nobody --insecure --repo repo mount --fuse=passthrough img "$PWD/mnt"'
	same "a user's mount shows the tree" "$(user '
		./.nobody --insecure --repo repo mount --fuse img "$PWD/mnt" || exit
		cd mnt && find . -type f -print0 | sort -z | xargs -0 sha256sum |
			sha256sum
		cd .. && umount mnt')" "$want"
	case $modes in *overlay*)
		same "  by an overlay" "$(user '
			./.nobody --insecure --repo repo mount --fuse -v \
				--no-verify img "$PWD/mnt" 2>&1 || exit
			cd mnt && find . -type f -print0 | sort -z |
				xargs -0 sha256sum | sha256sum
			cd .. && umount mnt')" "mode: overlay
$want" ;;
	esac
	same "  with a layer for changes" "$(user '
		mount -t tmpfs none changes && mkdir changes/upper changes/work
		./.nobody --insecure --repo repo mount --fuse \
			--upperdir changes/upper --workdir changes/work \
			--read-write img "$PWD/mnt" || exit
		echo new > mnt/new && cat changes/upper/new && umount mnt')" new
	check "  no server is left" gone
else
	echo "ok - # SKIP users may have no user namespaces here"
fi
umount /dev/fuse
finish
