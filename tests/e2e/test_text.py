"""Text and names as they come: preambles, escapes, headers, words for nothing, lost letters, names with commas."""

import csv
import io
import re

import pytest

import cases
from conftest import TITLE_FIELDS, USER_FIELDS, csv_text, title, titles, user, users

Q = "select count(*) as users, sum(monthly_revenue) as revenue from fct_subscription"
USERBASE = "raw/netflix_userbase/drop=2023-07-16/Netflix Userbase.csv"


def laid(house, case, expect=0):
    """The outcome of a run on a case."""
    cases.lay(case, house.lake.folder)
    return house.run("run", expect=expect)


def structure(house, key):
    """What the catalog says of an object, and how many of its records are rejected."""
    house.run("crawl")
    (row,) = [row for row in house.run("catalog", "--format", "json").json() if row["dataset"] == key.split("/")[1]]
    return row["format"], row["rejected"]


def warnings(outcome):
    """The lines below each warning of a run, by the check's name."""
    found = {}
    for line in outcome.err.splitlines():
        told = re.match(r"check +warning (\S+: \S+)", line)
        if told:
            found[told[1]] = []
        elif line.startswith(" " * 11) and found:
            found[list(found)[-1]].append(line.strip())
    return found


# ---- how a file is read

def test_a_separator_line_is_understood(house):
    laid(house, "16-sep")
    assert house.sql(Q) == [{"users": 300, "revenue": 3735.00}]
    assert structure(house, USERBASE) == ("CSV, UTF-8, ';', 1 line before the header", 0)


@pytest.mark.parametrize("content, told", [
    (lambda text: "sep=,\r\n" + text.replace("\n", "\r\n"), "CSV, UTF-8, 1 line before the header"),
    (lambda text: "\ufeffSEP=\t\n" + text.replace(",", "\t"), "TSV, UTF-8, 1 line before the header"),
    (lambda text: '"sep=|"\n' + text.replace(",", "|"), "CSV, UTF-8, '|', 1 line before the header"),
    (lambda text: "Userbase of July\n\n" + text, "CSV, UTF-8, 2 lines before the header"),
], ids=["comma", "tab behind a mark", "in quotes", "title and a blank line"])
def test_preambles_are_passed_over(small, content, told):
    rows = users(9)
    small.lake.userbase(content=content(csv_text(rows, USER_FIELDS)))
    small.run("run")
    assert small.one("select sum(monthly_revenue) from fct_subscription") == sum(int(r["Monthly Revenue"]) for r in rows)
    assert structure(small, USERBASE) == (told, 0)


def test_a_separator_line_in_utf_16(small):
    text = "sep=;\r\n" + csv_text(users(9), USER_FIELDS, delimiter=";", newline="\r\n")
    small.lake.userbase(content=text.encode("utf-16"))
    small.run("run")
    assert small.one("select count(*) from fct_subscription") == 9


def test_escaped_quotes_are_read(house):
    laid(house, "15-spark-escape")
    assert house.one("select count(*) from dim_title where title_key <> -1") == 300
    assert structure(house, "raw/netflix_titles/x") == ("CSV, UTF-8, \\ escapes", 0)
    assert house.one("select description from dim_title where show_id = 's1'") == (
        'He said "stop", then "go", and "left", twice')
    assert house.one("select count(*) from dim_title where contains(description, chr(92) || chr(34))") == 0


def test_the_escape_can_be_said_and_forbidden(small):
    # Consistent without an escape: only the project can know.
    rows = [title(1, description="plain")]
    text = csv_text(rows, TITLE_FIELDS).replace("plain", 'says \\"hello\\" to all')
    small.lake.titles(content=text)
    small.run("run")
    assert small.one("select description from dim_title where show_id = 's1'") == 'says \\"hello\\" to all'
    source = small.project / "sources" / "netflix_titles.yml"
    source.write_text(source.read_text().replace("    quote: '\"'\n", "    quote: '\"'\n    escape: backslash\n"))
    small.run("run")
    assert small.one("select description from dim_title where show_id = 's1'") == 'says "hello" to all'
    source.write_text(source.read_text().replace("escape: backslash", "escape: '\"'"))
    refused = small.run("run", expect=2)
    assert "sources/netflix_titles.yml" in refused.err and "the escape is the quote" in refused.err


def test_a_declared_column_that_is_there_twice_is_refused_until_one_is_meant(house):
    refused = laid(house, "17b-dup-header-first", expect=3)
    assert ("has two columns monthly_revenue of netflix_userbase: field 1 'monthly_revenue' and field 4 "
            "'Monthly Revenue', which differ in 300 of 300 records") in refused.err
    source = house.project / "sources" / "netflix_userbase.yml"
    plain = source.read_text()
    for alias, revenue in (("Monthly Revenue", 3735.00), ("monthly_revenue", 299700.00)):
        assert f"'{alias}: monthly_revenue'" in refused.err
        source.write_text(plain.replace("    min_rows", f"    aliases: {{{alias}: monthly_revenue}}\n    min_rows"))
        house.run("run")
        assert house.sql(Q) == [{"users": 300, "revenue": revenue}]


def test_columns_of_one_name_that_say_the_same_are_one(small):
    def doubled(second):
        rows = list(csv.reader(io.StringIO(csv_text(users(9), USER_FIELDS))))
        return "\n".join(",".join(row + [second(row)]) for row in rows)
    small.lake.userbase(content=doubled(lambda row: row[USER_FIELDS.index("Age")]))
    small.run("run")
    assert small.one("select count(*) from fct_subscription") == 9
    small.lake.userbase(content=doubled(lambda row: "Age" if row[0] == "User ID" else "7"))
    assert "field 7 'Age' and field 11 'Age'" in small.run("run", expect=3).err
    # What nobody relies on gets a number.
    small.lake.userbase(content=doubled(lambda row: "Note,NOTE" if row[0] == "User ID" else f"{row[0]},b"))
    small.run("run")
    names = {row["column"] for row in small.run("catalog", "netflix_userbase", "--format", "json").json()}
    assert {"note", "note_2"} <= names


# ---- what a value says

def test_words_for_nothing_are_blanks(house):
    outcome = laid(house, "13-null-words")
    assert house.sql(Q) == [{"users": 300, "revenue": 3735.00}]
    for table, column in (("dim_plan", "plan_name"), ("dim_device", "device_name"), ("dim_user", "gender"),
                          ("dim_country", "country_name")):
        assert house.one(f"select count(*) from {table} where lower({column}) in ('null', 'nan', 'none')") == 0, table
    assert house.one("select count(*) from fct_subscription where plan_key = -1") == 30
    assert house.one("select count(*) from dim_user where user_key <> -1 and age is null") == 30
    assert house.quarantine() == [] and warnings(outcome) == {}
    repairs = [row["column"] for row in house.quarantine("--repairs") if row["kind"] == "blank_in_words"]
    assert {column: repairs.count(column) for column in set(repairs)} == {
        "Subscription Type": 30, "Country": 30, "Age": 30, "Gender": 30, "Device": 30}


def test_a_plan_that_one_drop_leaves_out_is_no_change_of_plan(small):
    rows = users(9)
    rows[0]["Subscription Type"] = "NULL"
    small.lake.userbase(rows, drop="2023-08-16")
    small.run("run")
    assert small.sql("select * from fct_plan_change") == []
    assert small.one("select plan_key from fct_subscription join dim_user using (user_key) where user_id = 1") == -1


def test_persons_and_titles_may_be_called_like_nothing(small):
    small.lake.titles([title(1, title="None", director="Null", cast="Nan, Christopher Null"),
                       title(2, title="N/A", director="NULL", cast="nan", country="none")])
    small.run("run")
    assert [r["title"] for r in small.sql("select title from dim_title where title_key <> -1 order by show_id")] == [
        "None", "N/A"]
    assert {r["person_name"] for r in small.sql("select person_name from dim_person")} == {
        "Unknown", "Null", "Nan", "Christopher Null"}


def test_suffixes_belong_to_their_names(house):
    laid(house, "38-jr-real")
    assert house.one("select count(*) from dim_person where person_name in ('Jr.', 'Jr')") == 0
    credits = house.sql("select t.title, p.person_name from bridge_title_person join dim_title as t using (title_key) "
                        "join dim_person as p using (person_key) where t.title in ('Guest House', 'The Get Down') "
                        "and p.person_name like '%Jr%' order by 1")
    assert credits == [{"title": "Guest House", "person_name": "Louis Ferrigno Jr."},
                       {"title": "The Get Down", "person_name": "Tremaine Brown Jr."}]


def test_inverted_countries_and_formulas(house, tmp_path):
    laid(house, "19-formula")
    assert house.sql("select c.country_name from bridge_title_country join dim_title as t using (title_key) "
                     "join dim_country as c using (country_key) where t.show_id = 's13' order by ordinal") == [
        {"country_name": "South Korea"}, {"country_name": "United States"}]
    assert {r["person_name"] for r in house.sql("select person_name from dim_person")} >= {
        "Robert Downey Jr.", "Cuba Gooding Sr.", "Sammy Davis Jr.", "Ann Lee"}
    house.run("export", "dim_title", "dim_device", "--to", tmp_path / "out", "--as", "csv", "--for", "people")
    for name in ("dim_title", "dim_device"):
        text = (tmp_path / "out" / f"{name}.csv").read_bytes().decode("utf-8")
        assert text.startswith("\ufeff")
        for row in csv.DictReader(io.StringIO(text[1:], newline="")):
            for column, value in row.items():
                assert not value.startswith(("=", "+", "@", "\t")), (column, value)
                assert not value.startswith("-") or re.fullmatch(r"-[0-9.]+", value), (column, value)
    machines = house.run("sql", "select title from dim_title where show_id in ('s4', 's5', 's6') order by show_id",
                         "--format", "csv").out
    assert machines == "title\n=cmd|' /C calc'!A0\n@SUM(1+1)*cmd\n-1+1\n"


@pytest.mark.parametrize("cell, countries", [
    ("Iran, Islamic Republic of", ["Iran"]),
    ("France, Congo, The Democratic Republic of the, Tanzania, United Republic of", None),
    ("Hong Kong, China", ["Hong Kong", "China"]),
    ("Germany, West, Korea, North", ["West Germany", "North Korea"]),
])
def test_inverted_names_among_countries(small, cell, countries):
    small.lake.titles([title(1, country=cell)])
    small.run("run")
    found = [r["country_name"] for r in small.sql(
        "select country_name from bridge_title_country join dim_country using (country_key) order by ordinal")]
    assert "Unknown" not in found
    assert found == countries if countries else len(found) == 3


# ---- what was lost on the way

def test_another_drop_gives_back_what_was_lost(small):
    whole = [title(1, title="Pokémon", director="José Ucha", description="A café in the Œuvre."),
             title(2, title="October 1", description="Before independence."),
             title(3, title="7:19", description="An earthquake."),
             title(4, title="July 22", description="A day in Norway.")]
    lost = [title(1, title="Pok?mon", director="JosÂ‚ Ucha".replace("Â‚", "‚"), description="A caf� in the ?uvre."),
            title(2, title="1-Oct", description="Before independence."),
            title(3, title="07:19", description="An earthquake."),
            title(4, title="22-juil", description="A day in Norway.")]
    small.lake.titles(whole, drop="2021-09-25")
    small.lake.titles(lost, drop="2021-10-25")
    outcome = small.run("run")
    titles_now = small.sql("select title, description from dim_title where is_current and title_key <> -1 order by show_id")
    assert titles_now == [{"title": t["title"], "description": t["description"]} for t in whole]
    assert small.one("select count(*) from dim_title where title_key <> -1") == 4, "nothing changed between the drops"
    assert small.one("select count(*) from dim_person where person_name = 'José Ucha'") == 1
    kinds = [(row["kind"], row["column"]) for row in small.quarantine("--repairs")]
    assert sorted(kinds) == [("lost_letters", "description"), ("lost_letters", "director"), ("lost_letters", "title"),
                             *[("spreadsheet_date", "title")] * 3]
    assert not any("letters" in name or "dates" in name for name in warnings(outcome))


def test_what_nothing_gives_back_is_named_with_candidates_and_left(small):
    small.lake.titles([title(1, title="1-Oct"), title(2, title="07:19"), title(3, title="Pok?mon"),
                       title(4, cast="Beyonc?, Bo Actor"), title(5, cast="Beyoncé"), title(6, title="23:59"),
                       title(7, title="50/50"), title(8, title="Who? What if?"), title(9, title="¿Quién? 1983")])
    found = warnings(small.run("run"))
    dates = found["stg_netflix_title: titles_are_no_dates"]
    assert len(dates) == 2 and "title = 1-Oct, title_candidates = October 1, 1 October" in dates[0] + dates[1]
    assert "title = 07:19, title_candidates = 7:19" in dates[0] + dates[1]
    (letters,) = found["stg_netflix_title: letters_decoded"]
    assert "Pok?mon" in letters
    assert found["int_title_credit: names_kept_their_letters"] == ["person_name = Beyonc?, may_be = Beyoncé"]
    assert {r["title"] for r in small.sql("select title from dim_title where show_id in ('s1', 's2', 's3')")} == {
        "1-Oct", "07:19", "Pok?mon"}


def test_a_record_that_is_hardly_one_is_named(small):
    bare = dict.fromkeys(TITLE_FIELDS, "") | {"show_id": "s9", "type": "Movie", "title": "Alone"}
    small.lake.titles([*titles(), bare])
    (told,) = warnings(small.run("run"))["stg_netflix_title: records_are_records"]
    assert "show_id = s9, title = Alone" in told


def test_letters_lost_among_users_are_named(small):
    small.lake.userbase([*users(8), user(9, country="M?xico"), user(10, country="México")])
    (told,) = warnings(small.run("run"))["stg_netflix_user: letters_decoded"]
    assert told == "col = Country, cell = M?xico, may_be = México, users = 1"
