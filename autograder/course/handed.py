"""A submission's files in a form that travels to another machine.

Intake reads a folder. A machine that grades may not see the class's folder, so
the files that intake would read are sent to it and laid out there. What is not
read (a link, a file that is too large) is laid out as one of its kind.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.judge.intake import LARGEST_FILE, MOST_FILES, notebooks_below

PLAIN, LINK, LARGE, UNREADABLE = "plain", "link", "large", "unreadable"
MOST_BYTES = 3 * LARGEST_FILE
"""Of all files of a submission together; what goes beyond counts as too large."""


@dataclass(frozen=True)
class File:
    """One file that was handed in.

    Attributes
    ----------
    path : below the submission's folder
    kind : PLAIN; LINK, also for folders and devices; LARGE; or UNREADABLE
    content : of a plain file, and empty when there is none; of an unreadable
        one the system's reason
    """

    path: str
    kind: str
    content: bytes = b""


def read(folder: Path, names: Sequence[str]) -> tuple[File, ...]:
    """The notebooks ``names`` of a submission.

    When one of them is not there, the others that it may have been renamed to
    are read too. Nothing is followed that is a link.
    """
    if folder.is_symlink() or not folder.is_dir():
        return tuple(File(f"{name}.ipynb", LINK) for name in names)
    left = MOST_BYTES
    found: dict[str, File] = {}
    for expected in (f"{name}.ipynb" for name in names):
        found[expected] = _read(folder, expected, left)
        left -= len(found[expected].content)
    if all(_holds_something(f) for f in found.values()):
        return tuple(found.values())
    others = 0
    for path in sorted(notebooks_below(folder)):
        name = str(path.relative_to(folder))
        file = found.get(name) or _read(folder, name, left)
        if _holds_something(file):
            left -= 0 if name in found else len(file.content)
            found[name] = file
            others += 1
        if others == MOST_FILES:
            break
    return tuple(found.values())


def _holds_something(file: File) -> bool:
    """As intake sees it, when it looks for a notebook of another name."""
    return file.kind == LARGE or (file.kind == PLAIN and file.content != b"")


def _read(folder: Path, name: str, most: int) -> File:
    # O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        descriptor = os.open(folder / name, flags)
        with os.fdopen(descriptor, "rb", closefd=True) as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                return File(name, LINK)
            content = file.read(min(LARGEST_FILE, most) + 1)
    except FileNotFoundError:
        return File(name, PLAIN)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.EISDIR, errno.ENXIO):
            return File(name, LINK)
        return File(name, UNREADABLE, (error.strerror or "").encode())
    if len(content) > min(LARGEST_FILE, most):
        return File(name, LARGE)
    return File(name, PLAIN, content)


def lay_out(files: Iterable[File], folder: Path) -> None:
    """Write them into an empty folder, where intake finds them as they were."""
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        if file.kind == LINK:
            path.symlink_to("/no/such/file")
        elif file.kind == LARGE:
            path.touch()
            os.truncate(path, LARGEST_FILE + 1)  # sparse: it takes no room
        else:
            path.write_bytes(b"" if file.kind == UNREADABLE else file.content)


def said(files: Iterable[File], reasons: Iterable[str]) -> list[str]:
    """Intake's reasons, with the right one for what could not be read here."""
    told = list(reasons)
    for file in files:
        if file.kind == UNREADABLE:
            told = [r for r in told if not r.startswith(f"{file.path} was not sub")]
            told.insert(0, f"{file.path} can't be read: {file.content.decode()}.")
    return told
