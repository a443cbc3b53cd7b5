"""The rules that scripts hold SQL and documents to: what is right passes, each fault is named with its line."""

import subprocess

import pytest
from conftest import ROOT

MODEL = """-- A plan.
-- materialized: view
with

offers as (
  select * from seed.plan
),

plans as (
  select plan_name, price from offers
)

select * from plans
"""

GUIDE = """# Guide

Read [the model](models/plan.sql), [below](#what-to-do) and `models/<name>.sql`; `plan.sql`, `make test`.

## What to do

    nothing in `models/none.sql`
"""


@pytest.fixture
def check(tmp_path):
    """Runs a script of the repository on a file in a repository of its own."""
    (tmp_path / "models").mkdir()
    (tmp_path / "Makefile").write_text("test:\n")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)

    def run(script, name, text):
        (tmp_path / "models/plan.sql").write_text(MODEL)
        (tmp_path / name).write_text(text)
        return subprocess.run([ROOT / "scripts" / script, name], cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_sql_as_it_should_be_passes(check):
    done = check("check_sql", "models/plan.sql", MODEL)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("was", "becomes", "line", "message"), [
    ("-- A plan.", "-- plans", 1, "begin with a sentence that says what a row is"),
    ("select plan_name", "SELECT plan_name", 10, "'SELECT' in upper case"),
    ("from offers\n", "from offers  \n", 10, "a space at the end of the line"),
    ("from offers\n", "from offers, seed.other as o join seed.third as t using (plan_name)\n", 9,
     "plans reads seed.third although it reads another CTE"),
    ("select * from seed.plan", "select p.* from seed.plan as p join seed.price as q using (plan_name)", 5,
     "offers reads seed.plan, seed.price; import each in a CTE of its own"),
    ("),\n\nplans", "),\nplans", 7, "leave one line empty between the CTE offers and the next"),
    ("from offers", "from plan", 5, "nothing reads the CTE offers"),
    ("select * from plans", "select plan_name from plans", 13, "end with: select * from plans"),
    ("select * from plans", "select * from offers", 13, "end with: select * from plans"),
    ("plans", "final", 9, "'final' says nothing"),
    ("price", "price, " + ", ".join(f"column_{i}" for i in range(12)), 10, "characters in a line; 120 are the most"),
])
def test_sql_that_breaks_a_rule_is_named(check, was, becomes, line, message):
    assert was in MODEL
    done = check("check_sql", "models/plan.sql", MODEL.replace(was, becomes))
    assert done.returncode == 1
    assert any(text.startswith(f"models/plan.sql:{line}: ") and message in text
               for text in done.stderr.splitlines()), done.stderr


def test_upper_case_in_texts_and_comments_is_no_fault(check):
    model = MODEL.replace("price from", "price, 'It''s A' as \"From\" -- NULL\n  from")
    assert check("check_sql", "models/plan.sql", model).stderr == ""


def test_a_document_that_tells_the_truth_passes(check):
    done = check("check_documents", "guide.md", GUIDE)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(("was", "becomes", "message"), [
    ("(models/plan.sql)", "(models/price.sql)", "guide.md:3: links to models/price.sql, which is not there"),
    ("#what-to-do", "#what-not-to-do", "guide.md:3: links to #what-not-to-do, but guide.md has no such heading"),
    ("`models/<name>.sql`", "`models/<name>.yml`", "guide.md:3: names `models/<name>.yml`, which is not there"),
    ("`plan.sql`", "`price.sql`", "guide.md:3: names `price.sql`, and no file is called so"),
    ("`make test`", "`make rest`", "guide.md:3: names `make rest`, but the Makefile has no such target"),
])
def test_a_document_that_names_what_is_not_there_is_refused(check, was, becomes, message):
    assert was in GUIDE
    done = check("check_documents", "guide.md", GUIDE.replace(was, becomes))
    assert done.returncode == 1
    assert message in done.stderr.splitlines()
