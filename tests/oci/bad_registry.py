#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""bad_registry.py LAYOUT: a registry on 127.0.0.1 that serves the tag "one" of
LAYOUT, a layout from layout.py.  The repository's name selects how it lies:

  good          tells the truth
  other-blob    replaces a blob by as many zero bytes
  cut-blob      sends half of a blob and closes the connection
  long-blob     appends bytes to a blob
  drip          sends a blob one byte at a time, without an end
  other-digest  changes a manifest that is requested by digest
  huge          appends 64 MiB of spaces to a manifest
  html          sends an HTML page instead of a manifest
  escape        sends errors that contain control characters

Prints its port.  The file "drips" is created once a blob drips.
"""
import http.server
import json
import os
import sys
import time

LAYOUT = sys.argv[1]
INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"


def blob(name):
    path = os.path.join(LAYOUT, "blobs", *name.split(":"))
    with open(path, "rb") as f:
        return f.read()


def tag_one():
    with open(os.path.join(LAYOUT, "index.json")) as f:
        for d in json.load(f)["manifests"]:
            if d["annotations"]["org.opencontainers.image.ref.name"] == "one":
                return d["digest"]
    raise KeyError("one")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, data, kind, status=200, length=None, digest=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length or len(data)))
        if digest:
            self.send_header("Docker-Content-Digest", digest)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    def manifest(self, lie, ref):
        if lie == "escape":
            words = json.dumps({"errors": [{
                "code": "DENIED", "message": "a\x1b[2Jb\nc\u202ed"}]})
            return self.answer(words.encode(), "application/json", 403)
        if lie == "html":
            return self.answer(b"<html></html>", "text/html")
        name = ref if ":" in ref else tag_one()
        data = blob(name)
        if lie == "huge":
            data += b" " * (64 << 20)
        if lie == "other-digest" and ":" in ref:
            data += b" "
        kind = json.loads(data).get("mediaType", MANIFEST)
        return self.answer(data, kind, digest=name)

    def drip(self, data):
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with open("drips", "w") as f:
            f.write("yes")
        while True:
            self.wfile.write(data[:1])
            time.sleep(0.01)

    def blob(self, lie, name):
        data = blob(name)
        if lie == "drip":
            self.drip(data)
        elif lie == "cut-blob":
            self.answer(data[:len(data) // 2], "x", length=len(data))
            self.close_connection = True
        elif lie == "other-blob":
            self.answer(bytes(len(data)), "x")
        elif lie == "long-blob":
            self.answer(data + b"more", "x")
        else:
            self.answer(data, "x")

    def do_GET(self):
        part = self.path.strip("/").split("/")
        try:
            if part == ["v2"]:
                self.answer(b"{}", "application/json")
            elif part[2] == "manifests":
                self.manifest(part[1], part[3])
            elif part[2] == "blobs":
                self.blob(part[1], part[3])
            else:
                self.answer(b"{}", "application/json", 404)
        except FileNotFoundError:
            self.answer(b"{}", "application/json", 404)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    do_HEAD = do_GET


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
