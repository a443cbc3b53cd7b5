"""Downloads into the lake: resumed, conditional, checked, unpacked, whole or not at all."""

import datetime
import hashlib
import io
import json
import signal
import subprocess
import time
import zipfile

import pytest

from conftest import clean_environment
from file_server import FileServer, gzipped, self_signed

BIG = b"".join(b"%d,value %d\n" % (n, n * 7919 % 100_003) for n in range(400_000))
QUICK = {"REELHOUSE_FETCH_WAIT_SECONDS": "0.05", "REELHOUSE_FETCH_ATTEMPTS": "4",
         "REELHOUSE_FETCH_STALL_SECONDS": "1"}


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


@pytest.fixture
def server():
    with FileServer() as running:
        yield running


@pytest.fixture
def shop(house):
    """A project with one source more, `shop`, whose fetch: each test declares."""
    return Shop(house)


class Shop:
    def __init__(self, house):
        self.house = house
        self.folder = house.lake.folder / "raw" / "shop"

    def declare(self, *files, how="drop"):
        lines = ["dataset: shop", "optional: true", "fetch:", f"  as: {how}", "  files:"]
        for file in files:
            file = {"url": file} if isinstance(file, str) else file
            pairs = [f"{key}: {json.dumps(value)}" for key, value in file.items()]
            lines += [("    - " if n == 0 else "      ") + pair for n, pair in enumerate(pairs)]
        (self.house.project / "sources" / "shop.yml").write_text("\n".join(lines) + "\n")
        return self

    def fetch(self, *args, expect=0, **environment):
        return self.house.run("fetch", "shop", *args, "--format", "json", expect=expect, **{**QUICK, **environment})

    def start(self, **environment):
        return subprocess.Popen(self.house.command("fetch", "shop"), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                text=True, env={**clean_environment(), **QUICK, **environment})

    def drops(self):
        """Name and content of every visible file, by drop."""
        found = {}
        for path in sorted(self.folder.rglob("*")) if self.folder.exists() else []:
            name = path.relative_to(self.folder).as_posix()
            if path.is_file() and not any(part[0] in "._" for part in name.split("/")):
                drop, _, rest = name.partition("/")
                found.setdefault(drop, {})[rest] = path.read_bytes()
        return found

    def only(self):
        ((drop, files),) = self.drops().items()
        assert drop == f"drop={today()}"
        return files

    def parts(self):
        return sorted(p for p in (self.house.project / ".reelhouse" / "fetch").glob("*.part") if p.stat().st_size)

    def objects(self, table):
        return self.house.run("catalog", table, "--objects", "--format", "json").json()

    def hidden(self):
        """Arriving folders that somebody left."""
        return list(self.folder.rglob(".arriving-*")) if self.folder.exists() else []


def zipped(members, **how):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, **how) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def wait_until(true, seconds=30):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


# What arrives.

def test_a_dataset_arrives_as_one_drop_that_the_crawler_sees(server, shop):
    server.put("/a.csv", b"id,price\n1,2\n")
    server.put("/b.tsv.gz", gzipped("id\tname\n1\tx\n"))
    shop.declare(server.url("/a.csv"), {"url": server.url("/b.tsv.gz?x=1"), "name": "sub/other.tsv.gz"})
    rows = shop.fetch().json()
    assert [(r["outcome"], r["drop"], r["bytes"]) for r in rows][0] == ("fetched", f"drop={today()}", 13)
    assert shop.only() == {"a.csv": b"id,price\n1,2\n", "sub/other.tsv.gz": gzipped("id\tname\n1\tx\n")}
    assert not shop.hidden() and not shop.parts()
    record = json.loads((shop.folder / f"drop={today()}" / "_fetched.json").read_text())
    assert [f["url"] for f in record["files"]] == [server.url("/a.csv"), server.url("/b.tsv.gz?x=1")]
    assert record["files"][0]["sha256"] == hashlib.sha256(b"id,price\n1,2\n").hexdigest()
    tables = shop.house.run("crawl", "--format", "json").json()
    assert {"raw/shop/drop=%s/a.csv" % today()} <= {o["object"] for t in {r["table"] for r in tables if r["table"]}
                                                    for o in shop.objects(t)}


def test_nothing_is_written_while_nothing_is_new(server, shop):
    server.put("/a.csv", b"id\n1\n")
    shop.declare(server.url("/a.csv")).fetch()
    before = {p: p.stat().st_mtime_ns for p in shop.folder.rglob("*")}
    (row,) = shop.fetch().json()
    assert row["outcome"] == "unchanged"
    assert server.seen[-1].status == 304
    assert before == {p: p.stat().st_mtime_ns for p in shop.folder.rglob("*")}


@pytest.mark.parametrize("validators", [{"etag": None, "modified": None}, {"etag": None}, {"etag": 'W/"w"', "modified": None}])
def test_the_same_content_is_no_delivery_whatever_the_server_tells(server, shop, validators):
    server.put("/a.csv", b"id\n1\n", **validators)
    shop.declare(server.url("/a.csv")).fetch()
    assert shop.fetch().json()[0]["outcome"] == "unchanged"
    server.files["/a.csv"].etag = '"renamed"'
    server.files["/a.csv"].modified = 1_700_000_000
    assert shop.fetch().json()[0]["outcome"] == "unchanged"
    assert shop.fetch().json()[0]["outcome"] == "unchanged"
    assert server.seen[-1].status == 304, "the new name was remembered"
    assert len(shop.drops()) == 1


def test_a_new_drop_holds_all_files_though_one_changed(server, shop):
    server.put("/a.csv", b"id\n1\n")
    server.put("/b.csv", b"id\n9\n")
    shop.declare(server.url("/a.csv"), server.url("/b.csv")).fetch()
    old = shop.folder / f"drop={today()}"
    old.rename(shop.folder / "drop=2020-02-29")
    server.put("/b.csv", b"id\n9\n10\n", etag='"v2"')
    shop.fetch()
    assert shop.drops() == {"drop=2020-02-29": {"a.csv": b"id\n1\n", "b.csv": b"id\n9\n"},
                            f"drop={today()}": {"a.csv": b"id\n1\n", "b.csv": b"id\n9\n10\n"}}
    assert server.asked("/a.csv")[-1].status == 304


def test_a_second_delivery_of_a_day_takes_the_first_ones_place_and_loses_nothing(server, shop):
    server.put("/a.csv", b"id,n\n1,1\n")
    shop.declare(server.url("/a.csv")).fetch()
    server.put("/a.csv", b"id,n\n1,2\n2,2\n", etag='"v2"')
    assert shop.fetch().json()[0]["drop"] == f"drop={today()}.2"
    assert shop.drops() == {f"drop={today()}": {"a.csv": b"id,n\n1,1\n"},
                            f"drop={today()}.2": {"a.csv": b"id,n\n1,2\n2,2\n"}}
    crawled = shop.house.run("crawl")
    assert "a later delivery of that day takes its place" in crawled.err
    (table,) = {r["table"] for r in shop.house.run("catalog", "--format", "json").json()}
    assert [o["object"] for o in shop.objects(table)] == [f"raw/shop/drop={today()}.2/a.csv"]
    assert shop.fetch().json()[0]["outcome"] == "unchanged"


def test_files_that_are_replaced_keep_their_keys(server, shop):
    server.put("/a.csv", b"id\n1\n")
    server.put("/b.csv", b"id\n5\n")
    shop.declare(server.url("/a.csv"), server.url("/b.csv"), how="replace").fetch()
    server.put("/a.csv", b"id\n2\n", etag='"v2"')
    rows = shop.fetch().json()
    assert [r["object"] for r in rows] == ["raw/shop/a.csv"]
    assert {p.name: p.read_bytes() for p in shop.folder.glob("*.csv")} == {"a.csv": b"id\n2\n", "b.csv": b"id\n5\n"}
    assert shop.fetch().json()[0]["outcome"] == "unchanged"


def test_what_was_deleted_from_the_lake_is_fetched_again(server, shop):
    server.put("/a.csv", b"id\n1\n")
    shop.declare(server.url("/a.csv")).fetch()
    (shop.folder / f"drop={today()}" / "a.csv").unlink()
    assert shop.fetch().json()[0]["outcome"] == "fetched"
    assert server.seen[-1].status == 200


# Cut, stalled, changed in the middle.

@pytest.mark.parametrize("how", [{"cut": [1_000_000, 700_000]}, {"cut": [1_000_000], "chunked": True},
                                 {"stall": [1_000_000]}, {"cut": [500_000], "etag": None},
                                 {"cut": [500_000], "ranges": False}, {"cut": [900_000], "etag": None, "modified": None},
                                 {"cut": [0]}, {"cut": [900_000], "etag": 'W/"v1"', "modified": None}])
def test_a_download_that_is_cut_arrives_whole(server, shop, how):
    file = server.put("/big.csv", BIG, **how)
    cuts = len(file.cut) + len(file.stall)
    has_validator = how.get("modified", 1) is not None or how.get("etag", "strong") == "strong"
    resumed = has_validator and how.get("ranges", True) and 0 not in file.cut
    shop.declare(server.url("/big.csv")).fetch()
    assert shop.only()["big.csv"] == BIG
    assert len(server.asked("/big.csv")) == cuts + 1
    if resumed:
        assert server.seen[-1].status == 206
        assert sum(seen.sent for seen in server.seen) == len(BIG)


@pytest.mark.parametrize("etags", [True, False])
def test_a_file_that_changes_in_the_middle_starts_anew(server, shop, etags):
    new = BIG.replace(b"value", b"other")
    server.put("/big.csv", BIG, etag='"v1"' if etags else None, cut=[2_000_000],
               after_cut=(new, '"v2"' if etags else None))
    shop.declare(server.url("/big.csv")).fetch()
    assert shop.only()["big.csv"] == new
    assert server.seen[-1].status == 200 and server.seen[-1].header("if-range")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_a_process_that_ends_leaves_what_the_next_goes_on_with(server, shop, ending):
    server.put("/big.csv", BIG, stall=[3_000_000])
    shop.declare(server.url("/big.csv"))
    process = shop.start(REELHOUSE_FETCH_STALL_SECONDS="60")
    wait_until(lambda: shop.parts() and shop.parts()[0].stat().st_size == 3_000_000)
    process.send_signal(ending)
    _out, err = process.communicate(timeout=20)
    if ending != signal.SIGKILL:
        assert process.returncode == 130
        assert "fetch again to go on" in err
    assert shop.drops() == {}
    shop.fetch()
    assert shop.only()["big.csv"] == BIG
    assert server.seen[-1].header("range") == "bytes=3000000-" and server.seen[-1].status == 206
    assert not shop.parts()


def test_files_that_have_arrived_are_not_downloaded_again_when_another_fails(server, shop):
    server.put("/big.csv", BIG)
    server.put("/b.csv", b"id\n1\n", status=[(404, {}, b"")])
    shop.declare(server.url("/big.csv"), server.url("/b.csv"))
    assert "404" in shop.fetch(expect=1).err
    assert shop.drops() == {}
    shop.fetch()
    assert set(shop.only()) == {"big.csv", "b.csv"}
    assert [seen.status for seen in server.asked("/big.csv")] == [200, 304]


def test_a_range_that_is_not_what_was_asked_for_is_not_taken(server, shop):
    file = server.put("/big.csv", BIG, cut=[1_000_000])
    shop.declare(server.url("/big.csv"))
    shop.fetch("--attempts", "1", expect=1)
    file.status = [(206, {"Content-Range": f"bytes 5-{len(BIG) - 1}/{len(BIG)}", "ETag": '"v1"'}, BIG[5:])]
    shop.fetch()
    assert shop.only()["big.csv"] == BIG


def test_416_starts_anew(server, shop):
    file = server.put("/big.csv", BIG, cut=[1_000_000])
    shop.declare(server.url("/big.csv"))
    shop.fetch("--attempts", "1", expect=1)
    file.status = [(416, {"Content-Range": "bytes */10"}, b"")]
    shop.fetch()
    assert shop.only()["big.csv"] == BIG


def test_it_gives_up_and_says_so(server, shop):
    server.put("/big.csv", BIG, ranges=False, cut=[1000] * 50)
    shop.declare(server.url("/big.csv"))
    failed = shop.fetch(expect=1)
    assert "after 4 tries" in failed.err and server.url("/big.csv") in failed.err
    assert shop.drops() == {}


# What servers answer.

def test_busy_servers_are_asked_again_after_as_long_as_they_say(server, shop):
    server.put("/a.csv", b"id\n1\n", status=[(503, {"Retry-After": "1"}, b""), (429, {"Retry-After": "1"}, b"")])
    begun = time.monotonic()
    shop.declare(server.url("/a.csv")).fetch()
    assert time.monotonic() - begun >= 2
    server.put("/a.csv", b"", status=[(429, {"Retry-After": "86400"}, b"")])
    assert "86400 seconds" in shop.fetch(expect=1).err
    assert len(shop.drops()) == 1


@pytest.mark.parametrize("status,said", [(401, "SHOP_USER"), (403, "SHOP_USER"), (404, "no such file"), (410, "no such"),
                                         (400, "400"), (500, "after 4 tries")])
def test_refusals_say_what_to_do(server, shop, status, said):
    server.put("/a.csv", status=[(status, {}, b"<html>")] * 9)
    shop.declare({"url": server.url("/a.csv"), "user": "SHOP_USER", "password": "SHOP_KEY"})
    assert said in shop.fetch(expect=1).err
    assert shop.drops() == {} and not shop.parts()


@pytest.mark.parametrize("page", [b"<!DOCTYPE html><html><body>Log in</body></html>", b"\xef\xbb\xbf\n <HTML lang=en>"])
def test_a_page_to_log_in_is_not_the_file(server, shop, page):
    server.put("/a.csv", page, content_type="text/html")
    shop.declare({"url": server.url("/a.csv"), "user": "SHOP_USER", "password": "SHOP_KEY"})
    failed = shop.fetch(expect=1)
    assert "web page" in failed.err and "SHOP_USER" in failed.err
    assert shop.drops() == {} and not shop.parts()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed_and_logins_stay_behind(server, shop, status):
    with FileServer() as other:
        other.put("/real.csv", b"id\n1\n")
        server.put("/a.csv", status=[(status, {"Location": other.url("/real.csv?sig=1", host="localhost")}, b"")])
        server.put("/first.csv", status=[(status, {"Location": "a.csv"}, b"")])
        shop.declare({"url": server.url("/first.csv"), "user": "SHOP_USER", "password": "SHOP_KEY"})
        shop.fetch(SHOP_USER="me", SHOP_KEY="secret")
        assert shop.only() == {"first.csv": b"id\n1\n"}
        assert [seen.header("authorization") is not None for seen in server.seen] == [True, True]
        assert [seen.header("authorization") for seen in other.seen] == [None]


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "", "gopher://127.0.0.1/"])
def test_redirects_lead_to_http_only(server, shop, target):
    server.redirect("/a.csv", target)
    shop.declare(server.url("/a.csv"))
    assert "redirects to what is no http" in shop.fetch(expect=1).err
    assert shop.drops() == {}


def test_redirects_in_a_circle_end(server, shop):
    server.redirect("/a.csv", "/b.csv")
    server.redirect("/b.csv", "/a.csv")
    shop.declare(server.url("/a.csv"))
    assert "more than 10 times" in shop.fetch(expect=1).err


@pytest.mark.parametrize("how", ["variables", "file", "token", "none"])
def test_logins(server, shop, tmp_path, how):
    server.put("/a.csv", b"id\n1\n", login="tok" if how == "token" else "me:secret")
    (tmp_path / ".shop").mkdir()
    login = tmp_path / ".shop" / "login.json"
    shop.declare({"url": server.url("/a.csv"), "user": "SHOP_USER", "password": "SHOP_KEY", "token": "SHOP_TOKEN",
                  "login_file": "~/.shop/login.json", "login_keys": ["who", "what"]})
    environment = {"HOME": str(tmp_path)}
    if how == "variables":
        environment |= {"SHOP_USER": "me", "SHOP_KEY": "secret"}
    if how == "token":
        environment |= {"SHOP_TOKEN": "tok"}
    if how == "file":
        login.write_text(json.dumps({"who": "me", "what": "secret"}))
    ended = shop.fetch(expect=1 if how == "none" else 0, **environment)
    assert "secret" not in ended.out + ended.err
    listed = shop.house.run("fetch", "--list", "--format", "json", **environment)
    assert "secret" not in listed.out
    if how == "none":
        assert "SHOP_TOKEN" in ended.err and "login.json" in ended.err
    else:
        assert shop.only() == {"a.csv": b"id\n1\n"}


def test_tls_is_verified(shop, tmp_path):
    certificate = self_signed(tmp_path)
    with FileServer(certificate) as server:
        server.put("/a.csv", b"id\n1\n")
        shop.declare(server.url("/a.csv"))
        assert "--ca-file" in shop.fetch(expect=1).err
        shop.fetch("--ca-file", certificate)
        assert shop.only() == {"a.csv": b"id\n1\n"}
        with FileServer() as plain:
            plain.put("/b.csv", b"id\n")
            server.redirect("/b.csv", plain.url("/b.csv"))
            shop.declare(server.url("/b.csv"))
            assert "from https to http" in shop.fetch("--ca-file", certificate, expect=1).err


# What the bytes have to be.

def test_checksums(server, shop):
    content = b"id\n1\n"
    good = hashlib.sha256(content).hexdigest()
    server.put("/a.csv", content)
    shop.declare({"url": server.url("/a.csv"), "sha256": "0" * 64})
    failed = shop.fetch(expect=1)
    assert good in failed.err and "should be " + "0" * 64 in failed.err and shop.drops() == {}
    assert len(server.asked("/a.csv")) == 2, "once more, from the beginning"
    server.put("/sums", f"{'1' * 64}  other.csv\n{good.upper()} *./a.csv\n".encode())
    shop.declare({"url": server.url("/a.csv"), "checksum_url": server.url("/sums")}).fetch()
    assert shop.only() == {"a.csv": content}


def test_damage_on_the_way_is_mended_by_asking_again(server, shop):
    content = gzipped(BIG)
    broken = bytearray(content)
    broken[len(broken) // 2] ^= 1
    server.put("/a.csv.gz", content, status=[(200, {"ETag": '"v1"'}, bytes(broken))])
    shop.declare(server.url("/a.csv.gz")).fetch()
    assert shop.only() == {"a.csv.gz": content}


@pytest.mark.parametrize("how,said", [("cut off", "cut off"), ("flipped", "decompressing gzip"), ("text", "is not gzip"),
                                      ("empty", "came empty")])
def test_damaged_files_do_not_arrive(server, shop, how, said):
    content = bytearray(gzipped(BIG))
    if how == "flipped":
        content[len(content) // 2] ^= 1
    served = {"cut off": bytes(content[:-100]), "flipped": bytes(content), "text": b"Too many requests", "empty": b""}
    server.put("/a.csv.gz", served[how], close_delimited=how == "cut off")
    shop.declare(server.url("/a.csv.gz"))
    failed = shop.fetch(expect=1)
    assert said in failed.err and server.url("/a.csv.gz") in failed.err
    assert shop.drops() == {} and not shop.parts()


@pytest.mark.parametrize("name,served,stored", [("a.csv", gzipped("id\n1\n"), b"id\n1\n"),
                                                ("a.csv.gz", gzipped("id\n1\n"), gzipped("id\n1\n")),
                                                ("a.csv.gz", gzipped(gzipped("id\n1\n")), gzipped("id\n1\n")),
                                                ("a.csv", b"id\n1\n", b"id\n1\n")])
def test_an_encoding_nobody_asked_for_is_undone(server, shop, name, served, stored):
    server.put("/" + name, served, content_encoding="gzip")
    shop.declare(server.url("/" + name)).fetch()
    assert shop.only() == {name: stored}
    assert shop.fetch().json()[0]["outcome"] == "unchanged"


def unpacked(shop, server, content, members=("*.csv",), expect=0):
    server.put("/a.zip", content, etag=None, modified=None)
    shop.declare({"url": server.url("/a.zip"), "unpack": "zip", "members": list(members)})
    return shop.fetch(expect=expect)


def test_archives_are_unpacked(server, shop):
    unpacked(shop, server, zipped({"Größe.csv": "id\n1\n", "sub/deep/B.CSV": "id\n2\n", "notes.txt": "no",
                                   "__MACOSX/._a.csv": "junk", ".hidden.csv": "junk"}))
    assert shop.only() == {"Größe.csv": b"id\n1\n", "sub/deep/B.CSV": b"id\n2\n"}
    assert shop.fetch().json()[0]["outcome"] == "unchanged"


def encrypted():
    content = bytearray(zipped({"a.csv": "id\n1\n"}))
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


def with_bad_crc():
    content = bytearray(zipped({"a.csv": "id\n1\n"}))
    content[content.index(b"PK\x01\x02") + 16] ^= 1
    content[14] ^= 1
    return bytes(content)


@pytest.mark.parametrize("content,said", [
    (zipped({"../evil.csv": "x"}), "leads out"), (zipped({"/evil.csv": "x"}), "leads out"),
    (zipped({"a/../../evil.csv": "x"}), "leads out"), (zipped({"..\\evil.csv": "x"}), "leads out"),
    (zipped({"a.csv": b"\0" * 200_000_000}), "would unpack to more than"), (encrypted(), "encrypted"),
    (with_bad_crc(), "CRC"), (zipped({"a.csv": BIG})[:-2000], "cut off"), (b"no archive", "no zip"),
    (zipped({"a.txt": "x"}), "it holds a.txt"), (zipped({}), "no zip"), (zipped({"folder/": ""}), "no files"), (zipped({"a.csv": ""}), "empty")],
    ids=lambda value: value if isinstance(value, str) else "zip")
def test_bad_archives_leave_nothing(server, shop, content, said):
    failed = unpacked(shop, server, content, expect=1)
    assert said in failed.err and server.url("/a.zip") in failed.err
    assert shop.drops() == {} and not shop.hidden()
    work = shop.house.project / ".reelhouse" / "fetch"
    assert not list(shop.house.project.rglob("evil.csv")) and not list(work.glob("*.unpacked/*"))


def test_two_files_of_one_name_are_refused(server, shop):
    server.put("/a.zip", zipped({"b.csv": "id\n1\n"}))
    server.put("/b.csv", b"id\n1\n")
    shop.declare({"url": server.url("/a.zip"), "unpack": "zip"}, server.url("/b.csv"))
    assert "b.csv would come from" in shop.fetch(expect=2).err
    assert shop.drops() == {}


# Others at the same time, and what is declared.

def test_two_at_once(server, shop):
    server.put("/big.csv", BIG, slow=0.02)
    shop.declare(server.url("/big.csv"))
    first = shop.start()
    wait_until(shop.parts)
    assert "another process" in shop.fetch(expect=1).err
    first.communicate(timeout=60)
    assert first.returncode == 0 and shop.only()["big.csv"] == BIG


def test_one_that_fails_does_not_stop_the_others(server, shop):
    server.put("/a.csv", b"id\n1\n")
    shop.declare(server.url("/a.csv"))
    (shop.house.project / "sources" / "aaa.yml").write_text(
        f"dataset: aaa\noptional: true\nfetch: {{files: [{{url: {server.url('/gone.csv')}}}]}}\n")
    ended = shop.house.run("fetch", "aaa", "shop", "--format", "json", expect=1, **QUICK)
    assert [r["outcome"] for r in ended.json()] == ["failed", "fetched"]
    assert "gone.csv" in ended.err


@pytest.mark.parametrize("file,said", [
    ({"url": "ftp://x/a.csv"}, "https://"), ({"url": "file:///etc/passwd"}, "https://"),
    ({"url": "https://u:p4ss@x/a.csv"}, "user name or password"), ({"url": "https://x/"}, "name of an object"),
    ({"url": "https://x/a.csv", "name": "../a"}, "name of an object"), ({"url": "https://x/_a.csv"}, "hidden"),
    ({"url": "https://x/a.csv", "sha256": "abc"}, "64 hexadecimal"), ({"url": "https://x/a.zip", "unpack": "rar"}, "only zip"),
    ({"url": "https://x/a.csv", "members": ["*"]}, "unpack: zip"), ({"url": "https://x/a.csv", "user": "U"}, "belong together"),
    ({"url": "https://x/a.csv", "token": "s3cr-et"}, "environment variable"), ({"ulr": "https://x/a.csv"}, "url"),
    ({"url": "https://x/a.csv", "login_keys": ["a", "b"]}, "login_file")])
def test_what_is_declared_wrong_has_file_and_line(shop, file, said):
    shop.declare(file)
    failed = shop.house.run("validate", expect=2)
    assert said.lower() in (failed.out + failed.err).lower() and "shop.yml:" in failed.out + failed.err
    assert "p4ss" not in failed.err and "s3cr-et" not in failed.out + failed.err


def test_the_shipped_project_says_where_its_data_comes_from(house):
    rows = house.run("fetch", "--list", "--format", "json").json()
    assert {r["dataset"] for r in rows} == {"imdb", "netflix_titles", "netflix_userbase", "netflix_top10_global",
                                            "netflix_top10_countries"}
    assert len([r for r in rows if r["dataset"] == "imdb"]) == 7
    near = house.run("fetch", "imbd", expect=2)
    assert "imdb" in near.err
