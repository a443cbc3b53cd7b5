"""The crawl and the catalog, seen from outside."""

from conftest import USER_FIELDS, csv_text, users


def changes(done):
    return {(c["change"], c["table"], c["subject"]) for c in done.json()}


def test_dry_run_shows_and_keeps_nothing(house):
    house.lake.required()
    first = changes(house.run("crawl", "--dry-run", "--format", "json"))
    assert ("new table", "netflix_userbase", None) in first
    assert changes(house.run("crawl", "--dry-run", "--format", "json")) == first
    tables = house.run("catalog", "--format", "json")
    assert tables.json() == []


def test_second_crawl_finds_nothing_and_reads_nothing(small):
    small.run("crawl")
    done = small.run("crawl", "--format", "json")
    assert done.json() == []
    assert "0 objects read" in done.err


def test_schema_versions_and_types(small):
    rows = users()
    rows[0]["Age"] = "about thirty"
    small.lake.userbase(rows, drop="2023-08-16")
    shown = small.run("crawl", "--dry-run", "--format", "json").json()
    (change,) = [c for c in shown if c["change"] == "changed type"]
    assert (change["table"], change["subject"]) == ("netflix_userbase", "age")
    assert "BIGINT -> VARCHAR" in change["detail"] and "1 of 16" in change["detail"]
    small.run("crawl")
    columns = {c["column"]: c for c in small.run("catalog", "netflix_userbase", "--format", "json").json()}
    assert columns["age"]["type"] == "VARCHAR"
    assert columns["user_id"]["type"] == "BIGINT"
    assert columns["monthly_revenue"]["field"] == "Monthly Revenue"
    versions = small.run("catalog", "netflix_userbase", "--versions", "--format", "json").json()
    assert {v["version"] for v in versions} == {1, 2}


def test_types_do_not_depend_on_the_order_of_rows(house):
    rows = users(40)
    rows[7]["Age"] = "12.5"
    rows[31]["Plan Duration"] = "2"
    types = []
    for number, order in enumerate([rows, rows[::-1], rows[20:] + rows[:20]]):
        house.lake.put(f"shop{number}/users.csv", csv_text(order, USER_FIELDS))
    house.run("crawl")
    for number in range(3):
        columns = house.run("catalog", f"shop{number}", "--format", "json").json()
        types.append([(c["column"], c["type"]) for c in columns])
    assert types[0] == types[1] == types[2]
    assert ("age", "DOUBLE") in types[0]


def test_exclude_by_flag_and_by_setting(small):
    small.lake.put("netflix_userbase/drop=2023-08-16/copy.bak", csv_text(users()))
    done = small.run("crawl", "--exclude", "*.bak", "--format", "json")
    assert not [c for c in done.json() if c["subject"] and c["subject"].endswith(".bak")]
    assert "copy.bak" in done.err
    config = small.project / "reelhouse.yaml"
    config.write_text(config.read_text().replace("exclude: []", "exclude: ['*.bak']"))
    done = small.run("crawl", "--format", "json")
    assert not [c for c in done.json() if c["change"].startswith("new")]


def test_undeclared_dataset_is_catalogued_and_not_in_the_way(small):
    small.lake.put("surveys/drop=2023-01-01/answers.csv", "who,score\nann,3\nbob,4\n")
    small.run("run")
    (table,) = [t for t in small.run("catalog", "--format", "json").json() if t["table"] == "surveys"]
    assert (table["records"], table["columns"]) == (2, 2)


def test_two_kinds_of_files_in_one_folder_are_two_tables(house):
    house.lake.put("shop/drop=2024-01-01/orders.csv", "order_id,amount\n1,2.5\n")
    house.lake.put("shop/drop=2024-01-01/customers.csv", "customer,city\nann,Oslo\n")
    house.lake.put("shop/drop=2024-02-01/orders.csv", "order_id,amount,coupon\n2,3.5,x\n")
    house.run("crawl")
    tables = {t["table"]: t for t in house.run("catalog", "--format", "json").json()}
    assert set(tables) == {"shop_orders", "shop_customers"}
    assert tables["shop_orders"]["objects"] == 2


def test_objects_and_unknown_table(small):
    objects = small.run("catalog", "netflix_userbase", "--objects", "--format", "json").json()
    assert [(o["drop"], o["records"], o["rejected"]) for o in objects] == [("2023-07-16", 8, 0)]
    done = small.run("catalog", "netflix_userbas", expect=2)
    assert "netflix_userbase" in done.err


def test_catalog_before_any_crawl(house):
    done = house.run("catalog", expect=1)
    assert "reelhouse crawl" in done.err


def test_notes_and_hidden_files_are_ignored_with_a_reason(small):
    small.lake.put("netflix_userbase/README.md", "# About\n")
    small.lake.put("netflix_userbase/drop=2023-07-16/_SUCCESS", "")
    done = small.run("crawl")
    assert "README.md" in done.err
    small.run("run")


def test_object_outside_a_dataset_is_named(small):
    (small.lake.folder / "raw" / "stray.csv").write_text("a,b\n1,2\n")
    done = small.run("crawl")
    assert "raw/stray.csv" in done.err
