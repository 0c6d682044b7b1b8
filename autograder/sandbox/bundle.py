"""The program that warm parents run, and nothing else of the autograder."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import zipapp
from functools import cache
from pathlib import Path

from autograder.sandbox.backends import PACKAGE

START = """\
import sys
from autograder.worker.warm import main
main(int(sys.argv[1]))
"""


@cache
def bundle() -> Path:
    """The zip that a parent runs: made once per process of the judge."""
    folder = Path(tempfile.mkdtemp(prefix="autograder-bundle-"))
    target = folder / "autograder"
    target.mkdir()
    shutil.copy(PACKAGE / "__init__.py", target)
    for part in ("student", "worker"):
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(PACKAGE / part, target / part, ignore=ignore)
    (folder / "__main__.py").write_text(START)
    archive = folder.with_suffix(".pyz")
    zipapp.create_archive(folder, archive)
    archive.chmod(0o644)  # the users inside are not the one who made it
    shutil.rmtree(folder)
    owner = os.getpid()
    atexit.register(_remove, archive, owner)
    return archive


def _remove(path: Path, owner: int) -> None:
    if os.getpid() == owner:
        path.unlink(missing_ok=True)
