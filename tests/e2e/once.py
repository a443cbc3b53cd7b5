"""What the processes of a test session share: made once, by the one that needs it first.

pytest-xdist runs a session in several processes; each has a folder of its own beside those of the others.
"""

import fcntl
import os
import shutil
from contextlib import contextmanager


def session_folder(tmp_path_factory):
    """The folder of the whole session."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@contextmanager
def locked(path, how=fcntl.LOCK_EX):
    """Holds a lock file among the processes of the session; it goes with the process that holds it."""
    with open(path, "a") as file:
        fcntl.flock(file, how)
        yield


def made_once(tmp_path_factory, name, make):
    """A folder that `make(folder)` filled; when that failed, the next who asks tries again."""
    shelf = session_folder(tmp_path_factory) / "once"
    shelf.mkdir(exist_ok=True)
    folder, whole = shelf / name, shelf / f"{name}.whole"
    with locked(shelf / f"{name}.lock"):
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            make(folder)
            whole.touch()
    return folder
