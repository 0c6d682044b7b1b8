"""What was graded, one file a submission: it survives a kill at any point.

A record is written under another name and then renamed, so a file is whole or
not there. The batch goes on from here, and the reports read it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from autograder.course.folders import class_folder
from autograder.course.records import Record

NEW = ".new"


class Busy(Exception):
    """Another batch of this class is running."""


def folder(assignment: str) -> Path:
    """Where the records of an assignment lie."""
    return class_folder() / "journal" / assignment


def write(record: Record) -> None:
    """Keep a record, in place of an older one of the same student."""
    path = _path(record.assignment, record.student)
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + NEW)
    with new.open("w", encoding="utf-8") as file:
        json.dump(record.to_json(), file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(new, path)


def add(record: Record) -> None:
    """Keep a record of some of a submission's notebooks beside the others.

    Those are kept that were graded under the same key.
    """
    older = read(record.assignment, record.student)
    if older is not None and older.key == record.key:
        names = {n.notebook for n in record.notebooks}
        others = (n for n in older.notebooks if n.notebook not in names)
        notebooks = sorted((*others, *record.notebooks), key=lambda n: n.notebook)
        record = replace(record, notebooks=tuple(notebooks))
    write(record)


def read(assignment: str, student: str) -> Record | None:
    """The record of a submission; None without one that can be read."""
    try:
        data = json.loads(_path(assignment, student).read_text("utf-8"))
        record = Record.from_json(data)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    known = (record.assignment, record.student) == (assignment, student)
    return record if known else None


def records(assignment: str) -> Iterator[Record]:
    """Every record of an assignment by student, one in memory at a time."""
    for path in sorted(folder(assignment).glob("*.json")):
        record = read(assignment, path.name.removesuffix(".json"))
        if record is not None:
            yield record


@contextmanager
def alone() -> Iterator[None]:
    """Keep a second batch of this class away; a kill ends it as well.

    Raises
    ------
    Busy : when there is one
    """
    path = class_folder() / "journal" / "lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Busy(f"Another batch of {class_folder()} is running.") from None
        yield


def _path(assignment: str, student: str) -> Path:
    return folder(assignment) / f"{student}.json"
