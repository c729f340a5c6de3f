#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The dracut module against dracut's functions, replaced by stubs that do the
# visible part: copy files below $initdir, note kernel modules in $TMPDIR/mods.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

module=$CFS_SRC/dracut-module/50composefs
host=$TMPDIR/host
program=/usr/lib/composefs/composefs-setup-root
units=/usr/lib/systemd/system

# What dracut offers to a module (059 to 112).
derror() { echo "$*" >&2; }
dfatal() { echo "$*" >&2; }
dwarn() { echo "warn: $*" >&2; }
dracut_module_included() { [[ " $included " == *" $1 "* ]]; }
require_binaries() { [[ -x $dracutsysrootdir$1 ]]; }
require_kernel_modules() { [[ " $kernel_has " == *" $1 "* && " $kernel_has " == *" $2 "* ]]; }
inst_simple() { command install -D "$dracutsysrootdir$1" "$initdir${2-$1}"; }
inst_binary() { inst_simple "$@"; }
inst_hook() { command install -D "$3" "$initdir/hooks/$1/$2-${3##*/}"; }
inst_multiple() {
    local file optional=
    [[ $1 == -o ]] && optional=1 && shift
    for file; do
        [[ -e $dracutsysrootdir$file || -z $optional ]] || continue
        inst_simple "$file" || return 1
    done
}
instmods() {
    [[ $1 == -* ]] && shift
    echo "hostonly=${hostonly-} $*" >> "$TMPDIR/mods"
}

# Runs a function of the module. In a subshell: its check and install are not
# the test's check and coreutils' install.
call() (
    . "$module/module-setup.sh"
    composefs_is_root() { [[ $root_is == composefs ]]; }
    "$@"
)

# A machine with all that the module may take over.
fresh_host() {
    rm -rf "${host:?}" "${TMPDIR:?}/mods"
    mkdir -p "$host${program%/*}"/{keys.d,setup-root-conf.d} "$host/etc/composefs/keys.d" "$host$units"
    cp -r "$CFS_SRC"/systemd-units/* "$host$units/"
    echo unit > "$host$units/modprobe@.service"
    cat > "$host$program" <<- 'END'
	#!/bin/sh
	case "$*" in
	*=bad*) echo "bad hex" >&2; exit 4 ;;
	*nothing-of-ours*) exit 3 ;;
	esac
	END
    chmod +x "$host$program"
    initdir=$TMPDIR/init
    rm -rf "${initdir:?}"
    mkdir "$initdir"
}

set_up() { # NAME=VALUE...
    moddir=$module dracutsysrootdir=$host systemdsystemunitdir=$units
    included='systemd rootfs-block' kernel_has='erofs overlay'
    hostonly='' mount_needs='' kernel_cmdline='' root_is=ext4
    local pair
    for pair; do printf -v "${pair%%=*}" %s "${pair#*=}"; done
}

check_says() { # WANT NAME=VALUE...
    local want=$1
    shift
    set_up "$@"
    call check
    [ $? = "$want" ]
}

installs() { # FILE...
    local file
    for file; do
        [[ -e $initdir$file || -L $initdir$file ]] || { echo "  missing $file"; return 1; }
    done
}

fresh_host
check "any machine's initramfs takes the module" check_says 0
check "a host with another root leaves it out" check_says 255 hostonly=1
check "a host with a composefs root selects it" check_says 0 hostonly=1 root_is=composefs
check "mount needs are met by a composefs root alone" check_says 255 mount_needs=1
check "without overlay in the kernel it cannot be" check_says 1 kernel_has=erofs
check "without erofs in the kernel it cannot be, even if asked" check_says 1 \
    kernel_has=overlay hostonly=1 root_is=composefs
mv "$host$program" "$host$program.away"
check "without the program it cannot be" check_says 1
mv "$host$program.away" "$host$program"

# What is "/": the line that comes last, with any number of optional fields.
root_line() { # TYPE SOURCE [OPTIONAL]
    printf '%s\n' "22 1 254:1 / / rw shared:1 - ext4 /dev/vda1 rw" \
        "30 22 0:30 / /run rw - overlay composefs:aa rw" \
        "31 22 0:31 / / ro ${3-} - $1 $2 ro,lowerdir+=/x" > mountinfo
    bash -c '. "$0"; composefs_is_root mountinfo' "$module/module-setup.sh"
}
check "a composefs is recognised" root_line overlay composefs:0123
check "a transient composefs is recognised" root_line overlay transient:composefs=0123
check "optional fields are passed over" root_line overlay composefs:01 "shared:2 master:1"
check "another overlay is not composefs" eval '! root_line overlay overlay'
check "a lookalike that is no overlay is not composefs" eval '! root_line ext4 composefs:01'

set_up
same "the root is mounted by rootfs-block and systemd" "$(call depends)" "rootfs-block systemd-initrd"
set_up included=rootfs-block
same "without systemd it is not pulled in" "$(call depends)" "rootfs-block "
set_up
same "no digest is put into the initramfs" "$(call cmdline)" ""

# Kernel modules: host-only must not lose what is not loaded here.
set_up hostonly=1
rm -f mods
check "kernel modules are installed" call installkernel
same "those of composefs whatever is loaded" "$(grep -c '^hostonly= ' mods)" 3
check "erofs and overlay" grep -q 'hostonly= erofs overlay' mods
check "loop, for kernels before 6.12" grep -q 'hostonly= .*loop' mods
check "sha512, for fs-verity" grep -q 'hostonly= .*sha512_generic' mods
check "of file systems those of this host alone" eval '! grep -q ext4 mods'
set_up
check "file systems for any machine" eval 'call installkernel && grep -q "ext4 btrfs" mods'
instmods_works=$(declare -f instmods)
instmods() { return 1; }
check "a kernel that cannot give erofs fails the build" eval '! call installkernel'
eval "$instmods_works"

# Files.
fresh_host
set_up
check "nothing to configure is fine" call install
check "program, unit and drop-in" installs $program $units/composefs-setup-root.service \
    $units/systemd-volatile-root.service.d/50-composefs.conf $units/modprobe@.service
same "the boot fails without the mount" \
    "$(readlink "$initdir$units/initrd-root-fs.target.requires/composefs-setup-root.service")" \
    ../composefs-setup-root.service
check "no mount hook beside the unit" eval '[ ! -e "$initdir/hooks/mount" ]'
check "the report comes last, with an emergency shell and without" installs \
    /hooks/emergency/90-composefs-emergency.sh /hooks/shutdown-emergency/90-composefs-shutdown.sh
check "where dracut's hooks do not run, by the unit" installs $units/emergency.service.d/50-composefs.conf
fresh_host
set_up included='systemd dracut-systemd rootfs-block'
check "with dracut-systemd" call install
check "not by both" eval '[ ! -e "$initdir$units/emergency.service.d" ]'
check "no configuration of our own making" eval \
    '[ ! -e "$initdir/usr/lib/composefs/setup-root-conf.toml" ]'

fresh_host
set_up included=rootfs-block
check "without systemd" call install
check "a hook before the one that mounts the root" installs $program \
    /hooks/mount/90-composefs-mount.sh
check "and no unit" eval '[ ! -e "$initdir$units" ]'

fresh_host
set_up
echo a > "$host/usr/lib/composefs/setup-root-conf.toml"
echo b > "$host/usr/lib/composefs/setup-root-conf.d/10-x.toml"
echo c > "$host/usr/lib/composefs/keys.d/a.pem"
echo d > "$host/etc/composefs/keys.d/b c.der"
check "configuration and certificates" call install
check "are in the initramfs under their names" installs \
    /usr/lib/composefs/{setup-root-conf.toml,setup-root-conf.d/10-x.toml,keys.d/a.pem} \
    "/etc/composefs/keys.d/b c.der"

fresh_host
set_up
mkdir "$host/usr/lib/composefs/ipe"
printf 'binary \0 policy_name=a.b policy_version=1.0.0\n' > "$host/usr/lib/composefs/ipe/a.b.p7b"
echo text > "$host/usr/lib/composefs/ipe/a.txt"
check "policies of IPE" call install
check "are where systemd loads them" cmp "$initdir/etc/ipe/a.b.p7b" \
    "$host/usr/lib/composefs/ipe/a.b.p7b"
same "and nothing else is" "$(ls "$initdir/etc/ipe")" a.b.p7b
for name in a a.b.c; do
    fresh_host
    set_up
    mkdir -p "$host/usr/lib/composefs/ipe"
    printf 'binary \0 policy_name=a.b policy_version=1.0.0\n' > "$host/usr/lib/composefs/ipe/$name.p7b"
    call install > out 2>&1
    same "with which a policy of another name would not boot, is refused: $name" $? 1
    check "and named" grep -q "ipe/$name.p7b: the policy in it has another name" out
done

# ostree's file is translated when there is none of ours.
fresh_host
set_up
mkdir -p "$host/usr/lib/ostree" "$host/etc/ostree"
printf '[root]\ntransient = true\n[etc]\ntransient=false\n[composefs]\nenabled = verity\n' \
    > "$host/usr/lib/ostree/prepare-root.conf"
printf '[sysroot]\nreadonly = 1\n[root]\ntransient=0\n' > "$host/etc/ostree/prepare-root.conf"
check "prepare-root.conf" call install
same "is translated, the one in /etc winning" \
    "$(cat "$initdir/usr/lib/composefs/setup-root-conf.toml")" \
    "root.transient = false
etc.transient = false
boot.allow-insecure = false
sysroot.readonly = true"
echo '[etc]' > "$host/usr/lib/composefs/setup-root-conf.toml"
rm -rf "${initdir:?}"
mkdir "$initdir"
check "with a file of ours" call install
same "it is not looked at" "$(cat "$initdir/usr/lib/composefs/setup-root-conf.toml")" '[etc]'

# What it says is carried over or named, never dropped.
ostree() { # TEXT: prints the configuration, and then the warnings
    printf "$1" > prepare-root.conf
    call composefs_from_ostree prepare-root.conf 2> warnings
    sed 's/^warn: composefs: prepare-root.conf: //' warnings
}
same "a signature that ostree requires is required" \
    "$(ostree '[composefs]\nenabled = signed\nkeypath = /etc/k\n' | cut -c1-30)" \
    "keys.require-signed = true
signed images are required: th"
for value in TRUE yes on 2 '' 'true # not for ever'; do
    same "'$value' is no boolean to ostree, and said to be none" \
        "$(ostree "[etc]\ntransient = $value\n" | cut -d: -f1)" "etc.transient = $value is not carried over"
done
same "a byte order mark, comments and spaces are read as ostree does" \
    "$(ostree '\357\273\277# all of it\r\n [root] \n\n\ttransient\t =  true \r\n#transient=0\n')" \
    "root.transient = true"
same "settings without a counterpart are named" \
    "$(ostree '[composefs]\nenabled=no\n[root]\ncolour = red\nwhat\n')" \
    "composefs.enabled = no is not carried over
root.colour = red is not carried over
? = what is not carried over"
same "what composefs does anyway needs no word" "$(ostree '[composefs]\nenabled = yes\n')" ""

# Arguments that are going to be sealed.
fresh_host
set_up kernel_cmdline='root=/dev/vda composefs.digest=good'
check "good arguments are sealed" call install
set_up kernel_cmdline='quiet composefs=bad'
refuse "bad ones end the build, with the program's words" "bad hex" call install
set_up kernel_cmdline='quiet rd.break composefs.onfail=nothing-of-ours'
check "a command line without ours is fine" call install
printf '#!/nonexistent\n' > "$host$program"
set_up kernel_cmdline='composefs=bad'
check "a program of another architecture cannot judge" call install
rm "$host$units/composefs-setup-root.service"
set_up
check "a missing unit fails the build" eval '! call install 2>/dev/null'

# dracut.conf.d: the disk under the overlay.
conf() { # IS-COMPOSEFS SOURCE: prints add_device
    sed "s|/run/composefs/booted|$TMPDIR/$1|" "$CFS_SRC/dracut-module/50-composefs.conf" > conf
    source=$2 bash -c 'findmnt() { echo "$source"; }; add_device=" /dev/x "; . ./conf; echo $add_device'
}
: > booted
same "the device of /sysroot is named" "$(conf booted /dev/mapper/root)" "/dev/x /dev/mapper/root"
same "a network file system has none" "$(conf booted server:/export)" "/dev/x"
same "nor has another host" "$(conf absent /dev/vda)" "/dev/x"

finish
