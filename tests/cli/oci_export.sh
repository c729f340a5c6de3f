#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# cfsctl oci export: the image goes out as it came, with what is said of it, or
# it is said what changes.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

data=$CFS_SRC/tests/data/oci
keys=$data/sealing/keys
fresh() { # REPO
	rm -rf "${1:?}" && cfsctl --repo "$1" init --insecure > /dev/null
}
oci() {
	cfsctl --repo repo oci "$@"
}
other() {
	cfsctl --repo other oci "$@"
}
sign() { # KEY IMAGE
	oci sign --cert "$keys/$1.cert.pem" --key "$keys/$1.key.pem" "$2"
}
# STATUS COMMAND...: its exit status; what it says goes to out and err.
status() {
	"$@" > out 2> err
	echo $?
}
manifest() { # LAYOUT TAG: its digest
	python3 - "$@" <<-'END'
	import json, sys
	for d in json.load(open(sys.argv[1] + "/index.json"))["manifests"]:
	    if d.get("annotations", {}).get("org.opencontainers.image.ref.name") == sys.argv[2]:
	        print(d["digest"])
	END
}
whole() { # LAYOUT: every blob is what it is called, every descriptor right
	python3 - "$1" <<-'END'
	import hashlib, json, os, sys
	layout = sys.argv[1]
	def path(digest):
	    return os.path.join(layout, "blobs", *digest.split(":"))
	for name in os.listdir(layout + "/blobs/sha256"):
	    data = open(f"{layout}/blobs/sha256/{name}", "rb").read()
	    assert hashlib.sha256(data).hexdigest() == name, name
	seen = set()
	def check(d):
	    assert os.path.getsize(path(d["digest"])) == d["size"], d
	    seen.add(d["digest"])
	for d in json.load(open(layout + "/index.json"))["manifests"]:
	    check(d)
	    m = json.load(open(path(d["digest"])))
	    assert m.get("artifactType") == d.get("artifactType"), d
	    for one in [m["config"], *m["layers"]]:
	        check(one)
	    if "subject" in m:
	        check(m["subject"])
	assert len(seen) == len(os.listdir(layout + "/blobs/sha256")), "blobs that nothing needs"
	assert json.load(open(layout + "/oci-layout")) == {"imageLayoutVersion": "1.0.0"}
	print("whole")
	END
}

tar xf "$data/layouts.tar.xz"
mkdir same again kept
fresh repo

# Images that came uncompressed: the manifest, whatever it looks like, and every
# signature of it go round.
for image in single multi-layer hardlinks json-formatting same-layer-twice zero-byte-layer; do
	oci pull "oci:layouts/$image:t" "$image" > /dev/null
	sign rsa "$image" > artifact
	sign ec "$image" >> artifact
	same "$image" "$(status oci export --preserve-digests "$image" "oci:same/$image:x")" 0
	check "all that is said: where, under which tag, its manifest and artifacts" \
		diff out - <<-END
	Exported $image to same/$image
	Tagged as x
	manifest $(manifest "layouts/$image" t)
	$(sort artifact | sed 's/^/artifact /')
	END
	same "nothing changes" "$(cat err)" ""
	same "its digest" "$(manifest "same/$image" x)" "$(manifest "layouts/$image" t)"
	same "all of it" "$(whole "same/$image")" whole
	fresh other
	other pull "oci:same/$image:x" "$image" > /dev/null
	same "comes back with both signatures" \
		"$(status other verify --cert "$keys/rsa.cert.pem" "$image") $(status other verify --cert "$keys/ec.cert.pem" "$image")" "0 0"
	same "and the same ids" "$(other compute-id "$image")" "$(oci compute-id "$image")"
	other export "$image" "oci:again/$image:x" > /dev/null
	same "and goes out as it did" "$(diff -r "same/$image" "again/$image" && echo same)" same
done

# Compressed layers that were kept go out as they came.
for image in gzip-one zstd-one zstd-frames zstd-chunked gzip-members-mid docker-v2s2; do
	fresh repo
	oci pull --keep-blobs "oci:layouts/$image:t" kept > /dev/null
	sign rsa kept > /dev/null
	same "$image, kept" "$(status oci export --preserve-digests kept "oci:kept/$image:x")" 0
	same "its digest" "$(manifest "kept/$image" x)" "$(manifest "layouts/$image" t)"
	same "all of it" "$(whole "kept/$image")" whole
done

# Those that were not go out uncompressed: the rest of the manifest is the same,
# and so are the ids that count. What is signed of them stays signed.
for image in gzip-one zstd-one docker-v2s2; do
	fresh repo
	oci pull "oci:layouts/$image:t" lost > /dev/null
	sign rsa lost > /dev/null
	rm -rf lost
	[ "$(manifest "layouts/$image" t)" = "$(oci inspect lost --manifest | head -c -1 | sha256sum | sed 's/\([0-9a-f]*\).*/sha256:\1/')" ]
	report $? "$image"
	plain=$(python3 - "layouts/$image" "$(manifest "layouts/$image" t)" <<-'END'
	import json, sys
	m = json.load(open(f"{sys.argv[1]}/blobs/sha256/{sys.argv[2][7:]}"))
	print(sum("gzip" in l["mediaType"] or "zstd" in l["mediaType"] for l in m["layers"]))
	END
	)
	if [ "$plain" != 0 ]; then
		refuse "not as it came" "keep-blobs" oci export --preserve-digests lost oci:none:x
		same "then it has no entry" "$(ls none/index.json 2> /dev/null)" ""
		rm -rf none
		same "$image, not kept" "$(status oci export lost oci:lost:x)" 0
		check "the manifest that changes is said" grep -q "the manifest is a new one" err
		check "and the signatures that go" grep -q "1 signature of the old manifest is left out" err
		same "all of it" "$(whole lost)" whole
		fresh other
		other pull oci:lost:x lost > /dev/null
		same "it has the same configuration and images" \
			"$(other inspect lost --config | sha256sum; other compute-id lost)" "$(oci inspect lost --config | sha256sum; oci compute-id lost)"
		same "what is signed of these is verified" \
			"$(status other verify --accept-merged-only --cert "$keys/rsa.cert.pem" lost)" 0
		same "the manifest is not" "$(status other verify --cert "$keys/rsa.cert.pem" lost)" 4
		check "which is said" grep -q "no entry of role manifest" err
	fi
done

# One layout for several images.
fresh repo
for image in single hardlinks; do
	oci pull "oci:layouts/$image:t" "$image" > /dev/null
	sign rsa "$image" > /dev/null
	oci export "$image" "all:$image" > /dev/null
done
python3 - <<-'END'
import json
index = json.load(open("all/index.json"))
index["annotations"] = {"by": "somebody"}
index["manifests"][0]["data"] = "e30="
json.dump(index, open("all/index.json", "w"), indent=3)
END
oci export hardlinks all:hardlinks > /dev/null
same "an image under a tag is replaced, with its artifacts" \
	"$(python3 -c 'import json; print(len(json.load(open("all/index.json"))["manifests"]))')" 4
same "what others wrote into the index stays" "$(grep -c '"by": "somebody"\|"data": "e30="' all/index.json)" 2
oci export single all:hardlinks > /dev/null
same "the tag moves" "$(manifest all hardlinks)" "$(manifest layouts/single t)"
oci export hardlinks untagged > /dev/null
same "an image without a tag" "$(grep -c ref.name untagged/index.json)" 0
same "is found as well" "$(fresh other; status other pull oci:untagged x)" 0

# An archive, which is made of the same.
same "an archive" "$(status oci export single oci-archive:one.tar:x; cp one.tar two.tar; status oci export single oci-archive:two.tar:x)" "0
0"
check "is the same again" cmp one.tar two.tar
mkdir unpacked && tar xf one.tar -C unpacked
same "it holds a layout" "$(whole unpacked)" whole
same "of the same image" "$(manifest unpacked x)" "$(manifest layouts/single t)"
fresh other
same "which comes back signed" \
	"$(status other pull --require-signature --trust-cert "$keys/rsa.cert.pem" oci-archive:one.tar:x single)" 0
copies() { ls -d "${TMPDIR:?}"/cfsctl-* 2> /dev/null; }
same "no copies are left" "$(copies)" ""

# Nor by a program that is killed while others send on what it wrote.
mkdir bin
cat > bin/skopeo <<END
#!/bin/sh
echo \$\$ > $PWD/sending
exec sleep 1000
END
chmod +x bin/skopeo
PATH=$PWD/bin:$PATH "$BIN/cfsctl" --repo repo oci export single docker://nowhere/x > out 2> err &
until [ -s sending ] || ! kill -0 $!; do sleep 0.1; done
check "there is a copy" [ -n "$(copies)" ]
kill -KILL $! "$(cat sending)"
for _ in $(seq 1000); do
	[ -n "$(copies)" ] || break
	sleep 0.1
done
same "it goes with the program" "$(copies)" ""

# An artifact that is damaged does not go out, and is no reason to stop.
oci inspect single | python3 -c 'import json, sys; print(json.load(sys.stdin)["referrers"][0])' > artifact
ref=repo/streams/oci-manifest-$(cat artifact)
mv "$ref" away
same "a missing artifact" "$(status oci export single oci:less:x)" 0
same "is not listed" "$(grep -c artifactType less/index.json)" 0
mv away "$ref"

# Bad input.
mkdir used && touch used/file
refuse "no layout over other things" "no layout" oci export single oci:used:x
refuse "nor into a file" "Not a directory" oci export single oci:used/file:x
refuse "nor without a path" "a path is expected" oci export single oci:
refuse "nor to a registry without docker://" "docker://registry.example/os:x is a registry" \
	oci export single registry.example/os:x
same "  which makes no directory" "$(ls -d registry.example 2> /dev/null)" ""
refuse "nor an empty tag" "a path is expected" oci export single oci:x:
same "another transport is a matter of skopeo" "$(status oci export single dir:x)" 2
mkdir bad && echo '{"imageLayoutVersion":"2.0.0"}' > bad/oci-layout
refuse "nor into a layout of another version" "version 1.0.0" oci export single oci:bad:x
echo '{"imageLayoutVersion":"1.0.0"}' > bad/oci-layout && echo '{"schemaVersion":2,"manifests":[{}]}' > bad/index.json
refuse "nor into an index that is damaged" "index.json" oci export single oci:bad:x
same "which stays" "$(cat bad/index.json)" '{"schemaVersion":2,"manifests":[{}]}'
ln -s /nowhere/in/particular bad/blobs/sha256/"$(manifest layouts/single t | cut -c8-)" 2> /dev/null
rm -rf bad/index.json bad/blobs && mkdir -p outside bad && ln -s ../outside bad/blobs
refuse "blobs are not followed out of the layout" "write blob" oci export single oci:bad:x
same "where nothing is written" "$(ls outside)" ""

# With skopeo, which knows no artifacts: they stay behind, annotations do not, and
# neither does what is in the image.
inline() { # IMAGE
	oci seal --inline "$1" > /dev/null 2>&1
	oci sign --inline --cert "$keys/rsa.cert.pem" --key "$keys/rsa.key.pem" "$1" > /dev/null
}
copied() { # REFERENCE: how verification ends of the image from there, and its ids
	fresh other
	# shellcheck disable=SC2086
	other pull $boot "$1" x > out 2>&1
	# shellcheck disable=SC2086
	status other verify $boot --cert "$keys/rsa.cert.pem" x
	other compute-id x
	other inspect x --config | sha256sum
}
if command -v skopeo > /dev/null; then
	export HOME=$PWD
	skopeo() { command skopeo --tmpdir "$PWD" --insecure-policy "$@"; }
	mkdir a c e
	for image in boot-plain multi-layer; do
		fresh repo
		boot=
		[ $image = multi-layer ] || boot=--bootable
		oci pull $boot "oci:layouts/$image:t" x > /dev/null
		ids="$(oci compute-id x; oci inspect x --config | sha256sum)"
		sign rsa x > /dev/null
		oci export x "oci:a/$image:x" > /dev/null
		for how in "" --preserve-digests "--dest-compress --dest-compress-format zstd"; do
			rm -rf b
			# shellcheck disable=SC2086
			skopeo copy -q $how "oci:a/$image:x" oci:b:x
			same "$image, skopeo copy $how: artifacts are lost" "$(copied oci:b:x | head -n 1)" 3
			same "  the image is the same" "$(copied oci:b:x | tail -n +2)" "$ids"
		done
		inline x
		oci export x "oci:c/$image:x" > /dev/null
		for how in "" --preserve-digests "--dest-compress --dest-compress-format zstd"; do
			for to in oci:d:x dir:d oci-archive:d:x; do
				rm -rf d
				# shellcheck disable=SC2086
				skopeo copy -q $how "oci:c/$image:x" $to
				fresh other
				same "$image, ${to%%:*} $how: annotations are signed" \
					"$(status other pull $boot --require-signature --trust-cert "$keys/rsa.cert.pem" $to x)" 0
				same "  the image is the same" \
					"$(other compute-id x; other inspect x --config | sha256sum)" "$ids"
			done
		done
		# The other way: what skopeo wrote is pulled, signed, and goes out.
		skopeo copy -q --preserve-digests "oci:layouts/$image:t" "oci:e/$image:x"
		fresh repo
		oci pull $boot "oci:e/$image:x" x > /dev/null
		same "$image: what skopeo wrote has the same digest" "$(oci inspect x --manifest | head -c -1 | sha256sum | cut -c-64)" \
			"$(manifest "layouts/$image" t | cut -c8-)"
		sign rsa x > /dev/null
		oci export --preserve-digests x "oci:e/$image:y" > /dev/null
		fresh other
		same "  and comes back signed from beside it" \
			"$(status other pull $boot --require-signature --trust-cert "$keys/rsa.cert.pem" "oci:e/$image:y" x)" 0
	done
	same "skopeo takes the layout" \
		"$(skopeo inspect --raw oci:same/single:x | sha256sum | cut -c-64)" "$(manifest layouts/single t | cut -c8-)"
fi
finish
