#!/bin/sh
# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# deps/install.sh: what `make install` does, and `make uninstall`.
#
# Usage: deps/install.sh [uninstall]
#
# Environment: BIN (or O, for $O/bin)   the folder of the programs
#              DESTDIR PREFIX BINDIR SBINDIR LIBEXECDIR MANDIR   as usual
#              SYSTEMDUNITDIR DRACUTDIR INITRAMFSTOOLSDIR INITCPIODIR
#                  where systemd and each initramfs generator look; the default
#                  is below PREFIX, like everything
#              TOOLS=no   without the names and manual pages of composefs' C
#                  tools, which another package has
#
# Units and hooks name composefs-setup-root by the path it is installed as, in
# the system and in the initramfs. Settings and keys are in /usr/lib/composefs
# whatever PREFIX is. Nothing is written to /etc, and nothing is enabled.
#
# To uninstall takes the same environment. It removes what would be installed,
# links only where they lead to this program, and folders once they are empty.
set -eu
umask 022
cd "$(dirname "$0")/.."
: "${O:=build}" "${DESTDIR:=}" "${PREFIX:=/usr}" "${BIN:=$O/bin}" "${TOOLS:=yes}"
: "${BINDIR:=$PREFIX/bin}" "${SBINDIR:=$PREFIX/sbin}"
: "${LIBEXECDIR:=$PREFIX/lib/composefs}" "${MANDIR:=$PREFIX/share/man}"
: "${SYSTEMDUNITDIR:=$PREFIX/lib/systemd/system}"
: "${DRACUTDIR:=$PREFIX/lib/dracut}"
: "${INITRAMFSTOOLSDIR:=$PREFIX/share/initramfs-tools}"
: "${INITCPIODIR:=$PREFIX/lib/initcpio}"

die() {
	echo "deps/install.sh: $*" >&2
	exit 1
}

# They go into units and scripts as they are.
for dir in "$BINDIR" "$SBINDIR" "$LIBEXECDIR" "$MANDIR" "$SYSTEMDUNITDIR" \
	"$DRACUTDIR" "$INITRAMFSTOOLSDIR" "$INITCPIODIR"; do
	case $dir in
	*[!A-Za-z0-9/._+-]*) die "$dir: only letters, digits and / . _ + - may be in it" ;;
	/*) ;;
	*) die "$dir: not an absolute path" ;;
	esac
done
case $TOOLS in
yes | no) ;;
*) die "TOOLS is yes or no, not $TOOLS" ;;
esac

case ${1-} in
'')
	folder() { # PATH
		install -d -m 755 "$DESTDIR$1"
	}
	put() { # MODE FILE TARGET
		install -D -m "$1" "$2" "$DESTDIR$3"
	}
	put_glue() { # MODE FILE TARGET: a unit or a script
		text=$(sed "s|/usr/lib/composefs/composefs-setup-root|$LIBEXECDIR/composefs-setup-root|g
			s|^ExecStart=/usr/bin/cfsctl|ExecStart=$BINDIR/cfsctl|
			s|units=/usr/lib/systemd/system\$|units=$SYSTEMDUNITDIR|" "$2")
		printf '%s\n' "$text" | install -D -m "$1" /dev/stdin "$DESTDIR$3"
	}
	link() { # CONTENT TARGET
		mkdir -p "$DESTDIR${2%/*}"
		ln -sf "$1" "$DESTDIR$2"
	}
	;;
uninstall)
	folder() {
		[ ! -d "$DESTDIR$1" ] ||
			rmdir --ignore-fail-on-non-empty "$DESTDIR$1"
	}
	put() {
		rm -f "$DESTDIR$3"
	}
	put_glue() {
		rm -f "$DESTDIR$3"
	}
	link() {
		[ "$(readlink "$DESTDIR$2")" != "$1" ] || rm -f "$DESTDIR$2"
	}
	;;
*)
	sed -n '/^# Usage/,/^set/s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac

put 755 "$BIN/composefs-setup-root" "$LIBEXECDIR/composefs-setup-root"
put 755 "$BIN/cfsctl" "$BINDIR/cfsctl"
link "$LIBEXECDIR/composefs-setup-root" "$BINDIR/composefs-setup-root"
# for `mount -t fuse.composefs`
link "$BINDIR/cfsctl" "$SBINDIR/mount.fuse.composefs"
if [ "$TOOLS" = yes ]; then
	# cfsctl by other names
	link cfsctl "$BINDIR/mkcomposefs"
	link cfsctl "$BINDIR/composefs-info"
	link cfsctl "$BINDIR/composefs-dump"
	link "$BINDIR/cfsctl" "$SBINDIR/mount.composefs"
fi
share=$PREFIX/share
put 644 cfsctl/completion/cfsctl.bash "$share/bash-completion/completions/cfsctl"
put 644 cfsctl/completion/cfsctl.zsh "$share/zsh/site-functions/_cfsctl"
put 644 cfsctl/completion/cfsctl.fish "$share/fish/vendor_completions.d/cfsctl.fish"
for page in docs/*.[1-8]; do
	case ${page##*/} in
	mkcomposefs.* | composefs-info.* | composefs-dump.* | mount.composefs.*)
		[ "$TOOLS" = yes ] || continue
		;;
	esac
	put 644 "$page" "$MANDIR/man${page##*.}/${page##*/}"
done

for unit in systemd-units/*.socket systemd-units/*.service systemd-units/*.service.d/*.conf; do
	put_glue 644 "$unit" "$SYSTEMDUNITDIR/${unit#systemd-units/}"
done

module=$DRACUTDIR/modules.d/50composefs
for script in dracut-module/50composefs/*.sh; do
	put_glue 755 "$script" "$module/${script##*/}"
done
put_glue 644 dracut-module/50-composefs.conf "$DRACUTDIR/dracut.conf.d/50-composefs.conf"

put_glue 755 dracut-module/initramfs-tools/hook "$INITRAMFSTOOLSDIR/hooks/composefs"
for scripts in local-bottom nfs-bottom; do
	put_glue 755 dracut-module/initramfs-tools/bottom \
		"$INITRAMFSTOOLSDIR/scripts/$scripts/composefs"
done

put_glue 644 dracut-module/mkinitcpio/install "$INITCPIODIR/install/composefs"
put_glue 644 dracut-module/mkinitcpio/hook "$INITCPIODIR/hooks/composefs"

# Folders of ours, inner ones first: only here are they made empty or removed.
if [ "$LIBEXECDIR" = /usr/lib/composefs ]; then
	folder "$LIBEXECDIR/keys.d"
	folder "$LIBEXECDIR/setup-root-conf.d"
fi
folder "$LIBEXECDIR"
folder "$module"
for unit in systemd-units/*.service.d; do
	folder "$SYSTEMDUNITDIR/${unit#systemd-units/}"
done

[ -n "${1-}" ] || [ "$DRACUTDIR" != "$PREFIX/lib/dracut" ] || [ "$PREFIX" = /usr ] ||
	echo "deps/install.sh: note: systemd, the initramfs generators and mount(8)" \
		"have folders of their own and may not look below $PREFIX: see" \
		"SYSTEMDUNITDIR, DRACUTDIR, INITRAMFSTOOLSDIR, INITCPIODIR and SBINDIR" >&2
