"""The warehouse on PostgreSQL: what is there, what a second run does, and what failures leave behind."""

import os
import signal
import subprocess
import threading
import time
import urllib.request

import postgres
import psycopg2
import pytest

from conftest import House, clean_environment, users

MANY = 1500  # users of a drop that follows the generated ones


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    server = postgres.Server(tmp_path_factory.mktemp("postgresql") / "cluster").start()
    yield server
    server.stop()


@pytest.fixture
def own_server(tmp_path):
    """A server that a test may stop."""
    server = postgres.Server(tmp_path / "cluster").start()
    yield server
    server.stop()


@pytest.fixture
def database(server):
    return server.new_database()


class Served(House):
    """A project whose warehouse is a database."""

    def __init__(self, house, database):
        super().__init__(house.binary, house.project)
        self.database = database
        self.environment = {"REELHOUSE_WAREHOUSE": database.uri()}

    def run(self, *args, **options):
        return super().run(*args, **{**self.environment, **options})

    def start(self, *args):
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**clean_environment(), **self.environment})


@pytest.fixture
def served(small, database):
    return Served(small, database)


def checksum_sql(columns, dialect):
    """Rows and the sum of their hashes, in whichever order they come; the same in both databases."""
    def text(column):
        name, type = column
        if dialect == "duckdb":
            value = f'cast("{name}" as varchar)'
            return f"regexp_replace({value}, '\\.0$', '')" if type in ("DOUBLE", "FLOAT") else value
        return f'"{name}"::text'
    row = " || '|' || ".join(f"coalesce({text(c)}, '~')" for c in columns)
    if dialect == "duckdb":
        return f"count(*) as n, cast(sum(cast('0x' || substr(md5({row}), 1, 12) as bigint)) as varchar) as s"
    return f"count(*), sum(('x' || substr(md5({row}), 1, 12))::bit(48)::bigint)::text"


def columns_of(house, table):
    rows = house.sql(f"select column_name, data_type from duckdb_columns() where table_name = '{table}' "
                     "and schema_name = 'main' order by column_index")
    return [(row["column_name"], row["data_type"]) for row in rows]


def test_every_table_is_what_the_duckdb_warehouse_holds(generated, server):
    database = server.new_database()
    served = Served(generated, database)
    on_files = House(generated.binary, generated.project)
    served.run("run")
    _number, schema = database.current()
    tables = sorted(row["name"] for row in on_files.sql("show tables"))
    assert len(tables) >= 15
    for table in tables:
        columns = columns_of(on_files, table)
        assert columns == columns_of(served, table), "types come back as they were"
        expected = on_files.sql(f"select {checksum_sql(columns, 'duckdb')} from {table}")[0]
        for where in (schema, "reelhouse"):
            found = database.query(f'select {checksum_sql(columns, "server")} from {where}."{table}"')[0]
            assert found == (expected["n"], expected["s"]), (where, table)
        assert served.sql(f"select {checksum_sql(columns, 'duckdb')} from {table}")[0] == expected
    # Measures agree, asked of either.
    for args in (("titles", "--by", "genre"), ("mrr", "--by", "month,plan")):
        assert (served.run("metric", *args, "--format", "json").out
                == on_files.run("metric", *args, "--format", "json").out)


def test_keys_types_and_comments(served):
    served.run("run")
    query = served.database.query
    types = dict(query("select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
                       "where attrelid = 'reelhouse.fct_subscription'::regclass and attnum > 0"))
    assert types["monthly_revenue"].startswith("numeric(")
    assert types["user_key"] == "bigint"
    assert types["is_active"] == "boolean"
    types = dict(query("select attname::text, format_type(atttypid, atttypmod) from pg_attribute "
                       "where attrelid = 'reelhouse.dim_user'::regclass and attnum > 0"))
    assert types["valid_from"] == "date" and types["user_id"] in ("bigint", "text", "integer")
    keys = query("select model, contype::text, pg_get_constraintdef(k.oid) from pg_constraint k "
                 "join pg_class c on c.oid = k.conrelid join reelhouse_meta.data_table d on d.name = c.relname")
    assert ("dim_user", "p", "PRIMARY KEY (user_key)") in keys
    assert any(model == "fct_subscription" and kind == "f" and "reelhouse_data.dim_user__" in text
               for model, kind, text in keys)
    assert served.database.one("select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
                               "where n.nspname = 'reelhouse_data' and relpersistence <> 'p'") == 0
    assert served.database.one("select obj_description('reelhouse.dim_user'::regclass)")
    assert served.database.one("select col_description('reelhouse.fct_title'::regclass, 1)") == "The title."
    assert served.one("select comment from duckdb_columns() where table_name = 'fct_title' "
                      "and column_name = 'title_key'") == "The title."
    assert query("select count(*) from pg_stats where schemaname = 'reelhouse_data'")[0][0] > 0


def loaded(database):
    return dict(database.query("select name, (select relfilenode from pg_class c where c.relname = d.name) "
                               "from reelhouse_meta.data_table d where whole"))


def test_a_second_run_loads_nothing_and_a_changed_drop_only_what_changed(served):
    served.run("run")
    before = loaded(served.database)
    assert "nothing has changed" in served.run("run").err
    served.run("run", "--full-refresh")
    assert served.current() == 2
    assert loaded(served.database) == before, "the same fingerprints are not loaded again"
    served.lake.userbase(users(9), drop="2023-08-16")
    served.run("run")
    after = loaded(served.database)
    kept = {name for name in before if after.get(name) == before[name]}
    assert any(name.startswith("dim_title__") for name in kept)
    assert any(name.startswith("fct_subscription__") for name in after.keys() - before.keys())
    assert served.one("select count(*) from fct_subscription") == 9
    # A fact that stays refers to the new dimension as well.
    assert served.database.one("select count(*) from reelhouse.fct_subscription") == 9


def test_rolls_back_and_keeps_so_many(served):
    served.run("run")
    for drop in range(3):
        served.lake.userbase(users(9 + drop), drop=f"2023-0{drop + 7}-20")
        served.run("run")
    assert served.current() == 4
    served.run("rollback")
    assert served.current() == 3
    assert served.one("select count(*) from fct_subscription") == 10
    assert served.database.one("select count(*) from reelhouse.fct_subscription") == 10
    assert "there is no version 9" in served.run("rollback", "9", expect=1).err
    settings = served.project / "reelhouse.yaml"
    settings.write_text(settings.read_text().replace("keep_versions: 5", "keep_versions: 2"))
    served.run("rollback", "4")
    served.run("run", "--full-refresh")
    assert [v["version"] for v in served.versions()] == [5, 4]
    assert {s for s in served.database.schemas() if "_v0" in s} == {"reelhouse_v000004", "reelhouse_v000005"}
    assert_nothing_is_left(served.database)
    found = {row["check"]: row for row in served.run("doctor", "--format", "json").json()}
    assert found["fixed names"] == {"check": "fixed names", "state": "ok", "detail": "version 5"}


def assert_nothing_is_left(database):
    """Every data table is of a version, every schema is one's, and nothing is half made."""
    needed = {row[0] for row in database.query("select t->>'data' from reelhouse_meta.version, "
                                               "jsonb_array_elements(tables) t")}
    tables = {name for schema, name, kind in database.relations() if schema == "reelhouse_data"}
    assert tables == needed
    versions = {f"reelhouse_v{row[0]:06}" for row in database.query("select number from reelhouse_meta.version")}
    assert database.schemas() == versions | {"reelhouse", "reelhouse_meta", "reelhouse_data"}
    assert database.one("select count(*) from reelhouse_meta.data_table where not whole") == 0


def test_serve_shows_the_next_version(served):
    served.run("run")
    process = served.start("serve", "--listen", "127.0.0.1:0", "--no-workflows", "--access-log", "none")
    try:
        lines = []
        reader = threading.Thread(target=lambda: lines.extend(iter(process.stderr.readline, "")), daemon=True)
        reader.start()
        def wait_for(text):
            deadline = time.monotonic() + 60
            while not any(text in line for line in lines):
                assert time.monotonic() < deadline, lines
                time.sleep(0.05)
        wait_for("version 1 is shown")
        served.lake.userbase(users(9), drop="2023-08-16")
        served.run("run")
        wait_for("version 2 is shown")
        address = next(line for line in lines if line.startswith("http://")).strip()
        assert urllib.request.urlopen(address + "/").status == 200
        assert postgres.PASSWORD not in "".join(lines)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def test_the_reader_reads_and_no_more(served):
    served.run("run")
    database = served.database
    database.query("create role analyst login password 'x' in role reelhouse_reader" if not database.query(
        "select 1 from pg_roles where rolname = 'analyst'") else "select 1")
    reader = database.uri("analyst", "x")
    assert served.run("sql", "select count(*) as n from fct_title", "--format", "json",
                      REELHOUSE_WAREHOUSE=reader).json()[0]["n"] > 0
    with database.server.cursor(database.name, user="analyst", password="x") as cursor:
        cursor.execute("select count(*) from reelhouse.fct_title")
        for forbidden in ("delete from reelhouse_meta.current_version", "create table reelhouse.t (i int)",
                          "select * from reelhouse_data.\"%s\"" % next(iter(loaded(database))),
                          "delete from reelhouse.fct_title"):
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(forbidden)
    before = database.relations()
    refused = served.run("run", "--full-refresh", expect=1, REELHOUSE_WAREHOUSE=reader).err
    assert "denied" in refused
    assert database.relations() == before


# ------------------------------------------------------------------------------------------ what goes wrong

def refused(served, location, *texts, code=1, **environment):
    before = served.database.relations(), served.database.schemas()
    outcome = served.run("run", expect=code, REELHOUSE_WAREHOUSE=location, **environment)
    for text in texts:
        assert text in outcome.err
    told = outcome.err + outcome.out + "".join(p.read_text() for p in (served.project / "store/receipts").glob("*"))
    assert postgres.PASSWORD not in told and "wr0ng-one" not in told
    assert (served.database.relations(), served.database.schemas()) == before
    return outcome.err


def test_says_what_is_wrong_with_the_connection_and_never_the_password(served, tmp_path):
    database = served.database
    refused(served, database.uri(password="wr0ng-one"), "password authentication failed", "~/.pgpass")
    refused(served, "postgresql://u:wr0ng-one@no-such-host.invalid/x", "no-such-host.invalid", "host's name")
    refused(served, f"postgresql://u:wr0ng-one@127.0.0.1:{postgres.free_port()}/x", "Connection refused", "running")
    refused(served, f"postgresql://{database.user}@127.0.0.1:{database.server.port}/{database.name}", "password",
            "~/.pgpass")
    refused(served, database.uri().replace(database.name, "nowhere"), "\"nowhere\" does not exist")
    refused(served, database.uri(sslmode="verify-full"), "SSL")
    # Characters that had to be escaped.
    for password in ("wr0ng-one@x", "wr0ng-one/x", "wr0ng-one%zz", "wr0ng-one#x"):
        location = f"postgresql://u:{password}@127.0.0.1/x"
        outcome = refused(served, location, "location cannot be read" if "#" not in password else "", code=None)
        assert "wr0ng" not in outcome
    # The settings that libpq's users know.
    passwords = tmp_path / "pgpass"
    passwords.write_text(f"127.0.0.1:*:*:{database.user}:{postgres.PASSWORD}\n")
    passwords.chmod(0o600)
    named = {"PGHOST": "127.0.0.1", "PGPORT": str(database.server.port), "PGUSER": database.user,
             "PGDATABASE": database.name, "PGPASSFILE": str(passwords)}
    assert served.run("doctor", REELHOUSE_WAREHOUSE="postgresql:", **named).code == 0
    services = tmp_path / "services"
    services.write_text(f"[prod]\nhost=127.0.0.1\nport={database.server.port}\nuser={database.user}\n"
                        f"dbname={database.name}\npassword={postgres.PASSWORD}\n")
    found = served.run("doctor", REELHOUSE_WAREHOUSE="postgresql://?service=prod", PGSERVICEFILE=str(services))
    assert postgres.PASSWORD not in found.out


def test_leaves_a_schema_alone_that_is_not_ours(served):
    served.database.query("create schema reelhouse; create table reelhouse.theirs (i int)")
    refused(served, served.database.uri(), "has a schema reelhouse that is not this warehouse's", "warehouse_schema",
            code=2)
    settings = served.project / "reelhouse.yaml"
    settings.write_text(settings.read_text() + "\nwarehouse_schema: reelhouse_two\n")
    served.run("run")
    assert served.database.one("select count(*) from reelhouse_two.fct_title") > 0
    assert served.database.one("select count(*) from reelhouse.theirs") == 0


def test_says_when_it_may_not_write(served):
    database = served.database
    database.query(f"alter database {database.name} owner to postgres")
    refused(served, database.uri(), "permission denied", "grant create on database")
    database.query(f"alter database {database.name} owner to {database.user}")
    database.query(f"alter database {database.name} set default_transaction_read_only = on")
    try:
        refused(served, database.uri(), "only reads", "primary")
    finally:
        with database.server.cursor("postgres") as cursor:
            cursor.execute(f"alter database {database.name} reset default_transaction_read_only")


def test_one_publishes_at_a_time(served):
    served.run("run")
    # Whoever holds the lock is a publisher: hold it as one would.
    held = served.database.connect()
    held.autocommit = True
    cursor = held.cursor()
    cursor.execute("select ('x' || substr(encode(sha256('reelhouse publish reelhouse'), 'hex'), 1, 15))::bit(60)::bigint")
    cursor.execute("select pg_advisory_lock(%s)", cursor.fetchone())
    try:
        outcome = served.run("run", "--full-refresh", expect=1)
        assert "another process" in outcome.err and "is publishing" in outcome.err
    finally:
        held.close()
    served.run("run", "--full-refresh")
    assert served.current() == 2


def test_others_views_are_never_dropped(served):
    served.run("run")
    served.database.query("create view public.theirs as select * from reelhouse.fct_subscription; "
                          "create view public.bound as select * from reelhouse_v000001.fct_subscription")
    settings = served.project / "reelhouse.yaml"
    settings.write_text(settings.read_text().replace("keep_versions: 5", "keep_versions: 1"))
    served.lake.userbase(users(9), drop="2023-08-16")
    outcome = served.run("run")
    assert "version 1 is kept" in outcome.err and "public.bound" in outcome.err
    assert served.database.one("select count(*) from public.theirs") == 9
    assert served.database.one("select count(*) from public.bound") == 8
    served.database.query("drop view public.bound")
    served.run("run")
    assert_nothing_is_left(served.database)


# ------------------------------------------------------------------------------------------ cut in the middle

@pytest.fixture
def heavy(generated_template, tmp_path, binary):
    """A project whose publish takes long enough to be cut: built already, published nowhere on a server."""
    house = generated_template.copy(tmp_path / "heavy")
    house.run("crawl")
    return house


def load_slowly(database):
    """Makes every load wait: the server holds each new data table's first statistics for a moment."""
    database.query("create function public.slow() returns event_trigger language plpgsql as "
                   "$$ begin if current_setting('application_name') like 'reelhouse publish%' then "
                   "perform pg_sleep(0.4); end if; end $$; "
                   "create event trigger slow on ddl_command_end when tag in ('ALTER TABLE') execute function public.slow()")


def load_fast(database):
    database.query("drop event trigger if exists slow; drop function if exists public.slow()")


def wait_for_load(database, process):
    """Waits until some tables are whole and some are not."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        try:
            count = database.query("select count(*) filter (where whole), count(*) filter (where not whole) "
                                   "from reelhouse_meta.data_table where name not in (select t->>'data' "
                                   "from reelhouse_meta.version, jsonb_array_elements(tables) t)")[0]
            if count[0] >= 1 and count[1] >= 3:
                return
        except psycopg2.Error:
            pass
        time.sleep(0.02)
    raise AssertionError("no load was seen")


def publish_first(house, database):
    """Publishes a first version, then changes the lake, so that the next run has much to load."""
    served = Served(house, database)
    served.run("run")
    served.lake.userbase(users(MANY), drop="2024-08-16")
    served.run("crawl")
    load_slowly(database)
    return served


def marks(database):
    return database.current()[0], database.one("select count(*) from reelhouse.fct_subscription")


def recovers(served, before):
    database = served.database
    assert marks(database) == before, "the old version serves"
    load_fast(database)
    served.run("run")
    assert served.current() == before[0] + 1
    assert database.one("select count(*) from reelhouse.fct_subscription") == MANY
    assert_nothing_is_left(database)
    assert served.one("select count(*) from fct_subscription") == MANY


def test_killed_while_loading(heavy, server):
    served = publish_first(heavy, server.new_database())
    before = marks(served.database)
    process = served.start("run")
    wait_for_load(served.database, process)
    process.kill()
    process.wait()
    recovers(served, before)


def test_interrupted_while_loading_leaves_nothing(heavy, server):
    served = publish_first(heavy, server.new_database())
    before = marks(served.database)
    process = served.start("run")
    wait_for_load(served.database, process)
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 130, process.stderr.read()
    assert served.database.one("select count(*) from reelhouse_meta.data_table where not whole") == 0
    recovers(served, before)


def test_connections_cut_while_loading(heavy, server):
    served = publish_first(heavy, server.new_database())
    before = marks(served.database)
    process = served.start("run")
    wait_for_load(served.database, process)
    served.database.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name like "
                          f"'reelhouse publish%' and datname = '{served.database.name}'")
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1, err
    assert "run again" in err or "terminating" in err
    recovers(served, before)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_server_stopped_and_started_while_loading(heavy, own_server, how):
    served = publish_first(heavy, own_server.new_database())
    before = marks(served.database)
    process = served.start("run")
    wait_for_load(served.database, process)
    own_server.stop(how)
    _out, err = process.communicate(timeout=60)
    assert process.returncode == 1 and "run again" in err, err
    own_server.start()
    recovers(served, before)


@pytest.mark.parametrize("left", [200 << 10, 204 << 10])  # the second ends within a page, of which half is written
def test_full_disk_of_the_server(heavy, server, left):
    place = server.folder / f"small{left}"
    place.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m,uid=65534,gid=65534,mode=700", "tmpfs", str(place)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small disk cannot be mounted here")
    try:
        database = server.new_database()
        served = Served(heavy, database)
        database.query(f"create tablespace small location '{place}'")
        database.query("grant create on tablespace small to public")
        served.run("run")
        before = database.current()[0], database.one("select count(*) from reelhouse.fct_subscription")
        # New tables go to the small disk, most of which is taken.
        database.query(f"alter role {database.user} set default_tablespace = small")
        filler = place / "filler"
        filler.write_bytes(b"x" * ((16 << 20) - left))
        served.lake.userbase(users(MANY), drop="2024-08-16")
        outcome = served.run("run", expect=1)
        assert "the server's disk is full: could not" in outcome.err and "Free space on the server's disk" in outcome.err
        filler.unlink()
        recovers(served, before)
        database.query(f"alter role {database.user} reset default_tablespace")
        with server.cursor("postgres") as cursor:
            cursor.execute(f"drop database {database.name} with (force)")
            cursor.execute("drop tablespace small")
    finally:
        subprocess.run(["umount", str(place)], check=False)
