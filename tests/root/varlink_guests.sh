#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A service that has guests: users who may neither read nor write its repository ask
# for what the commands print, and for nothing else.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

# Other users can enter no folder above $TMPDIR.
place=/run/place
mkdir -m 755 $place || exit 1
cp "$(command -v cfsctl)" "$O/tests/tools/varlinkcall" $place
chmod 755 $place/cfsctl $place/varlinkcall
fixture_rootfs root
fixture_repo $place/repo
fixture_repo $place/other
chmod 700 $place/repo
cfsctl --repo $place/repo create-image root os/stable > create.out || exit 1
mkdir layouts && tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" || exit 1
cfsctl --repo $place/repo oci pull oci:layouts/boot-plain:t os:1 > pull.out || exit 1
mkdir -p -m 700 $place/boot/loader/entries
entry() { # ALG:HEX
	printf 'linux /vmlinuz\noptions composefs.digest=v1-%s-12:%s\n' "${1%:*}" "${1#*:}"
}
entry "$(cat create.out)" > $place/boot/loader/entries/stable.conf
(cd $place && exec ./cfsctl --repo $place/repo varlink --guests --roots-from-boot $place/boot --address $place/s 2> "$TMPDIR/service.log") &
service=$!
until [ -S $place/s ]; do
	kill -0 $service || exit 1
	sleep 0.02
done

guest() { # PROGRAM ARGUMENT...
	(cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups "$place/$1" "${@:2}")
}
asks() { guest cfsctl --socket $place/s "$@" 2>&1; echo "status $?"; }
works() { cfsctl --repo $place/repo "$@" 2>&1; echo "status $?"; }
alike() { # NAME ARGUMENT...
	same "$1" "$(asks "${@:2}")" "$(works "${@:2}")"
}
refuse "the socket decides who is a guest" "Permission denied" guest cfsctl --socket $place/s images
chmod 666 $place/s
refuse "who cannot read the repository" "ermission denied" guest cfsctl --repo $place/repo images
alike "asks for its images" images
alike "  and for a check" fsck
alike "  and for what is wrong with it" fsck --json
cfsctl --repo $place/repo create-image root/etc more --no-propagate-usr-to-root > create.out
rm $place/repo/images/refs/more
cp -a $place/repo $place/collected
same "and has garbage collected" "$(asks gc)" "$(cfsctl --repo $place/collected gc 2>&1; echo "status $?")"
same "  of which nothing is left" "$(find $place/repo -type f | wc -l)" "$(find $place/collected -type f | wc -l)"
booted=$(cfsctl --repo $place/repo create-image root/etc --no-propagate-usr-to-root)
entry "$booted" > $place/boot/loader/entries/x.conf
booted=${booted#*:}
same "  but what the machine boots, which they cannot see" "$(asks gc | tail -n 1)" "status 0"
check "    is kept" test -e "$place/repo/images/$booted"
rm $place/boot/loader/entries/x.conf
asks gc > gc.out
check "    while it has an entry" test ! -e "$place/repo/images/$booted"
same "  and which stays root's" "$(find $place/repo ! -user 0)" ""

# Connections that are left open.
cat > $place/idle.py <<'END'
import socket, sys, time
held = []
def connect():
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(60)
    try:
        s.connect(sys.argv[1])
        s.sendall(b'{"method":"org.varlink.service.GetInfo"}\0')
        if s.recv(1):
            held.append(s)
            return
    except (BrokenPipeError, ConnectionResetError):
        pass
    time.sleep(0.02)  # those of commands before may not have ended
for _ in range(1000):
    if len(held) < 16:
        connect()
for _ in range(4):
    connect()
print(len(held), flush=True)
sys.stdin.read()
END
mkfifo hold
(cd / && PATH=/usr/bin:/bin exec setpriv --reuid 65534 --regid 65534 --clear-groups \
	python3 $place/idle.py $place/s) < hold > held &
idle=$!
exec 7> hold
until [ -s held ] || ! kill -0 $idle; do sleep 0.02; done
same "a guest has sixteen connections at a time" "$(cat held)" 16
check "  and no more of them" eval 'asks images | grep -q "status [^0]"'
same "another guest is served" "$(cd / && setpriv --reuid 65533 --regid 65533 --clear-groups \
	$place/cfsctl --socket $place/s images 2>&1)" "$(cfsctl --repo $place/repo images)"
same "  and root" "$(cfsctl --socket $place/s --repo $place/repo images)" "$(cfsctl --repo $place/repo images)"
exec 7>&-
wait $idle
until ! asks images | grep -q "status [^0]"; do sleep 0.02; done
alike "  and the first again once these are closed" images

denied="Error: --socket: the service does not permit this to you
status 1"
same "another repository is not for guests" "$(asks --repo $place/other images)" "$denied"
same "  nor one that does not exist" "$(asks --repo /nonexistent images)" "$denied"
same "  nor the same by another path" "$(asks --repo $place/./repo images)" "$denied"
same "  but by its own" "$(asks --repo $place/repo images)" "$(works images)"
same "files are not read for them" "$(asks oci pull oci:$TMPDIR/layouts/boot-plain:t os:2)" \
	"Error: the service does not permit this to you
status 1"
message() { # METHOD PARAMETERS: a call, ' stands for "
	echo "{'method':'org.composefs.$1','parameters':{$2}}" | tr "'" '"'
}
opened=$(message Repository.OpenRepository "'system':true")
for call in "Repository.InitRepository 'path':'$place/new','insecure':true" \
	"Repository.EnsureRepository 'path':'$place/new','insecure':true" \
	"Repository.Mount 'handle':1,'name':'os/stable','options':{}" "Oci.Untag 'handle':1,'name':'os:1'" \
	"Oci.Tag 'handle':1,'manifest_digest':'x','name':'x'" "Oci.OciMount 'handle':1,'image':'os:1','bootable':false,'options':{}" \
	"Oci.GetLayer 'handle':1,'params':{}" "Oci.PutLayer 'handle':1,'diff_id':'x','zerocopy':false" \
	"Oci.FinalizeImage 'handle':1,'manifest_json':'','config_json':'','layers':[]" \
	"Oci.Seal 'handle':1,'image':'os:1'" "Oci.SigningRequest 'handle':1,'image':'os:1'" \
	"Oci.AttachSignatures 'handle':1,'image':'os:1','cert_pem':'','signatures':[]" "Oci.Sign 'handle':1,'image':'os:1'"; do
	same "no method for guests: ${call%% *}" \
		"$(guest varlinkcall $place/s "$opened" "$(message "${call%% *}" "${call#* }")" | tail -n 1)" \
		'{"error": "org.varlink.service.PermissionDenied", "parameters": {}}'
done
check "nothing was made" eval '! [ -e $place/new ]'
check "root is no guest" eval '$place/varlinkcall $place/s "$(message Repository.OpenRepository "\"path\":\"$place/other\"")" |
	grep -q "\"handle\":"'
refuse "a relative path is no place for guests" "absolute" cfsctl --repo repo varlink --guests --address t
kill $service
wait $service
finish
