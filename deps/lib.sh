# SPDX-License-Identifier: Apache-2.0 OR MIT
# shellcheck shell=bash
#
# deps/lib.sh: what every script in this folder shares. Sourced (bash), never run.
#
# Cache layout, all below $cfs_cache; everything there can be deleted at any
# time, and is then made again:
#
#   NAME/KEY/      one finished result. KEY is a hash of whatever decides its
#                  content: the scripts, the configuration, the compiler.
#   build/         half-made results: left behind only by kill -9 or a crash
#   lock/          one lock file per NAME/KEY, called NAME.KEY
#
# A result appears under its final name by one rename, so that an interrupted
# build never looks like a whole one.
#
# Environment: CFS_CACHE  the cache folder
#                         (default ${XDG_CACHE_HOME:-$HOME/.cache}/composefs-seal)
#              JOBS       parallel compilers (default: one per processor)
#              CFS_DEPS_KEEP  when set, work folders are kept for inspection

set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C
# Settings of the make that runs us are for the project's own sources: neither
# the environment nor a make that is started here may pass them on.
unset CFLAGS CPPFLAGS LDFLAGS CROSS_COMPILE
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS
export PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"

deps_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cfs_cache=${CFS_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/composefs-seal}
deps_me=deps/$(basename "$0")
: "${JOBS:=$(nproc)}"

deps_say() { echo "$deps_me: $*" >&2; }
deps_die() { deps_say "$*"; exit 1; }

# deps_need COMMAND...: ends the script when a command is missing.
deps_need() {
	local c missing=
	for c; do
		command -v "$c" >/dev/null || missing="$missing $c"
	done
	[ -z "$missing" ] ||
		deps_die "not found:$missing. Run deps/packages.sh build check vm demo (or: make deps)"
}

# deps_key [-s STRING]... [FILE]...: prints 16 hex digits over the strings and
# the content of the files ("-" is standard input).
deps_key() {
	local strings=
	while [ "${1:-}" = -s ]; do
		strings=$strings$2$'\n'
		shift 2
	done
	{
		printf %s "$strings" | sha256sum
		[ $# = 0 ] || cat "$@"
	} | sha256sum | cut -c1-16
}

# deps_result NAME KEY MAKER [ARG...]: prints the folder of the finished result
# NAME/KEY. When it is not there, runs MAKER WORK RESULT [ARG...] with two empty
# folders: WORK is scratch and is deleted, RESULT becomes NAME/KEY.
# What MAKER prints goes to stderr. One builder at a time per NAME/KEY; others
# that want the same result wait for it, and no result waits for another one.
# MAKER ends at its first failing step by the shell's -e, so do not call this
# left of || or && or in a condition, where the shell ignores -e.
deps_result() {
	local done_dir=$cfs_cache/$1/$2 status
	if [ ! -d "$done_dir" ]; then
		set +e
		(
			set -e
			false
			exit 42
		)
		status=$?
		set -e
		[ $status != 42 ] || deps_die "deps_result $1 is called in a condition"
		# a subshell: its lock and traps are its own
		(deps_make "$done_dir" "$@" >&2)
	fi
	echo "$done_dir"
}

# deps_make DONE-FOLDER NAME KEY MAKER [ARG...]
deps_make() {
	local done_dir=$1 name=$2 id=$2.$3 maker=$4 start=$SECONDS
	shift 4
	mkdir -p "$cfs_cache/$name" "$cfs_cache/build" "$cfs_cache/lock"
	exec 9>"$cfs_cache/lock/$id"
	if ! flock -n 9; then
		deps_say "waiting for another run that is making the same $name"
		flock 9
	fi
	[ ! -d "$done_dir" ] || return 0
	# with the lock held, these are of runs that were killed
	rm -rf "$cfs_cache/build/$id".??????
	deps_scratch=$(mktemp -d "$cfs_cache/build/$id.XXXXXX")
	[ -n "${CFS_DEPS_KEEP:-}" ] || trap 'rm -rf "$deps_scratch"' EXIT
	trap 'exit 130' INT TERM HUP
	chmod 755 "$deps_scratch"
	mkdir "$deps_scratch/work" "$deps_scratch/result"
	"$maker" "$deps_scratch/work" "$deps_scratch/result" "$@"
	mv -T "$deps_scratch/result" "$done_dir"
	deps_say "made $name in $((SECONDS - start)) s"
}

# deps_quiet LOG COMMAND...: runs it with its output in LOG; shows the end of
# the log and fails when the command fails. COMMAND may be a function: it runs
# in a subshell that ends at the first failing step (which `COMMAND || ...` would
# not, the shell ignores -e there).
deps_quiet() {
	local log=$1 status
	shift
	set +e
	(
		set -e
		"$@"
	) >"$log" 2>&1
	status=$?
	set -e
	[ "$status" = 0 ] && return 0
	deps_say "failed ($status): $*"
	tail -n 30 "$log" >&2
	return 1
}
