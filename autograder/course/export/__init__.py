"""Results in the forms that other programs read.

``autograder export`` writes all of them. Those that are made from the gradebook
alone are plug-ins of ``nbgrader export`` as well.
"""

from __future__ import annotations

import json
from pathlib import Path

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin

from autograder.course import results
from autograder.course.export.canvas import canvas
from autograder.course.export.exercises import COLUMNS, ExerciseCsv, rows
from autograder.course.export.gradescope import files
from autograder.course.export.junit import junit
from autograder.course.export.moodle import moodle
from autograder.course.export.safe import write_table, writing
from autograder.course.folders import class_folder

__all__ = ["COLUMNS", "FORMATS", "CanvasCsv", "ExerciseCsv", "MoodleCsv", "write"]

FORMATS = {
    "canvas": "-canvas.csv",
    "moodle": "-moodle.csv",
    "gradescope": "-gradescope",
    "junit": "-junit.xml",
    "csv": ".csv",
}
"""Each form with the end of its file's name; Gradescope's is a folder."""

TABLES = {"canvas": canvas, "moodle": moodle}


def write(assignment: str, form: str, to: Path | None = None, column: str = "") -> Path:
    """Write the results of an assignment; returns where they are.

    Parameters
    ----------
    form : one of ``FORMATS``
    to : a file, for Gradescope a folder; beside the report when None
    column : how Canvas or Moodle calls the assignment, when not as here

    Raises
    ------
    ValueError : when there is no such assignment, nothing of it is graded, or
        the file can't be written
    """
    results.released(assignment)
    path = to or class_folder() / "reports" / f"{assignment}{FORMATS[form]}"
    if form in TABLES:
        with results.gradebook() as book:
            finals = results.finals(book, assignment)
        write_table(path, TABLES[form](finals, column or assignment))
    elif form == "csv":
        with results.gradebook() as book:
            results.entry(book, assignment)
            write_table(path, rows(book, [assignment]))
    elif form == "junit":
        records = results.graded(assignment)
        with writing(path) as file:
            junit(records, assignment, file)
    else:
        for place, content in files(results.graded(assignment), path):
            with writing(place) as file:
                json.dump(content, file, indent=2)
    return path


class _OneAssignment(ExportPlugin):
    """A table of one assignment, which ``--assignment`` names."""

    form = ""

    def export(self, gradebook: Gradebook) -> None:
        """Write ``--to FILE``, or a file in this folder.

        Raises
        ------
        ValueError : when not exactly one assignment is named
        """
        if len(self.assignment) != 1:
            raise ValueError(
                "Canvas and Moodle import one assignment at a time; say which "
                "with --assignment=\"['NAME']\"."
            )
        name = str(self.assignment[0])
        chosen = [str(s) for s in self.student]
        finals = [
            f
            for f in results.finals(gradebook, name)
            if not chosen or f.student in chosen
        ]
        path = Path(self.to or f"{name}{FORMATS[self.form]}")
        write_table(path, TABLES[self.form](finals, name))


class CanvasCsv(_OneAssignment):
    """Final scores for Canvas."""

    form = "canvas"


class MoodleCsv(_OneAssignment):
    """Final scores for Moodle."""

    form = "moodle"
