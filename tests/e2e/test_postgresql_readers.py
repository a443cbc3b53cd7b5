"""Sixteen clients that read from PostgreSQL through fifty publishes: none waits, none sees two versions."""

import os
import re
import subprocess
import threading
import time

import pytest
from test_postgresql import assert_nothing_is_left, own_server  # noqa: F401 (a fixture)

JOINS = ("select min(s.amount), max(s.amount), min(r.amount), max(r.amount) from {0}.sale s join {0}.refund r using (id)",
         "select min(s.amount), max(s.amount), min(r.amount), max(r.amount) from {0}.refund r join {0}.sale s using (id)")


class Readers:
    """Sixteen clients that read until they are stopped, and what they saw."""

    def __init__(self, database, fixed):
        self.database, self.fixed = database, fixed
        self.stopping = threading.Event()
        self.problems = []
        self.reads = 0
        self.threads = [threading.Thread(target=self.guard, args=(n,), daemon=True) for n in range(16)]

    def guard(self, n):
        try:
            self.read(n)
        except Exception as problem:  # whatever a reader suffers is a finding
            self.problems.append(f"reader {n}: {problem!r}")

    def schema(self, cursor):
        if self.fixed:
            return "reelhouse"
        cursor.execute("select schema_name from reelhouse_meta.current_version")
        return cursor.fetchone()[0]

    def read(self, n):
        connection = self.database.connect("analyst_of_all", password="x", application_name=f"bi{n}")
        isolation = ("read committed", "repeatable read")[n // 8] if not self.fixed else "read committed"
        cursor = connection.cursor()
        prepared = {}
        while not self.stopping.is_set():
            cursor.execute(f"set transaction isolation level {isolation}")
            schema = self.schema(cursor)
            statement = JOINS[n % 2].format(schema)
            if n % 4 >= 2:
                if schema not in prepared:
                    prepared[schema] = f"q{len(prepared)}"
                    cursor.execute(f"prepare {prepared[schema]} as {statement}")
                cursor.execute(f"execute {prepared[schema]}")
            else:
                cursor.execute(statement)
            marks = set(cursor.fetchone())
            cursor.execute(f"select min(amount) from {schema}.refund")
            marks.add(cursor.fetchone()[0])
            cursor.execute(f"select max(amount) from {schema}.sale")
            marks.add(cursor.fetchone()[0])
            if len(marks) != 1 or None in marks:
                self.problems.append(f"reader {n}: torn: {marks}")
            connection.rollback()
            self.reads += 1
        connection.close()

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *ignored):
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


def publish_many(binary, database, first, count, patience=600):
    program = binary.parent / "unit_warehouse"
    assert program.is_file(), f"{program} is missing; build it: cmake --build build --target unit_warehouse"
    done = subprocess.run([str(program), "--gtest_filter=ServerRole.PublishMany"], capture_output=True, text=True,
                          timeout=300, env={**os.environ, "REELHOUSE_TEST_SERVER": database.uri(),
                                            "REELHOUSE_TEST_FIRST": str(first), "REELHOUSE_TEST_COUNT": str(count),
                                            "REELHOUSE_TEST_PATIENCE": str(patience)})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
    return re.findall(r"^published (\d+)(.*)$", done.stdout, re.M)


@pytest.mark.parametrize("fixed", [False, True], ids=["current_row", "fixed_names"])
def test_readers_through_fifty_publishes(binary, own_server, fixed):  # noqa: F811
    with own_server.cursor("postgres") as cursor:  # whoever waits so long for a lock is written to the log
        cursor.execute("alter system set log_lock_waits = on")
        cursor.execute(f"alter system set deadlock_timeout = '{'1s' if fixed else '100ms'}'")
        cursor.execute("select pg_reload_conf()")
    database = own_server.new_database()
    publish_many(binary, database, 1, 1)
    database.query("create role analyst_of_all login password 'x' in role reelhouse_reader")
    idle = database.connect("analyst_of_all", password="x")
    idle.set_session(isolation_level="REPEATABLE READ")
    holder = idle.cursor()
    long = database.connect("analyst_of_all", password="x")
    asked = {}

    def ask_long():
        with long.cursor() as cursor:
            schema = "reelhouse" if fixed else database.current()[1]
            cursor.execute(f"select min(s.amount), max(r.amount) from {schema}.sale s join {schema}.refund r using (id), "
                           "lateral (select pg_sleep(case when s.id = 0 then 8 else 0 end) offset 0) z")
            asked["answer"] = cursor.fetchone()
        long.rollback()

    with Readers(database, fixed) as readers:
        if not fixed:  # chooses a version now, and reads the rest of it at the end
            holder.execute("select schema_name from reelhouse_meta.current_version")
            chosen = holder.fetchone()[0]
        else:
            holder.execute("select min(amount) from reelhouse.sale")
            chosen = holder.fetchone()[0]
        slow = threading.Thread(target=ask_long)
        slow.start()
        time.sleep(0.3)
        lines = publish_many(binary, database, 2, 25, patience=150)
        slow.join(60)
        if not fixed:
            lines += publish_many(binary, database, 27, 24)
        if fixed:
            holder.execute("select max(amount) from reelhouse.refund")
            assert holder.fetchone()[0] == chosen
            idle.rollback()
            lines += publish_many(binary, database, 27, 24)
        else:
            holder.execute(JOINS[0].format(chosen))
            assert set(holder.fetchone()) == {1}
            idle.rollback()
    assert len(lines) == 49
    assert readers.problems == []
    assert readers.reads > 100
    assert asked["answer"][0] == asked["answer"][1]
    assert database.one("select deadlocks from pg_stat_database where datname = current_database()") == 0
    waits = [line for line in (own_server.folder / "log").read_text().splitlines() if "still waiting" in line]
    assert waits == []
    if fixed:
        behind = [number for number, remark in lines if "fixed names" in remark]
        assert behind, "the long reader was waited for, and the delay told"
        assert "In use by" in next(remark for number, remark in lines if "fixed names" in remark)
    last = publish_many(binary, database, 60, 1, patience=10000)
    assert last[0][1] == ""
    assert database.one("select min(amount) from reelhouse.sale") == 60
    assert_nothing_is_left(database)
    long.close()
    idle.close()
