# SPDX-License-Identifier: Apache-2.0 OR MIT
"""A varlink client that knows no more than the protocol, for tests.

varlink.py call SOCKET MESSAGE...     sends each, prints its replies, sorted
varlink.py long SOCKET N              sends a message of N bytes
varlink.py raw SOCKET TEXT...         sends each on a connection of its own
varlink.py send SOCKET MESSAGE...     like call, but waits for no reply to the last
varlink.py activate listen|connect PROGRAM ARGUMENT... -- MESSAGE...
    starts the program as a service manager does, with a socket that listens or
    is connected already, and sends it the messages
varlink.py copy SOCKET OPEN IMAGE SOCKET OPEN NAME [zerocopy]
    copies an image between two repositories, layer by layer as descriptors; OPEN
    opens one of them.  Prints the replies to PutLayer and FinalizeImage
varlink.py turns SOCKET N             N connections, one after another
varlink.py put PROGRAM ARGUMENT... -- OPEN DIFF_ID FILE
    starts the program as activate connect does, and sends it the archive FILE as a
    layer of the repository that OPEN opens
HANDLE in a message stands for the last handle that the connection was given.
What the service does not answer is printed as "closed".
"""
import json
import os
import socket
import struct
import sys
import tempfile


class Connection:
    def __init__(self, sock):
        self.sock = sock
        self.rest = b""
        self.fds = []
        self.handle = 0

    def send(self, data):
        self.sock.sendall(data.replace(b"HANDLE", b"%d" % self.handle) + b"\0")

    def reply(self):
        while b"\0" not in self.rest:
            try:
                data, fds, _, _ = socket.recv_fds(self.sock, 1 << 16, 253)
                self.fds += fds
            except ConnectionResetError:
                data = b""
            if not data:
                return None
            self.rest += data
        message, self.rest = self.rest.split(b"\0", 1)
        reply = json.loads(message)
        self.handle = reply.get("parameters", {}).get("handle", self.handle)
        return reply

    def call(self, data):
        try:
            self.send(data)
        except (BrokenPipeError, ConnectionResetError):
            return None
        return self.reply()

    def take_fds(self):
        fds, self.fds = self.fds, []
        return fds

    def method(self, method, fds=(), more=False, **parameters):
        """Calls org.composefs.Oci.METHOD with the handle; the last reply."""
        message = {"method": "org.composefs.Oci." + method, "more": more,
                   "parameters": {"handle": self.handle, **parameters}}
        socket.send_fds(self.sock, [json.dumps(message).encode() + b"\0"], list(fds))
        while (reply := self.reply()) and reply.get("continues"):
            pass
        return reply

    def replies(self, data):
        reply = self.call(data)
        yield reply
        while reply and reply.get("continues"):
            reply = self.reply()
            yield reply


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    return Connection(sock)


def show(reply):
    print("closed" if reply is None else json.dumps(reply, sort_keys=True), flush=True)


def call(path, *messages):
    connection = connect(path)
    for message in messages:
        for reply in connection.replies(message.encode()):
            show(reply)


def send(path, *messages):
    connection = connect(path)
    for message in messages[:-1]:
        show(connection.call(message.encode()))
    connection.send(messages[-1].encode())
    print("sent", flush=True)
    sys.stdin.read()


def long(path, size):
    head = b'{"method":"org.varlink.service.GetInfo","x":"'
    show(connect(path).call(head + b"y" * (int(size) - len(head) - 2) + b'"}'))


def raw(path, *texts):
    for text in texts:
        show(connect(path).call(text.encode("utf-8", "surrogateescape")))


def layer_ids(image):
    config = json.loads(image["config"])
    if "rootfs" in config:
        return config["rootfs"]["diff_ids"]
    return [layer["digest"] for layer in json.loads(image["manifest"])["layers"]]


def copy_layer(source, to, diff_id, zerocopy):
    """Returns the digest of the stream that it has in the repository of @to."""
    has = to.method("HasLayer", diff_id=diff_id)["parameters"]
    if has["present"]:
        return has["layer_verity"]
    count = source.method("GetLayer", more=True, params={"diff_id": diff_id})
    fds = source.take_fds()
    stream = fds[: 1 + count["parameters"]["dir_count"]]
    reply = to.method("PutLayer", stream, diff_id=diff_id, zerocopy=zerocopy)
    for fd in fds:
        os.close(fd)
    show(reply)
    return reply["parameters"].get("layer_verity")


def copy(from_path, from_open, image, to_path, to_open, name, zerocopy=""):
    source, to = connect(from_path), connect(to_path)
    source.call(from_open.encode())
    to.call(to_open.encode())
    image = source.method("Inspect", image=image)["parameters"]
    layers = [{"diff_id": i, "layer_verity": copy_layer(source, to, i, zerocopy == "zerocopy")}
              for i in layer_ids(image)]
    show(to.method("FinalizeImage", manifest_json=image["manifest"],
                   config_json=image["config"], layers=layers, name=name))


def turns(path, count):
    info = b'{"method":"org.varlink.service.GetInfo"}'
    answered = 0
    for _ in range(int(count)):
        connection = connect(path)
        answered += connection.call(info)["parameters"]["product"] == "cfsctl"
        connection.sock.close()
    print(answered)


def start(program, passed):
    pid = os.fork()
    if pid == 0:
        os.dup2(passed.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execvp(program[0], program)
    return pid


def activate(kind, *words):
    middle = words.index("--")
    if kind == "listen":
        server = socket.socket(socket.AF_UNIX)
        server.bind("activated")
        server.listen()
        pid = start(words[:middle], server)
        connection = connect("activated")
    else:
        server, client = socket.socketpair()
        pid = start(words[:middle], server)
        connection = Connection(client)
    server.close()
    for message in words[middle + 1 :]:
        for reply in connection.replies(message.encode()):
            show(reply)
    connection.sock.close()
    if kind == "listen":
        os.kill(pid, 15)
    print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def put(*words):
    middle = words.index("--")
    opened, diff_id, path = words[middle + 1 :]
    server, client = socket.socketpair()
    pid = start(words[:middle], server)
    server.close()
    to = Connection(client)
    show(to.call(opened.encode()))
    with open(path, "rb") as archive, tempfile.TemporaryFile() as stream:
        data = archive.read()
        stream.write(b"\0" + struct.pack("<I", len(data)) + data)
        stream.seek(0)
        fds = [stream.fileno(), os.open(".", os.O_PATH)]
        show(to.method("PutLayer", fds, diff_id=diff_id, zerocopy=False))
    client.close()
    print("status", os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
