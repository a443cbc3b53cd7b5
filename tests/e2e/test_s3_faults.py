"""Lake, store and warehouse in a bucket behind a network that fails: the same tables, and nobody is told a lie."""

import os
import uuid

import pytest
from conftest import USER_FIELDS, csv_text, users
from fault_proxy import FaultProxy, five_percent
from placed import all_on_s3, assert_nothing_is_left, listed, versions_in
from radosgw import Bucket
from test_s3 import checksums


@pytest.fixture
def bucket(radosgw, keys):
    return Bucket(radosgw.endpoint, keys, "faults-" + uuid.uuid4().hex[:12])


@pytest.fixture(scope="module")
def expected(generated_template):
    return checksums(generated_template)


@pytest.fixture
def house(binary, tmp_path, bucket, small_template):
    bucket.fill(small_template.project / "lake" / "raw", "in/raw/")
    return all_on_s3(binary, tmp_path / "project", bucket)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_whole_run_under_faults(binary, tmp_path, bucket, generated_template, expected, radosgw, seed):
    bucket.fill(generated_template.project / "lake" / "raw", "in/raw/")
    house = all_on_s3(binary, tmp_path / "project", bucket)
    with FaultProxy(radosgw.endpoint, five_percent(), seed=seed, stall=60) as proxy:
        house.run("run", timeout=600, AWS_ENDPOINT_URL_S3=proxy.endpoint)
        assert len(proxy.faults) > 20 and len(set(proxy.faults)) > 5, proxy.faults
        assert any("partNumber=2" in path for _, path in proxy.requests), "no file went up in parts"
        house.run("run", "--full-refresh", timeout=600, AWS_ENDPOINT_URL_S3=proxy.endpoint)
        assert checksums(house) == expected
    assert house.current() == 2 and versions_in(bucket) == [{1, 2}, {1, 2}]
    assert_nothing_is_left(house, bucket)
    elsewhere = all_on_s3(binary, tmp_path / "elsewhere", bucket)
    assert checksums(elsewhere) == expected


def lost_answers(radosgw, wanted, times=1, method="PUT", query=""):
    """A proxy that passes the wanted request on, and then cuts the connection, so many times."""
    left = [times]

    def only(asked, path):
        if left[0] > 0 and asked == method and path.split("?")[0].endswith(wanted) and query in path:
            left[0] -= 1
            return True
        return False

    return FaultProxy(radosgw.endpoint, {"reset_after": 1.0}, only=only)


@pytest.mark.parametrize("wanted", ["/CURRENT", ".json", ".duckdb"])
def test_a_write_whose_answer_was_lost_is_our_own(house, bucket, radosgw, wanted):
    """Both kinds of condition: there is no such object yet, and it is the one that was read."""
    for version in (1, 2):
        bucket.put(f"in/raw/netflix_userbase/drop=2024-0{version}-01/users.csv", csv_text(users(8 + version), USER_FIELDS))
        with lost_answers(radosgw, f"/out/warehouse/v00000{version}{wanted}" if wanted[0] == "." else wanted) as proxy:
            house.run("run", AWS_ENDPOINT_URL_S3=proxy.endpoint)
            assert proxy.faults == ["reset_after"]
        assert house.current() == version
        assert house.one("select count(*) from fct_subscription") == 8 + version
    assert_nothing_is_left(house, bucket)


@pytest.mark.parametrize("times", [1, 3])
def test_an_upload_whose_beginning_was_not_heard_of_leaves_nothing(house, bucket, radosgw, times):
    """Each try has begun an upload that has no other name than the one in the answer that was lost."""
    bucket.put("in/raw/netflix_userbase/drop=2024-01-01/users.csv", csv_text(users(1500), USER_FIELDS))
    with lost_answers(radosgw, "/v000001.duckdb", times, "POST", "uploads") as proxy:
        house.run("run", AWS_ENDPOINT_URL_S3=proxy.endpoint)
        assert proxy.faults == ["reset_after"] * times
    assert house.one("select count(*) from fct_subscription") == 1500
    assert_nothing_is_left(house, bucket)


def test_a_switch_of_which_no_answer_ever_came_is_seen(house, bucket, radosgw):
    house.run("run")
    with lost_answers(radosgw, "/CURRENT", times=100) as proxy:
        house.run("run", "--full-refresh", timeout=300, AWS_ENDPOINT_URL_S3=proxy.endpoint)
        assert len(proxy.faults) > 3
    assert house.current() == 2
    with lost_answers(radosgw, "/CURRENT") as proxy:
        assert "version 1" in house.run("rollback", AWS_ENDPOINT_URL_S3=proxy.endpoint).err
        assert proxy.faults
    assert house.current() == 1
    assert_nothing_is_left(house, bucket)


def test_when_nothing_answers_after_the_switch_the_version_is_not_removed(house, bucket, radosgw):
    """The worst case: the switch was made, its answer lost, and from then on nobody can be asked."""
    house.run("run")
    gone = []

    def only(method, path):
        if method == "PUT" and path.endswith("/CURRENT"):
            gone.append(path)
        return bool(gone) and ("/CURRENT" in path)

    with FaultProxy(radosgw.endpoint, {"reset_after": 1.0}, only=only) as proxy:
        outcome = house.run("run", "--full-refresh", expect=1, timeout=300, AWS_ENDPOINT_URL_S3=proxy.endpoint)
    assert "Whether version 2 became current is not known" in outcome.err
    assert "another machine" not in outcome.err
    assert house.current() == 2, "it did, and it is whole"
    assert house.one("select count(*) from fct_subscription") == 8
    house.run("run", "--full-refresh")
    assert house.current() == 3
    assert_nothing_is_left(house, bucket)


@pytest.mark.parametrize("content", ["", "v00000x.duckdb\n", "\0\0\0", "v000001.duckdb and more\n"])
def test_a_damaged_current_says_what_to_do_and_is_repaired(house, bucket, content):
    house.run("run")
    house.run("run", "--full-refresh")
    bucket.put("out/warehouse/CURRENT", content)
    for command in (["sql", "select 1"], ["metric", "titles"]):
        said = house.run(*command, expect=1).err
        assert "CURRENT" in said and "reelhouse run" in said and "reelhouse rollback 2" in said
    told = house.run("doctor", expect=1).out
    assert "reelhouse rollback 2" in told
    assert house.current() is None
    assert "version 1" in house.run("rollback", "1").err
    assert house.current() == 1
    bucket.put("out/warehouse/CURRENT", content)
    house.run("run")
    assert house.current() == 3, "publishing goes on"
    assert_nothing_is_left(house, bucket)


def test_a_current_whose_version_is_missing(house, bucket):
    house.run("run")
    house.run("run", "--full-refresh")
    bucket.delete("out/warehouse/v000002.duckdb")
    elsewhere = all_on_s3(house.binary, house.project.parent / "elsewhere", bucket)
    said = elsewhere.run("sql", "select 1", expect=1).err
    assert "CURRENT names v000002, which is missing or not whole" in said and "reelhouse rollback 1" in said
    elsewhere.run("rollback", "1")
    assert elsewhere.current() == 1
    house.run("run", "--full-refresh")
    assert house.current() == 3
    assert "out/warehouse/v000002.json" not in listed(bucket, "out/warehouse/")


def test_copies_of_objects_that_left_the_lake_go(house, bucket, binary):
    key = "in/raw/netflix_userbase/drop=2024-01-01/users.csv"
    bucket.put(key, csv_text(users(9), USER_FIELDS))
    house.run("run")
    shelves = house.project / ".reelhouse" / "cache" / "objects" / "s3"

    def copies():
        return sorted(path for path in shelves.rglob("*") if path.is_file())

    before = copies()
    assert len(before) == 3
    bucket.delete(key)
    house.run("run")
    assert copies() == before, "somebody may be about to read it: it stays for an hour"
    for path in before:
        os.utime(path, (path.stat().st_atime - 7200, path.stat().st_mtime - 7200))
    house.run("run", "--full-refresh")
    after = copies()
    assert len(after) == 2 and set(after) < set(before)
    assert not [path for path in shelves.rglob("*") if path.is_dir() and len(path.name) == 62 and not list(path.iterdir())]
    house.run("run", "--full-refresh")
    assert copies() == after
