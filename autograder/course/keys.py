"""What a grade depends on, as one short text.

Two submissions with the same key get the same grade, so one that was graded
need not be graded again.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

from autograder.course.handed import File
from autograder.course.terms import Terms
from autograder.reference.scripts import SOLUTIONS

PACKAGE = Path(__file__).parents[1]
PARTS = (
    *("student", "worker", "reference", "exercises", "mistakes", "judge", "sandbox"),
    *("course/autograded.py", "course/handed.py", "course/records.py"),
    "course/task.py",
)
PACKAGES = ("numpy", "torch", "triton", "nbformat", "nbconvert", "bleach")


@cache
def circumstances(assignment: str) -> dict[str, str]:
    """The course's code and the packages that decide a grade on this machine."""
    return {
        "course": _digest(_texts(assignment)),
        "python": platform.python_version(),
        **{name: _version(name) for name in PACKAGES},
    }


def _texts(assignment: str) -> Iterable[bytes]:
    for part in PARTS:
        path = PACKAGE / part
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            yield str(file.relative_to(PACKAGE)).encode()
            yield file.read_bytes()
    for script in sorted((SOLUTIONS / assignment).glob("*.py")):
        yield script.name.encode()
        yield script.read_bytes()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"


def _digest(parts: Iterable[bytes]) -> str:
    """SHA-256 of parts, each with its length, so that none runs into the next."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.hexdigest()


def batch_key(
    assignment: str, released: Mapping[str, str], secret: bytes, terms: Terms
) -> str:
    """What is the same for every submission of a batch.

    ``released`` are the texts of the released notebooks by their names.
    """
    parts = [assignment, terms.sandbox, repr(terms.cell_seconds)]
    for pair in sorted({**circumstances(assignment), **released}.items()):
        parts += pair
    return _digest([secret, *(p.encode() for p in parts)])


def submission_key(batch: str, files: Iterable[File]) -> str:
    """The key of one submission."""
    parts = [batch.encode()]
    for file in sorted(files, key=lambda f: f.path):
        path = file.path.encode("utf-8", "surrogateescape")
        parts += [path, file.kind.encode(), file.content]
    return _digest(parts)
