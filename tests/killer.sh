# SPDX-License-Identifier: Apache-2.0 OR MIT
# Kills a program before each of its system calls that change something, and
# looks at what it leaves.  Source it after tests/lib.sh.
#
#   kill_everywhere NAME PREPARE CHECK COMMAND...
#
# PREPARE makes the state that COMMAND starts from, each time anew; CHECK
# succeeds when what the killed COMMAND left is fine and a second run of it
# ends well.  Both are shell functions or commands without arguments.  One
# test is reported per kind of system call; $KILL_POINTS (12) bounds how often
# COMMAND is killed at one kind: the first, the last and some between.
: "${KILL_POINTS:=12}"
KILL_CALLS='openat openat2 write pwrite64 copy_file_range linkat renameat
	renameat2 symlinkat mkdir mkdirat unlinkat syncfs fsync fdatasync
	fchmod fchown ftruncate ioctl'

# The numbers, among all calls of that kind, of those that change something:
# most opens only read, most ioctls only ask.
kill_numbers() { # LOG CALL
	awk -v call="$2" '
	{ sub(/^[0-9]+ +/, "") }
	index($0, call "(") != 1 { next }
	{ n++ }
	call ~ /^openat/ && !/O_CREAT|O_TMPFILE/ { next }
	call == "ioctl" && !/FS_IOC_ENABLE_VERITY/ { next }
	call == "write" && /^write\([12],/ { next }
	{ print n }' "$1"
}

kill_some() { # of the numbers on stdin
	awk -v max="$KILL_POINTS" '
	{ v[NR] = $0 }
	END {
		step = NR > max ? (NR - 1) / (max - 1) : 1
		for (i = 0; i < NR && i < max; i++)
			print v[int(1 + i * step + 0.5)]
	}'
}

kill_at() { # CALL NUMBER COMMAND...
	local call=$1 n=$2
	shift 2
	# The shell that waits would say "Killed".
	(strace -f -qq -o /dev/null -e trace="$call" \
		-e inject="$call:signal=KILL:when=$n" "$@") > /dev/null 2>&1
}

kill_everywhere() { # NAME PREPARE CHECK COMMAND...
	local name=$1 prepare=$2 verify=$3 call n points bad
	shift 3
	$prepare || { report 1 "$name: preparation"; return; }
	if ! strace -f -qq -s 16 -o "$TMPDIR/kill.log" "$@" > /dev/null; then
		report 1 "$name: runs to its end under strace"
		return
	fi
	for call in $KILL_CALLS; do
		points=$(kill_numbers "$TMPDIR/kill.log" "$call" | kill_some)
		[ -n "$points" ] || continue
		bad=
		for n in $points; do
			$prepare && { kill_at "$call" "$n" "$@" || :; } &&
				$verify && continue
			bad="$bad $n"
		done
		[ -z "$bad" ] || echo "  left something wrong at $call:$bad"
		[ -z "$bad" ]
		report $? "$name: killed at $call, $(echo "$points" | wc -l) places"
	done
}
