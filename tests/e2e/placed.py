"""Projects whose lake, store and warehouse lie elsewhere than in their folder, and what must not be left there."""

import re
import subprocess

from conftest import House, clean_environment, new_project


class Placed(House):
    """A project whose lake, store and warehouse lie where the environment says."""

    def __init__(self, binary, project, environment):
        super().__init__(binary, project)
        self.environment = environment

    def run(self, *args, **options):
        return super().run(*args, **{**self.environment, **options})

    def start(self, *args):
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**clean_environment(), **self.environment})


def on_s3(bucket):
    environment = {**bucket.keys, "AWS_ENDPOINT_URL_S3": f"http://{bucket.host}", "AWS_REGION": "us-east-1",
                   "AWS_EC2_METADATA_DISABLED": "true"}
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        environment[name] = ""
    return environment


def listed(bucket, prefix):
    answer = bucket.request("GET", query={"list-type": "2", "prefix": prefix})
    return re.findall(r"<Key>([^<]*)</Key>", answer.content.decode())


def all_on_s3(binary, project, bucket, endpoint=None):
    """A project with everything in one bucket; files above 5 MB go up in parts, as the profile says."""
    house = Placed(binary, new_project(project), on_s3(bucket))
    settings = house.project / "aws-config"
    settings.write_text("[default]\ns3 =\n  multipart_threshold = 5MB\n  multipart_chunksize = 5MB\n")
    house.environment.update({
        "AWS_CONFIG_FILE": str(settings), "REELHOUSE_S3_STALL_SECONDS": "2",
        "REELHOUSE_LAKE": f"s3://{bucket.name}/in", "REELHOUSE_STORE": f"s3://{bucket.name}/out/store",
        "REELHOUSE_WAREHOUSE": f"s3://{bucket.name}/out/warehouse"})
    if endpoint:
        house.environment["AWS_ENDPOINT_URL_S3"] = endpoint
    return house


def versions_in(bucket):
    """Numbers of the versions in the bucket: those with a manifest, and those with a database."""
    keys = [key.rsplit("/", 1)[1] for key in listed(bucket, "out/warehouse/v")]
    return [{int(key[1:7]) for key in keys if key.endswith(ending)} for ending in (".json", ".duckdb")]


def assert_nothing_is_left(house, bucket):
    """No half version, no half build, no unfinished upload, no probe; here nothing half written."""
    manifests, databases = versions_in(bucket)
    assert manifests == databases
    assert bucket.uploads() == 0
    stored = listed(bucket, "out/")
    assert not [key for key in stored if "write-check" in key]
    builds = {key.rsplit("/", 1)[0] for key in stored if "/curated/" in key}
    assert builds == {key.rsplit("/", 1)[0] for key in stored if key.endswith("/_build.json")}
    state = house.project / ".reelhouse"
    files = [path.relative_to(state) for path in state.rglob("*") if path.is_file()]
    for path in files:
        assert not {"partial", "uploads", "draft", "tmp"} & set(path.parts), path
        assert not re.search(r"CURRENT\.next|\.building-|\.duckdb\.\d+$|^\.[^/]*\.[A-Za-z0-9]{6}$", path.name), path
    assert not list(state.rglob(".building-*"))
