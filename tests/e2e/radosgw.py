"""A real S3 server for tests: Ceph's radosgw with one monitor and one OSD in memory."""

import datetime
import fcntl
import hashlib
import hmac
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from pathlib import Path

import pytest

from once import locked, session_folder

PROGRAMS = ["ceph-mon", "ceph-osd", "ceph", "radosgw", "radosgw-admin", "monmaptool"]
MEMORY = 8 << 30

CONFIG = """
[global]
fsid = {fsid}
mon host = 127.0.0.1:{mon}
mon initial members = a
ms bind msgr2 = false
ms bind ipv4 = true
public network = 127.0.0.0/8
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon max pg per osd = 1000
mon data avail crit = 1
mon data avail warn = 2
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = {memory}
osd class update on start = false
osd crush update on start = false
osd class load list = *
osd class default list = *
run dir = {folder}
log file = {folder}/$name.log
admin socket = {folder}/$name.asok
debug rgw = 0
[mon.a]
mon data = {folder}/mon
[osd.0]
osd data = {folder}/osd
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:{port}
rgw dns name = localhost
rgw run sync thread = false
rgw enable usage log = false
rgw sts key = abcdefghijklmnop
rgw s3 auth use sts = true
rgw s3 auth order = local, sts
"""


def free_port():
    """A port that nobody has, below those that the system hands out to connections."""
    while True:
        port = random.randint(15000, 30000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                pass


class Bucket:
    """A bucket as the tests see it: plain requests, signed here and not by the program."""

    def __init__(self, endpoint, keys, name, create=True):
        self.host = endpoint.split("//")[1]
        self.keys = keys
        self.name = name
        if create:
            self.request("PUT")

    def sign(self, method, path, query, headers, payload_hash, now):
        """Signature version 4, from its description."""
        day, scope = now[:8], f"{now[:8]}/us-east-1/s3/aws4_request"
        names = ";".join(sorted(headers))
        canonical = "\n".join([method, path, query, *(f"{n}:{headers[n]}" for n in sorted(headers)), "", names,
                               payload_hash])
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + self.keys["AWS_SECRET_ACCESS_KEY"]).encode()
        for part in [day, "us-east-1", "s3", "aws4_request", text]:
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return names, key.hex(), f"{self.keys['AWS_ACCESS_KEY_ID']}/{scope}"

    def path(self, key):
        return "/" + self.name + ("/" + urllib.parse.quote(key, safe="/~") if key else "")

    @staticmethod
    def query(pairs):
        encoded = [(urllib.parse.quote(n, safe="~"), urllib.parse.quote(v, safe="~")) for n, v in pairs.items()]
        return "&".join(f"{n}={v}" for n, v in sorted(encoded))

    @staticmethod
    def now():
        return datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")

    def request(self, method, key="", body=b"", query=None, headers=None, expect=(200, 204)):
        now, path, query = self.now(), self.path(key), self.query(query or {})
        hashed = hashlib.sha256(body).hexdigest()
        headers = {**(headers or {}), "host": self.host, "x-amz-date": now, "x-amz-content-sha256": hashed}
        names, signature, credential = self.sign(method, path, query, headers, hashed, now)
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, "
                                    f"Signature={signature}")
        connection = http.client.HTTPConnection(self.host, timeout=120)
        try:
            connection.request(method, path + ("?" + query if query else ""), body, headers)
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        assert answer.status in expect, f"{method} {path}: {answer.status} {content[:500]}"
        answer.content = content
        return answer

    def presigned(self, key):
        """A URL that anybody may read for an hour."""
        now = self.now()
        scope = f"{self.keys['AWS_ACCESS_KEY_ID']}/{now[:8]}/us-east-1/s3/aws4_request"
        query = self.query({"X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": scope, "X-Amz-Date": now,
                            "X-Amz-Expires": "3600", "X-Amz-SignedHeaders": "host"})
        _, signature, _ = self.sign("GET", self.path(key), query, {"host": self.host}, "UNSIGNED-PAYLOAD", now)
        return f"http://{self.host}{self.path(key)}?{query}&X-Amz-Signature={signature}"

    def put(self, key, content, **headers):
        return self.request("PUT", key, content.encode() if isinstance(content, str) else content,
                            headers={n.replace("_", "-"): v for n, v in headers.items()})

    def get(self, key):
        return self.request("GET", key).content

    def delete(self, key):
        self.request("DELETE", key)

    def uploads(self):
        """The multipart uploads that nobody ended."""
        return self.request("GET", query={"uploads": ""}).content.decode().count("<Upload>")

    def fill(self, folder, prefix=""):
        """Puts every file below a folder."""
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file():
                self.put(prefix + path.relative_to(folder).as_posix(), path.read_bytes())


class Radosgw:
    """The server, its users, and what a client has to know."""

    def __init__(self, folder, port):
        self.folder = Path(folder)
        self.port = port
        self.config = self.folder / "ceph.conf"
        self.processes = []

    def configure(self):
        self.config.write_text(CONFIG.format(fsid=uuid.uuid4(), mon=free_port(), folder=self.folder,
                                             memory=MEMORY, port=self.port))

    @property
    def endpoint(self):
        return f"http://127.0.0.1:{self.port}"

    def call(self, program, *args, timeout=60):
        done = subprocess.run([program, "-c", self.config, *map(str, args)], capture_output=True, text=True,
                              timeout=timeout)
        assert done.returncode == 0, f"{program} {args}: {done.stdout[-2000:]} {done.stderr[-2000:]}"
        return done.stdout

    def spawn(self, program, *args):
        log = open(self.folder / f"{program}.out", "wb")
        dies_with_us = ["setpriv", "--pdeathsig=KILL"]  # also when nobody gets to stop it
        process = subprocess.Popen([*dies_with_us, program, "-c", self.config, "-f", *args], stdout=log, stderr=log,
                                   start_new_session=True,
                                   preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_SETMASK, set()))
        self.processes.append(process)

    def start(self):
        self.configure()
        fsid = next(line.split("=")[1].strip() for line in self.config.read_text().splitlines()
                    if line.startswith("fsid"))
        mon = next(line.split("=")[1].strip() for line in self.config.read_text().splitlines()
                   if line.startswith("mon host"))
        monmap = self.folder / "monmap"
        subprocess.run(["monmaptool", "--create", "--fsid", fsid, "--addv", "a", f"[v1:{mon}]", monmap],
                       check=True, capture_output=True)
        (self.folder / "mon").mkdir()
        (self.folder / "osd").mkdir()
        self.call("ceph-mon", "--mkfs", "-i", "a", "--monmap", monmap)
        self.spawn("ceph-mon", "-i", "a")
        osd = str(uuid.uuid4())
        self.call("ceph", "--connect-timeout", "30", "osd", "new", osd)
        # Asked by the daemon itself at its start, this is now and then refused ("wrong fsid"), and the daemon ends.
        self.call("ceph", "--connect-timeout", "30", "osd", "crush", "add", "osd.0", "1.0", "root=default", "host=here")
        self.call("ceph-osd", "--mkfs", "-i", "0", "--osd-uuid", osd)
        self.spawn("ceph-osd", "-i", "0")
        self.spawn("radosgw", "-n", "client.rgw")
        self.wait()
        return self

    def wait(self, seconds=120):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for process in self.processes:
                assert process.poll() is None, f"{process.args[0]} ended with {process.returncode}\n{self.logs()}"
            try:
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                opener.open(self.endpoint, timeout=2)
                return
            except urllib.error.HTTPError:
                return
            except OSError:
                time.sleep(0.2)
        raise AssertionError("radosgw did not answer\n" + self.logs())

    def logs(self):
        return "\n".join(f"{p.name}: {p.read_text(errors='replace')[-1500:]}" for p in self.folder.glob("*.out"))

    def add_user(self, name):
        """Makes a user; returns the variables by which its programs find it."""
        name = f"{name}-{uuid.uuid4().hex[:8]}"
        made = json.loads(self.call("radosgw-admin", "user", "create", "--uid", name, "--display-name", name))
        key = made["keys"][0]
        return {"AWS_ACCESS_KEY_ID": key["access_key"], "AWS_SECRET_ACCESS_KEY": key["secret_key"]}

    def stop(self):
        for process in reversed(self.processes):
            if process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def started(folder, tries=6):
    """Starts a server; again when one of its parts did not come up."""
    for attempt in range(tries):
        place = Path(folder) / str(attempt)
        place.mkdir()
        server = Radosgw(place, free_port())
        try:
            return server.start()
        except (AssertionError, subprocess.SubprocessError):
            server.stop()
            if attempt == tries - 1:
                raise
    return None


def needs_radosgw():
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    assert not missing, f"{', '.join(missing)} not installed: scripts/install_packages test"


@pytest.fixture(scope="session")
def radosgw(tmp_path_factory):
    """A server that runs for all tests of the session, whichever process of it they are in.

    The first to need it starts it and, at its end, waits for those who use it, too, before it stops it.
    """
    needs_radosgw()
    shelf = session_folder(tmp_path_factory)
    known, users = shelf / "radosgw.json", shelf / "radosgw.users"
    folder, server = None, None
    try:
        with locked(users, fcntl.LOCK_SH):
            with locked(shelf / "radosgw.starting"):
                if known.exists():
                    server = Radosgw(*json.loads(known.read_text()))
                else:
                    folder = tempfile.mkdtemp(prefix="rgw-")  # short: sockets lie in it
                    server = started(folder)
                    known.write_text(json.dumps([str(server.folder), server.port]))
            yield server
    finally:
        if folder:
            with locked(users):
                known.unlink(missing_ok=True)
                if server:
                    server.stop()
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def keys(radosgw):
    return radosgw.add_user("tester")


@pytest.fixture
def bucket(radosgw, keys):
    return Bucket(radosgw.endpoint, keys, "lake-" + uuid.uuid4().hex[:12])


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    where = Path(tempfile.mkdtemp(prefix="rgw-"))
    begun = time.monotonic()
    running = started(where)
    print(f"export AWS_ENDPOINT_URL={running.endpoint}")
    for name, value in running.add_user("tester").items():
        print(f"export {name}={value}")
    print(f"# up after {time.monotonic() - begun:.1f} s; process {os.getpid()}", flush=True)
    try:
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        running.stop()
        shutil.rmtree(where, ignore_errors=True)
