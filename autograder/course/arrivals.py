"""Submitted folders, put in a form that stops none of nbgrader's commands.

nbgrader copies what it finds, and gives up on the whole batch at a timestamp
that it can't read. Nothing here decides what counts: that is intake's work.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course.folders import ASSIGNMENTS, class_folder
from autograder.judge.intake import DEEPEST
from autograder.sandbox import scratch

TIMESTAMP = "timestamp.txt"
SUBMISSION_SECRET = "submission_secret.txt"
"""nbgrader's name for the file that feedback is released by."""

LONGEST = 1000


def released_names(assignment: str) -> list[str]:
    """The notebooks of a released assignment, without ``.ipynb``."""
    return sorted(p.stem for p in (ASSIGNMENTS / assignment).glob("*.ipynb"))


_untouched = False


@contextlib.contextmanager
def untouched() -> Iterator[None]:
    """Let the configuration be read without :func:`mend_all`.

    For what reads submissions with intake alone, and can leave them as they are.
    """
    global _untouched
    _untouched = True
    try:
        yield
    finally:
        _untouched = False


def mend_all() -> None:
    """Mend every submitted folder of a released assignment.

    nbgrader reads timestamps, and looks for notebooks, before it calls any
    hook; so the configuration calls this first.
    """
    if _untouched:
        return
    for folder in sorted((class_folder() / "submitted").glob("*/*")):
        if folder.is_dir() and not folder.is_symlink() and released_names(folder.name):
            # What can't be mended is nbgrader's to report, with its student.
            with contextlib.suppress(OSError):
                mend(folder)


def use_released_names(assignment: str, student: str, notebooks: list[str]) -> None:
    """Let what was submitted be graded under the names that were released.

    nbgrader calls this before it converts a submission, with the list of
    notebooks that it found there.
    """
    folder = Path(notebooks[0]).parent
    wanted = released_names(folder.name)
    if wanted:
        mend(folder)
        notebooks[:] = [str(folder / f"{name}.ipynb") for name in wanted]


def mend(folder: Path) -> None:
    """Put an empty file for a missing notebook; remove what can't be copied.

    Links, special files and folders deeper than intake looks go; of links, none
    is followed. Notebooks stay as they are: intake reads them.
    """
    left = [(folder, 0)]
    while left:
        place, depth = left.pop()
        for entry in sorted(os.scandir(place), key=lambda e: e.name):
            if entry.is_dir(follow_symlinks=False):
                if depth < DEEPEST:
                    left.append((Path(entry.path), depth + 1))
                else:
                    scratch.remove(entry.path)
            elif not entry.is_file(follow_symlinks=False) and (
                not entry.name.endswith(".ipynb")
            ):
                os.unlink(entry.path)
    if not _is_timestamp(folder / TIMESTAMP):
        _put_aside(folder / TIMESTAMP)
    for name in released_names(folder.name):
        path = folder / f"{name}.ipynb"
        if not path.exists() and not path.is_symlink():
            path.touch()


def sweep(folder: Path, assignment: str, otherwise: str) -> None:
    """Drop what came beside a notebook: feedback would copy it.

    What :func:`papers` names stays, or is made; ``otherwise`` as there.
    """
    keep = {f"{name}.ipynb" for name in released_names(assignment)}
    kept = papers(folder, otherwise)
    for path in folder.iterdir():
        if path.name not in keep:
            _remove(path)
    for name, content in kept.items():
        (folder / name).write_bytes(content)


def papers(folder: Path, otherwise: str) -> dict[str, bytes]:
    """The two files that ``nbgrader release_feedback`` can't do without.

    As they were handed in, when they can be read; else an empty timestamp, and
    the secret ``otherwise``.
    """
    timestamp, secret = folder / TIMESTAMP, folder / SUBMISSION_SECRET
    return {
        TIMESTAMP: timestamp.read_bytes() if _is_timestamp(timestamp) else b"",
        SUBMISSION_SECRET: secret.read_bytes() if _text(secret) else otherwise.encode(),
    }


def _is_timestamp(path: Path) -> bool:
    try:
        parse_utc(_text(path))
    except (ValueError, OverflowError, TypeError, AttributeError):
        return False
    return True


def _text(path: Path) -> str:
    """The text of a small plain file; empty for anything else."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > LONGEST:
        return ""
    try:
        return path.read_text("utf-8").strip()
    except ValueError:
        return ""


def _put_aside(path: Path) -> None:
    if path.exists():
        aside = path.with_name(f"{path.name}.unreadable")
        _remove(aside)
        path.rename(aside)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
