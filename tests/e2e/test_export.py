"""Published tables as files: whole, of one version, beside each other."""

import csv
import io
import signal
import time

import pytest

from conftest import title


def tables(house):
    return [row["name"] for row in house.sql("select table_name as name from information_schema.tables "
                                             "where table_schema = 'main' order by 1")]


def test_every_table_is_exported_with_all_its_rows(small, tmp_path):
    rows = small.run("export", "--to", tmp_path / "out", "--format", "json").json()
    assert {r["table"] for r in rows} == set(tables(small))
    for row in rows:
        assert (tmp_path / "out" / f"{row['table']}.parquet").read_bytes()[:4] == b"PAR1"
        assert row["rows"] == small.one(f"select count(*) as n from {row['table']}")
        assert row["version"] == 1
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(f"{r['table']}.parquet" for r in rows)


def test_csv_says_what_sql_says(small, tmp_path):
    small.run("export", "dim_plan", "--to", tmp_path / "out", "--as", "csv")
    exported = list(csv.DictReader(io.StringIO((tmp_path / "out" / "dim_plan.csv").read_text())))
    asked = list(csv.DictReader(io.StringIO(small.run("sql", "select * from dim_plan", "--format", "csv").out)))
    assert sorted(map(str, exported)) == sorted(map(str, asked)) and exported


def test_csv_for_people_is_safe_in_a_spreadsheet_and_for_machines_exact(house, tmp_path):
    formulas = ["=cmd|' /C calc'!A0", "@SUM(1+1)", "+1", "-1+1", "＝1", "a=b", "5; =6", '"=x", "y"']
    rows = [title(n + 1, title=text) for n, text in enumerate(formulas)]
    house.lake.userbase()
    house.lake.titles(rows)
    house.run("run")
    house.run("export", "dim_title", "--to", tmp_path / "machines", "--as", "csv")
    house.run("export", "dim_title", "--to", tmp_path / "people", "--as", "csv", "--for", "people")
    exact, people = [(tmp_path / place / "dim_title.csv").read_bytes() for place in ("machines", "people")]
    assert not exact.startswith(b"\xef\xbb\xbf") and people.startswith(b"\xef\xbb\xbf")
    exact, people = [list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline=""))) for text in (exact, people)]
    assert {row["title"] for row in exact if row["show_id"]} == set(formulas)
    dangerous = tuple("=+-@\t\r\n＝＋－＠")
    exact, people = [sorted(rows, key=lambda row: row["title_key"]) for rows in (exact, people)]
    for before, after in zip(exact, people, strict=True):
        for name, value in before.items():
            number = name.endswith("_key") or name == "match_confidence"
            expected = "'" + value if value.startswith(dangerous) and not number else value
            assert after[name] == expected, name
    assert "-1" in {row["title_key"] for row in people}, "a negative number stays a number"
    assert "--as csv" in house.run("export", "--to", tmp_path / "x", "--for", "people", expect=2).err


def test_files_are_replaced_and_others_stay(small, tmp_path):
    out = tmp_path / "a folder's"
    out.mkdir()
    (out / "dim_plan.csv").write_text("old")
    (out / "mine.txt").write_text("mine")
    small.run("export", "dim_plan", "dim_plan", "--to", out, "--as", "csv")
    assert (out / "dim_plan.csv").read_text() != "old"
    assert sorted(p.name for p in out.iterdir()) == ["dim_plan.csv", "mine.txt"]


def test_unknown_tables_and_places_are_refused_before_anything_is_written(small, tmp_path):
    assert "dim_plan" in small.run("export", "dim_plna", "--to", tmp_path / "out", expect=2).err
    assert not (tmp_path / "out").exists()
    for place, reason in (("warehouse", "the warehouse"), ("store", "the store"), ("lake/raw", "the lake's raw/"),
                          ("models", "the project's models/"), ("sources/x", "the project's sources/"),
                          (".reelhouse/x", "the project's .reelhouse/")):
        refused = small.run("export", "--to", small.project / place, expect=2)
        assert f"would write into {reason}, which the project itself reads or keeps" in refused.err, place
    refused = small.run("export", "--to", small.project, expect=2)
    assert "would write into the folder that holds the lake's raw/" in refused.err
    (tmp_path / "file").write_text("x")
    assert "a file" in small.run("export", "--to", tmp_path / "file", expect=2).err
    assert (tmp_path / "file").read_text() == "x"
    assert "is no folder" in small.run("export", "--to", "s3://bucket/x", expect=2).err


def test_nothing_published_is_said(house, tmp_path):
    assert "reelhouse run" in house.run("export", "--to", tmp_path / "out", expect=1).err
    assert not (tmp_path / "out").exists()


def test_several_at_once(small, tmp_path):
    started = [small.start("export", "--to", tmp_path / "out", "--as", kind) for kind in ("csv", "parquet") * 3]
    for process in started:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    names = tables(small)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(
        f"{name}.{kind}" for name in names for kind in ("csv", "parquet"))


def test_what_a_killed_export_left_goes_with_the_next(small, tmp_path):
    left = tmp_path / "out" / ".arriving-dead00"
    left.mkdir(parents=True)
    (left / "dim_plan.parquet").write_text("half")
    small.run("export", "dim_plan", "--to", tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["dim_plan.parquet"]


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_an_export_that_ends_early_leaves_old_files_whole(small, tmp_path, ending):
    out = tmp_path / "out"
    small.run("export", "--to", out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    process = small.start("export", "--to", out)
    end = time.monotonic() + 20
    while process.poll() is None and not list(out.glob(".arriving-*")) and time.monotonic() < end:
        pass
    process.send_signal(ending)
    process.communicate(timeout=30)
    after = {p.name: p.read_bytes() for p in out.iterdir() if not p.name.startswith(".")}
    assert set(after) == set(before)
    assert all(content[:4] == b"PAR1" and content[-4:] == b"PAR1" for content in after.values())
    small.run("export", "--to", out)
    assert not list(out.glob(".arriving-*"))
