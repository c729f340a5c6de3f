#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# dracut module: composefs-setup-root with its configuration and certificates.
# For dracut 059 and later, with systemd in the initramfs and without.

composefs_program=/usr/lib/composefs/composefs-setup-root
composefs_config=/usr/lib/composefs/setup-root-conf.toml

# Is "/" a composefs? Takes the file to read instead of mountinfo.
composefs_is_root() {
    local id parent dev root point rest fields type source found=1
    while read -r id parent dev root point rest; do
        [[ $point == / ]] || continue
        # the optional fields, of any number, end with a lone dash
        read -r type source fields <<< "${rest#* - }"
        [[ $type == overlay && $source =~ ^(transient:composefs=|composefs:) ]]
        found=$?
    done < "${1:-/proc/self/mountinfo}"
    return "$found"
}

# Prints the files to take over, as named in the initramfs.
composefs_files() {
    local sysroot=${dracutsysrootdir-} file
    for file in "$sysroot/usr/lib/composefs"/{setup-root-conf.toml,setup-root-conf.d/*.toml} \
        "$sysroot"/{usr/lib,etc}/composefs/keys.d/*; do
        [[ -f $file ]] && printf '%s\n' "${file#"$sysroot"}"
    done
    return 0
}

# Prints "SECTION.KEY VALUE" for the settings of ini FILES as GLib reads them, the
# later winning; "? LINE" for a line that is none.
composefs_ini() { # FILE...
    LC_ALL=C awk '
        FNR == 1 { sub(/^\357\273\277/, ""); section = "" }
        { sub(/[ \t\r]+$/, ""); sub(/^[ \t]+/, "") }
        /^#/ || $0 == "" { next }
        /^\[[^]]*\]$/ { section = substr($0, 2, length($0) - 2); next }
        {
            at = index($0, "=")
            name = substr($0, 1, at - 1)
            value = substr($0, at + 1)
            sub(/[ \t]+$/, "", name); sub(/^[ \t]+/, "", value)
            if (at < 2 || section == "") { name = "?"; value = $0 }
            else name = section "." name
            if (!(name in values)) names[n++] = name
            values[name] = value
        }
        END { for (i = 0; i < n; i++) print names[i] " " values[names[i]] }' "$@"
}

# Writes the configuration that prepare-root.conf of ostree stands for, and says
# what of it has no counterpart.
composefs_from_ostree() { # FILE...
    local name value
    while read -r name value; do
        case $name=$value in
            root.transient=* | root.transient-ro=* | etc.transient=* | sysroot.readonly=*)
                case $value in
                    true | 1) printf '%s = true\n' "$name" ;;
                    false | 0) printf '%s = false\n' "$name" ;;
                    *) dwarn "composefs: prepare-root.conf: $name = $value is not carried over: ostree takes true, false, 1 and 0 alone" ;;
                esac
                ;;
            composefs.enabled=signed)
                echo 'keys.require-signed = true'
                dwarn "composefs: prepare-root.conf: signed images are required: their certificates have to be in keys.d, as keypath of ostree is not used"
                ;;
            composefs.enabled=verity) echo 'boot.allow-insecure = false' ;;
            composefs.enabled=yes | composefs.enabled=true | composefs.enabled=1 | composefs.enabled=maybe) ;;
            composefs.keypath=*) ;;
            *) dwarn "composefs: prepare-root.conf: $name = $value is not carried over" ;;
        esac
    done < <(composefs_ini "$@")
}

composefs_install_config() {
    local files ostree=() file name
    mapfile -t files < <(composefs_files)
    ((${#files[@]} == 0)) || inst_multiple "${files[@]}" || return 1
    # systemd loads the policies of the kernel's IPE from there, each by its name,
    # and stops the boot when the file has another one
    for file in "${dracutsysrootdir-}"/usr/lib/composefs/ipe/*.p7b; do
        [[ -f $file ]] || continue
        name=${file##*/}
        grep -qaE "policy_name=${name%.p7b}([[:space:]]|\$)" "$file" || {
            dfatal "composefs: $file: the policy in it has another name, so it would not boot"
            return 1
        }
        inst_simple "${file#"${dracutsysrootdir-}"}" "/etc/ipe/${file##*/}" || return 1
    done
    [[ -e ${dracutsysrootdir-}$composefs_config ]] && return 0
    for file in "${dracutsysrootdir-}"/{usr/lib,etc}/ostree/prepare-root.conf; do
        [[ -f $file ]] && ostree+=("$file")
    done
    ((${#ostree[@]} == 0)) && return 0
    mkdir -p "${initdir}${composefs_config%/*}" \
        && composefs_from_ostree "${ostree[@]}" > "${initdir}${composefs_config}"
}

# A bad argument that is sealed into a UKI is found at boot otherwise.
composefs_check_kargs() {
    local program=${dracutsysrootdir-}$composefs_program out rc
    [[ ${kernel_cmdline-} == *composefs* ]] || return 0
    out=$("$program" --print-kargs --cmdline "$kernel_cmdline" 2>&1)
    rc=$?
    case $rc in
        0 | 3) return 0 ;; # 3: none of the words was an argument of ours
        126 | 127)
            dwarn "composefs: cannot run $program here: the kernel command line was not checked"
            return 0
            ;;
    esac
    dfatal "composefs: kernel command line: $out"
    return 1
}

check() {
    require_binaries "$composefs_program" || return 1
    require_kernel_modules erofs overlay || return 1
    # An image for any machine: whoever installed us wants to boot with us.
    [[ ${hostonly-} || ${mount_needs-} ]] || return 0
    composefs_is_root || return 255
    return 0
}

depends() {
    local systemd=
    dracut_module_included systemd && systemd=systemd-initrd
    echo "rootfs-block $systemd"
    return 0
}

# The digests belong to the boot entry, not to the initramfs.
cmdline() {
    return 0
}

installkernel() {
    # The machine that builds need not have these loaded.
    hostonly='' instmods -c erofs overlay || return 1
    hostonly='' instmods loop
    # What fs-verity hashes with, where it is not built in.
    hostonly='' instmods -s sha512_generic sha256_generic
    # File systems that can do fs-verity; dracut adds that of this machine.
    [[ ${hostonly-} ]] || instmods -s ext4 btrfs f2fs
    return 0
}

composefs_install() {
    local unit=$systemdsystemunitdir/composefs-setup-root.service
    local required_by=$initdir$systemdsystemunitdir/initrd-root-fs.target.requires

    composefs_check_kargs || return 1
    inst_binary "$composefs_program" || return 1
    composefs_install_config || return 1
    # with rd.shell=0 these hooks are the last that is seen
    inst_hook emergency 90 "$moddir/composefs-emergency.sh" || return 1
    inst_hook shutdown-emergency 90 "$moddir/composefs-shutdown.sh" || return 1
    if ! dracut_module_included systemd; then
        # before 99-mount-root.sh, which it runs itself
        inst_hook mount 90 "$moddir/composefs-mount.sh"
        return
    fi
    inst_simple "$unit" || return 1
    inst_multiple -o "$systemdsystemunitdir/modprobe@.service" \
        "$systemdsystemunitdir/systemd-volatile-root.service.d/50-composefs.conf"
    dracut_module_included dracut-systemd \
        || inst_multiple -o cat "$systemdsystemunitdir/emergency.service.d/50-composefs.conf"
    # a link, not systemctl: that wants the target to be there already
    mkdir -p "$required_by" && ln -sf "../${unit##*/}" "$required_by/"
}

install() {
    composefs_install && return 0
    # dracut goes on after a status; what it makes would boot the wrong root
    dfatal "composefs: the initramfs is not made, see the messages above"
    exit 1
}
