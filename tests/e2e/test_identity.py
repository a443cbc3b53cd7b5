"""Which delivery a file belongs to: days in paths, copies, files that nobody declared."""

import csv
import gzip
import io
import os
import shutil
import socket

import pytest

import cases
from conftest import USER_FIELDS, accounts, csv_text, title, user, users

Q = "select count(*) as users, cast(sum(monthly_revenue) as double) as mrr from fct_subscription"


def lay(house, case):
    cases.lay(case, house.lake.folder)


def published(house):
    (row,) = house.sql(Q)
    return row["users"], row["mrr"]


def test_hive_folders_are_drops(house):
    lay(house, "02-hive-dt")
    house.run("run")
    assert published(house) == (310, 4492.0)
    assert house.one("select count(*) from fct_plan_change") > 0


def test_a_copy_beside_its_original_is_left_out_and_told(house):
    lay(house, "34-copy-1")
    assert "is a copy of 'Netflix Userbase.csv'" in house.run("crawl").err
    house.run("run")
    assert published(house) == (300, 3735.0)


@pytest.mark.parametrize("names", [("users_a.csv", "users_b.csv"), ("z/users.csv", "a/more.csv.gz")])
def test_files_of_a_drop_that_contradict_each_other_stop_the_run(house, names):
    house.lake.titles()
    first, second = users(100), users(60, first=41)
    second[9] = {**second[9], "Subscription Type": "Basic", "Monthly Revenue": "99"}
    for name, rows in zip(names, (first, second)):
        content = csv_text(rows, USER_FIELDS).encode()
        house.lake.userbase(name=name, content=gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    told = house.run("run", expect=3).err
    assert "FAILED stg_netflix_user: files_of_a_drop_agree (1 row)" in told
    assert all(f"/{name}" in told for name in names)
    assert "user_id = 50" in told and "plan_name, monthly_revenue" in told and "Take the wrong file away" in told
    assert "files_of_a_drop_agree" in house.run("run", "--accept", "netflix_userbase", expect=3).err
    second[9] = first[49]
    content = csv_text(second, USER_FIELDS).encode()
    house.lake.userbase(name=names[1], content=gzip.compress(content, mtime=0) if names[1].endswith(".gz") else content)
    house.run("run")  # what is said twice in the same words is a double
    assert house.one("select count(*) from fct_subscription") == 100


def test_a_copy_without_its_name_contradicts_too(house):
    lay(house, "34-copy-1")
    drop = next((house.lake.folder / "raw/netflix_userbase").iterdir())
    (copy,) = [path for path in drop.iterdir() if "Copy" in path.name]
    copy.rename(drop / "A.csv")
    told = house.run("run", expect=3).err
    assert "files_of_a_drop_agree" in told and "/A.csv" in told and "/Netflix Userbase.csv" in told


def test_catalogues_of_a_drop_that_contradict_each_other_stop_the_run(house):
    house.lake.required()
    house.lake.titles([{**title(2), "release_year": "1999"}, title(3), title(90)], name="more.csv")
    told = house.run("run", expect=3).err
    assert "FAILED stg_netflix_title: files_of_a_drop_agree (1 row)" in told
    assert "show_id = s2" in told and "differs_in = release_year" in told


@pytest.mark.parametrize("changes, words", [({"weekly_hours_viewed": "900"}, "hours_viewed"),
                                            ({"show_title": "Another"}, "show_title")])
def test_lists_of_a_drop_that_contradict_each_other_stop_the_run(house, changes, words):
    house.lake.required()
    house.lake.top10()
    (first,) = (house.lake.folder / "raw/netflix_top10_global").rglob("*.tsv")
    (row,) = csv.DictReader(io.StringIO(first.read_text()), delimiter="\t")
    again = {**row, "week": "2023-06-25"}
    other = first.with_name("z_all-weeks-global.tsv")
    other.write_text(csv_text([again, row, {**row, "weekly_rank": "2", "show_title": "B"}], list(row), delimiter="\t"))
    house.run("run")
    other.write_text(csv_text([again, {**row, **changes}], list(row), delimiter="\t"))
    told = house.run("run", expect=3).err
    assert "FAILED stg_netflix_top10_global: files_of_a_drop_agree (1 row)" in told
    assert "week_date = 2023-07-02" in told and f"differs_in = {words}\n" in told


def test_lists_by_country_of_a_drop_that_contradict_each_other_stop_the_run(house):
    house.lake.required()
    house.lake.top10()
    (first,) = (house.lake.folder / "raw/netflix_top10_countries").rglob("*.csv")
    (row,) = csv.DictReader(io.StringIO(first.read_text()))
    other = first.with_name("a_all-weeks-countries.csv")
    other.write_text(csv_text([{**row, "country_name": "Italy", "country_iso2": "IT"}, row], list(row)))
    house.run("run")
    other.write_text(csv_text([{**row, "show_title": "Another"}], list(row)))
    told = house.run("run", expect=3).err
    assert "FAILED stg_netflix_top10_country: files_of_a_drop_agree (1 row)" in told and "country_name = Spain" in told


def test_two_rows_of_one_user_in_one_file_contradict_no_other_file(house):
    house.lake.titles()
    house.lake.userbase(users(100) + [user(50, monthly_revenue="99")])
    assert "files_of_a_drop_agree" not in house.run("run").err
    assert house.one("select count(*) from fct_subscription") == 100


def test_an_undated_file_is_not_ranked_against_a_dated_drop(house):
    lay(house, "31-undated-beside-dated")
    outcome = house.run("run", expect=3)
    assert "raw/netflix_userbase/Netflix Userbase.csv" in outcome.err and "names no day" in outcome.err
    assert "drop=YYYY-MM-DD" in outcome.err
    settings = house.project / "reelhouse.yaml"
    settings.write_text(settings.read_text().replace("exclude: []", "exclude: ['netflix_userbase/Netflix Userbase.csv']"))
    house.run("run")
    assert published(house) == (350, 7000.0)


def test_a_newest_file_that_no_table_claims_stops_the_run(house):
    lay(house, None)
    house.run("run")
    lay(house, "06-newer-parquet")
    outcome = house.run("run", expect=3)
    assert "raw/netflix_userbase/drop=2023-08-16/users.parquet" in outcome.err
    assert "350 records of the newest drop" in outcome.err and "by its ending alone" in outcome.err
    assert published(house) == (300, 3735.0)  # of the version before


def test_an_older_file_that_no_table_claims_is_a_warning(house):
    house.lake.required()
    house.lake.put("netflix_userbase/drop=2020-01-01/readme.tsv", "a\tb\n1\t2\n")
    outcome = house.run("run")
    assert "readme.tsv" in outcome.err and "reach no model" in outcome.err


@pytest.mark.parametrize("folder, day", [
    ("date=2023-08-16", "2023-08-16"), ("DT=20230816", "2023-08-16"), ("year=2023/month=08/day=16", "2023-08-16"),
    ("year=2023/month=8", "2023-08-01"), ("day=2023-08-16", "2023-08-16"), ("ds=2023-08-16 00%3A00%3A00", "2023-08-16"),
    ("country=es/dt=2023-08-16", "2023-08-16")])
def test_ways_to_write_a_day(house, folder, day):
    house.lake.required()
    house.lake.put(f"netflix_userbase/{folder}/Netflix Userbase.csv", csv_text(users(12), USER_FIELDS))
    house.run("run")
    (drop,) = {entry["drop"] for key, entry in accounts(house.receipt()).items() if f"/{folder}/" in key}
    assert drop == day
    assert house.one("select count(*) from fct_subscription") == 12


def test_a_folder_that_names_no_day_is_a_column(house):
    house.lake.required()
    fields = [field for field in USER_FIELDS if field != "Country"]
    for country, first in (("Spain", 1), ("Costa%20Rica", 21), ("__HIVE_DEFAULT_PARTITION__", 41)):
        rows = [user(number) for number in range(first, first + 4)]
        house.lake.put(f"netflix_userbase/drop=2023-08-16/country={country}/users.csv", csv_text(rows, fields))
    assert "the column country is that of its folder 'country=Spain'" in house.run("crawl").out
    house.run("run")
    query = """select coalesce(c.country_name, '-') as country, count(*) as users from fct_subscription as f
        join dim_country as c using (country_key) group by 1 order by 1"""
    told = {row["country"]: row["users"] for row in house.sql(query)}
    assert told["Spain"] == 4 and told["Costa Rica"] == 4 and sum(told.values()) == 12
    folder = house.lake.folder / "raw/netflix_userbase/drop=2023-08-16"
    (folder / "country=Spain").rename(folder / "country=Italy")
    house.run("run")
    told = {row["country"]: row["users"] for row in house.sql(query)}
    assert told.get("Italy") == 4 and "Spain" not in told


def test_a_file_s_own_column_stands_before_its_folder_s(house):
    house.lake.required()
    house.lake.put("netflix_userbase/drop=2023-08-16/country=Peru/users.csv", csv_text(users(12), USER_FIELDS))
    assert "'country=Peru' is passed over: the file has a column country, which says" in house.run("crawl").out
    house.run("run")
    assert house.one("select count(*) from dim_user where country_key in "
                     "(select country_key from dim_country where country_name = 'Peru')") == 0


def declare(house, line):
    """Adds a line to the declaration of the userbase's table."""
    source = house.project / "sources/netflix_userbase.yml"
    source.write_text(source.read_text().replace('    files: "*.csv*"\n', f'    files: "*.csv*"\n    {line}\n'))


def test_a_drop_may_stand_in_the_file_s_name(house):
    house.lake.titles()
    for day, count in (("20230716", 8), ("20230816", 12)):
        house.lake.put(f"netflix_userbase/users_{day}.csv", csv_text(users(count), USER_FIELDS))
    declare(house, 'drop_pattern: "users_%Y%m%d*"')
    house.run("run")
    assert {entry["drop"] for key, entry in accounts(house.receipt()).items() if "userbase" in key} == {
        "2023-07-16", "2023-08-16"}
    assert house.one("select count(*) from fct_subscription") == 12
    house.lake.put("netflix_userbase/users_final.csv", csv_text(users(12), USER_FIELDS))
    told = house.run("run", expect=3).err
    assert "raw/netflix_userbase/users_final.csv" in told and "does not match the drop_pattern users_%Y%m%d*" in told
    assert "netflix_userbase.yml:" in told


def test_a_wrong_drop_pattern_is_named_by_file_and_line(house):
    house.lake.required()
    declare(house, 'drop_pattern: "users_%Y%d.csv"')
    told = house.run("validate", expect=2).err
    assert "netflix_userbase.yml:" in told and "has %d and no %m" in told


@pytest.mark.parametrize("folder", ["dt=soon", "year=2023/month=13/day=01", "month=08", "dt=2023-08-16/drop=2023-08-16",
                                    "date=__HIVE_DEFAULT_PARTITION__"])
def test_a_day_that_is_none_is_named(house, folder):
    house.lake.required()
    house.lake.put(f"netflix_userbase/{folder}/Netflix Userbase.csv", csv_text(users(12), USER_FIELDS))
    outcome = house.run("run", expect=3)
    assert f"raw/netflix_userbase/{folder}/" in outcome.err


def test_unfinished_and_foreign_files_are_told_and_left_out(house):
    house.lake.required()
    content = csv_text([user(900)], USER_FIELDS)
    names = ["Netflix Userbase.csv.part", "Netflix Userbase.csv.bak", "~$Netflix Userbase.csv", "Netflix Userbase.csv.tmp",
             "Netflix Userbase.csv.crdownload", "Netflix Userbase.csv:Zone.Identifier", "Thumbs.db", "desktop.ini",
             "_temporary/0/Netflix Userbase.csv", "Netflix Userbase (1).csv", "Copy of Netflix Userbase.csv",
             "Netflix Userbase - Kopie (2).csv", "Netflix Userbase copy.csv"]
    for name in names:
        house.lake.put(f"netflix_userbase/drop=2023-07-16/{name}", content)
    told = house.run("crawl").err
    for name in names:
        if name.startswith("_"):  # what begins so is hidden, as for Hive and Spark; the folder is told
            name = name.split("/")[0]
        assert f"ignored: raw/netflix_userbase/drop=2023-07-16/{name} (" in told, name
    counted = f"left out {len(names)} files (copies 4, foreign 5, unfinished 4): 'reelhouse crawl' says which and why"
    assert counted in house.run("run").err
    assert counted in house.run("run").err  # nothing has changed
    assert house.one("select count(*) from fct_subscription") == 8


def test_a_copy_alone_is_a_delivery(house):
    house.lake.userbase(name="Netflix Userbase (1).csv")
    house.lake.titles()
    crawled = house.run("crawl")
    assert "its name is a copy's" in crawled.out + crawled.err
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 8


@pytest.mark.parametrize("name", ["Netflix_Userbase", "netflix-userbase", "netflix_userbases", "netflixuserbase"])
def test_a_folder_almost_named_as_a_dataset_is_named(house, name):
    house.lake.required()
    shutil.move(house.lake.folder / "raw/netflix_userbase", house.lake.folder / "raw" / name)
    outcome = house.run("run", expect=3)
    assert f"raw/{name} is read by no model" in outcome.err and "raw/netflix_userbase: rename the folder" in outcome.err


def test_links_are_followed_inside_the_lake_and_counted_once(house):
    house.lake.required()
    folder = house.lake.folder / "raw/netflix_userbase"
    (folder / "latest").symlink_to("drop=2023-07-16")
    (folder / "drop=2023-07-16/again.csv").symlink_to("Netflix Userbase.csv")
    (folder / "round").symlink_to(house.lake.folder)
    archived = house.lake.folder / "archive/users.csv"
    archived.parent.mkdir()
    archived.write_text(csv_text(users(12), USER_FIELDS))
    (folder / "drop=2023-08-16").mkdir()
    (folder / "drop=2023-08-16/users.csv").symlink_to(archived)
    (folder / "drop=2023-08-16/v.csv").symlink_to(archived)
    told = house.run("crawl").err
    assert "netflix_userbase/drop=2023-07-16/again.csv (is a link to raw/netflix_userbase/drop=2023-07-16/" in told
    assert "netflix_userbase/latest (is a link to raw/netflix_userbase/drop=2023-07-16, which counts there)" in told
    assert "drop=2023-08-16/v.csv (is what raw/netflix_userbase/drop=2023-08-16/users.csv is" in told
    assert "netflix_userbase/round (is a link to a folder that it lies in)" in told
    assert "left out 4 files (links 4)" in house.run("run").err
    assert house.one("select count(*) from fct_subscription") == 12


@pytest.mark.parametrize("target, words", [("elsewhere", "leads out of the lake"), ("gone", "leads nowhere"),
                                           ("users.csv", "leads in a circle")])
def test_links_that_lead_elsewhere_are_refused(house, tmp_path, target, words):
    house.lake.required()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/users.csv").write_text(csv_text(users(12), USER_FIELDS))
    link = house.lake.folder / "raw/netflix_userbase/users.csv"
    link.symlink_to(tmp_path / target if target == "elsewhere" else target)
    told = house.run("run", expect=3).err
    assert "raw/netflix_userbase/users.csv: it is a link that " + words in told
    settings = house.project / "reelhouse.yaml"
    settings.write_text(settings.read_text().replace("exclude: []", "exclude: ['netflix_userbase/users.csv']"))
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 8


def test_what_is_no_file_is_told_and_waited_for_by_nobody(house):
    house.lake.required()
    folder = house.lake.folder / "raw/netflix_userbase/drop=2023-07-16"
    os.mkfifo(folder / "pipe.csv")
    (folder / "users.csv").mkdir()
    house.lake.put("netflix_userbase/drop=2023-07-16/_temporary/0/part.csv", "half of a")
    with socket.socket(socket.AF_UNIX) as listening:
        here = os.getcwd()
        os.chdir(folder)  # the names of sockets are short
        listening.bind("socket.csv")
        os.chdir(here)
        told = house.run("crawl", timeout=60).err
        for name, why in (("pipe.csv", "is a pipe"), ("users.csv", "is a folder named as a file"),
                          ("socket.csv", "is a socket"), ("_temporary", "holds files of a write")):
            assert f"ignored: raw/netflix_userbase/drop=2023-07-16/{name} ({why}" in told
        assert "left out 4 files (no files 3, unfinished 1)" in house.run("run", timeout=60).err
    assert house.one("select count(*) from fct_subscription") == 8
    house.lake.put("netflix_userbase/drop=2023-08-16/users.csv/part-0.csv", csv_text(users(12), USER_FIELDS))
    assert "named as a file: users.csv" in house.run("crawl").out
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 12
