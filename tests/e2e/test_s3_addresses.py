"""Buckets whose name is the first part of the host's, as AWS has them, against a real server."""

import os
import uuid

import pytest
from fault_proxy import FaultProxy
from radosgw import Bucket
from test_s3 import S3House, checksums
from conftest import new_project


@pytest.fixture
def virtual(binary, tmp_path, radosgw, keys):
    bucket = Bucket(radosgw.endpoint, keys, "hosts-" + uuid.uuid4().hex[:12])
    house = S3House(binary, new_project(tmp_path / "project"), bucket)
    house.environment.update(AWS_S3_ADDRESSING_STYLE="virtual",
                             AWS_ENDPOINT_URL_S3=f"http://localhost:{radosgw.port}")
    return house


def test_a_lake_store_and_warehouse_by_virtual_hosts(virtual, radosgw, small_template, tmp_path):
    bucket = virtual.bucket
    bucket.fill(small_template.project / "lake" / "raw", "in/raw/")
    with FaultProxy(radosgw.endpoint) as proxy:
        virtual.environment.update(
            AWS_ENDPOINT_URL_S3=f"http://localhost:{proxy.port}", REELHOUSE_LAKE=f"s3://{bucket.name}/in",
            REELHOUSE_STORE=f"s3://{bucket.name}/out/store", REELHOUSE_WAREHOUSE=f"s3://{bucket.name}/out/warehouse")
        virtual.run("run")
        assert checksums(virtual) == checksums(small_template)
        assert len(proxy.requests) > 50
        assert not [path for _, path in proxy.requests if bucket.name in path], "the bucket is in the host's name"
    large, back = tmp_path / "large.bin", tmp_path / "back.bin"
    large.write_bytes(os.urandom(66 << 20))
    name = "odd+name %& ünï.bin"
    virtual.environment["AWS_ENDPOINT_URL_S3"] = f"http://localhost:{radosgw.port}"
    virtual.run("lake", "put", large, f"raw/{name}")
    virtual.run("lake", "get", f"raw/{name}", back)
    assert back.read_bytes() == large.read_bytes()


@pytest.mark.parametrize("host", ["nosuchhost.invalid", "elsewhere.localhost"])
@pytest.mark.parametrize("command", [("ls",), ("get", "raw/x", "-"), ("put", "reelhouse.yaml", "raw/x")])
def test_a_server_without_such_names(virtual, radosgw, host, command):
    """Either the name leads nowhere, or to a server that takes it for something else."""
    said = virtual.run("lake", *command, cwd=virtual.project, expect=1,
                       AWS_ENDPOINT_URL_S3=f"http://{host}:{radosgw.port}").err
    assert f"{virtual.bucket.name}.{host}" in said
    assert "AWS_S3_ADDRESSING_STYLE=path" in said
    said = virtual.run("lake", "ls", expect=1, AWS_S3_ADDRESSING_STYLE="path",
                       AWS_ENDPOINT_URL_S3=f"http://nosuchhost.invalid:{radosgw.port}").err
    assert "AWS_S3_ADDRESSING_STYLE" not in said
