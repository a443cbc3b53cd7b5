"""Runs of a workflow that fail, hang, are cancelled and are killed at random: each ends in a true state, a
resumed one publishes what an undisturbed one would, and nothing is left behind.

CHAOS_RUNS says how many, CHAOS_SEED which ones, CHAOS_SIDE_BY_SIDE how many at a time."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from conftest import House, clean_environment

RUNS = int(os.environ.get("CHAOS_RUNS", "300"))
SEED = int(os.environ.get("CHAOS_SEED", "5"))
SIDE_BY_SIDE = int(os.environ.get("CHAOS_SIDE_BY_SIDE", "3"))
MARK = "REELHOUSE_CHAOS"
STEPS = ("stamp", "scan", "note", "tidy")

# What a command does is read from plan/<step>; it counts its attempts there.
SCRIPT = r"""
plan=$(cat "plan/$1" 2>/dev/null || echo ok)
echo "$1 attempt $REELHOUSE_ATTEMPT of run $REELHOUSE_RUN: $plan"
case $plan in
  fail) exit 9 ;;
  once) [ "$REELHOUSE_ATTEMPT" -gt 1 ] || exit 9 ;;
  hang) sleep 1000 ;;
  deaf) trap '' TERM; while :; do sleep 0.05; done ;;
  leave) (setsid sh -c 'sleep 1000 & while :; do sleep 0.1; done' >/dev/null 2>&1 &) ;;
  cling) (setsid sh -c 'trap "" TERM; sleep 1000 & while :; do sleep 0.1; done' >/dev/null 2>&1 &) ;;
esac
echo "$1=$turn" >> "$REELHOUSE_PROPERTIES"
"""

WORKFLOW = """
workflow: chaos
properties: {turn: "0", stamp: "", scan: "", note: "", tidy: ""}
timeout: %s
steps:
  stamp: {command: "sh chaos.sh stamp", timeout: 1s, retries: {times: 1, wait: 0s}}
  crawl: {crawl: all, after: stamp}
  scan: {command: "sh chaos.sh scan", after: stamp, timeout: 1s}
  build: {build: all, after: crawl}
  check: {check: all, after: build}
  publish: {publish: all, after: {all: [check, scan]}}
  note: {command: "sh chaos.sh note", after: publish}
  mourn: {command: "echo sorry", after: {any: [stamp, scan, build, check, publish], are: failed}}
  tidy: {command: "sh chaos.sh tidy", after: [note], always: true, timeout: 1s}
"""

FILES = {
    "reelhouse.yaml": "name: chaos\nlake: ./lake\nstore: ./store\nwarehouse: ./warehouse\nkeep_versions: 3\n",
    "sources/sale.yml": "dataset: sale\ndescription: Sales of a shop.\ntables:\n  sale:\n    files: '*.csv'\n"
                        "    description: One row a sale.\n    columns: [sale_id, shop, amount]\n",
    "models/staging/stg_sale.sql": "-- A sale.\n-- materialized: table\nwith\n\nsales as (\n  select * from raw.sale\n)\n\n"
                                   "select cast(sale_id as bigint) as sale_id, shop, cast(amount as bigint) as amount\n"
                                   "from sales\n",
    "models/staging/stg_sale.yml": "description: Sales.\ngrain: [sale_id]\ncolumns:\n"
                                   "  sale_id: {description: Number of the sale., checks: [not_null, unique]}\n"
                                   "  shop: {description: Where.}\n  amount: {description: In cents.}\n",
    "models/marts/fct_shop.sql": "-- A shop.\n-- materialized: table\nwith\n\nsales as (\n  select * from stg_sale\n)\n\n"
                                 "select shop, count(*) as sales, cast(sum(amount) as bigint) as amount\n"
                                 "from sales\ngroup by shop\n",
    "models/marts/fct_shop.yml": "description: Shops.\ngrain: [shop]\ncolumns:\n"
                                 "  shop: {description: Its name., checks: [not_null, unique]}\n"
                                 "  sales: {description: Number of sales.}\n"
                                 "  amount:\n    description: In cents.\n"
                                 "checks:\n  - name: no_shop_loses\n    description: A shop that lost money.\n"
                                 "    severity: error\n    sql: select shop from fct_shop where amount < 0\n",
    "chaos.sh": SCRIPT,
    "workflows/chaos.yml": WORKFLOW % "10m",
}

CONTENT = "select * from fct_shop order by all"
EXIT_OF = {"succeeded": 0, "failed": 1, "check_failed": 3, "cancelled": 130}


class Budget:
    """Counts the runs of all projects together."""

    def __init__(self, runs):
        self.left = runs
        self.done = 0
        self.ends = {}
        self.lock = threading.Lock()

    def took(self, state):
        with self.lock:
            self.left -= 1
            self.done += 1
            self.ends[state] = self.ends.get(state, 0) + 1


class ChaoticHouse(House):
    """One small project with its lake, its chance, and the processes that it may leave."""

    def __init__(self, binary, folder, seed):
        super().__init__(binary, folder / "project")
        self.chance = random.Random(seed)
        self.mark = f"{os.getpid()}-{seed}"
        for name, text in FILES.items():
            path = self.project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.turn = 0

    def environment(self):
        return {**clean_environment(), MARK: self.mark}

    def fill_lake(self, loses=False):
        """A new drop, different every time; its content is what fct_shop has to say."""
        self.turn += 1
        shops = {}
        lines = ["sale_id,shop,amount"]
        for sale in range(self.chance.randint(20, 60)):
            shop, amount = self.chance.choice(["North", "South", "Harbour", "Mill"]), self.chance.randint(1, 500)
            if loses and sale == 0:
                amount = -1_000_000
            lines.append(f"{sale},{shop},{amount}")
            sales, total = shops.get(shop, (0, 0))
            shops[shop] = (sales + 1, total + amount)
        self.lake.put("sale/sale.csv", "\n".join(lines) + "\n")
        return [{"shop": shop, "sales": shops[shop][0], "amount": shops[shop][1]} for shop in sorted(shops)]

    def plan(self, **plans):
        shutil.rmtree(self.project / "plan", ignore_errors=True)
        (self.project / "plan").mkdir()
        for step, what in plans.items():
            (self.project / "plan" / step).write_text(what + "\n")

    def newest(self):
        return self.run("runs", "--limit", "1", "--format", "json").json()[0]

    def steps(self, run):
        rows = self.run("runs", run, "--format", "json").json()
        return {row["step"]: row["state"] for row in rows}

    def survivors(self):
        """Processes that carry this project's mark."""
        found = []
        wanted = f"{MARK}={self.mark}".encode()
        for folder in Path("/proc").iterdir():
            if not folder.name.isdigit():
                continue
            try:
                if wanted in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder.name, (folder / "cmdline").read_bytes().replace(b"\0", b" ")))
            except OSError:
                pass
        return found

    def nothing_runs(self):
        until = time.monotonic() + 60
        while self.survivors() and time.monotonic() < until:
            time.sleep(0.02)
        assert self.survivors() == []

    def leftovers(self):
        found = []
        for place in ("warehouse", "store", ".reelhouse"):
            for path in (self.project / place).rglob("*"):
                if ".building" in path.name or path.name.endswith((".wal", ".tmp", ".properties")) or path.name in (
                        "tmp", "spill"):
                    found.append(str(path.relative_to(self.project)))
        steps = self.project / ".reelhouse" / "steps"
        found += [str(path) for path in steps.rglob("*")] if steps.exists() else []
        return found

    def disturb(self, process, how):
        """Does to a run what `how` says, at some moment."""
        if how is None:
            return
        time.sleep(self.chance.uniform(0.0, 0.6))
        if how == "cancel":
            rows = self.run("runs", "--limit", "1", "--format", "json").json()
            if rows and rows[0]["state"] == "running":
                subprocess.run(self.command("runs", "cancel", rows[0]["run"]), capture_output=True, timeout=60,
                               env=clean_environment())
        elif process.poll() is None:
            process.send_signal({"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM}[how])

    def one_run(self, *args, how=None):
        """Starts a run, disturbs it, waits for its end; returns it as the history has it."""
        before = {row["run"] for row in self.history()}
        process = subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.environment())
        self.disturb(process, how)
        _, errors = process.communicate(timeout=120)
        new = [row for row in self.history() if row["run"] not in before]
        if not new:  # stopped before it was one
            assert process.returncode in (-9, -2, -15, 130), errors
            return None
        (run,) = new
        if process.returncode in (-9, -2, -15):
            assert run["state"] in ("died", *EXIT_OF), run
            if run["state"] != "died":
                assert run["ended"]  # killed after its end
        else:
            assert EXIT_OF.get(run["state"]) == process.returncode, (run, process.returncode, errors)
        return run

    def check_steps(self, run):
        """The states of the steps fit together and fit the run's."""
        steps = {name: state for name, state in self.steps(run["run"]).items() if " " not in name}
        if run["state"] == "died":
            assert set(steps.values()) <= {"succeeded", "failed", "died", "cancelled", "skipped", "check_failed",
                                           "running", "queued"}, steps
            return
        assert not {"running", "queued", "died"} & set(steps.values()), (run, steps)
        if run["state"] == "succeeded":
            assert {steps[name] for name in ("stamp", "crawl", "scan", "build", "check", "publish", "note",
                                             "tidy")} == {"succeeded"}, steps
            assert steps["mourn"] == "skipped"
        if run["state"] == "failed" and "timeout of" not in (run["message"] or ""):
            assert "failed" in steps.values(), steps
        assert steps["tidy"] != "skipped", (run, steps)  # it runs whatever happens


PLANS = ["ok"] * 40 + ["fail"] * 8 + ["once"] * 5 + ["leave"] * 5 + ["hang"] * 4 + ["deaf", "cling"]
HOWS = [None, None, None, "cancel", "kill", "kill", "kill", "int", "term"]


def episode(house, budget):
    """One delivery: a run, disturbed, and resumed until its content is published."""
    chance = house.chance
    loses = chance.random() < 0.06
    expected = house.fill_lake(loses)
    published = house.sql(CONTENT) if house.turn > 1 else None
    plans = {} if loses else {step: chance.choice(PLANS) for step in STEPS}
    if plans.get("note") in ("hang", "deaf"):  # it has no timeout
        plans["note"] = "fail"
    short = not loses and chance.random() < 0.1
    (house.project / "workflows" / "chaos.yml").write_text(WORKFLOW % ("1s" if short else "10m"))
    house.plan(**plans)
    run = house.one_run("run", "chaos", "--set", f"turn={house.turn}",
                        how=None if loses else chance.choice(HOWS))
    first = run
    assert not loses or run["state"] == "check_failed", run
    while True:
        house.nothing_runs()
        if run:
            budget.took(run["state"])
            house.check_steps(run)
            if run["state"] == "succeeded":
                break
        assert house.turn == 1 or house.sql(CONTENT) in (published, expected)  # never half of it
        if loses:  # the check failed, or would have: mend what was delivered
            loses = False
            expected = house.fill_lake()
            run = None
        (house.project / "workflows" / "chaos.yml").write_text(WORKFLOW % "10m")
        house.plan(**({"scan": "leave", "tidy": "once"} if chance.random() < 0.1 else {}))
        how = chance.choice(HOWS) if chance.random() < 0.4 else None
        before = run
        what = ["runs", "resume", run["run"]] if run else ["run", "chaos", "--set", f"turn={house.turn}"]
        run = house.one_run(*what, how=how) or before
        if how is None and run is not before and not (house.project / "plan" / "tidy").exists():
            assert run["state"] == "succeeded", run
    assert house.sql(CONTENT) == expected
    assert house.leftovers() == []
    kept = [row["state"] for row in house.history()]
    assert not {"running", "queued"} & set(kept), kept
    return first is not run


def undisturbed(house, twin):
    """The same lake in a project that nothing disturbs publishes the same."""
    shutil.rmtree(twin.lake.folder, ignore_errors=True)
    shutil.copytree(house.lake.folder, twin.lake.folder)
    twin.plan()
    # Nothing hangs in it, so no step of it needs a limit, which a busy machine would not keep.
    (twin.project / "workflows" / "chaos.yml").write_text((WORKFLOW % "10m").replace("timeout: 1s", "timeout: 5m"))
    twin.run("run", "chaos")
    columns = "select table_name, column_name, data_type from information_schema.columns order by all"
    for statement in (CONTENT, columns):
        assert house.sql(statement) == twin.sql(statement)


def chaos(house, twin, budget):
    resumed = 0
    while budget.left > 0:
        try:
            if episode(house, budget):
                resumed += 1
                if resumed % 4 == 1:
                    undisturbed(house, twin)
        except BaseException as error:
            with budget.lock:
                budget.left = 0
            raise AssertionError(f"project {house.project}, turn {house.turn}: {error}") from error
    return resumed


def test_random_failures_cancels_and_kills(binary, tmp_path):
    started = time.monotonic()
    budget = Budget(RUNS)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        done = [pool.submit(chaos, ChaoticHouse(binary, tmp_path / f"house{n}", SEED * 100 + n),
                            ChaoticHouse(binary, tmp_path / f"twin{n}", SEED * 100 + 50 + n), budget)
                for n in range(SIDE_BY_SIDE)]
        resumed = sum(each.result() for each in done)
    print(f"{budget.done} runs in {time.monotonic() - started:.0f} s, {resumed} deliveries resumed: {budget.ends}")
    if RUNS >= 100:
        assert set(budget.ends) >= {"succeeded", "failed", "cancelled", "died", "check_failed"}
        assert resumed > RUNS / 20
