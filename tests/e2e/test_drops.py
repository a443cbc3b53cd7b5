"""Deliveries after one another: what a second drop of a dataset does to dimensions and facts."""

from conftest import FIRST_DROP, accounts, built, csv_text, title, titles, user, users

SECOND = "2023-08-16"
THIRD = "2023-09-16"


def second_month():
    """User 1 is gone, 2 is older, 3 has another plan, 4 pays no more, 9 and 10 are new."""
    rows = {int(row["User ID"]): row for row in users(10)}
    del rows[1]
    for number, row in rows.items():
        if number != 4:
            row["Last Payment Date"] = "10-08-23"
    rows[2]["Age"] = str(int(rows[2]["Age"]) + 1)
    rows[3]["Subscription Type"], rows[3]["Monthly Revenue"] = "Premium", "15"
    return list(rows.values())


USER_VERSIONS = ("select user_id, age, valid_from, valid_to, is_current, user_key from dim_user "
                 "where user_key <> -1 order by user_id, valid_from")


def test_second_drop_keeps_history(small):
    first = {row["user_id"]: row for row in small.sql(USER_VERSIONS)}
    assert all(row["is_current"] for row in first.values())
    small.lake.userbase(second_month(), drop=SECOND)
    small.run("run")
    assert small.current() == 2
    versions = {}
    for row in small.sql(USER_VERSIONS):
        versions.setdefault(row["user_id"], []).append(row)
    assert set(versions) == set(range(1, 11))

    (gone,) = versions[1]
    assert (gone["valid_from"], gone["valid_to"], gone["is_current"]) == (FIRST_DROP, "2023-08-15", False)
    before, now = versions[2]
    assert (before["valid_to"], before["is_current"]) == ("2023-08-15", False)
    assert (now["valid_from"], now["is_current"], now["age"]) == (SECOND, True, before["age"] + 1)
    for number in (3, 5, 8):  # nothing that dim_user holds has changed
        (row,) = versions[number]
        assert (row["valid_from"], row["is_current"]) == (FIRST_DROP, True)
        assert row["user_key"] == first[number]["user_key"]
    (fresh,) = versions[9]
    assert (fresh["valid_from"], fresh["is_current"]) == (SECOND, True)
    # an entity that is known keeps the key of the version that was current
    assert gone["user_key"] == first[1]["user_key"]
    assert before["user_key"] == first[2]["user_key"]


def test_second_drop_shows_changes_of_plan_and_churn(small):
    assert small.one("select count(*) from fct_plan_change") == 0
    assert small.one("select count(*) from fct_churn") == 0
    small.lake.userbase(second_month(), drop=SECOND)
    small.run("run")
    (change,) = small.sql('select user_id, date_key, "from", "to" from fct_plan_change '
                          "join dim_user using (user_key)")
    assert change == {"user_id": 3, "date_key": 20230816, "from": "Basic", "to": "Premium"}
    churned = small.sql("select user_id from fct_churn join dim_user using (user_key) order by user_id")
    assert [row["user_id"] for row in churned] == [1, 4]
    assert small.one("select count(*) from fct_subscription") == 9


def test_subscriptions_are_those_of_the_newest_drop_in_any_order_of_arrival(house):
    house.lake.titles()
    house.lake.userbase(second_month(), drop=SECOND)
    house.run("run")
    late = house.sql("select user_id from fct_subscription join dim_user using (user_key) order by 1")
    house.lake.userbase(users(), drop=FIRST_DROP)
    house.run("run")
    assert house.sql("select user_id from fct_subscription join dim_user using (user_key) order by 1") == late
    assert house.one("select count(*) from fct_plan_change") == 1


def keys(house, table, key, names):
    return {tuple(row[n] for n in names): row[key] for row in house.sql(f"select * from {table}")}


def test_keys_stay_from_version_to_version(small):
    dimensions = {"dim_plan": ("plan_key", ["plan_name"]), "dim_device": ("device_key", ["device_name"]),
                  "dim_genre": ("genre_key", ["genre_name"]), "dim_person": ("person_key", ["person_name"]),
                  "dim_country": ("country_key", ["country_name"]),
                  "dim_title": ("title_key", ["show_id", "valid_from"])}
    before = {table: keys(small, table, *how) for table, how in dimensions.items()}
    small.lake.userbase(users(10), drop=SECOND)
    rows = titles() + [title(50, director="Someone New", listed_in="A New Genre", title="Another One")]
    small.lake.titles(rows, drop="2022-09-25")
    small.run("run")
    for table, how in dimensions.items():
        now = keys(small, table, *how)
        assert before[table].items() <= now.items(), table
    assert ("Someone New",) in keys(small, "dim_person", *dimensions["dim_person"])


def test_new_plan_gets_a_member(small):
    small.lake.userbase(users() + [user(20, subscription_type="Basic with Ads", monthly_revenue="7")])
    small.run("run")
    assert small.one("select count(*) from dim_plan where plan_name = 'Basic with Ads'") == 1
    assert small.one("select sum(s.monthly_revenue) from fct_subscription s join dim_plan using (plan_key) "
                     "where plan_name = 'Basic with Ads'") == 7


def test_half_delivered_drop_stops_the_publish(small):
    small.lake.userbase(users(3), drop=SECOND)
    done = small.run("run", expect=3)
    assert "raw.netflix_userbase" in done.err and "row count" in done.err
    assert SECOND in done.err and "3 rows" in done.err and "8" in done.err
    assert small.current() == 1
    assert small.one("select count(*) from dim_user where is_current") == 8
    small.lake.userbase(second_month(), drop=SECOND)
    small.run("run")
    assert small.current() == 2


def test_empty_newest_drop_stops_the_publish(small):
    small.lake.userbase(drop=SECOND, content=csv_text(users(), list(users()[0])).split("\n")[0] + "\n")
    small.run("run", expect=3)
    assert small.current() == 1


def test_drop_with_only_bad_rows_stops_the_publish(small):
    """A delivery whose rows all go to quarantine must not end every user."""
    small.lake.userbase([user(n, join_date="never") for n in range(1, 9)], drop=SECOND)
    done = small.run("run", expect=3)
    assert small.current() == 1
    assert "FAILED raw.netflix_userbase: rows kept of the newest drop" in done.err


def test_deleted_drop_takes_its_rows_along(small):
    key = small.lake.userbase(second_month(), drop=SECOND)
    small.run("run")
    (small.lake.folder / key).unlink()
    changes = small.run("crawl", "--dry-run", "--format", "json").json()
    assert ("deleted object", key) in {(c["change"], c["subject"]) for c in changes}
    small.run("run")
    assert small.one("select count(*) from fct_plan_change") == 0
    assert small.one("select count(*) from fct_subscription") == 8
    assert key not in accounts(small.receipt())


def test_same_content_uploaded_again_builds_nothing(small):
    small.lake.userbase()
    done = small.run("run", "--format", "json")
    receipt = done.json()
    assert "uploaded again (same content)" in {c["what"] for c in receipt["changes"]}
    assert built(receipt) == []
    assert receipt["version"] is None
    assert small.current() == 1


def test_changed_content_is_built(small):
    rows = users()
    rows[0]["Country"] = "Brazil"
    key = small.lake.userbase(rows)
    receipt = small.run("run", "--format", "json").json()
    assert ("changed object", key) in {(c["what"], c["subject"]) for c in receipt["changes"]}
    assert "stg_netflix_user" in built(receipt)
    assert "stg_netflix_title" not in built(receipt)
    assert small.one("select country_name from dim_user join dim_country using (country_key) "
                     "where user_id = 1") == "Brazil"


def test_two_objects_in_one_drop_are_one_list(small):
    small.lake.userbase(users(4), name="part-1.csv", drop=SECOND)
    small.lake.userbase(users(4, first=5), name="part-2.csv", drop=SECOND)
    small.run("run")
    assert small.one("select count(*) from fct_subscription") == 8
    assert len(accounts(small.receipt())) == 4


def test_user_in_two_objects_of_one_drop_is_kept_once(small):
    small.lake.userbase(users(4, first=5), name="part-2.csv")
    small.run("run")
    entries = accounts(small.receipt())
    assert entries["raw/netflix_userbase/drop=2023-07-16/part-2.csv"]["rejected_rules"] == 4
    assert small.one("select count(*) from fct_subscription") == 8


def test_object_without_a_drop_folder(house):
    house.lake.titles()
    house.lake.put("netflix_userbase/users.csv", csv_text(users()))
    house.run("run")
    assert house.one("select count(*) from fct_subscription") == 8


def test_three_drops_user_comes_back(small):
    small.lake.userbase([row for row in users() if row["User ID"] != "5"], drop=SECOND)
    small.run("run")
    small.lake.userbase(users(), drop=THIRD)
    small.run("run")
    spans = small.sql("select valid_from, valid_to, is_current from dim_user where user_id = 5 order by 1")
    assert spans == [{"valid_from": FIRST_DROP, "valid_to": "2023-08-15", "is_current": False},
                     {"valid_from": THIRD, "valid_to": "9999-12-31", "is_current": True}]


def test_title_changes_between_drops(small):
    rows = titles()
    rows[0]["rating"] = "R"
    del rows[3]
    rows.append(title(9, title="Brand New"))
    small.lake.titles(rows, drop="2022-09-25")
    small.run("run")
    changed = small.sql("select maturity_rating, is_current from dim_title where show_id = 's1' order by valid_from")
    assert changed == [{"maturity_rating": "PG-13", "is_current": False}, {"maturity_rating": "R", "is_current": True}]
    (gone,) = small.sql("select is_current, valid_to from dim_title where show_id = 's4'")
    assert gone == {"is_current": False, "valid_to": "2022-09-24"}
    assert small.one("select count(*) from dim_title where is_current") == 6
