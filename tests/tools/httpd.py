#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0 OR MIT
"""httpd.py [--tls FILE] [--until-eof] DIR LOG: a web server on 127.0.0.1 for
the files below DIR.  The first part of a URL's path selects how it behaves:

  /plain/...      as it should, with ranges
  /no-ranges/...  ignores ranges
  /short/...      ends each second response after half of it
  /cut/...        ends each response after half of it
  /step/...       ends each response after 2 MiB, if it is longer
  /long/...       sends 4 bytes too many
  /endless/...    sends the file and then zeros, without an end
  /wrong/...      sends as many zeros instead
  /shifted/...    answers a range with one that begins a byte later
  /no-answer/...  answers a range with status 206 without Content-Range
  /busy/...       is busy twice (503, Retry-After: 0) for each path
  /later/...      is always busy (503, Retry-After: 3600)
  /broken/...     fails always (500)
  /denied/...     refuses (403)
  /bucket/...     refuses (403) what does not exist
  /gone/...       has nothing any more (410)
  /page/...       has nothing (404), which an endless page says
  /away/...       redirects to /plain/
  /aside/...      does so with a page of 32 MiB
  /loop/...       redirects to itself
  /to-file/...    redirects to the file of that name
  /to-PORT/...    redirects to http://127.0.0.1:PORT/plain/
  /gzip/...       compresses, and says so
  /labelled/...   says it compresses, and does not
  /silent/...     never answers
  /drip/...       sends a header without an end, a line now and then
  /header/...     sends a header without an end, as fast as it can
  /auth/...       refuses (401) all but the user "user" with password "secret"

--tls FILE        by TLS; FILE has certificate and key, in PEM
--until-eof       ends with its standard input

Prints its port.  LOG gets a line for each request before its body is sent:
path, range ("-": none), status, bytes to be sent, number of its connection,
requests at the same time.
"""
import argparse
import base64
import gzip
import http.server
import os
import re
import socketserver
import ssl
import sys
import threading
import time

options = argparse.ArgumentParser()
options.add_argument("--tls")
options.add_argument("--until-eof", action="store_true")
options.add_argument("dir")
options.add_argument("log")
options = options.parse_args()

lock = threading.Lock()
log = open(options.log, "a", buffering=1)
seen = {}  # requests for each path
connections = 0
at_once = 0

USER = "Basic " + base64.b64encode(b"user:secret").decode()
STATUS = {"later": 503, "broken": 500, "denied": 403, "gone": 410}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def setup(self):
        global connections
        super().setup()
        with lock:
            connections += 1
            self.number = connections

    def log_message(self, *args):
        pass

    def head(self, status, length, headers=()):
        """Sends a header; length None: the connection's end is the body's."""
        log.write("%s %s %d %s %d %d\n" % (
            self.path, self.headers.get("Range", "-").replace("bytes=", ""),
            status, "-" if length is None else length, self.number, at_once))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def status(self, status, headers=()):
        page = b"status %d\n" % status
        self.head(status, len(page), headers)
        self.wfile.write(page)

    def without_end(self, status, name):
        self.head(status, None)
        if status == 200:
            with open(os.path.join(options.dir, name), "rb") as f:
                self.wfile.write(f.read())
        while True:
            self.wfile.write(bytes(65536))

    def header(self, mode):
        if mode != "silent":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            if mode == "header":
                self.wfile.write((b"X: " + b"y" * 90 + b"\r\n") * 99)
                continue
            if mode == "drip":
                self.wfile.write(b"X: y\r\n")
                self.wfile.flush()
            time.sleep(0.3)

    def aside(self, name):
        self.send_response(302)
        self.send_header("Location", "/plain/" + name)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(512):
            self.wfile.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        self.wfile.write(b"0\r\n\r\n")

    def redirect(self, mode, name):
        if mode == "away":
            to = "/plain/" + name
        elif mode == "loop":
            to = self.path
        elif mode == "to-file":
            to = "file://" + os.path.abspath(os.path.join(options.dir, name))
        else:
            to = "http://127.0.0.1:%s/plain/%s" % (mode[3:], name)
        self.status(302, [("Location", to)])

    def range(self, size):
        """The first byte asked for and the one after the last, or None."""
        m = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if not m:
            return None
        end = int(m[2]) + 1 if m[2] else size
        return int(m[1]), min(end, size)

    def serve(self, mode, name, count):
        try:
            with open(os.path.join(options.dir, name), "rb") as f:
                data = f.read()
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            return self.status(403 if mode == "bucket" else 404)
        status, headers = 200, []
        part = None if mode == "no-ranges" else self.range(len(data))
        if part:
            first, end = part
            if first >= len(data):
                return self.status(416, [("Content-Range",
                                          "bytes */%d" % len(data))])
            status = 206
            shift = 1 if mode == "shifted" else 0
            if mode != "no-answer":
                headers = [("Content-Range", "bytes %d-%d/%d" % (
                    first + shift, end - 1 + shift, len(data) + shift))]
            data = data[first:end]
        if mode == "wrong":
            data = bytes(len(data))
        elif mode == "long":
            data += b"more"
        elif mode == "gzip":
            data = gzip.compress(data)
        if mode in ("gzip", "labelled"):
            headers.append(("Content-Encoding", "gzip"))
        self.head(status, len(data), headers)
        if mode == "cut" or (mode == "short" and count % 2 == 0):
            data = data[:len(data) // 2]
            self.close_connection = True
        elif mode == "step" and len(data) > 2 << 20:
            data = data[:2 << 20]
            self.close_connection = True
        self.wfile.write(data)

    def answer(self):
        mode, _, name = self.path.lstrip("/").partition("/")
        with lock:
            count = seen.get(self.path, 0)
            seen[self.path] = count + 1
        if mode in ("away", "loop", "to-file") or re.match(r"to-\d", mode):
            self.redirect(mode, name)
        elif mode == "aside":
            self.aside(name)
        elif mode in STATUS:
            self.status(STATUS[mode], [("Retry-After", "3600")]
                        if mode == "later" else [])
        elif mode == "busy" and count < 2:
            self.status(503, [("Retry-After", "0")])
        elif mode in ("endless", "page"):
            self.without_end(404 if mode == "page" else 200, name)
        elif mode in ("silent", "drip", "header"):
            self.header(mode)
        elif mode == "auth" and self.headers.get("Authorization") != USER:
            self.status(401)
        else:
            self.serve(mode, name, count)

    def do_GET(self):
        global at_once
        with lock:
            at_once += 1
        try:
            self.answer()
            self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            self.close_connection = True
        finally:
            with lock:
                at_once -= 1

    def finish(self):
        try:
            super().finish()
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 512

    def server_bind(self):
        """Asks nobody for the name of this host."""
        socketserver.TCPServer.server_bind(self)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (OSError, ssl.SSLError)):
            super().handle_error(request, client_address)


def wait_for_eof():
    sys.stdin.read()
    os._exit(0)


server = Server(("127.0.0.1", 0), Handler)
if options.tls:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(options.tls)
    server.socket = context.wrap_socket(server.socket, server_side=True,
                                        do_handshake_on_connect=False)
if options.until_eof:
    threading.Thread(target=wait_for_eof, daemon=True).start()
sys.stdout.write("%d\n" % server.server_address[1])
sys.stdout.flush()
server.serve_forever()
