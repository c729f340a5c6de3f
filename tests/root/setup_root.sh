#!/bin/bash
# composefs-setup-root on the host's own kernel, which need not have fs-verity:
# insecure images, in a mount namespace that goes away with the test.
. "${CFS_SRC:?run by tests/run}/tests/root/guard" || exit 1
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
conf=$TMPDIR/conf.toml
: > "$conf"

# Overlayfs finds it by this name; without verity nobody computes it.
object=00/$(printf '0%.0s' {1..62})
mkdir -p disk/composefs/{objects,images} disk/state sysroot
image_new() { # NAME
	cat > dump <<-DUMP
	/ 4096 40555 9 0 0 0 0.0 - - -
	/dev 4096 40755 2 0 0 0 0.0 - - -
	/etc 4096 40755 2 0 0 0 0.0 - - -
	/etc/name 5 100644 1 0 0 0 0.0 - $1 -
	/proc 4096 40755 2 0 0 0 0.0 - - -
	/run 4096 40755 2 0 0 0 0.0 - - -
	/sbin 8 120777 1 0 0 0 0.0 usr/sbin - -
	/sys 4096 40755 2 0 0 0 0.0 - - -
	/sysroot 4096 40755 2 0 0 0 0.0 - - -
	/usr 4096 40755 4 0 0 0 0.0 - - -
	/usr/lib 4096 40755 2 0 0 0 0.0 - - -
	/usr/lib/os-release 8 100644 1 0 0 0 0.0 - ID=test\\n -
	/usr/sbin 4096 40755 2 0 0 0 0.0 - - -
	/usr/sbin/init $(stat -c %s init) 100755 1 0 0 0 0.0 $object - ${object/\//}
	/var 4096 40755 2 0 0 0 0.0 - - -
	DUMP
	hex=$("$O/tests/tools/dump2image" -s 1 dump image) || return 1
	mkdir -p "disk/composefs/objects/${hex:0:2}"
	mv image "disk/composefs/objects/${hex:0:2}/${hex:2}"
	ln -s "../objects/${hex:0:2}/${hex:2}" "disk/composefs/images/$hex"
	mkdir -p "disk/state/deploy/$hex"/{etc/upper,etc/work,var}
}

# An init without a loader, of 64-bit x86's and everybody's ELF alike.
cp "$(command -v busybox || echo "$BIN/composefs-setup-root")" init
mkdir disk/composefs/objects/00
cp init disk/composefs/objects/$object
image_new first || skip "no image"
first=$hex
image_new other
other=$hex

reset() {
	while mountpoint -q sysroot; do umount -R -l sysroot; done
	rm -rf /run/composefs /run/systemd
}
boot() { # CMDLINE [OPTION]...
	local cmdline=$1
	shift
	reset
	mount --bind "${disk-disk}" sysroot
	composefs-setup-root --sysroot sysroot --config "$conf" \
		--cmdline "$cmdline" "$@" > out 2> err
	status=$?
}
booted() { # NAME
	[ $status = 0 ] && [ "$(cat sysroot/usr/lib/os-release)" = ID=test ]
	bad=$?
	report $bad "$1"
	[ $bad = 0 ] || sed 's/^/  said: /' err
}
failed() { # NAME STATUS WORDS
	[ $status = "$2" ] && grep -qF -e "$3" err && [ ! -e sysroot/usr ] &&
		[ ! -e /run/composefs/booted ]
	bad=$?
	report $bad "$1"
	[ $bad = 0 ] || sed "s/^/  said ($status): /" err
}
marker() { grep -o "\"$1\":\"[^\"]*\"" /run/composefs/booted | head -n 1 | cut -d'"' -f4; }

boot "composefs=?$first"
booted "an insecure image starts without fs-verity"
same "the marker says so" "$(marker digest) $(marker verity)" "$first off"
same "the source names the image" "$(findmnt -no SOURCE sysroot)" "composefs:$first"
refuse "the root is read-only" Read-only touch sysroot/usr/x
check "/etc is writable" touch sysroot/etc/x
same "and kept" "$(ls "disk/state/deploy/$first/etc/upper")" x
check "/var is writable" touch sysroot/var/x
same "the physical root is there" "$(ls sysroot/sysroot/composefs)" "images
objects"
composefs-setup-root --sysroot sysroot --cmdline "composefs=?$first" 2> err
same "a second run does nothing" "$? $(grep -c 'nothing to do' err)" "0 1"
boot "composefs=$first"
failed "a secure image does not" 6 "fs-verity"
boot "composefs=$(printf 'f%.0s' {1..64}) composefs=?$other composefs=?$first"
booted "the first that is there is taken"
same "and no other" "$(marker digest)" "$other"

for etc in none bind overlay transient; do
	for root in image transient transient-ro; do
		printf 'etc.mount = "%s"\n' $etc > "$conf"
		[ $root = image ] || echo "root.$root = true" >> "$conf"
		boot "composefs=?$first"
		booted "root $root with /etc $etc"
		same "  is what the marker says" "$(marker root) $(marker etc)" "$root $etc"
	done
done
: > "$conf"

# On a tmpfs there is no file-backed EROFS: it has to be a loop device.
mkdir /run/disk
cp -a disk/. /run/disk
disk=/run/disk
boot "composefs=?$first"
if grep -q 'loop' err && [ $status != 0 ]; then
	echo "ok - loop devices # SKIP not allowed here"
else
	booted "an image on a tmpfs starts through a loop device"
	same "the marker names it" "$(marker image_backend | cut -c1-14)" loop:/dev/loop
	reset
	same "the loop device goes with the mount" \
		"$(losetup -nO BACK-FILE 2>/dev/null | grep -c "$first")" 0
fi
unset disk

mv disk/composefs/objects/$object kept
boot "composefs=?$first"
failed "a missing object fails before the start" 10 "/sbin/init"
mv kept disk/composefs/objects/$object
rm -r "disk/state/deploy/${first:?}"
boot "composefs=?$first"
failed "a missing state directory fails" 9 "state/deploy"
echo 'state.missing = "transient"' > "$conf"
boot "composefs=?$first"
booted "unless it may be missing"
: > "$conf"

# Of the images that are there, one with a state directory
boot "composefs=?$first composefs=?$other"
booted "an image without a state directory makes room for one with its own"
same "it is the later one" "$(marker digest)" "$other"
check "the first is said to be passed over" grep -q 'passing over' err
mv "disk/state/deploy/$other" kept
boot "composefs=?$first composefs=?$other"
failed "when none has one, it is missing" 9 "state/deploy"
mv kept "disk/state/deploy/$other"
printf '[etc]\nmount = "transient"\n[var]\nmount = "none"\n' > "$conf"
boot "composefs=?$first composefs=?$other"
booted "where none is needed it does not matter"
same "the first is booted" "$(marker digest)" "$first"
: > "$conf"

# A directory as the root
mkdir -p plain/{dev,etc,proc,run,sbin,sys,sysroot,usr/lib,var}
cp init plain/sbin/init
echo ID=test > plain/usr/lib/os-release
boot "composefs=?$other" --root-fs plain
booted "--root-fs takes a directory"
same "with the state of the image" "$(marker root) $(marker state_dir)" \
	"directory state/deploy/$other"
mv plain/sbin plain/kept
boot "composefs=?$other" --root-fs plain
[ $status = 0 ]
report $? "its files are not checked"
same "which the marker says" "$(marker preflight)" skipped
mv plain/kept plain/sbin
boot "composefs=?$other" --root-fs nonexistent
failed "which must be there" 8 nonexistent

reset
composefs-setup-root --sysroot disk --config "$conf" --cmdline "composefs=?$other" 2> err
same "a directory that is no mount point is covered" \
	"$? $(cat disk/usr/lib/os-release)" "0 ID=test"
umount -R -l disk
mkdir next
boot "composefs=?$other" --target next
same "--target is attached there" "$status $(cat next/usr/lib/os-release)" "0 ID=test"
same "and the sysroot stays" "$(ls sysroot)" "composefs
state"
umount -R -l next
boot "composefs=?$other" --check
same "--check attaches nothing" "$status $(ls sysroot | tr '\n' ' ')" "0 composefs state "
same "and prints the marker" "$(grep -c "$other" out)" 1
composefs-setup-root --sysroot sysroot --config "$conf" \
	--cmdline "composefs=?$other" --check > /dev/full 2> err
same "or says why it cannot" \
	"$? $(grep -c 'write to standard output: No space left' err)" "1 1"

reset
finish
