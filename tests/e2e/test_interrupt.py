"""Runs that end early: killed, interrupted, two at once, a disk that is full."""

import os
import random
import resource
import shutil
import signal
import subprocess
import time

import pytest

from conftest import clean_environment, users


def leftovers(house):
    """Files that only a process at work may leave."""
    found = []
    for place in ("warehouse", "store", ".reelhouse"):
        for path in (house.project / place).rglob("*"):
            name = path.name
            if ".building" in name or name.endswith((".wal", ".tmp", ".duckdb.tmp")) or name in ("tmp", "spill"):
                found.append(str(path.relative_to(house.project)))
    return found


def test_killed_at_random_moments(small):
    """Ten times: the version published before is untouched, and the next run needs no help."""
    chance = random.Random(20)
    small.lake.userbase(users(30))
    started = time.monotonic()
    small.run("run")
    longest = time.monotonic() - started
    kills = 0
    for attempt in range(10):
        before = small.current()
        count = small.one("select count(*) from fct_subscription")
        small.lake.userbase(users(9 + attempt))
        process = small.start("run", start_new_session=True)
        wait = chance.uniform(0.02, 0.9 * longest)
        time.sleep(wait)
        was_running = process.poll() is None
        if not was_running:  # the machine was busier when the first run was timed
            longest = wait
        process.kill()
        process.communicate()
        kills += was_running
        expected = count if small.current() == before else 9 + attempt
        assert was_running or expected == 9 + attempt
        assert small.one("select count(*) from fct_subscription") == expected
        if was_running and attempt % 3 == 0:
            assert small.history()[0]["state"] in ("died", "succeeded")
        if attempt % 2:
            small.run("run")
            assert small.one("select count(*) from fct_subscription") == 9 + attempt
            assert leftovers(small) == []
    assert kills >= 3
    small.run("run")
    assert small.one("select count(*) from fct_subscription") == 18
    assert leftovers(small) == []
    assert "running" not in {r["state"] for r in small.history()}


def test_killed_very_first_run(house):
    house.lake.required()
    process = house.start("run")
    time.sleep(0.3)
    process.kill()
    process.communicate()
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 8
    assert leftovers(house) == []


@pytest.fixture(scope="module")
def larger(binary, tmp_path_factory):
    from conftest import House, new_project
    house = House(binary, new_project(tmp_path_factory.mktemp("larger") / "project"))
    house.lake.required()
    house.run("run")
    shutil.rmtree(house.lake.folder)
    house.run("generate", "--scale", "0.02")
    return house


def wait_for_line(process, start):
    """Reads standard error until a line begins so."""
    for line in process.stderr:
        if line.startswith(start):
            return line
    raise AssertionError(f"ended without a line that begins with '{start}'")


@pytest.mark.parametrize("stop, moment", [(signal.SIGINT, "build"), (signal.SIGTERM, "crawl"), (signal.SIGINT, None)])
def test_interrupted_run_is_cancelled(larger, stop, moment):
    process = larger.start("run", "--threads", "1")
    if moment:
        wait_for_line(process, moment)
    else:
        time.sleep(0.2)
    process.send_signal(stop)
    asked = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert time.monotonic() - asked < 5
    assert larger.current() == 1
    assert larger.one("select count(*) from fct_subscription") == 8
    assert larger.history()[0]["state"] == "cancelled"
    assert leftovers(larger) == []


def test_second_run_at_once_names_the_first(larger):
    first = larger.start("run", "--threads", "1", "--full-refresh")
    try:
        wait_for_line(first, "crawl")
        second = larger.run("run", expect=1)
        assert str(first.pid) in second.err
        assert "another process" in second.err
        crawl = larger.run("crawl", expect=1)
        assert str(first.pid) in crawl.err
        assert larger.one("select count(*) from fct_subscription") == 8  # readers are not in the way
        assert larger.history()[0]["state"] == "running"
    finally:
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=60)


def test_resumed_run_takes_what_was_built(larger):
    process = larger.start("run", "--threads", "1")
    for _ in range(4):
        wait_for_line(process, "build")
    process.kill()
    process.communicate()
    larger.run("run")
    assert larger.current() == 2
    known = [m["model"] for m in larger.receipt()["models"] if m["state"] == "known"]
    assert known
    assert leftovers(larger) == []


def limited(bytes_a_file):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_a_file, bytes_a_file))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    return limit


@pytest.mark.parametrize("bytes_a_file", [2_000, 30_000, 400_000])
def test_file_size_limit(small, bytes_a_file):
    """Writes fail at different steps; each time the old version stays."""
    small.lake.userbase(users(40))
    done = subprocess.run(small.command("run"), capture_output=True, text=True, preexec_fn=limited(bytes_a_file),
                          env=clean_environment())
    assert done.returncode == 1, done.stderr
    assert "error: " in done.stderr
    assert small.current() == 1
    assert small.one("select count(*) from fct_subscription") == 8
    small.run("run")
    assert small.one("select count(*) from fct_subscription") == 40
    assert leftovers(small) == []


@pytest.fixture
def tiny_disk(tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "none", str(folder)], capture_output=True).returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_disk_full(small, tiny_disk):
    house = small.copy(tiny_disk / "project")
    house.lake.userbase(users(40))
    filler = tiny_disk / "filler"
    with open(filler, "wb") as file:
        try:
            for _ in range(200):
                file.write(b"x" * 100_000)
                file.flush()
        except OSError:
            pass
    with open(filler, "r+b") as file:
        file.truncate(filler.stat().st_size - 300_000)
    done = house.run("run", expect=1)
    assert "space" in done.err
    assert house.current() == 1
    assert house.one("select count(*) from fct_subscription") == 8
    filler.unlink()
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 40


@pytest.mark.parametrize("place", ["store", "warehouse"])
def test_place_that_is_a_file_is_named(small, tmp_path, place):
    (tmp_path / "taken").write_text("x")
    small.lake.userbase(users(9))
    done = small.run("run", f"--{place}", tmp_path / "taken", expect=1)
    assert str(tmp_path / "taken") in done.err
    assert small.one("select count(*) from fct_subscription") == 8
