#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# crun and runc run a mounted image with the config.json that cfsctl prints for
# it, as root and without.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/containers.sh"
need_runtimes
# crun refuses a hierarchy of cgroups that is half version 1.
mount -t cgroup2 cgroup2 /sys/fs/cgroup || skip "cannot mount cgroup2"

mkdir mnt
container_tree tree
printf 'root:x:0:0::/root:/bin/sh\nweb:x:101:102::/:/bin/sh' > tree/etc/passwd
echo log:x:30:web > tree/etc/group
tar --sort=name --owner=0 --group=0 -C tree -cf image.tar .
python3 -B "$CFS_SRC/tests/oci/image.py" lay x \
	--config '{"Entrypoint": ["/bin/busybox"], "User": "web"}' image.tar > /dev/null
cfsctl --repo repo init --insecure > /dev/null
quiet cfsctl --insecure --repo repo oci pull oci:lay:x x
cfsctl --insecure --repo repo oci mount x mnt
mkdir volume
echo outside > volume/file
# A place that other users reach, too; what is above $TMPDIR may be closed.
cp "$BIN/cfsctl" .
chmod 755 . volume && chmod -R a+rX repo
mkdir /run/place
mount --rbind . /run/place
cd /run/place || exit 1
own="setpriv --reuid 65534 --regid 65534 --clear-groups"

# Runs a container: OPTION... -- ARGUMENT...
try() {
	local options=() as= state=$PWD/state manager=
	while [ "$1" != -- ]; do
		[ "$1" != --rootless ] || as=$own
		options+=("$1")
		shift
	done
	[ "$runtime" != crun ] || manager=--cgroup-manager=disabled
	mkdir -p bundle
	# shellcheck disable=SC2086 # several words, or none
	{
		[ -z "$as" ] || state=$PWD/state-own
		install -d ${as:+-o 65534} -m 700 "$state"
		$as ./cfsctl --insecure --repo repo oci runtime-spec --root "$PWD/mnt" \
			"${options[@]}" x "$@" > config.json && mv config.json bundle/ &&
			$as $runtime --root "$state" $manager run --bundle bundle \
				"t-$BASHPID" < /dev/null
	}
}
for runtime in $runtimes; do
	same "$runtime: the user of the image" "$(try -- id)" \
		"uid=101(web) gid=102 groups=30(log)"
	same "  root" "$(try --user 0 -- id -u)" 0
	same "  who is not allowed all" "$(try --user 0 -- sh -c 'mount -t tmpfs x /data 2> /dev/null; echo $?')" 1
	same "  an environment" "$(try -e A='b  c' -- sh -c 'echo "$A|$HOME"')" "b  c|/"
	same "  the exit status" "$(try -- sh -c 'exit 3'; echo $?)" 3
	same "  a name" "$(try --name box -- hostname)" box
	same "  no network but lo" "$(try -- ls /sys/class/net)" lo
	same "  a read-only root, and a place to write" "$(try --read-only --user 0 -- sh -c \
		'touch /data/x 2> /dev/null || touch /run/x && ls /run')" x
	same "  a volume" "$(try -v "$PWD/volume:/data:ro" -- sh -c \
		'cat /data/file; touch /data/x 2> /dev/null || echo read-only')" "outside
read-only"
	if $own test -w /dev/null; then
		same "  without root" "$(try --rootless --user 0 --read-only -- sh -c \
			'echo $(id -u) $(cat /proc/self/uid_map)')" "0 0 65534 1"
	else
		echo "# /dev/null of this machine is closed to users: not tried without root"
	fi
done
cd "$TMPDIR" && umount -R /run/place && umount mnt
finish
