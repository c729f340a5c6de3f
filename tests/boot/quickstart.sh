#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# docs/QUICKSTART.md, command by command, as it stands there.
#
# Three programs are stood in for, to make the run quick and steady: mmdebstrap
# gives what the real one made of the same arguments before, QEMU gets the
# arguments that a busy host or an old version of it need, and ~ is this folder.
. "${CFS_SRC:?run by tests/run}/deps/lib.sh"
: "${BIN:?}" "${TMPDIR:?}"
deps_me=tests/boot/quickstart.sh
cd "$TMPDIR"
[ "$(id -u)" = 0 ] || {
	echo "needs root, to unpack a Debian and run dracut in it"
	exit 77
}

make_tree() {
	local result=$2
	shift 2
	deps_quiet "$result/log" mmdebstrap "$@" --format=tar "$result/root.tar"
}

# stand-in for mmdebstrap OPTION... SUITE FOLDER
mkdir bin machine
cat > bin/mmdebstrap <<END
#!/bin/bash
. "$CFS_SRC/deps/lib.sh"
$(declare -f make_tree)
folder=\${!#}
set -- "\${@:1:\$#-1}"
made=\$(PATH=\${PATH#*:} deps_result quickstart-tree "\$(deps_key -s "\$*")" make_tree "\$@")
mkdir "\$folder"
tar -C "\$folder" --xattrs --xattrs-include='*' -xf "\$made/root.tar"
END
. "$CFS_SRC/tests/vm/watch"
cat > bin/qemu-system-x86_64 <<END
#!/bin/bash
exec /usr/bin/qemu-system-x86_64 -M q35 $("$CFS_SRC/tests/vm/qemu" -A) \\
	"\${@/console=ttyS0/console=ttyS0 no_timer_check mitigations=off cryptomgr.notests $(echo $vm_patience)}"
END
chmod +x bin/*
ln -s "$CFS_SRC" composefs-seal
export CFS_CACHE=$cfs_cache HOME=$TMPDIR PATH=$TMPDIR/bin:$BIN:$PATH
unset TMPDIR # which is not in the chroot
cd machine
exec "$CFS_SRC/tests/transcript" "$CFS_SRC/docs/QUICKSTART.md" "A tree" \
	"A key, and the programs of the initramfs" "Kernel and initramfs" "Seal it" \
	"Boot it" "The next version"
