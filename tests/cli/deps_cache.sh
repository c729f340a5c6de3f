#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The cache of deps/lib.sh: who waits for whom, and what a run leaves behind.
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"

export CFS_CACHE=$TMPDIR/cache
cat > result <<'END'
#!/bin/bash
# result KEY MAKER [ARG...]
. "$CFS_SRC/deps/lib.sh"
text() { echo "$3" > "$2/text"; }
# Makes a result that needs another one to be begun before it can end.
meet() {
	: > "begun.$3"
	for _ in $(seq 600); do
		[ ! -e "begun.$4" ] || { echo met > "$2/text"; return; }
		sleep 0.05
	done
	deps_die "no $4 after half a minute"
}
broken() { echo half > "$2/text"; false; echo whole > "$2/text"; }
settings() { env | grep -c '^\(CFLAGS\|LDFLAGS\|MAKEFLAGS\|MAKELEVEL\)=' > "$2/text" || :; }
deps_result thing "$@"
END
chmod +x result
left() { find cache/build -mindepth 1 | wc -l; }

same "a result is made" "$(./result k1 text one 2> err)" "$PWD/cache/thing/k1"
same "with what it is made of" "$(cat cache/thing/k1/text)" one
same "and then taken as it is" "$(cat "$(./result k1 text two)/text")" one
same "a maker that fails" "$(./result k2 broken 2> err; echo "$?")" 1
check "makes no result" test ! -e cache/thing/k2
same "and leaves nothing" "$(left)" 0

./result a meet a b > a.out 2> a.err &
one=$!
./result b meet b a > b.out 2> b.err
other=$?
wait $one
same "results of one name do not wait for each other" "$? $other" "0 0"

# Two that want the same: one makes it, the other takes it.
for i in 1 2; do
	./result c meet "c$i" go > "c$i.out" 2> "c$i.err" &
	pids[i]=$!
done
until grep -qs waiting c1.err c2.err; do sleep 0.02; done
: > begun.go
wait "${pids[@]}"
same "the same result is made once" "$(cat c1.err c2.err | grep -c '^deps/result: made')" 1
same "and both have it" "$(sort -u c1.out c2.out)" "$PWD/cache/thing/c"

# A run that was killed leaves its work: the next one for that result removes
# it, and no other, since that may be alive.
mkdir cache/build/thing.d.abcdef cache/build/thing.e.abcdef
./result d text x > log 2>&1
same "leftovers of this result are removed, no others" "$(ls cache/build)" thing.e.abcdef

same "settings of the make around it do not come through" \
	"$(CFLAGS=-O0 LDFLAGS=-s MAKEFLAGS="w -- O=x" MAKELEVEL=1 ./result f settings > /dev/null 2>&1
	cat cache/thing/f/text)" 0
finish
