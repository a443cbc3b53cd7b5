"""A server on a project for as long as a test asks it."""

import json
import re
import urllib.request
from contextlib import contextmanager


@contextmanager
def serve_briefly(house, *flags):
    """Yields a function that gets a path and returns its JSON."""
    server = house.start("serve", "--listen", "127.0.0.1:0", "--access-log", "none", "--no-workflows", *flags)
    try:
        address = next((found[0] for found in (re.findall(r"http://\S+", line) for line in server.stderr) if found), None)
        assert address, "the server ended before it listened"

        def ask(path):
            with urllib.request.urlopen(address + path, timeout=60) as answer:
                return json.loads(answer.read())

        yield ask
    finally:
        server.terminate()
        server.communicate(timeout=30)
