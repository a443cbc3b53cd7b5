"""Workflows run from the command line: conditions, properties, failures, resume, cancel, and what is kept of them."""

import json
import os
import re
import signal
import time

import pytest

from conftest import users

MARK = "test_mark"


def write(house, name, text):
    folder = house.project / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yml").write_text(text)


def newest(house, workflow=None):
    """The newest run (of a workflow), with its steps by name."""
    rows = [row for row in house.history() if workflow in (None, row["workflow"])]
    run = rows[0]
    steps = house.run("runs", run["run"], "--format", "json").json()
    return run, {step["step"]: step for step in steps}


def states(house, workflow=None):
    return {name: step["state"] for name, step in newest(house, workflow)[1].items() if " " not in name}


PUBLISHING = """
workflow: nightly
steps:
  crawl: {crawl: all}
  build: {build: all, after: crawl}
  check: {check: all, after: build}
  publish: {publish: all, after: check}
"""


def test_publishes_as_run_alone_does(small, tmp_path):
    small.lake.userbase(users(9))
    plain = small.copy(tmp_path / "plain")
    plain.run("run")
    write(small, "nightly", PUBLISHING)
    done = small.run("run", "nightly")
    assert "published version" in done.err
    tables = "select table_name, estimated_size from duckdb_tables() order by all"
    assert small.sql(tables) == plain.sql(tables)
    run, steps = newest(small, "nightly")
    assert run["state"] == "succeeded" and run["version"] == small.current()
    assert [name for name in steps if " " not in name] == ["crawl", "build", "check", "publish"]
    assert steps["crawl"]["rows"] > 0
    receipt = small.receipt()
    assert receipt["workflow"] == "nightly" and receipt["state"] == "succeeded"
    assert receipt["version"] == run["version"]
    again = small.run("run", "nightly")
    assert "nothing has changed" in again.err
    assert small.current() == run["version"]


def test_conditions_and_properties(small):
    write(small, "talk", """
properties: {day: monday, found: ""}
steps:
  ask: {command: 'echo "found=$day-7" >> "$REELHOUSE_PROPERTIES"'}
  hear: {command: 'echo "heard $found in $REELHOUSE_STEP of $REELHOUSE_RUN"', after: ask}
  fall: {command: "echo out of luck; exit 4", after: ask}
  mend: {command: "echo mended", after: {any: [fall, hear], are: failed}}
  never: {command: "echo never", after: {all: [fall, hear], are: failed}}
  follows: {command: "echo follows", after: fall}
  tidy: {command: "echo tidy", always: true, after: [follows]}
""")
    done = small.run("run", "talk", "--set", "day=friday", expect=1)
    assert "heard friday-7 in hear of" in done.err
    assert states(small) == {"ask": "succeeded", "hear": "succeeded", "fall": "failed", "mend": "succeeded",
                             "never": "skipped", "follows": "skipped", "tidy": "succeeded"}
    run, _steps = newest(small)
    assert run["state"] == "failed"
    assert "fall" in run["message"] and "out of luck" in run["message"]
    log = small.run("runs", "log", run["run"]).out
    assert "out of luck" in log and "tidy" in log
    lines = [json.loads(line) for line in small.run("runs", "log", run["run"], "--format", "json").out.splitlines()]
    assert {line["run"] for line in lines} == {run["run"]}
    assert {"ask", "hear", "fall", "mend", "tidy"} <= {line["step"] for line in lines}
    assert not list((small.project / ".reelhouse" / "steps").glob("*"))


def test_undeclared_property_is_refused(small):
    write(small, "talk", "properties: {day: monday}\nsteps:\n  a: {command: 'true'}\n")
    done = small.run("run", "talk", "--set", "dya=friday", expect=2)
    assert "no property 'dya'" in done.err and "day" in done.err
    done = small.run("run", "tolk", expect=2)
    assert "no workflow 'tolk'" in done.err and "talk" in done.err
    assert "talk" not in {row["workflow"] for row in small.history()}


def test_check_failed_publishes_nothing_and_the_next_run_heals(small):
    write(small, "nightly", PUBLISHING + '  tell: {command: "echo told", after: {any: [build, check], are: check_failed}}\n')
    before = small.current()
    small.lake.userbase(users(2), drop="2023-07-17")  # far fewer than the drop before
    done = small.run("run", "nightly", expect=3)
    run, _ = newest(small)
    assert run["state"] == "check_failed" and "told" in done.err
    assert small.current() == before
    small.lake.userbase(users(9), drop="2023-07-17")
    small.run("run", "nightly")
    assert small.current() > before


def test_resume_runs_what_failed_and_what_follows(small):
    write(small, "nightly", """
properties: {day: monday, made: ""}
steps:
  first: {command: 'echo first >> "$PWD/ran"; echo "made=$day" >> "$REELHOUSE_PROPERTIES"'}
  crawl: {crawl: all, after: first}
  gate: {command: 'echo gate >> "$PWD/ran"; test -e "$PWD/open"', after: crawl}
  build: {build: all, after: gate}
  publish: {publish: all, after: build}
  last: {command: 'echo "last $made" >> "$PWD/ran"', after: publish}
""".replace("publish: {publish: all, after: build}", "check: {check: all, after: build}\n  publish: {publish: all, after: check}"))
    before = small.current()
    small.lake.userbase(users(9))
    small.run("run", "nightly", "--set", "day=friday", expect=1)
    failed, _ = newest(small)
    assert small.current() == before
    assert (small.project / "ran").read_text().split("\n")[:-1] == ["first", "gate"]
    (small.project / "open").touch()
    small.run("runs", "resume", failed["run"])
    assert (small.project / "ran").read_text().split("\n")[:-1] == ["first", "gate", "gate", "last friday"]
    resumed, steps = newest(small)
    assert resumed["state"] == "succeeded" and resumed["cause"] == "resume"
    assert steps["first"]["state"] == "succeeded"
    assert small.current() == before + 1
    (before,) = [row for row in small.history() if row["run"] == failed["run"]]
    assert before["state"] == "failed"  # a failure never turns into a success
    done = small.run("runs", "resume", resumed["run"], expect=2)
    assert "succeeded" in done.err


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("waited in vain")


def marked(mark):
    """Processes whose environment holds the mark."""
    found = []
    for folder in os.listdir("/proc"):
        try:
            if folder.isdigit() and f"{MARK}={mark}".encode() in open(f"/proc/{folder}/environ", "rb").read():
                found.append(int(folder))
        except OSError:
            pass
    return found


SLOW = """
properties: {%s: "%s"}
steps:
  slow: {command: "echo started; (setsid sleep 300 &) ; sleep 300"}
  after: {command: "echo after", after: slow}
  tidy: {command: "echo tidied", always: true, after: [after]}
"""


@pytest.mark.parametrize("how", ["cancel", "interrupt", "kill"])
def test_a_run_that_is_stopped_ends_truly_and_leaves_nothing(small, how):
    mark = f"{os.getpid()}-{how}"
    write(small, "slow", SLOW % (MARK, mark))
    process = small.start("run", "slow")
    run = wait_for(lambda: [r for r in small.history() if r["state"] == "running"])[0]["run"]
    wait_for(lambda: "started" in small.run("runs", "log", run, expect=None).out)
    assert marked(mark)
    if how == "cancel":
        small.run("runs", "cancel", run)
    else:
        process.send_signal(signal.SIGINT if how == "interrupt" else signal.SIGKILL)
    process.communicate(timeout=30)
    wait_for(lambda: not marked(mark))
    row, steps = newest(small)
    if how == "kill":
        assert row["state"] == "died"
        assert steps["slow"]["state"] == "died"
        write(small, "quick", "steps:\n  a: {command: 'true'}\n")
        small.run("run", "quick")
        (closed,) = [r for r in small.history() if r["run"] == run]
        assert closed["state"] == "died" and closed["ended"]
        assert not list((small.project / ".reelhouse" / "steps").glob("*"))
    else:
        assert process.returncode == 130
        assert row["state"] == "cancelled"
        assert states(small) == {"slow": "cancelled", "after": "skipped", "tidy": "succeeded"}


def test_one_run_of_a_workflow_at_a_time(small):
    write(small, "slow", SLOW % ("x", "y"))
    process = small.start("run", "slow")
    run = wait_for(lambda: [r for r in small.history() if r["state"] == "running"])[0]["run"]
    done = small.run("run", "slow", expect=1)
    assert "runs already" in done.err
    small.run("runs", "cancel", run)
    process.communicate(timeout=30)


def test_timeout_and_retries(small):
    write(small, "tries", """
steps:
  slow: {command: "sleep 60", timeout: 1s}
  flaky: {command: 'echo $REELHOUSE_ATTEMPT; test "$REELHOUSE_ATTEMPT" = 3', retries: {times: 3, wait: 0s}}
""")
    small.run("run", "tries", expect=1)
    _run, steps = newest(small)
    assert states(small) == {"slow": "failed", "flaky": "succeeded"}
    assert re.fullmatch("stopped by its timeout of 1 ?s", steps["slow"]["message"])


@pytest.mark.parametrize("workflow", [["nightly"], []])
def test_cancel_interrupts_a_query_of_the_engine(small, workflow):
    """A model that would run for hours is gone soon after the cancel."""
    (small.project / "models" / "marts" / "dim_endless.sql").write_text(
        "-- a row a count that nobody waits for\nselect count(*) as total\nfrom range(100000000) a(x)\n"
        "join range(100000000) b(y) on a.x % 1000 < b.y % 1000\n")
    write(small, "nightly", PUBLISHING)
    before = small.current()
    process = small.start("run", *workflow)
    wait_for(lambda: [r for r in small.history() if r["state"] == "running"])
    wait_for(lambda: "build" in newest(small)[1] and newest(small)[1]["build"]["state"] == "running")
    time.sleep(1.5)
    run, _ = newest(small)
    small.run("runs", "cancel", run["run"])
    began = time.monotonic()
    process.communicate(timeout=30)
    assert time.monotonic() - began < 5
    assert process.returncode == 130
    assert newest(small)[0]["state"] == "cancelled"
    assert small.current() == before
