"""`reelhouse test`: the shipped project's tests, one that fails, files with mistakes, and what is left alone."""

import os
import signal
import time

import pytest

TESTED = ("staging", "matching")


def files(house):
    return sorted(p.relative_to(house.project).as_posix() for p in house.project.rglob("*") if p.is_file())


def write(house, name, text):
    (house.project / "models" / name).write_text(text, encoding="utf-8")


def change(house, name, before, after):
    path = house.project / "models" / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_shipped_models_pass_without_a_lake(house):
    before = files(house)
    done = house.run("test", "--format", "json", timeout=600)
    rows = done.json()
    models = {p.stem for folder in TESTED for p in (house.project / "models" / folder).glob("*.sql")}
    assert len(models) > 10
    assert {row["model"] for row in rows} >= models
    assert {row["result"] for row in rows} == {"passed"}
    assert all(row["differences"] is None and row["seconds"] >= 0 for row in rows)
    assert f"{len(rows)} tests passed" in done.err
    assert "models have no test: bridge_" in done.err
    assert files(house) == before
    assert not (house.project / ".reelhouse").exists() and not (house.project / "store").exists()


def test_one_line_a_test_of_the_models_named(house):
    done = house.run("test", "stg_imdb_rating")
    lines = done.out.splitlines()
    assert len(lines) == 3 and all(line.startswith("pass  stg_imdb_rating: ") for line in lines)
    assert "no test" not in done.err
    both = house.run("test", "--select", "stg_imdb_rating,int_title_credit", "--format", "json").json()
    assert {row["model"] for row in both} == {"stg_imdb_rating", "int_title_credit"}
    assert house.run("test", "stg_imdb_rating", "--quiet").out == ""


def test_a_broken_model_fails_with_the_row_that_differs(house):
    change(house, "staging/stg_imdb_rating.yml", "not between 1 and 10", "not between 1 and 11")
    done = house.run("test", "stg_imdb_rating", expect=1, cwd=house.project)
    assert done.out.count("FAIL  ") == 1 and done.out.count("pass  ") == 2
    assert "FAIL  stg_imdb_rating: what is no number, rating or count of votes goes to quarantine" in done.out
    assert "stg_imdb_rating.tests.yml:13" in done.out
    assert "expect: a row came that is not expected" in done.out and "imdb_id: 'tt0000002'" in done.out
    assert "rejects, line 28: the row did not come" in done.out
    assert "1 of 3 tests failed" in done.err
    failed = [r for r in house.run("test", "stg_imdb_rating", "--format", "json", expect=1).json() if r["result"] == "failed"]
    assert len(failed) == 1 and "the row did not come" in failed[0]["differences"]
    assert failed[0]["where"].endswith("models/staging/stg_imdb_rating.tests.yml:13")


@pytest.mark.parametrize("model, before, after", [
    ("staging/stg_netflix_user.sql", "order by _object, _line", "order by _object, _line desc"),
    ("staging/stg_netflix_title.sql", "between 1990 and year(_drop) + 1", "between 1990 and year(_drop) + 9"),
    ("staging/stg_netflix_top10_country.sql", "coalesce(c.country_key, i.country_key, -1)", "coalesce(c.country_key, -1)"),
    ("staging/int_country_name.sql", "order by preference, country_code", "order by country_code"),
    ("staging/int_user_snapshot.sql", "v.last_payment_date >= add_months", "v.last_payment_date > add_months"),
    ("matching/int_title_identity.sql", "s.agreeing * 2 >= s.shared", "s.agreeing * 2 >= 0"),
    ("matching/int_title_match.sql", "order by had_ended, years_apart", "order by years_apart, had_ended"),
    ("matching/int_title_version.sql", "= stay_from then 0", "is not null then 0"),
    ("matching/int_title_credit.sql", "where mention = 1", ""),
    ("matching/int_person_match.sql", "order by title_count desc, length(person_imdb_id)", "order by length(person_imdb_id)"),
    ("matching/int_imdb_title.sql", "copy = 1 and _drop = newest_drop\n)\n\nselect", "copy = 1\n)\n\nselect"),
])
def test_shipped_tests_find_a_fault(house, model, before, after):
    change(house, model, before, after)
    name = model.split("/")[1].removesuffix(".sql")
    assert "FAIL  " + name in house.run("test", name, expect=1, timeout=600).out


def test_mistakes_are_named_with_file_and_line_and_nothing_runs(house):
    write(house, "staging/stg_imdb_crew.tests.yml",
          "tests:\n  - name: one\n    given:\n      raw.imdb_title_crews: []\n"
          "      raw.imdb_title_crew:\n        - {tcons: tt1}\n    expect:\n      - {imdb_id: tt1}\n")
    write(house, "staging/stg_imdb_crwe.tests.yml", "tests: []\n")
    done = house.run("test", expect=2, cwd=house.project)
    assert done.out == ""
    assert "stg_imdb_crew.tests.yml:4: given: stg_imdb_crew does not read 'raw.imdb_title_crews'" in done.err
    assert "Did you mean raw.imdb_title_crew?" in done.err
    assert "stg_imdb_crew.tests.yml:6: raw.imdb_title_crew has no column 'tcons'" in done.err
    assert "Did you mean tconst?" in done.err
    assert "there is no model 'stg_imdb_crwe' beside its tests" in done.err
    assert "3 problems; no test was run" in done.err
    problems = house.run("validate", "--format", "json", expect=2, cwd=house.project).json()
    assert [p["where"] for p in problems if ".tests.yml" in p["where"]] == [
        "models/staging/stg_imdb_crwe.tests.yml", "models/staging/stg_imdb_crew.tests.yml:4",
        "models/staging/stg_imdb_crew.tests.yml:6"]
    assert "Did you mean stg_imdb_crew?" in house.run("test", "stg_imdb_crw", expect=2).err


def test_validate_counts_the_tests_and_a_project_without_any_is_sound(house):
    assert " tests, " in house.run("validate").err
    for file in house.project.rglob("*.tests.yml"):
        file.unlink()
    assert ", 0 tests, " in house.run("validate").err
    done = house.run("test")
    assert done.out == "" and "0 tests passed" in done.err and "models have no test: " in done.err


def test_ctrl_c_ends_it_and_leaves_nothing(house, tmp_path):
    write(house, "staging/stg_imdb_crew.sql",
          "select count(*) as n, max(c.tconst) as imdb_id from raw.imdb_title_crew as c, range(400000) as a, range(400000) as b\n")
    write(house, "staging/stg_imdb_crew.tests.yml",
          "tests:\n  - name: long\n    given: {raw.imdb_title_crew: [{tconst: a}]}\n    expect: []\n")
    for file in (house.project / "models").glob("m*/*"):  # what reads the model in its old form
        file.unlink()
    (house.project / "models/staging/int_user_snapshot.sql").unlink()
    (house.project / "models/staging/int_user_snapshot.yml").unlink()
    (house.project / "models/staging/int_user_snapshot.tests.yml").unlink()
    folder = tmp_path / "tmp"
    folder.mkdir()
    os.environ["TMPDIR"] = str(folder)
    try:
        process = house.start("test", "stg_imdb_crew")
        deadline = time.monotonic() + 60
        while not any(folder.iterdir()) and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        del os.environ["TMPDIR"]
    assert process.returncode == 130, err
    assert out == "" and "interrupted" in err
    assert list(folder.iterdir()) == []
