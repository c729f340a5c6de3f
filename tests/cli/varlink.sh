#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The service for other programs, as a client of the protocol alone sees it.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

info='{"method":"org.varlink.service.GetInfo"}'

fixture_rootfs root
fixture_repo repo
id=$(cfsctl --repo repo create-image root os/stable)
id=${id#sha512:}
handle="'handle':HANDLE" # the connection's
opened=$(message Repository.OpenRepository "'path':'$PWD/repo'")
on() { # METHOD PARAMETERS: on the open repository; the second reply
	client call s "$opened" "$(message "$1" "$handle${2:+,$2}")" | tail -n 1
}

check "it makes a socket" serve cfsctl
same "for its user alone" "$(stat -c %a s)" 600
refuse "a second one at that place is refused" "Address already in use" \
	cfsctl varlink --address s
same "it names itself" "$(client call s "$info" | grep -o '"product": "[a-z]*"')" \
	'"product": "cfsctl"'

# What a service of composefs-rs 0.9.4 answers, member by member.
same "a repository is made" "$(call Repository.InitRepository "'path':'$PWD/new','insecure':true")" \
	'{"parameters": {"created": true}}'
same "once" "$(call Repository.InitRepository "'path':'$PWD/new','insecure':true")" \
	'{"parameters": {"created": false}}'
same "with this algorithm by default" "$(grep -o 'fsverity-sha[0-9]*' new/meta.json)" \
	fsverity-sha512
same "it is there" "$(call Repository.EnsureRepository "'path':'$PWD/new'")" \
	'{"parameters": {"status": "Opened"}}'
same "opened" "$(client call s "$opened")" "$(printf \
	'{"parameters": {"handle": 1, "hash_algorithm": "sha512", "objects_device_id": %s}}' \
	"$(stat -c %d repo/objects)")"
same "its images" "$(on Repository.ListImageRefs)" \
	"{\"parameters\": {\"images\": [{\"digest\": \"$id\", \"name\": \"os/stable\"}]}}"
same "their objects are those that the command prints" \
	"$(on Repository.ImageObjects "'name':'os/stable'" | grep -o 'sha512:[0-9a-f]*')" \
	"$(cfsctl --repo repo image-objects os/stable)"
same "an image that is missing" "$(on Repository.ImageObjects "'name':'none'")" \
	'{"error": "org.composefs.Repository.NoSuchRef", "parameters": {"reference": "none"}}'
same "a sane repository" "$(on Repository.Fsck)" "$(printf '{"parameters": {"broken_links": 0, %s}}' \
	'"errors": [], "findings": [], "has_metadata": true, "images_checked": 1, "images_corrupted": 0, "missing_objects": 0, "objects_checked": 2, "objects_corrupted": 0, "ok": true, "streams_checked": 0, "streams_corrupted": 0')"
same "nothing to collect" "$(on Repository.Gc "'dry_run':true,'roots':[]")" "$(printf '{"parameters": {%s}}' \
	'"dry_run": true, "findings": [], "result": {"images_pruned": 0, "objects_bytes": 0, "objects_kept": 2, "objects_removed": 0, "signatures_pruned": 0, "streams_pruned": 0, "temporary_files": 0}')"
same "no repository" "$(call Repository.OpenRepository "'path':'$PWD/root'" | grep -o '"error": "[^"]*"')" \
	'"error": "org.composefs.Repository.RepoNotFound"'
same "closed" "$(on Repository.CloseRepository)" '{"parameters": {}}'

# Clients that connect anew for each call have one handle on all of them.
handle_of() { # PATH
	call Repository.OpenRepository "'path':'$1'" | sed 's/.*"handle": \([0-9]*\).*/\1/'
}
kept=$(handle_of "$PWD/repo")
other=$(handle_of "$PWD/new")
check "each handle has a number of its own" test "$kept" -lt "$other"
same "it is good on other connections" \
	"$(call Repository.ListImageRefs "'handle':$kept" | grep -o os/stable)" os/stable
same "for its repository" "$(call Repository.ListImageRefs "'handle':$other")" \
	'{"parameters": {"images": []}}'
same "until it is closed" "$(call Repository.CloseRepository "'handle':$kept"
	call Repository.Fsck "'handle':$kept")" "{\"parameters\": {}}
$(printf '{"error": "org.composefs.Repository.InvalidHandle", "parameters": {"handle": %s}}' "$kept")"
same "once" "$(call Repository.CloseRepository "'handle':$kept" | grep -o InvalidHandle)" InvalidHandle
same "which others are not by that" "$(call Repository.ListImageRefs "'handle':$other")" \
	'{"parameters": {"images": []}}'
mv new old && cfsctl --repo new init --insecure > /dev/null
same "another repository in its place is not meant" \
	"$(call Repository.ListImageRefs "'handle':$other" | grep -o InvalidHandle)" InvalidHandle

cp -r repo bad
fixture_corrupt bad
opened_bad=$(message Repository.OpenRepository "'path':'$PWD/bad'")
client call s "$opened_bad" "$(message Repository.Fsck "$handle")" | tail -n 1 > fsck.json
check "damage is found" grep -q '"ok": false' fsck.json
same "with the lines that composefs-rs has" \
	"$(grep -o '"fsck: object-digest-mismatch: objects/[^:]*: measured ' fsck.json | wc -l)" 1
check "and with records" grep -q '"code": "object-digest-mismatch"' fsck.json

# Limits.
same "the longest message" "$(client long s 4194304 | grep -o '"vendor"')" '"vendor"'
same "a longer one" "$(client long s 4194305)" closed
same "what is no call" "$(client raw s '' x '{' '{}' '[]' '"x"' '{"method":7}' $'\xff' \
	'{"method":"a.b","parameters":[]}' | sort -u)" closed
handles() { # N: opens the repository so often; prints the last reply
	local -a calls=()
	while [ ${#calls[@]} -lt "$1" ]; do
		calls+=("$opened")
	done
	client call s "${calls[@]}" | tail -n 1
}
check "64 repositories are open at a time" eval 'handles 64 | grep -q "\"handle\":"'
check "and no more" eval 'handles 65 | grep -q "error.*maximum of 64"'
same "connections in turn" "$(client turns s 1000)" 1000
check "leave no process" until_idle

# One client waits for a long check; here, for the lock that it needs.
flock -x repo sleep 1000 &
locker=$!
until ! flock -n -s repo true; do sleep 0.02; done
mkfifo hold
client send s "$(message Repository.OpenRepository "'path':'$PWD/new'")" \
	"$(message Repository.Fsck "$handle")" < hold > sent &
exec 7> hold
until grep -q sent sent; do sleep 0.02; done
exec 7>&-
wait $!
check "a client that ends early leaves no process" until_idle
client_waits() {
	rm sent
	client send s "$opened" < hold > sent &
	waiting=$!
	exec 7> hold
	until grep -q sent sent 2> /dev/null; do sleep 0.02; done
}
one_process() { # which the other client's may outlive by a moment
	local n=500
	until [ "$(pgrep -P $service | wc -l)" = 1 ]; do
		[ $((n -= 1)) -gt 0 ] || return 1
		sleep 0.02
	done
}
client_waits
same "another is answered while one waits" "$(client call s "$info" "$(message Repository.OpenRepository \
	"'path':'$PWD/new'")" | wc -l)" 2
check "by a process of its own" one_process
kill -KILL $waiting
exec 7>&-
wait $waiting 2> /dev/null
kill $locker $(pgrep -P $locker)
wait $locker 2> /dev/null
check "a client that is killed leaves no process" until_idle
check "no lock" flock -n -x repo true
same "and no temporary file" "$(find repo -name '.tmp-*')" ""

same "nobody complained but about nonsense" "$(grep -v -e 'a message' -e 'ended inside' service.log)" ""
kill $service
check "it ends when it is told to" wait $service
check "and takes its socket along" test ! -e s
: > file
refuse "nothing but a socket is replaced" "Address already in use" cfsctl varlink --address file

# From a service manager.
refuse "without a socket there is nothing to serve" "--address" cfsctl varlink
same "a socket that listens" "$(client activate listen cfsctl varlink -- "$info" "$opened" |
	grep -o -e '"product": "[a-z]*"' -e '"handle": 1' -e 'status.*')" \
	'"product": "cfsctl"
"handle": 1
status 0'
same "one that is connected" "$(client activate connect cfsctl varlink -- "$info" "$opened" |
	grep -o -e '"product": "[a-z]*"' -e '"handle": 1' -e 'status.*')" \
	'"product": "cfsctl"
"handle": 1
status 0'
same "without any argument" "$(client activate connect cfsctl -- "$info" |
	grep -o '"product": "[a-z]*"')" '"product": "cfsctl"'
rm activated
same "by its other name" "$(client activate listen cfsctl oci varlink -- "$info" |
	grep -o '"product": "[a-z]*"')" '"product": "cfsctl"'
check "sockets for another process are not meant" eval \
	'LISTEN_PID=1 LISTEN_FDS=1 cfsctl 2>&1 | grep -q "^usage:"'

# The options of the command are about each repository.
same "a repository without fs-verity may be refused" \
	"$(client activate connect cfsctl --require-verity varlink -- "$opened" |
		grep -o '"error": "[^"]*"')" '"error": "org.composefs.Repository.InternalError"'

# What a method costs on a repository that is open.  With -D the program, and not
# strace, is the process that the socket is for.
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null; then
	client activate connect strace -D -f -qq -o trace cfsctl varlink -- "$opened" \
		"$(message Repository.ListImageRefs "$handle")" \
		"$(message Repository.ImageObjects "$handle,'name':'os/stable'")" \
		"$(message Repository.ListImageRefs "$handle")" \
		"$(message Repository.ImageObjects "$handle,'name':'os/stable'")" > replies
	until grep -q exit_group trace; do sleep 0.02; done
	# From one message to the next.
	awk '/ recvmsg\(/ { n++ } { print > ("part." n + 0) }' trace
	same "five calls were made" "$(grep -c parameters replies)" 5
	for part in 4 5; do
		n=$(wc -l < part.$part)
		check "call $part on an open repository makes at most 60 system calls ($n)" \
			test "$n" -le 60
		check "and does not open it again" eval '! grep -F "$PWD/repo" part.$part'
	done

	# There is no process for one client, and no descriptor for another while
	# a third one is served.
	rm -f s sent
	serve strace -D -qq -o trace -e trace=accept4,clone,clone3,fork \
		-e inject=clone,clone3,fork:error=EAGAIN:when=1 \
		-e inject=accept4:error=EMFILE:when=3 cfsctl
	same "a client for which there is no process" "$(client call s "$info")" closed
	if kill -0 $service; then
		client send s "$info" "$info" < hold > sent &
		waiting=$!
		exec 7> hold
		until grep -q sent sent 2> /dev/null; do sleep 0.02; done
		client call s "$info" > late 7>&- &
		until grep -q EMFILE trace; do sleep 0.02; done
		exec 7>&-
		wait $waiting $!
		same "one for which there is no descriptor is served later" \
			"$(grep -o '"product": "[a-z]*"' late)" '"product": "cfsctl"'
	fi
	check "  and the service lives" kill $service
fi
finish
