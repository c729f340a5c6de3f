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
#
# A service is a COMMAND whose client starts it: the arrays KILL_CLIENT and
# KILL_REQUEST are put before and behind the traced COMMAND.
: "${KILL_POINTS:=12}"
KILL_CLIENT=()
KILL_REQUEST=()
KILL_CALLS='openat openat2 write pwrite64 copy_file_range linkat renameat
	renameat2 symlinkat mkdir mkdirat unlinkat syncfs fsync fdatasync
	fchmod fchown ftruncate fallocate ioctl'

# The numbers, among a thread's calls of that kind, of those that change
# something: most opens only read, most ioctls only ask.
kill_numbers() { # LOG CALL
	awk -v call="$2" '
	{ thread = $1; sub(/^[0-9]+ +/, "") }
	index($0, call "(") != 1 { next }
	{ n[thread]++ }
	call ~ /^openat/ && !/O_CREAT|O_TMPFILE/ { next }
	call == "ioctl" && !/FS_IOC_ENABLE_VERITY/ { next }
	call == "write" && /^write\([12],/ { next }
	{ print n[thread] }' "$1" | sort -un
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

# Succeeds when it, or a child of its, was killed.
kill_at() { # CALL NUMBER COMMAND...
	local call=$1 n=$2
	shift 2
	# A shell of its own: the one that waits for strace says "Killed".
	(
		"${KILL_CLIENT[@]}" strace -f -q -o "$TMPDIR/kill.at" \
			-e trace="$call" -e inject="$call:signal=KILL:when=$n" \
			"$@" "${KILL_REQUEST[@]}"
		exit $?
	) > /dev/null 2>&1
	grep -q "killed by SIGKILL" "$TMPDIR/kill.at"
}

kill_everywhere() { # NAME PREPARE CHECK COMMAND...
	local name=$1 prepare=$2 verify=$3 call n points bad killed kinds=0
	shift 3
	$prepare || { report 1 "$name: preparation"; return; }
	if ! "${KILL_CLIENT[@]}" strace -f -qq -s 16 -o "$TMPDIR/kill.log" \
		"$@" "${KILL_REQUEST[@]}" > /dev/null; then
		report 1 "$name: runs to its end under strace"
		return
	fi
	for call in $KILL_CALLS; do
		points=$(kill_numbers "$TMPDIR/kill.log" "$call" | kill_some)
		[ -n "$points" ] || continue
		bad= killed=0
		for n in $points; do
			$prepare || { bad="$bad preparation"; break; }
			kill_at "$call" "$n" "$@" && killed=$((killed + 1))
			$verify || bad="$bad $n"
		done
		[ -z "$bad" ] || echo "  left something wrong at $call:$bad"
		[ -z "$bad" ] && [ $killed -gt 0 ]
		report $? "$name: killed at $call, $killed times"
		kinds=$((kinds + 1))
	done
	[ $kinds -gt 0 ]
	report $? "$name: has places to be killed at, of $kinds kinds"
}
