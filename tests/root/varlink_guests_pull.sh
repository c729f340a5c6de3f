#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# A guest of the service pulls from a registry: the image gets a name if the policy
# demands a signature for that name and the registry has it, and no name otherwise.
export REGISTRY=${REGISTRY-$("${CFS_SRC:?run by tests/run}/deps/docker-registry.sh" 2> /dev/null)}
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "$CFS_SRC/tests/registry.sh"

mkdir -p home/.config/containers
start registry
at=127.0.0.1:$port
cat > home/.config/containers/registries.conf <<-END
	[[registry]]
	location = "$at"
	insecure = true
END

# One image, whose signatures differ from place to place, and another.
keys=$CFS_SRC/tests/data/oci/sealing/keys
tar xf "$CFS_SRC/tests/data/oci/layouts.tar.xz" layouts/single layouts/gzip-one || exit 1
push() { # LAYOUT NAME [KEY]
	cfsctl --repo "$2" init --insecure > /dev/null
	cfsctl --repo "$2" oci pull "oci:layouts/$1:t" x > pull.out || return
	[ -z "${3-}" ] || cfsctl --repo "$2" oci sign --cert "$keys/$3.cert.pem" \
		--key "$keys/$3.key.pem" x > sign.out || return
	cfsctl --repo "$2" oci push x "docker://$at/$2:x" > push.out
}
push single unsigned && push single stranger other && push single signed rsa &&
	push gzip-one another || exit 1
id=$(cfsctl --repo signed oci inspect x --manifest | head -c -1 | sha256sum | cut -c-64)

# Other users can enter no folder above $TMPDIR.
place=/run/place
mkdir -m 755 $place || exit 1
cp "$(command -v cfsctl)" $place
chmod 755 $place/cfsctl
cfsctl --repo $place/repo init --insecure > /dev/null
chmod 700 $place/repo
cp "$keys/rsa.cert.pem" .
cat > policy.toml <<-END
	[images."os"]
	certificates = ["rsa.cert.pem"]
	[images."free"]
	accept = "anything"
END
cfsctl --repo $place/repo varlink --guests --policy "$PWD/policy.toml" \
	--address $place/s 2> service.log &
service=$!
servers="$servers $service"
until [ -S $place/s ]; do
	kill -0 $service 2> /dev/null || { cat service.log; exit 1; }
	sleep 0.02
done
chmod 666 $place/s

pull() { # NAME [TAG]: as a guest; sets $words
	words=$(cd / && exec setpriv --reuid 65534 --regid 65534 --clear-groups \
		$place/cfsctl --socket $place/s oci pull "docker://$at/$1:x" "${@:2}" 2>&1 > /dev/null)
}
refused() { # NAME STATUS WORDS IMAGE [TAG]
	pull "${@:4}"
	same "$1" $? "$2"
	check "  and says so" grep -q "$3" <<< "$words"
}
tags() {
	cfsctl --repo $place/repo oci images --json |
		python3 -c 'import json, sys; print(*(i["name"] + " " + i["manifest_digest"] for i in json.load(sys.stdin)["images"]))'
}
refused "an image that nobody signed is refused" 5 "demands a signature of os:1, and there is none" unsigned os:1
same "  and has no name" "$(tags)" ""
refused "one that a stranger signed" 4 "wrong-certificate" stranger os:1
same "  has none either" "$(tags)" ""
refused "a signature is no use for a name that needs none" 1 "does not permit this to you" signed free:1
refused "  nor without a name" 1 "does not permit this to you" signed
same "no name was given" "$(tags)" ""
check "an image with the signature is pulled" pull signed os:1
same "  and has the name" "$(tags)" "os:1 sha256:$id"
check "  and its signature beside it" quiet cfsctl --repo $place/repo oci verify --cert "$keys/rsa.cert.pem" os:1
same "  all of it root's" "$(find $place/repo ! -user 0)" ""
refused "the name is not taken from it by one without" 5 "demands a signature of os:1, and there is none" another os:1
same "  and stays where it was" "$(tags)" "os:1 sha256:$id"
kill $service
wait $service
finish
