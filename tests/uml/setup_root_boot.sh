#!/bin/bash
# composefs-setup-root on a disk with real fs-verity: the ordinary start, its
# kinds of root, /etc and /var, and the defects of other implementations that
# it must not have.
if [ "${CFS_GUEST-}" != uml ]; then
	exec "${0%/*}/../vm/uml" "$0"
fi
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/uml/setup-root-lib"

disk_new
repo_new sha256
system_new first
first=$hex

boot "quiet $(karg) rw"
booted "the image that the command line names is the root"
same "the root says which image it is" \
	"$(findmnt -no SOURCE /sysroot)" "composefs:$first"
same "the marker says the digest" "$(marker digest)" "$first"
same "objects are verified" "$(marker verity)" require
same "the image is mounted from its file" "$(marker image_backend)" file
same "no policy of IPE is active" "$(marker ipe)" null
same "/etc is an overlay over the image's" "$(marker etc)" overlay
same "/etc shows the image's files" "$(cat /sysroot/etc/name)" first
same "/var is the deployment's" "$(cat /sysroot/var/mark)" first
same "the physical root is at /sysroot" "$(ls /sysroot/sysroot/composefs/meta.json)" \
	/sysroot/sysroot/composefs/meta.json
refuse "the physical root is read-only" "Read-only" touch /sysroot/sysroot/x
refuse "the root is read-only" "Read-only" touch /sysroot/usr/x
touch /sysroot/etc/new
same "changes of /etc are kept on the disk" \
	"$(ls "/disk/state/deploy/$first/etc/upper")" new
rm /sysroot/etc/new
same "the volatile-root link names the disk" \
	"$(readlink /run/systemd/volatile-root)" \
	"/dev/block/$(stat -c %Hd:%Ld /disk)"
same "nothing of the work is left in /run" "$(ls -A /run/composefs)" booted
same "objects are read through the root" \
	"$(cmp /sysroot/usr/share/big "$big" && echo same)" same

composefs-setup-root --sysroot /sysroot --cmdline "$(karg)" 2> err
same "a second run finds nothing to do" "$? $(grep -c 'nothing to do' err)" "0 1"
same "a second run mounts nothing" "$(findmnt -nro SOURCE /sysroot | wc -l)" 1

# Which image
system_new other
other=$hex
gone=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
gone512=$gone$gone
boot "composefs=$gone $(karg "$first") $(karg "$other")"
booted "the first image that is there is taken"
same "an absent one is passed over" "$(marker digest)" "$first"
same "the marker tells of all" \
	"$(grep -o '"result":"[a-z ]*"' /run/composefs/booted | tr '\n' ' ')" \
	'"result":"absent" "result":"booted" "result":"untried" '
boot "composefs=$gone512 $(karg "$first")"
booted "a digest of the other algorithm is passed over"
boot "composefs.digest=v9-sha1024-12:00 $(karg "$first")"
booted "an image for later programs is passed over"
boot "\"$(karg "$first")\""
booted "a quoted argument counts"
boot "composefs=$gone"
failed "no image that is there is failure 5" 5 "$gone"
mkdir $repo/images/refs/x
cp "$repo/objects/$(path_of "$first")" "$repo/images/refs/$gone"
boot "composefs=$gone"
failed "names below images/refs are never an image" 5 "$gone"
ln -s "../objects/$(path_of "$gone")" "$repo/images/$gone"
boot "composefs=$gone $(karg "$first")"
booted "a dangling link is absent"
same "a dangling link is warned of" "$(grep -c 'object is missing' err)" 1
rm "$repo/images/$gone"
mkfifo "$repo/images/$gone"
boot "composefs=$gone $(karg "$first")"
failed "a FIFO does not hang it" 7 "not a regular file"
rm "$repo/images/$gone"
ln -s "/disk/composefs/objects/$(path_of "$first")" "$repo/images/$gone"
boot "composefs=$gone"
failed "a link out of the repository is refused" 7 "leaves the repository"
rm "$repo/images/$gone"

# Kinds of root
echo 'root.transient = true' > "$conf"
boot "$(karg "$first")"
booted "a transient root is a root"
check "a transient root is writable" touch /sysroot/usr/x
same "a transient root says so" "$(findmnt -no SOURCE /sysroot)" \
	"transient:composefs=$first"
same "the root keeps the image's mode" "$(stat -c %a /sysroot)" 555
echo kept > /sysroot/var/kept
same "/var is not hidden by a transient root" \
	"$(cat "/disk/state/deploy/$first/var/kept")" kept
check "nor is /sysroot" test -e /sysroot/sysroot/composefs/meta.json
same "nor is /etc" "$(touch /sysroot/etc/kept; ls "/disk/state/deploy/$first/etc/upper")" kept
rm -f "/disk/state/deploy/$first/etc/upper/kept" "/disk/state/deploy/$first/var/kept"
printf '[root]\ntransient-ro = true\n' > "$conf"
boot "$(karg "$first")"
booted "a transient-ro root is a root"
refuse "it is read-only" "Read-only" touch /sysroot/usr/x
check "until it is made writable" mount -o remount,rw,bind /sysroot
check "then it is writable" touch /sysroot/usr/x

for root in false true; do
	for etc in none bind overlay transient; do
		for stack in nested flat; do
			printf '[root]\ntransient = %s\n[etc]\nmount = "%s"\nstack = "%s"\n' \
				$root $etc $stack > "$conf"
			boot "$(karg "$first")"
			booted "transient=$root with $stack $etc /etc"
			same "  /etc is $etc" "$(marker etc)" $etc
		done
	done
done
rm -f "/disk/state/deploy/$first/etc/name"

# /etc as bootc leaves it
rm -rf "/disk/state/deploy/${first:?}/etc"
mkdir "/disk/state/deploy/$first/etc"
echo admin > "/disk/state/deploy/$first/etc/name"
: > "$conf"
boot "$(karg "$first")"
booted "a copied /etc is taken as it is"
same "it is bound" "$(marker etc) $(cat /sysroot/etc/name)" "bind admin"
rm -rf "/disk/state/deploy/${first:?}/etc" "/disk/state/deploy/${first:?}/var"
ln -s ../../os/default/var "/disk/state/deploy/$first/var"
echo shared > /disk/state/os/default/var/mark
boot "$(karg "$first")"
booted "a state without etc gets one"
same "the new upper directory has the mode of /etc" \
	"$(stat -c %a "/disk/state/deploy/$first/etc/upper")" 755
same "a relative link leads to the shared /var" "$(cat /sysroot/var/mark)" shared
rm "/disk/state/deploy/$first/var"
ln -s / "/disk/state/deploy/$first/var"
boot "$(karg "$first")"
failed "a link to /, which holds the repository, is refused" 9 "leads into the repository"

for mode in state:none:image yes:none:transient; do
	IFS=: read -r value var root <<< "$mode"
	boot "$(karg "$other") systemd.volatile=$value"
	booted "systemd.volatile=$value is a root"
	same "  of kind $root, var $var" "$(marker root) $(marker var)" "$root $var"
done
printf '[sysroot]\nreadonly = false\n' > "$conf"
boot "$(karg "$other")"
booted "a writable sysroot is a choice"
check "it is writable then" touch /sysroot/sysroot/x
rm -f /disk/x
: > "$conf"

# State
rm -rf "/disk/state/deploy/${first:?}"
boot "$(karg "$first")"
failed "a missing state directory is failure 9" 9 "state/deploy"
echo 'state.missing = "transient"' > "$conf"
boot "$(karg "$first")"
booted "it may be missing by configuration"
same "etc and var are in memory then" "$(marker etc) $(marker var)" \
	"transient transient"
: > "$conf"

# Where
mkdir -p /run/nextroot
reset
mkdir /run/nextroot
mount --bind /disk /sysroot
composefs-setup-root --sysroot /sysroot --target /run/nextroot --config "$conf" \
	--cmdline "$(karg "$other")"
same "--target is attached at the target" \
	"$? $(cat /run/nextroot/usr/lib/os-release)" "0 ID=test"
same "and the sysroot stays" "$(ls /sysroot/composefs/meta.json)" \
	/sysroot/composefs/meta.json
boot "$(karg "$other")" --check
same "--check succeeds" $status 0
same "--check prints the marker" "$(marker digest out)" "$other"
check "--check attaches nothing" test -e /sysroot/composefs -a ! -e /sysroot/usr
check "--check leaves nothing" test ! -e /run/composefs/booted -a ! -e /run/systemd
boot "quiet" --if-present
failed "of a disk with images --if-present says so, too" 3 "no composefs argument" "on disk:  "
mkdir -p /disk/etc
touch /disk/etc/os-release
boot "quiet" --if-present
same "and nothing of one with a system of its own" "$status $(cat err)" "0 "
rm -r /disk/etc
boot "quiet"
failed "no image on the command line is failure 3" 3 "no composefs argument"

finish
