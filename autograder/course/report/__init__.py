"""The page about one assignment that an instructor opens after grading.

:mod:`summary` counts, :mod:`words` puts numbers as people read them,
:mod:`page` lays it out.
"""

from __future__ import annotations

from pathlib import Path

from autograder.course import results
from autograder.course.export.safe import writing
from autograder.course.folders import class_folder
from autograder.course.report.page import page
from autograder.course.report.summary import summarise


def write(assignment: str, to: Path | None = None) -> Path:
    """Write the report; returns where it is.

    Raises
    ------
    ValueError : when there is no such assignment, nothing of it is graded, or
        the file can't be written
    """
    records = results.graded(assignment)
    with results.gradebook() as book:
        absent = results.absent(book, assignment)
    path = to or class_folder() / "reports" / f"{assignment}.html"
    text = page(summarise(records, absent), class_folder(), path.parent)
    with writing(path) as file:
        file.write(text)
    return path
