# SPDX-License-Identifier: Apache-2.0 OR MIT
"""What archives and layers mean, said a second time, slowly: an oracle for
tree/tar.  Refused raises with a reason.  A tree is one flat table from paths
(tuples of names) to what is there."""
import hashlib
import struct

INLINE = 64


class Refused(Exception):
    pass


# An archive.

def field_number(field):
    if field[0] & 0x80:
        value = int.from_bytes(field, "big") % (1 << 8 * len(field) - 1)
        if field[0] & 0x40:
            value -= 1 << 8 * len(field) - 1
        if not -1 << 63 <= value < 1 << 63:
            raise Refused("a number of over 64 bits")
        return value
    text = field.split(b"\0", 1)[0].strip(b" \t\n\v\f\r")
    if text.strip(b"01234567"):
        raise Refused("not octal")
    return int(text or b"0", 8)


def octal(field):
    if field[0] & 0x80:
        raise Refused("not octal")
    return field_number(field)


def decimal(value, most):
    if not value.isdigit() or int(value) > most:
        raise Refused("not a number up to %d" % most)
    return int(value)


def records(data):
    while data:
        length, space, _ = data.partition(b" ")
        if not space or not length.isdigit():
            raise Refused("a record without a length")
        record, data = data[:int(length)], data[int(length):]
        key, equals, value = record[len(length) + 1:].partition(b"=")
        if len(record) != int(length) or value[-1:] != b"\n" or not key:
            raise Refused("a malformed record")
        yield key, value[:-1]


def pax_time(value):
    sign = -1 if value.startswith(b"-") else 1
    whole, point, part = value[sign < 0:].partition(b".")
    if not whole.isdigit() or part and not part.isdigit():
        raise Refused("not a time")
    nano = sign * (int(whole) * 10**9 + int(part[:9].ljust(9, b"0")))
    if int(whole) >= 1 << 63:
        raise Refused("not a time")
    return divmod(nano, 10**9)


def path_of(text):
    if not text or b"\0" in text or len(text) > 4096:
        raise Refused("a path that is empty, too long, or has a NUL")
    names = tuple(n for n in text.split(b"/") if n not in (b"", b"."))
    if b".." in names or max(map(len, names), default=0) > 255:
        raise Refused("a name that is .. or too long")
    if len(names) > 1024:
        raise Refused("too deep")
    return names


def until_nul(field):
    return field.split(b"\0", 1)[0]


def map_number(field):
    value = field_number(field)
    if value < 0:
        raise Refused("a negative number in a map")
    return value


def old_map(area):
    """Pieces of a header or block, up to the first without a length."""
    out = []
    while area and area[12]:
        out.append((map_number(area[:12]), map_number(area[12:24])))
        area = area[24:]
    return out


def pax_map(keys):
    """What GNU.sparse records say: the size, and pieces or None when they
    stand in the content."""
    most = (1 << 63) - 1
    said, pieces, off = {}, None, None
    for key, value in keys:
        if key in (b"size", b"realsize"):
            said[b"size"] = decimal(value, most)
        elif key == b"offset":
            off = decimal(value, most)
        elif key == b"numbytes":
            if off is None:
                raise Refused("a length without its offset")
            pieces, off = (pieces or []) + [(off, decimal(value, most))], None
        elif key == b"map":
            some = [decimal(n, most) for n in value.split(b",")] if value else []
            if len(some) % 2:
                raise Refused("half a piece")
            pieces = list(zip(some[::2], some[1::2]))
        elif key in (b"major", b"minor"):
            said[key] = decimal(value, most)
    if b"size" not in said or off is not None or \
            (b"major" in said) == (pieces is not None) or \
            (said.get(b"major", 1), said.get(b"minor", 0) *
             (b"major" in said)) != (1, 0):
        raise Refused("an incomplete map")
    return said[b"size"], pieces


def expand(content, size, pieces):
    """The file that a sparse entry stands for."""
    if size > 1 << 36:
        raise Refused("a bomb")
    if pieces is None:
        at = 0

        def line():
            nonlocal at
            start, at = at, content.find(b"\n", at) + 1
            if not at or at - start > 21:
                raise Refused("a map that does not end")
            return decimal(content[start:at - 1], (1 << 63) - 1)
        count = line()
        pieces = [(line(), line()) for _ in range(min(count, len(content)))]
        content = content[at + -at % 512:]
    out = b""
    for off, length in pieces:
        if off < len(out) or off + length > size:
            raise Refused("pieces out of order or beyond the end")
        out += bytes(off - len(out)) + content[:length]
        if len(content) < length:
            raise Refused("too little data")
        content = content[length:]
    if content:
        raise Refused("too much data")
    return out + bytes(size - len(out))


class Entry:
    pass


def read_entry(head, magic, name, link, values):
    e = Entry()
    e.sparse, sparse = None, []
    e.kind = {b"0": "f", b"7": "f", b"\0": "f", b"1": "h", b"2": "l", b"3": "c",
              b"4": "b", b"5": "d", b"6": "p",
              b"S": magic == b"ustar " and "f"}.get(head[156:157])
    if not e.kind:
        raise Refused("a type that is not known")
    prefix = until_nul(head[345:500])
    if magic == b"ustar\0" and prefix:
        header_name = prefix + b"/" + until_nul(head[:100])
    else:
        header_name = until_nul(head[:100])
    text = header_name if name is None else name
    target = until_nul(head[157:257]) if link is None else link
    e.mode = field_number(head[100:108]) & 0o7777
    e.uid, e.gid = field_number(head[108:116]), field_number(head[116:124])
    e.size = field_number(head[124:136])
    e.mtime = field_number(head[136:148]), 0
    e.xattrs = {}
    for key, value in values:
        if key == b"path":
            text = value
        elif key == b"linkpath":
            target = value
        elif key == b"size":
            e.size = decimal(value, (1 << 63) - 1)
        elif key == b"uid":
            e.uid = decimal(value, (1 << 63) - 1)
        elif key == b"gid":
            e.gid = decimal(value, (1 << 63) - 1)
        elif key == b"mtime":
            e.mtime = pax_time(value)
        elif key.startswith(b"SCHILY.xattr."):
            key = key[13:]
            if not key or b"\0" in key or len(key) > 255 or len(value) > 65535:
                raise Refused("an xattr that cannot be")
            e.xattrs[key] = value
        elif key.startswith(b"GNU.sparse."):
            sparse.append((key[11:], value))
    text = dict(sparse).get(b"name") or text
    if not (0 <= e.uid < 1 << 32 and 0 <= e.gid < 1 << 32 and e.size >= 0):
        raise Refused("a number out of range")
    if head[156:157] == b"\0" and text.endswith(b"/"):
        e.kind = "d"
    if head[156:157] == b"S":
        if sparse:
            raise Refused("two maps")
        e.sparse = map_number(head[483:495]), old_map(head[386:482])
    elif sparse:
        if e.kind != "f":
            raise Refused("sparse, and no regular file")
        e.sparse = pax_map(sparse)
    e.path = path_of(text)
    e.rdev = 0
    if e.kind in "cb":
        major, minor = octal(head[329:337]), octal(head[337:345])
        if magic == b"ustar?" or major > 0xfff or minor > 0xfffff:
            raise Refused("a device that cannot be")
        e.rdev = minor & 0xff | major << 8 | (minor & ~0xff) << 12
    if e.kind == "h":
        e.link = path_of(target)
    elif e.kind == "l":
        if not 0 < len(target) < 4096 or b"\0" in target:
            raise Refused("a symlink without a target, or a long one")
        e.link = target
    return e


def read_tar(tar):
    """Yields entries with their content."""
    at = 0
    pending = {}

    def take(length):
        nonlocal at
        if at + length > len(tar):
            raise Refused("cut short")
        at += length
        return tar[at - length:at]

    while at < len(tar):
        head = take(512)
        if not any(head):
            after = take(512)
            if not any(after):
                break
            at -= 512
            continue
        total = sum(head) - sum(head[148:156]) + 8 * 32
        signed = total - 256 * sum(b >> 7 for b in head[:148] + head[156:])
        if octal(head[148:156]) not in (total, signed):
            raise Refused("checksum")
        magic = head[257:263]
        if magic not in (b"ustar\0", b"ustar "):
            magic = b"ustar?"
        kind = head[156:157]
        size = field_number(head[124:136])
        if kind in b"xLK" and magic != b"ustar?" or kind == b"g":
            if size < 0 or kind != b"g" and (
                    kind in pending or
                    sum(map(len, pending.values())) + size > 1 << 20):
                raise Refused("an extension header that cannot be")
            if kind == b"g" and pending:
                raise Refused("a global header in between")
            data = take(size)
            take(-size % 512)
            if kind != b"g":
                pending[kind] = data
            continue
        e = read_entry(head, magic,
                       pending[b"L"].rstrip(b"\0") if b"L" in pending else None,
                       pending[b"K"].rstrip(b"\0") if b"K" in pending else None,
                       list(records(pending.get(b"x", b""))))
        more = head[156:157] == b"S" and head[482]
        while more:
            some = take(512)
            e.sparse[1].extend(old_map(some[:504]))
            more = some[504]
        if sum((len(k) + len(v) + 7) // 4 * 4
               for k, v in e.xattrs.items()) > 262148:
            raise Refused("too many xattrs")
        e.at = at
        e.content = e.data = take(e.size)
        if e.sparse:
            e.content = expand(e.data, *e.sparse)
        take(-e.size % 512)
        pending = {}
        yield e
    if pending:
        raise Refused("an extension header without an entry")


# A tree.

class Thing:
    """An inode."""

    def __init__(self, kind, e=None):
        self.kind = kind
        self.mode, self.uid, self.gid, self.mtime = 0, 0, 0, (0, 0)
        self.rdev, self.xattrs, self.content = 0, {}, b""
        if e:
            self.mode, self.uid, self.gid = e.mode, e.uid, e.gid
            self.mtime, self.xattrs, self.rdev = e.mtime, e.xattrs, e.rdev
            self.content = {"f": e.content}.get(
                kind, e.link if kind == "l" else b"")


class Name:
    """A place in the tree: what is there, and which layer did what to it."""

    def __init__(self, thing, layer):
        self.thing, self.made = thing, layer
        self.said = self.entered = layer
        self.implicit = False


class Tree:
    def __init__(self, create_parents=False):
        self.names = {(): Name(Thing("d"), -1)}
        self.create_parents = create_parents
        self.layer = -1

    def is_dir(self, path):
        return path in self.names and self.names[path].thing.kind == "d"

    def below(self, path):
        return [p for p in self.names if len(p) > len(path) and
                p[:len(path)] == path]

    def remove(self, path):
        for p in self.below(path):
            del self.names[p]
        self.names.pop(path, None)

    def unsaid(self, path):
        """Directory @path is there, and nothing is known of it."""
        name = self.names.setdefault(path, Name(None, self.layer))
        name.thing = Thing("d")
        name.thing.mode = 0o755
        name.said = self.layer
        name.implicit = not self.create_parents

    def hide(self, path):
        """What an opaque marker in @path does."""
        for p in sorted(self.below(path), key=len):
            if p not in self.names:
                continue
            name = self.names[p]
            if name.made == self.layer:
                continue
            if name.thing.kind != "d" or self.layer not in (name.said,
                                                            name.entered):
                self.remove(p)
            elif name.said != self.layer:
                self.unsaid(p)

    def whiteout(self, parent, last):
        if not self.is_dir(parent):
            return
        if last != b".wh..wh..opq":
            self.remove(parent + (last[4:],))
        elif self.names[parent].made != self.layer:
            self.hide(parent)

    def enter(self, parent):
        for depth in range(len(parent) + 1):
            p = parent[:depth]
            if p in self.names and not self.is_dir(p):
                raise Refused("a parent that is no directory")
            if p not in self.names:
                if p[-1].startswith(b".wh."):
                    raise Refused("a whiteout as a parent")
                self.unsaid(p)
            self.names[p].entered = self.layer

    def add(self, e):
        if not e.path:
            if e.kind != "d":
                raise Refused("the root is no directory")
            self.names[()].thing = Thing("d", e)
            return
        parent, last = e.path[:-1], e.path[-1]
        if last.startswith(b".wh."):
            self.whiteout(parent, last)
            return
        self.enter(parent)
        if e.kind == "d" and self.is_dir(e.path):
            name = self.names[e.path]
            name.thing, name.said, name.implicit = (Thing("d", e), self.layer,
                                                    False)
            return
        if e.kind == "h":
            if e.link not in self.names or self.is_dir(e.link):
                raise Refused("a hard link to nothing or to a directory")
            thing = self.names[e.link].thing
            if thing.kind == "c" and thing.rdev == 0:
                copy = Thing("c")
                copy.__dict__.update(thing.__dict__)
                thing = copy
        else:
            thing = Thing(e.kind, e)
        self.remove(e.path)
        self.names[e.path] = Name(thing, self.layer)
        self.names[e.path].entered = -1

    def apply(self, tar):
        self.layer += 1
        for e in read_tar(tar):
            self.add(e)

    def finish(self):
        for path, name in self.names.items():
            if name.implicit:
                raise Refused("nothing says what %r is" % (path,))

    def oci(self, keep_user=False):
        """The tree of an image."""
        if not self.is_dir((b"usr",)):
            raise Refused("no /usr")
        usr = self.names[(b"usr",)].thing
        root = self.names[()].thing
        for part in ("mode", "uid", "gid", "mtime", "xattrs"):
            setattr(root, part, getattr(usr, part))
        if (b"run",) in self.names:
            if not self.is_dir((b"run",)):
                raise Refused("/run is no directory")
            self.names[(b"run",)].thing.mtime = usr.mtime
            for p in self.below((b"run",)):
                del self.names[p]
        for name in self.names.values():
            name.thing.xattrs = {
                k: v for k, v in name.thing.xattrs.items()
                if k == b"security.capability" or
                keep_user and k.startswith(b"user.")}


# A dumpfile.

def verity(data, alg):
    def digest(b):
        return hashlib.new(alg, b).digest()
    hashes = [digest(data[i:i + 4096].ljust(4096, b"\0"))
              for i in range(0, len(data), 4096)]
    while len(hashes) > 1:
        row = b"".join(hashes)
        hashes = [digest(row[i:i + 4096].ljust(4096, b"\0"))
                  for i in range(0, len(row), 4096)]
    number = {"sha256": 1, "sha512": 2}[alg]
    return digest(struct.pack("<BBBBIQ", 1, number, 12, 0, 0, len(data)) +
                  hashes[0].ljust(64, b"\0") + bytes(176)).hex()


SHORT = {0x5c: "\\\\", 0x0a: "\\n", 0x0d: "\\r", 0x09: "\\t"}


def quoted(text, also=b""):
    return "".join(SHORT.get(c) or
                   (chr(c) if 0x20 < c < 0x7f and c not in also
                    else "\\x%02x" % c) for c in text)


def field(text):
    return {b"": "-", b"-": "\\x2d"}.get(text) or quoted(text)


def dump(tree, alg="sha256"):
    formats = {"d": 0o40000, "f": 0o100000, "l": 0o120000, "c": 0o20000,
               "b": 0o60000, "p": 0o10000}
    links = {}
    for path, name in tree.names.items():
        if name.thing.kind == "d":
            links[id(name.thing)] = links.get(id(name.thing), 0) + 2
            if path:
                up = tree.names[path[:-1]].thing
                links[id(up)] = links.get(id(up), 0) + 1
        else:
            links[id(name.thing)] = links.get(id(name.thing), 0) + 1
    first = {}
    lines = []
    for path in sorted(tree.names):
        thing = tree.names[path].thing
        shown = quoted(b"/" + b"/".join(path))
        if id(thing) in first:
            lines.append("%s 0 @120000 - - - - 0.0 %s - -" %
                         (shown, first[id(thing)]))
            continue
        if thing.kind != "d":
            first[id(thing)] = shown
        payload, content, digest = "-", "-", "-"
        if thing.kind == "l":
            payload = field(thing.content)
        elif len(thing.content) > INLINE:
            digest = verity(thing.content, alg)
            payload = digest[:2] + "/" + digest[2:]
        else:
            content = field(thing.content)
        line = "%s %d %o %d %d %d %d %d.%d %s %s %s" % (
            shown, len(thing.content), formats[thing.kind] | thing.mode,
            links[id(thing)], thing.uid, thing.gid, thing.rdev, *thing.mtime,
            payload, content, digest)
        for key in sorted(thing.xattrs):
            line += " %s=%s" % (quoted(key, b"="), quoted(
                thing.xattrs[key], b"="))
        lines.append(line)
    return "\n".join(lines) + "\n"
