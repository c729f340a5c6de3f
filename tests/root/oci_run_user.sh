#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci run --rootless: containers of a user who is not root, of an image that is
# verified and served by FUSE, and what is left when any of the processes is
# killed.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/containers.sh"
need_runtimes
user=65534
own="setpriv --reuid $user --regid $user --clear-groups env -u XDG_RUNTIME_DIR"
[ -e /dev/fuse ] || skip "no /dev/fuse"
$own test -w /dev/fuse || skip "/dev/fuse is closed to users"
$own test -w /dev/null || skip "/dev/null is closed to users"
$own unshare -Urmpf --mount-proc true || skip "users may make no namespaces"
printf '%s\n' 6.15 "$(uname -r)" | sort -CV || skip "no overlay over FUSE for users (needs Linux 6.15)"

# A place that other users reach; what is above $TMPDIR may be closed.
mkdir volume
echo outside > volume/file
container_tree tree
mkdir tree/tmp
printf 'root:x:0:0::/root:/bin/sh\nweb:x:101:102::/:/bin/sh\n' > tree/etc/passwd
echo log:x:30:web > tree/etc/group
yes | head -c 100000 > tree/data/large
chmod 1751 tree/usr # of which the root of an image is a copy
tar --sort=name --owner=0 --group=0 -C tree -cf image.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay x \
	--config '{"Entrypoint": ["/bin/busybox"], "Cmd": ["echo", "hello"]}' image.tar > /dev/null
cp "$BIN/cfsctl" .
chmod 755 . volume
mkdir /run/place
mount --rbind . /run/place
cd /run/place || exit 1
cfs() { ./cfsctl --insecure --repo repo "$@"; }
cfs init > /dev/null
quiet cfs oci pull oci:lay:x x
chmod -R a+rX repo
install -d -o $user own
run() { $own ./cfsctl --insecure --repo repo oci run --rootless --runtime "$runtime" "$@" < /dev/null; }
sum=$(sha256sum < tree/data/large | cut -d' ' -f1)
before=$(cat /proc/self/mounts)

# Processes that have the variable CFS_TAG=$tag.
tag=$$-$RANDOM
export CFS_TAG=$tag
tagged() {
	local p
	for p in /proc/[0-9]*; do
		[ "${p#/proc/}" = $$ ] || [ "${p#/proc/}" = "$BASHPID" ] ||
			! grep -qsz "^CFS_TAG=$tag\$" "$p/environ" || echo "${p#/proc/}"
	done
}
# Waits, as long as it takes the kernel, until none of them runs.
gone() {
	local n
	for ((n = 0; n < 2000; n++)); do
		[ -n "$(tagged)" ] || return 0
		sleep 0.05
	done
	return 1
}
# Starts a container in the background, and waits until it runs.
start() {
	: > said
	$own ./cfsctl --insecure --repo repo oci run --rootless --runtime "$runtime" \
		--name kept -e CFS_TAG x -- sh -c \
		'trap "echo ended; exit 5" TERM; echo ready; while :; do sleep 0.1; done' \
		< /dev/null > said 2> words &
	pid=$!
	until grep -q ready said || ! kill -0 $pid 2> /dev/null; do sleep 0.05; done
}
child() { pgrep -P "$1" "${@:2}" | head -n 1; }

for runtime in $runtimes; do
	same "$runtime: what the image starts" "$(run x)" hello
	same "  a command in its place" "$(run x -- sha256sum /data/large)" "$sum  /data/large"
	same "  the exit status" "$(run x -- sh -c 'exit 3'; echo $?)" 3
	same "  root of the container is the user" "$(run x -- sh -c 'echo $(id -u) $(cat /proc/self/uid_map)')" "0 0 $user 1"
	refuse "  other users do not exist" "user 101:102 does not exist" run -u web x
	refuse "  nor ones that the image does not know" "nobody-of-this" run -u nobody-of-this x
	same "  a name" "$(run --name box x -- hostname)" box
	same "  no network but lo" "$(run x -- ls /sys/class/net)" lo
	same "  the root is as the image has it" "$(run x -- stat -c '%a %u %g' /)" "1751 0 0"
	same "  changes are seen" "$(run x -- sh -c 'echo new > /data/new; cat /data/new')" new
	same "  and gone with the container" "$(run x -- ls /data)" large
	same "  or refused" "$(run --read-only x -- sh -c 'touch /data/new 2> /dev/null; echo $?')" 1
	same "  or kept" "$(run --overlay own x -- sh -c 'echo kept > /data/kept') $(cat own/upper/data/kept)" " kept"
	same "    for the next one" "$(run --overlay own x -- cat /data/kept)" kept
	rm -r own/*
	same "  a volume" "$(run -v "$PWD/volume:/data:ro" x -- sh -c \
		'cat /data/file; touch /data/x 2> /dev/null || echo read-only')" "outside
read-only"
	same "  nothing of the bundle is seen" "$(run --network host x -- ls -A /proc/fs/nfsd)" ""
	start
	same "  the repository is not locked meanwhile" "$(flock -n -x repo echo free)" free
	kill -TERM $pid
	wait $pid
	same "  SIGTERM passes" "$? $(tail -n 1 said)" "5 ended"
	check "  and all processes have ended" gone

	for which in command first server runtime container; do
		start
		first=$(child $pid)
		case $which in
		command) victim=$pid ;;
		first) victim=$first ;;
		server) victim=$(child "$first" cfsctl) ;;
		runtime) victim=$(child "$first" "$runtime") ;;
		container) victim=$(child "$(child "$first" "$runtime")") ;;
		esac
		same "  it runs" "$(tail -n 1 said)" ready
		kill -9 "${victim:-none}" || kill -9 $pid
		wait $pid
		same "  SIGKILL of the $which is a failure" "$(($? != 0))" 1
		check "    and ends all processes" gone
	done
done
same "no mount is left" "$(cat /proc/self/mounts)" "$before"
same "  and no file" "$(find /run -user $user ! -path '/run/place/own')" ""

runtime=${runtimes##* }
refuse "a name is no path" "is no name of a container" run --name ../x x
runtime=./none
refuse "there is no such runtime" "start the runtime ./none" run x
runtime=${runtimes##* }
refuse "there is no such image" "none" run none
cfs genkey keys --name vendor > /dev/null
cfs genkey other --name other > /dev/null
chmod -R a+rX keys other
demand() { run --require-signature --trust-cert "$1/cert.pem" x; }
refuse "an image that is not signed is not started where that is demanded" "sign" demand keys
quiet cfs oci seal x
quiet cfs oci sign --cert keys/cert.pem --key keys/key.pem --kernel-signatures=no x
chmod -R a+rX repo
same "a signed one is" "$(demand keys)" hello
refuse "not where another certificate is demanded" "sign" demand other
check "none of these left a process" gone

if command -v newuidmap > /dev/null && [ -e /etc/subuid ] && [ -e /etc/subgid ]; then
	echo "$user:300000:500" > subids
	chmod 644 subids
	mount --bind subids /etc/subuid
	mount --bind subids /etc/subgid
	same "with subordinate ids there are other users" "$(run -u web x -- id)" "uid=101(web) gid=102 groups=30(log)"
	same "  which are those outside" "$(run x -- sh -c 'echo $(cat /proc/self/uid_map)')" "0 $user 1 1 300000 500"
	refuse "  but no others" "give this user ids for those up to 500" run -u 501 x
	umount /etc/subuid /etc/subgid
else
	echo "# no newuidmap, or no files of subordinate ids: not tried"
fi

# Nothing but the server verifies here, and it does each object.
object=$(find repo/objects -type f -size 100000c)
same "the object of a file" "$(wc -l <<< "$object")" 1
printf x | dd of="$object" bs=1 seek=50000 conv=notrunc status=none
read_it() { run x -- cat /data/large > /dev/null; }
refuse "what was tampered with is not read" "nput/output error" read_it
check "  and reported" grep -q "/data/large: .*digest" "$TMPDIR/stderr.$$"
same "  all else is" "$(run x)" hello
cd "$TMPDIR" && umount -R /run/place
finish
