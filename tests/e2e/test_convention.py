"""The convention of a column - zone, order of day and month, decimal sign, lists - is found from all its values."""

import pytest
from cases import lay


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_moments_with_a_zone_are_read_in_utc_everywhere(house, zone):
    lay("07-parquet-tstz", house.lake.folder)
    house.run("run", TZ=zone)
    assert house.sql("select min(join_date_key) as first, count(*) as n from fct_subscription") == [
        {"first": 20210905, "n": 300}]


TOTAL = "select count(*) as n, cast(sum(monthly_revenue) as varchar) as total from fct_subscription"
HEADER = "User ID,Subscription Type,Monthly Revenue,Join Date,Last Payment Date,Country,Age,Gender,Device,Plan Duration"


def userbase(house, dates, drop="2023-07-16", revenue="10"):
    """Puts a drop of users, each with (join date, last payment date), in place of the base's."""
    rows = [f'{n},Basic,"{revenue}",{joined},{paid},Germany,28,Male,Smartphone,1 Month'
            for n, (joined, paid) in enumerate(dates, 1)]
    house.lake.put(f"netflix_userbase/drop={drop}/Netflix Userbase.csv", "\n".join([HEADER, *rows, ""]))


def declare(house, text):
    file = house.project / "sources" / "netflix_userbase.yml"
    file.write_text(file.read_text().rstrip() + f"\n    conventions: {text}\n")


def joined(house):
    return [row["join_date_key"] for row in house.sql("select join_date_key from fct_subscription order by 1")]


def convention(house, column):
    rows = house.run("catalog", "netflix_userbase", "--format", "json").json()
    return next(row["convention"] for row in rows if row["column"] == column)


def test_a_month_first_delivery_is_read_whole(house):
    lay("01b-month-first-full", house.lake.folder)
    house.run("run")
    assert house.sql(TOTAL) == [{"n": 2500, "total": "31271.00"}]
    assert house.one("select join_date_key from fct_subscription join dim_user using (user_key) "
                     "where user_id = 2") == 20210905
    assert convention(house, "join_date").startswith("month_first: ")


def test_the_shipped_form_is_day_first_and_reads_as_before(house):
    lay(None, house.lake.folder)
    crawl = house.run("crawl")
    assert "netflix_userbase.join_date: day_first (" in crawl.err
    house.run("run")
    assert house.sql(TOTAL) == [{"n": 300, "total": "3735.00"}]


def test_a_neighbouring_column_proves_the_order(house):
    lay(None, house.lake.folder)
    userbase(house, [("02/03/2022", "06/15/2023"), ("04/05/2022", "06/20/2023")])
    house.run("run")
    assert joined(house) == [20220203, 20220405]
    assert convention(house, "join_date") == "month_first: as the object's other columns prove"


@pytest.mark.parametrize("proving", ["2023-06-16", "2023-08-16"])
def test_another_drop_proves_the_order_whether_older_or_newer(house, proving):
    lay(None, house.lake.folder)
    userbase(house, [("02/03/2022", "06/05/2023")])
    userbase(house, [("02/23/2022", "06/15/2023")], drop=proving)
    house.run("run")
    assert "month_first: as other objects prove" in convention(house, "join_date")


def test_dates_that_prove_nothing_stop_the_run_until_they_are_declared(house):
    lay(None, house.lake.folder)
    userbase(house, [("02/03/2022", "06/05/2023"), ("04/05/2022", "06/07/2023")])
    stopped = house.run("run", expect=3)
    assert "column join_date" in stopped.err and "conventions: {join_date: day_first}" in stopped.err
    declare(house, "{join_date: month_first, last_payment_date: month_first}")
    house.run("run")
    assert joined(house) == [20220203, 20220405]


def test_what_contradicts_its_column_is_rejected_not_read_the_other_way(house):
    lay(None, house.lake.folder)
    userbase(house, [("01/15/2022", "06/15/2023")] + [(f"01/{day}/2022", "06/15/2023") for day in range(13, 30)]
             + [("25/01/2022", "06/15/2023")])
    house.run("run", expect=None)
    assert [(row["reason"], row["value"]) for row in house.quarantine("stg_netflix_user")] == [
        ("is not a date", "25/01/2022")]


def test_half_and_half_is_refused(house):
    lay(None, house.lake.folder)
    userbase(house, [("01/15/2022", "06/05/2023")] * 5 + [("15/01/2022", "06/05/2023")] * 5)
    stopped = house.run("run", expect=3)
    assert "5 of its values are day first and 5 are month first" in stopped.err


def test_the_decimal_sign_is_the_columns(house):
    lay("12b-decimal-comma", house.lake.folder)
    house.run("run")
    assert house.sql(TOTAL) == [{"n": 300, "total": "3373.50"}]
    assert convention(house, "monthly_revenue").startswith("decimal_comma: ")


def test_a_comma_that_may_be_either_is_refused_until_declared(house):
    lay(None, house.lake.folder)
    userbase(house, [("15/01/2022", "15/06/2023")], revenue="9,990")
    assert "conventions: {monthly_revenue: decimal_comma}" in house.run("run", expect=3).err
    declare(house, "{monthly_revenue: decimal_comma}")
    house.run("run")
    assert house.sql(TOTAL) == [{"n": 1, "total": "9.99"}]


def test_a_declared_currency_is_read(house):
    lay("35-most-rejected", house.lake.folder)
    declare(house, "{monthly_revenue: EUR}")
    house.run("run", expect=None)
    assert house.one("select count(*) from fct_subscription") == 300


def test_dropped_decimals_are_told(house):
    lay("12-decimals", house.lake.folder)
    house.run("run")
    repairs = [r for r in house.quarantine("--repairs", "--limit", "0") if r["kind"] == "rounded"]
    assert len(repairs) == 300


def test_serial_days_of_a_spreadsheet_are_dates(house):
    lay(None, house.lake.folder)
    userbase(house, [("44576", "45092"), ("44577", "45093")])
    house.run("run")
    assert joined(house) == [20220115, 20220116]


@pytest.mark.parametrize("written", ["15 janvier 2022", "15. Januar 2022", "15 de enero de 2022",
                                     "15 de janeiro de 2022", "15 gennaio 2022", "15-janv.-22"])
def test_months_are_known_by_their_names_in_other_languages(house, written):
    lay(None, house.lake.folder)
    userbase(house, [(written, "15-06-23")])
    house.run("run")
    assert joined(house) == [20220115]


def test_dates_with_an_offset_are_read(house):
    lay("11a-date-offset", house.lake.folder)
    house.run("run")
    assert house.one("select count(*) from dim_title where title_key <> -1 and date_added is null") == 0


def test_years_inside_dates_and_hours_with_minutes_are_read(house):
    lengths = """select sum(duration_minutes) as minutes, sum(season_count) as seasons, sum(release_year) as years
                 from dim_title where title_key <> -1"""
    lay(None, house.lake.folder)
    house.run("run")
    before = house.sql(lengths)
    lay("37-year-duration", house.lake.folder)
    house.run("run")
    assert house.one("select count(*) from dim_title where title_key <> -1 and release_year is null") == 0
    assert house.sql(lengths) == before


def test_json_arrays_are_lists(house):
    lay("05-jsonl-arrays", house.lake.folder)
    house.run("run")
    assert house.sql("select genre_name from dim_genre where genre_name like '%[%' or genre_name like '%\"%'") == []


def test_lists_are_split_at_semicolons_and_bars(house):
    lay("19-formula", house.lake.folder)
    house.run("run", expect=None)
    assert house.sql("select genre_name from dim_genre where genre_name like '%;%' or genre_name like '%|%'") == []
