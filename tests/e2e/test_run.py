"""A run: what it publishes, what it refuses, what it leaves behind."""

import csv
import gzip
import re

import pytest

from conftest import House, accounts, new_project

TABLES = {
    "dim_date": "date_key", "dim_country": "country_key", "dim_plan": "plan_key", "dim_device": "device_key",
    "dim_user": "user_key", "dim_title": "title_key", "dim_person": "person_key", "dim_genre": "genre_key",
    "dim_imdb_title": "imdb_title_key",
}
OTHERS = ["bridge_title_genre", "bridge_title_person", "bridge_title_country", "fct_subscription",
          "fct_subscription_month", "fct_title", "fct_viewing_week", "fct_plan_change", "fct_churn",
          "fct_user_drop", "fct_title_drop"]


def raw_keys(house):
    objects = house.run("lake", "ls", "raw/", "--format", "json").json()
    return {o["key"] for o in objects}


def test_generated_lake_is_published(generated_template):
    house = generated_template
    assert house.current() == 1
    assert "publish  version 1" in house.outcome.err
    assert house.outcome.out == ""
    (entry,) = house.history()
    assert entry["state"] == "succeeded"
    assert entry["version"] == 1


def test_receipt_accounts_for_every_object(generated_template):
    house = generated_template
    receipt = house.receipt()
    entries = accounts(receipt)
    assert set(entries) == raw_keys(house)
    assert receipt["version"] == 1
    assert receipt["state"] == "succeeded"
    assert receipt["unreadable"] == []
    assert all(check["passed"] or check["severity"] == "warn" for check in receipt["checks"])
    assert [p["phase"] for p in receipt["phases"]] == ["crawl", "plan", "build", "check", "publish"]
    assert all(entry["etag"] for entry in entries.values())


def count_records(path):
    """Counts a file's records the plain way, without the program."""
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8", newline="") as lines:
        if ".tsv" in path.name:
            return sum(1 for _ in lines) - 1
        return sum(1 for _ in csv.reader(lines)) - 1


def test_records_read_are_the_files_records(generated_template):
    house = generated_template
    for key, entry in accounts(house.receipt()).items():
        assert entry["read"] == count_records(house.project / "lake" / key), key


def test_every_table_is_there_and_dimensions_know_unknown(generated_template):
    house = generated_template
    names = {row["name"] for row in house.sql("show tables")}
    assert set(TABLES) | set(OTHERS) <= names
    for table, key in TABLES.items():
        if table != "dim_date":
            assert house.one(f"select count(*) from {table} where {key} = -1") == 1, table
        assert house.one(f"select count(*) - count(distinct {key}) from {table}") == 0, table


def test_only_marts_are_published(generated_template):
    names = [row["name"] for row in generated_template.sql("show tables")]
    assert not [name for name in names if name.startswith(("stg_", "int_", "raw", "audit"))]


def test_facts_never_hold_null_keys(generated_template):
    house = generated_template
    columns = house.sql("select table_name, column_name from information_schema.columns "
                        "where column_name like '%\\_key' escape '\\'")
    nulls = " union all ".join(
        f"select '{c['table_name']}.{c['column_name']}' as place from {c['table_name']} "
        f"where {c['column_name']} is null" for c in columns)
    assert house.sql(nulls + " limit 5") == []


def test_revenue_is_the_files_revenue_less_the_rejected(generated_template):
    house = generated_template
    newest = sorted((house.project / "lake/raw/netflix_userbase").glob("drop=*"))[-1]
    key = str(newest.relative_to(house.project / "lake"))
    rejected = {q["line"] for q in house.quarantine("stg_netflix_user") if q["object"].startswith(key)}
    total = 0.0
    for file in newest.iterdir():
        with open(file, encoding="utf-8", newline="") as lines:
            reader = csv.DictReader(lines)
            total += sum(float(row["Monthly Revenue"]) for row in reader if reader.line_num not in rejected)
    assert float(house.one("select sum(monthly_revenue) from fct_subscription")) == pytest.approx(total)


def test_columns_and_tables_are_described(generated_template):
    rows = generated_template.sql("select table_name, comment from duckdb_tables()")
    assert rows and all(row["comment"] for row in rows)


def test_missing_lake_is_an_error(house):
    done = house.run("run", "--lake", house.project / "nowhere", expect=1)
    assert "nowhere" in done.err
    assert "lake" in done.err and "--lake" in done.err
    assert house.versions() == []


def test_lake_that_is_a_file_is_an_error(house, tmp_path):
    (tmp_path / "file").write_text("x")
    done = house.run("run", "--lake", tmp_path / "file", expect=1)
    assert "not a folder" in done.err


@pytest.mark.parametrize("folders", [["raw"], []])
def test_empty_lake_publishes_nothing(house, folders):
    house.lake.folder.mkdir()
    for folder in folders:
        (house.lake.folder / folder).mkdir()
    done = house.run("run", expect=3)
    assert "netflix_userbase" in done.err and "netflix_titles" in done.err
    assert "nothing was published" in done.err
    assert house.versions() == []
    assert "nothing is published yet" in house.run("sql", "select 1", expect=1).err
    assert house.history()[0]["state"] == "check_failed"


def test_one_required_dataset_missing_is_named(house):
    house.lake.titles()
    done = house.run("run", expect=3)
    assert "netflix_userbase" in done.err
    assert "raw.netflix_titles: is delivered" not in done.err


def test_without_optional_datasets_tables_are_empty_and_say_why(small_template):
    house = small_template
    assert house.one("select count(*) from fct_viewing_week") == 0
    assert house.one("select count(*) from dim_imdb_title where imdb_title_key <> -1") == 0
    assert house.one("select count(*) from fct_subscription") == 8
    for table, words in [("fct_viewing_week", "Top 10"), ("dim_imdb_title", "IMDb")]:
        done = house.run("sql", f"select * from {table} where 1 = 1")
        assert words in done.err, f"asking {table}, which is empty, does not tell why: {done.err!r}"


def test_all_datasets_by_hand(house):
    house.lake.required()
    house.lake.imdb()
    house.lake.top10()
    house.run("run")
    entries = accounts(house.receipt())
    assert set(entries) == raw_keys(house)
    assert all(entry["rejected"] == 0 for entry in entries.values()), entries
    (rated,) = house.sql("select t.title, t.imdb_id, f.imdb_rating, f.imdb_votes from fct_title f "
                         "join dim_title t using (title_key) where f.imdb_votes is not null")
    assert rated == {"title": "A Film Called 1", "imdb_id": "tt0000001", "imdb_rating": 7.5, "imdb_votes": 1200}
    assert house.one("select sum(hours_viewed) from fct_viewing_week") == 1000000
    assert house.one("select birth_year from dim_person where person_name = 'Ada Director'") == 1970


def test_paid_months_from_joined_to_last_paid(small_template):
    (row,) = small_template.sql(
        "select count(*) as months, min(month_key) as first, max(month_key) as last, "
        "count(*) filter (is_new) as new, count(*) filter (is_last_paid) as paid_last "
        "from fct_subscription_month join dim_user using (user_key) where user_id = 1")
    assert row == {"months": 18, "first": 20220101, "last": 20230601, "new": 1, "paid_last": 1}


def test_only_files_that_are_named(small):
    """A run writes to the project's own places and nowhere in the lake."""
    before = {p: p.stat().st_mtime_ns for p in small.lake.folder.rglob("*")}
    small.lake.userbase(drop="2023-08-16")
    added = set(small.lake.folder.rglob("*")) - set(before)
    small.run("run")
    after = set(small.lake.folder.rglob("*"))
    assert after == set(before) | added
    top = {p.name for p in small.project.iterdir()}
    assert {"store", "warehouse", ".reelhouse"} <= top


def test_json_is_the_receipt(small):
    done = small.run("run", "--format", "json")
    assert done.json() == small.receipt()
    assert done.json()["unchanged"] is True


def test_quiet_says_nothing(small):
    done = small.run("run", "--quiet")
    assert (done.out, done.err) == ("", "")


def test_selection_builds_and_publishes_nothing(small):
    small.lake.userbase(drop="2023-08-16")
    done = small.run("run", "--select", "stg_netflix_user")
    assert small.current() == 1
    assert re.search(r"publish\s+nothing", done.err)
    assert "stg_netflix_user" in [m["model"] for m in small.receipt()["models"]]
    assert "fct_subscription" not in [m["model"] for m in small.receipt()["models"] if m["state"] == "built"]
    done = small.run("run", "--select", "fct_subscription")
    (told,) = re.findall(r"left out, for they read models that are not selected: (.*)", done.err)
    ran = {f"{c['model']}.{c['check']}" for c in small.receipt()["checks"]}
    assert set(told.split(", ")).isdisjoint(ran) and "fct_subscription." in told
    assert "left out" not in small.run("run").err


def test_unknown_selection_has_a_near_miss(small):
    done = small.run("run", "--select", "stg_netflix_usr", expect=2)
    assert "stg_netflix_user" in done.err


def test_odd_letters_in_places_and_names(binary, tmp_path):
    house = House(binary, new_project(tmp_path / "it's a \"project\" [x] \u00fc"))
    house.lake.titles()
    key = house.lake.userbase(name="O'Brien \"x\" [1]\n\u00fc.csv")
    house.run("run")
    assert accounts(house.receipt())[key]["kept"] == 8
    assert house.one("select count(*) from fct_subscription") == 8
    assert house.quarantine() == []


def test_drop_of_a_day_that_has_not_come_is_warned_of(small):
    small.lake.userbase(drop="2099-01-01")
    done = small.run("run")
    assert re.search(r"warning raw: no drop lies in the future \(1 row\)\n.*drop=2099-01-01.*2099-01-01", done.err), done.err
    assert small.current() == 2, "a warning holds nothing up"
