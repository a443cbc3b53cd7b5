"""The lake in a bucket of a real S3 server: the same answers as from a folder, whatever the network does."""

import hashlib
import json
import os
import signal
import subprocess
import threading
import time
import uuid

import pytest

from conftest import FIRST_DROP, House, USER_FIELDS, clean_environment, csv_text, new_project, users
from fault_proxy import FaultProxy, five_percent

SECRETS = ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]


class S3House(House):
    """A project whose lake is a bucket; nothing of it may ever print a secret."""

    def __init__(self, binary, project, bucket, prefix="", endpoint=None):
        super().__init__(binary, project)
        self.bucket = bucket
        self.environment = {**bucket.keys, "AWS_ENDPOINT_URL_S3": endpoint or f"http://{bucket.host}",
                            "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true",
                            "REELHOUSE_S3_STALL_SECONDS": "2",
                            "REELHOUSE_LAKE": f"s3://{bucket.name}" + (f"/{prefix}" if prefix else "")}
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
            self.environment[name] = ""

    def run(self, *args, **options):
        outcome = super().run(*args, **{**self.environment, **options})
        for name in SECRETS:
            secret = options.get(name, self.environment.get(name))
            assert not secret or secret not in outcome.out + outcome.err
        return outcome

    def start(self, *args, **options):
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**clean_environment(), **self.environment}, **options)

    def keys(self, prefix=""):
        return [o["key"] for o in self.run("lake", "ls", prefix, "--format", "json").json()]


@pytest.fixture
def s3_house(binary, tmp_path, bucket):
    return S3House(binary, new_project(tmp_path / "s3"), bucket)


def checksums(house):
    """Rows and an order-free checksum of every published table; the last digits of sums depend on the order
    of the rows, so numbers with fractions are rounded."""
    columns = house.sql("select table_name, column_name, data_type from information_schema.columns "
                        "where table_schema = 'main'")
    tables = {}
    for column in columns:
        quoted = '"' + column["column_name"] + '"'
        inexact = column["data_type"] in ("DOUBLE", "FLOAT")
        tables.setdefault(column["table_name"], []).append(f"round({quoted}, 6)" if inexact else quoted)
    return {table: house.sql(f"select count(*) as n, cast(sum(hash({', '.join(names)})::hugeint) as varchar) as h "
                             f'from "{table}"')[0] for table, names in sorted(tables.items())}


@pytest.fixture(scope="session")
def expected(generated_template):
    return checksums(generated_template)


def fill(bucket, template, prefix=""):
    bucket.fill(template.project / "lake" / "raw", prefix + "raw/")


def test_a_bucket_gives_what_the_folder_gives(s3_house, generated_template, expected, radosgw):
    fill(s3_house.bucket, generated_template, "some/where/")
    with FaultProxy(radosgw.endpoint) as proxy:
        house = S3House(s3_house.binary, s3_house.project, s3_house.bucket, "some/where", proxy.endpoint)
        house.run("run")
        assert checksums(house) == expected
        objects = len(house.keys("raw/"))
        assert len(proxy.downloads()) == objects  # each once
        proxy.requests.clear()
        house.run("run")
        assert proxy.downloads() == []
        house.run("run", "--full-refresh")
        assert checksums(house) == expected
        receipt = house.receipt()
        listed = set(house.keys("raw/"))
    text = (house.project / "store").rglob("*.json")
    for name in SECRETS[:1]:
        assert all(house.environment[name] not in path.read_text() for path in text)
    assert {o["object"] for o in receipt["objects"]} == listed


def test_only_what_changed_is_downloaded(s3_house, radosgw):
    bucket = s3_house.bucket
    lake = s3_house.lake
    lake.required()
    bucket.fill(lake.folder)
    with FaultProxy(radosgw.endpoint) as proxy:
        house = S3House(s3_house.binary, s3_house.project, bucket, "", proxy.endpoint)
        house.run("run")
        key = f"raw/netflix_userbase/drop={FIRST_DROP}/Netflix Userbase.csv"
        bucket.put(key, csv_text(users(11), USER_FIELDS))
        proxy.requests.clear()
        house.run("run")
        assert len(proxy.downloads()) == 1
        assert house.one("select count(*) from fct_subscription") >= 11


@pytest.mark.parametrize("seed", [1, 2])
def test_faults_on_the_way_change_nothing(s3_house, generated_template, expected, radosgw, seed):
    fill(s3_house.bucket, generated_template)
    with FaultProxy(radosgw.endpoint, five_percent(), seed=seed, stall=60) as proxy:
        house = S3House(s3_house.binary, s3_house.project, s3_house.bucket, "", proxy.endpoint)
        house.run("run", timeout=300)
        assert checksums(house) == expected
        assert len(proxy.faults) > 3, "the proxy did nothing"


@pytest.mark.parametrize("fault", ["reset", "reset_after", "stall", "truncate", "flip", "error", "slow_down",
                                   "expired", "redirect", "redirect_with_location"])
def test_each_fault_heals(s3_house, radosgw, tmp_path, fault):
    small, large = tmp_path / "small.bin", tmp_path / "large.bin"
    small.write_bytes(os.urandom(300_000))
    large.write_bytes(os.urandom(66 << 20))
    with FaultProxy(radosgw.endpoint, {fault: 0.25}, seed=7, stall=60) as proxy:
        house = S3House(s3_house.binary, s3_house.project, s3_house.bucket, "", proxy.endpoint)
        house.run("lake", "put", small, large, "raw/x/", timeout=300)
        for path in (small, large):
            assert hashlib.md5(s3_house.bucket.get(f"raw/x/{path.name}")).digest() == \
                hashlib.md5(path.read_bytes()).digest()
        house.run("lake", "get", "raw/x/small.bin", "raw/x/large.bin", f"{tmp_path / 'back'}/", timeout=300)
        assert proxy.faults, "the proxy did nothing"
    for path in (small, large):
        assert (tmp_path / "back" / path.name).read_bytes() == path.read_bytes()
    assert s3_house.bucket.uploads() == 0


def test_an_object_that_changes_while_it_is_crawled_is_read_anew(s3_house, radosgw):
    bucket = s3_house.bucket
    s3_house.lake.required()
    bucket.fill(s3_house.lake.folder)
    key = f"raw/netflix_userbase/drop={FIRST_DROP}/Netflix Userbase.csv"
    changed = threading.Event()

    def change(method, path):
        if method == "GET" and "Userbase" in path and not changed.is_set():
            changed.set()
            bucket.put(key, csv_text(users(23), USER_FIELDS))

    with FaultProxy(radosgw.endpoint, before=change) as proxy:
        house = S3House(s3_house.binary, s3_house.project, bucket, "", proxy.endpoint)
        house.run("run")
    assert changed.is_set()
    entries = {o["object"]: o for o in house.receipt()["objects"]}
    assert entries[key]["read"] == 23
    etag = bucket.request("HEAD", key).getheader("etag").strip('"')
    assert entries[key]["etag"] == etag


def test_two_processes_share_one_cache(s3_house, generated_template):
    fill(s3_house.bucket, generated_template)
    (s3_house.project / "one").mkdir()
    started = [s3_house.start("lake", "get", *s3_house.keys("raw/imdb/"), f"{s3_house.project}/{name}/")
               for name in ("one", "two")]
    started.append(s3_house.start("run"))
    for process in started:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    for path in (generated_template.project / "lake" / "raw" / "imdb").iterdir():
        for name in ("one", "two"):
            assert (s3_house.project / name / path.name).read_bytes() == path.read_bytes()
    assert not list((s3_house.project / "one").glob(".reelhouse-get-*"))
    assert list((s3_house.project / ".reelhouse/cache/objects/s3/partial").iterdir()) == []


@pytest.mark.parametrize("direction", ["get", "put"])
def test_ctrl_c_ends_a_transfer(s3_house, radosgw, tmp_path, direction):
    large = tmp_path / "large.bin"
    large.write_bytes(os.urandom(66 << 20))
    if direction == "get":
        s3_house.run("lake", "put", large, "raw/x/large.bin")
    wanted = ("GET" if direction == "get" else "PUT", "large.bin")
    with FaultProxy(radosgw.endpoint, {"stall": 1.0}, stall=120,
                    only=lambda method, path: method == wanted[0] and wanted[1] in path) as proxy:
        house = S3House(s3_house.binary, s3_house.project, s3_house.bucket, "", proxy.endpoint)
        house.environment["REELHOUSE_S3_STALL_SECONDS"] = "100"
        args = ("raw/x/large.bin", tmp_path / "back.bin") if direction == "get" else (large, "raw/y/large.bin")
        process = house.start("lake", direction, *args)
        deadline = time.monotonic() + 60
        while not proxy.faults and time.monotonic() < deadline:
            time.sleep(0.05)
        assert proxy.faults
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "interrupted" in err
    assert not (tmp_path / "back.bin").exists()
    assert not list(tmp_path.glob(".reelhouse-get-*"))
    assert s3_house.bucket.uploads() == 0
    assert "raw/y/large.bin" not in s3_house.keys()


def test_what_a_killed_put_has_left_the_next_one_takes_back(s3_house, radosgw, tmp_path):
    large, small = tmp_path / "large.bin", tmp_path / "small.bin"
    large.write_bytes(os.urandom(66 << 20))
    small.write_bytes(b"small")
    with FaultProxy(radosgw.endpoint, {"stall": 1.0}, stall=120,
                    only=lambda method, path: method == "PUT" and "partNumber=2" in path) as proxy:
        house = S3House(s3_house.binary, s3_house.project, s3_house.bucket, "", proxy.endpoint)
        process = house.start("lake", "put", large, "raw/x/large.bin")
        deadline = time.monotonic() + 60
        while not proxy.faults and time.monotonic() < deadline:
            time.sleep(0.05)
        assert proxy.faults
        process.kill()
        process.communicate(timeout=30)
        assert s3_house.bucket.uploads() == 1
        house.run("lake", "put", small, "raw/x/small.bin")
    assert s3_house.bucket.uploads() == 0
    assert s3_house.keys() == ["raw/x/small.bin"]


def test_odd_keys_go_both_ways(s3_house, tmp_path):
    names = ["a b.csv", "plus+plus.csv", "per%20cent.csv", "ünï.csv", 'quo"te\'s.csv', "new\nline.csv", "tab\t.csv",
             "q?a&b=c#d.csv", "semi;colon,comma.csv", "back\\slash.csv", "<tag>&amp;.csv", "tilde~.csv", "日本.csv"]
    for name in names:
        content = os.urandom(1000)
        path = tmp_path / "local"
        path.write_bytes(content)
        s3_house.run("lake", "put", path, f"raw/{name}")
        assert s3_house.bucket.get(f"raw/{name}") == content, name
        s3_house.bucket.put(f"other/{name}", content)
        back = tmp_path / "back"
        s3_house.run("lake", "get", f"other/{name}", back)
        assert back.read_bytes() == content, name
        back.unlink()
    assert s3_house.keys("raw/") == sorted((f"raw/{name}" for name in names), key=str.encode)
    for key in ["odd//double", "odd/dot/../dot", "odd/_hidden/x", "odd/.hidden", "odd/folder/", "odd/trailing/"]:
        s3_house.bucket.put(key, b"" if key == "odd/folder/" else b"content")
    # What has a part that begins with '.' or '_' is hidden, but may be asked for by its name.
    assert s3_house.keys("odd/") == ["odd//double", "odd/trailing/"]
    s3_house.run("lake", "get", "odd//double", back)
    assert back.read_bytes() == b"content"
    back.unlink()
    s3_house.run("lake", "get", "odd/dot/../dot", back)
    assert back.read_bytes() == b"content"


def test_unfinished_work_in_a_bucket_is_told(s3_house):
    s3_house.lake.required()
    s3_house.bucket.fill(s3_house.lake.folder)
    for part in ("0", "1"):
        s3_house.bucket.put(f"raw/netflix_userbase/drop={FIRST_DROP}/_temporary/0/part-{part}.csv", b"half of a")
    told = s3_house.run("crawl").err
    assert told.count(f"ignored: raw/netflix_userbase/drop={FIRST_DROP}/_temporary (holds files of a write") == 1


def test_a_listing_has_many_pages(s3_house):
    for n in range(1203):
        s3_house.bucket.put(f"raw/many/{n:05d}", b"x")
    assert s3_house.keys("raw/many/") == [f"raw/many/{n:05d}" for n in range(1203)]


def refusal(house, *args, **environment):
    outcome = house.run(*args, expect=1, **environment)
    assert outcome.err.startswith("error: s3://"), outcome.err
    return outcome.err


def test_refusals_say_what_is_wrong_and_what_to_do(s3_house, radosgw, binary):
    bucket = s3_house.bucket
    bucket.put("raw/x", "x")
    said = refusal(s3_house, "lake", "ls", AWS_SECRET_ACCESS_KEY="not/the+right0secret")
    assert "secret access key does not belong" in said
    assert "AWS_SECRET_ACCESS_KEY" in said
    said = refusal(s3_house, "lake", "get", "raw/x", "-", AWS_SECRET_ACCESS_KEY="not/the+right0secret")
    assert f"s3://{bucket.name}/raw/x" in said and "secret access key does not belong" in said
    assert "is not known to" in refusal(s3_house, "lake", "ls", AWS_ACCESS_KEY_ID="AKIANOBODY")
    assert "the bucket does not exist" in refusal(s3_house, "lake", "ls", REELHOUSE_LAKE="s3://no-such-bucket-here")
    assert "host nosuchhost.invalid is not known" in refusal(
        s3_house, "lake", "ls", AWS_ENDPOINT_URL_S3="http://nosuchhost.invalid")
    assert "Could" in refusal(s3_house, "lake", "ls", AWS_ENDPOINT_URL_S3="http://127.0.0.1:1")
    said = refusal(s3_house, "lake", "ls", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="", HOME="/nonexistent",
                   AWS_CONFIG_FILE="/nonexistent", AWS_SHARED_CREDENTIALS_FILE="/nonexistent")
    assert "no AWS credentials" in said and "aws configure" in said
    said = s3_house.run("lake", "ls", expect=2, REELHOUSE_LAKE="s3://AKIA:topsecret@bucket/x")
    assert "topsecret" not in said.err
    said = s3_house.run("lake", "ls", expect=2, AWS_ENDPOINT_URL_S3="http://me:topsecret@host")
    assert "topsecret" not in said.err


def test_access_to_one_prefix_only(s3_house, radosgw):
    bucket = s3_house.bucket
    s3_house.lake.required()
    bucket.fill(s3_house.lake.folder)
    bucket.put("private/x", "x")
    other = radosgw.add_user("reader-" + uuid.uuid4().hex[:8])
    who = "arn:aws:iam:::user/" + other_name(radosgw, other)
    policy = ('{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":["%s"]},"Action":'
              '["s3:ListBucket"],"Resource":["arn:aws:s3:::%s"]},{"Effect":"Allow","Principal":{"AWS":["%s"]},'
              '"Action":["s3:GetObject"],"Resource":["arn:aws:s3:::%s/raw/*"]}]}'
              % (who, bucket.name, who, bucket.name))
    bucket.request("PUT", query={"policy": ""}, body=policy.encode())
    house = S3House(s3_house.binary, s3_house.project, bucket)
    house.environment.update(other)
    assert "private/x" in house.keys()
    said = refusal(house, "lake", "get", "private/x", "-")
    assert f"s3://{bucket.name}/private/x" in said and "access denied" in said and "s3:GetObject" in said
    said = refusal(house, "lake", "put", house.project / "reelhouse.yaml", "raw/x")
    assert "access denied" in said and "s3:PutObject" in said
    house.run("run")


def other_name(server, keys_of_user):
    return json.loads(server.call("radosgw-admin", "user", "info", "--access-key", keys_of_user["AWS_ACCESS_KEY_ID"]))["user_id"]


def test_profiles_are_found(s3_house, tmp_path):
    s3_house.bucket.put("raw/x", "x")
    (tmp_path / "config").write_text(
        f"[profile work]\nregion = us-east-1\nendpoint_url = http://{s3_house.bucket.host}\n"
        "s3 =\n    addressing_style = path\n[profile single]\nsso_start_url = https://example.com\n"
        f"[profile run]\ncredential_process = cat {tmp_path}/keys.json\n")
    keys_of = s3_house.bucket.keys
    (tmp_path / "credentials").write_text(
        f"[work]\naws_access_key_id = {keys_of['AWS_ACCESS_KEY_ID']}\n"
        f"aws_secret_access_key = {keys_of['AWS_SECRET_ACCESS_KEY']}\n")
    (tmp_path / "keys.json").write_text(
        '{"Version": 1, "AccessKeyId": "%s", "SecretAccessKey": "%s"}'
        % (keys_of["AWS_ACCESS_KEY_ID"], keys_of["AWS_SECRET_ACCESS_KEY"]))
    from_files = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_CONFIG_FILE": str(tmp_path / "config"),
                  "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials")}
    listed = s3_house.run("lake", "ls", AWS_PROFILE="work", AWS_ENDPOINT_URL_S3="", **from_files)
    assert "raw/x" in listed.out
    assert "raw/x" in s3_house.run("lake", "ls", AWS_PROFILE="run", **from_files).out
    assert "aws sso login --profile single" in refusal(s3_house, "lake", "ls", AWS_PROFILE="single", **from_files)
    assert "profile 'nobody' does not exist" in refusal(s3_house, "lake", "ls", AWS_PROFILE="nobody", **from_files)


def peak_memory(command, environment):
    """The most memory that a command held, in bytes, as the kernel counts it from the program's start."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = 0
    while process.poll() is None:
        try:
            with open(f"/proc/{process.pid}/status") as status:
                lines = dict(line.split(":", 1) for line in status)
            if lines["Name"].strip() == "reelhouse":
                peak = max(peak, int(lines.get("VmHWM", "0 kB").split()[0]) * 1024)
        except (OSError, ValueError):
            pass
        time.sleep(0.02)
    assert process.returncode == 0
    return peak


def test_memory_does_not_grow_with_the_object(s3_house, tmp_path):
    large = tmp_path / "large.bin"
    with open(large, "wb") as file:
        block = os.urandom(1 << 20)
        for n in range(1024):
            file.write(n.to_bytes(8, "big") + block[8:])
    environment = {**clean_environment(), **s3_house.environment}
    assert 0 < peak_memory(s3_house.command("lake", "put", large, "raw/large.bin"), environment) < 100 << 20
    back = tmp_path / "back.bin"
    assert 0 < peak_memory(s3_house.command("lake", "get", "raw/large.bin", back), environment) < 100 << 20
    assert subprocess.run(["cmp", large, back], check=False).returncode == 0
    s3_house.bucket.delete("raw/large.bin")
