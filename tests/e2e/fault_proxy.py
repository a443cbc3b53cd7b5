"""An HTTP proxy in front of an S3 server that does what networks and busy servers do, by a seed.

Each fault hits its own share of the requests. Requests are counted, so that a test can say what was asked.
Run by hand: fault_proxy.py HOST:PORT [SHARE] [SEED]
"""

import email.utils
import random
import socket
import struct
import sys
import threading
import time

REFUSALS = {
    "error": (500, "InternalError", ""),
    "slow_down": (503, "SlowDown", ""),
    "expired": (400, "ExpiredToken", ""),
    "redirect": (301, "PermanentRedirect", ""),
    "redirect_with_location": (301, "PermanentRedirect", "location: {here}\r\n"),
}
FAULTS = ["reset", "reset_after", "stall", "truncate", "flip", *REFUSALS]


class Message:
    """A request or an answer: first line, headers, and how long its body is."""

    def __init__(self, stream):
        self.first = stream.readline().decode("latin-1").rstrip("\r\n")
        self.lines = []
        self.headers = {}
        while self.first:
            line = stream.readline().decode("latin-1").rstrip("\r\n")
            if not line:
                break
            self.lines.append(line)
            name, _, value = line.partition(":")
            self.headers[name.strip().lower()] = value.strip()
        self.length = int(self.headers.get("content-length", 0))
        self.chunked = self.headers.get("transfer-encoding", "").lower() == "chunked"

    def head(self):
        return ("\r\n".join([self.first, *self.lines]) + "\r\n\r\n").encode("latin-1")


def body_pieces(stream, message, size=1 << 16):
    """The body as it goes over the wire."""
    left = message.length
    while left > 0 and not message.chunked:
        piece = stream.read(min(size, left))
        if not piece:
            raise ConnectionError("the body is cut off")
        left -= len(piece)
        yield piece
    while message.chunked:
        line = stream.readline()
        length = int(line.split(b";")[0], 16)
        yield line + stream.read(length + 2)
        if length == 0:
            return


class FaultProxy:
    """Listens on a free port of this machine; `with` starts and stops it.

    `shares`: fault -> share of the requests; `only`: a test of (method, path) that a request has to pass.
    `before`: called with (method, path) ahead of each request that is passed on; `after`: when the server has
    answered it, before that is passed back.
    """

    def __init__(self, target, shares=None, seed=1, stall=30.0, only=None, before=None, after=None):
        host, _, port = target.split("//")[-1].partition(":")
        self.target = (host, int(port))
        self.shares = dict(shares or {})
        assert set(self.shares) <= set(FAULTS), self.shares
        self.random = random.Random(seed)
        self.stall = stall
        self.only = only or (lambda method, path: True)
        self.before = before or (lambda method, path: None)
        self.after = after or (lambda method, path: None)
        self.lock = threading.Lock()
        self.requests = []
        self.faults = []
        self.open = set()
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        with self.lock:
            left = list(self.open)
        for connection in left:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def count(self, method=None, part=""):
        with self.lock:
            return sum(1 for m, path in self.requests if method in (None, m) and part in path)

    def downloads(self):
        """Objects' content that was asked for; listings are of the bucket itself."""
        with self.lock:
            return [path for m, path in self.requests if m == "GET" and "list-type" not in path]

    def accept(self):
        while not self.stopped.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def draw(self, method, path):
        """Decides what becomes of one request; drawn under a lock, in the order of arrival."""
        with self.lock:
            self.requests.append((method, path))
            chosen, number = None, self.random.random()
            for fault in FAULTS:
                share = self.shares.get(fault, 0)
                if number < share:
                    chosen = fault
                    break
                number -= share
            if chosen and not self.only(method, path):
                chosen = None
            if chosen:
                self.faults.append(chosen)
            return chosen, self.random.random()

    def serve(self, client):
        server = socket.create_connection(self.target)
        for connection in (client, server):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self.lock:
            self.open |= {client, server}
        try:
            with client, server, client.makefile("rb") as asked, server.makefile("rb") as told:
                while not self.stopped.is_set() and self.one(client, server, asked, told):
                    pass
        except (OSError, ValueError):
            pass
        finally:
            with self.lock:
                self.open -= {client, server}

    def one(self, client, server, asked, told):
        """Passes one request on; False ends the connection."""
        request = Message(asked)
        if not request.first:
            return False
        method, path, _ = request.first.split(" ")
        fault, where = self.draw(method, path)
        if fault == "reset":
            return self.reset(client)
        if fault in REFUSALS:
            for _ in body_pieces(asked, request):
                pass
            client.sendall(self.refusal(fault, method, path))
            return True
        if fault == "stall":
            self.stopped.wait(self.stall)
            return False
        self.before(method, path)
        self.send_on(server, request, asked, fault == "flip", where)
        answer = Message(told)
        if not answer.first:
            return False
        self.after(method, path)
        if fault == "reset_after":  # the server has done it, and nobody hears of it
            for _ in self.answer_body(told, answer, method):
                pass
            return self.reset(client)
        return self.send_back(client, told, answer, method, fault, where)

    @staticmethod
    def answer_body(told, answer, method):
        status = answer.first.split(" ")[1]
        if method == "HEAD" or status in ("204", "304"):
            return iter(())
        return body_pieces(told, answer)

    @staticmethod
    def send_on(server, request, asked, flip, where):
        server.sendall(request.head())
        position = int(where * request.length) if request.length else -1
        done = 0
        for piece in body_pieces(asked, request):
            if flip and done <= position < done + len(piece):
                piece = flipped(piece, position - done)
            done += len(piece)
            server.sendall(piece)

    def send_back(self, client, told, answer, method, fault, where):
        client.sendall(answer.head())
        # A listing carries no checksum: only an object's own bytes are flipped.
        is_object = answer.headers.get("etag") and answer.length and method == "GET"
        position = int(where * answer.length)
        done = 0
        for piece in self.answer_body(told, answer, method):
            if fault == "truncate" and done + len(piece) > position:
                client.sendall(piece[:max(0, position - done)])
                return False
            if fault == "flip" and is_object and done <= position < done + len(piece):
                piece = flipped(piece, position - done)
            done += len(piece)
            client.sendall(piece)
        return True

    @staticmethod
    def reset(client):
        """Closes with RST instead of FIN."""
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def refusal(self, fault, method, path):
        status, code, more = REFUSALS[fault]
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>drawn</Message></Error>".encode()
        head = (f"HTTP/1.1 {status} {code}\r\ncontent-type: application/xml\r\n"
                f"date: {email.utils.formatdate(usegmt=True)}\r\ncontent-length: {len(body)}\r\n"
                + more.format(here=self.endpoint + path) + "\r\n").encode()
        return head if method == "HEAD" else head + body


def flipped(piece, at):
    return piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1:]


def five_percent(share=0.05):
    """Every way of failing, each with this share."""
    shares = {fault: share for fault in FAULTS}
    for pair in (("reset", "reset_after"), ("redirect", "redirect_with_location")):
        for fault in pair:
            shares[fault] = share / 2
    return shares


if __name__ == "__main__":
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 0.05
    with FaultProxy(sys.argv[1], five_percent(share), int(sys.argv[3]) if len(sys.argv) > 3 else 1) as proxy:
        print(proxy.endpoint, flush=True)
        while True:
            time.sleep(60)
