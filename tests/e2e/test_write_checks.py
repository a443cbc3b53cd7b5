"""Whether a run may write is found out before it builds, and `doctor` says it, too."""

import json
import uuid

import postgres
import pytest
from placed import Placed, all_on_s3, assert_nothing_is_left, listed
from radosgw import Bucket
from test_s3 import other_name


def built_nothing(house):
    receipt = house.receipt()
    return "build" not in [phase["phase"] for phase in receipt["phases"]] and receipt["models"] == []


@pytest.fixture
def bucket(radosgw, keys, small_template):
    bucket = Bucket(radosgw.endpoint, keys, "checks-" + uuid.uuid4().hex[:12])
    bucket.fill(small_template.project / "lake" / "raw", "in/raw/")
    return bucket


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    server = postgres.Server(tmp_path_factory.mktemp("postgresql") / "cluster").start()
    yield server
    server.stop()


def test_a_folder_that_cannot_be_written(house):
    house.lake.required()
    outcome = house.run("--warehouse", house.project / "reelhouse.yaml" / "below", "run", expect=1)
    assert "reelhouse.yaml" in outcome.err
    assert built_nothing(house)
    house.run("--warehouse", house.project / "reelhouse.yaml" / "below", "run", "--select", "stg_netflix_title")
    house.run("run")
    assert not list((house.project / "warehouse").glob(".write*"))


def let(bucket, radosgw, who, *statements):
    """Gives a user rights: (actions, path below the bucket) each; an empty path is the bucket itself."""
    user = "arn:aws:iam:::user/" + other_name(radosgw, who)
    policy = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": [user]}, "Action": [f"s3:{action}" for action in actions],
         "Resource": [f"arn:aws:s3:::{bucket.name}" + (f"/{path}" if path else "")]} for actions, path in statements]}
    bucket.request("PUT", query={"policy": ""}, body=json.dumps(policy).encode())


READ = (["ListBucket"], ""), (["GetObject"], "*")
WRITE = ["PutObject", "DeleteObject", "AbortMultipartUpload"]


@pytest.fixture
def limited(binary, tmp_path, bucket, radosgw):
    """A project that comes to the bucket as a user who may do only what it is let."""
    house = all_on_s3(binary, tmp_path / "project", bucket)
    house.user = radosgw.add_user("limited-" + uuid.uuid4().hex[:8])
    house.environment.update(house.user)
    return house


def test_a_bucket_that_may_only_be_read(limited, bucket, radosgw):
    let(bucket, radosgw, limited.user, *READ)
    said = limited.run("run", expect=1).err
    assert "access denied" in said and "s3:PutObject" in said and f"s3://{bucket.name}/out/store" in said
    assert built_nothing(limited)
    checks = {row["check"]: row for row in limited.run("doctor", "--format", "json", expect=1).json()}
    assert checks["store"]["state"] == "WRONG" and "s3:PutObject" in checks["store"]["detail"]
    assert checks["publishing"]["state"] == "WRONG" and "s3:PutObject" in checks["publishing"]["detail"]
    assert checks["lake"]["state"] == "ok"


def test_a_warehouse_whose_prefix_may_not_be_written(limited, bucket, radosgw):
    let(bucket, radosgw, limited.user, *READ, (WRITE, "out/store/*"))
    said = limited.run("run", expect=1).err
    assert "access denied" in said and f"s3://{bucket.name}/out/warehouse" in said
    assert built_nothing(limited)
    assert not [key for key in listed(bucket, "out/") if "curated" in key or "write-check" in key]


def test_the_least_rights_of_the_guide_are_enough(limited, bucket, radosgw):
    let(bucket, radosgw, limited.user, (["ListBucket"], ""), (["GetObject"], "in/raw/*"),
        (["GetObject", *WRITE], "out/store/*"), (["GetObject", *WRITE], "out/warehouse/*"))
    limited.run("run")
    assert limited.current() == 1
    checks = {row["check"]: row for row in limited.run("doctor", "--format", "json").json()}
    assert "writable" in checks["store"]["detail"] and "may be written" in checks["publishing"]["detail"]
    limited.environment.update(bucket.keys)
    assert_nothing_is_left(limited, bucket)


def test_who_may_not_remove_publishes_all_the_same(limited, bucket, radosgw):
    let(bucket, radosgw, limited.user, *READ, (["PutObject"], "out/*"))
    limited.run("run")
    assert limited.current() == 1


@pytest.fixture
def served(house, server):
    house.lake.required()
    database = server.new_database()
    served = Placed(house.binary, house.project, {"REELHOUSE_WAREHOUSE": database.uri()})
    served.database = database
    return served


def publishing(house, **options):
    (found,) = [row for row in house.run("doctor", "--format", "json", **options).json() if row["check"] == "publishing"]
    return found


def test_a_database_in_which_no_schema_may_be_made(served):
    database = served.database
    database.query(f"alter database {database.name} owner to postgres")
    said = served.run("run", expect=1).err
    assert f"permission denied for database {database.name}" in said
    assert f'grant create on database "{database.name}" to "{database.user}"' in said
    assert built_nothing(served) and database.schemas() == set()
    assert publishing(served, expect=1)["state"] == "WRONG"
    served.run("run", "--select", "stg_netflix_title")
    database.query(f"grant create on database {database.name} to {database.user}")
    assert publishing(served)["state"] == "ok" and database.schemas() == set()
    served.run("run")


def test_a_warehouse_that_belongs_to_another_user(served):
    database = served.database
    served.run("run")
    database.query(f"create role {database.user}_b login password 'other-one'; "
                   f"grant create on database {database.name} to {database.user}_b")
    before = database.relations()
    other = {"REELHOUSE_WAREHOUSE": database.uri(f"{database.user}_b", "other-one")}
    said = served.run("run", "--full-refresh", expect=1, **other).err
    assert f"permission denied for schema reelhouse, which belongs to {database.user}" in said
    assert f'grant "{database.user}" to "{database.user}_b"' in said
    assert built_nothing(served) and database.relations() == before
    database.query(f"grant {database.user} to {database.user}_b")
    served.run("run", "--full-refresh", **other)
    assert served.current() == 2


def test_a_server_that_only_reads(served):
    database = served.database
    database.query(f"alter database {database.name} set default_transaction_read_only = on")
    assert "only reads" in served.run("run", expect=1).err
    assert built_nothing(served)
    found = publishing(served, expect=1)
    assert found["state"] == "WRONG" and "only reads" in found["detail"]
