#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# Manual pages as they are read, not as they are written: mdoc's enclosing
# macros run to the end of their line, so that two on one line nest.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
command -v mandoc > /dev/null || skip "no mandoc"

# Prints quotes that open inside others, or close what is not open, with the
# words around them; input is text without line breaks.
nested() {
	awk 'BEGIN { RS = "" } {
		gsub(/[ \n]+/, " "); gsub(/"[.]+"/, "dots"); open = 0
		for (i = 1; i <= length($0); i++) {
			if (substr($0, i, 1) != "\"") continue
			before = i > 1 ? substr($0, i - 1, 1) : " "
			after = substr($0, i + 1, 1)
			opens = index(" ([{=", before) && after !~ /[ ,.;:)]/
			if (opens == open) print substr($0, i > 30 ? i - 30 : 1, 60)
			open = opens
		}
		if (open) print "no end: " substr($0, 1, 60)
	}'
}
same "quotes that nest are found" "$(echo 'x ("a, "b"") y' | nested | wc -l)" 2
same "quotes side by side are fine" "$(echo '("a", "b") and "c d", ="e"' | nested)" ""

for page in "$CFS_SRC"/docs/*.[1-8]; do
	name=${page##*/}
	mandoc -Tascii "$page" | col -bx > text
	check "$name is a page" test -s text
	same "$name: quotes end where they should" "$(nested < text)" ""
	same "$name: no macro is left in the text" \
		"$(grep -nE '(^|[ (])(\.[A-Z][a-z]|Qq|Pq|Dq|Ns|Xr|Cm|Pa|Fl|Ar) ' text)" ""
done
finish
