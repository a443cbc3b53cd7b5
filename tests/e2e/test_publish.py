"""Versions: publishing, going back, keeping few, and readers that are never disturbed."""

import subprocess
import threading

import pytest

from conftest import clean_environment, users


def publish(house, count):
    """Publishes a new version whose userbase has `count` users."""
    house.lake.userbase(users(count))
    house.run("run")
    return house.current()


def count_users(house):
    return house.one("select count(*) from fct_subscription")


def files_of(house):
    return sorted(p.name for p in (house.project / "warehouse").iterdir())


def test_folder_holds_only_whole_versions(small):
    publish(small, 9)
    names = files_of(small)
    assert not [n for n in names if n.endswith((".wal", ".tmp")) or "building" in n]
    assert {"CURRENT", "v000001.duckdb", "v000001.json", "v000002.duckdb", "v000002.json"} <= set(names)


def test_rollback_and_forward(small):
    assert publish(small, 9) == 2
    done = small.run("rollback")
    assert "version 1" in done.err and "is current" in done.err
    assert count_users(small) == 8
    listed = small.versions()
    assert [(v["version"], v["current"]) for v in listed] == [(2, False), (1, True)]
    assert all(v["tables"] > 15 and v["bytes"] > 0 and v["run"] and v["created"] for v in listed)
    done = small.run("run")  # nothing changed: the choice is left alone
    assert "rollback" in done.err
    assert small.current() == 1
    small.run("rollback", "2")
    assert count_users(small) == 9


def test_number_is_never_used_again(small):
    publish(small, 9)
    small.run("rollback")
    assert publish(small, 10) == 3
    assert count_users(small) == 10
    small.run("rollback")
    assert small.current() == 2


def test_rollback_without_an_earlier_version(small):
    done = small.run("rollback", expect=1)
    assert small.current() == 1
    assert "rolling back: there is no version before 1\n  Versions: 1." in done.err


def test_rollback_to_an_unknown_version_lists_what_there_is(small):
    done = small.run("rollback", "7", expect=1)
    assert "7" in done.err and "1" in done.err
    assert small.current() == 1


def test_rollback_before_anything_was_published(house):
    assert house.versions() == []
    house.run("rollback", expect=1)


def test_retention(small):
    config = small.project / "reelhouse.yaml"
    config.write_text(config.read_text().replace("keep_versions: 5", "keep_versions: 2"))
    for count in (9, 10, 11):
        publish(small, count)
    assert [v["version"] for v in small.versions()] == [4, 3]
    assert [n for n in files_of(small) if n.endswith(".duckdb")] == ["v000003.duckdb", "v000004.duckdb"]
    small.run("rollback")
    publish(small, 12)
    assert small.current() == 5
    assert count_users(small) == 12


def test_readers_are_never_disturbed(small):
    stop = threading.Event()
    problems, seen = [], []

    def read():
        statement = "select (select count(*) from fct_subscription) as a, " \
                    "(select count(*) from dim_user where is_current) as b"
        while not stop.is_set():
            done = subprocess.run(small.command("sql", statement, "--format", "csv"), capture_output=True, text=True,
                                  env=clean_environment())
            if done.returncode != 0:
                problems.append(done.stderr)
                continue
            first, second = done.stdout.split("\n")[1].split(",")
            seen.append(int(first))
            if first != second:
                problems.append(f"torn: {done.stdout}")

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    try:
        for count in range(9, 14):
            publish(small, count)
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    assert problems == []
    assert len(seen) > 10
    assert len(set(seen)) >= 3  # they saw the versions go by


def test_version_written_over_is_reported(small):
    database = small.project / "warehouse/v000001.duckdb"
    database.write_bytes(database.read_bytes()[:4096])
    done = small.run("sql", "select 1", expect=1)
    assert "v000001.duckdb" in done.err
    small.run("run", "--full-refresh")
    assert small.one("select count(*) from fct_subscription") == 8


def test_deleted_warehouse_is_published_again(small):
    for file in (small.project / "warehouse").iterdir():
        file.unlink()
    small.run("run")
    assert small.current() is not None
    assert count_users(small) == 8


def test_deleted_store_is_built_again(small):
    import shutil
    shutil.rmtree(small.project / "store")
    small.run("run")
    assert count_users(small) == 8


@pytest.mark.parametrize("name", ["published.json", "passed_checks.json", "catalog.db"])
def test_deleted_state_is_made_again(small, name):
    for file in (small.project / ".reelhouse").glob(name + "*"):
        file.unlink()
    small.run("run")
    assert count_users(small) == 8


@pytest.mark.parametrize("name", ["published.json", "passed_checks.json"])
def test_damaged_state_is_survived(small, name):
    (small.project / ".reelhouse" / name).write_text('{"version": "x", [')
    small.run("run")
    assert count_users(small) == 8


@pytest.mark.parametrize("name", ["catalog.db", "runs.db"])
def test_damaged_database_is_named(small, name):
    for file in (small.project / ".reelhouse").glob(name + "*"):
        file.unlink()
    (small.project / ".reelhouse" / name).write_bytes(b"not a database" * 100)
    done = small.run("run", expect=1)
    assert name in done.err
    assert count_users(small) == 8
