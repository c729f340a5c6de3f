#!/bin/bash
# composefs-setup-root without a kernel's help: options, arguments,
# configuration, exit statuses.  Nothing here gets as far as a mount.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
a=$(printf 'a%.0s' {1..64})
b=$(printf 'b%.0s' {1..128})
mkdir sysroot
: > conf.toml

run() { # ARGUMENT...
	composefs-setup-root "$@" > out 2> err
	status=$?
}
answers() { # NAME STATUS WORDS
	[ $status = "$2" ] && grep -qF -e "$3" err
	bad=$?
	report $bad "$1"
	[ $bad = 0 ] || {
		echo "  status $status"
		sed 's/^/  said: /' err
	}
}
kargs() { run --print-kargs --cmdline "$1"; }
boot() { # CMDLINE OPTION...
	local cmdline=$1
	shift
	run --sysroot sysroot --config conf.toml --cmdline "$cmdline" "$@"
}

# Options
run --version
same "the version is printed" "$status $(sed 's/[0-9.]*$//' out)" "0 composefs-setup-root "
run --help
same "help tells the options" "$status $(grep -c -- --if-present out)" "0 1"
run --bogus
answers "unknown options are refused" 2 "unknown option --bogus"
run --sysroot
answers "so are missing values" 2 "--sysroot needs a value"
run command --bogus
answers "also behind other words" 2 "unknown option --bogus"
run command --print-kargs --cmdline "composefs=$a"
answers "where options count as before them" 0 "the command 'command' is not run"
same "like this one" "$(cut -d' ' -f1 out)" "$a"

# Output
for option in --help --version --print-kargs; do
	composefs-setup-root $option --cmdline "composefs=$a" > /dev/full 2> err
	status=$?
	answers "$option says that its output cannot be written" 1 \
		"write to standard output: No space left on device"
done

# Arguments
kargs "composefs.digest=v1-sha256-12:$a rw composefs=?$b"
same "images are listed in order" "$status $(tr '\n' ' ' < out)" \
	"0 $a sha256 v1 secure $b sha512 v2 insecure "
kargs "\"composefs.digest=v1-sha256-12:$a\""
same "the kernel's quotes are taken off" "$status $(cat out)" "0 $a sha256 v1 secure"
kargs "composefs=${a^^}"
same "digests are made lower case" "$(cut -d' ' -f1 out)" "$a"
kargs "composefs=$a composefs=?$a"
same "of a repeated digest the secure one counts" "$(cat out)" "$a sha256 v2 secure"
answers "which is warned of" 0 'with and without "?"'
kargs "composefs.digest=v3-sha256-12:$a composefs=$a"
same "later forms are passed over" "$(cat out)" "$a sha256 v2 secure"
answers "with a warning" 0 "ignoring composefs.digest="
kargs "composefs.digest=v3-sha256-12:$a"
answers "alone they are a failure" 4 "needs a newer composefs-setup-root"
kargs "composefs.digest=v1-sha256-12:$b"
answers "the length must be the hash's" 4 "kernel argument"
kargs "composefs= composefs=$a"
answers "an empty one is malformed" 4 "kernel argument"
kargs "composefs=xyz"
answers "so is one that is not hex" 4 "xyz"
kargs "composefs composefs.digest root=/dev/sda2 -- x"
answers "names without a value name nothing" 3 "no composefs argument that names an image: 'composefs' has no value"
kargs ""
answers "nor does an empty command line" 3 "no composefs argument"
kargs "composefs.digset=v1-sha256-12:$a"
answers "a mistyped argument is named, with the one that was meant" 3 "'composefs.digset' is unknown (did you mean composefs.digest?)"
kargs "composefs=$a composefs.onfial=reboot"
answers "beside a good one it is warned of" 0 "'composefs.onfial' is unknown (did you mean composefs.onfail?)"
run --print-kargs --if-present --cmdline ""
same "--if-present makes that a success" "$status $(cat out err)" "0 "
run --if-present --cmdline "composefs=xyz"
answers "but not a malformed one" 4 "xyz"

# Configuration
boot "composefs=$a" --config nonexistent
answers "without the configuration that is asked for, defaults are used" 7 \
	"nonexistent: No such file or directory: built-in defaults are used"
echo '[root' > conf.toml
boot "composefs=$a"
answers "syntax errors tell the place" 1 "conf.toml: line 1, column 6"
echo 'root.transient = "yes"' > conf.toml
boot "composefs=$a"
answers "wrong types too" 1 "line 1, column 18: root.transient must be true or false"
echo 'var.mount = "tmpfs"' > conf.toml
boot "composefs=$a"
answers "wrong words are told the right ones" 1 "choose one of auto, none, bind"
printf 'root.transient = true\nroot.transient-ro = true\n' > conf.toml
boot "composefs=$a"
answers "contradictions are refused" 1 "exclude each other"
: > conf.toml
mkdir conf.d
echo 'etc.mount = 1' > conf.d/10.toml
boot "composefs=$a"
answers "drop-ins are read" 1 "conf.d/10.toml: line 1"
echo 'etc.muont = "bind"' > conf.d/10.toml
boot "composefs=$a"
answers "unknown keys are warned of" 7 "did you mean etc.mount?"
rm -r conf.d
echo 'boot.allow-insecure = false' > conf.toml
boot "composefs=$a composefs=?$b"
answers "insecure images can be forbidden" 4 "$b"
: > conf.toml

# The physical root
boot "composefs=$a" --sysroot nonexistent
answers "it must be there" 7 "nonexistent"
boot "composefs=$a"
answers "it must have a repository" 7 "no composefs repository at sysroot"
answers "with the image" 7 "image:    $a"
answers "and the way out" 7 "cure:     boot another entry, or correct root="
ln -s /elsewhere sysroot/composefs
boot "composefs=$a"
answers "a repository behind a link that leads out is one that is not followed" 7 \
	"sysroot/composefs is a link to '/elsewhere', which leads to nothing or out of the physical root"
rm sysroot/composefs
mkdir sysroot/composefs
boot "composefs=$a"
answers "an empty folder is none" 7 "cfsctl init"
mkdir sysroot/composefs/objects sysroot/composefs/images
boot "composefs=$a"
answers "an image that is not there is named" 5 "$a"
same "once" "$(grep -c "$a" err)" 1
answers "and a disk without any is said to be one" 5 "on disk:  no image"
c=$(printf 'a%.0s' {1..63})c
ln -s ../objects/x "sysroot/composefs/images/$b"
ln -s ../objects/x "sysroot/composefs/images/$c"
boot "composefs=$a"
same "images that are there are listed, the nearest first" \
	"$(sed -n 's/.*on disk:  //p; s/^composefs:  *\([0-9a-f]*\)$/\1/p' err | tr '\n' ' ')" "$c $b "
boot "composefs.digest=v1-sha256-12:${c:5}"
answers "also for a digest that is cut off" 4 "on disk:  $c"
boot "rw quiet"
answers "and when no image is named" 3 "on disk:  "
boot "rw quiet" --if-present
answers "which a root that only an image boots does not pass over" 3 "cure:     boot another entry, or add composefs.digest="
mkdir -p sysroot/etc
touch sysroot/etc/os-release
boot "rw quiet" --if-present
same "one with a system of its own is passed over in silence" "$status $(cat out err)" "0 "
rm -r sysroot/etc sysroot/composefs/images/*
boot "composefs=$a" --check
answers "--check fails the same way" 5 "$a"
echo '{"version":2}' > sysroot/composefs/meta.json
boot "composefs=$a"
answers "a later repository is refused" 7 "meta.json"
same "which is no matter of the kernel or the disk" "$(grep -c 'cure:' err)" 0
# JSON's own escapes for a control sequence, which text may well hold.
printf '{"version":1,"algorithm":"fsverity-sha256-12","features":{"incompatible":["%s"]}}' \
	'\u009b2J\u001b[32mroot verified\u202e' > sysroot/composefs/meta.json
boot "composefs=$a"
answers "what a repository says of itself cannot write on the screen" 7 "'?2J?[32mroot verified?'"
boot "composefs=$(printf '\302\2332J\377')"
answers "nor can an argument" 4 "'composefs=?2J?'"
rm sysroot/composefs/meta.json
echo image > "sysroot/composefs/images/$a"
boot "composefs=$a"
answers "a file without fs-verity is refused" 6 "fs-verity"
rm "sysroot/composefs/images/$a"
mkfifo "sysroot/composefs/images/$a"
boot "composefs=$a"
answers "a FIFO does not hang it" 7 "not a regular file"

# Certificates
printf '[keys]\nrequire = true\ndirs = ["keys.d"]\n' > conf.toml
boot "composefs=$a"
answers "required certificates must be there" 11 "keys.dirs"
mkdir keys.d
echo garbage > keys.d/a.pem
boot "composefs=$a"
answers "and be some" 11 "a.pem"
printf '[keys]\nrequire-signed = true\ndirs = ["nonexistent"]\n' > conf.toml
boot "composefs=$a"
answers "signatures need certificates" 11 "keys.dirs"

# What follows
: > conf.toml
boot "composefs=$a composefs.onfail=reboot"
answers "only an initramfs is restarted" 7 "next:     emergency shell"
boot "composefs=$a composefs.onfail=next"
answers "an unknown action is warned of" 7 "composefs.onfail=next is none of"

finish
