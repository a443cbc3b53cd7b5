"""A delivery that lost more than it may is stopped, says why, and is let in by name: that content and no other."""

import json
import shutil

import pytest

from cases import lay
from conftest import FIRST_DROP, House, titles, users
from test_alerts import bodies, hook, url  # noqa: F401 (hook is a fixture)
from test_scheduler import post, serve  # noqa: F401 (serve is a fixture)
from test_workflow_run import PUBLISHING, wait_for, write

KEY = f"raw/netflix_userbase/drop={FIRST_DROP}/Netflix Userbase.csv"
LET_IN = "reelhouse run --accept netflix_userbase"


def broken(count, of, first=1):
    """Rows of which `count` have a revenue that nobody could read."""
    rows = users(of, first)
    for row in rows[:count]:
        row["Monthly Revenue"] = "a lot"
    return rows


def stopped(house):
    return [(loss["table"], loss["column"], loss["lost"], loss["given"]) for loss in house.receipt()["stopped"]]


def put(house, count, of, **options):
    return house.lake.userbase(broken(count, of), **options)


# ---- the deliveries of which people complained

def test_most_of_a_file_is_broken(house):
    lay("36-most-broken", house.lake.folder)
    done = house.run("run", expect=3)
    assert "240 of 300 records of raw.netflix_userbase in the drop 2023-07-16 are lost (80 %, 5 % may be)" in done.err
    assert "240 times: has 11 fields, expected 10" in done.err and "Userbase.csv:2)" in done.err
    assert LET_IN in done.err and house.current() is None
    house.run("run", "--accept", "netflix_userbase")
    assert house.one("select count(*) from fct_subscription") == 60
    assert house.one("select sum(monthly_revenue) from fct_subscription") == 757


def test_most_of_a_column_breaks_a_rule(house):
    lay(None, house.lake.folder)
    (file,) = (house.lake.folder / "raw/netflix_userbase").rglob("*.csv")
    lines = file.read_text().splitlines()
    field = lines[0].split(",").index("Monthly Revenue")
    for n in range(1, 271):
        cells = lines[n].split(",")
        cells[field] = "ask me"
        lines[n] = ",".join(cells)
    file.write_text("\n".join(lines) + "\n")
    done = house.run("run", expect=3)
    assert "270 of 300 records" in done.err
    assert "270 times: Monthly Revenue is not an amount of dollars: 'ask me'" in done.err
    assert house.current() is None


@pytest.mark.parametrize("field, column, word", [("date_added", "date_added", "some day"), ("release_year", "release_year", "MM"),
                                                 ("duration", "duration", "rather long")])
def test_a_column_that_nobody_can_read_is_lost_and_not_repaired(house, field, column, word):
    house.lake.userbase()
    house.lake.titles([{**row, field: word} for row in titles(40)])
    done = house.run("run", expect=3)
    assert f"40 of 40 values of {column} of raw.netflix_titles" in done.err and f"could not be read: '{word}'" in done.err
    assert stopped(house) == [("netflix_titles", column, 40, 40)]
    assert house.quarantine("--repairs") == []
    lost = house.quarantine("--lost")
    assert len(lost) == 40 and lost[0]["value"] == word and lost[0]["column"] == column
    house.run("run", "--accept", "netflix_titles")
    assert house.receipt()["lost_values"] == 40 and house.current() == 1


# ---- what is judged

def test_the_share_decides_in_the_first_drop(house):
    house.lake.titles()
    put(house, 2, 40)
    done = house.run("run")
    assert "warning raw.netflix_userbase" in done.err and "2 of 40 records" in done.err
    put(house, 3, 40)
    house.run("run", expect=3)
    assert stopped(house) == [("netflix_userbase", None, 3, 40)]
    assert house.current() == 1


def test_a_file_replaced_within_its_drop_is_judged(small):
    put(small, 30, 40)
    small.run("run", expect=3)
    assert small.current() == 1
    put(small, 0, 40)
    small.run("run")
    assert small.current() == 2


def test_an_object_of_a_hundred_is_judged_beside_a_large_one(house):
    house.lake.titles()
    house.lake.userbase(users(3000), name="large.csv")
    key = house.lake.userbase(broken(99, 99, 4001), name="small.csv")
    done = house.run("run")
    assert f"lost in {key}: 99 of 99 records" in done.err
    house.lake.userbase(broken(100, 100, 4001), name="small.csv")
    done = house.run("run", expect=3)
    assert f"100 of 100 records of {key} are lost" in done.err


def test_a_double_is_not_lost_and_another_version_is(house):
    house.lake.titles()
    rows = users(40)
    house.lake.userbase(rows + rows[:20])
    done = house.run("run")
    receipt = house.receipt()
    assert receipt["doubles"] == 20 and receipt["stopped"] == []
    assert receipt["records"]["rejected"] == 20
    assert "20 rejected (20 of them doubles)" in done.err and "lost in" not in done.err
    house.lake.userbase(rows + [{**row, "Age": "77"} for row in rows[:20]])
    house.run("run", expect=3)
    assert stopped(house) == [("netflix_userbase", None, 20, 60)]


def test_a_table_has_a_share_of_its_own(house):
    house.may_lose("60%", "netflix_userbase")
    house.lake.titles()
    put(house, 24, 40)
    house.run("run")
    put(house, 25, 40)
    house.run("run", expect=3)
    (loss,) = house.receipt()["stopped"]
    assert loss["may_lose"] == 0.6


def test_a_share_made_smaller_is_heeded_although_nothing_else_changed(house):
    house.lake.titles()
    put(house, 2, 40)
    house.run("run")
    house.may_lose("1%", "netflix_userbase")
    house.run("run", expect=3)


def test_a_run_ends_with_what_became_of_the_records(house):
    house.lake.titles()
    put(house, 1, 40)
    lines = [line for line in house.run("run").err.splitlines() if not line.startswith("receipt")]
    assert lines[-2] == "records  46 read, 45 kept, 1 rejected, 0 repaired"
    assert lines[-1] == f"  lost in {KEY}: 1 of 40 records (0 no record of the table, 1 by rule)"
    again = house.run("run").err
    assert "nothing has changed" in again and lines[-1] in again


# ---- what is let in

def test_what_was_let_in_holds_for_that_content_only(small):
    put(small, 30, 40)
    small.run("run", expect=3)
    done = small.run("run", "--accept", "netflix_userbas", expect=2)
    assert "netflix_userbase" in done.err
    small.run("run", "--accept", "netflix_userbase")
    assert small.current() == 2
    (accepted,) = small.receipt()["accepted"]
    assert (accepted["lost"], accepted["given"]) == (30, 40)
    small.run("run")
    assert small.receipt()["unchanged"] and len(small.receipt()["accepted"]) == 1
    put(small, 30, 41)
    small.run("run", expect=3)
    put(small, 30, 40)
    small.run("run")
    assert small.receipt()["stopped"] == []


def test_a_drop_that_was_let_in_is_not_held_against_the_one_before(small):
    put(small, 7, 8, drop="2023-08-16")
    done = small.run("run", expect=3)
    assert LET_IN in done.err
    small.run("run", "--accept", "netflix_userbase")
    assert small.current() == 2


def test_rules_that_reject_more_of_it_later_ask_again(small):
    put(small, 30, 40)
    small.run("run", "--accept", "netflix_userbase")
    rules = small.project / "models/staging/stg_netflix_user.yml"
    rules.write_text(rules.read_text().replace("reject:\n", "reject:\n  - {column: Age, when: age = 25, reason: is 25}\n"
                                               "  - {column: Age, when: age > 25, reason: is old}\n", 1))
    small.run("run", expect=3)
    assert stopped(small)[0][2] > 30


def test_another_project_on_the_same_store_knows_it(small, tmp_path):
    put(small, 30, 40)
    other = House(small.binary, tmp_path / "other")
    shutil.copytree(small.project, other.project, ignore=shutil.ignore_patterns("store", "warehouse", ".reelhouse"))
    where = ("--store", small.project / "store")
    other.run(*where, "run", expect=3)
    small.run("run", "--accept", "netflix_userbase")
    other.run(*where, "run")
    assert other.current() == 1


def test_a_triggered_run_stops_is_told_and_is_let_in_from_the_page(small, serve, hook):  # noqa: F811 (fixtures)
    write(small, "nightly", PUBLISHING)
    (small.project / "alerts.yml").write_text(
        "channels:\n  team: {webhook: TEAM_URL}\n"
        "alerts:\n  - {on: stopped, tables: [netflix_userbase], to: team}\n")
    put(small, 30, 40)
    server = serve(TEAM_URL=url(hook))
    run = post(server, "/api/workflows/nightly/run", "{}").json()["run"]
    wait_for(lambda: server.get(f"/api/run/{run}").json()["state"] == "check_failed")
    (loss,) = server.get(f"/api/runs/{run}").json()["stopped"]
    assert loss["words"][0].startswith("30 of 40 records of raw.netflix_userbase")
    opened = wait_for(lambda: [n for n in bodies(hook) if n["state"] == "open"], 100)
    assert "netflix_userbase was stopped" in opened[0]["title"] and "30 of 40" in opened[0]["detail"]
    assert post(server, f"/api/run/{run}/accept", json.dumps({"table": "netflix_titles"})).status == 400
    assert post(server, f"/api/run/{run}/accept", "{}").status == 400
    accepted = post(server, f"/api/run/{run}/accept", json.dumps({"table": "netflix_userbase"}))
    assert accepted.status == 202
    wait_for(lambda: server.get(f"/api/run/{accepted.json()['run']}").json()["state"] == "succeeded", 60)
    assert small.current() == 2
    wait_for(lambda: [n for n in bodies(hook) if n["state"] == "healed"], 60)
    again = post(server, "/api/workflows/nightly/run", "{}").json()["run"]
    wait_for(lambda: server.get(f"/api/run/{again}").json()["state"] == "succeeded", 60)
