"""What can be seen after a batch: points, leaks, changed files, what is left."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.faults.place import Place

WAS_HERE = b"was-here"
LARGEST = 64 << 20
OWN = "torchinductor_"
"""An empty folder that torch makes in the judge's own process."""


def points_of(place: Place) -> dict[str, dict[str, float | None]]:
    """Score of every exercise of every student, from the gradebook."""
    found: dict[str, dict[str, float | None]] = {}
    query = (
        "select student.id, base_cell.name, coalesce(grade.manual_score, "
        "grade.auto_score) from grade "
        "join base_cell on base_cell.id = grade.cell_id "
        "join submitted_notebook on submitted_notebook.id = grade.notebook_id "
        "join submitted_assignment on "
        "submitted_assignment.id = submitted_notebook.assignment_id "
        "join student on student.id = submitted_assignment.student_id"
    )
    for student, cell, score in rows(place, query):
        found.setdefault(student, {})[cell.removeprefix("check_")] = score
    return found


def comments_of(place: Place) -> list[tuple[str, str]]:
    """What the feedback says to each student."""
    query = (
        "select student.id, coalesce(comment.auto_comment, '') from comment "
        "join submitted_notebook on submitted_notebook.id = comment.notebook_id "
        "join submitted_assignment on "
        "submitted_assignment.id = submitted_notebook.assignment_id "
        "join student on student.id = submitted_assignment.student_id"
    )
    return rows(place, query)


def rows(place: Place, query: str) -> list[Any]:
    path = place.class_folder / "gradebook.db"
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as base:
            return base.execute(query).fetchall()
    except sqlite3.Error:
        return []


def read(path: Path) -> bytes:
    """A plain file, if it is not too large."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return b""
        return path.read_bytes()
    except OSError:
        return b""


def tree(*folders: Path) -> dict[str, str]:
    """Every file below, with what it holds."""
    found = {}
    for folder in folders:
        for at, _, files in os.walk(folder):
            for name in files:
                path = Path(at, name)
                found[str(path)] = hashlib.sha256(read(path)).hexdigest()
    return found


class Seen:
    """Compares the place before and after a batch."""

    def __init__(self, place: Place, names: list[str], canary: str) -> None:
        self.place = place
        self.canary = canary
        self.names = names
        submitted = place.class_folder / "submitted"
        keep = [n for n in names if n.endswith("-mate")] + [canary]
        self.watched = [
            place.home,
            *(place.course / n for n in ("autograder", "assignments", "solutions")),
            *(submitted / n for n in keep),
        ]
        self.single = [
            place.course / "nbgrader_config.py",
            place.class_folder / "course.secret",
        ]
        self.before = self._files()
        self.mounts = mounts(place)

    def _files(self) -> dict[str, str]:
        single = {str(p): hashlib.sha256(read(p)).hexdigest() for p in self.single}
        return tree(*self.watched) | single

    def after(self, heard: list[str]) -> dict[str, Any]:
        """Leaks by student, changed files, and what was left."""
        leaks: dict[str, list[str]] = {}

        def leak(student: str, what: str) -> None:
            leaks.setdefault(student, [])
            if what not in leaks[student]:
                leaks[student].append(what)

        for path in sorted(self.place.drop.iterdir()):
            if path.name != "door":
                leak(path.name, "wrote outside of the sandbox")
        for line in heard:
            leak(line.partition(" ")[0].strip(), "reached the network")
        for student, text in self._shown():
            for kind, word in self.place.canaries.items():
                own = kind == "submission" and student == self.canary
                if word.encode() in text and not own:
                    leak(student, f"shows the canary of {kind}")
        changed = self._changed()
        for path in changed:
            text = read(Path(path))
            for name in self.names:
                if f"{name} {WAS_HERE.decode()}".encode() in text:
                    leak(name, f"wrote into {Path(path).name}")
        return {
            "leaks": leaks,
            "shown": self._told(),
            "changed": changed,
            "scratch": [
                p.name
                for p in sorted(self.place.scratch.iterdir())
                if not p.name.startswith(OWN)
            ],
            "mounts": sorted(mounts(self.place) - self.mounts),
        }

    def _shown(self) -> list[tuple[str, bytes]]:
        found = [
            (s, text.encode("utf-8", "replace")) for s, text in comments_of(self.place)
        ]
        for step in ("autograded", "feedback"):
            for path in (self.place.class_folder / step).glob("*/*/*"):
                found.append((path.parts[-3], read(path)))
        return found

    def _told(self) -> dict[str, str]:
        """What those see of their grading who look for hidden cases."""
        found: dict[str, str] = {}
        for student, text in self._shown():
            if student.startswith("memory-"):
                found[student] = found.get(student, "") + text.decode(
                    "utf-8", "replace"
                )
        return found

    def _changed(self) -> list[str]:
        """Files that are no longer what they were, and new ones of attackers."""
        now = self._files()
        gone = [p for p, text in self.before.items() if now.get(p) != text]
        new = [p for p in now if p not in self.before and WAS_HERE in read(Path(p))]
        return sorted([*gone, *new])


def mounts(place: Place) -> set[str]:
    """Mounts that concern this place."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    return {line for line in lines if place.run in line or str(place.base) in line}
