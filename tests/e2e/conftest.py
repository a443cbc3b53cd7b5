"""A project, a lake and the program, for tests that see no more than a user sees."""

import csv
import gzip
import io
import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from once import made_once
from radosgw import bucket, keys, radosgw  # noqa: F401 (fixtures: one server for all modules)

ROOT = Path(__file__).resolve().parents[2]
OUTPUTS = ("store", "warehouse", "lake", ".reelhouse")
FIRST_DROP = "2023-07-16"

USER_FIELDS = ["User ID", "Subscription Type", "Monthly Revenue", "Join Date", "Last Payment Date",
               "Country", "Age", "Gender", "Device", "Plan Duration"]
TITLE_FIELDS = ["show_id", "type", "title", "director", "cast", "country", "date_added", "release_year",
                "rating", "duration", "listed_in", "description"]
GLOBAL_FIELDS = ["week", "category", "weekly_rank", "show_title", "season_title", "weekly_hours_viewed",
                 "runtime", "weekly_views", "cumulative_weeks_in_top_10"]
COUNTRY_FIELDS = ["country_name", "country_iso2", "week", "category", "weekly_rank", "show_title",
                  "season_title", "cumulative_weeks_in_top_10"]


def user(number, **changes):
    """A row of the userbase as the service would write it."""
    row = dict(zip(USER_FIELDS, [str(number), "Basic", "10", "15-01-22", "10-06-23", "United States", "28",
                                 "Male", "Smartphone", "1 Month"]))
    for name, value in changes.items():
        field = next(f for f in USER_FIELDS if f.lower().replace(" ", "_") == name)
        row[field] = str(value)
    return row


def users(count=8, first=1):
    """Rows with some variety: plans, countries, devices and days go round."""
    plans = [("Basic", 10), ("Standard", 12), ("Premium", 15)]
    countries = ["United States", "Canada", "Spain", "Brazil"]
    devices = ["Smartphone", "Tablet", "Smart TV", "Laptop"]
    rows = []
    for n in range(first, first + count):
        plan, revenue = plans[n % 3]
        rows.append(user(n, subscription_type=plan, monthly_revenue=revenue, country=countries[n % 4],
                         device=devices[n % 4], age=20 + n % 50, gender="Female" if n % 2 else "Male",
                         join_date=f"{1 + n % 28:02d}-01-22", last_payment_date=f"{10 + n % 18:02d}-06-23"))
    return rows


def title(number, **changes):
    """A row of the catalogue."""
    row = dict(zip(TITLE_FIELDS, [f"s{number}", "Movie", f"A Film Called {number}", "Ada Director",
                                  "Bo Actor, Cy Actor", "Spain", "September 25, 2021", "2020", "PG-13",
                                  "90 min", "Dramas, Comedies", f"The {number}. of its kind."]))
    row.update({name: str(value) for name, value in changes.items()})
    return row


def titles(count=6):
    rows = [title(n) for n in range(1, count)]
    return rows + [title(count, type="TV Show", title="A Show in Parts", duration="2 Seasons")]


def csv_text(rows, fields=None, delimiter=",", newline="\n"):
    fields = fields or list(rows[0])
    text = io.StringIO()
    writer = csv.DictWriter(text, fields, delimiter=delimiter, lineterminator=newline, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@dataclass
class Outcome:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    def json(self):
        return json.loads(self.out)


class Lake:
    """Writes small datasets below raw/ in their official layouts."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def put(self, key, content):
        path = self.folder / "raw" / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return "raw/" + key

    def userbase(self, rows=None, drop=FIRST_DROP, name="Netflix Userbase.csv", content=None):
        if content is None:
            content = csv_text(users() if rows is None else rows, USER_FIELDS)
        return self.put(f"netflix_userbase/drop={drop}/{name}", content)

    def titles(self, rows=None, drop="2021-09-25", name="netflix_titles.csv", content=None):
        if content is None:
            content = csv_text(titles() if rows is None else rows, TITLE_FIELDS)
        return self.put(f"netflix_titles/drop={drop}/{name}", content)

    def imdb(self):
        """A rated title for the first of the catalogue, and the people on it."""
        tables = {
            "title.basics": ["tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
                             r"tt0000001|movie|A Film Called 1|A Film Called 1|0|2020|\N|90|Drama",
                             r'tt0000002|movie|"Quoted" Elsewhere|Quoted|0|2019|\N|80|\N'],
            "title.ratings": ["tconst averageRating numVotes", "tt0000001|7.5|1200", "tt0000002|6.1|90"],
            "title.crew": ["tconst directors writers", r"tt0000001|nm0000001|\N", r"tt0000002|\N|\N"],
            "title.principals": ["tconst ordering nconst category job characters",
                                 r"tt0000001|1|nm0000001|director|\N|\N",
                                 r'tt0000001|2|nm0000002|actor|\N|["Bo"]'],
            "name.basics": ["nconst primaryName birthYear deathYear primaryProfession knownForTitles",
                            r"nm0000001|Ada Director|1970|\N|director|tt0000001",
                            r"nm0000002|Bo Actor|1980|\N|actor|tt0000001"],
            "title.akas": ["titleId ordering title region language types attributes isOriginalTitle",
                           r"tt0000001|1|A Film Called 1|US|en|\N|\N|0"],
        }
        for name, lines in tables.items():
            text = "\n".join([lines[0].replace(" ", "\t")] + [line.replace("|", "\t") for line in lines[1:]])
            self.put(f"imdb/{name}.tsv.gz", gzip.compress((text + "\n").encode(), mtime=0))

    def top10(self):
        week = dict(zip(GLOBAL_FIELDS, ["2023-07-02", "Films (English)", "1", "A Film Called 1", "N/A", "1000000",
                                        "1.5", "666667", "1"]))
        self.put("netflix_top10_global/drop=2023-07-09/all-weeks-global.tsv",
                 csv_text([week], GLOBAL_FIELDS, delimiter="\t"))
        rank = dict(zip(COUNTRY_FIELDS, ["Spain", "ES", "2023-07-02", "Films", "1", "A Film Called 1", "N/A", "1"]))
        self.put("netflix_top10_countries/drop=2023-07-09/all-weeks-countries.csv",
                 csv_text([rank], COUNTRY_FIELDS))

    def required(self):
        """The two datasets that are not optional."""
        self.userbase()
        self.titles()


def clean_environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("REELHOUSE_")}


class House:
    """One project in a temporary folder, and the program run on it."""

    def __init__(self, binary, project):
        self.binary = binary
        self.project = Path(project)
        self.lake = Lake(self.project / "lake")

    def command(self, *args):
        return [str(self.binary), "--project", str(self.project), *map(str, args)]

    def run(self, *args, expect=0, stdin="", cwd=None, timeout=120, **environment):
        done = subprocess.run(self.command(*args), input=stdin, capture_output=True, cwd=cwd, timeout=timeout,
                              text=True, encoding="utf-8", errors="replace",
                              env={**clean_environment(), **environment})
        assert expect is None or done.returncode == expect, (
            f"{args} ended with {done.returncode}, expected {expect}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def start(self, *args, **options):
        """Starts a command and does not wait for it."""
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env=clean_environment(), **options)

    def sql(self, statement):
        return self.run("sql", statement, "--format", "json").json()

    def one(self, statement):
        """The only value of the only row."""
        (row,) = self.sql(statement)
        (value,) = row.values()
        return value

    def may_lose(self, share, *tables):
        """Lets a delivery lose that share, for tests about what becomes of damaged records."""
        for table in tables or ("netflix_userbase", "netflix_titles"):
            file = self.project / "sources" / f"{table}.yml"
            file.write_text(file.read_text().replace(f"  {table}:\n", f"  {table}:\n    may_lose: {share}\n", 1))

    def receipt(self):
        return self.run("runs", "--receipt").json()

    def quarantine(self, *args):
        return self.run("quarantine", *args, "--format", "json").json()

    def versions(self):
        return self.run("rollback", "--list", "--format", "json").json()

    def current(self):
        """Number of the published version, or None."""
        return next((v["version"] for v in self.versions() if v["current"]), None)

    def history(self):
        return self.run("runs", "--limit", "1000", "--format", "json").json()

    def copy(self, folder):
        """A second project in the same state."""
        shutil.copytree(self.project, folder, symlinks=True)
        return House(self.binary, folder)


def new_project(folder):
    ignored = shutil.ignore_patterns(*OUTPUTS)
    shutil.copytree(ROOT / "netflix", folder,
                    ignore=lambda path, names: ignored(path, names) if Path(path) == ROOT / "netflix" else set())
    return folder


def accounts(receipt):
    """The receipt's objects by key, after the one rule that every receipt must keep."""
    total = {"read": 0, "kept": 0, "rejected": 0}
    for entry in receipt["objects"]:
        assert entry["read"] == entry["kept"] + entry["rejected"], entry
        assert entry["rejected"] == entry["rejected_structure"] + entry["rejected_rules"], entry
        for name in total:
            total[name] += entry[name]
    assert receipt["records"] == total
    return {entry["object"]: entry for entry in receipt["objects"]}


def built(receipt):
    return sorted(m["model"] for m in receipt["models"] if m["state"] == "built")


# What takes longest begins first, so that no process ends long after the others.
LONGEST_FIRST = ["test_run_chaos", "test_tiles", "test_serve", "test_postgresql_readers", "test_postgresql", "test_pairs",
                 "test_metrics", "test_questions", "test_metric_answers", "test_interrupt", "test_scheduler",
                 "test_s3_kills", "test_s3_faults", "test_s3"]


def pytest_collection_modifyitems(items):
    """Spreads tests over the processes of pytest-xdist: those that share something that their module makes for
    several tests stay together, every other goes wherever a process is free."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    def at(item):
        return LONGEST_FIRST.index(item.path.stem) if item.path.stem in LONGEST_FIRST else len(LONGEST_FIRST)
    items.sort(key=at)
    for item in items:
        fixtures = [found[-1] for found in item._fixtureinfo.name2fixturedefs.values()]
        if any(fixture.scope != "function" and fixture.baseid.endswith(".py") for fixture in fixtures):
            item.add_marker(pytest.mark.xdist_group(item.path.stem))


@pytest.fixture(scope="session")
def binary():
    """The program: build/reelhouse, or what REELHOUSE names."""
    path = Path(os.environ.get("REELHOUSE", ROOT / "build" / "reelhouse")).resolve()
    assert path.is_file(), f"{path} is missing; run 'make build', or name the program in REELHOUSE"
    return path


@pytest.fixture
def house(binary, tmp_path):
    """An empty lake in a fresh copy of the shipped project."""
    return House(binary, new_project(tmp_path / "project"))


@pytest.fixture
def project(house):
    return house.project


@pytest.fixture
def lake(house):
    return house.lake


@pytest.fixture
def run(house):
    return house.run


@pytest.fixture
def sql(house):
    return house.sql


def template(binary, tmp_path_factory, name, make):
    """A project that `make(house)` prepared, once for all processes of the session."""
    folder = made_once(tmp_path_factory, name, lambda folder: make(House(binary, new_project(folder / "project"))))
    return House(binary, folder / "project")


@pytest.fixture(scope="session")
def small_template(binary, tmp_path_factory):
    """The two required datasets, published once; tests copy it."""
    def make(house):
        house.lake.required()
        house.run("run")
    return template(binary, tmp_path_factory, "small", make)


@pytest.fixture
def small(small_template, tmp_path):
    house = small_template.copy(tmp_path / "small")
    house.run("crawl")  # the catalog knows the lake by its place
    return house


@pytest.fixture(scope="session")
def generated_template(binary, tmp_path_factory):
    """A generated lake with every dataset, published once; tests read it or copy it."""
    def make(house):
        house.run("generate", "--scale", "0.001", "--seed", "1")
        outcome = house.run("run")
        (house.project.parent / "first-run.json").write_text(json.dumps([outcome.code, outcome.out, outcome.err]))
    house = template(binary, tmp_path_factory, "generated", make)
    house.outcome = Outcome(*json.loads((house.project.parent / "first-run.json").read_text()))
    return house


@pytest.fixture
def generated(generated_template, tmp_path):
    house = generated_template.copy(tmp_path / "generated")
    house.run("crawl")
    return house
