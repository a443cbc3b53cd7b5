"""What is published and answered is the same in every time zone of the machine: the engine runs in UTC."""

import pytest
from cases import lay
from test_s3 import checksums

from conftest import House, new_project

ZONES = ["UTC", "America/New_York", "Pacific/Auckland"]
QUESTIONS = [["mrr", "--by", "month"], ["active_users", "--by", "plan"],
             ["titles", "--by", "month"], ["hours_viewed", "--by", "week"]]


def carry_on(house, zone):
    """Publishes two drops, the second with Parquet timestamps that have a zone; what came of it."""
    lay(None, house.lake.folder)
    house.run("run", TZ=zone)
    lay("07-parquet-tstz", house.lake.folder)
    house.run("run", TZ=zone)
    tables = checksums(house)
    answers = [house.run("metric", *question, "--format", "csv", TZ=zone).out for question in QUESTIONS]
    return {"tables": tables, "answers": answers,
            "conventions": house.run("catalog", "netflix_userbase", "--format", "csv", TZ=zone).out}


@pytest.fixture(scope="module")
def in_utc(binary, tmp_path_factory):
    return carry_on(House(binary, new_project(tmp_path_factory.mktemp("utc") / "project")), ZONES[0])


@pytest.mark.parametrize("zone", ZONES[1:])
def test_published_tables_and_answers_are_those_of_utc(zone, house, in_utc):
    there = carry_on(house, zone)
    assert there["tables"] == in_utc["tables"]
    assert there["answers"] == in_utc["answers"]
    assert there["conventions"] == in_utc["conventions"]
    assert all(len(answer.splitlines()) > 1 for answer in there["answers"]), there["answers"]
