"""``nbgrader export``: one line for each student and exercise, with the reason."""

from __future__ import annotations

import csv
import html

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from autograder.course.release import CHECK

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
        """Write ``--to FILE``, or ``grades.csv``."""
        with open(self.to or "grades.csv", "w", newline="", encoding="utf-8") as file:
            table = csv.writer(file)
            table.writerow(COLUMNS)
            for assignment in gradebook.assignments:
                if self.assignment and assignment.name not in self.assignment:
                    continue
                for submission in assignment.submissions:
                    if self.student and submission.student.id not in self.student:
                        continue
                    table.writerows(_rows(submission))


def _rows(submission: object) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for notebook in submission.notebooks:  # type: ignore[attr-defined]
        reasons = {
            c.cell.name: html.unescape(c.comment or "") for c in notebook.comments
        }
        for grade in notebook.grades:
            exercise = grade.cell.name.removeprefix(CHECK)
            not_run = grade.auto_score is None and grade.manual_score is None
            rows.append(
                (
                    submission.assignment.name,  # type: ignore[attr-defined]
                    notebook.name,
                    submission.student.id,  # type: ignore[attr-defined]
                    exercise,
                    "" if not_run else grade.score,
                    grade.max_score,
                    "not run" if not_run else "graded",
                    reasons.get(exercise, ""),
                )
            )
    return rows
