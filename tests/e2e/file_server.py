"""A server of files that does to downloads what servers and networks do.

    with FileServer() as server:
        server.put("/a.csv", b"1,2\\n", etag='"v1"')
        server.url("/a.csv")

Each path has a `File`; what a request gets is decided by its fields, and `server.seen` holds every request.
"""

import base64
import gzip
import http.server
import ssl
import subprocess
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path


@dataclass
class File:
    """What is served under one path, and how."""

    content: bytes = b""
    etag: str | None = '"v1"'
    modified: float | None = 1_600_000_000
    ranges: bool = True
    status: list = field(default_factory=list)  # answers of the next requests instead: (status, headers, body)
    cut: list = field(default_factory=list)     # after so many bytes of the body the connection breaks
    stall: list = field(default_factory=list)   # after so many bytes no more come
    chunked: bool = False
    close_delimited: bool = False               # neither length nor chunks: it ends when it ends
    content_type: str = "application/octet-stream"
    content_encoding: str | None = None
    login: str | None = None                    # "user:password" or a token that is asked for
    after_cut: tuple | None = None              # (content, etag) that it has after the first cut
    slow: float = 0                             # seconds between pieces
    headers: dict = field(default_factory=dict)


@dataclass
class Seen:
    """One request as it came."""

    path: str
    host: str
    headers: dict
    status: int = 0
    sent: int = 0

    def header(self, name):
        return self.headers.get(name.lower())


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def do_GET(self):
        owner = self.server.owner
        seen = Seen(self.path, self.headers.get("Host", ""), {k.lower(): v for k, v in self.headers.items()})
        owner.seen.append(seen)
        file = owner.files.get(self.path.split("?")[0])
        if file is None:
            return self.answer(seen, 404, {}, b"no such file")
        if file.status:
            status, headers, body = file.status.pop(0)
            return self.answer(seen, status, headers, body)
        if file.login and not self.let_in(file.login, seen):
            return self.answer(seen, 401, {"WWW-Authenticate": "Basic"}, b"who are you")
        return self.send_file(file, seen)

    def let_in(self, login, seen):
        given = seen.header("authorization") or ""
        return given in ("Bearer " + login, "Basic " + base64.b64encode(login.encode()).decode())

    def answer(self, seen, status, headers, body):
        seen.status = status
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def unchanged(self, file, seen):
        tags = seen.header("if-none-match")
        if tags is not None:
            return file.etag is not None and file.etag in tags
        since = seen.header("if-modified-since")
        return since is not None and file.modified is not None and since == formatdate(file.modified, usegmt=True)

    def begin_of(self, file, seen):
        """Where the asked range begins: None = the whole file, -1 = no such range."""
        asked = seen.header("range")
        if asked is None or not file.ranges:
            return None
        condition = seen.header("if-range")
        current = [file.etag] if file.etag and not file.etag.startswith("W/") else []
        if file.modified is not None:
            current.append(formatdate(file.modified, usegmt=True))
        if condition is not None and condition not in current:
            return None
        begin = int(asked.removeprefix("bytes=").split("-")[0])
        return begin if begin < len(file.content) else -1

    def send_file(self, file, seen):
        validators = {}
        if file.etag is not None:
            validators["ETag"] = file.etag
        if file.modified is not None:
            validators["Last-Modified"] = formatdate(file.modified, usegmt=True)
        if self.unchanged(file, seen):
            seen.status = 304
            self.send_response(304)
            for name, value in validators.items():
                self.send_header(name, value)
            self.end_headers()
            return
        begin = self.begin_of(file, seen)
        if begin == -1:
            return self.answer(seen, 416, {"Content-Range": f"bytes */{len(file.content)}"}, b"")
        body = file.content[begin or 0:]
        seen.status = 200 if begin is None else 206
        self.send_response(seen.status)
        for name, value in {**validators, **file.headers, "Content-Type": file.content_type}.items():
            self.send_header(name, value)
        if file.content_encoding:
            self.send_header("Content-Encoding", file.content_encoding)
        if begin is not None:
            self.send_header("Content-Range", f"bytes {begin}-{len(file.content) - 1}/{len(file.content)}")
        if file.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not file.close_delimited:
            self.send_header("Content-Length", str(len(body)))
        else:
            self.send_header("Connection", "close")
        self.end_headers()
        self.send_body(file, seen, body)

    def send_body(self, file, seen, body):
        cut = file.cut.pop(0) if file.cut else None
        stall = file.stall.pop(0) if file.stall else None
        if cut is not None and file.after_cut:
            file.content, file.etag = file.after_cut
            file.modified = (file.modified or 0) + 100
            file.after_cut = None
        step = 64 * 1024
        end = len(body) if cut is None else min(cut, len(body))
        end = end if stall is None else min(stall, end)
        while seen.sent < end:
            piece = body[seen.sent:min(seen.sent + step, end)]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if file.chunked else piece)
            self.wfile.flush()
            seen.sent += len(piece)
            if file.slow:
                time.sleep(file.slow)
        if stall is not None:
            self.server.owner.released.wait(60)
        if cut is not None or stall is not None:
            self.close_connection = True
            self.connection.close()
            return
        if file.chunked:
            self.wfile.write(b"0\r\n\r\n")
        if file.close_delimited:
            self.close_connection = True


class QuietServer(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients that go away are what is tested


class FileServer:
    """Serves files on a free port of 127.0.0.1, over TLS when a certificate is given."""

    def __init__(self, certificate=None):
        self.files = {}
        self.seen = []
        self.released = threading.Event()
        self.http = QuietServer(("127.0.0.1", 0), Handler)
        self.http.owner = self
        self.scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
            self.scheme = "https"
        self.thread = threading.Thread(target=self.http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.released.set()
        self.http.shutdown()
        self.http.server_close()

    @property
    def port(self):
        return self.http.server_address[1]

    def url(self, path, host="127.0.0.1"):
        return f"{self.scheme}://{host}:{self.port}{path}"

    def put(self, path, content=b"", **how):
        self.files[path] = File(content, **how)
        return self.files[path]

    def redirect(self, path, to, status=302, times=1_000_000):
        self.files[path] = File(status=[(status, {"Location": to}, b"")] * min(times, 1000))

    def asked(self, path):
        return [seen for seen in self.seen if seen.path.split("?")[0] == path]


def self_signed(folder):
    """A certificate for 127.0.0.1 and localhost, with its key, in one PEM file."""
    path = Path(folder) / "server.pem"
    key = Path(folder) / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost", "-keyout", str(key),
                    "-out", str(path)], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + key.read_bytes())
    return path


def gzipped(text):
    return gzip.compress(text if isinstance(text, bytes) else text.encode(), mtime=0)
