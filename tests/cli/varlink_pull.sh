#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# org.composefs.Oci.Pull: the same repository as the command's, under the same
# policy, whenever the service is killed; and FinalizeImage, likewise.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/varlink.sh"
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
tar xf "$data/layouts.tar.xz"
everything() { (cd "$1" && find . ! -type d ! -name meta.json -printf '%P %s %l\n' | sort); }
fresh() {
	rm -rf repo && cfsctl --repo repo init --insecure --algorithm fsverity-sha256-12 > init.out
}
opened=$(message Repository.OpenRepository "'path':'$PWD/repo'")
pull() { # IMAGE NAME [PARAMETERS]: the call
	message Oci.Pull "'handle':HANDLE,'image':'oci:$PWD/layouts/$1','name':'$2','local_fetch':'disabled',${3-'bootable':false}"
}
member() { # EXPRESSION: of the replies on stdin, p being the parameters of each
	python3 -c "import json, sys
p = [json.loads(line)['parameters'] for line in sys.stdin]; print($1)"
}

serve cfsctl || exit 1
for row in "boot-plain true" "hardlinks false" "multi-layer false"; do
	read -r layout bootable <<< "$row"
	fresh
	client call s "$opened" "$(pull "$layout:t" os:1 "'bootable':$bootable")" > replies
	[ "$bootable" = true ] && option=--bootable || option=
	rm -rf want && cp -a repo want.empty && mv want.empty want
	find want -mindepth 1 ! -name meta.json -delete
	# shellcheck disable=SC2086 # no word, or one
	cfsctl --repo want oci pull $option "oci:layouts/$layout:t" os:1 > said
	same "$layout: the repository is the one that the command makes" \
		"$(everything repo)" "$(everything want)"
	same "$layout: so is what it says" \
		"$(member '"manifest %(manifest_digest)s\nconfig   %(config_digest)s\nverity   %(manifest_verity)s" % p[-1]["completed"]' < replies)" \
		"$(head -n 3 said)"
	same "$layout: and of the image to boot" \
		"$(member 'p[-1]["completed"]["boot_image"]' < replies)" \
		"$(sed -n 's/^Boot image: //p' said | grep . || echo None)"
done
n=$(cfsctl --repo repo oci images --json | grep -o '"layer_count": [0-9]*' | grep -o '[0-9]*')
more() { sed 's/^{/{"more":true,/'; }
fresh
client call s "$opened" "$(pull multi-layer:t os:1 | more)" > replies
same "who wants more is told of every layer" \
	"$(tail -n +2 replies | member '*(sum(k in i for i in p) for k in ("started", "done", "skipped", "completed"))')" \
	"$n $n 0 1"
client call s "$opened" "$(pull multi-layer:t os:2 | more)" > replies
same "and of those that exist" \
	"$(tail -n +2 replies | member '*(sum(k in i for i in p) for k in ("started", "done", "skipped", "completed"))')" \
	"0 0 $n 1"
same "the last reply alone says that it is the last" \
	"$(tail -n +2 replies | grep -c '"continues": true') $(tail -n 1 replies | grep -c continues)" "$n 0"

# One client pulls, from a registry that never answers.
mkdir bin
cat > bin/skopeo <<END
#!/bin/sh
# Until nobody reads it any more.
while echo; do
	echo > "$PWD/asked"
	sleep 0.05
done
END
chmod +x bin/skopeo
kill $service
wait $service
PATH=$PWD/bin:$PATH serve cfsctl || exit 1
mkfifo hold
client send s "$opened" "$(message Oci.Pull \
	"'handle':HANDLE,'image':'docker://example.org/x','local_fetch':'disabled','bootable':false")" \
	< hold > sent &
waiting=$!
exec 7> hold
until [ -e asked ]; do sleep 0.02; done
same "another client is answered meanwhile" \
	"$(client call s "$opened" "$(message Oci.ListImages "'handle':HANDLE")" | tail -n 1 |
		grep -o '"name": "os:1"')" '"name": "os:1"'
same "from the same repository, by a process of its own" "$(pgrep -P $service | wc -l)" 1
kill -KILL $waiting
exec 7>&-
wait $waiting 2> /dev/null
check "a client that is killed leaves no process" until_idle
check "no lock" flock -n -x repo true
same "and no temporary file" "$(find repo -name '.tmp-*')" ""
kill $service
wait $service

# A policy.
serve_by_policy rsa || exit 1
fresh
same "an image that has to be signed gets no name" \
	"$(client call s "$opened" "$(pull boot-plain:t os:1)" | tail -n 1)" \
	'{"error": "org.composefs.Oci.SignatureRequired", "parameters": {"image": "os:1"}}'
same "as the command gives it none" "$(cfsctl --repo repo oci images)" "No images found"
same "another one does" "$(client call s "$opened" "$(pull boot-plain:t free)" |
	tail -n 1 | grep -o '"completed"')" '"completed"'
kill $service
wait $service

# An image of documents, and of layers that are there.
fresh
cfsctl --repo repo oci pull oci:layouts/multi-layer:t base > said
cp -a repo layers
cfsctl --repo repo oci inspect base --manifest | head -c -1 > manifest.json
cfsctl --repo repo oci inspect base --config | head -c -1 > config.json
python3 - > finalize <<'END'
import json, os
manifest, config = open("manifest.json").read(), open("config.json").read()
def verity(diff_id):
    object = os.path.realpath("repo/streams/oci-layer-" + diff_id)
    return os.path.basename(os.path.dirname(object)) + os.path.basename(object)
print(json.dumps({"method": "org.composefs.Oci.FinalizeImage", "parameters": {
    "handle": "HANDLE", "manifest_json": json.dumps({**json.loads(manifest), "annotations": {"a": "b"}}),
    "config_json": config, "name": "made:1",
    "layers": [{"diff_id": i, "layer_verity": verity(i)} for i in json.loads(config)["rootfs"]["diff_ids"]]}}).replace('"HANDLE"', "HANDLE"))
END
serve_options=
serve cfsctl || exit 1
client call s "$opened" "$(cat finalize)" > replies
kill $service
wait $service
same "they are an image" "$(tail -n 1 replies | member 'p[0]["manifest_digest"]')" \
	"sha256:$(cfsctl --repo repo oci inspect made:1 --manifest | head -c -1 | sha256sum | cut -c-64)"
same "with the same tree" "$(cfsctl --repo repo oci compute-id made:1)" "$(cfsctl --repo repo oci compute-id base)"
same "and the same EROFS image" \
	"$(cfsctl --repo repo oci inspect made:1 | grep composefs_erofs)" \
	"$(cfsctl --repo repo oci inspect base | grep composefs_erofs)"
check "that is whole" quiet cfsctl --repo repo oci fsck made:1

# Killed anywhere: what has a tag is whole, and the next pull finishes it.
if command -v strace > /dev/null && strace -qq -o /dev/null true 2> /dev/null; then
	fresh
	cfsctl --repo repo oci pull --bootable oci:layouts/boot-plain:t os:1 > said
	cfsctl --repo repo gc > gc.out
	rm -rf want && cp -a repo want
	finishes() {
		cfsctl --repo repo oci fsck --metadata-only > fsck.out &&
			cfsctl --repo repo oci pull --bootable oci:layouts/boot-plain:t os:1 > said &&
			cfsctl --repo repo gc > gc.out &&
			[ "$(everything repo)" = "$(everything want)" ] &&
			[ -z "$(find repo -name '.tmp-*')" ]
	}
	KILL_POINTS=4
	KILL_CLIENT=(python3 -B "$CFS_SRC/tests/varlink.py" activate connect)
	KILL_REQUEST=(-- "$opened" "$(pull boot-plain:t os:1 "'bootable':true" | more)")
	# strace is the process that the client starts, and passes the socket on.
	# shellcheck disable=SC2016 # for that shell
	kill_everywhere "Pull" fresh finishes \
		sh -c 'LISTEN_PID=$$ exec cfsctl --insecure varlink'
	has_garbage() {
		rm -rf repo && cp -a want repo && cfsctl --repo repo oci pull oci:layouts/hardlinks:t x > said &&
			cfsctl --repo repo oci untag x > said
	}
	KILL_REQUEST=(-- "$opened" "$(message Repository.Gc "'handle':HANDLE,'dry_run':false,'roots':[]")")
	# shellcheck disable=SC2016
	kill_everywhere "Gc" has_garbage finishes \
		sh -c 'LISTEN_PID=$$ exec cfsctl --insecure varlink'
	rm -rf want && cp -a layers repo.made && rm -rf repo && mv repo.made repo
	makes_it() {
		client activate connect cfsctl --insecure varlink -- "$opened" "$(cat finalize)" > made &&
			grep -q '"manifest_digest"' made
	}
	makes_it && cfsctl --repo repo gc > gc.out
	cp -a repo want
	has_layers() {
		rm -rf repo && cp -a layers repo
	}
	finishes() {
		cfsctl --repo repo oci fsck --metadata-only > fsck.out && makes_it &&
			cfsctl --repo repo gc > gc.out &&
			[ "$(everything repo)" = "$(everything want)" ] &&
			[ -z "$(find repo -name '.tmp-*')" ]
	}
	KILL_REQUEST=(-- "$opened" "$(cat finalize)")
	# shellcheck disable=SC2016
	kill_everywhere "FinalizeImage" has_layers finishes \
		sh -c 'LISTEN_PID=$$ exec cfsctl --insecure varlink'
	mkdir layer && head -c 70000 /dev/urandom > layer/one && cp layers/meta.json layer/two
	tar --sort=name -cf layer.tar layer
	layer=sha256:$(sha256sum layer.tar | cut -c-64)
	puts_it() {
		client put cfsctl --insecure varlink -- "$opened" "$layer" layer.tar > made &&
			grep -q '"layer_verity"' made
	}
	has_layers && puts_it && rm -rf want && cp -a repo want
	finishes() {
		cfsctl --repo repo fsck > fsck.out && puts_it &&
			[ "$(everything repo)" = "$(everything want)" ] &&
			[ -z "$(find repo -name '.tmp-*')" ]
	}
	KILL_CLIENT=(python3 -B "$CFS_SRC/tests/varlink.py" put)
	KILL_REQUEST=(-- "$opened" "$layer" layer.tar)
	# shellcheck disable=SC2016
	kill_everywhere "PutLayer" has_layers finishes \
		sh -c 'LISTEN_PID=$$ exec cfsctl --insecure varlink'
fi
finish
