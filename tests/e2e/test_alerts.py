"""Who is told, how often, and what: against a webhook receiver and a mail server of our own."""

import base64
import email
import email.policy
import hashlib
import hmac
import json
import signal
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from test_serve import Server
from test_workflow_run import wait_for

SECRET = "whsec_" + base64.b64encode(b"a key of thirty-two bytes, or so").decode()


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        with self.server.lock:
            self.server.got.append((dict(self.headers.items()), body))
        self.send_response(self.server.status)
        self.send_header("content-length", "0")
        if self.server.status // 100 == 3:
            self.send_header("location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()

    def log_message(self, *args):
        pass


class Smtp(socketserver.StreamRequestHandler):
    """As much of RFC 5321 and 4954 as a client needs."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 here")
        mail = {"to": [], "user": None}
        while line := self.rfile.readline():
            command = line.decode().strip()
            word = command.upper()
            if word.startswith("EHLO"):
                self.say("250-here")
                self.say("250 AUTH PLAIN")
            elif word.startswith("AUTH PLAIN"):
                token = command[10:].strip()
                if not token:
                    self.say("334 ")
                    token = self.rfile.readline().decode().strip()
                mail["user"] = base64.b64decode(token).decode().split("\0")[1:]
                self.say("235 fine" if mail["user"][1] == self.server.password else f"535 no {mail['user'][1]}")
            elif word.startswith("MAIL FROM"):
                mail["from"] = command[10:]
                self.say("250 ok")
            elif word.startswith("RCPT TO"):
                mail["to"].append(command[8:])
                self.say("250 ok")
            elif word == "DATA":
                self.say("354 go on")
                lines = []
                while (part := self.rfile.readline()) != b".\r\n":
                    lines.append(part[1:] if part.startswith(b"..") else part)
                mail["data"] = b"".join(lines)
                with self.server.lock:
                    self.server.got.append(mail)
                self.say("250 kept")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 what?")


class Threaded(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def serving(server):
    server.got, server.lock = [], threading.Lock()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture
def hook():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.status = 200
    yield serving(server)
    server.shutdown()
    server.server_close()


@pytest.fixture
def smtp():
    server = Threaded(("127.0.0.1", 0), Smtp)
    server.password = "right"
    yield serving(server)
    server.shutdown()
    server.server_close()


def url(server):
    return f"http://127.0.0.1:{server.server_address[1]}/services/T0/PATHSECRET"


def write(house, text):
    (house.project / "alerts.yml").write_text(text)


def bodies(hook):
    return [json.loads(body) for _, body in hook.got]


def break_checks(house):
    """A second drop in which nearly all rows are gone stops the publish."""
    house.lake.userbase(rows=[], drop="2023-08-16", content="User ID\n1\n")


HOOK = """
channels:
  team: {webhook: TEAM_URL, secret: TEAM_SECRET}
alerts:
  - {on: failed, to: team}
  - {on: check_failed, to: team}
"""


def test_a_failure_is_told_once_and_its_healing_once(small, hook):
    write(small, HOOK)
    said = {"TEAM_URL": url(hook), "TEAM_SECRET": SECRET}
    small.run("alerts", "--look", **said)
    assert hook.got == []
    break_checks(small)
    small.run("run", expect=3)
    for _ in range(3):
        small.run("alerts", "--look", **said)
    (told,) = bodies(hook)
    assert told["state"] == "open" and "default" in told["title"] and told["ended"] is None
    (open_one,) = small.run("alerts", "--format", "json").json()
    assert open_one["told"] == "team: delivered"
    (small.project / "lake/raw/netflix_userbase/drop=2023-08-16/Netflix Userbase.csv").unlink()
    (small.project / "lake/raw/netflix_userbase/drop=2023-08-16").rmdir()
    small.run("run", "--full-refresh")
    for _ in range(2):
        small.run("alerts", "--look", **said)
    assert [each["state"] for each in bodies(hook)] == ["open", "healed"]
    assert small.run("alerts", "--format", "json").json() == []


def test_a_webhook_is_signed(house, hook):
    write(house, HOOK)
    house.run("alerts", "--test", "team", TEAM_URL=url(hook), TEAM_SECRET=SECRET)
    ((headers, body),) = hook.got
    head = {name.lower(): value for name, value in headers.items()}
    signed = f"{head['webhook-id']}.{head['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    assert head["webhook-signature"] == "v1," + expected
    assert head["content-type"] == "application/json"
    assert json.loads(body)["state"] == "happened"


@pytest.mark.parametrize("status", [301, 400, 403, 404, 500])
def test_a_receiver_that_refuses_is_named_without_its_secret(house, hook, status):
    write(house, HOOK)
    hook.status = status
    outcome = house.run("alerts", "--test", "team", expect=1, TEAM_URL=url(hook), TEAM_SECRET=SECRET)
    assert str(status) in outcome.err and "127.0.0.1" in outcome.err
    assert "PATHSECRET" not in outcome.err and SECRET not in outcome.err
    assert len(hook.got) == 1


def test_a_variable_that_is_not_set_is_named(house, hook):
    write(house, HOOK)
    outcome = house.run("alerts", "--test", "team", expect=2, TEAM_URL=url(hook))
    assert "TEAM_SECRET" in outcome.err
    assert hook.got == []


def mail_channel(smtp, login=True):
    user = ", user: MAIL_USER, password: MAIL_PASSWORD" if login else ""
    return f"""
channels:
  ops: {{mail: [a@example.org, b@example.org], from: house@example.org,
        server: "smtp://127.0.0.1:{smtp.server_address[1]}"{user}}}
alerts:
  - {{on: failed, to: ops}}
"""


def test_a_mail_is_one_that_others_can_read(house, smtp):
    (house.project / "reelhouse.yaml").write_text(
        (house.project / "reelhouse.yaml").read_text().replace("name: netflix", 'name: "Käse\\r\\nBcc: x@y"'))
    write(house, mail_channel(smtp))
    house.run("alerts", "--test", "ops", MAIL_USER="u", MAIL_PASSWORD="right")
    (mail,) = smtp.got
    assert mail["user"] == ["u", "right"]
    assert mail["from"].startswith("<house@example.org>")
    assert mail["to"] == ["<a@example.org>", "<b@example.org>"]
    message = email.message_from_bytes(mail["data"], policy=email.policy.default)
    assert message["bcc"] is None and message["auto-submitted"] == "auto-generated"
    assert message["subject"].startswith("[Käse") and "test" in message["subject"]
    assert "Nothing is wrong" in message.get_content()
    assert not message.defects


def test_a_wrong_password_is_not_repeated(house, smtp):
    write(house, mail_channel(smtp))
    outcome = house.run("alerts", "--test", "ops", expect=1, MAIL_USER="u", MAIL_PASSWORD="wr0ngsecret")
    assert "MAIL_PASSWORD" in outcome.err and "wr0ngsecret" not in outcome.err
    assert smtp.got == []


def test_the_server_heeds_a_changed_file(small, hook):
    for file in (small.project / "workflows").glob("*.yml"):
        file.unlink()
    (small.project / "workflows" / "failing.yml").write_text("workflow: failing\nsteps:\n  a: {command: 'exit 3'}\n")
    server = Server(small, workflows=True, TEAM_URL=url(hook), TEAM_SECRET=SECRET)
    try:
        write(small, "alerts:\n  - {on: faild, to: nobody}\n")
        wait_for(lambda: "alerts stay as they were" in "\n".join(server.said), 30)
        write(small, HOOK)
        wait_for(lambda: "the alerts were read again" in "\n".join(server.said), 30)
        small.run("run", "failing", expect=1)
        wait_for(lambda: bodies(hook), 30)
        assert [told["key"] for told in bodies(hook)] == ["failed failing"]
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(40)
        server.reader.join()


def test_alerts_changed_beside_metrics_that_cannot_be_read_hold_once_they_can(small):
    measures = small.project / "metrics" / "40_title.yml"
    sound = measures.read_text()
    server = Server(small, workflows=True)

    def said(words):
        return [line for line in server.said if words in line]

    try:
        measures.write_text("view: [\n")
        write(small, "alerts:\n  - {on: faild, to: nobody}\n")
        wait_for(lambda: said("40_title.yml"), 30)
        measures.write_text(sound)
        wait_for(lambda: said("alerts stay as they were"), 30)
        assert len(said("40_title.yml")) == 1
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(40)
        server.reader.join()


def test_late_data_are_told(small, hook):
    source = small.project / "sources/netflix_titles.yml"
    source.write_text(source.read_text().replace("optional: false", "optional: false\nmax_age: 8d\nage_of: drop", 1))
    write(small, HOOK + "  - {on: late, tables: [netflix_titles], to: team}\n")
    small.run("alerts", "--look", TEAM_URL=url(hook), TEAM_SECRET=SECRET)
    (told,) = bodies(hook)
    assert told["key"] == "late netflix_titles" and "promises at most 8 d" in told["detail"]
