"""`reelhouse serve`: what browsers, scripts and hostile clients get, over real sockets."""

import csv
import gzip
import http.client
import io
import json
import re
import resource
import signal
import socket
import subprocess
import threading
import time
import urllib.parse
import zipfile
from pathlib import Path

import jsonschema
import pytest

from conftest import clean_environment, users

MRR = {"measures": ["mrr"], "dimensions": ["month", "plan"], "totals": True}


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return json.loads(body)

    def error(self):
        assert self.status >= 400
        return self.json()["error"]


class Server:
    """A running server and a way to ask it."""

    def __init__(self, house, *args, workflows=False, **environment):
        self.log = house.project / "access.log"
        command = house.command("serve", "--listen", "127.0.0.1:0", "--access-log", self.log,
                                *([] if workflows else ["--no-workflows"]), *args)
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True,
                                        env={**clean_environment(), **environment})
        self.said = []
        for line in self.process.stderr:
            self.said.append(line.rstrip())
            if found := re.fullmatch(r"http://(127\.0\.0\.1):(\d+)", line.strip()):
                self.port = int(found[2])
                break
        else:
            raise AssertionError(f"the server ended: {self.said}")
        self.reader = threading.Thread(target=lambda: self.said.extend(map(str.rstrip, self.process.stderr)))
        self.reader.start()

    def connect(self, timeout=30):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path, method="GET", body=None, **headers):
        connection = self.connect()
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = Answer(connection.getresponse())
        connection.close()
        return answer

    def query(self, query, **headers):
        text = query if isinstance(query, str) else json.dumps(query)
        return self.get("/api/query?q=" + urllib.parse.quote(text), **headers)

    def raw(self, data=b"", timeout=30):
        stream = socket.create_connection(("127.0.0.1", self.port), timeout)
        stream.sendall(data)
        return stream

    def number(self, name):
        """A value of /metrics; of a name with labels, the sum."""
        text = self.get("/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines()
                   if re.match(re.escape(name) + r"[ {]", line))

    def wait_ready(self, version=None, seconds=60):
        deadline = time.time() + seconds
        while time.time() < deadline:
            answer = self.get("/readyz")
            if answer.status == 200 and version in (None, answer.json()["version"]):
                return answer.json()["version"]
            time.sleep(0.1)
        raise AssertionError(f"not ready: {answer.body}")

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(30)
        self.reader.join(10)
        return code


@pytest.fixture
def serve():
    """Starts servers, and ends them."""
    servers = []

    def start(house, *args, **environment):
        servers.append(Server(house, *args, **environment))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="module")
def shared(generated_template):
    """One server on the generated lake, for tests that only ask."""
    server = Server(generated_template)
    server.wait_ready()
    yield server
    assert server.stop() == 0


@pytest.fixture(scope="module")
def api(shared):
    return shared.get("/api/openapi.json").json()


def check(api, path, answer, method="get"):
    """Holds an answer against the API's description."""
    operation = api["paths"][path][method]
    described = operation["responses"].get(str(answer.status)) or operation["responses"]["default"]
    if "$ref" in described:
        described = api["components"]["responses"][described["$ref"].rsplit("/", 1)[1]]
    assert answer.headers["content-type"].split(";")[0] == "application/json"
    schema = described["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": api["components"]}).validate(answer.json())
    return answer.json()


# ---- what the API promises


@pytest.mark.parametrize("path", ["/api/model", "/api/dashboards", "/api/status", "/api/runs", "/api/catalog",
                                  "/api/quarantine", "/api/repairs", "/api/models", "/api/workflows"])
def test_answers_are_as_described(shared, api, path):
    answer = shared.get(path)
    assert answer.status == 200, answer.body[:500]
    assert bool(check(api, path, answer)) == (path not in ("/api/quarantine", "/api/repairs")), "the lake is without a fault"


def test_every_measure_answers_as_described(shared, api):
    model = shared.get("/api/model").json()
    views = {view["name"]: view for view in model["views"]}
    country = next(d for d in views["subscription"]["dimensions"] if d["name"] == "country")
    assert "dim_country" in country["tables"]
    asked = 0
    for view in model["views"]:
        names = [d["name"] for d in view["dimensions"]][:3] + ([view["time"]["grain"]] if view["time"] else [])
        for measure in view["measures"]:
            for dimensions in [[], *[[name] for name in names]]:
                answer = shared.query({"measures": [measure["name"]], "dimensions": dimensions, "totals": True,
                                       "limit": 20})
                assert answer.status == 200, (measure["name"], dimensions, answer.body[:500])
                got = check(api, "/api/query", answer)
                assert all(len(row) == len(got["columns"]) for row in got["rows"])
                asked += 1
    assert asked > 100


def test_a_query_may_be_posted(shared, api):
    posted = shared.get("/api/query", "POST", json.dumps(MRR))
    got = check(api, "/api/query", posted, "post")
    assert got["rows"] == shared.query(MRR).json()["rows"]


def ask_together(server, queries, **headers):
    """Asks several questions in one request; returns the answer and its lines, in the order of the questions."""
    answer = server.get("/api/queries", "POST", json.dumps({"queries": queries}), **headers)
    body = gzip.decompress(answer.body) if answer.headers.get("content-encoding") == "gzip" else answer.body
    lines = [json.loads(line) for line in body.decode().splitlines()] if answer.status == 200 else []
    return answer, sorted(lines, key=lambda line: line["at"])


@pytest.mark.parametrize("headers", [{}, {"Accept_Encoding": "gzip"}])
def test_several_questions_are_answered_in_one_request(shared, api, headers):
    model = shared.get("/api/model").json()
    queries = [{"measures": [measure["name"]], "totals": True, "limit": 20}
               for view in model["views"] for measure in view["measures"]][:40]
    queries += [{"measures": ["mrrr"]}, {"measures": ["mrr"], "filters": [{"dimension": "plan", "in": 3}]}]
    answer, lines = ask_together(shared, queries, **headers)
    assert answer.status == 200 and answer.headers["content-type"] == "application/x-ndjson"
    schema = api["paths"]["/api/queries"]["post"]["responses"]["200"]["content"]["application/x-ndjson"]["schema"]
    for line in lines:
        jsonschema.Draft202012Validator({**schema, "components": api["components"]}).validate(line)
    assert [line["at"] for line in lines] == list(range(len(queries)))
    assert [line["status"] for line in lines] == [200] * (len(queries) - 2) + [400, 400]
    assert "mrr" in lines[-2]["error"]["hint"]
    for query, line in zip(queries, lines[:-2]):
        alone = shared.query(query).json()
        assert [line["answer"][key] for key in ("rows", "totals", "columns")] == [alone[key] for key in ("rows", "totals", "columns")]


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"queries":[]}', '{"queries":{}}', '{"queries":[{}],"x":1}',
                                  json.dumps({"queries": [MRR] * 101})])
def test_what_is_no_list_of_questions_is_refused(shared, api, body):
    answer = shared.get("/api/queries", "POST", body)
    assert answer.status == 400
    assert check(api, "/api/queries", answer, "post")["error"]["message"]


def test_the_log_and_the_numbers_tell_questions(shared):
    before = shared.number("reelhouse_questions_total")
    ask_together(shared, [MRR, MRR, MRR])
    assert shared.number("reelhouse_questions_total") == before + 3
    deadline = time.time() + 10
    while time.time() < deadline:
        told = [json.loads(line) for line in shared.log.read_text().splitlines()]
        if any(line["path"] == "/api/queries" and line.get("questions") == 3 for line in told):
            return
        time.sleep(0.1)
    raise AssertionError(told[-5:])


def test_figures_equal_the_warehouse(shared, generated_template):
    last = "2023-01-01"
    rows = generated_template.sql(
        "select plan_name, sum(revenue)::double as mrr from fct_subscription_month join dim_plan using (plan_key) "
        f"join dim_date on date_key = month_key where date = date '{last}' group by all")
    assert rows
    got = shared.query({"measures": ["revenue"], "dimensions": ["plan"],
                        "filters": [{"dimension": "date", "from": last, "to": "2023-01-31"}]}).json()
    assert {row[0]: row[1] for row in got["rows"]} == {row["plan_name"]: row["mrr"] for row in rows}


def test_lineage_of_a_measure_ends_in_the_lake(shared, api):
    got = check(api, "/api/lineage", shared.get("/api/lineage?measure=mrr"))
    assert got["places"] and got["places"][0].startswith("fct_subscription_month.")
    assert any(edge["object"] for tree in got["columns"] for edge in tree)
    assert check(api, "/api/lineage", shared.get("/api/lineage?column=" + got["places"][0]))["columns"]
    assert "mrr" in shared.get("/api/lineage?measure=mr").error()["hint"]
    assert shared.get("/api/lineage").status == 400


def test_a_run_shows_its_receipt(shared, api):
    run = shared.get("/api/runs").json()[0]["run"]
    receipt = check(api, "/api/runs/{id}", shared.get("/api/runs/" + run))
    assert receipt["run"] == run and receipt["models"] and receipt["checks"] and receipt["objects"]
    assert shared.get("/api/runs/no-such-run").status == 404
    table = shared.get("/api/catalog").json()[0]["table"]
    assert check(api, "/api/catalog/{table}", shared.get("/api/catalog/" + table))["columns"]


def test_a_run_shows_its_steps_and_its_log(shared, api):
    run = shared.get("/api/runs").json()[0]["run"]
    assert check(api, "/api/run/{id}", shared.get("/api/run/" + run))["steps"]
    assert check(api, "/api/log/{id}", shared.get(f"/api/log/{run}?from=0"))["run"] == run
    assert shared.get("/api/run/no-such-run").status == 404


def test_what_the_pages_rely_on_is_described_in_full(api):
    """Each object of the description says which of its keys are always there, and that there are no others."""
    def loose(schema, at):
        if isinstance(schema, list):
            return [found for n, each in enumerate(schema) for found in loose(each, f"{at}[{n}]")]
        if not isinstance(schema, dict):
            return []
        kinds = schema.get("type") or []
        is_object = "object" in ([kinds] if isinstance(kinds, str) else kinds)
        found = [at] if is_object and "additionalProperties" not in schema else []
        found += [f"{at}: {name}" for name in schema.get("required", []) if is_object and name not in schema["properties"]]
        return found + [one for key, each in schema.items() for one in loose(each, f"{at}/{key}")]

    assert loose(api["components"]["schemas"], "") == []


def test_exports_hold_every_row(shared):
    query = {"measures": ["titles"], "dimensions": ["title"]}
    rows = shared.query(query).json()["rows"]
    address = "/api/export?q=" + urllib.parse.quote(json.dumps(query)) + "&title=All%20titles%20%2F%20%22x%22&as="
    as_csv = shared.get(address + "csv")
    assert as_csv.headers["content-disposition"].startswith('attachment; filename="All titles')
    table = list(csv.reader(io.StringIO(as_csv.body.decode("utf-8-sig"))))
    assert len(table) == len(rows) + 1
    assert sorted(row[0] for row in table[1:]) == sorted(row[0] or "" for row in rows)
    as_xlsx = shared.get(address + "xlsx")
    with zipfile.ZipFile(io.BytesIO(as_xlsx.body)) as book:
        assert book.testzip() is None
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        assert sheet.count("<row ") == len(rows) + 1
        assert "All titles" in book.read("xl/worksheets/sheet2.xml").decode()
    assert "csv or xlsx" in shared.get(address + "pdf").error()["hint"]


def test_exports_name_the_rest_of_a_top(shared):
    query = {"measures": ["users"], "dimensions": ["plan", "country"], "top": {"count": 1, "dimension": "country"}}
    answer = shared.query(query).json()
    assert answer["source"] == "cube" and answer["other"]
    address = "/api/export?q=" + urllib.parse.quote(json.dumps(query)) + "&title=x&as="
    table = list(csv.reader(io.StringIO(shared.get(address + "csv").body.decode("utf-8-sig"))))
    named = [n for n, row in enumerate(table[1:]) if row[1] == "(other)"]
    assert named == answer["other"] and all(row[0] != "(other)" for row in table)
    with zipfile.ZipFile(io.BytesIO(shared.get(address + "xlsx").body)) as book:
        assert book.read("xl/worksheets/sheet1.xml").decode().count("(other)") == len(named)


# ---- keeping and compressing


def test_an_unchanged_answer_is_not_sent_again(shared):
    for path in ["/api/query?q=" + urllib.parse.quote(json.dumps(MRR)), "/api/model", "/api/dashboards", "/",
                 "/api/catalog"]:
        first = shared.get(path)
        again = shared.get(path, If_None_Match=first.headers["etag"])
        assert (again.status, again.body) == (304, b""), path
        assert shared.get(path, If_None_Match='"other"').status == 200
    assert shared.query(MRR).headers["etag"] != shared.query({**MRR, "totals": False}).headers["etag"]


def test_large_answers_are_compressed(shared):
    plain = shared.query(MRR)
    packed = shared.query(MRR, Accept_Encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip" and "content-encoding" not in plain.headers
    assert len(packed.body) < len(plain.body) / 2
    assert packed.json()["rows"] == plain.json()["rows"]


def test_pages_open_at_every_path(shared):
    index = shared.get("/")
    assert index.status == 200 and index.headers["content-type"].startswith("text/html")
    assert shared.get("/overview").body == index.body
    assert shared.get("/no-such-file.js").status == 404
    assert shared.get("/assets/no-such").status == 404
    assert shared.get("/../../etc/passwd").body == index.body
    assert shared.get("/overview", "POST", "{}").status == 405
    for asset in re.findall(rb'(?:src|href)="(/assets/[^"]+)"', index.body):
        answer = shared.get(asset.decode(), Accept_Encoding="gzip")
        assert answer.status == 200
        assert "immutable" in answer.headers["cache-control"]
        if asset.endswith((b".js", b".css")):
            assert answer.headers["content-encoding"] == "gzip"
    head = shared.get("/", "HEAD")
    assert (head.body, head.headers["content-length"]) == (b"", str(len(index.body)))


def test_every_answer_carries_the_usual_headers(shared):
    for path in ["/", "/api/model", "/no-such-file.js", "/api/nothing", "/healthz"]:
        headers = shared.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy and "frame-ancestors 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "cross-origin-opener-policy" in headers and "permissions-policy" in headers


# ---- bad requests


@pytest.mark.parametrize("query, hint", [
    ({"measures": ["mr"]}, "mrr"),
    ({"measures": ["mrr"], "dimensions": ["plann"]}, "plan"),
    ({"measures": ["mrr"], "filters": [{"dimension": "contry", "in": ["Spain"]}]}, "country"),
    ({"measures": ["mrr"], "dimension": ["plan"]}, "dimensions"),
])
def test_a_wrong_name_is_refused_with_the_near_miss(shared, api, query, hint):
    answer = shared.query(query)
    assert answer.status == 400
    error = check(api, "/api/query", answer)["error"]
    assert hint in error["hint"], error


@pytest.mark.parametrize("query", [
    "", "{", "[]", "null", "1", '"mrr"', "{}", '{"measures":[]}', '{"measures":"mrr"}', '{"measures":[1]}',
    '{"measures":[null]}', '{"measures":["mrr"],"dimensions":"plan"}', '{"measures":["mrr"],"limit":"x"}',
    '{"measures":["mrr"],"limit":-1}', '{"measures":["mrr"],"limit":1e300}', '{"measures":["mrr"],"filters":{}}',
    '{"measures":["mrr"],"filters":[1]}', '{"measures":["mrr"],"filters":[{"dimension":"plan"}]}',
    '{"measures":["mrr"],"filters":[{"dimension":"plan","in":"x"}]}',
    '{"measures":["mrr"],"filters":[{"dimension":"plan","in":[{}]}]}',
    '{"measures":["mrr"],"filters":[{"dimension":"date","from":"yesterday"}]}',
    '{"measures":["mrr"],"filters":[{"dimension":"date","from":"2023-02-31"}]}',
    '{"measures":["mrr"],"compare":"never"}', '{"measures":["mrr"],"last":"decade"}',
    '{"measures":["mrr"],"top":{"count":-1,"dimension":"plan"}}', '{"measures":["mrr"],"top":5}',
    '{"measures":["mrr"],"totals":"yes"}', '{"measures":["mrr","titles"]}',
    "[" * 10000, '{"measures":' + "[" * 5000 + "]" * 5000 + "}", '{"measures":["\\ud800"]}',
])
def test_a_wrong_query_is_refused(shared, api, query):
    answer = shared.query(query)
    assert answer.status == 400, answer.body[:300]
    assert check(api, "/api/query", answer)["error"]["message"]


SQL = ["'; drop table fct_title; --", '" or 1=1 --', "mrr; select 1", "(select 1)", "plan.plan_name",
       "1); attach 'x' as x; --", "read_csv('/etc/passwd')", "$1", "\\'; --", "%27%20or%201=1", "\0", "\x00'"]


@pytest.mark.parametrize("sql", SQL)
def test_sql_in_any_field_stays_text(shared, sql):
    for field in ["measures", "dimensions"]:
        assert shared.query({"measures": ["mrr"], field: [sql]}).status == 400
    for query in [{"filters": [{"dimension": sql, "in": ["x"]}]}, {"sort": [{"by": sql}]}, {"compare": sql},
                  {"last": sql}, {"top": {"count": 1, "dimension": sql}}, {sql: 1},
                  {"filters": [{"dimension": "date", "from": sql}]}]:
        assert shared.query({"measures": ["mrr"], **query}).status == 400, query
    is_text = "\0" not in sql
    for condition in [{"in": [sql]}, {"search": sql}]:
        got = shared.query({"measures": ["mrr"], "dimensions": ["plan"],
                            "filters": [{"dimension": "plan", **condition}]})
        assert got.status == (200 if is_text else 400)
        assert not is_text or got.json()["rows"] == []
    for path, status in [("/api/lineage?measure=", 400), ("/api/lineage?column=", 400), ("/api/quarantine?table=", 400),
                         ("/api/runs/", 404), ("/api/catalog/", 404), ("/api/quarantine?limit=", 400)]:
        assert shared.get(path + urllib.parse.quote(sql, safe="")).status == (status if is_text else 400), path
    assert shared.query(MRR).status == 200


def test_ten_thousand_filter_values_are_refused(shared):
    query = {"measures": ["mrr"], "filters": [{"dimension": "country", "in": [f"c{n}" for n in range(10_000)]}]}
    posted = shared.get("/api/query", "POST", json.dumps(query))
    assert posted.status == 400 and posted.error()["message"]
    assert shared.query(query).status == 431


def test_a_body_of_100_megabytes_is_cut_off(shared):
    before = shared.number("process_resident_memory_bytes")
    announced = shared.raw(b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 104857600\r\n\r\n")
    assert announced.recv(100).startswith(b"HTTP/1.1 413")
    chunked = shared.raw(b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    sent = 0
    with pytest.raises(OSError):
        for _ in range(1600):
            chunked.sendall(piece)
            sent += len(piece)
        chunked.recv(1)
        raise OSError("it took everything")
    assert sent < 64 << 20
    assert shared.number("process_resident_memory_bytes") < before + (32 << 20)


@pytest.mark.parametrize("text, status", [
    (b"\r\n\r\n\r\n", 400), (b"GARBAGE\r\n\r\n", 400), (b"\x16\x03\x01\x02\x00\x01\x00\x01", 400),
    (b"GET / HTTP/1.1\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", 400),
    (b"GET /%zz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400), (b"GET /%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"x" * 20000 + b"\r\n\r\n", 431),
    (b"GET /" + b"x" * 70000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
    (b"GET http://evil.example/ HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 421),
    (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: gzip\r\n\r\n", 501),
    (b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    (b"DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405), (b"BREW / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 405),
    (b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nOrigin: http://evil.example\r\nContent-Length: 2\r\n\r\n{}", 403),
    (b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n", 400),
    (b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
])
def test_a_broken_request_gets_a_reason(shared, text, status):
    stream = shared.raw(text)
    first = stream.recv(200)
    assert first.startswith(b"HTTP/1.1 %d " % status), first
    stream.close()
    assert shared.get("/healthz").status == 200


def test_a_long_address_is_answered(shared):
    query = {"measures": ["mrr"], "filters": [{"dimension": "plan", "in": ["x" * 50 for _ in range(700)]}]}
    text = urllib.parse.quote(json.dumps(query))
    assert 40_000 < len(text) < 65_000
    assert shared.query(query).json()["rows"] == [[None]]


# ---- slow, idle and vanished clients


def test_slow_clients_are_cut_off_and_others_do_not_notice(shared):
    slow = [shared.raw(b"GET / HT") for _ in range(50)]
    body = shared.raw(b"POST /api/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
    began = time.time()
    while time.time() < began + 10.5:
        asked = time.time()
        assert shared.query(MRR).status == 200
        assert time.time() - asked < 2
        for stream in slow:
            try:
                stream.send(b"T")
            except OSError:
                pass
        time.sleep(0.5)
    for stream in slow:
        stream.settimeout(5)
        try:
            assert stream.recv(100)[:12] in (b"HTTP/1.1 408", b"")
        except ConnectionError:
            pass
        stream.close()
    body.close()


def test_two_thousand_idle_connections_starve_nobody(shared):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(soft, 4096), hard), hard))
    before = shared.number("process_resident_memory_bytes")
    idle = []
    for _ in range(2000):
        stream = shared.raw(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        idle.append(stream)
    for stream in idle:
        assert stream.recv(8192).startswith(b"HTTP/1.1 200")
    assert shared.number("reelhouse_connections") >= 2000
    times = []
    for n in range(20):
        asked = time.time()
        assert shared.query({**MRR, "limit": 100 + n}).status == 200
        times.append(time.time() - asked)
    assert sorted(times)[len(times) // 2] < 0.5, times
    assert shared.number("process_resident_memory_bytes") < before + (64 << 20)
    one = idle[1000]
    one.sendall(b"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert one.recv(8192).startswith(b"HTTP/1.1 200")
    for stream in idle:
        stream.close()
    time.sleep(1)
    assert shared.number("reelhouse_connections") < 100


def test_closed_connections_leave_nothing_behind(shared):
    for n in range(300):
        query = urllib.parse.quote(json.dumps({**MRR, "limit": 1000 + n}))
        stream = shared.raw(f"GET /api/query?q={query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        if n % 3 == 0:  # a reset instead of an end
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        stream.close()
    time.sleep(2)
    assert shared.number("reelhouse_queries_running") == 0
    assert shared.number("reelhouse_queue_waiting") == 0
    assert shared.number("reelhouse_connections") < 50
    assert shared.query(MRR).status == 200


# Every three rows of the fact held against each other: work for days.
HEAVY_VIEW = """
view: endless
label: Endless
fact: fct_subscription_month
measures:
  endless:
    label: Endless
    sum: >
      fact.revenue * (select sum(sin(x + y + z)) from (select revenue as x from fct_subscription_month)
      cross join (select revenue as y from fct_subscription_month)
      cross join (select revenue as z from fct_subscription_month))
"""
HEAVY = {"measures": ["endless"]}


@pytest.fixture
def heavy(generated, serve):
    """A server with a measure that takes for ever, on a warehouse that was published."""
    (generated.project / "metrics" / "99_endless.yml").write_text(HEAVY_VIEW)
    server = serve(generated)
    server.wait_ready()
    return server


@pytest.mark.parametrize("together", [False, True])
def test_a_long_question_ends_when_its_client_leaves(heavy, together):
    path, body = ("/api/queries", {"queries": [HEAVY] * 6}) if together else ("/api/query", HEAVY)
    text = json.dumps(body)
    stream = heavy.raw(f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())
    deadline = time.time() + 20
    while heavy.number("reelhouse_queries_running") < (2 if together else 1):
        assert time.time() < deadline, "it never ran"
        time.sleep(0.05)
    time.sleep(1)
    assert heavy.number("reelhouse_queries_running") >= 1, "it was no long question"
    stream.close()
    left = time.time()
    while heavy.number("reelhouse_queries_running") + heavy.number("reelhouse_queue_waiting") > 0:
        assert time.time() < left + 15, "it goes on although nobody waits"
        time.sleep(0.05)
    last = [json.loads(line) for line in heavy.log.read_text().splitlines()]
    assert any(line["path"] == path and line["status"] == 499 for line in last)


def test_many_clients_at_once_get_right_answers(shared):
    queries = [{"measures": ["mrr"], "dimensions": [d]} for d in ("plan", "country", "device", "month")]
    expected = [shared.query(q).json()["rows"] for q in queries]
    failures = []

    def click(first):
        connection = shared.connect()
        for n in range(10):
            which = (first + n) % len(queries)
            connection.request("GET", "/api/query?q=" + urllib.parse.quote(json.dumps(queries[which])))
            answer = Answer(connection.getresponse())
            if answer.status != 200 or answer.json()["rows"] != expected[which]:
                failures.append((answer.status, answer.body[:200]))

    threads = [threading.Thread(target=click, args=(n,)) for n in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:3]


def test_memory_returns(shared):
    shared.query(MRR)
    before = shared.number("process_resident_memory_bytes")
    everything = {"measures": ["titles"], "dimensions": ["title", "title_type", "maturity_rating"]}
    for n in range(200):
        shared.get("/api/query", "POST", json.dumps({**everything, "limit": 50_000 + n}))
        shared.get("/api/query", "POST", "x" * 900_000)
    assert shared.number("process_resident_memory_bytes") < before + (96 << 20)


# ---- a version that comes, and one that is not there


def read_event(stream, seconds=30):
    """The number of the next version that an event stream tells of."""
    deadline = time.time() + seconds
    text = b""
    while time.time() < deadline:
        stream.settimeout(1)
        try:
            text += stream.recv(4096)
        except TimeoutError:
            pass
        if found := re.search(rb'event: version\ndata: (\{.*?\})\n\n', text):
            return json.loads(found[1])["version"]
    raise AssertionError(f"no event came: {text}")


def test_it_comes_alive_with_the_first_publish(house, serve):
    house.lake.required()
    server = serve(house)
    assert server.get("/healthz").status == 200
    not_ready = server.get("/readyz")
    assert not_ready.status == 503 and "nothing is published" in not_ready.json()["reason"]
    assert server.get("/").status == 200
    assert "nothing is published" in server.query(MRR).error()["message"]
    assert server.get("/api/status").json()["version"] == 0
    stream = server.raw(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    assert read_event(stream) == 0
    house.run("run")
    assert read_event(stream) == 1
    assert server.query(MRR).json()["version"] == 1
    assert server.get("/readyz").status == 200


def test_a_publish_reaches_open_pages(small, serve):
    server = serve(small)
    assert server.wait_ready() == 1
    streams = [server.raw(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") for _ in range(20)]
    assert [read_event(stream) for stream in streams] == [1] * 20
    first = server.query(MRR)
    small.lake.userbase(users(20), drop="2023-08-16")
    asking = threading.Event()
    problems = []

    def keep_asking():
        while not asking.is_set():
            answer = server.query(MRR)
            if answer.status != 200:
                problems.append(answer.body)

    thread = threading.Thread(target=keep_asking)
    thread.start()
    small.run("run")
    assert [read_event(stream) for stream in streams] == [2] * 20
    asking.set()
    thread.join()
    assert not problems
    second = server.query(MRR, If_None_Match=first.headers["etag"])
    assert second.status == 200 and second.json()["version"] == 2
    assert server.get("/api/status").json()["version"] == 2
    small.run("rollback", "1")
    assert read_event(streams[0]) == 1
    assert server.query(MRR).json()["rows"] == first.json()["rows"]


# ---- starting, stopping and who may ask


def test_only_who_knows_the_token_is_answered(small, serve):
    server = serve(small, "--token", "a secret")
    for path in ["/api/model", "/api/query?q={}", "/metrics", "/api/nothing", "/assets/x.js"]:
        assert server.get(path).status == 401, path
    assert server.get("/healthz").status == 200
    page = server.get("/overview", Accept="text/html")
    assert page.status == 401 and b"<form" in page.body
    assert server.get("/api/model", Authorization="Bearer a secret").status == 200
    assert server.get("/api/model", Authorization="Bearer a secre").status == 401
    once = server.get("/overview?token=a%20secret&f=1")
    assert once.status == 303 and once.headers["location"] == "/overview?f=1"
    cookie = once.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie and "secret" not in cookie
    assert server.get("/api/model", Cookie=cookie.split(";")[0]).status == 200
    assert server.get("/api/login", "POST", json.dumps({"token": "wrong"})).status == 401
    login = server.get("/api/login", "POST", json.dumps({"token": "a secret"}))
    assert login.status == 204 and login.headers["set-cookie"] == cookie
    server.stop()
    log = server.log.read_text()
    assert "secret" not in log
    lines = [json.loads(line) for line in log.splitlines()]
    assert {"time", "peer", "method", "path", "status", "bytes", "milliseconds"} <= lines[0].keys()
    assert any(line["path"] == "/overview" and line["status"] == 303 for line in lines)


def test_another_address_needs_a_token(small):
    refused = small.run("serve", "--listen", "0.0.0.0:0", expect=2)
    assert "token" in refused.err and "REELHOUSE_TOKEN" in refused.err


def test_a_taken_port_is_named(small, shared):
    refused = small.run("serve", "--listen", f"127.0.0.1:{shared.port}", expect=1)
    assert str(shared.port) in refused.err and "another port" in refused.err
    assert "port" in small.run("serve", "--listen", "127.0.0.1:99999", expect=2).err


def test_it_stops_when_told(small, serve):
    server = serve(small)
    server.wait_ready()
    stream = server.raw(b"GET /api/events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
    read_event(stream)
    began = time.time()
    assert server.stop() == 0
    assert time.time() - began < 5
    assert stream.recv(100) == b""


def test_a_full_pipe_of_logs_stops_nobody(small):
    command = small.command("serve", "--listen", "127.0.0.1:0", "--no-workflows")
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=clean_environment())
    try:
        port = int(re.search(r":(\d+)$", process.stderr.readline().strip())[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        for _ in range(2000):  # far more lines than a pipe holds, and nobody reads them
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
        small.lake.userbase(users(20), drop="2023-08-16")
        small.run("run")
        deadline = time.time() + 20
        while time.time() < deadline:
            connection.request("GET", "/api/status")
            if json.loads(connection.getresponse().read())["version"] == 2:
                break
            time.sleep(0.2)
        assert time.time() < deadline
        process.stderr.close()  # the reader goes away
        for _ in range(20):
            connection.request("GET", "/healthz")
            assert connection.getresponse().read() == b"ok\n"
            time.sleep(0.02)
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0


def test_a_wrong_dashboard_is_named_at_start(small):
    page = Path(small.project) / "dashboards" / "99_wrong.yml"
    page.parent.mkdir(exist_ok=True)
    page.write_text("page: wrong\ntitle: Wrong\ntiles:\n  - name: a\n    chart: columns\n"
                    "    measures: [mrrr]\n    by: [month]\n")
    refused = small.run("serve", "--listen", "127.0.0.1:0", expect=2)
    assert "99_wrong.yml:6" in refused.err and "mrr" in refused.err
    assert "99_wrong.yml:6" in small.run("validate", expect=2).err
    page.write_text("page: wrong\ntitle: Wrong\ntiles:\n  - name: a\n    chart: colums\n")
    refused = small.run("serve", "--listen", "127.0.0.1:0", expect=2)
    assert "99_wrong.yml:5" in refused.err and "columns" in refused.err
