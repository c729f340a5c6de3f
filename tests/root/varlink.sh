#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The service as root: mounts that go to clients as descriptors, and clients of
# other users, for whom it does what they could do themselves.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
	skip "this kernel has no erofs or no overlay"

varlinkcall=$O/tests/tools/varlinkcall
message() { # METHOD PARAMETERS: a call of the interface, ' stands for "
	echo "{'method':'org.composefs.Repository.$1','parameters':{$2}}" | tr "'" '"'
}
error_of() { # prints the name of the error of the last reply
	tail -n 1 | grep -o '"error": "[^"]*"'
}
# Other users can enter no folder above $TMPDIR.
place=/run/place
mkdir -m 755 $place && mkdir -m 777 $place/open || exit 1
fixture_rootfs root
fixture_repo $place/repo
cfsctl --repo $place/repo create-image root os/stable > /dev/null || exit 1
for key in vendor other; do
	cfsctl genkey $key --name $key > /dev/null || exit 1
done
cfsctl varlink --address $place/s &
service=$!
until [ -S $place/s ]; do
	kill -0 $service || exit 1
	sleep 0.02
done

opened=$(message OpenRepository "'path':'$place/repo'")
mount_of() { # OPTIONS
	message Mount "'handle':1,'name':'os/stable','options':{$1}"
}
mkdir mnt upper work
check "an image is mounted from a descriptor" quiet \
	"$varlinkcall" -m mnt $place/s "$opened" "$(mount_of "")"
check "with its files" cmp root/usr/bin/hello mnt/usr/bin/hello
same "under its digest" "$(findmnt -no SOURCE mnt | cut -c 1-10)" composefs:
check "read-only" eval '! touch mnt/x 2> /dev/null'
check "it stays when the connection is closed" umount mnt
check "changes go to the client's directories" quiet "$varlinkcall" -m mnt -f upper -f work \
	$place/s "$opened" "$(mount_of "'overlay':true,'read_write':true")"
echo new > mnt/usr/lib/readme.txt
same "and nowhere else" "$(cat upper/usr/lib/readme.txt root/usr/lib/readme.txt)" "new
test fixture"
umount mnt
same "without directories there is no overlay" "$("$varlinkcall" $place/s "$opened" \
	"$(mount_of "'overlay':true")" | error_of)" '"error": "org.composefs.Repository.InvalidSpec"'
same "nor with other descriptors" "$("$varlinkcall" -f upper -f root/etc/hostname $place/s "$opened" \
	"$(mount_of "'overlay':true")" | error_of)" '"error": "org.composefs.Repository.InvalidSpec"'
same "a mount that nobody attached is gone" \
	"$("$varlinkcall" $place/s "$opened" "$(mount_of "")" | tail -n 1)
$(grep -c composefs: /proc/self/mountinfo)" '{"parameters": {"fd_index": 0}}
0'

demanded=$(mount_of "'require_signature':true")
same "without a certificate no image satisfies a demand" \
	"$("$varlinkcall" $place/s "$opened" "$demanded" | error_of)" \
	'"error": "org.composefs.Repository.SignatureRequired"'
cfsctl varlink --require-signature --trust-cert vendor/cert.pem --address $place/demanding &
demanding=$!
until [ -S $place/demanding ]; do
	kill -0 $demanding || exit 1
	sleep 0.02
done
same "an image that is not signed is refused where that is demanded" \
	"$("$varlinkcall" $place/demanding "$opened" "$demanded" | error_of)" \
	'"error": "org.composefs.Repository.SignatureRequired"'
sign() { cfsctl --repo $place/repo sign os/stable --cert "$1/cert.pem" --key "$1/key.pem" > /dev/null; }
sign other
same "  so is one that another signed" "$("$varlinkcall" $place/demanding "$opened" "$demanded" | error_of)" \
	'"error": "org.composefs.Repository.SignatureRequired"'
sign vendor
check "  and one that the right one signed is mounted" quiet \
	"$varlinkcall" -m mnt $place/demanding "$opened" "$demanded"
umount mnt
kill $demanding
wait $demanding

# Anybody may connect now.
chmod 666 $place/s
cp "$varlinkcall" $place/call
nobody() { # MESSAGE...
	setpriv --reuid 65534 --regid 65534 --clear-groups $place/call $place/s "$@"
}
denied='"error": "org.varlink.service.PermissionDenied"'
same "root's repository is closed to others" "$(nobody "$opened" | error_of)" "$denied"
chmod 755 $place/repo
same "even where they could read it" "$(nobody "$opened" | error_of)" "$denied"
same "they make none where they may not write" "$(nobody \
	"$(message InitRepository "'path':'$place/new','insecure':true")" | error_of)" "$denied"
same "but where they may" "$(nobody \
	"$(message InitRepository "'path':'$place/open/new','insecure':true")")" \
	'{"parameters": {"created": true}}'
same "and it is theirs" "$(stat -c %u:%g:%a $place/open/new $place/open/new/meta.json)" \
	"65534:65534:700
65534:65534:644"
theirs=$(message OpenRepository "'path':'$place/open/new'")
check "they work with it" eval 'nobody "$theirs" "$(message Fsck "\"handle\":1")" |
	grep -q "\"ok\": true"'
message_of_root=$(message Fsck "'handle':$("$varlinkcall" $place/s "$theirs" |
	grep -o '"handle": [0-9]*' | grep -o '[0-9]*$')")
same "a handle is of its user alone" "$(nobody "$message_of_root" | error_of)" \
	'"error": "org.composefs.Repository.InvalidHandle"'
check "who can use it on each connection" eval '"$varlinkcall" $place/s "$message_of_root" |
	grep -q "\"ok\": true"'
check "as root does" eval '"$varlinkcall" $place/s "$theirs" | grep -q "\"handle\":"'
cp -r $place/repo/. $place/open/new/ && chown -hR 65534:65534 $place/open/new
same "the service mounts nothing for them" "$(nobody "$theirs" "$(mount_of "")" | error_of)" "$denied"
check "the service lives" kill $service
check "and ends when it is told to" wait $service
finish
