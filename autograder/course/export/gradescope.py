"""One file a student in the form of Gradescope's ``results.json``.

Gradescope reads such a file where its own machine ran an autograder, as
``/autograder/results/results.json``; a ``run_autograder`` that copies the
student's file there shows these results.

An exercise that was not run has no score and no status, and neither has the
submission then: Gradescope asks for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autograder.course.export.safe import plain
from autograder.course.records import ExerciseRecord, Record


def gradescope(record: Record) -> dict[str, Any]:
    """The results of one submission."""
    notebooks = record.notebooks
    exercises = [e for n in notebooks for e in n.exercises]
    reasons = [r for n in notebooks for r in n.reasons]
    found: dict[str, Any] = {
        "output": plain("\n".join(reasons)),
        "output_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "execution_time": round(sum(n.seconds for n in notebooks), 3),
        "tests": [
            _test(e, f"{i}.{j}")
            for i, n in enumerate(notebooks, 1)
            for j, e in enumerate(n.exercises, 1)
        ],
    }
    if all(e.earned is not None for e in exercises):
        found["score"] = sum(e.earned or 0.0 for e in exercises)
    return found


def _test(exercise: ExerciseRecord, number: str) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": exercise.name,
        "number": number,
        "max_score": exercise.points,
        "output": plain(exercise.text),
        "output_format": "text",
        "visibility": "visible",
    }
    if exercise.earned is not None:
        test["score"] = exercise.earned
        test["status"] = "passed" if exercise.passed else "failed"
    return test


def file_name(student: str) -> str:
    """A file's name that leads nowhere else, whatever the student's id."""
    safe = quote(student, safe="@+ ", errors="replace")
    return f"{'%2E' + safe[1:] if safe.startswith('.') else safe}.json"


def files(records: Iterable[Record], folder: Path) -> Iterator[tuple[Path, Any]]:
    """The path and the content of every file."""
    for record in records:
        yield folder / file_name(record.student), gradescope(record)
