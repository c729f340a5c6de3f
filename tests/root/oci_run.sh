#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# oci run: containers by crun and runc, of images that are verified first, and
# what is left of them afterwards.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/containers.sh"
need_runtimes

mkdir volume
container_tree tree
mkdir tree/tmp
printf 'root:x:0:0::/root:/bin/sh\nweb:x:101:102::/:/bin/sh\n' > tree/etc/passwd
yes | head -c 100000 > tree/data/large
echo outside > volume/file
chmod 1751 tree/usr # of which the root of an image is a copy
tar --sort=name --owner=0 --group=0 -C tree -cf image.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay x \
	--config '{"Entrypoint": ["/bin/busybox"], "Cmd": ["echo", "hello"]}' image.tar > /dev/null
cfs() { cfsctl --insecure --repo repo "$@"; }
cfs init > /dev/null
quiet cfs oci pull oci:lay:x x
run() { cfs oci run --runtime "$runtime" "$@" < /dev/null; }
sum=$(sha256sum < tree/data/large | cut -d' ' -f1)
before=$(cat /proc/self/mounts)

for runtime in $runtimes; do
	same "$runtime: what the image starts" "$(run x)" hello
	same "  a command in its place" "$(run x -- sha256sum /data/large)" "$sum  /data/large"
	same "  the exit status" "$(run x -- sh -c 'exit 3'; echo $?)" 3
	same "  a user by name" "$(run -u web x -- id -u)" 101
	refuse "  one that is unknown" "nobody-of-this" run -u nobody-of-this x
	same "  one by number" "$(run -u 4242 x -- id -u)" 4242
	same "  a name" "$(run --name box x -- hostname)" box
	same "  the root is as the image has it" "$(run x -- stat -c '%a %u %g' /)" "1751 0 0"
	same "  changes are seen" "$(run x -- sh -c 'echo new > /data/new; cat /data/new')" new
	same "  and gone with the container" "$(run x -- ls /data)" large
	same "  or refused" "$(run --read-only x -- sh -c 'touch /data/new 2> /dev/null; echo $?')" 1
	mkdir -p changes
	same "  or kept" "$(run --overlay changes x -- sh -c 'echo kept > /data/kept') $(cat changes/upper/data/kept)" " kept"
	same "    for the next one" "$(run --overlay changes x -- cat /data/kept)" kept
	rm -r changes
	same "  a volume over a directory that exists" \
		"$(run -v "$PWD/volume:/data:ro" x -- sh -c 'cat /data/file; touch /data/x 2> /dev/null || echo read-only')" "outside
read-only"
	# SIGTERM is the container's.
	run --name stopped x -- sh -c 'trap "echo ended; exit 5" TERM; echo ready; while :; do sleep 0.1; done' > said &
	pid=$!
	until grep -q ready said || ! kill -0 $pid; do sleep 0.05; done
	pkill -TERM -P $pid -f stopped || kill -TERM $pid
	wait $pid
	same "  SIGTERM passes" "$? $(tail -n 1 said)" "5 ended"
	# A service that is killed is started again under its name.
	: > said
	cfsctl --insecure --repo repo oci run --runtime "$runtime" --name stopped x \
		-- sh -c 'echo ready; while :; do sleep 0.1; done' < /dev/null > said &
	pid=$!
	until grep -q ready said || ! kill -0 $pid; do sleep 0.05; done
	child=$(pgrep -P $pid | head -n 1)
	kill -9 $pid "${child:-$pid}"
	wait $pid
	same "  after SIGKILL a container of the same name starts" "$(run --name stopped x)" hello
done
# The group of a service is that of its container, too.
group=/sys/fs/cgroup/composefs-test-$$
grouped() {
	local pid child n
	: > said
	(
		echo $BASHPID > $group/cgroup.procs || exit
		exec cfsctl --insecure --repo repo oci run --runtime crun x \
			-- sh -c 'echo ready; while :; do sleep 0.1; done' < /dev/null > said
	) &
	pid=$!
	until grep -q ready said || ! kill -0 $pid 2> /dev/null; do sleep 0.05; done
	child=$(pgrep -P $pid | head -n 1)
	same "a container of crun is in its caller's control group" \
		"$(grep ^0:: "/proc/${child:-none}/cgroup")" "0::/composefs-test-$$"
	kill -9 "${child:-$pid}"
	wait $pid
	for ((n = 0; n < 1000; n++)); do
		! rmdir $group 2> /dev/null || break
		sleep 0.05
	done
}
if [[ $runtimes != *crun* ]]; then
	echo "# no crun: its control group is not looked at"
elif mount -t cgroup2 cgroup2 /sys/fs/cgroup; then
	if mkdir $group 2> /dev/null && (echo $BASHPID > $group/cgroup.procs) 2> /dev/null; then
		grouped
	else
		echo "# no control groups can be made here: not tried"
	fi
	umount /sys/fs/cgroup
fi

same "no mount is left" "$(cat /proc/self/mounts)" "$before"
same "  and nothing in the bundle's place" "$(ls -A /run/composefs/bundle)" ""

runtime=${runtimes##* }
refuse "a name is no path" "is no name of a container" run --name ../x x
refuse "there is no such runtime" "start the runtime ./none" cfs oci run --runtime ./none x
refuse "there is no such image" "none" run none
cfsctl genkey keys --name vendor > /dev/null
cfsctl genkey other --name other > /dev/null
demand() { run --require-signature --trust-cert "$1/cert.pem" x; }
refuse "an image that is not signed is not started where that is demanded" "sign" demand keys
quiet cfs oci seal x
quiet cfs oci sign --cert keys/cert.pem --key keys/key.pem --kernel-signatures=no x
same "a signed one is" "$(demand keys)" hello
refuse "not where another certificate is demanded" "sign" demand other
same "no mount is left of those either" "$(cat /proc/self/mounts)" "$before"
finish
