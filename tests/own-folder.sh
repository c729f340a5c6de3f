# SPDX-License-Identifier: Apache-2.0 OR MIT
# own_folder DIR FOLDER...: mounts an empty tmpfs over DIR, one of the machine's
# own folders. Each FOLDER (an absolute path) that lies below DIR is still there:
# a checkout may be anywhere. Only for a mount namespace of a test's own.
own_folder() {
	local dir=$1 folder
	shift
	[ "$(readlink /proc/self/ns/mnt)" != "${CFS_NAMESPACE:-}" ] &&
		[ -n "${CFS_NAMESPACE:-}${CFS_GUEST:-}" ] || {
		echo "own_folder: not in a mount namespace of its own"
		return 1
	}
	exec 8< "$dir" || return
	mount -t tmpfs -o mode=1777 own "$dir" || return
	for folder; do
		case $folder in
		"$dir"/*)
			# the hidden folder has no path, but it has a descriptor
			mkdir -p "$folder" &&
				(cd "/proc/self/fd/8/${folder#"$dir"/}" &&
					mount -c --rbind . "$folder") || return
			;;
		esac
	done
	exec 8<&-
	cd "$PWD" || return # the working folder may have been hidden
}
