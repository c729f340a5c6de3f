#!/bin/bash
# Something else than what belongs there, at every path that composefs-setup-root
# creates or opens in /run, in the state directory and in the repository: it
# does not hang, says what is wrong and follows nothing out of the disk.
. "${CFS_SRC:?run by tests/run}/tests/root/host-lib"

host_repo
host_image first || exit 1
init=$(object /bin/true)
cp -a "$disk" "$TMPDIR/pristine"

# Where links lead: whatever follows one finds what it looks for, and leaves
# its traces.
outside=$TMPDIR/outside
outside_new() {
	rm -rf "${outside:?}"
	mkdir -p "$outside/dir"/{upper,work,deploy,objects,images,system}
	echo untouched > "$outside/file"
}
look() { find "$outside" -printf '%p %y %m %s %T@ %C@\n' | sort; }

plant() {
	set -- "$kind" "$base/$path" "$type"
	rm -rf "${2:?}"
	mkdir -p "${2%/*}"
	case $1 in
	fifo) mkfifo "$2" ;;
	socket) (cd "${2%/*}" && perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0) &&
		bind(S, sockaddr_un($ARGV[0])) or die' "${2##*/}") ;;
	device) mknod "$2" c 1 5 ;;
	link) ln -s "$outside/$([ "$3" = d ] && echo dir || echo file)" "$2" ;;
	up) ln -s ../../../../../../../../../../../../../../../../etc "$2" ;;
	round) ln -s "${2##*/}" "$2" ;;
	dangling) ln -s nowhere "$2" ;;
	file) echo planted > "$2" ;;
	dir) mkdir "$2" ;;
	esac
}

configure() { printf '%b' "$1" > "$conf"; }

# Boots over what is planted at $base/$path: the exit status is $want, $words
# are said, and nothing happened elsewhere.
try() {
	rm -rf "${disk:?}"
	cp -a "$TMPDIR/pristine" "$disk"
	outside_new
	before=$(look)
	prepare=plant boot
	[ "$(look)" = "$before" ] || { echo "  $outside was changed"; return 1; }
	[ "$status" = "$want" ] && { [ "$words" = - ] ||
		grep -qF -e "$words" "$TMPDIR/err"; } && "$verify" && return
	echo "  wanted $want, '$words'"
	tell
	return 1
}

# row TYPE OTHER LINK UP ROUND DANGLING FILE DIR WORDS PATH: exit statuses of
# what is planted at PATH; OTHER: a FIFO, a socket, a device; "-": that is what
# belongs there.
base=$disk
verify=true
trace='timeout 30'
row() {
	local type=$1 other=$2 link=$3 up=$4 round=$5 dangling=$6 file=$7 dir=$8
	local words=$9 path=${10} kind want name
	name=${path/$hex/IMAGE}
	name=${name/${hex:0:2}\/${hex:2}/xx/IMAGE}
	name=${name/${init:0:2}\/${init:2}/xx/INIT}
	for kind in fifo socket device link up round dangling file dir; do
		case $kind in
		fifo | socket | device) want=$other ;;
		*) want=${!kind} ;;
		esac
		[ "$want" = - ] || check "$what$name: $kind" try
	done
}

what=
row d 7 7 7 7 7 7 7 composefs composefs
# A link that leads to nothing is a name that is not there.
row f 7 7 7 7 0 7 7 - composefs/meta.json
row d 7 7 7 7 7 7 - "look up images/${hex:0:12}..." composefs/images
row d - - - - - - 5 "the image is not in $sysroot/composefs" composefs/images
row f 7 7 7 7 5 8 7 "$hex" "composefs/images/$hex"
row d 7 7 7 7 5 7 5 "$hex" composefs/objects
row d 7 7 7 7 5 7 5 "$hex" "composefs/objects/${hex:0:2}"
row f 7 7 7 7 5 8 7 "$hex" "composefs/objects/${hex:0:2}/${hex:2}"
row d 10 10 10 10 10 10 10 init "composefs/objects/${init:0:2}"
row f 10 10 10 10 10 10 10 init "composefs/objects/${init:0:2}/${init:2}"

inside() {
	mv "$repo/objects" "$repo/elsewhere"
	ln -s elsewhere "$repo/objects"
}
rm -rf "${disk:?}"
cp -a "$TMPDIR/pristine" "$disk"
prepare=inside boot
failed "composefs/objects: a link inside the repository" 7 "open objects/"

for mode in auto bind overlay; do
	configure "etc.mount = \"$mode\"\n"
	what="etc=$mode, "
	row d 9 9 9 9 9 9 9 "$hex" state
	row d 9 9 9 9 9 9 9 "$hex" state/deploy
	row d 9 9 9 9 9 9 - "$hex" "state/deploy/$hex"
	row d 9 9 9 9 9 9 - "$hex/etc" "state/deploy/$hex/etc"
done
configure 'etc.mount = "none"\n'
what=
row d 9 9 9 9 9 9 - "$hex/var" "state/deploy/$hex/var"
for name in etc var; do
	configure "$name.mount = \"overlay\"\n"
	for layer in upper .upper.new work; do
		row d 9 9 9 9 9 9 - "$hex/$name: open ${layer/.upper.new/upper}" \
			"state/deploy/$hex/$name/$layer"
	done
done
configure 'var.mount = "none"\n'
row d 0 0 0 0 0 0 0 - "state/deploy/$hex/var"

# What is left in /run once the root is mounted: all of it is made, or a
# warning says what is not.
mount -t tmpfs sys /sys && mkdir -p /sys/fs/selinux || exit 1
systemd=/run/systemd/system
traces() {
	local f
	for f in /run/composefs/booted $systemd/composefs-relabel.service \
		/run/systemd/relabel-extra.d/composefs.relabel; do
		{ [ -f "$f" ] && [ ! -L "$f" ] && [ -s "$f" ]; } || break
		f=
	done
	[ -z "$f" ] || grep -q ' /run/' "$TMPDIR/err"
}
base=
configure 'root.transient = true\netc.mount = "transient"\n'
verify=traces
row d 0 0 0 0 0 0 - - /run/composefs
row d 0 0 0 0 0 0 - - /run/systemd
row d 0 0 0 0 0 0 - - $systemd
row d 0 0 0 0 0 0 - - $systemd/sysinit.target.wants
row d 0 0 0 0 0 0 - - /run/systemd/relabel-extra.d
row f 0 0 0 0 0 - 0 - /run/composefs/booted
row f 0 0 0 0 0 0 0 - /run/composefs/.booted.new
row f 0 0 0 0 0 - 0 - $systemd/composefs-relabel.service
row f 0 0 0 0 0 0 0 - $systemd/.composefs-relabel.service.new
row f 0 0 0 0 0 0 0 - $systemd/sysinit.target.wants/composefs-relabel.service
row f 0 0 0 0 0 - 0 - /run/systemd/relabel-extra.d/composefs.relabel
row f 0 0 0 0 0 0 0 - /run/systemd/volatile-root
row f 0 0 0 0 0 0 0 - /run/systemd/journal/socket
umount /sys

# The report of a failure, which is written in an initramfs
mount -t tmpfs etc /etc && touch /etc/initrd-release || exit 1
reports() {
	{ [ -f /run/composefs/failed ] && [ ! -L /run/composefs/failed ] &&
		grep -q 'cannot mount' /run/composefs/failed; } ||
		grep -q 'write /run/composefs/failed' "$TMPDIR/err"
}
verify=reports
good=$cmdline
cmdline="composefs=?$(printf '0%.0s' {1..64})"
row d 5 5 5 5 5 5 - - /run/composefs
row f 5 5 5 5 5 - 5 - /run/composefs/failed
row f 5 5 5 5 5 5 5 - /run/composefs/.failed.new
cmdline=$good
verify=true
umount /etc

export CREDENTIALS_DIRECTORY=/run/credentials/unit
configure '[keys]\ndirs = []\n'
row d 0 0 0 0 0 0 - - /run/credentials/unit
rm -rf /run/credentials
row f 0 0 0 0 0 0 0 composefs.cert /run/credentials/unit/composefs.cert.x
unset CREDENTIALS_DIRECTORY

# The place that kernels without detached layers need: this one is made to say
# that it is one of them.
: > "$conf"
trace="strace -o $TMPDIR/strace -e trace=fsconfig,move_mount" boot
set_fd=$(grep fsconfig "$TMPDIR/strace" | grep -n FSCONFIG_SET_FD | head -n 1 | cut -d: -f1)
if [ -n "$set_fd" ]; then
	trace="timeout 30 strace -o $TMPDIR/strace
		-e inject=fsconfig:error=EINVAL:when=$set_fd"
	lower() {
		grep -q 'run/composefs/.lower' "$TMPDIR/strace" &&
			{ [ "$status" = 0 ] || grep -q 'make /run/composefs/.lower' "$TMPDIR/err"; }
	}
	verify=lower
	row d 8 8 8 8 8 8 0 - /run/composefs/.lower
	verify=true
else
	echo "ok - the private place # SKIP no layers by descriptor here"
fi
finish
