#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/install.sh: what `make install` does.
#
# Environment: BIN (or O, for $O/bin)   the folder of the programs
#              DESTDIR PREFIX BINDIR SBINDIR LIBEXECDIR MANDIR   as usual
#
# Units, the dracut module and the hooks of other initramfs generators go where
# these look for them. Nothing is written to /etc, and nothing is enabled.
set -eu
umask 022
cd "$(dirname "$0")/.."
: "${O:=build}" "${DESTDIR:=}" "${PREFIX:=/usr}" "${BIN:=$O/bin}"
: "${BINDIR:=$PREFIX/bin}" "${SBINDIR:=$PREFIX/sbin}"
: "${LIBEXECDIR:=$PREFIX/lib/composefs}" "${MANDIR:=$PREFIX/share/man}"

# The unit and every hook call the program by this name, so that one initramfs
# works on all hosts.
[ "$LIBEXECDIR" = /usr/lib/composefs ] || {
	echo "deps/install.sh: LIBEXECDIR is $LIBEXECDIR: units and hooks name" \
		"/usr/lib/composefs: change them as well" >&2
	exit 1
}

put() { # MODE FILE TARGET
	install -D -m "$1" "$2" "$DESTDIR$3"
}

link() { # CONTENT TARGET
	mkdir -p "$DESTDIR${2%/*}"
	ln -sf "$1" "$DESTDIR$2"
}

put 755 "$BIN/composefs-setup-root" "$LIBEXECDIR/composefs-setup-root"
put 755 "$BIN/cfsctl" "$BINDIR/cfsctl"
link "$LIBEXECDIR/composefs-setup-root" "$BINDIR/composefs-setup-root"
# cfsctl by other names
link cfsctl "$BINDIR/mkcomposefs"
link cfsctl "$BINDIR/composefs-info"
link cfsctl "$BINDIR/composefs-dump"
link "$BINDIR/cfsctl" "$SBINDIR/mount.composefs"
install -d -m 755 "$DESTDIR$LIBEXECDIR/keys.d" \
	"$DESTDIR$LIBEXECDIR/setup-root-conf.d"

units=$PREFIX/lib/systemd/system
for unit in systemd-units/*.service systemd-units/*.service.d/*.conf; do
	put 644 "$unit" "$units/${unit#systemd-units/}"
done

dracut=$PREFIX/lib/dracut
for file in module-setup.sh composefs-mount.sh composefs-emergency.sh composefs-shutdown.sh; do
	put 755 "dracut-module/50composefs/$file" "$dracut/modules.d/50composefs/$file"
done
put 644 dracut-module/50-composefs.conf \
	"$dracut/dracut.conf.d/50-composefs.conf"

share=$PREFIX/share/initramfs-tools
put 755 dracut-module/initramfs-tools/hook "$share/hooks/composefs"
put 755 dracut-module/initramfs-tools/bottom "$share/scripts/local-bottom/composefs"
put 755 dracut-module/initramfs-tools/bottom "$share/scripts/nfs-bottom/composefs"

initcpio=$PREFIX/lib/initcpio
put 644 dracut-module/mkinitcpio/install "$initcpio/install/composefs"
put 644 dracut-module/mkinitcpio/hook "$initcpio/hooks/composefs"

for page in docs/*.[1-8]; do
	[ -e "$page" ] || continue
	put 644 "$page" "$MANDIR/man${page##*.}/${page##*/}"
done
