"""Final scores for Moodle: *Grades*, *Import*, *CSV file*.

On the preview page map one column that tells who it is: Username to *Username*
(it holds the student's id), ID number to *ID number* (the gradebook's
``lms_user_id``), or Email address to *Email address*. Map the column of the
assignment to its grade item, and Feedback to the feedback of the same item:
Moodle drops grades when only one of the two is mapped. A row without a grade
would empty the one in Moodle, so who has no final score yet is left out.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator

from autograder.course.export.safe import Cell
from autograder.course.results import Final

COLUMNS = ("Username", "ID number", "Email address", "First name", "Last name")


def moodle(finals: Iterable[Final], column: str) -> Iterator[tuple[Cell, ...]]:
    """The rows of the file; ``column`` names the assignment."""
    yield (*COLUMNS, column, "Feedback")
    for final in finals:
        if final.score is not None:
            # Moodle shows feedback as HTML.
            said = [
                html.escape(f"{name}: {text}", quote=False)
                for name, text in final.comments
            ]
            yield (
                final.student,
                final.lms,
                final.email,
                final.first_name,
                final.last_name,
                final.score,
                "<br>".join(said),
            )
