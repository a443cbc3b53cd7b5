"""The questions of docs/questions.md on the public files, against answers that no SQL computed.

UPDATE_QUESTIONS=1 writes the tables of the document anew from what the program answers; the tests
then still hold the answers against the oracle.
"""

import json
import os
import re
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import pytest

import answers
from answers import ANSWERS, NOBODY, Rounded
from conftest import ROOT, template

DOCUMENT = ROOT / "docs" / "questions.md"
SHARED = ROOT.parent / "shared"
LAKE = SHARED / "lake"
TRUTH = SHARED / "truth" / "title_matches.csv"


@dataclass
class Question:
    """A statement of the document and the table below it."""

    name: str
    statement: str
    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)


def split_row(line):
    return [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]


def read_questions(text):
    """Every sql block, named by the headings above it, with the table that follows it."""
    questions, headings, statement = [], [], None
    for line in text.splitlines():
        if statement is not None:
            if line == "```":
                questions.append(Question(": ".join(headings), "\n".join(statement)))
                statement = None
            else:
                statement.append(line)
        elif line.startswith("## "):
            headings = [line[3:]]
        elif line.startswith("### "):
            headings = [headings[0], line[4].lower() + line[5:] if line[5].islower() else line[4:]]
        elif line == "```sql":
            statement = []
        elif line.startswith("|") and not re.fullmatch(r"[|:\- ]+", line):
            question = questions[-1]
            if question.columns:
                question.rows.append(split_row(line))
            else:
                question.columns = split_row(line)
    return questions


QUESTIONS = read_questions(DOCUMENT.read_text(encoding="utf-8"))


def is_number(value):
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def printed(column, value):
    """A value as the document writes it: thousands apart, but not in numbers that only name something."""
    if value is None:
        return ""
    if is_number(value) and not column.endswith("_id"):
        return f"{value:,}"
    return str(value).replace("|", r"\|")


def table(rows):
    """Rows as a table that also reads well as plain text."""
    columns = list(rows[0])
    cells = [columns] + [[printed(column, row[column]) for column in columns] for row in rows]
    right = [all(row[column] is None or is_number(row[column]) for row in rows) for column in columns]
    widths = [max(3, *(len(line[i]) for line in cells)) for i in range(len(columns))]
    lines = ["| " + " | ".join(cell.rjust(width) if number else cell.ljust(width)
                               for cell, width, number in zip(line, widths, right)) + " |" for line in cells]
    rule = ["-" * (width + 1) + (":" if number else "-") for width, number in zip(widths, right)]
    return [lines[0], "|" + "|".join(rule) + "|"] + lines[1:]


def with_tables(text, results):
    """The document with a table of results, in their order, below each statement."""
    out, waiting, block, after_block = [], iter(results), False, False
    for line in text.splitlines():
        if after_block and (line.startswith("|") or not line.strip()):
            continue
        if after_block:
            out.append("")
            after_block = False
        out.append(line)
        block = block or line == "```sql"
        if block and line == "```":
            out += [""] + table(next(waiting))
            block, after_block = False, True
    return "\n".join(out) + "\n"


def agree(value, expected):
    """Whether a value is what the oracle says: the digits that are printed, and to 1e-9 beyond them."""
    if isinstance(expected, Rounded):
        room = Fraction(1, 2 * 10 ** expected.digits) + abs(expected.value) / 10 ** 9
        return is_number(value) and abs(Fraction(value) - expected.value) <= room
    if is_number(expected):
        return is_number(value) and value == expected
    return value == expected


def from_document(text, expected):
    """A cell of the document as the kind of value that the oracle gives."""
    if expected is None:
        return text or None
    if isinstance(expected, str):
        return text
    try:
        return Decimal(text.replace(",", ""))
    except InvalidOperation:
        return text


def differences(rows, expected):
    found = [f"row {n}, column {c}: {value!r} is not {wanted!r}"
             for n, (row, wanted_row) in enumerate(zip(rows, expected), 1)
             for c, (value, wanted) in enumerate(zip(row, wanted_row), 1) if not agree(value, wanted)]
    found += [f"row {n} has {len(row)} columns, not {len(wanted_row)}"
              for n, (row, wanted_row) in enumerate(zip(rows, expected), 1) if len(row) != len(wanted_row)]
    if len(rows) != len(expected):
        found.append(f"{len(rows)} rows, not {len(expected)}")
    return found


class Warehouse:
    """The published version of the public files."""

    def __init__(self, house):
        self.house = house

    def ask(self, statement):
        done = self.house.run("sql", "-", "--format", "json", stdin=statement)
        return json.loads(done.out, parse_float=Decimal)


@pytest.fixture(scope="session")
def real_warehouse(binary, tmp_path_factory):
    """The shipped project, run once on the public files."""
    if not (LAKE / "raw").is_dir():
        pytest.skip("the public files are not here: ../shared/lake/raw beside the project is missing")
    def make(house):
        house.run("run", "--lake", LAKE, "--quiet", timeout=600)
    return Warehouse(template(binary, tmp_path_factory, "real", make))


@pytest.fixture(scope="session")
def lake(real_warehouse):
    """The oracle."""
    linked = real_warehouse.ask(
        "select show_id, imdb_id from dim_title where is_current and imdb_id is not null")
    links = {row["show_id"]: row["imdb_id"] for row in linked}
    return answers.Lake(LAKE, ROOT / "netflix" / "seeds", links)


@pytest.fixture(scope="session")
def results(real_warehouse):
    """What the program answers to each statement of the document, in its order."""
    found = {question.name: real_warehouse.ask(question.statement) for question in QUESTIONS}
    if os.environ.get("UPDATE_QUESTIONS"):
        text = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(with_tables(text, found.values()), encoding="utf-8")
        QUESTIONS[:] = read_questions(DOCUMENT.read_text(encoding="utf-8"))
    return found


def question(name):
    return next(q for q in QUESTIONS if q.name == name)


def test_every_statement_has_an_oracle_and_the_other_way_round():
    names = [q.name for q in QUESTIONS]
    assert sorted(names) == sorted(ANSWERS)
    assert all(re.match(r"select\b", q.statement) for q in QUESTIONS)


@pytest.mark.parametrize("name", ANSWERS)
def test_answer_is_the_oracles(name, results, lake):
    rows = [list(row.values()) for row in results[name]]
    assert differences(rows, ANSWERS[name](lake)) == []


@pytest.mark.parametrize("name", ANSWERS)
def test_document_tells_the_answer(name, results, lake):
    expected = ANSWERS[name](lake)
    asked = question(name)
    assert asked.columns == list(results[name][0])
    rows = [[from_document(cell, wanted) for cell, wanted in zip(row, wanted_row)]
            for row, wanted_row in zip(asked.rows, expected)]
    assert len(asked.rows) == len(expected)
    assert differences(rows, expected) == []


def close(value, expected):
    return abs(Fraction(value) - expected) <= abs(expected) / 10 ** 9


BRIDGES = {
    "genre": ("bridge_title_genre as b join dim_genre as d on d.genre_key = b.genre_key", "d.genre_name"),
    "country": ("bridge_title_country as b join dim_country as d on d.country_key = b.country_key",
                "d.country_name"),
    "director": ("bridge_title_person as b join dim_person as d on d.person_key = b.person_key "
                 "and b.role = 'director'", "d.person_name"),
    "actor": ("bridge_title_person as b join dim_person as d on d.person_key = b.person_key "
              "and b.role = 'actor'", "d.person_name"),
}
MEASURES = {"titles": "1", "votes": "f.imdb_votes", "hours": "f.hours_viewed_top10"}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("bridge", BRIDGES)
def test_weighted_sums_of_all_members(bridge, measure, real_warehouse, lake):
    """Not only the first ten, and not rounded: every genre, country, director and actor."""
    joined, name = BRIDGES[bridge]
    rows = real_warehouse.ask(
        f"select {name} as name, count(*) as titles, sum(b.weight * {MEASURES[measure]}) as total "
        f"from {joined} join fct_title as f on f.title_key = b.title_key "
        f"where {MEASURES[measure]} is not null group by {name}")
    totals, counts = answers.shared_out(lake, bridge, measure)
    assert len(rows) > 20
    assert {row["name"]: row["titles"] for row in rows} == dict(counts)
    assert [row for row in rows if not close(row["total"], totals[row["name"]])] == []


@pytest.mark.parametrize("bridge", BRIDGES)
def test_shares_add_up_to_the_plain_totals(bridge, lake):
    """The oracle itself gives out what there is, no more and no less."""
    for measure in MEASURES:
        totals, _ = answers.shared_out(lake, bridge, measure)
        assert sum(totals.values()) == sum(lake.measure(measure).values()) > 0


def test_every_country_of_the_files_is_known(lake):
    named = {name for row in lake.catalogue_rows for name in answers.entries(row["country"])}
    named |= {user.country for user in lake.users}
    assert {name for name in named if lake.country(name) == NOBODY} == set()


def test_links_to_imdb_agree_with_those_that_people_made(lake):
    if not TRUTH.is_file():
        pytest.skip("the links that people made are not here: ../shared/truth/title_matches.csv is missing")
    verdicts = Counter()
    for row in answers.read_delivery(TRUTH.parent, TRUTH.name):
        linked = lake.links.get(row["show_id"])
        verdicts["missed" if linked is None else "right" if linked == row["imdb_id"] else "wrong"] += 1
    assert verdicts.total() > 2000
    assert verdicts["right"] / verdicts.total() >= 0.935, verdicts
    assert verdicts["right"] / (verdicts["right"] + verdicts["wrong"]) >= 0.995, verdicts


def test_mended_values_are_as_many_as_in_the_file(real_warehouse, lake):
    """The faults of the catalogue that are known, each counted in the raw file."""
    rows = lake.catalogue_rows
    dirty = {
        ("duration_in_rating", "rating"): sum(row["rating"].endswith(" min") for row in rows),
        ("odd_space", "date_added"): sum(row["date_added"].startswith(" ") for row in rows),
        ("stray_comma", "country"): sum(row["country"] != row["country"].strip(",") for row in rows),
        ("spreadsheet_date", "title"): sum(answers.title_name(row["title"]) != answers.tidy(row["title"])
                                           for row in rows),
    }
    assert dirty == {("duration_in_rating", "rating"): 3, ("odd_space", "date_added"): 88,
                     ("stray_comma", "country"): 7, ("spreadsheet_date", "title"): 4}
    mended = Counter((row["kind"], row["column"]) for row in real_warehouse.house.quarantine("--repairs"))
    assert {fault: mended[fault] for fault in dirty} == dirty
