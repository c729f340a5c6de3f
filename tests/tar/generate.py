# SPDX-License-Identifier: Apache-2.0 OR MIT
"""Random layers, the same ones for the same seed: few names, so that entries
meet, each written in one of the many ways there are; now and then one that is
wrong."""
import random

import tarfmt as t

NAMES = [b"usr", b"run", b"a", b"b", b"c", b"bc", b"-", b"n" * 90, b"sp ace",
         b"\xc3\xa9", b"\xff", b"new\nline", b"=", b"\\x41"]
SIZES = [0, 0, 1, 5, 63, 64, 65, 66, 511, 512, 513, 1024, 4095, 4096, 4097,
         9000, 20000]
TIMES = [b"0", b"1700000000", b"1700000000.5", b"12.000000001", b"1.9999999999",
         b"-1", b"-1.5", b"-0.000000001", b"-0", b"4294967296.25", b"3.",
         b"9223372036854775807"]
XATTRS = [b"security.capability", b"security.selinux", b"user.a", b"user.b=c",
          b"trusted.overlay.opaque", b"user.\xff"]
MAPS = [  # size, pieces
    (5, []), (0, []), (10, [(0, 3), (9, 1)]), (70, [(69, 1)]),
    (5000, [(0, 100), (4096, 904)]), (9, [(1, 2), (3, 0), (9, 0)]),
    (3000, [(10 * i, 3) for i in range(60)])]

WRONG = ["dotdot", "checksum", "type", "cut", "twice", "orphan", "record",
         "field", "time", "number", "name", "between", "device"]


class State:
    """Roughly what the tree is after the entries so far."""

    def __init__(self):
        self.there = {(): ("dir", 0)}  # path: type, layer
        self.ever = [()]
        self.layer = 0

    def forget(self, path, kept=lambda p: False):
        for p in [p for p in self.there if p[:len(path)] == path and
                  p != () and not kept(p)]:
            del self.there[p]

    def made(self, path, kind):
        if kind != "dir" or self.there.get(path, "")[:1] != ("dir",):
            self.forget(path)
        for depth in range(len(path)):
            self.there.setdefault(path[:depth], ("dir", self.layer))
        if path:
            self.there[path] = kind, self.layer
            self.ever.append(path)

    def opaque(self, path):
        layer = self.layer
        self.forget(path, lambda p: p == path or self.there[p][1] == layer or
                    any(q[:len(p)] == p and self.there[q][1] == layer
                        for q in self.there))

    def pick(self, rnd, kind):
        some = [p for p, (k, _) in self.there.items() if k == kind]
        if not some or rnd.random() < .002:
            some = self.ever
        return rnd.choice(some)


class Layer:
    """Writes one layer."""

    def __init__(self, rnd, state):
        self.rnd, self.state = rnd, state
        self.out = []
        self.wrong = None

    def often(self, part):
        return self.rnd.random() < part

    def spelled(self, names, is_dir=False):
        """A path, with or without what does not count."""
        text = b"/".join(names)
        if self.often(.3):
            text = self.rnd.choice([b"./", b"/", b"//", b".//./"]) + text
        if self.often(.1):
            text = text.replace(b"/", self.rnd.choice([b"//", b"/./"]))
        if is_dir and self.often(.7) or self.often(.05):
            text += self.rnd.choice([b"/", b"//", b"/."])
        return text or b"."

    def content(self):
        size = self.rnd.choice(SIZES)
        return self.rnd.choice([
            bytes(size), (b"%d, " % size * (size // 3 + 1))[:size],
            self.rnd.randbytes(size)])

    def numbers(self, records):
        """Owner and time, in the header or in records."""
        rnd, out = self.rnd, {}
        for key in ("uid", "gid"):
            value = rnd.choice([0, 0, 7, 1000, 0o7777777, 1 << 21, 1 << 31,
                                (1 << 32) - 1])
            if self.often(.2):
                records.append((key.encode(), b"%d" % value))
            elif self.often(.2):
                out[key] = t.base256(value, 8)
            elif self.often(.1) and value < 1 << 15:
                out[key] = b"%7o " % value
            else:
                out[key] = value
        if self.often(.4):
            records.append((b"mtime", rnd.choice(TIMES)))
        out["mtime"] = rnd.choice([0, 1, 1700000000, -1, 1 << 33, 1 << 40,
                                   b"  17 \0 junk ", b""])
        out["mode"] = rnd.choice([0, 0o644, 0o755, 0o4711, 0o1777, 0o100600,
                                  b"   644 \0", b""])
        return out

    def xattrs(self):
        out = []
        while self.often(.25):
            out.append((b"SCHILY.xattr." + self.rnd.choice(XATTRS),
                        self.rnd.choice([b"", b"v", b"a=b\n\0\xff", b"-"])))
        return out

    def put(self, names, content=b"", link=None, **fields):
        """One entry with its extension headers."""
        rnd = self.rnd
        records = self.xattrs()
        fields.update(self.numbers(records))
        path = self.spelled(names, fields.get("type") == b"5")
        magic = rnd.choice([t.USTAR, t.USTAR, t.GNU, t.OLD])
        if fields.get("type") in (b"3", b"4") and magic == t.OLD:
            magic = t.USTAR
        before = []
        cut = path.find(b"/", max(0, len(path) - 101))
        if self.often(.2):
            records.append((b"path", path))
            path = rnd.choice([path[:100], b"short"])
        elif self.often(.2) or len(path) > 100 and not 0 < cut <= 155:
            before.append(t.long(path))
            path = path[:100]
        elif len(path) > 100 or magic == t.USTAR and 0 < cut and self.often(.2):
            if 0 < cut <= 155 and cut + 1 < len(path):
                fields["prefix"], path = path[:cut], path[cut + 1:]
                magic = t.USTAR
        if link is not None:
            if self.often(.2):
                records.append((b"linkpath", link))
                link = b"elsewhere"
            elif len(link) > 100 or self.often(.1):
                before.append(t.long(link, b"K"))
            fields["link"] = link[:100]
        if self.often(.1):
            records.append((b"size", b"%d" % len(content)))
            fields["size"] = 0
        if self.often(.1):
            records += [(b"comment", b"\0"), (b"LIBARCHIVE.xattr.user.x", b"e")]
        if self.often(.05) and records:
            records.insert(0, records[-1][:1] + (b"1",))
        fields.setdefault("magic", magic)
        if self.wrong:
            self.spoil(records, before, fields)
        if records:
            before.append(t.pax(records))
        rnd.shuffle(before)
        self.finish(before, path, content, fields)

    def finish(self, before, path, content, fields):
        rnd = self.rnd
        if self.wrong == "dotdot":
            path = rnd.choice([b"../x", b"a/../b", b"..", b"usr/.."])
        self.wrong = None
        damage = fields.pop("damage", False)
        entry = t.entry(path, content, **fields)
        if damage:
            head = bytearray(entry[:512])
            at = rnd.choice([rnd.randrange(100, 148), rnd.randrange(512)])
            head[at] = rnd.randrange(256)
            head[148:156] = b" " * 8
            head[148:156] = b"%06o\0 " % sum(head)
            entry = bytes(head) + entry[512:]
        self.out += before + [entry]

    def spoil(self, records, before, fields):
        rnd, wrong = self.rnd, self.wrong
        if wrong == "checksum":
            fields["sum"] = b"000001\0 "
        elif wrong == "type":
            fields["type"] = rnd.choice([b"X", b"V", b"8", b"S", b"\x80"])
        elif wrong == "twice":
            before += [t.long(b"x"), t.long(b"y")]
        elif wrong == "record":
            records.clear()
            before.append(t.entry(b"p", rnd.choice(
                [b"12 path=x\n", b"x", b"7 =abc\n", b"7 path\n", b" 5 a=\n"]),
                type=b"x"))
        elif wrong == "time":
            records.append((b"mtime", rnd.choice(
                [b"", b"x", b"1.x", b"-", b".5", b"9223372036854775808"])))
        elif wrong == "number":
            records.append((rnd.choice([b"uid", b"gid", b"size"]), rnd.choice(
                [b"", b"-1", b"18446744073709551616", b"1x"])))
        elif wrong == "name":
            records.append((rnd.choice([b"SCHILY.xattr.", b"SCHILY.xattr.a\0",
                                        b"path"]), rnd.choice([b"", b"a\0"])))
        elif wrong == "between":
            records.append((b"comment", b"x"))
            before.append(t.pax([], b"g"))
        elif wrong == "device":
            fields.update(type=b"3", major=rnd.choice([4096, b"x", 0]),
                          minor=rnd.choice([1 << 20, 3]))
        elif wrong == "field":
            fields["damage"] = True

    def sparse(self, names):
        """A file with holes, in one of the forms."""
        rnd = self.rnd
        size, pieces = rnd.choice(MAPS)
        data = rnd.randbytes(sum(n for _, n in pieces))
        if self.wrong:
            size -= rnd.choice([0, 1])
            data += rnd.choice([b"", b"x"])
        form = rnd.choice(["old", "0.0", "0.1", "1.0"])
        path = b"/".join(names)
        name = [(b"GNU.sparse.name", path)]
        if form == "old":
            self.out.append(t.long(path) + t.old_sparse(b"x", size, pieces,
                                                        data))
        elif form == "0.0":
            records = [(b"path", path), (b"GNU.sparse.size", b"%d" % size),
                       (b"GNU.sparse.numblocks", b"%d" % len(pieces))]
            for off, n in pieces:
                records += [(b"GNU.sparse.offset", b"%d" % off),
                            (b"GNU.sparse.numbytes", b"%d" % n)]
            # Without any piece there is no map in this form.
            if pieces:
                self.out.append(t.pax(records) + t.entry(b"x", data))
        elif form == "0.1":
            text = b",".join(b"%d,%d" % piece for piece in pieces)
            self.out.append(t.pax(name + [
                (b"GNU.sparse.size", b"%d" % size),
                (b"GNU.sparse.map", text)]) + t.entry(b"x", data))
        else:
            text = b"".join(b"%d\n%d\n" % piece for piece in pieces)
            text = b"%d\n" % len(pieces) + text
            self.out.append(t.pax(name + [
                (b"GNU.sparse.major", b"1"), (b"GNU.sparse.minor", b"0"),
                (b"GNU.sparse.realsize", b"%d" % size)]) +
                t.entry(b"x", text + t.padding(len(text)) + data))
        self.wrong = None

    def one(self):
        rnd, state = self.rnd, self.state
        names = state.pick(rnd, "dir") + (rnd.choice(NAMES),)
        if self.often(.03):
            names += (rnd.choice(NAMES),)
        what = rnd.random()
        if what < .3:
            self.put(names, type=b"5")
            state.made(names, "dir")
        elif what < .34:
            self.sparse(names)
            state.made(names, "file")
        elif what < .55:
            self.put(names, self.content(), type=rnd.choice(
                [b"0", b"0", b"7", b"\0"]))
            state.made(names, "file")
        elif what < .65:
            self.put(names, type=b"2", link=rnd.choice(
                [b"a", b"../b", b"/usr", b"t" * 120, b"./x//y/", b"-"]))
            state.made(names, "file")
        elif what < .78:
            target = state.pick(rnd, "file")
            if state.there.get(target, "")[:1] == ("file",) or self.often(.01):
                self.put(names, rnd.choice([b"", b"", b"data" * 20]),
                         type=b"1", link=self.spelled(target))
                state.made(names, "file")
        elif what < .84:
            self.put(names, type=rnd.choice([b"3", b"4"]),
                     major=rnd.choice([0, 1, 255, 4095]),
                     minor=rnd.choice([0, 3, 256, (1 << 20) - 1]))
            state.made(names, "file")
        elif what < .87:
            self.put(names, rnd.choice([b"", b"x" * 100]), type=b"6")
            state.made(names, "file")
        elif what < .93:
            gone = state.pick(rnd, rnd.choice(["file", "dir"]))
            if gone and gone != (b"usr",):
                self.put(gone[:-1] + (b".wh." + gone[-1],), rnd.choice(
                    [b"", b"", b"w" * 70]))
                state.forget(gone)
        elif what < .97:
            where = state.pick(rnd, "dir")
            self.put(where + (b".wh..wh..opq",))
            state.opaque(where)
        elif what < .98:
            self.put((), type=b"5")
        else:
            self.out.append(rnd.choice(
                [bytes(512), t.pax([(b"path", b"global")], b"g")]))

    def write(self, entries, wrong):
        rnd = self.rnd
        at = rnd.randrange(entries) if wrong else -1
        for i in range(entries):
            if i == at:
                self.wrong = wrong
            self.one()
        tar = b"".join(self.out)
        if wrong == "orphan":
            tar += t.pax([(b"path", b"x")])
        tar += rnd.choice([t.END, t.END, b"", t.END + bytes(8192),
                           t.END + b"what follows"])
        if wrong == "cut" and tar:
            tar = tar[:rnd.randrange(len(tar))]
        return tar


def layers(seed):
    """A list of archives, lowest first."""
    rnd = random.Random(seed)
    state, out = State(), []
    wrong = rnd.choice(WRONG) if rnd.random() < .25 else None
    count = rnd.choice([1, 1, 2, 2, 3, 4])
    spoilt = rnd.randrange(count)
    for i in range(count):
        state.layer = i
        layer = Layer(rnd, state)
        if i == 0 and rnd.random() < .95:
            layer.put((b"usr",), type=b"5")
            state.made((b"usr",), "dir")
        out.append(layer.write(rnd.choice([1, 3, 8, 20, 40]),
                               wrong if i == spoilt else None))
    return out
