# SPDX-License-Identifier: Apache-2.0 OR MIT
# What the tests that run containers share; source it after tests/lib.sh.
#
#   need_runtimes          sets $runtimes to those of crun and runc that are
#                          installed, or skips the test
#   has_static_busybox     whether the busybox of the machine is a static one
#   container_tree DIR     makes a root directory with a static busybox

has_static_busybox() {
	command -v busybox > /dev/null &&
		! ldd "$(command -v busybox)" > /dev/null 2>&1
}

need_runtimes() {
	grep -q erofs /proc/filesystems && grep -q overlay /proc/filesystems ||
		skip "this kernel has no erofs or no overlay"
	has_static_busybox || skip "no static busybox"
	runtimes=
	for runtime in crun runc; do
		command -v $runtime > /dev/null && runtimes="$runtimes $runtime" ||
			echo "# $runtime is not installed: not tried"
	done
	[ -n "$runtimes" ] || skip "neither crun nor runc"
}

container_tree() { # DIR
	mkdir -p "$1"/{bin,usr,etc,proc,dev,sys,run,data}
	cp "$(command -v busybox)" "$1/bin/"
	ln -s busybox "$1/bin/sh"
}
