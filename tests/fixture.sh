# SPDX-License-Identifier: Apache-2.0 OR MIT
# Fixtures of composefs-rs' integration tests, made here by hand.
# Source: composefs-rs crates/integration-tests/src/tests/cli.rs.

# The root file system of most of them; times and modes are fixed here.
fixture_rootfs() { # DIR
	mkdir -p "$1/usr/bin" "$1/usr/lib" "$1/etc"
	head -c 131072 /dev/zero | tr '\0' x > "$1/usr/bin/hello"
	echo 'test fixture' > "$1/usr/lib/readme.txt"
	echo integration-test > "$1/etc/hostname"
	chmod -R u=rwX,go=rX "$1"
	chmod 700 "$1"
	find "$1" -exec touch -hd @1234567890 {} +
}

# One that boots, as far as directories go.
fixture_boot() { # DIR
	mkdir -p "$1/usr" "$1/boot" "$1/sysroot"
	echo 'hello from test layer' > "$1/usr/hello.txt"
	chmod -R u=rwX,go=rX "$1"
	find "$1" -exec touch -hd @1234567890 {} +
}

# What a root needs to boot, added to a tree.
fixture_system() { # DIR
	mkdir -p "$1"/{boot,dev,etc,proc,run,sys,sysroot,var,usr/lib,sbin}
	echo ID=fixture > "$1/usr/lib/os-release"
	printf '#!/bin/sh\n' > "$1/sbin/init"
	chmod 755 "$1/sbin/init"
	find "$1" -exec touch -hd @1234567890 {} +
}

fixture_repo() { # DIR OPTION...
	local dir=$1
	shift
	cfsctl --repo "$dir" init --insecure "$@" > /dev/null
}

# The first object that is found is replaced by other bytes.
fixture_corrupt() { # REPO
	local f
	f=$(find "$1/objects" -type f | sort | head -n 1)
	rm -f "$f"
	echo corrupt > "$f"
}

# An EFI program of these sections, whose names have up to 8 characters.
fixture_pe() { # FILE NAME=CONTENT...
	python3 - "$@" << 'END'
import struct, sys
sections = [s.encode().split(b"=", 1) for s in sys.argv[2:]]
head = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64)
head += b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, len(sections),
                                0, 0, 0, 0, 0)
at = len(head) + 40 * len(sections)
table = data = b""
for name, text in sections:
    table += struct.pack("<8sIIIIIIHHI", name, len(text), 4096, len(text),
                         at + len(data), 0, 0, 0, 0, 0)
    data += text
open(sys.argv[1], "wb").write(head + table + data)
END
}

# An EFI program to which sections can be added, for a machine such as 0x8664, as
# linkers make them; a change is a format of struct.pack, an offset and a value:
# I:148:0.
fixture_stub() { # FILE MACHINE [CHANGE...]
	python3 - "$@" << 'END'
import struct, sys
optional = struct.pack("<HHII4xII8xII16xIIIHH36xI128x", 0x20b, 0, 512, 1024, 4096, 4096, 4096,
                       512, 16384, 1024, 0, 10, 0x100, 16)
table = b"".join(struct.pack("<8sIIII12xI", name, size, at, 512, where, 0x40000040)
                 for name, size, at, where in ((b".text", 500, 4096, 1024),
                                               (b".sbat", 100, 8192, 1536),
                                               (b".reloc", 12, 12288, 2048)))
data = b"MZ".ljust(60, b"\0") + struct.pack("<I", 64) + b"PE\0\0"
data += struct.pack("<HHIIIHH", int(sys.argv[2], 0), 3, 0, 0, 0, len(optional), 0x22)
data = bytearray((data + optional + table).ljust(1024, b"\0"))
data += b"".join(c * 512 for c in (b"a", b"b", b"c"))
for change in sys.argv[3:]:
    kind, at, value = change.split(":")
    struct.pack_into("<" + kind, data, int(at), int(value, 0))
open(sys.argv[1], "wb").write(data)
END
}
