"""The answers of docs/questions.md, computed from the raw files in plain Python.

No SQL and none of the program's code: the standard library reads the files, and the counting is
written out by hand from the definitions in docs/glossary.md. The one thing taken from the warehouse
is which IMDb title a catalogue title was linked to; test_questions.py scores these links against
links that people made.

Sums of weights are fractions, hence exact, whatever the order of adding.
"""

import csv
import datetime
import functools
import gzip
import pathlib
import unicodedata
from collections import Counter, defaultdict
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

MONTHS = ("January February March April May June July August September October November "
          "December").split()
AGE_BANDS = ((18, "under 18"), (25, "18-24"), (35, "25-34"), (45, "35-44"), (55, "45-54"),
             (65, "55-64"), (1000, "65 and over"))
PLANS = ("Basic", "Standard", "Premium")
NOBODY = "Unknown"


@dataclass(frozen=True)
class Rounded:
    """A number of which the statement prints so many digits after the point."""
    value: Fraction
    digits: int = 0


@dataclass(frozen=True)
class User:
    """A line of the userbase."""
    number: int
    plan: str
    revenue: Decimal
    joined: datetime.date
    last_paid: datetime.date
    country: str
    age: int
    gender: str
    device: str
    duration: str


@dataclass(frozen=True)
class Title:
    """A line of the catalogue; lists hold each entry once, in the order of the cell."""
    show_id: str
    name: str
    kind: str
    year: int
    minutes: int | None
    added: datetime.date | None
    directors: tuple
    actors: tuple
    countries: tuple
    genres: tuple


def read_delivery(folder, pattern, delimiter=","):
    """The rows of the only file of a dataset, as dictionaries of text."""
    (path,) = sorted(pathlib.Path(folder).glob(pattern))
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        quoting = csv.QUOTE_NONE if delimiter == "\t" else csv.QUOTE_MINIMAL
        yield from csv.DictReader(file, delimiter=delimiter, quoting=quoting)


def tidy(text):
    """Text without characters that cannot be seen, single spaces in it and none at its ends."""
    seen = (c for c in text if unicodedata.category(c) not in ("Cf", "Cc") or c.isspace())
    return " ".join("".join(seen).split())


@functools.cache
def folded(text):
    """Text as it is compared: no accents, lower case, letters and digits only, & read as and."""
    plain = unicodedata.normalize("NFC", "".join(
        c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c)[0] != "M"))
    plain = plain.lower().replace("&", " and ")
    return " ".join("".join(c if unicodedata.category(c)[0] in "LN" else " " for c in plain).split())


def entries(cell):
    """The entries of a list in one cell, each once; empty ones between commas are none."""
    seen = {}
    for entry in cell.split(","):
        entry = tidy(entry)
        if entry:
            seen.setdefault(folded(entry) or entry, entry)
    return tuple(seen.values())


def people(cell):
    """The persons of a cell; the files divide "Jr." from its name by a comma, too."""
    return entries(cell.replace(",  Jr.,", " Jr.,"))


def day_first(text):
    """A date such as 15-01-22, of this century."""
    day, month, year = (int(part) for part in text.strip().split("-"))
    return datetime.date(2000 + year, month, day)


def month_in_words(text):
    """A date such as September 25, 2021; None for an empty cell."""
    text = text.strip()
    if not text:
        return None
    month, day, year = text.replace(",", "").split()
    return datetime.date(int(year), MONTHS.index(month) + 1, int(day))


def title_name(text):
    """A title; a spreadsheet made dates of 22 July and three others, which is undone."""
    text = tidy(text)
    for first, second in [text.split("-")] if text.count("-") == 1 else []:
        for month in MONTHS:
            if second == month[:3] and first.isdigit():
                return f"{int(first)} {month}"
            if first == month[:3] and second.isdigit():
                return f"{month} {int(second)}"
    return text


def film_minutes(row):
    """The length of a movie; three rows hold it in the column of the rating."""
    number, _, unit = (row["duration"] or row["rating"]).partition(" ")
    return int(number) if unit == "min" else None


class Lake:
    """The raw files below LAKE/raw; countries by the seeds of the project. Each file is read once."""

    def __init__(self, lake, seeds, links):
        """LINKS: the IMDb number of each show_id that was linked."""
        self.raw = pathlib.Path(lake) / "raw"
        self.seeds = pathlib.Path(seeds)
        self.links = links

    @functools.cached_property
    def users(self):
        return [User(int(row["User ID"]), row["Subscription Type"], Decimal(row["Monthly Revenue"]),
                     day_first(row["Join Date"]), day_first(row["Last Payment Date"]), row["Country"],
                     int(row["Age"]), row["Gender"], row["Device"], row["Plan Duration"])
                for row in read_delivery(self.raw / "netflix_userbase", "drop=*/*.csv")]

    @functools.cached_property
    def catalogue_rows(self):
        return list(read_delivery(self.raw / "netflix_titles", "drop=*/*.csv"))

    @functools.cached_property
    def titles(self):
        return [Title(row["show_id"], title_name(row["title"]), row["type"], int(row["release_year"]),
                      film_minutes(row), month_in_words(row["date_added"]),
                      people(row["director"]), people(row["cast"]),
                      tuple(dict.fromkeys(self.country(name) for name in entries(row["country"]))),
                      entries(row["listed_in"]))
                for row in self.catalogue_rows]

    @functools.cached_property
    def countries(self):
        """Name and region of each country, by any folded way of writing it."""
        with open(self.seeds / "country.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        known = {folded(row["country_name"]): row for row in rows}
        by_code = {row["country_code"]: row for row in rows}
        with open(self.seeds / "country_alias.csv", encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                known.setdefault(folded(row["alias"]), by_code[row["country_code"]])
        return known

    def country(self, name):
        """The country's name as the warehouse writes it."""
        return self.countries[folded(name)]["country_name"] if folded(name) in self.countries else NOBODY

    def region(self, country):
        return self.countries[folded(country)]["region"] if country != NOBODY else NOBODY

    @functools.cached_property
    def votes(self):
        """IMDb votes of each show_id that was linked to a rated title."""
        wanted = defaultdict(list)
        for show_id, imdb_id in self.links.items():
            wanted[imdb_id].append(show_id)
        found = {}
        for row in read_delivery(self.raw / "imdb", "title.ratings.tsv.gz", "\t"):
            for show_id in wanted.get(row["tconst"], ()):
                found[show_id] = int(row["numVotes"])
        return found

    @functools.cached_property
    def chart(self):
        """The lines of the worldwide Top 10: title, Movie or TV Show, a movie's minutes (0 where the
        list does not tell them), hours."""
        lines = []
        for row in read_delivery(self.raw / "netflix_top10_global", "drop=*/*.tsv", "\t"):
            kind = "TV Show" if row["category"].startswith("TV") else "Movie"
            minutes = round(float(row["runtime"] or 0) * 60) if kind == "Movie" else 0
            lines.append((tidy(row["show_title"]), kind, minutes, int(row["weekly_hours_viewed"])))
        return lines

    @functools.cached_property
    def hours(self):
        """Hours in the worldwide Top 10 of each show_id that is found there: by its title, and for a
        movie by its length to a minute."""
        namesakes = defaultdict(list)
        for title in self.titles:
            namesakes[folded(title.name), title.kind].append(title)
        hours = Counter()
        for name, kind, minutes, viewed in self.chart:
            fitting = [title for title in namesakes[folded(name), kind]
                       if not minutes or title.minutes is None or abs(minutes - title.minutes) <= 1]
            if not fitting:
                continue
            first, *others = sorted(fitting, key=lambda t: (t.name != name, -t.year))
            assert not others or (others[0].name, others[0].year) != (first.name, first.year), \
                f"nothing tells {first.show_id} from {others[0].show_id}"
            hours[first.show_id] += viewed
        return hours

    @functools.cached_property
    def spellings(self):
        """The usual spelling of each person and genre, by the folded name."""
        mentions = Counter()
        for title in self.titles:
            mentions.update(title.directors + title.actors)
        usual = {}
        for name, _ in sorted(mentions.items(), key=lambda item: (-item[1], item[0])):
            usual.setdefault(folded(name) or name, name)
        return usual

    def person(self, name):
        return self.spellings[folded(name) or name]

    def measure(self, name):
        """A measure by show_id: titles, votes or hours."""
        return {"titles": {t.show_id: 1 for t in self.titles}, "votes": self.votes,
                "hours": self.hours}[name]


def members(lake, title, bridge):
    """What a title is linked to: genres, directors, actors, countries; Unknown when to nothing."""
    named = {"genre": title.genres, "country": title.countries, "director": title.directors,
             "actor": title.actors}[bridge]
    if bridge in ("director", "actor"):
        named = tuple(lake.person(name) for name in named)
    return named or (NOBODY,)


def shared_out(lake, bridge, measure):
    """Each member's share of a measure, a title's divided evenly among its members, and the number
    of titles that the measure is known of."""
    totals, counts = defaultdict(Fraction), Counter()
    values = lake.measure(measure)
    for title in lake.titles:
        if title.show_id in values:
            linked = members(lake, title, bridge)
            for member in linked:
                totals[member] += Fraction(values[title.show_id], len(linked))
                counts[member] += 1
    return totals, counts


def whole(value):
    """A fraction rounded to a whole number, as the statements order by it."""
    return round(value)


def most_watched(bridge, measure, limit=None):
    def answer(lake):
        totals, counts = shared_out(lake, bridge, measure)
        totals.pop(NOBODY, None)
        ranked = sorted(totals, key=lambda member: (-whole(totals[member]), member))[:limit]
        return [(member, counts[member], Rounded(totals[member])) for member in ranked]
    return answer


def plans_by(attribute, order=None):
    """Users and revenue by an attribute of users and by plan."""
    def answer(lake):
        groups = defaultdict(list)
        for user in lake.users:
            groups[attribute(lake, user)].append(user)
        order_of = order or (lambda group, users: (-len(users), group))
        return [(group, *(sum(u.plan == plan for u in users) for plan in PLANS), len(users),
                 sum(u.revenue for u in users))
                for group, users in sorted(groups.items(), key=lambda item: order_of(*item))]
    return answer


def age_band(age):
    return next(name for limit, name in AGE_BANDS if age < limit)


def revenue_by_month(lake):
    """Every month from the one joined to the one last paid, counted on a calendar of months."""
    paying, joined, revenue = Counter(), Counter(), Counter()
    for user in lake.users:
        first = user.joined.year * 12 + user.joined.month - 1
        last = user.last_paid.year * 12 + user.last_paid.month - 1
        joined[first] += 1
        for month in range(first, last + 1):
            paying[month] += 1
            revenue[month] += user.revenue
    return [(f"{month // 12}-{month % 12 + 1:02}-01", paying[month], joined[month], revenue[month],
             Rounded(Fraction(revenue[month]) / paying[month], 2))
            for month in sorted(paying)]


def devices(lake):
    counts, revenue = Counter(), Counter()
    for user in lake.users:
        counts[user.device] += 1
        revenue[user.device] += user.revenue
    return [(device, percent(counts[device], len(lake.users)), counts[device], revenue[device])
            for device in sorted(counts, key=lambda device: (-counts[device], device))]


def percent(part, total):
    return Rounded(Fraction(100 * part, total), 1)


def movies_against_tv(lake):
    rows = []
    for kind in ("Movie", "TV Show"):
        row = [kind]
        for measure in ("titles", "votes", "hours"):
            values = lake.measure(measure)
            part = sum(values.get(t.show_id, 0) for t in lake.titles if t.kind == kind)
            row += [part, percent(part, sum(values.values()))]
        rows.append(tuple(row))
    return rows


def top10_movies_against_tv(lake):
    hours = Counter()
    for _, kind, _, viewed in lake.chart:
        hours[kind] += viewed
    return [(kind, hours[kind], percent(hours[kind], hours.total())) for kind in sorted(hours)]


def titles_by(group_of, limit=None):
    """Titles, movies and shows by a group of countries; a title of two groups is in both, and its
    weighted count is divided."""
    def answer(lake):
        titles, weights = defaultdict(set), defaultdict(Fraction)
        for title in lake.titles:
            linked = members(lake, title, "country")
            for country in linked:
                titles[group_of(lake, country)].add(title)
                weights[group_of(lake, country)] += Fraction(1, len(linked))
        ranked = sorted(titles, key=lambda group: (-len(titles[group]), group))[:limit]
        return [(group, len(titles[group]), sum(t.kind == "Movie" for t in titles[group]),
                 sum(t.kind == "TV Show" for t in titles[group]), Rounded(weights[group], 1))
                for group in ranked]
    return answer


def known(*rows):
    """A fact known of the public files, as it was published beside them."""
    return lambda lake: list(rows)


def stray_comma_countries(lake):
    rows = []
    for title, row in zip(lake.titles, lake.catalogue_rows):
        cell = row["country"].strip()
        if cell.startswith(",") or cell.endswith(","):
            rows += [(title.name, place, name) for place, name in enumerate(title.countries, 1)]
    return sorted(rows)


def dates_added(lake):
    days = [title.added for title in lake.titles]
    given = [day for day in days if day]
    return [(len(days), len(given), str(min(given)), str(max(given)))]


def user_one(lake):
    (user,) = (u for u in lake.users if u.number == 1)
    return [(1, str(user.joined), str(user.last_paid))]


# By the headings above each statement of docs/questions.md.
ANSWERS = {
    "Plans by age band": plans_by(lambda lake, user: age_band(user.age),
                                  lambda band, users: min(u.age for u in users)),
    "Plans by gender": plans_by(lambda lake, user: user.gender, lambda gender, users: gender),
    "Plans by country": plans_by(lambda lake, user: lake.country(user.country)),
    "Revenue by month": revenue_by_month,
    "Devices": devices,
    "Genres most watched: by hours viewed": most_watched("genre", "hours", 10),
    "Genres most watched: by IMDb votes": most_watched("genre", "votes", 10),
    "Directors most watched: by hours viewed": most_watched("director", "hours", 10),
    "Directors most watched: by IMDb votes": most_watched("director", "votes", 10),
    "Actors most watched: by hours viewed": most_watched("actor", "hours", 10),
    "Actors most watched: by IMDb votes": most_watched("actor", "votes", 10),
    "Movies against TV: the catalogue": movies_against_tv,
    "Movies against TV: the whole Top 10": top10_movies_against_tv,
    "Titles by country": titles_by(lambda lake, country: country, 20),
    "Titles by region": titles_by(Lake.region),
    "Known facts: users and revenue": known((2500, Decimal(31271))),
    "Known facts: plans": known(("Basic", 999), ("Standard", 768), ("Premium", 733)),
    "Known facts: join dates": known(("2021-09-05", "2023-06-14")),
    "Known facts: last payments": known(("2023-06-10", "2023-07-15")),
    "Known facts: plan durations": known((1, 2500)),
    "Known facts: ages": known((26, 51)),
    "Known facts: dates are day first": user_one,
    "Known facts: movies and TV shows": known(("Movie", 6131), ("TV Show", 2676)),
    "Known facts: durations found in the rating": known(
        ("s5542", "Louis C.K. 2017", None, 74), ("s5795", "Louis C.K.: Hilarious", None, 84),
        ("s5814", "Louis C.K.: Live at the Comedy Store", None, 66)),
    "Known facts: dates added that begin with a space": dates_added,
    "Known facts: stray commas": stray_comma_countries,
}
