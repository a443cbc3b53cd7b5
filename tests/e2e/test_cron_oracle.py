"""The next firings that `workflows --next` lists, beside those that croniter finds.

Only what both mean alike: no time between midnight and four, where clocks jump (croniter has rules of its own
there; tests/unit/workflow/trigger_simulation_test.cpp has a reading of ours), and no days of both kinds.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from croniter import croniter

COUNT = 200
ZONES = ["UTC", "Europe/Madrid", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Santiago"]
EXPRESSIONS = ["15 6 * * *", "0,30 9-17 * * 1-5", "5 12 1 * *", "45 23 * * sun", "10-50/20 8 * 3,11 *", "0 12 29 2 *",
               "0 20 31 * *", "7 5-9/2 * JAN-mar mon,Wed", "59 23 * 12 7", "0 12 1,11,21 * *"]


def expected(expression, zone, now):
    """Walks the zone's wall clock as naive times; at these hours each of them is there once."""
    walk = croniter(expression, now.astimezone(ZoneInfo(zone)).replace(tzinfo=None), max_years_between_matches=10)
    for _ in range(COUNT):
        local = walk.get_next(datetime).replace(tzinfo=ZoneInfo(zone))
        yield local.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:00.000Z")


def test_next_firings_are_those_of_croniter(house):
    folder = house.project / "workflows"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.yml"):
        old.unlink()
    cases = {}
    for e, expression in enumerate(EXPRESSIONS):
        for z, zone in enumerate(ZONES):
            name = f"w{e}_{z}"
            cases[name] = (expression, zone)
            (folder / f"{name}.yml").write_text(
                f"triggers:\n  - {{schedule: \"{expression}\", zone: {zone}}}\nsteps:\n  tell: {{command: \"true\"}}\n")

    def listed():
        rows = house.run("workflows", "--next", COUNT, "--format", "json").json()
        found = {name: [] for name in cases}
        for row in rows:
            if row["workflow"] in found:
                found[row["workflow"]].append(row["at"])
        return found

    before = datetime.now(UTC)
    found = listed()
    if any(found[name] and found[name][0] <= datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
           for name in cases):
        before = datetime.now(UTC)  # one came due while we looked: look again
        found = listed()
    for name, (expression, zone) in cases.items():
        assert len(found[name]) == COUNT, (expression, zone)
        assert found[name] == list(expected(expression, zone, before)), (expression, zone)
