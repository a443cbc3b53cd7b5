"""Damaged and unusual files: each is used, or named with its reason; no record is lost silently."""

import gzip
import json
import subprocess
import zlib

import pytest

from conftest import TITLE_FIELDS, USER_FIELDS, accounts, csv_text, titles, user, users

KEY = "raw/netflix_userbase/drop=2023-07-16/Netflix Userbase.csv"
PLAIN = csv_text(users(), USER_FIELDS)
PNG = (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89"
       + b"\0\0\0\nIDATx\x9cc\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xaeB`\x82")


@pytest.fixture
def small(small):
    """Deliveries of eight rows of which one is damaged are what this is about: they may lose all of them."""
    small.may_lose("100%")
    return small


def put_gzip(house, data):
    (house.lake.folder / KEY).unlink()
    return house.lake.userbase(name="Netflix Userbase.csv.gz", content=data)


def renamed(old, new):
    return PLAIN.replace(old, new, 1)


def flipped(position):
    """A gzip with one bit flipped; stored, so that the text can still be decoded."""
    data = bytearray(gzip.compress(PLAIN.encode(), compresslevel=0, mtime=0))
    data[position] ^= 0x01
    return bytes(data)


# ---- objects that cannot be used: nothing is published, the message names the object and the reason

UNUSABLE = {
    "truncated gzip": (lambda h: put_gzip(h, gzip.compress(PLAIN.encode())[:-30]), "cut off"),
    "gzip without its trailer": (lambda h: put_gzip(h, gzip.compress(PLAIN.encode())[:-8]), "cut off"),
    "flipped bit in gzip": (lambda h: put_gzip(h, flipped(200)), "checksum"),
    "flipped bit in the trailer": (lambda h: put_gzip(h, flipped(-6)), "checksum"),
    "garbage after gzip": (lambda h: put_gzip(h, gzip.compress(PLAIN.encode()) + b"garbage"), "follows"),
    "bad zlib named gz": (lambda h: put_gzip(h, b"\x1f\x8b\x08\0" + zlib.compress(b"x") + b"\xff" * 50), ""),
    "picture named csv": (lambda h: h.lake.userbase(content=PNG), "PNG image"),
    "web page": (lambda h: h.lake.userbase(content="<!DOCTYPE html><html><body>404</body></html>"), "web page"),
    "one JSON document": (lambda h: h.lake.userbase(content=json.dumps(users(), indent=1)), "JSON"),
    "column missing": (lambda h: h.lake.userbase(
        content=csv_text(users(), [f for f in USER_FIELDS if f != "Device"])), "device"),
    "column renamed": (lambda h: h.lake.userbase(content=renamed("Monthly Revenue", "Montly Revenue")),
                       "did you mean montly_revenue"),
    "no header": (lambda h: h.lake.userbase(content=PLAIN.split("\n", 1)[1]), "no header"),
    "not a date in drop=": (lambda h: h.lake.userbase(drop="2023-13-45"), "drop="),
}


@pytest.mark.parametrize("case", UNUSABLE)
def test_unusable_object_stops_the_publish(small, case):
    write, reason = UNUSABLE[case]
    key = write(small)
    done = small.run("run", expect=3)
    assert key in done.err
    assert reason in done.err
    assert "nothing was published" in done.err
    assert small.current() == 1
    assert small.one("select count(*) from fct_subscription") == 8
    receipt = small.receipt()
    assert receipt["state"] == "check_failed"
    assert [u["object"] for u in receipt["unreadable"]] == [key]
    assert "raw/netflix_titles/drop=2021-09-25/netflix_titles.csv" in accounts(receipt)


def test_crawl_goes_on_behind_a_damaged_object(small):
    small.lake.userbase(content=PNG)
    small.lake.imdb()
    done = small.run("crawl", "--format", "json")
    changes = {(c["change"], c["table"]) for c in done.json()}
    assert ("new table", "imdb_title_basics") in changes
    assert "cannot be read" in done.err and "PNG" in done.err


def test_mended_object_publishes_again(small):
    small.lake.userbase(content=PNG)
    small.run("run", expect=3)
    small.run("run", expect=3)  # it is remembered, and still stops the publish
    small.lake.userbase(rows=users(9))
    small.run("run")
    assert small.current() == 2
    assert small.one("select count(*) from fct_subscription") == 9


def test_unreadable_warn_goes_on_without_it(small):
    source = small.project / "sources/netflix_userbase.yml"
    source.write_text(source.read_text().replace("unreadable: error", "unreadable: warn"))
    small.lake.userbase(drop="2023-08-16", content=PNG)
    done = small.run("run")
    assert "warning" in done.err and "PNG" in done.err
    assert small.one("select count(*) from fct_subscription") == 8


def test_damaged_optional_dataset_stops_too(small):
    small.lake.imdb()
    file = small.lake.folder / "raw/imdb/title.ratings.tsv.gz"
    file.write_bytes(file.read_bytes()[:-5])
    done = small.run("run", expect=3)
    assert "raw/imdb/title.ratings.tsv.gz" in done.err


# ---- objects without records

@pytest.mark.parametrize("content", ["", PLAIN.split("\n", 1)[0] + "\n", PLAIN.split("\n", 1)[0], "\n\n", "\ufeff"],
                         ids=["zero bytes", "header", "header without line end", "blank lines", "byte order mark"])
def test_no_records_stop_the_publish(small, content):
    small.lake.userbase(content=content)
    done = small.run("run", expect=3)
    assert "netflix_userbase" in done.err
    assert small.current() == 1


def test_empty_object_beside_a_full_one(small):
    small.lake.userbase(name="part-2.csv", content="")
    small.lake.userbase(name="part-3.csv", content=PLAIN.split("\n", 1)[0] + "\n")
    small.run("run")
    entries = accounts(small.receipt())
    assert entries["raw/netflix_userbase/drop=2023-07-16/part-3.csv"]["read"] == 0
    assert small.one("select count(*) from fct_subscription") == 8


# ---- the same table written in other ways: every row counts

def shuffled(order):
    return [USER_FIELDS[i] for i in order]


SAME = {
    "CRLF": csv_text(users(), USER_FIELDS, newline="\r\n"),
    "CR": csv_text(users(), USER_FIELDS, newline="\r"),
    "semicolons": csv_text(users(), USER_FIELDS, delimiter=";"),
    "tabs": csv_text(users(), USER_FIELDS, delimiter="\t"),
    "pipes": csv_text(users(), USER_FIELDS, delimiter="|"),
    "UTF-8 with mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "UTF-16LE": PLAIN.encode("utf-16"),
    "UTF-16BE": b"\xfe\xff" + PLAIN.encode("utf-16-be"),
    "UTF-16 without mark": PLAIN.encode("utf-16-le"),
    "other order": csv_text(users(), shuffled([9, 3, 1, 0, 2, 8, 7, 6, 5, 4])),
    "other letter case": PLAIN.replace("User ID,Subscription Type", "user_id,SUBSCRIPTION TYPE"),
    "no line end at the end": PLAIN.rstrip("\n"),
    "blank lines at the end": PLAIN + "\n\n",
    "JSON lines": "".join(json.dumps(row) + "\n" for row in users()),
    "gzip in two members": gzip.compress(PLAIN[:200].encode()) + gzip.compress(PLAIN[200:].encode()),
}


@pytest.mark.parametrize("case", SAME)
def test_other_spelling_of_the_same_table(small, case):
    key = small.lake.userbase(content=SAME[case])
    small.run("run", "--select", "stg_netflix_user")
    entry = accounts(small.receipt())[key]
    assert (entry["read"], entry["kept"]) == (8, 8)
    known = {m["model"]: m for m in small.receipt()["models"]}
    assert known["stg_netflix_user"]["rows"] == 8
    assert known["stg_netflix_user"]["rejected"] == 0
    assert not any(known["stg_netflix_user"].get("repairs", {}).values())


def test_another_spelling_publishes_the_same_numbers(small):
    question = "select user_id, plan_name, monthly_revenue, country_name, age from fct_subscription " \
               "join dim_user using (user_key) join dim_plan using (plan_key) " \
               "join dim_country c on c.country_key = fct_subscription.country_key order by user_id"
    before = small.sql(question)
    small.lake.userbase(content=csv_text(users(), shuffled([9, 3, 1, 0, 2, 8, 7, 6, 5, 4]), delimiter=";",
                                         newline="\r\n").encode("utf-16"))
    small.run("run")
    assert small.current() == 2
    assert small.sql(question) == before


def test_extra_column_is_reported_and_not_in_the_way(small):
    rows = [row | {"Loyalty Points": "7"} for row in users()]
    key = small.lake.userbase(content=csv_text(rows, ["Loyalty Points"] + USER_FIELDS))
    changes = small.run("crawl", "--dry-run", "--format", "json").json()
    assert ("new column", "loyalty_points") in {(c["change"], c["subject"]) for c in changes}
    small.run("run", "--select", "stg_netflix_user")
    assert accounts(small.receipt())[key]["kept"] == 8


def test_alias_heals_a_renamed_column(small):
    source = small.project / "sources/netflix_userbase.yml"
    source.write_text(source.read_text().replace("    min_rows", "    aliases: {montly_revenue: monthly_revenue}\n    min_rows"))
    key = small.lake.userbase(content=renamed("Monthly Revenue", "Montly Revenue"))
    small.run("run", "--select", "stg_netflix_user")
    assert accounts(small.receipt())[key]["kept"] == 8


def test_parquet_made_by_the_program_is_read(small):
    (build,) = (small.project / "store/curated/stg_netflix_user").iterdir()
    key = small.lake.put("others/drop=2023-07-16/users.parquet", (build / "part-0.parquet").read_bytes())
    small.run("run")
    entry = accounts(small.receipt())[key]
    assert (entry["read"], entry["rejected"]) == (8, 0)
    tables = {t["table"]: t for t in small.run("catalog", "--format", "json").json()}
    assert tables["others"]["format"] == "Parquet"


def test_cut_off_parquet_is_named(small):
    (build,) = (small.project / "store/curated/stg_netflix_user").iterdir()
    key = small.lake.userbase(drop="2023-08-16", name="more.csv",
                              content=(build / "part-0.parquet").read_bytes()[:-20])
    done = small.run("run", expect=3)
    assert key in done.err


def test_windows_1252_titles_keep_their_letters(small):
    rows = titles() + [dict(zip(TITLE_FIELDS, ["s77", "Movie", "Caf\u00e9 \u2013 \u0152uvre", "Zo\u00eb", "", "France",
                                               "May 1, 2020", "2019", "PG", "80 min", "Dramas", "It\u2019s"]))]
    key = small.lake.titles(content=csv_text(rows, TITLE_FIELDS).encode("cp1252"))
    small.run("run")
    assert accounts(small.receipt())[key]["kept"] == 7
    assert small.one("select title from dim_title where show_id = 's77'") == "Caf\u00e9 \u2013 \u0152uvre"


# ---- records that cannot be used, in objects that can

def run_rows(house, content):
    """Stages the userbase; returns its account, the model's quarantine and the crawl's by line."""
    key = house.lake.userbase(content=content)
    house.run("run", "--select", "stg_netflix_user")
    entry = accounts(house.receipt())[key]
    listed = house.quarantine()
    assert all(q["object"] == key and q["reason"] for q in listed)
    assert len(listed) == entry["rejected"]
    structure = {q["line"]: q for q in listed if q["table"] == "raw.netflix_userbase"}
    rules = {q["line"]: q for q in listed if q["table"] == "stg_netflix_user"}
    assert len(structure) + len(rules) == len(listed)
    assert (len(structure), len(rules)) == (entry["rejected_structure"], entry["rejected_rules"])
    return entry, structure, rules


def replace_line(number, line):
    """The plain file with one line (from 1) replaced."""
    lines = PLAIN.encode().split(b"\n")
    lines[number - 1] = line if isinstance(line, bytes) else line.encode()
    return b"\n".join(lines)


def test_fields_too_few_and_too_many(small):
    content = replace_line(3, "2,Basic,10")
    lines = content.split(b"\n")
    lines[5] += b",and,more"
    entry, structure, _ = run_rows(small, b"\n".join(lines))
    assert (entry["read"], entry["kept"]) == (8, 6)
    assert set(structure) == {3, 6}
    assert "3 fields" in structure[3]["reason"] and "12 fields" in structure[6]["reason"]
    assert "expected 10" in structure[3]["reason"]


def test_invalid_utf8_in_one_row(small):
    line = PLAIN.split("\n")[4].encode().replace(b"ale,", b"\xffale,")
    content = replace_line(5, line).replace(b"Brazil", "M\u00e9xico".encode()).replace(b"Canada", "Per\u00fa".encode())
    entry, structure, _ = run_rows(small, content)
    assert (entry["read"], entry["kept"]) == (8, 7)
    assert list(structure) == [5]
    assert "UTF-8" in structure[5]["reason"]


def test_invalid_utf8_on_the_only_line_that_is_not_plain_ascii(small):
    """One such byte may as well be a letter of Windows-1252: the record is kept or named, never lost."""
    line = PLAIN.split("\n")[4].encode().replace(b"ale,", b"\x81ale,")
    entry, structure, _ = run_rows(small, replace_line(5, line))
    assert entry["read"] == 8
    assert set(structure) <= {5}


def test_nul_bytes_in_one_row(small):
    line = PLAIN.split("\n")[4].encode()
    entry, structure, _ = run_rows(small, replace_line(5, line[:8] + b"\0" + line[8:]))
    assert (entry["read"], entry["kept"]) == (8, 7)
    assert list(structure) == [5]
    assert "NUL" in structure[5]["reason"]


def test_quote_that_is_never_closed(small):
    line = PLAIN.split("\n")[4].split(",")
    line[5] = '"' + line[5]
    content = replace_line(5, ",".join(line)).replace(b",Tablet,", b',"Tablet",')
    entry, structure, _ = run_rows(small, content)
    assert (entry["read"], entry["kept"]) == (8, 7)
    assert list(structure) == [5]
    assert "quote" in structure[5]["reason"]


def test_text_behind_a_closed_quote(small):
    content = PLAIN.replace(",Tablet,", ',"Tablet",').encode().split(b"\n")
    content[4] = content[4].replace(b"Basic", b'"Basic" plus').replace(b"Standard", b'"Standard" plus').replace(
        b"Premium", b'"Premium" plus')
    entry, structure, _ = run_rows(small, b"\n".join(content))
    assert (entry["read"], entry["kept"]) == (8, 7)
    assert list(structure) == [5]


def test_quotes_in_a_file_that_quotes_nothing_cost_no_other_row(small):
    line = PLAIN.split("\n")[4].split(",")
    line[5] = '"' + line[5]
    entry, structure, rules = run_rows(small, replace_line(5, ",".join(line)))
    assert entry["read"] == 8
    assert entry["kept"] >= 7
    assert set(structure) | set(rules) <= {5}


def test_line_break_in_quotes_is_one_record_and_lines_still_count(small):
    rows = users()
    rows[1]["Device"] = "Smart\nTV"
    rows[4]["Join Date"] = "soon"
    entry, structure, rules = run_rows(small, csv_text(rows, USER_FIELDS))
    assert (entry["read"], entry["kept"], structure) == (8, 7, {})
    assert list(rules) == [7]


def test_rules_name_line_column_reason_and_value(small):
    rows = users(12)
    rows[0]["User ID"] = "one"
    rows[1]["Monthly Revenue"] = "-3"
    rows[2]["Join Date"] = "31-02-22"
    rows[3]["Last Payment Date"] = "yesterday"
    rows[4]["Age"] = "930"
    rows[5]["Plan Duration"] = "forever"
    rows[6]["Join Date"] = "NULL"
    rows[7]["Monthly Revenue"] = "free"
    rows[8]["User ID"] = rows[9]["User ID"] = "10"
    rows[10]["Last Payment Date"] = "01-01-21"
    entry, structure, rules = run_rows(small, csv_text(rows, USER_FIELDS))
    assert structure == {}
    assert (entry["read"], entry["kept"]) == (12, 2)
    found = {line: (q["column"], q["value"]) for line, q in rules.items()}
    assert found == {
        2: ("User ID", "one"), 3: ("Monthly Revenue", "-3"), 4: ("Join Date", "31-02-22"),
        5: ("Last Payment Date", "yesterday"), 6: ("Age", "930"), 7: ("Plan Duration", "forever"),
        8: ("Join Date", "NULL"), 9: ("Monthly Revenue", "free"),
        11: ("User ID", "user 10 at line 10"), 12: ("Last Payment Date", "01-01-21 (joined 12-01-22)")}
    assert rules[3]["reason"] == "is negative"


def test_every_kind_of_bad_row_in_one_published_run(small):
    rows = users(20)
    rows[2]["Join Date"] = "never"
    rows[5]["User ID"] = rows[4]["User ID"]
    lines = csv_text(rows, USER_FIELDS).encode().split(b"\n")
    lines[9] = b"9,Basic"
    lines[12] = lines[12].replace(b",", b"\0,", 1)
    lines[15] = b'"' + lines[15]
    lines[17] = lines[17].replace(b"Tablet", b'"Tablet"')
    key = small.lake.userbase(content=b"\n".join(lines))
    small.run("run")
    entry = accounts(small.receipt())[key]
    assert (entry["read"], entry["kept"], entry["rejected_structure"], entry["rejected_rules"]) == (20, 15, 3, 2)
    assert small.one("select count(*) from fct_subscription") == 15
    assert sorted(q["line"] for q in small.quarantine()) == [4, 7, 10, 13, 16]


def test_repairs_are_counted_and_keep_the_value_from_before(small):
    rows = titles()
    rows[0].update(rating="74 min", duration="")
    rows[1].update(cast=", Bo Actor, Cy Actor,")
    rows[2].update(title="\u200bA Film Called 3")
    rows[3].update(date_added=" August 4, 2017")
    key = small.lake.titles(rows)
    small.run("run")
    assert accounts(small.receipt())[key]["kept"] == 6
    (model,) = [m for m in small.receipt()["models"] if m["model"] == "stg_netflix_title"]
    kinds = {"duration_in_rating", "stray_comma", "invisible_character", "odd_space"}
    assert kinds <= set(model["repairs"]), model["repairs"]
    repairs = small.quarantine("--repairs")
    (moved,) = [r for r in repairs if r["kind"] == "duration_in_rating"]
    assert (moved["object"], moved["line"], moved["was"]) == (key, 2, "74 min")
    (row,) = small.sql("select duration_minutes, maturity_rating from dim_title where show_id = 's1'")
    assert row == {"duration_minutes": 74, "maturity_rating": None}
    assert small.one("select date_added from dim_title where show_id = 's4'") == "2017-08-04"
    assert small.one("select title from dim_title where show_id = 's3'") == "A Film Called 3"


def test_huge_field(small):
    rows = titles()
    rows[2]["description"] = "long " * 400_000
    key = small.lake.titles(rows)
    small.run("run")
    entry = accounts(small.receipt())[key]
    assert entry["read"] == 6
    assert entry["kept"] + entry["rejected"] == 6


def test_only_bad_rows_stop_the_publish(small):
    rows = [user(n, join_date="never", last_payment_date="15-06-23") for n in range(1, 9)]
    key = small.lake.userbase(rows)
    done = small.run("run", expect=3)
    assert "every row of raw/netflix_userbase was rejected" in done.err
    assert small.current() == 1
    assert accounts(small.receipt())[key]["kept"] == 0
    assert len(small.quarantine("stg_netflix_user")) == 8


def test_only_broken_rows_stop_the_publish_and_can_be_seen(small):
    header, *rows = PLAIN.strip().split("\n")
    key = small.lake.userbase(content="\n".join([header] + [row + ",one too many" for row in rows]) + "\n")
    done = small.run("run", expect=3)
    assert "all 8 records in raw/netflix_userbase were rejected" in done.err
    assert small.current() == 1
    entry = accounts(small.receipt())[key]
    assert (entry["read"], entry["kept"], entry["rejected_structure"]) == (8, 0, 8)
    assert [q["line"] for q in small.quarantine("netflix_userbase")] == list(range(2, 10))


def test_broken_rows_can_be_seen_before_anything_was_built(house):
    house.lake.userbase(content=replace_line(3, "2,Basic"))
    house.run("run", expect=3)  # there are no titles
    assert [(q["line"], q["table"]) for q in house.quarantine()] == [(3, "raw.netflix_userbase")]


ODD = {
    "zeros": (b"\0" * 100_000, "binary"),
    "one endless line": (b"x" * 5_000_000, "no header"),
    "bytes of no encoding": (b"\xff" * 100_000, "no header"),
    "spaces": (b"   \n  \n", "lacks columns"),
    "UTF-32": (PLAIN.encode("utf-32"), "UTF-32"),
    "workbook": (b"PK\x03\x04" + b"\0" * 20 + b"[Content_Types].xml" + b"xl/workbook" + b"\0" * 300, "Excel"),
    "note above the header": (b"# exported on Monday\n\n" + PLAIN.encode(), "lacks columns"),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_object_beside_a_sound_one(small, case):
    content, reason = ODD[case]
    key = small.lake.userbase(name="odd.csv", content=content)
    done = small.run("run", expect=3)
    assert key in done.err and reason in done.err
    assert small.current() == 1


def test_zstd_and_its_cut_off(small):
    packed = subprocess.run(["zstd", "-c"], input=csv_text(users(9), USER_FIELDS).encode(), capture_output=True,
                            check=True).stdout
    key = small.lake.userbase(content=packed[:-10])
    assert "cut off" in small.run("run", expect=3).err
    small.lake.userbase(content=packed)
    small.run("run", "--select", "stg_netflix_user")
    assert accounts(small.receipt())[key]["kept"] == 9


def test_half_a_character_at_the_end_of_utf16(small):
    entry, structure, _ = run_rows(small, PLAIN.encode("utf-16") + b"x")
    assert (entry["read"], entry["kept"]) == (9, 8)
    assert len(structure) == 1


def test_quarantine_of_one_table_and_of_an_unknown_one(small):
    rows = users()
    rows[0]["Join Date"] = "never"
    small.lake.userbase(rows)
    small.run("run")
    assert len(small.quarantine("stg_netflix_user")) == 1
    assert small.quarantine("stg_netflix_title") == []
    done = small.run("quarantine", "stg_netflix_usr", expect=2)
    assert "stg_netflix_user" in done.err
