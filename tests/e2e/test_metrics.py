"""Measures asked by their names, against hand-written SQL and what must hold for any answer.

tests/metrics/oracle/<view>.sql holds a query for each way to ask, written from what the words mean and
not from what the program makes of them.
"""

import datetime
import json
import math
import random
import shlex
from dataclasses import dataclass

import pytest

from conftest import ROOT, template

METRICS = ROOT / "tests" / "metrics"
ASKED = "-- metric: "
GRAINS = {"day", "week", "month", "quarter", "year"}
ROUNDED = 5.1e-7  # half of the last digit that a weighted sum is told with


@dataclass
class Case:
    """A way to ask, and the statement that stands for it."""

    view: str
    name: str
    asked: list
    statement: str

    def measures(self):
        flags = [n for n, word in enumerate(self.asked) if word.startswith("--")]
        return self.asked[:min(flags, default=len(self.asked))]

    def values(self, flag):
        return [value for word, value in zip(self.asked, self.asked[1:]) if word == flag]

    def dimensions(self):
        return [name for value in self.values("--by") for name in value.split(",")]


def read_cases(path):
    """The blocks of a file; what stands before the first one begins every statement."""
    begin, *blocks = path.read_text(encoding="utf-8").split(ASKED)
    for block in blocks:
        asked, statement = block.split("\n", 1)
        if statement.lstrip().startswith("with "):
            statement = "," + statement.lstrip().removeprefix("with")
        yield Case(path.stem, f"{path.stem}: {asked}", shlex.split(asked), begin.rstrip() + "\n" + statement.strip())


def name_of(case):
    return case.name


ORACLES = [case for path in sorted((METRICS / "oracle").glob("*.sql")) for case in read_cases(path)]


class Metrics:
    """A published version that is asked."""

    def __init__(self, house):
        self.house = house

    def run(self, *asked, expect=0):
        return self.house.run("metric", *asked, "--format", "json", expect=expect)

    def ask(self, *asked):
        return self.run(*asked).json()

    def one(self, *asked):
        """The only row's only value."""
        (row,) = self.ask(*asked)
        (value,) = row.values()
        return value


def equal(value, wanted, room=0.0):
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float)) and isinstance(wanted, (int, float)):
        return math.isclose(value, wanted, rel_tol=1e-9, abs_tol=room)
    return value == wanted


def by_key(rows, measures):
    """Rows by their members; a member that is told twice fails."""
    found = {}
    for row in rows:
        key = tuple((name, value) for name, value in sorted(row.items())
                    if name.removesuffix("__before") not in measures)
        assert key not in found, f"{key} is told twice"
        found[key] = row
    return found


def differences(rows, wanted, measures, room=0.0):
    """What two tables say differently, whatever the order of their rows."""
    told, known = by_key(rows, measures), by_key(wanted, measures)
    found = [f"{key} is missing: {known[key]}" for key in known.keys() - told.keys()]
    found += [f"{key} is too much: {told[key]}" for key in told.keys() - known.keys()]
    for key in told.keys() & known.keys():
        found += [f"{key} {name}: {value!r} is not {known[key].get(name)!r}" for name, value in told[key].items()
                  if name not in known[key] or not equal(value, known[key][name], room)]
        found += [f"{key} has no {name}" for name in known[key].keys() - told[key].keys()]
    return sorted(found)


@pytest.fixture(scope="session")
def large(binary, tmp_path_factory):
    """A generated lake with every dataset and three deliveries of users."""
    def make(house):
        house.run("generate", "--scale", "0.01", "--seed", "1")
        house.run("run", "--quiet")
    return Metrics(template(binary, tmp_path_factory, "large", make))


# Independent queries


class Oracle:
    """The rows of the hand-written queries, those of a view fetched at once."""

    def __init__(self, house):
        self.house = house
        self.known = {}

    def rows(self, case):
        if case.view not in self.known:
            cases = [other for other in ORACLES if other.view == case.view]
            statement = " union all ".join(
                f"select {n} as n, to_json(list(t)) as rows from ({other.statement}\n) as t"
                for n, other in enumerate(cases))
            done = self.house.run("sql", "-", "--format", "json", stdin=statement)
            self.known[case.view] = {cases[row["n"]].name: json.loads(row["rows"] or "[]") for row in done.json()}
        return self.known[case.view][case.name]


@pytest.fixture(scope="session")
def oracle(large):
    return Oracle(large.house)


@pytest.mark.parametrize("case", ORACLES, ids=name_of)
def test_measure_agrees_with_an_independent_query(case, large, oracle):
    wanted = oracle.rows(case)
    assert wanted, "the independent query finds nothing, so that nothing is held against it"
    room = 0.0 if "--overlapping" in case.asked else ROUNDED
    assert differences(large.ask(*case.asked), wanted, case.measures(), room) == []


def test_every_measure_has_its_independent_queries(large):
    """Whole, by two dimensions, by dates, under a filter, with a total. A cohort is never one whole: its
    users are counted in each month."""
    lacking = []
    for listed in large.ask():
        cases = [c for c in ORACLES if c.view == listed["view"] and listed["measure"] in c.measures()]
        dimensions = {name for case in cases for name in case.dimensions()}
        undated = listed["view"].startswith(("market", "cohort"))
        has = {"whole": listed["view"] == "cohort" or any(not case.dimensions() for case in cases),
               "by dimensions": len(dimensions - GRAINS) > 1, "filter": any("--where" in case.asked for case in cases),
               "totals": any("--totals" in case.asked for case in cases),
               "dates": undated or bool(dimensions & GRAINS)}
        lacking += [f"{listed['measure']}: {name}" for name, there in has.items() if not there]
    assert lacking == []


# What the generated lake shows


def test_churn_is_known_from_three_drops(large):
    done = large.run("churn_rate")
    (row,) = done.json()
    assert 0 < row["churn_rate"] < 0.2
    assert "churn_rate:" not in done.err


def test_nothing_is_lost_in_months_that_have_not_begun(large):
    months = large.ask("churn_rate", "--by", "month")
    newest = large.house.one("select max(month_key) as k from fct_subscription_month")
    assert max(row["month"] for row in months).replace("-", "") <= str(newest)
    assert all(row["churn_rate"] < 0.5 for row in months)


def test_newest_month_of_a_cohort_does_not_tell_who_stays(large):
    """Who paid in the newest month can not be seen to leave or stay."""
    newest = str(large.house.one("select max(month_key) as k from fct_subscription_month"))
    ages = large.ask("cohort_stay_rate", "--by", "cohort,months_since_joining", "--where", "cohort = 2023-01")
    age = (int(newest[:4]) - 2023) * 12 + int(newest[4:6]) - 1
    assert len(ages) > 12
    assert all(row["cohort_stay_rate"] is None for row in ages if row["months_since_joining"] >= age)


# What holds for every answer

ADDITIVE = {
    "revenue": ["plan", "device", "country", "region", "age_band", "gender", "month", "quarter", "year"],
    "new_users": ["plan", "device_class", "subregion", "gender", "month"],
    "users": ["plan", "country", "age_band", "month", "year"],
    "titles": ["title_type", "maturity_rating", "release_decade", "year_added", "genre", "actor", "director",
               "production_country", "production_region", "co_production", "rating_band", "month", "year"],
    "votes": ["title_type", "genre", "actor", "production_country", "content_age_band", "quarter"],
    "hours": ["title_type", "genre", "director", "release_year"],
    "hours_viewed": ["category", "genre", "country", "watched_title", "week"],
    "weeks_in_top10": ["country", "region", "genre", "title_type"],
    "market_votes": ["market_type", "market_decade", "vote_band", "is_in_catalogue"],
}
NOT_ADDITIVE = {"mrr": ADDITIVE["revenue"], "arpu": ADDITIVE["revenue"], "churn_rate": ["plan", "country"],
                "mean_rating": ["title_type", "genre"], "median_days_to_platform": ["maturity_rating", "genre"],
                "titles_in_top10": ["country", "genre"], "market_rating": ["market_type", "market_rating_band"]}
BRIDGED = {"genre", "actor", "director", "production_country", "production_region", "co_production"}


def random_sums(count):
    dice = random.Random(20230614)
    for _ in range(count):
        measure = dice.choice(list(ADDITIVE))
        dimensions = dice.sample(ADDITIVE[measure], dice.choice([1, 1, 2]))
        if len(GRAINS & set(dimensions)) > 1:
            dimensions = dimensions[:1]
        asked = [measure, "--by", ",".join(dimensions), "--totals"]
        if set(dimensions) - GRAINS and dice.random() < 0.5:
            asked += ["--top", str(dice.randint(1, 6))]
        if dice.random() < 0.3 and measure in ("titles", "votes"):
            asked += ["--where", dice.choice(["genre = Dramas", "title_type != Movie", "director != null"])]
        yield asked


@pytest.mark.parametrize("asked", random_sums(22), ids=" ".join)
def test_rows_and_the_rest_add_up_to_the_total(asked, large):
    *rows, total = large.ask(*asked)
    assert "(total)" in total.values()
    measure = asked[0]
    told = [row[measure] or 0 for row in rows]
    assert math.isclose(sum(told), total[measure] or 0, rel_tol=1e-9, abs_tol=ROUNDED * (len(told) + 1))


def random_members(count):
    dice = random.Random(8807)
    for _ in range(count):
        source = dice.choice([ADDITIVE, NOT_ADDITIVE])
        measure = dice.choice(list(source))
        yield measure, dice.choice([name for name in source[measure] if name not in GRAINS])


@pytest.mark.parametrize("measure, dimension", random_members(10))
def test_filter_of_all_members_is_no_filter(measure, dimension, large):
    def literal(member):
        return "null" if member is None else "'" + str(member).replace("'", "''") + "'"
    members = [row[dimension] for row in large.ask(measure, "--by", dimension)]
    if all(isinstance(member, bool) for member in members):
        members = [str(member).lower() for member in members]
    where = f"{dimension} in " + ", ".join(map(literal, members))
    assert equal(large.one(measure, "--where", where), large.one(measure))


def random_comparisons(count):
    dice = random.Random(2021)
    for _ in range(count):
        measure = dice.choice(["mrr", "revenue", "arpu", "new_users", "users", "titles", "votes", "mean_rating",
                               "kept_users", "hours_viewed"])
        if measure == "hours_viewed":
            yield [measure, "--by", dice.choice(["week", "week,category", "week,genre"])]
            continue
        grain = dice.choice(["month", "quarter", "year"])
        other = dice.choice(["", ",title_type", ",genre"] if measure in ("titles", "votes", "mean_rating")
                            else ["", ",plan", ",region"])
        yield [measure, "--by", grain + other]


def period_before(date, grain):
    if grain == "week":
        return str(datetime.date.fromisoformat(date) - datetime.timedelta(7))
    year, month = int(date[:4]), int(date[5:7]) - {"month": 1, "quarter": 3, "year": 12}[grain]
    return f"{year - (month < 1)}-{(month - 1) % 12 + 1:02}-01"


@pytest.mark.parametrize("asked", random_comparisons(12), ids=" ".join)
def test_compared_value_is_that_of_the_row_before(asked, large):
    measure, grain = asked[0], asked[2].split(",")[0]
    rows = large.ask(*asked, "--compare", "previous")
    told = {tuple(v for k, v in row.items() if not k.startswith(measure)): row for row in rows}
    compared = 0
    for (date, *members), row in told.items():
        if date is None:
            continue
        before = told.get((period_before(date, grain), *members), {measure: None})
        assert equal(row[measure + "__before"], before[measure]), (date, members)
        compared += row[measure + "__before"] is not None
    assert compared > 0
