# SPDX-License-Identifier: Apache-2.0 OR MIT
# mount_disk DIR: an image DIR/image over DIR/objects with the files
#   inline   whose bytes are in the image
#   good     whose object is what the image says
#   wrong    whose object has other bytes, and their digest
#   bare     whose object has the bytes, but is never to get fs-verity
#   plain    good's object, of which the image says no digest
#   missing  whose object is not there
# DIR/enable lists the objects that are to get sha256 fs-verity.

mount_disk() {
	local dir=${1:?} name hex object
	mkdir -p "$dir/objects"
	echo "/ 4096 40755 2 0 0 0 0.0 - - -" > "$dir/dump"
	: > "$dir/enable"
	for name in bare good missing wrong; do
		yes "$name" | head -c 10000 > "$dir/bytes"
		hex=$(fsverity digest --compact "$dir/bytes") || return 1
		object="objects/${hex:0:2}/${hex:2}"
		echo "/$name 10000 100644 1 0 0 0 0.0 ${object#objects/} - $hex" \
			>> "$dir/dump"
		[ $name != good ] ||
			echo "/plain 10000 100644 1 0 0 0 0.0 ${object#objects/} - -" \
				>> "$dir/dump"
		[ $name != missing ] || continue
		mkdir -p "$dir/objects/${hex:0:2}"
		[ $name != wrong ] || yes other | head -c 10000 > "$dir/bytes"
		cp "$dir/bytes" "$dir/$object"
		[ $name = bare ] || echo "$object" >> "$dir/enable"
	done
	rm "$dir/bytes"
	echo "/inline 2 100644 1 0 0 0 0.0 - hi -" >> "$dir/dump"
	LC_ALL=C sort -o "$dir/dump" "$dir/dump"
	"$O/tests/tools/dump2image" -n "${2:-2}" "$dir/dump" "$dir/image"
}
