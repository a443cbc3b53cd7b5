"""`reelhouse serve` runs workflows: by objects, schedules, other workflows, webhooks and the page."""

import base64
import hashlib
import hmac
import json
import os
import signal
import time

import pytest

from conftest import TITLE_FIELDS, USER_FIELDS, csv_text, titles, users
from placed import all_on_s3
from test_serve import Server
from test_workflow_run import MARK, PUBLISHING, marked, wait_for, write

OBJECTS = 'triggers:\n  - {objects: raw/netflix_userbase/, batch: {wait: 1s}}\n'


@pytest.fixture
def serve(small):
    for file in (small.project / "workflows").glob("*.yml"):
        file.unlink()
    servers = []

    def start(**environment):
        servers.append(Server(small, workflows=True, **environment))
        return servers[-1]

    yield start
    for server in servers:
        if server.process.poll() is None:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(40)
        server.reader.join()


def ended(house, workflow, count=1):
    """Runs of a workflow, once so many have ended."""
    def look():
        rows = [row for row in house.history() if row["workflow"] == workflow]
        return rows if len([r for r in rows if r["state"] not in ("queued", "running")]) >= count else None
    return wait_for(look, 60)


def test_a_drop_comes_to_the_dashboards_without_a_hand(small, serve):
    small.run("run")
    write(small, "watch", OBJECTS + PUBLISHING.replace("nightly", "watch"))
    server = serve()
    before = server.get("/api/status").json()["version"]
    time.sleep(4)
    assert not [row for row in small.history() if row["workflow"] == "watch"]  # nothing runs because it was deployed
    began = time.monotonic()
    small.lake.userbase(users(12), drop="2023-07-17")
    wait_for(lambda: server.get("/api/status").json()["version"] > before, 60)
    print(f"from put to shown: {time.monotonic() - began:.1f} s")
    (run,) = ended(small, "watch")
    assert run["state"] == "succeeded" and run["cause"] == "objects"
    assert small.one("select count(*) from fct_subscription") >= 12


def test_what_came_while_no_server_was_there_is_seen_by_the_next(small, serve):
    write(small, "watch", OBJECTS + "steps:\n  look: {command: 'echo saw'}\n")
    server = serve()
    time.sleep(3)
    server.process.send_signal(signal.SIGINT)
    server.process.wait(40)
    small.lake.userbase(users(3), drop="2023-08-01")
    serve()
    (run,) = ended(small, "watch")
    assert run["state"] == "succeeded"
    time.sleep(3)
    assert len([row for row in small.history() if row["workflow"] == "watch"]) == 1


def test_schedules_and_workflows_after_them(small, serve):
    write(small, "minutely", 'triggers:\n  - {schedule: "* * * * *"}\nsteps:\n  a: {command: "echo tick"}\n')
    write(small, "behind", "triggers:\n  - {after: minutely, when: succeeded}\nsteps:\n  a: {command: 'echo tock'}\n")
    server = serve()
    next_ones = server.get("/api/workflows").json()["next"]
    assert len(next_ones) == 10 and {each["workflow"] for each in next_ones} == {"minutely"}
    wait_for(lambda: [r for r in small.history() if r["workflow"] == "behind" and r["state"] == "succeeded"], 90)
    first = [r for r in small.history() if r["workflow"] == "minutely"][-1]
    assert first["cause"] == "schedule" and first["started"][17:19] in ("00", "01", "02", "03", "04", "05")


def test_what_follows_plain_runs_knows_them_also_when_no_server_was_there(small, serve):
    """`after` answers to the end that it names, of runs by hand too, each once; deploying it starts nothing."""
    small.run("run")
    for name, end in (("good", "succeeded"), ("bad", "check_failed")):
        write(small, name, f"triggers:\n  - {{after: default, when: {end}}}\n"
                           'steps:\n  a: {command: "echo after $trigger_run"}\n')
    server = serve()
    time.sleep(3)
    assert {row["workflow"] for row in small.history()} == {"default"}, "the run before it was there counts for nothing"
    small.run("run")
    ended(small, "good")
    server.process.send_signal(signal.SIGINT)
    server.process.wait(40)
    small.lake.titles(content="nothing of a table\n", drop="2021-09-26")
    for _ in range(2):
        small.run("run", expect=3)
    serve()
    ended(small, "bad", 2)
    time.sleep(2)
    for name, end, times in (("good", "succeeded", 1), ("bad", "check_failed", 2)):
        followed = [row for row in small.history() if row["workflow"] == name]
        assert [(row["state"], row["cause"]) for row in followed] == [("succeeded", "after")] * times
        told = {small.run("runs", "log", row["run"]).out.split("after ")[1].split()[0] for row in followed}
        ends = {row["run"]: row["state"] for row in small.history() if row["workflow"] == "default"}
        assert len(told) == times and {ends[run] for run in told} == {end}


def post(server, path, body="", **headers):
    return server.get(path, method="POST", body=body, **headers)


def sign(secret, number, body, at=None):
    at = int(at or time.time())
    digest = hmac.new(secret.encode(), f"{number}.{at}.{body}".encode(), hashlib.sha256).digest()
    return {"webhook-id": number, "webhook-timestamp": str(at),
            "webhook-signature": "v1," + base64.b64encode(digest).decode()}


def test_webhooks_are_signed_and_taken_once(small, serve):
    write(small, "hooked", "properties: {day: ''}\ntriggers:\n  - {http: HOOK_SECRET}\n"
                           "steps:\n  a: {command: 'echo \"day $day\"'}\n")
    server = serve(HOOK_SECRET="a secret of some length")
    body = json.dumps({"day": "friday", "other": [1]})
    good = sign("a secret of some length", "m1", body)
    taken = post(server, "/api/hooks/hooked", body, **good)
    assert taken.status == 202
    again = post(server, "/api/hooks/hooked", body, **good)
    assert again.json()["run"] == taken.json()["run"]
    (run,) = ended(small, "hooked")
    assert run["cause"] == "http" and "day friday" in small.run("runs", "log", run["run"]).out
    for headers in ({}, sign("another secret", "m2", body), sign("a secret of some length", "m3", body + " "),
                    sign("a secret of some length", "m4", body, time.time() - 3600)):
        refused = post(server, "/api/hooks/hooked", body, **headers)
        assert refused.status == 403, refused.body
        assert b"a secret of some length" not in refused.body
    assert post(server, "/api/hooks/unknown", body, **good).status == 404
    assert len([row for row in small.history() if row["workflow"] == "hooked"]) == 1


SLOW = """
properties: {%s: "%s"}
steps:
  first: {command: 'echo first >> ran'}
  slow: {command: 'test -e open || sleep 300', after: first}
"""


def test_the_page_runs_cancels_and_resumes(small, serve):
    write(small, "slow", SLOW % (MARK, "page"))
    server = serve()
    assert server.get("/api/workflows").json()["can_run"] is True
    started = post(server, "/api/workflows/slow/run", json.dumps({"properties": {}}))
    assert started.status == 202
    run = started.json()["run"]
    wait_for(lambda: [s for s in server.get(f"/api/run/{run}").json()["steps"]
                      if s["name"] == "slow" and s["state"] == "running"])
    lines = server.get(f"/api/log/{run}?from=0").json()
    assert server.get(f"/api/log/{run}?from={lines['next']}").json()["lines"] == []
    assert post(server, f"/api/run/{run}/resume").status == 400
    assert post(server, f"/api/run/{run}/cancel").status == 202
    wait_for(lambda: server.get(f"/api/run/{run}").json()["state"] == "cancelled")
    (small.project / "open").touch()
    resumed = post(server, f"/api/run/{run}/resume").json()["run"]
    wait_for(lambda: server.get(f"/api/run/{resumed}").json()["state"] == "succeeded")
    assert (small.project / "ran").read_text() == "first\n"
    steps = {step["name"]: step for step in server.get(f"/api/run/{resumed}").json()["steps"]}
    assert steps["first"]["kept_from"] == run
    assert post(server, "/api/workflows/slwo/run").status == 404
    assert post(server, "/api/workflows/slow/run", json.dumps({"properties": {"dya": "x"}})).status == 400
    assert post(server, "/api/workflows/slow/run", "{").status == 400
    assert post(server, "/api/run/nothing/cancel").status == 404
    assert server.get("/metrics").body.decode().count("reelhouse_version") >= 1
    wait_for(lambda: 'reelhouse_runs_total{workflow="slow",state="cancelled"} 1' in server.get("/metrics").body.decode())


@pytest.mark.parametrize("how, state", [(signal.SIGINT, "cancelled"), (signal.SIGKILL, "died")],
                         ids=["2", "9"])
def test_runs_end_with_their_server(small, serve, how, state):
    mark = f"{os.getpid()}-{int(how)}"
    write(small, "slow", "steps:\n  slow: {command: '(setsid sleep 300 &) ; sleep 300'}\n")
    server = serve(**{MARK: mark})
    run = post(server, "/api/workflows/slow/run").json()["run"]
    wait_for(lambda: [s for s in server.get(f"/api/run/{run}").json()["steps"] if s["state"] == "running"])
    server.process.send_signal(how)
    server.process.wait(40)
    wait_for(lambda: not marked(mark), 40)
    (row,) = [row for row in small.history() if row["run"] == run]
    assert row["state"] == state
    second = serve()
    wait_for(lambda: second.get(f"/api/run/{run}").json()["ended"])
    assert second.get(f"/api/run/{run}").json()["state"] == row["state"]


def test_a_queued_run_waits_for_one_that_was_started_by_hand(small, serve):
    write(small, "slow", "steps:\n  slow: {command: 'sleep 5'}\n")
    server = serve()
    by_hand = small.start("run", "slow")
    wait_for(lambda: [row for row in small.history() if row["workflow"] == "slow" and row["state"] == "running"])
    run = post(server, "/api/workflows/slow/run").json()["run"]
    time.sleep(2.5)
    assert server.get(f"/api/run/{run}").json()["state"] == "queued"
    by_hand.communicate(timeout=30)
    wait_for(lambda: server.get(f"/api/run/{run}").json()["state"] == "succeeded")


def test_of_two_servers_one_schedules(small, serve):
    write(small, "watch", OBJECTS + "steps:\n  look: {command: 'echo saw'}\n")
    first, second = serve(), serve()
    wait_for(lambda: first.get("/api/workflows").json()["scheduling"])
    assert not second.get("/api/workflows").json()["scheduling"]
    run = post(second, "/api/workflows/watch/run").json()["run"]  # taken by the one that schedules
    wait_for(lambda: second.get(f"/api/run/{run}").json()["state"] == "succeeded")
    small.lake.userbase(users(3), drop="2023-08-01")
    ended(small, "watch", 2)
    first.process.kill()
    first.process.wait(40)
    wait_for(lambda: second.get("/api/workflows").json()["scheduling"], 30)
    small.lake.userbase(users(4), drop="2023-08-02")
    rows = ended(small, "watch", 3)
    assert [row["state"] for row in rows] == ["succeeded"] * 3


def test_a_broken_file_leaves_the_others_at_work(small, serve):
    write(small, "watch", OBJECTS + "steps:\n  look: {command: 'echo saw'}\n")
    server = serve()
    time.sleep(3)
    write(small, "broken", "steps: [")
    wait_for(lambda: any("broken" in line for line in server.said), 20)
    small.lake.userbase(users(3), drop="2023-08-01")
    (run,) = ended(small, "watch")
    assert run["state"] == "succeeded"


def test_a_drop_put_into_a_bucket_comes_too(binary, bucket, tmp_path):
    house = all_on_s3(binary, tmp_path / "project", bucket)
    for name, rows, fields in (("netflix_userbase/drop=2023-07-16/users.csv", users(8), USER_FIELDS),
                               ("netflix_titles/drop=2021-09-25/netflix_titles.csv", titles(), TITLE_FIELDS)):
        bucket.put(f"in/raw/{name}", csv_text(rows, fields))
    house.run("run")
    write(house, "refresh", "triggers:\n  - {objects: raw/}\n" + PUBLISHING.replace("nightly", "refresh"))
    server = Server(house, workflows=True, **house.environment)
    try:
        wait_for(lambda: server.get("/api/workflows").json()["scheduling"])
        time.sleep(3)
        began = time.monotonic()
        bucket.put("in/raw/netflix_userbase/drop=2023-07-17/users.csv", csv_text(users(12), USER_FIELDS))
        wait_for(lambda: server.get("/api/status").json()["version"] == 2, 60)
        print(f"from put to shown: {time.monotonic() - began:.1f} s")
        assert {row["cause"] for row in house.history() if row["workflow"] == "refresh"} == {"objects"}
    finally:
        server.process.send_signal(signal.SIGINT)
        server.process.wait(40)
        server.reader.join()
