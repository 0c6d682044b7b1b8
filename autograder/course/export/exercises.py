"""``nbgrader export``: one line for each student and exercise, with the reason."""

from __future__ import annotations

import html
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from autograder.course.export.safe import Cell, write_table
from autograder.course.folders import CHECK

COLUMNS = (
    "assignment",
    "notebook",
    "student_id",
    "exercise",
    "score",
    "max_score",
    "state",
    "reason",
)


class ExerciseCsv(ExportPlugin):
    """Points and reasons of every exercise as CSV."""

    def export(self, gradebook: Gradebook) -> None:
        """Write ``--to FILE``, or ``grades.csv``.

        Raises
        ------
        ValueError : when the file can't be written
        """
        table = rows(gradebook, self.assignment, self.student)
        write_table(Path(self.to or "grades.csv"), table)


def rows(
    gradebook: Gradebook,
    assignments: Collection[str] = (),
    students: Collection[str] = (),
) -> Iterator[tuple[Cell, ...]]:
    """The header and the lines, of all assignments and students or of these."""
    yield COLUMNS
    for assignment in gradebook.assignments:
        if assignments and assignment.name not in assignments:
            continue
        for submission in assignment.submissions:
            if not students or submission.student.id in students:
                yield from _rows(submission)


def _rows(submission: Any) -> Iterator[tuple[Cell, ...]]:
    for notebook in submission.notebooks:
        reasons = {
            c.cell.name: html.unescape(c.comment or "") for c in notebook.comments
        }
        for grade in notebook.grades:
            exercise = grade.cell.name.removeprefix(CHECK)
            not_run = grade.auto_score is None and grade.manual_score is None
            yield (
                submission.assignment.name,
                notebook.name,
                submission.student.id,
                exercise,
                "" if not_run else grade.score,
                grade.max_score,
                "not run" if not_run else "graded",
                reasons.get(exercise, ""),
            )
