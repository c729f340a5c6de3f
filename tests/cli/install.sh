#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# What `make install DESTDIR=` puts where, with which modes, and what `make
# uninstall` takes away.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

dest=$TMPDIR/dest
umask 077
unset PREFIX BINDIR SBINDIR LIBEXECDIR MANDIR SYSTEMDUNITDIR DRACUTDIR \
	INITRAMFSTOOLSDIR INITCPIODIR TOOLS
install() { env DESTDIR="$dest" "$@" "$CFS_SRC/deps/install.sh" 2> err; }
uninstall() { env DESTDIR="$dest" "$@" "$CFS_SRC/deps/install.sh" uninstall; }
listing() { # prints "mode path" of files, "path -> target" of links
	(cd "$dest" && find . -type f -printf '%m /%P\n' -o -type l -printf '/%P -> %l\n') |
		grep -v /man/man | sort
}
pages() { # prints the names of manual pages
	(cd "$dest/${1:-usr/share/man}" 2> /dev/null && find . -type f -printf '%f\n' | sort)
}
ours=$(cd "$CFS_SRC/docs" && find . -maxdepth 1 -name '*.[1-8]' -printf '%f\n' | sort)

check "it installs" install
same "and has nothing to say" "$(cat err)" ""
cat > installed <<'END'
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
644 /usr/lib/systemd/system/composefs.socket
644 /usr/lib/systemd/system/composefs@.service
644 /usr/lib/systemd/system/emergency.service.d/50-composefs.conf
644 /usr/lib/systemd/system/systemd-growfs-root.service.d/50-composefs.conf
644 /usr/lib/systemd/system/systemd-volatile-root.service.d/50-composefs.conf
644 /usr/share/bash-completion/completions/cfsctl
644 /usr/share/fish/vendor_completions.d/cfsctl.fish
644 /usr/share/zsh/site-functions/_cfsctl
755 /usr/share/initramfs-tools/hooks/composefs
755 /usr/share/initramfs-tools/scripts/local-bottom/composefs
755 /usr/share/initramfs-tools/scripts/nfs-bottom/composefs
/usr/bin/composefs-dump -> cfsctl
/usr/bin/composefs-info -> cfsctl
/usr/bin/composefs-setup-root -> /usr/lib/composefs/composefs-setup-root
/usr/bin/mkcomposefs -> cfsctl
/usr/sbin/mount.composefs -> /usr/bin/cfsctl
/usr/sbin/mount.fuse.composefs -> /usr/bin/cfsctl
END
same "these files, with these modes" "$(listing)" "$(sort installed)"
same "folders can be entered by all" \
	"$(find "$dest" -type d -path "$dest/usr/*" ! -perm 755 -print)" ""
check "settings and keys have folders" \
	test -d "$dest/usr/lib/composefs/keys.d" -a -d "$dest/usr/lib/composefs/setup-root-conf.d"
same "each manual page is there" "$(pages)" "$ours"
# The files of the checkout are those of PREFIX=/usr.
unchanged() {
	local s=$CFS_SRC/systemd-units d=$CFS_SRC/dracut-module u=$dest/usr
	diff -r "$s" "$u/lib/systemd/system" && diff -r "$d/50composefs" \
		"$u/lib/dracut/modules.d/50composefs" &&
		cmp "$d/initramfs-tools/hook" "$u/share/initramfs-tools/hooks/composefs" &&
		cmp "$d/mkinitcpio/install" "$u/lib/initcpio/install/composefs"
}
check "units and hooks are installed as they are" unchanged
check "again, over itself" install

check "what is not ours stays" touch "$dest/usr/lib/composefs/keys.d/mine.pem" \
	"$dest/usr/bin/other"
ln -sf other "$dest/usr/bin/composefs-info"
mkdir -p "$dest/usr/sbin"
check "it uninstalls" uninstall
same "all of its files, and a link only if it is its own" "$(listing)" \
	"$(printf '%s\n' '600 /usr/bin/other' '600 /usr/lib/composefs/keys.d/mine.pem' \
	'/usr/bin/composefs-info -> other' | sort)"
same "and its manual pages" "$(pages)" ""
same "and its own folders, once they are empty" "$(cd "$dest" && find . -type d |
	grep -e 50composefs -e 'service\.d' -e setup-root-conf)" ""
check "again, when nothing is there" uninstall
rm -r "$dest"

# The C tools' names may be another package's.
check "TOOLS=no" install TOOLS=no
same "leaves out the names of the C tools" "$(listing)" \
	"$(grep -v -e mkcomposefs -e composefs-info -e composefs-dump -e mount.composefs installed | sort)"
same "and their pages" "$(pages)" "$(grep -v '^\(mkcomposefs\|composefs-info\|composefs-dump\|mount\.composefs\)\.' <<< "$ours")"
ln -s cfsctl "$dest/usr/bin/mkcomposefs"
check "TOOLS=no when uninstalling" uninstall TOOLS=no
same "leaves them alone as well" "$(listing)" "/usr/bin/mkcomposefs -> cfsctl"
rm -r "$dest"
refuse "a TOOLS of another kind" "yes or no" \
	env DESTDIR="$dest" TOOLS=none "$CFS_SRC/deps/install.sh"

# Another prefix: below it and nowhere else.
check "PREFIX=/opt/x" install PREFIX=/opt/x
same "everything is below it" "$(listing)" \
	"$(sed 's|/usr/|/opt/x/|g' installed | sort)"
same "manual pages too" "$(pages opt/x/share/man)" "$ours"
check "and a note says who may not look there" grep -q "DRACUTDIR" err
same "no other prefix is named by a link or by what is run" \
	"$(grep -rhIoE '[^ ]*/composefs-setup-root$|ExecStart=.*|units=.*' "$dest/opt/x/lib" \
		"$dest/opt/x/share/initramfs-tools" | grep /usr/lib/composefs/composefs)" ""
same "the unit runs the program where it is" \
	"$(sed -n 's/^\(ExecStart=[^ ]*\).*/\1/p' "$dest/opt/x/lib/systemd/system/composefs-setup-root.service")" \
	"ExecStart=/opt/x/lib/composefs/composefs-setup-root"
same "and that of the service too" \
	"$(grep -h ^ExecStart "$dest/opt/x/lib/systemd/system/composefs@.service")" \
	"ExecStart=/opt/x/bin/cfsctl varlink"
check "PREFIX=/opt/x when uninstalling" uninstall PREFIX=/opt/x
same "leaves no file" "$(find "$dest" ! -type d)" ""
rm -r "$dest"

# /usr/local, with what belongs to others' folders in these.
others="SYSTEMDUNITDIR=/lib/systemd/system DRACUTDIR=/usr/lib/dracut
	INITRAMFSTOOLSDIR=/usr/share/initramfs-tools INITCPIODIR=/usr/lib/initcpio
	SBINDIR=/usr/sbin"
check "folders of their own" install PREFIX=/usr/local $others
same "each file is where it was asked for" "$(listing)" "$(sed -e 's|/usr/|/usr/local/|' \
	-e 's|/usr/local\(/lib/systemd\)|\1|' -e 's|/usr/local\(/sbin\)|/usr\1|' \
	-e 's,/usr/local\(/lib/dracut\|/lib/initcpio\|/share/initramfs\),/usr\1,' \
	-e 's|-> /usr/|-> /usr/local/|' installed | sort)"
check "for mkinitcpio, units are where they are" grep -q 'units=/lib/systemd/system$' \
	"$dest/usr/lib/initcpio/install/composefs"
same "and nothing is to be noted" "$(cat err)" ""
named() { # prints the programs that units and hooks run or take along
	grep -rhIoE '/[a-z/]*/composefs-setup-root\b' "$dest/usr/lib" "$dest/usr/share/initramfs-tools" \
		"$dest/lib" | grep -v '^/man' | sort -u
}
same "units and hooks name the program's place" "$(named)" \
	/usr/local/lib/composefs/composefs-setup-root

for dir in "/opt/a b" '/opt/a|b' opt/x; do
	refuse "LIBEXECDIR=$dir" "$dir: " \
		env DESTDIR="$dest" LIBEXECDIR="$dir" "$CFS_SRC/deps/install.sh"
done

# Through make, which hands all of this on.
rm -r "$dest"
unset MAKEFLAGS MFLAGS MAKELEVEL
maked() { make -s -C "$CFS_SRC" O="$O" DESTDIR="$dest" PREFIX=/opt/y TOOLS=no \
	DRACUTDIR=/usr/lib/dracut -o all "$@" > log 2>&1 || { cat log; return 1; }; }
check "make install takes INSTALL, as rpm's macro gives it" maked install INSTALL="install -p"
same "with its settings" "$(listing)" "$(grep -v -e mkcomposefs -e composefs-info \
	-e composefs-dump -e mount.composefs installed |
	sed 's|/usr/|/opt/y/|g; s|/opt/y\(/lib/dracut\)|/usr\1|' | sort)"
check "make uninstall" maked uninstall
same "with the same" "$(find "$dest" ! -type d)" ""
finish
