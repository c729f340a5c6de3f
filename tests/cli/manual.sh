#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The manual names every command and option that the program has, and no other.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

page=$CFS_SRC/docs/cfsctl.1

# The options of `cfsctl help COMMAND`, or of all commands.
options() {
	cfsctl help "$@" | sed -n 's/^  \(-[a-zA-Z], \)\{0,1\}--\([a-z-]*\).*/\2/p' | sort
}
# Option names in a piece of the page.  A dash of its own begins the long ones.
flags() {
	grep -o '\bFl -[a-z][a-z-]*\( , -[a-z][a-z-]*\)*\|, -[a-z][a-z-]*' |
		grep -o -- '-[a-z][a-z-]*' | sed 's/^-//' | sort -u
}
# What the page says of a command: its items, each up to the next command or
# the end of the list.
item() { # COMMAND
	awk -v name="$1" '
		/^\.S[sh] / || /^\.El/ { on = 0 }
		/^\.It Cm / {
			line = substr($0, 8) " "
			on = index(line, name " ") == 1
		}
		on' "$page"
}
section() { # BEGIN END: lines between two that begin so
	awk -v from="$1" -v to="$2" 'index($0, from) == 1 { on = 1; next }
		index($0, to) == 1 { on = 0 } on' "$page"
}
section '.Ss Options of every command' '.Ss Repositories' |
	grep '^\.It' | flags > common
section '.Ss Demanding signatures' '.Ss Differences' | grep '^\.It' | flags > trust
section 'The source options are' '.Ss Differences' | grep '^\.It' | flags > source

# The commands that a page says can demand signatures, and those that can.
named() { grep '^\.Cm ' | grep -o 'oci [a-z-]*\|disk' | sort -u; }
section '.Ss Demanding signatures' '.It Fl -require-signature' | named > demand
sed -n '/^reads the file/,/^The service/p' "$CFS_SRC/docs/composefs-policy.toml.5" |
	named > policy

check "options of every command" diff <(options | sort -u) common

commands=$(cfsctl help | sed -n '/^commands:/,/^$/s/^  \([a-z][a-z-]*\( [a-z][a-z-]*\)\{0,1\}\)\(  .*\| [[A-Z].*\|$\)/\1/p')
cp common every
while read -r command; do
	# shellcheck disable=SC2086 # a group and its command
	options $command > want
	cat want >> every
	item "$command" > text
	check "$command is in the manual" test -s text
	{
		flags < text
		grep -q 'Ar source-option' text && cat source
		grep -q 'Ar trust-option' text && cat trust
		[ "${command#oci }" = diff ] && section '.Ss Differences' '.Ss Signatures' | flags
	} | sort -u > have
	comm -23 want have > missing
	check "  with its options" test ! -s missing
	sed 's/^/  missing: --/' missing
	# The service has a sentence of its own.
	! grep -qx trust-cert want || [ "${command#*varlink}" != "$command" ] ||
		echo "$command" >> can
	# In the text it may mention others, but it does not take them.
	sed -n '/^\.It/,/[^\\]$/p' text | flags | comm -23 - want > others
	check "  and no others" test ! -s others
	sed 's/^/  not an option: --/' others
done <<< "$commands"

check "the commands that can demand signatures" diff <(sort can) demand
check "  obey the policy" diff demand policy

section '.Ss Options of every command' '.Sh OTHER NAMES' | flags |
	comm -23 - <(sort -u every) > unknown
check "no option is mentioned that does not exist" test ! -s unknown
cat unknown
# Items of the section about JSON name several commands at once.
sed '/^\.Ss JSON/,/^\.Ss Disks/d' "$page" |
	sed -n 's/^\.It Cm \(\(keyring\|oci\) [a-z-]*\|[a-z-]*\).*/\1/p' | sort -u > items
same "and no command" "$(comm -23 items <(sort <<< "$commands"))" ""
finish
