"""A class with honest, wrong, damaged and hostile submissions, graded once."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import nbformat
import pytest
from nbformat import NotebookNode

from autograder.course.submissions import hand_in, right_answers, submission
from autograder.mistakes import mistakes_of
from autograder.reference import scripts

WARMUP = "warmup/warmup"
XSS = "<script>alert(1)</script><img src=x onerror=alert(2)>"
LINK = "[click](javascript:alert(3))"


class Course(Protocol):
    """What these files use of the course of ``tests/conftest.py``."""

    root: Path
    class_folder: Path

    def nbgrader(self, *arguments: str, check: bool = True) -> Any: ...
    def release(self) -> NotebookNode: ...
    def export(self) -> list[dict[str, str]]: ...
    def new_class(self, name: str) -> Course: ...


@dataclass
class Handed:
    """One submission: what is done to the file, and its wrong answers."""

    make: Callable[[NotebookNode, Path], None]
    answers: dict[str, str] = field(default_factory=dict)


def nothing(filled: NotebookNode, path: Path) -> None:
    """Leave it as it is."""


def edit(
    change: Callable[[NotebookNode], None],
) -> Callable[[NotebookNode, Path], None]:
    def make(filled: NotebookNode, path: Path) -> None:
        change(filled)
        path.write_text(json.dumps(filled), "utf-8")

    return make


def write(content: bytes) -> Callable[[NotebookNode, Path], None]:
    return lambda filled, path: void(path.write_bytes(content))


def void(_: object) -> None:
    """Drop a result."""


def mess(filled: NotebookNode) -> None:
    code = (
        "%matplotlib inline\n!pip list\nimport sys, warnings\nimport numpy as np\n"
        "print('x' * 1000)\nwarnings.warn('old')\nsys.stderr.write('err')\n"
        "np.array([1.0]) / 0\nnotes = 3\nnotes"
    )
    for position in (0, 5, len(filled.cells)):
        filled.cells.insert(position, nbformat.v4.new_code_cell(code))


def another_editor(filled: NotebookNode) -> None:
    for cell in filled.cells:
        cell.pop("id")
        cell["metadata"] = {}
    filled["nbformat_minor"] = 2


def own_terms(filled: NotebookNode) -> None:
    filled["metadata"]["kernelspec"] = {"name": "bash", "display_name": "b"}
    for cell in filled.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        nbgrader |= {"points": 100, "locked": False, "schema_version": 99}
        if nbgrader.get("grade"):
            cell["source"] = "1.0"


def active_html(filled: NotebookNode) -> None:
    text = f"{XSS}\n\n{LINK}\n\n<a href='javascript:alert(4)'>x</a>"
    filled.cells.append(nbformat.v4.new_markdown_cell(text))
    output = nbformat.v4.new_output("display_data", {"text/html": XSS})
    filled.cells.append(nbformat.v4.new_code_cell("1", outputs=[output]))


def rename(name: str) -> Callable[[NotebookNode, Path], None]:
    return lambda filled, path: void(path.rename(path.with_name(name)))


def no_notebook(filled: NotebookNode, path: Path) -> None:
    path.rename(path.with_name("warmup.py"))


def link_to_a_classmate(filled: NotebookNode, path: Path) -> None:
    path.unlink()
    path.symlink_to(path.parents[2] / "honest" / "warmup" / path.name)


def files_beside(filled: NotebookNode, path: Path) -> None:
    folder = path.parent
    for name in ("numpy.py", "sitecustomize.py", "conftest.py", "autograder.py"):
        (folder / name).write_text("raise SystemExit('shadowed')")
    (folder / "grades.db").symlink_to(folder.parents[2] / "gradebook.db")
    (folder / "gone").symlink_to("/no/such/file")
    (folder / "home").symlink_to("/")
    os.mkfifo(folder / "pipe")
    (folder / "sub" / "deep").mkdir(parents=True)
    (folder / "sub" / "deep" / "notes.txt").write_text("mine")


def bad_timestamp(filled: NotebookNode, path: Path) -> None:
    (path.parent / "timestamp.txt").write_bytes(b"\xff soon")


def timestamp_folder(filled: NotebookNode, path: Path) -> None:
    (path.parent / "timestamp.txt").unlink()
    (path.parent / "timestamp.txt").mkdir()


RIGHT = right_answers(WARMUP)
HEAD = RIGHT["relative_error"].split("### BEGIN SOLUTION")[0].rstrip()
MISTAKE = mistakes_of("relative_error")[0]


def wrong(relative_error: str) -> Handed:
    """Everything else is right."""
    return Handed(nothing, {"relative_error": relative_error})


CLASS = {
    "honest": Handed(nothing),
    "mess": Handed(edit(mess)),
    "editor": Handed(edit(another_editor)),
    "own-terms": Handed(edit(own_terms)),
    "renamed": Handed(rename("my warmup (1).ipynb")),
    "beside": Handed(files_beside),
    "timestamp": Handed(bad_timestamp),
    "timefolder": Handed(timestamp_folder),
    "html": Handed(edit(active_html)),
    "surrogate": wrong(f"{HEAD}\n    raise ValueError('\\ud800 ' + {XSS!r})"),
    "mistake": wrong(scripts.solution(WARMUP, "relative_error", MISTAKE)),
    "wrong": wrong(RIGHT["relative_error"].replace("return np", "return 0.123 + np")),
    "exits": wrong(f"{HEAD}\n    import os; os._exit(0)"),
    "python2": wrong(f"print 'x'\n{RIGHT['relative_error']}"),
    "stub": Handed(nothing),
    "half": Handed(lambda filled, path: void(path.write_text(path.read_text()[:3000]))),
    "deep": Handed(write(b'{"cells":' + b"[" * 100_000)),
    "binary": Handed(write(bytes(range(256)) * 99)),
    "large": Handed(write(b'{"cells": [' + b" " * (30 << 20))),
    "missing": Handed(no_notebook),
    "link": Handed(link_to_a_classmate),
}


def hand_in_class(course: Course) -> None:
    """Write the submissions of the whole class."""
    released = course.release()
    for student, handed in CLASS.items():
        answers = {} if student == "stub" else RIGHT | handed.answers
        filled = submission(released, WARMUP, answers)
        handed.make(filled, hand_in(course.class_folder, student, WARMUP, filled))


@dataclass(frozen=True)
class Graded:
    """The class after autograde, feedback and export."""

    folder: Path
    codes: dict[str, int]
    rows: list[dict[str, str]]

    def points(self, student: str) -> float:
        return sum(float(r["score"]) for r in self.rows if r["student_id"] == student)

    def reasons(self, student: str) -> str:
        return " ".join(r["reason"] for r in self.rows if r["student_id"] == student)

    def feedback(self, student: str) -> str:
        path = self.folder / "feedback" / student / "warmup" / "warmup.html"
        return path.read_text("utf-8")


@pytest.fixture(scope="session")
def graded(
    course: Course, once: Callable[[str, Callable[[Path], object]], Path]
) -> Graded:
    """The class, handed in and graded by nbgrader's own commands."""

    def fill(result: Path) -> None:
        one = course.new_class("graded")
        hand_in_class(one)
        codes = {}
        for command in ("autograde", "generate_feedback"):
            done = one.nbgrader(command, "warmup", check=False)
            codes[command] = done.returncode
            (one.class_folder / f"{command}.log").write_text(done.stdout + done.stderr)
        result.mkdir()
        (result / "codes.json").write_text(json.dumps(codes))
        (result / "rows.json").write_text(json.dumps(one.export()))
        shutil.copytree(one.class_folder, result / "class", symlinks=True)

    folder = once("graded", fill)
    codes = json.loads((folder / "codes.json").read_text())
    rows = json.loads((folder / "rows.json").read_text())
    return Graded(folder / "class", codes, rows)
