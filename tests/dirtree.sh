# SPDX-License-Identifier: Apache-2.0 OR MIT
# Real directories of every shape that a file system lets one make, by seed.

# A name that no two calls give: plain, long to the limit, not UTF-8, odd.
dirtree_name() { # NUMBER
	case $((RANDOM % 8)) in
	0) printf '%03d%0252d' "$1" 0 ;;
	1) printf '\xff\xfe%d' "$1" ;;
	2) printf '%s' "-$1 =\\\"*'	." ;;
	3) printf '.%d' "$1" ;;
	*) printf '%d-%0*d' "$1" $((RANDOM % 90 + 1)) 0 ;;
	esac
}

dirtree_xattrs() { # FILE: as far as it may have them
	local i
	case $((RANDOM % 6)) in
	0) setfattr -h -n security.note -v same "$1" ;;
	1)
		for i in $(seq $((RANDOM % 12))); do
			setfattr -h -n "trusted.t$i" -v "$i" "$1"
		done ;;
	2) setfattr -h -n trusted.overlay.x -v "$RANDOM" "$1" ;;
	3)
		[ -L "$1" ] || [ ! -f "$1" -a ! -d "$1" ] ||
			setfattr -h -n user.empty "$1" ;;
	4)
		# rw-r--r--, and user 1000 may read.  Source: linux
		# uapi/linux/posix_acl_xattr.h.
		[ -L "$1" ] || setfattr -n system.posix_acl_access -v \
			0x0200000001000600ffffffff02000400e803000004000400ffffffff10000400ffffffff20000400ffffffff "$1" ;;
	esac
}

dirtree() { # DIR SEED
	local dirs=("$1") files=() i dir path
	RANDOM=$2
	mkdir -p "$1"
	for i in $(seq 70); do
		dir=${dirs[RANDOM % ${#dirs[@]}]}
		path=$dir/$(dirtree_name "$i")
		case $((RANDOM % 14)) in
		0 | 1 | 2)
			mkdir "$path"
			[ ${#path} -gt 500 ] || dirs+=("$path") ;;
		3) ln -s "$(printf '%0*d' $((RANDOM % 1000 + 1)) 0)" "$path" ;;
		4) mkfifo "$path" ;;
		5) mknod "$path" c $((RANDOM % 512 + 1)) $((RANDOM % 2048)) ;;
		6) mknod "$path" b $((RANDOM % 512)) $((RANDOM * 32 % 1048576)) ;;
		7) [ ${#files[@]} -gt 0 ] &&
			{ ln "${files[RANDOM % ${#files[@]}]}" "$path"; continue; } ;;
		9) truncate -s $((RANDOM * 100 + 65)) "$path"; files+=("$path") ;;
		12)
			path=$dir/s$i # sockets have short names
			(cd "$dir" && perl -MSocket -e 'socket(S, PF_UNIX,
				SOCK_STREAM, 0) && bind(S, sockaddr_un("s".shift))' \
				"$i") ;;
		10) yes "$RANDOM" | head -c $((RANDOM + 65)) > "$path" ;;
		*) printf "%$((RANDOM % 65))s" x > "$path"; files+=("$path") ;;
		esac
		[ -e "$path" ] || [ -L "$path" ] || continue
		# Symlinks and devices have no user.* ones.
		dirtree_xattrs "$path" 2> /dev/null
		chown -h $((RANDOM % 3 * 40000)):$((RANDOM % 9)) "$path"
		[ -L "$path" ] || [ $((RANDOM % 4)) != 0 ] ||
			chmod $(printf %o $((RANDOM % 4096))) "$path"
		[ $((RANDOM % 3)) = 0 ] || touch -h -d "@$((RANDOM * 60000)).$RANDOM" "$path"
	done
	touch -d @1000000000.5 "$1"
}
