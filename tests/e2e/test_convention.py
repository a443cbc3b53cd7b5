"""The convention of a column - zone, order of day and month, decimal sign, lists - is found from all its values."""

import pytest
from cases import lay


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Pacific/Auckland"])
def test_moments_with_a_zone_are_read_in_utc_everywhere(house, zone):
    lay("07-parquet-tstz", house.lake.folder)
    house.run("run", TZ=zone)
    assert house.sql("select min(join_date_key) as first, count(*) as n from fct_subscription") == [
        {"first": 20210905, "n": 300}]
