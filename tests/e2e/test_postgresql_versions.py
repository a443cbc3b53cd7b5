"""Servers that are too old, versions that stay, fixed names that fall behind: what is said, and what is done."""

import re
import socket
import struct
import threading
import time

import postgres
import psycopg2
import pytest
from conftest import users
from placed import Placed


class OldServer:
    """Speaks the first messages of PostgreSQL's protocol as a server of a given version, and notes what follows."""

    def __init__(self, version):
        self.version = version
        self.connections = []  # of each: the messages after the greeting, as (kind, body)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    @staticmethod
    def message(kind, body):
        return kind + struct.pack("!I", len(body) + 4) + body

    def serve(self, client):
        with client, client.makefile("rb") as asked:
            while True:
                length, code = struct.unpack("!II", asked.read(8))
                asked.read(length - 8)
                if code == 196608:  # protocol 3.0; before it come questions after TLS
                    break
                client.sendall(b"N")
            settings = {"server_version": self.version, "server_encoding": "UTF8", "client_encoding": "UTF8",
                        "standard_conforming_strings": "on"}
            client.sendall(self.message(b"R", struct.pack("!I", 0))
                           + b"".join(self.message(b"S", f"{n}\0{v}\0".encode()) for n, v in settings.items())
                           + self.message(b"K", struct.pack("!II", 4711, 1)) + self.message(b"Z", b"I"))
            seen = []
            self.connections.append(seen)
            while kind := asked.read(1):
                (length,) = struct.unpack("!I", asked.read(4))
                seen.append((kind, asked.read(length - 4)))


@pytest.mark.parametrize("version, named", [("12.17 (Debian 12.17-1)", "12.17"), ("9.6.24", "9.6.24")])
@pytest.mark.parametrize("command", [["run"], ["sql", "select 1"], ["rollback"], ["doctor"]])
def test_a_server_that_is_too_old(house, version, named, command):
    house.lake.required()
    with OldServer(version) as server:
        location = f"postgresql://somebody:s3cret-word@127.0.0.1:{server.port}/x"
        outcome = house.run("--warehouse", location, *command, expect=1 if command == ["doctor"] else 2)
        said = outcome.out + outcome.err
        assert f"PostgreSQL {named}" in said and "too old" in said and "13 or newer" in said
        assert "s3cret-word" not in said
        time.sleep(0.2)
        assert server.connections
        assert {kind for seen in server.connections for kind, _ in seen} <= {b"X"}, "nothing but goodbye was sent"
    if command == ["run"]:
        assert house.receipt()["models"] == []


def test_a_location_with_a_space_in_it(house):
    for location in ("postgres://x y", "postgresql://u@h/da ta", "postgresql://u:secret word@h/x", "postgres://x\ty"):
        said = house.run("--warehouse", location, "doctor", expect=1).out
        assert "space" in said and "%20" in said
        outcome = house.run("--warehouse", location, "sql", "select 1", expect=2)
        assert "%20" in outcome.err and "secret" not in outcome.err + said


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = postgres.Server(tmp_path_factory.mktemp("postgresql") / "cluster").start()
    yield server
    server.stop()


@pytest.fixture
def served(small, server):
    database = server.new_database()
    served = Placed(small.binary, small.project, {"REELHOUSE_WAREHOUSE": database.uri()})
    served.database = database
    return served


def publish(served, *counts):
    for count in counts:
        served.lake.userbase(users(count), drop=f"2024-01-{count:02}")
        served.run("run")


def doctor(served):
    return {row["check"]: row for row in served.run("doctor", "--format", "json").json()}


def test_rollback_when_no_version_is_current(served):
    publish(served, 9, 10, 11)
    served.database.query("delete from reelhouse_meta.current_version")
    assert "nothing is published yet" in served.run("sql", "select 1", expect=1).err
    assert "reelhouse rollback 3" in doctor(served)["published"]["detail"]
    assert "there is no version 7" in served.run("rollback", "7", expect=1).err
    served.run("rollback")
    assert served.current() == 3 and served.one("select count(*) from fct_subscription") == 11
    served.database.query("delete from reelhouse_meta.current_version")
    served.run("rollback", "1")
    assert served.current() == 1 and served.one("select count(*) from fct_subscription") == 9
    assert served.database.one("select count(*) from reelhouse.fct_subscription") == 9
    served.database.query("delete from reelhouse_meta.current_version")
    served.run("run")
    assert served.current() == 4 and served.one("select count(*) from fct_subscription") == 11


def seconds(text):
    """The time in a sentence that ends 'since 2024-01-31T12:00:00Z', as seconds."""
    found = re.search(r"since (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)", text)
    assert found, text
    return time.mktime(time.strptime(found.group(1), "%Y-%m-%dT%H:%M:%SZ")) - time.timezone


def test_since_when_the_fixed_names_are_behind(served):
    settings = served.project / "reelhouse.yaml"
    settings.write_text(settings.read_text() + "\nwarehouse_patience: 0\n")
    publish(served, 9, 10)
    assert doctor(served)["fixed names"] == {"check": "fixed names", "state": "ok", "detail": "version 2"}
    time.sleep(1.1)
    reader = served.database.connect()
    cursor = reader.cursor()
    cursor.execute("set transaction isolation level repeatable read")
    cursor.execute("select count(*) from reelhouse.fct_subscription")
    switched = int(time.time())
    served.run("rollback", "1")
    found = doctor(served)["fixed names"]
    assert found["state"] == "note" and "show version 2, not 1" in found["detail"]
    assert "-1 behind" not in found["detail"]
    since = seconds(found["detail"])
    assert switched <= since <= time.time(), "since the rollback, not since version 1 was made"
    time.sleep(1.1)
    served.run("rollback", "2")
    assert doctor(served)["fixed names"]["state"] == "ok"
    time.sleep(1.1)
    forward = int(time.time())
    publish(served, 12)
    found = doctor(served)["fixed names"]["detail"]
    assert "show version 2, not 3, 1 behind" in found and forward <= seconds(found) <= time.time()
    publish(served, 13)
    assert seconds(doctor(served)["fixed names"]["detail"]) == seconds(found), "they have been behind since then"
    reader.close()
    served.run("run")
    assert doctor(served)["fixed names"]["detail"] == "version 4"
    assert served.database.one("select behind_since from reelhouse_meta.fixed_names") is None


def test_a_warehouse_of_the_layout_before(served):
    """Made by a program that did not note since when the fixed names are behind."""
    publish(served, 9)
    served.database.query("alter table reelhouse_meta.fixed_names drop column behind_since")
    assert doctor(served)["fixed names"]["state"] == "ok"
    publish(served, 10)
    assert doctor(served)["fixed names"]["detail"] == "version 2"
    assert served.database.one("select behind_since from reelhouse_meta.fixed_names") is None


def test_doctor_says_which_old_versions_stay_and_why(served):
    settings = served.project / "reelhouse.yaml"
    settings.write_text(settings.read_text().replace("keep_versions: 5", "keep_versions: 1"))
    publish(served, 9)
    assert "old versions" not in doctor(served)
    served.database.query("create view public.bound as select * from reelhouse_v000001.fct_subscription")
    publish(served, 10)
    found = doctor(served)["old versions"]
    assert found["state"] == "note"
    assert "version 1 (others depend on it: public.bound)" in found["detail"]
    reader = served.database.connect()
    cursor = reader.cursor()
    cursor.execute("set transaction isolation level repeatable read")
    cursor.execute("select 1")
    publish(served, 11)
    detail = doctor(served)["old versions"]["detail"]
    assert "version 1 (others depend on it: public.bound)" in detail and "version 2 (" in detail
    assert "the fixed names show it" in detail, "they wait for the same reader"
    reader.close()
    served.database.query("drop view public.bound")
    served.run("run")
    assert "old versions" not in doctor(served)
    with pytest.raises(psycopg2.errors.UndefinedTable):
        served.database.query("select * from reelhouse_v000001.fct_subscription")


def test_runs_show_a_servers_message_on_one_line(served):
    publish(served, 9)
    served.run("run", "--full-refresh", expect=1, REELHOUSE_WAREHOUSE=served.database.uri(password="not-it"))
    shown = served.run("runs").out
    assert "authentication failed" in shown and "\\n" not in shown
    run = served.history()[0]["run"]
    assert "\\n" not in served.run("runs", run).out
    assert "\n" not in served.history()[0]["message"]
    assert "\n" in served.run("runs", run, "--receipt").json()["error"], "the receipt has it as it was"
