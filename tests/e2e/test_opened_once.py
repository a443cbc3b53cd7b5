"""The project is opened once: each of its files is read once a command, and once for many served questions."""

import ctypes
import os
import struct
from collections import Counter
from pathlib import Path

import pytest

from served import serve_briefly

IN_OPEN = 0x20
IN_NONBLOCK = 0o4000
libc = ctypes.CDLL(None, use_errno=True)


class Opens:
    """Counts who opens the text files of a project, as the kernel tells it (inotify)."""

    def __init__(self, project):
        self.descriptor = libc.inotify_init1(IN_NONBLOCK)
        assert self.descriptor >= 0
        self.folders = {}
        for folder in ("sources", "seeds", "models", "metrics", "dashboards", "workflows", "."):
            for path in {file.parent for file in Path(project, folder).glob("**/*" if folder != "." else "*")
                         if file.is_file() and ".reelhouse" not in file.parts}:
                watch = libc.inotify_add_watch(self.descriptor, str(path).encode(), IN_OPEN)
                assert watch >= 0
                self.folders[watch] = path

    def take(self):
        """How often each file was opened since the last look."""
        counts = Counter()
        while True:
            try:
                events = os.read(self.descriptor, 1 << 20)
            except BlockingIOError:
                return counts
            at = 0
            while at < len(events):
                watch, _, _, length = struct.unpack_from("iIII", events, at)
                name = events[at + 16:at + 16 + length].rstrip(b"\0").decode()
                at += 16 + length
                if name.endswith((".yml", ".yaml", ".sql")):  # the engine reads seeds as data
                    counts[str(self.folders[watch] / name)] += 1

    def close(self):
        os.close(self.descriptor)


@pytest.fixture
def opens(small):
    counter = Opens(small.project)
    yield counter
    counter.close()


def opened_again(counts):
    return {name: count for name, count in counts.items() if count > 1}


@pytest.mark.parametrize("command", [
    ["run"], ["run", "--full-refresh", "--select", "stg_netflix_user"], ["run", "default"], ["validate"],
    ["workflows"], ["workflows", "--next", "3"], ["alerts"], ["lineage", "fct_title"], ["metric", "titles"],
    ["quarantine"], ["runs"], ["catalog"], ["rollback", "--list"]], ids=" ".join)
def test_a_command_reads_each_file_of_the_project_once(small, opens, command):
    opens.take()
    small.run(*command)
    counts = opens.take()
    assert counts[str(small.project / "reelhouse.yaml")] == 1
    assert opened_again(counts) == {}


def test_served_questions_read_nothing_that_has_not_changed(small, opens):
    with serve_briefly(small) as ask:
        paths = ["/api/models", "/api/catalog", "/api/lineage?measure=titles", "/api/lineage?column=fct_title",
                 "/api/workflows", "/api/runs", "/api/status", "/api/quarantine"]
        for path in paths:
            ask(path)
        first = opens.take()
        assert opened_again(first) == {}
        for path in paths:
            ask(path)
        assert opens.take() == {}
        (model,) = small.project.glob("models/**/dim_plan.sql")
        model.write_text(model.read_text() + "\n-- a thought\n")
        opens.take()
        ask("/api/models")
        again = opens.take()
        assert again[str(model)] == 1
        assert opened_again(again) == {}
