"""Workflow files: the shipped ones, what `workflows` shows of them, and what `validate` says of wrong ones."""

import json

import pytest

from conftest import House

STEPS = "steps:\n  crawl: {crawl: all}\n"


def write(house, name, text):
    folder = house.project / "workflows"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def bare(house):
    """The shipped project without its workflows."""
    for file in (house.project / "workflows").iterdir():
        file.unlink()
    return house


def problems(house):
    """What validate says: where, message and hint; the exit code is 2."""
    done = house.run("validate", "--format", "json", expect=2, cwd=house.project)
    return [(p["where"], p["message"], p["hint"]) for p in done.json()]


# ---- the shipped workflows

def test_shipped_workflows_are_valid(house):
    assert "workflows: valid" in house.run("validate").err


def test_workflows_lists_triggers_and_next_firings(house):
    rows = {row["workflow"]: row for row in house.run("workflows", "--format", "json").json()}
    assert set(rows) == {"refresh", "fetch_public", "default"}
    assert rows["refresh"]["triggers"] == "objects below raw/; 15 6 * * * UTC"
    assert rows["refresh"]["next"].endswith("T06:15:00.000Z")
    assert rows["default"]["triggers"] is None and rows["default"]["next"] is None
    assert all(row["last_run"] is None for row in rows.values())


def test_workflows_shows_the_steps_of_one(house):
    done = house.run("workflows", "refresh", "--format", "json")
    assert [(row["step"], row["after"]) for row in done.json()] == [
        ("crawl", None), ("build", "crawl"), ("check", "build"), ("publish", "check")]
    assert "trigger schedule: 15 6 * * * UTC" in done.err


def test_next_firings_come_by_time(house):
    rows = house.run("workflows", "--next", "20", "--format", "json").json()
    assert len(rows) == 20
    assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
    assert {row["workflow"] for row in rows} == {"refresh"}
    assert all(row["at"].endswith("T06:15:00.000Z") for row in rows)
    one = house.run("workflows", "refresh", "--next", "3", "--format", "json").json()
    assert [row["trigger"] for row in one] == ["schedule"] * 3


def test_unknown_workflow_has_a_near_miss(house):
    done = house.run("workflows", "refersh", expect=2)
    assert "there is no workflow 'refersh'" in done.err and "Did you mean refresh?" in done.err


def test_a_new_project_brings_the_workflows(binary, tmp_path):
    House(binary, tmp_path / "new").run("init", tmp_path / "new", cwd=tmp_path)
    assert {file.name for file in (tmp_path / "new" / "workflows").iterdir()} == {"refresh.yml", "fetch_public.yml"}


def test_a_project_without_workflows_has_the_default_one(bare):
    (bare.project / "workflows").rmdir()
    assert [row["workflow"] for row in bare.run("workflows", "--format", "json").json()] == ["default"]
    bare.run("validate")


def test_a_wrong_file_leaves_the_others_listed(house):
    write(house, "wrong.yml", "steps: {}\n")
    done = house.run("workflows", "--format", "json", expect=2)
    assert {row["workflow"] for row in done.json()} == {"refresh", "fetch_public", "default"}
    assert "wrong.yml:1: a workflow needs steps" in done.err
    assert "wrong.yml:1: a workflow needs steps" in house.run("workflows", "wrong", expect=2).err


def test_reading_workflows_leaves_nothing_behind(house):
    house.run("workflows")
    house.run("workflows", "--next", "2")
    assert not (house.project / ".reelhouse" / "runs.db").exists()


# ---- refusals, each with file, line and a fix

GOLDEN = {
    "unknown key": (
        "descripton: x\n" + STEPS,
        "1", "unknown key 'descripton'", "Did you mean description?"),
    "unknown step": (
        "steps:\n  crawl: {crawl: all}\n  build: {build: all, after: carwl}\n",
        "3", "there is no step 'carwl'", "Did you mean crawl?"),
    "unknown model": (
        "steps:\n  build:\n    build: [martz]\n",
        "3", "there is no model or folder 'martz'", "Did you mean marts?"),
    "unknown table": (
        "steps:\n  out: {export: [dim_titel], to: out}\n",
        "2", "there is no published table 'dim_titel'", "Did you mean dim_title?"),
    "circle": (
        "steps:\n  a: {command: x, after: b}\n  b: {command: x, after: a}\n",
        "2", "steps wait for each other in a circle: a -> b -> a", "Take one of the 'after' out."),
    "never runs": (
        "steps:\n  a: {command: x}\n  b: {command: x, after: a}\n"
        "  c: {command: x, after: {all: [a, b], are: failed}}\n",
        "4", "step 'c' can never run: 'a' would have to have failed and to have succeeded",
        "Change what it waits for ('after'), or take it out."),
    "unquoted cron": (
        "triggers:\n  - schedule: */15 * * * *\n" + STEPS,
        "2", "reading YAML: the referenced anchor is not defined",
        "A value that begins with '*' has to stand in quotes: schedule: \"*/15 * * * *\"."),
    "bad duration": (
        "timeout: 2 hours\n" + STEPS,
        "1", "'2 hours' is no duration", "Write a whole number and its unit: 90s, 30m, 2h, 7d or 2w."),
    "undeclared property": (
        "properties: {day: ''}\nsteps:\n  out: {export: all, to: \"out/${dya}\"}\n",
        "3", "nobody declares the property 'dya'", "Did you mean day?"),
    "export into the lake": (
        "steps:\n  out: {export: all, to: lake/raw/out}\n",
        "2", "the export would write into the lake's raw/, which the project itself reads or keeps: 'lake/raw/out'",
        "Name a folder of its own, for example exports."),
    "publish unchecked": (
        "steps:\n  build: {build: all}\n  publish: {publish: all, after: build}\n",
        "3", "step 'publish' publishes what was built and checked, but no step of this workflow does check",
        "Add a check step and let this one wait for it."),
    "secret": (
        "triggers:\n  - {http: whsec_c2VjcmV0}\n" + STEPS,
        "2", "http: takes the name of the environment variable that holds the secret",
        "Write for example http: HOOK_SECRET (A-Z, 0-9, '_'); never the secret itself."),
    "empty": (
        "# nothing yet\n",
        "1", "the file is empty",
        "Write at least steps: {crawl: {crawl: all}}; the shipped workflows are examples."),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_validate_refuses_with_file_line_and_a_fix(bare, name):
    text, line, message, hint = GOLDEN[name]
    write(bare, "bad.yml", text)
    assert problems(bare) == [(f"workflows/bad.yml:{line}", message, hint)]


@pytest.mark.parametrize("trigger, line, part", [
    ("schedule: \"30 2 30 2 *\"", 2, "never fires"),
    ("{schedule: \"61 * * * *\"}", 2, "61"),
    ("{schedule: \"@daily\", zone: Europe/Madird}", 2, "Europe/Madrid"),
    ("{after: refersh}", 2, "there is no workflow 'refersh'"),
    ("{objects: raw/imbd/}", 2, "Did you mean raw/imdb/?")])
def test_validate_refuses_triggers(bare, trigger, line, part):
    write(bare, "bad.yml", f"triggers:\n  - {trigger}\n" + STEPS)
    write(bare, "refresh.yml", STEPS)
    ((where, message, hint),) = problems(bare)
    assert where == f"workflows/bad.yml:{line}"
    assert part in message + " " + hint


def test_validate_finds_circles_between_files(bare):
    write(bare, "a.yml", "triggers:\n  - {after: b}\n" + STEPS)
    write(bare, "b.yml", "triggers:\n  - {after: a}\n" + STEPS)
    ((where, message, _),) = problems(bare)
    assert where == "workflows/a.yml:2"
    assert message == "workflows would start each other without end: b -> a -> b"


def test_a_fetch_into_what_its_workflow_watches_is_refused(bare):
    write(bare, "a.yml", "triggers:\n  - {objects: raw/}\nsteps:\n  get: {fetch: [imdb]}\n")
    ((where, message, _),) = problems(bare)
    assert where == "workflows/a.yml:4"
    assert message.startswith("step 'get' writes to raw/imdb/, which a trigger of the same workflow watches")


def test_places_named_by_flags_are_guarded_too(bare, tmp_path):
    write(bare, "a.yml", f"steps:\n  out: {{export: all, to: {json.dumps(str(tmp_path / 'elsewhere/raw/x'))}}}\n")
    bare.run("validate")
    done = bare.run("validate", "--lake", tmp_path / "elsewhere", expect=2)
    assert "would write into the lake's raw/" in done.err
    done = bare.run("validate", "--lake", "elsewhere", expect=2, cwd=tmp_path)
    assert "would write into the lake's raw/" in done.err


def test_broken_models_are_told_once(bare):
    write(bare, "a.yml", "steps:\n  build: {build: [dim_plan]}\n")
    (bare.project / "models" / "marts" / "dim_plan.yml").write_text("columnz: 1\n")
    assert all("workflows/" not in where for where, _, _ in problems(bare))


def test_every_problem_of_every_file_is_told(bare):
    write(bare, "a.yml", "at_once: 0\nstpes: {}\n" + STEPS)
    write(bare, "b.yml", "steps: [crawl]\n")
    assert [where for where, _, _ in problems(bare)] == [
        "workflows/a.yml:2", "workflows/a.yml:1", "workflows/b.yml:1"]
