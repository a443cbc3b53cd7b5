"""Deliveries of the kinds that people complain of, each laid over the same small lake (cases/README.md)."""

import os
import shutil
from pathlib import Path

FOLDER = Path(__file__).parent / "cases"
NAMES = sorted(path.name for path in FOLDER.iterdir() if (path / "lake").is_dir() and path.name != "base")


def lay(case, lake):
    """Lays a case, or only the base where it is None, into the empty folder `lake` (a test's `house.lake.folder`)."""
    lake = Path(lake)
    shutil.copytree(FOLDER / "base" / "lake", lake, dirs_exist_ok=True)
    if case is None:
        return
    without = FOLDER / case / "without.txt"
    for key in without.read_text().splitlines() if without.exists() else []:
        (lake / key).unlink()
    for path in (FOLDER / case / "lake").rglob("*"):
        if path.is_file():
            target = lake / path.relative_to(FOLDER / case / "lake")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    for folder, names, files in os.walk(lake, topdown=False):
        if not names and not files:
            Path(folder).rmdir()
