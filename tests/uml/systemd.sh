#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The units of the service as systemd runs them: composefs.socket, and a process of
# composefs@.service for each connection, hardened as the unit says, which can do what
# it is there for all the same.
if [ "${CFS_GUEST-}" != uml ]; then
	self=$(realpath "$0")
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	[ -x /lib/systemd/systemd ] || skip "no systemd"
	exec "$CFS_SRC/tests/vm/uml" -m 512M "$self"
fi

# As the manager's only service it is the test, else the first process of the guest.
if [ "${1-}" != inside ]; then
	. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
	mount -t cgroup2 cgroup2 /sys/fs/cgroup || skip "no control groups in this kernel"
	for type in erofs overlay; do
		mkdir -p mnt
		mount -t $type none mnt 2> /dev/null # the kernel loads its module
	done
	units=/run/systemd/system
	mkdir -p $units
	for unit in composefs.socket composefs@.service; do
		sed "s|/usr/bin/cfsctl|$BIN/cfsctl|" "$CFS_SRC/systemd-units/$unit" > $units/$unit
	done
	cat > $units/test.service <<-END
		[Unit]
		DefaultDependencies=no
		SuccessAction=exit-force
		FailureAction=exit-force
		[Service]
		Type=oneshot
		ExecStart=$(realpath "$0") inside
		StandardOutput=file:$PWD/said
		StandardError=inherit
		WorkingDirectory=$PWD
		Environment=CFS_GUEST=uml BIN=$BIN O=$O CFS_SRC=$CFS_SRC TMPDIR=$PWD PATH=$PATH
	END
	unshare --fork --pid --mount-proc env container=test \
		/lib/systemd/systemd --system --unit=test.service --show-status=no \
		--log-target=null > console 2>&1
	status=$?
	cat said
	[ $status = 0 ] || cat console
	exit $status
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

truncate -s 96M disk
mkfs.ext4 -q -O verity -b 4096 disk
mkdir fs
mount -o loop disk fs || skip "no verity ext4 in this kernel"
mkdir -p tree/usr
echo contents > tree/usr/file
cfsctl --repo fs/repo init > /dev/null
cfsctl --repo fs/repo create-image tree os > /dev/null
repo=$PWD/fs/repo
socket=/run/composefs/org.composefs
ask() { cfsctl --socket $socket --repo "$repo" "$@"; }
running() { systemctl list-units --plain --no-legend 'composefs@*' | wc -l; }
gone() { # Waits until no service runs
	for _ in $(seq 2000); do
		[ "$(running)" != 0 ] || return 0
		sleep 0.05
	done
}

same "nothing listens yet" "$(test -e $socket; echo $?)" 1
check "the socket is made" systemctl start composefs.socket
same "for root" "600 root" "$(stat -c '%a %U' $socket)"
same "no service runs for it" 0 "$(running)"
same "a client is answered" "$(cfsctl --repo "$repo" images)" "$(ask images)"
same "and checks the repository" "$(cfsctl --repo "$repo" fsck)" "$(ask fsck)"
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz"
check "and has an image pulled" quiet ask oci pull "oci:$PWD/layouts/boot-plain:t" app:1
check "  which is whole" quiet cfsctl --repo "$repo" oci fsck
openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=a -keyout a.key -out a.pem 2> /dev/null
cfsctl --repo "$repo" oci sign --cert a.pem --key a.key app:1 > /dev/null 2>&1
check "  and verified" quiet ask oci verify --cert a.pem app:1
check "and has garbage collected" quiet ask gc
mkdir -p mnt
check "and gets a mount" quiet "$O/tests/tools/varlinkcall" -m mnt $socket \
	'{"method":"org.composefs.Repository.OpenRepository","parameters":{"path":"'"$repo"'"}}' \
	'{"method":"org.composefs.Repository.Mount","parameters":{"handle":1,"name":"os","options":{}}}'
same "  of the image" contents "$(cat mnt/usr/file)"
umount mnt
refuse "another user may not connect" "Permission denied" \
	setpriv --reuid 65534 --regid 65534 --clear-groups cfsctl --socket $socket images
gone
same "with its connections the services are gone" 0 "$(running)"

# Two connections that stay open.
python3 - $socket <<'END' &
import os, socket, sys, time
held = []
for n in range(2):
    s = socket.socket(socket.AF_UNIX)
    s.connect(sys.argv[1])
    s.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
    s.recv(65536)
    held.append(s)
open("held", "w").write("2")
while not os.path.exists("release"):
    time.sleep(0.02)
END
for _ in $(seq 2000); do
	[ ! -e held ] || break
	sleep 0.05
done
same "each connection has a process" 2 "$(running)"
unit=$(systemctl list-units --plain --no-legend 'composefs@*' | awk 'NR == 1 { print $1 }')
pid=$(systemctl show -p MainPID --value "$unit")
status() { awk -v name="$1:" '$1 == name { print $2 }' "/proc/$pid/status"; }
same "  that gains no rights" 1 "$(status NoNewPrivs)"
same "  has seven capabilities" 00000000002000cf "$(status CapBnd)"
same "  and filtered system calls" 2 "$(status Seccomp)"
same "  sees /usr read-only" ro \
	"$(awk '$5 == "/usr" { split($6, o, ","); print o[1] }' "/proc/$pid/mountinfo" | tail -n 1)"
touch release
wait
gone
same "  and ends with it" 0 "$(running)"
same "none of them failed" "" "$(systemctl list-units --failed --plain --no-legend 'composefs*')"
finish
