# SPDX-License-Identifier: Apache-2.0 OR MIT
# A repository made by hand, with `fsverity digest` alone, for tests that must
# not depend on the builder.
#
#   disk_repo DIR ALG          makes it, insecure (no fs-verity here)
#   disk_object DIR FILE       stores FILE, prints its digest
#   disk_image DIR FILE        the same, and names it below images/
#   disk_ref DIR ID NAME       images/refs/NAME
#   small_image FILE [N]       makes FILE an image of N (4) files that are in it
disk_repo() {
	cfsctl init --algorithm "fsverity-$2-12" --insecure "$1" > /dev/null
	disk_alg=$2
}

disk_object() {
	local id
	id=$(fsverity digest --compact --hash-alg="$disk_alg" "$2") || return 1
	mkdir -p "$1/objects/${id:0:2}"
	cp --no-preserve=all "$2" "$1/objects/${id:0:2}/${id:2}"
	echo "$id"
}

disk_image() {
	local id
	id=$(disk_object "$1" "$2") || return 1
	mkdir -p "$1/images"
	ln -sfn "../objects/${id:0:2}/${id:2}" "$1/images/$id"
	echo "$id"
}

disk_ref() {
	local up
	up=$(echo "$3" | sed 's|[^/]*|..|g')
	mkdir -p "$1/images/refs/$(dirname "$3")"
	ln -sfn "$up/$2" "$1/images/refs/$3"
}

# Each is unlike all others; it needs no objects.
small_image() {
	{
		echo '/ 4096 40755 2 0 0 0 1.0 - - -'
		for i in $(seq "${2:-4}"); do
			printf '/f%03d 2000 100644 1 0 0 0 1.0 - %s -\n' "$i" \
				"$(head -c 1000 /dev/urandom | od -An -v -tx1 |
					tr -d ' \n')"
		done
	} | cfsctl mkcomposefs --from-file - "$1"
}
