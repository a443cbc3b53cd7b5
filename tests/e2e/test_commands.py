"""Every command: its help, its formats, its messages and exit codes."""

import csv
import io
import json
import re
import subprocess

import pytest

from conftest import ROOT, House, clean_environment, new_project

PROGRAM = (ROOT / "src" / "app" / "program.cpp").read_text()
COMMANDS = re.findall(r"\badd_(\w+)", re.search(r"for \(const auto& add :(.*?)\}\)", PROGRAM, re.DOTALL).group(1))


def plain(binary, *args, cwd=None, expect=0, stdin="", **environment):
    done = subprocess.run([str(binary), *map(str, args)], capture_output=True, text=True, cwd=cwd, input=stdin,
                          env={**clean_environment(), **environment})
    assert done.returncode == expect, (args, done.returncode, done.stdout, done.stderr)
    return done


# ---- help and wrong usage

def test_help_lists_every_command(binary):
    text = plain(binary, "--help").stdout
    assert len(COMMANDS) > 20
    assert all(f"\n  {name} " in text for name in COMMANDS)
    assert "Exit codes" in text


@pytest.mark.parametrize("command", COMMANDS)
def test_help_has_an_example(binary, command):
    text = plain(binary, command, "--help").stdout
    assert "Example" in text
    assert f"reelhouse {command}" in text.split("Example", 1)[1]


@pytest.mark.parametrize("command", ["lake ls", "lake put", "lake get"])
def test_help_of_lake_commands(binary, command):
    assert "Usage" in plain(binary, *command.split(), "--help").stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_document_describes_it(command):
    assert re.search(rf"^(\*\*|## )`(reelhouse )?{command}\b", (ROOT / "docs" / "commands.md").read_text(), re.MULTILINE)


def test_version(binary):
    assert plain(binary, "--version").stdout.startswith("reelhouse ")


@pytest.mark.parametrize("typed, meant", [("catalogue", "catalog"), ("ruN", "run"), ("lineag", "lineage"),
                                          ("quarantin", "quarantine"), ("validat", "validate")])
def test_unknown_command_has_a_near_miss(binary, typed, meant):
    done = plain(binary, typed, expect=2)
    assert f"Did you mean 'reelhouse {meant}'?" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize("args", [["sql"], ["lineage"], ["run", "--threads", "many"], ["--format", "xml", "runs"],
                                  ["generate", "--scale", "0"], ["rollback", "-1"], ["run", "--nonsense"],
                                  ["lake"], ["completion", "tcsh"], ["rollback", "one"]])
def test_wrong_usage(small_template, args):
    done = small_template.run(*args, expect=2)
    assert done.err and done.out == ""


def test_no_command(binary):
    plain(binary, expect=2)


def test_no_project_here(binary, tmp_path):
    done = plain(binary, "runs", cwd=tmp_path, expect=2)
    assert "reelhouse.yaml" in done.stderr and "init" in done.stderr


# ---- formats

ROWS = ["lake ls", "catalog", "catalog netflix_userbase", "catalog netflix_userbase --objects",
        "catalog netflix_userbase --versions", "runs", "workflows", "workflows refresh", "workflows --next 2",
        "rollback --list", "lineage fct_subscription.monthly_revenue",
        "lineage --downstream raw.netflix_userbase.age", "quarantine", "quarantine --repairs", "validate", "doctor",
        "crawl --dry-run", "sql from_dim_plan"]


def typed_command(text):
    words = text.split()
    return ["sql", "select * from dim_plan"] if text == "sql from_dim_plan" else words


@pytest.mark.parametrize("command", ROWS)
def test_formats_are_well_formed(generated_template, command):
    house = generated_template
    args = typed_command(command)
    answer = house.run(*args, "--format", "json")
    rows = json.loads(answer.out)
    assert isinstance(rows, list) and all(isinstance(row, dict) for row in rows)
    table = house.run(*args, "--format", "csv")
    parsed = list(csv.reader(io.StringIO(table.out), strict=True))
    if rows:
        assert parsed[0] == list(rows[0])
        assert len(parsed) == len(rows) + 1
        assert {len(record) for record in parsed} == {len(parsed[0])}
    plain_table = house.run(*args)
    for done in (answer, table, plain_table):
        assert "\x1b" not in done.out + done.err


def test_run_shows_its_steps(small_template):
    (run,) = small_template.history()
    steps = small_template.run("runs", run["run"][:-2], "--format", "json").json()
    names = [s["step"] for s in steps]
    assert "crawl" in names and "publish" in names and "build dim_user" in names
    assert all(s["state"] == "succeeded" for s in steps)


def test_unknown_run(small_template):
    done = small_template.run("runs", "19990101", expect=1)
    assert "19990101" in done.err


def test_runs_before_any_run(house):
    assert house.run("runs", "--format", "json").json() == []
    done = house.run("runs", "--receipt", expect=1)
    assert "no run yet" in done.err


def test_values_in_json_and_csv(small_template):
    statement = "select 1 as n, 2.50::decimal(9,2) as money, 'a\"b,c' as text, null as nothing, " \
                "date '2024-02-29' as day, true as yes, 'nan'::double as odd, '' as blank"
    (row,) = small_template.sql(statement)
    assert row == {"n": 1, "money": 2.5, "text": 'a"b,c', "nothing": None, "day": "2024-02-29", "yes": True,
                   "odd": None, "blank": ""}
    out = small_template.run("sql", statement, "--format", "csv").out
    (record,) = csv.DictReader(io.StringIO(out))
    assert record["text"] == 'a"b,c' and record["day"] == "2024-02-29"
    assert out.endswith("\n") and out.rstrip("\n").endswith('""')


def test_no_rows(small_template):
    statement = "select user_id, age from dim_user where false"
    assert small_template.sql(statement) == []
    assert small_template.run("sql", statement, "--format", "csv").out == "user_id,age\n"


def test_format_from_the_environment(small_template):
    assert small_template.run("runs", REELHOUSE_FORMAT="json").json()


def test_closed_pipe_is_quiet(generated_template):
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$@" | head -n 2', "bash",
         *generated_template.command("sql", "select * from range(3000000)", "--format", "csv")],
        capture_output=True, text=True, env=clean_environment())
    assert done.stdout == "range\n0\n" and done.stderr == ""


# ---- sql

WRITES = ["create table t (a int)", "drop table dim_plan", "delete from dim_plan",
          "insert into dim_plan select * from dim_plan", "update dim_plan set plan_rank = 1",
          "copy dim_plan to '{out}'", "attach '{out}' as other", "select * from read_csv('{file}')",
          "select * from '{file}'", "select * from read_text('{file}')", "select * from glob('/etc/*')",
          "set threads = 1", "set enable_external_access = true", "pragma memory_limit = '1GB'", "install httpfs",
          "export database '{out}'", "copy (select 1) to '{out}'", "create view v as select 1",
          "call pragma_version(); drop table dim_plan",
          "select 1; create table t as select 2"]


@pytest.mark.parametrize("statement", WRITES)
def test_sql_only_reads(small, tmp_path, statement):
    out = tmp_path / "out.csv"
    file = tmp_path / "secret.csv"
    file.write_text("secret\n42\n")
    before = {p.name: p.stat().st_mtime_ns for p in (small.project / "warehouse").iterdir()}
    done = small.run("sql", statement.format(out=out, file=file), expect=1)
    assert done.err.startswith("error: ") and "42" not in done.out
    assert not out.exists()
    assert {p.name: p.stat().st_mtime_ns for p in (small.project / "warehouse").iterdir()} == before
    assert small.one("select count(*) from dim_plan") > 1


@pytest.mark.parametrize("statement", ["create temp table t as select 1", "checkpoint", "vacuum", "load json"])
def test_statements_without_effect_leave_no_trace(small, statement):
    before = {p.name: p.read_bytes() for p in (small.project / "warehouse").iterdir()}
    small.run("sql", statement, expect=None)
    assert {p.name: p.read_bytes() for p in (small.project / "warehouse").iterdir()} == before


def test_sql_from_standard_input(small_template):
    done = small_template.run("sql", "-", "--format", "csv", stdin="select 1 as a\n;\n")
    assert done.out == "a\n1\n"


def test_sql_mistakes_are_explained(small_template):
    done = small_template.run("sql", "select * from fct_subscriptoin", expect=1)
    assert "fct_subscription" in done.err
    done = small_template.run("sql", "select plan_nme from dim_plan", expect=1)
    assert "plan_name" in done.err
    done = small_template.run("sql", "selct 1", expect=1)
    assert done.err.startswith("error: ")
    small_template.run("sql", "", expect=1)


# ---- validate

def edit(house, model, old, new, suffix="sql"):
    (file,) = house.project.glob(f"models/**/{model}.{suffix}")
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return file, text[:text.index(old)].count("\n") + 1


def test_validate_the_shipped_project(house):
    done = house.run("validate", "--format", "json")
    assert {m["model"] for m in done.json()} >= {"dim_user", "stg_netflix_user"}
    assert "valid" in done.err


def test_validate_finds_a_misspelt_table(house):
    file, line = edit(house, "dim_user", "from int_user_snapshot", "from int_user_snapshto")
    done = house.run("validate", expect=2)
    assert f"{file.name}:{line}" in done.err
    assert "int_user_snapshot" in done.err.replace("int_user_snapshto", "")


def test_validate_finds_a_misspelt_column(house):
    file, line = edit(house, "dim_user", "    max(drop_date)", "    max(drop_dat)")
    done = house.run("validate", expect=2)
    assert f"{file.name}:{line}" in done.err
    assert "drop_date" in done.err


def test_validate_finds_a_misspelt_raw_table_and_seed(house):
    first, line = edit(house, "stg_netflix_user", "raw.netflix_userbase", "raw.netflix_userbas")
    second, other = edit(house, "dim_plan", "seed.plan", "seed.plans")
    done = house.run("validate", expect=2)
    assert f"{first.name}:{line}" in done.err and "netflix_userbase" in done.err
    assert f"{second.name}:{other}" in done.err


def test_validate_finds_a_misspelt_column_in_yaml(house):
    file, line = edit(house, "dim_plan", "  plan_name:", "  plan_nmae:", "yml")
    done = house.run("validate", expect=2)
    assert f"{file.name}:{line}" in done.err and "plan_name" in done.err


def test_validate_finds_an_unknown_key(house):
    file, line = edit(house, "dim_plan", "columns:", "colums:", "yml")
    done = house.run("validate", expect=2)
    assert f"{file.name}:{line}" in done.err and "columns" in done.err


def test_validate_finds_a_syntax_error_and_a_circle(house):
    file, _ = edit(house, "dim_plan", "select", "selec")
    done = house.run("validate", expect=2)
    assert file.name in done.err
    edit(house, "dim_plan", "selec", "select")
    edit(house, "stg_netflix_title", "from raw.netflix_titles", "from dim_title")
    done = house.run("validate", expect=2)
    assert "circle" in done.err and "dim_title" in done.err


def test_mistake_in_the_project_stops_a_run(small):
    file, line = edit(small, "dim_user", "gender,", "gendre,")
    done = small.run("run", expect=2)
    assert f"{file.name}:{line}" in done.err and "gender" in done.err
    assert small.current() == 1


def test_mistakes_in_settings(house):
    config = house.project / "reelhouse.yaml"
    text = config.read_text()
    for old, new, word in [("keep_versions: 5", "keep_version: 5", "keep_versions"),
                           ("keep_versions: 5", "keep_versions: none", "reelhouse.yaml"),
                           ("engine: duckdb", "engine: spork", "spork"), ("name: netflix", "name: [", "reelhouse.yaml")]:
        config.write_text(text.replace(old, new))
        done = house.run("runs", expect=2)
        assert word in done.err, (new, done.err)


# ---- lineage

def test_lineage_ends_at_the_object_and_its_field(small_template):
    done = small_template.run("lineage", "fct_subscription_month.revenue")
    assert "raw/netflix_userbase/drop=2023-07-16/Netflix Userbase.csv" in done.out
    assert 'field "Monthly Revenue"' in done.out
    rows = small_template.run("lineage", "fct_subscription_month.revenue", "--format", "json").json()
    ends = {(r["object"], r["field"]) for r in rows if r["object"]}
    assert ("raw/netflix_userbase/drop=2023-07-16/Netflix Userbase.csv", "Monthly Revenue") in ends


def test_lineage_downstream_and_back(small_template):
    rows = small_template.run("lineage", "-d", "raw.netflix_userbase.monthly_revenue", "--format", "json").json()
    assert ("fct_subscription_month", "revenue") in {(r["to_table"], r["to_column"]) for r in rows}


def test_lineage_before_any_crawl(house):
    done = house.run("lineage", "fct_subscription_month.revenue")
    assert "raw.netflix_userbase" in done.out


def test_lineage_of_an_unknown_name(small_template):
    done = small_template.run("lineage", "fct_subscription_month.revenu", expect=2)
    assert "revenue" in done.err
    done = small_template.run("lineage", "fct_subscription_mont", expect=2)
    assert "fct_subscription_month" in done.err


# ---- init, lake, doctor, completion

def test_init_then_run_from_another_folder(binary, tmp_path):
    project = tmp_path / "mine"
    done = plain(binary, "init", project)
    assert "reelhouse run" in done.stderr
    made = House(binary, project)
    made.lake.required()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    made.run("run", cwd=elsewhere)
    assert list(elsewhere.iterdir()) == []
    assert made.one("select count(*) from fct_subscription") == 8
    done = plain(binary, "sql", "select count(*) as n from dim_plan", "--format", "csv", cwd=project)
    assert done.stdout.startswith("n\n")
    done = plain(binary, "runs", "--format", "json", REELHOUSE_PROJECT=str(project))
    assert len(json.loads(done.stdout)) == 1


def test_init_carries_the_whole_project(binary, tmp_path):
    plain(binary, "init", tmp_path / "made")
    copied = new_project(tmp_path / "copied")
    for file in copied.rglob("*"):
        if file.is_file() and not file.name.startswith("."):
            assert (tmp_path / "made" / file.relative_to(copied)).read_bytes() == file.read_bytes(), file


def test_init_refuses_an_existing_folder(binary, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "kept").write_text("x")
    done = plain(binary, "init", tmp_path / "full", expect=2)
    assert "not empty" in done.stderr
    assert [p.name for p in (tmp_path / "full").iterdir()] == ["kept"]
    plain(binary, "init", tmp_path / "full" / "kept", expect=2)


def test_lake_put_ls_get(house, tmp_path):
    house.lake.folder.mkdir()
    file = tmp_path / "users.csv"
    file.write_bytes(b"a,b\r\n1,\xff\n")
    house.run("lake", "put", file, "raw/shop/drop=2024-01-01/")
    key = "raw/shop/drop=2024-01-01/users.csv"
    (listed,) = house.run("lake", "ls", "raw/shop", "--format", "json").json()
    assert (listed["key"], listed["bytes"]) == (key, 9)
    house.run("lake", "get", key, tmp_path / "copy.csv")
    assert (tmp_path / "copy.csv").read_bytes() == file.read_bytes()
    done = subprocess.run(house.command("lake", "get", key, "-"), capture_output=True, env=clean_environment())
    assert done.stdout == file.read_bytes()
    house.run("lake", "get", key, tmp_path / "copy.csv", expect=1)  # it does not write over a file
    assert "nothing.csv" in house.run("lake", "get", "raw/nothing.csv", "-", expect=1).err
    house.run("lake", "put", tmp_path / "absent.csv", "raw/shop/", expect=1)
    house.run("lake", "put", file, "raw/../../escape.csv", expect=2)
    assert not (house.project.parent / "escape.csv").exists()


def test_flag_before_variable_before_file(house, tmp_path):
    for name in ("flag", "variable"):
        (tmp_path / name / "raw" / "d").mkdir(parents=True)
        (tmp_path / name / "raw" / "d" / f"{name}.csv").write_text("a\n")
    (house.lake.folder / "raw").mkdir(parents=True)

    def keys(*args, **environment):
        return [o["key"] for o in house.run("lake", "ls", *args, "--format", "json", **environment).json()]

    assert keys() == []
    assert keys(REELHOUSE_LAKE=str(tmp_path / "variable")) == ["raw/d/variable.csv"]
    assert keys("--lake", tmp_path / "flag", REELHOUSE_LAKE=str(tmp_path / "variable")) == ["raw/d/flag.csv"]


def test_doctor(small, house):
    rows = {r["check"]: r["state"] for r in small.run("doctor", "--format", "json").json()}
    assert set(rows.values()) <= {"ok", "note"}
    rows = {r["check"]: r for r in house.run("doctor", "--format", "json", expect=1).json()}
    assert rows["lake"]["state"] == "WRONG"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(binary, tmp_path, shell):
    script = plain(binary, "completion", shell).stdout
    assert all(name in script for name in COMMANDS)
    if shell != "bash":
        return
    (tmp_path / "completion").write_text(script)
    subprocess.run(["bash", "-n", tmp_path / "completion"], check=True)
    asked = ('source "$1"; COMP_WORDS=(reelhouse "${@:2}"); COMP_CWORD=$(($# - 1)); _reelhouse; '
             'printf "%s\\n" "${COMPREPLY[@]}"')

    def complete(*words):
        return subprocess.run(["bash", "-c", asked, "bash", tmp_path / "completion", *words], capture_output=True,
                              text=True, check=True).stdout.split()

    assert complete("quar") == ["quarantine"]
    assert "--full-refresh" in complete("run", "--f")
    assert complete("runs", "--format", "j") == ["json"]
