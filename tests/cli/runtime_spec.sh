#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci runtime-spec: the config.json of an image, of the schema that
# runtimes go by, and users from account files that nobody may trust.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

image() {
	python3 -B "$CFS_SRC/tests/oci/image.py" "$@"
}
spec() {
	cfsctl --repo repo oci runtime-spec "$@"
}
json() { # EXPRESSION: of the document d on stdin
	python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"
}
cfsctl --repo repo init --insecure > /dev/null

pack() { # NAME CONFIG: an image of tree/
	tar --sort=name --mtime=@1 --owner=0 --group=0 -C tree -cf "$1.tar" .
	image lay "$1" --config "$2" "$1.tar" > /dev/null
	quiet cfsctl --repo repo oci pull "oci:lay:$1" "$1"
}

mkdir -p tree/usr/bin tree/etc tree/run tree/var tree/tmp
ln -s ../tmp tree/var/tmp
cat > tree/etc/passwd <<'EOF'
root:x:0:0:root:/root:/bin/sh
broken line
:x:5:5::/:
web:x:not-a-number:7::/:
web:x:101:102:Web:/srv/web:/bin/false
web:x:0:0:second:/:/bin/sh
EOF
printf 'root:x:0:\nweb:x:102:\nlog:x:30:root,web\nlog2:x:30:web\nadm:x:20:web\nodd:x:x:web\nlast:x:40:web' \
	> tree/etc/group
pack x '{"Entrypoint": ["/usr/bin/app", "-x"], "Cmd": ["serve"], "User": "web",
	"Env": ["A=1", "B=2", "A=3"], "WorkingDir": "/srv", "StopSignal": "SIGQUIT",
	"Labels": {"org.opencontainers.image.title": "t", "run.oci.hooks.stdout": "/x"}}'

check "config.json is printed" eval 'spec x > config.json'
same "  of version 1.0.2" "$(json 'd["ociVersion"]' < config.json)" 1.0.2
same "  with entrypoint and command" "$(json 'd["process"]["args"]' < config.json)" \
	"['/usr/bin/app', '-x', 'serve']"
same "  each variable once, the last one" "$(json 'd["process"]["env"][1:]' < config.json)" \
	"['A=3', 'B=2', 'HOME=/srv/web']"
same "  a PATH" "$(json 'd["process"]["env"][0][:15]' < config.json)" PATH=/usr/local
same "  the working directory" "$(json 'd["process"]["cwd"]' < config.json)" /srv
same "  the first user of that name, and its groups" "$(json 'd["process"]["user"]' < config.json)" \
	"{'uid': 101, 'gid': 102, 'additionalGids': [20, 30, 40]}"
same "  who has no capabilities" \
	"$(json 'd["process"]["capabilities"]["effective"]' < config.json)" "[]"
same "  no new privileges" "$(json 'd["process"]["noNewPrivileges"]' < config.json)" True
same "  the root directory" "$(json 'd["root"]' < config.json)" \
	"{'path': 'rootfs', 'readonly': False}"
same "  the stop signal, and no label that a runtime obeys" \
	"$(json 'd["annotations"]' < config.json)" \
	"{'org.opencontainers.image.stopSignal': 'SIGQUIT', 'org.opencontainers.image.title': 't'}"
same "  no network" "$(json '[n["type"] for n in d["linux"]["namespaces"]]' < config.json)" \
	"['pid', 'ipc', 'uts', 'mount', 'cgroup', 'network']"
same "  a host name" "$(json 'd["hostname"]' < config.json)" \
	"$(cfsctl --repo repo oci inspect x --manifest | head -c -1 | sha256sum | cut -c-12)"
spec x > again
check "the same for the same image" cmp config.json again

same "another command takes the place of Cmd" \
	"$(spec x -- run -e A=4 | json 'd["process"]["args"]')" "['/usr/bin/app', '-x', 'run', '-e', 'A=4']"
same "variables of the caller count more" \
	"$(FROM=env spec -e A=5 -e PATH=/bin -e FROM -e NOT_SET_ANYWHERE -e HOME=/h x |
		json 'd["process"]["env"]')" "['PATH=/bin', 'A=5', 'B=2', 'FROM=env', 'HOME=/h']"
user() { # USER: as "uid gid groups"
	spec --user "$1" x | json '" ".join(str(v) for v in d["process"]["user"].values())'
}
same "a user by name" "$(user root)" "0 0 [30]"
same "a user by number, who is in the file" "$(user 101)" "101 102 [20, 30, 40]"
same "one who is not" "$(user 4242)" "4242 0"
same "a group by name, and then no others" "$(user web:adm)" "101 20"
same "a group by number" "$(user 5:6)" "5 6"
same "the largest id" "$(user 4294967294)" "4294967294 0"
refuse "an option of the image's program, without --" "IMAGE [-- ARGUMENT...]" spec x ls -la
refuse "an id beyond" "exceeds the maximum" spec --user 4294967295 x
refuse "a user who is not in the file" "no user 'nobody' in /etc/passwd" spec --user nobody x
refuse "nor a group" "no group 'nobody' in /etc/group" spec --user 0:nobody x
refuse "no user before the colon" "expected USER or USER:GROUP" spec --user :0 x
refuse "no group after it" "expected USER or USER:GROUP" spec --user 0: x
same "root has some capabilities" "$(spec --user 0 x |
	json 'len(d["process"]["capabilities"]["effective"])')" 11

top= # a path of the image, not of this machine
same "a root that is read-only has places to write" \
	"$(spec --read-only x | json '(d["root"]["readonly"], [m["destination"] for m in d["mounts"] if m["type"] == "tmpfs"])')" \
	"(True, ['/dev', '/dev/shm', '/run', '${top}/tmp', '${top}/var/tmp'])"
same "volumes" "$(spec -v /a:/b -v /c/d:/e:ro x |
	json '[(m["source"], m["destination"], m["options"][-1]) for m in d["mounts"] if m["type"] == "bind"]')" \
	"[('/a', '/b', 'rw'), ('/c/d', '/e', 'ro')]"
for bad in a:/b /a:b /a /a: /a:/ /a:/.. /a:/x/../y /a:/b:rx "$(printf '/a:/\377')"; do
	refuse "volume $bad is refused" "volume" spec -v "$bad" x
done
refuse "a name that is a path" "no name of a container" spec --name ../x x
refuse "a variable without a name" "expected NAME=VALUE" spec -e =x x
same "the network of the machine" "$(spec --network host x |
	json '"network" in [n["type"] for n in d["linux"]["namespaces"]]')" False
refuse "no other network" "network" spec --network bridge x
refuse "only root exists without root" "started without root" spec --rootless x
same "which is mapped to the caller" "$(spec --rootless --user 0 x |
	json '[d["linux"][m][0] for m in ("uidMappings", "gidMappings")]')" \
	"[{'containerID': 0, 'hostID': $(id -u), 'size': 1}, {'containerID': 0, 'hostID': $(id -g), 'size': 1}]"
refuse "an image that is not there" "no-such" spec no-such
refuse "one that has to be signed and is not" "no signature artifacts" \
	spec --require-signature --trust-cert "$CFS_SRC/tests/data/oci/sealing/keys/rsa.cert.pem" x

# Account files that lead elsewhere: links are followed inside the image only.
mkdir -p tree/usr/etc
mv tree/etc/passwd tree/usr/etc/accounts
ln -s ../../../../usr/etc/accounts tree/etc/passwd
pack linked '{"Cmd": ["a"], "User": "web"}'
same "a link above the root ends at the root" \
	"$(spec linked | json 'd["process"]["user"]["uid"]')" 101
ln -sf "$PWD/outside" tree/etc/passwd
echo 'web:x:0:0::/:' > outside
pack out '{"Cmd": ["a"], "User": "web"}'
refuse "a file of this machine is not read" "no user 'web'" spec out
ln -sf passwd tree/etc/passwd
pack loop '{"Cmd": ["a"], "User": "web"}'
refuse "a link to itself" "more than 40 symbolic links" spec loop
rm tree/etc/passwd
mkdir tree/etc/passwd
pack dir '{"Cmd": ["a"]}'
refuse "a directory" "is not a regular file" spec dir
rmdir tree/etc/passwd
head -c 2000000 /dev/zero | tr '\0' a > tree/etc/passwd
pack large '{"Cmd": ["a"]}'
refuse "a file of 2 MB" "maximum is 1048576" spec large
head -c 1000000 tree/etc/passwd > line
{ cat line && printf '\nweb:x:9:9::/:/bin/sh'; } > tree/etc/passwd
pack line '{"Cmd": ["a"], "User": "web"}'
same "a line of 1 MB does not hide the next one, the last has no end" \
	"$(spec line | json 'd["process"]["user"]["uid"]')" 9
printf 'web:x:9:9::/:\0\nweb:x:8:8::/:/bin/sh\n' > tree/etc/passwd
pack nul '{"Cmd": ["a"], "User": "web"}'
same "a line with a NUL counts for nothing" \
	"$(spec nul | json 'd["process"]["user"]["uid"]')" 8
printf 'web:x:9:9::/\377:/bin/sh\n' > tree/etc/passwd
pack home '{"Cmd": ["a"], "User": "web"}'
same "a home directory that JSON cannot name" \
	"$(spec home | json 'd["process"]["env"][-1]')" HOME=/
rm tree/etc/passwd tree/etc/group
pack none '{"Cmd": ["a"]}'
same "without account files root is 0" "$(spec none | json 'd["process"]["user"]')" \
	"{'uid': 0, 'gid': 0}"
pack idle '{}'
refuse "nothing to run" "neither Entrypoint nor Cmd" spec idle
pack cwd '{"Cmd": ["a"], "WorkingDir": "srv"}'
refuse "a working directory that is relative" "not an absolute path" spec cwd
pack env '{"Cmd": ["a"], "Env": ["X"]}'
refuse "a variable of the image without a value" "Env: 'X' is not a variable" spec env
pack type '{"Cmd": "a"}'
refuse "a command that is no list" "the image's configuration" spec type
image lay art --artifact text/plain x.tar > /dev/null
quiet cfsctl --repo repo oci pull oci:lay:art art
refuse "an artifact has nothing to run" "artifact" spec art

# An object that is not what it was.
seq 100 | sed 's/.*/u&:x:&:&::\/:\/bin\/sh/' > tree/etc/passwd
pack damaged '{"Cmd": ["a"], "User": "u7"}'
same "a file in an object" "$(spec damaged | json 'd["process"]["user"]["uid"]')" 7
object=$(find repo/objects -type f -size "$(stat -c %s tree/etc/passwd)c")
chmod u+w "$object"
sed -i 's/u7:x:7/u7:x:0/' "$object"
refuse "that was changed" "/etc/passwd" spec damaged

if python3 -c 'import jsonschema' 2> /dev/null &&
	schema=$(find /usr/share/gocode -path '*/runtime-spec/schema' 2> /dev/null | head -n 1) &&
	[ -n "$schema" ]; then
	valid() {
		spec "$@" > config.json && python3 -W ignore - "$schema" <<'EOF'
import json, jsonschema, sys
base = "file://" + sys.argv[1] + "/"
with open(sys.argv[1] + "/config-schema.json") as f:
    schema = json.load(f)
resolver = jsonschema.RefResolver(base + "config-schema.json", schema)
with open("config.json") as f:
    jsonschema.validate(json.load(f), schema, resolver=resolver)
EOF
	}
	check "the schema of the runtime specification fits" valid x
	check "  with all options" valid --read-only --network host -e A=1 -v /a:/b:ro \
		--root /r --name n --user 0 --rootless x command
else
	echo "# no python3-jsonschema, or no golang-github-opencontainers-specs-dev:" \
		"not compared with the schema"
fi
finish
