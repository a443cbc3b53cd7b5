"""A PostgreSQL server for tests: a cluster in a temporary folder, on a free port of this machine."""

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import psycopg2

BIN = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)), None)
PASSWORD = "s3cret-of-the-test"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def unprivileged():
    """What starts a program as a user whom the server accepts: it refuses to run as root."""
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] if os.getuid() == 0 else []


class Server:
    """One cluster; `user` owns the databases and has a password, `postgres` is its superuser."""

    def __init__(self, folder):
        assert BIN, "PostgreSQL's server is not installed: scripts/install_packages test"
        self.folder = Path(folder)
        self.data = self.folder / "data"
        self.port = free_port()
        self.process = None
        self.databases = 0
        self.folder.mkdir(parents=True, exist_ok=True)
        if os.getuid() == 0:
            shutil.chown(self.folder, "nobody", "nogroup")
        for parent in self.folder.parents:  # pytest keeps its folders to their owner
            if parent.stat().st_uid == os.getuid() and parent != Path("/"):
                parent.chmod(parent.stat().st_mode | 0o011)
        self._call("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C",
                   "--no-sync")
        (self.data / "pg_hba.conf").write_text(
            "host all postgres 127.0.0.1/32 trust\nhost all all 127.0.0.1/32 scram-sha-256\n")
        with open(self.data / "postgresql.conf", "a") as settings:
            settings.write(f"port={self.port}\nlisten_addresses='127.0.0.1'\nunix_socket_directories=''\n"
                           "fsync=off\nmax_connections=60\nmax_wal_size=4GB\nlog_min_messages=warning\n")

    def _call(self, program, *args):
        done = subprocess.run([*unprivileged(), str(BIN / program), *map(str, args)], capture_output=True, text=True,
                              cwd=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self):
        self.log = open(self.folder / "log", "ab")
        dies_with_us = ["setpriv", "--pdeathsig=INT"]  # also when nobody gets to stop it
        self.process = subprocess.Popen([*unprivileged(), *dies_with_us, str(BIN / "postgres"), "-D", str(self.data)], cwd=self.folder,
                                        stdout=self.log, stderr=self.log)
        deadline = time.monotonic() + 60
        while True:
            assert self.process.poll() is None, (self.folder / "log").read_text()[-2000:]
            try:
                self.connect("postgres").close()
                return self
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, (self.folder / "log").read_text()[-2000:]
                time.sleep(0.05)

    def stop(self, how=signal.SIGINT):
        """SIGINT: fast, sessions are cut; SIGQUIT: as a crash."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)
        self.process = None
        self.log.close()

    def connect(self, database, user="postgres", **options):
        return psycopg2.connect(host="127.0.0.1", port=self.port, dbname=database, user=user, **options)

    def new_database(self):
        """An empty database with an owner who may make schemas and roles, and nothing else."""
        self.databases += 1
        database = Database(self, f"d{self.databases}", f"owner{self.databases}")
        with self.cursor("postgres") as cursor:
            cursor.execute(f"create role {database.user} login createrole password '{PASSWORD}'")
            cursor.execute(f"create database {database.name} owner {database.user}")
        return database

    @contextmanager
    def cursor(self, database, **options):
        connection = self.connect(database, **options)
        connection.autocommit = True
        try:
            yield connection.cursor()
        finally:
            connection.close()


class Database:
    def __init__(self, server, name, user):
        self.server, self.name, self.user = server, name, user

    def uri(self, user=None, password=PASSWORD, **query):
        options = "?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else ""
        return f"postgresql://{user or self.user}:{password}@127.0.0.1:{self.server.port}/{self.name}{options}"

    def connect(self, user="postgres", **options):
        return self.server.connect(self.name, user, **options)

    def query(self, statement, values=None):
        with self.server.cursor(self.name) as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    def one(self, statement, values=None):
        return self.query(statement, values)[0][0]

    def current(self):
        """Number and schema of the current version."""
        return self.query("select number, schema_name from reelhouse_meta.current_version")[0]

    def relations(self):
        """Everything that lies in schemas of the warehouse: schema, name, kind."""
        return set(self.query("select n.nspname, c.relname, c.relkind::text from pg_class c join pg_namespace n "
                              "on n.oid = c.relnamespace where n.nspname like 'reelhouse%' and c.relkind in ('r', 'v')"))

    def schemas(self):
        return {row[0] for row in self.query("select nspname from pg_namespace where nspname like 'reelhouse%'")}
