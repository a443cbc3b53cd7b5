"""The same lake through every pair of places: a folder or S3, DuckDB files, PostgreSQL or files on S3."""

import json
import math
import uuid

import postgres
import pytest
from conftest import clean_environment, new_project
from placed import Placed, listed, on_s3
from radosgw import Bucket
from test_s3 import checksums
from test_tiles import Server, tiles_of, view_of

PAIRS = ["folder and postgresql", "s3 and duckdb", "s3 and postgresql", "s3 and s3"]


class PlacedServer(Server):
    """`reelhouse serve` in such a place."""

    def __init__(self, house, monkeypatch):
        with monkeypatch.context() as patch:
            patch.setattr("test_tiles.clean_environment", lambda: {**clean_environment(), **house.environment})
            super().__init__(house)


@pytest.fixture(scope="module")
def database_server(tmp_path_factory):
    server = postgres.Server(tmp_path_factory.mktemp("postgresql") / "cluster").start()
    yield server
    server.stop()


@pytest.fixture
def bucket(radosgw, keys):
    return Bucket(radosgw.endpoint, keys, "pairs-" + uuid.uuid4().hex[:12])


def place(pair, binary, project, template, bucket, database_server):
    lake, warehouse = pair.split(" and ")
    environment = on_s3(bucket)
    if lake == "s3":
        bucket.fill(template.project / "lake" / "raw", "in/raw/")
        environment["REELHOUSE_LAKE"] = f"s3://{bucket.name}/in"
        environment["REELHOUSE_STORE"] = f"s3://{bucket.name}/out/store"
    else:
        environment["REELHOUSE_LAKE"] = str(template.project / "lake")
    if warehouse == "postgresql":
        environment["REELHOUSE_WAREHOUSE"] = database_server.new_database().uri()
    if warehouse == "s3":
        environment["REELHOUSE_WAREHOUSE"] = f"s3://{bucket.name}/out/warehouse"
    return Placed(binary, new_project(project), environment)


def questions(server):
    """Every measure plain and by each of its view's first dimensions, and every tile of every page."""
    model = {view["name"]: view for view in server.get("/api/model")["views"]}
    for view in model.values():
        for measure in view["measures"]:
            yield measure["name"], {"measures": [measure["name"]], "totals": True}
            yield measure["name"], {"measures": [measure["name"]], "dimensions": [view["dimensions"][0]["name"]], "totals": True}
    for page in server.get("/api/dashboards")["pages"]:
        for tile, _, measures, axes, said in tiles_of(page, model):
            for measure in measures:
                if view_of(model, measure) == view_of(model, measures[0]):
                    yield f"{page['page']}.{tile}", {"measures": [measure], "dimensions": axes, "filters": said.get("fixed", []),
                                                     "totals": True}


def answers(server):
    found = {}
    for name, query in questions(server):
        answer = server.ask(query)
        axes = len(query.get("dimensions", []))
        rows = {json.dumps(row[:axes]): row[axes:] for row in answer["rows"]}
        found[name + " " + json.dumps(query)] = {**rows, "totals": answer["totals"][axes:], "unknown": answer["unknown"]}
    return found


def same(ours, theirs):
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(same, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, (int, float)):
        return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)
    return ours == theirs


@pytest.fixture(scope="module")
def expected(generated_template):
    """What a folder and DuckDB give."""
    server = Server(generated_template)
    told = answers(server)
    server.stop()
    assert len(told) > 150
    return checksums(generated_template), told


@pytest.mark.parametrize("pair", PAIRS)
def test_every_pair_gives_the_same(pair, expected, generated_template, binary, tmp_path, bucket, database_server,
                                   monkeypatch):
    house = place(pair, binary, tmp_path / "project", generated_template, bucket, database_server)
    house.run("run", timeout=300)
    tables, told = expected
    assert checksums(house) == tables
    server = PlacedServer(house, monkeypatch)
    ours = answers(server)
    server.stop()
    assert ours.keys() == told.keys()
    for question, answer in told.items():
        assert ours[question].keys() == answer.keys(), question
        for row, values in answer.items():
            assert same(ours[question][row], values), (question, row)


def test_another_machine_builds_nothing_again(binary, tmp_path, bucket, generated_template, database_server):
    first = place("s3 and s3", binary, tmp_path / "first", generated_template, bucket, database_server)
    first.run("run", timeout=300)
    second = Placed(binary, new_project(tmp_path / "second"), first.environment)
    second.run("run", timeout=300)
    receipt = second.receipt()
    assert {model["state"] for model in receipt["models"]} <= {"known", "view"}
    assert receipt["version"] == 2
    assert checksums(second) == checksums(first)
    second.run("rollback")
    assert first.sql("select 1 as one") and json.loads(first.run("run", "--format", "json").out)["unchanged"]
    receipts = {f"out/store/receipts/{run['run']}.json" for house in (first, second) for run in house.history()}
    assert set(listed(bucket, "out/store/receipts/")) >= receipts
    lost = f"out/store/receipts/{first.history()[-1]['run']}.json"
    bucket.delete(lost)  # as when a run was interrupted before it could store its receipt
    first.run("run")
    assert lost in listed(bucket, "out/store/receipts/")


def test_of_two_machines_that_publish_at_once_one_wins(binary, tmp_path, bucket, generated_template, database_server):
    first = place("s3 and s3", binary, tmp_path / "first", generated_template, bucket, database_server)
    first.run("run", timeout=300)
    second = Placed(binary, new_project(tmp_path / "second"), first.environment)
    second.run("run", timeout=300)
    racers = [house.start("run", "--full-refresh") for house in (first, second)]
    said = [racer.communicate(timeout=300)[1] for racer in racers]
    codes = [racer.returncode for racer in racers]
    assert 0 in codes and set(codes) <= {0, 1}, said
    for code, text in zip(codes, said):
        assert code == 0 or "another machine published to this bucket" in text, text
    numbers = {key.rsplit("/", 1)[1].split(".")[0] for key in listed(bucket, "out/warehouse/v")}
    databases = {n for n in numbers if f"out/warehouse/{n}.duckdb" in listed(bucket, "out/warehouse/v")}
    manifests = {n for n in numbers if f"out/warehouse/{n}.json" in listed(bucket, "out/warehouse/v")}
    assert databases == manifests, "nothing is left of the one that lost"
    assert len(databases) == 2 + codes.count(0)
    assert checksums(first) == checksums(second)
