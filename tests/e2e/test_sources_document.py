"""docs/sources.md describes every key that sources/*.yml may have."""

import re

import pytest

from conftest import ROOT

KEYS = sorted({key for file in ("sources.cpp", "fetch_source.cpp")
               for block in re.findall(r"k\w*Keys = \{(.*?)\};|only_keys\(\{(.*?)\}\)",
                                       (ROOT / "src/catalog" / file).read_text(), re.DOTALL)
               for key in re.findall(r'"(\w+)"', "".join(block))})


def test_the_keys_are_found():
    assert {"dataset", "files", "min_rows_of_previous", "checksum_url", "login_keys"} <= set(KEYS)


@pytest.mark.parametrize("key", KEYS)
def test_a_key_is_described(key):
    rows = [line.split("|")[1] for line in (ROOT / "docs/sources.md").read_text().splitlines() if line.startswith("| ")]
    assert any(f"`{key}`" in row for row in rows)
