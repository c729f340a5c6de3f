#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl --socket: what a command prints is the same whether it works here or asks a
# service, and nothing that a service answers does harm.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"

oci_repo
fixture_rootfs root
cfsctl --repo repo create-image root os/stable > create.out
cfsctl --repo repo create-image root another > create.out
serve cfsctl || exit 1

asks() { cfsctl --socket s --repo "$PWD/$1" "${@:2}"; }
works() { cfsctl --repo "$PWD/$1" "${@:2}"; }
# The output of both, their messages and exit statuses.
both() { # COMMAND REPO ARGUMENT...
	"$@" 2>&1
	echo "status $?"
}
alike() { # NAME REPO ARGUMENT...
	same "$1" "$(both asks "${@:2}")" "$(both works "${@:2}")"
}
alike "images" repo images
alike "images with whole digests" repo images --no-trunc
alike "images as JSON" repo images --json
alike "a check" repo fsck
alike "a check of metadata" repo fsck --metadata-only
alike "a check as JSON" repo fsck --json
cp -r repo bad
fixture_corrupt bad
rm "$(find bad/objects -type f | sort | tail -n 1)"
alike "what a check finds" bad fsck
alike "  as JSON" bad fsck --json
cp -r root more
head -c 5000 /dev/urandom > more/usr/lib/more
cfsctl --repo repo create-image more third > create.out
rm repo/images/refs/third
cp -r repo collected
same "a collection" "$(both asks repo gc)" "$(both works collected gc)"
same "  removed the same" "$(cd repo && find . | sort)" "$(cd collected && find . | sort)"
for repo in asked worked; do
	cfsctl --repo $repo init --insecure --algorithm fsverity-sha256-12 > init.out
done
pull=(oci pull --bootable "oci:$PWD/layouts/boot-plain:t" os:1)
same "a pull" "$(both asks asked "${pull[@]}")" "$(both works worked "${pull[@]}")"
same "  again" "$(both asks asked "${pull[@]}")" "$(both works worked "${pull[@]}")"
same "  gave the same" "$(works asked oci compute-id os:1)" "$(works worked oci compute-id os:1)"
expected=$(works worked oci compute-id --bootable os:1)
alike "a pull of an image that is expected" asked "${pull[@]:0:3}" --expected-digest "$expected" "${pull[@]:3}"
wrong=$(printf '%064d' 0)
check "  and of another" eval '! asks asked oci pull --bootable --expected-digest $wrong "oci:$PWD/layouts/boot-plain:t" 2> out'
alike "a reference that is none" asked oci pull nothing x


status() { "$@" > out 2> err; echo "$? $(head -n 1 err)"; }

# What is signed, by whom, and what is not.
alike "nothing that could be verified" asked oci verify --digest-only os:1
works asked oci seal os:1 > seal.out
alike "digests" asked oci verify --digest-only os:1
alike "digests that do not suffice" asked oci verify os:1
alike "no signature" asked oci verify --cert "$keys/rsa.cert.pem" os:1
works asked oci sign --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" os:1 > sign.out
works asked oci sign --cert "$keys/ec.cert.pem" --key "$keys/ec.key.pem" os:1 > sign.out
alike "a signature" asked oci verify --cert "$keys/rsa.cert.pem" os:1
alike "  of several signers" asked oci verify --cert "$keys/other.cert.pem" --cert "$keys/ec.cert.pem" --cert "$keys/rsa.cert.pem" os:1
alike "  as JSON" asked oci verify --json --cert "$keys/ec.cert.pem" os:1
alike "  of the image to boot" asked oci verify --json --bootable --cert "$keys/rsa.cert.pem" os:1
alike "one of a stranger" asked oci verify --cert "$keys/other.cert.pem" os:1
alike "  as JSON" asked oci verify --json --cert "$keys/other.cert.pem" os:1
printf 'nonsense' > none.pem
alike "what is no certificate" asked oci verify --cert none.pem os:1
same "an image that is missing" "$(status asks asked oci verify --cert "$keys/rsa.cert.pem" none)" \
	"1 Error: the repository of the service has no OCI image none"

same "a command that no service does" "$(status asks repo lint root)" \
	"2 error: --socket is only supported for images, fsck, gc, oci pull and oci verify"
for words in "images --long" "fsck --read-data" "fsck --threads 1" "gc --why $wrong" \
	"oci pull --platform linux/amd64 x" "oci pull --require-signature --trust-cert x x" "oci pull --threads 2 x" "oci verify --accept-merged-only x" "oci verify --check-expiry x"; do
	# shellcheck disable=SC2086 # several words
	same "an option that no service has: $words" "$(status asks repo $words | cut -c 1-2)" "2 "
done
same "a path that only this process knows" "$(status cfsctl --socket s --repo repo images | cut -c 1-2)" "2 "
same "no service" "$(status cfsctl --socket none --repo /x images)" \
	"1 Error: --socket: connect to none: No such file or directory"
same "no repository" "$(status cfsctl --socket s --repo /nonexistent images | cut -c 1-40)" \
	"1 Error: --socket: open repository /none"

# A service that lies.
lie() { # ANSWER...: to one connection; prints the status and message of fsck
	python3 -B - "$@" <<'END' &
import os, socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("liar.new")
s.listen()
os.rename("liar.new", "liar")
c, _ = s.accept()
for answer in sys.argv[1:]:
    while not c.recv(1 << 16).endswith(b"\0"):
        pass
    c.sendall(answer.encode() + b"\0")
END
	until [ -S liar ]; do
		kill -0 $! || return 1
		sleep 0.02
	done
	status cfsctl --socket liar --repo /r fsck
	wait $!
	rm liar
}
handle='{"parameters":{"handle":1}}'
same "a handle is needed" "$(lie '{"parameters":{"handle":-1}}')" \
	"1 Error: --socket: the reply of the service has no handle, or another kind of it"
same "a reply has to be one" "$(lie "$handle" '[]')" \
	"1 Error: the service sent something that is no reply"
same "  and not to end before" "$(lie "$handle" | cut -c 1-48)" "1 Error: the service closed the connection"
same "a finding that is not known is not passed over" \
	"$(lie "$handle" '{"parameters":{"ok":true,"findings":[{"code":"x","path":"y"}]}}')" \
	"1 Error: the service has a finding that this program does not know: use a newer one"
same "nothing is well that is not said to be" "$(lie "$handle" '{"parameters":{"findings":[]}}' | cut -c 1-8)" "1 Error:"
lie "$handle" '{"parameters":{"ok":false,"findings":[{"code":"broken-symlink","path":"images/\u001b[2J\nx"}]}}' > out.lie
check "what would reach the terminal is replaced" eval 'grep -q "fsck: broken-symlink: images/.*x$" out && ! grep -q "$(printf "\033")" out err'
same "the words of its errors, too" "$(lie "$handle" '{"error":"a.B","parameters":{"message":"\u001b[2J"}}' | tr -d '[:print:]' | tr -d '\n' | wc -c)" \
	"$(lie "$handle" '{"error":"a.B","parameters":{"message":"?[2J"}}' | tr -d '[:print:]' | tr -d '\n' | wc -c)"
kill $service
wait $service

# What the machine boots is kept if the service knows its boot partition.
unnamed() { # REPO: an image that nothing but a boot entry names
	cfsctl --repo "$1" create-image root/etc --no-propagate-usr-to-root | sed 's/.*://'
}
entry() { printf 'linux /vmlinuz\noptions composefs.digest=v1-sha256-12:%s\n' "$1"; }
id=$(unnamed repo)
unnamed asked > unnamed.out
mkdir -p boot/loader/entries
entry "$id" > boot/loader/entries/x.conf
serve_options="--roots-from-boot $PWD/boot"
serve cfsctl --repo repo || exit 1
check "a collection knows what the boot partition boots" quiet asks repo gc
check "  and keeps it" test -e "repo/images/$id"
check "  by whatever path it was asked for" quiet asks bad/../repo gc
check "  which it keeps as well" test -e "repo/images/$id"
: > boot/loader/entries/y.conf
refuse "an entry that cannot be read stops it" "nothing was removed" asks repo gc
check "  and is named" grep -qF "error: $PWD/boot/loader/entries/y.conf: the file is empty" "stderr.$$"
check "another repository is not what it boots from" quiet asks asked gc
check "  and kept by its names alone" test ! -e "asked/images/$id"
rm boot/loader/entries/y.conf
kill $service
wait $service
serve_options=
serve cfsctl --repo repo || exit 1
check "a service that does not know the boot partition" quiet asks repo gc
check "  removes what nothing else names" test ! -e "repo/images/$id"
kill $service
wait $service

# Started as composefs.socket does it: a process for each connection, by the command
# of the unit.
if command -v systemd-socket-activate > /dev/null; then
	read -ra words <<< "$(sed -n 's/^ExecStart=//p' "$CFS_SRC/systemd-units/composefs@.service")"
	systemd-socket-activate --accept -l "$PWD/activated" "$(command -v cfsctl)" "${words[@]:1}" 2> activate.log &
	service=$!
	until [ -S activated ]; do
		kill -0 $service || exit 1
		sleep 0.02
	done
	activated() { cfsctl --socket "$PWD/activated" --repo "$PWD/repo" "$@" 2>&1; }
	same "a service manager starts it for each connection" "$(activated images)" "$(works repo images)"
	same "  and again" "$(activated fsck)" "$(works repo fsck)"
	kill $service
	wait $service 2> /dev/null
fi
finish
