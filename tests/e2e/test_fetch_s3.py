"""Downloads into a bucket, which cannot rename: a crawl sees a delivery whole or not at all."""

import pytest

from conftest import new_project
from file_server import FileServer
from test_fetch import Shop, today
from test_s3 import S3House, s3_house  # noqa: F401 (a fixture)

DROP = f"raw/shop/drop={today()}"


@pytest.fixture
def server():
    with FileServer() as running:
        running.put("/a.csv", b"id,n\n1,1\n")
        running.put("/b.csv", b"id,m\n1,2\n")
        yield running


def declared(house, server):
    return Shop(house).declare(server.url("/a.csv"), server.url("/b.csv"))


def test_a_delivery_in_a_bucket(server, s3_house, binary, bucket, tmp_path):  # noqa: F811
    declared(s3_house, server).fetch()
    assert s3_house.keys("raw/shop") == [f"{DROP}/a.csv", f"{DROP}/b.csv"], "the marker is gone"
    other = declared(S3House(binary, new_project(tmp_path / "other"), bucket), server)
    assert other.fetch().json()[0]["outcome"] == "unchanged", "another machine knows it too"
    server.put("/a.csv", b"id,n\n1,5\n", etag='"v2"')
    other.fetch()
    assert s3_house.keys(f"{DROP}.2/") == [f"{DROP}.2/a.csv", f"{DROP}.2/b.csv"]
    assert bucket.get(f"{DROP}.2/b.csv") == b"id,m\n1,2\n", "unchanged files come along"


def test_a_crawl_leaves_out_what_is_still_being_put(server, s3_house, bucket):  # noqa: F811
    bucket.put(f"{DROP}.incomplete", b"another machine")
    bucket.put(f"{DROP}/a.csv", b"id,n\n1,1\n")
    crawled = s3_house.run("crawl", "--format", "json")
    assert "still being put" in crawled.err and crawled.json() == []
    declared(s3_house, server).fetch()
    assert s3_house.keys(f"{DROP}.2/") == [f"{DROP}.2/a.csv", f"{DROP}.2/b.csv"]
    assert bucket.get(f"{DROP}/a.csv") == b"id,n\n1,1\n", "what others put stays theirs"


def test_a_fetch_that_died_is_finished_by_the_next(server, s3_house, bucket):  # noqa: F811
    shop = declared(s3_house, server)
    shop.fetch()
    owner = (s3_house.project / ".reelhouse" / "fetch" / "owner").read_bytes()
    for name in ("a.csv", "b.csv", "_fetched.json"):
        bucket.delete(f"{DROP}/{name}")
    bucket.put(f"{DROP}.incomplete", owner)
    bucket.put(f"{DROP}/old.csv", b"half")
    yesterday = "raw/shop/drop=2020-01-01"
    bucket.put(f"{yesterday}.incomplete", owner)
    bucket.put(f"{yesterday}/a.csv", b"half")
    shop.fetch()
    assert s3_house.keys("raw/shop") == [f"{DROP}/a.csv", f"{DROP}/b.csv"]
