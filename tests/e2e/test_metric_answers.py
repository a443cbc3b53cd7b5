"""Measures asked by their names on lakes that are known by heart: figures, refusals, golden SQL.

REELHOUSE_UPDATE_GOLDEN=1 writes the statements of tests/metrics/golden/ anew from what the program
compiles.
"""

import math
import os
import shlex

import pytest

from conftest import COUNTRY_FIELDS, GLOBAL_FIELDS, House, csv_text, template, title, titles, user, users
from test_metrics import ASKED, METRICS, Metrics, equal

GOLDEN = sorted((METRICS / "golden").glob("*.sql"))


def write_made(lake):
    """Titles that are listed several times over, and one that lacks everything."""
    lake.userbase(users(8) + [user(9, country="Spain", gender="Female", age=70, join_date="05-05-23",
                                   last_payment_date="15-07-23")])
    lake.titles([
        title(1),
        title(2, country="Spain, United States, Japan", listed_in="Dramas", cast="Bo Actor"),
        title(3, country="Japan", listed_in="Dramas, Comedies, Thrillers", date_added="February 29, 2020",
              director="Di Rector, Ada Director"),
        title(4, type="TV Show", duration="1 Season", director="", cast="", country="", listed_in="TV Dramas",
              date_added=""),
        title(5, title="Don't Say \"Love, Actually\"", country="Spain", date_added="February 29, 2020",
              listed_in="Comedies"),
        title(6, title="War of Señores", country="United States", date_added="February 28, 2020",
              listed_in="Thrillers"),
        title(7, title="Later", country="Brazil, Spain", date_added="February 28, 2021", listed_in="Dramas")])
    lake.imdb()
    worldwide = ["2023-07-02", "Films (English)", "1", "A Film Called 1", "N/A", "1000000", "1.5", "666667", "1"]
    stranger = ["2023-07-02", "TV (English)", "1", "Nowhere in the Catalogue", "N/A", "500", "1.5", "333", "1"]
    lake.put("netflix_top10_global/drop=2023-07-09/all-weeks-global.tsv",
             csv_text([dict(zip(GLOBAL_FIELDS, row)) for row in (worldwide, stranger)], GLOBAL_FIELDS, "\t"))
    ranks = [["Spain", "ES", "2023-07-02", "TV", "1", "Nowhere in the Catalogue", "N/A", "1"],
             ["Spain", "ES", "2023-07-02", "TV", "2", "Elsewhere", "N/A", "1"]]
    lake.put("netflix_top10_countries/drop=2023-07-09/all-weeks-countries.csv",
             csv_text([dict(zip(COUNTRY_FIELDS, rank)) for rank in ranks], COUNTRY_FIELDS))


@pytest.fixture(scope="session")
def made(binary, tmp_path_factory):
    """A few titles and users that are known by heart."""
    def make(house):
        write_made(house.lake)
        house.run("run", "--quiet")
    return Metrics(template(binary, tmp_path_factory, "made", make))


@pytest.fixture(scope="session")
def plain(small_template):
    """Only the two datasets that have to be there, in one delivery. Only read."""
    return Metrics(small_template)


# Golden SQL


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_compiled_sql_is_the_golden_one(path, made):
    asked, golden = path.read_text(encoding="utf-8").split("\n", 1)
    assert asked.startswith(ASKED)
    compiled = made.house.run("metric", *shlex.split(asked.removeprefix(ASKED)), "--sql").out
    if os.environ.get("REELHOUSE_UPDATE_GOLDEN"):
        path.write_text(f"{asked}\n{compiled}", encoding="utf-8")
        golden = compiled
    assert compiled == golden


# Figures that are known by heart


@pytest.mark.parametrize("asked, wanted", [
    ("mrr paying_users arpu revenue paid_months new_users", [101, 8, 12.625, 1818, 144, 8]),
    ("users active_users monthly_revenue mean_monthly_revenue", [8, 8, 101, 12.625]),
    ("titles movies tv_shows share_of_movies median_days_to_platform mean_content_age", [6, 5, 1, 5 / 6, 633, 1]),
    ("mrr paying_users --where 'plan = Premium'", [45, 3])])
def test_known_figures(asked, wanted, plain):
    (row,) = plain.ask(*shlex.split(asked))
    assert all(map(equal, row.values(), wanted)), row


def test_unfinished_month_is_told_and_not_closed(plain):
    """Eight users paid until the middle of June: MRR is May's, and June is named as unfinished."""
    whole = plain.run("mrr")
    assert "2023-05-01 to 2023-05-31" in whole.err
    monthly = plain.run("mrr", "--by", "month")
    assert [row["month"] for row in monthly.json()][-1] == "2023-06-01"
    assert "2023-06-01" in monthly.err and "unfinished" in monthly.err and "2023-06-18" in monthly.err


def test_only_period_of_a_range_is_told_though_unfinished(plain):
    done = plain.run("mrr", "--where", "date = 2023-06")
    assert done.json() == [{"mrr": 101}] and "unfinished" in done.err


VIEW = """view: shelf
label: Shelf
fact: fct_title
joins:
  title: {table: dim_title, column: title_key}
  many: {table: bridge_title_genre, column: title_key}
dimensions:
  kind: {label: Kind, sql: title.title_type}
measures:
  count_of_titles: {label: Titles, count: true}
"""


@pytest.mark.parametrize("change, message", [
    (("measures:", "mesures:"), "Did you mean measures?"),
    (("sql: title.title_type", "sql: titel.title_type"), "Did you mean title?"),
    (("title.title_type", "title.title_tipe"), "title_tipe"),
    (("fct_title", "fct_titel"), "fct_titel"),
    (("count: true", "count: true, closing: true"), "closing"),
    (("count: true", "ratio: [count_of_titles, titels]"), "not known"),
    (("title.title_type", "many.genre_key"), "unique")])
def test_view_that_does_not_fit_is_refused(change, message, small_template, tmp_path):
    assert change[0] in VIEW
    house = House(small_template.binary, tmp_path / "project")
    (house.project / "metrics").mkdir(parents=True)
    (house.project / "metrics" / "shelf.yml").write_text(VIEW.replace(*change))
    (house.project / "reelhouse.yaml").write_text((small_template.project / "reelhouse.yaml").read_text())
    done = house.run("metric", "count_of_titles", "--warehouse", small_template.project / "warehouse", expect=2)
    assert message in done.err and "shelf.yml" in done.err


def test_list_names_every_measure_and_needs_no_warehouse(house):
    listed = house.run("metric", "--format", "json").json()
    assert {"mrr", "churn_rate", "titles", "hours_viewed", "coverage"} <= {row["measure"] for row in listed}
    assert len({row["measure"] for row in listed}) == len(listed)


# What cannot be known


@pytest.mark.parametrize("measures, dataset", [
    (["votes", "mean_rating", "mean_weighted_rating", "rated_titles", "match_rate"], "IMDb"), (["hours"], "Top 10"),
    (["hours_viewed", "weeks_in_top10", "titles_in_top10"], "Top 10"), (["market_titles", "coverage"], "IMDb")])
def test_measures_of_an_absent_dataset_say_so(measures, dataset, plain):
    done = plain.run(*measures)
    assert all(set(row.values()) == {None} for row in done.json())
    reasons = {line.split(": ")[1]: line for line in done.err.splitlines() if line.count(": ") > 1}
    assert [name for name in measures if dataset not in reasons.get(name, "")] == []


def test_known_measure_beside_an_unknown_one(plain):
    done = plain.run("votes", "titles", "--by", "title_type", "--top", "1", "--totals")
    assert done.json() == [{"title_type": "Movie", "votes": None, "titles": 5},
                           {"title_type": "(other)", "votes": None, "titles": 1},
                           {"title_type": "(total)", "votes": None, "titles": 6}]


def test_churn_cannot_be_known_from_one_drop(plain):
    measures = ["churn_rate", "lost_users", "kept_users", "kept_revenue", "lost_revenue"]
    done = plain.run(*measures, "paying_before")
    assert done.json() == [dict.fromkeys(measures) | {"paying_before": 8}]
    assert all(f"{measure}: " in done.err for measure in measures)
    assert "one drop" in done.err and "2023-06-18" in done.err


# Bridges


def test_dimensions_over_one_bridge_belong_together(made):
    rows = made.ask("titles", "--by", "production_region,production_country")
    assert {(row["production_region"], row["production_country"]): round(row["titles"], 5) for row in rows} == {
        ("Europe", "Spain"): round(1 + 1 / 3 + 1 + 1 / 2, 5), ("Americas", "United States"): round(1 / 3 + 1, 5),
        ("Americas", "Brazil"): 0.5, ("Asia", "Japan"): round(1 / 3 + 1, 5), (None, None): 1}


@pytest.mark.parametrize("where", ["genre = Dramas and genre = Comedies", "genre ~ dram and genre ~ com"])
def test_two_filters_over_one_bridge_pick_titles_with_both(where, made):
    assert made.one("titles", "--where", where) == 2
    rows = made.ask("titles", "--by", "genre", "--where", where, "--totals")
    assert {row["genre"] for row in rows} <= {"Dramas", "Comedies", "Thrillers", "(total)"}
    assert math.isclose(sum(row["titles"] for row in rows[:-1]), rows[-1]["titles"], abs_tol=1e-5)


def test_filters_on_two_dimensions_of_one_bridge(made):
    where = "production_region = Europe and production_country = Japan"
    assert made.one("titles", "--where", where) == 1
    rows = made.ask("titles", "--by", "production_country", "--where", where)
    assert {row["production_country"] for row in rows} <= {"Spain", "Japan", "United States"} and rows


@pytest.mark.parametrize("where, wanted", [
    ("genre = Dramas", 4), ("genre in Dramas, Thrillers", 5), ("genre != Dramas", 3),
    ("genre not in Dramas, Comedies", 2),
    ("director = null", 1), ("director != null", 6), ("director not in null, 'Di Rector'", 5),
    ("production_country in Japan, null", 3), ("production_country not in Japan, null", 4), ("genre ~ 'MAS'", 5)])
def test_filter_over_a_bridge_picks_whole_titles(where, wanted, made):
    assert made.one("titles", "--where", where) == wanted


def test_weights_and_overlap_of_genres(made):
    assert {row["genre"]: round(row["titles"], 5) for row in made.ask("titles", "--by", "genre")} == {
        "Dramas": round(0.5 + 1 + 1 / 3 + 1, 5), "Comedies": round(0.5 + 1 / 3 + 1, 5),
        "Thrillers": round(1 / 3 + 1, 5), "TV Dramas": 1}
    overlapping = made.run("titles", "--by", "genre", "--overlapping", "--totals")
    assert {row["genre"]: row["titles"] for row in overlapping.json()} == {
        "Dramas": 4, "Comedies": 3, "Thrillers": 2, "TV Dramas": 1, "(total)": 7}
    assert "more than the total" in overlapping.err


def test_shares_over_a_bridge_are_not_of_rounded_numbers(made):
    """A third of a movie over a third of a title is one half only when neither was rounded."""
    rows = {row["genre"]: row for row in made.ask("titles", "movies", "share_of_movies", "match_rate", "--by", "genre")}
    assert rows["Dramas"]["share_of_movies"] == 1
    assert math.isclose(rows["Dramas"]["match_rate"], 0.5 / (2.5 + 1 / 3), rel_tol=1e-9)


def test_what_is_not_in_the_catalogue_has_no_genre(made):
    by_genre = {row["genre"]: row["hours_viewed"] for row in made.ask("hours_viewed", "--by", "genre")}
    assert by_genre == {"Dramas": 500000, "Comedies": 500000, None: 500}
    assert made.one("hours_viewed", "--where", "genre = null") == 500
    assert made.one("hours_viewed", "--where", "genre != null") == 1000000


def test_rows_without_a_member_can_be_at_the_top(made):
    rows = made.ask("weeks_in_top10", "--by", "genre", "--top", "1", "--totals")
    assert rows == [{"genre": None, "weeks_in_top10": 3}, {"genre": "(other)", "weeks_in_top10": 1},
                    {"genre": "(total)", "weeks_in_top10": 4}]
    rows = made.ask("hours_viewed", "--by", "genre", "--top", "1")
    assert rows == [{"genre": "Comedies", "hours_viewed": 500000}, {"genre": "(other)", "hours_viewed": 500500}]


# Filters


@pytest.mark.parametrize("where, wanted", [
    ("title ~ señores", 1), ("title ~ SENORES", 1), ("title ~ '% of'", 0), ("title ~ \"don't\"", 1),
    ("title = 'Don''t Say \"Love, Actually\"'", 1), ("title ~ \"\"\"love, actually\"\"\"", 1),
    ("release_year = 2020", 7), ("release_year from 2021", 0), ("year_added from 2020 to 2020", 3),
    ("year_added = null", 1), ("year_added != 2020", 4), ("year_added not in 2020, null", 3),
    ("date from 2020-02-29 to 2020-02-29", 2), ("date to 2020-02", 3), ("date = 2021", 3), ("is_matched = true", 1),
    ("is_matched != true", 6), ("title_type = Movie and year_added = 2020", 3), ("", 7)])
def test_filter(where, wanted, made):
    assert made.one("titles", "--where", where) == wanted


def test_conditions_of_several_flags_hold_together(made):
    conditions = ["title_type = Movie", "date = 2020-02", "genre = Comedies"]
    assert made.one("titles", *(word for condition in conditions for word in ("--where", condition))) == 2


@pytest.mark.parametrize("asked, message", [
    (["mrrr"], "Did you mean mrr?"),
    (["mrr", "--by", "contry"], "Did you mean country?"),
    (["mrr", "--where", "plann = Basic"], "Did you mean plan?"),
    (["mrr", "titles"], "one view"),
    (["mrr", "--by", "day"], "months"),
    (["mrr", "--by", "plan,plan"], "twice"),
    (["mrr", "--grain", "fortnight"], "not a grain"),
    (["mrr", "--last", "century"], "not a grain"),
    (["mrr", "--last", "day"], "months"),
    (["mrr", "--compare", "tomorrow"], "previous or year"),
    (["mrr", "--sort", "country"], "not in the query"),
    (["mrr", "--top", "3"], "--by"),
    (["mrr", "--by", "country", "--top", "-3"], "top"),
    (["mrr", "--by", "country", "--limit", "-3"], "limit"),
    (["mrr", "--by", "country", "--top", "5000"], "1000"),
    (["market_titles", "--by", "month"], "no dates"),
    (["market_titles", "--compare", "year"], "no dates"),
    (["hours_viewed", "--by", "month"], "week"),
    (["mrr", "--where", "plan"], "needs ="),
    (["mrr", "--where", "plan = "], "value is missing"),
    (["mrr", "--where", "plan = 'Basic"], "never closed"),
    (["mrr", "--where", "plan = Basic and"], "needs ="),
    (["mrr", "--where", "plan = Basic country = Spain"], "country"),
    (["mrr", "--where", "plan > Basic"], "needs ="),
    (["mrr", "--where", "country in (Spain, Mexico"], "("),
    (["titles", "--where", "title ~ love, war"], "love"),
    (["mrr", "--where", "date from 2022-13"], "not a date"),
    (["mrr", "--where", "date from 2023-02-29"], "not a date"),
    (["mrr", "--where", "date from yesterday"], "not a date"),
    (["mrr", "--where", "month = null"], "date"),
    (["mrr", "--where", "date in 2022, 2023"], "range"),
    (["titles", "--where", "release_year = twenty"], "numbers"),
    (["titles", "--where", "release_year from 2000x"], "numbers"),
    (["titles", "--where", "is_matched = maybe"], "true or false"),
    (["titles", "--where", f"title in {', '.join(map(str, range(5000)))}"], "1000"),
    (["mrr", "--by", "a; drop table fct_title"], "no dimension"),
    (["mrr\"; drop table fct_title; --"], "no measure"),
    (["mrr", "--sort", "mrr; drop table fct_title"], "not in the query"),
    (["mrr", "--where", "plan\"; drop table fct_title; -- = Basic"], "plan")],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "")
def test_refused_with_the_reason(asked, message, plain):
    done = plain.house.run("metric", *asked, expect=None)
    assert (done.code, done.out) == (2, ""), done.out + done.err
    assert message in done.err.replace(",000", "000")


NASTY = ["x'; drop table fct_title; --", "' or 1=1 --", "\\'", "$1 {} %", "_", "\u202e" + "𝕏" * 300]


@pytest.mark.parametrize("value", NASTY, ids=range(len(NASTY)))
def test_value_is_only_a_value(value, plain):
    quoted = "'" + value.replace("'", "''") + "'"
    assert plain.one("titles", "--where", f"title != {quoted}") == 6
    assert plain.one("titles", "--where", f"title ~ {quoted} and title = {quoted}") == 0


def test_nothing_is_published(house):
    done = house.run("metric", "mrr", expect=1)
    assert done.out == "" and "reelhouse run" in done.err
    assert house.run("metric", "mrrr", expect=2).err


def test_nothing_matches(made):
    assert made.ask("titles", "votes", "--where", "title = nothing") == [{"titles": 0, "votes": None}]
    assert made.ask("titles", "--by", "genre", "--where", "title = nothing") == []
    assert made.ask("titles", "--by", "genre", "--top", "1", "--totals", "--where", "title = nothing") == [
        {"genre": "(total)", "titles": 0}]
    assert made.ask("mrr", "--where", "date from 1999 to 1999") == [{"mrr": None}]


# Order, top, comparison


def test_order_of_rows(made):
    def members(*asked):
        return [next(iter(row.values())) for row in made.ask(*asked)]
    assert members("users", "--by", "plan") == ["Basic", "Standard", "Premium"]
    assert members("users", "--by", "plan", "--sort", "-plan") == ["Premium", "Standard", "Basic"]
    assert members("titles", "--by", "year") == ["2020-01-01", "2021-01-01", None]
    assert members("titles", "--by", "year", "--sort", "-year") == ["2021-01-01", "2020-01-01", None]
    assert members("titles", "--by", "genre", "--sort", "genre")[:2] == ["Comedies", "Dramas"]
    assert members("titles", "--by", "genre", "--limit", "2") == ["Dramas", "Comedies"]


def test_rest_is_told_apart_from_the_unknown(made):
    rows = made.ask("titles", "--by", "month,title_type", "--top", "1")
    assert {"month": None, "title_type": "(other)", "titles": 1} in rows


def test_member_unknown_can_be_at_the_top(plain):
    rows = plain.ask("titles", "--by", "match_method", "--top", "1", "--totals")
    assert rows == [{"match_method": None, "titles": 6}, {"match_method": "(total)", "titles": 6}]


def test_compared_with_a_year_before_over_a_leap_day(made):
    rows = {row["day"]: row for row in made.ask("titles", "--by", "day", "--compare", "year")}
    assert rows["2021-02-28"]["titles__before"] == 1
    assert rows["2020-02-29"]["titles__before"] is None
    assert made.ask("titles", "--by", "genre", "--where", "date = 2021-02", "--compare", "year") == [
        {"genre": "Dramas", "titles": 1, "titles__before": 0.333333},
        {"genre": "Comedies", "titles": None, "titles__before": 1.333333},
        {"genre": "Thrillers", "titles": None, "titles__before": 1.333333}]


def test_grain_and_dates_of_by(made):
    quarters = made.ask("mrr", "--grain", "quarter")
    assert quarters == made.ask("mrr", "--by", "quarter")
    contradiction = made.run("mrr", "--by", "month", "--grain", "quarter", expect=2)
    assert "--by tells the dates otherwise than --grain quarter" in contradiction.err and contradiction.out == ""


def test_share_that_is_not_quite_all_or_none_is_not_rounded_to_it(house):
    house.lake.required()
    house.lake.titles(titles(2500))
    house.run("run", "--quiet")
    shown = house.run("metric", "share_of_movies", "--by", "title_type", "--totals", "--format", "table").out
    assert ">99.9 %" in shown and " 100.0 %" in shown and " 0.0 %" in shown, shown
    assert Metrics(house).one("share_of_movies") == 2499 / 2500


def test_member_that_only_the_period_before_has_is_told(made):
    asked = ["titles", "--by", "production_country", "--where", "date = 2021-02", "--compare", "year", "--totals"]
    rows = {row["production_country"]: row for row in made.ask(*asked)}
    assert rows["Brazil"] == {"production_country": "Brazil", "titles": 0.5, "titles__before": None}
    assert rows["Japan"] == {"production_country": "Japan", "titles": None, "titles__before": 1}
    told = [row["titles__before"] for country, row in rows.items() if country != "(total)"]
    assert sum(filter(None, told)) == rows["(total)"]["titles__before"] == 3
    assert "only in the period before" in made.house.run("metric", *asked).err
