"""The synthetic lake: always the same for a seed, whole or not at all, never over somebody's files."""

import csv
import gzip
import hashlib
import signal
import time

import pytest

from conftest import House, new_project


def generate(house, *args, **options):
    return house.run("generate", "--scale", "0.0005", *args, **options)


def contents(house):
    raw = house.project / "lake"
    return {str(p.relative_to(raw)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in raw.rglob("*") if p.is_file() and not p.name.startswith(".")}


@pytest.fixture(scope="module")
def first(binary, tmp_path_factory):
    house = House(binary, new_project(tmp_path_factory.mktemp("first") / "project"))
    generate(house, "--seed", "3")
    return house


def test_same_seed_same_bytes_with_any_number_of_threads(first, house):
    generate(house, "--seed", "3", "--threads", "1")
    assert contents(house) == contents(first)


def test_other_seed_differs(first, house):
    generate(house, "--seed", "4")
    here, there = contents(house), contents(first)
    assert here.keys() == there.keys()
    same = [key for key in here if key.startswith("raw/") and here[key] == there[key]]
    assert same == []


def test_every_dataset_in_its_layout(first):
    keys = set(contents(first))
    for name in ["title.basics", "title.ratings", "title.crew", "title.principals", "title.akas", "name.basics"]:
        assert f"raw/imdb/{name}.tsv.gz" in keys
    for dataset in ["netflix_userbase", "netflix_titles", "netflix_top10_global", "netflix_top10_countries"]:
        assert [k for k in keys if k.startswith(f"raw/{dataset}/drop=")]
    with gzip.open(first.project / "lake/raw/imdb/title.basics.tsv.gz", "rt") as file:
        assert file.readline() == ("tconst\ttitleType\tprimaryTitle\toriginalTitle\tisAdult\tstartYear\tendYear\t"
                                   "runtimeMinutes\tgenres\n")
    (newest,) = (first.project / "lake/raw/netflix_userbase/drop=2024-06-30").iterdir()
    with open(newest, newline="") as file:
        rows = list(csv.DictReader(file))
    assert 300 < len(rows) < 700
    assert list(rows[0])[:3] == ["User ID", "Subscription Type", "Monthly Revenue"]


def test_again_does_nothing_and_force_writes(first):
    before = {p: p.stat().st_mtime_ns for p in (first.project / "lake").rglob("*.csv")}
    done = generate(first, "--seed", "3")
    assert "already" in done.err
    assert {p: p.stat().st_mtime_ns for p in (first.project / "lake").rglob("*.csv")} == before
    whole = contents(first)
    generate(first, "--seed", "3", "--force")
    assert contents(first) == whole
    assert {p: p.stat().st_mtime_ns for p in (first.project / "lake").rglob("*.csv")} != before


def test_refuses_a_lake_with_files_of_others(house):
    house.lake.required()
    before = contents(house)
    for args in ([], ["--force"]):
        done = generate(house, *args, expect=2)
        assert "not generated" in done.err
    assert contents(house) == before


def test_another_scale_replaces_the_whole_lake(house):
    house.run("generate", "--scale", "0.0001")
    few = contents(house)
    house.run("generate", "--scale", "0.0002")
    more = contents(house)
    assert few.keys() == more.keys()
    assert few["raw/imdb/title.basics.tsv.gz"] != more["raw/imdb/title.basics.tsv.gz"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL])
def test_interrupted_leaves_no_half_file(house, first, stop):
    process = house.start("generate", "--scale", "0.02", "--threads", "1")
    lake = house.project / "lake"
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None and not list(lake.glob("raw/imdb/*")):
        time.sleep(0.01)
    time.sleep(0.1)
    assert process.poll() is None, "it ended before it could be stopped"
    process.send_signal(stop)
    _, errors = process.communicate(timeout=30)
    if stop == signal.SIGINT:
        assert process.returncode == 130, errors
        assert not (lake / ".generating").exists()
    for file in lake.glob("raw/imdb/*.gz"):
        with gzip.open(file, "rb") as content:
            while content.read(1 << 20):
                pass
    # the next one completes without being told, and leaves the same lake as if nothing had happened
    generate(house, "--seed", "3")
    assert contents(house) == contents(first)
    assert not (lake / ".generating").exists()


def test_disk_full_is_told_and_leaves_no_half_file(house):
    import resource
    import subprocess

    from conftest import clean_environment

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    done = subprocess.run(house.command("generate", "--scale", "0.005"), capture_output=True, text=True,
                          preexec_fn=small_files, env=clean_environment())
    assert done.returncode == 1
    assert done.stderr.strip().split("\n")[-1]
    for file in (house.project / "lake").glob("raw/imdb/*.gz"):
        with gzip.open(file, "rb") as content:
            content.read()
