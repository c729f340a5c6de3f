#!/bin/bash
# composefs-setup-root on the host's kernel: every kind of root, /etc and /var,
# whatever the state directory holds.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"

host_repo
host_image first || exit 1
case ${state:-} in "$TMPDIR"/*) ;; *) echo "no state folder of the test: refusing to go on"; exit 1 ;; esac

configure() { # ROOT ETC STACK VAR
	printf '[root]\ntransient = %s\ntransient-ro = %s\n' \
		"$([ "$1" = transient ] && echo true || echo false)" \
		"$([ "$1" = transient-ro ] && echo true || echo false)"
	printf '[etc]\nmount = "%s"\nstack = "%s"\n[var]\nmount = "%s"\n' \
		"$2" "$3" "$4"
} > "$conf"

fresh_state() {
	rm -rf "${state:?}"
	mkdir -p "$state/var" "$state/etc"
	[ "${1-}" != bind ] || echo admin > "$state/etc/name"
}

# Where is what is written to /NAME found again?
lands() { # NAME
	touch "$sysroot/$1/new" 2> /dev/null || { echo refused; return; }
	for d in "$1" "$1/upper"; do
		[ ! -e "$state/$d/new" ] || { echo "$d"; return; }
	done
	echo memory
}

# What is expected of it, by the configuration.
expected() { # MODE NAME ROOT
	case $1 in
	none) [ "$3" = transient ] && echo memory || echo refused ;;
	bind) echo "$2" ;;
	overlay) echo "$2/upper" ;;
	transient) echo memory ;;
	esac
}

# An extension, as systemd-sysext puts it over DIR.
extends() { # DIR
	mkdir -p "$TMPDIR/ext"
	mount -t overlay -o "lowerdir=$TMPDIR/ext:$sysroot/$1" ext "$sysroot/$1" \
		2> /dev/null && umount "$sysroot/$1"
}

combination() { # ROOT ETC STACK VAR
	local source=composefs:$hex name=first
	fresh_state "$2"
	configure "$@"
	boot
	[ "$status" = 0 ] || { tell; return 1; }
	[ "$1" = image ] || source=transient:composefs=$hex
	[ "$2" != bind ] || name=admin
	says kind "$(marker root) $(marker etc) $(marker var)" "$1 $2 $4" &&
		says source "$(findmnt -no SOURCE "$sysroot")" "$source" &&
		says root "$(lands usr)" "$(expected none usr "$1")" &&
		says etc "$(lands etc)" "$(expected "$2" etc "$1")" &&
		says var "$(lands var)" "$(expected "$4" var "$1")" &&
		says name "$(cat "$sysroot/etc/name")" $name &&
		says /sysroot "$(lands sysroot)" refused &&
		says repository "$(ls "$sysroot/sysroot/composefs")" \
			"$(ls "$repo")" &&
		says object "$(md5sum < "$sysroot/usr/share/big")" \
			"$(md5sum < "$TMPDIR/big")" &&
		says mode "$(stat -c %a "$sysroot")" 555 &&
		says extension "$(extends usr && echo fits)" fits || return 1
	# A nested /etc is the second level already.
	case $2-$3-$1 in
	none-* | bind-* | *-flat-image)
		says confext "$(extends etc && echo fits)" fits
		;;
	esac
}

says() { # WHAT GOT WANT
	[ "$2" = "$3" ] || { echo "  $1: $2, not $3"; return 1; }
}

for root in image transient transient-ro; do
	for etc in none- bind- overlay-nested overlay-flat transient-nested transient-flat; do
		for var in none bind overlay transient; do
			stack=${etc#*-}
			check "$root root, ${etc%-} /etc, $var /var" combination \
				$root "${etc%%-*}" "${stack:-auto}" $var
		done
	done
done
configure image transient auto bind
boot
booted "a transient /etc is flat by itself"
check "so that an extension fits on top" extends etc
configure image overlay auto bind
fresh_state
boot
booted "a persistent /etc is nested by itself"
check "so that an extension does not fit" eval "! extends etc"

# New upper directories
: > "$conf"
rm -rf "${state:?}/etc"
boot
booted "a state directory without etc gets one"
same "its upper directory is like /etc of the image" \
	"$(stat -c '%a %u %g %Y' "$state/etc/upper")" "750 3 4 88"
same "with extended attributes" \
	"$(getfattr --absolute-names --only-values -n user.mark "$state/etc/upper" 2>&1)" here
same "its work directory is nobody's business" \
	"$(stat -c '%a %u' "$state/etc/work")" "700 0"
same "what /etc itself looks like stays" \
	"$(stat -c '%a %u %g' "$sysroot/etc" "$sysroot/etc/owned" | tr '\n' ' ')" \
	"750 3 4 710 7 8 "
chmod 711 "$state/etc/upper"
boot
same "an upper directory that is there is not touched" \
	"$(stat -c %a "$state/etc/upper")" 711
host_image acls 's|^/etc 4096 40750|/etc 4096 40755|'
boot
chmod 700 "$state/etc/upper"
boot
same "one that users cannot enter is told of" \
	"$(grep -c 'mode 700, by its upper directory' "$TMPDIR/err")" 1
configure transient none auto bind
boot
same "a transient root has the time of the image's" \
	"$(stat -c %Y "$sysroot")" 77
host_image first

# Layouts and leftovers
: > "$conf"
for left in .upper.new upper work; do
	fresh_state
	mkdir -m 700 "$state/etc/$left"
	boot
	booted "etc with nothing but $left"
	same "  is an overlay" "$(marker etc)" overlay
done
fresh_state
mkdir -p "$state/etc/upper"
echo whole > "$state/etc/passwd"
boot
booted "an /etc of its own that has a directory upper"
same "  is mounted as a whole" "$(marker etc) $(cat "$sysroot/etc/passwd")" "bind whole"
same "  which is told" "$(grep -c "has 'passwd' beside upper" "$TMPDIR/err")" 1
fresh_state
. "${CFS_SRC:?run by tests/run}/tests/killer.sh"
KILL_CALLS='openat2 mkdirat renameat2 chown chmod setxattr utimensat fsconfig
	fsmount open_tree move_mount mount_setattr umount2'
kill_numbers() { # LOG CALL: each of them
	awk -v call="$2" 'index($0, call "(") { print ++n }' "$1"
}
kill_prepare() {
	reset
	rm -rf "${state:?}/etc"
	mount --bind "$disk" "$sysroot"
}
kill_check() {
	boot
	[ "$status" = 0 ] && [ "$(marker etc)" = overlay ] &&
		[ "$(stat -c '%a %u %g' "$sysroot/etc")" = "750 3 4" ] &&
		[ "$(cat "$sysroot/etc/name")" = first ]
}
KILL_POINTS=2 kill_everywhere "cut short" kill_prepare kill_check \
	composefs-setup-root --sysroot "$sysroot" --config "$conf" \
	--cmdline "$cmdline"
fresh_state
rmdir "$state/etc"
ln -s ../../os/default/var "$state/var2"
rm -rf "${state:?}/var"
mv "$state/var2" "$state/var"
mkdir -p "$disk/state/os/default/var"
boot
booted "var is a link to one that deployments share"
same "  which is what /var is" "$(stat -c %i "$sysroot/var")" \
	"$(stat -c %i "$disk/state/os/default/var")"
rm -rf "${disk:?}/state/deploy/"*
boot
failed "no state directory is failure 9" 9 "state/deploy/$hex" 'missing = "transient"'
echo 'state.missing = "transient"' > "$conf"
boot
booted "unless it may be missing"
same "  then /etc and /var are in memory" "$(marker etc) $(marker var)" \
	"transient transient"
same "  and nothing is made on the disk" "$(ls "$disk/state/deploy")" ""
: > "$conf"
fresh_state
host_image bare '/^\/\(etc\|var\|sysroot\) /d; /^\/etc\//d'
boot
booted "an image without /etc, /var and /sysroot"
same "  is told of" "$(grep -c 'image has no directory' "$TMPDIR/err")" 3
same "  and the marker says that nothing was mounted" "$(marker etc) $(marker var) $(marker state_dir)" "none none null"
host_image first

# A disk that is not to be written to
read_only() { mount -o remount,bind,ro "$sysroot"; }
prepare=read_only
fresh_state
boot
booted "a mount that is read-only, as /sysroot of a running system"
same "  has a writable /etc" "$(lands etc)" etc/upper
same "  and /var" "$(lands var)" var
boot
booted "  and a second time, with the upper directory there"
configure transient overlay flat overlay
fresh_state
boot
booted "  and below a transient root"
same "  a layer of /var lies on it" "$(lands var)" var/upper
: > "$conf"
truncate -s 16M "$TMPDIR/fs"
mkfs.ext4 -q "$TMPDIR/fs"
mkdir "$TMPDIR/mnt"
mount -o loop "$TMPDIR/fs" "$TMPDIR/mnt"
cp -a "$disk/." "$TMPDIR/mnt"
umount "$TMPDIR/mnt"
read_only() {
	umount "$sysroot"
	mount -o ro,loop "$TMPDIR/fs" "$sysroot"
}
configure image bind auto bind
boot
booted "a file system that is read-only: bound directories stay so"
same "  which is told of" "$(grep -c 'add rw to the kernel command line' "$TMPDIR/err")" 2
for way in new old; do
	configure image overlay auto none
	boot
	failed "  a $way upper directory in it is failure 9" 9 \
		"physical root is read-only: add rw"
	mount -o loop "$TMPDIR/fs" "$TMPDIR/mnt"
	mkdir -p "$TMPDIR/mnt/state/deploy/$hex/etc/upper" \
		"$TMPDIR/mnt/state/deploy/$hex/etc/work"
	umount "$TMPDIR/mnt"
done
configure image transient auto none
boot
booted "  a root that needs nothing of it"
prepare=
: > "$conf"

# Where it is attached
mounts() { # below PATH
	awk -v p="$1" 'index($5, p) == 1 { print $3, $5, $6 }' /proc/self/mountinfo
}
share() { mount --make-rshared "$sysroot"; }
prepare=share
fresh_state
boot
booted "a physical root that PID 1 has made shared"
same "  is not shared with the new one" \
	"$(findmnt -Rno PROPAGATION "$sysroot" | sort -u)" private
mkdir "$sysroot/var/later"
mount -t tmpfs later "$sysroot/var/later"
same "  what is mounted below /var stays there" \
	"$(mounts "$sysroot" | grep -c later)" 1
umount "$sysroot/var/later"
rmdir "$sysroot/var/later"
prepare=
same "  nor does the old mount stay below" \
	"$(mounts "$sysroot" | awk -v p="$sysroot" '$2 == p' | wc -l)" 1
reset
mount --bind "$disk" "$sysroot"
mkdir "$disk/boot" "$TMPDIR/target"
mount -t tmpfs boot "$sysroot/boot"
before=$(mounts "$sysroot")
check "the root is attached at a target elsewhere" composefs-setup-root \
	--sysroot "$sysroot" --target "$TMPDIR/target" --config "$conf" \
	--cmdline "$cmdline"
same "which holds it" "$(cat "$TMPDIR/target/usr/lib/os-release")" ID=test
same "and the sysroot is as it was" "$(mounts "$sysroot")" "$before"
same "  the target has all of it, read-only" \
	"$(findmnt -Rno FSTYPE,OPTIONS "$TMPDIR/target/sysroot" |
		awk '{ print $1, substr($2, 1, 3) }' | tr '\n' ' ')" \
	"$(stat -fc %T "$disk" | sed 's|ext2/ext3|ext4|') ro, tmpfs ro, "
umount -R "$TMPDIR/target"
reset
rmdir "$disk/boot"

# What is mounted on it already
boot_mount() {
	mkdir -p "$disk/boot" "$disk/var"
	mount -t tmpfs boot "$sysroot/boot"
	mount -t tmpfs var "$sysroot/var"
	touch "$sysroot/boot/kernel" "$sysroot/var/own"
}
prepare=boot_mount
fresh_state
boot
booted "a disk with a boot partition and a /var of its own"
check "  the boot partition is carried along" test -e "$sysroot/sysroot/boot/kernel"
check "  and /var put where it belongs" test -e "$sysroot/var/own"
same "  which the marker says" "$(marker var)" mount
prepare=
reset
rmdir "$disk/boot" "$disk/var"

# What may be planted there
tripwire=$TMPDIR/outside
mkdir "$tripwire"
hostile() { # NAME STATUS WORDS COMMAND...
	local name=$1 want=$2 words=$3
	shift 3
	fresh_state
	rm -rf "${state:?}/etc"
	"$@"
	trace="timeout 20" boot
	failed "hostile: $name" "$want" "$words"
	same "  nothing is written elsewhere" "$(ls -A "$tripwire")" ""
}
etc_with() { mkdir "$state/etc" && "$@"; }
hostile "etc is a FIFO" 9 "etc of the physical root: Not a directory" mkfifo "$state/etc"
hostile "etc leads outside" 9 "etc is a link that leads to nothing" ln -s "$tripwire" "$state/etc"
hostile "upper leads outside" 9 "open upper: Too many levels" \
	etc_with ln -s "$tripwire" "$state/etc/upper"
hostile "upper is a FIFO" 9 "open upper: Not a directory" \
	etc_with mkfifo "$state/etc/upper"
work_with() { mkdir -p "$state/etc/upper" && "$@"; }
hostile "work leads outside" 9 "open work: Too many levels" \
	work_with ln -s "$tripwire" "$state/etc/work"
hostile "work is a FIFO" 9 "open work: Not a directory" \
	work_with mkfifo "$state/etc/work"
plant_var() {
	rm -r "${state:?}/var"
	"$@"
}
hostile "var is a FIFO" 9 "var of the physical root: Not a directory" \
	plant_var mkfifo "$state/var"
hostile "var leads round" 9 "Too many levels" plant_var ln -s var "$state/var"
hostile "var leads outside" 9 "/var: deploy the image anew" plant_var ln -s "$tripwire" "$state/var"
fresh_state
mkdir -p "$disk/state/os/default/var"
plant_var ln -s ../../../../../../../../../../state/os/default/var "$state/var"
boot
booted "hostile: var leads far up"
same "  no further than the physical root" "$(stat -c %i "$sysroot/var")" \
	"$(stat -c %i "$disk/state/os/default/var")"
finish
