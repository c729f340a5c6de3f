# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Writes tar archives, also wrong ones: nothing is checked, nothing depends on
the clock.  Fields may be given as numbers or as the bytes that stand there."""

USTAR = b"ustar\x0000"
GNU = b"ustar  \x00"
OLD = b"\0" * 8
END = b"\0" * 1024

FIELDS = {  # offset and length
    "name": (0, 100), "mode": (100, 8), "uid": (108, 8), "gid": (116, 8),
    "size": (124, 12), "mtime": (136, 12), "type": (156, 1),
    "link": (157, 100), "magic": (257, 8), "major": (329, 8),
    "minor": (337, 8), "prefix": (345, 155),
}
NUMBERS = ("mode", "uid", "gid", "size", "mtime", "major", "minor")


def padding(length):
    return b"\0" * (-length % 512)


def base256(value, width):
    raw = bytearray((value % (1 << 8 * width)).to_bytes(width, "big"))
    raw[0] |= 0x80
    if value >= 0:
        raw[0] &= 0xbf
    return bytes(raw)


def number(value, width):
    text = b"%0*o" % (width - 1, value) if value >= 0 else b"x" * width
    return text if len(text) < width else base256(value, width)


def block(**fields):
    """One header block; its checksum fits unless "sum" is given."""
    given = dict(type=b"0", magic=USTAR, mode=0o644, uid=0, gid=0, size=0,
                 mtime=1700000000)
    given.update(fields)
    wanted = given.pop("sum", None)
    out = bytearray(512)
    for key, value in given.items():
        at, width = FIELDS[key]
        if key in NUMBERS and isinstance(value, int):
            value = number(value, width)
        out[at:at + min(len(value), width)] = value[:width]
    out[148:156] = b" " * 8
    out[148:156] = wanted or b"%06o\0 " % sum(out)
    return bytes(out)


def entry(name, content=b"", **fields):
    fields.setdefault("size", len(content))
    return block(name=name, **fields) + content + padding(len(content))


def record(key, value):
    rest = b" " + key + b"=" + value + b"\n"
    length = len(rest)
    while len(b"%d" % length) + len(rest) != length:
        length += 1
    return b"%d" % length + rest


def pax(records, kind=b"x", **fields):
    return entry(b"PaxHeaders/0", b"".join(record(k, v) for k, v in records),
                 type=kind, **fields)


def long(text, kind=b"L"):
    return entry(b"././@LongLink", text + b"\0", type=kind, magic=GNU, mtime=0)


def old_sparse(name, size, pieces, data):
    """GNU tar's first form: the map in the header and in blocks behind it."""
    def area(some, room):
        text = b"".join(b"%011o\0%011o\0" % piece for piece in some)
        return text + bytes(24 * room - len(text))
    rest = pieces[4:]
    head = bytearray(block(name=name, type=b"S", magic=GNU, size=len(data)))
    head[386:482] = area(pieces[:4], 4)
    head[482] = bool(rest)
    head[483:495] = b"%011o\0" % size
    head[148:156] = b" " * 8
    head[148:156] = b"%06o\0 " % sum(head)
    out = bytes(head)
    while rest:
        some, rest = rest[:21], rest[21:]
        out += area(some, 21) + bytes([bool(rest)]) + bytes(7)
    return out + data + padding(len(data))
