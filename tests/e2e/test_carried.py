"""A project that an earlier program left runs on: versions, rollback, history, quarantine, decisions."""

import json
import tarfile
from pathlib import Path

import pytest

from conftest import House
from served import serve_briefly

ARCHIVES = sorted((Path(__file__).parent / "carried").glob("*.tar.gz"))


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.removesuffix(".tar.gz"))
def carried(request, binary, tmp_path):
    with tarfile.open(request.param) as archive:
        archive.extractall(tmp_path)
    return House(binary, tmp_path / "shop")


def amounts(house):
    return house.run("metric", "orders", "amount", "--format", "json").json()


def test_there_is_a_project_of_an_earlier_program():
    assert ARCHIVES


def test_versions_are_served_and_rolled_back_to(carried):
    assert amounts(carried) == [{"orders": 3, "amount": 14.75}]
    assert [v["version"] for v in carried.run("rollback", "--list", "--format", "json").json()] == [2, 1]
    carried.run("rollback")
    assert amounts(carried) == [{"orders": 2, "amount": 12.5}]
    with serve_briefly(carried) as ask:
        assert ask("/api/status")["version"] == 1


def test_history_receipts_and_quarantine_are_kept(carried):
    runs = carried.run("runs", "--format", "json").json()
    assert [(r["workflow"], r["state"], r["version"]) for r in runs] == [
        ("default", "failed", None), ("refresh", "succeeded", 2), ("default", "succeeded", 1)]
    for run in runs[1:]:
        receipt = json.loads(carried.run("runs", run["run"], "--receipt").out)
        assert receipt["version"] == run["version"]
        assert all(o["read"] == o["kept"] + o["rejected"] for o in receipt["objects"])
    assert [(r["table"], r["line"], r["value"]) for r in carried.run("quarantine", "--format", "json").json()] == [
        ("stg_order", 4, "oops")]
    assert carried.run("catalog", "orders", "--objects", "--format", "json").json()[-1]["records"] == 4


def let_in(carried):
    """One of four records is lost in a drop that the earlier program published: it has to be let in once."""
    assert "reelhouse run --accept orders" in carried.run("run", expect=3).err
    carried.run("run", "--accept", "orders")


def test_the_next_run_goes_on_where_it_was(carried):
    let_in(carried)
    assert amounts(carried) == [{"orders": 3, "amount": 14.75}]
    drop = carried.project / "lake/raw/shop/drop=2026-11-23"
    drop.mkdir()
    (drop / "orders.csv").write_text("id,customer,amount\n1,Ada,5.00\n2,Ben,7.50\n4,Dan,2.25\n5,Eve,1.00\n")
    carried.run("run", "refresh")
    assert amounts(carried) == [{"orders": 4, "amount": 15.75}]
    before = {v["version"] for v in carried.run("rollback", "--list", "--format", "json").json()}
    assert {1, 2} < before
    carried.run("rollback", "1")
    assert amounts(carried) == [{"orders": 2, "amount": 12.5}]


def test_a_run_that_failed_before_can_be_resumed(carried):
    failed = carried.run("runs", "--format", "json").json()[0]
    let_in(carried)
    carried.run("runs", "resume", failed["run"])
    newest = carried.run("runs", "--format", "json").json()[0]
    assert (newest["state"], newest["cause"]) == ("succeeded", "resume")
