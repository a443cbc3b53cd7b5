"""Every tile of every page, under 50 random states of its page's filters, against SQL written by hand.

The statements below know the star schema and nothing of the metric layer: a view here is one wide relation
over inner joins, a bridge is joined and weighed row by row, and a filter over a bridge is a list of keys.
"""

import json
import math
import os
import random
import re
import select
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request

import pytest

from conftest import clean_environment

STATES = 50
SUBSCRIBER = """p.plan_name as plan, p.plan_rank, v.device_name as device, v.device_class,
  c.country_name as country, c.subregion, c.region, c.iso_numeric as country_code, u.gender, u.age_band"""
STARS = """join dim_plan p on p.plan_key = f.plan_key join dim_device v on v.device_key = f.device_key
  join dim_country c on c.country_key = f.country_key join dim_user u on u.user_key = f.user_key"""
BAND = "when {0} < 4 then 'under 4' when {0} >= 9 then '9 to 10' else floor({0})::int::varchar || ' to ' || (floor({0})::int + 1)::varchar end"
VOTES = """case when {0} < 100 then 'under 100' when {0} < 1000 then '100 to 999' when {0} < 10000 then
  '1,000 to 9,999' when {0} < 100000 then '10,000 to 99,999' else '100,000 and more' end"""
LAST_PAYMENT = """(select max(d.date) from fct_subscription s join dim_date d on d.date_key = s.last_payment_date_key)"""
LAST_ADDED = "(select max(d.date) from fct_title t join dim_date d on d.date_key = t.date_added_key)"

VIEWS = {
    "subscription_month": (f"select {SUBSCRIBER}, d.date as day, f.* from fct_subscription_month f {STARS} "
                           "join dim_date d on d.date_key = f.month_key", LAST_PAYMENT),
    "retention": (f"select {SUBSCRIBER}, (d.date + interval 1 month)::date as day, f.* from fct_subscription_month f {STARS} "
                  f"join dim_date d on d.date_key = f.month_key where day <= {LAST_PAYMENT}", LAST_PAYMENT),
    "cohort": (f"""select {SUBSCRIBER}, strftime(j.date, '%Y-%m') as cohort, datediff('month', j.date, d.date) as months_since_joining,
      last_day(d.date + interval 1 month) <= {LAST_PAYMENT} as is_followed, f.*
      from fct_subscription_month f {STARS} join dim_date d on d.date_key = f.month_key
      join dim_date j on j.date_key = f.join_month_key""", "date '9999-01-01'"),
    "user_drop": ("select drop_date as day, f.* from fct_user_drop f", "date '9999-01-01'"),
    "title_drop": ("select drop_date as day, f.* from fct_title_drop f", "date '9999-01-01'"),
    "subscription": (f"select {SUBSCRIBER}, d.month_start as day, f.* from fct_subscription f {STARS} "
                     "join dim_date d on d.date_key = f.join_date_key", LAST_PAYMENT),
    "title": (f"""select t.title, t.title_type, t.maturity_rating, t.release_year,
      floor(t.release_year / 10)::int * 10 as release_decade, year(d.date) as year_added, d.date as day,
      case when f.content_age_years is null then null when f.content_age_years < 2 then 'under 2 years'
        when f.content_age_years < 5 then '2 to 4 years' when f.content_age_years < 10 then '5 to 9 years'
        when f.content_age_years < 20 then '10 to 19 years' else '20 years and more' end as content_age_band,
      case when f.imdb_rating is null then null {BAND.format("f.imdb_rating")} as rating_band,
      t.imdb_id is not null as is_matched, t.match_method, f.*
      from fct_title f join dim_title t on t.title_key = f.title_key join dim_date d on d.date_key = f.date_added_key""",
              LAST_ADDED),
    "viewing": ("""select c.country_name as country, c.subregion, c.region, c.iso_numeric as country_code, f.category,
      case when starts_with(f.category, 'TV') then 'TV Show' else 'Movie' end as title_type,
      f.show_title as watched_title, f.title_key <> -1 as in_catalogue, (d.date - interval 6 day)::date as day, f.*
      from fct_viewing_week f join dim_country c on c.country_key = f.country_key
      join dim_date d on d.date_key = f.week_key where f.country_key <> -1""", "date '9999-01-01'"),
    "market": (f"""select imdb_type as market_type, floor(start_year / 10)::int * 10 as market_decade,
      case {BAND.format("average_rating")} as market_rating_band, {VOTES.format("vote_count")} as vote_band,
      is_in_catalogue, primary_title as market_title, vote_count, average_rating
      from dim_imdb_title where imdb_title_key <> -1""", "date '9999-01-01'"),
    "market_genre": (f"""select nullif(b.genre_name, 'Unknown') as market_genre, i.imdb_type as market_type,
      floor(i.start_year / 10)::int * 10 as market_decade, case {BAND.format("i.average_rating")} as market_rating_band,
      {VOTES.format("i.vote_count")} as vote_band, i.is_in_catalogue, b.weight, i.vote_count
      from bridge_imdb_title_genre b join dim_imdb_title i on i.imdb_title_key = b.imdb_title_key
      where b.imdb_title_key <> -1""", "date '9999-01-01'"),
}
PLACE = ("(select b.title_key, c.country_key, b.weight, nullif(c.country_name, 'Unknown') as production_country, "
         "c.subregion as production_subregion, c.region as production_region, c.iso_numeric as production_country_code, "
         "case when c.country_key = -1 then null when count(*) over (partition by b.title_key) = 1 then 'one country' "
         "when count(*) over (partition by b.title_key) = 2 then 'two countries' else 'three and more' end as co_production "
         "from bridge_title_country b join dim_country c on c.country_key = b.country_key)")
PERSON = ("(select b.title_key, b.weight, case when p.person_key <> -1 then p.person_name end as {0} from bridge_title_person b "
          "join dim_person p on p.person_key = b.person_key where b.role = '{0}')")
GENRE = ("(select b.title_key, b.weight, case when g.genre_key <> -1 then g.genre_name end as genre "
         "from bridge_title_genre b join dim_genre g on g.genre_key = b.genre_key)")
BRIDGES = {"genre": GENRE, "director": PERSON.format("director"), "actor": PERSON.format("actor"),
           **{name: PLACE for name in ("production_country", "production_subregion", "production_region",
                                       "production_country_code", "co_production")}}
# {w} is the weight of a row, 1 where no bridge is asked; a closing measure is marked with a star.
MEASURES = {
    "mrr": "*sum(revenue)", "paying_users": "*sum(1)", "arpu": "*sum(revenue)::double / sum(1)", "revenue": "sum(revenue)",
    "paid_months": "sum(1)", "new_users": "sum(is_new::int)", "new_revenue": "sum(case when is_new then revenue else 0 end)",
    "paying_before": "*sum(1)", "kept_users": "*sum((not is_last_paid and not is_end_unknown)::int) filter (where is_leaving_seen)",
    "lost_users": "*sum(is_last_paid::int) filter (where is_leaving_seen)",
    "churn_rate": "*sum(is_last_paid::int) filter (where is_leaving_seen)::double / sum(1)",
    "churn_rate_at_most": "*sum((is_last_paid or is_end_unknown)::int) filter (where is_leaving_seen)::double / sum(1)",
    "unknown_retention": "*sum((is_end_unknown or not is_leaving_seen)::int)",
    "kept_revenue": "*sum(case when is_last_paid or is_end_unknown then 0 else revenue end) filter (where is_leaving_seen)",
    "lost_revenue": "*sum(case when is_last_paid then revenue else 0 end) filter (where is_leaving_seen)",
    "cohort_users": "sum(1) filter (where is_leaving_seen)", "cohort_revenue": "sum(revenue) filter (where is_leaving_seen)",
    "cohort_stay_rate": "sum((is_followed and not is_last_paid and not is_end_unknown)::int) filter (where is_leaving_seen)::double "
                        "/ nullif(sum((is_followed and not is_end_unknown)::int) filter (where is_leaving_seen), 0)",
    **{name: f"*sum({name})" for name in ("usable_users", "unknown_users", "gone_at_least", "gone_at_most", "churned_at_least",
                                          "churned_at_most", "usable_titles", "unknown_titles", "removed_at_least",
                                          "removed_at_most")},
    "share_unknown_users": "*sum(unknown_users)::double / (sum(usable_users) + sum(unknown_users))",
    "share_unknown_titles": "*sum(unknown_titles)::double / (sum(usable_titles) + sum(unknown_titles))",
    "users": "sum(1)", "active_users": "sum(is_active::int)", "monthly_revenue": "sum(monthly_revenue)",
    "mean_monthly_revenue": "sum(monthly_revenue)::double / count(monthly_revenue)",
    "mean_tenure": "sum(tenure_months)::double / count(tenure_months)", "share_active": "sum(is_active::int)::double / sum(1)",
    "titles": "sum({w})", "movies": "sum({w} * (title_type = 'Movie')::int)",
    "tv_shows": "sum({w} * (title_type = 'TV Show')::int)",
    "share_of_movies": "sum({w} * (title_type = 'Movie')::int)::double / sum({w})",
    "votes": "sum({w} * imdb_votes)", "hours": "sum({w} * hours_viewed_top10)",
    "mean_rating": "sum({w} * imdb_rating) / sum(case when imdb_rating is not null then {w} end)",
    "mean_weighted_rating": "sum({w} * weighted_rating) / sum(case when weighted_rating is not null then {w} end)",
    "rated_titles": "sum({w} * (imdb_title_key <> -1)::int)",
    "match_rate": "sum({w} * (imdb_title_key <> -1)::int)::double / sum({w})",
    "median_days_to_platform": "quantile_cont(days_to_platform, 0.5)",
    "mean_content_age": "sum({w} * content_age_years)::double / sum(case when content_age_years is not null then {w} end)",
    "hours_viewed": "sum({w} * hours_viewed)", "weeks_in_top10": "sum({w})",
    "titles_in_top10": "count(distinct show_title || case when starts_with(category, 'TV') then '|tv' else '|film' end)",
    "market_titles": "sum(1)", "held_titles": "sum(is_in_catalogue::int)", "coverage": "sum(is_in_catalogue::int)::double / sum(1)",
    "market_votes": "sum(vote_count)", "held_votes": "sum(case when is_in_catalogue then vote_count else 0 end)",
    "vote_coverage": "sum(case when is_in_catalogue then vote_count else 0 end)::double / sum(vote_count)",
    "market_rating": "sum(average_rating) / count(average_rating)",
    "genre_titles": "sum(weight)", "genre_held": "sum(case when is_in_catalogue then weight else 0 end)",
    "genre_coverage": "sum(case when is_in_catalogue then weight else 0 end) / sum(weight)",
    "genre_votes": "sum(weight * vote_count)", "genre_held_votes": "sum(case when is_in_catalogue then weight * vote_count else 0 end)",
    "genre_vote_coverage": "sum(case when is_in_catalogue then weight * vote_count else 0 end) / sum(weight * vote_count)",
}
GRAINS = ("day", "week", "month", "quarter", "year")


class Server:
    def __init__(self, house):
        self.process = subprocess.Popen(house.command("serve", "--listen", "127.0.0.1:0", "--no-workflows", "--access-log", "none"),
                                        stderr=subprocess.PIPE, env=clean_environment())
        self.address = None
        deadline = time.monotonic() + 60
        text = b""
        while time.monotonic() < deadline and self.address is None:
            if select.select([self.process.stderr], [], [], 1)[0]:
                text += os.read(self.process.stderr.fileno(), 4096)
            found = re.search(rb"http://127\.0\.0\.1:\d+", text)
            self.address = found.group(0).decode() if found else None
            assert self.process.poll() is None, text.decode()
        assert self.address, text.decode()
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(self.address + "/readyz", timeout=5)
                return
            except urllib.error.HTTPError:
                time.sleep(0.1)
        raise AssertionError("the server did not become ready")

    def get(self, path, **parameters):
        query = "?" + urllib.parse.urlencode(parameters) if parameters else ""
        try:
            with urllib.request.urlopen(self.address + path + query, timeout=30) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}{query}: {error.code} {error.read().decode()}") from error

    def ask(self, query):
        return self.get("/api/query", q=json.dumps(query))

    def stop(self):
        self.process.terminate()
        assert self.process.wait(20) == 0
        self.process.stderr.close()


@pytest.fixture(scope="module")
def server(generated_template):
    server = Server(generated_template)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def model(server):
    return {view["name"]: view for view in server.get("/api/model")["views"]}


@pytest.fixture(scope="module")
def pages(server):
    return {page["page"]: page for page in server.get("/api/dashboards")["pages"]}


def text(value):
    if value is None:
        return "null"
    if isinstance(value, (bool, int, float)):
        return str(value).lower()
    return "'" + value.replace("'", "''") + "'"


def view_of(model, measure):
    return next(name for name, view in model.items() if any(m["name"] == measure for m in view["measures"]))


def tiles_of(page, model):
    """(name, view, measures, axes, what else the tile says), KPIs each for itself, hierarchies by their first level."""
    for tile in page["tiles"]:
        for kpi in tile.get("kpis", []):
            spark = [kpi["spark"]] if "spark" in kpi else []
            yield f"{tile['name']}.{kpi['measure']}", view_of(model, kpi["measure"]), [kpi["measure"]], spark, {}
        if tile.get("measures") and tile.get("by"):
            axes = [axis[0] if isinstance(axis, list) else axis for axis in tile["by"]]
            yield tile["name"], view_of(model, tile["measures"][0]), tile["measures"], axes, tile


def members(server, model, page):
    """Members of the page's filters, as the first view that knows them lists them."""
    found = {}
    for dimension in page.get("filters", []):
        for view in model.values():
            if dimension == "date" or not any(d["name"] == dimension for d in view["dimensions"]):
                continue
            answer = server.ask({"measures": [view["measures"][0]["name"]], "dimensions": [dimension], "limit": 200})
            found.setdefault(dimension, sorted({row[0] for row in answer["rows"]}, key=str))
    return found


def random_filters(random_state, page, known):
    """One state of a page's filters: none, one or a few members of some of them, or a range of months."""
    filters = []
    for dimension in page.get("filters", []):
        if random_state.random() < 0.65:
            continue
        if dimension == "date":
            first, last = sorted(random_state.sample(range(2019 * 12, 2024 * 12 + 6), 2))
            filters.append({"dimension": "date", "from": f"{first // 12}-{first % 12 + 1:02d}",
                            "to": f"{last // 12}-{last % 12 + 1:02d}"})
        elif known.get(dimension):
            values = random_state.sample(known[dimension], min(len(known[dimension]), random_state.randint(1, 3)))
            filters.append({"dimension": dimension, random_state.choice(["in", "in", "not_in"]): values})
    return filters


def condition(expression, given):
    values = given.get("in", given.get("not_in"))
    plain = [text(value) for value in values if value is not None]
    tests = ([f"{expression} in ({', '.join(plain)})"] if plain else []) + ([f"{expression} is null"] if None in values else [])
    inside = "(" + " or ".join(tests or ["false"]) + ")"
    return inside if "in" in given else f"not coalesce({inside}, false)"


def date_test(given):
    return (f"day >= date '{given['from']}-01' and day < date '{given['to']}-01' + interval 1 month")


def statement(view, measures, axes, filters, closing_axis):
    """What the tile should say, one row a group: its members as texts, its measures as doubles."""
    relation, until = VIEWS[view]
    where = ["true"]
    joins, weights = [], []
    bridged = [axis for axis in axes if view in ("title", "viewing") and axis in BRIDGES]
    own = {axis: [] for axis in bridged}
    for given in filters:
        name = given["dimension"]
        if name == "date":
            where.append(date_test(given))
        elif view in ("title", "viewing") and name in BRIDGES:
            keys = f"select title_key from {BRIDGES[name]} where {condition(name, {'in': given.get('in', given.get('not_in'))})}"
            where.append(f"r.title_key {'in' if 'in' in given else 'not in'} ({keys})")
            for axis in bridged:
                if "in" in given and BRIDGES[axis] == BRIDGES[name]:
                    own[axis].append(condition(name, given))
        else:
            where.append(condition("r." + name, given))
    over = {}  # a bridge: its axes
    for axis in bridged:
        over.setdefault(BRIDGES[axis], []).append(axis)
    for bridge, its_axes in over.items():
        tests = " or ".join(dict.fromkeys(test for axis in its_axes for test in own[axis])) or "true"
        joins.append(f"left join (select title_key, {', '.join(its_axes)}, sum(weight) as weight from {bridge} where {tests} "
                     f"group by all) as j_{its_axes[0]} on j_{its_axes[0]}.title_key = r.title_key")
        weights.append(f"coalesce(j_{its_axes[0]}.weight, 1)")
    alias = {axis: f"j_{its_axes[0]}" for its_axes in over.values() for axis in its_axes}
    weight = " * ".join(weights) or "1"
    groups = []
    for axis in axes:
        if axis in GRAINS:
            groups.append(f"date_trunc('{axis}', day)::date::varchar")
        else:
            groups.append(f"{alias.get(axis, 'r')}.{axis}::varchar")
    if any(MEASURES[m].startswith("*") for m in measures):
        # The last month of each period asked for; without one, the last that was over.
        among = " and ".join(date_test(f) for f in filters if f["dimension"] == "date") or "true"
        if closing_axis:
            last = (f"(select coalesce(max(day) filter (where day + interval 1 month - interval 1 day <= {until}), max(day)) "
                    f"from ({relation}) where {among} group by date_trunc('{closing_axis}', day))")
        else:
            last = (f"(select coalesce(max(day) filter (where day + interval 1 month - interval 1 day <= {until}), max(day)) "
                    f"from ({relation}) where {among})")
        plain = [m for m in measures if not MEASURES[m].startswith("*")]
        assert not plain, "closing measures stand in tiles of their own"
        where.append(f"day in {last}")
    values = [f"({MEASURES[m].lstrip('*').replace('{w}', f'({weight})')})::double" for m in measures]
    select = ", ".join([f"{g} as g{n}" for n, g in enumerate(groups)] + [f"{v} as v{n}" for n, v in enumerate(values)])
    grouped = f" group by {', '.join(str(n + 1) for n in range(len(groups)))}" if groups else ""
    return f"select {select} from ({relation}) as r {' '.join(joins)} where {' and '.join(where)}{grouped}"


def key_text(cell):
    if isinstance(cell, bool):
        return str(cell).lower()
    return None if cell is None else str(int(cell) if isinstance(cell, float) and cell.is_integer() else cell)


def same(ours, theirs):
    if ours is None or theirs is None:
        return ours is None and theirs is None
    return math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=2e-6)


def adds_up(measure):
    return MEASURES[measure].startswith("sum(") and "/" not in MEASURES[measure]


def top_is_right(server, query, top, theirs):
    """A tile's largest members are whole, no other is larger, and the rest is marked and sums up to what they leave."""
    answer = server.ask({**query, "top": top})
    axes, marked = len(query["dimensions"]), set(answer["other"])
    size = {}
    for key, values in theirs.items():
        size[key[0]] = size.get(key[0], 0) + (values[0] or 0)
    ours = {tuple(key_text(c) for c in row[:axes]): row[axes:] for n, row in enumerate(answer["rows"]) if n not in marked}
    shown = {key[0] for key in ours}
    hidden = set(size) - shown
    assert len(shown) == min(top["count"], len(size)), answer
    assert all(size[one] <= size[other] + 2e-6 for one in hidden for other in shown), answer
    assert ours.keys() == {key for key in theirs if key[0] in shown}, answer
    for key, values in ours.items():
        assert all(map(same, values, theirs[key])), (key, answer)
    rest = {}
    for key, values in theirs.items():
        if key[0] in hidden and top["other"]:
            rest.setdefault(key[1:], []).append(values)
    told = {tuple(key_text(c) for c in answer["rows"][n][1:axes]): answer["rows"][n][axes:] for n in marked}
    assert all(answer["rows"][n][0] is None for n in marked) and told.keys() == rest.keys(), (marked, answer)
    for key, rows in rest.items():
        for n, measure in enumerate(query["measures"]):
            if adds_up(measure):
                assert same(told[key][n] or 0, sum(row[n] or 0 for row in rows)), (key, measure, answer)
    return bool(rest)


PAGES = ["overview", "subscribers", "revenue", "content", "movies_and_tv", "regions", "market", "pipeline"]


@pytest.mark.parametrize("name", PAGES)
def test_every_tile_of_a_page_says_what_sql_says(server, model, pages, generated_template, name):
    page = pages[name]
    known = members(server, model, page)
    states = random.Random(name)
    asked = []
    for tile, view, measures, axes, said in tiles_of(page, model):
        dimensions = {d["name"] for d in model[view]["dimensions"]}
        unknown = {m["name"] for m in model[view]["measures"] if m["unknown"]}
        for _ in range(STATES):
            filters = [f for f in random_filters(states, page, known)
                       if f["dimension"] in dimensions or (f["dimension"] == "date" and model[view]["time"])]
            filters += said.get("fixed", [])
            kinds = [[m for m in measures if m not in unknown and MEASURES[m].startswith("*")],
                     [m for m in measures if m not in unknown and not MEASURES[m].startswith("*")]]
            for kind in filter(None, kinds):
                grain = next((axis for axis in axes if axis in GRAINS), None)
                asked.append((tile, {"measures": kind, "dimensions": axes, "filters": filters},
                              statement(view, kind, axes, filters, grain), said.get("top")))
    assert asked
    with_rest = 0
    for start in range(0, len(asked), 40):
        batch = asked[start:start + 40]
        # One call for many statements: each gives its number and its rows as one JSON text.
        union = " union all ".join(f"select {n} as n, to_json(list(t)) as found from ({sql}) as t" for n, (_, _, sql, _) in enumerate(batch))
        found = {row["n"]: json.loads(row["found"]) if row["found"] else [] for row in generated_template.run("sql", "-", "--format", "json", stdin=union).json()}
        for n, (tile, query, sql, top) in enumerate(batch):
            axes = len(query["dimensions"])
            answer = server.ask(query)
            ours = {tuple(key_text(c) for c in row[:axes]): row[axes:] for row in answer["rows"]}
            theirs = {tuple(row[f"g{g}"] for g in range(axes)): [row[f"v{v}"] for v in range(len(query["measures"]))]
                      for row in found.get(n) or []}
            if axes == 0:  # nothing selected: a count is 0 here and null there
                ours = {k: [v or None for v in row] for k, row in ours.items()}
                theirs = {k: [v or None for v in row] for k, row in theirs.items()}
            assert ours.keys() == theirs.keys(), (name, tile, query, answer["sql"], sql)
            for key, values in ours.items():
                assert all(map(same, values, theirs[key])), (name, tile, query, key, values, theirs[key], answer["sql"], sql)
            if top and adds_up(query["measures"][0]):
                for count in (top, 2):  # few have as many members as the tile shows
                    given = {"count": count, "dimension": query["dimensions"][0], "other": True}
                    with_rest += top_is_right(server, query, given, theirs)
                    assert not top_is_right(server, query, {**given, "other": False}, theirs)
    assert with_rest > 20 or not any(top for *_, top in asked)
