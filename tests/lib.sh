# SPDX-License-Identifier: Apache-2.0 OR MIT
# The frame of a shell test; source it first.
#
#   check NAME COMMAND...      ok when the command succeeds
#   refuse NAME WORDS COMMAND...   ok when it fails and says WORDS on stderr
#   same NAME A B              ok when the two strings are equal
#   as_nobody PROGRAM ARG...   runs $BIN/PROGRAM as a user without rights
#   quiet COMMAND...           its standard output goes to the file quiet.out
#   without_packages           makes the folder "plain" of all programs in PATH but
#                              the package manager's
#   needs PROGRAM...           skips unless all of them are there
#   skip WHY                   leaves the program, as skipped
#   finish                     last line: exit status by what was seen
#
# $TMPDIR is a fresh folder of the test's own; $BIN holds the programs under
# test, $CFS_SRC the source tree.
set -u
: "${BIN:?run by tests/run}" "${TMPDIR:?run by tests/run}"
export PATH=$BIN:$PATH:/usr/sbin:/sbin
cd "$TMPDIR" || exit 1
tests_n=0
tests_bad=0

report() { # STATUS NAME
	tests_n=$((tests_n + 1))
	if [ "$1" = 0 ]; then
		echo "ok $tests_n - $2"
	else
		tests_bad=$((tests_bad + 1))
		echo "not ok $tests_n - $2"
	fi
}

check() {
	local name=$1
	shift
	"$@"
	report $? "$name"
}

refuse() {
	local name=$1 words=$2
	shift 2
	if "$@" 2> "$TMPDIR/stderr.$$"; then
		sed 's/^/  stderr: /' "$TMPDIR/stderr.$$"
		report 1 "$name (was not refused)"
	elif grep -qF -e "$words" "$TMPDIR/stderr.$$"; then
		report 0 "$name"
	else
		sed 's/^/  stderr: /' "$TMPDIR/stderr.$$"
		report 1 "$name (said nothing of '$words')"
	fi
}

same() {
	[ "$2" = "$3" ] || printf '  got  %s\n  want %s\n' "$2" "$3"
	[ "$2" = "$3" ]
	report $? "$1"
}

# That user may reach no folder above the working one, neither $BIN nor $TMPDIR:
# the program is run from a copy in the working folder, and paths are relative.
as_nobody() {
	local program=$1
	shift
	chmod go+x . && cp "$BIN/$program" .nobody || return
	setpriv --reuid 65534 --regid 65534 --clear-groups ./.nobody "$@"
}

quiet() {
	"$@" > "$TMPDIR/quiet.out"
}

without_packages() {
	local dir IFS=:
	mkdir plain
	for dir in $PATH; do
		[ ! -d "$dir" ] || find "$dir/" -maxdepth 1 ! -type d ! -name 'apt*' \
			! -name 'dpkg*' ! -lname 'apt*' ! -lname 'dpkg*' -print0
	done | xargs -0 ln -s -t plain 2> /dev/null
	! PATH=plain command -v apt-get dpkg dpkg-query
}

# Waits until the pipe that stdout goes to has no reader any more.
until_unread() {
	python3 -c 'import select; p = select.poll(); p.register(1, 0); p.poll()'
}
export -f until_unread

# Waits until servers(), which is the test's own, prints no process any more.
gone() {
	for _ in $(seq 2000); do
		[ "$(servers)" ] || return 0
		sleep 0.05
	done
	return 1
}

skip() {
	echo "$1"
	exit 77
}

# `command -v` with several names is true for any of them.
needs() { # PROGRAM...
	local program
	for program; do
		command -v "$program" > /dev/null || skip "needs $program"
	done
}

finish() {
	echo "1..$tests_n"
	[ "$tests_bad" = 0 ] && [ "$tests_n" -gt 0 ]
	exit
}
