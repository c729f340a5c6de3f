#!/bin/bash
# SPDX-License-Identifier: Apache-2.0 OR MIT
# The same digests, text and repositories as cfsctl of composefs-rs, which
# $CFSCTL_PEER names (tried with 0.9.4).
. "${CFS_SRC:?run by tests/run}/tests/lib.sh"
. "${CFS_SRC:?run by tests/run}/tests/fixture.sh"

[ -x "${CFSCTL_PEER-}" ] || skip "needs CFSCTL_PEER=cfsctl of composefs-rs"
peer() { "$CFSCTL_PEER" "$@"; }
export RUST_BACKTRACE=0

# agree NAME ARGUMENT...: both print the same, but for warnings.
agree() {
	local name=$1
	shift
	same "$name" "$(cfsctl "$@" 2>&1 | grep -v '^warning: ')" \
		"$(peer "$@" 2>&1)"
}

# Every kind of file, every length that matters, names of odd bytes.
odd_tree() {
	mkdir -p odd/usr/{bin,share} odd/{boot,sysroot,run,etc} odd/run/gone
	local n
	for n in 0 1 63 64 65 4095 4096 4097 524288 1048575 1048576 1048577 3000000; do
		head -c $n /dev/zero | tr '\0' "$((n % 10))" > "odd/usr/bin/size$n"
	done
	ln odd/usr/bin/size65 odd/usr/share/link
	ln odd/usr/bin/size64 odd/etc/inline-link
	ln -s ../bin/size1 odd/usr/share/symlink
	ln -s "$(printf 'x%.0s' $(seq 1000))" odd/usr/share/long-target
	mkfifo odd/usr/share/fifo
	printf x > "odd/etc/$(printf 'new\nline')"
	printf x > "odd/etc/$(printf 'b\\ack sp ace')"
	printf x > "odd/etc/$(printf '\303\274\377')"
	printf x > "odd/etc/$(printf 'n%.0s' $(seq 255))"
	printf '%s' '-' > odd/etc/dash
	chmod 4755 odd/usr/bin/size65
	chmod 1777 odd/run
	mkdir -p "odd/usr/$(printf 'd/%.0s' $(seq 60))"
	for n in $(seq 600); do : > "odd/usr/share/entry$n"; done
	setfattr -n user.x -v y odd/usr/bin/size4096 2> /dev/null
	setfattr -n user.x -v y odd/usr 2> /dev/null
	if [ "$(id -u)" = 0 ]; then
		mknod odd/usr/share/null c 1 3
		mknod odd/usr/share/block b 259 1048575
		mknod odd/usr/share/whiteout c 0 0
		chown 65536:4294967294 odd/usr/bin/size64
		setcap cap_net_raw+ep odd/usr/bin/size4097 2> /dev/null
		# Not beside a whiteout: 0.9.4 then writes the key twice.
		setfattr -n trusted.overlay.opaque -v x odd/usr/bin 2> /dev/null
		setfattr -n security.selinux -v label odd/usr/share/fifo 2> /dev/null
	fi
	fixture_system odd
	find odd -exec touch -hd '@1234567890.987654321' {} +
	touch -d @0 odd/usr/bin/size0
	touch -hd '2100-01-01 UTC' odd/usr/share/symlink
}
odd_tree

# The same with an SELinux policy, and times that differ below the second.
labelled_tree() {
	local policy=labelled/etc/selinux/mine/contexts/files
	cp -a odd labelled
	mkdir -p $policy
	printf 'SELINUX=enforcing\nSELINUXTYPE=mine\n' > labelled/etc/selinux/config
	cat > $policy/file_contexts <<-'EOF'
	/.*	system_u:object_r:default_t:s0
	/	-d	system_u:object_r:root_t:s0
	/usr(/.*)?	system_u:object_r:usr_t:s0
	/usr/(.*/)?size[0-9]+	--	system_u:object_r:sized_t:s0
	/usr/share/(null|block)	-c	system_u:object_r:chr_t:s0
	/usr/share/.*	-l	system_u:object_r:link_t:s0
	/usr/share/fifo	-p	<<none>>
	/etc/(?!selinux)[^/]*	system_u:object_r:etc_t:s0
	/somewhere(/.*)?	system_u:object_r:alias_t:s0
	EOF
	printf '/usr/bin/size64\tlocal_t\n' > $policy/file_contexts.local
	printf '/usr/bin/size65 home_t\n# x\n' > $policy/file_contexts.homedirs
	printf '/run /somewhere\n' > $policy/file_contexts.subs
	printf '/etc/selinux/mine /somewhere/else\n' > $policy/file_contexts.subs_dist
	ln labelled/usr/bin/size4096 labelled/etc/size4096
	ln labelled/usr/bin/size4096 labelled/usr/size4096
	touch -hd '@1234567891.25' labelled/boot
}
labelled_tree
fixture_rootfs root
fixture_boot boot
fixture_system boot

for hash in sha256 sha512; do
	for v in 0 1 2; do
		for t in odd root; do
			agree "$t, $hash, format $v" --no-repo --hash $hash \
				--erofs-version $v compute-id $t
			agree "$t as it is, $hash, format $v" --no-repo --hash $hash \
				--erofs-version $v compute-id \
				--no-propagate-usr-to-root $t
		done
		agree "odd with user xattrs, $hash, format $v" --no-repo --hash $hash \
			--erofs-version $v compute-id --xattrs keep-user-xattrs odd
		agree "odd bootable, $hash, format $v" --no-repo --hash $hash \
			--erofs-version $v compute-id --bootable odd
		agree "labelled by its policy, $hash, format $v" --no-repo \
			--hash $hash --erofs-version $v compute-id --bootable labelled
		agree "karg, $hash, format $v" --no-repo --hash $hash \
			--erofs-version $v compute-karg boot
		agree "karg with '?', $hash, format $v" --no-repo --insecure \
			--hash $hash --erofs-version $v compute-karg boot
	done
done
agree "dumpfile of labels" --no-repo create-dumpfile --bootable labelled
for t in odd root boot; do
	agree "dumpfile of $t" --no-repo create-dumpfile $t
	agree "dumpfile of $t as it is" --no-repo create-dumpfile \
		--no-propagate-usr-to-root $t
done

# Repositories: one made by either, used by the other.
for v in 0 1 2; do
	cfsctl --repo ours$v init --insecure --erofs-version $v > /dev/null
	peer --repo theirs$v init --insecure --erofs-version $v > /dev/null
	same "meta.json of format $v" "$(cat ours$v/meta.json)" \
		"$(cat theirs$v/meta.json)"
	id=$(cfsctl --repo ours$v create-image odd a/name)
	same "create-image, format $v" \
		"$(peer --insecure --repo theirs$v create-image odd a/name)" "$id"
	same "the repositories are the same, format $v" \
		"$(cd ours$v && find . ! -type d -printf '%p %l\n' | sort)" \
		"$(cd theirs$v && find . ! -type d -printf '%p %l\n' | sort)"
	check "to the byte" diff -r --no-dereference ours$v theirs$v
	for r in ours$v theirs$v; do
		agree "images of $r" --insecure --repo $r images
		agree "as JSON" --insecure --repo $r images --json
		same "image-objects" \
			"$(cfsctl --repo $r image-objects a/name)" \
			"$(peer --insecure --repo $r image-objects refs/a/name | sort -u)"
		agree "dump-files of $r" --insecure --repo $r dump-files refs/a/name \
			/usr/bin/size65 /usr/bin/size64 /usr/bin/size0 /etc /usr/share
		agree "links below one directory" --insecure --repo $r \
			dump-files refs/a/name /usr /etc
		agree "backing paths of $r" --insecure --repo $r dump-files \
			refs/a/name --backing-path-only /usr/bin/size65 \
			/usr/bin/size64 /usr/bin/size0 /usr/share/fifo /usr/share/symlink
		check "fsck of $r" sh -c "'$CFSCTL_PEER' --insecure --repo $r fsck"
		same "ours adds nothing to $r" \
			"$(cfsctl --insecure --repo $r create-image odd)" "$id"
	done
	same "gc of theirs leaves ours alone" \
		"$(peer --insecure --repo ours$v gc | head -n 1)" \
		"Objects: 0 removed (0 bytes)"
done
id=$(peer --insecure --repo theirs1 import-image again \
	< "ours1/images/$(cfsctl --repo ours1 images --no-trunc --json |
		sed -n 's/.*"digest": "\(.*\)"/\1/p')")
same "import-image" "$(cfsctl --repo theirs1 import-image again2 \
	< "theirs1/images/${id#sha512:}")" "$id"

# What is refused, is refused by both.
for args in "images --bogus" "--bogus images" "--hash md5 images" "create-image" \
	"--repo nowhere images" "--no-repo create-image root" \
	"--repo ours1 --hash sha256 images" "--repo ours1 init --insecure --algorithm fsverity-sha256-12" \
	"--repo ours1 init --algorithm x" "--no-repo compute-id --xattrs x root" \
	"--repo ours1 image-objects zzz" "--repo ours1 --require-verity images" \
	"--insecure --repo ours1 dump-files a/name /nope" "nothing" ""; do
	# shellcheck disable=SC2086
	cfsctl $args > /dev/null 2>&1
	ours=$?
	# shellcheck disable=SC2086
	peer $args > /dev/null 2>&1
	same "exit status of: $args" $ours $?
done
finish
