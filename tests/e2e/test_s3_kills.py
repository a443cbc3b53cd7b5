"""A run that is killed while it writes to a bucket, or finds no room here: the old version serves, the next run completes."""

import os
import random
import subprocess
import uuid

import pytest
from conftest import USER_FIELDS, csv_text, users
from fault_proxy import FaultProxy
from placed import all_on_s3, assert_nothing_is_left, versions_in
from radosgw import Bucket
from test_s3 import checksums

NEXT = "in/raw/netflix_userbase/drop=2024-01-01/users.csv"


@pytest.fixture
def bucket(radosgw, keys):
    return Bucket(radosgw.endpoint, keys, "kills-" + uuid.uuid4().hex[:12])


@pytest.fixture
def house(binary, tmp_path, bucket, small_template):
    """A project with a version in the bucket, and a new drop in its lake."""
    bucket.fill(small_template.project / "lake" / "raw", "in/raw/")
    house = all_on_s3(binary, tmp_path / "project", bucket)
    house.run("run")
    bucket.put(NEXT, csv_text(users(1500), USER_FIELDS))
    return house


class Killer:
    """Kills a run at the first request that it is to be killed at, before or after the server has it."""

    def __init__(self, radosgw, when, where):
        self.process = None
        self.seen = []
        self.when = when
        self.where = where
        self.proxy = FaultProxy(radosgw.endpoint, **{where: self.look})

    def look(self, method, path):
        if self.process and not self.seen and self.when(method, path):
            self.seen.append(path)
            self.process.kill()
            self.process.wait()
            if self.where == "before":
                raise ConnectionError("the server never sees it")

    def __enter__(self):
        self.proxy.__enter__()
        return self

    def __exit__(self, *_):
        self.proxy.__exit__()

    def run(self, house):
        """The next runs go the same way: what is left is remembered by where it was left."""
        house.environment["AWS_ENDPOINT_URL_S3"] = self.proxy.endpoint
        self.process = house.start("run")
        out, err = self.process.communicate(timeout=120)
        assert self.seen and self.process.returncode == -9, out + err


def a_part(number):
    return lambda method, path: method == "PUT" and ".duckdb" in path and f"partNumber={number}" in path


MOMENTS = {
    "the upload is begun, and nobody was told its name": (
        lambda m, p: m == "POST" and ".duckdb" in p and "uploads" in p, "after"),
    "the first part comes": (a_part(1), "before"),
    "the second part is there": (a_part(2), "after"),
    "the parts are put together": (lambda m, p: m == "POST" and ".duckdb" in p and "uploadId" in p, "before"),
    "they are together": (lambda m, p: m == "POST" and ".duckdb" in p and "uploadId" in p, "after"),
    "the number is claimed": (lambda m, p: m == "PUT" and p.endswith("/v000002.json"), "after"),
    "CURRENT is about to move": (lambda m, p: m == "PUT" and p.endswith("/CURRENT"), "before"),
    "CURRENT has moved": (lambda m, p: m == "PUT" and p.endswith("/CURRENT"), "after"),
    "a build is stored but for its record": (lambda m, p: m == "PUT" and p.endswith("/_build.json"), "before"),
    "a build is being stored": (lambda m, p: m == "PUT" and p.endswith(".parquet"), "after"),
    "the probe is there": (lambda m, p: m == "PUT" and p.endswith(".write-check"), "after"),
}


def recovers(house, bucket, binary, tmp_path, before, moved=False):
    elsewhere = all_on_s3(binary, tmp_path / "elsewhere", bucket)
    if moved:
        assert elsewhere.one("select count(*) from fct_subscription") == 1500
    else:
        assert checksums(elsewhere) == before, "the old version serves"
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 1500
    assert elsewhere.one("select count(*) from fct_subscription") == 1500
    assert_nothing_is_left(house, bucket)


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_when(house, bucket, binary, tmp_path, radosgw, moment):
    before = checksums(house)
    with Killer(radosgw, *MOMENTS[moment]) as killer:
        killer.run(house)
        recovers(house, bucket, binary, tmp_path, before, moved=moment == "CURRENT has moved")


@pytest.mark.parametrize("seed", range(4))
def test_killed_at_any_request(house, bucket, binary, tmp_path, radosgw, seed):
    chance = random.Random(seed)
    before = checksums(house)
    left = [chance.randrange(3, 60)]

    def when(method, path):
        left[0] -= 1
        return left[0] < 0

    with Killer(radosgw, when, chance.choice(["before", "after"])) as killer:
        killer.run(house)
        recovers(house, bucket, binary, tmp_path, before)


def test_uploads_of_others_are_left_alone(house, bucket, binary, tmp_path, radosgw):
    """Of the uploads that nobody ended, only those are taken back that this machine began."""
    bucket.request("POST", "out/warehouse/v000009.duckdb", query={"uploads": ""})
    with Killer(radosgw, *MOMENTS["the second part is there"]) as killer:
        killer.run(house)
        assert bucket.uploads() == 2
        house.run("run")
        assert bucket.uploads() == 1


def test_no_room_here(house, bucket, binary, tmp_path):
    """The disk of this machine is full when the version is written."""
    before = checksums(house)
    state = house.project / ".reelhouse"
    kept = tmp_path / "kept"
    os.rename(state, kept)
    state.mkdir()
    mounted = os.getuid() == 0 and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(state)], capture_output=True).returncode == 0
    if not mounted:
        pytest.skip("a small disk cannot be mounted here")
    try:
        subprocess.run(["cp", "-a", f"{kept}/.", state], check=True)
        filler = state / "filler"
        for room in (4 << 20, 1 << 20, 200 << 10):
            free = os.statvfs(state).f_bavail * os.statvfs(state).f_frsize
            filler.write_bytes(b"x" * (free - room))
            outcome = house.run("run", expect=1)
            assert "No space left" in outcome.err or "full" in outcome.err, outcome.err
            filler.unlink()
            elsewhere = all_on_s3(binary, tmp_path / f"elsewhere{room}", bucket)
            assert checksums(elsewhere) == before
        house.run("run")
        assert house.one("select count(*) from fct_subscription") == 1500
        assert_nothing_is_left(house, bucket)
        assert versions_in(bucket)[0] == {1, 2}
    finally:
        subprocess.run(["umount", "-l", str(state)], check=False)
