#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What `make install DESTDIR=` puts where, with which modes.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

dest=$TMPDIR/dest
umask 077
check "it installs" env DESTDIR="$dest" "$CFS_SRC/deps/install.sh"

listing() { # prints "mode path" of files, "path -> target" of links
	(cd "$dest" && find . -type f -printf '%m /%P\n' -o -type l -printf '/%P -> %l\n') |
		grep -v /share/man/ | sort
}
same "these files, with these modes" "$(listing)" "$(sort <<-'END'
	755 /usr/bin/cfsctl
	755 /usr/lib/composefs/composefs-setup-root
	755 /usr/lib/dracut/modules.d/50composefs/composefs-emergency.sh
	755 /usr/lib/dracut/modules.d/50composefs/composefs-mount.sh
	755 /usr/lib/dracut/modules.d/50composefs/composefs-shutdown.sh
	755 /usr/lib/dracut/modules.d/50composefs/module-setup.sh
	644 /usr/lib/dracut/dracut.conf.d/50-composefs.conf
	644 /usr/lib/initcpio/hooks/composefs
	644 /usr/lib/initcpio/install/composefs
	644 /usr/lib/systemd/system/composefs-growfs.service
	644 /usr/lib/systemd/system/composefs-setup-root.service
	644 /usr/lib/systemd/system/emergency.service.d/50-composefs.conf
	644 /usr/lib/systemd/system/systemd-growfs-root.service.d/50-composefs.conf
	644 /usr/lib/systemd/system/systemd-volatile-root.service.d/50-composefs.conf
	755 /usr/share/initramfs-tools/hooks/composefs
	755 /usr/share/initramfs-tools/scripts/local-bottom/composefs
	755 /usr/share/initramfs-tools/scripts/nfs-bottom/composefs
	/usr/bin/composefs-dump -> cfsctl
	/usr/bin/composefs-info -> cfsctl
	/usr/bin/composefs-setup-root -> /usr/lib/composefs/composefs-setup-root
	/usr/bin/mkcomposefs -> cfsctl
	/usr/sbin/mount.composefs -> /usr/bin/cfsctl
	END
)"
same "folders can be entered by all" \
	"$(find "$dest" -type d -path "$dest/usr/*" ! -perm 755 -print)" ""
same "each manual page is there" \
	"$(cd "$dest/usr/share/man" 2> /dev/null && find . -type f -printf '%f\n' | sort)" \
	"$(cd "$CFS_SRC/docs" && find . -maxdepth 1 -name '*.[1-8]' -printf '%f\n' | sort)"
check "again, over itself" env DESTDIR="$dest" "$CFS_SRC/deps/install.sh"
refuse "a place that no unit would find" "LIBEXECDIR is /opt" \
	env DESTDIR="$dest" LIBEXECDIR=/opt "$CFS_SRC/deps/install.sh"

finish
